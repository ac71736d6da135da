"""The roll of a camera about the direction of the planet, from the illumination."""

from typing import Any, NamedTuple

import numpy as np

from hesper import fit
from hesper.errors import InputError
from hesper.geometry.camera import Pinhole
from hesper.record import Array
from hesper.vmc import model
from hesper.vmc.data import Image

_STRIPS = 24
_LEAST_STRIPS = 8
_LEAST_PIXELS = 25
_WINDOWS = ((0.0, 0.06), (0.03, 0.12), (0.08, 0.20))
_LEAST_COSINE_OF_EMISSION = 0.34
_STEP = 1e-3


class Roll(NamedTuple):
    """A rotation about the direction of the disk's centre and its standard deviation [rad]."""

    angle: float
    angle_std: float


def coarse(image: Image, camera: Pinhole, axes: Array, radius: float) -> float:
    """Return the rotation [rad] that turns the predicted Sun to the side of the disk that is bright."""
    line, sample = np.nonzero(image.valid)
    _, emission = model.pixel_cosines(
        sample, line, camera=camera, position=image.position, axes=axes, sun=image.sun, radius=radius
    )
    on = np.isfinite(emission)
    light = image.radiance[image.valid] - np.median(image.radiance[image.valid])
    centre = axes @ -image.position
    middle = camera.focal * centre[:2] / centre[2] + (camera.sample, camera.line)
    bright = np.average(np.stack([sample, line])[:, on], axis=1, weights=np.clip(light[on], 0, None) + 1e-30)
    sun = axes @ image.sun
    seen = np.arctan2(*(bright - middle)[::-1])
    return float((np.arctan2(sun[1], sun[0]) - seen + np.pi) % (2 * np.pi) - np.pi)


def roll(image: Image, camera: Pinhole, axes: Array, radius: float) -> Roll:
    """Find the rotation that makes the terminator lie where the Sun puts it.

    In strips across the terminator the radiance grows almost linearly with the cosine of incidence µ₀;
    where it would vanish does not depend on how bright the clouds of the strip are. A wrong roll θ shifts
    that µ₀ by −θ ∂µ₀/∂θ, which changes sign from one end of the terminator to the other.

    Parameters
    ----------
    axes
        Camera axes (3, 3) that fit the limb.
    radius
        Radius of the clouds [m].

    Raises
    ------
    InputError
        If too little of the terminator is in the field.

    Notes
    -----
    Haze and the decline of the clouds toward the pole move the vanishing point itself. How much is not
    known, but it depends on the window of µ₀ for the same reasons: the scatter of the vanishing point
    among three windows, set against the lever, is the standard deviation given.
    """
    line, sample = np.nonzero(image.valid)
    place: dict[str, Any] = {"camera": camera, "position": image.position, "sun": image.sun, "radius": radius}
    mu, emission = model.pixel_cosines(sample, line, axes=axes, **place)
    near = (mu > _WINDOWS[0][0]) & (mu < _WINDOWS[-1][1]) & (emission > _LEAST_COSINE_OF_EMISSION)
    if np.count_nonzero(near) < _LEAST_STRIPS * _LEAST_PIXELS:
        raise _too_little(image)
    line, sample, mu = line[near], sample[near], mu[near]
    around = axes @ (-image.position / np.linalg.norm(image.position))
    ahead, behind = (
        model.pixel_cosines(sample, line, axes=model.turned(axes, sign * _STEP * around), **place)[0]
        for sign in (1, -1)
    )
    lever, radiance = (ahead - behind) / (2 * _STEP), image.radiance[line, sample]
    found = [_window(mu, lever, radiance, window, image) for window in _WINDOWS]
    angles = np.array([estimate.value[2] for estimate in found])
    vanishing = np.array([estimate.value[0] for estimate in found])
    unknown = vanishing.std(ddof=1) / np.nanquantile(np.abs(lever), 0.95)
    std = np.sqrt(np.mean([estimate.std[2] ** 2 for estimate in found]) + unknown**2)
    return Roll(float(angles.mean()), float(std))


def _window(
    mu: Array, lever: Array, radiance: Array, window: tuple[float, float], image: Image
) -> fit.Estimate:
    """Fit the vanishing points of the strips of one window: level, curvature and roll."""
    inside = (mu > window[0]) & (mu < window[1]) & np.isfinite(lever)
    mu, lever, radiance = mu[inside], lever[inside], radiance[inside]
    rows = []
    if lever.size:
        strip = ((lever - lever.min()) / (np.ptp(lever) + 1e-12) * _STRIPS).astype(int)
        for k in range(_STRIPS):
            members = strip == k
            if np.count_nonzero(members) >= _LEAST_PIXELS:
                level, slope = np.polynomial.polynomial.polyfit(mu[members], radiance[members], 1)
                if slope > 0:
                    rows.append((float(lever[members].mean()), -level / slope))
    if len(rows) < _LEAST_STRIPS:
        raise _too_little(image)
    reach, zero = np.array(rows).T
    # The square takes up what is even along the terminator: emission grows toward both ends.
    return fit.huber(np.stack([np.ones_like(reach), reach**2, -reach], axis=1), zero, 1.0)


def _too_little(image: Image) -> InputError:
    return InputError(
        f"{image.name}: too little of the terminator in the field to find the roll; leave the image out"
    )
