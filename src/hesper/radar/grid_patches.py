"""Patches → maps: every patch is laid down with the shape of its own cell."""

import dataclasses
import math

import numpy as np

from hesper import maps
from hesper.compiled import compiled
from hesper.constants import VENUS_RADIUS
from hesper.geometry import sphere
from hesper.radar.calibrate_patches import reflectivity
from hesper.radar.data_interferometer import (
    AMBIGUOUS,
    ELONGATED,
    UNSEEN,
    UNSOLVED,
    Backscatter,
    Patches,
    RadarMap,
)
from hesper.record import Array

_REACH = 2.2
"""How many widths of its kernel a patch reaches."""
_BLACK = UNSEEN | ELONGATED | AMBIGUOUS | UNSOLVED
"""Patches that are not drawn: the runway is blacked out."""


def area_of(given: Patches, resolution: float, half_width: float) -> maps.Grid:
    """Return the orthographic grid about the sub-radar point of a pass."""
    lon, lat = sphere.lon_lat(given.radar)
    return maps.orthographic(resolution, lon=float(lon), lat=float(lat), half_width=half_width)


def surface(
    given: Patches, grid: maps.Grid, *, law: Backscatter, scale: float, exponent: float = 0.5,
    smoothing: float = 1.0,
) -> RadarMap:  # fmt: skip
    """Lay brightness and altitude of patches on a map.

    Parameters
    ----------
    grid
        Any grid of Venus.
    law, scale
        As `calibrate_patches.backscatter` gives and takes them.
    exponent
        Power of the mean law that brightness is divided by: 0, ½ as in the paper, 1.
    smoothing
        Widths of the kernel over those of the cells.

    Notes
    -----
    The kernel of a patch is a Gaussian as wide as its cell from east to west and as long as the cell from
    north to south (never less than a cell of the map), along its own delay–Doppler axes. Brightness is
    weighted by the area of patches, altitude by 1/σ².
    """
    value, value_std = reflectivity(given, scale)
    mean = np.interp(given.incidence, law.incidence, law.reflectivity)
    value, value_std = value / mean**exponent, value_std / mean**exponent
    lon, lat = maps.lon_lat(grid)
    vectors = sphere.unit_vector(np.nan_to_num(lon), np.nan_to_num(lat))
    x = np.where(np.isfinite(lon), VENUS_RADIUS * (vectors @ given.doppler), np.nan)
    y = VENUS_RADIUS * (vectors @ given.north)
    sums, flags = np.zeros((9, *lon.shape)), np.zeros(lon.shape, np.uint8)
    step = float(grid.x[1] - grid.x[0])
    for side in range(2):
        _lay(given, grid, side, value[side], value_std[side], x, y, step, smoothing, sums, flags)
    return _finished(given, grid, sums, flags, vectors, exponent)


def _lay(
    given: Patches, grid: maps.Grid, side: int, value: Array, std: Array, x: Array, y: Array, step: float,
    smoothing: float, sums: Array, flags: Array,
) -> None:  # fmt: skip
    column, row = maps.coordinates(grid, given.lon[side], given.lat[side])
    at = sphere.unit_vector(given.lon[side], given.lat[side])
    width = np.maximum(given.width, step) / 2.355 * smoothing
    length = np.maximum(given.extent, step) / 2.355 * smoothing
    _scatter(
        np.ascontiguousarray(column), np.ascontiguousarray(row), VENUS_RADIUS * (at @ given.doppler),
        VENUS_RADIUS * (at @ given.north), width, length, np.ascontiguousarray(value),
        np.ascontiguousarray(std), given.area, np.ascontiguousarray(given.altitude[side]),
        np.ascontiguousarray(given.altitude_std[side]), given.extent,
        np.ascontiguousarray(given.mask[side]), x, y, step, sums, flags,
    )  # fmt: skip


