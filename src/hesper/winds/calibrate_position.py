"""Kernels that find the slit on the disk from the light along it."""

import math

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.record import Array
from hesper.winds.model import look_up

RESULTS = 15
"""Columns of `fit_profiles`: x, y, seeing, level, pedestal, their σ (5), χ², rows, three of the exponent:
information, score, dx/dk."""
_PARAMETERS = 5


@compiled
def _profile(
    start: float, step: float, seeing_nodes: Array, exponent_nodes: Array, table: Array, height: Array,
    x: float, y: float, seeing: float, exponent: float, out: Array,
) -> None:  # fmt: skip
    n = height.size
    look_up(
        start, step, seeing_nodes, exponent_nodes, table,
        np.full(n, x), height - y, np.full(n, seeing), np.full(n, exponent), out,
    )  # fmt: skip


@compiled
def _linear(model: Array, data: Array, weight: Array) -> tuple[float, float, float]:
    """Return level and pedestal that fit data best, and χ²."""
    s0, s1, s2, d0, d1 = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(data.size):
        s0 += weight[i]
        s1 += weight[i] * model[i, 0]
        s2 += weight[i] * model[i, 0] ** 2
        d0 += weight[i] * data[i]
        d1 += weight[i] * data[i] * model[i, 0]
    det = s0 * s2 - s1 * s1
    if det <= 0.0:
        return 0.0, 0.0, np.inf
    level, pedestal = (s0 * d1 - s1 * d0) / det, (s2 * d0 - s1 * d1) / det
    chi2 = 0.0
    for i in range(data.size):
        chi2 += weight[i] * (data[i] - level * model[i, 0] - pedestal) ** 2
    return level, pedestal, chi2


@compiled
def _search(
    start: float, step: float, seeing_nodes: Array, exponent_nodes: Array, table: Array, height: Array,
    data: Array, weight: Array, tries: Array, middle: float, seeing: float, exponent: float, model: Array,
) -> tuple[float, float]:  # fmt: skip
    """Return the best of a coarse grid of x and y."""
    best, bx, by = np.inf, tries[0], middle
    for x in tries:
        for shift in range(-3, 4):
            y = middle + shift * 1.5 * abs(step)
            _profile(start, step, seeing_nodes, exponent_nodes, table, height, x, y, seeing, exponent, model)
            level, _, chi2 = _linear(model, data, weight)
            if level > 0.0 and chi2 < best:
                best, bx, by = chi2, x, y
    return bx, by


@compiled_parallel
def fit_profiles(
    start: float, step: float, seeing_nodes: Array, exponent_nodes: Array, table: Array, height: Array,
    data: Array, std: Array, middle: Array, tries: Array, seeing: float, exponent: float, floor: float,
    out: Array,
) -> None:  # fmt: skip
    """Fit level·G(x, y − y_c; seeing, k) + pedestal to the light along the slit of every frame.

    Parameters
    ----------
    start, step, seeing_nodes, exponent_nodes, table
        `model.Pictures`, of which the first column is used.
    height
        Of the rows along the slit [rad] (row,).
    data, std
        Continuum of Venus (frame, row) and its standard deviation; NaN is left out.
    middle
        First guess of y_c (frame,) [rad].
    tries
        Positions x from which the search starts [rad].
    seeing
        First guess [rad].
    exponent
        Photometric exponent k, held; its information and score are returned for a fit to all frames.
    floor
        Relative error of the model added to `std` in quadrature.
    out
        (frame, RESULTS); NaN where nothing was found.
    """
    for f in prange(data.shape[0]):
        out[f] = np.nan
        n = 0
        for i in range(height.size):
            if not (np.isnan(data[f, i]) or np.isnan(std[f, i])):
                n += 1
        if n < 12:
            continue
        z, d, w = np.empty(n), np.empty(n), np.empty(n)
        top = 0.0
        j = 0
        for i in range(height.size):
            if not (np.isnan(data[f, i]) or np.isnan(std[f, i])):
                z[j], d[j] = height[i], data[f, i]
                w[j] = std[f, i]
                top = max(top, d[j])
                j += 1
        for i in range(n):
            w[i] = 1.0 / (w[i] ** 2 + (floor * top) ** 2)
        model = np.empty((n, table.shape[4]))
        x, y = _search(
            start,
            step,
            seeing_nodes,
            exponent_nodes,
            table,
            z,
            d,
            w,
            tries,
            middle[f],
            seeing,
            exponent,
            model,
        )
        _refine(
            start, step, seeing_nodes, exponent_nodes, table, z, d, w, x, y, seeing, exponent, model, out[f]
        )


