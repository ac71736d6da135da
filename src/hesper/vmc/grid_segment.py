"""Orbital mosaics → one of the nine segments: chosen, projected, normalised, averaged (guide, chapter 4)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper import maps
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.record import Array
from hesper.units import deg
from hesper.vmc.data_orbit import OrbitMosaic

WIDTH, SOUTH, NORTH = 40 * deg, -50 * deg, 60 * deg


class Stack(NamedTuple):
    """Mosaics of the orbits that cross a segment, on its cells."""

    orbit: Array
    """(orbit,)."""
    brightness: Array
    """(orbit, y, x) float32; NaN where an orbit saw nothing."""
    time: Array
    """(orbit, y, x) float32, of the images in a cell, after the orbit's first [s]."""
    time_std: Array
    """(orbit, y, x) float32, deviation of the times of the images in a cell [s]."""
    pixels: Array
    """(y, x)."""
    smear: Array
    """(orbit,) [m]."""
    area: Array
    """(y, x): cosine of latitude."""


class Factors(NamedTuple):
    """What each mosaic is multiplied with; NaN where it was rejected."""

    model: Array
    literal: Array
    part: Array
    """Part of the mosaic's area that lies in the reference area."""


class Statistics(NamedTuple):
    """Mean, standard deviation and number of mosaics (y, x)."""

    mean: Array
    std: Array
    n: Array


def segment_grid(segment: int, resolution: float) -> maps.Grid:
    """Return the cells of a segment; the nine leave no gap and do not overlap.

    Raises
    ------
    InputError
        If there is no such segment.
    """
    if not 0 <= segment <= 8:
        raise InputError(f"segment {segment}: there are 0 to 8")
    return maps.equirectangular(
        resolution, west=segment * WIDTH, east=(segment + 1) * WIDTH, south=SOUTH, north=NORTH
    )


def stacked(mosaics: Sequence[OrbitMosaic], segment: int, resolution: float) -> Stack:
    """Bring the mosaics that cross a segment onto its cells.

    Raises
    ------
    InputError
        If a mosaic has other cells.
    """
    grid = segment_grid(segment, resolution)
    rows, columns = maps.shape(grid)
    around, first_row = round(2 * np.pi / resolution), round((np.pi / 2 - NORTH) / resolution)
    orbit, layers, times, spreads, smear = [], [], [], [], []
    pixels = np.zeros((rows, columns), int)
    for made in mosaics:
        if abs(made.resolution - resolution) > 1e-9:
            raise InputError(
                f"orbit {made.orbit}: cells of {made.resolution / deg:g}°, the segment has "
                f"{resolution / deg:g}°; make the mosaics again"
            )
        row, column = made.cell // around - first_row, made.cell % around - segment * columns
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        if not inside.any():
            continue
        layer = np.full((rows, columns), np.nan, np.float32)
        layer[row[inside], column[inside]] = made.brightness[inside]
        time, spread = np.zeros((2, rows, columns), np.float32)
        time[row[inside], column[inside]] = made.time[inside]
        spread[row[inside], column[inside]] = made.time_std[inside]
        pixels[row[inside], column[inside]] += made.pixels[inside]
        orbit.append(made.orbit)
        layers.append(layer)
        times.append(time)
        spreads.append(spread)
        smear.append(made.smear)
    area = np.broadcast_to(np.cos(grid.y / VENUS_RADIUS)[:, None], (rows, columns))
    none = np.zeros((0, rows, columns), np.float32)
    stack, late, apart = (np.stack(parts) if parts else none for parts in (layers, times, spreads))
    return Stack(np.array(orbit, int), stack, late, apart, pixels, np.array(smear), area)


def factors(stack: Stack, models: Array, reference: Array, *, least: float) -> Factors:
    """Return the normalisation of each mosaic over its part of the reference area.

    Parameters
    ----------
    stack
        Mosaics on the cells of a segment.
    models
        Radiance of the forward model at the reference emissivity (orbit, y, x), blurred as each orbit was.
    reference
        (y, x), True in the reference area.
    least
        Mosaics with a smaller part of their area in it are rejected.

    Notes
    -----
    As the guide prints it, the mean brightness over the reference area is made the same for all; against
    the model, it is made that of the model on the same cells, because each orbit sees other altitudes.
    Areas go with the cosine of latitude.
    """
    count = stack.orbit.size
    by_model, literal, part = np.full(count, np.nan), np.full(count, np.nan), np.zeros(count)
    usable = reference & np.isfinite(models).all(axis=0) if count else reference
    target = (
        float(np.average(models.mean(axis=0)[usable], weights=stack.area[usable]))
        if count and usable.any()
        else 0.0
    )
    for k in range(count):
        seen = np.isfinite(stack.brightness[k])
        inside = seen & usable
        part[k] = stack.area[inside].sum() / stack.area[seen].sum()
        weight = stack.area[inside]
        light = float(weight @ stack.brightness[k][inside])
        if part[k] >= least and light > 0:
            by_model[k] = float(weight @ models[k][inside]) / light
            literal[k] = target * weight.sum() / light
    return Factors(by_model, literal, part)


def averaged(layers: Array, factor: Array) -> Statistics:
    """Return mean, standard deviation (n − 1) and number of mosaics (orbit, y, x) times their factors."""
    shape = layers.shape[1:]
    mean, square, n = np.zeros(shape), np.zeros(shape), np.zeros(shape, int)
    for layer, scale in zip(layers, factor, strict=True):
        if not np.isfinite(scale):
            continue
        value = layer * scale
        seen = np.isfinite(value)
        n += seen
        change = np.where(seen, value - mean, 0.0)
        mean += change / np.maximum(n, 1)
        square += np.where(seen, change * (value - mean), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        std = np.where(n > 1, np.sqrt(square / (n - 1)), np.nan)
    return Statistics(np.where(n > 0, mean, np.nan), std, n)
