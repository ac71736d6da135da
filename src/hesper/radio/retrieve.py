"""Flux densities → brightness temperatures, and the time of a printed place."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hesper.ephemeris import Viewing
from hesper.errors import InputError
from hesper.physics import planck, sky
from hesper.radio import model
from hesper.radio.data import FluxDensities, Temperatures
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
    sky_408: Array | float,
    sky_408_std: Array | float,
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
        Sky temperature at 408 MHz and its standard deviation [K], one for all or one for each.
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
    return from_fluxes(
        label=f.label, frequency=f.frequency, diameter=f.angular_diameter, flux=f.flux_density, std=std,
        limit=3 * std, is_limit=f.is_limit, sky_408=sky_408, sky_408_std=sky_408_std, sky_model=sky_model,
        calibration=calibration,
    )  # fmt: skip


def from_fluxes(
    *,
    label: Array,
    frequency: Array,
    diameter: Array,
    flux: Array,
    std: Array,
    limit: Array,
    is_limit: Array,
    sky_408: Array | float,
    sky_408_std: Array | float,
    sky_model: Sky,
    calibration: Array | float,
) -> Temperatures:
    """Return temperatures of flux densities whose noise is known [W m-2 Hz-1] (measurement,).

    Where `is_limit`, `limit` takes the flux density's place. The other arguments are those of `temperatures`;
    `calibration` may differ from one to the next.
    """
    shown = np.where(is_limit, limit, flux)
    contrast = planck.brightness_temperature(shown, frequency, diameter)
    contrast_std = planck.brightness_temperature(std, frequency, diameter)
    background = sky_model.temperature(frequency, sky_408)
    background_std = sky_model.temperature_std(frequency, sky_408, zero_level_std=sky_408_std)
    scale_std = np.where(is_limit, 0.0, calibration * contrast)
    return Temperatures(
        label=label,
        frequency=frequency,
        angular_diameter=diameter,
        flux_density=shown,
        flux_density_std=std,
        contrast_temperature=contrast,
        contrast_temperature_std=contrast_std,
        sky_temperature=background,
        sky_temperature_std=background_std,
        brightness_temperature=contrast + background,
        brightness_temperature_std=np.sqrt(contrast_std**2 + background_std**2 + scale_std**2),
        is_limit=is_limit,
        sky_model=sky_model.name,
    )


def time_of_right_ascension(view: Viewing, right_ascension: float) -> float:
    """Return when [TDB seconds since J2000] Venus had a right ascension [rad] within the times of a view.

    Raises
    ------
    InputError
        If it had not.
    """
    offset = (view.ra - right_ascension + np.pi) % (2 * np.pi) - np.pi
    crossings = np.flatnonzero(np.sign(offset[:-1]) * np.sign(offset[1:]) <= 0)
    if not crossings.size:
        raise InputError(
            f"right ascension {np.degrees(right_ascension):.4f}°: not reached in the times given"
        )
    i = int(crossings[0])
    share = offset[i] / (offset[i] - offset[i + 1])
    return float(view.time[i] + share * (view.time[i + 1] - view.time[i]))
