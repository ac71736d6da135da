"""Points, directions and angles on a sphere.

Vectors are arrays whose last axis has length 3; longitudes increase eastward, in [0, 2π).
"""

from typing import NamedTuple

import numpy as np

from hesper.record import Array


class LonLat(NamedTuple):
    """Longitude (east, [0, 2π)) and latitude [rad]."""

    lon: Array
    lat: Array


class Axes(NamedTuple):
    """Unit vectors of a point's local frame, each (..., 3)."""

    east: Array
    north: Array
    up: Array


class Illumination(NamedTuple):
    """Angles at a surface point [rad]."""

    incidence: Array
    emission: Array
    phase: Array


def unit_vector(lon: Array | float, lat: Array | float) -> Array:
    """Return unit vectors (..., 3) of longitudes and latitudes [rad] that broadcast."""
    lon, lat = np.broadcast_arrays(lon, lat)
    cos_lat = np.cos(lat)
    return np.stack([cos_lat * np.cos(lon), cos_lat * np.sin(lon), np.sin(lat)], axis=-1)


def lon_lat(vector: Array) -> LonLat:
    """Return longitude and latitude [rad] of vectors (..., 3) of any length."""
    x, y, z = np.moveaxis(np.asarray(vector, dtype=float), -1, 0)
    return LonLat(np.arctan2(y, x) % (2 * np.pi), np.arctan2(z, np.hypot(x, y)))


def normalized(vector: Array) -> Array:
    """Return vectors (..., 3) scaled to length 1."""
    vector = np.asarray(vector, dtype=float)
    return np.asarray(vector / np.linalg.norm(vector, axis=-1, keepdims=True))


def local_axes(lon: Array | float, lat: Array | float) -> Axes:
    """Return east, north and up unit vectors at longitudes and latitudes [rad]."""
    lon, lat = np.broadcast_arrays(lon, lat)
    zero = np.zeros_like(lon, dtype=float)
    east = np.stack([-np.sin(lon), np.cos(lon), zero], axis=-1)
    north = np.stack([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)], axis=-1)
    return Axes(east, north, unit_vector(lon, lat))


def separation(first: Array, second: Array) -> Array:
    """Return the angle [rad] between vectors (..., 3), exact also where it is tiny or near π."""
    cross = np.linalg.norm(np.cross(first, second), axis=-1)
    return np.asarray(np.arctan2(cross, np.sum(np.asarray(first) * np.asarray(second), axis=-1)))


def ray_sphere(origin: Array, direction: Array, radius: Array | float) -> Array:
    """Return the distance from `origin` along the unit `direction` to a sphere round 0; NaN if missed.

    Parameters
    ----------
    origin, direction
        (..., 3) [m] and (..., 3); broadcast.
    radius
        Radius of the sphere [m].
    """
    along = np.sum(np.asarray(origin) * np.asarray(direction), axis=-1)
    # |origin − along·direction|² is exact where along² − |origin|² cancels, at the limb from afar.
    nearest = np.asarray(origin) - along[..., None] * np.asarray(direction)
    gap = np.asarray(radius) ** 2 - np.sum(nearest**2, axis=-1)
    with np.errstate(invalid="ignore"):
        distance = -along - np.sqrt(gap)
    return np.where(distance >= 0, distance, np.nan)


def illumination(normal: Array, to_sun: Array, to_observer: Array) -> Illumination:
    """Return incidence, emission and phase angle [rad] from unit vectors (..., 3) that broadcast."""
    return Illumination(
        separation(normal, to_sun), separation(normal, to_observer), separation(to_sun, to_observer)
    )


def illuminated_fraction(phase: Array | float) -> Array:
    """Return the lit part of the disk's area, (1 + cos phase)/2."""
    return np.asarray((1 + np.cos(phase)) / 2)


def position_angle(direction: Array, axis: Array) -> Array:
    """Return the angle [rad, [0, 2π)] of an axis on the sky at a direction, from north through east.

    Parameters
    ----------
    direction
        Unit vectors (..., 3) from the observer, in an equatorial frame.
    axis
        Vectors (..., 3) in the same frame, for example the planet's north pole.
    """
    axes = local_axes(*lon_lat(direction))
    east = np.sum(axes.east * axis, axis=-1)
    north = np.sum(axes.north * axis, axis=-1)
    return np.asarray(np.arctan2(east, north) % (2 * np.pi))


def rotation(axis: int, angle: Array | float) -> Array:
    """Return the matrices (..., 3, 3) that turn the frame by `angle` [rad] about axis 0, 1 or 2."""
    angle = np.asarray(angle, dtype=float)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.zeros((*angle.shape, 3, 3))
    matrix[..., axis, axis] = 1
    matrix[..., first, first] = matrix[..., second, second] = np.cos(angle)
    matrix[..., first, second] = np.sin(angle)
    matrix[..., second, first] = -np.sin(angle)
    return matrix


def body_axes(pole_ra: Array | float, pole_dec: Array | float, meridian: Array | float) -> Array:
    """Return the rotation (..., 3, 3) from ICRF to a body frame, Rz(W) Rx(90° − δ) Rz(90° + α).

    Parameters
    ----------
    pole_ra, pole_dec
        Right ascension α and declination δ of the north pole [rad].
    meridian
        Angle W along the equator from its node on the ICRF equator to the prime meridian [rad].

    Notes
    -----
    Archinal et al. 2011, Report of the IAU Working Group on Cartographic Coordinates, figure 1. With
    W = 0 it is the body's mean-equator frame whose x axis is the node.
    """
    ra, dec, meridian = np.broadcast_arrays(pole_ra, pole_dec, meridian)
    node = rotation(2, np.pi / 2 + ra)
    tilt = rotation(0, np.pi / 2 - dec)
    return np.asarray(rotation(2, meridian) @ tilt @ node)
