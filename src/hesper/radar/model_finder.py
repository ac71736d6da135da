"""Whole disks in coarse cells: where the places of a map fall in the delay–Doppler array of a day."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper import ephemeris, maps
from hesper.compiled import compiled
from hesper.constants import VENUS_RADIUS
from hesper.geometry import sphere
from hesper.radar.data_finder import DiskLook
from hesper.radar.data_settings import Scene
from hesper.radar.model import cell_extent
from hesper.radar.model_echo import reflectivity
from hesper.record import Array
from hesper.units import deg

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


def days(given: Sequence[DiskLook], grid: maps.Grid, scene: Scene) -> list[Day]:
    """Return how every look, all of one station, sees the cells of a map."""
    lon, lat = maps.lon_lat(grid)
    vectors, areas = sphere.unit_vector(lon, lat), maps.cell_areas(grid)
    found = []
    echo = ephemeris.echo(np.array([one.time for one in given]), given[0].station)
    for k, one in enumerate(given):
        x, y, z = (VENUS_RADIUS * (vectors @ axis[k]) for axis in (echo.doppler, echo.north, echo.radar))
        columns = one.power.shape[1]
        gate = ((VENUS_RADIUS - z) / one.depth).astype(np.int64)
        column = np.rint(x / one.cell).astype(np.int64) + columns // 2
        angle = np.arccos(np.clip(z / VENUS_RADIUS, -1, 1))
        seen = angle < _FURTHEST
        mirror = vectors - 2 * (vectors @ echo.north[k])[..., None] * echo.north[k]
        found.append(
            Day(
                np.where(seen, gate * columns + column, -1),
                np.where(seen, areas * reflectivity(angle, scene), 0.0),
                mirror,
                cell_extent(np.maximum(np.abs(y), 1.0), x, one.depth, one.cell),
                one.power.size,
            )
        )
    return found


def project(one: Day, bright: Array) -> Array:
    """Return the power of every cell of a day, (gate × column,), for a brightness on the map."""
    out = np.zeros(one.size)
    _add(one.cell.ravel(), (one.weight * bright).ravel(), out)
    return out


@compiled
def _add(index: Array, value: Array, out: Array) -> None:
    for i in range(index.size):
        if index[i] >= 0:
            out[index[i]] += value[i]
