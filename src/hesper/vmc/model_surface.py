"""Light of a piece of ground at the top of the clouds, and the emissivity that explains a light."""

import numpy as np

from hesper.physics import atmosphere, planck
from hesper.record import Array
from hesper.vmc import model_radiation as transfer
from hesper.vmc.data_map import Radiation
from hesper.vmc.data_settings import Atmosphere

COSINES = np.linspace(0.25, 1.0, 16)
"""Cosines of emission of the table."""


def table(settings: Atmosphere, wavelength: float) -> Radiation:
    """Return the four numbers of all altitudes of the ground for one atmosphere, VIRA.

    Parameters
    ----------
    settings
        Absorption of the gas and optical depth of the clouds.
    wavelength
        [m].
    """
    profile, edges = atmosphere.vira(), transfer.levels()
    column = transfer.layers(
        profile, edges, absorption=settings.absorption, cloud_depth=settings.cloud_depth,
        wavelength=wavelength,
    )  # fmt: skip
    found = transfer.four_numbers(column, COSINES)
    ground = np.flatnonzero(edges <= transfer.HIGHEST + 1.0)[::-1]
    altitude = edges[ground]
    warm = atmosphere.at(profile, altitude - transfer.VIRA_ZERO).temperature
    light = planck.radiance_per_wavelength(wavelength, warm)
    return Radiation(
        altitude=altitude,
        cosine=COSINES,
        path=found.path[ground],
        transmission=found.transmission[ground],
        down=found.down[ground],
        albedo=found.albedo[ground],
        planck=light,
        planck_slope=planck.radiance_per_wavelength(wavelength, warm + 0.5)
        - planck.radiance_per_wavelength(wavelength, warm - 0.5),
        wavelength=wavelength,
        absorption=settings.absorption,
        cloud_depth=settings.cloud_depth,
    )


def zenith_radiance(made: Radiation, altitude: Array, emissivity: Array | float) -> Array:
    """Return the radiance [W m-2 sr-1 m-1] toward the zenith over ground at an altitude [m] (any shape)."""
    path, transmission, down, albedo, light = _numbers(made, altitude)
    return np.asarray(path + transmission * transfer.leaving(emissivity, light, down, albedo))


def emissivity(made: Radiation, altitude: Array, radiance: Array) -> Array:
    """Return the emissivity that gives a radiance toward the zenith: the inverse of `zenith_radiance`."""
    path, transmission, down, albedo, light = _numbers(made, altitude)
    return transfer.emissivity_of((radiance - path) / transmission, light, down, albedo)


def sensitivity(made: Radiation, altitude: Array, at: Array | float) -> Array:
    """Return ∂ ln I/∂ ln ε at an altitude [m] and an emissivity; 1 over it is the amplification A."""
    path, transmission, down, albedo, light = _numbers(made, altitude)
    ground = transmission * transfer.leaving(at, light, down, albedo)
    return np.asarray(transfer.sensitivity(at, light, down, albedo) * ground / (path + ground))


def altitude_slope(made: Radiation, altitude: Array, at: Array | float) -> Array:
    """Return ∂ ln I/∂z [m-1] at an altitude [m] and an emissivity."""
    step = 50.0
    above, below = (zenith_radiance(made, altitude + s, at) for s in (step, -step))
    return np.asarray(np.log(above / below) / (2 * step))


def temperature_slope(made: Radiation, altitude: Array, at: Array | float) -> Array:
    """Return ∂ ln I/∂T [K-1] of the ground's temperature alone."""
    path, transmission, down, albedo, light = _numbers(made, altitude)
    slope = np.interp(altitude, made.altitude, made.planck_slope)
    whole = path + transmission * transfer.leaving(at, light, down, albedo)
    return np.asarray(transmission * at * slope / (1 - albedo * (1 - np.asarray(at))) / whole)


def limb_law(made: Radiation, altitude: float, at: float) -> Array:
    """Return I(μ)/I(1) at the cosines of the table."""
    numbers = [
        np.asarray(np.interp(altitude, made.altitude, row)) for row in (made.down, made.albedo, made.planck)
    ]
    ground = transfer.leaving(at, numbers[2], numbers[0], numbers[1])
    path, transmission = (
        np.array([np.interp(altitude, made.altitude, column) for column in values.T])
        for values in (made.path, made.transmission)
    )
    light = path + transmission * ground
    return np.asarray(light / light[-1])


def _numbers(made: Radiation, altitude: Array) -> tuple[Array, Array, Array, Array, Array]:
    """Interpolate the four numbers toward the zenith and the Planck radiance; all but r by logarithms."""
    place = np.clip(altitude, made.altitude[0], made.altitude[-1])
    logs = [
        np.exp(np.interp(place, made.altitude, np.log(np.maximum(values, 1e-300))))
        for values in (made.path[:, -1], made.transmission[:, -1], made.down, made.planck)
    ]
    path, transmission, down, light = logs
    return path, transmission, down, np.interp(place, made.altitude, made.albedo), light
