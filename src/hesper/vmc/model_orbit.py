"""The spacecraft's orbit in the body frame, and how the ground moves under it during an exposure."""

from typing import NamedTuple

import numpy as np

from hesper.constants import VENUS_GM, VENUS_RADIUS
from hesper.ephemeris import Rotation
from hesper.geometry import orbit, sphere
from hesper.record import Array

_SUN_GM = 1.327_124_400_41e20
"""m3 s-2; IAU 2009 system of constants, TDB-compatible."""
_J2 = 4.4044e-6
"""Konopliv, Banerdt & Sjogren (1999), from the normalised C20 = -1.9697e-6."""


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
    state = _state(elements, time)
    turn = sphere.rotation(2, spin.meridian + spin.rate * np.asarray(time, float))
    return np.asarray(np.einsum("...ij,...j->...i", turn, state.position))


def disturbed_place(elements: Elements, time: float, spin: Rotation, sun: Array) -> Array:
    """Return the spacecraft (3,) [m] in the body frame, carried off its ellipse by Sun and flattening.

    Parameters
    ----------
    elements
        Osculating at the time of periapsis.
    time
        [s tdb], within about a day of it.
    sun
        Place of the Sun in the body frame (3,) [m]; held fixed among the stars over that span.

    Notes
    -----
    r̈ = −GM r/r³ + GM☉ [(s − r)/|s − r|³ − s/s³] + the term of J₂, integrated numerically. Six hours from
    periapsis the flattening has moved Venus Express by more than 1 km, because it acts where the speed is
    largest, the tide by 0.2 km. Harmonics beyond J₂ are left out.
    """
    from scipy.integrate import solve_ivp

    turn = sphere.rotation(2, spin.meridian + spin.rate * time)
    source = turn.T @ sun
    pull = source / np.linalg.norm(source) ** 3
    start = _state(elements, elements.periapsis_time)

    def motion(_: float, state: Array) -> Array:
        there, off = state[:3], source - state[:3]
        tide = _SUN_GM * (off / np.linalg.norm(off) ** 3 - pull)
        distance = float(np.linalg.norm(there))
        height = (there[2] / distance) ** 2
        flat = 1.5 * _J2 * (VENUS_RADIUS / distance) ** 2 * np.array([1 - 5 * height] * 2 + [3 - 5 * height])
        return np.concatenate([state[3:], tide - VENUS_GM * there / distance**3 * (1 + flat)])

    first = np.concatenate([start.position, start.velocity])
    span = (0.0, time - elements.periapsis_time)
    path = solve_ivp(motion, span, first, method="DOP853", rtol=1e-10, atol=1.0)
    return np.asarray(turn @ path.y[:3, -1])


def _state(elements: Elements, time: Array | float) -> orbit.State:
    return orbit.kepler_state(
        np.asarray(time, float) - elements.periapsis_time,
        semi_major_axis=elements.semi_major_axis,
        eccentricity=elements.eccentricity,
        inclination=elements.inclination,
        ascending_node=elements.ascending_node,
        periapsis_argument=elements.periapsis_argument,
        gm=VENUS_GM,
    )


def nadir_smear(elements: Elements, time: Array | float, exposure: Array | float, spin: Rotation) -> Array:
    """Return how far [m] the ground under a camera kept to the nadir moves during an exposure [s]."""
    half = np.asarray(exposure) / 2
    first = sphere.normalized(place(elements, np.asarray(time) - half, spin))
    last = sphere.normalized(place(elements, np.asarray(time) + half, spin))
    return np.asarray(VENUS_RADIUS * sphere.separation(first, last))
