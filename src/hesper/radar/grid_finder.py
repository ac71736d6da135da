"""The finder map: many days, one receiver, the whole disk; hemispheres told apart by the turning equator."""

from collections.abc import Sequence

import numpy as np

from hesper import ephemeris, maps
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.radar.data_finder import DiskLook, FinderMap
from hesper.radar.data_interferometer import AMBIGUOUS, ELONGATED, UNSEEN
from hesper.radar.data_settings import PAPER_DATES, Finder, Scene
from hesper.radar.model_finder import Day, days, project
from hesper.radar.model_geometry import transits
from hesper.record import Array

_ITERATIONS = 60
_PARTS = 3
"""A cell of the chart is laid into the delay–Doppler array in so many parts, squared."""


def chart_area(settings: Finder, *, finer: int = 1) -> maps.Grid:
    """Return the longitude–latitude grid of the chart: cells of its own size near the equator, or finer."""
    step = settings.cell / VENUS_RADIUS
    west, east, north = (np.round(v / step) * step for v in (settings.west, settings.east, settings.north))
    return maps.equirectangular(step / finer, west=west, east=east, south=-north, north=north)


def chart(given: Sequence[DiskLook], grid: maps.Grid, scene: Scene) -> FinderMap:
    """Combine the looks of several days into one map of brightness.

    Parameters
    ----------
    given
        Looks of one size of cells.
    scene
        Whose law of backscatter is divided out.

    Raises
    ------
    InputError
        If there are no looks, their cells differ, or a power is not finite or negative.

    Notes
    -----
    Richardson's and Lucy's iteration b ← b Aᵀ(p/Ab)/Aᵀ1, the most likely brightness for multiplicative
    noise. A place and its mirrors stay mixed where the mirror moves by less than a cell over all days, and
    are flagged. The runway is what no day resolves.
    """
    if len({(look.power.shape, look.cell, look.depth, look.station) for look in given}) != 1:
        raise InputError(
            f"grid.chart: {len(given)} looks of different cells or stations; looks of one kind are needed"
        )
    for look in given:
        if not (np.isfinite(look.power) & (look.power >= 0)).all():
            raise InputError("grid.chart: powers of a look are negative or not finite; leave that look out")
    seen, powers = days(given, _finer(grid), scene), [look.power.ravel() for look in given]
    cell, samples = given[0].cell, min(look.looks for look in given)
    bright = np.ones(maps.shape(grid))
    total = _coarse(sum((one.weight for one in seen), np.zeros(seen[0].weight.shape)))
    for _ in range(_ITERATIONS):
        back = np.zeros(seen[0].weight.shape)
        fine = np.repeat(np.repeat(bright, _PARTS, axis=0), _PARTS, axis=1)
        for one, power in zip(seen, powers, strict=True):
            model = project(one, fine)
            ratio = np.where(model > 0, power / np.where(model > 0, model, 1.0), 1.0)
            back += one.weight * np.where(one.cell >= 0, ratio[one.cell], 0.0)
        bright = bright * np.where(total > 0, _coarse(back) / np.where(total > 0, total, 1.0), 1.0)
    seen = days(given, grid, scene)
    count = np.sum([one.cell >= 0 for one in seen], axis=0)
    extent = np.min([np.where(one.cell >= 0, one.extent, np.inf) for one in seen], axis=0)
    moved = _mirror_motion(seen)
    mask = (
        np.where(count == 0, UNSEEN, 0)
        | np.where(extent > 3 * cell, ELONGATED, 0)
        | np.where((count > 0) & (moved < cell), AMBIGUOUS, 0)
    )
    circles = ephemeris.echo(transits(PAPER_DATES, given[0].station), given[0].station)
    return FinderMap(
        brightness=np.where(count > 0, bright, np.nan),
        brightness_std=np.where(count > 0, bright / np.sqrt(samples * np.maximum(count, 1)), np.nan),
        n=count,
        extent=np.where(np.isfinite(extent), extent, np.nan),
        mirror_motion=moved,
        mask=mask.astype(np.uint8),
        circle_lon=circles.lon,
        circle_lat=circles.lat,
        grid=grid,
    )


def _finer(grid: maps.Grid) -> maps.Grid:
    """Return a grid whose cells are parts of those of a longitude–latitude grid."""
    parts = (np.arange(_PARTS) - (_PARTS - 1) / 2) / _PARTS
    step = grid.x[1] - grid.x[0]
    x, y = ((axis[:, None] + sign * step * parts).ravel() for axis, sign in ((grid.x, 1), (grid.y, -1)))
    return maps.Grid(x=x, y=y, projection=grid.projection, crs=grid.crs)


def _coarse(values: Array) -> Array:
    rows, columns = (size // _PARTS for size in values.shape)
    return np.asarray(values.reshape(rows, _PARTS, columns, _PARTS).sum(axis=(1, 3)))


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
