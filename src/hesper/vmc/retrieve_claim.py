"""Claims of transients: which peaks of an archive's contrasts are higher than its clouds would make them."""

import math
from typing import NamedTuple

import numpy as np

from hesper.constants import VENUS_RADIUS
from hesper.record import Array
from hesper.vmc.retrieve_transient import Contrasts

_LEAST = 3.0
"""Deviations from which on a peak is one."""


class Transient(NamedTuple):
    """A place that one orbit saw brighter or darker than the others did."""

    orbit: int
    lon: float
    """rad."""
    lat: float
    """rad."""
    contrast: float
    """Relative brightness of the disc, before the clouds blur it."""
    contrast_std: float
    significance: float
    """Of this place alone, in deviations."""
    chance: float
    """That clouds make one peak as high anywhere in an archive of as many segments as asked for."""


def transients(found: Contrasts, orbit: Array, *, size: float, segments: int) -> list[Transient]:
    """Return the peaks from 3 deviations on and the chance of each, the least likely first.

    Parameters
    ----------
    found
        Contrasts of discs.
    orbit
        Number of each orbit (orbit,).
    size
        Of the places within this distance [m] of a peak nothing else is one: peaks are independent.
    segments
        Number of segments that are searched.

    Notes
    -----
    The peaks of a Gaussian field exceed t at the rate exp(-t²/2s²) (Adler 1981, s = 1), so that above 3 what
    t² has beyond 9 is exponential; clouds are not Gaussian, and s² is measured. With n peaks in the *other*
    orbits, of mean excess β, a new one exceeds y with probability (1 + y/nβ)⁻ⁿ, which holds for a β so
    estimated, not only for a known one. N peaks are expected in the archive, as many for each place as the
    other orbits have, and the chance of any is 1 - exp(-N (1 + y/nβ)⁻ⁿ). Where the others have no peak it
    is 1.
    """
    peaks = [_peaks(found, k, size) for k in range(orbit.size)]
    places = np.isfinite(found.value).sum(axis=(1, 2))
    power = (found.value / found.std) ** 2
    excesses = [np.array([power[k][p] for p in own]) - _LEAST**2 for k, own in enumerate(peaks)]
    result = []
    for k, number in enumerate(orbit):
        others = np.concatenate([e for j, e in enumerate(excesses) if j != k] or [np.zeros(0)])
        rate = others.size * segments * places.sum() / max(places.sum() - places[k], 1)
        for place, excess in zip(peaks[k], excesses[k], strict=True):
            value, std = float(found.value[k][place]), float(found.std[k][place])
            lon, lat = float(found.lon[place]), float(found.lat[place])
            chance = -math.expm1(-rate * _beyond(float(excess), others)) if others.size else 1.0
            result.append(Transient(int(number), lon, lat, value, std, value / std, chance))
    return sorted(result, key=lambda t: (t.chance, -abs(t.significance)))


def _beyond(excess: float, others: Array) -> float:
    """Return the probability that one more peak exceeds this, from the excesses of others."""
    return float((1 + excess / others.sum()) ** -others.size)


def _peaks(found: Contrasts, k: int, size: float) -> list[tuple[int, int]]:
    """Return row and column of an orbit's peaks, the highest first."""
    score = np.abs(np.nan_to_num(found.value[k] / found.std[k]))
    peaks = []
    while score.max(initial=0.0) >= _LEAST:
        row, column = (int(i) for i in np.unravel_index(int(score.argmax()), score.shape))
        peaks.append((row, column))
        half = np.sin((found.lat - found.lat[row, column]) / 2) ** 2
        along = np.sin((found.lon - found.lon[row, column]) / 2) ** 2
        half = half + np.cos(found.lat) * math.cos(found.lat[row, column]) * along
        score = np.where(2 * VENUS_RADIUS * np.arcsin(np.sqrt(half)) < size, 0.0, score)
    return peaks
