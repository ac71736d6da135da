"""Keplerian motion of a spacecraft."""

from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.geometry.sphere import rotation
from hesper.record import Array


class State(NamedTuple):
    """Position (..., 3) [m] and velocity (..., 3) [m s-1] in the frame of the elements."""

    position: Array
    velocity: Array


def kepler_state(
    time: Array | float,
    *,
    semi_major_axis: float,
    eccentricity: float,
    inclination: float,
    ascending_node: float,
    periapsis_argument: float,
    gm: float,
) -> State:
    """Return the state of a body on an elliptic orbit.

    Parameters
    ----------
    time
        Time since periapsis [s], any shape.
    semi_major_axis
        [m].
    eccentricity
        0 ≤ e < 1.
    inclination, ascending_node, periapsis_argument
        [rad].
    gm
        Gravitational parameter of the central body [m3 s-2].

    Raises
    ------
    InputError
        If the orbit is not an ellipse.
    """
    if not (0 <= eccentricity < 1 and semi_major_axis > 0):
        raise InputError(
            f"orbit: eccentricity {eccentricity}, semi-major axis {semi_major_axis} m; an ellipse is needed"
        )
    motion = np.sqrt(gm / semi_major_axis**3)
    anomaly = eccentric_anomaly(motion * np.asarray(time, float), eccentricity)
    flattening = np.sqrt(1 - eccentricity**2)
    rate = motion / (1 - eccentricity * np.cos(anomaly))
    zero = np.zeros_like(anomaly)
    plane = np.stack([np.cos(anomaly) - eccentricity, flattening * np.sin(anomaly), zero], axis=-1)
    speed = np.stack([-np.sin(anomaly), flattening * np.cos(anomaly), zero], axis=-1) * rate[..., None]
    to_frame = (rotation(2, periapsis_argument) @ rotation(0, inclination) @ rotation(2, ascending_node)).T
    return State(semi_major_axis * plane @ to_frame.T, semi_major_axis * speed @ to_frame.T)


def eccentric_anomaly(mean_anomaly: Array | float, eccentricity: float) -> Array:
    """Solve Kepler's equation E − e sin E = M for E [rad] by Newton's method (any shape, any e < 1)."""
    mean = np.asarray(mean_anomaly, float)
    wrapped = (mean + np.pi) % (2 * np.pi) - np.pi
    anomaly = np.where(eccentricity > 0.8, np.sign(wrapped) * np.pi, wrapped)
    for _ in range(50):
        step = (anomaly - eccentricity * np.sin(anomaly) - wrapped) / (1 - eccentricity * np.cos(anomaly))
        anomaly = anomaly - step
        if np.all(np.abs(step) < 1e-15 * np.maximum(1.0, np.abs(anomaly))):
            break
    return np.asarray(anomaly + (mean - wrapped))
