"""Matched filters for a disc on the ground among clouds, and the variance of what they estimate."""

import math
from typing import NamedTuple

import numpy as np

from hesper.compiled import compiled
from hesper.record import Array
from hesper.units import deg
from hesper.vmc.retrieve_clouds import Noise, Seen

_REACHES = (2.5, 1.5)
"""Blurs beyond the disc to which a filter sees: the widest of which all cells were seen is taken."""
_BAND = 4.0 * deg
_LEAST_WHITE = 1e-2
_SIGMA = 1 / math.sqrt(8 * math.log(2))


class Filters(NamedTuple):
    """Weights of the cells round a place, one filter after the other."""

    start: Array
    """First cell of each filter, and the number of cells (filter + 1,)."""
    down: Array
    """Rows of a cell below the place (cell,)."""
    right: Array
    """Columns east of it (cell,)."""
    weight: Array
    std: Array
    """Of what a filter estimates where all was seen at once (filter,)."""
    of_row: Array
    """Filters of a row, the widest first (y, reach)."""


class Filtered(NamedTuple):
    """Contrast of the disc round each place (orbit, y, x), NaN where no filter has all its cells."""

    value: Array
    used: Array
    """Which filter; -1 where there is none."""


def filters(lat: Array, cell: float, noise: Noise, *, size: float, blur: float) -> Filters:
    """Return the filters for rows of cells.

    Parameters
    ----------
    lat, cell
        Of the rows (y,) [rad], and size of a cell [m].
    noise
        Covariance of the clouds.
    size, blur
        Diameter of the disc and full width at half maximum of the clouds' spread function [m].

    Notes
    -----
    Generalised least squares of the blurred disc s, a level and two slopes: weights P s/sᵀP s, P being C⁻¹
    less its part along level and slopes. Clouds are strong where they are wide and weak at the size of the
    disc, and C⁻¹ weighs them so. With reach, the variance falls to that of an unlimited window.
    """
    bands = np.unique(np.floor(lat / _BAND), return_inverse=True)[1]
    parts: list[tuple[Array, Array, Array]] = []
    std, of_row = [], np.zeros((lat.size, len(_REACHES)), int)
    for band in range(int(bands.max()) + 1):
        rows = np.nonzero(bands == band)[0]
        for k, beyond in enumerate(_REACHES):
            down, right, weight, one = _filter(
                float(lat[rows].mean()), cell, noise, size, blur, size / 2 + beyond * blur
            )
            of_row[rows, k] = len(parts)
            parts.append((down, right, weight))
            std.append(one)
    start = np.concatenate([[0], np.cumsum([part[2].size for part in parts])])
    down, right, weight = (np.concatenate([part[k] for part in parts]) for k in range(3))
    return Filters(start, down, right, weight, np.array(std), of_row)


def _filter(
    lat: float, cell: float, noise: Noise, size: float, blur: float, reach: float
) -> tuple[Array, Array, Array, float]:
    from scipy import linalg
    from scipy.special import chndtr

    high, wide = int(reach / cell), int(reach / (cell * np.cos(lat)))
    down, right = np.mgrid[-high : high + 1, -wide : wide + 1]
    inside = np.hypot(right * np.cos(lat), down) * cell <= reach
    down, right = down[inside], right[inside]
    x, y = right * cell * np.cos(lat), down * cell
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    clouds = np.exp(-0.5 * (apart[..., None] / noise.width) ** 2) @ noise.variance
    # Less white noise than this would sharpen what the measured covariance does not know.
    white = max(noise.white, _LEAST_WHITE * float(noise.variance.sum()))
    nulls = np.stack([np.ones(x.size), x / reach, y / reach], axis=1)
    # A Gaussian about a point has this part of itself within the disc; a cell blurs by its own width.
    variance = (_SIGMA * blur) ** 2 + cell**2 / 12
    disc = chndtr((size / 2) ** 2 / variance, 2, (x**2 + y**2) / variance)
    part = linalg.solve(
        clouds + white * np.eye(x.size), np.column_stack([disc, nulls]), assume_a="pos", check_finite=False
    )
    weight = part[:, 0] - part[:, 1:] @ np.linalg.solve(nulls.T @ part[:, 1:], nulls.T @ part[:, 0])
    power = float(disc @ weight)
    return down, right, weight / power, power**-0.5


