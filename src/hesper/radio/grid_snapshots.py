"""Follow a planet in the image plane: snapshots of a minute, aligned to the ephemeris and added up.

The sum of the aligned dirty images is that of the visibilities turned to the planet at the middle of each
snapshot; its point-spread function is the sum of theirs, so that the whole may be cleaned at once.
"""

from itertools import pairwise

import numpy as np

from hesper.errors import InputError
from hesper.radio import model_imaging
from hesper.radio.calibrate_track import averaged
from hesper.radio.data import Visibilities
from hesper.radio.data_image import Dirty, Frame, Track
from hesper.radio.grid_samples import of_planet
from hesper.record import Array, concatenate, take


def snapshots(visibilities: Visibilities, *, seconds: float = 60.0) -> list[slice]:
    """Return the integrations of every snapshot: at most `seconds` long and within a scan."""
    v = visibilities
    edges = [0]
    for i in range(1, v.time.size):
        new = v.scan[i] != v.scan[i - 1] or v.field[i] != v.field[i - 1]
        if (
            new
            or v.time[i] - v.time[edges[-1]] + v.interval[i] / 2 + v.interval[edges[-1]] / 2 > seconds * 1.2
        ):
            edges.append(i)
    return [slice(a, b) for a, b in pairwise([*edges, v.time.size])]


def aligned_sum(
    visibilities: Visibilities, followed: Track, frame: Frame, *, seconds: float = 60.0, channels: int = 16
) -> Dirty:
    """Return the sum of snapshots, each centred on the planet's place at its middle, and its PSF.

    Parameters
    ----------
    visibilities
        Calibrated, with the background subtracted.
    followed
        Track of the planet.
    frame
        Pixels of the sum; its centre is the planet.
    seconds
        Length of a snapshot.
    channels
        How many to average first.
    """
    spans = snapshots(visibilities, seconds=seconds)
    centres = np.array([np.mean(followed.direction[span], axis=0) for span in spans])
    return _added(visibilities, followed, frame, spans, centres, channels)


def aligned_sum_on_pixels(
    visibilities: Visibilities, followed: Track, frame: Frame, *, seconds: float = 60.0, channels: int = 16
) -> Dirty:
    """Return the sum of snapshots that are cut out at whole pixels of the field's image, as by hand."""
    spans = snapshots(visibilities, seconds=seconds)
    centres = np.array([np.mean(followed.direction[span], axis=0) for span in spans])
    rounded = np.round(centres / frame.pixel) * frame.pixel
    return _added(visibilities, followed, frame, spans, rounded, channels)


def _added(
    visibilities: Visibilities,
    followed: Track,
    frame: Frame,
    spans: list[slice],
    centres: Array,
    channels: int,
) -> Dirty:
    """Add snapshots weighted with the square of the primary beam, as least squares asks."""
    image, seen = np.zeros((frame.size, frame.size)), []
    for span, centre in zip(spans, centres, strict=True):
        still = _standing(take(followed, "time", span), centre)
        one = of_planet(averaged(take(visibilities, "time", span), still, integrations=1, channels=channels))
        if one.weight.size:
            plan = model_imaging.prepare(one.uvw, one.value, one.weight, size=frame.size, pixel=frame.pixel)
            image += model_imaging.image(plan)
            seen.append(one)
    if not seen:
        raise InputError("snapshots: no visibility has weight; look at the flags")
    every = concatenate(seen, "sample")
    spread = model_imaging.prepare(
        every.uvw, every.value, every.weight, size=2 * frame.size, pixel=frame.pixel
    )
    total = float(np.sum(every.weight, dtype=float))
    psf = model_imaging.point(spread) / np.float32(total)
    return Dirty(image=image / total, psf=psf, weight=total, noise=total**-0.5, frame=frame)


def _standing(followed: Track, centre: Array) -> Track:
    """Return the track of a planet that does not move during a snapshot."""
    return Track(**{**vars(followed), "direction": np.broadcast_to(centre, followed.direction.shape)})
