"""From the uv-plane to the sky and back: one kernel for gridding and its transpose for degridding.

V(u, v, w) = Σ I(l, m) exp(+2πi (u l + v m + w n′)), n′ = √(1 − l² − m²) − 1, and its adjoint.

* Across u and v: an exponential-of-semicircle kernel of six cells (Barnett, Magland & af Klinteberg 2019,
  SIAM J. Sci. Comput. 41, C479) on a grid half again as fine as the image asks for.
* Along w: in a slab, exp(−iκ s t) = Σ_k (2 − δ_k0) (−i)^k J_k(κ s) T_k(t) (Jacobi and Anger), t in [−1, 1]
  across the slab and s in [−1, 1] across the range of n′. Five terms leave 2 J_5(κ) ≤ 2e-4 at the
  corners, for slabs are so thin that κ ≤ 0.8. A sample lies on five grids with the real factors T_k(t).

Rows of a grid are v, columns −u, counted in cells from the middle: images run northward and westward.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.radio.model_fringes import sine_cosine
from hesper.record import Array

WIDTH = 6
"""Cells under the kernel."""
TERMS = 5
"""Terms of the expansion along w."""
FINER = 1.5
"""Cells of the grid per cell that the image asks for."""
KAPPA = 0.8
_BETA = 0.97 * math.pi * WIDTH * (1 - 1 / (2 * FINER))
_DEGREE = 9
STRIP = 16
"""Rows of a grid that one thread fills at a time; more than WIDTH."""
TILE = 64
"""Columns that are filled together, for the cache's sake."""
_LANES = 2 * TERMS
_LINE = WIDTH * _LANES


def kernel(distance: Array) -> Array:
    """Return exp(β (√(1 − z²) − 1)), z the distance in units of half the width; 0 outside."""
    z2 = np.minimum(np.asarray(distance, float) ** 2, 1.0)
    return np.where(z2 < 1, np.exp(_BETA * (np.sqrt(1 - z2) - 1)), 0.0)


def kernel_polynomial() -> Array:
    """Return coefficients (power, cell) of the kernel on every cell, in x = 2δ − 1, δ that of the first."""
    node = np.cos(np.pi * (np.arange(24) + 0.5) / 24)
    cells = (node[:, None] + 1) / 2 + np.arange(WIDTH) - WIDTH / 2
    return np.polynomial.polynomial.polyfit(node, kernel(cells / (WIDTH / 2)), _DEGREE).astype(np.float32)


