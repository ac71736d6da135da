"""What is in the planet's field: its image, background sources, the planet on its track."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from hesper import ephemeris
from hesper.errors import InputError
from hesper.physics import planck
from hesper.radio import (
    calibrate_background,
    calibrate_track,
    grid_clean,
    grid_image,
    grid_samples,
    grid_weights,
    model_array,
    model_beam,
    model_planet,
    retrieve_sources,
)
from hesper.radio.data import Setup, Visibilities
from hesper.radio.data_calibration import Sources
from hesper.radio.data_image import Clean, DiskFit, Frame, Track
from hesper.radio.data_settings import Reduction
from hesper.record import Array, concatenate, take
from hesper.units import Jy

Blocks = Callable[[], Iterable[Visibilities]]
_NEAR = 1.5
"""Times the noise: a field no worse holds nothing more that is worth another image."""
_HOTTEST = 1000.0
"""Venus is 700 K at most at any wavelength [K]."""


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


def image(blocks: Iterable[Visibilities], settings: Reduction, *, sigmas: float, planet_there: bool) -> Clean:
    """Return the field CLEANed to some standard deviations.

    Where the planet passed, and is there, only what is brighter than it can be is cleaned.
    """
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
    if not planet_there:
        return grid_clean.clark(prepared, grid_clean.everywhere(frame), sigmas=sigmas)
    trail = np.zeros((frame.size, frame.size), bool)
    for passed in tracks:
        trail |= grid_clean.along(frame, passed, settings.mask)
    brightest = max(brightest_planet(passed, setup) for passed in tracks)
    return grid_clean.beside_trail(
        prepared,
        grid_clean.everywhere(frame),
        trail,
        brightest=brightest,
        sigmas=sigmas,
    )


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
) -> tuple[Clean, Sources, bool]:
    """Return field, sources, and whether they are all: what is known is subtracted, and the rest searched.

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
    found = refined(data, known, settings, disk)
    field = image(
        _without(data, found, settings, disk),
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
    every = refined(data, retrieve_sources.joined(found, more), settings, disk)
    complete = field.rms < _NEAR * field.noise or not more.east.size
    return retrieve_sources.painted(field, found), every, complete


def _without(
    data: Blocks, found: Sources, settings: Reduction, disk: DiskFit | None
) -> Iterator[Visibilities]:
    for block in data():
        yield calibrate_background.subtracted(block, sky(block, found, settings, disk))


def sky(block: Visibilities, found: Sources, settings: Reduction, disk: DiskFit | None) -> Array:
    """Return the visibilities of all that is known of the field (time, baseline, channel) [Jy]."""
    model = background(block, found, settings)
    return model if disk is None else model + planet(block, disk, settings)


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


def refined(data: Blocks, found: Sources, settings: Reduction, disk: DiskFit | None) -> Sources:
    """Fit the sources' places and flux densities to the visibilities."""
    return retrieve_sources.fitted(found, lambda guess: _without(data, guess, settings, disk))
