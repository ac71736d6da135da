"""The finder map: many days, one receiver, the whole disk; hemispheres told apart by the turning equator."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper import ephemeris, maps
from hesper.compiled import compiled
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.radar.data_interferometer import AMBIGUOUS, ELONGATED, UNSEEN, FinderMap
from hesper.radar.data_settings import PAPER_DATES, Finder, Scene
from hesper.radar.model import cell_extent
from hesper.radar.model_echo import reflectivity
from hesper.radar.model_geometry import transits
from hesper.radar.simulate_scene import Terrain, factor
from hesper.record import Array
from hesper.runs import generator
from hesper.units import day, deg

_ITERATIONS = 60
_LOOKS = 400.0
"""Independent samples of speckle in a cell of one day (assumed)."""
_FURTHEST = 65 * deg
"""Incidence up to which a day's disk is used."""


class Day(NamedTuple):
    """Where the cells of the map fall in the delay–Doppler array of one day."""

    cell: Array
    """(row, column) of the map; −1 where the day does not see it."""
    weight: Array
    """Echo of a cell of unit brightness (row, column)."""
    mirror: Array
    """Mirror place (row, column, 3)."""
    extent: Array
    """North–south extent of the delay–Doppler cell (row, column) [m]."""
    size: int


def days(settings: Finder, grid: maps.Grid, scene: Scene, *, station: str = "DSS-14") -> list[Day]:
    """Return how every day of the conjunctions sees the cells of a map."""
    middles = transits(settings.conjunctions, station)
    shifts = settings.spacing * (np.arange(settings.days) - (settings.days - 1) / 2)
    times = (middles[:, None] + np.round(shifts / day) * day).ravel()
    echo = ephemeris.echo(times, station)
    lon, lat = maps.lon_lat(grid)
    vectors = sphere.unit_vector(lon, lat)
    areas = maps.cell_areas(grid)
    found = []
    for k in range(len(times)):
        x, y, z = (
            VENUS_RADIUS * (vectors @ axis) for axis in (echo.doppler[k], echo.north[k], echo.radar[k])
        )
        # Half-way to the limb a gate of this depth is as long on the ground as a cell is wide.
        depth = settings.cell * np.sin(30 * deg)
        columns = int(np.ceil(2 * VENUS_RADIUS / settings.cell)) + 1
        gate = ((VENUS_RADIUS - z) / depth).astype(np.int64)
        column = np.rint(x / settings.cell).astype(np.int64) + columns // 2
        angle = np.arccos(np.clip(z / VENUS_RADIUS, -1, 1))
        seen = angle < _FURTHEST
        mirror = vectors - 2 * (vectors @ echo.north[k])[..., None] * echo.north[k]
        found.append(
            Day(
                np.where(seen, gate * columns + column, -1),
                np.where(seen, areas * reflectivity(angle, scene), 0.0),
                mirror,
                cell_extent(np.maximum(np.abs(y), 1.0), x, depth, settings.cell),
                int(gate.max() + 1) * columns,
            )
        )
    return found


def simulated(seen: Sequence[Day], planet: Terrain, grid: maps.Grid, *, seed: int) -> list[Array]:
    """Return the power of every delay–Doppler cell of every day, speckled."""
    lon, lat = maps.lon_lat(grid)
    bright = factor(planet, sphere.unit_vector(lon, lat).reshape(-1, 3)).reshape(lon.shape)
    rng = generator(seed, 6)
    return [_project(one, bright) * rng.gamma(_LOOKS, 1 / _LOOKS, one.size) for one in seen]


def chart(seen: Sequence[Day], powers: Sequence[Array], settings: Finder, grid: maps.Grid) -> FinderMap:
    """Combine days into one map of brightness.

    Parameters
    ----------
    seen, powers
        Days and the power of their cells, as `days` and `simulated` give them.

    Raises
    ------
    InputError
        If there are no days, or a day's powers are not those of its cells.

    Notes
    -----
    Richardson's and Lucy's iteration b ← b Aᵀ(p/Ab)/Aᵀ1, the most likely brightness for multiplicative
    noise. A place and its mirrors stay mixed where the mirror moves by less than a cell over all days, and
    are flagged. The runway is what no day resolves.
    """
    if not seen or len(seen) != len(powers):
        raise InputError(
            f"grid.chart: {len(seen)} days and {len(powers)} arrays of power; as many are needed"
        )
    for one, power in zip(seen, powers, strict=True):
        if power.shape != (one.size,) or not np.isfinite(power).all():
            raise InputError("grid.chart: a day's powers are not those of its cells, or not finite")
    bright = np.ones(maps.shape(grid))
    total = sum((one.weight for one in seen), np.zeros(bright.shape))
    for _ in range(_ITERATIONS):
        back = np.zeros(bright.shape)
        for one, power in zip(seen, powers, strict=True):
            model = _project(one, bright)
            ratio = np.where(model > 0, power / np.where(model > 0, model, 1.0), 1.0)
            back += one.weight * np.where(one.cell >= 0, ratio[one.cell], 0.0)
        bright = bright * np.where(total > 0, back / np.where(total > 0, total, 1.0), 1.0)
    count = np.sum([one.cell >= 0 for one in seen], axis=0)
    extent = np.min([np.where(one.cell >= 0, one.extent, np.inf) for one in seen], axis=0)
    moved = _mirror_motion(seen)
    mask = (
        np.where(count == 0, UNSEEN, 0)
        | np.where(extent > 3 * settings.cell, ELONGATED, 0)
        | np.where((count > 0) & (moved < settings.cell), AMBIGUOUS, 0)
    )
    circles = ephemeris.echo(transits(PAPER_DATES, "DSS-14"), "DSS-14")
    return FinderMap(
        brightness=np.where(count > 0, bright, np.nan),
        brightness_std=np.where(count > 0, bright / np.sqrt(_LOOKS * np.maximum(count, 1)), np.nan),
        n=count,
        extent=np.where(np.isfinite(extent), extent, np.nan),
        mirror_motion=moved,
        mask=mask.astype(np.uint8),
        circle_lon=circles.lon,
        circle_lat=circles.lat,
        grid=grid,
    )


def _project(one: Day, bright: Array) -> Array:
    out = np.zeros(one.size)
    _add(one.cell.ravel(), (one.weight * bright).ravel(), out)
    return out


@compiled
def _add(index: Array, value: Array, out: Array) -> None:
    for i in range(index.size):
        if index[i] >= 0:
            out[index[i]] += value[i]


def _mirror_motion(seen: Sequence[Day]) -> Array:
    """Return how far [m] the mirror places of the days lie apart, at most."""
    first = np.full((*seen[0].cell.shape, 3), np.inf)
    last = -first
    for one in seen:
        use = (one.cell >= 0)[..., None]
        first = np.where(use, np.minimum(first, one.mirror), first)
        last = np.where(use, np.maximum(last, one.mirror), last)
    span = np.where(last >= first, last - first, 0.0)
    return np.asarray(VENUS_RADIUS * np.linalg.norm(span, axis=-1))
