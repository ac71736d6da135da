"""Fewer, wider channels for all that looks at the field and not at a channel."""

import dataclasses

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.radio import model_channels
from hesper.radio.data import Setup, Visibilities

LOSS = 0.2
"""Dimming, at most, of a source at the edge of the field on the longest baseline."""
LEAST = 8
"""Channels that are left: weights are made of the differences between neighbours."""


def number_to_join(setup: Setup, *, field_of_view: float, loss: float = LOSS) -> int:
    """Return how many channels may be joined: the largest divisor of their number that keeps the loss and 8.

    A source at the edge of the field of view [rad] is dimmed on the longest baseline by
    1 − sinc(n Δν τ), τ its delay. Models are dimmed alike, so that the loss is one of signal, not of truth.
    """
    channels = setup.frequency.size
    apart = setup.antenna_position[setup.antenna1] - setup.antenna_position[setup.antenna2]
    delay = float(np.linalg.norm(apart, axis=1).max()) * field_of_view / 2 / SPEED_OF_LIGHT
    allowed = [
        n
        for n in range(1, channels + 1)
        if channels % n == 0 and channels // n >= LEAST and n * setup.channel_width * delay < 1
        and 1 - np.sinc(n * setup.channel_width * delay) <= loss
    ]  # fmt: skip
    return max(allowed, default=1)


def joined(visibilities: Visibilities, count: int) -> Visibilities:
    """Return the visibilities with `count` neighbouring channels in one, see `model_channels.joined`."""
    v = visibilities
    if count == 1:
        return v
    value, weight, flag = model_channels.joined(
        v.value, np.ascontiguousarray(v.weight), np.ascontiguousarray(v.flag), count
    )
    setup = dataclasses.replace(
        v.setup,
        frequency=v.setup.frequency.reshape(-1, count).mean(axis=1),
        channel_width=count * v.setup.channel_width,
    )
    return dataclasses.replace(v, value=value, weight=weight, flag=flag, setup=setup)
