"""What the images of an orbit share: brightness of the same cells, pair by pair."""

import itertools
import math
from typing import NamedTuple

import numpy as np

from hesper.compiled import compiled
from hesper.record import Array
from hesper.vmc.data_orbit import Cells

_MOST = 600


class Overlaps(NamedTuple):
    """Cells that two images of an orbit share (sample,), pair by pair."""

    ratio: Array
    """ln(I/I′)."""
    place: Array
    """(sample, 4): x, y in the first image and x, y in the second."""
    first: Array
    """Image of each pair (pair,)."""
    second: Array
    start: Array
    """First sample of each pair, and their number (pair + 1,)."""


@compiled
def _count(cell: Array, start: Array, reach: Array, slot: Array, k: int, counts: Array) -> None:
    """Count the cells that image k shares with each later one, and leave its points in slot (cell,)."""
    for i in range(start[k], start[k + 1]):
        slot[cell[i]] = i
    for later in range(k + 1, start.size - 1):
        counts[later] = 0
        if reach[later, 0] > reach[k, 1] or reach[later, 1] < reach[k, 0]:
            continue
        for j in range(start[later], start[later + 1]):
            if slot[cell[j]] >= 0:
                counts[later] += 1


@compiled
def _match(
    cell: Array, start: Array, value: Array, x: Array, y: Array, slot: Array, later: int, stride: int,
    ratio: Array, place: Array,
) -> int:  # fmt: skip
    """Write every stride-th cell that the image in the slots shares with a later one."""
    met, found = 0, 0
    for j in range(start[later], start[later + 1]):
        i = slot[cell[j]]
        if i >= 0:
            if met % stride == 0:
                ratio[found] = math.log(value[i] / value[j])
                place[found, 0] = x[i]
                place[found, 1] = y[i]
                place[found, 2] = x[j]
                place[found, 3] = y[j]
                found += 1
            met += 1
    return found


def overlaps(cells: Cells, least: int) -> Overlaps:
    """Return what each pair of images shares, where it is at least `least` cells."""
    lit = cells.value > 0.0
    start = np.concatenate([[0], np.cumsum(lit)])[cells.start]
    value, x, y = (np.ascontiguousarray(v[lit]) for v in (cells.value, cells.x, cells.y))
    compact, number = numbered(cells.cell[lit])
    slot, count = np.full(number, -1, np.int32), start.size - 1
    reach = np.array([_reach(compact[a:b]) for a, b in itertools.pairwise(start)])
    ratio, place, first, second, sizes = [], [], [], [], []
    counts = np.zeros(count, np.int64)
    for k in range(count - 1):
        _count(compact, start, reach, slot, k, counts)
        for later in np.flatnonzero(counts[k + 1 :] >= max(least, 1)) + k + 1:
            # Neighbouring cells err together: a few hundred of a pair hold all it can tell.
            stride = -(-int(counts[later]) // _MOST)
            mine, where = np.empty(_MOST), np.empty((_MOST, 4))
            found = _match(compact, start, value, x, y, slot, int(later), stride, mine, where)
            ratio.append(mine[:found])
            place.append(where[:found])
            first.append(k)
            second.append(int(later))
            sizes.append(found)
        slot[compact[start[k] : start[k + 1]]] = -1
    return Overlaps(
        np.concatenate(ratio) if ratio else np.zeros(0),
        np.concatenate(place) if place else np.zeros((0, 4)),
        np.array(first, int),
        np.array(second, int),
        np.concatenate([[0], np.cumsum(sizes)]).astype(int),
    )


def numbered(cell: Array) -> tuple[Array, int]:
    """Return the rank (point,) int32 of each cell among those that occur, and how many do."""
    if not cell.size:
        return np.zeros(0, np.int32), 0
    first = int(cell.min())
    used = np.zeros(int(cell.max()) - first + 1, bool)
    used[cell - first] = True
    rank = np.cumsum(used, dtype=np.int32)
    return rank[cell - first] - np.int32(1), int(rank[-1])


def _reach(cell: Array) -> tuple[int, int]:
    return (int(cell.min()), int(cell.max())) if cell.size else (0, -1)
