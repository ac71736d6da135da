"""The most likely powers and altitudes of a cell, by Fisher scoring."""

import math

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.radar.model_covariance import information
from hesper.record import Array

CONVERGED, STUCK, EMPTY = 0, 1, 2
"""What `solve_cells` says of a cell."""


@compiled
def solve_four(matrix: Array, right: Array, out: Array) -> bool:
    """Solve a positive 4 × 4 system by Cholesky's decomposition, scaled by its diagonal; False: singular."""
    scale = np.empty(4)
    low = np.zeros((4, 4))
    for i in range(4):
        if not matrix[i, i] > 0.0:
            return False
        scale[i] = 1.0 / math.sqrt(matrix[i, i])
    for i in range(4):
        for j in range(i + 1):
            value = matrix[i, j] * scale[i] * scale[j]
            for k in range(j):
                value -= low[i, k] * low[j, k]
            if i == j:
                if not value > 1e-12:
                    return False
                low[i, i] = math.sqrt(value)
            else:
                low[i, j] = value / low[j, j]
    for i in range(4):
        value = right[i] * scale[i]
        for k in range(i):
            value -= low[i, k] * out[k]
        out[i] = value / low[i, i]
    for i in range(3, -1, -1):
        value = out[i]
        for k in range(i + 1, 4):
            value -= low[k, i] * out[k]
        out[i] = value / low[i, i]
    for i in range(4):
        out[i] *= scale[i]
    return True


@compiled
def split(
    data: Array, n: Array, q: Array, kxx: Array, ky: Array, y0: Array, gain: Array
) -> tuple[float, float]:  # fmt: skip
    """Return s_N and s_S at altitude 0 from the total power and, by least squares, the first pair's phase."""
    power, looks = 0.0, 0.0
    top, bottom = 0.0, 0.0
    root = math.sqrt(gain[1])
    count = gain.size
    for c in range(n.size):
        power += n[c] * (data[c, 0] - 1.0 + data[c, 1] - 1.0)
        looks += n[c] * (1.0 + gain[1])
    s = max(power / max(looks, 1.0), 0.02)
    for c in range(n.size):
        if n[c] > 0.0:
            pn = kxx[c, 0] + ky[c, 0] * y0[c]
            ps = kxx[c, 0] - ky[c, 0] * y0[c]
            rn = root * q[c, 0, 0] * complex(math.cos(pn), math.sin(pn))
            rs = root * q[c, 1, 0] * complex(math.cos(ps), math.sin(ps))
            # X = s (r_N + r_S)/2 + d (r_N − r_S)/2, solved for the difference d.
            left = complex(data[c, count], data[c, count + 1]) - 0.5 * s * (rn + rs)
            half = 0.5 * (rn - rs)
            top += n[c] * (left * half.conjugate()).real
            bottom += n[c] * (half.real * half.real + half.imag * half.imag)
    d = top / bottom if bottom > 0.0 else 0.0
    d = min(max(d, -0.9 * s), 0.9 * s)
    return 0.5 * (s + d), 0.5 * (s - d)


