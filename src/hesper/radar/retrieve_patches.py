"""Statistics → patches: maximum likelihood, cell by cell."""

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
from hesper.radar.model_echo import droop
from hesper.radar.model_geometry import doppler_width, folded, middle_row
from hesper.radar.model_solver import CONVERGED
from hesper.radar.retrieve_cells import (
    Cells,
    Lattice,
    Slab,
    bounds,
    contrast_std,
    inverse,
    lattice,
    numbered,
    phase_std,
    rows,
    solve,
    tracked_cells,
    whole,
)
from hesper.radar.retrieve_sphere import fall_back
from hesper.record import Array, concatenate

LARGEST_PHASE_STD = 1 / 3
"""σ [rad] of a patch's phase beyond which its altitude's interval is not believed: the phase of a constant
of amplitude A in circular noise of σ a component has an rms error 8 % above σ/A where that is 0.32 rad."""
_LARGEST_STD = 5_000.0
"""σ [m] beyond which an altitude is no measurement."""


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
    slab = whole(given)
    count = tile_count(slab, settings)
    return concatenate([tile(k, slab, settings, scene, point=point) for k in range(count)], "cell")


def tile_count(given: Slab, settings: Reduction) -> int:
    """Return how many tiles the cells of a pass make.

    Raises
    ------
    InputError
        If no cell of the look lies on the planet.
    """
    count = -(-int(_lattice(given).start[-1]) // settings.tile)
    if not count:
        raise InputError("retrieve.patches: no cell of the looks lies on the planet; check depth and shift")
    return count


def tile_rows(number: int, given: Slab, settings: Reduction) -> slice:
    """Return the gates whose statistics a tile asks for; `given` may hold none."""
    return rows(given, *_tile_cells(number, given, settings))


def tile(number: int, given: Slab, settings: Reduction, scene: Scene, *, point: bool = False) -> Patches:
    """Estimate the patches of one tile; cells know nothing of each other, see `patches`.

    Parameters
    ----------
    given
        All gates of `tile_rows`, or more.
    """
    gate, column = _tile_cells(number, given, settings)
    return _solve(tracked_cells(given, scene, gate, column, point=point), given, settings)


def _lattice(given: Slab) -> Lattice:
    held = given.statistics
    return lattice(held.geometry, given.depth, held.shift, held.frequency)


def _tile_cells(number: int, given: Slab, settings: Reduction) -> tuple[Array, Array]:
    return numbered(_lattice(given), number * settings.tile, (number + 1) * settings.tile)


def _solve(block: Cells, slab: Slab, settings: Reduction) -> Patches:
    given, depth = slab.statistics, slab.depth
    theta, fisher, value, count, state = solve(block, given.gain, settings)
    covariance = inverse(fisher, settings.prior)
    signal, altitude = theta[:, :2].T.copy(), theta[:, 2:].T.copy()
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    signal_std, altitude_std = np.sqrt(variance[:, :2]).T, np.sqrt(variance[:, 2:]).T
    total = np.where(np.isfinite(signal).all(axis=0), signal.sum(axis=0), 0.0)
    equal = np.stack([total / 2, total / 2, np.zeros_like(total), np.zeros_like(total)], axis=-1)
    limit = contrast_std(bounds(block, np.maximum(equal, [1e-5, 1e-5, 0, 0]), given.gain), total)
    row = middle_row(given.geometry)
    step = float((depth[-1] - depth[0]) / (len(depth) - 1))
    width = float(doppler_width(given.geometry.rotation_rate[row], given.shift, given.frequency))
    x, z = block.tracked.centre_x, block.tracked.centre_z
    y = np.sqrt(np.maximum(VENUS_RADIUS**2 - x**2 - z**2, 0.0))
    extent = cell_extent(np.maximum(y, step), x, step, width)
    looks = block.n.sum(axis=1)
    mask = _mask(block, slab, settings, state, limit, extent, y, looks)
    turning = phase_std(block.ky, block.n, y, altitude, altitude_std)
    poor: Array = (altitude_std > _LARGEST_STD) | (np.abs(altitude) >= settings.largest_altitude)
    poor |= (mask & (UNSEEN | UNSOLVED | AMBIGUOUS)) > 0
    # Both altitudes come from the same phases: where one is lost the brightnesses are solved anew.
    lost = poor.any(axis=0) & (state >= 0) & (looks > 0)
    fall_back(block, given.gain, lost, signal, signal_std, mask)
    altitude[:, lost] = np.nan
    altitude_std[:, lost] = np.nan
    mask[:, lost] |= FIXED
    weak = (signal < 3 * signal_std) | ((turning > LARGEST_PHASE_STD) & ~lost)
    mask[:, :] |= np.where(weak, WEAK, 0).astype(np.uint8)
    nothing = looks <= 0
    signal[:, nothing], signal_std[:, nothing] = np.nan, np.nan
    altitude[:, nothing], altitude_std[:, nothing] = np.nan, np.nan
    moved = placed(y, altitude)
    # Low ground lies nearer to the Doppler equator, where cells are longer.
    longer = extent * y > settings.longest_cell * moved
    mask[:, :] |= np.where(longer, ELONGATED, 0).astype(np.uint8)
    lon, lat = places(given.geometry, x, moved, z)
    return Patches(
        signal=signal, signal_std=signal_std, altitude=altitude, altitude_std=altitude_std,
        contrast_std=limit, covariance=covariance, x=x, y=y, gate=block.gate, column=block.column,
        area=block.area, droop=_droop(block, given), extent=extent, width=np.full_like(x, width),
        incidence=np.arccos(np.clip(z / VENUS_RADIUS, -1, 1)), lon=lon, lat=lat,
        misfit=_misfit(block, value), iterations=count, mask=mask,
        radar=given.geometry.radar[row], doppler=given.geometry.doppler[row],
        north=given.geometry.north[row], time=float(given.geometry.time[row]), n=float(given.n.sum()),
    )  # fmt: skip


def placed(y: Array, altitude: Array) -> Array:
    """Return how far patches (side, cell) lie from the Doppler equator [m], altitude NaN counting as 0."""
    high = np.nan_to_num(altitude)
    return np.asarray(np.sqrt(np.maximum(y**2 + 2 * VENUS_RADIUS * high + high**2, 0.0)))


def places(geometry: Pass, x: Array, y: Array, z: Array) -> tuple[Array, Array]:
    """Return longitude and latitude (side, cell) of patches at distances y (side, cell) from the equator."""
    row = middle_row(geometry)
    away = y * np.array([[1.0], [-1.0]])
    vectors = (
        x[:, None] * geometry.doppler[row]
        + away[..., None] * geometry.north[row]
        + z[:, None] * geometry.radar[row]
    )
    found = sphere.lon_lat(vectors)
    return found.lon, found.lat


def _mask(
    block: Cells, slab: Slab, settings: Reduction, state: Array, limit: Array, extent: Array,
    y: Array, looks: Array,
) -> Array:  # fmt: skip
    given = slab.statistics
    row = middle_row(given.geometry)
    alias = folded(
        block.tracked.centre_x, slab.depth, given.shift, given.frequency,
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
