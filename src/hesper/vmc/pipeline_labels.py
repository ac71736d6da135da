"""Rows of a report on what needs no pointing: statistics, orbit and Sun of an image's label.

Tolerances are half the last printed digit, carried through.
"""

from pathlib import Path
from typing import Any

import numpy as np

from hesper import ephemeris
from hesper.geometry import sphere
from hesper.products import Result, from_published, pds3
from hesper.record import Array
from hesper.units import deg, km
from hesper.vmc import model_orbit, read, read_geometry
from hesper.vmc.data import ARCHIVE_RADIUS, Image, Stated

_ROUNDING = 0.005 * deg
"""rad; half the last digit of the elements."""


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
    distance, place = float(np.linalg.norm(image.position)), sphere.lon_lat(image.position)
    lon, lat, height = _rounding(label, image)
    note = "½ digit of the value and of each element, carried through the orbit"
    return [
        row(name, "sub-spacecraft latitude", "deg", place.lat / deg, stated.spacecraft_lat / deg,
             lat / deg + half_digit(stated.spacecraft_lat / deg), note,
             keyword="SPACECRAFT_CENTRIC_LATITUDE"),
        row(name, "sub-spacecraft longitude", "deg", place.lon / deg, stated.spacecraft_lon / deg,
             lon / deg + half_digit(stated.spacecraft_lon / deg), note,
             keyword="SPACECRAFT_EASTERN_LONGITUDE"),
        row(name, "altitude above 6111.8 km", "km", (distance - ARCHIVE_RADIUS) / km, stated.altitude / km,
             height / km + half_digit(stated.altitude / km), f"{note}; 60 km more above the mean radius",
             keyword="SPACECRAFT_ALTITUDE"),
    ]  # fmt: skip


def _rounding(label: pds3.Label, image: Image) -> Array:
    """Return how far (lon, lat [rad], distance [m]) the digits cut from the elements may move the place."""
    periapsis = read_geometry.seconds(label, "PERIAPSIS_TIME")
    given = read_geometry.elements(label, periapsis)
    halves = {
        "semi_major_axis": (0.05 * km, (1 - given.eccentricity) / given.semi_major_axis),
        "eccentricity": (0.005 * km / given.semi_major_axis, 0.0),
        "inclination": (_ROUNDING, 0.0),
        "ascending_node": (_ROUNDING, 0.0),
        "periapsis_argument": (_ROUNDING, 0.0),
        "periapsis_time": (0.5, 0.0),
    }
    here, total = _place(given, image), np.zeros(3)
    for field, (half, also) in halves.items():
        moved = given._replace(**{field: getattr(given, field) + half})
        # The eccentricity comes from the periapsis altitude: another axis changes it too.
        moved = moved._replace(eccentricity=moved.eccentricity + also * half)
        total += np.abs(_place(moved, image) - here)
    return total


def _place(elements: model_orbit.Elements, image: Image) -> Array:
    place = model_orbit.place(elements, image.time, ephemeris.ROTATIONS[image.rotation])
    return np.array([*sphere.lon_lat(place)[:2], np.linalg.norm(place)])


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
             half_digit(stated.season / deg), "apparent Sun; ½ last digit",
             keyword="SOLAR_LONGITUDE"),
    ]  # fmt: skip


def _season(place: Array, velocity: Array) -> float:
    """Return the Sun's longitude [rad] along its path from the ascending node on the body's equator."""
    normal = sphere.normalized(np.cross(place, -velocity))
    node = sphere.normalized(np.cross([0.0, 0.0, 1.0], normal))
    return float(np.arctan2(place @ np.cross(normal, node), place @ node) % (2 * np.pi))
