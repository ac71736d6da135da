"""The sunlit limb in an image: where the disk is, and the points of its edge to a tenth of a pixel."""

from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.geometry.camera import Pinhole
from hesper.record import Array
from hesper.vmc import model

_REACH = 10.0
_STRIDE = 0.25
_SMOOTHING = 1.0
"""Standard deviation of the profiles' smoothing [pixel]."""
_PIXEL = 0.5
"""The same of what a square pixel, 1/√12, and linear interpolation, 1/√6, do to a profile [pixel]."""
_LEAST_CONTRAST = 0.35
_LEAST_ARC = np.radians(60.0)


class Edge(NamedTuple):
    """Points of the limb, each with the predicted limb point at its position angle."""

    angle: Array
    """Position angle round the centre of the disk [rad], (point,)."""
    normal: Array
    """Outward normal of the predicted limb (point, 2): sample, line."""
    predicted: Array
    """(point, 2) [pixel]."""
    offset: Array
    """Distance of the found point outside the predicted limb [pixel], (point,)."""


def centre(radiance: Array, valid: Array, radius: float, where: str) -> tuple[float, float]:
    """Return sample and line of the centre of a disk of known radius [pixel] from its sunlit limb.

    Every strong gradient votes for the point one radius up the gradient; the votes of the limb meet.

    Parameters
    ----------
    radiance, valid
        (line, sample).
    where
        Name of the image, for messages.

    Raises
    ------
    InputError
        If there is no limb.
    """
    from scipy import ndimage

    filled = np.where(valid, radiance, np.median(radiance[valid]))
    smooth = ndimage.gaussian_filter(filled, 1.0)
    down, right = np.gradient(smooth)
    # Beside the edge of the field the gradient is the field's, not the planet's.
    inner = ndimage.binary_erosion(ndimage.binary_closing(valid, iterations=2), iterations=6)
    strength = np.where(inner, np.hypot(down, right), 0.0)
    strong = strength > _LEAST_CONTRAST * np.quantile(strength[inner], 0.998) if inner.any() else inner
    if np.count_nonzero(strong) < radius * _LEAST_ARC:
        raise _no_limb(where)
    line, sample = np.nonzero(strong)
    votes = np.stack(
        [sample + radius * right[strong] / strength[strong], line + radius * down[strong] / strength[strong]]
    )
    found = np.median(votes, axis=1)
    for reach in (40.0, 20.0, 10.0, 5.0):
        near = np.hypot(*(votes - found[:, None])) < reach
        if np.count_nonzero(near) < radius * _LEAST_ARC:
            raise _no_limb(where)
        found = np.median(votes[:, near], axis=1)
    return float(found[0]), float(found[1])


def edge(
    radiance: Array, *, camera: Pinhole, position: Array, axes: Array, sun: Array, radius: float, where: str
) -> Edge:
    """Find the steepest points of the profiles across the predicted limb.

    A disk is not cut off at its limb but darkens toward it, the more the nearer the cusps are: the steepest
    point lies inside by up to half a pixel. The same is done with the predicted disk, whose radiance goes as
    the cosine of incidence, and what it is off by is taken off.

    Parameters
    ----------
    radiance
        (line, sample), NaN where not valid.
    position, axes, sun
        Places of camera and Sun (3,) [m] and the camera's axes (3, 3).
    radius
        Radius of the sphere whose limb is predicted [m].

    Raises
    ------
    InputError
        If less than 60° of the limb are sunlit and in the field.
    """
    from scipy import ndimage

    size = camera.focal * radius / float(np.linalg.norm(position))
    angle = np.linspace(0, 2 * np.pi, round(2 * np.pi * size), endpoint=False)
    point = _limb(angle, camera, position, axes, radius)
    ahead = _limb(angle + 1e-4, camera, position, axes, radius) - point
    normal = np.stack([ahead[:, 1], -ahead[:, 0]], axis=1) / np.hypot(*ahead.T)[:, None]
    steps = np.arange(-_REACH, _REACH + _STRIDE / 2, _STRIDE)
    places = point[:, None, :] + steps[:, None] * normal[:, None, :]
    profile = ndimage.map_coordinates(
        radiance, [places[..., 1], places[..., 0]], order=1, mode="constant", cval=np.nan
    )
    steepest, strength, whole = _steepest(profile, _SMOOTHING)
    good = whole & (strength > _LEAST_CONTRAST * np.quantile(strength, 0.9))
    if np.count_nonzero(good) < size * _LEAST_ARC:
        raise _no_limb(where)
    # Half a step further in no point lies on the limb itself.
    inner = places[good] - 0.5 * _STRIDE * normal[good, None, :]
    cosine, _ = model.pixel_cosines(
        inner[..., 0], inner[..., 1],
        camera=camera, position=position, axes=axes, sun=sun, radius=radius,
    )  # fmt: skip
    expected = np.clip(np.nan_to_num(cosine), 0.0, None)
    inside, _, known = _steepest(expected, np.hypot(_SMOOTHING, _PIXEL))
    offset = steepest[good] - np.where(known, inside - 0.5 * _STRIDE, 0.0)
    return Edge(angle[good], normal[good], point[good], offset)


def _steepest(profile: Array, smoothing: float) -> tuple[Array, Array, Array]:
    """Return where each profile (point, step) falls most [pixel], how much, and whether that is in reach."""
    from scipy import ndimage

    slope = -np.gradient(ndimage.gaussian_filter1d(profile, smoothing / _STRIDE, axis=1), _STRIDE, axis=1)
    whole = np.isfinite(slope).all(axis=1)
    slope = np.where(whole[:, None], slope, 0.0)
    best, last = slope.argmax(axis=1), profile.shape[1] - 1
    sharp = (best > 4) & (best < last - 4)
    row, at = np.arange(len(profile)), np.clip(best, 1, last - 1)
    before, top, after = (slope[row, at + k] for k in (-1, 0, 1))
    bend = before - 2 * top + after
    shift = np.divide(0.5 * (before - after), bend, out=np.zeros_like(bend), where=bend != 0)
    return -_REACH + _STRIDE * (at + shift), slope.max(axis=1), whole & sharp


def _limb(angle: Array, camera: Pinhole, position: Array, axes: Array, radius: float) -> Array:
    place = model.limb(angle, camera=camera, position=position, axes=axes, radius=radius)
    return np.stack([place.sample, place.line], axis=-1)


def _no_limb(where: str) -> InputError:
    return InputError(
        f"{where}: no sunlit limb of 60° or more in the field; "
        "an image without limb needs pointing from elsewhere: leave it out"
    )
