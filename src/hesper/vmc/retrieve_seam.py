"""Where contrasts err by more than usual: seams across which the clouds drifted, and noisy images."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from hesper.record import Array

_LEAST = 3.0
"""Deviations from which on a place is looked at: those below are never a peak."""


class Noise(NamedTuple):
    """Covariance of an orbit's clouds and noise with distance: Gaussians of many widths, and white noise."""

    width: Array
    """Standard deviations of the Gaussians [m]."""
    variance: Array
    """Of each."""
    white: float


def excess(
    score: Array, ratio: Array, time: Array, lat: Array, weights: Mapping[int, Array], noise: Noise, *,
    cell: float, speed: float,
) -> Array:  # fmt: skip
    """Return by how much contrasts err more than where all was seen at once, with usual noise (orbit, y, x).

    Parameters
    ----------
    score
        Deviations (orbit, y, x); 1 is returned where they are below 3.
    ratio, time
        Logarithms of mosaics over their models, NaN where there is none, and when they were seen [s],
        (orbit, y, x).
    lat
        Of the rows [rad].
    weights
        Of the cells round a place (row, column), for each row.
    noise
        Covariance of the clouds at one moment.
    cell, speed
        Size of a cell [m] and drift of the clouds [m s-1].

    Notes
    -----
    A cell seen later by t shows the clouds that were u t cos φ further east: weights w have the variance
    Σ w_i w_j C(|x_i − x_j + u (t_i − t_j) cos φ|) instead of the same without u. White noise is what the
    cells there have in mixed second differences, which smooth clouds and a disc have little of. What is
    larger counts.
    """
    out = np.ones(score.shape)
    high, wide = (max(w.shape[k] for w in weights.values()) // 2 for k in (0, 1))
    around = np.pad(ratio, ((0, 0), (high, high), (wide, wide)), constant_values=np.nan)
    seen = np.pad(time, ((0, 0), (high, high), (wide, wide)))
    for k, row, column in np.argwhere(np.abs(np.nan_to_num(score)) >= _LEAST):
        weight = weights[int(row)]
        up, left = weight.shape[0] // 2, weight.shape[1] // 2
        part = (
            k,
            slice(row + high - up, row + high + up + 1),
            slice(column + wide - left, column + wide + left + 1),
        )
        i, j = np.nonzero((weight != 0) & np.isfinite(around[part]))
        shrink = np.cos(lat[row])
        x, y = (j - left) * cell * shrink, (i - up) * cell
        drift = speed * shrink * seen[part][i, j]
        own = weight[i, j]
        noisy = noise._replace(white=max(noise.white, _white(around[part])))
        still, moved = _variance(own, x, y, noise), _variance(own, x + drift, y, noisy)
        out[k, row, column] = np.sqrt(max(moved / still, 1.0))
    return out


def _white(values: Array) -> float:
    """Return the variance of white noise in cells (row, column) from their mixed second differences."""
    along = values[:, 2:] - 2 * values[:, 1:-1] + values[:, :-2]
    mixed = along[2:] - 2 * along[1:-1] + along[:-2]
    known = mixed[np.isfinite(mixed)]
    return float(np.mean(known**2) / 36) if known.size else 0.0


def _variance(weight: Array, x: Array, y: Array, noise: Noise) -> float:
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    near = np.linspace(0.0, float(apart.max()), 400)
    covariance = np.exp(-0.5 * (near[:, None] / noise.width) ** 2) @ noise.variance
    whole = weight @ np.interp(apart, near, covariance) @ weight
    return float(whole + noise.white * np.sum(weight**2))