def applied(ratio: Array, given: Filters) -> Filtered:
    """Filter mosaics (orbit, y, x)."""
    value, used = np.full(ratio.shape, np.nan), np.full(ratio.shape, -1)
    _apply(ratio, given.start, given.down, given.right, given.weight, given.of_row, value, used)
    return Filtered(value, used)


@compiled
def _apply(
    ratio: Array, start: Array, down: Array, right: Array, weight: Array, of_row: Array, value: Array,
    used: Array,
) -> None:  # fmt: skip
    orbits, rows, columns = ratio.shape
    for k in range(orbits):
        for r in range(rows):
            for c in range(columns):
                if not np.isfinite(ratio[k, r, c]):
                    continue
                for f in of_row[r]:
                    total = 0.0
                    for m in range(start[f], start[f + 1]):
                        i, j = r + down[m], c + right[m]
                        if i < 0 or i >= rows or j < 0 or j >= columns:
                            total = np.nan
                            break
                        total += weight[m] * ratio[k, i, j]
                        if not np.isfinite(total):
                            break
                    if np.isfinite(total):
                        value[k, r, c] = total
                        used[k, r, c] = f
                        break


def variances(place: Array, found: Filtered, given: Filters, seen: Seen, noise: Noise, speed: float) -> Array:
    """Return the variances of contrasts as their cells were seen (place,).

    Parameters
    ----------
    place
        Orbit, row and column of each place (place, 3).
    found, given
        Contrasts and their filters.
    seen
        Mosaics.
    noise
        Covariance of clouds at one moment, and the usual noise.
    speed
        Of the clouds over the ground [m s-1].

    Notes
    -----
    Σ w w′ C(x, y), C blurred and moved apart by the clouds' drift as in `retrieve_clouds.measured`. White
    noise is what the cells there have in mixed second differences, which smooth clouds and a disc have
    little of, or the usual where that is more.
    """
    out = np.empty(len(place))
    _vary(
        place, found.used, given.start, given.down, given.right, given.weight, seen.ratio, seen.time,
        seen.wander, np.cos(seen.lat), seen.cell, noise.width**2, noise.variance, noise.white, speed, out,
    )  # fmt: skip
    return out


@compiled
def _vary(
    place: Array, used: Array, start: Array, down: Array, right: Array, weight: Array, ratio: Array,
    time: Array, wander: Array, shrink: Array, cell: float, square: Array, variance: Array, white: float,
    speed: float, out: Array,
) -> None:  # fmt: skip
    reach = 2 * down.max() + 1
    high = np.empty((reach, square.size))
    for y in range(reach):
        for g in range(square.size):
            high[y, g] = variance[g] * math.exp(-0.5 * (y * cell) ** 2 / square[g])
    for p in range(place.shape[0]):
        k, r, c = place[p]
        first, last = start[used[k, r, c]], start[used[k, r, c] + 1]
        drift = speed * shrink[r]
        clouds, power = 0.0, 0.0
        for m in range(first, last):
            i, j = r + down[m], c + right[m]
            power += weight[m] ** 2
            for n in range(first, m + 1):
                u, v = r + down[n], c + right[n]
                x = (right[m] - right[n]) * cell * shrink[r] + drift * (time[k, i, j] - time[k, u, v])
                y = down[m] - down[n]
                blurred = drift**2 * (wander[k, i, j] + wander[k, u, v])
                total = 0.0
                for g in range(square.size):
                    narrow = square[g] / (square[g] + blurred)
                    total += high[y, g] * math.sqrt(narrow) * math.exp(-0.5 * x * x / square[g] * narrow)
                clouds += (1.0 if m == n else 2.0) * weight[m] * weight[n] * total
        out[p] = clouds + power * max(white, _white(ratio[k], r, c, down[first:last], right[first:last]))


@compiled
def _white(ratio: Array, row: int, column: int, down: Array, right: Array) -> float:
    """Return the variance of white noise from mixed second differences of the cells round a place."""
    total, count = 0.0, 0
    for m in range(down.size):
        i, j = row + down[m], column + right[m]
        if i < 1 or j < 1 or i >= ratio.shape[0] - 1 or j >= ratio.shape[1] - 1:
            continue
        mixed = 4 * ratio[i, j]
        for a, b in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            mixed -= 2 * ratio[i + a, j + b]
        for a, b in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
            mixed += ratio[i + a, j + b]
        if np.isfinite(mixed):
            total += mixed**2
            count += 1
    return total / (36 * count) if count else 0.0
