"""The normal equations of an orbit's gradient: robust solution, gains as a nuisance, honest covariance."""

import math
from typing import NamedTuple

import numpy as np

from hesper.compiled import compiled
from hesper.errors import InputError
from hesper.record import Array
from hesper.vmc.calibrate_overlap import Overlaps

_ROUNDS = 40
SETTLED = 1e-7
_PARTS = 8


class Solution(NamedTuple):
    """A gradient, and what its normal equations are made of."""

    gradient: Array
    """a and b (2,)."""
    gains: Array
    """ln of a gain for each image (image,); 0 where none is fitted."""
    weight: Array
    """Huber's weight of each sample (sample,)."""
    blocks: Array
    """Σ w (J, 1)ᵀ (J, 1, r) of each pair (pair, 3, 4)."""
    prior: Array
    """What is added to the diagonal of the normal matrix (2,) or (2 + image,)."""
    step: float
    """Last change of what is unknown."""


def solve(shared: Overlaps, huber: float, gain_std: float = 0.0) -> Solution:
    """Find the gradient of the exact model, and with it a gain for each image where one is allowed.

    Parameters
    ----------
    shared
        Overlaps.
    huber
        Residual in standard deviations beyond which it counts linearly.
    gain_std
        Deviation of ln of a gain; 0: there are none.

    Raises
    ------
    InputError
        If there is no overlap.

    Notes
    -----
    Gauss–Newton with Huber's weights, each step mended by what the two before it changed (Anderson 1965):
    six rounds instead of twelve to the same place. The scale follows the residuals. Where samples err
    together, as under clouds, they say less of a gain than their number: its prior is raised by as many.
    """
    if not shared.ratio.size:
        raise InputError("gradient: no overlap; at least one pair of images is needed")
    lever, free = _lever(shared, gain_std)
    value, prior, residual = np.zeros(free), np.zeros(free), np.empty(shared.ratio.size)
    values: list[Array] = []
    steps: list[Array] = []
    for _ in range(_ROUNDS):
        residuals(shared.ratio, shared.place, shared.start, value[:2], lever[:, 2] @ value, residual)
        scale = 1.4826 * float(np.median(np.abs(residual - np.median(residual))))
        limit = huber * max(scale, 1e-12)
        if gain_std > 0:
            prior[2:] = _together(shared, np.clip(residual, -limit, limit)) * (scale / gain_std) ** 2
        blocks = np.zeros((shared.first.size, 3, 4))
        _blocks(shared.place, shared.start, value[:2], residual, limit, blocks)
        normal, score = _equations(lever, blocks)
        right = score.sum(axis=0) - prior * value
        step = np.linalg.lstsq(normal.sum(axis=0) + np.diag(prior), right, rcond=1e-12)[0]
        values, steps = [*values[-2:], value], [*steps[-2:], step]
        value = _mended(values, steps)
        value[:2] = np.clip(value[:2], -0.45, 0.45)
        if np.abs(step).max() < SETTLED:
            break
    gains = value[2:] if free > 2 else np.zeros(shared.images)
    weight = np.minimum(1.0, limit / np.maximum(np.abs(residual), 1e-300))
    return Solution(value[:2], gains, weight, blocks, prior, float(np.abs(step).max()))


def _mended(values: list[Array], steps: list[Array]) -> Array:
    """Return where a series of values goes whose steps are given; the plain step where they do not shrink."""
    value, step = values[-1], steps[-1]
    if len(steps) < 2 or np.abs(step).max() > np.abs(steps[-2]).max():
        return np.asarray(value + step)
    change, moved = np.diff(steps, axis=0).T, np.diff(values, axis=0).T
    part = np.linalg.lstsq(change, step, rcond=1e-3)[0]
    return np.asarray(value + step - (moved + change) @ part)


def _together(shared: Overlaps, residual: Array) -> float:
    """Return how many samples of a pair err together, by the scatter of the means of eight parts of each."""
    size = np.diff(shared.start) // _PARTS
    begin = (shared.start[:-1, None] + size[:, None] * np.arange(_PARTS + 1)).astype(int)
    total = np.concatenate([[0.0], np.cumsum(residual)])
    square = np.concatenate([[0.0], np.cumsum(residual**2)])
    mean = np.diff(total[begin], axis=1) / size[:, None]
    whole = size * _PARTS
    variance = np.diff(square[begin[:, [0, -1]]], axis=1)[:, 0] / whole - mean.mean(axis=1) ** 2
    ratio = size * mean.var(axis=1, ddof=1) / np.maximum(variance, 1e-300)
    return max(float(np.median(ratio)), 1.0)


