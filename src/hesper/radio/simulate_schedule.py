"""The order in which fields are looked at."""

from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.errors import InputError
from hesper.radio import model_array, model_flux
from hesper.radio.data import Setup
from hesper.radio.data_settings import Observation
from hesper.record import Array
from hesper.units import deg

TARGET = "VENUS"


class Scan(NamedTuple):
    """A stretch of time on one field."""

    number: int
    field: int
    time: Array
    """(time,) middles of the integrations, TDB seconds since J2000."""


def scans(settings: Observation) -> list[Scan]:
    """Return the scans of an observation, centred on its date.

    The calibrator stands before, after and every `cycle` between stretches on Venus; a flux calibrator before
    and one after all.
    """
    stretch = settings.cycle - settings.calibrator_scan
    left, plan = settings.on_venus, [(0, settings.flux_scan), (2, settings.calibrator_scan)]
    while left > 0.5 * settings.integration:
        plan += [(3, min(stretch, left)), (2, settings.calibrator_scan)]
        left -= min(stretch, left)
    plan += [(1, settings.flux_scan)]
    lengths = [max(1, round(length / settings.integration)) * settings.integration for _, length in plan]
    total = sum(lengths) + settings.slew * (len(plan) - 1)
    start = float(ephemeris.tdb_seconds(settings.date)[0]) - total / 2
    found = []
    for number, ((field, _), length) in enumerate(zip(plan, lengths, strict=True)):
        middles = (np.arange(round(length / settings.integration)) + 0.5) * settings.integration
        found.append(Scan(number, field, start + middles))
        start += length + settings.slew
    return found


def setup(settings: Observation, generator: np.random.Generator) -> Setup:
    """Return the array, the band and the fields: two flux calibrators, the calibrator, Venus."""
    array = model_array.antennas(settings.telescope)
    if settings.antennas > array.name.size:
        raise InputError(
            f"observation.antennas = {settings.antennas}; {settings.telescope} has {array.name.size}"
        )
    pick = np.sort(generator.choice(array.name.size, settings.antennas, replace=False))
    first, second = model_array.pairs(settings.antennas)
    names = (settings.flux_calibrators[0], settings.flux_calibrators[-1], settings.calibrator)
    places = [model_flux.find_calibrator(name) for name in names]
    view = ephemeris.viewing(settings.date, tuple(array.centre))
    if view.elevation[0] < 10 * deg:
        raise InputError(
            f"observation.date = {settings.date}: Venus is {view.elevation[0] / deg:.0f}° high at "
            f"{settings.telescope}; choose a time when it is up"
        )
    channel = np.arange(settings.channels) - (settings.channels - 1) / 2
    return Setup(
        telescope=settings.telescope,
        antenna_name=array.name[pick],
        antenna_position=array.position[pick],
        antenna1=first,
        antenna2=second,
        frequency=settings.frequency + channel * settings.channel_width,
        channel_width=settings.channel_width,
        polarisation=np.array(settings.polarisations),
        field_name=np.array([*names, TARGET]),
        field_ra=np.array([*(place.ra for place in places), view.ra[0]]),
        field_dec=np.array([*(place.dec for place in places), view.dec[0]]),
    )
