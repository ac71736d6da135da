"""What Mohan et al. 2017 report beside their numbers: gains, sky and what subtracted sources leave."""

import numpy as np

from hesper.errors import InputError
from hesper.products import Result
from hesper.radio import (
    calibrate_background,
    calibrate_flux,
    grid_fluctuation,
    grid_samples,
    pipeline_background,
)
from hesper.radio.calibrate_calibrators import Calibration
from hesper.radio.data_image import Frame
from hesper.radio.data_settings import Reduction
from hesper.radio.pipeline_target import Followed
from hesper.units import Jy, arcsec, mJy

_WIDTH = 150 * arcsec
"""Beam of the map at low resolution; 159″ × 135″ in section 3.3."""
_PIXELS = 128


def rows(calibration: Calibration, seen: Followed, settings: Reduction, secondary: int) -> list[Result]:
    """Return the rows; one that the observation cannot give says why."""
    return [_elevation(calibration, secondary), _fluctuation(seen, settings), *_left(seen)]


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
