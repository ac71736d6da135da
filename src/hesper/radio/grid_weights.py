"""Imaging weights: natural, uniform and Briggs' between them."""

from typing import Any

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.errors import InputError
from hesper.radio.data_image import Samples
from hesper.record import Array

_PARTS = 4
"""Parts of the samples that are added up side by side; fixed, so that the sum is the same on any machine."""


def natural(samples: Samples) -> Array:
    """Return weights 1/σ² (sample,): the least noise."""
    return samples.weight


def uniform(samples: Samples, *, field_of_view: float) -> Array:
    """Return weights (sample,) that give every cell of the uv-plane the same: the least sidelobes.

    Parameters
    ----------
    samples
        The samples that are imaged together.
    field_of_view
        Width of the image [rad]; a cell is its inverse.
    """
    return np.asarray(samples.weight / _density(samples, field_of_view)[0], np.float32)


def briggs(samples: Samples, *, robust: float, field_of_view: float) -> Array:
    """Return w/(1 + W f²), f² = (5 × 10^−R)² / (Σ W² / Σ w), W the weight in a sample's cell.

    Parameters
    ----------
    samples, field_of_view
        As in `uniform`.
    robust
        R: −2 is nearly uniform, 2 nearly natural.

    Notes
    -----
    Briggs 1995, High fidelity deconvolution of moderately resolved sources, chapter 3.
    """
    if not -5 <= robust <= 5:
        raise InputError(f"robust {robust}: −2 (uniform) to 2 (natural) is what it means")
    density, square = _density(samples, field_of_view)
    factor = (5 * 10.0**-robust) ** 2 / square
    return np.asarray(samples.weight / (1 + factor * density), np.float32)


def _density(samples: Samples, field_of_view: float) -> tuple[Array, float]:
    """Return the weight in the cell of every sample, and Σ W²/Σ W over the cells."""
    cells = int(np.abs(samples.uvw[:, :2]).max(initial=1.0) * field_of_view) + 2
    parts = np.zeros((_PARTS, cells, 2 * cells + 1), np.float32)
    _fill(samples.uvw, samples.weight, field_of_view, cells, parts)
    grid = parts.sum(axis=0)
    mean = float(np.sum(grid.astype(float) ** 2) / np.sum(grid, dtype=float))
    return _look(samples.uvw, field_of_view, cells, grid), mean


@compiled
def _cell(uvw: Array, i: int, scale: float, cells: int) -> Any:
    """Return the cell of a sample; the half-plane v ≥ 0 holds both halves."""
    u, v = round(uvw[i, 0] * scale), round(uvw[i, 1] * scale)
    return (-v, cells - u) if v < 0 or (v == 0 and u < 0) else (v, cells + u)


@compiled_parallel
def _fill(uvw: Array, weight: Array, scale: float, cells: int, grids: Array) -> None:
    """Add weights to as many grids as there are parts of the samples."""
    size = (weight.size + len(grids) - 1) // len(grids)
    for part in prange(len(grids)):
        for i in range(part * size, min((part + 1) * size, weight.size)):
            row, column = _cell(uvw, i, scale, cells)
            grids[part, row, column] += weight[i]


@compiled_parallel
def _look(uvw: Array, scale: float, cells: int, grid: Array) -> Any:
    out = np.empty(len(uvw), np.float32)
    for i in prange(len(uvw)):
        row, column = _cell(uvw, i, scale, cells)
        out[i] = grid[row, column]
    return out
