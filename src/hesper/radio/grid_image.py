"""Samples → dirty image and point-spread function; the clean beam; correction for the primary beam."""

import dataclasses
import os
from typing import NamedTuple

import numpy as np

from hesper.errors import ConvergenceError, InputError
from hesper.radio import model_imaging
from hesper.radio.data_image import Beam, Dirty, Frame, Samples
from hesper.radio.model_imaging import Plan
from hesper.record import Array

_WORKERS = os.cpu_count() or 1
_LEVELS = (0.35, 0.5, 0.65, 0.8)
"""Of the main lobe, that the clean beam is fitted above: the first at which it is a peak."""
_FEWEST = 3
"""Pixels of the main lobe, at least: between fewer nothing is known."""
_NEAR, _FINER = 8, 4
"""Pixels from the middle that are looked at more finely, where that is needed, and how much."""


class Prepared(NamedTuple):
    """What major cycles need: samples in the order of the grid, and the dirty image."""

    plan: Plan
    dirty: Dirty


def prepare(samples: Samples, weight: Array, frame: Frame, *, wide_psf: bool) -> Prepared:
    """Return the dirty image with the plan that made it.

    Parameters
    ----------
    samples
        All that go into the image.
    weight
        Imaging weights (sample,), see `grid_weights`.
    frame
        Pixels.
    wide_psf
        Whether the point-spread function covers twice the image, so that CLEAN may subtract it whole.

    Raises
    ------
    InputError
        If no sample has weight, or the pixels are too large for the longest baseline.
    """
    if frame.size < 8 or frame.size % 2:
        raise InputError(f"image: {frame.size} pixels along a side; an even number of 8 or more is needed")
    total = float(np.sum(weight, dtype=float))
    natural = np.where(samples.weight > 0, samples.weight, np.float32(1))
    noise = float(np.sqrt(np.sum(weight / natural * weight, dtype=float))) / total
    del natural
    plan = model_imaging.prepare(samples.uvw, samples.value, weight, size=frame.size, pixel=frame.pixel)
    about = plan
    if wide_psf:
        about = model_imaging.prepare(
            samples.uvw, samples.value, weight, size=2 * frame.size, pixel=frame.pixel
        )
    del samples, weight  # hundreds of megabytes, where the caller has let them go
    psf = model_imaging.point(about) / np.float32(total)
    del about
    image = model_imaging.image(plan) / np.float32(total)
    return Prepared(plan, Dirty(image=image, psf=psf, weight=total, noise=noise, frame=frame))


def dirty(samples: Samples, weight: Array, frame: Frame) -> Dirty:
    """Return the dirty image and its point-spread function, of twice its width."""
    return prepare(samples, weight, frame, wide_psf=True).dirty


def beam(psf: Array, pixel: float) -> Beam:
    """Return the Gaussian that fits the main lobe of a point-spread function.

    Parameters
    ----------
    psf
        (line, sample), 1 in the middle pixel.
    pixel
        [rad].

    Notes
    -----
    Least squares over the pixels of the main lobe above 0.35. Few antennas make ridges that leave the main
    lobe higher than that, and no Gaussian fits it with them: the level rises until one does. Where a lobe is
    too narrow for that, the function is looked at between the pixels.
    """
    from scipy.ndimage import zoom

    middle = psf.shape[0] // 2
    half = min(64, middle)
    patch = psf[middle - half : middle + half, middle - half : middle + half].astype(float)
    if np.count_nonzero(patch[half - 1 : half + 2, half - 1 : half + 2] > _LEVELS[0]) < _FEWEST:
        raise ConvergenceError("beam: the main lobe has less than three pixels; take smaller pixels")
    near = min(_NEAR, half - 1)
    around = patch[half - near : half + near + 1, half - near : half + near + 1]
    # Splines through an odd number of pixels, ends upon ends: the middle stays the middle.
    finer = zoom(around, (2 * near * _FINER + 1) / (2 * near + 1), order=3)
    for values, step in ((patch, 1.0), (finer, 1.0 / _FINER)):
        for level in _LEVELS:
            eigenvalue, axes = np.linalg.eigh(_curvature(values, level) / step**2)
            if eigenvalue[0] > np.log(2) / half**2:
                minor, major = 2 * np.sqrt(np.log(2) / eigenvalue[::-1]) * pixel
                # axes[:, 0] belongs to the smallest curvature: (west, north) of the major axis.
                angle = np.arctan2(-axes[0, 0], axes[1, 0]) % np.pi
                return Beam(major=float(major), minor=float(minor), angle=float(angle))
    raise ConvergenceError("beam: the main lobe is no peak; take smaller pixels or more baselines")


