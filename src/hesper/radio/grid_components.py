"""Components of CLEAN → point sources."""

from typing import NamedTuple

import numpy as np

from hesper.radio.data_image import Clean
from hesper.record import Array


class PointSources(NamedTuple):
    """Point sources, the brightest first."""

    l: Array  # noqa: E741
    """(source,) direction cosine, east"""
    m: Array
    """(source,) direction cosine, north"""
    flux: Array
    """(source,) flux density [Jy]"""


def point_sources(clean: Clean, *, faintest: float = 0.0, reach: float = 1.0) -> PointSources:
    """Return one point source for every island of components.

    Parameters
    ----------
    clean
        What CLEAN found.
    faintest
        Islands below this are left out [Jy].
    reach
        Components closer than this many beams belong together.

    Notes
    -----
    For fields of unresolved sources: forty sources are predicted at once, ten thousand pixels are not. Where
    the components within half a beam of the brightest pixel have their centroid the source is: an island may
    hold what is left of a neighbour.
    """
    from scipy.ndimage import binary_dilation, label, maximum_position, sum_labels

    radius = max(1, round(reach * clean.beam.major / clean.frame.pixel / 2))
    up, left = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    wide = binary_dilation(clean.components != 0, up**2 + left**2 <= radius**2)
    islands, count = label(wide)
    every = np.arange(1, count + 1)
    flux = np.asarray(sum_labels(clean.components, islands, every), float)
    kept = every[flux > max(faintest, 0.0)]
    peak = np.array(maximum_position(clean.restored, islands, kept), int).reshape(-1, 2)
    positive = np.maximum(clean.components, 0)
    place = np.array([_centroid(positive, line, sample, radius) for line, sample in peak]).reshape(-1, 2)
    flux = flux[kept - 1]
    order = np.argsort(-flux)
    half = clean.frame.size // 2
    east, north = -(place[:, 1] - half) * clean.frame.pixel, (place[:, 0] - half) * clean.frame.pixel
    return PointSources(east[order], north[order], flux[order])


def _centroid(components: Array, line: int, sample: int, radius: int) -> tuple[float, float]:
    """Return the centroid (line, sample) of components about a pixel, or the pixel if there are none."""
    size = components.shape[0]
    lines = np.arange(max(line - radius, 0), min(line + radius + 1, size))
    samples = np.arange(max(sample - radius, 0), min(sample + radius + 1, size))
    inside = (lines[:, None] - line) ** 2 + (samples - sample) ** 2 <= radius**2
    part = np.where(inside, components[np.ix_(lines, samples)], 0)
    total = float(part.sum())
    if total <= 0:
        return float(line), float(sample)
    return float(lines @ part.sum(axis=1)) / total, float(part.sum(axis=0) @ samples) / total
