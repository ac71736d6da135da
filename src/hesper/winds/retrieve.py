"""Spectra → velocities of points of the disk, each with its uncertainty."""

import dataclasses

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import InputError
from hesper.record import Array
from hesper.units import arcsec
from hesper.winds import calibrate, calibrate_wavelengths, model, model_rows, model_template
from hesper.winds import model_spectrum as spectrum
from hesper.winds.data import Positions, Spectra, Velocities, Wavelengths

NO_FIT, MISFIT, FAINT, OFF_DISK = 1, 2, 4, 8
"""Flags of a velocity."""
_ROUNDS_OF_TELLURIC = 3
_CLIP = 6.0
"""Residual in standard deviations beyond which a pixel counts as a cosmic ray."""


def velocities(
    spectra: Spectra,
    known: Wavelengths,
    places: Positions,
    lines: spectrum.Spectrum,
    disk: model.Aspect,
    *,
    line: str,
    sky_prior: float,
    telluric_prior: float,
    only: Array | None,
) -> Velocities:
    """Measure the shift of every row on the planet by maximum likelihood, at its own wavelengths.

    Parameters
    ----------
    lines
        Spectrum at rest.
    line
        "reflected" sunlight or lines "emitted" (formed) in Venus's atmosphere.
    sky_prior, telluric_prior
        How well skylight and telluric depth of a row are known in advance (relative, absolute).
    only
        Detector rows to measure; None means all that the planet touches.

    Notes
    -----
    Velocity 0 is the motion of the planet's centre; the solar lines' offset against the telluric ones and
    the smooth drift of the wavelength scale are taken out. The telluric depth on Venus's way is found first,
    from all rows together.
    """
    heights = calibrate.heights(spectra)
    radius = disk.angular_radius
    frames = np.flatnonzero(spectra.usable & places.found & np.isfinite(known.sky))
    extent = np.array([np.nanmin(places.y[frames]) - radius, np.nanmax(places.y[frames]) + radius])
    rows = np.flatnonzero((heights > extent[0] - 1 * arcsec) & (heights < extent[1] + 1 * arcsec))
    if only is not None:
        rows = rows[np.isin(rows, only)]
    moving = model.line_shift(spectra.viewing, line)
    drift = calibrate_wavelengths.smooth_drift(known, spectra.viewing.time)
    results = _fit_all(
        spectra, known, lines, disk, frames, rows, moving, drift, line, (sky_prior, telluric_prior, _CLIP)
    )
    frame, row = np.repeat(frames, rows.size), np.tile(rows, frames.size)
    relative = SPEED_OF_LIGHT * (moving[frame] - moving.mean())
    offset = known.solar_offset if line == "reflected" else 0.0
    x, y = places.x[frame], heights[row] - places.y[frame]
    seen = model.points(disk, x, y)
    continuum = results[:, 2]
    with np.errstate(invalid="ignore"):
        misfit = results[:, 5] / results[:, 6]
        flag = np.where(np.isfinite(results[:, 0]), 0, NO_FIT)
        typical = float(np.nanmedian(misfit))
        flag |= np.where(
            misfit > max(typical, 1.0) * (1 + 8 * np.sqrt(2 / spectra.electrons.shape[2])), MISFIT, 0
        )
        flag |= np.where(continuum <= 0, MISFIT, 0)
        flag |= np.where(np.hypot(x, y) > radius, OFF_DISK, 0)
    return Velocities(
        frame=frame, row=row, x=x, y=y, lon=seen.lon, lat=seen.lat,
        velocity=results[:, 0] * model_template.VELOCITY_UNIT - relative - offset,
        velocity_std=results[:, 1] * model_template.VELOCITY_UNIT,
        continuum=continuum, sky_factor=results[:, 3], misfit=misfit, flag=flag, flattened=0,
        method="maximum likelihood",
    )  # fmt: skip


