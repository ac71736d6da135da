"""Self-calibration on background sources, and their subtraction."""

import dataclasses

import numpy as np

from hesper.radio import model_array, model_channels, model_sources
from hesper.radio.calibrate_intensity import PARALLEL
from hesper.radio.data import Visibilities
from hesper.record import Array


def background(visibilities: Visibilities, east: Array, north: Array, flux: Array, *, index: float) -> Array:
    """Return the visibilities (time, baseline, channel) [Jy] of point sources about the centre of the field.

    Parameters
    ----------
    visibilities
        Of one field; where the array was.
    east, north
        (source,) direction cosines.
    flux
        (source,) apparent flux densities in the middle of the band [Jy].
    index
        Spectral index of the apparent flux densities, the primary beam's included.
    """
    setup = visibilities.setup
    field = int(visibilities.field[0])
    change = model_array.uvw_turn(visibilities.uvw, visibilities.interval, float(setup.field_dec[field]))
    middle = setup.frequency.mean()
    spectrum = np.asarray(flux, float)[:, None] * (setup.frequency / middle) ** index
    return model_sources.predict_smeared(
        visibilities.uvw,
        setup.frequency,
        east,
        north,
        spectrum,
        uvw_change=change,
        channel_width=setup.channel_width,
    )


def outside_track(
    east: Array, north: Array, track_east: Array, track_north: Array, *, radius: float
) -> Array:
    """Return which components lie farther than `radius` [rad] from every place of a moving planet.

    What CLEAN finds on the trail of the planet is the planet, and must not be subtracted.
    """
    if not np.size(east):
        return np.ones(0, bool)
    apart = np.hypot(
        np.asarray(east)[:, None] - np.asarray(track_east)[None],
        np.asarray(north)[:, None] - np.asarray(track_north)[None],
    )
    return np.asarray(apart.min(axis=1) > radius)


def subtracted(visibilities: Visibilities, model: Array) -> Visibilities:
    """Return the visibilities less a model (time, baseline, channel), the same in all parallel hands."""
    hands = np.flatnonzero(np.isin(visibilities.setup.polarisation, PARALLEL))
    known = np.broadcast_to(model, visibilities.value.shape[:3])
    return dataclasses.replace(visibilities, value=model_channels.less(visibilities.value, known, hands))
