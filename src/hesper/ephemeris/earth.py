"""Time scales, and how the Earth was turned: from what astropy ships, without the network."""

import functools
import warnings
from typing import Any, NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.record import Array
from hesper.units import day

J2000 = 2_451_545.0
"""Julian date (TDB) from which `Viewing.time` counts."""


_FIRST, _LAST = 2_436_934.5, 2_470_172.5  # Julian dates of 1960-01-01 and 2051-01-01


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
    """Return TDB seconds since J2000 and the Earth's orientation."""
    from astropy.time import Time

    with _quiet():
        try:
            if isinstance(times, Time):
                stamps = times
            elif np.issubdtype(np.asarray(times).dtype, np.floating):
                stamps = Time(J2000, np.asarray(times, float) / day, format="jd", scale="tdb")
            else:
                stamps = Time(times, scale="utc")
        except (ValueError, TypeError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(
                f"times {times!r}: not understood ({reason}); write UTC like '2007-11-07T13:30:00'"
            ) from None
        stamps = stamps.reshape(-1)
        if stamps.size == 0:
            raise InputError("times: none given; at least one is needed")
        date = stamps.tt.jd
        if not (np.all(date >= _FIRST) and np.all(date < _LAST)):
            years = 2000 + (date - J2000) / 365.25
            raise InputError(f"times: year {years.min():.1f} to {years.max():.1f}; 1960 to 2050 are covered")
        tdb = stamps.tdb
        seconds = ((tdb.jd1 - J2000) + tdb.jd2) * day
        return np.asarray(seconds, float), earth_at(stamps)


def tdb_seconds(times: Any) -> Array:
    """Return times (as in `viewing`) as TDB seconds since J2000 (time,)."""
    return epochs(times)[0]


def utc(time: Array) -> Array:
    """Return TDB seconds since J2000 as UTC `datetime64[us]`, the inverse of `tdb_seconds`."""
    from astropy.time import Time

    with _quiet():
        seconds = np.atleast_1d(np.asarray(time, float))
        stamps = Time(J2000, seconds / day, format="jd", scale="tdb").utc
        return np.asarray(stamps.datetime64.astype("datetime64[us]"))


def earth_at(stamps: Any) -> Earth:
    """Return Earth orientation from the tables astropy ships: IERS B before 1973, finals after."""
    import erfa

    utc_scale, tt = stamps.utc, stamps.tt
    ut1_utc, x, y, source = _iers(utc_scale.jd1 - 2_400_000.5 + utc_scale.jd2)
    ut1 = erfa.utcut1(utc_scale.jd1, utc_scale.jd2, ut1_utc)
    to_celestial = np.swapaxes(erfa.c2t06a(tt.jd1, tt.jd2, *ut1, x, y), -1, -2)
    return Earth((tt.jd1, tt.jd2), ut1, to_celestial, erfa.pnm06a(tt.jd1, tt.jd2), source)


@functools.cache
def _iers_tables() -> tuple[tuple[str, Array], ...]:
    """Read MJD, UT1 − UTC [s] and pole [rad] from the tables of astropy-iers-data."""
    from astropy.utils import iers

    tables = []
    for name, table in (
        ("IERS B", iers.IERS_B.open(iers.IERS_B_FILE)),
        ("IERS finals", iers.IERS_A.open(iers.IERS_A_FILE)),
    ):
        columns = ("MJD", "UT1_UTC", "PM_x", "PM_y")
        units = ("d", "s", "rad", "rad")
        rows = np.stack(
            [np.asarray(table[c].to_value(u), float) for c, u in zip(columns, units, strict=True)]
        )
        tables.append((name, rows[:, np.isfinite(rows).all(axis=0)]))
    return tuple(tables)


def _iers(mjd: Array) -> tuple[Array, Array, Array, str]:
    """Interpolate UT1 − UTC and the pole; leap seconds are taken out before interpolating."""
    import erfa

    values = np.zeros((3, mjd.size))
    used = []
    left = np.ones(mjd.size, bool)
    for name, rows in reversed(_iers_tables()):
        inside = left & (mjd >= rows[0, 0]) & (mjd <= rows[0, -1])
        if inside.any():
            leap = _tai_utc(rows[0], erfa)
            for i, column in enumerate((rows[1] - leap, rows[2], rows[3])):
                values[i, inside] = np.interp(mjd[inside], rows[0], column)
            values[0, inside] += _tai_utc(mjd[inside], erfa)
            used.append(name)
        left &= ~inside
    if left.any():
        used.append("UT1 = UTC outside the tables")
    return values[0], values[1], values[2], "; ".join(used)


def _tai_utc(mjd: Array, erfa: Any) -> Array:
    year, month, date, fraction = erfa.jd2cal(2_400_000.5, mjd)
    return np.asarray(erfa.dat(year, month, date, fraction))


def _quiet() -> Any:
    """Silence ERFA's "dubious year": what UT1 and UTC are taken to be is stated in the record instead."""
    return warnings.catch_warnings(action="ignore", category=_quiet_filter())


@functools.cache
def _quiet_filter() -> type[Warning]:
    from erfa import ErfaWarning

    return ErfaWarning  # type: ignore[no-any-return]
