"""Record → record: the pointing of an image refined from what it shows."""

import dataclasses
from typing import NamedTuple

import numpy as np

from hesper import fit
from hesper.constants import VENUS_CLOUD_TOP, VENUS_RADIUS
from hesper.errors import ConvergenceError
from hesper.geometry import sphere
from hesper.geometry.camera import Pinhole, limb_radius
from hesper.record import Array
from hesper.units import deg, km
from hesper.vmc import calibrate_limb, calibrate_roll, model
from hesper.vmc.data import Image, Pointing

CLOUD_TOP_STD = 3.4 * km
"""m; half of what lies between the levels published for low latitudes: 67.2 km at 4 to 5 µm (Lee et al.
2012), 74 km at 1.6 µm (Ignatiev et al. 2009)."""
_RELIEF = (50 * deg, 1.0 * km, 8.2 * km)
"""Ignatiev et al. (2009): 74 ± 1 km as far as 50° of latitude; 63 to 69 km at the poles, which is 8.2 km rms
from 74."""
_BLOCK = np.radians(6.0)
_LEAST_BLOCK = 5
_STEP = 1e-5
_ROUNDS = 8
_SETTLED = 0.1
_COARSE = 15 * deg


def pointing(
    image: Image, *, cloud_top: float = VENUS_CLOUD_TOP, cloud_top_std: float = CLOUD_TOP_STD
) -> Pointing:
    """Refine where a camera looked: two angles and the focal length from the limb, roll from the light.

    Parameters
    ----------
    image
        An image with at least 60° of sunlit limb.
    cloud_top
        Height [m] of the limb above the mean radius; the same for the level the light leaves.
    cloud_top_std
        How well that level is known [m]: an error of the focal length. The relief of the clouds along the
        limb, an error of the direction, is taken from what was measured of it.

    Raises
    ------
    InputError
        If there is too little limb or terminator.
    ConvergenceError
        If the limb does not settle.

    Notes
    -----
    The limb is the steepest point of each profile across the edge. Medians over arcs of 6° enter a robust
    fit, so that neighbouring points, which err together, count once. From afar the height of the limb and
    the focal length are one parameter: the height is known to 0.05 %, the focal lengths are not.
    """
    radius = VENUS_RADIUS + cloud_top
    camera, angles = _start(image, pinhole(image), radius)
    for _ in range(2):
        limb = _limb(image, camera, angles, radius)
        camera, axes = limb.camera, model.turned(image.axes, limb.angles)
        light = calibrate_roll.roll(image, camera, axes, radius)
        light = light._replace(angle=light.angle + float(limb.angles[2]))
        # The planned boresight is on the planet's centre: its roll leaves the limb where it is.
        angles = np.append(limb.angles[:2], light.angle)
    limb = _limb(image, camera, angles, radius)
    axes, scale = model.turned(image.axes, limb.angles), image.focal / limb.camera.focal
    relief = _relief(limb, axes, image.position) / radius * limb.radius / limb.camera.focal
    covariance = np.diag([0.0, 0.0, light.angle_std**2])
    covariance[:2, :2] = limb.covariance[:2, :2] + relief**2 * np.eye(2)
    centre = pixel(axes @ -image.position, limb.camera)
    sky = _sky(image, limb.camera, axes, radius)
    relative = np.sqrt(limb.covariance[2, 2])
    return Pointing(
        image=dataclasses.replace(image, axes=axes, focal=limb.camera.focal),
        angles=limb.angles,
        covariance=covariance,
        disk_sample=centre[0],
        disk_line=centre[1],
        disk_std=limb.camera.focal * np.sqrt(np.trace(limb.covariance[:2, :2]) / 2 + relief**2),
        limb_sample=limb.points[:, 0],
        limb_line=limb.points[:, 1],
        focal_std=limb.camera.focal * np.hypot(relative, cloud_top_std / radius),
        level_std=cloud_top_std / radius,
        focal_ratio=1 / scale,
        limb_radius=limb.radius,
        limb_radius_std=limb.radius * relative,
        limb_scatter=limb.scatter,
        roll=light.angle,
        roll_std=light.angle_std,
        cloud_radius=radius,
        background=float(np.median(sky)),
        noise=float(1.4826 * np.median(np.abs(sky - np.median(sky)))),
    )


def pinhole(image: Image) -> Pinhole:
    """Return the camera of an image."""
    return Pinhole(image.focal, image.sample, image.line)


def pixel(direction: Array, camera: Pinhole) -> tuple[float, float]:
    """Return sample and line of a direction (3,) in camera axes."""
    x, y, z = direction
    return float(camera.sample + camera.focal * x / z), float(camera.line + camera.focal * y / z)


