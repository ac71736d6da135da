"""Light on its way: stations, light times, shifts of wavelength, apparent places."""

from typing import NamedTuple

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.ephemeris.earth import Earth
from hesper.ephemeris.kernel import Spk, State, state
from hesper.ephemeris.sites import Site
from hesper.geometry import sphere
from hesper.record import Array
from hesper.units import au

EARTH_ROTATION = 7.292_115e-5
"""rad s-1; nominal mean angular velocity of the Earth (IERS Conventions 2010)."""


class Horizon(NamedTuple):
    """A direction above a station's horizon [rad]."""

    azimuth: Array
    elevation: Array
    hour_angle: Array


def station(spk: Spk, tdb: Array, earth: Earth, site: Site) -> tuple[Array, Array]:
    """Return the barycentric position and velocity (time, 3) of a station."""
    centre = state(spk, "earth", tdb)
    itrf = np.asarray(site.itrf)
    spin = EARTH_ROTATION * np.array([-itrf[1], itrf[0], 0.0])
    return centre.position + earth.to_celestial @ itrf, centre.velocity + earth.to_celestial @ spin


def turned(earth: Earth, seconds: float) -> Earth:
    """Return the Earth's orientation some seconds later; its axis stays where it is to 1e-9 rad a minute."""
    later = earth.to_celestial @ sphere.rotation(2, -EARTH_ROTATION * seconds)
    return earth._replace(to_celestial=later)


def leg(spk: Spk, body: str, arrival: Array, there: Array) -> tuple[State, Array]:
    """Return the state of `body` when light left it to be `there` at `arrival`, and the light time [s]."""
    light = np.zeros_like(arrival)
    for _ in range(4):
        emitter = state(spk, body, arrival - light)
        light = np.linalg.norm(there - emitter.position, axis=-1) / SPEED_OF_LIGHT
    return state(spk, body, arrival - light), light


def range_rate(receiver: Array, emitter: Array, direction: Array) -> Array:
    """Return how fast the path between two bodies grows [m s-1]; velocities and direction are (time, 3)."""
    return np.asarray(np.sum((receiver - emitter) * direction, axis=-1))


def _beta(velocity: Array, direction: Array) -> Array:
    return np.asarray(np.sum(velocity * direction, axis=-1) / SPEED_OF_LIGHT)


def wavelength_ratio(emitter: Array, receiver: Array, direction: Array) -> Array:
    """Return the classical ratio of received to emitted wavelength, both γ left out."""
    return np.asarray((1 - _beta(emitter, direction)) / (1 - _beta(receiver, direction)))


def gamma_ratio(emitter: Array, receiver: Array) -> Array:
    """Return γ(emitter)/γ(receiver) of two velocities (time, 3) [m s-1]."""

    def gamma(velocity: Array) -> Array:
        return np.asarray(1 / np.sqrt(1 - np.sum(velocity**2, axis=-1) / SPEED_OF_LIGHT**2))

    return np.asarray(gamma(emitter) / gamma(receiver))


def apparent_place(earth: Earth, venus: Array, sun: Array, where: Array, speed: Array) -> sphere.LonLat:
    """Return the apparent place of date: deflection by the Sun, aberration, precession and nutation.

    Parameters
    ----------
    venus, sun, where, speed
        Barycentric positions of Venus and Sun when their light left, and the observer's position and
        velocity, (time, 3) [m], [m s-1].

    Notes
    -----
    Venus is near: its light is bent by what the path from Venus, not from infinity, asks for (SOFA `ld`).
    """
    import erfa

    from_sun = where - sun
    distance = np.linalg.norm(from_sun, axis=-1)
    direction = sphere.normalized(venus - where)
    from_sun_to_venus = sphere.normalized(venus - sun)
    bent = erfa.ld(1.0, direction, from_sun_to_venus, from_sun / distance[:, None], distance / au, 1e-9)
    beta = speed / SPEED_OF_LIGHT
    seen = erfa.ab(bent, beta, distance / au, np.sqrt(1 - np.sum(beta**2, axis=-1)))
    return sphere.lon_lat(turn(earth.to_true, seen))


def horizon(earth: Earth, site: Site, direction: Array, speed: Array) -> Horizon:
    """Return azimuth, elevation and hour angle, aberration included, refraction not."""
    if not any(site.itrf):
        nothing = np.full(len(direction), np.nan)
        return Horizon(nothing, nothing, nothing)
    import erfa

    lon, lat, _ = erfa.gc2gd(1, np.asarray(site.itrf))
    seen = sphere.normalized(direction + speed / SPEED_OF_LIGHT)
    local = turn(np.swapaxes(earth.to_celestial, 1, 2), seen)
    axes = sphere.local_axes(lon, lat)
    east, north, up = (local @ axis for axis in axes)
    hour = (lon - np.arctan2(local[:, 1], local[:, 0]) + np.pi) % (2 * np.pi) - np.pi
    return Horizon(np.arctan2(east, north) % (2 * np.pi), np.arctan2(up, np.hypot(east, north)), hour)


def turn(matrix: Array, vector: Array) -> Array:
    """Return vectors (time, 3) turned by matrices (time, 3, 3)."""
    return np.asarray(np.einsum("tij,tj->ti", matrix, vector))
