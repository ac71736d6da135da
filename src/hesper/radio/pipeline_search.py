"""Images of the planet's field, and the sources in it."""

import dataclasses
from collections.abc import Callable

import numpy as np

from hesper.errors import ConvergenceError, InputError
from hesper.physics import planck
from hesper.radio import (
    calibrate_background,
    grid_clean,
    grid_image,
    grid_masks,
    grid_samples,
    grid_weights,
    retrieve_sources,
)
from hesper.radio.calibrate_intensity import intensity
from hesper.radio.data import Setup, Visibilities
from hesper.radio.data_calibration import Sources
from hesper.radio.data_image import Clean, DiskFit, Frame, Samples, Track
from hesper.radio.data_settings import Reduction
from hesper.radio.grid_image import Prepared
from hesper.radio.pipeline_background import Blocks, residual, track
from hesper.record import Array, take
from hesper.units import Jy

Step = Callable[[Visibilities], Visibilities]
_COARSE = 0.1
"""Dimming, at most, of a source at the edge of the field by averages of an image that sources are sought in.

Their flux densities come from the visibilities."""
_REACH = 0.3
"""Wavelengths times pixel of the longest baseline that a coarse image takes: three pixels to a beam."""
_FEWEST = 512
"""Pixels along a side of a field that is worth being looked at more coarsely."""
_NEAR = 1.5
"""Times the noise: a field no worse holds nothing more that is worth another image."""
_HOTTEST = 1000.0
"""Venus is 700 K at most at any wavelength [K]."""


def first_look(data: Blocks, settings: Reduction, *, sigmas: float) -> Clean:
    """Return the field before anything of it is known, CLEANed to some standard deviations."""
    return _seen(data, lambda block: block, settings, sigmas=sigmas, planet_there=True)


