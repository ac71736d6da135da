"""Velocities and their design → speeds, the places of the slit free within their errors."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hesper import fit
from hesper.errors import InputError
from hesper.record import Array
from hesper.winds import model_errors

_ROUNDS = 4
"""Without errors of places first, then with them: what is left of each round is a thousandth."""


class Problem(NamedTuple):
    """A linear model whose columns hang on places that are known with errors."""

    velocity: Array
    """(point,)."""
    std: Array
    """(point,)."""
    frame: Array
    """(point,)."""
    matrix: Array
    """What is known, then the wind terms (point, column)."""
    by_error: Array
    """Derivative of `matrix` by a frame's own errors of unit variance (point, column, error)."""
    rest: Array
    """Columns of zero level, rows and drift (point, further column)."""
    sky: Array
    """Equations that do not hang on places, in units of σ (equation, column and further column)."""
    sky_data: Array
    """(equation,)."""


class Solution(NamedTuple):
    """Speeds, then the amplitudes of the further columns."""

    estimate: fit.Estimate
    certain: fit.Estimate
    """If the places were known without errors."""
    fitted: Array
    """Velocities at the likeliest places (point,) [m s-1]."""
    answer: Callable[[Array], Array]
    """How the estimate answers to a change of the velocities (point,) [m s-1]."""


def solve(problem: Problem) -> Solution:
    """Solve for speeds and places together.

    Notes
    -----
    v = (M + M's)U + rest + noise, s of unit variance: Gauss's and Newton's method, linear about the last s.
    Errors of the abscissa make a slope too small if they are only taken for noise; at the likeliest places
    they do not.
    """
    p, terms = problem, problem.matrix.shape[1] - 1
    shift = np.zeros((p.velocity.size, p.by_error.shape[2]))
    errors = np.zeros_like(shift)
    found: list[fit.Estimate] = []
    for _ in range(_ROUNDS):
        matrix = p.matrix + np.einsum("pce,pe->pc", p.by_error, shift)
        whole = np.hstack([matrix[:, 1:], p.rest]) / p.std[:, None]
        data = (p.velocity - matrix[:, 0]) / p.std + np.einsum("pe,pe->p", errors, shift)
        known = model_errors.shared(p.frame, errors)
        system = np.vstack([model_errors.white(known, whole), p.sky])
        found.append(_solved(system, np.concatenate([model_errors.white(known, data), p.sky_data])))
        value = found[-1].value
        fitted = p.velocity - p.std * (data - np.einsum("pe,pe->p", errors, shift) - whole @ value)
        shift = model_errors.likeliest(known, data - whole @ value, shift.shape[1])
        errors = np.einsum("pce,c->pe", p.by_error, np.append(1.0, value[:terms])) / p.std[:, None]

    covariance = found[-1].covariance

    def answer(change: Array) -> Array:
        moved = np.concatenate([model_errors.white(known, change / p.std), np.zeros(p.sky_data.size)])
        return np.asarray(covariance @ (system.T @ moved))

    return Solution(found[-1], found[0], fitted, answer)


def _solved(system: Array, data: Array) -> fit.Estimate:
    """Solve by normal equations of scaled columns; fall back on the orthogonal solver where they are poor."""
    scale = np.linalg.norm(system, axis=0)
    if not (scale > 0).all():
        raise InputError("winds: a term has no effect on any point; leave it out or add points that see it")
    scaled = system / scale
    normal = scaled.T @ scaled
    if np.linalg.cond(normal) > 1e12:
        try:
            return fit.linear(system, data, 1.0)
        except InputError:
            raise InputError(
                f"winds: {data.size} equations do not tell {system.shape[1]} unknowns apart (winds, zero, "
                "rows, drift in time); give five frames or more at different places, or fit fewer terms"
            ) from None
    inverse = np.linalg.inv(normal)
    value = inverse @ (scaled.T @ data)
    residual = data - scaled @ value
    return fit.Estimate(
        value / scale, inverse / np.outer(scale, scale), float(residual @ residual),
        data.size - system.shape[1],
    )  # fmt: skip
