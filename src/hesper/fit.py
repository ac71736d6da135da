"""Least squares with honest covariances."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hesper.errors import ConvergenceError, InputError
from hesper.record import Array


class Estimate(NamedTuple):
    """Parameters with their covariance."""

    value: Array
    """(parameter,)"""
    covariance: Array
    """(parameter, parameter)"""
    chi2: float
    """Weighted sum of squared residuals."""
    dof: int
    """Degrees of freedom: data less parameters."""

    @property
    def std(self) -> Array:
        """Standard deviations (parameter,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def reduced_chi2(self) -> float:
        """χ² per degree of freedom; NaN where there are none."""
        return self.chi2 / self.dof if self.dof > 0 else float("nan")


def linear(design: Array, data: Array, std: Array | float) -> Estimate:
    """Fit data = design @ parameters by weighted least squares.

    Parameters
    ----------
    design
        (datum, parameter).
    data
        (datum,); pairs with a NaN in data or design are left out.
    std
        Standard deviation of each datum, (datum,) or one number.

    Raises
    ------
    InputError
        If a standard deviation is not positive or the design does not determine the parameters.
    """
    design, data, std = _usable(design, data, std)
    weighted = design / std[:, None]
    scale = np.linalg.norm(weighted, axis=0)
    safe = np.where(scale > 0, scale, 1.0)
    u, s, vt = np.linalg.svd(weighted / safe, full_matrices=False)
    if len(data) < design.shape[1] or s[-1] < 1e-12 * s[0] or not scale.all():
        raise InputError(
            f"fit.linear: {len(data)} data do not determine {design.shape[1]} parameters; "
            "give more data or fewer parameters"
        )
    back = vt.T / s / safe[:, None]
    value = back @ (u.T @ (data / std))
    residual = (data - design @ value) / std
    return Estimate(value, back @ back.T, float(residual @ residual), len(data) - design.shape[1])


def huber(
    design: Array, data: Array, std: Array | float, *, threshold: float = 1.345, iterations: int = 50
) -> Estimate:
    """Fit data = design @ parameters robustly: Huber's M-estimator with its asymptotic covariance.

    Parameters
    ----------
    design, data, std
        As in `linear`; `std` may be relative, for the scale is taken from the residuals' median deviation.
    threshold
        Residual, in units of the scale, beyond which a datum counts linearly (1.345: 95 % efficiency).

    Raises
    ------
    ConvergenceError
        If the weights have not settled after `iterations`.

    Notes
    -----
    Huber & Ronchetti 2009, Robust statistics, sections 7.6 and 7.8. Residuals are taken to be independent;
    data in correlated groups need a covariance over groups.
    """
    design, data, std = _usable(design, data, std)
    n, p = design.shape
    estimate = linear(design, data, std)
    scale = np.inf
    for iteration in range(iterations):
        residual = (data - design @ estimate.value) / std
        # The scale settles first; moved on with the weights it could cycle between two sets of outliers.
        if iteration < _SCALE_ITERATIONS:
            scale = _scale(residual, n - p)
        weight = np.minimum(1.0, threshold * scale / np.maximum(np.abs(residual), 1e-300))
        new = linear(design, data, std / np.sqrt(weight))
        moved = np.abs(new.value - estimate.value)
        estimate = new
        settled = np.all(moved <= 1e-6 * scale * np.sqrt(np.diag(new.covariance)) + 1e-12 * np.abs(new.value))
        if settled and iteration >= _SCALE_ITERATIONS:
            break
    else:
        raise ConvergenceError(f"fit.huber: the weights have not settled after {iterations} iterations")
    residual = (data - design @ estimate.value) / std
    clipped = np.clip(residual, -threshold * scale, threshold * scale)
    inner = float(np.mean(np.abs(residual) < threshold * scale))
    covariance = _huber_covariance(design / std[:, None], clipped, inner)
    return Estimate(estimate.value, covariance, float(clipped @ clipped), n - p)


_SCALE_ITERATIONS = 10


def _scale(residual: Array, dof: int) -> float:
    """Return the robust scale of residuals, their median deviation corrected for the fitted parameters."""
    if dof < 1:
        raise InputError("fit.huber: as many parameters as data; give more data")
    spread = float(np.median(np.abs(residual))) / 0.6745 * np.sqrt(len(residual) / dof)
    return float(max(spread, 1e-300))


def _huber_covariance(weighted: Array, clipped: Array, inner: float) -> Array:
    """Return K² (Σψ²/(n−p)) / m² (AᵀA)⁻¹, m the share of data that are not clipped (Huber, equation 7.81)."""
    n, p = weighted.shape
    if inner * n < p:
        raise ConvergenceError("fit.huber: most data are outliers; give more data or fewer parameters")
    correction = 1 + p / n * (1 - inner) / inner
    spread = float(clipped @ clipped) / (n - p) / inner**2
    return np.asarray(correction**2 * spread * np.linalg.inv(weighted.T @ weighted))


def nonlinear(
    residuals: Callable[[Array], Array],
    start: Array,
    *,
    bounds: tuple[Array, Array] | None = None,
    evaluations: int | None = None,
) -> Estimate:
    """Fit parameters by non-linear least squares of residuals in units of their standard deviation.

    Parameters
    ----------
    residuals
        Function of the parameters (parameter,) that returns (datum,).
    start
        (parameter,).
    bounds
        Lower and upper limits, each (parameter,).
    evaluations
        Most evaluations of the residuals; 100 per parameter by default.

    Raises
    ------
    ConvergenceError
        If the minimum is not reached, or the data do not determine a parameter.

    Notes
    -----
    A parameter that ends on one of its bounds gets an infinite standard deviation: the curvature there says
    nothing of what lies beyond.
    """
    from scipy.optimize import least_squares

    limits = bounds if bounds is not None else (-np.inf, np.inf)
    found = least_squares(
        residuals, np.asarray(start, float), bounds=limits, x_scale="jac", max_nfev=evaluations
    )
    if not found.success:
        raise ConvergenceError(f"fit.nonlinear: {found.message}; try another start")
    covariance = _free_covariance(found.jac, found.active_mask == 0)
    return Estimate(found.x, covariance, float(2 * found.cost), len(found.fun) - len(found.x))


def _free_covariance(jacobian: Array, free: Array) -> Array:
    """Return the covariance; a parameter that rests on its bound has infinite variance."""
    inner = jacobian[:, free]
    scale = np.linalg.norm(inner, axis=0)
    # The condition number of fewer data than parameters says nothing of what they leave open.
    if len(inner) < inner.shape[1] or not scale.all() or np.linalg.cond(inner / scale) > 1e10:
        raise ConvergenceError("fit.nonlinear: the data do not determine all parameters; fix one or add data")
    covariance = np.diag(np.where(free, 0.0, np.inf))
    # Of the triangle, not of the normal equations: those square a condition that is still allowed.
    root = np.linalg.inv(np.linalg.qr(inner / scale, mode="r"))
    covariance[np.ix_(free, free)] = root @ root.T / np.outer(scale, scale)
    return covariance


def _usable(design: Array, data: Array, std: Array | float) -> tuple[Array, Array, Array]:
    design, data = np.atleast_2d(np.asarray(design, float)), np.asarray(data, float)
    if design.shape[0] != data.shape[0]:
        raise InputError(f"fit: {design.shape[0]} rows of design and {data.shape[0]} data; they must agree")
    std = np.broadcast_to(np.asarray(std, float), data.shape)
    good = np.isfinite(data) & np.isfinite(design).all(axis=1) & np.isfinite(std)
    if np.any(std[good] <= 0):
        raise InputError("fit: a standard deviation is not positive; give positive ones, or NaN to leave out")
    return design[good], data[good], std[good]
