"""Kernel that measures the shift of our sky's lines in detector rows without the planet."""

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.record import Array
from hesper.winds.model_lanes import LANES, fold, take
from hesper.winds.model_rows import cholesky_solve, std_of
from hesper.winds.model_template import interpolate_row

_SUMS = 11


@compiled
def _sky_sums(
    glow: Array, counts: Array, read2: np.float32, level: np.float32, tilt: np.float32,
    limit: np.float32, sums: Array,
) -> None:  # fmt: skip
    """Fill the sums of a fit of level, tilt and shift: matrix (6), scores (3), χ², count."""
    zero, one, nothing = np.float32(0.0), np.float32(1.0), np.float32(np.nan)
    half = np.float32(0.5 * (counts.size - 1))
    step = one / half
    lanes = np.zeros((_SUMS, LANES), dtype=np.float32)
    tile = np.empty((4, LANES), dtype=np.float32)
    for start in range(1, counts.size - 1, LANES):
        take(glow, start, zero, tile[0])
        take(glow, start - 1, zero, tile[1])
        take(glow, start + 1, zero, tile[2])
        take(counts[:-1], start, nothing, tile[3])
        for k in range(LANES):
            q = (np.float32(start + k) - half) * step
            light = tile[0, k]
            # Central difference over two pixels: exact enough for a Newton direction, not for a scale; the
            # iteration goes on until the step vanishes, so only the score's zero matters.
            gradient = (tile[2, k] - tile[1, k]) * np.float32(0.5)
            scale = level + tilt * q
            model = scale * light
            weight = one / (max(model, zero) + read2)
            residual = tile[3, k] - model
            good = residual * residual * weight <= limit
            weight = weight if good else zero
            residual = residual if good else zero
            ql, d = q * light, scale * gradient
            lanes[0, k] += weight * light * light
            lanes[1, k] += weight * light * ql
            lanes[2, k] += weight * light * d
            lanes[3, k] += weight * ql * ql
            lanes[4, k] += weight * ql * d
            lanes[5, k] += weight * d * d
            lanes[6, k] += weight * residual * light
            lanes[7, k] += weight * residual * ql
            lanes[8, k] += weight * residual * d
            lanes[9, k] += residual * residual * weight
            lanes[10, k] += one if good else zero
    fold(lanes, sums)


@compiled
def _sky_light(start: float, pixel: float, table: Array, first: float, velocity: float, glow: Array) -> bool:
    """Fill `glow` (4, pixel) with the sky's polynomial at a row's wavelengths, its sum first."""
    if not interpolate_row(start, pixel, table, first, glow[1:]):
        return False
    s = np.float32(velocity)
    for p in range(glow.shape[1]):
        glow[0, p] = glow[1, p] + s * (glow[2, p] + s * glow[3, p])
    return True


@compiled
def _first_level(glow: Array, counts: Array) -> float:
    data, light = 0.0, 0.0
    for p in range(counts.size):
        if not np.isnan(counts[p]):
            data += counts[p]
            light += glow[p]
    return max(data, 1.0) / max(light, 1e-9)


@compiled
def _fit_sky(
    counts: Array, read2: float, start: float, pixel: float, table: Array, first: float, velocity: float,
    out: Array,
) -> None:  # fmt: skip
    glow = np.empty((4, counts.size), dtype=np.float32)
    sums = np.empty(_SUMS, dtype=np.float32)
    fisher, factor, score = np.empty((3, 3)), np.empty((3, 3)), np.empty(3)
    delta, level, tilt = 0.0, 0.0, 0.0
    for iteration in range(12):
        if not _sky_light(start, pixel, table, first + delta * pixel, velocity, glow):
            return
        if iteration == 0:
            level = _first_level(glow[0], counts)
        _sky_sums(
            glow[0], counts, np.float32(read2), np.float32(level), np.float32(tilt),
            np.float32(49.0 if iteration > 1 else 1e30), sums,
        )  # fmt: skip
        fisher[0, 0], fisher[0, 1], fisher[0, 2] = sums[0], sums[1], sums[2]
        fisher[1, 1], fisher[1, 2], fisher[2, 2] = sums[3], sums[4], sums[5]
        score[0], score[1], score[2] = sums[6], sums[7], sums[8]
        if sums[10] < 20 or not cholesky_solve(fisher, score, factor, 1e-6):
            return
        level += score[0]
        tilt += score[1]
        delta += score[2]
        std = std_of(factor, 2)
        if not abs(delta) < 20.0:
            return
        if abs(score[2]) < 0.02 * std and iteration >= 1:
            out[0], out[1], out[2], out[3] = delta * pixel, std * pixel, level, sums[9] / sums[10]
            return


@compiled_parallel
def sky_rows(
    counts: Array, read2: float, start: float, pixel: float, table: Array, first: Array, velocity: float,
    out: Array,
) -> None:  # fmt: skip
    """Fit rows of pure skylight: level a (with a tilt) and shift δ of all lines together.

    Parameters
    ----------
    counts
        Electrons (row, pixel), of single precision; NaN marks bad pixels.
    read2
        Variance of the read noise [electrons²].
    start, pixel, table
        The sky's columns of a `model_template.Template`.
    first
        Wavelength of each row's first pixel (row,) [m].
    velocity
        Of skylight, in units of `model_template.VELOCITY_UNIT`.
    out
        (row, 4): shift along the dispersion [m], its standard deviation, continuum [electrons per pixel] and
        χ² per pixel; NaN where the fit fails.
    """
    for row in prange(counts.shape[0]):
        out[row] = np.nan
        _fit_sky(counts[row], read2, start, pixel, table, first[row], velocity, out[row])
