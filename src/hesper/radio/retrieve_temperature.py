"""Flux densities of the disk → brightness temperatures, with the sky that Venus hides and reflects."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from hesper.errors import InputError
from hesper.physics import planck as planck_law
from hesper.radio.data import Temperatures
from hesper.radio.data_image import DiskFit, SkyMap
from hesper.radio.retrieve import Sky, from_fluxes
from hesper.record import Array
from hesper.units import Jy


def disks(
    fits: Sequence[DiskFit],
    *,
    label: Sequence[str],
    frequency: Array,
    angular_diameter: Array,
    sky_408: float,
    sky_408_std: float,
    sky_model: Sky,
    calibration: Array | float,
) -> Temperatures:
    """Return temperatures of fitted disks; below three standard deviations a limit is given.

    The limit is three standard deviations above what was found, or above 0 where that is negative.

    Parameters
    ----------
    fits
        Of several days, bands or parts of them.
    label
        Name of each.
    frequency
        [Hz], one each.
    angular_diameter
        Of the ephemeris [rad], one each: a temperature belongs to a size, and the ephemeris knows it best.
    sky_408, sky_408_std
        Sky at 408 MHz behind Venus and its standard deviation [K].
    sky_model
        How it is scaled, of `retrieve`.
    calibration
        Relative standard deviation of all but the noise, see `retrieve_budget.systematic`.
    """
    flux = np.array([f.flux_density for f in fits]) * Jy
    std = np.array([f.flux_density_std for f in fits]) * Jy
    return fluxes(
        flux, std, label=label, frequency=frequency, angular_diameter=angular_diameter, sky_408=sky_408,
        sky_408_std=sky_408_std, sky_model=sky_model, calibration=calibration,
    )  # fmt: skip


def fluxes(
    flux: Array,
    std: Array,
    *,
    label: Sequence[str],
    frequency: Array,
    angular_diameter: Array,
    sky_408: float,
    sky_408_std: float,
    sky_model: Sky,
    calibration: Array | float,
) -> Temperatures:
    """Return temperatures of flux densities [W m-2 Hz-1] and standard deviations, such as of channels."""
    return from_fluxes(
        label=np.array(label), frequency=np.asarray(frequency, float), diameter=np.asarray(angular_diameter),
        flux=flux, std=std, limit=np.maximum(flux, 0.0) + 3 * std, is_limit=flux < 3 * std,
        sky_408=sky_408, sky_408_std=sky_408_std,
        sky_model=sky_model, calibration=calibration,
    )  # fmt: skip


def mean(found: Temperatures, *, label: str, shared: float) -> Temperatures:
    """Return the mean of measurements of one band, weighted with their noise.

    Parameters
    ----------
    found
        Detections of one band.
    label
        Name of the mean.
    shared
        Relative error of the flux densities that all have in common: it does not average down, nor does
        that of the sky.
    """
    if found.is_limit.any() or np.ptp(found.frequency) > 0.01 * found.frequency.mean():
        raise InputError("mean: limits or other bands among the measurements; take detections of one band")
    weight = found.contrast_temperature_std**-2
    weight = weight / weight.sum()

    def average(values: Array) -> Array:
        return np.array([np.sum(weight * values)])

    contrast = average(found.contrast_temperature)
    noise = np.array([np.sum(found.contrast_temperature_std**-2) ** -0.5])
    sky, sky_std = average(found.sky_temperature), average(found.sky_temperature_std)
    flux_std = np.sqrt(average(weight * found.flux_density_std**2))
    return Temperatures(
        label=np.array([label]),
        frequency=average(found.frequency),
        angular_diameter=average(found.angular_diameter),
        flux_density=average(found.flux_density),
        flux_density_std=flux_std,
        contrast_temperature=contrast,
        contrast_temperature_std=noise,
        sky_temperature=sky,
        sky_temperature_std=sky_std,
        brightness_temperature=contrast + sky,
        brightness_temperature_std=np.sqrt(noise**2 + sky_std**2 + (shared * contrast) ** 2),
        is_limit=np.array([False]),
        sky_model=found.sky_model,
    )


def planck(found: Temperatures) -> Array:
    """Return Planck temperatures [K] (measurement,) of the Rayleigh–Jeans ones: hν/2k more at metre waves."""
    return planck_law.planck_temperature(found.frequency, found.brightness_temperature)


def without_reflection(found: Temperatures, *, reflectivity: float, mean_sky: Array) -> Temperatures:
    """Return temperatures less the sky that the surface reflects, r T_sky: what Venus itself emits.

    Parameters
    ----------
    found
        Temperatures with the hidden sky added.
    reflectivity
        r = 1 − e of the whole disk; 0.15 from radar and from Magellan's radiometer.
    mean_sky
        Mean of the sky over the hemisphere that Venus sees [K] (measurement,) at each frequency.
    """
    if not 0 <= reflectivity < 1:
        raise InputError(f"reflectivity {reflectivity}: 0 or more and less than 1 is allowed")
    return dataclasses.replace(
        found,
        brightness_temperature=found.brightness_temperature - reflectivity * np.asarray(mean_sky),
        sky_model=f"{found.sky_model}; reflection of the sky with {reflectivity:g} taken off",
    )


def sky_behind(sky: SkyMap, *, ra: float, dec: float) -> tuple[float, float]:
    """Return temperature and scatter [K] of a sky map at a place [rad].

    The mean of the four nearest pixels, weighted with the inverse of the square of the distance, and their
    standard deviation.
    """
    cosine = np.sin(sky.dec) * np.sin(dec) + np.cos(sky.dec) * np.cos(dec) * np.cos(sky.ra - ra)
    near = np.argpartition(-cosine, 4)[:4]
    distance = np.arccos(np.clip(cosine[near], -1, 1))
    if distance.min() > np.radians(2):
        raise InputError(
            f"sky map: nothing within {np.degrees(distance.min()):.1f}° of right ascension "
            f"{np.degrees(ra) % 360:.2f}°, declination {np.degrees(dec):.2f}°; give a map of the whole sky"
        )
    weight = 1 / np.maximum(distance, 1e-9) ** 2
    values = sky.temperature[near]
    return float(np.average(values, weights=weight)), float(values.std())


def mean_sky(sky: SkyMap, *, ra: float, dec: float) -> float:
    """Return what the disk reflects [K]: the map's mean over the hemisphere behind us, weighted with cosine.

    A sphere of radar-like reflection sends to Earth what comes from around Earth's direction: the zenith is
    the antipode of Venus' place [rad]. Equal-area pixels are taken for granted.
    """
    cosine = -(np.sin(sky.dec) * np.sin(dec) + np.cos(sky.dec) * np.cos(dec) * np.cos(sky.ra - ra))
    weight = np.maximum(cosine, 0.0)
    return float(np.average(sky.temperature, weights=weight))
