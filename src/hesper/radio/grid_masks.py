"""Where CLEAN may put components."""

import numpy as np

from hesper.radio import grid_image, model_imaging
from hesper.radio.data_image import Frame, Track
from hesper.record import Array


def everywhere(frame: Frame) -> Array:
    """Return the mask (line, sample) of all pixels but a border of 2 %, where the image may alias."""
    edge = max(1, frame.size // 50)
    mask = np.zeros((frame.size, frame.size), bool)
    mask[edge:-edge, edge:-edge] = True
    return mask


def disk(frame: Frame, radius: float) -> Array:
    """Return the mask (line, sample) of a circle about the centre [rad]."""
    return np.asarray(grid_image.offsets(frame) <= radius)


def along(frame: Frame, followed: Track, radius: float) -> Array:
    """Return where a planet passed within `radius` [rad] (line, sample): there the sky gets no components."""
    east, north = model_imaging.coordinates(frame.size, frame.pixel)
    out = np.zeros((frame.size, frame.size), bool)
    for x, y in followed.direction:
        lines, samples = (np.flatnonzero(np.abs(off) <= radius) for off in (north - y, east - x))
        near = np.ix_(lines, samples)
        out[near] |= np.hypot(east[None, samples] - x, north[lines, None] - y) <= radius
    return out
