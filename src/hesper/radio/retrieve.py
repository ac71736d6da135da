"""Flux densities → brightness temperatures, and the times of printed places."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.physics import planck, sky
from hesper.radio import model
from hesper.radio.data import FluxDensities, Temperatures, Track
from hesper.record import Array


class Sky(NamedTuple):
    """A model of the sky behind Venus: functions of frequency [Hz] and sky temperature at 408 MHz [K]."""

    name: str
    temperature: Callable[..., Array]
    temperature_std: Callable[..., Array]


BACKGROUND_APART = Sky("background apart", sky.temperature, sky.temperature_std)
SCALED_WHOLE = Sky("paper", sky.temperature_scaled_whole, sky.temperature_scaled_whole_std)


def temperatures(
    fluxes: FluxDensities,
    *,
    sky_408: float,
    sky_408_std: float,
    sky_model: Sky,
    calibration: float,
) -> Temperatures:
    """Return brightness temperatures with the sky that Venus hides added back.

    An interferometer sees the contrast (T_b − T_sky) Ω; a limit is three standard deviations of the noise.

    Parameters
    ----------
    fluxes
        Flux densities of the disk.
    sky_408, sky_408_std
        Sky temperature at 408 MHz and its standard deviation [K].
    sky_model
        `BACKGROUND_APART`, or `SCALED_WHOLE` as the paper has it.
    calibration
        Standard deviation of the flux scale, relative.

    Notes
    -----
    Mohan et al. 2017, section 4, whose Table 3 this reproduces row by row.
    """
    f = fluxes
    std = model.flux_density_std(f.map_rms, f.angular_diameter, f.beam_major, f.beam_minor, factor=1.0)
    flux = np.where(f.is_limit, 3 * std, f.flux_density)
    contrast = planck.brightness_temperature(flux, f.frequency, f.angular_diameter)
    contrast_std = planck.brightness_temperature(std, f.frequency, f.angular_diameter)
    background = sky_model.temperature(f.frequency, sky_408)
    background_std = sky_model.temperature_std(f.frequency, sky_408, zero_level_std=sky_408_std)
    scale_std = np.where(f.is_limit, 0.0, calibration * contrast)
    return Temperatures(
        label=f.label,
        frequency=f.frequency,
        angular_diameter=f.angular_diameter,
        flux_density=flux,
        flux_density_std=std,
        contrast_temperature=contrast,
        contrast_temperature_std=contrast_std,
        sky_temperature=background,
        sky_temperature_std=background_std,
        brightness_temperature=contrast + background,
        brightness_temperature_std=np.sqrt(contrast_std**2 + background_std**2 + scale_std**2),
        is_limit=f.is_limit,
        sky_model=sky_model.name,
    )


def track(dates: list[str], right_ascensions: Array, *, observer: str) -> Track:
    """Return when, on each day, Venus had a printed astrometric right ascension [rad], and where it was.

    Parameters
    ----------
    dates
        Days, ISO 8601.
    right_ascensions
        (day,) [rad].
    observer
        Site, as in `ephemeris.viewing`.
    """
    found = []
    for date, target in zip(dates, right_ascensions, strict=True):
        minutes = np.datetime64(date, "s") + np.arange(0, 86400, 300) * np.timedelta64(1, "s")
        view = ephemeris.viewing(minutes, observer)
        offset = (view.ra - target + np.pi) % (2 * np.pi) - np.pi
        found.append(np.interp(0.0, offset, view.time))
    view = ephemeris.viewing(np.array(found), observer)
    return Track(
        time=view.time,
        angular_diameter=view.angular_diameter,
        dec=view.dec,
        illuminated_fraction=view.illuminated_fraction,
    )
