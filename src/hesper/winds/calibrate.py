"""Frames → electrons → wavelengths from our sky → places of the slit on the disk."""

import dataclasses

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.ephemeris import Viewing
from hesper.errors import ConvergenceError, InputError
from hesper.record import Array
from hesper.units import angstrom, arcsec
from hesper.winds import (
    calibrate_position as position,
)
from hesper.winds import (
    model,
)
from hesper.winds import (
    model_rows as shift,
)
from hesper.winds import (
    model_spectrum as spectrum,
)
from hesper.winds.data import Frames, Positions, Spectra, Wavelengths

FEWEST_SKY_ROWS = 24
_PLANET_SHARE = 0.02
"""Of the brightest row's excess, above which a row counts as touched by the planet."""
_LARGEST_SOLAR_OFFSET = 4000.0
"""m s-1; beyond it, sky lines and wavelengths do not belong together (vacuum against air is 83 km/s)."""


def detector(frames: Frames, viewing: Viewing) -> Spectra:
    """Subtract the dark, divide by the flat, mark saturated pixels, count electrons.

    Parameters
    ----------
    frames
        As read or simulated.
    viewing
        At the times of the frames.

    Notes
    -----
    Frames that are dark or mostly saturated stay in the record and are marked unusable: nothing is lost.
    """
    setup = frames.setup
    electrons = np.empty_like(frames.counts)
    saturated = np.empty(len(electrons), int)
    usable = np.empty(len(electrons), bool)
    scale = setup.gain / np.where(frames.flat > 0.2, frames.flat, np.nan)
    for i, counts in enumerate(frames.counts):
        full = counts >= setup.saturation
        electrons[i] = np.where(full, np.nan, (counts - frames.dark) * scale)
        saturated[i] = full.sum()
        light = float(np.nanmedian(electrons[i][::4, ::4])) if saturated[i] < full.size else 0.0
        usable[i] = saturated[i] < 0.2 * full.size and light > 0.5 * setup.read_noise
    return Spectra(
        electrons=electrons, usable=usable, saturated=saturated, exposure=frames.exposure,
        offset=frames.offset, viewing=viewing, setup=setup,
    )  # fmt: skip


def heights(spectra: Spectra) -> Array:
    """Return the height of each row along the slit from the first [rad] (row,)."""
    return np.asarray(np.arange(spectra.electrons.shape[1]) * spectra.setup.row_height)


def row_scale(rows: int) -> Array:
    """Return η (row,), −1 at the first row and 0 in the middle, in which distortion is a polynomial."""
    return np.asarray((np.arange(rows) - rows / 2) / (rows / 2))


def sky_rows(spectra: Spectra, radius: float) -> Array:
    """Return which rows show only sky in all usable frames (row,).

    Parameters
    ----------
    radius
        Angular radius of the planet [rad].

    Raises
    ------
    InputError
        If no frame is usable, the planet is not on the slit, or too few rows are free of it.
    """
    use = np.flatnonzero(spectra.usable)
    if use.size == 0:
        raise InputError(
            "frames: all are dark or saturated; give at least one exposure of the planet, "
            "or check BIAS, SATURATE and the exposure time"
        )
    # Every eighth pixel is enough for the level of a row.
    profiles = np.stack([np.nanmedian(spectra.electrons[i][:, ::8], axis=1) for i in use])
    lowest = np.nanpercentile(profiles, 20, axis=1, keepdims=True)
    excess = np.nanmax(profiles - lowest, axis=0)
    noise = 1.4826 * float(np.nanmedian(np.abs(profiles - np.nanmedian(profiles, axis=1, keepdims=True))))
    top = float(np.nanmax(excess))
    typical = float(np.nanmedian(np.nanmedian(profiles, axis=1)))
    if not top > max(6 * noise, 0.03 * typical):
        raise InputError(
            f"frames: the brightest row exceeds the sky by {top:.3g} electrons (noise {noise:.2g}); "
            "the planet is not on the slit: check the pointing, or the dark level"
        )
    bright = np.flatnonzero(excess > 0.5 * top)
    # Scattered light and seeing reach beyond the limb.
    margin = 2.5 * arcsec / spectra.setup.row_height
    reach = max(radius / spectra.setup.row_height, (bright.max() - bright.min()) / 2) + margin
    middle = (bright.max() + bright.min()) / 2
    rows = np.arange(excess.size)
    free = np.abs(rows - middle) > reach
    free &= np.isfinite(profiles).all(axis=0)
    if free.sum() < FEWEST_SKY_ROWS:
        raise InputError(
            f"frames: {int(free.sum())} rows without the planet; at least {FEWEST_SKY_ROWS} are needed for "
            "wavelengths and skylight: use a longer slit or a bigger detector window"
        )
    return np.asarray(free)


