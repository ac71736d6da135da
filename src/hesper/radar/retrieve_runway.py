"""Patches → the strip along the Doppler equator where north and south are not told apart."""

import dataclasses

import numpy as np

from hesper.radar.data_interferometer import AMBIGUOUS, UNSEEN, Patches, Runway
from hesper.record import Array

_NEIGHBOURS = 2
"""Columns on either side that are fitted together with one: a column alone has few cells near its edge."""


def runway(given: Patches, limit: float) -> Runway:
    """Fit the half-width of the runway in every Doppler column.

    Parameters
    ----------
    given
        Patches as solved.
    limit
        σ of (N − S)/(N + S) beyond which north and south are not told apart.

    Notes
    -----
    The half-width is the |y| that parts the cells best: fewest cells nearer that are told apart, and farther
    that are not, out to where noise takes over. Dark ground far out, or a band of a short pass, then moves it
    by no more than its cells count, and the noisy end of a column is no runway. Its uncertainty is half of
    the distance between the cells next to it, or of the range of |y| that parts them as well but for one.
    """
    use = np.isfinite(given.y) & ((given.mask[0] & UNSEEN) == 0)
    columns = np.unique(given.column[use])
    width, std = np.full(len(columns), np.nan), np.full(len(columns), np.nan)
    for k, column in enumerate(columns):
        near = use & (np.abs(given.column - column) <= _NEIGHBOURS)
        width[k], tied = _parted(given.y[near], ~(given.contrast_std[near] < limit))
        own = np.concatenate([[0.0], np.sort(given.y[use & (given.column == column)])])
        place = int(np.clip(np.searchsorted(own, width[k]), 1, len(own) - 1))
        std[k] = max(tied, own[place] - own[place - 1]) / 2
    x = np.array([np.mean(given.x[use & (given.column == column)]) for column in columns])
    return Runway(x=x, column=columns, half_width=width, half_width_std=std)


def blackened(given: Patches, found: Runway) -> Patches:
    """Return patches with `AMBIGUOUS` set wherever they lie within the runway of their column."""
    row = np.clip(np.searchsorted(found.column, given.column), 0, len(found.column) - 1)
    inside = (found.column[row] == given.column) & (given.y < found.half_width[row])
    mask = given.mask | np.where(inside, AMBIGUOUS, 0).astype(np.uint8)
    return dataclasses.replace(given, mask=mask)


def _parted(y: Array, bad: Array) -> tuple[float, float]:
    """Return the |y| that parts bad cells from good ones best, and the range that does so but for one."""
    order = np.argsort(y)
    y, bad = y[order], bad[order]
    # Good cells less bad ones up to an edge: from the best one on it rises most, whatever follows the rise.
    excess = np.concatenate([[0], np.cumsum(np.where(bad, -1, 1))])
    rise = np.maximum.accumulate(excess[::-1])[::-1] - excess
    # Where the first cell is told apart already the edge lies between it and the Doppler equator.
    edge = np.concatenate([y[:1] / 2, (y[1:] + y[:-1]) / 2, y[-1:]])
    if rise.max() == 0:
        return float(edge[-1]), float(edge[-1] - edge[-2])
    best = np.flatnonzero(rise == rise.max())
    tied = edge[rise >= rise.max() - 1]
    return float(edge[best[len(best) // 2]]), float(np.ptp(tied))
