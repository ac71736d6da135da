"""Before a pass: predicted uncertainty, runway, banding and aliasing, without a simulation."""

from typing import NamedTuple

import numpy as np

from hesper.constants import VENUS_RADIUS
from hesper.radar import retrieve_cells
from hesper.radar.data_interferometer import ALIASED, AMBIGUOUS, ELONGATED, Pass, Predicted
from hesper.radar.data_settings import Reduction, Scene, Stations, Waveform
from hesper.radar.model import cell_extent, wavelength
from hesper.radar.model_echo import budget, droop, reflectivity
from hesper.radar.model_geometry import (
    depth_axis,
    doppler_width,
    folded,
    middle_row,
    pair_fringes,
    shift_axis,
)
from hesper.radar.model_tracking import Tracked, track
from hesper.record import Array
from hesper.units import km

LEAST_LEVERAGE = 4.0
"""Leverage [rad] below which a pass is expected to show bands of altitude noise."""


class Cut(NamedTuple):
    """Bounds along a line of cells, see `cut`."""

    altitude_std: Array
    """(cell, side) [m]."""
    signal_std: Array
    """Relative, (cell, side)."""
    contrast_std: Array
    """(cell,)."""
    signal: Array
    """s of one patch of the law, (cell,)."""
    covariance: Array
    """(cell, 4, 4)."""


