"""Calibrated scans of the planet → background, flags, and visibilities that follow it."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hesper.radio import (
    calibrate_background,
    calibrate_flags,
    calibrate_gains,
    calibrate_ground,
    calibrate_selfcal,
    calibrate_track,
    grid_samples,
    retrieve_disk,
    retrieve_sources,
    retrieve_weights,
)
from hesper.radio.data import Visibilities
from hesper.radio.data_calibration import Gains, Sources
from hesper.radio.data_image import Clean, DiskFit, Frame, Tracked
from hesper.radio.data_settings import Reduction
from hesper.radio.pipeline_background import (
    Blocks,
    background,
    beside_planet,
    image,
    planet,
    refined,
    searched,
    sky,
    track,
)
from hesper.record import Array, concatenate
from hesper.units import arcsec

_WEIGHTINGS = 3
_ROUGH = 3.0
"""Times as shallow as the last is the first CLEAN, of phases that are the calibrators'."""
Step = Callable[[Visibilities], Visibilities]


class Followed(NamedTuple):
    """What the target's scans gave."""

    field: Clean
    """The field, without the planet."""
    sources: Sources
    phases: Gains
    """Of the last self-calibration."""
    amplitudes: Gains
    """Likewise; ones where the field is too faint or the recipe wants none."""
    tracked: Tracked
    fit: DiskFit
    thermal: float
    """Noise of the planet's map of natural weights before baselines were weighed anew [Jy per beam]."""
    before: Array
    """Part flagged by scan-block before the residuals were searched, and after: (block, 2)."""
    residual: Visibilities
    """The last block, background subtracted and flagged; for figures."""


class _Tables:
    """Solutions by the block's first moment, so that blocks that are made again are not solved again."""

    def __init__(self) -> None:
        self.known: dict[float, tuple[Gains, ...]] = {}

    def of(self, block: Visibilities, solve: Callable[[], tuple[Gains, ...]]) -> tuple[Gains, ...]:
        key = float(block.time[0])
        if key not in self.known:
            self.known[key] = solve()
        return self.known[key]

    def joined(self, which: int) -> Gains:
        return concatenate([tables[which] for tables in self.known.values()], "solution")


def followed(blocks: Blocks, settings: Reduction, *, hold: bool) -> Followed:
    """Image the field, self-calibrate on its sources, subtract them and follow the planet.

    Parameters
    ----------
    blocks
        Gives the calibrated scans of the target, as often as asked.
    settings
        The recipe.
    hold
        Keep the blocks in memory from one step to the next, rather than make them again.

    Notes
    -----
    Phases are first solved on what the calibrators' phases show of the field. Then sources are sought,
    phases and amplitudes solved and the disk fitted, at least twice, the second time with the disk of the
    first in the model: a planet left out of it is taken for errors of the phases and dimmed, by 4 % where it
    makes up 5 % of the field's flux density; and a source on its trail left in brightens it.
    """
    data = _mapped(blocks, _strong, hold)
    rough = image(data(), settings, sigmas=_ROUGH * settings.clean_sigmas, planet_there=True)
    found = beside_planet(retrieve_sources.sources(rough, sigmas=settings.source_sigmas), data, settings)
    found = refined(data, found, settings, None)
    data = _phased(data, found, settings, hold)
    disk: DiskFit | None = None
    for search in range(max(settings.searches, 2)):
        field, found, complete = searched(data, found, settings, disk)
        data, tables = _calibrated(data, found, settings, disk, hold)
        parts = [_average(_cleared(block, found, settings, disk), settings) for block in data()]
        _, disk = _weighted(concatenate(parts, "time"), field.frame, settings, rounds=1)
        if complete and search:
            break
    found = refined(data, found, settings, disk)
    last: list[Visibilities] = []
    parts, fractions = [], []
    for block in data():
        clean = _cleared(block, found, settings, disk)
        fractions.append((block.flag.mean(), clean.flag.mean()))
        parts.append(_average(clean, settings))
        last[:] = [clean]
    tracked = concatenate(parts, "time")
    thermal = float(np.sum(grid_samples.of_planet(tracked).weight, dtype=float)) ** -0.5
    joined, fit = _weighted(tracked, field.frame, settings, rounds=_WEIGHTINGS)
    return Followed(
        field,
        found,
        tables.joined(0),
        tables.joined(1),
        joined,
        fit,
        thermal,
        np.array(fractions),
        last[0],
    )


