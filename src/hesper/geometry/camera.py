"""A pinhole camera before a sphere.

The camera sits at `position` (3,) [m] in the body frame; the rows of `axes` (3, 3) are its unit vectors
along samples, along lines and along the boresight. A pixel (sample u, line v, counted from 0 at the
centre of the first pixel) looks along axesᵀ ((u − cu)/f, (v − cv)/f, 1), f being the focal length in pixels.
"""

import math
from typing import NamedTuple

import numpy as np

from hesper.compiled import compiled
from hesper.errors import InputError
from hesper.record import Array


class Pinhole(NamedTuple):
    """The numbers of a camera's inner orientation, in pixels."""

    focal: float
    sample: float
    """Sample of the boresight (principal point)."""
    line: float
    """Line of the boresight."""


class Sight(NamedTuple):
    """What pixels see of a sphere: NaN where they miss it. Angles in rad."""

    lon: Array
    lat: Array
    cos_emission: Array


class Place(NamedTuple):
    """Where points of a sphere fall in an image: NaN where the camera does not see them."""

    sample: Array
    line: Array


@compiled
def see(
    u: float, v: float, camera: tuple[float, float, float], position: Array, axes: Array, radius: float
) -> tuple[float, float, float, float]:
    """Return x, y, z [m] and cosine of emission where one pixel meets the sphere; NaN if it does not."""
    a = (u - camera[1]) / camera[0]
    b = (v - camera[2]) / camera[0]
    dx = a * axes[0, 0] + b * axes[1, 0] + axes[2, 0]
    dy = a * axes[0, 1] + b * axes[1, 1] + axes[2, 1]
    dz = a * axes[0, 2] + b * axes[1, 2] + axes[2, 2]
    length = math.sqrt(dx * dx + dy * dy + dz * dz)
    dx /= length
    dy /= length
    dz /= length
    along = position[0] * dx + position[1] * dy + position[2] * dz
    nx = position[0] - along * dx
    ny = position[1] - along * dy
    nz = position[2] - along * dz
    gap = radius * radius - (nx * nx + ny * ny + nz * nz)
    if gap < 0.0 or along > 0.0:
        return np.nan, np.nan, np.nan, np.nan
    root = math.sqrt(gap)
    # The nearest point of the ray plus the half chord: no cancellation of the distance.
    return nx - root * dx, ny - root * dy, nz - root * dz, root / radius


@compiled
def place(
    x: float, y: float, z: float, camera: tuple[float, float, float], position: Array, axes: Array
) -> tuple[float, float]:
    """Return sample and line of one surface point (x, y, z) [m]; NaN if the camera does not see it."""
    rx = x - position[0]
    ry = y - position[1]
    rz = z - position[2]
    depth = axes[2, 0] * rx + axes[2, 1] * ry + axes[2, 2] * rz
    if depth <= 0.0 or rx * x + ry * y + rz * z >= 0.0:
        return np.nan, np.nan
    u = camera[1] + camera[0] * (axes[0, 0] * rx + axes[0, 1] * ry + axes[0, 2] * rz) / depth
    v = camera[2] + camera[0] * (axes[1, 0] * rx + axes[1, 1] * ry + axes[1, 2] * rz) / depth
    return u, v


@compiled
def _sights(
    samples: Array,
    lines: Array,
    camera: tuple[float, float, float],
    position: Array,
    axes: Array,
    radius: float,
    out: Array,
) -> None:
    for i in range(samples.size):
        x, y, z, mu = see(samples[i], lines[i], camera, position, axes, radius)
        out[0, i] = math.atan2(y, x) % (2 * math.pi)
        out[1, i] = math.atan2(z, math.hypot(x, y))
        out[2, i] = mu


@compiled
def _places(
    lon: Array,
    lat: Array,
    radius: Array,
    camera: tuple[float, float, float],
    position: Array,
    axes: Array,
    out: Array,
) -> None:
    for i in range(lon.size):
        r = radius[i]
        x = r * math.cos(lat[i]) * math.cos(lon[i])
        y = r * math.cos(lat[i]) * math.sin(lon[i])
        out[0, i], out[1, i] = place(x, y, r * math.sin(lat[i]), camera, position, axes)


def sphere_from_pixels(
    sample: Array | float,
    line: Array | float,
    *,
    camera: Pinhole,
    position: Array,
    axes: Array,
    radius: float,
) -> Sight:
    """Return where pixels meet a sphere.

    Parameters
    ----------
    sample, line
        Pixel coordinates, any shape, broadcast.
    camera, position, axes
        Camera in pixels, its place [m] (3,) and its axes (3, 3) in the body frame.
    radius
        Radius of the sphere [m].

    Raises
    ------
    InputError
        If the camera is not outside the sphere, or shapes are wrong.
    """
    u, v = (np.array(a) for a in np.broadcast_arrays(np.asarray(sample, float), np.asarray(line, float)))
    out = np.empty((3, u.size))
    where, how = _frame(position, axes)
    _check_outside(where, radius, camera)
    _sights(u.ravel(), v.ravel(), _numbers(camera), where, how, float(radius), out)
    return Sight(*(row.reshape(u.shape) for row in out))


def pixels_from_sphere(
    lon: Array | float,
    lat: Array | float,
    *,
    camera: Pinhole,
    position: Array,
    axes: Array,
    radius: Array | float,
) -> Place:
    """Return where surface points at `radius` [m] (broadcast with lon, lat [rad]) fall in the image."""
    given = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float), np.asarray(radius, float))
    lon, lat, r = (np.array(a) for a in given)
    out = np.empty((2, lon.size))
    where, how = _frame(position, axes)
    _places(lon.ravel(), lat.ravel(), r.ravel(), _numbers(camera), where, how, out)
    return Place(*(row.reshape(lon.shape) for row in out))


def _numbers(camera: Pinhole) -> tuple[float, float, float]:
    return float(camera.focal), float(camera.sample), float(camera.line)


def _frame(position: Array, axes: Array) -> tuple[Array, Array]:
    where, how = np.ascontiguousarray(position, dtype=float), np.ascontiguousarray(axes, dtype=float)
    # Compiled code would read past the end of anything else.
    if where.shape != (3,) or how.shape != (3, 3):
        raise InputError(f"camera: position {where.shape} and axes {how.shape}; (3,) and (3, 3) are needed")
    return where, how


def _check_outside(where: Array, radius: float, camera: Pinhole) -> None:
    distance = float(np.linalg.norm(where))
    if not (0 < radius < distance and camera.focal > 0):
        raise InputError(
            f"camera: {distance:.6g} m from the centre of a sphere of {radius:.6g} m, focal length "
            f"{camera.focal:.6g} px; the camera must be outside, both lengths positive"
        )


def pointing(boresight: Array, up: Array) -> Array:
    """Return camera axes (3, 3) that look along `boresight` with lines increasing away from `up`.

    Seen in the image (first line on top), `up` points upward and the scene is not mirrored.
    """
    forward = np.asarray(boresight, float) / np.linalg.norm(boresight)
    right = np.cross(forward, np.asarray(up, float))
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward])


def limb_radius(distance: float, radius: float, camera: Pinhole) -> float:
    """Return the radius [px] of the limb of a sphere on the boresight: f tan(asin(R/d)), R < d."""
    _check_outside(np.array([distance, 0.0, 0.0]), radius, camera)
    return float(camera.focal * math.tan(math.asin(radius / distance)))
