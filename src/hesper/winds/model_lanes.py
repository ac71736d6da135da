"""Sums over the pixels of a row in lanes: one partial sum for every LANES-th pixel, folded at the end.

Lanes are independent of each other, so that a processor adds several at a time without a change in the order
of any sum. A row is taken tile by tile, a tile having one pixel in every lane.
"""

import numpy as np

from hesper.compiled import compiled
from hesper.record import Array

LANES = 64


@compiled
def take(source: Array, start: int, fill: np.float32, tile: Array) -> None:
    """Copy `source` from `start` on to one column of a tile (LANES,); beyond its end put `fill`."""
    inside = min(source.size - start, tile.size)
    for k in range(inside):
        tile[k] = source[start + k]
    for k in range(inside, tile.size):
        tile[k] = fill


@compiled
def fold(lanes: Array, sums: Array) -> None:
    """Fill `sums` (sum,) with the totals of lanes (sum, LANES), whose upper half is added to the lower."""
    for s in range(sums.size):
        width = LANES
        while width > 1:
            width //= 2
            for k in range(width):
                lanes[s, k] += lanes[s, k + width]
        sums[s] = lanes[s, 0]
