"""Cells fixed on a planet → where the looks of a pass have them."""

from typing import NamedTuple

import numpy as np

from hesper.compiled import compiled_parallel, prange
from hesper.constants import VENUS_RADIUS
from hesper.radar.data_interferometer import Pass
from hesper.radar.model_geometry import doppler_width, middle_row
from hesper.record import Array


class Tracked(NamedTuple):
    """Where cells, fixed on the planet, are found in every cycle."""

    gate: Array
    """Row of the look (cell, cycle); −1 where the cell is outside."""
    column: Array
    """Column of the look (cell, cycle)."""
    x: Array
    """Centre of that cell of the look (cell, cycle) [m]."""
    z: Array
    """(cell, cycle) [m]."""
    y: Array
    """Distance from the Doppler equator at altitude 0 (cell, cycle) [m]; 0 where there is none."""
    centre_x: Array
    """Mean place (cell,) [m] in the frame of the middle of the pass."""
    centre_z: Array


def track(geometry: Pass, gate: Array, column: Array, *, depth: Array, shift: Array, frequency: float,
          radius: float = VENUS_RADIUS) -> Tracked:  # fmt: skip
    """Find the cells of the middle of a pass in every cycle.

    Parameters
    ----------
    gate, column
        Rows and columns of the cells (cell,).
    depth, shift
        Axes of the looks [m], [Hz].
    frequency
        Of the transmitter [Hz].

    Notes
    -----
    The patches north and south of a cell drift apart by up to two cells in six hours; the cell nearest to
    the mean of both is taken, and phases are those of its own centre.
    """
    row = middle_row(geometry)
    width = doppler_width(geometry.rotation_rate, shift, frequency)
    step = (depth[-1] - depth[0]) / (len(depth) - 1)
    zero = -shift[0] / ((shift[-1] - shift[0]) / (len(shift) - 1))
    x = (column - zero) * width[row]
    z = radius - depth[gate]
    # y of north and south cancel in the mean of the pair.
    to_doppler = [geometry.doppler @ axis for axis in (geometry.doppler[row], geometry.radar[row])]
    to_radar = [geometry.radar @ axis for axis in (geometry.doppler[row], geometry.radar[row])]
    exact_x = x[:, None] * to_doppler[0] + z[:, None] * to_doppler[1]
    exact_z = x[:, None] * to_radar[0] + z[:, None] * to_radar[1]
    at_gate = np.rint((radius - exact_z - depth[0]) / step).astype(np.int64)
    at_column = np.rint(exact_x / width + zero).astype(np.int64)
    inside = (at_gate >= 0) & (at_gate < len(depth)) & (at_column >= 0) & (at_column < len(shift))
    found_x, found_z = (at_column - zero) * width, radius - depth[0] - at_gate * step
    square = radius**2 - found_x**2 - found_z**2
    good = inside & (square > 0)
    count = np.maximum(good.sum(axis=1), 1)
    return Tracked(
        np.where(good, at_gate, -1),
        np.where(good, at_column, 0),
        found_x,
        found_z,
        np.sqrt(np.where(good, square, 0.0)),
        x + np.sum(np.where(good, found_x - exact_x, 0.0), axis=1) / count,
        z + np.sum(np.where(good, found_z - exact_z, 0.0), axis=1) / count,
    )


@compiled_parallel
def gather(
    power: Array, cross: Array, looks: Array, gate: Array, column: Array, data: Array, n: Array
) -> None:
    """Fill data (cell, cycle, M²) and n (cell, cycle) with the statistics of tracked cells.

    Parameters
    ----------
    power, cross, looks
        (cycle, receiver, gate, doppler), (cycle, pair, gate, doppler) and (cycle,).
    gate, column
        (cell, cycle), gate −1 where there is nothing.

    Notes
    -----
    A cell whose statistics are not finite counts as not observed in that cycle.
    """
    receivers, pairs = power.shape[1], cross.shape[1]
    for i in prange(gate.shape[0]):
        for c in range(gate.shape[1]):
            g, k = gate[i, c], column[i, c]
            n[i, c] = 0.0
            if g < 0 or looks[c] <= 0.0:
                continue
            good = True
            for m in range(receivers):
                data[i, c, m] = power[c, m, g, k]
                good = good and np.isfinite(data[i, c, m])
            for p in range(pairs):
                data[i, c, receivers + 2 * p] = cross[c, p, g, k].real
                data[i, c, receivers + 2 * p + 1] = cross[c, p, g, k].imag
                good = good and np.isfinite(data[i, c, receivers + 2 * p])
                good = good and np.isfinite(data[i, c, receivers + 2 * p + 1])
            if good:
                n[i, c] = looks[c]
            else:
                for a in range(data.shape[2]):
                    data[i, c, a] = 0.0
