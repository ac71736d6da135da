"""Radar coordinates: delay, Doppler and the hemisphere they leave open.

In the delay–Doppler frame x runs along the Doppler axis (the apparent direction of rotation of the
sub-radar point), y along the apparent spin axis northward and z toward the radar. A point at (x, y, z) has
depth D = R − z behind the nearest point, round-trip delay 2D/c and Doppler shift 2ωx/λ.
"""

from typing import NamedTuple

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import InputError
from hesper.geometry.sphere import LonLat, lon_lat, normalized, unit_vector
from hesper.record import Array


class Frame(NamedTuple):
    """Unit vectors (..., 3) in the body frame and the apparent rotation rate [rad s-1] (...)."""

    doppler: Array
    """x: the direction in which Doppler grows (approaching limb)."""
    north: Array
    """y: normal to the Doppler equator, on the north side."""
    radar: Array
    """z: toward the radar; half-way between transmitter and receiver."""
    rate: Array


class Coordinates(NamedTuple):
    """Delay behind the sub-radar point of the reference sphere [s], Doppler shift [Hz], hemisphere ±1."""

    delay: Array
    doppler: Array
    hemisphere: Array


def frame(radar: Array, radar_rate: Array) -> Frame:
    """Return the delay–Doppler frame from the direction to the radar and its rate of change.

    Parameters
    ----------
    radar
        Unit vectors (..., 3) toward the radar in the rotating body frame.
    radar_rate
        Their time derivatives (..., 3) [s-1] in the body frame.
    """
    radar = np.asarray(radar, float)
    across = radar_rate - np.sum(radar_rate * radar, axis=-1, keepdims=True) * radar
    rate = np.linalg.norm(across, axis=-1)
    doppler = across / rate[..., None]
    north = np.cross(radar, doppler)
    return Frame(doppler, north * np.where(north[..., 2:] < 0, -1.0, 1.0), radar, rate)


def bisector(to_receiver: Array, to_transmitter: Array) -> Array:
    """Return the unit vector that stands for the radar when transmitter and receiver differ."""
    return normalized(np.asarray(to_receiver) + np.asarray(to_transmitter))


def from_surface(
    lon: Array | float,
    lat: Array | float,
    altitude: Array | float,
    *,
    view: Frame,
    wavelength: float,
    radius: float,
) -> Coordinates:
    """Return radar coordinates of surface points.

    Parameters
    ----------
    lon, lat
        Body-fixed longitude and latitude [rad].
    altitude
        Height above `radius` [m].
    view
        The delay–Doppler frame at the time of the echo, one epoch.
    wavelength, radius
        Radar wavelength and radius of the reference sphere [m].
    """
    point = (radius + np.asarray(altitude))[..., None] * unit_vector(lon, lat)
    x, y, z = point @ view.doppler, point @ view.north, point @ view.radar
    return Coordinates(
        2 * (radius - z) / SPEED_OF_LIGHT, 2 * view.rate * x / wavelength, np.where(y < 0, -1, 1)
    )


def to_surface(
    delay: Array | float,
    doppler: Array | float,
    hemisphere: Array | int,
    altitude: Array | float,
    *,
    view: Frame,
    wavelength: float,
    radius: float,
) -> LonLat:
    """Return the surface point of one hemisphere that has a delay, a Doppler shift and an altitude.

    The arguments are those `from_surface` returns and takes; NaN where the sphere of that altitude has no
    such point on the side of the radar.

    Raises
    ------
    InputError
        If a hemisphere is not −1 or 1, or the wavelength is not positive.
    """
    if not np.isin(hemisphere, (-1, 1)).all() or not wavelength > 0:
        raise InputError(f"to_surface: hemisphere ±1 and wavelength > 0 are needed; {wavelength} m given")
    x = wavelength * np.asarray(doppler) / (2 * view.rate)
    z = radius - SPEED_OF_LIGHT * np.asarray(delay) / 2
    squared = (radius + np.asarray(altitude)) ** 2 - x**2 - z**2
    with np.errstate(invalid="ignore"):
        # What lies behind the centre is hidden from the radar.
        y = np.where(z > 0, np.asarray(hemisphere) * np.sqrt(squared), np.nan)
    x, y, z = np.broadcast_arrays(x, y, z)
    return lon_lat(x[..., None] * view.doppler + y[..., None] * view.north + z[..., None] * view.radar)


def altitude_lever(north: Array | float, radius: float) -> Array:
    """Return dy/dh = R/y: how far a cell of fixed delay and Doppler moves north per metre of altitude."""
    return np.asarray(radius / np.asarray(north))


def patch_area(
    north: Array | float, doppler_width: Array | float, depth_width: Array | float, *, radius: float
) -> Array:
    """Return the area [m²] of one hemisphere's patch, R dx dD/|y|, of a delay–Doppler cell.

    Parameters
    ----------
    north
        y of the cell [m].
    doppler_width, depth_width
        Width of the cell along x and in depth [m].
    """
    return np.asarray(
        radius * np.asarray(doppler_width) * np.asarray(depth_width) / np.abs(np.asarray(north))
    )


def cap_radius(depth: Array | float, radius: float) -> Array:
    """Return the radius [m] of the cap that is lit down to a depth [m]: √(2RD − D²)."""
    depth = np.asarray(depth)
    return np.asarray(np.sqrt(2 * radius * depth - depth**2))
