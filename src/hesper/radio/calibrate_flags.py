"""Visibilities → visibilities without what is not of the sky; what was taken out is counted."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.errors import InputError
from hesper.radio import model_flags
from hesper.radio.data import Visibilities
from hesper.radio.data_calibration import FlagReport
from hesper.record import Array


class Thresholds(NamedTuple):
    """How far something must stand out."""

    sample: float = 7.3
    """Standard deviations of a single amplitude, for SumThreshold.

    What `model_flags_noise.threshold` gives for a loss of 0.05 % in noise alone, an eighth of the 0.4 % that
    false positives may be; the rest is for the rank operator and for neighbours of interference."""
    windows: int = 7
    """How many lengths of windows SumThreshold has: 1, 2, 4, … 64."""
    aggressiveness: float = 0.2
    """η of the rank operator."""
    scatter: float = 7.0
    """Median deviations of the scatter of an integration or a channel."""
    coherence: float = 0.5
    """Least steadiness of a calibrator's phases, 0 to 1, below which an antenna is bad."""


DEFAULT = Thresholds()
STRONG = Thresholds(sample=20.0, windows=3, aggressiveness=0.0, scatter=30.0)
"""What stands out even before the sky is known: sources that beat against each other do not.

Windows are short, for on long ones a signal that comes and goes would take all of its channel."""
_SMOOTH_CHANNELS = 15


def before_calibration(visibilities: Visibilities, *, thresholds: Thresholds = DEFAULT) -> Visibilities:
    """Flag what changes with time on calibrators, scan by scan, before the bandpass is known.

    Every channel is compared with itself, so that a line that is always on stays for `automatic`.
    """
    return _flagged(visibilities, visibilities.value, thresholds, 1)


def automatic(
    visibilities: Visibilities, residual: Array, *, thresholds: Thresholds = DEFAULT
) -> Visibilities:
    """Flag interference, scan by scan.

    Parameters
    ----------
    visibilities
        What is to be flagged.
    residual
        (time, baseline, channel, polarisation) the visibilities less all that is known of the sky, so that
        neither strong sources nor a planet that moves are taken for interference; the visibilities
        themselves where nothing is known.
    thresholds
        See `Thresholds`.
    """
    return _flagged(visibilities, residual, thresholds, _SMOOTH_CHANNELS)


def _flagged(visibilities: Visibilities, residual: Array, thresholds: Thresholds, width: int) -> Visibilities:
    flag = np.array(visibilities.flag)
    for scan in np.unique(visibilities.scan):
        mine = np.flatnonzero(visibilities.scan == scan)
        part = slice(mine[0], mine[-1] + 1)
        model_flags.cube_flags(residual[part], visibilities.weight[part], flag[part], *thresholds[:4], width)
    return dataclasses.replace(visibilities, flag=flag)


def bad_antennas(visibilities: Visibilities, *, thresholds: Thresholds = DEFAULT) -> Array:
    """Return (scan, antenna, polarisation) whose phases on a point-like calibrator do not hold still.

    An antenna is bad if the median steadiness over its baselines to antennas that are good is below the
    threshold; the worst is taken out first. Only scans given count, in the order of `np.unique(scan)`.

    Notes
    -----
    After FLAGCAL (Prasad & Chengalur 2012), which exports what it finds on a calibrator to the target.
    """
    setup = visibilities.setup
    scans, count = np.unique(visibilities.scan), setup.antenna_name.size
    bad = np.zeros((scans.size, count, setup.polarisation.size), bool)
    for i, scan in enumerate(scans):
        mine = np.flatnonzero(visibilities.scan == scan)
        part = slice(mine[0], mine[-1] + 1)
        steady = model_flags.coherence(visibilities.value[part], visibilities.flag[part])
        for p in range(setup.polarisation.size):
            bad[i, :, p] = _worst_first(
                steady[:, p], setup.antenna1, setup.antenna2, count, thresholds.coherence
            )
    return bad


def _worst_first(steady: Array, first: Array, second: Array, count: int, least: float) -> Array:
    if not np.isfinite(steady).any():  # too few integrations to tell
        return np.zeros(count, bool)
    square = np.full((count, count), np.nan)
    square[first, second] = square[second, first] = steady
    bad = np.zeros(count, bool)
    while True:
        left = np.where(bad[None] | bad[:, None], np.nan, square)
        seen = np.isfinite(left).any(axis=1)
        if seen.sum() < 2:
            return np.asarray(bad | ~np.isfinite(square).any(axis=1))
        median = np.full(count, np.inf)
        median[seen] = np.nanmedian(left[seen], axis=1)
        worst = int(np.argmin(median))
        if median[worst] >= least:
            return np.asarray(bad | ~np.isfinite(square).any(axis=1))
        bad[worst] = True


