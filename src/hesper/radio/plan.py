"""Before observing: noise, beam, resolution elements, error of the temperature, and when Venus is up."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.errors import InputError
from hesper.physics import planck, sky
from hesper.radio import model, model_array, model_beam
from hesper.radio.model_disk import uniform_share
from hesper.radio.model_receivers import (
    Receiver,
    confusion_noise,
    find_receiver,
    receivers,
    thermal_noise,
)
from hesper.record import Array, array, number, record, setting, text
from hesper.units import Jy, MHz, arcsec, hour, mJy, percent

_STEP = 300.0
_SETTLED = 0.7
"""Share of the time that is spent on Venus and not on calibrators, Mohan et al. 2017: 311 of 450 minutes."""


@record
class Config:
    """An observation that might be made."""

    telescope: str = setting("uGMRT", "text", "GMRT, uGMRT, VLA or MeerKAT")
    band: str = setting("band 4", "text", "name of the receiver, as in the table that a wrong name shows")
    date: str = setting("2028-03-27", "text", "day of the observation, UTC")
    temperature: float = setting(600.0, "K", "brightness temperature expected", minimum=1.0, maximum=2000.0)
    sky_408: float = setting(
        30.0, "K", "sky temperature at 408 MHz behind Venus", minimum=2.725, maximum=2000.0
    )
    share: float = setting(
        _SETTLED, "1", "share of the time spent on Venus", shown="percent", minimum=0.01, maximum=1.0
    )
    calibration: float = setting(
        0.042, "1", "error of the flux scale and of its transfer", shown="percent", minimum=0.0, maximum=1.0
    )


@record
class Outlook:
    """What an observation would give."""

    telescope: str = text("name of the array")
    band: str = text("name of the receiver")
    date: str = text("day, UTC")
    frequency: float = number("Hz", "middle of the band")
    time: Array = array("time", "s tdb", "times of the day, TDB since J2000")
    elevation: Array = array("time", "rad", "elevation of Venus without refraction")
    up: Array = array("time", "1", "above the limit of the telescope", dtype=bool)
    sun_distance: float = number("rad", "angle between Venus and the Sun")
    angular_diameter: float = number("rad", "diameter of the disk")
    on_source: float = number("s", "time on Venus")
    beam: float = number("rad", "synthesised beam, natural weights, geometric mean of its axes")
    elements: float = number("1", "beams on the disk")
    rms: float = number("Jy", "thermal noise of an image, natural weights")
    confusion: float = number("Jy", "noise of unresolved sources in a beam")
    flux_density: float = number("Jy", "of the disk, less the sky that it hides")
    flux_density_std: float = number("Jy", "of a fit in the uv-plane, thermal")
    temperature_std: float = number("K", "of the brightness temperature: thermal, flux scale and sky")
    thermal_std: float = number("K", "the thermal part of it")
    sky_std: float = number("K", "the sky's part of it")


def outlook(config: Config) -> Outlook:
    """Return what an observation of Venus from rise to set would give.

    Raises
    ------
    InputError
        If the receiver is not known, or Venus does not rise above the telescope's limit.
    """
    receiver = find_receiver(config.telescope, config.band)
    place = model_array.antennas(config.telescope)
    times = _day(config.date) + np.arange(0, 86400, int(_STEP)) * np.timedelta64(1, "s")
    view = ephemeris.viewing(times, list(place.centre))
    up = view.elevation > receiver.lowest
    if not up.any():
        highest = np.degrees(view.elevation.max())
        raise InputError(
            f"plan: Venus stays below {np.degrees(receiver.lowest):.0f}° on {config.date} ({highest:.0f}° at "
            f"most from {config.telescope}); choose another date or array"
        )
    diameter = float(np.mean(view.angular_diameter[up]))
    seconds = config.share * _STEP * np.count_nonzero(up)
    length = _lengths(view, up, place)
    width = _natural_beam(length * receiver.frequency)
    rms = thermal_noise(receiver, seconds=seconds)
    hidden = float(sky.temperature(receiver.frequency, config.sky_408))
    hidden_std = float(sky.temperature_std(receiver.frequency, config.sky_408))
    contrast = config.temperature - hidden
    flux = float(planck.flux_density(contrast, receiver.frequency, diameter)) / Jy
    flux_std = rms / np.sqrt(uniform_share(length * receiver.frequency * diameter))
    thermal = float(planck.brightness_temperature(flux_std * Jy, receiver.frequency, diameter))
    confused = confusion_noise(receiver.frequency, width)
    return Outlook(
        telescope=config.telescope, band=config.band, date=config.date, frequency=receiver.frequency,
        time=view.time, elevation=view.elevation, up=up, sun_distance=float(np.mean(view.elongation)),
        angular_diameter=diameter, on_source=seconds, beam=width,
        elements=float(model.beams_on_disk(np.array(diameter), np.array(width), np.array(width))),
        rms=rms, confusion=confused, flux_density=flux, flux_density_std=flux_std,
        temperature_std=float(np.sqrt(thermal**2 + (config.calibration * contrast) ** 2 + hidden_std**2)),
        thermal_std=thermal, sky_std=hidden_std,
    )  # fmt: skip


def _day(date: str) -> np.datetime64:
    try:
        return np.datetime64(f"{date}T00:00:00", "s")
    except ValueError:
        raise InputError(f"plan: date {date!r}; write it like 2028-03-27") from None


def _lengths(view: ephemeris.Viewing, up: Array, place: model_array.Antennas) -> Array:
    """Return projected baselines [s of light] (time, baseline), every half hour that Venus is up."""
    chosen = np.flatnonzero(up)[:: int(1800 / _STEP)]
    frame = model_array.field_frame(view.time[chosen], view.ra[chosen], view.dec[chosen], place.centre)
    uvw = model_array.baseline_uvw(frame.axes, place.position, *model_array.pairs(len(place.position)))
    return np.asarray(np.hypot(uvw[..., 0], uvw[..., 1]) / 299_792_458.0)


def _natural_beam(length: Array) -> float:
    """Return the width [rad] where the mean of J0 over the baselines [wavelengths] has fallen to one half."""
    from scipy.optimize import brentq
    from scipy.special import j0

    mean = float(np.sqrt(np.mean(length**2)))

    def above(width: float) -> float:
        return float(np.mean(j0(np.pi * width * length))) - 0.5

    grid = np.linspace(0, 3 / mean, 60)
    values = [above(w) for w in grid]
    first = int(np.argmax(np.array(values) < 0))
    return float(brentq(above, grid[first - 1], grid[first]))


class Table(NamedTuple):
    """A table for people."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(config: Config) -> list[Table]:
    """Return the outlook of the observation and that of every other receiver on that day."""
    one = outlook(config)
    others = []
    for receiver in receivers():
        try:
            each = outlook(_with(config, receiver))
        except InputError:
            continue
        others.append((
            receiver.telescope, receiver.band, f"{receiver.frequency / MHz:.0f}", f"{each.beam / arcsec:.1f}",
            f"{each.elements:.1f}", f"{each.rms / 1e-6:.0f}", f"{each.confusion / 1e-6:.3g}",
            f"{each.thermal_std:.1f}", f"{each.temperature_std:.0f}",
        ))  # fmt: skip
    headings = ("array", "band", "MHz", "beam [″]", "beams on disk", "rms [µJy]", "confusion [µJy]",
                "σ T_b thermal [K]", "σ T_b [K]")  # fmt: skip
    return [
        Table(
            f"{config.telescope} {config.band}, {config.date}", ("quantity", "value"), _summary(one, config)
        ),
        Table(f"every receiver on {config.date}", headings, others),
    ]


