"""Kernel that measures how much light of Venus is in detector rows, faint or bright."""

import math

import numpy as np

from hesper.compiled import compiled, compiled_parallel, compiled_sums, prange
from hesper.record import Array
from hesper.winds.model_rows import combine_sky
from hesper.winds.model_template import interpolate_row


@compiled_sums
def _level_sums(
    work: Array, counts: Array, read2: np.float32, level: np.float32, factor: np.float32, limit: np.float32,
    sums: Array,
) -> None:  # fmt: skip
    """Fill the sums of a fit of continuum (column 0) and sky (column 7): matrix (3), scores (2), count."""
    zero, one = np.float32(0.0), np.float32(1.0)
    f00 = f01 = f11 = g0 = g1 = used = zero
    for p in range(counts.size):
        light, glow = work[0, p], work[7, p]
        model = level * light + factor * glow
        residual = counts[p] - model
        weight = one / (max(model, zero) + read2 + one)
        good = residual * residual * weight <= limit
        weight = weight if good else zero
        residual = residual if good else zero
        used += one if good else zero
        f00 += weight * light * light
        f01 += weight * light * glow
        f11 += weight * glow * glow
        g0 += weight * residual * light
        g1 += weight * residual * glow
    sums[0], sums[1], sums[2], sums[3], sums[4], sums[5] = f00, f01, f11, g0, g1, used


@compiled
def _fit_level(work: Array, counts: Array, read2: float, sky_prior: float, out: Array) -> None:
    sums = np.empty(6, dtype=np.float32)
    level, factor, prior = 0.0, 1.0, 1.0 / sky_prior**2
    for iteration in range(4):
        limit = 1e30 if iteration < 2 else 49.0
        _level_sums(
            work, counts, np.float32(read2), np.float32(level), np.float32(factor), np.float32(limit), sums
        )
        f00, f01, f11 = float(sums[0]), float(sums[1]), sums[2] + prior
        g0, g1 = float(sums[3]), sums[4] + prior * (1.0 - factor)
        det = f00 * f11 - f01 * f01
        if sums[5] < 20 or not det > 0.0:
            return
        level += (f11 * g0 - f01 * g1) / det
        factor += (f00 * g1 - f01 * g0) / det
        if iteration == 3:
            out[0], out[1] = level, math.sqrt(f11 / det)


@compiled_parallel
def row_levels(
    counts: Array, read2: float, start: float, pixel: float, table: Array, first: Array, sky: Array,
    sky_velocity: Array, velocity: float, sky_prior: float, out: Array,
) -> None:  # fmt: skip
    """Fit only the continuum of Venus and the sky factor of rows, faint or bright.

    The arguments are those of `model_rows.fit_rows`; `velocity` is that of Venus's lines. `out` (row, 2)
    receives the continuum [electrons per pixel], which may be negative, and its standard deviation.
    """
    for row in prange(counts.shape[0]):
        out[row] = np.nan
        work = np.empty((table.shape[1], counts.shape[1]), dtype=np.float32)
        if not interpolate_row(start, pixel, table, first[row], work):
            continue
        combine_sky(work, sky[row], sky_velocity[row])
        u = np.float32(velocity)
        for p in range(counts.shape[1]):
            work[0, p] += u * (work[1, p] + u * work[2, p])
        _fit_level(work, counts[row], read2, sky_prior, out[row])
