"""What SumThreshold takes of noise alone: amplitudes of Rayleigh's distribution."""

from itertools import pairwise

import numpy as np

from hesper.errors import InputError
from hesper.record import Array

_STEP = 2e-3
_SUPPORT = 14.0
_FIRSTS = np.arange(5.0, 10.01, 0.25)


def expected(first: float, shape: tuple[int, int], windows: int) -> float:
    """Return the part of a plane (time, channel) of noise that SumThreshold is expected to flag.

    Parameters
    ----------
    first
        Threshold of a single sample.
    shape
        Of the plane; windows go along both axes.
    windows
        How many lengths: 1, 2, 4, …

    Notes
    -----
    A window of M is above its threshold, z standard deviations of its mean away, with probability P. Windows
    overlap: they exceed in clumps of M/z² (Aldous 1989, Probability approximations via the Poisson clumping
    heuristic: locally their sum is a Brownian motion), so that a sample lies in one with the
    probability P min(M, z²), times the part of an axis that windows of this length begin on.
    """
    amplitude = np.arange(0.5 * _STEP, _SUPPORT, _STEP)
    density = amplitude * np.exp(-(amplitude**2) / 2)
    median = np.sqrt(2 * np.log(2))
    unit = 1.4826 * _median_deviation(median)
    total = 0.0
    for k in range(windows):
        length = 2**k
        limit = median + unit * first / 1.5**k
        z = (limit - np.sqrt(np.pi / 2)) / np.sqrt((2 - np.pi / 2) / length)
        part = sum(max(n - length + 1, 0) / n for n in shape)
        total += part * min(length, z**2) * _tail(amplitude, density, length, float(limit))
    return total


def threshold(budget: float, shape: tuple[int, int], windows: int) -> float:
    """Return the first threshold at which `expected` is the budget."""
    levels = np.log([expected(float(first), shape, windows) for first in _FIRSTS])
    for (low, high), (above, below) in zip(pairwise(_FIRSTS), pairwise(levels), strict=True):
        if above >= np.log(budget) > below:
            return float(low + (high - low) * (above - np.log(budget)) / (above - below))
    raise InputError(
        f"flags: noise alone is to lose {budget}; thresholds of {_FIRSTS[0]} to {_FIRSTS[-1]} take "
        f"{np.exp(levels[0]):.2g} to {np.exp(levels[-1]):.2g}"
    )


def _median_deviation(median: float) -> float:
    """Return the median of |a − median| of Rayleigh's distribution, by halving."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        inside = np.exp(-((median - middle) ** 2) / 2) - np.exp(-((median + middle) ** 2) / 2)
        low, high = (middle, high) if inside < 0.5 else (low, middle)
    return low


def _tail(amplitude: Array, density: Array, length: int, limit: float) -> float:
    """Return the probability that the mean of `length` amplitudes exceeds a limit.

    The density is tilted until its mean is the limit, and its power taken by Fourier's transform: so that the
    tail is not lost in rounding.
    """
    low, high = 0.0, 0.9 * _SUPPORT
    for _ in range(60):
        tilt = 0.5 * (low + high)
        turned = density * np.exp(tilt * (amplitude - limit))
        low, high = (tilt, high) if (turned * (amplitude - limit)).sum() < 0 else (low, tilt)
    norm = float(turned.sum())
    size = 2 ** int(np.ceil(np.log2(length * amplitude.size + 1)))
    power = np.fft.irfft(np.fft.rfft(turned / norm, size) ** length, size)
    excess = (np.arange(size) + 0.5 * length) * _STEP - length * limit
    above = excess > 0
    scale = length * np.log(norm * _STEP)
    return float(np.exp(scale) * np.sum(np.maximum(power[above], 0) * np.exp(-tilt * excess[above])))
