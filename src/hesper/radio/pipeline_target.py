"""Calibrated scans of the planet → background, flags, and visibilities that follow it."""

import dataclasses
from pathlib import Path
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
    pipeline_memory,
    retrieve_disk,
    retrieve_sources,
    retrieve_weights,
)
from hesper.radio.data import Visibilities
from hesper.radio.data_calibration import FlagReport, Gains, Sources
from hesper.radio.data_image import Clean, DiskFit, Frame, Tracked
from hesper.radio.data_settings import Reduction
from hesper.radio.pipeline_background import Blocks, background, planet, sky, track
from hesper.radio.pipeline_scans import Scans, scans
from hesper.radio.pipeline_search import Columns, beside_planet, first_look, image, refined, searched
from hesper.radio.pipeline_search import samples as field_samples
from hesper.record import Array, concatenate
from hesper.units import arcsec

_WEIGHTINGS = 3
_ROUGH = 3.0
"""Times as shallow as the last is the first CLEAN, of phases that are the calibrators'."""


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
    flags: FlagReport
    """Of all blocks at the end."""
    before: Array
    """Part flagged by scan-block before the residuals were searched, and after: (block, 2)."""
    residual: Visibilities
    """The last block, background subtracted and flagged; for figures."""


def followed(blocks: Blocks, settings: Reduction, *, scratch: Path | None) -> Followed:
    """Image the field, self-calibrate on its sources, subtract them and follow the planet.

    Parameters
    ----------
    blocks
        Gives the calibrated scans of the target; it is asked twice.
    settings
        The recipe.
    scratch
        Directory of files for what lies between the two; none keeps it in memory.

    Notes
    -----
    Phases are first solved on what the calibrators' phases show of the field. Then sources are sought,
    phases and amplitudes solved and the disk fitted, at least twice, the second time with the disk of the
    first in the model: a planet left out of it is taken for errors of the phases and dimmed, by 4 % where it
    makes up 5 % of the field's flux density; and a source on its trail left in brightens it. All this is done
    on joined channels. The second reading of the file, with all channels and the gains that were found, gives
    flags, the field's image and the planet.
    """
    with scans(blocks(), settings, scratch) as data:
        rough = first_look(data, settings, sigmas=_ROUGH * settings.clean_sigmas)
        found = beside_planet(retrieve_sources.sources(rough, sigmas=settings.source_sigmas), data, settings)
        found = refined(data, found, settings, None, rounds=2)
        _phased(data, found, settings)
        disk: DiskFit | None = None
        for search in range(max(settings.searches, 2)):
            frame, found, complete = searched(data, found, settings, disk)
            tables = _calibrated(data, found, settings, disk)
            parts = [
                _average(_cleared(block, found, settings, disk)[0], settings, data.joined) for block in data()
            ]
            _, disk = _weighted(concatenate(parts, "time"), frame, settings, rounds=1)
            if complete and search:
                break
        found = refined(data, found, settings, disk, rounds=1)
        data.let_go()
    return _finished(blocks, data, found, disk, frame, tables, settings)


def _finished(
    blocks: Blocks,
    data: Scans,
    found: Sources,
    disk: DiskFit | None,
    frame: Frame,
    tables: list[tuple[Gains, Gains]],
    settings: Reduction,
) -> Followed:
    """Read the blocks once more, take off what is known, and follow the planet."""
    last: list[Visibilities] = []
    parts, fractions, reports = [], [], []
    loss = pipeline_memory.loss(data.samples, pipeline_memory.budget(settings).samples)
    samples = Columns(data.samples[loss])

    def work(block: Visibilities) -> None:
        """Do what is to be done with a block, and keep of it what is small."""
        clean, empty = _cleared(block, found, settings, disk)
        fractions.append((block.flag.mean(), clean.flag.mean()))
        reports.append((calibrate_flags.report([("target", clean)]), clean.time.size))
        parts.append(_average(clean, settings, 1))
        samples.add(field_samples(empty, settings, loss))
        last[:] = [clean]

    for number, raw in enumerate(blocks()):
        work(data.corrected(raw, number))
    del raw
    tracked = concatenate(parts, "time")
    field = retrieve_sources.painted(image(samples, frame, settings), found)
    thermal = float(np.sum(grid_samples.of_planet(tracked).weight, dtype=float)) ** -0.5
    joined, fit = _weighted(tracked, field.frame, settings, rounds=_WEIGHTINGS)
    return Followed(
        field,
        found,
        concatenate([turn for turn, _ in tables], "solution"),
        concatenate([scale for _, scale in tables], "solution"),
        joined,
        fit,
        thermal,
        calibrate_flags.joined(*map(list, zip(*reports, strict=True))),
        np.array(fractions),
        last[0],
    )


def _phased(data: Scans, found: Sources, settings: Reduction) -> None:
    """Solve for phases on the sources, if there are any, and take them off."""
    if not found.east.size:
        return
    for number, block in enumerate(data()):
        model = background(block, found, settings)
        data.take_off(number, [calibrate_selfcal.phases(block, model, interval=settings.selfcal)])


def _calibrated(
    data: Scans, found: Sources, settings: Reduction, disk: DiskFit | None
) -> list[tuple[Gains, Gains]]:
    """Solve for phases and amplitudes on all that is known, and take them off; return the tables.

    Where nothing is known yet there is nothing to solve on, and the tables are of ones.
    """
    turns, scales = [], []
    nothing = not found.east.size and disk is None
    for block in data():
        model = sky(block, found, settings, disk)
        turn = calibrate_selfcal.phases(block, model, interval=settings.selfcal)
        scale = calibrate_selfcal.ones(turn)
        if nothing:
            turn = scale
        elif settings.amplitudes:
            turned = calibrate_gains.with_gains(block, turn, None)
            scale = calibrate_selfcal.amplitudes(turned, model, interval=settings.selfcal_amplitude)
        turns.append(turn)
        scales.append(scale)
    tables = list(zip(turns, calibrate_selfcal.on_scale(scales), strict=True))
    for number, table in enumerate(tables):
        data.take_off(number, table)
    return tables


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


def _cleared(
    block: Visibilities, found: Sources, settings: Reduction, disk: DiskFit | None
) -> tuple[Visibilities, Visibilities]:
    """Subtract the background, take off and flag what is left; return it with the planet and without."""
    less = calibrate_background.subtracted(block, background(block, found, settings))
    known = planet(block, disk, settings) if disk is not None else np.zeros((1, 1, 1), np.complex64)
    empty = calibrate_background.subtracted(less, known)
    if settings.ground:
        less = calibrate_ground.without_ground(less, empty.value)
        empty = calibrate_background.subtracted(less, known)
    if settings.flag_residuals:
        empty = calibrate_flags.automatic(empty, empty.value)
    empty = calibrate_gains.with_weights(empty)
    return dataclasses.replace(less, weight=empty.weight, flag=empty.flag), empty


def _average(block: Visibilities, settings: Reduction, joined: int) -> Tracked:
    """Follow the planet and average; `joined` channels are one already."""
    return calibrate_track.averaged(
        block,
        track(block),
        integrations=settings.average_times,
        channels=max(1, settings.average_channels // joined),
    )


def small_frame(field: Frame) -> Frame:
    """Return the frame of the planet's own map: 256 pixels of the field's size."""
    return dataclasses.replace(field, size=256, pixel=min(field.pixel, 2 * arcsec))