@compiled
def _refine(
    start: float, step: float, seeing_nodes: Array, exponent_nodes: Array, table: Array, z: Array,
    d: Array, w: Array, x: float, y: float, seeing: float, exponent: float, model: Array, out: Array,
) -> None:  # fmt: skip
    """Go from a start to the minimum by Levenberg's and Marquardt's method; fill one row of results."""
    n = z.size
    jac = np.empty((_PARAMETERS + 1, n))
    residual = np.empty(n)
    other, back = np.empty_like(model), np.empty_like(model)
    normal = np.empty((_PARAMETERS, _PARAMETERS))
    h = 0.02 * abs(step)
    low, high = seeing_nodes[0], seeing_nodes[-1]
    damping = 1e-3
    _profile(start, step, seeing_nodes, exponent_nodes, table, z, x, y, seeing, exponent, model)
    level, pedestal, chi2 = _linear(model, d, w)
    done = False
    for _ in range(60):
        for c in range(3):
            dx, dy, ds = (h if c == 0 else 0.0), (h if c == 1 else 0.0), (h if c == 2 else 0.0)
            _profile(
                start,
                step,
                seeing_nodes,
                exponent_nodes,
                table,
                z,
                x + dx,
                y + dy,
                seeing + ds,
                exponent,
                other,
            )
            _profile(
                start,
                step,
                seeing_nodes,
                exponent_nodes,
                table,
                z,
                x - dx,
                y - dy,
                seeing - ds,
                exponent,
                back,
            )
            for i in range(n):
                jac[c, i] = level * (other[i, 0] - back[i, 0]) / (2 * h)
        for i in range(n):
            jac[3, i] = model[i, 0]
            jac[4, i] = 1.0
            residual[i] = d[i] - level * model[i, 0] - pedestal
        right = np.zeros(_PARAMETERS)
        for a in range(_PARAMETERS):
            for b in range(_PARAMETERS):
                total = 0.0
                for i in range(n):
                    total += w[i] * jac[a, i] * jac[b, i]
                normal[a, b] = total
            for i in range(n):
                right[a] += w[i] * jac[a, i] * residual[i]
        if done:
            break
        moved = False
        for _try in range(12):
            damped = normal.copy()
            for a in range(_PARAMETERS):
                damped[a, a] *= 1.0 + damping
                if damped[a, a] <= 0.0:
                    return
            change = np.linalg.solve(damped, right)
            nx, ny = x + change[0], y + change[1]
            ns = min(max(seeing + change[2], low), high)
            _profile(start, step, seeing_nodes, exponent_nodes, table, z, nx, ny, ns, exponent, other)
            nl, npd, nchi2 = _linear(other, d, w)
            if nchi2 <= chi2 and nl > 0.0:
                small = chi2 - nchi2 < 1e-6
                x, y, seeing, level, pedestal, chi2 = nx, ny, ns, nl, npd, nchi2
                model[:] = other
                damping = max(damping * 0.1, 1e-9)
                moved = True
                # One more round, for derivatives at the minimum.
                done = small
                break
            damping *= 10.0
        if not moved:
            done = True
    if level <= 0.0 or not np.isfinite(chi2) or abs(np.linalg.det(normal)) == 0.0:
        return
    covariance = np.linalg.inv(normal)
    g = 1e-3
    _profile(start, step, seeing_nodes, exponent_nodes, table, z, x, y, seeing, exponent + g, other)
    _profile(start, step, seeing_nodes, exponent_nodes, table, z, x, y, seeing, exponent - g, back)
    cross = np.zeros(_PARAMETERS)
    information, score = 0.0, 0.0
    for i in range(n):
        jac[5, i] = level * (other[i, 0] - back[i, 0]) / (2 * g)
        information += w[i] * jac[5, i] ** 2
        score += w[i] * jac[5, i] * residual[i]
        for a in range(_PARAMETERS):
            cross[a] += w[i] * jac[a, i] * jac[5, i]
    response = covariance @ cross
    out[0], out[1], out[2], out[3], out[4] = x, y, seeing, level, pedestal
    for a in range(_PARAMETERS):
        out[5 + a] = math.sqrt(max(covariance[a, a], 0.0))
        information -= cross[a] * response[a]
        score -= response[a] * right[a]
    out[10] = chi2
    out[11] = n
    out[12] = information
    out[13] = score
    out[14] = -response[0]
