"""The lit disk in an image: limb, terminator, incidence. Arrays in, arrays out.

A camera is a `Pinhole` at `position` (3,) [m] with `axes` (3, 3), a Sun a place (3,) [m], all in the body
frame; see `hesper.geometry.camera`.
"""

from typing import Any

import numpy as np

from hesper.geometry import sphere
from hesper.geometry.camera import Pinhole, Place, pixels_from_sphere, sphere_from_pixels
from hesper.record import Array


def limb(angle: Array, *, camera: Pinhole, position: Array, axes: Array, radius: float) -> Place:
    """Return where the limb of a sphere falls in an image.

    Parameters
    ----------
    angle
        Position angles round the centre of the disk from the sample axis toward the line axis [rad], any
        shape.
    radius
        Radius of the sphere [m].

    Notes
    -----
    The rays that touch a sphere from the distance d make the angle asin(R/d) with the direction of its
    centre; a tilted camera sees an ellipse.
    """
    distance = float(np.linalg.norm(position))
    centre = axes @ (-np.asarray(position) / distance)
    across = np.cross(np.array([0.0, 1.0, 0.0]), centre)
    across /= np.linalg.norm(across)
    down = np.cross(centre, across)
    half = np.arcsin(radius / distance)
    ring = np.cos(angle)[..., None] * across + np.sin(angle)[..., None] * down
    ray = np.cos(half) * centre + np.sin(half) * ring
    return Place(
        camera.sample + camera.focal * ray[..., 0] / ray[..., 2],
        camera.line + camera.focal * ray[..., 1] / ray[..., 2],
    )


def terminator(
    angle: Array, *, camera: Pinhole, position: Array, axes: Array, sun: Array, radius: float
) -> Place:
    """Return where the points of 90° incidence fall in an image, NaN behind the limb.

    Parameters
    ----------
    angle
        Position along the great circle [rad], any shape.
    """
    toward = np.asarray(sun) / np.linalg.norm(sun)
    first = np.cross(toward, position)
    first /= np.linalg.norm(first)
    second = np.cross(toward, first)
    point = np.cos(angle)[..., None] * first + np.sin(angle)[..., None] * second
    lon, lat = sphere.lon_lat(point)
    return pixels_from_sphere(lon, lat, camera=camera, position=position, axes=axes, radius=radius)


def illumination(
    lon: Array, lat: Array, *, position: Array, sun: Array, radius: float
) -> sphere.Illumination:
    """Return incidence, emission and phase angle [rad] at points of a sphere.

    Parameters
    ----------
    lon, lat
        Points [rad], any shape.
    position, sun
        Places of observer and Sun (3,) [m]; the Sun's parallax, up to 0.003°, is in the angles.
    """
    normal = sphere.unit_vector(lon, lat)
    to_sun = sphere.normalized(np.asarray(sun) - radius * normal)
    to_observer = sphere.normalized(np.asarray(position) - radius * normal)
    return sphere.illumination(normal, to_sun, to_observer)


def pixel_illumination(
    sample: Any, line: Any, *, camera: Pinhole, position: Array, axes: Array, sun: Array, radius: float
) -> sphere.Illumination:
    """Return incidence, emission and phase angle [rad] of pixels (any shape), NaN off the disk."""
    sight = sphere_from_pixels(sample, line, camera=camera, position=position, axes=axes, radius=radius)
    return illumination(sight.lon, sight.lat, position=position, sun=sun, radius=radius)


def pixel_cosines(
    sample: Any, line: Any, *, camera: Pinhole, position: Array, axes: Array, sun: Array, radius: float
) -> tuple[Array, Array]:
    """Return the cosines of incidence and emission of pixels (any shape), NaN off the disk."""
    sight = sphere_from_pixels(sample, line, camera=camera, position=position, axes=axes, radius=radius)
    normal = sphere.unit_vector(sight.lon, sight.lat)
    return normal @ (np.asarray(sun) / np.linalg.norm(sun)), sight.cos_emission


def turned(axes: Array, angles: Array) -> Array:
    """Return camera axes (3, 3) after rotations [rad] about their boresight, then line, then sample axis.

    Parameters
    ----------
    axes
        Camera axes (3, 3).
    angles
        About the sample axis, the line axis and the boresight (3,). The last comes first: where the
        boresight was on the planet's centre, it is the roll about the planet's direction.
    """
    first, second, third = (sphere.rotation(i, float(angles[i])) for i in range(3))
    return np.asarray(first @ second @ third @ axes)


def planned_axes(position: Array, sun: Array) -> Array:
    """Return the axes of a camera that looks to the nadir with the Sun on the side of low samples.

    Parameters
    ----------
    position, sun
        Places (3,) [m] in the body frame.

    Notes
    -----
    The spacecraft turned about its line of sight so that the Sun stayed in the plane of its x and z axes,
    for the sake of its radiators and solar panels: the disk is lit from the left, within 0.05° where
    footprints tell.
    """
    forward = -np.asarray(position) / np.linalg.norm(position)
    right = -(np.asarray(sun) - (np.asarray(sun) @ forward) * forward)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward])


def lit_fraction(field: Array, incidence: Array) -> float:
    """Return the sunlit part of the disk's pixels that are in the field; NaN where there are none.

    Parameters
    ----------
    field
        (line, sample), True for pixels of the field.
    incidence
        (line, sample) [rad], NaN off the disk.
    """
    seen = field & np.isfinite(incidence)
    return float(np.mean(incidence[seen] < np.pi / 2)) if seen.any() else float("nan")


def outline(inside: Array) -> tuple[Array, Array]:
    """Return samples and lines of the outermost pixels of a field, in order round its middle."""
    padded = np.pad(inside, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    line, sample = np.nonzero(inside & ~inner)
    order = np.argsort(np.arctan2(line - line.mean(), sample - sample.mean()))
    return sample[order].astype(float), line[order].astype(float)
