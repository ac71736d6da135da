"""Before observing: what the geometry of a date allows."""

from collections.abc import Sequence

import numpy as np

from hesper import ephemeris
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.radar.data import Passes
from hesper.radar.model import half_width, wavelength
from hesper.record import Array
from hesper.units import day, hour

_SAMPLES = 25
"""Times at which a pass is looked at; an odd number, transit is the middle one."""


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
    transit = _transits(dates, transmitter, kernel, rotation)
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


def _transits(dates: Sequence[str], site: str, kernel: str, rotation: str) -> Array:
    """Return when Venus next crosses the meridian (date,), TDB seconds since J2000."""

    def hour_angle(times: Array) -> Array:
        angle = ephemeris.viewing(times.ravel(), site, kernel=kernel, rotation=rotation).hour_angle
        return angle.reshape(times.shape)

    times = ephemeris.tdb_seconds(list(dates))[:, None] + np.arange(0, day + hour, hour)
    angle = hour_angle(times)
    crossing = (angle[:, :-1] < 0) & (angle[:, 1:] >= 0)
    for date, found in zip(dates, np.any(crossing, axis=1).tolist(), strict=True):
        if not found:
            raise InputError(f"date {date}: no transit of Venus within 25 h; give another date")
    rows, first = np.arange(len(times)), crossing.argmax(axis=1)
    before, after = angle[rows, first], angle[rows, first + 1]
    time = times[rows, first] - before / (after - before) * hour
    for _ in range(2):
        time = time - hour_angle(time) / (2 * np.pi) * day
    return np.asarray(time)


def _swing(radar: Array, north: Array) -> Array:
    """Return the angle [rad] (date,) that the frame turns about the radar's direction over each pass."""
    last = radar[:, -1]
    # Carried along the drift, the first normal stays across the radar's direction.
    carried = north[:, 0] - np.sum(north[:, 0] * last, axis=-1, keepdims=True) * last
    return sphere.separation(carried, north[:, -1])