class _Limb(NamedTuple):
    """A fitted limb: covariance of two angles and relative focal length; radius and scatter [pixel]."""

    angles: Array
    camera: Pinhole
    covariance: Array
    points: Array
    radius: float
    scatter: float


def _start(image: Image, camera: Pinhole, radius: float) -> tuple[Pinhole, Array]:
    """Return the angles that bring the disk to where the gradients see its centre."""
    size = limb_radius(float(np.linalg.norm(image.position)), radius, camera)
    sample, line = calibrate_limb.centre(image.radiance, image.valid, size, image.name)
    angles = aimed(np.array([sample - camera.sample, line - camera.line, camera.focal]), 0.0)
    twist = calibrate_roll.coarse(image, camera, model.turned(image.axes, angles), radius)
    return camera, angles + np.array([0.0, 0.0, twist if abs(twist) > _COARSE else 0.0])


def aimed(direction: Array, roll: float) -> Array:
    """Return the angles that bring the planned boresight to a direction of the camera (3,) with a roll."""
    x, y, z = direction
    return np.array([np.arctan2(y, z), -np.arctan2(x, np.hypot(y, z)), roll])


def _relief(limb: _Limb, axes: Array, position: Array) -> float:
    """Return the rms departure [m] of the clouds' height from one value, at the latitudes of the limb."""
    camera = limb.camera
    offset = (limb.points - [camera.sample, camera.line]) / camera.focal
    ray = sphere.normalized(np.column_stack([offset, np.ones(len(offset))]) @ axes)
    nearest = position - (ray @ position)[:, None] * ray
    polar = np.abs(sphere.lon_lat(nearest).lat) > _RELIEF[0]
    return float(np.sqrt(np.mean(np.where(polar, _RELIEF[2], _RELIEF[1]) ** 2)))


def _limb(image: Image, camera: Pinhole, angles: Array, radius: float) -> _Limb:
    """Fit two angles and the focal length to the limb, linearised again and again."""
    for _ in range(_ROUNDS):
        axes = model.turned(image.axes, angles)
        edge = calibrate_limb.edge(
            image.radiance,
            camera=camera, position=image.position, axes=axes, sun=image.sun, radius=radius, where=image.name,
        )  # fmt: skip
        design = _design(edge, camera, image.position, axes, radius)
        found = fit.huber(*_blocks(edge, design), 1.0)
        turn = np.append(found.value[:2], 0.0)
        angles, camera = angles + turn, camera._replace(focal=camera.focal * (1 + float(found.value[2])))
        if np.abs(found.value).max() < 1e-7:
            break
    if not np.abs(found.value).max() < _SETTLED * found.std.max():
        raise ConvergenceError(f"{image.name}: the limb does not settle; leave the image out")
    left = edge.offset - design @ found.value
    return _Limb(
        angles=angles,
        camera=camera,
        covariance=found.covariance,
        points=edge.predicted + edge.offset[:, None] * edge.normal,
        radius=limb_radius(float(np.linalg.norm(image.position)), radius, camera),
        scatter=float(1.4826 * np.median(np.abs(left))),
    )


def _design(edge: calibrate_limb.Edge, camera: Pinhole, position: Array, axes: Array, radius: float) -> Array:
    """Return how the limb moves outward (point, 3) with two angles and the relative focal length."""
    design = np.empty((edge.angle.size, 3))
    for column in range(3):
        turn = np.where(np.arange(3) == column, _STEP, 0.0) * (column < 2)
        longer = camera._replace(focal=camera.focal * (1 + _STEP * (column == 2)))
        place = model.limb(
            edge.angle, camera=longer, position=position, axes=model.turned(axes, turn), radius=radius
        )
        change = np.stack([place.sample, place.line], axis=1) - edge.predicted
        design[:, column] = np.sum(change * edge.normal, axis=1) / _STEP
    return design


def _blocks(edge: calibrate_limb.Edge, design: Array) -> tuple[Array, Array]:
    """Return design and offset of arcs of the limb, the median of each."""
    block = (edge.angle // _BLOCK).astype(int)
    members = [np.nonzero(block == k)[0] for k in np.unique(block)]
    members = [m for m in members if m.size >= _LEAST_BLOCK]
    return (
        np.array([design[m].mean(axis=0) for m in members]),
        np.array([np.median(edge.offset[m]) for m in members]),
    )


def _sky(image: Image, camera: Pinhole, axes: Array, radius: float) -> Array:
    """Return the valid radiances more than a tenth of the disk's radius outside the limb."""
    line, sample = np.nonzero(image.valid)
    _, cosine = model.pixel_cosines(
        sample, line, camera=camera, position=image.position, axes=axes, sun=image.sun, radius=1.1 * radius
    )
    sky = image.radiance[image.valid][np.isnan(cosine)]
    return sky if sky.size else image.radiance[image.valid]
