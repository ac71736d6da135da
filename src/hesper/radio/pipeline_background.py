"""Models of the planet's field: background sources, the planet on its track."""

from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np

from hesper import ephemeris
from hesper.ephemeris import Viewing
from hesper.errors import InputError
from hesper.radio import calibrate_background, calibrate_track, model_array, model_beam, model_planet
from hesper.radio.data import Setup, Visibilities
from hesper.radio.data_calibration import Sources
from hesper.radio.data_image import DiskFit, Track
from hesper.radio.data_settings import Reduction
from hesper.record import Array

Blocks = Callable[[], Iterable[Visibilities]]


@lru_cache(maxsize=1024)
def _viewing(times: bytes, place: tuple[float, float, float]) -> Viewing:
    """Return Venus at times that are asked for in every round."""
    return ephemeris.viewing(np.frombuffer(times), place)


def track(block: Visibilities) -> Track:
    """Return the planet's track in the field of a block."""
    setup, field = block.setup, int(block.field[0])
    ra, dec = float(setup.field_ra[field]), float(setup.field_dec[field])
    view = _viewing(block.time.tobytes(), tuple(map(float, setup.antenna_position.mean(axis=0))))
    direction = np.stack(model_array.direction_cosines(view.ra, view.dec, ra, dec), axis=-1)
    response = beam_response(setup, np.hypot(*direction.T))
    if response.max() < 0.05:
        away = np.degrees(np.hypot(*direction.T).min())
        raise InputError(
            f"field {setup.field_name[field]}: Venus passes {away:.2f}° from its centre, outside the primary "
            "beam; name the field that follows it"
        )
    return calibrate_track.track(view, response, ra_centre=ra, dec_centre=dec)


def beam_response(setup: Setup, offset: Array) -> Array:
    """Return the power of the primary beam (..., channel) at an offset [rad]."""
    beam = model_beam.find_beam(setup.telescope, float(setup.frequency.mean()))
    return model_beam.primary_beam(np.asarray(offset)[..., None], setup.frequency, beam.coefficients)


def sky(block: Visibilities, found: Sources, settings: Reduction, disk: DiskFit | None) -> Array:
    """Return the visibilities of all that is known of the field (time, baseline, channel) [Jy]."""
    model = background(block, found, settings)
    return model if disk is None else model + planet(block, disk, settings)


def background(block: Visibilities, found: Sources, settings: Reduction) -> Array:
    """Return the visibilities of the background sources (time, baseline, channel) [Jy]."""
    return calibrate_background.background(
        block, found.east, found.north, found.flux_density, index=settings.index
    )


def planet(block: Visibilities, disk: DiskFit, settings: Reduction) -> Array:
    """Return the visibilities of the fitted disk on its track (time, baseline, channel) [Jy]."""
    passed, setup = track(block), block.setup
    spectrum = disk.flux_density * (setup.frequency / setup.frequency.mean()) ** 2
    return model_planet.moving_disk(
        block.uvw,
        setup.frequency,
        passed.direction + disk.offset,
        calibrate_track.drift(block, passed),
        passed.angular_diameter,
        passed.response * spectrum,
        exponent=settings.limb,
        channel_width=setup.channel_width,
    )


def residual(block: Visibilities, found: Sources, settings: Reduction, disk: DiskFit | None) -> Visibilities:
    """Return a block less all that is known of the field."""
    return calibrate_background.subtracted(block, sky(block, found, settings, disk))
