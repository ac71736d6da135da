"""The disk of Venus behind a slit: how it is turned, what lies where, and what a chord says.

Sky-plane coordinates are angles [rad] from the centre of the disk: x across the slit, sunward; y along
the slit. Velocities are positive receding, winds relative to the inertial centre of the planet.
"""

import math
from typing import NamedTuple

import numpy as np

from hesper.constants import SPEED_OF_LIGHT, SUN_RADIUS
from hesper.ephemeris import Viewing
from hesper.errors import InputError
from hesper.geometry import sphere, young
from hesper.record import Array
from hesper.units import deg
from hesper.winds.model_template import Shifts


class Aspect(NamedTuple):
    """How the disk is turned toward the observer, the Sun and the slit; vectors (3,) in the body frame."""

    to_observer: Array
    to_sun: Array
    across: Array
    """Sky-plane direction of +x."""
    along: Array
    """Sky-plane direction of +y, that of increasing detector rows."""
    angular_radius: float
    """Of the sphere that scatters [rad]."""
    radius: float
    """Of the sphere that scatters [m]."""
    observer_rate: Array
    """d(to_observer)/dt in inertial axes [rad s-1]."""
    direction_rate: Array
    """d(to_observer)/dt + d(to_sun)/dt in inertial axes [rad s-1]."""
    sun_axis: Array
    sun_angular_radius: float
    """Of the Sun seen from Venus [rad]."""
    sun_limb_speed: float
    """Of the Sun's equatorial limb seen from Venus [m s-1]."""


class Points(NamedTuple):
    """Points of the disk: NaN off it."""

    normal: Array
    """(..., 3)."""
    lon: Array
    lat: Array
    cos_incidence: Array
    cos_emission: Array


def aspect(view: Viewing, *, slit_angle: float, radius: float) -> Aspect:
    """Return how the disk lies behind the slit in the middle of a run.

    Parameters
    ----------
    view
        At two times or more, whose differences give the rates.
    slit_angle
        Position angle of increasing rows on the sky, north through east [rad].
    radius
        Of the scattering sphere [m].

    Raises
    ------
    InputError
        If there is only one time, or all are equal.
    """
    if view.time.size < 2 or np.ptp(view.time) <= 0:
        raise InputError(
            "aspect: one time given; two or more are needed for the rates of the lines of sight: "
            "give the viewing of all frames, or of start and end"
        )
    inverse = np.swapaxes(view.body_axes, 1, 2)
    rates = [
        _mean_rate(view.time, np.einsum("tij,tj->ti", inverse, direction))
        for direction in (view.to_observer, view.to_sun)
    ]
    middle = view.time.size // 2
    body = view.body_axes[middle]
    to_observer, to_sun = view.to_observer[middle], view.to_sun[middle]
    axes = sphere.local_axes(view.ra[middle], view.dec[middle])
    slit = body @ (math.cos(slit_angle) * axes.north + math.sin(slit_angle) * axes.east)
    along = sphere.normalized(slit - np.dot(slit, to_observer) * to_observer)
    across = np.cross(along, to_observer)
    if np.dot(across, to_sun) < 0:
        across = -across
    sun_distance = float(view.sun_distance[middle])
    sun_axis = sphere.unit_vector(young.SUN_AXIS_RA_DEC[0] * deg, young.SUN_AXIS_RA_DEC[1] * deg)
    return Aspect(
        to_observer=to_observer,
        to_sun=to_sun,
        across=across,
        along=along,
        angular_radius=float(np.arcsin(radius / view.distance[middle])),
        radius=radius,
        observer_rate=body @ rates[0],
        direction_rate=body @ (rates[0] + rates[1]),
        sun_axis=body @ sun_axis,
        sun_angular_radius=SUN_RADIUS / sun_distance,
        sun_limb_speed=young.limb_velocity(
            SUN_RADIUS, sun_distance, float(np.linalg.norm(rates[1])) * sun_distance
        ),
    )


def shifts(view: Viewing) -> Shifts:
    """Return the mean shifts of a run in the absence of wind."""
    return Shifts(
        float(view.reflected_shift.mean()),
        float(view.venus_observer_rate.mean() / SPEED_OF_LIGHT),
        float(view.sky_shift.mean()),
    )


def line_shift(view: Viewing, line: str) -> Array:
    """Return λ/λ0 − 1 (time,) of "reflected" or "emitted" lines from the centre of the planet."""
    return {"reflected": view.reflected_shift, "emitted": view.venus_observer_rate / SPEED_OF_LIGHT}[line]


def terminator_angle(view: Viewing) -> float:
    """Return the position angle [rad] of a slit along the terminator in mid-run, rows running south."""
    middle = view.time.size // 2
    to_observer, to_sun = view.to_observer[middle], view.to_sun[middle]
    along = np.cross(to_observer, to_sun - np.dot(to_sun, to_observer) * to_observer)
    if along[2] > 0:
        along = -along
    direction = sphere.unit_vector(view.ra[middle], view.dec[middle])
    return float(sphere.position_angle(direction, view.body_axes[middle].T @ along))


def _mean_rate(time: Array, direction: Array) -> Array:
    t = time - time.mean()
    return np.asarray(t @ (direction - direction.mean(axis=0)) / (t @ t))


def points(view: Aspect, x: Array, y: Array) -> Points:
    """Return what lies at sky-plane coordinates x, y [rad] that broadcast."""
    a, b = np.broadcast_arrays(np.asarray(x) / view.angular_radius, np.asarray(y) / view.angular_radius)
    with np.errstate(invalid="ignore"):
        depth = np.sqrt(1 - a**2 - b**2)
    normal = a[..., None] * view.across + b[..., None] * view.along + depth[..., None] * view.to_observer
    place = sphere.lon_lat(normal)
    return Points(normal, place.lon, place.lat, normal @ view.to_sun, depth)


def bisector(view: Aspect) -> sphere.LonLat:
    """Return where the bisector of the directions to the Sun and to the observer meets the sphere."""
    return sphere.lon_lat(view.to_sun + view.to_observer)


def phase(view: Aspect) -> float:
    """Return the phase angle [rad]."""
    return float(sphere.separation(view.to_sun, view.to_observer))


def chord(x: Array, view: Aspect) -> Array:
    """Return the length C [rad] of the lit part of the slit at positions x, for a slit along the terminator.

    Sunward of the centre C = 2√(R² − x²); darkward, for phases below 90°, the terminator cuts:
    2R√(1 − (x/(R cos φ))²). Beyond 90° the chord has two parts where x < R |cos φ|: their sum is returned.
    """
    radius, cosine = view.angular_radius, math.cos(phase(view))
    x = np.asarray(x, float)
    with np.errstate(invalid="ignore"):
        limb = np.sqrt(np.clip(radius**2 - x**2, 0, None))
        shadow = np.sqrt(np.clip(radius**2 - (x / cosine) ** 2, 0, None))
    if cosine >= 0:
        return np.asarray(2 * np.where(x >= 0, limb, np.where(x >= -radius * cosine, shadow, 0.0)))
    return np.asarray(2 * np.where(x >= 0, limb - shadow, 0.0))


def slit_position(length: Array, view: Aspect) -> tuple[Array, Array]:
    """Return the sunward and the darkward position x [rad] of a chord (phases below 90°).

    x₊ = ½√(D² − C²), x₋ = −cos φ · ½√(D² − C²): the answer is two-fold.
    """
    half = np.sqrt(np.clip(view.angular_radius**2 - (np.asarray(length) / 2) ** 2, 0, None))
    return half, -math.cos(phase(view)) * half
