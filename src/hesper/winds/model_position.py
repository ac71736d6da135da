"""Kernels that find the slit on the disk from the light along it."""

import math

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.record import Array
from hesper.winds.model_profile import along, level_and_pedestal, strip_at

RESULTS = 18
"""Columns of `fit_profiles`: x, y, seeing, level, pedestal, their σ (5), χ², rows, three of the exponent
(information, score, dx/dk), covariances of x with y, x with seeing, y with seeing."""
_PARAMETERS = 5
_FEWEST_ROWS = 12
_BRIGHT = 0.4
"""Light relative to the brightest above which a row says where the planet lies along the slit."""


@compiled
def _bright_middle(first: float, step: float, light: Array) -> float:
    """Return the mean height [rad] of where light is bright, at heights from the first one by steps."""
    top, total, count = light.max(), 0.0, 0
    for i in range(light.size):
        if light[i] > _BRIGHT * top:
            total += first + step * i
            count += 1
    return total / max(count, 1)


@compiled
def _search(
    start: float, step: float, nodes: Array, table: Array, height: Array, data: Array, weight: Array,
    tries: Array, middle: float, seeing: float, lowest: Array, where: Array,
) -> None:  # fmt: skip
    """Fill the lowest χ² (try,) at each position and the y (try,) that gives it.

    A slit askew to a crescent meets one horn only: what is bright lies far from the centre of the disk.
    """
    strip, model = np.empty(table.shape[3]), np.empty(height.size)
    lowest[:], where[:] = np.inf, middle
    for t in range(tries.size):
        strip_at(start, step, nodes, table, tries[t], seeing, 0, strip)
        centre = middle - _bright_middle(start, step, strip)
        for shift in range(-3, 4):
            y = centre + shift * 1.5 * abs(step)
            along(start, step, strip, height, y, model)
            level, _, chi2 = level_and_pedestal(model, data, weight)
            if level > 0.0 and chi2 < lowest[t]:
                lowest[t], where[t] = chi2, y


@compiled
def _starts(lowest: Array) -> tuple[int, int]:
    """Return the indices of the deepest and the second deepest local minimum, or both sides of a lone one.

    Two minima nearer to each other than the grid tells are found from both sides.
    """
    first, second = -1, -1
    for t in range(lowest.size):
        left = lowest[t - 1] if t > 0 else np.inf
        right = lowest[t + 1] if t < lowest.size - 1 else np.inf
        if not (lowest[t] < left and lowest[t] <= right):
            continue
        if first < 0 or lowest[t] < lowest[first]:
            first, second = t, first
        elif second < 0 or lowest[t] < lowest[second]:
            second = t
    if first >= 0 and second < 0:
        return max(first - 1, 0), min(first + 1, lowest.size - 1)
    return first, second


@compiled
def _jacobian(
    start: float, step: float, nodes: Array, table: Array, height: Array, place: Array, level: float,
    jac: Array,
) -> None:  # fmt: skip
    """Fill rows 0 to 2 of `jac` with the derivatives by x, y and seeing, by central differences."""
    strip, up, down = np.empty(table.shape[3]), np.empty(height.size), np.empty(height.size)
    h = 0.02 * abs(step)
    for c in range(3):
        dx, dy, ds = (h if c == 0 else 0.0), (h if c == 1 else 0.0), (h if c == 2 else 0.0)
        strip_at(start, step, nodes, table, place[0] + dx, place[2] + ds, 0, strip)
        along(start, step, strip, height, place[1] + dy, up)
        strip_at(start, step, nodes, table, place[0] - dx, place[2] - ds, 0, strip)
        along(start, step, strip, height, place[1] - dy, down)
        for i in range(height.size):
            jac[c, i] = level * (up[i] - down[i]) / (2 * h)


@compiled
def _normal_equations(jac: Array, residual: Array, weight: Array, normal: Array, right: Array) -> None:
    for a in range(_PARAMETERS):
        for b in range(_PARAMETERS):
            total = 0.0
            for i in range(residual.size):
                total += weight[i] * jac[a, i] * jac[b, i]
            normal[a, b] = total
        total = 0.0
        for i in range(residual.size):
            total += weight[i] * jac[a, i] * residual[i]
        right[a] = total


@compiled
def _lowered(
    start: float, step: float, nodes: Array, table: Array, height: Array, data: Array, weight: Array,
    normal: Array, right: Array, damping: float, place: Array, chi2: float, model: Array,
) -> float:  # fmt: skip
    """Move `place` to where χ² is lower and fill `model`; return the damping that did it, 0 if none does."""
    strip, other = np.empty(table.shape[3]), np.empty(height.size)
    for _ in range(12):
        damped = normal.copy()
        for a in range(_PARAMETERS):
            damped[a, a] *= 1.0 + damping
            if damped[a, a] <= 0.0:
                return 0.0
        change = np.linalg.solve(damped, right)
        x, y = place[0] + change[0], place[1] + change[1]
        seeing = min(max(place[2] + change[2], nodes[0]), nodes[-1])
        strip_at(start, step, nodes, table, x, seeing, 0, strip)
        along(start, step, strip, height, y, other)
        level, _, new = level_and_pedestal(other, data, weight)
        if new <= chi2 and level > 0.0:
            place[0], place[1], place[2] = x, y, seeing
            model[:] = other
            return damping
        damping *= 10.0
    return 0.0