def wavelengths(
    spectra: Spectra, lines: spectrum.Spectrum, free: Array, *, minimum_residual: float = 0.0
) -> Wavelengths:
    """Find λ(row, pixel), the dispersion, the telluric depth and the drift from the rows of skylight.

    Parameters
    ----------
    lines
        Spectrum at rest.
    free
        Which rows show only sky (row,), from `sky_rows`.
    minimum_residual
        Added to the expected residual of rows [m].

    Raises
    ------
    InputError
        If solar and telluric lines contradict each other, as when air and vacuum wavelengths are confused.
    ConvergenceError
        If the fit does not converge.

    Notes
    -----
    λ(p, η) = λ0 + δ (p + d1 η + d2 η²). The telluric lines, at rest on the Earth, give λ0 and δ; the Sun's
    lines may be offset against them (convection, gravity, the atlas), and that offset is fitted and reported.
    Rows are predicted at their own wavelengths, never resampled.
    """
    use = np.flatnonzero(spectra.usable)
    setup, rows = spectra.setup, np.flatnonzero(free)
    total = np.zeros((rows.size, spectra.electrons.shape[2]))
    hits = np.zeros(total.shape)
    for i in use:
        part = spectra.electrons[i][rows]
        # A cosmic ray stands alone in time: against the row's own level it is cut at 12 standard deviations.
        level = np.nanmedian(part[:, ::8], axis=1, keepdims=True)
        good = np.isfinite(part) & (part < 2.5 * level + 12 * np.sqrt(level + setup.read_noise**2))
        total += np.where(good, part, 0.0)
        hits += good
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(hits > 0, total / hits, np.nan)
        std = np.sqrt((np.clip(mean, 0, None) + setup.read_noise**2) / hits)
    eta = row_scale(spectra.electrons.shape[1])
    sky_shift = float(spectra.viewing.sky_shift.mean())
    start = np.array([setup.wavelength, setup.dispersion, 0.0, 0.0, 1.0, 0.0])
    start = _rough(start, mean, std, eta[rows], lines, setup.resolution, setup.dispersion, sky_shift)
    found, covariance = _solve(
        start, mean, std, eta[rows], lines, setup.resolution, setup.dispersion, sky_shift
    )
    first_wavelength, dispersion, linear, quadratic, exponent, offset = found
    if abs(offset) > _LARGEST_SOLAR_OFFSET:
        raise InputError(
            f"wavelengths: the Sun's lines lie {offset / 1e3:.1f} km/s from where the telluric "
            f"lines put them; "
            "less than 4 is possible: are the wavelengths in vacuum (CTYPE1 'WAVE') but declared in "
            "air ('AWAV')?"
        )
    first = first_wavelength + dispersion * (linear * eta + quadratic * eta**2)
    template = spectrum.template(
        lines,
        shifts=spectrum.Shifts(0.0, 0.0, _shift_of(sky_shift, offset)),
        venus_exponent=exponent, sky_exponent=exponent, fwhm=setup.resolution, pixel=setup.dispersion,
    )  # fmt: skip
    drift, drift_std, sky, slope, mean_shift, expected = _frames_of_sky(
        spectra, template, first, float(dispersion), rows
    )
    return Wavelengths(
        first=first,
        dispersion=dispersion,
        dispersion_std=np.sqrt(covariance[1, 1]),
        distortion_linear=linear,
        distortion_quadratic=quadratic,
        solar_offset=offset,
        solar_offset_std=np.sqrt(covariance[5, 5]),
        sky_exponent=exponent,
        residual=float(np.std(mean_shift)),
        expected_residual=float(np.hypot(np.sqrt(np.mean(expected**2)), minimum_residual)),
        drift=drift,
        drift_std=drift_std,
        sky=sky,
        sky_slope=slope,
    )