def _seen(data: Blocks, step: Step, settings: Reduction, *, sigmas: float, planet_there: bool) -> Clean:
    """Return the field CLEANed to some standard deviations, after a step on its blocks.

    Where the planet passed, and is there, only what is brighter than it can be is cleaned: as long as it is,
    the brightest sources are looked for, and pixels of twice the size, without the longest baselines, do;
    but not where the others alone make no beam.
    """
    if planet_there and settings.size % 4 == 0 and settings.size >= _FEWEST:
        coarser = dataclasses.replace(settings, size=settings.size // 2, pixel=2 * settings.pixel)
        try:
            return _cleaned(data, step, coarser, sigmas=sigmas, planet_there=True, reach=_REACH)
        except ConvergenceError:
            pass
    return _cleaned(data, step, settings, sigmas=sigmas, planet_there=planet_there, reach=np.inf)


def _cleaned(
    data: Blocks, step: Step, settings: Reduction, *, sigmas: float, planet_there: bool, reach: float
) -> Clean:
    """Do what `_seen` does with the pixels given, without baselines beyond reach/pixel."""
    parts, tracks, times = [], [], []
    for block in data():
        seen = grid_samples.samples(step(block), field_of_view=_width(settings), loss=_COARSE)
        parts.append(seen if np.isinf(reach) else _within(seen, reach / settings.pixel))
        tracks.append(track(block))
        times.append(float(block.time.mean()))
        setup, field = block.setup, int(block.field[0])
    if not parts:
        raise InputError(f"target {settings.target}: no scans; name the field that the planet is in")
    own = frame(setup, field, times, settings)
    prepared = _prepared(parts, own, settings)
    allowed = grid_masks.everywhere(own)
    if not planet_there:
        return grid_clean.clark(prepared, allowed, sigmas=sigmas)
    trail = np.zeros((own.size, own.size), bool)
    for passed in tracks:
        trail |= grid_masks.along(own, passed, settings.mask)
    brightest = max(brightest_planet(passed, setup) for passed in tracks)
    return grid_clean.beside_trail(prepared, allowed, trail, brightest=brightest, sigmas=sigmas)


def _width(settings: Reduction) -> float:
    return settings.size * settings.pixel


def frame(setup: Setup, field: int, times: Array | list[float], settings: Reduction) -> Frame:
    """Return the pixels of the field."""
    return Frame(
        ra=float(setup.field_ra[field]),
        dec=float(setup.field_dec[field]),
        pixel=settings.pixel,
        size=settings.size,
        frequency=float(setup.frequency.mean()),
        bandwidth=setup.channel_width * setup.frequency.size,
        time=float(np.mean(times)),
    )


def samples(rest: Visibilities, settings: Reduction, loss: float) -> Samples:
    """Return the samples of a block for `image`."""
    return grid_samples.samples(rest, field_of_view=_width(settings), loss=loss)


class Columns:
    """Samples of block after block, in room for all of them: parts joined at last would take it twice."""

    def __init__(self, most: int) -> None:
        self._columns = [
            np.empty((most, 3), np.float32), np.empty(most, np.complex64), np.empty(most, np.float32)
        ]  # fmt: skip
        self._filled = 0

    def add(self, part: Samples) -> None:
        """Take a block's samples."""
        stop = self._filled + part.weight.size
        for column, own in zip(self._columns, (part.uvw, part.value, part.weight), strict=True):
            column[self._filled : stop] = own
        self._filled = stop

    def taken(self) -> Samples:
        """Give all samples, and let go of them."""
        uvw, value, weight = (column[: self._filled] for column in self._columns)
        self._columns.clear()
        return Samples(uvw=uvw, value=value, weight=weight)


def image(found: Columns, own: Frame, settings: Reduction) -> Clean:
    """Return the CLEANed image of samples from which the planet has been taken; `found` is emptied."""
    prepared = _prepared([found.taken()], own, settings)
    return grid_clean.clark(prepared, grid_masks.everywhere(own), sigmas=settings.clean_sigmas)


def _prepared(parts: list[Samples], own: Frame, settings: Reduction) -> Prepared:
    every = [_joined(parts) if len(parts) > 1 else parts.pop()]
    weight = [grid_weights.briggs(every[0], robust=settings.robust, field_of_view=_width(settings))]
    return grid_image.prepare(every.pop(), weight.pop(), own, wide_psf=False)


def _joined(parts: list[Samples]) -> Samples:
    """Join samples, and let go of the parts one column after another: there are hundreds of megabytes."""
    uvw, value, weight = ([getattr(part, name) for part in parts] for name in ("uvw", "value", "weight"))
    parts.clear()
    columns = []
    for column in (uvw, value, weight):
        columns.append(np.concatenate(column))
        column.clear()
    return Samples(uvw=columns[0], value=columns[1], weight=columns[2])


def _within(every: Samples, longest: float) -> Samples:
    """Return the samples of baselines no longer than a number of wavelengths, east and north."""
    return take(every, "sample", np.abs(every.uvw[:, :2]).max(axis=1) <= longest)


def brightest_planet(passed: Track, setup: Setup) -> float:
    """Return the flux density [Jy] that a planet of 1000 K would show in the field: none has been as hot."""
    disks = planck.flux_density(_HOTTEST, setup.frequency[None], passed.angular_diameter[:, None]) / Jy
    return float(np.max(disks * passed.response))


def beside_planet(found: Sources, data: Blocks, settings: Reduction) -> Sources:
    """Return the sources less what may be the planet."""
    tracks = [(track(block), block.setup) for block in data()]
    passed = np.concatenate([own.direction for own, _ in tracks])
    away = calibrate_background.outside_track(found.east, found.north, *passed.T, radius=settings.mask)
    bright = found.flux_density > max(brightest_planet(own, setup) for own, setup in tracks)
    return take(found, "source", away | bright)


def searched(
    data: Blocks, known: Sources, settings: Reduction, disk: DiskFit | None
) -> tuple[Frame, Sources, bool]:
    """Subtract what is known and search the rest: return the field's pixels, sources, and if they are all.

    Parameters
    ----------
    data
        Self-calibrated blocks of the field.
    known
        Sources so far.
    settings
        The recipe.
    disk
        The planet, once it is known: with it subtracted sources on its trail are sought as well.

    Notes
    -----
    Components sit on pixels and samples are means: an image of a source of a jansky has holes of some per
    cent of it, in which fainter sources drown. Subtracted from the visibilities it leaves none. All are
    found where a search finds no more, or the field is near its noise.
    """
    found = refined(data, known, settings, disk, rounds=1)
    field = _seen(
        data,
        lambda block: residual(intensity(block), found, settings, disk),
        settings,
        sigmas=settings.clean_sigmas,
        planet_there=disk is None,
    )
    more = retrieve_sources.sources(field, sigmas=settings.source_sigmas)
    if disk is None:
        more = beside_planet(more, data, settings)
    if found.east.size:
        apart = calibrate_background.outside_track(
            more.east, more.north, found.east, found.north, radius=field.beam.major
        )
        more = take(more, "source", apart)
    joined = retrieve_sources.joined(found, more)
    every = refined(data, joined, settings, disk, rounds=2 if more.east.size else 1)
    complete = field.rms < _NEAR * field.noise or not more.east.size
    return field.frame, every, complete


def refined(
    data: Blocks, found: Sources, settings: Reduction, disk: DiskFit | None, *, rounds: int
) -> Sources:
    """Fit the sources' places and flux densities to the visibilities.

    Two rounds are for sources that come from an image, on pixels; one for those fitted before, with gains
    that are better since.
    """
    return retrieve_sources.fitted(
        found,
        lambda guess: (residual(intensity(block), guess, settings, disk) for block in data()),
        rounds=rounds,
    )
