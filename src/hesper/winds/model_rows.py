"""Kernels that measure the Doppler shift of detector rows: maximum likelihood and cross-correlation."""

import math

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.record import Array
from hesper.winds.model_spectrum import interpolate_row

RESULTS = 9
"""Columns of `fit_rows`: velocity, σ, continuum, sky factor, telluric change, χ², pixels, iterations,
tilt."""
_PARAMETERS = 5
_LARGEST = 2.5
"""Of a velocity, in units of the template: beyond, its polynomial is no longer valid."""


@compiled
def _accumulate(
    work: Array, counts: Array, read2: float, sky: float, sky_velocity: float, theta: Array, clip: float,
    scaled: Array, normal: Array,
) -> int:  # fmt: skip
    """Fill the normal matrix of one row at parameters θ, residuals last; return the number of pixels.

    Element-wise into `scaled` (parameter + 1, pixel) first and one matrix product after: both run in vector
    registers, which a loop that adds up twenty sums does not.
    """
    a, b, u, r, x = theta[0], theta[1], theta[2], theta[3], theta[4]
    s = sky_velocity
    half = 0.5 * (counts.size - 1)
    limit = clip * clip
    used = 0
    for p in range(counts.size):
        q = (p - half) / half
        m1, m2, m3, m4, m6 = work[1, p], work[2, p], work[3, p], work[4, p], work[6, p]
        light = work[0, p] + u * (m1 + u * (m2 + u * (m3 + u * m4)))
        slope = m1 + u * (2.0 * m2 + u * (3.0 * m3 + u * 4.0 * m4))
        depth = work[5, p] + u * m6
        glow = sky * (work[7, p] + s * (work[8, p] + s * work[9, p]))
        tilt = a + b * q
        shape = light + x * depth
        model = tilt * shape + r * glow
        residual = counts[p] - model
        weight = 1.0 / (max(model, 0.0) + read2)
        # A NaN compares false: bad pixels and outliers get no weight and no residual.
        good = residual * residual * weight <= limit
        root = math.sqrt(weight) if good else 0.0
        used += 1 if good else 0
        scaled[0, p] = root * shape
        scaled[1, p] = root * q * shape
        scaled[2, p] = root * tilt * (slope + x * m6)
        scaled[3, p] = root * glow
        scaled[4, p] = root * tilt * depth
        scaled[5, p] = root * residual if good else 0.0
    np.dot(scaled, scaled.T, normal)
    return used


@compiled
def _cholesky_solve(matrix: Array, right: Array, factor: Array) -> bool:
    """Solve matrix·x = right in place for a symmetric matrix (upper triangle); False if singular."""
    n = right.size
    for i in range(n):
        for j in range(i, n):
            total = matrix[i, j]
            for k in range(i):
                total -= factor[i, k] * factor[j, k]
            if i == j:
                if total <= 1e-12 * matrix[i, i] or matrix[i, i] <= 0.0:
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
def _fit_row(
    work: Array, counts: Array, read2: float, sky: float, sky_velocity: float,
    sky_prior: float, telluric_prior: float, clip: float, scaled: Array, out: Array,
) -> None:  # fmt: skip
    theta = np.zeros(_PARAMETERS)
    normal = np.empty((_PARAMETERS + 1, _PARAMETERS + 1))
    factor = np.empty((_PARAMETERS, _PARAMETERS))
    score = np.empty(_PARAMETERS)
    data, light = 0.0, 0.0
    for p in range(counts.size):
        if not np.isnan(counts[p]):
            data += counts[p] - sky * work[7, p]
            light += work[0, p]
    theta[0] = max(data, 1.0) / max(light, 1e-9)
    theta[3] = 1.0
    sky_weight = 1.0 / sky_prior**2
    telluric_weight = 1.0 / telluric_prior**2
    out[:] = np.nan
    for iteration in range(12):
        # The start may be far off: pixels are only rejected once it has been improved.
        threshold = 1e30 if iteration < 1 else clip
        used = _accumulate(work, counts, read2, sky, sky_velocity, theta, threshold, scaled, normal)
        if used < 4 * _PARAMETERS:
            return
        score[:] = normal[_PARAMETERS, :_PARAMETERS]
        # Without sky the column is empty; its prior alone keeps the matrix regular.
        normal[3, 3] += sky_weight
        score[3] += sky_weight * (1.0 - theta[3])
        normal[4, 4] += telluric_weight
        score[4] -= telluric_weight * theta[4]
        if not _cholesky_solve(normal, score, factor):
            return
        std = _std_of(factor, 2)
        moved = abs(score[2])
        for k in range(_PARAMETERS):
            theta[k] += score[k]
        if not abs(theta[2]) < _LARGEST:
            return
        # Newton's error after a step goes with the step's square.
        if moved < 0.03 * std and iteration >= 1:
            out[0] = theta[2]
            out[1] = std
            out[2] = theta[0]
            out[3] = theta[3]
            out[4] = theta[4]
            out[5] = normal[_PARAMETERS, _PARAMETERS]
            out[6] = used
            out[7] = iteration + 1
            out[8] = theta[1]
            return


