"""How well an array would measure the disk: noise, confusion, flux scale and sky."""

from typing import NamedTuple

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.physics import planck
from hesper.record import Array
from hesper.units import GHz, arcmin

_JANSKY = 1e-26


class Interferometer(NamedTuple):
    """An array of antennas, what it did to the noise before, and how long it looks."""

    antennas: int
    system_temperature: float
    """Without the sky [K]."""
    gain: float
    """Of one antenna [K Jy-1]."""
    longest_baseline: float
    """[m]."""
    bandwidth: float
    """[Hz]."""
    duration: float
    """[s]."""
    noise_excess: float
    """Noise of images over thermal noise: interference, calibration and sidelobes of other sources."""
    confusion: float
    """Of unresolved sources at 1 GHz in a beam of one arc minute [W m-2 Hz-1]."""
    calibration: float
    """Relative standard deviation of the flux scale."""
    sky_error: float
    """Relative standard deviation of the sky temperature."""


class Budget(NamedTuple):
    """Standard deviations of the disk's brightness temperature by cause [K], shape (frequency,)."""

    thermal: Array
    excess: Array
    """Noise of images beyond the thermal."""
    confusion: Array
    scale: Array
    sky: Array

    @property
    def total(self) -> Array:
        """All causes in quadrature."""
        return np.asarray(np.sqrt(np.sum(np.square(self), axis=0)))


def budget(array: Interferometer, nu: Array, diameter: float, sky: Array, disk: Array) -> Budget:
    """Return what makes the brightness temperature of the disk uncertain, cause by cause.

    An image has σ = T_sys/(G √(N(N−1) B t)) per beam (radiometer equation; natural weighting, one
    polarisation, T_sys with the sky), times `noise_excess`; beside it unresolved sources leave
    σ_c = c (ν/GHz)^−0.7 (θ/1′)² per beam (Condon 2002, ASP Conf. 278, 155, c = 0.2 mJy; not checked against
    the print, taken as known to a factor of 2). The disk covers n = (π/4) D²/θ² beams (Mohan et al. 2017,
    section 4), so its flux density has σ √n. The scale errs by a fraction of the contrast T − T_sky that an
    interferometer sees; the sky, which is added to it, by its own.

    Parameters
    ----------
    nu
        [Hz], shape (frequency,).
    diameter
        Of Venus [rad].
    sky, disk
        Brightness temperatures of sky and disk [K], shape (frequency,).
    """
    pairs = array.antennas * (array.antennas - 1)
    thermal = (array.system_temperature + sky) / (
        array.gain / _JANSKY * np.sqrt(pairs * array.bandwidth * array.duration)
    )
    beam = beam_width(array, nu)
    unresolved = array.confusion * (nu / GHz) ** -0.7 * (beam / arcmin) ** 2
    beams = np.maximum(0.25 * np.pi * (diameter / beam) ** 2, 1.0)
    kelvin = planck.brightness_temperature(np.sqrt(beams), nu, diameter)
    return Budget(
        thermal * kelvin,
        thermal * kelvin * np.sqrt(max(array.noise_excess**2 - 1.0, 0.0)),
        unresolved * kelvin,
        array.calibration * np.abs(disk - sky),
        array.sky_error * sky,
    )


def beam_width(array: Interferometer, nu: Array) -> Array:
    """Return the full width at half maximum of the synthesised beam, about λ/B [rad]."""
    return np.asarray(SPEED_OF_LIGHT / nu / array.longest_baseline)
