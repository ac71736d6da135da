"""Self-calibration of the target's scans on a model of the field."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper.radio import calibrate_gains
from hesper.radio.data import Visibilities
from hesper.radio.data_calibration import Gains
from hesper.record import Array

_STEADY = 0.05
"""Standard deviation of a phase [rad]: it dims the planet by a thousandth."""
_LONGER = 2.0
_PRECISE = 0.01
"""Standard deviation of the scale of a block, of all antennas together, that is worth having."""


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
    """Solve for amplitudes and what is left of phases, where that makes them better.

    Parameters
    ----------
    block, model
        As in `phases`.
    interval
        Shortest solution interval [s]; doubled, up to a scan, as long as that lessens the error.

    Notes
    -----
    A solution errs by its noise σ and by what the gain does between it and the next. Of intervals, and of
    leaving amplitudes alone, that one is taken whose σ² + D/4 is the least: D the mean square of the change
    of log amplitude from one solution to the next, less its noise (a random walk leaves D/6 to interpolation
    and as much to the mean within a solution, a smooth drift less). To leave them alone costs the mean square
    of the log amplitudes themselves, less their noise.

    What all antennas of a block share is kept where it is known to 1 %, also where amplitudes are left alone;
    it means something once `on_scale` has seen all blocks.
    """
    reference = calibrate_gains.reference_antenna(block)
    longest = max(float(block.interval[a:b].sum()) for a, b in calibrate_gains.scan_edges(block))
    best, least, change, alone = None, np.inf, 0.0, 0.0
    while True:
        found = calibrate_gains.gains(block, model, interval=interval, reference=reference, phase_only=False)
        if 2 * np.count_nonzero(np.isfinite(found.amplitude)) > found.amplitude.size:
            errors = _errors(found, 1.5 * interval)
            change = max(change, errors.change)
            if errors.noise + change / 4 < least:
                best, least, alone = found, errors.noise + change / 4, errors.whole
        if interval >= longest:
            return ones(found) if best is None else best if alone > least else _shared(best)
        interval *= _LONGER


class _Errors(NamedTuple):
    """Mean squares of log amplitudes."""

    noise: float
    change: float
    """From a solution to the next, noise taken off; 0 where there is no next."""
    whole: float
    """Of themselves, noise taken off."""


def _errors(found: Gains, apart: float) -> _Errors:
    """Return the mean squares of a table; solutions further apart [s] are not neighbours."""
    there = np.isfinite(found.amplitude)
    log = _log(found)
    log = np.where(there, log - log[there].mean(), 0.0)
    variance = np.where(there, found.amplitude_std / np.where(there, found.amplitude, 1.0), 0.0) ** 2
    near = (np.diff(found.time) < apart)[:, None, None] & there[1:] & there[:-1]
    steps = np.diff(log, axis=0) ** 2 - variance[1:] - variance[:-1]
    return _Errors(
        float(variance[there].mean()),
        max(float(steps[near].mean()), 0.0) if near.any() else 0.0,
        float((log**2 - variance)[there].mean()) if there.any() else 0.0,
    )


def ones(table: Gains) -> Gains:
    """Return a table that changes nothing."""
    return dataclasses.replace(
        table, amplitude=np.ones_like(table.amplitude), phase=np.zeros_like(table.phase)
    )


def _shared(table: Gains) -> Gains:
    """Return what all amplitudes have in common, or 1 where that is not known well enough."""
    there = np.isfinite(table.amplitude)
    std = float(np.sqrt(np.mean((table.amplitude_std / table.amplitude)[there] ** 2) / there.sum()))
    scale = float(np.exp(_log(table)[there].mean())) if std < _PRECISE else 1.0
    same = ones(table)
    return dataclasses.replace(same, amplitude=scale * same.amplitude)


def on_scale(tables: Sequence[Gains]) -> list[Gains]:
    """Return the amplitudes of all blocks, their geometric mean 1.

    Notes
    -----
    The sources of the field stay as bright as they are, and tell how the array's gain changes with time; how
    bright they are the calibrators say, with all of their scans.
    """
    there = [np.isfinite(table.amplitude) for table in tables]
    logs = [_log(table)[good] for table, good in zip(tables, there, strict=True)]
    # Every block counts as long as it is, in however many solutions.
    length = [float(good.sum()) / len(table.time) for table, good in zip(tables, there, strict=True)]
    mean = [float(log.mean()) if log.size else 0.0 for log in logs]
    scale = float(np.exp(np.average(mean, weights=length))) if sum(length) else 1.0
    return [
        dataclasses.replace(
            table, amplitude=table.amplitude / scale, amplitude_std=table.amplitude_std / scale
        )
        for table in tables
    ]


def _log(table: Gains) -> Array:
    """Return the log amplitudes, 0 where there is none."""
    there = np.isfinite(table.amplitude)
    return np.asarray(np.where(there, np.log(np.where(there, table.amplitude, 1.0)), 0.0))
