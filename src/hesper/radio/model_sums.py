"""Sums over visibilities from which the gains of antennas are found."""

from typing import NamedTuple

import numpy as np

from hesper.compiled import compiled_parallel, prange
from hesper.record import Array


class Sums(NamedTuple):
    """What a solution needs of the visibilities of its interval."""

    cross: Array
    """(solution, baseline, polarisation) Σ w D M*, complex."""
    power: Array
    """(solution, baseline, polarisation) Σ w |M|²."""
    data: Array
    """(solution, baseline, polarisation) Σ w |D|²."""
    number: Array
    """(solution, baseline, polarisation) of visibilities."""


def accumulate(value: Array, weight: Array, flag: Array, model: Array, slot: Array, group: Array) -> Sums:
    """Return the sums of every solution, to which a visibility belongs by its time and its channel.

    Parameters
    ----------
    value, weight, flag
        (time, baseline, channel, polarisation).
    model
        (time, baseline, channel) complex; time and baseline may have length 1.
    slot, group
        (time,) and (channel,): the number of the solution is their sum; −1 leaves out.
    """
    count = int(slot.max()) + int(group.max()) + 1
    return Sums(*_accumulated(value, weight, flag, model, slot, group, count))


@compiled_parallel
def _accumulated(
    value: Array, weight: Array, flag: Array, model: Array, slot: Array, group: Array, count: int
) -> tuple[Array, Array, Array, Array]:
    times, baselines, channels, hands = value.shape
    shape = (count, baselines, hands)
    cross, power, data = np.zeros(shape, np.complex128), np.zeros(shape), np.zeros(shape)
    number = np.zeros(shape)
    for b in prange(baselines):
        k = np.int64(b) if model.shape[1] > 1 else np.int64(0)
        for t in range(times):
            if slot[t] < 0:
                continue
            j = t if model.shape[0] > 1 else 0
            for p in range(hands):
                real, imaginary, size, strength, seen = 0.0, 0.0, 0.0, 0.0, 0
                for c in range(channels):
                    if group[c] >= 0 and not flag[t, b, c, p]:
                        d, w, m = value[t, b, c, p], weight[t, b, c, p], model[j, k, c]
                        real += w * (d.real * m.real + d.imag * m.imag)
                        imaginary += w * (d.imag * m.real - d.real * m.imag)
                        size += w * (m.real * m.real + m.imag * m.imag)
                        strength += w * (d.real * d.real + d.imag * d.imag)
                        seen += 1
                    if c + 1 == channels or group[c + 1] != group[c]:
                        if seen > 0:
                            s = slot[t] + group[c]
                            cross[s, b, p] += complex(real, imaginary)
                            power[s, b, p] += size
                            data[s, b, p] += strength
                            number[s, b, p] += seen
                        real, imaginary, size, strength, seen = 0.0, 0.0, 0.0, 0.0, 0
    return cross, power, data, number
