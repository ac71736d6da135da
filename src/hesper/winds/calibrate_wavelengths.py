"""Rows of skylight → wavelengths of every row, drift, and what our sky told on the way."""

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import ConvergenceError, InputError
from hesper.record import Array
from hesper.units import angstrom
from hesper.winds import calibrate, model_correlation, model_sky, model_template
from hesper.winds import model_spectrum as spectrum
from hesper.winds.data import Spectra, Wavelengths

_DEGREE_OF_DRIFT = 4
_FAINTEST_TELLURIC = 0.01
"""Optical depth of a window's deepest telluric line below which it tells nothing."""
_LARGEST_SOLAR_OFFSET = 4000.0
"""m s-1; beyond it, sky lines and wavelengths do not belong together (vacuum against air is 83 km/s)."""


def wavelengths(spectra: Spectra, lines: spectrum.Spectrum, free: Array) -> Wavelengths:
    """Find λ(row, pixel), the dispersion, the telluric depth and the drift from the rows of skylight.

    Parameters
    ----------
    lines
        Spectrum at rest.
    free
        Which rows show only sky (row,), from `sky_rows`.

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
    eta = calibrate.row_scale(spectra.electrons.shape[1])
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
    template = model_template.template(
        lines,
        shifts=model_template.Shifts(0.0, 0.0, _shift_of(sky_shift, offset)),
        venus_exponent=exponent, sky_exponent=exponent, fwhm=setup.resolution, pixel=dispersion,
    )  # fmt: skip
    drift, drift_std, sky, slope, mean_shift, expected = _frames_of_sky(spectra, template, first, rows)
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
        expected_residual=float(np.sqrt(np.mean(expected**2))),
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
    moved, _ = model_correlation.peak(model_correlation.correlation(stacked, expected, lags), lags, 3)
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
    """Fit the six parameters; each row's continuum and tilt are eliminated.

    Where our air has no lines, its depth stays as it is and the Sun's lines set the zero of wavelengths.
    """
    from scipy.optimize import least_squares

    scale = np.array([pixel, 1e-3 * pixel, 1.0, 1.0, 0.1, 100.0])
    half = (mean.shape[1] - 1) / 2
    q = (np.arange(mean.shape[1]) - half) / half
    weight = np.where(np.isfinite(mean) & np.isfinite(std), 1 / std, 0.0)
    data = np.where(weight > 0, mean, 0.0)

    count = 6 if float(lines.telluric_depth.max()) > _FAINTEST_TELLURIC else 4

    def residual(parameters: Array) -> Array:
        full = np.append(parameters, np.zeros(6 - count))
        made = _sky_model(start + scale * full, eta, data.shape[1], lines, fwhm, pixel, sky_shift)
        a, b = made * weight, made * q * weight
        d = data * weight
        aa, ab, bb = (np.sum(u * v, axis=1) for u, v in ((a, a), (a, b), (b, b)))
        ad, bd = np.sum(a * d, axis=1), np.sum(b * d, axis=1)
        det = aa * bb - ab**2
        level, tilt = (bb * ad - ab * bd) / det, (aa * bd - ab * ad) / det
        return np.asarray((d - level[:, None] * a - tilt[:, None] * b).ravel())

    at = np.zeros(count)
    for _ in range(2):
        found = least_squares(residual, at, diff_step=1e-3, xtol=1e-9, ftol=1e-9)
        if not found.success:
            raise ConvergenceError(f"wavelengths: {found.message}; give a better CRVAL1 and CDELT1")
        at = found.x
        typical = float(np.sqrt(np.mean(found.fun**2)))
        outlier = np.abs(found.fun.reshape(weight.shape)) > 6 * max(typical, 1.0)
        weight = np.where(outlier, 0.0, weight)
    freedom = max(int(np.count_nonzero(weight)) - count, 1)
    chi2 = max(float(found.fun @ found.fun) / freedom, 1.0)
    covariance = np.zeros((6, 6))
    covariance[:count, :count] = np.linalg.pinv(found.jac.T @ found.jac) * chi2
    return start + scale * np.append(at, np.zeros(6 - count)), covariance * np.outer(scale, scale)


def _frames_of_sky(
    spectra: Spectra, template: model_template.Template, first: Array, rows: Array
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Return drift, its σ, level and slope of skylight by frame, and each row's mean shift with its σ."""
    n, height = len(spectra.electrons), rows.size
    centre = float(first.mean()) + template.pixel * spectra.electrons.shape[2] / 2
    drift, drift_std = np.full(n, np.nan), np.full(n, np.nan)
    sky, slope = np.full(n, np.nan), np.zeros(n)
    sums, weights = np.zeros(height), np.zeros(height)
    out = np.empty((height, 4))
    position_of_row = rows / max(spectra.electrons.shape[1] - 1, 1) - 0.5
    mean_shift = float(spectra.viewing.sky_shift.mean())
    sky_columns = template._replace(table=np.ascontiguousarray(template.table[:, 7:]))
    for i in np.flatnonzero(spectra.usable):
        velocity = SPEED_OF_LIGHT * (spectra.viewing.sky_shift[i] - mean_shift) / model_template.VELOCITY_UNIT
        model_sky.sky_rows(
            np.ascontiguousarray(spectra.electrons[i][rows]), spectra.setup.read_noise**2, *sky_columns,
            first[rows], velocity, out,
        )  # fmt: skip
        good = np.isfinite(out).all(axis=1)
        if good.sum() < calibrate.FEWEST_SKY_ROWS // 2:
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


def smooth_drift(known: Wavelengths, time: Array) -> Array:
    """Return the drift (frame,) [m s-1] as a polynomial in time fitted to its measurements."""
    good = np.isfinite(known.drift)
    if good.sum() < 2:
        return np.zeros_like(time)
    t = (time - time.mean()) / max(np.ptp(time) / 2, 1.0)
    degree = min(_DEGREE_OF_DRIFT, int(good.sum()) - 1)
    fit = np.polynomial.polynomial.polyfit(t[good], known.drift[good], degree, w=1 / known.drift_std[good])
    return np.asarray(np.polynomial.polynomial.polyval(t, fit))


def window(setup_wavelength: float, dispersion: float, pixels: int) -> tuple[float, float]:
    """Return the first and last wavelength [m] a detector can see, one ångström of distortion allowed."""
    return setup_wavelength - 1.0 * angstrom, setup_wavelength + dispersion * pixels + 1.0 * angstrom
