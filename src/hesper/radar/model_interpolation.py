"""Steering factors of a whole pass from those of some of its cycles, where they run smoothly in time."""

import math
from typing import NamedTuple

import numpy as np
from scipy.linalg import qr

from hesper.compiled import compiled_parallel, prange
from hesper.radar.model_steering import steer_cells, steer_one, workspace
from hesper.record import Array

SMOOTH = 3e-4
"""What the last two terms of a cell's series in time may hold: less than the quadrature itself is off by."""
_MORE = 4
"""Terms beyond the phase [rad] that turns in half a pass at the cap's edge, from where series converge."""
_WORTH = 0.6
"""Part of the cycles beyond which nodes save nothing."""


class Nodes(NamedTuple):
    """Cycles that stand for all of a pass."""

    row: Array
    """(node,), in order; empty where every cycle must be computed."""
    weight: Array
    """(cycle, node): from values at the nodes to values at all cycles."""
    last: Array
    """(2, node): from values at the nodes to the last two terms of their Chebyshev series."""


def nodes(time: Array, kappa: Array, reach: float, drift: float) -> Nodes:
    """Choose the cycles from which steering factors are interpolated.

    Parameters
    ----------
    time
        Of the cycles (cycle,) [s], gaps and uneven steps allowed.
    kappa
        Fringe vectors, (cycle, pair, 2) [rad m-1].
    reach
        Radius of the cap [m].
    drift
        Gates that cells pass through in the course of the pass, on average.

    Notes
    -----
    A phase that turns by ±p over the pass has Chebyshev coefficients J_k(p): from k = p on they fall faster
    than any power. The nodes are those of the cycles that a pivoted QR decomposition of the polynomials picks
    (approximate Fekete points: Sommariva & Vianello 2009), whatever is missing between them.
    """
    least, most = time.min(), time.max()
    turn = 0.5 * np.ptp(kappa, axis=0)
    count = math.ceil(reach * float(np.hypot(turn[:, 0], turn[:, 1]).max(initial=0.0))) + _MORE
    # Cells of some twelve gates are gone through at a time; those that only pass by are computed as well.
    if count * (1.0 + drift / 12.0) > _WORTH * len(time) or not most > least:
        empty = np.zeros((0,))
        return Nodes(np.zeros(0, np.int64), empty.reshape(len(time), 0), empty.reshape(2, 0))
    basis = np.polynomial.chebyshev.chebvander(2 * (time - least) / (most - least) - 1, count - 1)
    row = np.sort(qr(basis.T, mode="r", pivoting=True)[1][:count])
    inverse = np.linalg.inv(basis[row])
    return Nodes(row, np.ascontiguousarray(basis @ inverse), inverse[-2:])


@compiled_parallel
def _fill(
    cell: Array, known: Array, weight: Array, x: Array, z: Array, kappa: Array, gate: float, width: Array,
    radius: float, law: Array, place: Array, out: Array, area: Array,
) -> None:  # fmt: skip
    """Fill q and area of tracked cells: from rows of `known` (look's cell, node, 4 pairs + 1), or directly.

    `cell` (cell, cycle) is the row, −1 where it must be computed, −2 where nothing is seen.
    """
    pairs = kappa.shape[1]
    for i in prange(x.shape[0]):
        room, filled = workspace()
        held = np.empty(4 * pairs + 1)
        for c in range(x.shape[1]):
            row = cell[i, c]
            if row >= 0:
                held[:] = 0.0
                for j in range(weight.shape[1]):
                    for k in range(held.size):
                        held[k] += weight[c, j] * known[row, j, k]
                for pair in range(pairs):
                    for side in range(2):
                        k = 2 * (side * pairs + pair)
                        out[i, c, side, pair] = complex(held[k], held[k + 1])
                area[i, c] = held[4 * pairs]
            elif row == -1:
                area[i, c] = steer_one(
                    x[i, c], z[i, c], kappa[c], gate, width[c], radius, law, place[i, c], room, filled,
                    out[i, c],
                )  # fmt: skip


@compiled_parallel
def _converged(known: Array, last: Array, out: Array) -> None:
    """Tell which rows of `known` have series whose last two terms are small; areas by the largest."""
    for i in prange(known.shape[0]):
        out[i] = True
        for k in range(known.shape[2]):
            held, most = 0.0, 0.0
            for term in range(2):
                value = 0.0
                for j in range(known.shape[1]):
                    value += last[term, j] * known[i, j, k]
                    most = max(most, abs(known[i, j, k]))
                held += abs(value)
            out[i] = out[i] and held <= SMOOTH * (most if k == known.shape[2] - 1 else 1.0)


class Response(NamedTuple):
    """What steering factors depend on besides place, see `model_steering.steer_cells`."""

    kappa: Array
    width: Array
    step: float
    """Depth of a gate [m]."""
    first: float
    """Depth of the first gate [m]."""
    zero: float
    """Column of zero Doppler shift."""
    radius: float
    law: Array


def steer_tracked(gate: Array, column: Array, given: Response, chosen: Nodes) -> tuple[Array, Array]:
    """Return q (cell, cycle, side, pair) and the areas (cell, cycle) [m²] of tracked cells; 0 where unseen.

    Parameters
    ----------
    gate, column
        The look's cell that holds a cell in every cycle, (cell, cycle), gate −1 where there is none.
    chosen
        See `nodes`.

    Notes
    -----
    A look's cell keeps its gate and its Doppler shift, so that its q is a smooth function of time, which a
    tracked cell's is not. All that tracked cells pass through are computed at the nodes; where a series has
    not converged (long tails that turn, the end of a range ring) the cycles themselves are.
    """
    pairs, seen = given.kappa.shape[1], gate >= 0
    row, known = np.where(seen, -1, -2), np.zeros((0, 0, 4 * pairs + 1))
    if chosen.row.size and seen.any():
        row[seen], known = _known(gate[seen], column[seen], given, chosen)
    out, area = np.zeros((*gate.shape, 2, pairs), complex), np.zeros(gate.shape)
    x, z = (column - given.zero) * given.width, given.radius - given.first - gate * given.step
    _fill(
        row, known, chosen.weight, x, z, given.kappa, given.step, given.width, given.radius, given.law,
        gate.astype(float), out, area,
    )  # fmt: skip
    return out, area


def _known(gate: Array, column: Array, given: Response, chosen: Nodes) -> tuple[Array, Array]:
    """Return which row (−1: none that converged) each of the look's cells has, and the rows, see `_fill`."""
    lowest = gate.min()
    passed = np.zeros((int(gate.max() - lowest) + 1, int(column.max()) + 1), bool)
    passed[gate - lowest, column] = True
    gates, at = (part[:, None] for part in np.nonzero(passed))
    gates = gates + lowest
    width, pairs = given.width[chosen.row], given.kappa.shape[1]
    x = (at - given.zero) * width
    place = np.broadcast_to(gates, x.shape).astype(float)
    z = given.radius - given.first - place * given.step
    q, area = np.zeros((*x.shape, 2, pairs), complex), np.zeros(x.shape)
    steer_cells(
        x, z, given.kappa[chosen.row], given.step, width, given.radius, given.law, place, q, area
    )  # fmt: skip
    known = np.concatenate([q.view(float).reshape(*x.shape, 4 * pairs), area[..., None]], axis=-1)
    good = np.zeros(len(known), bool)
    _converged(known, chosen.last, good)
    row = np.zeros(passed.shape, np.int64)
    row[passed] = np.where(good, np.arange(len(good)), -1)
    return row[gate - lowest, column], known
