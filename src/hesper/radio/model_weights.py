"""Weights from the scatter of the visibilities themselves."""

from typing import Any

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.record import Array

_ROUNDS = 4
_WILD = 5.0
"""Times the variance expected: a channel that scatters more says nothing of noise."""
_APART = 1e-3
"""Of 1 − r²: below it the two kinds of noise cannot be told apart."""


@compiled_parallel
def rescale_weights(value: Array, weight: Array, flag: Array, out: Array, marks: Array) -> None:
    """Write weights such that the differences of neighbouring channels have the variance they say.

    The noise of a baseline and polarisation in a scan is of two kinds: what entered before the gains, equal
    in all channels and times once the gains are divided by, and what entered after them, of variance 1/w,
    w the weights given. So σ² = a + b/w, a and b not negative, fitted to the mean |V₂ − V₁|² of every pair of
    channels. Where both fit as well as each other only b is used. What has no weight is flagged.

    Parameters
    ----------
    value, weight, flag
        (time, baseline, channel, polarisation) of a scan.
    out, marks
        As weight and flag; overwritten.
    """
    times, baselines, channels, hands = value.shape
    for i in prange(baselines * hands):
        b, p = i // hands, i % hands
        sums = np.zeros((3, channels))
        for t in range(times):
            for c in range(1, channels):
                w, x = weight[t, b, c, p], weight[t, b, c - 1, p]
                if w > 0 and x > 0 and not flag[t, b, c, p] and not flag[t, b, c - 1, p]:
                    step = value[t, b, c, p] - value[t, b, c - 1, p]
                    sums[0, c] += step.real * step.real + step.imag * step.imag
                    sums[1, c] += 2 * (1 / w + 1 / x)
                    sums[2, c] += 1
        before, after = _kinds(sums)
        for t in range(times):
            for c in range(channels):
                mass = np.float32(0)
                if weight[t, b, c, p] > 0 and before + after > 0:
                    mass = np.float32(1 / (before + after / weight[t, b, c, p]))
                out[t, b, c, p] = mass
                marks[t, b, c, p] = flag[t, b, c, p] or mass <= 0


@compiled
def _kinds(sums: Array) -> Any:
    """Return the variance of noise before the gains, and the factor of that after them.

    `sums` (3, channel): Σ |V₂ − V₁|², Σ 2 (1/w₁ + 1/w₂) and the number of differences; the first is
    expected to be 4 a number + b × the second.
    """
    total, given, number = sums[0], sums[1], sums[2]
    if not number.sum() > 0 or not total.sum() > 0:
        return 0.0, 0.0
    a, b = 0.5 * total.sum() / (4 * number.sum()), 0.5 * total.sum() / given.sum()
    kept = number > 0
    for _ in range(_ROUNDS):
        aa, ab, bb, ya, yb = 0.0, 0.0, 0.0, 0.0, 0.0
        for c in range(total.size):
            if kept[c]:
                p, q = 4 * number[c], given[c]
                g = number[c] / (a * p + b * q) ** 2
                aa += g * p * p
                ab += g * p * q
                bb += g * q * q
                ya += g * p * total[c]
                yb += g * q * total[c]
        if aa * bb - ab * ab > _APART * aa * bb:
            a, b = (ya * bb - yb * ab) / (aa * bb - ab * ab), (yb * aa - ya * ab) / (aa * bb - ab * ab)
        else:
            a, b = 0.0, yb / bb
        if a < 0:
            a, b = 0.0, yb / bb
        elif b < 0:
            a, b = ya / aa, 0.0
        if not a + b > 0:
            return 0.0, 0.0
        for c in range(total.size):
            kept[c] = number[c] > 0 and total[c] < _WILD * (4 * a * number[c] + b * given[c])
        if not kept.any():
            kept = number > 0
    return a, b
