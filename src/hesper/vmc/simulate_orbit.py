"""Which orbits there were, and what each image of them looked at."""

from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.constants import VENUS_GM, VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.record import Array
from hesper.runs import generator
from hesper.units import deg, km
from hesper.vmc import model, model_orbit
from hesper.vmc.data_settings import Simulation
from hesper.vmc.model_orbit import Elements

EXPOSURE = 30.0
"""s; of all images of the night side."""
_FIRST, _LAST = 260, 2946
_PERIAPSES = ("2007-01-06T07:38:30", "2014-05-15T02:10:37")
_NODES, _ARGUMENTS = (107.09 * deg, 104.15 * deg), (99.16 * deg, 75.55 * deg)
_AXIS, _HEIGHTS, _INCLINATION = 39445.2 * km, (269.85 * km, 206.18 * km), 89.93 * deg
_DARK = np.cos(112 * deg)
_STEPS = (2.0 * deg, 4.0 * deg)
_LOWEST, _HIGHEST = 1600 * km, 12000 * km
_HALF_FIELD = 0.15


class Shot(NamedTuple):
    """One image to be made."""

    orbit: int
    sequence: int
    elements: Elements
    time: float
    """Middle of the exposure [s tdb]."""
    sun: tuple[float, float, float]
    """Apparent place in the body frame [m]."""
    offset: tuple[float, float]
    """Angles [rad] by which the boresight leaves the nadir."""
    gradient: tuple[float, float]
    scale: float
    """Clouds of the orbit times drift of the exposure."""
    stamps: tuple[str, str, str, str]
    """UTC: middle, start, end of the exposure, and periapsis."""


class Flown(NamedTuple):
    """What was drawn for each orbit (orbit,)."""

    orbit: Array
    gradient: Array
    """(orbit, 2)."""
    transparency: Array
    is_usable: Array


def elements(orbits: Array, periapsis: Array) -> list[Elements]:
    """Return the elements of orbits, between those of two real images; e = 0.84, pericentre 75–85°N."""
    share = (np.asarray(orbits) - _FIRST) / (_LAST - _FIRST)

    def between(ends: tuple[float, float]) -> Array:
        return np.asarray(ends[0] + share * (ends[1] - ends[0]))

    nodes, arguments, heights = between(_NODES), between(_ARGUMENTS), between(_HEIGHTS)
    return [
        Elements(_AXIS, 1 - (VENUS_RADIUS + h) / _AXIS, _INCLINATION, node, argument, float(time))
        for h, node, argument, time in zip(heights, nodes, arguments, periapsis, strict=True)
    ]


