"""What the images of an orbit share: brightness of the same cells, pair by pair."""

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
    images: int
    """Images of the orbit."""
    area: float
    """Area seen at least twice over the area of the mosaic."""


class Sorted(NamedTuple):
    """The points of an orbit in the order of their cells, and within a cell of their images."""

    cell: Array
    """Cells that occur, rising (cell,)."""
    start: Array
    """First point of each cell, and the number of points (cell + 1,)."""
    point: Array
    """(point,) int32."""


def sorted_points(cell: Array) -> Sorted:
    """Sort points (point,) by their cells, which are whole numbers of a map."""
    if not cell.size:
        return Sorted(np.zeros(0, int), np.zeros(1, int), np.zeros(0, np.int32))
    first = int(cell.min())
    count = np.bincount(cell - first)
    used = np.flatnonzero(count)
    end = np.cumsum(count)
    point = np.empty(cell.size, np.int32)
    _scatter(cell - first, end - count, point)
    return Sorted(used + first, np.concatenate([[0], end[used]]), point)


@compiled
def _scatter(cell: Array, cursor: Array, point: Array) -> None:
    """Write the points in the order of their cells; the cursor (cell,) starts at the first of each."""
    for i in range(cell.size):
        point[cursor[cell[i]]] = i
        cursor[cell[i]] += 1


@compiled
def _count(start: Array, owner: Array, counts: Array) -> None:
    """Count the cells that each pair of images shares (image, image); owners in the order of the cells."""
    for c in range(start.size - 1):
        for p in range(start[c], start[c + 1]):
            for q in range(p + 1, start[c + 1]):
                counts[owner[p], owner[q]] += 1


@compiled
def _match(
    start: Array, owner: Array, point: Array, value: Array, x: Array, y: Array, stride: Array, cursor: Array,
    ratio: Array, place: Array,
) -> None:  # fmt: skip
    """Write every stride-th cell of each pair (image, image) at its cursor; a stride of 0 is no pair."""
    wait = np.zeros(stride.shape, np.int64)
    for c in range(start.size - 1):
        for p in range(start[c], start[c + 1]):
            k = owner[p]
            for q in range(p + 1, start[c + 1]):
                other = owner[q]
                if stride[k, other] == 0:
                    continue
                if wait[k, other] == 0:
                    wait[k, other] = stride[k, other]
                    i, j, found = point[p], point[q], cursor[k, other]
                    ratio[found] = math.log(value[i] / value[j])
                    place[found, 0] = x[i]
                    place[found, 1] = y[i]
                    place[found, 2] = x[j]
                    place[found, 3] = y[j]
                    cursor[k, other] += 1
                wait[k, other] -= 1


def overlaps(cells: Cells, least: int) -> Overlaps:
    """Return what each pair of images shares, where it is at least `least` cells."""
    lit = cells.value > 0.0
    images = cells.start.size - 1
    owner = np.repeat(np.arange(images, dtype=np.int32), np.diff(cells.start))[lit]
    value, x, y, area = (np.ascontiguousarray(v[lit]) for v in (cells.value, cells.x, cells.y, cells.area))
    _, start, point = sorted_points(cells.cell[lit])
    owner = owner[point]
    counts = np.zeros((images, images), np.int64)
    _count(start, owner, counts)
    first, second = np.nonzero(counts >= max(least, 1))
    # Neighbouring cells err together: a few hundred of a pair hold all it can tell.
    stride = np.where(counts >= max(least, 1), -(-counts // _MOST), 0)
    sizes = -(-counts[first, second] // stride[first, second])
    begin = np.concatenate([[0], np.cumsum(sizes)]).astype(int)
    cursor = np.zeros_like(counts)
    cursor[first, second] = begin[:-1]
    ratio, place = np.empty(begin[-1]), np.empty((begin[-1], 4))
    _match(start, owner, point, value, x, y, stride, cursor, ratio, place)
    own = area[point[start[:-1]]]
    twice = float(own[np.diff(start) > 1].sum() / own.sum()) if own.size else 0.0
    return Overlaps(ratio, place, first, second, begin, images, twice)


def medians(shared: Overlaps, values: Array) -> Array:
    """Return the median of values (sample,) of each pair (pair,)."""
    found = np.empty(shared.first.size)
    _medians(values, shared.start, found)
    return found


@compiled
def _medians(values: Array, start: Array, out: Array) -> None:
    for p in range(start.size - 1):
        out[p] = np.median(values[start[p] : start[p + 1]])


@compiled
def average(
    start: Array, point: Array, value: Array, weight: Array, n: Array, out: Array, pixels: Array
) -> None:
    """Write weighted mean and deviation (2, cell), NaN of one, and summed n (cell,) of sorted points."""
    for c in range(start.size - 1):
        count = start[c + 1] - start[c]
        total, mean, square = 0.0, 0.0, 0.0
        pixels[c] = 0.0
        for p in range(start[c], start[c + 1]):
            total += weight[point[p]]
            mean += weight[point[p]] * value[point[p]]
            pixels[c] += n[point[p]]
        mean /= total
        for p in range(start[c], start[c + 1]):
            square += weight[point[p]] * (value[point[p]] - mean) ** 2
        out[0, c] = mean
        out[1, c] = math.sqrt(square / total * count / (count - 1)) if count > 1 else np.nan