def kernel_transform(size: int, cells: int) -> Array:
    """Return the kernel's Fourier transform on `size` pixels of an image whose grid has `cells` cells."""
    node, weight = np.polynomial.legendre.leggauss(64)
    frequency = (np.arange(size) - size // 2) / cells
    phase = np.pi * WIDTH * frequency[:, None] * node
    return np.asarray(np.cos(phase) @ (weight * kernel(node)) * WIDTH / 2)


class Layout(NamedTuple):
    """Samples in the order of the grid, and the shape of that grid."""

    column: Array
    """(sample,) cells from the first column of the grid, float32"""
    row: Array
    """(sample,) cells from its first row"""
    across: Array
    """(sample,) t, place in the slab"""
    value: Array
    """(sample,) visibility, turned by the phase of the middle of n′"""
    weight: Array
    """(sample,) imaging weight"""
    starts: Array
    """(slab, strip + 1) first sample of every strip of rows"""
    slab_w: Array
    """(slab,) middle of the slab [wavelengths]"""
    kappa: float
    height: float
    """Middle of the range of n′; its half is minus that."""
    corner: tuple[int, int]
    """First row and column that are used, from the middle of the grid."""
    box: tuple[int, int]
    """Rows and columns of the grid that are used."""
    cells: int
    """Rows and columns of the whole grid."""


def slabs(largest_w: float, lowest: float) -> int:
    """Return how many slabs 0 ≤ w ≤ `largest_w` needs for an image whose lowest n′ is `lowest`."""
    return max(1, math.ceil(math.pi * largest_w * abs(lowest) / 2 / KAPPA))


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


@compiled
def _taps(place: float, polynomial: Array, out: Array) -> int:
    """Write the kernel on its cells; return the first cell."""
    first = math.ceil(place - np.float32(WIDTH / 2))
    x = np.float32(2) * (np.float32(first) - place + np.float32(WIDTH / 2)) - np.float32(1)
    for a in range(WIDTH):
        out[a] = polynomial[_DEGREE, a]
    for d in range(_DEGREE - 1, -1, -1):
        for a in range(WIDTH):
            out[a] = out[a] * x + polynomial[d, a]
    return first


@compiled
def _chebyshev(t: float, out: Array) -> None:
    out[0] = 1
    out[1] = t
    for k in range(2, TERMS):
        out[k] = np.float32(2) * t * out[k - 1] - out[k - 2]


@compiled
def _collect(kx: Array, ky: Array, term: Array, strip: Array, row: int, lane: int, line: Array) -> Any:
    """Return the real and the imaginary part of a strip under the kernel, terms summed."""
    line[:] = 0
    for a in range(WIDTH):
        part = strip[row + a, lane : lane + _LINE]
        for q in range(_LINE):
            line[q] += ky[a] * part[q]
    real, imag = np.float32(0), np.float32(0)
    for b in range(WIDTH):
        for t in range(TERMS):
            factor = kx[b] * term[t]
            real += factor * line[b * _LANES + 2 * t]
            imag += factor * line[b * _LANES + 2 * t + 1]
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
    for b in range(WIDTH):
        for t in range(TERMS):
            factor = kx[b] * term[t]
            line[b * _LANES + 2 * t] = factor * real
            line[b * _LANES + 2 * t + 1] = factor * imag
    for a in range(WIDTH):
        part = strip[row + a, lane : lane + _LINE]
        for q in range(_LINE):
            part[q] += ky[a] * line[q]


@compiled
def _to_lanes(grid: Array, first: int, strip: Array) -> None:
    """Copy rows of a grid (row, term, 2 × column) to a strip (row, column × term × 2)."""
    for r in range(min(strip.shape[0], grid.shape[0] - first)):
        for t in range(grid.shape[1]):
            plane, lanes = grid[first + r, t], strip[r]
            for c in range(plane.size // 2):
                lanes[c * _LANES + 2 * t] = plane[2 * c]
                lanes[c * _LANES + 2 * t + 1] = plane[2 * c + 1]


@compiled
def _from_lanes(strip: Array, first: int, grid: Array) -> None:
    """Add a strip to rows of a grid."""
    for r in range(min(strip.shape[0], grid.shape[0] - first)):
        for t in range(grid.shape[1]):
            plane, lanes = grid[first + r, t], strip[r]
            for c in range(plane.size // 2):
                plane[2 * c] += lanes[c * _LANES + 2 * t]
                plane[2 * c + 1] += lanes[c * _LANES + 2 * t + 1]


@compiled_parallel
def residual(
    column: Array,
    row: Array,
    across: Array,
    value: Array,
    weight: Array,
    start: Array,
    strips: Array,
    polynomial: Array,
    model: Array,
    out: Array,
    subtract: bool,
) -> None:
    """Add weight × (value − model) of one slab to a grid (row, term, 2 × column); float32 throughout.

    Parameters
    ----------
    column, row, across, value, weight
        As in `Layout`.
    start
        (strip + 1,).
    strips
        (2, strip): the even strips and the odd ones, −1 where there is none. No two of a colour share rows.
    polynomial
        Of the kernel.
    model, out
        Grids; the model is read only if `subtract`.
    """
    lanes = out.shape[2] // 2 * _LANES
    for colour in range(2):
        for k in prange(strips.shape[1]):
            s = strips[colour, k]
            if s >= 0 and start[s + 1] > start[s]:
                kx, ky = np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
                term, line = np.empty(TERMS, np.float32), np.empty(_LINE, np.float32)
                first = s * STRIP
                into = np.zeros((STRIP + WIDTH, lanes), np.float32)
                source = np.zeros((STRIP + WIDTH if subtract else 1, lanes), np.float32)
                if subtract:
                    _to_lanes(model, first, source)
                for i in range(start[s], start[s + 1]):
                    r = _taps(row[i], polynomial, ky) - first
                    lane = _taps(column[i], polynomial, kx) * _LANES
                    _chebyshev(across[i], term)
                    real, imag = value[i].real, value[i].imag
                    if subtract:
                        x, y = _collect(kx, ky, term, source, r, lane, line)
                        real -= x
                        imag -= y
                    _spread(real * weight[i], imag * weight[i], kx, ky, term, into, r, lane, line)
                _from_lanes(into, first, out)


@compiled_parallel
def degrid(
    column: Array, row: Array, across: Array, start: Array, polynomial: Array, model: Array, out: Array
) -> None:
    """Write the model's visibility of every sample of one slab to `out` (sample,)."""
    lanes = model.shape[2] // 2 * _LANES
    for s in prange(start.size - 1):
        if start[s + 1] > start[s]:
            kx, ky = np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
            term, line = np.empty(TERMS, np.float32), np.empty(_LINE, np.float32)
            source = np.zeros((STRIP + WIDTH, lanes), np.float32)
            _to_lanes(model, s * STRIP, source)
            for i in range(start[s], start[s + 1]):
                r = _taps(row[i], polynomial, ky) - s * STRIP
                lane = _taps(column[i], polynomial, kx) * _LANES
                _chebyshev(across[i], term)
                real, imag = _collect(kx, ky, term, source, r, lane, line)
                out[i] = complex(real, imag)


@compiled
def _bessel(k: int, x: float) -> float:
    """Return (2 − δ_k0) J_k(x) by its series; x is below 1."""
    half = x / 2
    front = 1.0 if k == 0 else 2.0
    for j in range(1, k + 1):
        front *= half / j
    z = half * half
    return front * (1 - z / (k + 1) * (1 - z / (2 * (k + 2)) * (1 - z / (3 * (k + 3)))))


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
    tall: Array, turn: Array, depth: Array, k: int, kappa: float, height: float, image: Array
) -> None:
    """Add Re[(−i)^k (2 − δ_k0) J_k(κ s) turn plane] to an image; the plane's lines begin in its middle."""
    size, cells = image.shape[0], tall.shape[0]
    power = (1 + 0j, -1j, -1 + 0j, 1j)[k % 4]
    for i in prange(size):
        line = tall[(i - size // 2) % cells]
        for j in range(size):
            factor = _bessel(k, kappa * (depth[i, j] - height) / abs(height))
            image[i, j] += factor * (power * turn[i, j] * line[j]).real


@compiled_parallel
def split_plane(
    image: Array, turn: Array, depth: Array, k: int, kappa: float, height: float, tall: Array
) -> None:
    """Write the adjoint of `add_plane` to the lines of a plane that the image takes; the others stay."""
    size, cells = image.shape[0], tall.shape[0]
    power = (1 + 0j, 1j, -1 + 0j, -1j)[k % 4]
    for i in prange(size):
        line = tall[(i - size // 2) % cells]
        for j in range(size):
            if image[i, j] == 0:
                line[j] = 0
            else:
                factor = image[i, j] * _bessel(k, kappa * (depth[i, j] - height) / abs(height))
                line[j] = factor * power * np.conj(turn[i, j])