def shots(settings: Simulation, seed: int, *, kernel: str, rotation: str) -> tuple[list[Shot], Flown]:
    """Draw orbits over the segments at night and the images of each.

    Parameters
    ----------
    settings, seed
        How many, where, and which.
    kernel, rotation
        As in `ephemeris.viewing`.

    Raises
    ------
    InputError
        If there are not so many such orbits, or fewer images than orbits.
    """
    _refuse_impossible(settings)
    random = generator(seed, 2)
    spin = ephemeris.ROTATIONS[rotation]
    number = np.arange(0, 3154)
    ends = ephemeris.tdb_seconds(list(_PERIAPSES))
    periapsis = ends[0] + (number - _FIRST) / (_LAST - _FIRST) * (ends[1] - ends[0])
    seen = ephemeris.viewing(periapsis, kernel=kernel, rotation=rotation)
    flown = elements(number, periapsis)
    candidates = _candidates(settings.segments, flown, seen.to_sun, spin)
    if not settings.orbits <= len(candidates) or settings.images < settings.orbits:
        raise InputError(
            f"simulation: {settings.orbits} orbits, {settings.images} images; at most "
            f"{len(candidates)} orbits cross segments {settings.segments} at night, each with an image"
        )
    chosen = np.sort(random.choice(len(candidates), settings.orbits, replace=False))
    bad = np.zeros(settings.orbits, bool)
    bad[random.permutation(settings.orbits)[: round(settings.refused * settings.orbits)]] = True
    counts = _counts(settings.images, bad, random)
    gradient = settings.gradient_std * random.standard_normal((settings.orbits, 2))
    gradient = np.clip(gradient, -0.24, 0.24)
    transparency = np.exp(settings.transparency_std * random.standard_normal(settings.orbits))
    plans = []
    for i, index in enumerate(chosen):
        orbit, middle = candidates[index]
        where = flown[orbit]
        sun = seen.sun_distance[orbit] * seen.to_sun[orbit]
        frames = _frames(where, middle, int(counts[i]), bool(bad[i]), random)
        plans.append((orbit, where, sun, frames))
    times = np.array([time for _, _, _, frames in plans for time, *_ in frames])
    stamps = [_stamps(t) for t in (times, times - EXPOSURE / 2, times + EXPOSURE / 2)]
    passed = _stamps(np.array([where.periapsis_time for _, where, _, _ in plans]))
    made: list[Shot] = []
    for i, (orbit, where, sun, frames) in enumerate(plans):
        for sequence, (time, pitch, roll) in enumerate(frames, start=1):
            # The Sun stands still among the stars for an hour; the body turns by 0.06° an hour.
            turned = sphere.rotation(2, spin.rate * (time - where.periapsis_time)) @ sun
            k = len(made)
            drift = 1 + settings.drift * random.standard_normal()
            made.append(
                Shot(
                    int(orbit), sequence, where, float(time),
                    (float(turned[0]), float(turned[1]), float(turned[2])), (pitch, roll),
                    (float(gradient[i, 0]), float(gradient[i, 1])), float(transparency[i] * drift),
                    (stamps[0][k], stamps[1][k], stamps[2][k], passed[i]),
                )
            )  # fmt: skip
    names = np.array([plan[0] for plan in plans])
    return made, Flown(names, gradient, transparency, ~bad)


def _refuse_impossible(settings: Simulation) -> None:
    if not settings.segments or not all(0 <= k <= 8 for k in settings.segments):
        raise InputError(
            f"simulation.segments = {list(settings.segments)}; at least one of 0 to 8, as [5] or [4, 5]"
        )
    counts = [
        len(part)
        for part in (
            settings.anomaly_lon, settings.anomaly_lat, settings.anomaly_diameter, settings.anomaly_emissivity
        )
    ]  # fmt: skip
    if len(set(counts)) > 1:
        raise InputError(
            f"simulation: {counts} longitudes, latitudes, diameters and emissivities of anomalies; "
            "give as many of each"
        )


