"""Kernels that measure Venus's light in detector rows: Doppler shift and continuum, by maximum likelihood."""

import math

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.record import Array
from hesper.winds.model_lanes import LANES, fold, take
from hesper.winds.model_template import interpolate_row

RESULTS = 9
"""Columns of `fit_rows`: velocity, σ, continuum, sky factor, telluric change, χ², pixels, iterations,
tilt."""
_PARAMETERS = 5
_SUMS = 22
_LARGEST = 2.5
"""Of a velocity, in units of the template: beyond, its polynomial is no longer valid."""
_SMALL = 0.1
"""Last step of a velocity in standard deviations: Fisher scoring leaves some 5 % of a step undone."""


@compiled
def _accumulate(
    work: Array, counts: Array, read2: np.float32, theta: Array, limit: np.float32, sums: Array
) -> None:
    """Fill the sums of one row at parameters θ: the normal matrix by rows, residuals last, and the count.

    Single precision: a residual errs by 1e-4 of its noise. A NaN compares false: bad pixels, outliers and
    what fills the last tile get no weight and no residual.
    """
    a, b, u, r, x = theta[0], theta[1], theta[2], theta[3], theta[4]
    zero, one, nothing = np.float32(0.0), np.float32(1.0), np.float32(np.nan)
    two, three, four = np.float32(2.0), np.float32(3.0), np.float32(4.0)
    half = np.float32(0.5 * (counts.size - 1))
    step = one / half
    lanes = np.zeros((_SUMS, LANES), dtype=np.float32)
    tile = np.empty((9, LANES), dtype=np.float32)
    for start in range(0, counts.size, LANES):
        for c in range(8):
            take(work[c], start, zero, tile[c])
        take(counts, start, nothing, tile[8])
        for k in range(LANES):
            q = (np.float32(start + k) - half) * step
            m1, m2, m3, m4, m6 = tile[1, k], tile[2, k], tile[3, k], tile[4, k], tile[6, k]
            light = tile[0, k] + u * (m1 + u * (m2 + u * (m3 + u * m4)))
            slope = m1 + u * (two * m2 + u * (three * m3 + u * four * m4))
            depth = tile[5, k] + u * m6
            glow = tile[7, k]
            tilt = a + b * q
            shape = light + x * depth
            model = tilt * shape + r * glow
            residual = tile[8, k] - model
            weight = one / (max(model, zero) + read2)
            good = residual * residual * weight <= limit
            weight = weight if good else zero
            residual = residual if good else zero
            g1, g2, g4 = q * shape, tilt * (slope + x * m6), tilt * depth
            w0, w1, w2, w3, w4 = weight * shape, weight * g1, weight * g2, weight * glow, weight * g4
            lanes[0, k] += w0 * shape
            lanes[1, k] += w0 * g1
            lanes[2, k] += w0 * g2
            lanes[3, k] += w0 * glow
            lanes[4, k] += w0 * g4
            lanes[5, k] += w0 * residual
            lanes[6, k] += w1 * g1
            lanes[7, k] += w1 * g2
            lanes[8, k] += w1 * glow
            lanes[9, k] += w1 * g4
            lanes[10, k] += w1 * residual
            lanes[11, k] += w2 * g2
            lanes[12, k] += w2 * glow
            lanes[13, k] += w2 * g4
            lanes[14, k] += w2 * residual
            lanes[15, k] += w3 * glow
            lanes[16, k] += w3 * g4
            lanes[17, k] += w3 * residual
            lanes[18, k] += w4 * g4
            lanes[19, k] += w4 * residual
            lanes[20, k] += weight * residual * residual
            lanes[21, k] += one if good else zero
    fold(lanes, sums)


