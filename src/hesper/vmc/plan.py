"""Before observing: what a camera in an orbit would see of the surface, and how well its emissivity."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.constants import VENUS_GM, VENUS_RADIUS
from hesper.errors import InputError
from hesper.record import record, setting
from hesper.units import deg, km
from hesper.vmc import model_orbit, model_surface
from hesper.vmc.data_settings import Atmosphere
from hesper.vmc.model_orbit import Elements

_LARGEST_EMISSION = 60 * deg
_DARK = 150 / 360
"""Part of a circle of latitude where the Sun is more than 15° below the horizon."""
_WAVELENGTH = 1.01e-6


class Table(NamedTuple):
    """A table for people."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@record
class Config:
    """A camera in an orbit; the defaults are Venus Express and NIR2 of VMC."""

    semi_major_axis: float = setting(39445.2 * km, "m", "of the orbit", shown="km", minimum=6200 * km)
    periapsis_altitude: float = setting(250 * km, "m", "of the orbit", shown="km", minimum=100 * km)
    periapsis_latitude: float = setting(
        80 * deg, "rad", "argument of periapsis: its latitude, if the orbit is polar and this is below 90°",
        shown="deg", minimum=0.0, maximum=180 * deg,
    )  # fmt: skip
    inclination: float = setting(
        90 * deg, "rad", "of the orbit", shown="deg", minimum=1 * deg, maximum=179 * deg
    )
    field: float = setting(0.3, "rad", "field of view", shown="deg", minimum=1e-3, maximum=2.0)
    pixel: float = setting(0.703e-3, "rad", "angle of a pixel", shown="arcsec", minimum=1e-6, maximum=0.1)
    exposure: float = setting(30.0, "s", "exposure", minimum=1e-3, maximum=3600.0)
    cadence: float = setting(180.0, "s", "time from image to image", minimum=1.0)
    noise: float = setting(0.01, "1", "noise of a pixel", shown="percent", minimum=0.0)
    clouds: float = setting(0.04, "1", "clouds that stay in one orbit's mosaic", shown="percent", minimum=0.0)
    orbits: int = setting(622, "count", "orbits that see the night side", minimum=1)
    images: int = setting(16, "count", "images of an orbit", minimum=1)
    resolution: float = setting(
        0.25 * deg, "rad", "size of a cell", shown="deg", minimum=0.01 * deg, maximum=10 * deg
    )
    altimetry_std: float = setting(100.0, "m", "error of an altitude", minimum=0.0)
    emissivity: float = setting(0.9, "1", "of the plains", minimum=0.05, maximum=1.0)
    atmosphere: Atmosphere


class Prediction(NamedTuple):
    """What one place of the orbit would give."""

    lat: float
    """Below the spacecraft."""
    altitude: float
    pixel: float
    footprint: float
    """Arc of the ground that an image covers, seen at 60° or steeper."""
    smear: float
    overlap: float
    """Of consecutive images along the track."""
    mosaics: float
    """Orbits per cell, the orbits spread evenly in longitude."""
    pixels: float
    """Pixels per cell and orbit."""
    detail: float
    """Width of clouds, pixel and smear together."""
    emissivity_std: float


def tables(config: Config) -> list[Table]:
    """Return coverage, smear, overlaps and predicted σ(ε) along the orbit, and what the numbers rest on."""
    rows = [
        (
            f"{p.lat / deg:+.0f}", f"{p.altitude / km:.0f}", f"{p.pixel / km:.1f}",
            f"{p.footprint / km:.0f}", f"{p.smear / km:.0f}", f"{100 * p.overlap:.0f}",
            f"{p.mosaics:.1f}", f"{p.detail / km:.0f}", f"{p.emissivity_std:.3f}",
        )
        for p in predictions(config)
    ]  # fmt: skip
    light = model_surface.table(config.atmosphere, _WAVELENGTH)
    ground = np.array(0.0)
    gain = 1 / float(model_surface.sensitivity(light, ground, config.emissivity))
    slope = -float(model_surface.altitude_slope(light, ground, config.emissivity))
    columns = (
        "lat. [°]", "alt. [km]", "pixel [km]", "field [km]", "smear [km]", "share [%]", "orbits",
        "width [km]", "σ(ε)",
    )  # fmt: skip
    base = [
        ("lat., alt.", "of the spacecraft, whose camera looks at the nadir"),
        ("field", "arc of the ground in an image, at most 60° from the vertical"),
        ("share", "of an image that the next one sees too"),
        ("orbits", f"of {config.orbits} that see a cell, at night, spread evenly"),
        (
            "width",
            f"of detail: clouds ({config.atmosphere.blur / km:.0f} km), pixel, smear",
        ),
        ("σ(ε)", "of a cell that one orbit sees at least"),
        ("wavelength", f"{_WAVELENGTH * 1e6:.2f} µm; no other is tabulated"),
        ("amplification A", f"{gain:.2f}"),
        ("brightness with altitude", f"{-100 * slope * km:.1f} %/km"),
    ]
    return [
        Table("From apoapsis to periapsis", columns, rows),
        Table("What it rests on", ("quantity", "value"), base),
    ]


