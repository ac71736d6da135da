"""Rows of a report on what needs no pointing: statistics, orbit and Sun of an image's label.

Tolerances are half the last printed digit, carried through.
"""

from pathlib import Path
from typing import Any

import numpy as np

from hesper.geometry import sphere
from hesper.products import Result, from_published, pds3
from hesper.record import Array
from hesper.units import deg, km
from hesper.vmc import model, read, read_geometry
from hesper.vmc.data import ARCHIVE_RADIUS, Image, Stated

_ROUNDING = 0.005 * deg
"""rad; half the last digit of the elements."""
_SUN_GM = 1.327_124_400_41e20
"""m3 s-2; IAU 2009 system of constants, TDB-compatible."""


def row(name: str, what: str, unit: str, value: Any, expected: float, tolerance: Any, note: str,
         std: float | None = None, keyword: str = "") -> Result:  # fmt: skip
    """Return a row whose tolerance follows from printed digits or from the errors of a fit."""
    return from_published(
        "vmc", f"{name} {what}", unit, float(value), float(expected), float(tolerance),
        source=f"{name}.IMG {keyword}".strip(), note=note, std=std,
    )  # fmt: skip


def half_digit(value: float) -> float:
    """Return half a unit of the sixth significant digit, to which the headers print."""
    return float(0.5 * 10.0 ** (np.floor(np.log10(abs(value))) - 5))


def statistics(path: Path, name: str, stated: Stated) -> list[Result]:
    """Check mean and standard deviation of the data numbers."""
    data = pds3.read_image(path).data.astype(float)
    marker = pds3.read_vicar_header(path, pds3.read_label(path))["OVERFLOW_VALUE"]
    counted = np.where((data == read.OUTSIDE) | (data >= marker), 0.0, data)
    mean = counted.sum() / (counted.size - stated.invalid_count)
    note = "outside the field and saturated as 0; over all pixels less INVALID_PIXEL_COUNT; ½ last digit"
    return [
        row(name, "mean", "DN", mean, stated.mean, half_digit(stated.mean), note, keyword="MEAN"),
        row(name, "standard deviation", "DN", counted.std(), stated.deviation, half_digit(stated.deviation),
             "outside the field and saturated as 0; ½ last digit", keyword="STANDARD_DEVIATION"),
    ]  # fmt: skip


def orbit(path: Path, image: Image, stated: Stated) -> list[Result]:
    """Check where the elements put the spacecraft."""
    label, name = pds3.read_label(path), image.name
    duration = image.time - read_geometry.seconds(label, "PERIAPSIS_TIME")
    distance, place = float(np.linalg.norm(image.position)), sphere.lon_lat(image.position)
    tide = model.tidal_displacement(
        duration, distance, sun_gm=_SUN_GM, sun_distance=float(np.linalg.norm(image.sun))
    )
    rate = abs(_radial_rate(label, duration))
    lat = _ROUNDING + tide / distance + 0.5 * rate / distance
    lon = _ROUNDING + (_ROUNDING * abs(np.sin(place.lat)) + tide / distance) / np.cos(place.lat)
    height = 0.5 * rate + 0.05 * km + tide
    note = "½ digit of the elements (0.005°, 0.05 km, ½ s of PERIAPSIS_TIME) and the Sun's tide since then"
    return [
        row(name, "sub-spacecraft latitude", "deg", place.lat / deg, stated.spacecraft_lat / deg, lat / deg,
             note, keyword="SPACECRAFT_CENTRIC_LATITUDE"),
        row(name, "sub-spacecraft longitude", "deg", place.lon / deg, stated.spacecraft_lon / deg, lon / deg,
             note, keyword="SPACECRAFT_EASTERN_LONGITUDE"),
        row(name, "altitude above 6111.8 km", "km", (distance - ARCHIVE_RADIUS) / km, stated.altitude / km,
             height / km, f"{note}; 60 km more above the mean radius", keyword="SPACECRAFT_ALTITUDE"),
    ]  # fmt: skip


def _radial_rate(label: pds3.Label, duration: float) -> float:
    """Return dr/dt [m s-1] on the ellipse, by central difference over 2 s."""
    radii = [
        float(np.linalg.norm(read_geometry.position(label, time, rotation="IAU")))
        for time in read_geometry.seconds(label, "PERIAPSIS_TIME") + duration + np.array([-1.0, 1.0])
    ]
    return (radii[1] - radii[0]) / 2


def sun(path: Path, image: Image, stated: Stated) -> list[Result]:
    """Check distance, local time and season of the Sun."""
    name, kernel = image.name, image.kernel.split()[0].removesuffix(".bsp").upper()
    periapsis = read_geometry.seconds(pds3.read_label(path), "PERIAPSIS_TIME")
    kernel = kernel if kernel in ("DE421", "DE440") else "DE421"
    early = read_geometry.sun(periapsis, kernel=kernel, rotation=image.rotation)
    now = read_geometry.sun(image.time, kernel=kernel, rotation=image.rotation)
    hour = (np.pi + sphere.lon_lat(image.sun).lon - stated.lon) % (2 * np.pi)
    season = _season(now.place, now.velocity)
    return [
        row(name, "distance of Venus from the Sun at periapsis", "km", np.linalg.norm(early.place) / km,
             stated.solar_distance / km, 500.0, "½ last digit", keyword="SPACECRAFT_SOLAR_DISTANCE"),
        row(name, "local time at the centre", "s", hour / (15 * deg) * 3600,
             stated.local_time / (15 * deg) * 3600, 1.0, "apparent Sun; cut to whole seconds",
             keyword="LOCAL_TIME"),
        row(name, "planetocentric longitude of the Sun", "deg", season / deg, stated.season / deg,
             0.5e-4 + 0.5e-4, "apparent Sun; ½ last digit and 0.2″ between ephemerides and light times",
             keyword="SOLAR_LONGITUDE"),
    ]  # fmt: skip


def _season(place: Array, velocity: Array) -> float:
    """Return the Sun's longitude [rad] along its path from the ascending node on the body's equator."""
    normal = sphere.normalized(np.cross(place, -velocity))
    node = sphere.normalized(np.cross([0.0, 0.0, 1.0], normal))
    return float(np.arctan2(place @ np.cross(normal, node), place @ node) % (2 * np.pi))