def with_expected_noise(
    measured: Velocities, light: Array, sky: Array, *, faintest: float
) -> Velocities:  # fmt: skip
    """Return velocities whose σ and flag of faintness follow from the light expected, not from that measured.

    Parameters
    ----------
    light, sky
        Expected continuum of Venus (point,) and of skylight (point,) [electrons per pixel].
    faintest
        Expected continuum relative to the brightest below which a row is left out.

    Notes
    -----
    The σ of a fit hangs on the velocity it found (their correlation is 0.3): weights made of it pull means
    the more, the fainter the rows, which looks like wind. ln σ is fitted by a polynomial in ln light and ln
    sky, which follows it to 0.6 %.
    """
    bright = light > faintest * np.nanpercentile(light, 98)
    basis = np.polynomial.polynomial.polyvander2d(
        np.log(np.maximum(light, 1.0)), np.log(np.maximum(sky, 1.0)), [3, 1]
    )
    flag = np.where(bright, measured.flag & ~FAINT, measured.flag | FAINT)
    good = flag == 0
    if good.sum() <= 4 * basis.shape[1]:
        return dataclasses.replace(measured, flag=flag)
    scale = np.abs(basis[good]).max(axis=0)
    found = np.linalg.lstsq(basis[good] / scale, np.log(measured.velocity_std[good]), rcond=1e-12)[0]
    std = np.where(bright, np.exp(basis / scale @ found), measured.velocity_std)
    return dataclasses.replace(measured, velocity_std=std, flag=flag)


def _fit_all(
    spectra: Spectra, known: Wavelengths, lines: spectrum.Spectrum, disk: model.Aspect, frames: Array,
    rows: Array,
    moving: Array, drift: Array, line: str, limits: tuple[float, float, float],
) -> Array:  # fmt: skip
    """Fit all rows, after the telluric depth on Venus's way has settled."""
    exponent = known.sky_exponent
    sky_prior, telluric_prior, clip = limits
    # A few frames that span the run are enough for one number.
    few = frames[:: max(1, frames.size // 24)]
    for _ in range(_ROUNDS_OF_TELLURIC):
        template = _template(spectra, known, lines, line, exponent)
        some = _fit_frames(spectra, known, template, few, rows, moving, drift, (sky_prior, 1.0, clip))
        good = np.isfinite(some[:, 0]) & (some[:, 2] > 0.3 * np.nanpercentile(some[:, 2], 98))
        if not good.any():
            raise InputError(
                "velocities: no row of the planet can be fitted; check the line window, the "
                "exposure and that "
                "the spectrum's lines are those of the data"
            )
        change = float(np.median(some[good, 4]))
        exponent = max(exponent + change, 0.0)
        if abs(change) < 0.002:
            break
    template = _template(spectra, known, lines, line, exponent)
    return _fit_frames(
        spectra, known, template, frames, rows, moving, drift, (sky_prior, telluric_prior, clip)
    )


def _template(
    spectra: Spectra, known: Wavelengths, lines: spectrum.Spectrum, line: str, exponent: float
) -> model_template.Template:
    shifts = model.shifts(spectra.viewing)
    offset = known.solar_offset / SPEED_OF_LIGHT
    moved = model_template.Shifts(
        (1 + shifts.reflected) * (1 + offset) - 1 if line == "emitted" else shifts.reflected,
        shifts.emitted,
        (1 + shifts.sky) * (1 + offset) - 1,
    )
    return model_template.MAKERS[line](
        lines, shifts=moved, venus_exponent=exponent, sky_exponent=known.sky_exponent,
        fwhm=spectra.setup.resolution, pixel=known.dispersion,
    )  # fmt: skip


def _fit_frames(
    spectra: Spectra, known: Wavelengths, template: model_template.Template, frames: Array, rows: Array,
    moving: Array,
    drift: Array, limits: tuple[float, float, float],
) -> Array:  # fmt: skip
    out = np.empty((frames.size, rows.size, model_rows.RESULTS))
    centre = float(known.first.mean()) + known.dispersion * spectra.electrons.shape[2] / 2
    glow = spectra.viewing.sky_shift
    for k, i in enumerate(frames):
        model_rows.fit_rows(
            np.ascontiguousarray(spectra.electrons[i][rows]), spectra.setup.read_noise**2, *template,
            known.first[rows] + drift[i] / SPEED_OF_LIGHT * centre,
            calibrate_wavelengths.sky_levels(known, int(i), rows, spectra.electrons.shape[1]),
            np.full(rows.size, SPEED_OF_LIGHT * (glow[i] - glow.mean()) / model_template.VELOCITY_UNIT),
            *limits, out[k],
        )  # fmt: skip
    return np.asarray(out.reshape(-1, model_rows.RESULTS))
