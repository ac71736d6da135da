"""Calibrated blocks of a field → an image of a spectral line in every channel."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import ResourceError
from hesper.products import Result
from hesper.radio import (
    calibrate_continuum,
    grid_clean,
    grid_image,
    grid_masks,
    grid_samples,
    grid_weights,
    pipeline_memory,
)
from hesper.radio.data import Visibilities
from hesper.radio.data_image import Beam, Clean, Frame, Samples
from hesper.radio.data_settings import Reduction
from hesper.record import Array, concatenate, take
from hesper.units import km


class Cube(NamedTuple):
    """Images of all channels, continuum subtracted."""

    restored: Array
    """(channel, line, sample) [Jy per beam]; NaN where a channel has no data."""
    flux_density: Array
    """(channel,) sum of CLEAN's components [Jy]."""
    rms: Array
    """(channel,) of the residual [Jy per beam]."""
    frequency: Array
    """(channel,) [Hz]"""
    beam: Beam
    """Of the middle channel that has data."""


def cube(blocks: Callable[[], Iterable[Visibilities]], settings: Reduction, frame: Frame) -> Cube:
    """Return the cube of a field.

    Parameters
    ----------
    blocks
        Gives calibrated blocks of the field.
    settings
        The recipe, with channels of continuum.
    frame
        Pixels of the field's image.

    Raises
    ------
    InputError
        If the channels of continuum are none of the band.
    ResourceError
        If samples of all channels do not fit into the memory given.
    """
    parts: list[list[Samples]] = []
    for block in blocks():
        count = block.setup.frequency.size
        free = calibrate_continuum.channels(settings.continuum, count)
        line, frequency = calibrate_continuum.without(block, free), block.setup.frequency
        width = settings.size * settings.pixel
        parts.append(
            [
                grid_samples.samples(take(line, "channel", slice(c, c + 1)), field_of_view=width)
                for c in range(count)
            ]
        )
        _check(parts, settings)
    images = [_image([part[c] for part in parts], settings, frame) for c in range(frequency.size)]
    there = [one for image in images for one in image]
    empty = np.full((frame.size, frame.size), np.nan, np.float32)
    return Cube(
        np.array([image[0].restored if image else empty for image in images]),
        np.array([float(image[0].components.sum()) if image else np.nan for image in images]),
        np.array([image[0].rms if image else np.nan for image in images]),
        frequency,
        there[len(there) // 2].beam,
    )


def _check(parts: list[list[Samples]], settings: Reduction) -> None:
    number = sum(one.weight.size for part in parts for one in part)
    most = pipeline_memory.budget(settings).samples
    if number > most:
        raise ResourceError(
            f"reduction.memory: {settings.memory / 1e6:.0f} MB given; the channels have more than "
            f"{most / 1e6:.1f} million samples: raise it, or leave reduction.continuum empty"
        )


def _image(parts: list[Samples], settings: Reduction, frame: Frame) -> list[Clean]:
    """Return the CLEANed image of a channel, or nothing if it has no data."""
    every = concatenate(parts, "sample")
    if not every.weight.size:
        return []
    weight = grid_weights.briggs(every, robust=settings.robust, field_of_view=settings.size * settings.pixel)
    prepared = grid_image.prepare(every, weight, frame, wide_psf=False)
    return [grid_clean.clark(prepared, grid_masks.everywhere(frame), sigmas=settings.clean_sigmas)]


def rows(found: Cube) -> list[Result]:
    """Return noise, peak and integral of the line."""
    width = abs(float(np.median(np.diff(found.frequency))))
    step = width / float(found.frequency.mean()) * SPEED_OF_LIGHT / km
    whole = float(np.nansum(found.flux_density)) * step
    return [
        Result("radio", "noise of a channel", "Jy", float(np.nanmedian(found.rms))),
        Result("radio", "peak of the line", "Jy", float(np.nanmax(found.restored))),
        Result(
            "radio", "integral of the line", "Jy km s-1", whole, note="CLEAN's components of all channels"
        ),
    ]
