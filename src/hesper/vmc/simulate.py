"""Simulated images of the night side: light of a scene through clouds, camera, exposure and detector."""

import math
from typing import Any, NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.constants import VENUS_RADIUS
from hesper.geometry import sphere
from hesper.geometry.camera import Pinhole, sphere_from_pixels
from hesper.record import Array
from hesper.runs import generator
from hesper.units import deg
from hesper.vmc import model, model_camera, model_clouds, simulate_orbit, write_image
from hesper.vmc.data import ARCHIVE_RADIUS, CHANNELS, FIELD_CENTRE, FIELD_HALF
from hesper.vmc.data_settings import Atmosphere, Simulation
from hesper.vmc.simulate_orbit import EXPOSURE, Shot

SIZE = 512
_FIELD = (249.5, 276.5, 235.0, 230.0, 360.0)
_FOOTPRINT = 100


class Light(NamedTuple):
    """What all images of an archive share."""

    brightness: Array
    """Radiance toward the zenith, blurred (row, column) float32 [W m-2 sr-1 m-1]."""
    place: tuple[float, float, float]
    """Western and northern edge and cell [rad]."""
    limb: Array
    """Limb law at even cosines from `limb_first` to 1."""
    limb_first: float
    plains: float
    """Radiance of the plains, to which noise and twilight are relative."""
    field: Array
    """(line, sample), True where the detector sees."""


def camera() -> Pinhole:
    """Return the NIR2 camera in the pixels of its quadrant."""
    channel = CHANNELS["N2"]
    return Pinhole(
        channel.focal, channel.sample - write_image.WINDOW[0], channel.line - write_image.WINDOW[1]
    )


def field() -> Array:
    """Return the octagon (line, sample) that NIR2 sees: 470 × 460 pixels, 74 % of the quadrant."""
    line, sample = np.indices((SIZE, SIZE))
    sample0, line0, wide, high, corner = _FIELD
    x, y = np.abs(sample - sample0), np.abs(line - line0)
    return np.asarray((x <= wide) & (y <= high) & (x + y <= corner))


def image(
    shot: Shot, light: Light, *, settings: Simulation, atmosphere: Atmosphere, seed: int, rotation: str
) -> bytes:
    """Return one image as the archive would write it.

    Parameters
    ----------
    shot
        Where, when and how.
    light
        What is seen.
    settings, atmosphere
        Detector, clouds and the height of emission.
    seed
        Of noise and clouds; every image has a stream of its own.
    rotation
        Rotation model of Venus.
    """
    random = generator(seed, 3, shot.orbit, shot.sequence)
    values = _radiance(shot, light, settings, atmosphere, seed, rotation)
    x = ((np.arange(SIZE) - FIELD_CENTRE) / FIELD_HALF).astype(np.float32)
    flat = (1 + shot.gradient[0] * x + shot.gradient[1] * x[:, None])[light.field] * np.float32(shot.scale)
    noisy = np.nan_to_num(values[light.field]) * flat
    noise = np.float32(settings.noise * light.plains)
    noisy += noise * random.standard_normal(noisy.size, dtype=np.float32)
    hot = random.integers(noisy.size, size=random.binomial(noisy.size, settings.hot_pixels))
    noisy[hot] += light.plains * random.uniform(0.5, 20.0, hot.size)
    numbers = np.full(values.shape, -1, np.int16)
    numbers[light.field] = np.clip(np.rint(noisy / write_image.STEP), 0, write_image.SATURATED)
    return _written(shot, numbers, light.field, rotation)


def _radiance(
    shot: Shot, light: Light, settings: Simulation, atmosphere: Atmosphere, seed: int, rotation: str
) -> Array:
    positions, axes, weights = simulate_orbit.part_places(shot, rotation)
    sun = np.array(shot.sun) / np.linalg.norm(shot.sun)
    cloud, place = _clouds(shot, settings, positions[1], seed)
    out = np.empty((SIZE, SIZE), np.float32)
    pinhole = camera()
    model_camera.expose(
        positions, axes, weights, (pinhole.focal, pinhole.sample, pinhole.line),
        VENUS_RADIUS + atmosphere.emission_height, light.brightness, light.place, cloud, place,
        light.limb, light.limb_first, sun, light.plains if settings.twilight else 0.0, light.field, out,
    )  # fmt: skip
    return out


def cloud_draws(seed: int, orbit: int, length: float) -> Array:
    """Return the random numbers (2, degree, order) of which an orbit's clouds are made."""
    count = model_clouds.spectrum(length).size
    return generator(seed, 4, orbit).standard_normal((2, count, count))


