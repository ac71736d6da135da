"""The spacecraft's orbit in the body frame, and how the ground moves under it during an exposure."""

from typing import NamedTuple

import numpy as np

from hesper.constants import VENUS_GM, VENUS_RADIUS
from hesper.ephemeris import Rotation
from hesper.geometry import orbit, sphere
from hesper.record import Array


class Elements(NamedTuple):
    """Orbital elements in the mean equator of Venus, x toward its node on the ICRF equator."""

    semi_major_axis: float
    """m."""
    eccentricity: float
    inclination: float
    """rad."""
    ascending_node: float
    """rad."""
    periapsis_argument: float
    """rad."""
    periapsis_time: float
    """TDB seconds since J2000."""


def place(elements: Elements, time: Array | float, spin: Rotation) -> Array:
    """Return the spacecraft (..., 3) [m] in the body frame at times [s tdb] (any shape)."""
    state = orbit.kepler_state(
        np.asarray(time, float) - elements.periapsis_time,
        semi_major_axis=elements.semi_major_axis,
        eccentricity=elements.eccentricity,
        inclination=elements.inclination,
        ascending_node=elements.ascending_node,
        periapsis_argument=elements.periapsis_argument,
        gm=VENUS_GM,
    )
    turn = sphere.rotation(2, spin.meridian + spin.rate * np.asarray(time, float))
    return np.asarray(np.einsum("...ij,...j->...i", turn, state.position))


def nadir_smear(elements: Elements, time: Array | float, exposure: Array | float, spin: Rotation) -> Array:
    """Return how far [m] the ground under a camera kept to the nadir moves during an exposure [s]."""
    half = np.asarray(exposure) / 2
    first = sphere.normalized(place(elements, np.asarray(time) - half, spin))
    last = sphere.normalized(place(elements, np.asarray(time) + half, spin))
    return np.asarray(VENUS_RADIUS * sphere.separation(first, last))