@compiled
def cholesky_solve(matrix: Array, right: Array, factor: Array, tolerance: float) -> bool:
    """Solve matrix·x = right in place for a symmetric matrix (upper triangle); False if singular."""
    n = right.size
    for i in range(n):
        for j in range(i, n):
            total = matrix[i, j]
            for k in range(i):
                total -= factor[i, k] * factor[j, k]
            if i == j:
                if total <= tolerance * matrix[i, i] or not matrix[i, i] > 0.0:
                    return False
                factor[i, i] = math.sqrt(total)
            else:
                factor[j, i] = total / factor[i, i]
    for i in range(n):
        for k in range(i):
            right[i] -= factor[i, k] * right[k]
        right[i] /= factor[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            right[i] -= factor[k, i] * right[k]
        right[i] /= factor[i, i]
    return True


@compiled
def std_of(factor: Array, index: int) -> float:
    """Return the standard deviation of one parameter from the Cholesky factor of the Fisher matrix."""
    n = factor.shape[0]
    column = np.zeros(n)
    column[index] = 1.0
    total = 0.0
    for i in range(index, n):
        for k in range(index, i):
            column[i] -= factor[i, k] * column[k]
        column[i] /= factor[i, i]
        total += column[i] ** 2
    return math.sqrt(total)


@compiled
def combine_sky(work: Array, sky: float, velocity: float) -> None:
    """Turn the sky's polynomial of a row into its electrons, in the row's column 7."""
    s, level = np.float32(velocity), np.float32(sky)
    for p in range(work.shape[1]):
        work[7, p] = level * (work[7, p] + s * (work[8, p] + s * work[9, p]))


@compiled
def _first_level(work: Array, counts: Array) -> float:
    """Return the continuum of Venus that gives a row its sum."""
    data, light = 0.0, 0.0
    for p in range(counts.size):
        if not np.isnan(counts[p]):
            data += counts[p] - work[7, p]
            light += work[0, p]
    return max(data, 1.0) / max(light, 1e-9)


@compiled
def _fit_row(
    work: Array, counts: Array, read2: float, sky_prior: float, telluric_prior: float, clip: float,
    out: Array,
) -> None:  # fmt: skip
    theta = np.zeros(_PARAMETERS)
    sums = np.empty(_SUMS, dtype=np.float32)
    normal = np.empty((_PARAMETERS, _PARAMETERS))
    factor = np.empty((_PARAMETERS, _PARAMETERS))
    score = np.empty(_PARAMETERS)
    theta[0] = _first_level(work, counts)
    theta[3] = 1.0
    sky_weight = 1.0 / sky_prior**2
    telluric_weight = 1.0 / telluric_prior**2
    for iteration in range(12):
        # The start may be far off: pixels are only rejected once it has been improved.
        limit = 1e30 if iteration < 1 else clip * clip
        _accumulate(work, counts, np.float32(read2), theta.astype(np.float32), np.float32(limit), sums)
        if sums[21] < 4 * _PARAMETERS:
            return
        place = 0
        for i in range(_PARAMETERS):
            for j in range(i, _PARAMETERS):
                normal[i, j] = sums[place]
                place += 1
            score[i] = sums[place]
            place += 1
        # Without sky the column is empty; its prior alone keeps the matrix regular.
        normal[3, 3] += sky_weight
        score[3] += sky_weight * (1.0 - theta[3])
        normal[4, 4] += telluric_weight
        score[4] -= telluric_weight * theta[4]
        if not cholesky_solve(normal, score, factor, 1e-6):
            return
        for k in range(_PARAMETERS):
            theta[k] += score[k]
        if not abs(theta[2]) < _LARGEST:
            return
        std = std_of(factor, 2)
        if abs(score[2]) < _SMALL * std and iteration >= 1:
            out[0], out[1], out[2], out[3], out[4] = theta[2], std, theta[0], theta[3], theta[4]
            out[5], out[6], out[7], out[8] = sums[20], sums[21], iteration + 1, theta[1]
            return


@compiled_parallel
def fit_rows(
    counts: Array, read2: float, start: float, pixel: float, table: Array, first: Array, sky: Array,
    sky_velocity: Array, sky_prior: float, telluric_prior: float, clip: float, out: Array,
) -> None:  # fmt: skip
    """Fit every row by maximum likelihood: (a + b q)(M(v) + x ∂M/∂X) + r·sky, Poisson and read noise.

    Parameters
    ----------
    counts
        Electrons (row, pixel), of single precision; NaN marks bad pixels.
    read2
        Variance of the read noise [electrons²].
    start, pixel, table
        A `model_template.Template`.
    first
        Wavelength of each row's first pixel (row,) [m].
    sky
        Continuum of skylight expected in each row [electrons per pixel] (row,).
    sky_velocity
        Velocity of skylight (row,), in units of `model_template.VELOCITY_UNIT`, like all velocities here.
    sky_prior, telluric_prior
        Standard deviations of r about 1 and of x about 0.
    clip
        Residual in standard deviations beyond which a pixel is left out (cosmic rays).
    out
        (row, RESULTS), NaN where the fit fails: too few pixels, a singular matrix, |v| out of range.

    Notes
    -----
    Fisher scoring with the variance of the model, not of the data: weights from noisy data pull the
    continuum down and the velocity toward the pixels that happen to be low.
    """
    for row in prange(counts.shape[0]):
        out[row] = np.nan
        work = np.empty((table.shape[1], counts.shape[1]), dtype=np.float32)
        if interpolate_row(start, pixel, table, first[row], work):
            combine_sky(work, sky[row], sky_velocity[row])
            _fit_row(work, counts[row], read2, sky_prior, telluric_prior, clip, out[row])
