"""Interference that is always on, below the noise of a visibility, is told by its fringe and taken off."""

import dataclasses

import numpy as np

from hesper.radio import calibrate_gains, model_ground
from hesper.radio.data import Visibilities
from hesper.record import Array

_TURNS = 4.0
"""Of the fringe in a window: of a source in the field less than 1/(2π 4) looks like the ground."""


def without_ground(visibilities: Visibilities, residual: Array) -> Visibilities:
    """Return the visibilities less what is constant in every scan before the fringes were stopped.

    No flagger finds it, for it is below the noise; but it adds up on the shortest baselines, where the disk
    is brightest (Athreya 2009, ApJ 696, 885).

    Parameters
    ----------
    visibilities
        Calibrated.
    residual
        (time, baseline, channel, polarisation) the same less background and planet.
    """
    v = visibilities
    edges = calibrate_gains.scan_edges(v)
    w = np.ascontiguousarray(v.uvw[..., 2])
    change = np.zeros_like(w)
    for start, stop in edges:
        if stop - start > 1:
            part = slice(start, stop)
            change[part] = np.gradient(w[part], v.time[part], axis=0) * v.interval[part, None]
    value = np.array(v.value)
    model_ground.subtract(
        value, residual, np.ascontiguousarray(v.weight), v.flag, w, change, v.setup.frequency,
        np.array([edges[0][0], *(stop for _, stop in edges)]), turns=_TURNS,
    )  # fmt: skip
    return dataclasses.replace(v, value=value)