def _with(config: Config, receiver: Receiver) -> Config:
    return Config(**{**vars(config), "telescope": receiver.telescope, "band": receiver.band})


def _summary(o: Outlook, config: Config) -> list[tuple[str, str]]:
    receiver = find_receiver(o.telescope, o.band)
    width = model_beam.half_power_width(
        o.frequency, np.array(model_beam.find_beam(o.telescope, o.frequency).coefficients)
    )
    wanted = np.flatnonzero(o.up)
    motion = _track_length(o, config)
    return [
        ("frequency, bandwidth", f"{o.frequency / MHz:.0f} MHz, {receiver.bandwidth / MHz:.0f} MHz"),
        ("Venus up (UTC)", f"{_clock(o.time[wanted[0]])} to {_clock(o.time[wanted[-1]])}, highest "
                           f"{np.degrees(o.elevation.max()):.0f}°"),
        ("from the Sun", f"{np.degrees(o.sun_distance):.0f}°"),
        ("motion while up", f"{motion / arcsec:.0f}″ in a primary beam of {np.degrees(width) * 60:.0f}′"),
        ("time on Venus", f"{o.on_source / hour:.1f} h"),
        ("angular diameter", f"{o.angular_diameter / arcsec:.2f}″"),
        ("synthesised beam, beams on disk", f"{o.beam / arcsec:.1f}″, {o.elements:.1f}"),
        ("thermal noise, confusion", f"{o.rms / 1e-6:.0f} µJy, {o.confusion / 1e-6:.3g} µJy per beam"),
        ("flux density expected", f"{o.flux_density * Jy / mJy:.2f} mJy, "
                                  f"thermal error {o.flux_density_std * Jy / mJy:.3f} mJy"),
        ("σ(T_b)", f"{o.temperature_std:.0f} K: thermal {o.thermal_std:.1f}, sky {o.sky_std:.1f}, "
                   f"calibration {config.calibration / percent:.1f} %"),
        ("receiver", receiver.source),
    ]  # fmt: skip


def _track_length(o: Outlook, config: Config) -> float:
    view = ephemeris.viewing(o.time[o.up], list(model_array.antennas(config.telescope).centre))
    east, north = model_array.direction_cosines(view.ra, view.dec, view.ra[0], view.dec[0])
    return float(np.hypot(east[-1], north[-1]))


def _clock(tdb: float) -> str:
    from astropy.time import Time

    return str(Time(2451545.0, tdb / 86400.0, format="jd", scale="tdb").utc.strftime("%H:%M"))
