"""What stands out: units of the ground, differences from other maps."""

from typing import NamedTuple

import numpy as np

from hesper import maps
from hesper.constants import VENUS_RADIUS
from hesper.record import Array
from hesper.units import km
from hesper.vmc.data_map import SegmentMap


class UnitStatistic(NamedTuple):
    """Emissivity of one geologic unit."""

    name: str
    mean: float
    std: float
    """Of the mean; cells that err together count as one."""
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
    """Cells that err together count as one."""
    correlation: float
    scatter: float
    cells: int


def units(made: SegmentMap, number: Array, names: dict[int, str], *, together: float) -> list[UnitStatistic]:
    """Return the emissivity of each unit of the ground against all the rest.

    Parameters
    ----------
    made
        A segment.
    number
        Unit of each cell (y, x), 0 where there is none.
    names
        Of the units.
    together
        Area [m2] within which cells err together: of a cloud, and at least `patch`.

    Notes
    -----
    The error of a mean is the mean standard deviation of its cells over √(area/together), and no less than
    the scatter of the cells over the same.
    """
    area = maps.cell_areas(made.grid)
    good = np.isfinite(made.emissivity) & np.isfinite(made.emissivity_std)

    def mean(inside: Array) -> tuple[float, float]:
        weight, value = area[inside], made.emissivity[inside]
        middle = float(np.average(value, weights=weight))
        spread = float(np.sqrt(np.average((value - middle) ** 2, weights=weight)))
        typical = float(np.sqrt(np.average(made.emissivity_std[inside] ** 2, weights=weight)))
        return middle, max(spread, typical) / np.sqrt(max(weight.sum() / together, 1.0))

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


def patch(blur: float) -> float:
    """Return the area [m2] within which what a Gaussian of this full width has blurred errs together."""
    return float(4 * np.pi * (blur / np.sqrt(8 * np.log(2))) ** 2)


def difference(made: SegmentMap, other: Array) -> tuple[Array, Array]:
    """Return emissivity less another map scaled to it, and that in standard deviations, each (y, x).

    The other map is brought to ours by the straight line of `comparison`: a radar or brightness map has
    another unit and another zero.
    """
    both = np.isfinite(made.emissivity) & np.isfinite(other)
    if both.sum() < 3 or np.ptp(other[both]) == 0:
        nothing = np.full(other.shape, np.nan)
        return nothing, nothing
    found = comparison(made, other, both, together=0.0)
    middle = float(np.mean(other[both]))
    scaled = float(np.mean(made.emissivity[both])) + found.slope * (other - middle)
    left = np.where(both, made.emissivity - scaled, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        return left, left / made.emissivity_std


def comparison(made: SegmentMap, other: Array, where: Array, *, together: float) -> Comparison:
    """Compare with another map in some cells (y, x): along borders, in the southern overlap, everywhere."""
    both = where & np.isfinite(made.emissivity) & np.isfinite(other)
    if both.sum() < 3 or np.ptp(other[both]) == 0:
        nan = float("nan")
        return Comparison(nan, nan, nan, nan, int(both.sum()))
    x, y = other[both] - other[both].mean(), made.emissivity[both] - made.emissivity[both].mean()
    slope = float(x @ y / (x @ x))
    rest = y - slope * x
    scatter = float(np.sqrt(rest @ rest / max(both.sum() - 2, 1)))
    alike = max(together / float(maps.cell_areas(made.grid)[both].mean()), 1.0)
    return Comparison(
        slope, scatter * float(np.sqrt(alike / (x @ x))), float(x @ y / np.sqrt((x @ x) * (y @ y))),
        scatter,
        int(both.sum()),
    )  # fmt: skip


def border(made: SegmentMap, width: float = 200 * km) -> Array:
    """Return the cells (y, x) within a width [m] of the segment's western or eastern border."""
    lat = made.grid.y[:, None] / VENUS_RADIUS
    edges = np.minimum(made.grid.x - made.grid.x[0], made.grid.x[-1] - made.grid.x)
    return np.asarray(edges[None] * np.cos(lat) < width)


def step(first: SegmentMap, second: SegmentMap, *, together: float) -> tuple[float, float]:
    """Return by how much ε rises from a segment into its eastern neighbour, and the standard deviation.

    The mean over the rows of the two columns beside their border, which err together within this length [m];
    NaN where no row has both.
    """
    rise = second.emissivity[:, 0] - first.emissivity[:, -1]
    error = np.hypot(second.emissivity_std[:, 0], first.emissivity_std[:, -1])
    good = np.isfinite(rise) & np.isfinite(error)
    if not good.any():
        return float("nan"), float("nan")
    length = good.sum() * float(first.grid.y[0] - first.grid.y[1])
    spread = max(float(np.std(rise[good])), float(np.sqrt(np.mean(error[good] ** 2))))
    return float(np.mean(rise[good])), spread / float(np.sqrt(max(length / together, 1.0)))


def south(made: SegmentMap) -> Array:
    """Return the cells (y, x) south of the equator, where VIRTIS has mapped too."""
    return np.broadcast_to((made.grid.y < 0)[:, None], made.emissivity.shape)
