"""What is left in a map: fluctuations of the sky, and noise where sources were taken out."""

import dataclasses
from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.physics import planck
from hesper.radio import grid_image, model_imaging
from hesper.radio.data_image import Beam, Frame, Samples
from hesper.record import Array
from hesper.units import Jy


class Fluctuation(NamedTuple):
    """Fluctuations of a map at low resolution."""

    rms: float
    """[Jy per beam]"""
    temperature: float
    """The same as brightness [K]."""
    beam: Beam


def tapered(samples: Samples, *, width: float) -> Array:
    """Return weights (sample,) for a beam of about `width` [rad]: w exp(−π² θ² |u|²/(4 ln 2))."""
    length = np.sum(samples.uvw[:, :2].astype(float) ** 2, axis=1)
    return np.asarray(samples.weight * np.exp(-(np.pi**2) * width**2 * length / (4 * np.log(2))), np.float32)


def sky_fluctuation(samples: Samples, frame: Frame, *, width: float) -> Fluctuation:
    """Return the fluctuations of the sky between the scale of a wide beam and that of the shortest baseline.

    Parameters
    ----------
    samples
        With the sources subtracted.
    frame
        Pixels of the map: a fifth of the beam or less.
    width
        Full width of the beam wanted [rad].

    Notes
    -----
    Mohan et al. 2017, section 3.3: 159″ × 135″ at 332 MHz. T = S c²/(2 k ν² Ω), Ω = π a b/(4 ln 2). Noise is
    in it: the result is an upper limit to what the sky does.
    """
    if frame.pixel > width / 4:
        raise InputError("sky fluctuation: less than four pixels in a beam; take smaller pixels")
    weight = tapered(samples, width=width)
    reach = 0.42 / frame.pixel
    short = np.max(np.abs(samples.uvw[:, :2]), axis=1) < reach
    if not np.any(weight[short] > 0):
        raise InputError("sky fluctuation: no baseline is short enough for such a beam")
    kept = dataclasses.replace(
        samples, uvw=samples.uvw[short], value=samples.value[short], weight=samples.weight[short]
    )
    mass = weight[short]
    plan = model_imaging.prepare(kept.uvw, kept.value, mass, size=frame.size, pixel=frame.pixel)
    total = np.float32(np.sum(mass, dtype=float))
    found = grid_image.beam(model_imaging.point(plan) / total, frame.pixel)
    rms = float(np.std(model_imaging.image(plan) / total))
    # A uniform disk of the beam's solid angle has the beam's temperature.
    diameter = np.sqrt(4 / np.pi * grid_image.beam_area(found))
    kelvin = float(planck.brightness_temperature(rms * Jy, frame.frequency, diameter))
    return Fluctuation(rms, kelvin, found)


def rms_near(image: Array, frame: Frame, east: Array, north: Array, *, radius: float) -> float:
    """Return the rms of an image within `radius` [rad] of places (source,), such as of subtracted sources.

    Beside the rms of the whole map this tells whether their removal left anything.
    """
    x, y = model_imaging.coordinates(frame.size, frame.pixel)
    near = np.zeros(image.shape, bool)
    for l_source, m_source in zip(np.atleast_1d(east), np.atleast_1d(north), strict=True):
        near |= np.hypot(x[None, :] - l_source, y[:, None] - m_source) <= radius
    if not near.any():
        raise InputError("rms near sources: none of the places lies in the image")
    return float(np.sqrt(np.mean(np.asarray(image, float)[near] ** 2)))
