"""Time scales, and how the Earth was turned: from what astropy ships, without the network.

Conversions call ERFA's own functions, which report doubts by a status and not by a warning: nothing here
depends on the state of the process, so that threads may call it together. Astropy's `Time` only parses.
"""

import functools
import threading
import warnings
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.record import Array
from hesper.units import day

J2000 = 2_451_545.0
"""Julian date (TDB) from which `Viewing.time` counts."""

_FIRST, _LAST = 2_436_934.5, 2_470_172.5  # Julian dates of 1960-01-01 and 2051-01-01
_EXAMPLE = "write UTC like '2007-11-07T13:30:00'"
_NUMBERS = "give float64 TDB seconds since J2000"
_PARSING = threading.Lock()


class Earth(NamedTuple):
    """What turns the Earth at the times asked for."""

    tt: tuple[Array, Array]
    ut1: tuple[Array, Array]
    to_celestial: Array
    """(time, 3, 3): ITRF → GCRS."""
    to_true: Array
    """(time, 3, 3): GCRS → true equator and equinox of date."""
    source: str


def epochs(times: Any) -> tuple[Array, Earth]:
    """Return TDB seconds since J2000 (time,) and the Earth's orientation.

    Raises
    ------
    InputError
        If a time is not understood or lies outside 1960–2050.
    """
    tdb, utc_date, tt = _scales(times)
    return tdb, earth_at(utc_date, tt)


def tdb_seconds(times: Any) -> Array:
    """Return times (as in `viewing`) as TDB seconds since J2000 (time,).

    Raises
    ------
    InputError
        If a time is not understood or lies outside 1960–2050.
    """
    return _scales(times)[0]


def utc(time: Array | float) -> Array:
    """Return TDB seconds since J2000 as UTC `datetime64[us]` (time,), the inverse of `tdb_seconds`.

    `datetime64` knows no leap seconds: during one, the last microsecond before it is returned.
    """
    from erfa import ufunc

    seconds = np.atleast_1d(np.asarray(time, float))
    year, month, date, clock, _ = ufunc.d2dtf(b"UTC", 6, *_utc_from_tdb(seconds))
    clock = clock.view((np.int32, 4)) if clock.dtype.names else clock
    hour, minute, second, fraction = np.moveaxis(np.asarray(clock), -1, 0).astype(np.int64)
    leap = second > 59
    months = (year.astype(np.int64) - 1970) * 12 + month - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + date - 1
    micro = (hour * 3600 + minute * 60 + np.where(leap, 59, second)) * 1_000_000
    micro += np.where(leap, 999_999, fraction)
    return np.asarray((days * 86_400_000_000 + micro).astype("datetime64[us]"))


def earth_at(utc_date: tuple[Array, Array], tt: tuple[Array, Array]) -> Earth:
    """Return Earth orientation at two-part UTC and TT Julian dates: IERS B before 1973, finals after."""
    from erfa import ufunc

    ut1_utc, x, y, source = _orientation(utc_date[0] - 2_400_000.5 + utc_date[1])
    *ut1, _ = ufunc.utcut1(*utc_date, ut1_utc)
    # IERS Conventions 2010, equation 5.1, written out so that the nutation, the costly part, is summed once.
    of_date = ufunc.pnm06a(*tt)
    pole_x, pole_y = ufunc.bpn2xy(of_date)
    intermediate = ufunc.c2ixys(pole_x, pole_y, ufunc.s06(*tt, pole_x, pole_y))
    polar_motion = ufunc.pom00(x, y, ufunc.sp00(*tt))
    to_celestial = np.swapaxes(ufunc.c2tcio(intermediate, ufunc.era00(*ut1), polar_motion), -1, -2)
    return Earth(tt, (ut1[0], ut1[1]), to_celestial, of_date, source)


def _scales(times: Any) -> tuple[Array, tuple[Array, Array], tuple[Array, Array]]:
    """Return TDB seconds since J2000, and two-part Julian dates in UTC and TT, each (time,)."""
    from erfa import ufunc

    kind = _kind(times)
    if kind == "f":
        seconds = np.asarray(times, float).reshape(-1)
        _check_range(J2000 + seconds / day)
        utc_date = _utc_from_tdb(seconds)
    else:
        utc_date = _utc(times)
        _check_range(utc_date[0] + utc_date[1])
    tai1, tai2, _ = ufunc.utctai(*utc_date)
    tt1, tt2, _ = ufunc.taitt(tai1, tai2)
    tdb = (tt1 - J2000) * day + tt2 * day + ufunc.dtdb(tt1, tt2, 0.0, 0.0, 0.0, 0.0)
    return (seconds if kind == "f" else np.asarray(tdb)), utc_date, (tt1, tt2)


def _kind(times: Any) -> str:
    """Return the kind of what is given; refuse numbers whose meaning or precision is open."""
    if hasattr(times, "scale"):
        return "O"
    given = np.asarray(times)
    if hasattr(times, "unit") or np.ma.isMaskedArray(times):
        raise InputError(
            f"times: a {type(times).__name__}; {_EXAMPLE}, or give float64 TDB seconds since J2000"
        )
    if given.dtype.kind in "iub" or (given.dtype.kind == "f" and given.dtype != np.float64):
        raise InputError(
            f"times: {given.dtype} numbers; give float64 TDB seconds since J2000, or {_EXAMPLE[6:]}"
        )
    return given.dtype.kind


