"""What stands out: transients in single orbits, units of the ground, differences from other maps."""

from typing import NamedTuple

import numpy as np

from hesper import maps
from hesper.constants import VENUS_RADIUS
from hesper.record import Array
from hesper.units import km
from hesper.vmc import model_blur
from hesper.vmc.data_map import SegmentMap
from hesper.vmc.grid_segment import Stack

_LEAST_OTHERS = 3
_LEAST_FILL = 0.7


class Transient(NamedTuple):
    """A place that one orbit saw brighter or darker than the others did."""

    orbit: int
    lon: float
    """rad."""
    lat: float
    """rad."""
    contrast: float
    """Relative to the surroundings."""
    contrast_std: float
    significance: float


class UnitStatistic(NamedTuple):
    """Emissivity of one geologic unit."""

    name: str
    mean: float
    std: float
    """Of the mean; cells under one spread function count as one."""
    cells: int
    area: float
    """m2."""
    difference: float
    """From all the rest of the map."""
    significance: float


class Comparison(NamedTuple):
    """How another map differs from ours, brought to our mean and deviation by a straight line."""

    slope: float
    slope_std: float
    correlation: float
    scatter: float
    cells: int


def transients(
    stack: Stack, models: Array, factor: Array, grid: maps.Grid, *, size: float, threshold: float
) -> tuple[list[Transient], Array]:
    """Search each orbit's mosaic for discs that differ from the median of the others on the same ground.

    Parameters
    ----------
    stack, models, factor
        Mosaics of a segment (orbit, y, x), their forward models, their normalisation (orbit,).
    grid
        The cells.
    size
        Diameter of the disc [m].
    threshold
        Deviations at which a transient is claimed.

    Returns
    -------
    tuple
        What was claimed, the most significant first, and the most significant value of each orbit (orbit,).

    Notes
    -----
    Contrast of the disc against its surroundings out to 2.5 diameters, which removes wide clouds; its
    deviation is that of the same orbit's contrasts everywhere (median absolute deviation), so that what
    clouds do at that size is in it. A place counts where at least three other orbits saw it.
    """
    step, lat = float(grid.x[1] - grid.x[0]) / VENUS_RADIUS, grid.y / VENUS_RADIUS
    ratio = np.log(np.where(stack.brightness > 0, stack.brightness, np.nan) * factor[:, None, None] / models)
    count = np.isfinite(ratio).sum(axis=0)
    found: list[Transient] = []
    peak = np.full(stack.orbit.size, np.nan)
    if not stack.orbit.size:
        return found, peak
    lon_cells, lat_cells = maps.lon_lat(grid)
    change = np.full(ratio.shape, np.nan)
    for k in range(stack.orbit.size):
        seen = np.isfinite(ratio[k]) & (count > _LEAST_OTHERS)
        if seen.any():
            others = np.delete(ratio, k, axis=0)[:, seen]
            change[k][seen] = ratio[k][seen] - np.nanmedian(others, axis=0)
    contrasts = _contrast(change, lat, step, size)
    for k, contrast in enumerate(contrasts):
        good = np.isfinite(contrast)
        if good.sum() < 100:
            continue
        middle = float(np.median(contrast[good]))
        scale = 1.4826 * float(np.median(np.abs(contrast[good] - middle)))
        score = np.where(good, (contrast - middle) / scale, 0.0)
        peak[k] = float(np.abs(score).max())
        while np.abs(score).max() >= threshold:
            row, column = np.unravel_index(int(np.abs(score).argmax()), score.shape)
            lon, place = float(lon_cells[row, column]), float(lat_cells[row, column])
            value = float(contrast[row, column])
            found.append(Transient(int(stack.orbit[k]), lon, place, value, scale, float(score[row, column])))
            half = np.sin((lat_cells - place) / 2) ** 2
            half = half + np.cos(lat_cells) * np.cos(place) * np.sin((lon_cells - lon) / 2) ** 2
            score = np.where(2 * VENUS_RADIUS * np.arcsin(np.sqrt(half)) < 1.5 * size, 0.0, score)
    return sorted(found, key=lambda t: -abs(t.significance)), peak


def _contrast(change: Array, lat: Array, step: float, size: float) -> Array:
    """Return the mean in a disc less that of its surroundings (orbit, y, x); NaN where not well seen."""
    seen = np.isfinite(change)
    near, near_fill = _smooth(change, seen, lat, step, size)
    wide, wide_fill = _smooth(change, seen, lat, step, 2.5 * size)
    good = seen & (near_fill > _LEAST_FILL) & (wide_fill > _LEAST_FILL)
    return np.where(good, near - wide, np.nan)


