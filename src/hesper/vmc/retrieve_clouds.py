"""The covariance of an archive's clouds, measured where mosaics of two orbits differ."""

import math
from typing import NamedTuple

import numpy as np

from hesper.compiled import compiled
from hesper.record import Array

LEAST_PLACES = 100
_LONGEST = 1.2e6
_WIDTHS = 10
_COLUMNS = 2
_LARGEST = 3.0
_STENCILS = ((1.0, -1.0), (1.0, -2.0, 1.0), (1.0, -3.0, 3.0, -1.0))
"""Differences along a meridian of which the mean square is fitted too."""


class Seen(NamedTuple):
    """Mosaics of a segment, each over its model, and when they were seen (orbit, y, x)."""

    ratio: Array
    """ln, NaN where there is none."""
    time: Array
    """Mean time of a cell's images [s]."""
    wander: Array
    """Variance of their times [s2]."""
    lat: Array
    """(y,) [rad]."""
    cell: float
    """Along meridians [m]; cos φ times as much along parallels."""


class Noise(NamedTuple):
    """Covariance of an orbit's clouds and noise with distance: Gaussians of many widths, and white noise."""

    width: Array
    """Standard deviations of the Gaussians [m]."""
    variance: Array
    """Of each."""
    white: float


def measured(seen: Seen, *, speed: float) -> Noise | None:
    """Return the covariance of clouds at one moment; None if too few cells are shared by two orbits.

    Parameters
    ----------
    seen
        Mosaics.
    speed
        Of the clouds over the ground [m s-1], westward.

    Notes
    -----
    Products of the differences between two orbits, cells of one meridian apart by y: their mean is
    that of both orbits' covariances. A cell that several images saw averages clouds that moved by u t cos φ
    between them, as if it were blurred, and two cells seen at different times lie that much further apart:
    a Gaussian of deviation v becomes v/√(v² + q) exp(−x²/2(v² + q) − y²/2v²), x = u (t − t′) cos φ, q =
    u² cos² φ (s² + s′²), s² being the variance of a cell's times. Not negative amounts of such Gaussians,
    each averaged over the very same pairs of cells, of white noise and of a level (which every difference
    has lost) are fitted to the products, and to the mean squares of first to third differences of neighbours:
    the covariance stays one in two dimensions.
    """
    from scipy import optimize

    count = seen.ratio.shape[0]
    lags = min(seen.ratio.shape[1] - 1, math.ceil(_LONGEST / seen.cell))
    width = np.geomspace(seen.cell, _LONGEST, _WIDTHS)
    found, shrink = [], speed * np.cos(seen.lat)
    for k in range(count if lags > 1 and count > 1 else 0):
        difference = seen.ratio[k] - seen.ratio[k - 1]
        if np.isfinite(difference).sum() < LEAST_PLACES:
            continue
        difference -= np.nanmedian(difference)
        sums = np.zeros((lags + len(_STENCILS), 2 + _WIDTHS))
        for i in (k, k - 1):
            own = (difference, seen.time[i], seen.wander[i], shrink, seen.cell, width, _COLUMNS)
            _add_products(*own, sums[:lags])
            for row, stencil in zip(sums[lags:], _STENCILS, strict=True):
                _add_stencils(*own, np.array(stencil), row)
        if sums[:, 0].all():
            found.append(sums)
    if not found:
        return None
    each = np.array(found)
    power = each[:, 0, 1] / each[:, 0, 0]
    # An orbit that was corrected wrongly is no measure of clouds.
    total = each[power <= _LARGEST * np.median(power)].sum(axis=0)
    product, shape = 0.5 * total[:, 1] / total[:, 0], total[:, 2:] / total[:, :1]
    if not product[0] > 0:  # nothing differs: copies of one orbit
        return None
    white = np.concatenate([np.arange(lags) == 0, [np.sum(np.square(s)) for s in _STENCILS]])
    level = np.concatenate([-np.ones(lags), np.zeros(len(_STENCILS))])
    # All to the same relative error: the filter rests on what little the clouds vary from cell to cell.
    unit = np.concatenate([np.full(lags, product[0]), product[lags:] / math.sqrt(lags)])[:, None]
    amount = optimize.nnls(np.column_stack([shape, white, level]) / unit, product / unit[:, 0])[0]
    used = amount[:_WIDTHS] > 0
    return Noise(width[used], amount[:_WIDTHS][used], float(amount[_WIDTHS]))


@compiled
def _add_gaussians(
    time: Array, wander: Array, shrink: Array, cell: float, width: Array, i: int, j: int, c: int,
    part: float, sums: Array,
) -> None:  # fmt: skip
    square = shrink[i] * shrink[j]
    x = square * (time[i, c] - time[j, c]) ** 2
    blurred = square * (wander[i, c] + wander[j, c])
    y = ((i - j) * cell) ** 2
    for k in range(width.size):
        own = width[k] ** 2
        wide = own + blurred
        sums[2 + k] += part * math.sqrt(own / wide) * math.exp(-0.5 * (x / wide + y / own))


@compiled
def _add_products(
    difference: Array, time: Array, wander: Array, shrink: Array, cell: float, width: Array, every: int,
    sums: Array,
) -> None:  # fmt: skip
    """Add up, for each distance along meridians, number, products and Gaussians (distance, 2 + width)."""
    rows, columns = difference.shape
    for c in range(0, columns, every):
        for i in range(rows):
            if not np.isfinite(difference[i, c]):
                continue
            for lag in range(min(sums.shape[0], rows - i)):
                j = i + lag
                if np.isfinite(difference[j, c]):
                    sums[lag, 0] += 1
                    sums[lag, 1] += difference[i, c] * difference[j, c]
                    _add_gaussians(time, wander, shrink, cell, width, i, j, c, 1.0, sums[lag])


@compiled
def _add_stencils(
    difference: Array, time: Array, wander: Array, shrink: Array, cell: float, width: Array, every: int,
    stencil: Array, sums: Array,
) -> None:  # fmt: skip
    """Add up number, square and Gaussians (2 + width,) of sums of neighbours along meridians."""
    rows, columns = difference.shape
    for c in range(0, columns, every):
        for i in range(rows - stencil.size + 1):
            value = 0.0
            for m in range(stencil.size):
                value += stencil[m] * difference[i + m, c]
            if np.isfinite(value):
                sums[0] += 1
                sums[1] += value**2
                for m in range(stencil.size):
                    for n in range(stencil.size):
                        part = stencil[m] * stencil[n]
                        _add_gaussians(time, wander, shrink, cell, width, i + m, i + n, c, part, sums)
