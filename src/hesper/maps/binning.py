"""Forward binning: every pixel or point is added to the cell it falls into."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from hesper.compiled import compiled
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry.camera import Pinhole, see
from hesper.maps.grid import Grid, coordinates, shape
from hesper.record import Array


class Cells(NamedTuple):
    """Statistics (row, column) of what fell into each cell; NaN where nothing did."""

    mean: Array
    variance: Array
    """Weighted variance of the values about their mean; NaN where a cell holds fewer than two."""
    n: Array
    """How many fell into it."""
    weight: Array
    """Sum of the weights."""


class Image(NamedTuple):
    """An image with its camera in the body frame; NaN marks pixels without a value."""

    values: Array
    """(line, sample), float32 or float64."""
    camera: Pinhole
    position: Array
    """(3,) [m]."""
    axes: Array
    """(3, 3): rows along samples, along lines and along the boresight."""
    radius: float
    """Of the sphere the light leaves [m]."""
    largest_emission: float
    """Pixels beyond this emission angle [rad] are left out."""


def bin_points(grid: Grid, lon: Array, lat: Array, values: Array, *, weights: Array | float = 1.0) -> Cells:
    """Return the weighted mean, variance, count and weight of points in the cells of a grid.

    Parameters
    ----------
    lon, lat
        Points [rad], any shape; values and weights broadcast with them.
    values
        A NaN is left out.
    weights
        Non-negative.

    Raises
    ------
    InputError
        If a weight is negative.
    """
    if np.iscomplexobj(values):
        raise InputError("bin_points: complex values; bin their real and imaginary parts")
    given = (lon, lat, values, weights)
    filled: list[Array] = [np.ma.filled(np.ma.asarray(a, dtype=float), np.nan) for a in given]
    lon, lat, values, weights = (np.array(a).ravel() for a in np.broadcast_arrays(*filled))
    if np.any(weights < 0):
        raise InputError("bin_points: a weight is negative; give weights ≥ 0")
    column, row = coordinates(grid, lon, lat)
    sums = np.zeros((4, *shape(grid)))
    _add_points(column, row, values, weights, sums)
    return _cells(sums)


def bin_image(grid: Grid, image: Image) -> Cells:
    """Return the mean of the pixels whose centres fall into each cell of an equirectangular grid.

    Where cells are larger than pixels this keeps all of the light; `resample_image` would use four pixels.

    Raises
    ------
    InputError
        If the grid is not equirectangular: bin its points instead.
    """
    if grid.projection != "equirectangular":
        raise InputError(f"bin_image: a {grid.projection} grid; an equirectangular one is needed")
    sums = np.zeros((4, *shape(grid)))
    step = (grid.x[1] - grid.x[0]) / VENUS_RADIUS
    west, north = grid.x[0] / VENUS_RADIUS - step / 2, grid.y[0] / VENUS_RADIUS + step / 2
    camera = (float(image.camera.focal), float(image.camera.sample), float(image.camera.line))
    position, axes = np.ascontiguousarray(image.position, float), np.ascontiguousarray(image.axes, float)
    least = math.cos(image.largest_emission)
    _add_image(image.values, camera, position, axes, float(image.radius), least, west, north, step, sums)
    return _cells(sums)


def mosaic(parts: Iterable[tuple[Array, Array]]) -> Cells:
    """Return the weighted mean of maps on one grid, one map at a time, and their variance and count.

    Parameters
    ----------
    parts
        Pairs (values, weights), each (row, column); where a value is NaN or a weight 0 the map is silent.

    Raises
    ------
    InputError
        If there are no maps or their shapes differ.
    """
    total: Array | None = None
    for values, weights in parts:
        values, weights = np.broadcast_arrays(np.asarray(values, float), np.asarray(weights, float))
        if np.any(weights < 0):
            raise InputError("mosaic: a weight is negative; give weights ≥ 0")
        total = np.zeros((4, *values.shape)) if total is None else total
        if values.shape != total.shape[1:]:
            raise InputError(f"mosaic: maps of shape {total.shape[1:]} and {values.shape}; give one grid")
        row, column = np.indices(values.shape)
        _add_points(column.ravel() * 1.0, row.ravel() * 1.0, values.ravel(), weights.ravel(), total)
    if total is None:
        raise InputError("mosaic: no maps given; at least one is needed")
    return _cells(total)


def _cells(sums: Array) -> Cells:
    """Turn running mean, weighted sum of squared deviations, weight and count into statistics."""
    mean, square, weight, count = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.where(count > 1, square / weight, np.nan)
    return Cells(np.where(weight > 0, mean, np.nan), variance, count.astype(int), weight)


@compiled
def _add(value: float, weight: float, row: int, column: int, sums: Array) -> None:
    """Update running statistics (West 1979), which do not cancel where the spread is small."""
    total = sums[2, row, column] + weight
    change = value - sums[0, row, column]
    sums[0, row, column] += change * weight / total
    sums[1, row, column] += weight * change * (value - sums[0, row, column])
    sums[2, row, column] = total
    sums[3, row, column] += 1.0


@compiled
def _add_points(column: Array, row: Array, values: Array, weights: Array, sums: Array) -> None:
    rows, columns = sums.shape[1], sums.shape[2]
    for i in range(values.size):
        value = values[i]
        if weights[i] > 0.0 and value == value and column[i] == column[i] and row[i] == row[i]:
            c = math.floor(column[i] + 0.5)
            r = math.floor(row[i] + 0.5)
            # The pole and the last edge belong to the last cell.
            if c == columns and column[i] <= columns - 0.5:
                c = columns - 1
            if r == rows and row[i] <= rows - 0.5:
                r = rows - 1
            if 0 <= c < columns and 0 <= r < rows:
                _add(value, weights[i], r, c, sums)


@compiled
def _add_image(
    values: Array, camera: tuple[float, float, float], position: Array, axes: Array, radius: float,
    least: float, west: float, north: float, step: float, sums: Array,
) -> None:  # fmt: skip
    rows, columns = sums.shape[1], sums.shape[2]
    turn = 2 * math.pi
    for line in range(values.shape[0]):
        for sample in range(values.shape[1]):
            value = values[line, sample]
            if value != value:
                continue
            x, y, z, cosine = see(float(sample), float(line), camera, position, axes, radius)
            if not cosine >= least:
                continue
            r = math.floor((north - math.asin(min(1.0, max(-1.0, z / radius)))) / step)
            r = min(r, rows - 1) if r == rows and z <= -radius * (1 - 1e-15) else r
            if r < 0 or r >= rows:
                continue
            east = (math.atan2(y, x) - west) % turn
            c = int(east / step)
            if c < columns:
                _add(float(value), 1.0, r, c, sums)
