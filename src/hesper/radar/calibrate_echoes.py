"""Complex looks → statistics: streamed, scaled to the noise, gains found."""

import dataclasses
from collections.abc import Iterable
from itertools import chain, combinations

import numpy as np

from hesper.errors import InputError
from hesper.radar.data_interferometer import Echoes, Pass, Statistics
from hesper.record import Array, concatenate, take

_MOST_CYCLES = 1000
"""Of a pass: more than twelve hours have minutes."""
_NOISE_GATES = 3
"""First gates, well before the front, that hold no echo."""


def statistics(echoes: Iterable[Echoes]) -> Statistics:
    """Accumulate powers and cross products of all receive cycles.

    Parameters
    ----------
    echoes
        One cycle at a time, in any order; the first and the current one are held. A look in which a
        value is not finite is left out.

    Returns
    -------
    Statistics
        In order of time, divided by the noise of the earliest gates, gains relative to the first receiver.

    Raises
    ------
    InputError
        If there are no cycles, two cycles have the same time, their axes or stations differ, or fewer than
        two receivers are given.
    """
    given = iter(echoes)
    first = next(given, None)
    if first is None:
        raise InputError("calibrate.statistics: no receive cycle given; at least one is needed")
    power, cross = _empty(first)
    counts, expected = np.zeros(first.cycles), 0
    passes: list[Pass] = []
    for k, cycle in enumerate(chain([first], given)):
        _same(first, cycle)
        if k == first.cycles:
            raise InputError(
                f"calibrate.statistics: {k + 1} cycles of a pass of {first.cycles}; "
                "give the looks of one pass"
            )
        expected = max(expected, len(cycle.look_time))
        counts[k] = _means(cycle.voltage, power[k], cross[k])
        passes.append(cycle.geometry)
    geometry = concatenate(passes, "cycle")
    order = np.argsort(geometry.time, kind="stable")
    if np.any(np.diff(geometry.time[order]) <= 0):
        raise InputError("calibrate.statistics: two cycles have the same time; give each cycle once")
    if not counts.any():
        raise InputError(
            "calibrate.statistics: every look holds values that are not finite; give whole looks"
        )
    power, cross, n = (_ordered(values, order) for values in (power, cross, counts))
    level, level_std = noise(power[:, :, :_NOISE_GATES], n, first.stations)
    _scale(power, level)
    _scale(cross, _pairs(np.sqrt(level)))
    receivers = len(level)
    made = Statistics(
        power=power,
        cross=cross,
        n=n,
        expected=expected,
        cycles=first.cycles,
        noise=level,
        noise_std=level_std,
        gain=np.ones(receivers),
        gain_std=np.zeros(receivers),
        phase=np.zeros((len(order), receivers)),
        phase_std=np.zeros((len(order), receivers)),
        depth=first.depth,
        shift=first.shift,
        geometry=take(geometry, "cycle", order),
        frequency=first.frequency,
        stations=first.stations,
        transmitter=first.transmitter,
        code=first.code,
    )
    return gains(made)


def noise(early: Array, n: Array, stations: str) -> tuple[Array, Array]:
    """Return the noise of every receiver and its standard deviation.

    Parameters
    ----------
    early
        Mean power of the gates before the front (cycle, receiver, gate, doppler).
    n
        Looks of every cycle.
    stations
        Receivers, joined by commas.

    Raises
    ------
    InputError
        If a receiver has no noise.
    """
    count = n.sum() * early.shape[2] * early.shape[3]
    level = np.sum(n[:, None, None, None] * early, axis=(0, 2, 3)) / count
    for name, found in zip(stations.split(","), level, strict=True):
        if not found > 0:
            raise InputError(
                f"calibrate.noise: the gates before the front of {name} hold no noise; give looks that begin "
                "before the echo, or leave the receiver out"
            )
    return level, level / np.sqrt(count)


