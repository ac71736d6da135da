"""From the uv-plane to the sky and back: one kernel for gridding and its transpose for degridding.

V(u, v, w) = Σ I(l, m) exp(+2πi (u l + v m + w n′)), n′ = √(1 − l² − m²) − 1, and its adjoint.

* Across u and v: an exponential-of-semicircle kernel of six cells (Barnett, Magland & af Klinteberg 2019,
  SIAM J. Sci. Comput. 41, C479) on a grid half again as fine as the image asks for.
* Along w: in a slab, exp(−iκ s t) = Σ_k (2 − δ_k0) (−i)^k J_k(κ s) T_k(t) (Jacobi and Anger), t in [−1, 1]
  across the slab and s in [−1, 1] across the range of n′. n terms leave 2 J_n(κ) at the corners: slabs are
  so thin that this is 2e-4 at most. A sample lies on n grids with the real factors T_k(t).

Rows of a grid are v, columns −u, counted in cells from the middle: images run northward and westward.
"""

import math
from typing import NamedTuple

import numpy as np

from hesper.record import Array

WIDTH = 6
"""Cells under the kernel."""
FINER = 1.5
"""Cells of the grid per cell that the image asks for."""
_BETA = 0.97 * math.pi * WIDTH * (1 - 1 / (2 * FINER))
DEGREE = 9
"""Of the polynomials that the kernel is evaluated by."""
STRIP = 16
"""Rows of a grid that are filled at a time; more than WIDTH."""
TILE = 32
"""Columns that are filled together, for the cache's sake."""


def kernel(distance: Array) -> Array:
    """Return exp(β (√(1 − z²) − 1)), z the distance in units of half the width; 0 outside."""
    z2 = np.minimum(np.asarray(distance, float) ** 2, 1.0)
    return np.where(z2 < 1, np.exp(_BETA * (np.sqrt(1 - z2) - 1)), 0.0)


def kernel_polynomial() -> Array:
    """Return coefficients (power, cell) of the kernel on every cell, in x = 2δ − 1, δ that of the first."""
    node = np.cos(np.pi * (np.arange(24) + 0.5) / 24)
    cells = (node[:, None] + 1) / 2 + np.arange(WIDTH) - WIDTH / 2
    return np.polynomial.polynomial.polyfit(node, kernel(cells / (WIDTH / 2)), DEGREE).astype(np.float32)


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
    terms: int
    """Of the expansion along w."""
    kappa: float
    height: float
    """Middle of the range of n′; its half is minus that."""
    corner: tuple[int, int]
    """First row and column that are used, from the middle of the grid."""
    box: tuple[int, int]
    """Rows and columns of the grid that are used."""
    cells: int
    """Rows and columns of the whole grid."""
