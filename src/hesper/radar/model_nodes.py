"""Where a cell is sampled: offsets, distances and shares of the nodes of its two responses."""

import math

import numpy as np

from hesper.compiled import compiled
from hesper.radar.model_phase import turn
from hesper.record import Array


def _gauss(moment: Array) -> tuple[Array, Array]:
    """Return the nodes and weights that an even weight's moments give (Golub & Welsch 1969)."""
    order = np.arange(len(moment) // 2 + 1)
    norm = np.diagonal(np.linalg.cholesky(moment[order[:, None] + order]))
    steps = norm[1:-1] / norm[:-2]
    nodes, vectors = np.linalg.eigh(np.diag(steps, 1) + np.diag(steps, -1))
    return nodes, moment[0] * vectors[0] ** 2


def _range_rule(count: int) -> tuple[Array, Array]:
    """Return the rule for the response in range, ∫ (1 − |u|)² f(u) du over ±1."""
    return _gauss(np.array([0 if k % 2 else 4 / ((k + 1) * (k + 2) * (k + 3)) for k in range(2 * count + 1)]))


def _doppler_rule(count: int, reach: float) -> tuple[Array, Array]:
    """Return the rule for the response in Doppler shift, ∫ sinc²(v) f(v) dv over ±reach."""
    at, weight = np.polynomial.legendre.leggauss(64)
    moment = [0 if k % 2 else np.sum(weight * np.sinc(reach * at) ** 2 * at**k) for k in range(2 * count + 1)]
    nodes, weights = _gauss(np.array(moment))
    return reach * nodes, reach * weights


CORE = 3.0
"""Doppler cells from the middle within which sinc² itself counts; beyond, its mean 1/2π²v²."""
CORE_NODES, CORE_WEIGHTS = _doppler_rule(4, CORE)
EDGE = 8.0
"""Doppler cells from the end of the range ring within which 1/y′ is too steep for that rule."""
EDGE_NODES, EDGE_WEIGHTS = np.polynomial.legendre.leggauss(28)
"""Gauss's nodes there, in the angle along the ring, whose step is dx/y′."""
TAIL_NODES, TAIL_WEIGHTS = np.polynomial.legendre.leggauss(12)
"""Gauss's nodes in the cotangent of half the angle from the cell, from the core to the end of the ring."""
RANGE_NODES, RANGE_WEIGHTS = _range_rule(4)
FAR_NODES, FAR_WEIGHTS = _range_rule(2)
"""In range, of the core and of the far tails, which are a thirtieth of the whole."""
STEEP_NODES, STEEP_WEIGHTS = np.polynomial.legendre.leggauss(4)
"""Gauss's nodes from south to north, on either side of the middle of a gate, where a gate moves the end of a
ring by more than a Doppler cell: there y′ itself is the variable, and 1/y′ is gone."""
STEEP_TAIL_NODES, STEEP_TAIL_WEIGHTS = np.polynomial.legendre.leggauss(8)
"""The same along the Doppler axis, from the core to the end of the widest ring."""
FRONT = 6.0
"""Doppler cells there within which sinc² itself counts: a whole number, where its mean lacks least."""
ROWS = max(2 * STEEP_NODES.size, RANGE_NODES.size + max(RANGE_NODES.size, 2 * FAR_NODES.size))
"""Lines that nodes lie on: rings of the core, then of either tail or half; or, at the front, lines."""
MOST = EDGE_NODES.size + 2 * STEEP_TAIL_NODES.size
"""Most nodes of a line."""


@compiled
def _level(law: Array, place: float) -> float:
    """Return the law at a fractional gate, by a parabola through the nearest three."""
    at = min(max(place, 0.0), law.size - 1.0)
    near = min(max(int(at + 0.5), 1), law.size - 2)
    t = at - near
    rise, bend = law[near + 1] - law[near - 1], law[near + 1] - 2.0 * law[near] + law[near - 1]
    return float(law[near] + 0.5 * t * (rise + t * bend))


@compiled
def _core(x: float, width: float, square: float, weight: float, row: int, away: Array, y: Array,
          part: Array) -> None:  # fmt: skip
    """Add the nodes of the core of a ring whose ends are far."""
    for j in range(CORE_NODES.size):
        shifted = CORE_NODES[j] * width
        along = x + shifted
        north = math.sqrt(square - along * along)
        away[row, j], y[row, j], part[row, j] = shifted, north, weight * CORE_WEIGHTS[j] / north


@compiled
def _edge(x: float, width: float, ring: float, west: float, east: float, weight: float, row: int, away: Array,
          y: Array, part: Array) -> None:  # fmt: skip
    """Add the nodes from `west` to `east` of a cell, or to the end of its ring where that is nearer."""
    first = math.asin(min(max((x - west * width) / ring, -1.0), 1.0))
    last = math.asin(min(max((x + east * width) / ring, -1.0), 1.0))
    middle, half = 0.5 * (first + last), 0.5 * (last - first)
    for j in range(EDGE_NODES.size):
        cosine, sine = turn(middle + half * EDGE_NODES[j])
        shifted = ring * sine - x
        angle = math.pi * shifted / width
        rise = turn(angle)[1]
        square = 1.0 - angle * angle / 3.0 if abs(angle) < 1e-3 else rise * rise / (angle * angle)
        away[row, j], y[row, j] = shifted, ring * cosine
        part[row, j] = weight * half * EDGE_WEIGHTS[j] * square / width


@compiled
def _tail(x: float, width: float, ring: float, sign: float, weight: float, row: int, away: Array, y: Array,
          part: Array) -> None:  # fmt: skip
    """Add the nodes from the core to the end of the ring, `sign` of x."""
    if sign * x <= -ring:  # the cell is off this ring: nothing is steep
        first = math.asin(max(sign * x + CORE * width, -ring) / ring)
        middle, half = sign * (0.25 * math.pi + 0.5 * first), 0.25 * math.pi - 0.5 * first
        weight *= half * width / (2.0 * math.pi * math.pi)
        for j in range(TAIL_NODES.size):
            cosine, sine = turn(middle + half * TAIL_NODES[j])
            shifted = ring * sine - x
            away[row, j], y[row, j] = shifted, ring * cosine
            part[row, j] = weight * TAIL_WEIGHTS[j] / (shifted * shifted)
        return
    # With t = cot(Δ/2) of the angle Δ from the cell, ∫ dΔ/v² has no steep integrand any more; nodes even
    # in √|t| follow the turning phase of the far end as well. (cos a + cos b)/(sin a − sin b) is that cot.
    north = math.sqrt(ring * ring - x * x)
    inner = x + sign * CORE * width
    near = math.sqrt((north + math.sqrt(ring * ring - inner * inner)) / (CORE * width))
    end = math.sqrt(north / (ring - sign * x))
    middle, half = 0.5 * (near + end), 0.5 * (near - end)
    weight *= 2.0 / (math.pi * math.pi) * half * width
    for j in range(TAIL_NODES.size):
        root = middle + half * TAIL_NODES[j]
        t = sign * root * root
        turned = 2.0 / (1.0 + t * t)
        shifted = turned * (north * t - x)
        away[row, j] = shifted
        y[row, j] = north * (1.0 - turned) - x * turned * t
        part[row, j] = weight * 0.5 * TAIL_WEIGHTS[j] * root * turned / (shifted * shifted)


@compiled
def _ring(z: float, depth: float, radius: float) -> float:
    """Return the radius [m] of the range ring at a depth behind a cell, 0 where there is none."""
    above = z - depth
    return math.sqrt(max(radius * radius - above * above, 0.0))


@compiled
def _line(x: float, z: float, gate: float, width: float, radius: float, law: Array, place: float,
          shifted: float, weight: float, j: int, away: Array, y: Array, part: Array) -> float:  # fmt: skip
    """Add the nodes of the front at one Doppler shift, from ring to ring; return their area."""
    along, area = x + shifted, 0.0
    lower = math.sqrt(max(_ring(z, -gate, radius) ** 2 - along * along, 0.0))
    for half in range(2):
        upper = math.sqrt(max(_ring(z, half * gate, radius) ** 2 - along * along, 0.0))
        middle, reach = 0.5 * (lower + upper), 0.5 * (upper - lower)
        for k in range(STEEP_NODES.size):
            row = half * STEEP_NODES.size + k
            north = middle + reach * STEEP_NODES[k]
            above = math.sqrt(radius * radius - along * along - north * north)
            u = (z - above) / gate
            inside = max(1.0 - abs(u), 0.0)
            share = weight * STEEP_WEIGHTS[k] * reach * inside * inside / (above * gate)  # du/y′ = dy′/(z′ δ)
            away[row, j], y[row, j] = shifted, north
            part[row, j] = share * _level(law, place + u)
            area += share
        lower = upper
    return area


@compiled
def _front(x: float, z: float, gate: float, width: float, radius: float, law: Array, place: float,
           filled: Array, away: Array, y: Array, part: Array) -> float:  # fmt: skip
    """Fill the nodes of a cell where rings are further apart than Doppler cells; return the area."""
    outer = _ring(z, gate, radius)
    end, begin = (outer - x) / width, (-outer - x) / width
    east, west = min(end, FRONT), max(begin, -FRONT)
    middle, half = 0.5 * (east + west), 0.5 * (east - west)
    area, used = 0.0, 0
    for j in range(EDGE_NODES.size if half > 0.0 else 0):
        v = middle + half * EDGE_NODES[j]
        angle = math.pi * v
        rise = turn(angle)[1]
        square = 1.0 - angle * angle / 3.0 if abs(angle) < 1e-3 else rise * rise / (angle * angle)
        weight = half * EDGE_WEIGHTS[j] * square
        area += _line(x, z, gate, width, radius, law, place, v * width, weight, used, away, y, part)
        used += 1
    for side in range(2):
        sign = 1.0 - 2.0 * side
        last = -begin if side else end
        if last <= FRONT:
            continue
        # Even in √(1/v), as in `_tail`.
        near, far = math.sqrt(1.0 / max(FRONT, -(end if side else -begin))), math.sqrt(1.0 / last)
        for j in range(STEEP_TAIL_NODES.size):
            root = 0.5 * (near + far) + 0.5 * (near - far) * STEEP_TAIL_NODES[j]
            weight = 0.5 * (near - far) * STEEP_TAIL_WEIGHTS[j] * root / (math.pi * math.pi)
            shifted = sign * width / (root * root)
            area += _line(x, z, gate, width, radius, law, place, shifted, weight, used, away, y, part)
            used += 1
    filled[: 2 * STEEP_NODES.size] = used
    return area


@compiled
def spread(x: float, z: float, gate: float, width: float, radius: float, law: Array, place: float,
            filled: Array, away: Array, y: Array, part: Array) -> float:  # fmt: skip
    """Fill the nodes of a cell, (ROWS, most): offset along the Doppler axis, y [m], share."""
    filled[:] = 0
    if radius * gate > _ring(z, 0.0, radius) * width and _ring(z, -gate, radius) - abs(x) <= EDGE * width:
        return _front(x, z, gate, width, radius, law, place, filled, away, y, part)
    area = 0.0
    # The smallest of the rings says what is near the end: all nodes of a cell are of one kind.
    least = _ring(z, RANGE_NODES[0] * gate, radius)
    to_east, to_west = least - x <= EDGE * width, least + x <= EDGE * width
    west, east = np.inf if to_west else CORE, np.inf if to_east else CORE
    whole = to_east and to_west  # all of a short ring: its halves, and no tails
    for row in range(RANGE_NODES.size):
        u, weight = RANGE_NODES[row], RANGE_WEIGHTS[row]
        ring, level = _ring(z, u * gate, radius), _level(law, place + u)
        if not (to_east or to_west):
            _core(x, width, ring * ring, weight, row, away, y, part)
            filled[row] = CORE_NODES.size
        elif ring > 0.0:
            _edge(x, width, ring, west, 0.0 if whole else east, weight, row, away, y, part)
            filled[row] = EDGE_NODES.size
        area += _weigh(level, row, filled[row], part)
        if whole and ring > 0.0:
            other = RANGE_NODES.size + row
            _edge(x, width, ring, 0.0, east, weight, other, away, y, part)
            filled[other] = EDGE_NODES.size
            area += _weigh(level, other, filled[other], part)
    for i in range(0 if whole else FAR_NODES.size):
        ring, level = _ring(z, FAR_NODES[i] * gate, radius), _level(law, place + FAR_NODES[i])
        for side in range(2):
            row = RANGE_NODES.size + 2 * i + side
            sign = 1.0 - 2.0 * side
            seen = ring - sign * x > CORE * width and not (to_west if side else to_east)
            if seen:
                filled[row] = TAIL_NODES.size
                _tail(x, width, ring, sign, FAR_WEIGHTS[i], row, away, y, part)
            area += _weigh(level, row, filled[row], part)
    return area


@compiled
def _weigh(level: float, row: int, count: int, part: Array) -> float:
    """Multiply shares by the law; return their sum without it."""
    total = 0.0
    for j in range(count):
        total += part[row, j]
    for j in range(count):
        part[row, j] *= level
    return total