def _shift_of(sky_shift: float, offset: float) -> float:
    return (1 + sky_shift) * (1 + offset / SPEED_OF_LIGHT) - 1


def _sky_model(
    parameters: Array,
    eta: Array,
    width: int,
    lines: spectrum.Spectrum,
    fwhm: float,
    pixel: float,
    sky_shift: float,
) -> Array:
    """Return sky spectra of unit continuum (row, pixel)."""
    from scipy.interpolate import CubicSpline

    start, dispersion, linear, quadratic, exponent, offset = parameters
    wave = lines.wavelength
    sun = spectrum.shifted(wave, lines.solar, _shift_of(sky_shift, offset))
    seen = spectrum.blurred(sun * np.exp(-exponent * lines.telluric_depth), wave[1] - wave[0], fwhm, pixel)
    bent = linear * eta + quadratic * eta**2
    at = start + dispersion * (np.arange(width)[None, :] + bent[:, None])
    return np.asarray(CubicSpline(wave, seen)(np.clip(at, wave[0], wave[-1])))


def _rough(
    start: Array, mean: Array, std: Array, eta: Array, lines: spectrum.Spectrum, fwhm: float, pixel: float,
    sky_shift: float,
) -> Array:  # fmt: skip
    """Bring the start within reach: the shift of blocks of rows by correlation, and a parabola."""
    blocks = np.array_split(np.arange(len(eta)), min(12, len(eta) // 4))
    places = np.array([eta[block].mean() for block in blocks])
    stacked = np.array([np.nanmean(mean[block], axis=0) for block in blocks])
    stacked = np.where(np.isfinite(stacked), stacked, np.nanmedian(stacked, axis=1, keepdims=True))
    expected = _sky_model(start, np.zeros(1), mean.shape[1], lines, fwhm, pixel, sky_shift)[0]
    reach = mean.shape[1] // 6
    lags = np.arange(-reach, reach + 1)
    moved, _ = shift.peak(shift.correlation(stacked, expected, lags), lags, 3)
    if np.isfinite(moved).sum() < 3:
        raise ConvergenceError(
            f"wavelengths: sky lines are not within {reach} pixels of where the header puts them; "
            "check CRVAL1 and CDELT1, and whether wavelengths are in air (CTYPE1 'AWAV') or vacuum ('WAVE')"
        )
    good = np.isfinite(moved)
    degree = 2 if good.sum() > 3 else 1
    coefficients = np.polynomial.polynomial.polyfit(places[good], moved[good], degree)
    out = start.copy()
    # A line that appears at a higher pixel has a first pixel of shorter wavelength.
    out[0] -= start[1] * coefficients[0]
    out[2] = -coefficients[1]
    out[3] = -coefficients[2] if degree == 2 else 0.0
    return out


def _solve(
    start: Array, mean: Array, std: Array, eta: Array, lines: spectrum.Spectrum, fwhm: float, pixel: float,
    sky_shift: float,
) -> tuple[Array, Array]:  # fmt: skip
    """Fit the six parameters; each row's continuum and tilt are eliminated."""
    from scipy.optimize import least_squares

    scale = np.array([pixel, 1e-3 * pixel, 1.0, 1.0, 0.1, 100.0])
    half = (mean.shape[1] - 1) / 2
    q = (np.arange(mean.shape[1]) - half) / half
    weight = np.where(np.isfinite(mean) & np.isfinite(std), 1 / std, 0.0)
    data = np.where(weight > 0, mean, 0.0)

    def residual(parameters: Array) -> Array:
        made = _sky_model(start + scale * parameters, eta, data.shape[1], lines, fwhm, pixel, sky_shift)
        a, b = made * weight, made * q * weight
        d = data * weight
        aa, ab, bb = (np.sum(u * v, axis=1) for u, v in ((a, a), (a, b), (b, b)))
        ad, bd = np.sum(a * d, axis=1), np.sum(b * d, axis=1)
        det = aa * bb - ab**2
        level, tilt = (bb * ad - ab * bd) / det, (aa * bd - ab * ad) / det
        return np.asarray((d - level[:, None] * a - tilt[:, None] * b).ravel())

    at = np.zeros(6)
    for _ in range(2):
        found = least_squares(residual, at, diff_step=1e-3, xtol=1e-9, ftol=1e-9)
        if not found.success:
            raise ConvergenceError(f"wavelengths: {found.message}; give a better CRVAL1 and CDELT1")
        at = found.x
        typical = float(np.sqrt(np.mean(found.fun**2)))
        outlier = np.abs(found.fun.reshape(weight.shape)) > 6 * max(typical, 1.0)
        weight = np.where(outlier, 0.0, weight)
    freedom = max(int(np.count_nonzero(weight)) - 6, 1)
    chi2 = max(float(found.fun @ found.fun) / freedom, 1.0)
    covariance = np.linalg.pinv(found.jac.T @ found.jac) * chi2 * np.outer(scale, scale)
    return start + scale * at, covariance


def _frames_of_sky(
    spectra: Spectra, template: spectrum.Template, first: Array, dispersion: float, rows: Array
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Return drift, its σ, level and slope of skylight by frame, and each row's mean shift with its σ."""
    n, height = len(spectra.electrons), rows.size
    centre = float(first.mean()) + dispersion * spectra.electrons.shape[2] / 2
    drift, drift_std = np.full(n, np.nan), np.full(n, np.nan)
    sky, slope = np.full(n, np.nan), np.zeros(n)
    sums, weights = np.zeros(height), np.zeros(height)
    out = np.empty((height, 4))
    position_of_row = rows / max(spectra.electrons.shape[1] - 1, 1) - 0.5
    mean_shift = float(spectra.viewing.sky_shift.mean())
    for i in np.flatnonzero(spectra.usable):
        velocity = SPEED_OF_LIGHT * (spectra.viewing.sky_shift[i] - mean_shift) / spectrum.VELOCITY_UNIT
        shift.sky_rows(
            np.ascontiguousarray(spectra.electrons[i][rows]), spectra.setup.read_noise**2, *template,
            first[rows], dispersion, 0.0, np.full(height, velocity), out,
        )  # fmt: skip
        good = np.isfinite(out).all(axis=1)
        if good.sum() < FEWEST_SKY_ROWS // 2:
            continue
        w = 1 / out[good, 1] ** 2
        drift[i] = np.sum(w * out[good, 0]) / w.sum() / centre * SPEED_OF_LIGHT
        drift_std[i] = w.sum() ** -0.5 / centre * SPEED_OF_LIGHT
        line = np.polynomial.polynomial.polyfit(position_of_row[good], out[good, 2], 1)
        sky[i], slope[i] = line[0], line[1] / line[0]
        # The kernel's shift is how much longer the first wavelength is, that is the drift itself.
        sums[good] += w * (out[good, 0] - drift[i] * centre / SPEED_OF_LIGHT)
        weights[good] += w
    seen = weights > 0
    return drift, drift_std, sky, slope, sums[seen] / weights[seen], weights[seen] ** -0.5


def sky_levels(known: Wavelengths, frame: int, rows: Array, count: int) -> Array:
    """Return the continuum of skylight expected in rows of a frame [electrons per pixel]."""
    return np.asarray(known.sky[frame] * (1 + known.sky_slope[frame] * (rows / max(count - 1, 1) - 0.5)))


def shifted_rows(
    row: Array,
    velocity: Array,
    velocity_std: Array,
    known: Array,
    *,
    significant: float = 3.5,
    degree: int = 4,
) -> tuple[Array, Array]:
    """Tell detector rows with a spectral shift of their own from the smooth course of all row terms.

    What varies smoothly along the slit may be wind that was not fitted; a shift of single rows is a step.

    Parameters
    ----------
    row, velocity, velocity_std
        Row terms of a fit of winds [m s-1] (line,).
    known
        Rows that stood out before (line,), Boolean: they still have no say in the smooth course.
    significant
        Standard deviations by which a row must stand out.
    degree
        Of the polynomial in the row that stands for the smooth course.

    Returns
    -------
    tuple
        Which rows stand out (line,), and how far from the others (line,) [m s-1].
    """
    t = (row - row.mean()) / max(float(np.ptp(row)) / 2, 1.0)
    apart = velocity - np.median(velocity)
    for _ in range(5):
        stands = known | (np.abs(apart) > significant * velocity_std)
        if (~stands).sum() < 4 * degree:
            break
        smooth = np.polynomial.Polynomial.fit(
            t[~stands], velocity[~stands], degree, w=1 / velocity_std[~stands], domain=[-1, 1]
        )
        apart = velocity - smooth(t)
    return stands, np.asarray(apart)


def with_row_shifts(known: Wavelengths, row: Array, velocity: Array) -> Wavelengths:
    """Put the spectral shifts of single detector rows, found in the winds' row terms, into the wavelengths.

    A shifted row moves skylight and telluric lines too. Left out, their share in the row's velocity grows
    where Venus is faint, and is then no constant that a row term could absorb.

    Parameters
    ----------
    row, velocity
        Rows and their shifts [m s-1] (line,); a positive one means that the row's wavelengths are too long.
    """
    first = known.first.copy()
    first[row.astype(int)] *= 1 - velocity / SPEED_OF_LIGHT
    return dataclasses.replace(known, first=first)


def smooth_drift(known: Wavelengths, time: Array, degree: int = 4) -> Array:
    """Return the drift (frame,) [m s-1] as a polynomial in time fitted to its measurements."""
    good = np.isfinite(known.drift)
    if good.sum() < 2:
        return np.zeros_like(time)
    t = (time - time.mean()) / max(np.ptp(time) / 2, 1.0)
    degree = min(degree, int(good.sum()) - 1)
    fit = np.polynomial.polynomial.polyfit(t[good], known.drift[good], degree, w=1 / known.drift_std[good])
    return np.asarray(np.polynomial.polynomial.polyval(t, fit))


def profiles(
    spectra: Spectra, known: Wavelengths, template: spectrum.Template, *, line_shift: Array, rows: Array
) -> tuple[Array, Array]:
    """Return the continuum of Venus along the slit (frame, row) [electrons per pixel] and its σ.

    Parameters
    ----------
    template
        Of Venus and sky.
    line_shift
        λ/λ0 − 1 of Venus's lines (frame,).
    rows
        Which rows to measure (index,).
    """
    n = len(spectra.electrons)
    level, std = np.full((n, rows.size), np.nan), np.full((n, rows.size), np.nan)
    out = np.empty((rows.size, 2))
    drift = smooth_drift(known, spectra.viewing.time)
    centre = float(known.first.mean()) + known.dispersion * spectra.electrons.shape[2] / 2
    sky_shift = spectra.viewing.sky_shift
    for i in np.flatnonzero(spectra.usable & np.isfinite(known.sky)):
        shift.row_levels(
            np.ascontiguousarray(spectra.electrons[i][rows]), spectra.setup.read_noise**2, *template,
            known.first[rows] + drift[i] / SPEED_OF_LIGHT * centre, known.dispersion, 0.0,
            sky_levels(known, int(i), rows, spectra.electrons.shape[1]),
            np.full(rows.size, SPEED_OF_LIGHT * (sky_shift[i] - sky_shift.mean()) / spectrum.VELOCITY_UNIT),
            SPEED_OF_LIGHT * (line_shift[i] - line_shift.mean()) / spectrum.VELOCITY_UNIT, 0.02, out,
        )  # fmt: skip
        level[i], std[i] = out[:, 0], out[:, 1]
    return level, std


def positions(
    spectra: Spectra,
    level: Array,
    std: Array,
    rows: Array,
    table: model.Pictures,
    radius: float,
    *,
    exponent: float = 1.0,
    free_exponent: bool = True,
    seeing: float = 1.0 * arcsec,
    floor: float = 0.002,
) -> Positions:
    """Find the slit on the disk from the whole profile of light along it, frame by frame.

    Parameters
    ----------
    level, std, rows
        From `profiles`.
    table
        Pictures of the disk over seeing and exponent.
    radius
        Angular radius of the disk [rad].
    exponent
        Photometric exponent k to start from.
    free_exponent
        Whether k is fitted, one for the run: a wrong one moves the slit by up to an arcsecond.
    seeing
        First guess [rad].
    floor
        Relative error allowed to the photometric model (flat field, clouds).

    Raises
    ------
    InputError
        If the planet is found in no frame.
    """
    height = rows * spectra.setup.row_height
    with np.errstate(invalid="ignore"):
        bright = level > 0.4 * np.nanmax(level, axis=1, keepdims=True, initial=1e-9, where=np.isfinite(level))
    counted = bright.sum(axis=1)
    middle = np.where(counted > 0, (bright * height).sum(axis=1) / np.maximum(counted, 1), np.nan)
    tries = np.arange(-0.2, 0.96, 0.06) * radius
    used = exponent
    for _ in range(8 if free_exponent else 1):
        out = np.full((len(level), position.RESULTS), np.nan)
        position.fit_profiles(
            *table, height, level, std, middle, tries, float(seeing), float(used), float(floor), out
        )
        found = np.isfinite(out[:, 0]) & (np.abs(out[:, 0]) < 1.05 * radius) & (out[:, 3] > 5 * out[:, 8])
        if not found.any():
            raise InputError(
                "positions: the planet is found in no frame; check the plate scale (CDELT2), the radius and "
                "that the planet was on the slit"
            )
        reduced = out[:, 10] / np.maximum(out[:, 11] - 5, 1)
        found &= reduced < 25 * max(float(np.median(reduced[found])), 1.0)
        information, score = out[found, 12].sum(), out[found, 13].sum()
        if not free_exponent:
            break
        step = float(np.clip(score / information, -0.15, 0.15))
        if abs(step) < 1e-4:
            break
        used = float(np.clip(used + step, table.exponent[0], table.exponent[-1]))
    inflate = np.sqrt(max(float(np.median(reduced[found])), 1.0))
    return Positions(
        x=out[:, 0], x_std=out[:, 5] * inflate, y=out[:, 1], y_std=out[:, 6] * inflate,
        seeing=out[:, 2], seeing_std=out[:, 7] * inflate, brightness=out[:, 3], found=found, misfit=reduced,
        x_response=out[:, 14], exponent=used,
        exponent_std=inflate / np.sqrt(information) if free_exponent else 0.0,
    )  # fmt: skip


def exponent_nodes() -> Array:
    """Return the photometric exponents over which pictures are tabulated for a free exponent."""
    return np.array([0.6, 0.8, 1.0, 1.2, 1.4])


def window(setup_wavelength: float, dispersion: float, pixels: int) -> tuple[float, float]:
    """Return the first and last wavelength [m] a detector can see, one ångström of distortion allowed."""
    return setup_wavelength - 1.0 * angstrom, setup_wavelength + dispersion * pixels + 1.0 * angstrom
