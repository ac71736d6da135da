"""Kernels for the light along a slit, from tabulated pictures of the disk."""

import numpy as np

from hesper.compiled import compiled
from hesper.record import Array
from hesper.winds.model_pictures import axis_weights, node_weights


@compiled
def strip_at(
    start: float, step: float, nodes: Array, table: Array, x: float, seeing: float, column: int, out: Array
) -> None:
    """Fill `out` (y,) with one column of the pictures at a slit position and seeing; 0 outside."""
    out[:] = 0.0
    place = (x - start) / step
    if not (place >= 0.0 and place <= table.shape[2] - 1):
        return
    i, wx0, wx1, wx2, wx3 = axis_weights(place, table.shape[2])
    j, ws0, ws1, ws2, ws3 = node_weights(nodes, seeing)
    wx, ws = (wx0, wx1, wx2, wx3), (ws0, ws1, ws2, ws3)
    for s in range(4):
        if ws[s] == 0.0:
            continue
        for k in range(4):
            weight = ws[s] * wx[k]
            source = table[column, j + s, i + k]
            for y in range(out.size):
                out[y] += weight * source[y]


@compiled
def along(start: float, step: float, strip: Array, height: Array, y: float, out: Array) -> None:
    """Fill `out` (row,) with a strip at the heights of rows, the centre of the disk at y; 0 outside."""
    for r in range(height.size):
        place = (height[r] - y - start) / step
        out[r] = 0.0
        if place >= 0.0 and place <= strip.size - 1:
            i, w0, w1, w2, w3 = axis_weights(place, strip.size)
            out[r] = w0 * strip[i] + w1 * strip[i + 1] + w2 * strip[i + 2] + w3 * strip[i + 3]


@compiled
def level_and_pedestal(model: Array, data: Array, weight: Array) -> tuple[float, float, float]:
    """Return level and pedestal that fit data best, and χ²."""
    s0, s1, s2, d0, d1 = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(data.size):
        s0 += weight[i]
        s1 += weight[i] * model[i]
        s2 += weight[i] * model[i] ** 2
        d0 += weight[i] * data[i]
        d1 += weight[i] * data[i] * model[i]
    det = s0 * s2 - s1 * s1
    if det <= 0.0:
        return 0.0, 0.0, np.inf
    level, pedestal = (s0 * d1 - s1 * d0) / det, (s2 * d0 - s1 * d1) / det
    chi2 = 0.0
    for i in range(data.size):
        chi2 += weight[i] * (data[i] - level * model[i] - pedestal) ** 2
    return level, pedestal, chi2
