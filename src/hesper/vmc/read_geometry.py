"""Where spacecraft and Sun were: the orbital elements of a label and the ephemeris, in the body frame."""

import math
from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.constants import SPEED_OF_LIGHT, VENUS_RADIUS
from hesper.geometry import sphere
from hesper.products.pds3 import Label
from hesper.record import Array
from hesper.units import deg, km
from hesper.vmc import model_orbit

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
    eccentricity = 1 - (VENUS_RADIUS + real(label, "PERIAPSIS_ALTITUDE") * km) / axis
    if not abs(eccentricity - printed) <= _ECCENTRICITY_DIGITS:
        expected = f"{eccentricity:.5f} by PERIAPSIS_ALTITUDE and ORBITAL_SEMIMAJOR_AXIS"
        raise label.refuse("ORBITAL_ECCENTRICITY", printed, expected, "mend the one that is wrong")
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
