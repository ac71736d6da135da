"""The continuum of every visibility, taken off in channels that hold a line."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from hesper.errors import InputError
from hesper.radio.data import Visibilities
from hesper.record import Array

_LEAST = 1e-6
"""Determinant of a straight line's normal matrix over that of evenly spread channels."""


def channels(ranges: Sequence[str], count: int) -> Array:
    """Return which channels (channel,) are named by ranges like "4-9", both ends included, from 0.

    Raises
    ------
    InputError
        If a range is none, or reaches beyond the band, or fewer than two channels are named.
    """
    chosen = np.zeros(count, bool)
    for given in ranges:
        first, _, last = given.partition("-")
        if not (first.isdigit() and last.isdigit() and int(first) <= int(last) < count):
            raise InputError(
                f"reduction.continuum: {given!r}; write ranges of channels from 0 to {count - 1} like '4-9'"
            )
        chosen[int(first) : int(last) + 1] = True
    if chosen.sum() < 2:
        raise InputError("reduction.continuum: fewer than two channels; a straight line needs two")
    return chosen


def without(visibilities: Visibilities, free: Array) -> Visibilities:
    """Return the visibilities less straight lines through their channels that are free of the line.

    Parameters
    ----------
    visibilities
        Calibrated.
    free
        (channel,) which channels hold continuum alone.

    Notes
    -----
    Weighted least squares of a + b ν for every time, baseline and polarisation by itself: sources away from
    the centre turn with frequency, by 2π Δν τ over the band, and a straight line follows while that is small.
    What has fewer than two channels left is flagged.
    """
    v = visibilities
    x = np.linspace(-1, 1, free.size)[:, None]
    mass = np.where(v.flag, 0, v.weight) * free[:, None]
    zeroth, first, second = (np.sum(mass * x**k, axis=2, dtype=float) for k in (0, 1, 2))
    data0, data1 = (np.sum(mass * x**k * v.value, axis=2, dtype=complex) for k in (0, 1))
    determinant = zeroth * second - first**2
    known = determinant > _LEAST * zeroth**2
    safe = np.where(known, determinant, 1.0)
    constant = np.where(known, (second * data0 - first * data1) / safe, 0)
    slope = np.where(known, (zeroth * data1 - first * data0) / safe, 0)
    value = (v.value - constant[:, :, None] - slope[:, :, None] * x).astype(np.complex64)
    return dataclasses.replace(v, value=value, flag=v.flag | ~known[:, :, None])
