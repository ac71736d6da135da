"""How the extent of a cell weakens and turns the phase between two receivers."""

import math

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.radar.model_nodes import MOST, ROWS, spread
from hesper.radar.model_phase import turn
from hesper.record import Array


@compiled
def _rotate(kx: float, ky: float, y0: float, filled: Array, away: Array, y: Array, part: Array,
            turned: Array, out: Array) -> None:  # fmt: skip
    """Fill q of both sides, (2,): the mean of exp i[κ·(r′ − r)] over the nodes of a cell."""
    most = filled.max()
    turned[:, :most] = 0.0
    for row in range(ROWS):
        for j in range(filled[row]):
            cosine, sine = turn(kx * away[row, j])
            other, rise = turn(ky * (y[row, j] - y0))
            other, rise = part[row, j] * other, part[row, j] * rise
            turned[0, j] += part[row, j]
            turned[1, j] += cosine * other
            turned[2, j] += sine * rise
            turned[3, j] += sine * other
            turned[4, j] += cosine * rise
    total, one, two, three, four = 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(most):
        total += turned[0, j]
        one += turned[1, j]
        two += turned[2, j]
        three += turned[3, j]
        four += turned[4, j]
    out[0], out[1] = 0.0, 0.0
    if total > 0.0:
        out[0] = complex((one - two) / total, (three + four) / total)
        out[1] = complex((one + two) / total, (three - four) / total)


@compiled
def steer_one(x: float, z: float, kappa: Array, gate: float, width: float, radius: float, law: Array,
              place: float, room: Array, filled: Array, out: Array) -> float:  # fmt: skip
    """Fill q (side, pair) of a cell in one cycle, see `steer_cells`; return the area [m²] of its patch.

    `room` and `filled` are of `workspace`.
    """
    away, y, part = room[:ROWS], room[ROWS : 2 * ROWS], room[2 * ROWS : 3 * ROWS]
    y0 = math.sqrt(max(radius * radius - x * x - z * z, 0.0))
    whole = spread(x, z, gate, width, radius, law, place, filled, away, y, part)
    for pair in range(kappa.shape[0]):
        _rotate(kappa[pair, 0], kappa[pair, 1], y0, filled, away, y, part, room[3 * ROWS :], out[:, pair])
    return whole * radius * gate * width


@compiled
def workspace() -> tuple[Array, Array]:
    """Return where nodes are held: offsets, y, shares and sums of phases; how many of a row there are."""
    return np.empty((3 * ROWS + 5, MOST)), np.zeros(ROWS, np.int64)


@compiled_parallel
def steer_cells(
    x: Array, z: Array, kappa: Array, gate: float, width: Array, radius: float, law: Array, place: Array,
    out: Array, area: Array,
) -> None:  # fmt: skip
    """Fill the cell-integrated steering factor q of cells and the area of their patches.

    Parameters
    ----------
    x, z
        Centres of the cells along the Doppler axis and toward the radar, (cell, cycle) [m].
    kappa
        Fringe vectors, (cycle, pair, 2) [rad m-1].
    gate, width
        Depth of a gate [m] and width of a Doppler cell, (cycle,) [m].
    radius
        Of the sphere [m].
    law, place
        Mean reflectivity at every gate, (gate,), and a cell's own gate, (cell, cycle), fractional or not.
    out, area
        Filled: q, (cell, cycle, side, pair) complex, north first, and area, (cell, cycle) [m²]; 0 where
        there is no surface.

    Notes
    -----
    q = ⟨exp i[κ·(r′ − r)]⟩ weighted by (1 − |u|)² sinc²(v) σ0(θ′)/y′ over u = ±1 gate and all Doppler
    offsets v up to the ends of the range ring, where y′ = 0. Both sides and all pairs share the nodes.
    """
    for i in prange(x.shape[0]):
        room, filled = workspace()
        for c in range(x.shape[1]):
            area[i, c] = steer_one(
                x[i, c], z[i, c], kappa[c], gate, width[c], radius, law, place[i, c], room, filled, out[i, c]
            )