def _clouds(
    shot: Shot, settings: Simulation, position: Array, seed: int
) -> tuple[Array, tuple[float, float, float]]:
    """Return the transparency of an orbit's clouds where an image may see them, carried west with time."""
    cell = model_clouds.cell(settings.cloud_length)
    away, lat = _reach(shot, position), float(sphere.lon_lat(position).lat)
    first = math.ceil(min(lat + away, 90 * deg) / cell)
    rows = (np.arange(first, math.floor(max(lat - away, -90 * deg) / cell), -1) - 0.5) * cell
    drift = settings.cloud_speed * (shot.time - shot.elements.periapsis_time) / VENUS_RADIUS
    pattern = model_clouds.pattern(
        rows, drift + 0.5 * cell, cloud_draws(seed, shot.orbit, settings.cloud_length),
        length=settings.cloud_length,
    )  # fmt: skip
    return np.exp(np.float32(settings.cloud_std) * pattern), (0.0, first * cell, cell)


def _reach(shot: Shot, position: Array) -> float:
    """Return the arc [rad] from below the spacecraft beyond which an image sees nothing."""
    pinhole, distance = camera(), float(np.linalg.norm(position)) / VENUS_RADIUS
    corner = math.hypot(
        _FIELD[2] + abs(_FIELD[0] - pinhole.sample), _FIELD[3] + abs(_FIELD[1] - pinhole.line)
    )
    off = math.atan(corner / pinhole.focal) + math.hypot(*shot.offset)
    sine = distance * math.sin(off)
    return math.asin(sine) - off if sine < 1 else math.acos(1 / distance)


def _written(shot: Shot, numbers: Array, inside: Array, rotation: str) -> bytes:
    position = simulate_orbit.part_places(shot, rotation)[0][1]
    axes = simulate_orbit.axes(shot, position)
    setting: dict[str, Any] = {"camera": camera(), "position": position, "axes": axes}
    lon, lat = sphere.lon_lat(position)
    edge_sample, edge_line = model.outline(inside)
    sight = sphere_from_pixels(edge_sample, edge_line, radius=ARCHIVE_RADIUS, **setting)
    seen = np.flatnonzero(np.isfinite(sight.lon))
    chosen = seen[np.linspace(0, seen.size - 1, _FOOTPRINT).astype(int)] if seen.size else seen
    sun = np.array(shot.sun)
    centre = model.pixel_illumination(
        np.array([255.0]), np.array([255.0]), sun=sun, radius=ARCHIVE_RADIUS, **setting
    )  # fmt: skip
    middle = sphere_from_pixels(255.0, 255.0, radius=ARCHIVE_RADIUS, **setting)
    sun_lon = float(sphere.lon_lat(sun).lon)
    spin = ephemeris.ROTATIONS[rotation]
    to_icrf = sphere.body_axes(spin.pole_ra, spin.pole_dec, spin.meridian + spin.rate * shot.time).T
    return write_image.level2(
        numbers,
        orbit=shot.orbit,
        sequence=shot.sequence,
        elements=shot.elements,
        stamps=shot.stamps,
        exposure=EXPOSURE,
        place=(float(lon), float(lat), float(np.linalg.norm(position))),
        footprint=(sight.lon[chosen], sight.lat[chosen]),
        angles=(
            float(middle.lon), float(middle.lat), float(centre.incidence[0]), float(centre.emission[0]),
            float(centre.phase[0]),
        ),
        solar_distance=float(np.linalg.norm(sun)),
        local_time=float((np.pi + float(middle.lon) - sun_lon) % (2 * np.pi)),
        orientation=to_icrf @ axes[2],
    )  # fmt: skip


def backplanes(shot: Shot, *, rotation: str) -> bytes:
    """Return the .GEO file of an image."""
    position = simulate_orbit.part_places(shot, rotation)[0][1]
    axes, sun = simulate_orbit.axes(shot, position), np.array(shot.sun)
    line, sample = np.indices((SIZE, SIZE))
    setting: dict[str, Any] = {
        "camera": camera(), "position": position, "axes": axes, "radius": ARCHIVE_RADIUS
    }  # fmt: skip
    sight = sphere_from_pixels(sample, line, **setting)
    angles = model.illumination(sight.lon, sight.lat, position=position, sun=sun, radius=ARCHIVE_RADIUS)
    return write_image.backplanes(
        np.stack([angles.incidence, angles.emission, angles.phase, sight.lat, sight.lon])
    )
