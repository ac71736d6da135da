"""Man-made interference, by kind."""

from typing import NamedTuple

import numpy as np

from hesper.radio.data_settings import Corruption
from hesper.record import Array
from hesper.units import km

_REACH = 4 * km


class Interference(NamedTuple):
    """What is drawn once for an observation."""

    lines: Array
    """Channels with a line."""
    intermittent: Array
    """Channels with an intermittent signal."""
    hum_phase: Array
    """(antenna,) phases [rad] of the interference that is always on."""


class Fringe(NamedTuple):
    """What stopping the fringes of the field does to a signal from the ground."""

    delay: Array
    """(time, baseline) w/c [s]."""
    change: Array
    """(time, baseline) change of w/c during an integration [s]."""
    frequency: Array
    """(channel,) [Hz]."""


def drawn(
    corruption: Corruption, channels: int, antennas: int, generator: np.random.Generator
) -> Interference:
    """Draw the channels of narrow signals."""
    pick = generator.permutation(channels)
    lines = pick[: corruption.lines]
    rest = pick[corruption.lines : corruption.lines + corruption.intermittent]
    return Interference(lines, rest, generator.uniform(0, 2 * np.pi, antennas))


def added(
    value: Array,
    noise: float,
    time: Array,
    length: Array,
    antennas: tuple[Array, Array],
    fringe: Fringe,
    interference: Interference,
    corruption: Corruption,
    generator: np.random.Generator,
) -> Array:
    """Add interference to `value` in place; return where it is that a flagger should find it.

    Parameters
    ----------
    value
        (time, baseline, channel, polarisation) complex64, counts.
    noise
        Standard deviation of a real part, counts.
    time
        (time,) [s], equally spaced.
    length
        (baseline,) [m].
    antennas
        First and second antenna of every baseline.
    fringe
        By what the correlator turned and smeared a signal that stands still on the ground.
    interference, corruption
        What was drawn, and the recipe.
    generator
        Of this scan.

    Notes
    -----
    A signal from the ground does not follow the sky: the correlator, which stops the fringes of the field,
    turns it by −2π ν w/c, and it is left where that changes little in an integration, on baselines without
    east–west extent. What is always on and below the noise (`hum`) no flagger can find in one cell.
    """
    times, baselines, _, hands = value.shape
    marked = np.zeros(value.shape, bool)

    def phases(*shape: int) -> Array:
        return np.asarray(np.exp(1j * generator.uniform(0, 2 * np.pi, shape)))

    for channel in interference.lines:
        value[:, :, channel] += corruption.line_level * noise * phases(times, baselines, hands)
        marked[:, :, channel] = True
    for channel in interference.intermittent:
        on: Array = np.flatnonzero(generator.random(times) < 0.3)
        value[on, :, channel] += corruption.intermittent_level * noise * phases(on.size, baselines, hands)
        marked[on, :, channel] = True
    near = length < _REACH
    step = float(np.median(np.diff(time))) if times > 1 else 1.0
    for start in np.flatnonzero(generator.random(times) < corruption.bursts * step):
        cell = np.ix_(np.arange(start, min(start + 2, times)), near)
        shape = value[cell].shape
        value[cell] += corruption.burst_level * noise * phases(*shape)
        marked[cell] = True
    if corruption.hum > 0:
        phase = interference.hum_phase[antennas[0]] - interference.hum_phase[antennas[1]]
        turned = np.exp(1j * (phase[near, None] - 2 * np.pi * fringe.delay[:, near, None] * fringe.frequency))
        left = np.sinc(fringe.change[:, near, None] * fringe.frequency)
        value[:, near] += (corruption.hum * noise * left * turned)[..., None]
    return marked
