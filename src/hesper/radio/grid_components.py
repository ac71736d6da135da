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
    """Return one point source for every island of components, at its centroid.

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
    For fields of unresolved sources: forty sources are predicted at once, ten thousand pixels are not.
    """
    from scipy.ndimage import binary_dilation, center_of_mass, label, sum_labels

    radius = max(1, round(reach * clean.beam.major / clean.frame.pixel / 2))
    line, sample = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    wide = binary_dilation(clean.components != 0, line**2 + sample**2 <= radius**2)
    islands, count = label(wide)
    every = np.arange(1, count + 1)
    flux = np.asarray(sum_labels(clean.components, islands, every), float)
    kept = every[flux > max(faintest, 0.0)]
    place = np.array(center_of_mass(np.maximum(clean.components, 0), islands, kept)).reshape(-1, 2)
    flux = flux[kept - 1]
    order = np.argsort(-flux)
    half = clean.frame.size // 2
    east, north = -(place[:, 1] - half) * clean.frame.pixel, (place[:, 0] - half) * clean.frame.pixel
    return PointSources(east[order], north[order], flux[order])
