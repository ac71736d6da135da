"""How the extent of a cell weakens and turns the phase between two receivers."""

import math

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.record import Array

RANGE_NODES = 9
DOPPLER_NODES = 12
DOPPLER_REACH = 2.0
"""Nodes over ±1 gate and ± this many Doppler cells by which a cell is integrated."""


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
    offsets v. Beyond two Doppler cells the weight is taken as that of the centre: there the integral is
    the triangle 1 − |b|/2π of the phase b per Doppler cell, by which the sum is corrected.
    """
    y0, phase = _node(x, z, kx, ky, side, 0.0, 0.0, width, radius)
    real, imaginary, weight, area = 0.0, 0.0, 0.0, 0.0
    if y0 < 0.0:
        phase = kx * x
    for i in range(RANGE_NODES):
        u = -1.0 + 2.0 * (i + 0.5) / RANGE_NODES
        at = min(max(place + u, 0.0), law.size - 1.0)
        low = min(int(at), law.size - 2)
        level = law[low] + (at - low) * (law[low + 1] - law[low])
        taper = (1.0 - abs(u)) ** 2
        for j in range(DOPPLER_NODES):
            v = DOPPLER_REACH * (-1.0 + 2.0 * (j + 0.5) / DOPPLER_NODES)
            y, turned = _node(x, z, kx, ky, side, u * gate, v, width, radius)
            if y <= 0.0:
                continue
            sinc = math.sin(math.pi * v) / (math.pi * v)
            part = taper * sinc * sinc / y
            area += part
            part *= level
            weight += part
            real += part * math.cos(turned - phase)
            imaginary += part * math.sin(turned - phase)
    if weight == 0.0:
        return 0.0, 0.0, 0.0
    slope = kx - side * ky * x / max(y0, gate) if y0 > 0.0 else kx
    b = abs(slope * width)
    numeric, total = 0.0, 0.0
    for j in range(DOPPLER_NODES):
        v = DOPPLER_REACH * (-1.0 + 2.0 * (j + 0.5) / DOPPLER_NODES)
        sinc = math.sin(math.pi * v) / (math.pi * v)
        numeric += sinc * sinc * math.cos(b * v)
        total += sinc * sinc
    share = (1.0 - b / (2.0 * math.pi)) * total / numeric if b < 1.0 else 1.0
    step = 2.0 / RANGE_NODES * 2.0 * DOPPLER_REACH / DOPPLER_NODES
    # sinc² integrates to 1 over all offsets, and to less within the nodes' reach.
    whole = step * area * radius * gate * width * DOPPLER_NODES / (2.0 * DOPPLER_REACH * total)
    return share * real / weight, share * imaginary / weight, whole


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
