"""Kernel that measures how much light of Venus is in detector rows, faint or bright."""

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.record import Array
from hesper.winds.model_lanes import LANES, fold, take
from hesper.winds.model_rows import cholesky_solve, combine_sky, std_of
from hesper.winds.model_template import interpolate_row

_SUMS = 10


@compiled
def _level_sums(
    light: Array, slope: Array, glow: Array, counts: Array, read2: np.float32, theta: Array,
    limit: np.float32, sums: Array,
) -> None:  # fmt: skip
    """Fill the sums of a fit of light, its slope and glow: matrix and scores by rows, and the count."""
    zero, one, nothing = np.float32(0.0), np.float32(1.0), np.float32(np.nan)
    s, t, r = theta[0], theta[1], theta[2]
    lanes = np.zeros((_SUMS, LANES), dtype=np.float32)
    tile = np.empty((4, LANES), dtype=np.float32)
    for start in range(0, counts.size, LANES):
        take(light, start, zero, tile[0])
        take(slope, start, zero, tile[1])
        take(glow, start, zero, tile[2])
        take(counts, start, nothing, tile[3])
        for k in range(LANES):
            a, b, c = tile[0, k], tile[1, k], tile[2, k]
            model = s * a + t * b + r * c
            residual = tile[3, k] - model
            weight = one / (max(model, zero) + read2 + one)
            good = residual * residual * weight <= limit
            weight = weight if good else zero
            residual = residual if good else zero
            lanes[0, k] += weight * a * a
            lanes[1, k] += weight * a * b
            lanes[2, k] += weight * a * c
            lanes[3, k] += weight * residual * a
            lanes[4, k] += weight * b * b
            lanes[5, k] += weight * b * c
            lanes[6, k] += weight * residual * b
            lanes[7, k] += weight * c * c
            lanes[8, k] += weight * residual * c
            lanes[9, k] += one if good else zero
    fold(lanes, sums)


@compiled
def _fit_level(work: Array, counts: Array, read2: float, sky_prior: float, out: Array) -> None:
    sums = np.empty(_SUMS, dtype=np.float32)
    matrix, factor, score = np.empty((3, 3)), np.empty((3, 3)), np.empty(3)
    theta, prior = np.zeros(3), 1.0 / sky_prior**2
    theta[2] = 1.0
    for iteration in range(4):
        limit = 1e30 if iteration < 2 else 49.0
        _level_sums(
            work[0], work[1], work[7], counts, np.float32(read2), theta.astype(np.float32),
            np.float32(limit), sums,
        )  # fmt: skip
        matrix[0, 0], matrix[0, 1], matrix[0, 2], score[0] = sums[0], sums[1], sums[2], sums[3]
        matrix[1, 1], matrix[1, 2], score[1] = sums[4], sums[5], sums[6]
        matrix[2, 2], score[2] = sums[7] + prior, sums[8] + prior * (1.0 - theta[2])
        if sums[9] < 20 or not cholesky_solve(matrix, score, factor, 1e-6):
            return
        for k in range(3):
            theta[k] += score[k]
    out[0], out[1] = theta[0], std_of(factor, 0)


@compiled_parallel
def row_levels(
    counts: Array, read2: float, start: float, pixel: float, table: Array, first: Array, sky: Array,
    sky_velocity: Array, velocity: float, sky_prior: float, out: Array,
) -> None:  # fmt: skip
    """Fit the continuum of Venus, a small shift of its lines and the sky factor of rows, faint or bright.

    The arguments are those of `model_rows.fit_rows`; `velocity` is where Venus's lines are without wind.
    `out` (row, 2) receives the continuum [electrons per pixel], which may be negative, and its standard
    deviation.

    Notes
    -----
    Linear in all three: light, its derivative by velocity, skylight. Without the derivative the wind's shift
    of a line is taken for a change of light against skylight, by some 10⁻³.
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
