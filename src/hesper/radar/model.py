"""What a sphere does to a radar signal: where it answers, how strongly, how strongly the beam sees it."""

from typing import NamedTuple

import numpy as np

from hesper.constants import SPEED_OF_LIGHT, VENUS_RADIUS
from hesper.ephemeris import Echo
from hesper.geometry import sphere
from hesper.geometry.delay_doppler import Frame
from hesper.record import Array


class Plane(NamedTuple):
    """Places of a look in the frame of delay and Doppler [m]: along the Doppler axis, |north|, radar."""

    x: Array
    y: Array
    z: Array


def frame(echo: Echo, row: int = 0) -> Frame:
    """Return the delay–Doppler frame of one time of an echo."""
    return Frame(echo.doppler[row], echo.north[row], echo.radar[row], echo.rotation_rate[row])


def wavelength(frequency: float) -> float:
    """Return the wavelength [m] of a frequency [Hz]."""
    return SPEED_OF_LIGHT / frequency


def half_width(rotation_rate: Array | float, frequency: float, *, radius: float = VENUS_RADIUS) -> Array:
    """Return the Doppler shift [Hz] of the limb against the centre, 2ωR/λ."""
    return np.asarray(2 * np.asarray(rotation_rate) * radius / wavelength(frequency))


def plane(
    delay: Array, doppler: Array, *, rotation_rate: float, frequency: float, radius: float = VENUS_RADIUS
) -> Plane:
    """Return where delays [s] and Doppler shifts [Hz] that broadcast lie on the sphere; y is NaN off it."""
    x = wavelength(frequency) * np.asarray(doppler) / (2 * rotation_rate)
    z = radius - SPEED_OF_LIGHT * np.asarray(delay) / 2
    with np.errstate(invalid="ignore"):
        y = np.sqrt(radius**2 - x**2 - z**2)
    x, z = np.broadcast_arrays(x, z)
    return Plane(x, y, z)


def cell_extent(
    north: Array, across: Array, depth_width: float, doppler_width: float, *, radius: float = VENUS_RADIUS
) -> Array:
    """Return the north–south extent [m] of a delay–Doppler cell, √((R dD)² + (x dx)²)/|y|.

    Parameters
    ----------
    north, across
        y and x of the cell [m], broadcast.
    depth_width, doppler_width
        Its width in depth dD and along x [m].

    Notes
    -----
    At fixed x a step dD in depth moves a point by R dD/y, at fixed depth a step dx moves it by x dx/y.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(np.hypot(radius * depth_width, across * doppler_width) / np.abs(north))


def incidence(lon: Array | float, lat: Array | float, view: Frame) -> Array:
    """Return the angle [rad] between the radar and the normal of the sphere at longitudes and latitudes."""
    return sphere.separation(sphere.unit_vector(lon, lat), view.radar)


def muhleman(incidence: Array | float, *, scale: float = 0.0118, a: float = 0.111) -> Array:
    """Return the reflectivity σ0 of Muhleman's law, k cos θ/(sin θ + a cos θ)³.

    The default values are those by which Magellan's images are normalised (Pettengill et al. 1988).
    """
    cosine = np.cos(incidence)
    return np.asarray(scale * cosine / (np.sin(incidence) + a * cosine) ** 3)


def hagfors(incidence: Array | float, *, fresnel: float, roughness: float) -> Array:
    """Return the reflectivity σ0 of Hagfors' law, ρC/2 (cos⁴θ + C sin²θ)^(−3/2).

    Parameters
    ----------
    incidence
        θ [rad].
    fresnel
        Reflectivity ρ at normal incidence.
    roughness
        C; the rms slope is C^(−1/2).

    Notes
    -----
    Hagfors 1964, J. Geophys. Res. 69, 3779.
    """
    return np.asarray(
        fresnel * roughness / 2 * (np.cos(incidence) ** 4 + roughness * np.sin(incidence) ** 2) ** -1.5
    )


def beam_gain(separation: Array | float, half_power_width: float) -> Array:
    """Return the two-way gain of a Gaussian beam at angles [rad] from its axis; its width is one-way."""
    return np.asarray(np.exp2(-2 * (2 * np.asarray(separation) / half_power_width) ** 2))


def mirror_gain(
    across: Array, north: Array, *, distance: float, offset: float, half_power_width: float
) -> Array:
    """Return the beam's two-way gain at the mirror place (x, −y) over that at (x, y).

    Parameters
    ----------
    across, north
        x and y of the places [m], broadcast.
    distance
        From Venus to the radar [m].
    offset
        Angle [rad] by which the beam's axis is aimed along y, positive north.
    half_power_width
        Of the one-way beam [rad].
    """
    here = np.hypot(across / distance, north / distance - offset)
    there = np.hypot(across / distance, north / distance + offset)
    return np.asarray(beam_gain(there, half_power_width) / beam_gain(here, half_power_width))


def code_axes(baud: float, code_length: int, transform_length: int) -> tuple[float, float]:
    """Return the steps of delay [s] and Doppler shift [Hz] of a repeated code and its transform.

    One spectrum of `transform_length` points is made of one sample per repetition, at 1/(length × baud).
    """
    return baud, 1 / (code_length * baud * transform_length)