def _smooth(change: Array, seen: Array, lat: Array, step: float, width: float) -> tuple[Array, Array]:
    """Return a Gaussian mean of what was seen, and which part of its weight was."""
    filled = model_blur.spread(np.where(seen, change, 0.0), lat, step, width=width, closed=False)
    fill = model_blur.spread(seen.astype(float), lat, step, width=width, closed=False)
    return filled / np.maximum(fill, 1e-9), fill


def units(made: SegmentMap, number: Array, names: dict[int, str], *, blur: float) -> list[UnitStatistic]:
    """Return the emissivity of each unit of the ground against all the rest.

    Parameters
    ----------
    made
        A segment.
    number
        Unit of each cell (y, x), 0 where there is none.
    names
        Of the units.
    blur
        Full width of the spread function [m]: cells within its area err together.

    Notes
    -----
    The error of a mean is the mean standard deviation of its cells over √(area/4πσ²), and no less than the
    scatter of the cells over the same.
    """
    area = maps.cell_areas(made.grid)
    one = 4 * np.pi * (blur / np.sqrt(8 * np.log(2))) ** 2
    good = np.isfinite(made.emissivity) & np.isfinite(made.emissivity_std)

    def mean(inside: Array) -> tuple[float, float]:
        weight, value = area[inside], made.emissivity[inside]
        middle = float(np.average(value, weights=weight))
        spread = float(np.sqrt(np.average((value - middle) ** 2, weights=weight)))
        typical = float(np.sqrt(np.average(made.emissivity_std[inside] ** 2, weights=weight)))
        return middle, max(spread, typical) / np.sqrt(max(weight.sum() / one, 1.0))

    found = []
    for index, name in names.items():
        inside, rest = good & (number == index), good & (number != index)
        if not inside.any() or not rest.any():
            continue
        value, std = mean(inside)
        other, other_std = mean(rest)
        difference = value - other
        found.append(
            UnitStatistic(
                name, value, std, int(inside.sum()), float(area[inside].sum()), difference,
                difference / float(np.hypot(std, other_std)),
            )
        )  # fmt: skip
    return found


def difference(made: SegmentMap, other: Array) -> tuple[Array, Array]:
    """Return emissivity less another map scaled to it, and that in standard deviations, each (y, x).

    The other map is brought to ours by the straight line of `comparison`: a radar or brightness map has
    another unit and another zero.
    """
    both = np.isfinite(made.emissivity) & np.isfinite(other)
    if both.sum() < 3 or np.ptp(other[both]) == 0:
        nothing = np.full(other.shape, np.nan)
        return nothing, nothing
    found = comparison(made, other, both)
    middle = float(np.mean(other[both]))
    scaled = float(np.mean(made.emissivity[both])) + found.slope * (other - middle)
    left = np.where(both, made.emissivity - scaled, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        return left, left / made.emissivity_std


def comparison(made: SegmentMap, other: Array, where: Array) -> Comparison:
    """Compare with another map in some cells (y, x): along borders, in the southern overlap, everywhere."""
    both = where & np.isfinite(made.emissivity) & np.isfinite(other)
    if both.sum() < 3 or np.ptp(other[both]) == 0:
        nan = float("nan")
        return Comparison(nan, nan, nan, nan, int(both.sum()))
    x, y = other[both] - other[both].mean(), made.emissivity[both] - made.emissivity[both].mean()
    slope = float(x @ y / (x @ x))
    rest = y - slope * x
    scatter = float(np.sqrt(rest @ rest / max(both.sum() - 2, 1)))
    return Comparison(
        slope, scatter / float(np.sqrt(x @ x)), float(x @ y / np.sqrt((x @ x) * (y @ y))), scatter,
        int(both.sum()),
    )  # fmt: skip


def border(made: SegmentMap, width: float = 200 * km) -> Array:
    """Return the cells (y, x) within a width [m] of the segment's western or eastern border."""
    lat = made.grid.y[:, None] / VENUS_RADIUS
    edges = np.minimum(made.grid.x - made.grid.x[0], made.grid.x[-1] - made.grid.x)
    return np.asarray(edges[None] * np.cos(lat) < width)


def south(made: SegmentMap) -> Array:
    """Return the cells (y, x) south of the equator, where VIRTIS has mapped too."""
    return np.broadcast_to((made.grid.y < 0)[:, None], made.emissivity.shape)
