"""Before observing: what a camera in an orbit would see of the surface, and how well its emissivity."""

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
        80 * deg, "rad", "argument of periapsis of a polar orbit", shown="deg", minimum=0.0, maximum=180 * deg
    )
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
    """What one latitude would get on one leg of the orbit."""

    lat: float
    altitude: float
    pixel: float
    footprint: float
    smear: float
    overlap: float
    """Of consecutive images along the track."""
    mosaics: float
    """Orbits per cell, the orbits spread evenly in longitude."""
    pixels: float
    """Pixels per cell and orbit."""
    emissivity_std: float


def tables(config: Config) -> list[Table]:
    """Return coverage, smear, overlaps and predicted σ(ε) by latitude, and what the numbers rest on."""
    rows = [
        (
            f"{p.lat / deg:+.0f}", f"{p.altitude / km:.0f}", f"{p.pixel / km:.1f}",
            f"{p.footprint / km:.0f}", f"{p.smear / km:.0f}", f"{100 * p.overlap:.0f}",
            f"{p.mosaics:.1f}", f"{p.pixels:.0f}", f"{p.emissivity_std:.3f}",
        )
        for p in predictions(config)
    ]  # fmt: skip
    light = model_surface.table(config.atmosphere, 1.01e-6)
    ground = np.array(0.0)
    gain = 1 / float(model_surface.sensitivity(light, ground, config.emissivity))
    slope = -float(model_surface.altitude_slope(light, ground, config.emissivity))
    columns = (
        "latitude [°]", "altitude [km]", "pixel [km]", "footprint [km]", "smear [km]", "overlap [%]",
        "mosaics per cell", "pixels per cell and orbit", "σ(ε)",
    )  # fmt: skip
    base = [
        ("amplification A", f"{gain:.2f}"),
        ("brightness with altitude", f"{-100 * slope * km:.1f} %/km"),
        ("least possible width of detail", f"{config.atmosphere.blur / km:.0f} km (clouds)"),
    ]
    return [
        Table("Leg that climbs northward, nadir pointing", columns, rows),
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
    """Return what each latitude would get, from 60°S to 80°N where the orbit passes.

    Notes
    -----
    σ(ε)² = (ε A)² [(σ_clouds² + σ_noise²/pixels)/mosaics + (s_z σ_z)²/cells under the blur].
    """
    eccentricity = _eccentricity(config)
    light = model_surface.table(config.atmosphere, 1.01e-6)
    gain = 1 / float(model_surface.sensitivity(light, np.array(0.0), config.emissivity))
    slope = -float(model_surface.altitude_slope(light, np.array(0.0), config.emissivity))
    where = Elements(
        config.semi_major_axis, eccentricity, config.inclination, 0.0, config.periapsis_latitude, 0.0
    )
    spin = ephemeris.ROTATIONS["IAU"]
    motion = float(np.sqrt(VENUS_GM / where.semi_major_axis**3))
    found = []
    for lat in np.arange(-60, 81, 10) * deg:
        if abs(np.sin(lat)) > np.sin(config.inclination) + 1e-9:
            continue
        along = float(np.arcsin(np.clip(np.sin(lat) / np.sin(config.inclination), -1, 1)))
        anomaly = along - config.periapsis_latitude
        half = np.sqrt((1 - eccentricity) / (1 + eccentricity)) * np.tan(anomaly / 2)
        eccentric = 2 * np.arctan(half)
        time = float((eccentric - eccentricity * np.sin(eccentric)) / motion)
        height = where.semi_major_axis * (1 - eccentricity * np.cos(eccentric)) - VENUS_RADIUS
        footprint = min(2 * height * np.tan(config.field / 2), np.pi * VENUS_RADIUS)
        smear = float(model_orbit.nadir_smear(where, time, config.exposure, spin))
        step = float(model_orbit.nadir_smear(where, time, config.cadence, spin))
        pixel = config.pixel * height
        cell = config.resolution * VENUS_RADIUS
        pixels = max(cell / pixel, 1.0) ** 2
        circle = 2 * np.pi * VENUS_RADIUS * np.cos(lat)
        share = min(footprint / circle, 1.0)
        seen = min(config.images * max(step, 1.0) / (np.pi / 2 * VENUS_RADIUS), 1.0)
        mosaics = config.orbits * share * seen
        sigma = config.atmosphere.blur / np.sqrt(8 * np.log(2))
        under = max(4 * np.pi * sigma**2 / cell**2, 1.0)
        noise = (config.clouds**2 + config.noise**2 / pixels) / max(mosaics, 1e-9)
        error = config.emissivity * gain * np.sqrt(noise + (slope * config.altimetry_std) ** 2 / under)
        found.append(
            Prediction(
                float(lat), float(height), float(pixel), float(footprint), smear,
                float(np.clip(1 - step / footprint, 0, 1)), float(mosaics), float(pixels), float(error),
            )
        )  # fmt: skip
    return found
