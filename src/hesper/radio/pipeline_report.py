"""What Mohan et al. 2017 report beside their numbers: gains, sky and what subtracted sources leave."""

import numpy as np

from hesper.errors import InputError
from hesper.physics import planck
from hesper.products import Result, from_truth
from hesper.radio import (
    calibrate_background,
    calibrate_flux,
    grid_fluctuation,
    grid_samples,
    pipeline_background,
    retrieve_budget,
)
from hesper.radio.calibrate_calibrators import Calibration
from hesper.radio.data import Temperatures
from hesper.radio.data_calibration import Truth
from hesper.radio.data_image import Frame
from hesper.radio.data_settings import Reduction
from hesper.radio.pipeline_target import Followed
from hesper.radio.pipeline_visibilities import Reduced
from hesper.units import Jy, arcsec, mJy

_WIDTH = 150 * arcsec
"""Beam of the map at low resolution; 159″ × 135″ in section 3.3."""
_PIXELS = 128
_HOTTEST = 1000.0
"""Venus is 700 K at most at any wavelength [K]."""
_LOUD = 10.0


def rows(done: Reduced, known: Truth | None) -> list[Result]:
    """Return the results, beside the truth where it is known."""
    fluxes, planet = done.calibration.fluxes, done.planet
    share = retrieve_budget.systematic(done.budget)
    first = _unknown(done, share) if known is None else _known(done, share, known)
    area = float(planck.disk_solid_angle(float(done.temperatures.angular_diameter[0])))
    over = planet.rms / done.target.thermal
    return [
        *first,
        Result("radio", "noise of the planet's map", "mJy", planet.rms * Jy / mJy),
        Result("radio", "noise of the planet's map over thermal noise", "1", over, note=_loud(over)),
        Result("radio", "noise of the field's map", "mJy", done.target.field.rms * Jy / mJy),
        Result("radio", "beams on the disk", "1", area / (1.1331 * planet.beam.major * planet.beam.minor)),
        Result("radio", "part of the target flagged", "1", float(done.flags.part[-1])),
        Result("radio", "sources subtracted", "1", float(done.target.sources.east.size)),
        Result("radio", "calibrators", "1", float(fluxes.name.size), note=", ".join(map(str, fluxes.name))),
        *_beside(done),
    ]


def _unknown(done: Reduced, share: float) -> list[Result]:
    fit, found = done.target.fit, done.temperatures
    std = float(np.hypot(fit.flux_density_std, share * fit.flux_density))
    kelvin, kelvin_std = float(found.brightness_temperature[0]), float(found.brightness_temperature_std[0])
    return [
        Result("radio", "flux density of Venus", "mJy", fit.flux_density * Jy / mJy, std * Jy / mJy),
        Result("radio", "brightness temperature", "K", kelvin, kelvin_std, note=_limit(found)),
        Result(
            "radio", "flux density of the calibrator", "Jy", float(done.calibration.fluxes.flux_density[-1])
        ),
    ]


def _known(done: Reduced, share: float, known: Truth) -> list[Result]:
    fit, fluxes, found = done.target.fit, done.calibration.fluxes, done.temperatures
    std = float(np.hypot(fit.flux_density_std, share * fit.flux_density))
    kelvin, kelvin_std = float(found.brightness_temperature[0]), float(found.brightness_temperature_std[0])
    secondary = float(fluxes.flux_density[-1])
    secondary_std = float(np.hypot(fluxes.flux_density_std[-1], share * secondary))
    flux, true = fit.flux_density * Jy / mJy, known.flux_density * Jy / mJy
    temperature = (
        Result(
            "radio",
            "brightness temperature",
            "K",
            kelvin,
            note=f"{_limit(found)}; true: {known.temperature:g} K",
        )
        if found.is_limit[0]
        else from_truth("radio", "brightness temperature", "K", kelvin, kelvin_std, known.temperature)
    )
    return [
        from_truth("radio", "flux density of Venus", "mJy", flux, std * Jy / mJy, true),
        temperature,
        from_truth(
            "radio", "flux density of the calibrator", "Jy", secondary, secondary_std, known.calibrator_flux
        ),
    ]


def _limit(found: Temperatures) -> str:
    """Return what is to be said of a limit; one above what any Venus can be says nothing."""
    if not found.is_limit[0]:
        return ""
    if float(found.brightness_temperature[0]) < _HOTTEST:
        return "upper limit, 3σ"
    return (
        f"upper limit, 3σ, of no use: Venus is never {_HOTTEST:.0f} K. See flags.png, gains.png and noise "
        "over thermal: interference or a wrong model of the background"
    )


def _loud(over: float) -> str:
    if over < _LOUD:
        return ""
    return "far above thermal: interference, gains or sources are left; see profile.png and flags.png"


def _beside(done: Reduced) -> list[Result]:
    """Return what the paper reports beside its numbers; what the observation cannot give says why."""
    seen = done.target
    return [
        _elevation(done.calibration, done.secondary),
        _fluctuation(seen, done.settings),
        *_left(seen),
    ]


def _elevation(calibration: Calibration, secondary: int) -> Result:
    quantity = "gain variation of the calibrator with elevation"
    if np.count_nonzero(calibration.gains.field == secondary) < 3:
        return Result("radio", quantity, "1", None, note="fewer than three scans of the calibrator")
    variation = calibrate_flux.elevation_curve(calibration.gains, secondary).variation
    return Result("radio", quantity, "1", variation, note="largest less smallest amplitude over the mean")


def _fluctuation(seen: Followed, settings: Reduction) -> Result:
    """Return the fluctuations of the last block, background and planet subtracted."""
    quantity = "fluctuation of the sky at low resolution"
    empty = calibrate_background.subtracted(
        seen.residual, pipeline_background.planet(seen.residual, seen.fit, settings)
    )
    field = seen.field.frame
    frame = Frame(
        ra=field.ra, dec=field.dec, pixel=_WIDTH / 5, size=_PIXELS, frequency=field.frequency,
        bandwidth=field.bandwidth, time=field.time,
    )  # fmt: skip
    samples = grid_samples.samples(empty, field_of_view=_PIXELS * frame.pixel)
    try:
        found = grid_fluctuation.sky_fluctuation(samples, frame, width=_WIDTH)
    except InputError as error:
        return Result("radio", quantity, "K", None, note=str(error))
    note = f"last block, beam {found.beam.major / arcsec:.0f}″ × {found.beam.minor / arcsec:.0f}″, with noise"
    return Result("radio", quantity, "K", found.temperature, note=note)


def _left(seen: Followed) -> list[Result]:
    """Return the rms of the field's residual where sources were, beside that of all of it."""
    field, found = seen.field, seen.sources
    half = 0.5 * field.frame.size * field.frame.pixel
    inside = (np.abs(found.east) < half) & (np.abs(found.north) < half)
    quantity = "noise where sources were removed"
    if not inside.any():
        return [Result("radio", quantity, "mJy", None, note="no sources")]
    rms = grid_fluctuation.rms_near(
        field.residual, field.frame, found.east[inside], found.north[inside], radius=2 * field.beam.major
    )
    return [Result("radio", quantity, "mJy", rms * Jy / mJy, note="within two beams of the sources")]
