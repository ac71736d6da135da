"""What antennas do to visibilities."""

from typing import Any

import numpy as np

from hesper.compiled import compiled_parallel, prange
from hesper.record import Array

ELECTRON_PHASE = 8.448e-7
"""m² s⁻¹: phase = 8.448e-7 N/ν [rad] for a column N [m⁻²] (Thompson, Moran & Swenson, section 14.1)."""


def with_gains(value: Array, gain: Array, antenna1: Array, antenna2: Array) -> Array:
    """Return g₁ g₂* V as complex64.

    Parameters
    ----------
    value
        (time, baseline, channel, polarisation).
    gain
        (time, antenna, channel, polarisation); time and channel may have length 1.
    antenna1, antenna2
        (baseline,).

    Notes
    -----
    Hamaker, Bregman & Sault 1996, with diagonal Jones matrices.
    """
    out = np.array(value, np.complex64)
    _multiply(out, np.ascontiguousarray(gain, np.complex64), antenna1, antenna2)
    return out


def electron_phase(column: Array, frequency: Array) -> Array:
    """Return the phase advance [rad] (..., channel) of a column of electrons (...,) [m⁻²]."""
    return np.asarray(ELECTRON_PHASE * np.asarray(column)[..., None] / np.asarray(frequency))


@compiled_parallel
def _multiply(value: Array, gain: Array, antenna1: Array, antenna2: Array) -> None:
    times, baselines, channels, polarisations = value.shape
    one_time, one_channel = gain.shape[0] == 1, gain.shape[2] == 1
    for i in prange(times * baselines):
        t, b = i // baselines, i % baselines
        g = 0 if one_time else t
        first, second = antenna1[b], antenna2[b]
        for c in range(channels):
            k = 0 if one_channel else c
            for p in range(polarisations):
                value[t, b, c, p] *= gain[g, first, k, p] * np.conj(gain[g, second, k, p])


@compiled_parallel
def weights_with_gains(weight: Array, flag: Array, power: Array, antenna1: Array, antenna2: Array) -> Any:
    """Return weights times |g₁|² |g₂|², and flags with those of no weight added.

    Parameters
    ----------
    weight, flag
        (time, baseline, channel, polarisation).
    power
        (time, antenna, channel, polarisation) |g|²; time and channel may have length 1.
    antenna1, antenna2
        (baseline,).
    """
    times, baselines, channels, polarisations = weight.shape
    out, marks = np.empty(weight.shape, np.float32), np.empty(weight.shape, np.bool_)
    one_time, one_channel = power.shape[0] == 1, power.shape[2] == 1
    for i in prange(times * baselines):
        t, b = i // baselines, i % baselines
        g = 0 if one_time else t
        first, second = antenna1[b], antenna2[b]
        for c in range(channels):
            k = 0 if one_channel else c
            for p in range(polarisations):
                mass = weight[t, b, c, p] * power[g, first, k, p] * power[g, second, k, p]
                out[t, b, c, p] = mass
                marks[t, b, c, p] = flag[t, b, c, p] or mass <= 0
    return out, marks
