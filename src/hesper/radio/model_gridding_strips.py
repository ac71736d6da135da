"""Samples ↔ a grid, a strip of its rows at a time.

In a strip all terms of a cell lie side by side, real and imaginary: one sweep over neighbouring numbers
adds a sample to six cells of a row, or collects it from there. A grid of a model is overwritten by that of
what is left of the samples: a strip needs no row below its first, and what it adds above is carried on.
"""

import math
from typing import Any

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.radio.model_gridding import DEGREE, STRIP, WIDTH
from hesper.record import Array

_CHUNKS = 8
"""Runs of strips that are filled side by side; fixed, so that sums are the same on any machine."""


def chunks(start: Array) -> Array:
    """Return first strips (chunk + 1,) of runs of strips with about as many samples; see `Layout.starts`."""
    share = np.linspace(start[0], start[-1], _CHUNKS + 1)
    first = np.searchsorted(start, share)
    first[0], first[-1] = 0, start.size - 1
    return np.asarray(np.maximum.accumulate(first))


@compiled
def _taps(place: float, polynomial: Array, out: Array) -> int:
    """Write the kernel on its cells; return the first cell."""
    first = math.ceil(place - np.float32(WIDTH / 2))
    x = np.float32(2) * (np.float32(first) - place + np.float32(WIDTH / 2)) - np.float32(1)
    for a in range(WIDTH):
        out[a] = polynomial[DEGREE, a]
    for d in range(DEGREE - 1, -1, -1):
        for a in range(WIDTH):
            out[a] = out[a] * x + polynomial[d, a]
    return first


@compiled
def _chebyshev(t: float, out: Array) -> None:
    out[0] = 1
    if out.size > 1:
        out[1] = t
    for k in range(2, out.size):
        out[k] = np.float32(2) * t * out[k - 1] - out[k - 2]


@compiled
def _collect(kx: Array, ky: Array, term: Array, strip: Array, row: int, lane: int, line: Array) -> Any:
    """Return the real and the imaginary part of a strip under the kernel, terms summed."""
    size, lanes = line.size, 2 * term.size
    p0, p1 = strip[row, lane : lane + size], strip[row + 1, lane : lane + size]
    p2, p3 = strip[row + 2, lane : lane + size], strip[row + 3, lane : lane + size]
    p4, p5 = strip[row + 4, lane : lane + size], strip[row + 5, lane : lane + size]
    k0, k1, k2, k3, k4, k5 = ky[0], ky[1], ky[2], ky[3], ky[4], ky[5]
    for q in range(size):
        line[q] = (k0 * p0[q] + k1 * p1[q]) + (k2 * p2[q] + k3 * p3[q]) + (k4 * p4[q] + k5 * p5[q])
    p0, p1, p2 = line[:lanes], line[lanes : 2 * lanes], line[2 * lanes : 3 * lanes]
    p3, p4, p5 = line[3 * lanes : 4 * lanes], line[4 * lanes : 5 * lanes], line[5 * lanes :]
    k0, k1, k2, k3, k4, k5 = kx[0], kx[1], kx[2], kx[3], kx[4], kx[5]
    for q in range(lanes):
        p0[q] = (k0 * p0[q] + k1 * p1[q]) + (k2 * p2[q] + k3 * p3[q]) + (k4 * p4[q] + k5 * p5[q])
    real, imag = np.float32(0), np.float32(0)
    for t in range(term.size):
        real += term[t] * p0[2 * t]
        imag += term[t] * p0[2 * t + 1]
    return real, imag


@compiled
def _spread(
    real: float,
    imag: float,
    kx: Array,
    ky: Array,
    term: Array,
    strip: Array,
    row: int,
    lane: int,
    line: Array,
) -> None:
    """Add a sample to a strip."""
    size, lanes = line.size, 2 * term.size
    last = line[5 * lanes :]
    for t in range(term.size):
        last[2 * t] = term[t] * real
        last[2 * t + 1] = term[t] * imag
    for b in range(WIDTH):
        part = line[b * lanes : (b + 1) * lanes]
        for q in range(lanes):
            part[q] = kx[b] * last[q]
    for a in range(WIDTH):
        row_part, factor = strip[row + a, lane : lane + size], ky[a]
        for q in range(size):
            row_part[q] += factor * line[q]


