"""Kernels for errors that all points of a frame share, such as that of the slit's place."""

from typing import NamedTuple

import numpy as np

from hesper.record import Array


class Shared(NamedTuple):
    """Errors A s of points, s of unit variance and one for each frame, beside noise of unit variance."""

    groups: list[Array]
    """Indices of the points of each frame."""
    bases: list[Array]
    """Q of A = Q S Pᵀ."""
    strengths: list[Array]
    """Diagonal of S."""
    turns: list[Array]
    """Pᵀ."""


def shared(frame: Array, errors: Array) -> Shared:
    """Return what `white` and `likeliest` need.

    Parameters
    ----------
    frame
        Of each point (point,).
    errors
        A: change of a point's datum, in units of its noise, by each error of its frame (point, error).
    """
    order = np.argsort(frame, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(frame[order])) + 1)
    parts = [np.linalg.svd(errors[group], full_matrices=False) for group in groups]
    return Shared(groups, [q for q, _, _ in parts], [s for _, s, _ in parts], [p for _, _, p in parts])


def white(known: Shared, values: Array) -> Array:
    """Return (I + A Aᵀ)^(−1/2) values (point, …): least squares on them treats shared errors as noise."""
    out = np.array(values, float)
    for group, q, s, _ in zip(*known, strict=True):
        shrink = 1 - 1 / np.sqrt(1 + s**2)
        out[group] -= q @ (shrink * (q.T @ out[group]).T).T
    return out


def likeliest(known: Shared, residual: Array, count: int) -> Array:
    """Return the likeliest errors s (point, count) of each point's frame, (I + AᵀA)⁻¹Aᵀ residual."""
    out = np.zeros((residual.size, count))
    for group, q, s, turn in zip(*known, strict=True):
        out[group] = turn.T @ (s / (1 + s**2) * (q.T @ residual[group]))
    return out
