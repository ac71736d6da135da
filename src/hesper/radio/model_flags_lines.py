"""Kernels of flagging that go along the first axis of a plane, all lines of the second axis at once."""

from typing import Any

import numpy as np

from hesper.compiled import compiled
from hesper.record import Array

_HALVINGS = 16
_ZERO, _ONE = np.float32(0), np.float32(1)


@compiled
def _add(new: Array, total: Array) -> None:
    for i in range(total.size):
        total[i] += new[i]


@compiled
def _slide(new: Array, old: Array, total: Array) -> None:
    for i in range(total.size):
        total[i] += new[i] - old[i]


@compiled
def _exceeds(total: Array, count: Array, threshold: Any, out: Array) -> Any:
    """Write which sums exceed count × threshold; return how many."""
    number = 0
    for i in range(total.size):
        over = total[i] > threshold * count[i]
        out[i] = over
        number += over
    return number


@compiled
def _mark(over: Array, left: Array, length: Any, flag: Array) -> None:
    """Flag the samples before the end of a window that exceeded; `left` counts them down."""
    for i in range(over.size):
        k = length if over[i] else left[i] - 1
        left[i] = k
        flag[i] |= k > 0


@compiled
def _without_flagged(flag: Array, kept: Array, present: Array) -> None:
    for i in range(flag.size):
        kept[i] = _ZERO if flag[i] else kept[i]
        present[i] = _ZERO if flag[i] else present[i]


@compiled
def sum_threshold(x: Array, flag: Array, first: float, windows: int) -> None:
    """Flag runs of M = 1, 2, 4, … whose mean of what is not flagged exceeds first/1.5^log₂M, in place.

    Parameters
    ----------
    x
        (n, line) in units of its standard deviation, mean 0; runs go along the first axis.
    flag
        (n, line) bool; those flagged before count in neither sum nor number.
    first
        Threshold of a single sample.
    windows
        How many lengths M.

    Notes
    -----
    Offringa et al. 2010, MNRAS 405, 155, section 2.2. Sums run along, so that every length costs the same.
    """
    n, lines = x.shape
    kept, present = np.empty((n, lines), np.float32), np.ones((n, lines), np.float32)
    over = np.zeros((n, lines), np.bool_)
    total, count = np.empty(lines, np.float32), np.empty(lines, np.float32)
    left = np.empty(lines, np.int32)
    for t in range(n):
        kept[t] = x[t]
        _without_flagged(flag[t], kept[t], present[t])
    threshold, length = first, 1
    for _ in range(windows):
        if length > n:
            break
        total[:] = 0
        count[:] = 0
        number = 0
        for t in range(n):
            if t < length:
                _add(kept[t], total)
                _add(present[t], count)
            else:
                _slide(kept[t], kept[t - length], total)
                _slide(present[t], present[t - length], count)
            if t >= length - 1:
                number += _exceeds(total, count, np.float32(threshold), over[t])
        if number > 0:
            left[:] = 0
            for t in range(n - 1, length - 2, -1):
                _mark(over[t], left, np.int32(length), flag[t])
            for t in range(min(length - 1, n) - 1, -1, -1):
                over[t] = False
                _mark(over[t], left, np.int32(length), flag[t])
            for t in range(n):
                _without_flagged(flag[t], kept[t], present[t])
        threshold /= 1.5
        length *= 2


@compiled
def _climb(flag: Array, aggressiveness: Any, total: Array, lowest: Array) -> None:
    """Add a row to the running sums; `lowest` is the least sum before the row or at its beginning."""
    for i in range(flag.size):
        lowest[i] = min(lowest[i], total[i])
        total[i] += aggressiveness if flag[i] else aggressiveness - _ONE


@compiled
def _reach(total: Array, lowest: Array, highest: Array, flag: Array) -> None:
    for i in range(flag.size):
        highest[i] = max(highest[i], total[i])
        flag[i] = highest[i] - lowest[i] >= 0


@compiled
def rank_operator(flag: Array, aggressiveness: float) -> None:
    """Flag every sample (n, line) that lies in a run of which at most a part η is not flagged, in place.

    Notes
    -----
    Offringa, van de Gronde & Roerdink 2012, A&A 539, A95, in linear time.
    """
    n, lines = flag.shape
    total, lowest = np.empty((n, lines), np.float32), np.empty((n, lines), np.float32)
    running, least = np.zeros(lines, np.float32), np.zeros(lines, np.float32)
    for t in range(n):
        _climb(flag[t], np.float32(aggressiveness), running, least)
        total[t] = running
        lowest[t] = least
    running[:] = -np.inf
    for t in range(n - 1, -1, -1):
        _reach(total[t], lowest[t], running, flag[t])


@compiled
def _count(x: Array, middle: Array, number: Array) -> None:
    for i in range(x.size):
        number[i] += x[i] <= middle[i]


@compiled
def _limits(x: Array, flag: Array, low: Array, high: Array, number: Array, kept: Array) -> None:
    for i in range(x.size):
        gone = flag[i]
        kept[i] = np.float32(np.inf) if gone else x[i]
        low[i] = low[i] if gone else min(low[i], x[i])
        high[i] = high[i] if gone else max(high[i], x[i])
        number[i] += not gone


@compiled
def medians(x: Array, flag: Array, work: Array) -> Any:
    """Return the medians (line,) of what is not flagged of (n, line), NaN where nothing is left.

    Of an even number the lower one. By halving the range 16 times: right to 1.5e-5 of the range. `work`, of
    the shape of x, is overwritten.
    """
    n, lines = x.shape
    low, high = np.full(lines, np.inf, np.float32), np.full(lines, -np.inf, np.float32)
    number, below = np.zeros(lines, np.int32), np.empty(lines, np.int32)
    for t in range(n):
        _limits(x[t], flag[t], low, high, number, work[t])
    for _ in range(_HALVINGS):
        middle = np.float32(0.5) * (low + high)
        below[:] = 0
        for t in range(n):
            _count(work[t], middle, below)
        for i in range(lines):
            if 2 * below[i] >= number[i]:
                high[i] = middle[i]
            else:
                low[i] = middle[i]
    for i in range(lines):
        if number[i] == 0:
            high[i] = np.nan
    return high