@compiled
def _to_lanes(grid: Array, first: int, stop: int, strip: Array, at: int) -> None:
    """Copy rows of a grid (row, term, 2 × column) to rows of a strip (row, column × term × 2)."""
    terms = grid.shape[1]
    for r in range(min(stop, grid.shape[0]) - first):
        lanes = strip[at + r]
        for t in range(terms):
            plane = grid[first + r, t]
            for c in range(plane.size // 2):
                lanes[2 * (c * terms + t)] = plane[2 * c]
                lanes[2 * (c * terms + t) + 1] = plane[2 * c + 1]


@compiled
def _from_lanes(strip: Array, rows: int, first: int, grid: Array) -> None:
    """Write rows of a strip over rows of a grid."""
    terms = grid.shape[1]
    for r in range(min(rows, grid.shape[0] - first)):
        lanes = strip[r]
        for t in range(terms):
            plane = grid[first + r, t]
            for c in range(plane.size // 2):
                plane[2 * c] = lanes[2 * (c * terms + t)]
                plane[2 * c + 1] = lanes[2 * (c * terms + t) + 1]


@compiled
def _add_lanes(strip: Array, first: int, grid: Array) -> None:
    """Add a strip to rows of a grid."""
    terms = grid.shape[1]
    for r in range(min(strip.shape[0], grid.shape[0] - first)):
        for t in range(terms):
            for c in range(grid.shape[2] // 2):
                grid[first + r, t, 2 * c] += strip[r, 2 * (c * terms + t)]
                grid[first + r, t, 2 * c + 1] += strip[r, 2 * (c * terms + t) + 1]


@compiled_parallel
def residual(
    column: Array,
    row: Array,
    across: Array,
    value: Array,
    weight: Array,
    start: Array,
    chunk: Array,
    polynomial: Array,
    grid: Array,
    subtract: bool,
) -> None:
    """Write Σ weight × (value − model) of one slab over the model's grid (row, term, 2 × column); float32.

    Parameters
    ----------
    column, row, across, value, weight
        As in `Layout`.
    start
        (strip + 1,).
    chunk
        Of `chunks`.
    polynomial
        Of the kernel.
    grid
        The model's, read only if `subtract`.
    """
    terms, lanes, count = grid.shape[1], grid.shape[2] * grid.shape[1], chunk.size - 1
    above = np.zeros((count, WIDTH, lanes), np.float32)
    if subtract:
        for k in prange(count):
            first = chunk[k + 1] * STRIP
            _to_lanes(grid, first, first + WIDTH, above[k], 0)
    for k in prange(count):
        kx, ky = np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
        term, line = np.empty(terms, np.float32), np.empty(WIDTH * 2 * terms, np.float32)
        into = np.zeros((STRIP + WIDTH, lanes), np.float32)
        source = np.zeros((STRIP + WIDTH if subtract else 1, lanes), np.float32)
        for s in range(chunk[k], chunk[k + 1]):
            first = s * STRIP
            if subtract and start[s + 1] > start[s]:
                last = s + 1 == chunk[k + 1]
                _to_lanes(grid, first, first + (STRIP if last else STRIP + WIDTH), source, 0)
                if last:
                    source[STRIP:] = above[k]
            for i in range(start[s], start[s + 1]):
                r = _taps(row[i], polynomial, ky) - first
                lane = _taps(column[i], polynomial, kx) * 2 * terms
                _chebyshev(across[i], term)
                real, imag = value[i].real, value[i].imag
                if subtract:
                    x, y = _collect(kx, ky, term, source, r, lane, line)
                    real -= x
                    imag -= y
                _spread(real * weight[i], imag * weight[i], kx, ky, term, into, r, lane, line)
            _from_lanes(into, STRIP, first, grid)
            into[:WIDTH] = into[STRIP:]
            into[WIDTH:] = 0
        above[k] = into[:WIDTH]
    for k in range(count):
        _add_lanes(above[k], chunk[k + 1] * STRIP, grid)


@compiled_parallel
def degrid(
    column: Array, row: Array, across: Array, start: Array, polynomial: Array, model: Array, out: Array
) -> None:
    """Write the model's visibility of every sample of one slab to `out` (sample,)."""
    terms, lanes = model.shape[1], model.shape[2] * model.shape[1]
    for s in prange(start.size - 1):
        if start[s + 1] > start[s]:
            kx, ky = np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
            term, line = np.empty(terms, np.float32), np.empty(WIDTH * 2 * terms, np.float32)
            source = np.zeros((STRIP + WIDTH, lanes), np.float32)
            _to_lanes(model, s * STRIP, (s + 1) * STRIP + WIDTH, source, 0)
            for i in range(start[s], start[s + 1]):
                r = _taps(row[i], polynomial, ky) - s * STRIP
                lane = _taps(column[i], polynomial, kx) * 2 * terms
                _chebyshev(across[i], term)
                real, imag = _collect(kx, ky, term, source, r, lane, line)
                out[i] = complex(real, imag)
