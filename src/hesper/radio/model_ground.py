"""Signals from the ground among visibilities whose fringes were stopped for the sky.

A transmitter that stands still has a constant visibility before the fringes are stopped; stopping them turns
it by −2π ν w/c and smears it by sinc(ν Δw/c), Δw the change of w in an integration (Athreya 2009).
"""

import math

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.constants import SPEED_OF_LIGHT
from hesper.record import Array


def subtract(
    value: Array,
    residual: Array,
    weight: Array,
    flag: Array,
    w: Array,
    change: Array,
    frequency: Array,
    edges: Array,
    *,
    turns: float,
) -> None:
    """Take the mean signal from the ground off `value`, in place, window by window.

    Parameters
    ----------
    value
        (time, baseline, channel, polarisation) [Jy].
    residual
        The same less all that is known of the sky; what is constant is sought in it.
    weight, flag
        Of the visibilities.
    w, change
        (time, baseline) third coordinate and its change in an integration [m].
    frequency
        (channel,) equally spaced [Hz].
    edges
        (window + 1,) first integrations of the windows, and the end.
    turns
        A baseline whose fringe turns less often in a window is left: there the sky stands still as well.

    Notes
    -----
    a = Σ w s z r / Σ w s², z = exp(2πi ν w/c), s = sinc(ν Δw/c), r the residual; then V − a s z*. Where s is
    below a half nothing of the ground is left to be taken off.
    """
    waves = np.asarray(frequency, float) / SPEED_OF_LIGHT
    step = (waves[-1] - waves[0]) / max(waves.size - 1, 1)
    _subtract(value, residual, weight, flag, w, change, waves, step, np.asarray(edges), turns)


@compiled
def _sinc(x: float) -> float:
    return 1.0 if abs(x) < 1e-9 else math.sin(math.pi * x) / (math.pi * x)


@compiled_parallel
def _subtract(
    value: Array,
    residual: Array,
    weight: Array,
    flag: Array,
    w: Array,
    change: Array,
    waves: Array,
    step: float,
    edges: Array,
    turns: float,
) -> None:
    channels, hands = value.shape[2], value.shape[3]
    middle = 0.5 * (waves[0] + waves[-1])
    for b in prange(value.shape[1]):
        total = np.empty((channels, hands), np.complex128)
        mass = np.empty((channels, hands))
        for i in range(edges.size - 1):
            first, last = edges[i], edges[i + 1]
            if abs(w[last - 1, b] - w[first, b]) * middle < turns:
                continue
            if _sinc(change[(first + last) // 2, b] * middle) < 0.5:
                continue
            total[:] = 0
            mass[:] = 0
            for t in range(first, last):
                left = _sinc(change[t, b] * middle)
                start, turn = 2 * math.pi * w[t, b] * waves[0], 2 * math.pi * w[t, b] * step
                z, rotor = complex(math.cos(start), math.sin(start)), complex(math.cos(turn), math.sin(turn))
                for c in range(channels):
                    for p in range(hands):
                        if not flag[t, b, c, p]:
                            total[c, p] += weight[t, b, c, p] * left * z * residual[t, b, c, p]
                            mass[c, p] += weight[t, b, c, p] * left * left
                    z *= rotor
            for c in range(channels):
                for p in range(hands):
                    total[c, p] = total[c, p] / mass[c, p] if mass[c, p] > 0 else 0.0
            for t in range(first, last):
                left = _sinc(change[t, b] * middle)
                start, turn = -2 * math.pi * w[t, b] * waves[0], -2 * math.pi * w[t, b] * step
                z, rotor = complex(math.cos(start), math.sin(start)), complex(math.cos(turn), math.sin(turn))
                for c in range(channels):
                    for p in range(hands):
                        value[t, b, c, p] -= left * z * total[c, p]
                    z *= rotor