@compiled
def _std_of(factor: Array, index: int) -> float:
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


@compiled_parallel
def fit_rows(
    counts: Array, read2: float, start: float, step: float, table: Array,
    first: Array, slope: float, curve: float, sky: Array, sky_velocity: Array,
    sky_prior: float, telluric_prior: float, clip: float, out: Array,
) -> None:  # fmt: skip
    """Fit every row by maximum likelihood: (a + b q)(M(v) + x ∂M/∂X) + r·sky, Poisson and read noise.

    Parameters
    ----------
    counts
        Electrons (row, pixel); NaN marks bad pixels.
    read2
        Variance of the read noise [electrons²].
    start, step, table
        A `spectrum.Template`.
    first, slope, curve
        Wavelengths: λ = first[row] + slope·p + curve·p² [m].
    sky
        Continuum of skylight expected in each row [electrons per pixel] (row,).
    sky_velocity
        Velocity of skylight (row,), in units of `spectrum.VELOCITY_UNIT`, like all velocities here.
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
        work = np.empty((counts.shape[1], table.shape[1]))
        interpolate_row(start, step, table, first[row], slope, curve, work)
        scaled = np.empty((_PARAMETERS + 1, counts.shape[1]))
        _fit_row(
            np.ascontiguousarray(work.T), counts[row], read2, sky[row], sky_velocity[row], sky_prior,
            telluric_prior, clip, scaled, out[row],
        )  # fmt: skip


@compiled_parallel
def row_levels(
    counts: Array, read2: float, start: float, step: float, table: Array,
    first: Array, slope: float, curve: float, sky: Array, sky_velocity: Array, velocity: float,
    sky_prior: float,
    out: Array,
) -> None:  # fmt: skip
    """Fit only the continuum of Venus and the sky factor of rows, faint or bright.

    The arguments are those of `fit_rows`; `velocity` is that of Venus's lines. `out` (row, 2) receives the
    continuum [electrons per pixel], which may be negative, and its standard deviation.
    """
    for row in prange(counts.shape[0]):
        work = np.empty((counts.shape[1], table.shape[1]))
        interpolate_row(start, step, table, first[row], slope, curve, work)
        level, factor = 0.0, 1.0
        s, u = sky_velocity[row], velocity
        out[row] = np.nan
        for iteration in range(4):
            f00, f01, f11 = 0.0, 0.0, 1.0 / sky_prior**2
            g0, g1 = 0.0, (1.0 - factor) / sky_prior**2
            used = 0
            for p in range(counts.shape[1]):
                value = counts[row, p]
                if np.isnan(value):
                    continue
                m = work[p]
                light = m[0] + u * (m[1] + u * m[2])
                glow = sky[row] * (m[7] + s * (m[8] + s * m[9]))
                model = level * light + factor * glow
                weight = 1.0 / (max(model, 0.0) + read2 + 1.0)
                residual = value - model
                if iteration >= 2 and residual * residual * weight > 49.0:
                    continue
                used += 1
                f00 += weight * light * light
                f01 += weight * light * glow
                f11 += weight * glow * glow
                g0 += weight * residual * light
                g1 += weight * residual * glow
            det = f00 * f11 - f01 * f01
            if used < 20 or det <= 0.0:
                break
            level += (f11 * g0 - f01 * g1) / det
            factor += (f00 * g1 - f01 * g0) / det
            if iteration == 3:
                out[row, 0] = level
                out[row, 1] = math.sqrt(f11 / det)


@compiled_parallel
def sky_rows(
    counts: Array, read2: float, start: float, step: float, table: Array,
    first: Array, slope: float, curve: float, sky_velocity: Array, out: Array,
) -> None:  # fmt: skip
    """Fit rows of pure skylight: level a (with a tilt) and shift δ of all lines together.

    The arguments are those of `fit_rows`. `out` (row, 4) receives the shift along the dispersion [m], its
    standard deviation, the continuum [electrons per pixel] and χ² per pixel; NaN where it fails.
    """
    width = counts.shape[1]
    half = 0.5 * (width - 1)
    for row in prange(counts.shape[0]):
        work = np.empty((width, table.shape[1]))
        fisher = np.empty((3, 3))
        factor = np.empty((3, 3))
        score = np.empty(3)
        out[row] = np.nan
        delta, level, tilt = 0.0, 0.0, 0.0
        s = sky_velocity[row]
        for iteration in range(12):
            interpolate_row(start, step, table, first[row] + delta, slope, curve, work)
            if iteration == 0:
                data, light = 0.0, 0.0
                for p in range(width):
                    if not np.isnan(counts[row, p]):
                        data += counts[row, p]
                        light += work[p, 7]
                level = max(data, 1.0) / max(light, 1e-9)
            fisher[:] = 0.0
            score[:] = 0.0
            chi2 = 0.0
            used = 0
            for p in range(1, width - 1):
                if np.isnan(counts[row, p]):
                    continue
                q = (p - half) / half
                glow = work[p, 7] + s * (work[p, 8] + s * work[p, 9])
                right = work[p + 1, 7] + s * (work[p + 1, 8] + s * work[p + 1, 9])
                left = work[p - 1, 7] + s * (work[p - 1, 8] + s * work[p - 1, 9])
                # Central difference over two pixels: exact enough for a Newton direction, not for a scale;
                # the iteration goes on until the step vanishes, so only the score's zero matters.
                gradient = (right - left) / (2.0 * (slope + 2.0 * curve * p))
                scale = level + tilt * q
                model = scale * glow
                weight = 1.0 / (max(model, 0.0) + read2)
                residual = counts[row, p] - model
                if iteration > 1 and residual * residual * weight > 49.0:
                    continue
                d = scale * gradient
                chi2 += residual * residual * weight
                used += 1
                score[0] += weight * residual * glow
                score[1] += weight * residual * q * glow
                score[2] += weight * residual * d
                fisher[0, 0] += weight * glow * glow
                fisher[0, 1] += weight * glow * q * glow
                fisher[0, 2] += weight * glow * d
                fisher[1, 1] += weight * q * glow * q * glow
                fisher[1, 2] += weight * q * glow * d
                fisher[2, 2] += weight * d * d
            if used < 20 or not _cholesky_solve(fisher, score, factor):
                break
            level += score[0]
            tilt += score[1]
            delta += score[2]
            std = _std_of(factor, 2)
            if abs(delta) > 20.0 * slope:
                break
            if abs(score[2]) < 0.02 * std and iteration >= 1:
                out[row, 0] = delta
                out[row, 1] = std
                out[row, 2] = level
                out[row, 3] = chi2 / used
                break


def correlation(rows: Array, reference: Array, lags: Array) -> Array:
    """Return the normalised cross-correlation (row, lag) of mean-free spectra over their overlap.

    Parameters
    ----------
    rows
        Spectra (row, pixel).
    reference
        (pixel,); or (row, pixel), one reference each.
    lags
        Whole pixels (lag,), positive where the rows lie redward.

    Notes
    -----
    C(l) = Σ_p f(p − l) g(p) / √(Σf² Σg²): one matrix product of all rows with the shifted references.
    """
    g = rows - rows.mean(axis=-1, keepdims=True)
    f = reference - reference.mean(axis=-1, keepdims=True)
    norm = np.sqrt(np.sum(g**2, axis=-1) * np.sum(f**2, axis=-1))
    out = _lagged(f, lags) @ g.T if f.ndim == 1 else _lag_sums(f, g, lags)
    return np.asarray(out.T / norm[:, None])


def _lagged(reference: Array, lags: Array) -> Array:
    """Return the reference moved by each lag (lag, pixel), zero where it has no value."""
    width = reference.size
    source = np.arange(width)[None, :] - np.asarray(lags)[:, None]
    inside = (source >= 0) & (source < width)
    return np.asarray(np.where(inside, reference[np.clip(source, 0, width - 1)], 0.0))


def _lag_sums(references: Array, rows: Array, lags: Array) -> Array:
    pairs = [
        np.sum(references[:, : rows.shape[1] - lag] * rows[:, lag:], axis=1)
        if lag >= 0
        else np.sum(references[:, -lag:] * rows[:, : rows.shape[1] + lag], axis=1)
        for lag in map(int, lags)
    ]
    return np.asarray(pairs)


def peak(correlations: Array, lags: Array, half_window: int) -> tuple[Array, Array]:
    """Return the place (row,) of the maximum, in pixels, and the quality of the quartic fitted round it.

    Parameters
    ----------
    correlations
        (row, lag).
    lags
        (lag,), consecutive whole pixels.
    half_window
        h; the quartic is fitted to the 2h + 1 lags round the highest. NaN where these leave the window.

    Returns
    -------
    tuple
        Place of the peak and root mean square of the quartic's residuals, each (row,).
    """
    top = np.argmax(correlations, axis=1)
    inside = (top >= half_window) & (top < lags.size - half_window)
    centre = np.where(inside, top, half_window)
    t = np.arange(-half_window, half_window + 1) / max(half_window, 1)
    near = np.take_along_axis(
        correlations, centre[:, None] + np.arange(-half_window, half_window + 1)[None, :], axis=1
    )
    vander = np.vander(t, 5, increasing=True)
    coefficients = near @ np.linalg.pinv(vander).T
    place = np.zeros(len(near))
    for _ in range(60):
        slope = coefficients[:, 1] + place * (
            2 * coefficients[:, 2] + place * (3 * coefficients[:, 3] + place * 4 * coefficients[:, 4])
        )
        bend = 2 * coefficients[:, 2] + place * (6 * coefficients[:, 3] + place * 12 * coefficients[:, 4])
        place = np.clip(place - slope / np.minimum(bend, -1e-12), -1.0, 1.0)
    rms = np.sqrt(np.mean((near - coefficients @ vander.T) ** 2, axis=1))
    found = np.asarray(lags)[centre] + place * half_window
    return np.where(inside, found, np.nan), rms
