"""Depths of craters and troughs, and how a map agrees with the truth or with another map."""

from typing import NamedTuple

import numpy as np

from hesper import fit
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.products import Result
from hesper.radar.data_interferometer import ALIASED, INCOMPLETE, Backscatter, Patches, RadarMap, Truth
from hesper.record import Array
from hesper.units import km


class Depth(NamedTuple):
    """Depth of a depression against its surroundings [m]."""

    value: float
    std: float
    n: int
    """Patches on its floor."""


def crater(given: Patches, lon: float, lat: float, diameter: float) -> Depth:
    """Return the depth of a round crater: its floor (inner half) against the ring outside its rim.

    Parameters
    ----------
    lon, lat, diameter
        Of the crater [rad], [m].

    Raises
    ------
    InputError
        If fewer than three patches lie on its floor or eight around it.
    """
    away = _distance(given, lon, lat) / (diameter / 2)
    ring = 1.2 + 60 * km / (diameter / 2)
    return _difference(given, away < 0.55, (away > 1.2) & (away < ring), f"crater of {diameter / km:.0f} km")


def trough(given: Patches, centre: float, width: float, *, least_north: float = 150 * km) -> Depth:
    """Return the depth of a trough along constant x: the middle half against strips beside it.

    Parameters
    ----------
    centre, width
        x of its middle and its width [m].
    least_north
        Nearest |y| [m] that is used.
    """
    across = np.abs(np.broadcast_to(given.x, given.altitude.shape) - centre)
    far = np.broadcast_to(given.y > least_north, given.altitude.shape)
    beside = (across > 0.72 * width) & (across < 1.15 * width) & far
    return _difference(given, (across < width / 4) & far, beside, "trough")


def correlation(first: RadarMap, second: RadarMap, use: Array) -> tuple[float, float, int]:
    """Return the correlations of brightness and of altitude of two maps of one grid, and cells compared.

    Parameters
    ----------
    use
        Which cells (y, x) may be compared; of these, those that are `shared` are.

    Raises
    ------
    InputError
        If fewer than 50 cells are in both.
    """
    both = shared(first, second) & use
    if both.sum() < 50:
        raise InputError(f"retrieve.correlation: {both.sum()} cells in both maps; at least 50 are needed")
    bright, high = (
        float(np.corrcoef(a[both], b[both])[0, 1])
        for a, b in ((first.brightness, second.brightness), (first.altitude, second.altitude))
    )
    return bright, high, int(both.sum())


def shared(first: RadarMap, second: RadarMap) -> Array:
    """Return which cells (y, x) are in both maps, neither folded nor with cycles missing."""
    both = np.isfinite(first.brightness) & np.isfinite(second.brightness)
    both &= np.isfinite(first.altitude) & np.isfinite(second.altitude)
    return np.asarray(both & (((first.mask | second.mask) & (ALIASED | INCOMPLETE)) == 0))


def against_truth(given: RadarMap, known: Truth, law: Backscatter) -> list[Result]:
    """Return how altitude and brightness of a map compare with the truth.

    Parameters
    ----------
    law
        That the brightness was divided by.
    """
    use = np.isfinite(given.altitude) & np.isfinite(known.altitude) & (given.altitude_std > 0)
    use &= (given.mask & ALIASED) == 0
    error = given.altitude[use] - _referred(given, known, use)
    scaled = error / given.altitude_std[use]
    spread = 1.4826 * float(np.median(np.abs(scaled - np.median(scaled))))
    mean = np.interp(given.incidence[use], law.incidence, law.reflectivity)
    ratio = given.brightness[use] * mean**given.exponent / known.reflectivity[use]
    scatter = float(np.std(np.log(np.maximum(ratio / np.median(ratio), 1e-3))))
    return [
        Result("radar", "robust error of altitude on the map", "m",
               1.4826 * float(np.median(np.abs(error - np.median(error))))),
        Result("radar", "robust scatter of altitude error over its σ", "1", spread,
               note="walls of craters and troughs, blurred by the cells, are in it"),
        Result("radar", "scatter of log reflectivity about the material's", "1", scatter,
               note="local slopes are in it: hills are bright in front and dark behind"),
    ]  # fmt: skip


def _referred(given: RadarMap, known: Truth, use: Array) -> Array:
    """Return the true altitude less the surface that best takes it to the map's: offset, tilts, curvature."""
    u, v = np.meshgrid(given.grid.x / VENUS_RADIUS, given.grid.y / VENUS_RADIUS)
    design = np.stack([np.ones_like(u), u, v, (u**2 + v**2) / 2], axis=-1)[use]
    away = known.altitude[use] - given.altitude[use]
    found = fit.huber(design, away, given.altitude_std[use])
    surface = design @ found.value
    return np.asarray(known.altitude[use] - surface)


def _distance(given: Patches, lon: float, lat: float) -> Array:
    places = sphere.unit_vector(given.lon, given.lat)
    return VENUS_RADIUS * sphere.separation(places, sphere.unit_vector(lon, lat))


def _difference(given: Patches, inside: Array, outside: Array, what: str) -> Depth:
    use = np.isfinite(given.altitude) & (given.altitude_std > 0)
    inside, outside = inside & use, outside & use
    if inside.sum() < 3 or outside.sum() < 8:
        raise InputError(
            f"retrieve.depth: {what}: {inside.sum()} patches inside and {outside.sum()} "
            "around it; at least 3 and 8 are needed"
        )
    levels, variances = [], []
    for part in (inside, outside):
        weight = 1 / given.altitude_std[part] ** 2
        levels.append(np.sum(weight * given.altitude[part]) / weight.sum())
        variances.append(1 / weight.sum())
    return Depth(float(levels[1] - levels[0]), float(np.sqrt(sum(variances))), int(inside.sum()))
