"""Spectra → what they say about the ground and the atmosphere, with standard deviations."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.stats import qmc

from hesper.errors import ConvergenceError, InputError
from hesper.record import Array
from hesper.thermal import model, retrieve_likelihood, retrieve_spread
from hesper.thermal.data import Fit, RadarReflectivities, Spectrum
from hesper.thermal.model_families import Family, Parameter, normal_reflectivity, temperatures
from hesper.thermal.retrieve_prior import log_prior
from hesper.thermal.retrieve_spread import Samples
from hesper.units import GHz

LOW_FREQUENCY = 1.0 * GHz
"""Hz; detections below it count in `chi_square_low`."""


class Question(NamedTuple):
    """What a fit asks: parameters, the temperatures they predict and the probability of the data."""

    family: str
    parameters: tuple[Parameter, ...]
    predict: Callable[[Array], Array]
    log_likelihood: Callable[[Array], float]
    table: Spectrum


def ground(
    table: Spectrum, scene: model.Scene, kind: Family, *, radar: RadarReflectivities, scales: bool = True
) -> Fit:
    """Find the most probable parameters of a family of grounds, atmosphere and sky given.

    Parameters
    ----------
    table
        Measured spectrum.
    scene
        Atmosphere and sky.
    kind
        Family of grounds.
    radar
        Reflectivities that the ground must have as well; `read.no_radar()` for none.
    scales
        Whether flux scales of campaigns may err.

    Raises
    ------
    InputError
        If the spectrum holds no detection.
    ConvergenceError
        If no maximum is found.
    """
    view = model.view(scene, table.frequency, table.reference_radius)
    return fit(ground_question(table, view, kind, radar=radar, scales=scales))


def ground_question(
    table: Spectrum, view: model.View, kind: Family, *, radar: RadarReflectivities, scales: bool = True
) -> Question:
    """Return the question of `ground`, for fitting and sampling.

    Parameters
    ----------
    view
        The scene at the frequencies and reference radii of the table: solved once, it serves all families.
    """
    refuse_limits_alone(table)
    data = retrieve_likelihood.arrays(table, scales=scales)
    radar_frequency = np.array(radar.frequency)
    is_planck = np.array(table.is_planck)

    def predict(values: Array) -> Array:
        return temperatures(view, kind, values, is_planck)

    def log_likelihood(values: Array) -> float:
        total = retrieve_likelihood.probability(predict(values), data).log_likelihood
        if radar_frequency.size:
            total += retrieve_likelihood.log_radar(normal_reflectivity(kind, radar_frequency, values), radar)
        return float(total)

    return Question(kind.name, kind.parameters, predict, log_likelihood, table)


class Solution(NamedTuple):
    """The most probable parameters of a question, and the posterior around them."""

    fit: Fit
    samples: Samples
    """In the units of the parameters."""


def fit(question: Question) -> Fit:
    """Find the most probable parameters of a question; see `solve`."""
    return solve(question).fit


def solve(question: Question) -> Solution:
    """Find the most probable parameters of a question, and sample the posterior around them.

    Raises
    ------
    ConvergenceError
        If no maximum is found, or its surroundings cannot be sampled.
    """
    low = np.array([p.low for p in question.parameters])
    width = np.array([p.high for p in question.parameters]) - low

    def cost(unit: Array) -> float:
        values = low + np.clip(unit, 0.0, 1.0) * width
        return -question.log_likelihood(values) - log_prior(question.parameters, values)

    optima = _lowest(cost, low.size)
    unit = optima[0]
    known = retrieve_spread.samples(cost, optima)
    predicted = question.predict(low + unit * width)
    exact = retrieve_likelihood.arrays(question.table, scales=False)
    scaled = retrieve_likelihood.arrays(question.table, scales=True)
    residual = retrieve_likelihood.residuals(predicted, exact)
    below = (question.table.frequency < LOW_FREQUENCY) & ~question.table.is_limit
    span = low + retrieve_spread.percentiles(known, (0.1587, 0.8413)) * width
    found = Fit(
        family=question.family,
        parameter=labels(question),
        value=low + unit * width,
        value_std=retrieve_spread.rms_distance(known, unit) * width,
        low=span[0],
        high=span[1],
        at_bound=retrieve_spread.at_bound(unit),
        brightness_temperature=predicted,
        residual=residual,
        chi_square=float(np.sum(residual**2)),
        chi_square_scaled=retrieve_likelihood.probability(predicted, scaled).chi_square,
        chi_square_low=float(np.sum(residual[below] ** 2)),
        log_posterior=-cost(unit),
    )
    return Solution(found, Samples(low + known.place * width, known.weight))


def refuse_limits_alone(table: Spectrum, *, where: str = "retrieve") -> None:
    """Refuse a spectrum without any detection."""
    if bool(np.all(table.is_limit)):
        raise InputError(
            f"{where}: all {table.frequency.size} data are upper limits; a fit needs at least one "
            "detection; add one"
        )


def labels(question: Question) -> Array:
    """Return name and unit of each parameter."""
    return np.array([p.label for p in question.parameters])


def _lowest(cost: Callable[[Array], float], dimensions: int) -> Array:
    """Minimise over the unit cube; return the best place and other minima that count, shape (minimum, …).

    A Sobol net, its best points that lie apart downhill by simplex, the best of these again.
    """
    net = qmc.Sobol(dimensions, scramble=False).random(128 * 2 ** min(dimensions, 3))
    net = 0.01 + 0.98 * net
    values = np.array([cost(point) for point in net])
    coarse = [_downhill(cost, start, 1e-4, 1e-3) for start in _apart(net[np.argsort(values)], 0.2, 6)]
    coarse.sort(key=lambda result: float(result.fun))
    best = coarse[0]
    # A simplex may shrink onto a slope: begin anew from where it stopped, until that gains nothing.
    for _ in range(20):
        polished = _downhill(cost, best.x, 1e-9, 1e-9)
        gain = float(best.fun) - float(polished.fun)
        best = polished
        if gain < 1e-7:
            break
    if not (best.success and np.isfinite(best.fun)):
        raise ConvergenceError(
            f"retrieve: no maximum of the posterior found ({best.message}); check the data for outliers"
        )
    near = [best.x, *(each.x for each in coarse if each.fun < best.fun + 8.0)]
    return _apart(np.clip(np.array(near), 0.0, 1.0), 0.02, 4)


def _apart(places: Array, distance: float, most: int) -> Array:
    """Return the first places of a list no two of which are nearer than a distance, `most` at most."""
    kept: list[Array] = []
    for place in places:
        if len(kept) < most and all(np.max(np.abs(place - other)) > distance for other in kept):
            kept.append(place)
    return np.array(kept)


def _downhill(cost: Callable[[Array], float], start: Array, xatol: float, fatol: float) -> Any:
    simplex = np.vstack([start, start + np.diag(np.where(start > 0.5, -0.03, 0.03))])
    options = {"initial_simplex": simplex, "xatol": xatol, "fatol": fatol, "maxiter": 4000, "adaptive": True}
    box = [(0.0, 1.0)] * start.size
    return minimize(cost, start, method="Nelder-Mead", bounds=box, options=options)