@compiled
def _refine(
    start: float, step: float, nodes: Array, table: Array, height: Array, data: Array, weight: Array,
    place: Array, out: Array,
) -> None:  # fmt: skip
    """Go from a start to the minimum by Levenberg's and Marquardt's method; fill one row of results."""
    n = height.size
    jac, residual = np.ones((_PARAMETERS, n)), np.empty(n)
    normal, right = np.empty((_PARAMETERS, _PARAMETERS)), np.empty(_PARAMETERS)
    strip, model = np.empty(table.shape[3]), np.empty(n)
    strip_at(start, step, nodes, table, place[0], place[2], 0, strip)
    along(start, step, strip, height, place[1], model)
    level, pedestal, chi2 = level_and_pedestal(model, data, weight)
    damping, done = 1e-3, False
    for _ in range(60):
        _jacobian(start, step, nodes, table, height, place, level, jac)
        for i in range(n):
            jac[3, i] = model[i]
            residual[i] = data[i] - level * model[i] - pedestal
        _normal_equations(jac, residual, weight, normal, right)
        if done:
            break
        found = _lowered(
            start, step, nodes, table, height, data, weight, normal, right, damping, place, chi2, model
        )
        before = chi2
        level, pedestal, chi2 = level_and_pedestal(model, data, weight)
        # One more round after the last step, for derivatives at the minimum.
        done = found == 0.0 or before - chi2 < 1e-6
        damping = max(found * 0.1, 1e-9)
    if not (level > 0.0 and np.isfinite(chi2)) or abs(np.linalg.det(normal)) == 0.0:
        return
    out[0], out[1], out[2], out[3], out[4] = place[0], place[1], place[2], level, pedestal
    out[10], out[11] = chi2, n
    strip_at(start, step, nodes, table, place[0], place[2], 1, strip)
    along(start, step, strip, height, place[1], model)
    _uncertainties(jac, model, level, residual, weight, normal, right, out)


@compiled
def _uncertainties(
    jac: Array, by_exponent: Array, level: float, residual: Array, weight: Array, normal: Array,
    right: Array, out: Array,
) -> None:  # fmt: skip
    """Fill σ of the parameters and what the frame says of the exponent, the other parameters fitted."""
    covariance = np.linalg.inv(normal)
    cross = np.zeros(_PARAMETERS)
    information, score = 0.0, 0.0
    for i in range(residual.size):
        slope = level * by_exponent[i]
        information += weight[i] * slope**2
        score += weight[i] * slope * residual[i]
        for a in range(_PARAMETERS):
            cross[a] += weight[i] * jac[a, i] * slope
    response = covariance @ cross
    for a in range(_PARAMETERS):
        out[5 + a] = math.sqrt(max(covariance[a, a], 0.0))
        information -= cross[a] * response[a]
        score -= response[a] * right[a]
    out[12], out[13], out[14] = information, score, -response[0]
    out[15], out[16], out[17] = covariance[0, 1], covariance[0, 2], covariance[1, 2]


@compiled_parallel
def fit_profiles(
    start: float, step: float, nodes: Array, table: Array, height: Array, data: Array, std: Array,
    tries: Array, seeing: float, floor: float, out: Array,
) -> None:  # fmt: skip
    """Fit level·G(x, y − y_c; seeing) + pedestal to the light along the slit of every frame.

    Parameters
    ----------
    start, step, nodes, table
        Of `model_pictures.at_exponent`: (2, seeing, x, y), the light G and its derivative by the exponent.
    height
        Of the rows along the slit [rad] (row,).
    data, std
        Continuum of Venus (frame, row) and its standard deviation; NaN is left out.
    tries
        Positions x from which the search starts [rad].
    seeing
        First guess [rad].
    floor
        Relative error of the model added to `std` in quadrature.
    out
        (frame, 2, RESULTS): the best place and the other one, where χ² has a minimum too; NaN where nothing
        was found. On an almost full disk the light sunward of the centre is much like the light darkward.
    """
    for f in prange(data.shape[0]):
        out[f] = np.nan
        seen = np.isfinite(data[f]) & np.isfinite(std[f])
        if seen.sum() < _FEWEST_ROWS:
            continue
        z, d = height[seen], data[f][seen]
        w = 1.0 / (std[f][seen] ** 2 + (floor * max(d.max(), 0.0)) ** 2)
        lowest, where = np.empty(tries.size), np.empty(tries.size)
        bright = d > _BRIGHT * d.max()
        _search(start, step, nodes, table, z, d, w, tries, z[bright].mean(), seeing, lowest, where)
        first, second = _starts(lowest)
        if first < 0:
            continue
        place = np.empty(3)
        for v in range(2):
            t = first if v == 0 else second
            place[0], place[1], place[2] = tries[t], where[t], seeing
            _refine(start, step, nodes, table, z, d, w, place, out[f, v])
        if out[f, 1, 10] < out[f, 0, 10] or np.isnan(out[f, 0, 10]):
            out[f] = out[f, ::-1].copy()