def _mapped(blocks: Blocks, step: Step, hold: bool) -> Blocks:
    if not hold:
        return lambda: map(step, blocks())
    kept = [step(block) for block in blocks()]
    return lambda: kept


def _strong(block: Visibilities) -> Visibilities:
    return calibrate_flags.automatic(block, block.value, thresholds=calibrate_flags.STRONG)


def _phased(data: Blocks, found: Sources, settings: Reduction, hold: bool) -> Blocks:
    tables = _Tables()

    def step(block: Visibilities) -> Visibilities:
        (table,) = tables.of(
            block,
            lambda: (
                calibrate_selfcal.phases(
                    block, background(block, found, settings), interval=settings.selfcal
                ),
            ),
        )
        return calibrate_gains.with_gains(block, table, None)

    return _mapped(data, step, hold) if found.east.size else data


def _calibrated(
    data: Blocks, found: Sources, settings: Reduction, disk: DiskFit | None, hold: bool
) -> tuple[Blocks, _Tables]:
    tables = _Tables()

    def solve(block: Visibilities) -> tuple[Gains, Gains]:
        model = sky(block, found, settings, disk)
        turn = calibrate_selfcal.phases(block, model, interval=settings.selfcal)
        turned = calibrate_gains.with_gains(block, turn, None)
        if not settings.amplitudes:
            return turn, calibrate_selfcal.ones(turn)
        return turn, calibrate_selfcal.amplitudes(turned, model, interval=settings.selfcal_amplitude)

    def step(block: Visibilities) -> Visibilities:
        turn, scale = tables.of(block, lambda: solve(block))
        return calibrate_gains.with_gains(calibrate_gains.with_gains(block, turn, None), scale, None)

    return _mapped(data, step, hold), tables


def _weighted(tracked: Tracked, field: Frame, settings: Reduction, *, rounds: int) -> tuple[Tracked, DiskFit]:
    """Fit the disk with baselines, and octaves of them, weighted by what the last fit left there."""
    disk = retrieve_disk.disk_or_limit(tracked, exponent=settings.limb)
    weighted = tracked
    if not settings.weigh:
        return tracked, disk
    for _ in range(rounds):
        weighted = retrieve_weights.by_ring(retrieve_weights.by_scatter(tracked, disk), disk, field)
        disk = retrieve_disk.disk_or_limit(weighted, exponent=settings.limb)
    return weighted, disk


def _cleared(block: Visibilities, found: Sources, settings: Reduction, disk: DiskFit | None) -> Visibilities:
    """Subtract the background, take off and flag what is left besides the planet."""
    less = calibrate_background.subtracted(block, background(block, found, settings))
    known = planet(block, disk, settings) if disk is not None else np.zeros(1, np.complex64)
    if settings.ground:
        less = calibrate_ground.without_ground(less, calibrate_background.subtracted(less, known).value)
    if not settings.flag_residuals:
        return calibrate_gains.with_weights(less)
    residual = calibrate_background.subtracted(less, known).value
    return calibrate_gains.with_weights(calibrate_flags.automatic(less, residual))


def _average(block: Visibilities, settings: Reduction) -> Tracked:
    return calibrate_track.averaged(
        block, track(block), integrations=settings.average_times, channels=settings.average_channels
    )


def small_frame(field: Frame) -> Frame:
    """Return the frame of the planet's own map: 256 pixels of the field's size."""
    return dataclasses.replace(field, size=256, pixel=min(field.pixel, 2 * arcsec))