def predict(
    geometry: Pass, stations: Stations, waveform: Waveform, scene: Scene, *, looks: int,
    reduction: Reduction,
) -> Predicted:  # fmt: skip
    """Return the bounds on every cell of a pass, for a uniform planet.

    Parameters
    ----------
    looks
        Of one receive cycle.
    reduction
        Whose limits make the flags.
    """
    depth = depth_axis(waveform.baud, waveform.gates, waveform.early_gates)
    shift = shift_axis(waveform.doppler_cell, waveform.doppler_cells)
    on = retrieve_cells.lattice(geometry, depth, shift, waveform.frequency)
    gate, column = retrieve_cells.numbered(on, 0, int(on.start[-1]))
    row = middle_row(geometry)
    rate = float(geometry.rotation_rate[row])
    width = float(doppler_width(rate, shift, waveform.frequency))
    x = (column - len(shift) // 2) * width
    z = VENUS_RADIUS - depth[gate]
    y = np.sqrt(VENUS_RADIUS**2 - x**2 - z**2)
    found = _bounds(geometry, stations, waveform, scene, gate, column, looks, np.array([1.0, 1.0]))
    extent = cell_extent(y, x, depth[1] - depth[0], width)
    limit = reduction.contrast_limit
    mask = (
        np.where(extent > reduction.longest_cell, ELONGATED, 0)
        | np.where(~(found.contrast_std < limit), AMBIGUOUS, 0)
        | np.where(folded(x, depth, shift, waveform.frequency, rate), ALIASED, 0)
    )
    edge = np.abs(x)[(mask & ALIASED) > 0]
    reach = float(np.max(np.hypot(x, y)))
    return Predicted(
        altitude_std=found.altitude_std[:, 0],
        contrast_std=found.contrast_std,
        signal_std=found.signal_std[:, 0],
        signal=found.signal,
        x=x,
        y=y,
        extent=extent,
        mask=mask.astype(np.uint8),
        leverage=leverage(geometry, float(y.max())),
        runway=_runway(geometry, stations, waveform, scene, looks, limit, float(y.max())),
        alias_edge=float(edge.min()) if edge.size else reach,
        bands=bands(geometry, waveform.frequency, float(y.max())),
    )


def cut(
    geometry: Pass, stations: Stations, waveform: Waveform, scene: Scene, *, across: float, north: Array,
    looks: int, ratio: float = 1.0,
) -> Cut:  # fmt: skip
    """Return the bounds along a line of constant x.

    Parameters
    ----------
    across, north
        x and |y| of the places [m]; cells are centred on them, not on the lattice of the looks.
    ratio
        s_N over s_S, their sum being that of the law.
    """
    row = middle_row(geometry)
    z = np.sqrt(VENUS_RADIUS**2 - across**2 - north**2)
    share = 2 * np.array([ratio, 1.0]) / (1 + ratio)
    return _at_places(geometry, stations, waveform, scene, np.full_like(north, across), z, looks, share, row)


def leverage(geometry: Pass, reach: float) -> float:
    """Return the change of κ_y over the pass × the largest |y| [rad], of the best pair of receivers."""
    along = pair_fringes(geometry.fringe)[:, :, 1]
    return float(np.max(np.ptp(along, axis=0))) * reach


def bands(geometry: Pass, frequency: float, reach: float) -> Array:
    """Return |y| [m] of the maxima of altitude noise that a constant baseline has, (m + ½)λD/2B_N."""
    along = np.abs(geometry.baseline[:, 1, 1]).mean()
    spacing = wavelength(frequency) * float(geometry.distance.mean()) / (2 * along)
    return np.asarray(spacing * (np.arange(max(int(reach / spacing + 0.5), 1)) + 0.5))


def _runway(
    geometry: Pass,
    stations: Stations,
    waveform: Waveform,
    scene: Scene,
    looks: int,
    limit: float,
    reach: float,
) -> float:
    """Return the |y| up to which north and south are not told apart, 100 km east of the sub-radar point."""
    north = np.arange(20 * km, reach, 5 * km)
    found = cut(geometry, stations, waveform, scene, across=100 * km, north=north, looks=looks)
    bad = north[~(found.contrast_std < limit)]
    return float(bad.max()) if bad.size else float(north[0])


def _bounds(
    geometry: Pass, stations: Stations, waveform: Waveform, scene: Scene, gate: Array, column: Array,
    looks: int, share: Array,
) -> Cut:  # fmt: skip
    depth = depth_axis(waveform.baud, waveform.gates, waveform.early_gates)
    shift = shift_axis(waveform.doppler_cell, waveform.doppler_cells)
    parts = []
    for begin in range(0, len(gate), retrieve_cells.BLOCK):
        part = slice(begin, begin + retrieve_cells.BLOCK)
        tracked = track(
            geometry, gate[part], column[part], depth=depth, shift=shift, frequency=waveform.frequency
        )
        steered = retrieve_cells.steering(geometry, tracked, depth, shift, waveform.frequency, scene)
        parts.append(_cut(geometry, stations, waveform, scene, tracked, steered, looks, share))
    return Cut(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _at_places(
    geometry: Pass, stations: Stations, waveform: Waveform, scene: Scene, x: Array, z: Array, looks: int,
    share: Array, row: int,
) -> Cut:  # fmt: skip
    depth = depth_axis(waveform.baud, waveform.gates, waveform.early_gates)
    shift = shift_axis(waveform.doppler_cell, waveform.doppler_cells)
    to_doppler = [geometry.doppler @ axis for axis in (geometry.doppler[row], geometry.radar[row])]
    to_radar = [geometry.radar @ axis for axis in (geometry.doppler[row], geometry.radar[row])]
    at_x = x[:, None] * to_doppler[0] + z[:, None] * to_doppler[1]
    at_z = x[:, None] * to_radar[0] + z[:, None] * to_radar[1]
    width = doppler_width(geometry.rotation_rate, shift, waveform.frequency)
    y = np.sqrt(np.maximum(VENUS_RADIUS**2 - at_x**2 - at_z**2, 0.0))
    columns = np.clip(np.rint(at_x / width) + len(shift) // 2, 0, len(shift) - 1).astype(np.int64)
    tracked = Tracked(np.zeros(at_x.shape, np.int64), columns, at_x, at_z, y, x, z)
    steered = retrieve_cells.steering_at(geometry, at_x, at_z, depth, shift, waveform.frequency, scene)
    return _cut(geometry, stations, waveform, scene, tracked, steered, looks, share)


def _cut(
    geometry: Pass, stations: Stations, waveform: Waveform, scene: Scene, tracked: Tracked,
    steered: tuple[Array, Array], looks: int, share: Array,
) -> Cut:  # fmt: skip
    row = middle_row(geometry)
    scale = budget(stations, waveform, scene, float(geometry.distance[row])).scale
    q, area = steered
    shift = shift_axis(waveform.doppler_cell, waveform.doppler_cells)
    kappa = pair_fringes(geometry.fringe)
    angle = np.arccos(np.clip(tracked.centre_z / VENUS_RADIUS, -1, 1))
    band = waveform.doppler_cell * waveform.doppler_cells
    power = droop(shift, band)[tracked.column[:, tracked.column.shape[1] // 2]] ** 2
    signal = scale[0] * area * reflectivity(angle, scene) * power
    theta = np.stack([share[0] * signal, share[1] * signal, 0 * signal, 0 * signal], axis=-1)
    n = np.where(tracked.y > 0, float(looks), 0.0)
    block = retrieve_cells.Cells(
        np.zeros(len(n), np.int64), tracked.column[:, 0], tracked, np.zeros((*n.shape, 1)), n, q, area,
        tracked.x[:, :, None] * kappa[None, :, :, 0], np.ascontiguousarray(kappa[:, :, 1]),
    )  # fmt: skip
    covariance = retrieve_cells.bounds(block, theta, scale / scale[0])
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.sqrt(variance[:, :2]) / theta[:, :2]
    limit = retrieve_cells.contrast_std(covariance, theta[:, :2].sum(axis=1))
    return Cut(np.sqrt(variance[:, 2:]), relative, limit, signal, covariance)
