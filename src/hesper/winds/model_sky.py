"""Kernel that measures the shift of our sky's lines in detector rows without the planet."""

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.record import Array
from hesper.winds.model_rows import cholesky_solve, std_of
from hesper.winds.model_template import interpolate_row

_SUMS = 11


@compiled
def _sky_sums(
    glow: Array, counts: Array, read2: np.float32, level: np.float32, tilt: np.float32,
    limit: np.float32, sums: Array,
) -> None:  # fmt: skip
    """Fill the sums of a fit of level, tilt and shift: matrix (6), scores (3), χ², count."""
    zero, one = np.float32(0.0), np.float32(1.0)
    half = np.float32(0.5 * (counts.size - 1))
    step = one / half
    f00 = f01 = f02 = f11 = f12 = f22 = zero
    g0 = g1 = g2 = chi2 = used = zero
    for p in range(1, counts.size - 1):
        q = (np.float32(p) - half) * step
        light = glow[p]
        # Central difference over two pixels: exact enough for a Newton direction, not for a scale; the
        # iteration goes on until the step vanishes, so only the score's zero matters.
        gradient = (glow[p + 1] - glow[p - 1]) * np.float32(0.5)
        scale = level + tilt * q
        model = scale * light
        weight = one / (max(model, zero) + read2)
        residual = counts[p] - model
        good = residual * residual * weight <= limit
        weight = weight if good else zero
        residual = residual if good else zero
        used += one if good else zero
        ql, d = q * light, scale * gradient
        chi2 += residual * residual * weight
        g0 += weight * residual * light
        g1 += weight * residual * ql
        g2 += weight * residual * d
        f00 += weight * light * light
        f01 += weight * light * ql
        f02 += weight * light * d
        f11 += weight * ql * ql
        f12 += weight * ql * d
        f22 += weight * d * d
    sums[0], sums[1], sums[2], sums[3], sums[4], sums[5] = f00, f01, f02, f11, f12, f22
    sums[6], sums[7], sums[8], sums[9], sums[10] = g0, g1, g2, chi2, used


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
