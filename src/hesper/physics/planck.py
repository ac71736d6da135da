"""Radiation laws and the temperatures they define."""

import numpy as np

from hesper.constants import BOLTZMANN, PLANCK, SPEED_OF_LIGHT
from hesper.record import Array


def radiance(frequency: Array | float, temperature: Array | float) -> Array:
    """Return the Planck spectral radiance [W m-2 sr-1 Hz-1].

    Parameters
    ----------
    frequency
        Frequency [Hz], any shape.
    temperature
        Temperature [K], broadcast against frequency.
    """
    x = PLANCK * np.asarray(frequency) / (BOLTZMANN * np.asarray(temperature))
    return np.asarray(2 * PLANCK * np.asarray(frequency) ** 3 / SPEED_OF_LIGHT**2 / np.expm1(x))


def radiance_per_wavelength(wavelength: Array | float, temperature: Array | float) -> Array:
    """Return the Planck spectral radiance [W m-2 sr-1 m-1] at a wavelength [m]."""
    wavelength = np.asarray(wavelength)
    x = PLANCK * SPEED_OF_LIGHT / (BOLTZMANN * wavelength * np.asarray(temperature))
    return np.asarray(2 * PLANCK * SPEED_OF_LIGHT**2 / wavelength**5 / np.expm1(x))


def rayleigh_jeans_temperature(frequency: Array | float, temperature: Array | float) -> Array:
    """Return the Rayleigh–Jeans temperature c²B/(2kν²) [K] of a black body at `temperature` [K].

    J(T) = (hν/k) / (exp(hν/kT) − 1); T − J → hν/2k for hν ≪ kT.
    """
    quantum = PLANCK * np.asarray(frequency) / BOLTZMANN
    return np.asarray(quantum / np.expm1(quantum / np.asarray(temperature)))


def planck_temperature(frequency: Array | float, rayleigh_jeans: Array | float) -> Array:
    """Return the temperature [K] of the black body whose Rayleigh–Jeans temperature is given [K].

    NaN where that is not positive: no black body sends nothing, or less.
    """
    quantum = PLANCK * np.asarray(frequency) / BOLTZMANN
    positive = np.where(np.asarray(rayleigh_jeans) > 0, rayleigh_jeans, np.nan)
    return np.asarray(quantum / np.log1p(quantum / positive))


def disk_solid_angle(angular_diameter: Array | float) -> Array:
    """Return the solid angle π θ²/4 [sr] of a disk of diameter θ [rad]."""
    return np.asarray(np.pi / 4 * np.asarray(angular_diameter) ** 2)


def brightness_temperature(
    flux_density: Array | float, frequency: Array | float, angular_diameter: Array | float
) -> Array:
    """Return the Rayleigh–Jeans brightness temperature [K] of a uniform disk.

    T = S c² / (2 k ν² Ω) with Ω = π θ²/4 (Mohan et al. 2017, section 4).

    Parameters
    ----------
    flux_density
        Flux density [W m-2 Hz-1].
    frequency
        Frequency [Hz].
    angular_diameter
        Diameter of the disk [rad].
    """
    scale = SPEED_OF_LIGHT**2 / (2 * BOLTZMANN * np.asarray(frequency) ** 2)
    return np.asarray(np.asarray(flux_density) * scale / disk_solid_angle(angular_diameter))


def flux_density(
    temperature: Array | float, frequency: Array | float, angular_diameter: Array | float
) -> Array:
    """Return the flux density [W m-2 Hz-1] of a disk of Rayleigh–Jeans temperature [K]."""
    return np.asarray(np.asarray(temperature) / brightness_temperature(1.0, frequency, angular_diameter))
