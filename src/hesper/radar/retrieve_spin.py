"""The rotation of Venus from the shift in longitude between maps of two dates."""

from typing import NamedTuple

import numpy as np

from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.radar.data_interferometer import ALIASED, INCOMPLETE, RadarMap
from hesper.record import Array
from hesper.units import day, deg

_PARTS = 8


class Spin(NamedTuple):
    """Shift between two maps and the rate of rotation it asks for."""

    shift: float
    """How far east the second map shows the ground of the first [rad]."""
    shift_std: float
    rate: float
    """What to add to dW/dt [rad s-1] to bring both together."""
    rate_std: float


def spin(first: RadarMap, second: RadarMap, *, reach: int = 6) -> Spin:
    """Find by how much the rotation model turned wrongly between two dates.

    Parameters
    ----------
    first, second
        On one longitude–latitude grid.
    reach
        Largest shift [cells].

    Raises
    ------
    InputError
        If the grids differ, are not of longitude and latitude, or overlap in fewer than 100 cells.

    Notes
    -----
    The peak of the correlation of the logarithm of brightness, refined by a parabola; the standard deviation
    is a jackknife over eight strips. Slopes are lit from other sides on other dates, which adds an error of
    its own where the sub-radar points differ.
    """
    grid = first.grid
    if grid.projection != "equirectangular" or not (
        np.array_equal(grid.x, second.grid.x) and np.array_equal(grid.y, second.grid.y)
    ):
        raise InputError("retrieve.spin: maps on one longitude–latitude grid are needed")
    a, b = _usable(first), _usable(second)
    both = np.isfinite(a[:, reach:-reach]) & np.isfinite(b[:, reach:-reach])
    if both.sum() < 100:
        raise InputError(f"retrieve.spin: maps overlap in {both.sum()} cells; at least 100 are needed")
    rows = np.flatnonzero(both.any(axis=1))
    part = np.zeros(len(a), int) - 1
    part[rows] = np.arange(len(rows)) * _PARTS // len(rows)
    sums = np.array([_correlation(a[part == k], b[part == k], reach) for k in range(_PARTS)])
    cells = _peak(sums.sum(axis=0), reach)
    left = np.array([_peak(sums.sum(axis=0) - sums[k], reach) for k in range(_PARTS)])
    step = float(grid.x[1] - grid.x[0]) / VENUS_RADIUS
    std = float(np.sqrt((_PARTS - 1) * left.var())) * step
    elapsed = second.time - first.time
    # A point that the model turned too far west appears too far east: W must grow faster by the shift.
    return Spin(cells * step, std, -cells * step / elapsed, abs(std / elapsed))


def period(rate: float, model: float) -> float:
    """Return the period [days] of a model's dW/dt [rad s-1] with a correction added."""
    return float(abs(360 * deg / (model + rate)) / day)


def _usable(given: RadarMap) -> Array:
    good = (
        np.isfinite(given.brightness) & (given.brightness > 0) & ((given.mask & (ALIASED | INCOMPLETE)) == 0)
    )
    return np.where(good, np.log(np.where(good, given.brightness, 1.0)), np.nan)


def _correlation(a: Array, b: Array, reach: int) -> Array:
    """Return the sums (moment, shift) that a correlation needs, b read `shift` cells further east."""
    core = a[:, reach:-reach]
    out = np.zeros((6, 2 * reach + 1))
    for k in range(2 * reach + 1):
        moved = b[:, k : k + core.shape[1]]
        both = np.isfinite(core) & np.isfinite(moved)
        u, v = core[both], moved[both]
        out[:, k] = [u.size, u.sum(), v.sum(), (u * u).sum(), (v * v).sum(), (u * v).sum()]
    return out


def _peak(sums: Array, reach: int) -> float:
    n, a, b, aa, bb, ab = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = (ab - a * b / n) / np.sqrt((aa - a * a / n) * (bb - b * b / n))
    k = int(np.argmax(rho[1:-1])) + 1
    below, at, above = rho[k - 1 : k + 2]
    return float(k - reach + 0.5 * (below - above) / (below - 2 * at + above))