def _candidates(
    segments: tuple[int, ...], flown: list[Elements], to_sun: Array, spin: ephemeris.Rotation
) -> list[tuple[int, float]]:
    """Return orbits, each with the argument of latitude [rad] of a dark place over one of the segments."""
    found = []
    nodes = np.array([e.ascending_node for e in flown])
    times = np.array([e.periapsis_time for e in flown])
    turn = spin.meridian + spin.rate * times
    for branch in (0, 1):
        # The ascending branch comes from the south before periapsis; the other one leaves southward.
        lon = (nodes + branch * np.pi - turn) % (2 * np.pi)
        inside = np.isin((lon // (40 * deg)).astype(int), segments)
        for lat in np.arange(-30, 46, 15) * deg:
            dark = np.sum(sphere.unit_vector(lon, lat) * to_sun, axis=1) < _DARK
            # A pass is dark or not over a quarter of the orbit: the middle is drawn from what is dark.
            place = float(lat if branch == 0 else np.pi - lat)
            found += [
                (int(i), place)
                for i in np.flatnonzero(inside & dark)
                if _LOWEST < _height(flown[i], place - flown[i].periapsis_argument) < _HIGHEST
            ]
    by_orbit: dict[int, list[float]] = {}
    for orbit, place in found:
        by_orbit.setdefault(orbit, []).append(place)
    # One latitude for each orbit, in turn, so that all latitudes are seen.
    return [(orbit, places[orbit * 7 % len(places)]) for orbit, places in sorted(by_orbit.items())]


def _counts(images: int, bad: Array, random: np.random.Generator) -> Array:
    """Share images among orbits: 1 to 3 for those built unusable, at least 4 for the others if possible."""
    counts = np.where(bad, np.arange(bad.size) % 3 + 1, 1)
    left = max(images - int(counts.sum()), 0)
    good = np.flatnonzero(~bad)
    if good.size:
        share = random.uniform(0.4, 1.6, good.size)
        counts[good] += np.floor(left * share / share.sum()).astype(int)
        counts[good[: images - int(counts.sum())]] += 1
    return counts


def _frames(
    where: Elements, middle: float, count: int, bad: bool, random: np.random.Generator
) -> list[tuple[float, float, float]]:
    """Return time [s tdb] and the two offsets [rad] of each image of an orbit."""
    along = middle - where.periapsis_argument
    along = (along + np.pi) % (2 * np.pi) - np.pi
    if bad:
        # One image; two that hardly touch; three too far apart: all low over the north.
        start = np.copysign(min(abs(along), 62 * deg), along)
        gap = 0.96 * _swath(where, start) if count == 2 else 24 * deg
        anomaly = start - np.sign(start) * gap * np.arange(count)
        return [(float(t), 0.0, 0.0) for t in np.sort(_passage(where, anomaly))]
    step = min(0.3 * _swath(where, along), 50 * deg / max(count - 1, 1))
    anomaly = along + step * (np.arange(count) - (count - 1) / 2)
    cross = _STEPS[int(random.integers(len(_STEPS)))]
    pattern = cross * np.array([0.0, 1.0, 0.0, -1.0])[np.arange(count) % 4]
    times = np.sort(_passage(where, anomaly))
    return [(float(t), float(p), 0.0) for t, p in zip(times, pattern, strict=True)]


def _swath(where: Elements, anomaly: float) -> float:
    """Return the arc [rad] that the field covers from a true anomaly [rad]."""
    return float(2 * np.arctan(_HALF_FIELD * _height(where, anomaly) / VENUS_RADIUS))


def _height(where: Elements, anomaly: float) -> float:
    e = where.eccentricity
    return float(where.semi_major_axis * (1 - e**2) / (1 + e * np.cos(anomaly)) - VENUS_RADIUS)


def _passage(where: Elements, anomaly: Array) -> Array:
    """Return the times [s tdb] of true anomalies [rad]."""
    e = where.eccentricity
    eccentric = 2 * np.arctan(np.sqrt((1 - e) / (1 + e)) * np.tan(np.asarray(anomaly) / 2))
    motion = np.sqrt(VENUS_GM / where.semi_major_axis**3)
    return np.asarray(where.periapsis_time + (eccentric - e * np.sin(eccentric)) / motion)


def axes(shot: Shot, position: Array) -> Array:
    """Return the camera axes (3, 3) of a shot at a position (3,) [m]."""
    return model.turned(model.planned_axes(position, np.array(shot.sun)), np.array([*shot.offset, 0.0]))


def part_places(shot: Shot, rotation: str) -> tuple[Array, Array, Array]:
    """Return positions (part, 3), axes (part, 3, 3) and weights of three moments of an exposure."""
    node, weight = np.polynomial.legendre.leggauss(3)
    spin = ephemeris.ROTATIONS[rotation]
    positions = model_orbit.place(shot.elements, shot.time + node * EXPOSURE / 2, spin)
    return positions, np.stack([axes(shot, p) for p in positions]), weight / 2


def _stamps(times: Array) -> list[str]:
    return [f"{str(t)[:23]}Z" for t in ephemeris.utc(times)]