@compiled
def _scatter(
    column: Array, row: Array, px: Array, py: Array, width: Array, length: Array, value: Array, std: Array,
    area: Array, altitude: Array, altitude_std: Array, extent: Array, mask: Array, x: Array, y: Array,
    step: float, sums: Array, flags: Array,
) -> None:  # fmt: skip
    """Add patches to sums: brightness, weight, squares; altitude, weight, squares; area², extent, nearest."""
    rows, columns = x.shape
    for i in range(column.size):
        if math.isnan(column[i]) or math.isnan(row[i]):
            continue
        reach = int(_REACH * max(width[i], length[i]) / step) + 2
        for r in range(max(int(row[i]) - reach, 0), min(int(row[i]) + reach + 1, rows)):
            for c in range(max(int(column[i]) - reach, 0), min(int(column[i]) + reach + 1, columns)):
                if math.isnan(x[r, c]):
                    continue
                u = (x[r, c] - px[i]) / width[i]
                v = (y[r, c] - py[i]) / length[i]
                square = u * u + v * v
                if square > _REACH * _REACH:
                    continue
                kernel = math.exp(-0.5 * square)
                # The flags of a map's cell are those of the patch that weighs most in it.
                if kernel > sums[8, r, c]:
                    sums[8, r, c] = kernel
                    flags[r, c] = mask[i]
                    sums[7, r, c] = extent[i]
                if mask[i] & _BLACK or math.isnan(value[i]):
                    continue
                weight = kernel * area[i]
                sums[0, r, c] += weight * value[i]
                sums[1, r, c] += weight
                sums[2, r, c] += weight * weight * std[i] * std[i]
                sums[6, r, c] += weight * weight
                if altitude[i] == altitude[i] and altitude_std[i] > 0.0:
                    share = kernel / (altitude_std[i] * altitude_std[i])
                    sums[3, r, c] += share * altitude[i]
                    sums[4, r, c] += share
                    sums[5, r, c] += share * kernel


def _finished(
    given: Patches, grid: maps.Grid, sums: Array, flags: Array, vectors: Array, exponent: float
) -> RadarMap:
    with np.errstate(invalid="ignore", divide="ignore"):
        seen = (sums[1] > 0) & (sums[8] > 0.1)
        high = seen & (sums[4] > 0)
        black = sums[8] <= 0
        bits = np.where(black, UNSEEN, flags)
        dark = (bits & _BLACK) > 0
        seen, high = seen & ~dark, high & ~dark
        return RadarMap(
            brightness=np.where(seen, sums[0] / sums[1], np.nan),
            brightness_std=np.where(seen, np.sqrt(sums[2]) / sums[1], np.nan),
            altitude=np.where(high, sums[3] / sums[4], np.nan),
            altitude_std=np.where(high, np.sqrt(sums[5]) / sums[4], np.nan),
            n=np.where(seen, sums[1] ** 2 / sums[6], 0.0),
            incidence=np.where(black, np.nan, sphere.separation(vectors, given.radar)),
            extent=np.where(black, np.nan, sums[7]),
            mask=bits.astype(np.uint8),
            grid=grid,
            exponent=exponent,
            time=given.time,
        )


def smoothed(given: RadarMap, cells: int = 3) -> RadarMap:
    """Average altitudes over squares of cells, weighted by 1/σ², as before contours are drawn."""
    from scipy.ndimage import uniform_filter

    known = np.isfinite(given.altitude) & (given.altitude_std > 0)
    weight = np.where(known, 1 / np.where(known, given.altitude_std, 1.0) ** 2, 0.0)
    total = uniform_filter(weight, cells, mode="constant")
    mean = uniform_filter(weight * np.where(known, given.altitude, 0.0), cells, mode="constant")
    with np.errstate(invalid="ignore", divide="ignore"):
        altitude = np.where(known, mean / total, np.nan)
        # Neighbouring cells share patches: the error is that of one cell's kernel at most.
        std = np.where(known, 1 / np.sqrt(total * cells**2), np.nan)
    widened = np.maximum(std, given.altitude_std / cells)
    return dataclasses.replace(given, altitude=altitude, altitude_std=widened)
