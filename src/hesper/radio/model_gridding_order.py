"""Slabs of w, and samples put in the order in which the grid is filled."""

import math
from typing import Any, NamedTuple

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.radio.model_gridding import STRIP, TILE, WIDTH
from hesper.record import Array

_LEFT = 1.7e-4
"""What the terms of the expansion along w leave out at most, at the corners of the image."""
_MOST_TERMS = 9
_PLANE = 0.5
"""What a cell of a plane's transforms costs, in units of what a term costs on a sample."""


class Slabs(NamedTuple):
    """How the range of w is cut."""

    number: int
    terms: int


def slabs(largest_w: float, lowest: float, *, cells: int, samples: int) -> Slabs:
    """Return the cheapest slabs of 0 ≤ w ≤ `largest_w` for an image whose lowest n′ is `lowest`.

    Parameters
    ----------
    largest_w
        [wavelengths].
    lowest
        The least √(1 − l² − m²) − 1 of the image.
    cells
        Rows, and columns, of the grid.
    samples
        Their number.

    Notes
    -----
    With n terms slabs may be so thick that 2 (κ/2)ⁿ/n! ≤ 1.7e-4. Thick slabs need few transforms, and
    more terms of every sample.
    """
    whole = math.pi * largest_w * abs(lowest) / 2
    every = []
    for terms in range(1, _MOST_TERMS + 1):
        kappa = 2 * (_LEFT / 2 * math.factorial(terms)) ** (1 / terms)
        count = max(1, math.ceil(whole / kappa))
        every.append((terms * (count * _PLANE * cells**2 + samples), Slabs(count, terms)))
    return min(every)[1]


@compiled_parallel
def keys(
    uvw: Array,
    scale: float,
    first_row: float,
    first_column: float,
    count: int,
    thick: float,
    strips: int,
    tiles: int,
) -> Any:
    """Return the number (sample,) of the tile in which each sample begins: by slab, strip and tile."""
    out = np.empty(len(uvw), np.uint32)
    for i in prange(len(uvw)):
        row = math.ceil(uvw[i, 1] * scale - first_row - WIDTH / 2)
        column = math.ceil(-uvw[i, 0] * scale - first_column - WIDTH / 2)
        slab = min(int(uvw[i, 2] / thick), count - 1)
        out[i] = (slab * strips + row // STRIP) * tiles + column // TILE
    return out


@compiled
def order(key: Array, weight: Array, count: int) -> Any:
    """Return the samples of positive weight sorted by key, and the first place of every key (count + 1,)."""
    start = np.zeros(count + 1, np.int64)
    for i in range(key.size):
        if weight[i] > 0:
            start[key[i] + 1] += 1
    for k in range(count):
        start[k + 1] += start[k]
    place = start.copy()
    out = np.empty(start[count], np.uint32)
    for i in range(key.size):
        if weight[i] > 0:
            out[place[key[i]]] = i
            place[key[i]] += 1
    return out, start


@compiled_parallel
def sort(
    uvw: Array,
    value: Array,
    weight: Array,
    where: Array,
    scale: float,
    first_row: float,
    first_column: float,
    count: int,
    thick: float,
    height: float,
) -> Any:
    """Return columns, rows, places in the slab, turned values and weights of the samples `where`."""
    column, row = np.empty(where.size, np.float32), np.empty(where.size, np.float32)
    across, mass = np.empty(where.size, np.float32), np.empty(where.size, np.float32)
    turned = np.empty(where.size, np.complex64)
    for k in prange(where.size):
        i = where[k]
        row[k] = uvw[i, 1] * scale - first_row
        column[k] = -uvw[i, 0] * scale - first_column
        w = float(uvw[i, 2])
        away = w - (min(int(uvw[i, 2] / thick), count - 1) + 0.5) * thick
        across[k] = 2 * away / thick
        phase = -2 * math.pi * away * height
        turned[k] = value[i] * complex(math.cos(phase), math.sin(phase))
        mass[k] = weight[i]
    return column, row, across, turned, mass
