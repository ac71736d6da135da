"""Channels joined so that the middle of what is joined stays where it is, whatever is flagged."""

from typing import Any

import numpy as np

from hesper.compiled import compiled_parallel, prange
from hesper.record import Array


@compiled_parallel
def joined(value: Array, weight: Array, flag: Array, count: int) -> Any:
    """Return values, weights and flags of means over `count` neighbouring channels.

    A channel goes in with the one that lies as far on the other side of the middle, or not at all: so a flag
    moves no mean to another frequency. The mean of a pair has the weight 4/(1/w₁ + 1/w₂), the channel in the
    middle of an odd number its own.

    Parameters
    ----------
    value, weight, flag
        (time, baseline, channel, polarisation).
    count
        A divisor of the number of channels.
    """
    times, baselines, channels, hands = value.shape
    bands = channels // count
    shape = (times, baselines, bands, hands)
    out, mass = np.empty(shape, np.complex64), np.empty(shape, np.float32)
    marks = np.empty(shape, np.bool_)
    for i in prange(times * baselines):
        t, b = i // baselines, i % baselines
        for k in range(bands):
            for p in range(hands):
                real, imaginary, total = np.float32(0), np.float32(0), np.float32(0)
                for j in range((count + 1) // 2):
                    low, high = k * count + j, (k + 1) * count - 1 - j
                    w, x = weight[t, b, low, p], weight[t, b, high, p]
                    if w > 0 and x > 0 and not flag[t, b, low, p] and not flag[t, b, high, p]:
                        y, z = value[t, b, low, p], value[t, b, high, p]
                        both = w if low == high else np.float32(4) * w * x / (w + x)
                        real += np.float32(0.5) * both * (y.real + z.real)
                        imaginary += np.float32(0.5) * both * (y.imag + z.imag)
                        total += both
                there = total > 0
                scale = np.float32(1) / total if there else np.float32(0)
                out[t, b, k, p] = complex(real * scale, imaginary * scale)
                mass[t, b, k, p] = total
                marks[t, b, k, p] = not there
    return out, mass, marks


@compiled_parallel
def mean_hand(value: Array, weight: Array, flag: Array, hands: Array) -> Any:
    """Return values, weights and flags (time, baseline, channel, 1) of the weighted mean of some hands."""
    times, baselines, channels, _ = value.shape
    shape = (times, baselines, channels, 1)
    out, mass = np.zeros(shape, np.complex64), np.zeros(shape, np.float32)
    marks = np.ones(shape, np.bool_)
    for i in prange(times * baselines):
        t, b = i // baselines, i % baselines
        for c in range(channels):
            real, imag, heavy = np.float32(0), np.float32(0), np.float32(0)
            for p in hands:
                w = weight[t, b, c, p]
                if not flag[t, b, c, p] and w > 0:
                    real += w * value[t, b, c, p].real
                    imag += w * value[t, b, c, p].imag
                    heavy += w
            if heavy > 0:
                out[t, b, c, 0] = complex(real / heavy, imag / heavy)
                mass[t, b, c, 0] = heavy
                marks[t, b, c, 0] = False
    return out, mass, marks


@compiled_parallel
def less(value: Array, model: Array, hands: Array) -> Array:
    """Return values (time, baseline, channel, hand), less a model (time, baseline, channel) in some hands."""
    out = np.empty_like(value)
    times, baselines, channels, _ = value.shape
    for i in prange(times * baselines):
        t, b = i // baselines, i % baselines
        out[t, b] = value[t, b]
        for p in hands:
            for c in range(channels):
                out[t, b, c, p] -= model[t, b, c]
    return out
