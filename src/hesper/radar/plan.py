"""Before observing: what the geometry of a date allows."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.radar import plan_pass, simulate_pass
from hesper.radar.data import Passes
from hesper.radar.data_interferometer import ALIASED, Pass, Predicted
from hesper.radar.data_settings import Observation, Reduction, Scene, Stations, Waveform
from hesper.radar.model import half_width, wavelength
from hesper.radar.model_geometry import transits
from hesper.record import Array, record
from hesper.units import deg, hour, km

_SAMPLES = 25
"""Times at which a pass is looked at; an odd number, transit is the middle one."""


class Table(NamedTuple):
    """A table for people."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@record
class Config:
    """A pass that might be observed."""

    observation: Observation
    stations: Stations
    waveform: Waveform
    scene: Scene
    reduction: Reduction


def tables(config: Config) -> list[Table]:
    """Return what a pass would give: geometry, bounds by distance, and for shorter and longer passes.

    Raises
    ------
    InputError
        If Venus is below a horizon, the date is not understood or there is no second receiver.
    """
    geometry = simulate_pass.geometry(config.stations, config.waveform, config.observation)
    if len(config.stations.receivers) < 2:
        raise InputError(
            f"stations: one receiver ({config.stations.receivers[0]}); bounds of altitudes and hemispheres "
            "need at least two; name another"
        )
    settings = (config.stations, config.waveform, config.scene)
    found = plan_pass.predict(geometry, *settings, looks=config.observation.looks, reduction=config.reduction)
    date = config.observation.date
    return [
        Table(f"{date}: the pass", ("quantity", "value"), _summary(geometry, found)),
        Table(
            f"{date}: bounds by distance from the Doppler equator",
            ("|y| [km]", "σ altitude [m]", "σ reflectivity [%]", "σ contrast", "cells flagged [%]"),
            _by_distance(found),
        ),
    ]


def _summary(geometry: Pass, found: Predicted) -> list[tuple[str, str]]:
    row, hours = len(geometry.time) // 2, float(np.ptp(geometry.time)) / hour
    along = np.abs(geometry.baseline[:, 1, 1])
    usable = found.y > found.runway
    aliased = bool(np.any(found.mask & ALIASED))
    banding = (
        "bands of altitude noise are likely" if found.leverage < plan_pass.LEAST_LEVERAGE else "no bands"
    )
    return [
        ("receive cycles, from first to last", f"{len(geometry.time)}, {hours:.1f} h"),
        ("lowest elevation", f"{geometry.elevation.min() / deg:.1f}°"),
        ("apparent rotation", f"{geometry.rotation_rate[row]:.3e} rad/s"),
        ("baseline along the Doppler normal", f"{along.min() / km:.2f} to {along.max() / km:.2f} km"),
        ("leverage", f"{found.leverage:.1f} rad: {banding}"),
        ("altitude noise would peak at |y|", ", ".join(f"{y / km:.0f}" for y in found.bands) + " km"),
        ("half-width of the runway", f"{found.runway / km:.0f} km"),
        ("Doppler aliasing", f"beyond |x| = {found.alias_edge / km:.0f} km" if aliased else "none"),
        (
            "median σ of altitude outside the runway",
            f"{_median(found.altitude_std[usable]):.0f} m" if usable.any() else "no cell",
        ),
    ]


def _by_distance(found: Predicted) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for low in range(0, 800, 100):
        here = (found.y >= low * km) & (found.y < (low + 100) * km)
        if here.any():
            rows.append(
                (
                    f"{low}–{low + 100}",
                    f"{_median(found.altitude_std[here]):.0f}",
                    f"{100 * _median(found.signal_std[here]):.1f}",
                    f"{_median(found.contrast_std[here]):.2f}",
                    f"{100 * np.mean(found.mask[here] > 0):.0f}",
                )
            )
    return rows


