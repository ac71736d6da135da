"""Statistics → patches: maximum likelihood, cell by cell."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np

from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.radar.data_interferometer import (
    ALIASED,
    AMBIGUOUS,
    ELONGATED,
    FIXED,
    INCOMPLETE,
    UNSEEN,
    UNSOLVED,
    WEAK,
    Pass,
    Patches,
    Statistics,
)
from hesper.radar.data_settings import Reduction, Scene
from hesper.radar.model import cell_extent
from hesper.radar.model_echo import droop, reflectivity
from hesper.radar.model_geometry import (
    Tracked,
    doppler_width,
    folded,
    gather,
    middle_row,
    pair_fringes,
    track,
)
from hesper.radar.model_solver import CONVERGED, bound_cells, solve_cells
from hesper.radar.model_steering import steer_cells
from hesper.record import Array, concatenate

_BLOCK = 16_384
"""Cells that are gone through at a time: the memory of a block, not of the map, is what counts."""
_SEVERAL_STARTS = 100e3
"""|y| [m] below which altitude is sought from three starts."""
_LARGEST_STD = 5_000.0
"""σ [m] beyond which an altitude is no measurement."""


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


def patches(given: Statistics, settings: Reduction, scene: Scene, *, point: bool = False) -> Patches:
    """Estimate north and south reflectivity and altitude of every cell by maximum likelihood.

    Parameters
    ----------
    given
        Phases taken out, see `calibrate_fringes.fringes`.
    settings
        Prior, limits and flags.
    scene
        Whose law of backscatter weights the inside of a cell.
    point
        Whether to take cells for points, which biases altitudes near the Doppler equator; for comparison.

    Raises
    ------
    InputError
        If no cell of the look lies on the planet.

    Notes
    -----
    Rumsey et al. 1974, as derived anew in `model_covariance`. Where the altitudes cannot be had, both are
    set to NaN, the brightness of either patch is solved for the reference sphere, and `mask` says so; where
    north and south cannot be told apart either, each gets half of the total, and `mask` says so.
    """
    count = tile_count(given, settings)
    return concatenate([tile(k, given, settings, scene, point=point) for k in range(count)], "cell")


def tile_count(given: Statistics, settings: Reduction) -> int:
    """Return how many tiles the cells of a pass make.

    Raises
    ------
    InputError
        If no cell of the look lies on the planet.
    """
    count = len(list(_tiles(given, settings)))
    if not count:
        raise InputError("retrieve.patches: no cell of the looks lies on the planet; check depth and shift")
    return count


def tile(
    number: int, given: Statistics, settings: Reduction, scene: Scene, *, point: bool = False
) -> Patches:
    """Estimate the patches of one tile; cells know nothing of each other, see `patches`."""
    gate, column = next(islice(_tiles(given, settings), number, None))
    return _solve(tracked_cells(given, scene, gate, column, point=point), given, settings, scene)


def _tiles(given: Statistics, settings: Reduction) -> Iterator[tuple[Array, Array]]:
    return blocks(given.geometry, given.depth, given.shift, given.frequency, settings.tile)


def cells(given: Statistics, scene: Scene) -> Iterator[Cells]:
    """Return all cells of a pass, a block at a time."""
    for gate, column in blocks(given.geometry, given.depth, given.shift, given.frequency, _BLOCK):
        yield tracked_cells(given, scene, gate, column, point=False)


def tracked_cells(given: Statistics, scene: Scene, gate: Array, column: Array, *, point: bool) -> Cells:
    """Return cells of a pass, tracked through its cycles."""
    tracked = track(
        given.geometry, gate, column, depth=given.depth, shift=given.shift, frequency=given.frequency
    )
    count = given.power.shape[1]
    data = np.zeros((*tracked.gate.shape, count * count))
    n = np.zeros(tracked.gate.shape)
    gather(given.power, given.cross, given.n, tracked.gate, tracked.column, data, n)
    q, area = steering(given.geometry, tracked, given.depth, given.shift, given.frequency, scene)
    if point:
        q = np.ones_like(q)
    kappa = pair_fringes(given.geometry.fringe)
    kxx = tracked.x[:, :, None] * kappa[None, :, :, 0]
    return Cells(gate, column, tracked, data, n, q, area, kxx, np.ascontiguousarray(kappa[:, :, 1]))


def blocks(
    geometry: Pass, depth: Array, shift: Array, frequency: float, size: int
) -> Iterator[tuple[Array, Array]]:
    """Return gates and columns of the cells that lie on the sphere in the middle of the pass, in blocks."""
    row = middle_row(geometry)
    x = shift / (shift[1] - shift[0]) * doppler_width(geometry.rotation_rate[row], shift, frequency)
    z = VENUS_RADIUS - depth
    on = (x**2 + z[:, None] ** 2 < VENUS_RADIUS**2) & (depth[:, None] > 0)
    gate, column = np.nonzero(on)
    for start in range(0, len(gate), size):
        yield gate[start : start + size], column[start : start + size]


def steering(
    geometry: Pass, tracked: Tracked, depth: Array, shift: Array, frequency: float, scene: Scene
) -> tuple[Array, Array]:
    """Return q (cell, cycle, side, pair) and the area (cell,) [m²] of the patches of tracked cells."""
    kappa = pair_fringes(geometry.fringe)
    width = doppler_width(geometry.rotation_rate, shift, frequency)
    step = float((depth[-1] - depth[0]) / (len(depth) - 1))
    reach = np.arccos(np.clip(1 - np.maximum(depth, step / 4) / VENUS_RADIUS, -1, 1))
    law = reflectivity(reach, scene)
    q = np.zeros((*tracked.gate.shape, 2, kappa.shape[1]), complex)
    area = np.zeros(tracked.gate.shape)
    place = (VENUS_RADIUS - tracked.z - depth[0]) / step
    steer_cells(tracked.x, tracked.z, kappa, step, width, VENUS_RADIUS, law, place, q, area)
    seen = tracked.gate >= 0
    count = np.maximum(seen.sum(axis=1), 1)
    return q, np.sum(np.where(seen, area, 0.0), axis=1) / count


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


def _solve(block: Cells, given: Statistics, settings: Reduction, scene: Scene) -> Patches:
    theta, fisher, value, count, state = solve(block, given.gain, settings)
    covariance = inverse(fisher, settings.prior)
    signal, altitude = theta[:, :2].T.copy(), theta[:, 2:].T.copy()
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    signal_std, altitude_std = np.sqrt(variance[:, :2]).T, np.sqrt(variance[:, 2:]).T
    total = np.where(np.isfinite(signal).all(axis=0), signal.sum(axis=0), 0.0)
    equal = np.stack([total / 2, total / 2, np.zeros_like(total), np.zeros_like(total)], axis=-1)
    limit = contrast_std(bounds(block, np.maximum(equal, [1e-5, 1e-5, 0, 0]), given.gain), total)
    row = middle_row(given.geometry)
    step = float((given.depth[-1] - given.depth[0]) / (len(given.depth) - 1))
    width = float(doppler_width(given.geometry.rotation_rate[row], given.shift, given.frequency))
    x, z = block.tracked.centre_x, block.tracked.centre_z
    y = np.sqrt(np.maximum(VENUS_RADIUS**2 - x**2 - z**2, 0.0))
    extent = cell_extent(np.maximum(y, step), x, step, width)
    looks = block.n.sum(axis=1)
    mask = _mask(block, given, settings, state, limit, extent, y, looks)
    mask[:, :] |= np.where(signal < 3 * signal_std, WEAK, 0).astype(np.uint8)
    poor: Array = (altitude_std > _LARGEST_STD) | (np.abs(altitude) >= settings.largest_altitude)
    poor |= (mask & (UNSEEN | UNSOLVED | AMBIGUOUS)) > 0
    # Both altitudes come from the same phases: where one is lost the brightnesses are solved anew.
    lost = poor.any(axis=0) & (state >= 0) & (looks > 0)
    _fall_back(block, given, lost, signal, signal_std, mask)
    altitude[:, lost] = np.nan
    altitude_std[:, lost] = np.nan
    mask[:, lost] |= FIXED
    nothing = looks <= 0
    signal[:, nothing], signal_std[:, nothing] = np.nan, np.nan
    altitude[:, nothing], altitude_std[:, nothing] = np.nan, np.nan
    lon, lat = places(given.geometry, x, y, z, altitude)
    return Patches(
        signal=signal, signal_std=signal_std, altitude=altitude, altitude_std=altitude_std,
        contrast_std=limit, covariance=covariance, x=x, y=y, gate=block.gate, column=block.column,
        area=block.area, droop=_droop(block, given), extent=extent, width=np.full_like(x, width),
        incidence=np.arccos(np.clip(z / VENUS_RADIUS, -1, 1)), lon=lon, lat=lat,
        misfit=_misfit(block, value), iterations=count, mask=mask,
        radar=given.geometry.radar[row], doppler=given.geometry.doppler[row],
        north=given.geometry.north[row], time=float(given.geometry.time[row]), n=float(given.n.sum()),
    )  # fmt: skip


def places(geometry: Pass, x: Array, y: Array, z: Array, altitude: Array) -> tuple[Array, Array]:
    """Return longitude and latitude (side, cell) of patches, altitude NaN counting as 0."""
    row = middle_row(geometry)
    high = np.nan_to_num(altitude)
    away = np.sqrt(np.maximum(y**2 + 2 * VENUS_RADIUS * high + high**2, 0.0)) * np.array([[1.0], [-1.0]])
    vectors = (
        x[:, None] * geometry.doppler[row]
        + away[..., None] * geometry.north[row]
        + z[:, None] * geometry.radar[row]
    )
    found = sphere.lon_lat(vectors)
    return found.lon, found.lat


def _mask(
    block: Cells, given: Statistics, settings: Reduction, state: Array, limit: Array, extent: Array,
    y: Array, looks: Array,
) -> Array:  # fmt: skip
    row = middle_row(given.geometry)
    alias = folded(
        block.tracked.centre_x, given.depth, given.shift, given.frequency,
        float(given.geometry.rotation_rate[row]),
    )  # fmt: skip
    bits = (
        np.where(looks <= 0, UNSEEN, 0)
        | np.where((extent > settings.longest_cell) | (y <= 0), ELONGATED, 0)
        | np.where(~(limit < settings.contrast_limit), AMBIGUOUS, 0)
        | np.where(state != CONVERGED, UNSOLVED, 0)
        | np.where(alias, ALIASED, 0)
        | np.where(looks < given.expected * given.cycles, INCOMPLETE, 0)
    )
    return np.repeat(bits[None].astype(np.uint8), 2, axis=0)


def _fall_back(
    block: Cells, given: Statistics, lost: Array, signal: Array, signal_std: Array, mask: Array
) -> None:
    """Give lost cells the brightness of the reference sphere, or half of the total where not even that."""
    where = np.flatnonzero(lost)
    if not len(where):
        return
    n = block.n[where]
    looks = n.sum(axis=1)
    power = np.sum(n[:, :, None] * (block.data[where, :, : len(given.gain)] - 1), axis=(1, 2))
    total = power / (looks * given.gain.sum())
    spread = np.sum(given.gain**2 * (np.maximum(total, 0)[:, None] + 1 / given.gain) ** 2, axis=1)
    total_std = np.sqrt(spread / looks) / given.gain.sum()
    half, half_std = total / 2, np.hypot(total_std / 2, np.abs(total) / 2)
    signal[:, where], signal_std[:, where] = half, half_std
    told = (mask[0, where] & (AMBIGUOUS | UNSEEN)) == 0
    keep = where[told]
    if len(keep):
        value, std = _fixed_sphere(block, given, keep, total[told])
        signal[:, keep], signal_std[:, keep] = value, std


def _fixed_sphere(block: Cells, given: Statistics, keep: Array, total: Array) -> tuple[Array, Array]:
    """Return powers (side, cell) and their std for altitude 0, by least squares on the first pair's phase."""
    count = len(given.gain)
    root = np.sqrt(given.gain[1])
    turn = block.ky[None, :, 0] * block.tracked.y[keep]
    sides = [
        root * block.q[keep, :, j, 0] * np.exp(1j * (block.kxx[keep, :, 0] + sign * turn))
        for j, sign in enumerate((1, -1))
    ]
    cross = block.data[keep, :, count] + 1j * block.data[keep, :, count + 1]
    half = 0.5 * (sides[0] - sides[1])
    left = cross - 0.5 * total[:, None] * (sides[0] + sides[1])
    weight = block.n[keep]
    bottom = np.maximum(np.sum(weight * np.abs(half) ** 2, axis=1), 1e-12)
    difference = np.sum(weight * (left * half.conj()).real, axis=1) / bottom
    # The noise of the cross product is the product of both powers, over the looks.
    noise = np.prod(block.data[keep, :, :2].mean(axis=1), axis=1)
    std = np.sqrt(noise / 2 / bottom)
    value = np.stack([total + difference, total - difference]) / 2
    return value, np.broadcast_to(np.hypot(std, total / np.sqrt(weight.sum(axis=1))) / 2, value.shape)


def _droop(block: Cells, given: Statistics) -> Array:
    """Return the power (cell,) that the integrating filter leaves, mean over the looks of a cell."""
    band = (given.shift[1] - given.shift[0]) * len(given.shift)
    power = droop(given.shift, band)[block.tracked.column] ** 2
    looks = block.n.sum(axis=1)
    mean = np.sum(block.n * power, axis=1) / np.maximum(looks, 1)
    return np.where(looks > 0, mean, 1.0)


def _misfit(block: Cells, value: Array) -> Array:
    """Return the deviance against a free covariance in every cycle, over its degrees of freedom.

    Only two receivers and cycles of at least two looks have a free covariance that is not singular.
    """
    if block.data.shape[2] != 4:
        return np.full(len(value), np.nan)
    det = block.data[..., 0] * block.data[..., 1] - block.data[..., 2] ** 2 - block.data[..., 3] ** 2
    use = (block.n >= 2) & (det > 0)
    free = -np.sum(np.where(use, block.n * (np.log(np.where(use, det, 1.0)) + 2), 0.0), axis=1)
    dof = 4 * use.sum(axis=1) - 4
    return np.where(dof > 0, 2 * (free - value) / np.maximum(dof, 1), np.nan)