def _curvature(patch: Array, level: float) -> Array:
    """Return A (2, 2) of exp(−xᵀ A x), x = (west, north) [pixels], fitted to the lobe above a level.

    0 where less than five pixels are, or the lobe is narrower than three.
    """
    from scipy.ndimage import label
    from scipy.optimize import least_squares

    half = patch.shape[0] // 2
    lobes, _ = label(patch > level)
    north, west = np.nonzero(lobes == lobes[half, half])
    values, north, west = patch[north, west], north - half, west - half
    if values.size < 5 or np.ptp(north) < 2 or np.ptp(west) < 2:
        return np.zeros((2, 2))

    def residuals(parameters: Array) -> Array:
        a, b, c = parameters
        return np.asarray(np.exp(-(a * west**2 + 2 * b * west * north + c * north**2)) - values)

    start = np.log(2) * np.pi / values.size
    a, b, c = least_squares(residuals, [start, 0.0, start]).x
    return np.array([[a, b], [b, c]])


def convolved(components: Array, clean_beam: Beam, pixel: float) -> Array:
    """Return components [Jy] (line, sample) seen with a Gaussian beam of peak 1 [Jy per beam]."""
    from scipy.fft import irfft2, rfft2

    n = components.shape[0]
    u, v = np.fft.rfftfreq(2 * n, pixel), np.fft.fftfreq(2 * n, pixel)[:, None]
    c, s = np.cos(clean_beam.angle), np.sin(clean_beam.angle)
    major, minor = (np.pi**2 / (4 * np.log(2)) * width**2 for width in (clean_beam.major, clean_beam.minor))
    # The sample axis runs westward: along the major axis (−sin, cos) in (west, north).
    transform = np.multiply((2 * c * s * (major - minor) * v).astype(np.float32), u.astype(np.float32))
    transform -= ((major * s**2 + minor * c**2) * u**2).astype(np.float32)
    transform -= ((major * c**2 + minor * s**2) * v**2).astype(np.float32)
    np.exp(transform, out=transform)
    transform *= np.float32(np.pi * clean_beam.major * clean_beam.minor / (4 * np.log(2)) / pixel**2)
    padded = np.zeros((2 * n, 2 * n), np.float32)
    padded[:n, :n] = components
    seen = rfft2(padded, workers=_WORKERS)
    seen *= transform
    return np.asarray(irfft2(seen, s=padded.shape, workers=_WORKERS, overwrite_x=True)[:n, :n], np.float32)


def beam_area(clean_beam: Beam) -> float:
    """Return the solid angle π a b/(4 ln 2) [sr] of a Gaussian beam."""
    return float(np.pi * clean_beam.major * clean_beam.minor / (4 * np.log(2)))


def robust_rms(image: Array) -> float:
    """Return the standard deviation of an image from its median deviation: sources do not count."""
    finite = image[np.isfinite(image)]
    return float(1.4826 * np.median(np.abs(finite - np.median(finite))))


def flattened(image: Array, response: Array, *, cutoff: float = 0.1) -> Array:
    """Return an image divided by the primary beam; NaN where the beam is below the cutoff."""
    return np.asarray(np.where(response >= cutoff, image / np.maximum(response, cutoff), np.nan), np.float32)


def offsets(frame: Frame) -> Array:
    """Return the distance [rad] of every pixel (line, sample) from the centre."""
    east, north = model_imaging.coordinates(frame.size, frame.pixel)
    return np.arcsin(np.minimum(np.hypot(east[None, :], north[:, None]), 1.0))


def centred(frame: Frame, *, ra: float, dec: float) -> Frame:
    """Return the same pixels about another centre [rad]."""
    return dataclasses.replace(frame, ra=ra, dec=dec)