def _median(values: Array) -> float:
    """Return the median; a place without an echo, whose bound is 0/0, counts as infinite."""
    return float(np.median(np.nan_to_num(values, nan=np.inf, posinf=np.inf)))


def passes(
    dates: Sequence[str],
    *,
    transmitter: str = "DSS-14",
    receiver: str = "DSS-13-26m",
    duration: float = 6 * hour,
    frequency: float,
    doppler_cell: float,
    doppler_cells: int,
    kernel: str = "DE421",
    rotation: str = "IAU",
) -> Passes:
    """Return the geometry of passes centred on the transits of Venus.

    Parameters
    ----------
    dates
        UTC days, "1974-01-20": the first transit at the transmitter on or after 0 h is taken.
    transmitter, receiver
        Stations that span the interferometer; the first one transmits and receives.
    duration
        Length of a pass [s].
    frequency
        Of the transmitter [Hz].
    doppler_cell, doppler_cells
        Width [Hz] and number of Doppler cells.
    kernel, rotation
        As in `ephemeris.viewing`.

    Raises
    ------
    InputError
        If a date is not understood or Venus stays below the horizon at transit.
    """
    length = wavelength(frequency)
    transit = transits(dates, transmitter, kernel=kernel, rotation=rotation)
    # All dates in one call: what an epoch costs is mostly the same for one as for many.
    times = transit[:, None] + np.linspace(-duration / 2, duration / 2, _SAMPLES)
    whole, middle = times.ravel(), _SAMPLES // 2
    view = ephemeris.viewing(transit, transmitter, kernel=kernel, rotation=rotation)
    for date, elevation in zip(dates, view.elevation, strict=True):
        if elevation <= 0:
            raise InputError(
                f"date {date}: Venus is below the horizon of {transmitter}; choose another station"
            )
    echo = ephemeris.echo(whole, transmitter, kernel=kernel, rotation=rotation)
    centre = ephemeris.echo(whole, "geocentre", kernel=kernel, rotation=rotation)
    line = ephemeris.baseline(whole, transmitter, receiver, kernel=kernel, rotation=rotation)

    def by_date(values: Array) -> Array:
        return values.reshape(times.shape + values.shape[1:])

    rates, radar, axis, normal = map(by_date, (echo.rotation_rate, echo.radar, echo.doppler, echo.north))
    along, north = by_date(line.along_doppler), np.abs(by_date(line.along_north))
    rate = rates[:, middle]
    cell = length * doppler_cell / (2 * rate)
    distance = by_date(echo.distance)[:, middle]
    return Passes(
        time=transit,
        elevation=view.elevation,
        distance=distance,
        lon=by_date(echo.lon)[:, middle],
        lat=by_date(echo.lat)[:, middle],
        rotation_rate=rate,
        bandwidth=2 * half_width(rate, frequency),
        cell=cell,
        window=cell * doppler_cells,
        tilt=view.doppler_angle,
        baseline=by_date(line.length)[:, middle],
        baseline_north_least=north.min(axis=1),
        baseline_north_most=north.max(axis=1),
        fringe=length * distance / np.hypot(along, north)[:, middle],
        drift=VENUS_RADIUS * sphere.separation(radar[:, 0], radar[:, -1]),
        rate_change=np.ptp(rates, axis=1) / rate,
        axis_swing=_swing(radar, normal),
        site_tilt=sphere.separation(axis, by_date(centre.doppler)).max(axis=1),
        duration=duration,
        transmitter=transmitter,
        receiver=receiver,
    )


def _swing(radar: Array, north: Array) -> Array:
    """Return the angle [rad] (date,) that the frame turns about the radar's direction over each pass."""
    last = radar[:, -1]
    # Carried along the drift, the first normal stays across the radar's direction.
    carried = north[:, 0] - np.sum(north[:, 0] * last, axis=-1, keepdims=True) * last
    return sphere.separation(carried, north[:, -1])