def without_antennas(visibilities: Visibilities, bad: Array, scans: Array) -> Visibilities:
    """Flag antennas found bad on calibrator scans: in these, and in every scan between two that agree.

    A scan before the first or after the last calibrator follows that one.
    """
    setup = visibilities.setup
    flag = np.array(visibilities.flag)
    for scan in np.unique(visibilities.scan):
        before = max(int(np.searchsorted(scans, scan, side="right")) - 1, 0)
        after = min(int(np.searchsorted(scans, scan, side="left")), scans.size - 1)
        lost = bad[before] & bad[after]
        baseline = lost[setup.antenna1] | lost[setup.antenna2]
        mine = np.flatnonzero(visibilities.scan == scan)
        part = flag[mine[0] : mine[-1] + 1]
        part |= baseline[None, :, None, :]
    return dataclasses.replace(visibilities, flag=flag)


def by_record(visibilities: Visibilities, lines: Sequence[str]) -> Visibilities:
    """Flag what an observer's record names.

    Parameters
    ----------
    visibilities
        What is to be flagged.
    lines
        Each some of `antenna=C05`, `baseline=C05-W01`, `channel=3` or `channel=0-7`, `scan=2`,
        `polarisation=RR` and `time=2004-03-26T08:00:00/2004-03-26T08:10:00`, with blanks between; what all of
        them name is flagged.

    Raises
    ------
    InputError
        If a line is not understood or names what is not there.
    """
    flag = np.array(visibilities.flag)
    for line in lines:
        masks = [_mask(visibilities, word, line) for word in line.split()]
        if not masks:
            raise InputError(f"flag record '{line}': empty; write for example 'antenna=C05 scan=2'")
        time, baseline, channel, hand = (np.logical_and.reduce(parts) for parts in zip(*masks, strict=True))
        flag[np.ix_(time, baseline, channel, hand)] = True
    return dataclasses.replace(visibilities, flag=flag)


def _mask(visibilities: Visibilities, word: str, line: str) -> tuple[Array, Array, Array, Array]:
    key, _, given = word.partition("=")
    setup = visibilities.setup
    names = [str(name) for name in setup.antenna_name]
    chosen = [np.ones(n, bool) for n in visibilities.flag.shape]
    if key == "antenna" and given in names:
        index = names.index(given)
        chosen[1] = (setup.antenna1 == index) | (setup.antenna2 == index)
    elif key == "baseline" and len(given.split("-")) == 2 and set(given.split("-")) <= set(names):
        low, high = sorted(names.index(name) for name in given.split("-"))
        chosen[1] = (setup.antenna1 == low) & (setup.antenna2 == high)
    elif key == "channel" and all(part.isdigit() for part in given.split("-")):
        low, high = int(given.split("-")[0]), int(given.split("-")[-1])
        chosen[2] = (np.arange(chosen[2].size) >= low) & (np.arange(chosen[2].size) <= high)
    elif key == "scan" and given.isdigit():
        chosen[0] = visibilities.scan == int(given)
    elif key == "polarisation" and given in list(setup.polarisation):
        chosen[3] = setup.polarisation == given
    elif key == "time" and len(given.split("/")) == 2:
        start, stop = ephemeris.tdb_seconds(given.split("/"))
        chosen[0] = (visibilities.time >= start) & (visibilities.time <= stop)
    else:
        raise InputError(
            f"flag record '{line}': '{word}' is not understood; antenna=, baseline=A-B, channel=, scan=, "
            f"polarisation= or time=START/STOP of this observation; antennas: {', '.join(names)}"
        )
    return chosen[0], chosen[1], chosen[2], chosen[3]


def report(steps: Sequence[tuple[str, Visibilities]]) -> FlagReport:
    """Return which part was flagged, after every step and by antenna, baseline, channel and polarisation."""
    if not steps:
        raise InputError("flag report: no steps given; at least one is needed")
    last = steps[-1][1]
    setup = last.setup
    by_baseline = last.flag.mean(axis=(0, 2, 3))
    antenna = np.array(
        [
            by_baseline[(setup.antenna1 == a) | (setup.antenna2 == a)].mean()
            for a in range(setup.antenna_name.size)
        ]
    )
    return FlagReport(
        step=np.array([name for name, _ in steps]),
        part=np.array([visibilities.flag.mean() for _, visibilities in steps]),
        antenna_name=setup.antenna_name,
        antenna_part=antenna,
        baseline_part=by_baseline,
        channel_part=last.flag.mean(axis=(0, 1, 3)),
        frequency=setup.frequency,
        polarisation_part=last.flag.mean(axis=(0, 1, 2)),
    )


def joined(reports: Sequence[FlagReport], integrations: Sequence[int]) -> FlagReport:
    """Return the report of blocks together, from that of each and their numbers of integrations."""

    def mean(name: str) -> Array:
        parts = np.stack([getattr(each, name) for each in reports])
        return np.average(parts, axis=0, weights=np.asarray(integrations, float))

    return dataclasses.replace(
        reports[0],
        **{
            name: mean(name)
            for name in ("part", "antenna_part", "baseline_part", "channel_part", "polarisation_part")
        },
    )