@compiled
def climb(
    theta: Array, data: Array, n: Array, q: Array, kxx: Array, ky: Array, y0: Array, gain: Array,
    radius: float, prior: float, reach: float, iterations: int, fisher: Array,
) -> tuple[float, int, bool]:  # fmt: skip
    """Climb to the maximum of the likelihood from `theta`, which is changed; fill `fisher` there.

    Returns
    -------
    Log-likelihood (and prior), iterations, and whether it converged.

    Notes
    -----
    Fisher scoring, damped after Levenberg; steps of altitude are at most 1.5 km, and no power
    falls below a fifth of what it was in one step.
    """
    score, step, trial = np.zeros(4), np.zeros(4), np.zeros(4)
    other = np.zeros((4, 4))
    damped = np.zeros((4, 4))
    trial_score = np.zeros(4)
    value = information(theta, data, n, q, kxx, ky, y0, gain, radius, score, fisher)
    value -= 0.5 * prior * (theta[2] * theta[2] + theta[3] * theta[3])
    damping = 1e-3
    for count in range(iterations):
        for a in range(4):
            for b in range(4):
                damped[a, b] = fisher[a, b]
            if a > 1:
                damped[a, a] += prior
                score[a] -= prior * theta[a]
            damped[a, a] *= 1.0 + damping
            # A patch without power has no altitude: its scale keeps the system solvable.
            damped[a, a] += 1e-9 if a > 1 else 1e-6
        if not solve_four(damped, score, step):
            return value, count, False
        for a in range(2):
            trial[a] = max(theta[a] + step[a], 0.2 * theta[a])
            trial[a] = max(trial[a], 1e-5)
            trial[a + 2] = theta[a + 2] + min(max(step[a + 2], -1500.0), 1500.0)
            trial[a + 2] = min(max(trial[a + 2], -reach), reach)
        new = information(trial, data, n, q, kxx, ky, y0, gain, radius, trial_score, other)
        new -= 0.5 * prior * (trial[2] * trial[2] + trial[3] * trial[3])
        if new >= value - 1e-9 * abs(value):
            gained = new - value
            value = new
            for a in range(4):
                theta[a] = trial[a]
                score[a] = trial_score[a]
                for b in range(4):
                    fisher[a, b] = other[a, b]
            damping *= 0.2
            if gained < 1e-4:
                return value, count + 1, True
        else:
            damping = max(damping * 6.0, 1e-3)
            for a in range(2, 4):
                score[a] += prior * theta[a]
            if damping > 1e9:
                return value, count + 1, False
    return value, iterations, False


@compiled_parallel
def solve_cells(
    data: Array, n: Array, q: Array, kxx: Array, ky: Array, y0: Array, gain: Array, radius: float,
    prior: float, reach: float, iterations: int, several: Array, theta: Array, fisher: Array,
    value: Array, count: Array, state: Array,
) -> None:  # fmt: skip
    """Find the most likely powers and altitudes of many cells.

    Parameters
    ----------
    data, n, q, kxx, ky, y0, gain
        As in `information_array`, with a first dimension for the cell: data (cell, cycle, M²), n (cell,
        cycle), q (cell, cycle, side, pair), kxx (cell, cycle, pair), y0 (cell, cycle); ky is (cycle, pair).
    radius
        Of the sphere [m].
    prior
        1/σ² of a Gaussian prior of altitude about 0 [m-2]; 0 for none.
    reach
        Largest |altitude| [m].
    several
        (cell,) Boolean: start from −3, 0 and 3 km instead of from 0.
    theta, fisher, value, count, state
        Filled: (cell, 4), (cell, 4, 4), (cell,), (cell,) and (cell,), see `CONVERGED`, `STUCK`, `EMPTY`.
    """
    for i in prange(data.shape[0]):
        looks = 0.0
        for c in range(n.shape[1]):
            looks += n[i, c]
        if looks <= 0.0:
            state[i] = EMPTY
            continue
        north, south = split(data[i], n[i], q[i], kxx[i], ky, y0[i], gain)
        best = -np.inf
        trial, matrix = np.zeros(4), np.zeros((4, 4))
        state[i] = STUCK
        for start in range(3 if several[i] else 1):
            height = 3000.0 * (0.0 if start == 0 else 3.0 - 2.0 * start)
            trial[0], trial[1], trial[2], trial[3] = north, south, height, height
            found, used, good = climb(
                trial, data[i], n[i], q[i], kxx[i], ky, y0[i], gain, radius, prior, reach, iterations, matrix
            )
            if found > best:
                best = found
                value[i] = found
                count[i] = used
                state[i] = CONVERGED if good else STUCK
                for a in range(4):
                    theta[i, a] = trial[a]
                    for b in range(4):
                        fisher[i, a, b] = matrix[a, b]


@compiled_parallel
def bound_cells(
    theta: Array, n: Array, q: Array, kxx: Array, ky: Array, y0: Array, gain: Array, radius: float,
    fisher: Array,
) -> None:  # fmt: skip
    """Fill the information (cell, 4, 4) at known parameters (cell, 4); arguments as in `solve_cells`."""
    for i in prange(theta.shape[0]):
        data = np.zeros((n.shape[1], gain.size * gain.size))
        information(theta[i], data, n[i], q[i], kxx[i], ky, y0[i], gain, radius, np.zeros(4), fisher[i])