def _eccentricity(config: Config) -> float:
    if config.pixel > config.field:
        raise InputError(f"field: {config.field:.3g} rad; a pixel of {config.pixel:.3g} rad lies within it")
    lowest = VENUS_RADIUS + config.periapsis_altitude
    if lowest > config.semi_major_axis:
        raise InputError(
            f"periapsis_altitude: {config.periapsis_altitude / km:g} km above a semi-major axis of "
            f"{config.semi_major_axis / km:g} km; at most {(config.semi_major_axis - VENUS_RADIUS) / km:g} km"
        )
    return 1 - lowest / config.semi_major_axis


def predictions(config: Config) -> list[Prediction]:
    """Return what places of the orbit would give, from apoapsis to periapsis every 10°.

    Notes
    -----
    σ(ε)² = (ε A)² [(σ_clouds² + σ_noise²/pixels)/mosaics + (s_z σ_z)²/cells under the blur].
    """
    eccentricity = _eccentricity(config)
    light = model_surface.table(config.atmosphere, _WAVELENGTH)
    gain = 1 / float(model_surface.sensitivity(light, np.array(0.0), config.emissivity))
    slope = -float(model_surface.altitude_slope(light, np.array(0.0), config.emissivity))
    where = Elements(
        config.semi_major_axis, eccentricity, config.inclination, 0.0, config.periapsis_latitude, 0.0
    )
    return [
        _predicted(config, where, anomaly, gain=gain, slope=slope) for anomaly in np.arange(-180, 1, 10) * deg
    ]


def _predicted(config: Config, where: Elements, anomaly: float, *, gain: float, slope: float) -> Prediction:
    e, spin = where.eccentricity, ephemeris.ROTATIONS["IAU"]
    sine, cosine = math.sqrt(1 - e) * math.sin(anomaly / 2), math.sqrt(1 + e) * math.cos(anomaly / 2)
    eccentric = 2 * math.atan2(sine, cosine)
    motion = math.sqrt(VENUS_GM / where.semi_major_axis**3)
    time = (eccentric - e * math.sin(eccentric)) / motion
    height = where.semi_major_axis * (1 - e * math.cos(eccentric)) - VENUS_RADIUS
    lat = math.asin(math.sin(where.inclination) * math.sin(anomaly + where.periapsis_argument))
    footprint = _footprint(config.field, height)
    smear = float(model_orbit.nadir_smear(where, time, config.exposure, spin))
    step = float(model_orbit.nadir_smear(where, time, config.cadence, spin))
    pixel, cell = config.pixel * height, config.resolution * VENUS_RADIUS
    pixels = max(cell / pixel, 1.0) ** 2
    mosaics = config.orbits * _share(where, lat, footprint, (config.images - 1) * step)
    detail = math.sqrt(config.atmosphere.blur**2 + pixel**2 + smear**2)
    under = max(math.pi / (2 * math.log(2)) * (config.atmosphere.blur / cell) ** 2, 1.0)
    noise = (config.clouds**2 + config.noise**2 / pixels) / max(mosaics, 1.0)
    error = config.emissivity * gain * math.sqrt(noise + (slope * config.altimetry_std) ** 2 / under)
    overlap = min(max(1 - step / footprint, 0.0), 1.0)
    return Prediction(lat, height, pixel, footprint, smear, overlap, mosaics, pixels, detail, error)


def _footprint(field: float, height: float) -> float:
    """Return the arc [m] of the ground within a field [rad] about the nadir and seen at 60° or steeper."""
    distance = 1 + height / VENUS_RADIUS
    off = min(field / 2, math.asin(math.sin(_LARGEST_EMISSION) / distance))
    return 2 * VENUS_RADIUS * (math.asin(distance * math.sin(off)) - off)


def _share(where: Elements, lat: float, footprint: float, track: float) -> float:
    """Return the part of the orbits that see a cell.

    An orbit's images cover footprint × (footprint + track) of a belt as high as they reach in latitude, of
    which at most what is dark; the belts are spread over the latitudes that the orbit passes, at most 90°.
    """
    eastward = min(abs(math.cos(where.inclination)) / max(math.cos(lat), 1e-9), 1.0)
    high = math.sqrt(1 - eastward**2) * track + footprint
    circle = 2 * math.pi * VENUS_RADIUS * max(math.cos(lat), 1e-9)
    around = min(footprint * (footprint + track) / (circle * high), _DARK)
    passed = 2 * math.asin(math.sin(where.inclination)) * VENUS_RADIUS + footprint
    return around * min(high / min(passed, math.pi / 2 * VENUS_RADIUS), 1.0)
