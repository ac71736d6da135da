"""Statistics → cells: which lie on the planet, where a cycle finds them, their likelihood and its bound."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from hesper.constants import VENUS_RADIUS
from hesper.geometry import delay_doppler
from hesper.radar.data_interferometer import Pass, Statistics
from hesper.radar.data_settings import Reduction, Scene
from hesper.radar.model_covariance import LEAST_NORTH
from hesper.radar.model_echo import reflectivity
from hesper.radar.model_geometry import doppler_width, middle_row, pair_fringes
from hesper.radar.model_interpolation import Response, nodes, steer_tracked
from hesper.radar.model_solver import bound_cells, solve_cells
from hesper.radar.model_steering import steer_cells
from hesper.radar.model_tracking import Tracked, gather, track
from hesper.record import Array

BLOCK = 2048
"""Cells that are gone through at a time: the memory of a block, not of the map, is what counts."""
_SEVERAL_STARTS = 100e3
"""|y| [m] below which altitude is sought from three starts."""


class Slab(NamedTuple):
    """Statistics of some gates of a pass."""

    statistics: Statistics
    """Of these gates alone."""
    depth: Array
    """Of all gates of the pass [m]."""
    first: int
    """Row of the first of these gates."""


class Lattice(NamedTuple):
    """The cells that lie on the sphere in the middle of a pass, counted gate by gate."""

    column: Array
    """First Doppler column of every gate, (gate,)."""
    start: Array
    """Cells before a gate, (gate + 1,)."""


class Cells(NamedTuple):
    """A block of cells with everything that the likelihood asks for, see `model_solver.solve_cells`."""

    gate: Array
    column: Array
    tracked: Tracked
    data: Array
    n: Array
    q: Array
    area: Array
    kxx: Array
    ky: Array


def whole(given: Statistics) -> Slab:
    """Return all gates of a pass."""
    return Slab(given, given.depth, 0)


def lattice(geometry: Pass, depth: Array, shift: Array, frequency: float) -> Lattice:
    """Return which cells lie on the sphere in the middle of a pass."""
    row = middle_row(geometry)
    x = shift / (shift[1] - shift[0]) * doppler_width(geometry.rotation_rate[row], shift, frequency)
    half = np.sqrt(np.maximum(VENUS_RADIUS**2 - (VENUS_RADIUS - depth) ** 2, 0.0))
    first, last = np.searchsorted(x, -half, "right"), np.searchsorted(x, half, "left")
    count = np.where(depth > 0, np.maximum(last - first, 0), 0)
    return Lattice(first, np.concatenate([[0], np.cumsum(count)]))


def numbered(given: Lattice, begin: int, end: int) -> tuple[Array, Array]:
    """Return gates and columns of the cells from number `begin` up to `end`."""
    number = np.arange(begin, min(end, int(given.start[-1])))
    gate = np.searchsorted(given.start, number, "right") - 1
    return gate, given.column[gate] + number - given.start[gate]


def cells(given: Statistics, scene: Scene) -> Iterator[Cells]:
    """Return all cells of a pass, a block at a time."""
    found = lattice(given.geometry, given.depth, given.shift, given.frequency)
    for begin in range(0, int(found.start[-1]), BLOCK):
        gate, column = numbered(found, begin, begin + BLOCK)
        yield tracked_cells(whole(given), scene, gate, column, point=False)


def rows(given: Slab, gate: Array, column: Array) -> slice:
    """Return the gates that cells pass through in the course of a pass."""
    found = _tracked(given, gate, column).gate
    seen = found[found >= 0]
    return slice(int(seen.min()), int(seen.max()) + 1) if seen.size else slice(0, 0)


def tracked_cells(given: Slab, scene: Scene, gate: Array, column: Array, *, point: bool) -> Cells:
    """Return cells of a pass, tracked through its cycles."""
    held, tracked = given.statistics, _tracked(given, gate, column)
    count = held.power.shape[1]
    data = np.zeros((*tracked.gate.shape, count * count))
    n = np.zeros(tracked.gate.shape)
    row = np.where(tracked.gate >= 0, tracked.gate - given.first, -1)
    gather(held.power, held.cross, held.n, row, tracked.column, data, n)
    q, area = steering(held.geometry, tracked, given.depth, held.shift, held.frequency, scene)
    if point:
        q = np.ones_like(q)
    kappa = pair_fringes(held.geometry.fringe)
    kxx = tracked.x[:, :, None] * kappa[None, :, :, 0]
    return Cells(gate, column, tracked, data, n, q, area, kxx, np.ascontiguousarray(kappa[:, :, 1]))


def _tracked(given: Slab, gate: Array, column: Array) -> Tracked:
    held = given.statistics
    return track(held.geometry, gate, column, depth=given.depth, shift=held.shift, frequency=held.frequency)


def steering(
    geometry: Pass, tracked: Tracked, depth: Array, shift: Array, frequency: float, scene: Scene
) -> tuple[Array, Array]:
    """Return q (cell, cycle, side, pair) and the area (cell,) [m²] of the patches of tracked cells.

    Their places must be those of cells of the looks; any others are for `steering_at`.
    """
    given = _response(geometry, depth, shift, frequency, scene)
    reach = float(delay_doppler.cap_radius(depth[-1], VENUS_RADIUS))
    # Half the cap's width, turned by what the radar moves, is what cells at its edge sink or rise.
    turned = float(np.linalg.norm(geometry.radar[-1] - geometry.radar[0]))
    chosen = nodes(geometry.time, given.kappa, reach, 0.5 * reach * turned / given.step)
    q, area = steer_tracked(tracked.gate, tracked.column, given, chosen)
    return q, np.sum(area, axis=1) / np.maximum((tracked.gate >= 0).sum(axis=1), 1)


def steering_at(
    geometry: Pass, x: Array, z: Array, depth: Array, shift: Array, frequency: float, scene: Scene
) -> tuple[Array, Array]:
    """Return q (place, cycle, side, pair) and the area (place,) [m²] at any places (place, cycle) [m]."""
    given = _response(geometry, depth, shift, frequency, scene)
    q, area = np.zeros((*x.shape, 2, given.kappa.shape[1]), complex), np.zeros(x.shape)
    place = (VENUS_RADIUS - z - given.first) / given.step
    steer_cells(
        x, z, given.kappa, given.step, given.width, VENUS_RADIUS, given.law, place, q, area
    )  # fmt: skip
    return q, area.mean(axis=1)


def _response(geometry: Pass, depth: Array, shift: Array, frequency: float, scene: Scene) -> Response:
    step = float((depth[-1] - depth[0]) / (len(depth) - 1))
    slant = np.arccos(np.clip(1 - np.maximum(depth, step / 4) / VENUS_RADIUS, -1, 1))
    return Response(
        kappa=pair_fringes(geometry.fringe),
        width=doppler_width(geometry.rotation_rate, shift, frequency),
        step=step,
        first=float(depth[0]),
        zero=float(-shift[0] * (len(shift) - 1) / (shift[-1] - shift[0])),
        radius=VENUS_RADIUS,
        law=reflectivity(slant, scene),
    )


def solve(block: Cells, gain: Array, settings: Reduction) -> tuple[Array, Array, Array, Array, Array]:
    """Return parameters (cell, 4), Fisher information, log-likelihood, iterations and state of cells."""
    size = len(block.gate)
    theta, fisher = np.full((size, 4), np.nan), np.zeros((size, 4, 4))
    value, count = np.zeros(size), np.zeros(size, np.int64)
    state = np.zeros(size, np.int64)
    prior = 1 / settings.prior**2 if settings.prior > 0 else 0.0
    several = np.max(block.tracked.y, axis=1) < _SEVERAL_STARTS
    solve_cells(
        block.data, block.n, block.q, block.kxx, block.ky, block.tracked.y, gain, VENUS_RADIUS, prior,
        settings.largest_altitude, settings.iterations, several, theta, fisher, value, count, state,
    )  # fmt: skip
    return theta, fisher, value, count, state


def bounds(block: Cells, theta: Array, gain: Array, prior: float = 0.0) -> Array:
    """Return the Cramér–Rao covariance (cell, 4, 4) at known parameters; infinite where there is none."""
    fisher = np.zeros((len(theta), 4, 4))
    bound_cells(theta, block.n, block.q, block.kxx, block.ky, block.tracked.y, gain, VENUS_RADIUS, fisher)
    return inverse(fisher, prior)


def inverse(fisher: Array, prior: float = 0.0) -> Array:
    """Return the inverses (cell, 4, 4) of information matrices, infinite where singular."""
    matrix = fisher.copy()
    if prior > 0:
        matrix[:, 2, 2] += 1 / prior**2
        matrix[:, 3, 3] += 1 / prior**2
    diagonal = np.diagonal(matrix, axis1=1, axis2=2)
    good: Array = np.all(diagonal > 0, axis=1) & np.all(np.isfinite(matrix), axis=(1, 2))
    scale = np.where(good[:, None], 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0)), 1.0)
    scaled = np.where(good[:, None, None], matrix * scale[:, :, None] * scale[:, None, :], np.eye(4))
    lowest = np.linalg.eigvalsh(scaled)[:, 0]
    good &= lowest > 1e-10
    scaled[~good] = np.eye(4)
    out = np.linalg.inv(scaled) * scale[:, :, None] * scale[:, None, :]
    out[~good] = np.inf
    return np.asarray(out)


def contrast_std(covariance: Array, total: Array) -> Array:
    """Return the standard deviation (cell,) of (s_N − s_S)/(s_N + s_S) of patches of equal power."""
    known = np.isfinite(covariance[:, 0, 0])
    part = np.where(known[:, None, None], covariance[:, :2, :2], 0.0)
    difference = part[:, 0, 0] + part[:, 1, 1] - 2 * part[:, 0, 1]
    return np.where(known, np.sqrt(np.maximum(difference, 0.0)) / np.maximum(total, 1e-9), np.inf)


def phase_std(ky: Array, n: Array, y: Array, altitude: Array, altitude_std: Array) -> Array:
    """Return the standard deviation (side, cell) [rad] that altitudes' give the phase of their patches.

    Parameters
    ----------
    ky
        (cycle, pair) [rad m-1]; the pair whose phase turns most is taken, its rms over the looks.
    n
        Looks, (cell, cycle).
    y
        Distance from the Doppler equator at altitude 0, (cell,) [m].
    altitude, altitude_std
        (side, cell) [m].

    Notes
    -----
    dφ/dh = κ_y (R + h)/y. A Cramér–Rao bound takes the phase for a straight line of what is measured.
    """
    mean = (n @ ky**2) / np.maximum(n.sum(axis=1), 1)[:, None]
    turn = np.sqrt(mean.max(axis=1)) * (VENUS_RADIUS + altitude)
    away = np.sqrt(np.maximum(y**2 + 2 * VENUS_RADIUS * altitude + altitude**2, (LEAST_NORTH * y) ** 2))
    return np.asarray(altitude_std * turn / np.maximum(away, 1.0))
