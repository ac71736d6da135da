"""Doppler shift of light from a moving atmosphere: scattered sunlight and Venus's own lines.

Velocities are positive receding: a line at λ₀ is seen at λ₀(1 + v/c). Winds are relative to the
inertial centre of the planet.
"""

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.geometry.sphere import local_axes, unit_vector
from hesper.record import Array


def wind_vector(
    lon: Array | float,
    lat: Array | float,
    eastward: Array | float,
    northward: Array | float = 0.0,
    upward: Array | float = 0.0,
) -> Array:
    """Return wind vectors (..., 3) in the body frame from their local components [m s-1]."""
    axes = local_axes(lon, lat)
    parts = zip((eastward, northward, upward), axes, strict=True)
    return np.asarray(sum(np.asarray(speed)[..., None] * axis for speed, axis in parts))


def antisolar_flow(lon: Array | float, lat: Array | float, speed: Array | float, to_sun: Array) -> Array:
    """Return the vectors (..., 3) of a flow away from the sub-solar point [m s-1].

    Parameters
    ----------
    lon, lat
        Points [rad].
    speed
        Speed away from the sub-solar point [m s-1].
    to_sun
        Unit vector(s) toward the Sun in the body frame.
    """
    normal = unit_vector(lon, lat)
    cosine = np.sum(normal * to_sun, axis=-1, keepdims=True)
    away = cosine * normal - to_sun
    length = np.linalg.norm(away, axis=-1, keepdims=True)
    # At the sub-solar and anti-solar points the flow has no direction and no speed.
    return np.asarray(np.asarray(speed)[..., None] * away / np.where(length > 0, length, 1.0))


def reflected_velocity(wind: Array, to_sun: Array, to_observer: Array) -> Array:
    """Return the apparent velocity [m s-1] of a solar line scattered by moving cloud.

    v = −w·(i + e): the Sun–cloud leg and the cloud–observer leg add (first order; the exact product of
    both legs, `reflected_velocity_exact`, differs by less than 1e-4 m/s at 150 m/s).

    Parameters
    ----------
    wind
        Vectors (..., 3) [m s-1].
    to_sun, to_observer
        Unit vectors (..., 3) from the point.
    """
    return np.asarray(-np.sum(wind * (np.asarray(to_sun) + to_observer), axis=-1))


def reflected_velocity_exact(wind: Array, to_sun: Array, to_observer: Array) -> Array:
    """Return c (λ/λ₀ − 1) [m s-1] of scattered sunlight: (1 − w·e/c)/(1 + w·i/c); γ cancels."""
    toward_sun = np.sum(wind * np.asarray(to_sun), axis=-1) / SPEED_OF_LIGHT
    toward_observer = np.sum(wind * np.asarray(to_observer), axis=-1) / SPEED_OF_LIGHT
    return np.asarray(-SPEED_OF_LIGHT * (toward_observer + toward_sun) / (1 + toward_sun))


def emitted_velocity(wind: Array, to_observer: Array) -> Array:
    """Return the velocity [m s-1] of a line formed in Venus's own atmosphere, v = −w·e."""
    return np.asarray(-np.sum(wind * np.asarray(to_observer), axis=-1))
