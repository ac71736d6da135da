"""Where the radar stood during a pass, and where the cells of its looks lie."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from hesper import ephemeris
from hesper.constants import SPEED_OF_LIGHT, VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry import delay_doppler
from hesper.radar.data_interferometer import Pass
from hesper.radar.model import wavelength
from hesper.record import Array
from hesper.units import day, deg, hour


def check_dates(dates: Sequence[str]) -> None:
    """Refuse what is no day or time of the calendar.

    Raises
    ------
    InputError
        If a date is not understood.
    """
    for date in dates:
        try:
            datetime.fromisoformat(date)
        except ValueError:
            raise InputError(
                f"date '{date}': not understood; write a UTC day like 1974-01-20, or a time like "
                "1974-01-20T18:00:00"
            ) from None


def transits(dates: Sequence[str], site: str, *, kernel: str = "DE421", rotation: str = "IAU") -> Array:
    """Return when Venus next crosses the meridian of a site (date,), TDB seconds since J2000.

    Raises
    ------
    InputError
        If a date is not understood.
    """

    def hour_angle(times: Array) -> Array:
        angle = ephemeris.viewing(times.ravel(), site, kernel=kernel, rotation=rotation).hour_angle
        return angle.reshape(times.shape)

    check_dates(dates)
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


def cycle_times(middle: float, duration: float, cycle: float) -> Array:
    """Return the middles of the receive windows of a pass (cycle,) [s]."""
    count = max(round(duration / cycle), 1)
    return middle + cycle * (np.arange(count) - (count - 1) / 2)


def pass_geometry(
    times: Array,
    transmitter: str,
    receivers: Sequence[str],
    *,
    frequency: float,
    kernel: str = "DE421",
    rotation: str = "IAU",
) -> Pass:
    """Return the geometry of receive cycles.

    Parameters
    ----------
    times
        Middles of the receive windows (cycle,), TDB seconds since J2000.
    transmitter, receivers
        Stations; fringes are relative to the first receiver.
    frequency
        Of the transmitter [Hz].

    Raises
    ------
    InputError
        If Venus is below the horizon of a station at any time.

    Notes
    -----
    κ = −2π B⊥/(λ D): the range from a point r of the planet to receiver m exceeds that to the first by
    B·u − B·r/D, and V ~ exp(−2πi range/λ).
    """
    echo = ephemeris.echo(times, receivers[0], transmitter, kernel=kernel, rotation=rotation)
    view = ephemeris.viewing(times, receivers[0], kernel=kernel, rotation=rotation)
    elevations, baselines = [], []
    for station in receivers:
        seen = ephemeris.viewing(times, station, kernel=kernel, rotation=rotation)
        elevations.append(seen.elevation)
        line = ephemeris.baseline(times, receivers[0], station, kernel=kernel, rotation=rotation)
        vector = (
            line.along_doppler[:, None] * view.doppler_axis
            + line.along_north[:, None] * view.doppler_north
            - line.toward_venus[:, None] * view.to_observer
        )
        along = [np.sum(vector * axis, axis=-1) for axis in (echo.doppler, echo.north)]
        baselines.append(np.stack(along, axis=-1))
    elevation, baseline = np.stack(elevations, axis=1), np.stack(baselines, axis=1)
    low = elevation.min(axis=0)
    for station, least in zip(receivers, low, strict=True):
        if least <= 0:
            raise InputError(
                f"pass: Venus is {-least / deg:.1f}° below the horizon of {station} in part of it; "
                "shorten the pass, shift it or choose another station"
            )
    return Pass(
        time=echo.time,
        radar=echo.radar,
        doppler=echo.doppler,
        north=echo.north,
        rotation_rate=echo.rotation_rate,
        distance=echo.distance,
        elevation=elevation,
        baseline=baseline,
        fringe=-2 * np.pi / wavelength(frequency) * baseline / echo.distance[:, None, None],
        delay=echo.delay,
        delay_rate=echo.delay_rate,
    )


def pair_fringes(fringe: Array) -> Array:
    """Return κ_n − κ_m (cycle, pair, 2) of the pairs m < n from κ (cycle, receiver, 2)."""
    count = fringe.shape[1]
    pairs = [fringe[:, k] - fringe[:, m] for m in range(count) for k in range(m + 1, count)]
    return np.stack(pairs, axis=1) if pairs else np.zeros((len(fringe), 0, 2))


def doppler_width(rotation_rate: Array | float, shift: Array, frequency: float) -> Array:
    """Return the width [m] on the planet of the Doppler cells of an axis [Hz]."""
    step = (shift[-1] - shift[0]) / (len(shift) - 1)
    return np.asarray(wavelength(frequency) * step / (2 * np.asarray(rotation_rate)))


def middle_row(geometry: Pass) -> int:
    """Return the row of a pass that stands for its frame: the middle one."""
    return len(geometry.time) // 2


def depth_axis(baud: float, gates: int, early: int) -> Array:
    """Return the depths [m] of range gates, `early` of them before the front."""
    return SPEED_OF_LIGHT * baud / 2 * (np.arange(gates + early) - early)


def shift_axis(width: float, cells: int) -> Array:
    """Return the Doppler shifts [Hz] of the cells of a transform; zero is in the middle."""
    return width * (np.arange(cells) - cells // 2)


def folded(x: Array, depth: Array, shift: Array, frequency: float, rotation_rate: float) -> Array:
    """Tell which places along the Doppler axis [m] hold, or lie in, echoes folded by the sampling.

    Echoes from the cap of the deepest gate whose shift lies outside the window come back moved by the
    whole window; two cells more are flagged, for the response of a cell.
    """
    width = float(doppler_width(rotation_rate, shift, frequency))
    window = width * len(shift)
    reach = float(delay_doppler.cap_radius(depth[-1], VENUS_RADIUS))
    if window / 2 >= reach:
        return np.zeros(np.shape(x), bool)
    return np.asarray(np.abs(x) > window - reach - 2 * width)
