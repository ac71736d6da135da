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
    """Fit data = design @ parameters robustly: Huber's M-estimator with a sandwich covariance.

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
    Huber & Ronchetti 2009, Robust statistics, sections 7.6 and 7.8.
    """
    design, data, std = _usable(design, data, std)
    estimate = linear(design, data, std)
    for _ in range(iterations):
        residual = (data - design @ estimate.value) / std
        scale = max(float(np.median(np.abs(residual))) / 0.6745, 1e-300)
        weight = np.minimum(1.0, threshold * scale / np.maximum(np.abs(residual), 1e-300))
        new = linear(design, data, std / np.sqrt(weight))
        moved = np.abs(new.value - estimate.value)
        estimate = new
        if np.all(moved <= 1e-8 * np.sqrt(np.diag(new.covariance)) + 1e-15 * np.abs(new.value)):
            break
    else:
        raise ConvergenceError(f"fit.huber: the weights have not settled after {iterations} iterations")
    weighted = design / std[:, None]
    inner = np.abs(residual) < threshold * scale
    bread = np.linalg.inv(weighted[inner].T @ weighted[inner])
    clipped = np.clip(residual, -threshold * scale, threshold * scale)
    meat = weighted.T @ (weighted * clipped[:, None] ** 2)
    covariance = bread @ meat @ bread
    return Estimate(estimate.value, covariance, float(clipped @ clipped), len(data) - design.shape[1])


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
        If the minimum is not reached.
    """
    from scipy.optimize import least_squares

    limits = bounds if bounds is not None else (-np.inf, np.inf)
    found = least_squares(
        residuals, np.asarray(start, float), bounds=limits, x_scale="jac", max_nfev=evaluations
    )
    if not found.success:
        raise ConvergenceError(f"fit.nonlinear: {found.message}; try another start")
    covariance = np.linalg.pinv(found.jac.T @ found.jac)
    return Estimate(found.x, covariance, float(2 * found.cost), len(found.fun) - len(found.x))


def _usable(design: Array, data: Array, std: Array | float) -> tuple[Array, Array, Array]:
    design, data = np.atleast_2d(np.asarray(design, float)), np.asarray(data, float)
    if design.shape[0] != data.shape[0]:
        raise InputError(f"fit: {design.shape[0]} rows of design and {data.shape[0]} data; they must agree")
    std = np.broadcast_to(np.asarray(std, float), data.shape)
    good = np.isfinite(data) & np.isfinite(design).all(axis=1) & np.isfinite(std)
    if np.any(std[good] <= 0):
        raise InputError("fit: a standard deviation is not positive; give positive ones, or NaN to leave out")
    return design[good], data[good], std[good]
