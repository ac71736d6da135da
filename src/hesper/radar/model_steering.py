"""How the extent of a cell weakens and turns the phase between two receivers."""

import math

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.record import Array

CORE = 3.0
"""Doppler cells from the middle within which sinc² is summed; beyond, its mean 1/2π²v² is integrated."""
CORE_NODES = (np.arange(4 * CORE) - 2 * CORE + 0.5) / 2
CORE_WEIGHTS = np.sinc(CORE_NODES) ** 2 / 2
"""Half a cell is step enough: the transform of sinc² ends at one cycle a cell, so that sums are integrals."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)
RANGE_NODES = np.concatenate([(_NODES - 1) / 2, (_NODES + 1) / 2])
RANGE_WEIGHTS = np.concatenate([_WEIGHTS, _WEIGHTS]) / 2
"""Gauss's nodes in either half of ±1 gate: the response has its kink between them."""
TAIL_NODES, TAIL_WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2
"""Gauss's nodes in 1/v, from the core to the end of the range ring, on either side."""


@compiled
def _node(
    x: float, z: float, kx: float, ky: float, side: float, shift: float, offset: float, width: float,
    radius: float,
) -> tuple[float, float]:  # fmt: skip
    """Return y [m] of a place displaced in depth [m] and Doppler cells, and its phase; y < 0: none."""
    across = x + offset * width
    above = z - shift
    square = radius * radius - across * across - above * above
    if square <= 0.0:
        return -1.0, 0.0
    y = math.sqrt(square)
    return y, kx * across + side * ky * y


@compiled
def _offset(j: int, east: float, west: float) -> tuple[float, float]:
    """Return a node's offset in Doppler cells and its weight; the ring ends `east` and `west` of the cell."""
    if j < CORE_NODES.size:
        return CORE_NODES[j], CORE_WEIGHTS[j]
    j -= CORE_NODES.size
    sign = 1.0 if j < TAIL_NODES.size else -1.0
    end = east if sign > 0.0 else west
    if end <= CORE:
        return 0.0, 0.0
    span = 1.0 / CORE - 1.0 / end
    # With t = 1/v, ∫ dv/2π²v² = ∫ dt/2π².
    t = 1.0 / end + span * TAIL_NODES[j % TAIL_NODES.size]
    return sign / t, span * TAIL_WEIGHTS[j % TAIL_NODES.size] / (2.0 * math.pi * math.pi)


@compiled
def steer(
    x: float, z: float, kx: float, ky: float, side: float, gate: float, width: float, radius: float,
    law: Array, place: float,
) -> tuple[float, float, float]:  # fmt: skip
    """Return the cell-integrated steering factor q (real, imaginary) and the patch's area [m²].

    Parameters
    ----------
    x, z
        Centre of the cell: along the Doppler axis and toward the radar [m].
    kx, ky
        Fringe vector of the pair [rad m-1].
    side
        +1 north, −1 south.
    gate, width
        Depth of a gate and width of a Doppler cell [m].
    radius
        Of the sphere [m].
    law, place
        Mean reflectivity at every gate, (gate,), and the cell's own gate, which may be fractional.

    Notes
    -----
    q = ⟨exp i[κ·(r′ − r)]⟩ weighted by (1 − |u|)² sinc²(v) σ0(θ′)/y′ over u = ±1 gate and all Doppler
    offsets v up to the ends of the range ring, where y′ = 0.
    """
    y0, phase = _node(x, z, kx, ky, side, 0.0, 0.0, width, radius)
    real, imaginary, weight, area = 0.0, 0.0, 0.0, 0.0
    if y0 < 0.0:
        phase = kx * x
    for i in range(RANGE_NODES.size):
        u = RANGE_NODES[i]
        at = min(max(place + u, 0.0), law.size - 1.0)
        low = min(int(at), law.size - 2)
        level = law[low] + (at - low) * (law[low + 1] - law[low])
        taper = (1.0 - abs(u)) ** 2 * RANGE_WEIGHTS[i]
        above = z - u * gate
        ring = math.sqrt(max(radius * radius - above * above, 0.0))
        for j in range(CORE_NODES.size + 2 * TAIL_NODES.size):
            v, share = _offset(j, (ring - x) / width, (ring + x) / width)
            y, turned = _node(x, z, kx, ky, side, u * gate, v, width, radius)
            if y <= 0.0 or share <= 0.0:
                continue
            part = taper * share / y
            area += part
            part *= level
            weight += part
            real += part * math.cos(turned - phase)
            imaginary += part * math.sin(turned - phase)
    if weight == 0.0:
        return 0.0, 0.0, 0.0
    return real / weight, imaginary / weight, area * radius * gate * width


@compiled_parallel
def steer_cells(
    x: Array, z: Array, kappa: Array, gate: float, width: Array, radius: float, law: Array, place: Array,
    out: Array, area: Array,
) -> None:  # fmt: skip
    """Fill q, (cell, cycle, side, pair) complex, and area, (cell, cycle) [m²]; see `steer`.

    Parameters
    ----------
    x, z
        (cell, cycle) [m].
    kappa
        (cycle, pair, 2) [rad m-1].
    width
        Of a Doppler cell, (cycle,) [m].
    place
        Gate of every cell, (cell, cycle).
    """
    for i in prange(x.shape[0]):
        for c in range(x.shape[1]):
            for side in range(2):
                for pair in range(kappa.shape[1]):
                    real, imaginary, whole = steer(
                        x[i, c], z[i, c], kappa[c, pair, 0], kappa[c, pair, 1], 1.0 - 2.0 * side, gate,
                        width[c], radius, law, place[i, c],
                    )  # fmt: skip
                    out[i, c, side, pair] = complex(real, imaginary)
                    area[i, c] = whole
