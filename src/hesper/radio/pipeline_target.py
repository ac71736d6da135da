"""Calibrated scans of the planet → background, flags, and visibilities that follow it."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.errors import InputError
from hesper.physics import planck
from hesper.radio import (
    calibrate_background,
    calibrate_flags,
    calibrate_gains,
    calibrate_track,
    grid_clean,
    grid_image,
    grid_samples,
    grid_weights,
    model_array,
    model_beam,
    model_planet,
    retrieve_disk,
    retrieve_sources,
    retrieve_weights,
)
from hesper.radio.data import Setup, Visibilities
from hesper.radio.data_calibration import Gains, Sources
from hesper.radio.data_image import Clean, DiskFit, Frame, Track, Tracked
from hesper.radio.data_settings import Reduction
from hesper.record import Array, concatenate, take
from hesper.units import Jy, arcsec

Blocks = Callable[[], Iterable[Visibilities]]
_WEIGHTINGS = 3
_HOTTEST = 1000.0
"""Venus is 700 K at most at any wavelength [K]."""


class Followed(NamedTuple):
    """What the target's scans gave."""

    field: Clean
    """The field before the background was subtracted, the planet's trail left alone."""
    sources: Sources
    phases: Gains
    """Of the last self-calibration."""
    tracked: Tracked
    fit: DiskFit
    before: Array
    """Part flagged by scan-block before the residuals were searched, and after: (block, 2)."""
    residual: Visibilities
    """The last block, background subtracted and flagged; for figures."""


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
    Self-calibration goes twice over the data: first on the background alone, then with the disk that was
    fitted after the first. A planet left out of the model is taken for errors of the phases and dimmed,
    by 4 % where it makes up 5 % of the field's flux density.
    """
    data = _mapped(blocks, _strong, hold)
    field = image(data(), settings)
    found = _sources(field, data, settings)
    first = _mapped(data, lambda block: _phased(block, background(block, found, settings), settings)[0], hold)
    found = _refined(first, found, settings, None)
    tracked = _tracked(first, found, settings, None)
    disk = retrieve_disk.disk_or_limit(tracked, exponent=settings.limb)
    solved: list[Gains] = []

    def again(block: Visibilities) -> Visibilities:
        model = background(block, found, settings) + planet(block, disk, settings)
        turned, gains = _phased(block, model, settings)
        solved.append(gains)
        return turned

    second = _mapped(first, again, hold)
    found = _refined(second, found, settings, disk)
    solved_once = concatenate(solved[: _count(second, hold, len(solved))], "solution")
    last: list[Visibilities] = []
    parts: list[Tracked] = []
    fractions = []
    for block in second():
        clean = _cleared(block, found, settings, disk)
        fractions.append((block.flag.mean(), clean.flag.mean()))
        parts.append(_average(clean, settings))
        last[:] = [clean]
    joined, fit = _weighted(concatenate(parts, "time"), disk, settings)
    return Followed(
        field,
        found,
        solved_once,
        joined,
        fit,
        np.array(fractions),
        last[0],
    )


def _weighted(tracked: Tracked, disk: DiskFit, settings: Reduction) -> tuple[Tracked, DiskFit]:
    """Fit the disk with baselines weighted by what the last fit left on them."""
    weighted = tracked
    for _ in range(_WEIGHTINGS):
        weighted = retrieve_weights.by_scatter(tracked, disk)
        disk = retrieve_disk.disk_or_limit(weighted, exponent=settings.limb)
    return weighted, disk


def _count(blocks: Blocks, hold: bool, solved: int) -> int:
    """Return how many blocks one pass has: held ones were solved once, others at every pass."""
    return solved if hold else sum(1 for _ in blocks())


def _mapped(blocks: Blocks, step: Callable[[Visibilities], Visibilities], hold: bool) -> Blocks:
    if not hold:
        return lambda: map(step, blocks())
    kept = [step(block) for block in blocks()]
    return lambda: kept


def _strong(block: Visibilities) -> Visibilities:
    return calibrate_flags.automatic(block, block.value, thresholds=calibrate_flags.STRONG)


def track(block: Visibilities) -> Track:
    """Return the planet's track in the field of a block."""
    setup, field = block.setup, int(block.field[0])
    ra, dec = float(setup.field_ra[field]), float(setup.field_dec[field])
    view = ephemeris.viewing(block.time, tuple(setup.antenna_position.mean(axis=0)))
    direction = np.stack(model_array.direction_cosines(view.ra, view.dec, ra, dec), axis=-1)
    response = beam_response(setup, np.hypot(*direction.T))
    if response.max() < 0.05:
        away = np.degrees(np.hypot(*direction.T).min())
        raise InputError(
            f"field {setup.field_name[field]}: Venus passes {away:.2f}° from its centre, outside the primary "
            "beam; name the field that follows it"
        )
    return calibrate_track.track(view, response, ra_centre=ra, dec_centre=dec)


def beam_response(setup: Setup, offset: Array) -> Array:
    """Return the power of the primary beam (..., channel) at an offset [rad]."""
    beam = model_beam.find_beam(setup.telescope, float(setup.frequency.mean()))
    return model_beam.primary_beam(np.asarray(offset)[..., None], setup.frequency, beam.coefficients)