def gains(given: Statistics) -> Statistics:
    """Find every receiver's echo over noise relative to the first one, from the strong cells."""
    total = np.zeros(given.power.shape[1:])
    for looks, power in zip(given.n, given.power, strict=True):
        total += looks * power
    mean = total / given.n.sum() - 1
    strong = mean[0] > 3.0
    if strong.sum() < 10:
        strong = mean[0] >= np.sort(mean[0].ravel())[-10]
    levels = mean[:, strong]
    # A ratio of sums: both hold the same surface, so that only speckle and noise scatter it.
    gain = levels.sum(axis=1) / levels[0].sum()
    looks = given.n.sum()
    spread = np.sqrt(np.sum((levels + 1) ** 2, axis=1) / looks) / np.abs(levels.sum(axis=1))
    std = gain * np.hypot(spread, spread[0])
    std[0] = 0.0
    if not np.all(gain > 0):
        raise InputError(
            f"calibrate.gains: receiver {int(np.argmin(gain)) + 1} of {given.stations} shows no echo; "
            "leave it out"
        )
    return dataclasses.replace(given, gain=gain, gain_std=std)


def _empty(first: Echoes) -> tuple[Array, Array]:
    """Return room for powers and cross products of a pass: made once, for they are its memory."""
    if not 1 <= first.cycles <= _MOST_CYCLES:
        raise InputError(
            f"calibrate.statistics: a pass of {first.cycles} cycles; 1 to {_MOST_CYCLES} are possible: "
            "the file of looks is damaged, simulate or fetch it again"
        )
    receivers, *shape = first.voltage.shape[1:]
    pairs = receivers * (receivers - 1) // 2
    return (
        np.empty((first.cycles, receivers, *shape), np.float32),
        np.empty((first.cycles, pairs, *shape), np.complex64),
    )


def _means(voltage: Array, power: Array, cross: Array) -> int:
    """Fill mean powers (receiver, …) and cross products (pair, …); return how many looks went in.

    Sums are double, look by look: a cycle is held once, whatever its size.
    """
    powers, products = np.zeros(power.shape), np.zeros(cross.shape, complex)
    pairs = list(combinations(range(len(power)), 2))
    count = 0
    for look in voltage:
        if np.isfinite(look).all():
            powers += look.real**2 + look.imag**2
            for k, (one, other) in enumerate(pairs):
                products[k] += look[one] * look[other].conj()
            count += 1
    power[:] = powers / max(count, 1)
    cross[:] = products / max(count, 1)
    return count


def _ordered(values: Array, order: Array) -> Array:
    """Return rows in order; those that are in order already are not copied."""
    return values[: len(order)] if np.all(np.diff(order) == 1) else values[order]


def _same(first: Echoes, other: Echoes) -> None:
    """Refuse cycles that do not belong together, and those of a single receiver."""
    if other.voltage.shape[1] < 2:
        raise InputError(
            f"calibrate.statistics: one receiver ({other.stations}); altitudes and the two hemispheres need "
            "at least two; whole disks of a single one make a chart: source = finder"
        )
    for name in ("stations", "transmitter", "code", "frequency", "baud", "cycles"):
        found, wanted = getattr(other, name), getattr(first, name)
        if found != wanted:
            shown = [f"{v:.9g}" if isinstance(v, float) else f"{v!r}" for v in (found, wanted)]
            raise InputError(
                f"calibrate.statistics: {name} is {shown[0]} in one cycle and {shown[1]} in another; "
                "give the looks of one pass"
            )
    if len(other.stations.split(",")) != other.voltage.shape[1]:
        raise InputError(
            f"calibrate.statistics: {other.voltage.shape[1]} receivers but the stations are "
            f"'{other.stations}'; name every one"
        )
    for name in ("depth", "shift"):
        if not np.array_equal(getattr(first, name), getattr(other, name)):
            raise InputError(f"calibrate.statistics: cycles with different axes of {name}; give one waveform")


def _scale(values: Array, level: Array) -> None:
    """Divide (cycle, receiver or pair, gate, doppler) by a level each, in place, a cycle at a time."""
    for row in values:
        np.divide(row, level[:, None, None], out=row, casting="same_kind")


def _pairs(values: Array) -> Array:
    return np.array([values[m] * values[k] for m, k in combinations(range(len(values)), 2)])