def _lever(shared: Overlaps, gain_std: float) -> tuple[Array, int]:
    """Return (pair, 3, unknown): how a, b and the logarithm of a pair's ratio go with what is unknown."""
    pairs = np.arange(shared.first.size)
    free = 2 + shared.images if gain_std > 0 else 2
    lever = np.zeros((pairs.size, 3, free))
    lever[:, 0, 0] = lever[:, 1, 1] = 1.0
    if gain_std > 0:
        lever[pairs, 2, 2 + shared.first] = 1.0
        lever[pairs, 2, 2 + shared.second] = -1.0
    return lever, free


def _equations(lever: Array, blocks: Array) -> tuple[Array, Array]:
    """Return normal matrix (pair, unknown, unknown) and right side (pair, unknown) of each pair."""
    turned = lever.transpose(0, 2, 1)
    return turned @ blocks[:, :, :3] @ lever, (turned @ blocks[:, :, 3:])[:, :, 0]


@compiled
def residuals(
    ratio: Array, place: Array, start: Array, gradient: Array, offset: Array, residual: Array
) -> None:
    """Fill residuals (sample,) of the exact model; an offset for each pair."""
    a, b = gradient[0], gradient[1]
    for p in range(start.size - 1):
        for i in range(start[p], start[p + 1]):
            first = 1 + a * place[i, 0] + b * place[i, 1]
            second = 1 + a * place[i, 2] + b * place[i, 3]
            residual[i] = ratio[i] - math.log(first / second) - offset[p]


@compiled
def _blocks(place: Array, start: Array, gradient: Array, residual: Array, limit: float, out: Array) -> None:
    """Add Σ w (J, 1)ᵀ (J, 1, r) of each pair to out (pair, 3, 4), w being Huber's weights."""
    a, b = gradient[0], gradient[1]
    for p in range(start.size - 1):
        for i in range(start[p], start[p + 1]):
            first = 1 / (1 + a * place[i, 0] + b * place[i, 1])
            second = 1 / (1 + a * place[i, 2] + b * place[i, 3])
            u = place[i, 0] * first - place[i, 2] * second
            v = place[i, 1] * first - place[i, 3] * second
            size = abs(residual[i])
            w = 1.0 if size <= limit else limit / size
            out[p, 0, 3] += w * u * residual[i]
            out[p, 1, 3] += w * v * residual[i]
            out[p, 2, 3] += w * residual[i]
            out[p, 0, 0] += w * u * u
            out[p, 0, 1] += w * u * v
            out[p, 1, 1] += w * v * v
            out[p, 0, 2] += w * u
            out[p, 1, 2] += w * v
            out[p, 2, 2] += w
        out[p, 1, 0] = out[p, 0, 1]
        out[p, 2, 0] = out[p, 0, 2]
        out[p, 2, 1] = out[p, 1, 2]


def covariance(shared: Overlaps, found: Solution, drift: float) -> Array:
    """Return the covariance of the gradient (2, 2): of drift and of each pair's clouds, or by jackknife."""
    every, _ = _lever(shared, 1.0)
    lever = every[:, :, : found.prior.size]
    normal, score = _equations(lever, found.blocks)
    whole = normal.sum(axis=0) + np.diag(found.prior)
    inverse = np.linalg.pinv(whole)[:2]
    # How the right side goes with a gain of each image that is not fitted, or is fitted with its prior.
    moved = (lever.transpose(0, 2, 1) @ found.blocks[:, :, :3] @ every[:, :, 2:]).sum(axis=0)
    drifted, paired = inverse @ moved, score @ inverse.T
    choices = [drift**2 * drifted @ drifted.T + paired.T @ paired]
    if shared.images > 3:
        # Where all is solved, what the other pairs pull is the reverse of what these do.
        change = np.full((shared.images, 2), 0.1)
        for k in range(shared.images):
            mine = (shared.first == k) | (shared.second == k)
            if not mine.all():
                rest = np.linalg.pinv(whole - normal[mine].sum(axis=0))
                change[k] = -(rest @ score[mine].sum(axis=0))[:2]
        change -= change.mean(axis=0)
        choices.append((shared.images - 1) / shared.images * change.T @ change)
    return np.asarray(max(choices, key=np.trace))
