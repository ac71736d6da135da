"""Transients: places that one orbit saw brighter or darker than the others did, by a matched filter."""

import math
from typing import NamedTuple

import numpy as np

from hesper import maps
from hesper.constants import VENUS_RADIUS
from hesper.record import Array
from hesper.units import deg
from hesper.vmc import retrieve_seam
from hesper.vmc.grid_segment import Stack
from hesper.vmc.retrieve_seam import Noise

_LEAST_OTHERS = 3
_BAND = 2.0 * deg
_LEAST_COVERED = 0.97
_LEAST_PLACES = 100
_LONGEST = 1.2e6
_WIDTHS = 24
_LEAST_WHITE = 1e-2
_SIGMA = 1 / math.sqrt(8 * math.log(2))


class _Places(NamedTuple):
    """Cells on which is searched: longitude and latitude (y, x) and step [rad]."""

    lon: Array
    lat: Array
    step: float


class Contrasts(NamedTuple):
    """Brightness of a disc round each place, above what the other orbits have there (orbit, y, x)."""

    value: Array
    std: Array
    """From the orbit's own scatter; NaN where the value is."""
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
    In each mosaic, over its model: generalised least squares of the blurred disc s, a level and two slopes
    with the cells out to size/2 + 1.5 blur; the contrast is sᵀP d/sᵀP s, P being C⁻¹ less its part along
    level and slopes. C is measured: half the covariance of the differences between two orbits. Clouds are
    strong where they are wide and weak at the size of the disc, and C⁻¹ weighs them so. From an orbit's
    contrast the median of the others' is taken, which holds what lies on the ground; the median comes last
    because where another orbit's mosaic ends it has a step. Its variance is π/2n of one orbit's, n ≥ 3. The
    standard deviation is the orbit's own scatter of the result, or that of most orbits if larger; where
    images meet between which the clouds drifted it is larger, see `retrieve_seam`.
    """
    ratio, places = _coarser(_ratios(stack, models, factor), grid, size)
    value, std = np.full(ratio.shape, np.nan), np.full(ratio.shape, np.nan)
    noise = _noise(ratio, places.step)
    if noise is None:
        return Contrasts(value, std, places.lon, places.lat, 0.0)
    contrast, claimed = np.full(ratio.shape, np.nan), np.ones((ratio.shape[1], 1))
    lat = places.lat[:, 0]
    weights: dict[int, Array] = {}
    for band in np.unique(np.floor(lat / _BAND)):
        rows = np.nonzero(np.floor(lat / _BAND) == band)[0]
        weight, claimed[rows] = _filter(float(lat[rows].mean()), places.step, noise, size=size, blur=blur)
        contrast[:, rows] = _applied(ratio, rows, weight)
        weights |= dict.fromkeys(rows.tolist(), weight)
    changes = [_against_others(contrast, k) for k in range(stack.orbit.size)]
    levels = [_level(change / (claimed * spread)) for change, spread in changes]
    known = [scale for _, scale in levels if np.isfinite(scale)]
    for k, ((change, spread), (middle, scale)) in enumerate(zip(changes, levels, strict=True)):
        if np.isfinite(scale):
            # A small mosaic may be quiet by chance: none is taken to be quieter than most.
            one = max(scale, float(np.median(known))) * claimed * spread
            std[k] = np.where(np.isfinite(change), one, np.nan)
            value[k] = change - middle * claimed * spread
    time, _ = _coarser(np.where(np.isfinite(stack.brightness), stack.time, np.nan), grid, size)
    std *= retrieve_seam.excess(
        value / std, ratio, time, lat, weights, noise, cell=places.step * VENUS_RADIUS, speed=speed
    )
    searched = float(np.isfinite(value).sum() / np.isfinite(ratio).sum())
    return Contrasts(value, std, places.lon, places.lat, searched)


def _level(score: Array) -> tuple[float, float]:
    """Return median and scaled median absolute deviation of an orbit; NaN if it has too few places."""
    good = score[np.isfinite(score)]
    if good.size < _LEAST_PLACES:
        return float("nan"), float("nan")
    middle = float(np.median(good))
    return middle, 1.4826 * float(np.median(np.abs(good - middle)))


def _ratios(stack: Stack, models: Array, factor: Array) -> Array:
    """Return ln of each mosaic over its model (orbit, y, x)."""
    bright = np.where(stack.brightness > 0, stack.brightness, np.nan)
    return np.asarray(np.log(bright * factor[:, None, None] / models))


def _against_others(contrast: Array, k: int) -> tuple[Array, Array]:
    """Return an orbit's contrast less the median of the others' (y, x), and its spread over one orbit's."""
    others = np.delete(contrast, k, axis=0)
    count = np.isfinite(others).sum(axis=0)
    seen = np.isfinite(contrast[k]) & (count >= _LEAST_OTHERS)
    change = np.full(seen.shape, np.nan)
    if seen.any():
        change[seen] = contrast[k][seen] - np.nanmedian(others[:, seen], axis=0)
    return change, np.sqrt(1 + 0.5 * np.pi / np.maximum(count, 1))


