"""Transients: places that one orbit saw brighter or darker than the others did."""

from typing import NamedTuple

import numpy as np

from hesper import maps
from hesper.record import Array
from hesper.vmc import retrieve_clouds, retrieve_filter
from hesper.vmc.grid_segment import Stack
from hesper.vmc.retrieve_clouds import LEAST_PLACES, Seen

_LEAST_OTHERS = 3
_SCALES = 60
_LEAST_LOOKED_AT = 2.0


class Contrasts(NamedTuple):
    """Brightness of a disc round each place, above what the other orbits have there (orbit, y, x)."""

    value: Array
    std: Array
    """Of each; NaN where the value is, and where that is less than twice what is usual."""
    lon: Array
    """(y, x) [rad]."""
    lat: Array
    searched: float
    """Part of the mosaics' ground that has a value: not the edges, nor where others are too few."""


def contrasts(
    stack: Stack, models: Array, factor: Array, grid: maps.Grid, *, size: float, blur: float, speed: float
) -> Contrasts:  # fmt: skip
    """Measure in each orbit's mosaic how discs differ from the median of the others on the same ground.

    Parameters
    ----------
    stack, models, factor
        Mosaics of a segment (orbit, y, x), their forward models, their normalisation (orbit,).
    grid
        The cells.
    size, blur
        Diameter of the disc and full width at half maximum of the clouds' spread function [m].
    speed
        Of the clouds over the ground [m s-1], westward.

    Notes
    -----
    Of each mosaic over its model, filtered (`retrieve_filter`), the median of the others is taken, which
    holds what lies on the ground; it comes last because where another orbit's mosaic ends it has a step. Its
    variance is π/2n of one orbit's, n ≥ 3. A contrast's own is that of its filter over the covariance of
    clouds as its cells saw them: where one image saw all it is larger than where clouds that moved were
    averaged. Clouds of an orbit may be stronger than most, and their covariance is measured with an error:
    all deviations of an orbit are over their own scatter (median absolute), or most orbits' if larger.
    """
    seen, lon, lat = _coarser(stack, models, factor, grid, size)
    nothing = np.full(seen.ratio.shape, np.nan)
    noise = retrieve_clouds.measured(seen, speed=speed)
    if noise is None:
        return Contrasts(nothing, nothing, lon, lat, 0.0)
    given = retrieve_filter.filters(seen.lat, seen.cell, noise, size=size, blur=blur)
    found = retrieve_filter.applied(seen.ratio, given)
    usual = np.where(found.used >= 0, given.std[found.used] ** 2, np.nan)
    change, shared = _against_others(found.value, usual)
    value, std, levels = nothing.copy(), nothing.copy(), {}
    for k in range(stack.orbit.size):
        known = np.isfinite(change[k])
        if known.sum() < LEAST_PLACES:
            continue
        score = np.abs(change[k] - np.median(change[k][known])) / np.sqrt(usual[k])
        high, spaced = np.argwhere(_peaks(score)), np.argwhere(known)[:: max(1, int(known.sum()) // _SCALES)]
        place = np.concatenate([spaced, high])
        at = (k, *place.T)
        own = retrieve_filter.variances(
            np.column_stack([np.full(len(place), k), place]), found, given, seen, noise, speed
        )
        std[at] = np.sqrt(own + shared[at])
        levels[k] = _level((change[at] / std[at])[: len(spaced)])
    usually = float(np.median([scale for _, scale in levels.values()])) if levels else 1.0
    for k, (middle, scale) in levels.items():
        value[k] = change[k] - middle * np.sqrt(usual[k])
        # A small mosaic may be quiet by chance: none is taken to be quieter than most.
        std[k] *= max(scale, usually)
    searched = float(np.isfinite(value).sum() / np.isfinite(seen.ratio).sum())
    return Contrasts(value, std, lon, lat, searched)


def _peaks(score: Array) -> Array:
    """Return where deviations (y, x) are high and no neighbour's are higher."""
    from scipy import ndimage

    score = np.nan_to_num(score)
    return np.asarray((score >= _LEAST_LOOKED_AT) & (score == ndimage.maximum_filter(score, 3)))


def _level(score: Array) -> tuple[float, float]:
    """Return median and scaled median absolute deviation of an orbit."""
    middle = float(np.median(score))
    return middle, 1.4826 * float(np.median(np.abs(score - middle)))


def _against_others(contrast: Array, usual: Array) -> tuple[Array, Array]:
    """Return each orbit's contrast less the median of the others', and the variance of that (orbit, y, x)."""
    change, shared = np.full(contrast.shape, np.nan), np.full(contrast.shape, np.nan)
    for k in range(len(contrast)):
        others = np.delete(contrast, k, axis=0)
        count = np.isfinite(others).sum(axis=0)
        seen = np.isfinite(contrast[k]) & (count >= _LEAST_OTHERS)
        if seen.any():
            change[k][seen] = contrast[k][seen] - np.nanmedian(others[:, seen], axis=0)
            shared[k][seen] = 0.5 * np.pi / count[seen] * usual[k][seen]
    return change, shared


def _coarser(
    stack: Stack, models: Array, factor: Array, grid: maps.Grid, size: float
) -> tuple[Seen, Array, Array]:
    """Average cells until a quarter of the disc is one."""
    lon, lat = maps.lon_lat(grid)
    step = float(grid.x[1] - grid.x[0])
    block = max(1, round(size / 4 / step))
    rows, columns = (n // block for n in lon.shape)

    def mean(values: Array) -> Array:
        cut = values[..., : rows * block, : columns * block]
        cut = cut.reshape(*values.shape[:-2], rows, block, columns, block)
        known = np.isfinite(cut)
        total, count = np.where(known, cut, 0.0).sum(axis=(-3, -1)), known.sum(axis=(-3, -1))
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    bright = np.where(stack.brightness > 0, stack.brightness, np.nan)
    ratio = mean(np.log(bright * factor[:, None, None] / models))
    time = np.where(np.isfinite(stack.brightness), stack.time, np.nan)
    late = mean(time)
    wander = mean(stack.time_std.astype(float) ** 2 + time.astype(float) ** 2) - late**2
    lat = mean(lat)
    return Seen(ratio, late, np.maximum(wander, 0.0), lat[:, 0], step * block), mean(lon), lat
