"""Complex looks → statistics: streamed, scaled to the noise, gains found."""

import dataclasses
from collections.abc import Iterable

import numpy as np

from hesper.errors import InputError
from hesper.radar.data_interferometer import Echoes, Pass, Statistics
from hesper.record import Array, concatenate, take

_NOISE_GATES = 3
"""First gates, well before the front, that hold no echo."""


def statistics(echoes: Iterable[Echoes]) -> Statistics:
    """Accumulate powers and cross products of all receive cycles.

    Parameters
    ----------
    echoes
        One cycle at a time, in any order; no more than one is held. A look in which a
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
    powers: list[Array] = []
    crosses: list[Array] = []
    counts: list[float] = []
    passes: list[Pass] = []
    first: Echoes | None = None
    for given in echoes:
        first = given if first is None else first
        _same(first, given)
        power, cross, count = _means(given.voltage)
        powers.append(power)
        crosses.append(cross)
        counts.append(count)
        passes.append(given.geometry)
    if first is None:
        raise InputError("calibrate.statistics: no receive cycle given; at least one is needed")
    geometry = concatenate(passes, "cycle")
    order = np.argsort(geometry.time, kind="stable")
    if np.any(np.diff(geometry.time[order]) <= 0):
        raise InputError("calibrate.statistics: two cycles have the same time; give each cycle once")
    if len(order) > first.cycles:
        raise InputError(
            f"calibrate.statistics: {len(order)} cycles of a pass of {first.cycles}; "
            "give the looks of one pass"
        )
    receivers = len(powers[0])
    made = Statistics(
        power=np.stack([powers[k] for k in order]),
        cross=np.stack([crosses[k] for k in order]),
        n=np.array(counts)[order],
        expected=len(first.look_time),
        cycles=first.cycles,
        noise=np.ones(receivers),
        noise_std=np.zeros(receivers),
        gain=np.ones(receivers),
        gain_std=np.zeros(receivers),
        phase=np.zeros((len(order), receivers)),
        phase_std=np.zeros((len(order), receivers)),
        depth=first.depth,
        shift=first.shift,
        geometry=take(geometry, "cycle", order),
        frequency=first.frequency,
        stations=first.stations,
    )
    # Statistics of a large pass are its memory: none is held twice longer than needed.
    powers.clear()
    crosses.clear()
    if not made.n.any():
        raise InputError(
            "calibrate.statistics: every look holds values that are not finite; give whole looks"
        )
    return gains(noise(made))


def noise(given: Statistics) -> Statistics:
    """Scale powers and cross products to the noise of the gates before the front."""
    looks = given.n[:, None, None, None]
    early = given.power[:, :, :_NOISE_GATES]
    level = np.sum(looks * early, axis=(0, 2, 3)) / (given.n.sum() * early.shape[2] * early.shape[3])
    if not np.all(level > 0):
        raise InputError(
            "calibrate.noise: the gates before the front hold no noise; give looks that begin before the echo"
        )
    count = given.n.sum() * early.shape[2] * early.shape[3]
    root = np.sqrt(level)
    pair = _pairs(root)
    return dataclasses.replace(
        given,
        power=_scaled(given.power, level),
        cross=_scaled(given.cross, pair),
        noise=given.noise * level,
        noise_std=given.noise * level / np.sqrt(count),
    )


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


def _means(voltage: Array) -> tuple[Array, Array, float]:
    """Return mean powers (receiver, …), cross products (pair, …) and how many looks went in."""
    good = np.isfinite(voltage).all(axis=(1, 2, 3))
    kept = voltage[good]
    receivers, count = voltage.shape[1], len(kept)
    if count == 0:
        shape = voltage.shape[2:]
        pairs = receivers * (receivers - 1) // 2
        return np.zeros((receivers, *shape), np.float32), np.zeros((pairs, *shape), np.complex64), 0.0
    power: Array = np.asarray(np.mean(kept.real**2 + kept.imag**2, axis=0, dtype=np.float64))
    cross = [
        np.mean(kept[:, m] * kept[:, k].conj(), axis=0, dtype=np.complex128)
        for m in range(receivers)
        for k in range(m + 1, receivers)
    ]
    return (
        power.astype(np.float32),
        np.asarray(cross, np.complex64).reshape(-1, *power.shape[1:]),
        float(count),
    )


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


def _scaled(values: Array, level: Array) -> Array:
    """Divide (cycle, receiver or pair, gate, doppler) by a level each, a cycle at a time for memory."""
    return np.stack([(one / level[:, None, None]).astype(values.dtype) for one in values])


def _pairs(values: Array) -> Array:
    count = len(values)
    return np.array([values[m] * values[k] for m in range(count) for k in range(m + 1, count)])
