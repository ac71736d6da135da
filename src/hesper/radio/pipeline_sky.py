"""The sky behind Venus and in its surface, by the recipe: a number, or a map looked up at the place."""

from typing import NamedTuple

import numpy as np

from hesper import config as configuration
from hesper import ephemeris
from hesper.radio import read_sky, retrieve_temperature
from hesper.radio.data import Temperatures
from hesper.radio.pipeline_config import SKY, Config
from hesper.record import Array


class Behind(NamedTuple):
    """The sky at 408 MHz [K]."""

    temperature: float
    std: float
    reflected: float
    """Mean over the hemisphere that the disk mirrors."""


def behind(config: Config, time: float) -> Behind:
    """Return the sky at Venus' place at a time [s TDB since J2000]."""
    return every(config, np.array([time]))[0]


def every(config: Config, times: Array) -> list[Behind]:
    """Return the sky at Venus' place at each of some times [s TDB since J2000]; a map is read once."""
    if not config.sky_map:
        return [Behind(config.sky_408, config.sky_408_std, config.sky_408)] * len(times)
    sky = read_sky.sky(configuration.existing(config.sky_map, what="radio: sky_map"))
    view = ephemeris.viewing(times, "geocentre")
    found = []
    for ra, dec in zip(view.ra.tolist(), view.dec.tolist(), strict=True):
        value, scatter = retrieve_temperature.sky_behind(sky, ra=ra, dec=dec)
        std = float(np.hypot(config.sky_408_std, scatter))
        found.append(Behind(value, std, retrieve_temperature.mean_sky(sky, ra=ra, dec=dec)))
    return found


def without_reflection(config: Config, found: Temperatures, reflected: Array | float) -> Temperatures:
    """Take off what the surface reflects of a sky [K] at 408 MHz, if the recipe gives it a reflectivity."""
    if config.reflectivity == 0:
        return found
    mean = SKY[config.sky_model].temperature(found.frequency, reflected)
    return retrieve_temperature.without_reflection(found, reflectivity=config.reflectivity, mean_sky=mean)
