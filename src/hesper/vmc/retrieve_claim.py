"""Claims of transients: which peaks of an archive's contrasts are higher than its clouds would make them."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper.constants import VENUS_RADIUS
from hesper.record import Array
from hesper.vmc.retrieve_transient import Contrasts

_LEAST = 3.0
"""Deviations from which on a peak is one."""


class Peak(NamedTuple):
    """A place that one orbit saw brighter or darker than the others did."""

    orbit: int
    lon: float
    """rad."""
    lat: float
    """rad."""
    contrast: float
    """Relative brightness of the disc, before the clouds blur it."""
    contrast_std: float

    @property
    def deviations(self) -> float:
        """Contrast over its standard deviation: of this place alone."""
        return self.contrast / self.contrast_std


class Searched(NamedTuple):
    """The peaks of a segment, and how many places of each orbit were searched."""

    peaks: list[Peak]
    orbit: Array
    """(orbit,)."""
    places: Array
    """(orbit,)."""


def peaks(found: Contrasts, orbit: Array, *, size: float) -> Searched:
    """Return the peaks of 3 deviations and more.

    Parameters
    ----------
    found
        Contrasts of discs.
    orbit
        Number of each orbit (orbit,).
    size
        Of the places within this distance [m] of a peak nothing else is one: peaks are independent.
    """
    made = []
    for k, number in enumerate(orbit):
        for row, column in _highest(found, k, size):
            lon, lat = float(found.lon[row, column]), float(found.lat[row, column])
            value, std = float(found.value[k, row, column]), float(found.std[k, row, column])
            made.append(Peak(int(number), lon, lat, value, std))
    return Searched(made, orbit, np.isfinite(found.value).sum(axis=(1, 2)))


def chances(parts: Sequence[Searched]) -> list[list[float]]:
    """Return for each segment and each of its peaks the chance that clouds make one as high in any of them.

    Parameters
    ----------
    parts
        All segments that were searched: the archive.

    Notes
    -----
    The peaks of a Gaussian field exceed t at the rate exp(-t²/2s²) (Adler 1981, s = 1), so that above 3 what
    t² has beyond 9 is exponential; clouds are not Gaussian, and s² is measured. With n peaks in the *other*
    orbits, of mean excess β, a new one exceeds y with probability (1 + y/nβ)⁻ⁿ, which holds for a β so
    estimated, not only for a known one. N peaks are expected in the archive, as many for each place as the
    other orbits have, and the chance of any is 1 - exp(-N (1 + y/nβ)⁻ⁿ). Where the others have no peak it
    is 1.
    """
    orbit = np.array([p.orbit for part in parts for p in part.peaks], int)
    excess = np.array([p.deviations**2 - _LEAST**2 for part in parts for p in part.peaks])
    places = sum(int(part.places.sum()) for part in parts)
    result = []
    for part in parts:
        own = []
        for peak in part.peaks:
            others = excess[orbit != peak.orbit]
            rest = places - sum(int(p.places[p.orbit == peak.orbit].sum()) for p in parts)
            rate = others.size * places / max(rest, 1)
            beyond = _beyond(peak.deviations**2 - _LEAST**2, others) if others.size else 1.0
            own.append(-math.expm1(-rate * beyond) if others.size else 1.0)
        result.append(own)
    return result


def _beyond(excess: float, others: Array) -> float:
    """Return the probability that one more peak exceeds this, from the excesses of others."""
    return float((1 + excess / others.sum()) ** -others.size)


def _highest(found: Contrasts, k: int, size: float) -> list[tuple[int, int]]:
    """Return row and column of an orbit's peaks, the highest first."""
    score = np.abs(np.nan_to_num(found.value[k] / found.std[k]))
    made = []
    while score.max(initial=0.0) >= _LEAST:
        row, column = (int(i) for i in np.unravel_index(int(score.argmax()), score.shape))
        made.append((row, column))
        half = np.sin((found.lat - found.lat[row, column]) / 2) ** 2
        along = np.sin((found.lon - found.lon[row, column]) / 2) ** 2
        half = half + np.cos(found.lat) * math.cos(found.lat[row, column]) * along
        score = np.where(2 * VENUS_RADIUS * np.arcsin(np.sqrt(half)) < size, 0.0, score)
    return made
