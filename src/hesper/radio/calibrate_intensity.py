"""Parallel hands → Stokes I, for all that looks at the field and not at a hand."""

import dataclasses

import numpy as np

from hesper.radio import model_channels
from hesper.radio.data import Visibilities

PARALLEL = ("I", "RR", "LL", "XX", "YY")
"""Polarisations whose weighted mean is Stokes I."""


def intensity(visibilities: Visibilities) -> Visibilities:
    """Return the weighted mean of the parallel hands as one polarisation, I."""
    v = visibilities
    hands = np.flatnonzero(np.isin(v.setup.polarisation, PARALLEL))
    if v.setup.polarisation.size == 1 and hands.size == 1:
        return v
    value, weight, flag = model_channels.mean_hand(v.value, v.weight, v.flag, hands)
    setup = dataclasses.replace(v.setup, polarisation=np.array(["I"]))
    return dataclasses.replace(v, value=value, weight=weight, flag=flag, setup=setup)
