"""Where spacecraft and Sun were: orbital elements and ephemeris in the body frame, and what labels state."""

import math
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.constants import SPEED_OF_LIGHT, VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.products import pds3
from hesper.products.pds3 import Label
from hesper.record import Array
from hesper.units import deg, hour_angle, km
from hesper.vmc import model_orbit
from hesper.vmc.data import Stated

_ECCENTRICITY_DIGITS = 1e-3
_ANGLES = ("ORBITAL_INCLINATION", "ASCENDING_NODE_LONGITUDE", "PERIAPSIS_ARGUMENT_ANGLE")


class Sun(NamedTuple):
    """The Sun as seen from Venus."""

    place: Array
    """(3,) [m], apparent, body frame."""
    velocity: Array
    """(3,) [m s-1] of Venus about the Sun, body axes."""
    kernel: str


def real(label: Label, keyword: str) -> float:
    """Return a finite number of a label.

    Raises
    ------
    InputError
        If it is missing, no number, or one of the archive's markers for "not known" (±1E32).
    """
    value = label[keyword]
    if not isinstance(value, int | float) or not math.isfinite(value) or abs(value) >= 1e32:
        raise label.refuse(keyword, value, "a finite number", "mend the label")
    return float(value)


def positive(label: Label, keyword: str) -> float:
    """Return a number of a label that must be positive."""
    value = real(label, keyword)
    if not value > 0:
        raise label.refuse(keyword, value, "a positive number", "mend the label")
    return value


def seconds(label: Label, keyword: str) -> float:
    """Return a time of a label as TDB seconds since J2000."""
    written = label[keyword]
    if not isinstance(written, str):
        raise label.refuse(keyword, written, "a time as 2007-01-06T01:39:30.006Z", "mend the label")
    return float(ephemeris.tdb_seconds(written.rstrip("Z"))[0])


def position(label: Label, time: float, *, rotation: str, sun: Array) -> Array:
    """Return the spacecraft (3,) [m] in the body frame at a time [s tdb] from the label's elements.

    `sun` is the place of the Sun in the body frame (3,) [m], whose tide disturbs the orbit.

    Raises
    ------
    InputError
        If an element is missing or semi-major axis, eccentricity and periapsis altitude disagree.

    Notes
    -----
    The elements refer to the mean equator of Venus, x toward its node on the ICRF equator. The label
    prints the eccentricity with 2 or 3 digits but the periapsis altitude with 5: e = 1 − (R + h)/a.
    """
    found = elements(label, seconds(label, "PERIAPSIS_TIME"))
    return model_orbit.disturbed_place(found, time, ephemeris.ROTATIONS[rotation], sun)


def elements(label: Label, periapsis: float) -> model_orbit.Elements:
    """Return the elements of a label; its time of periapsis is given [s tdb]."""
    axis, printed = real(label, "ORBITAL_SEMIMAJOR_AXIS") * km, real(label, "ORBITAL_ECCENTRICITY")
    if not axis > VENUS_RADIUS:
        raise label.refuse(
            "ORBITAL_SEMIMAJOR_AXIS", axis / km, "more than the radius, in km", "mend the label"
        )
    eccentricity = 1 - (VENUS_RADIUS + real(label, "PERIAPSIS_ALTITUDE") * km) / axis
    if not abs(eccentricity - printed) <= _ECCENTRICITY_DIGITS:
        expected = f"{eccentricity:.5f} by PERIAPSIS_ALTITUDE and ORBITAL_SEMIMAJOR_AXIS"
        raise label.refuse("ORBITAL_ECCENTRICITY", printed, expected, "mend the one that is wrong")
    if not 0 <= eccentricity < 1:
        raise label.refuse("PERIAPSIS_ALTITUDE", label["PERIAPSIS_ALTITUDE"], "an ellipse", "mend the label")
    angles = [real(label, k) * deg for k in _ANGLES]
    return model_orbit.Elements(axis, eccentricity, angles[0], angles[1], angles[2], periapsis)


def sun(time: float, *, kernel: str, rotation: str) -> Sun:
    """Return where the Sun appears from Venus at a time [s tdb] at Venus itself.

    Notes
    -----
    `ephemeris.viewing` counts time at the observer: it is asked for the time at which the light that left
    Venus at `time` arrives. Aberration moves the Sun by v/c, 0.0067°; the archive has it too.
    """
    arrival = (
        time + float(ephemeris.viewing([time], kernel=kernel, rotation=rotation).distance[0]) / SPEED_OF_LIGHT
    )
    seen = ephemeris.viewing([arrival - 60.0, arrival, arrival + 60.0], kernel=kernel, rotation=rotation)
    inertial = np.einsum("tji,tj->ti", seen.body_axes, -seen.to_sun) * seen.sun_distance[:, None]
    velocity = seen.body_axes[1] @ (inertial[2] - inertial[0]) / 120.0
    direction = sphere.normalized(seen.to_sun[1] + velocity / SPEED_OF_LIGHT)
    return Sun(float(seen.sun_distance[1]) * direction, velocity, seen.kernel)


def stated(path: Path | str) -> Stated:
    """Read what label and VICAR header state of an image.

    Raises
    ------
    InputError
        If a number is missing.
    """
    label = pds3.read_label(path)
    vicar = pds3.read_vicar_header(path, label)

    def number(keyword: str, unit: float = 1.0) -> float:
        value = vicar.get(keyword)
        if not isinstance(value, int | float):
            raise InputError(f"{path}: VICAR header: {keyword} is {value!r}; a number is needed")
        return float(value) * unit

    footprint = [np.asarray(label[f"FOOTPRINT_POINT_{axis}"], float) for axis in ("LONGITUDE", "LATITUDE")]
    if footprint[0].shape != footprint[1].shape or footprint[0].ndim != 1:
        shapes = " and ".join(str(axis.shape) for axis in footprint)
        raise InputError(f"{path}: footprint of {shapes} coordinates; lists of one length are needed")
    return Stated(
        mean=real(label.object("IMAGE"), "MEAN"),
        deviation=real(label.object("IMAGE"), "STANDARD_DEVIATION"),
        invalid_count=int(number("INVALID_PIXEL_COUNT")),
        resolution=real(label, "MAXIMUM_RESOLUTION"),
        solar_distance=real(label, "SPACECRAFT_SOLAR_DISTANCE") * km,
        spacecraft_lon=number("SPACECRAFT_EASTERN_LONGITUDE", deg),
        spacecraft_lat=number("SPACECRAFT_CENTRIC_LATITUDE", deg),
        altitude=number("SPACECRAFT_ALTITUDE", km),
        lon=number("EASTERN_LONGITUDE_AT_CENTER", deg),
        lat=number("CENTRIC_LATITUDE_AT_CENTER", deg),
        incidence=number("INCIDENCE_AT_CENTER", deg),
        emission=number("EMISSION_AT_CENTER", deg),
        phase=number("PHASE_AT_CENTER", deg),
        season=number("SOLAR_LONGITUDE", deg),
        local_time=_clock(path, str(vicar.get("LOCAL_TIME"))),
        footprint_lon=footprint[0] * deg,
        footprint_lat=footprint[1] * deg,
    )


def _clock(path: Path | str, written: str) -> float:
    parts = re.fullmatch(r"(\d\d?):(\d\d):(\d\d)", written)
    if parts is None:
        raise InputError(f"{path}: VICAR header: LOCAL_TIME is {written!r}; hours:minutes:seconds are needed")
    hours, minutes, seconds = map(int, parts.groups())
    return (hours + minutes / 60 + seconds / 3600) * hour_angle
