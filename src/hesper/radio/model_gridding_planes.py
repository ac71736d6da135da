"""Planes of the grid ↔ the sky: ramps, phases of a slab and the expansion's Bessel functions."""

import math
from typing import Any

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.radio.model_fringes import sine_cosine
from hesper.record import Array

_SERIES = 10


def bessel(k: int) -> Array:
    """Return coefficients (power of x²,) of (2 − δ_k0) J_k(2x)/x^k, right to 1e-7 for x ≤ 1.6."""
    front = 1.0 if k == 0 else 2.0
    return np.array(
        [front * (-1) ** m / math.factorial(m) / math.factorial(m + k) for m in range(_SERIES)], np.float32
    )


@compiled
def _factors(depth: Array, series: Array, k: int, half: Any, height: Any, x: Array, out: Array) -> None:
    """Write (2 − δ_k0) J_k(κ s) for a line of n′; half is κ/2 per unit of n′."""
    top = series.size - 1
    for j in range(out.size):
        x[j] = (depth[j] - height) * half
        out[j] = series[top]
    for m in range(top - 1, -1, -1):
        factor = series[m]
        for j in range(out.size):
            out[j] = out[j] * (x[j] * x[j]) + factor
    for _ in range(k):
        for j in range(out.size):
            out[j] *= x[j]


@compiled_parallel
def turns(depth: Array, slab_w: float, ramp_line: Array, ramp_sample: Array) -> Any:
    """Return exp(−2πi w n′) and the two ramps together (line, sample)."""
    out = np.empty(depth.shape, np.complex64)
    for i in prange(depth.shape[0]):
        for j in range(depth.shape[1]):
            sine, cosine = sine_cosine(-slab_w * depth[i, j])
            out[i, j] = complex(cosine, sine) * ramp_line[i] * ramp_sample[j]
    return out


@compiled_parallel
def add_plane(
    tall: Array, turn: Array, depth: Array, k: int, series: Array, half: float, height: float, image: Array
) -> None:
    """Add Re[(−i)^k (2 − δ_k0) J_k(κ s) turn plane] to an image; the plane's lines begin in its middle.

    Complex planes come as pairs of real numbers: tall (cell, 2 × sample) and turn (line, 2 × sample).
    """
    size, cells = image.shape[0], tall.shape[0]
    sign = np.float32(1) if k % 4 < 2 else np.float32(-1)
    for i in prange(size):
        line, phase, into = tall[(i - size // 2) % cells], turn[i], image[i]
        x, factor = np.empty(size, np.float32), np.empty(size, np.float32)
        _factors(depth[i], series, k, np.float32(half), np.float32(height), x, factor)
        if k % 2 == 0:
            for j in range(size):
                real = phase[2 * j] * line[2 * j] - phase[2 * j + 1] * line[2 * j + 1]
                into[j] += sign * factor[j] * real
        else:
            for j in range(size):
                imag = phase[2 * j] * line[2 * j + 1] + phase[2 * j + 1] * line[2 * j]
                into[j] += sign * factor[j] * imag


@compiled_parallel
def split_plane(
    image: Array, turn: Array, depth: Array, k: int, series: Array, half: float, height: float, tall: Array
) -> None:
    """Write the adjoint of `add_plane` to a plane; lines that the image does not take become 0."""
    size, cells = image.shape[0], tall.shape[0]
    sign = np.float32(1) if k % 4 < 2 else np.float32(-1)
    for r in prange(cells):
        i = r + size // 2 if r < size - size // 2 else r - cells + size // 2
        line = tall[r]
        if i < 0 or i >= size or not np.any(image[i]):
            line[:] = 0
            continue
        x, factor, phase, source = np.empty(size, np.float32), np.empty(size, np.float32), turn[i], image[i]
        _factors(depth[i], series, k, np.float32(half), np.float32(height), x, factor)
        for j in range(size):
            scaled = sign * factor[j] * source[j]
            if k % 2 == 0:
                line[2 * j] = scaled * phase[2 * j]
                line[2 * j + 1] = -scaled * phase[2 * j + 1]
            else:
                line[2 * j] = scaled * phase[2 * j + 1]
                line[2 * j + 1] = scaled * phase[2 * j]


@compiled_parallel
def widened(grid: Array, k: int, wide: Array) -> None:
    """Write term k of a grid (row, term, 2 × column) to the first columns of rows (row, 2 × cell), then 0."""
    for r in prange(wide.shape[0]):
        wide[r, : grid.shape[2]] = grid[r, k]
        wide[r, grid.shape[2] :] = 0


@compiled_parallel
def narrowed(wide: Array, k: int, grid: Array) -> None:
    """Write the first columns of rows to term k of a grid, the reverse of `widened`."""
    for r in prange(wide.shape[0]):
        grid[r, k] = wide[r, : grid.shape[2]]


@compiled_parallel
def cut(wide: Array, tall: Array) -> None:
    """Write the last and the first columns of rows (row, 2 × cell) to (cell, 2 × sample), then rows of 0."""
    half = tall.shape[1] // 2
    for r in prange(tall.shape[0]):
        if r < wide.shape[0]:
            tall[r, :half] = wide[r, wide.shape[1] - half :]
            tall[r, half:] = wide[r, :half]
        else:
            tall[r] = 0


@compiled_parallel
def spread(tall: Array, wide: Array) -> None:
    """Write rows (cell, 2 × sample) to (row, 2 × cell) with 0 between, the reverse of `cut`."""
    half = tall.shape[1] // 2
    for r in prange(wide.shape[0]):
        wide[r, :half] = tall[r, half:]
        wide[r, half : wide.shape[1] - half] = 0
        wide[r, wide.shape[1] - half :] = tall[r, :half]