def _coarser(change: Array, grid: maps.Grid, size: float) -> tuple[Array, _Places]:
    """Average cells until a quarter of the disc is one, and fill holes of a cell from its neighbours."""
    lon, lat = maps.lon_lat(grid)
    step = float(grid.x[1] - grid.x[0]) / VENUS_RADIUS
    block = max(1, round(size / 4 / (step * VENUS_RADIUS)))
    rows, columns = (n // block for n in lon.shape)

    def mean(values: Array) -> Array:
        cut = values[..., : rows * block, : columns * block]
        cut = cut.reshape(*values.shape[:-2], rows, block, columns, block)
        known = np.isfinite(cut)
        total, count = np.where(known, cut, 0.0).sum(axis=(-3, -1)), known.sum(axis=(-3, -1))
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    return mean(change), _Places(mean(lon), mean(lat), step * block)


def _noise(ratio: Array, step: float) -> Noise | None:
    """Measure the covariance along meridians, where cells are equally far apart; None if too few."""
    from scipy import optimize

    rows = ratio.shape[1]
    lags = np.arange(min(rows - 1, math.ceil(_LONGEST / (step * VENUS_RADIUS))))
    found = []
    for first, second in zip(ratio, np.roll(ratio, -1, axis=0), strict=True):
        difference = first - second
        if np.isfinite(difference).sum() < _LEAST_PLACES:
            continue
        level = difference - np.nanmedian(difference)
        products = [level[j:] * level[: rows - j] for j in lags]
        if all(np.isfinite(product).any() for product in products):
            found.append([0.5 * float(np.nanmean(product)) for product in products])
    if not found or lags.size < 2:
        return None
    typical, distance = np.median(found, axis=0), lags * step * VENUS_RADIUS
    width = np.geomspace(step * VENUS_RADIUS, _LONGEST, _WIDTHS)
    shape = np.exp(-0.5 * (distance[:, None] / width) ** 2)
    # Positive amounts of positive definite functions: the covariance stays one in two dimensions.
    amount = optimize.nnls(np.column_stack([shape, lags == 0]), typical)[0]
    return Noise(width, amount[:-1], max(float(amount[-1]), _LEAST_WHITE * float(typical[0])))


def _filter(lat: float, step: float, noise: Noise, *, size: float, blur: float) -> tuple[Array, float]:
    """Return the weights (row, column) of the cells round a place and the deviation of what they estimate."""
    from scipy.special import chndtr

    cell, reach = step * VENUS_RADIUS, size / 2 + 1.5 * blur
    high, wide = int(reach / cell), int(reach / (cell * np.cos(lat)))
    y, x = np.mgrid[-high : high + 1, -wide : wide + 1] * cell
    x = x * np.cos(lat)
    inside = np.hypot(x, y) <= reach
    x, y = x[inside], y[inside]
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    shape = np.exp(-0.5 * (apart[..., None] / noise.width) ** 2)
    inverse = np.linalg.inv(shape @ noise.variance + noise.white * np.eye(x.size))
    nulls = np.stack([np.ones(x.size), x / reach, y / reach], axis=1)
    inverse -= inverse @ nulls @ np.linalg.solve(nulls.T @ inverse @ nulls, nulls.T @ inverse)
    # A Gaussian about a point has this part of itself within the disc; a cell blurs by its own width.
    variance = (_SIGMA * blur) ** 2 + cell**2 / 12
    disc = chndtr((size / 2) ** 2 / variance, 2, (x**2 + y**2) / variance)
    power = float(disc @ inverse @ disc)
    weight = np.zeros(inside.shape)
    weight[inside] = inverse @ disc / power
    return weight, power**-0.5


def _applied(change: Array, rows: Array, weight: Array) -> Array:
    """Return the weighted sums round the cells of some rows (orbit, row, column); NaN at the edges."""
    high, wide = weight.shape[0] // 2, weight.shape[1] // 2
    around = np.pad(change, ((0, 0), (high, high), (wide, wide)), constant_values=np.nan)
    columns = change.shape[2]
    total = np.zeros((change.shape[0], rows.size, columns))
    covered = np.zeros(total.shape)
    for i, j in zip(*np.nonzero(weight), strict=True):
        part = around[:, rows[0] + i : rows[-1] + 1 + i, j : j + columns]
        known = np.isfinite(part)
        total += weight[i, j] * np.where(known, part, 0.0)
        covered += abs(weight[i, j]) * known
    good = covered >= _LEAST_COVERED * np.abs(weight).sum()
    return np.where(good & np.isfinite(change[:, rows]), total, np.nan)
