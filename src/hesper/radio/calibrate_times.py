"""Fewer, longer integrations, where a set is too large for the memory."""

import dataclasses

import numpy as np

from hesper.radio.data import Visibilities
from hesper.record import Array


def joined(visibilities: Visibilities, count: int) -> Visibilities:
    """Return weighted means of `count` integrations, of fewer at the end; what is flagged does not enter.

    Parameters
    ----------
    visibilities
        Of one scan.
    count
        How many integrations become one.
    """
    v = visibilities
    if count == 1:
        return v
    starts = np.arange(0, v.time.size, count)
    mass = np.where(v.flag, np.float32(0), v.weight)
    weight = np.add.reduceat(mass, starts, axis=0)
    total = np.add.reduceat(v.value * mass, starts, axis=0)
    there = weight > 0
    return dataclasses.replace(
        v,
        time=_mean(v.time, starts),
        interval=np.add.reduceat(v.interval, starts),
        field=v.field[starts],
        scan=v.scan[starts],
        uvw=_mean(v.uvw, starts),
        value=np.where(there, total / np.where(there, weight, np.float32(1)), np.complex64(0)),
        weight=weight,
        flag=~there,
    )


def _mean(values: Array, starts: Array) -> Array:
    """Return means from start to start along the first axis; times keep their precision."""
    number = np.diff(np.append(starts, len(values))).reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray(values[:1] + np.add.reduceat(values - values[:1], starts, axis=0) / number)
