"""Self-calibration of the target's scans on a model of the field."""

import dataclasses

import numpy as np

from hesper.radio import calibrate_gains
from hesper.radio.data import Visibilities
from hesper.radio.data_calibration import Gains
from hesper.record import Array

_PRECISE = 0.01
"""Standard deviation of an amplitude that is worth having: gains change by no less between calibrators."""
_STEADY = 0.05
"""Standard deviation of a phase [rad]: it dims the planet by a thousandth."""
_LONGER = 2.0


def phases(block: Visibilities, model: Array, *, interval: float) -> Gains:
    """Solve for phases, as often as the field is bright enough for.

    Parameters
    ----------
    block
        Calibrated visibilities of one field.
    model
        (time, baseline, channel) what the sky gives [Jy].
    interval
        Longest solution interval [s].

    Notes
    -----
    From one integration the interval is doubled until the median standard deviation is 0.05 rad. Waves in the
    ionosphere turn a phase by a tenth of a radian in a minute; what interpolation leaves of that, times the
    brightest source, is more than the noise.
    """
    reference = calibrate_gains.reference_antenna(block)
    length = float(block.interval.max())
    while True:
        found = calibrate_gains.gains(
            block, model, interval=min(length, interval), reference=reference, phase_only=True
        )
        there = np.isfinite(found.amplitude)
        if length >= interval or (there.any() and np.median(found.phase_std[there]) <= _STEADY):
            return found
        length *= _LONGER


def amplitudes(block: Visibilities, model: Array, *, interval: float) -> Gains:
    """Solve for amplitudes and what is left of phases, where the field is bright enough.

    Parameters
    ----------
    block, model
        As in `phases`.
    interval
        Shortest solution interval [s]; doubled, up to a scan, until the median standard deviation is 1 %.

    Notes
    -----
    The geometric mean of all amplitudes of a solution is 1: the scale of flux densities stays that of the
    calibrators. A field too faint leaves ones.
    """
    reference = calibrate_gains.reference_antenna(block)
    longest = max(float(block.interval[a:b].sum()) for a, b in calibrate_gains.scan_edges(block))
    while True:
        found = calibrate_gains.gains(block, model, interval=interval, reference=reference, phase_only=False)
        there = np.isfinite(found.amplitude)
        if there.any() and np.median((found.amplitude_std / found.amplitude)[there]) <= _PRECISE:
            return _normalised(found)
        if interval >= longest:
            return ones(found)
        interval *= _LONGER


def ones(table: Gains) -> Gains:
    """Return a table that changes nothing."""
    return dataclasses.replace(
        table, amplitude=np.ones_like(table.amplitude), phase=np.zeros_like(table.phase)
    )


def _normalised(found: Gains) -> Gains:
    there = np.isfinite(found.amplitude)
    log = np.where(there, np.log(np.where(there, found.amplitude, 1.0)), 0.0)
    mean = log.sum(axis=(1, 2), keepdims=True) / np.maximum(there.sum(axis=(1, 2), keepdims=True), 1)
    scale = np.exp(mean)
    return dataclasses.replace(
        found, amplitude=found.amplitude / scale, amplitude_std=found.amplitude_std / scale
    )