def _check_range(date: Array) -> None:
    if date.size == 0:
        raise InputError("times: none given; at least one is needed")
    if not (np.all(date >= _FIRST) and np.all(date < _LAST)):
        years = 2000 + (date - J2000) / 365.25
        span = f"{np.min(years):.1f} to {np.max(years):.1f}" if np.isfinite(years).all() else "not a number"
        raise InputError(f"times: year {span}; 1960 to 2050 are covered")


def _utc_from_tdb(seconds: Array) -> tuple[Array, Array]:
    from erfa import ufunc

    # TDB − TT moves by 1e-8 s in the 2 ms by which its argument is off here.
    tt = seconds - ufunc.dtdb(J2000, seconds / day, 0.0, 0.0, 0.0, 0.0)
    whole = np.floor(tt / day)
    tai1, tai2, _ = ufunc.tttai(J2000 + whole, tt / day - whole)
    utc1, utc2, _ = ufunc.taiutc(tai1, tai2)
    return utc1, utc2


def _utc(times: Any) -> tuple[Array, Array]:
    """Return two-part UTC Julian dates of text, `datetime`, `datetime64` or `astropy.time.Time`."""
    from astropy.time import Time
    from erfa import ufunc

    stamps = times if isinstance(times, Time) else _parse(times)
    stamps = stamps.reshape(-1)
    if np.any(np.ma.getmaskarray(np.ma.asarray(stamps.mask))) or getattr(stamps, "masked", False):
        raise InputError("times: some are masked; leave them out")
    if stamps.scale == "utc":
        return np.asarray(stamps.jd1, float), np.asarray(stamps.jd2, float)
    if stamps.scale not in ("tai", "tt", "tdb", "tcg", "tcb"):
        raise InputError(f"times: scale {stamps.scale}; utc, tai, tt, tdb, tcg or tcb is needed")
    tai = stamps.tai
    utc1, utc2, _ = ufunc.taiutc(tai.jd1, tai.jd2)
    return utc1, utc2


def _parse(times: Any) -> Any:
    from astropy.time import Time

    given = np.asarray(times)
    if given.dtype.kind == "M" and np.isnat(given).any():
        raise InputError(f"times: NaT among them; {_EXAMPLE}")
    values = np.char.rstrip(given, "Z") if given.dtype.kind == "U" else times
    # The list of warning filters belongs to the process: one thread at a time may exchange it.
    with _PARSING, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            parsed = Time(values, scale="utc")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise InputError(f"times {times!r}: not understood ({reason}); {_EXAMPLE}") from None
    doubts = [str(w.message) for w in said if "dubious year" not in str(w.message)]
    if doubts:
        raise InputError(f"times {times!r}: {doubts[0].splitlines()[0]}; {_EXAMPLE}")
    return parsed


@functools.cache
def _tables() -> tuple[tuple[str, Array], ...]:
    """Read MJD, UT1 − UTC [s] and pole [rad] from the tables of astropy-iers-data."""
    from astropy.utils import iers

    tables = []
    opened = (
        ("IERS B", iers.IERS_B.open(iers.IERS_B_FILE)),
        ("IERS finals", iers.IERS_A.open(iers.IERS_A_FILE)),
    )
    for name, table in opened:
        columns = (("MJD", "d"), ("UT1_UTC", "s"), ("PM_x", "rad"), ("PM_y", "rad"))
        rows = np.stack([np.asarray(table[c].to_value(u), float) for c, u in columns])
        tables.append(
            (
                f"{name} of astropy-iers-data {version('astropy-iers-data')}",
                rows[:, np.isfinite(rows).all(axis=0)],
            )
        )
    return tuple(tables)


def _orientation(mjd: Array) -> tuple[Array, Array, Array, str]:
    """Interpolate UT1 − UTC and the pole; leap seconds are taken out before interpolating."""
    values = np.zeros((3, mjd.size))
    used = []
    left = np.ones(mjd.size, bool)
    for name, rows in reversed(_tables()):
        inside = left & (mjd >= rows[0, 0]) & (mjd <= rows[0, -1])
        if inside.any():
            for i, column in enumerate((rows[1] - _tai_utc(rows[0]), rows[2], rows[3])):
                values[i, inside] = np.interp(mjd[inside], rows[0], column)
            values[0, inside] += _tai_utc(mjd[inside])
            used.append(name)
        left &= ~inside
    if left.any():
        used.append("UT1 = UTC outside the tables")
    return values[0], values[1], values[2], "; ".join(used)


def _tai_utc(mjd: Array) -> Array:
    from erfa import ufunc

    year, month, date, fraction, _ = ufunc.jd2cal(2_400_000.5, mjd)
    return np.asarray(ufunc.dat(year, month, date, fraction)[0])
