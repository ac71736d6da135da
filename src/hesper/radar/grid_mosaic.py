"""Maps of several passes → altitudes in one frame."""

from collections.abc import Sequence

import numpy as np

from hesper import fit, maps
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.radar.data_interferometer import ALIASED, INCOMPLETE, AltitudeMosaic, Patches, RadarMap
from hesper.record import Array


def area_of(given: Sequence[Patches], resolution: float) -> maps.Grid:
    """Return the longitude–latitude grid that holds the patches of several passes.

    Parameters
    ----------
    resolution
        Of the grid, along the equator [m].
    """
    step = resolution / VENUS_RADIUS
    middle = float(sphere.lon_lat(np.sum([one.radar for one in given], axis=0)).lon)
    middle = round(((middle + np.pi) % (2 * np.pi) - np.pi) / step) * step
    # Longitudes from the middle, in cells: nothing wraps within half a turn of it.
    away = np.concatenate([np.mod(one.lon - middle + np.pi, 2 * np.pi) - np.pi for one in given], axis=1)
    lat = np.concatenate([one.lat for one in given], axis=1)
    first, last = (
        np.floor([away.min() / step, lat.min() / step]),
        np.ceil([away.max() / step, lat.max() / step]),
    )
    return maps.equirectangular(
        step, west=middle + first[0] * step, east=middle + last[0] * step, south=first[1] * step,
        north=last[1] * step,
    )  # fmt: skip


def mosaic(given: Sequence[RadarMap]) -> AltitudeMosaic:
    """Join altitudes of several passes on one grid.

    Parameters
    ----------
    given
        On the same grid. The first one keeps its level and tilt. Of the others always the one that overlaps
        most is joined next, less an offset and two tilts, fitted where it overlaps what is there already.

    Raises
    ------
    InputError
        If there are no maps, their grids differ, or a map overlaps the others in fewer than 30 cells.
    """
    if not given:
        raise InputError("grid.mosaic: no maps given; at least one is needed")
    grid = given[0].grid
    for other in given[1:]:
        if other.grid.crs != grid.crs or not (
            np.array_equal(other.grid.x, grid.x) and np.array_equal(other.grid.y, grid.y)
        ):
            raise InputError("grid.mosaic: maps on different grids; lay all of them on one")
    u, v = np.meshgrid(grid.x / VENUS_RADIUS, grid.y / VENUS_RADIUS)
    design = np.stack([np.ones_like(u), u, v], axis=-1)
    offsets, stds = np.zeros((len(given), 3)), np.zeros((len(given), 3))
    total, weight = _weighted(given[0], np.zeros(u.shape))
    left = list(range(1, len(given)))
    while left:
        shared = [(weight > 0) & _sound(given[k]) for k in left]
        best = int(np.argmax([both.sum() for both in shared]))
        k, both = left.pop(best), shared[best]
        if both.sum() < 30:
            raise InputError(
                f"grid.mosaic: map {k + 1} overlaps the others in {both.sum()} cells; at least 30 are needed"
            )
        here = total[both] / weight[both]
        std = np.hypot(given[k].altitude_std[both], 1 / np.sqrt(weight[both]))
        found = fit.huber(design[both], given[k].altitude[both] - here, std)
        # Neighbouring cells of a map share their patches, about four cells each.
        offsets[k], stds[k] = found.value, 2 * found.std
        more, share = _weighted(given[k], design @ found.value)
        total, weight = total + more, weight + share
    seen = [np.isfinite(one.brightness) for one in given]
    bright = sum(np.where(on, one.brightness, 0.0) for on, one in zip(seen, given, strict=True))
    count = np.sum(seen, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return AltitudeMosaic(
            altitude=np.where(weight > 0, total / weight, np.nan),
            altitude_std=np.where(weight > 0, 1 / np.sqrt(weight), np.nan),
            brightness=np.where(count > 0, bright / count, np.nan),
            n=count,
            grid=grid,
            offsets=offsets,
            offsets_std=stds,
        )


def _sound(given: RadarMap) -> Array:
    return np.asarray(np.isfinite(given.altitude) & ((given.mask & (ALIASED | INCOMPLETE)) == 0))


def _weighted(given: RadarMap, reference: Array) -> tuple[Array, Array]:
    known = np.isfinite(given.altitude) & (given.altitude_std > 0)
    weight = np.where(known, 1 / np.where(known, given.altitude_std, 1.0) ** 2, 0.0)
    return np.where(known, weight * (given.altitude - reference), 0.0), weight