def image(blocks: Iterable[Visibilities], settings: Reduction) -> Clean:
    """Return the CLEANed field; where the planet passed only what is brighter than it can be is cleaned."""
    width = settings.size * settings.pixel
    parts, tracks, setup, times = [], [], None, []
    for block in blocks:
        parts.append(grid_samples.samples(block, field_of_view=width))
        tracks.append(track(block))
        setup, field = block.setup, int(block.field[0])
        times.append(float(block.time.mean()))
    if setup is None:
        raise InputError(f"target {settings.target}: no scans; name the field that the planet is in")
    frame = Frame(
        ra=float(setup.field_ra[field]),
        dec=float(setup.field_dec[field]),
        pixel=settings.pixel,
        size=settings.size,
        frequency=float(setup.frequency.mean()),
        bandwidth=setup.channel_width * setup.frequency.size,
        time=float(np.mean(times)),
    )
    samples = concatenate(parts, "sample")
    weight = grid_weights.briggs(samples, robust=settings.robust, field_of_view=width)
    prepared = grid_image.prepare(samples, weight, frame, wide_psf=False)
    trail = np.zeros((frame.size, frame.size), bool)
    for passed in tracks:
        trail |= grid_clean.along(frame, passed, settings.mask)
    brightest = max(brightest_planet(passed, setup) for passed in tracks)
    return grid_clean.beside_trail(
        prepared,
        grid_clean.everywhere(frame),
        trail,
        brightest=brightest,
        sigmas=settings.clean_sigmas,
    )


def brightest_planet(passed: Track, setup: Setup) -> float:
    """Return the flux density [Jy] that a planet of 1000 K would show in the field: none has been as hot."""
    disks = planck.flux_density(_HOTTEST, setup.frequency[None], passed.angular_diameter[:, None]) / Jy
    return float(np.max(disks * passed.response))


def _sources(field: Clean, data: Blocks, settings: Reduction) -> Sources:
    found = retrieve_sources.sources(field, sigmas=settings.source_sigmas)
    tracks = [(track(block), block.setup) for block in data()]
    passed = np.concatenate([own.direction for own, _ in tracks])
    away = calibrate_background.outside_track(found.east, found.north, *passed.T, radius=settings.mask)
    bright = found.flux_density > max(brightest_planet(own, setup) for own, setup in tracks)
    return _refined(data, take(found, "source", away | bright), settings, None)


def background(block: Visibilities, found: Sources, settings: Reduction) -> Array:
    """Return the visibilities of the background sources (time, baseline, channel) [Jy]."""
    return calibrate_background.background(
        block, found.east, found.north, found.flux_density, index=settings.index
    )


def planet(block: Visibilities, disk: DiskFit, settings: Reduction) -> Array:
    """Return the visibilities of the fitted disk on its track (time, baseline, channel) [Jy]."""
    passed, setup, field = track(block), block.setup, int(block.field[0])
    ra, dec = float(setup.field_ra[field]), float(setup.field_dec[field])
    half = 0.5 * block.interval
    ends = []
    for sign in (-1, 1):
        time = block.time + sign * half
        view = ephemeris.viewing(time, tuple(setup.antenna_position.mean(axis=0)))
        place = np.stack(model_array.direction_cosines(view.ra, view.dec, ra, dec), axis=-1)
        ends.append(
            (
                model_planet.uvw_at(time, setup.antenna_position, setup.antenna1, setup.antenna2, ra, dec),
                place,
            )
        )
    spectrum = disk.flux_density * (setup.frequency / setup.frequency.mean()) ** 2
    return model_planet.moving_disk(
        block.uvw,
        setup.frequency,
        passed.direction + disk.offset,
        model_planet.path_change(*ends),
        passed.angular_diameter,
        passed.response * spectrum,
        exponent=settings.limb,
        channel_width=setup.channel_width,
    )


def _phased(block: Visibilities, model: Array, settings: Reduction) -> tuple[Visibilities, Gains]:
    reference = calibrate_gains.reference_antenna(block)
    table = calibrate_gains.gains(
        block, model, interval=settings.selfcal, reference=reference, phase_only=True
    )
    return calibrate_gains.with_gains(block, table, None), table


def _refined(data: Blocks, found: Sources, settings: Reduction, disk: DiskFit | None) -> Sources:
    """Fit the sources' places and flux densities to the visibilities."""

    def residuals(guess: Sources) -> Iterable[Visibilities]:
        for block in data():
            model = background(block, guess, settings)
            if disk is not None:
                model = model + planet(block, disk, settings)
            yield calibrate_background.subtracted(block, model)

    return retrieve_sources.fitted(found, residuals)


def _cleared(block: Visibilities, found: Sources, settings: Reduction, disk: DiskFit | None) -> Visibilities:
    """Subtract the background and flag what is left besides the planet."""
    less = calibrate_background.subtracted(block, background(block, found, settings))
    residual = less.value
    if disk is not None:
        residual = calibrate_background.subtracted(less, planet(block, disk, settings)).value
    return calibrate_gains.with_weights(calibrate_flags.automatic(less, residual))


def _average(block: Visibilities, settings: Reduction) -> Tracked:
    return calibrate_track.averaged(
        block, track(block), integrations=settings.average_times, channels=settings.average_channels
    )


def _tracked(data: Blocks, found: Sources, settings: Reduction, disk: DiskFit | None) -> Tracked:
    parts = [_average(_cleared(block, found, settings, disk), settings) for block in data()]
    return concatenate(parts, "time")


def small_frame(field: Frame) -> Frame:
    """Return the frame of the planet's own map: 256 pixels of the field's size."""
    return dataclasses.replace(field, size=256, pixel=min(field.pixel, 2 * arcsec))
