"""Spectra → what they say about the ground and the atmosphere, with standard deviations."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.stats import qmc

from hesper.errors import ConvergenceError, InputError
from hesper.record import Array
from hesper.thermal import model, model_opacity, retrieve_likelihood, retrieve_spread
from hesper.thermal.data import Fit, RadarReflectivities, Spectrum
from hesper.thermal.model_families import Family, Parameter, normal_reflectivity, temperatures
from hesper.thermal.model_families import family as family_named
from hesper.thermal.retrieve_prior import log_prior
from hesper.thermal.retrieve_spread import Samples
from hesper.units import GHz, ppm

LOW_FREQUENCY = 1.0 * GHz
"""Hz; detections below it count in `chi_square_low`."""
ATMOSPHERE_PARAMETERS = (
    Parameter("co2_scale", "1", 0.3, 2.0, 0.85, 0.15),
    Parameter("co2_exponent", "1", 3.0, 6.5, 4.6, 0.4),
    Parameter("so2", "ppm", 0.0, 180.0),
    Parameter("h2so4_scale", "1", 0.0, 1.5),
    Parameter("permittivity", "1", 1.5, 20.0, 4.25, 0.35),
)
"""CO₂ as in `model_opacity.collision_induced_parametric`, deep SO₂, H₂SO₄ vapour, ground."""


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
    _refuse_limits_alone(table)
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


def atmosphere(table: Spectrum, scene: model.Scene, *, scales: bool = True) -> Fit:
    """Find CO₂'s absorption law, SO₂, H₂SO₄ vapour and the permittivity from a centimetre spectrum.

    The ground is uniform; below 1 GHz that does not hold, and data there are refused.

    Raises
    ------
    InputError
        If the spectrum holds no detection, or data below 1 GHz, or the scene's atmosphere has no SO₂.
    ConvergenceError
        If no maximum is found.
    """
    return fit(atmosphere_question(table, scene, scales=scales))


def atmosphere_question(table: Spectrum, scene: model.Scene, *, scales: bool = True) -> Question:
    """Return the question of `atmosphere`, for sampling."""
    _refuse_limits_alone(table)
    if table.frequency.min() < LOW_FREQUENCY:
        raise InputError(
            f"retrieve.atmosphere: a datum at {table.frequency.min() / GHz:g} GHz; data of at least 1 GHz "
            "are allowed, where the ground is uniform; leave it out"
        )
    air = scene.atmosphere
    deep = float(air.so2[0]) / ppm
    if deep <= 0:
        raise InputError(
            "retrieve.atmosphere: the scene has no SO2 to scale; give it some, for example 75 ppm"
        )
    column = model.columns(table.frequency, air, laws=scene.laws)
    t, p = np.array(air.temperature), np.array(air.pressure)
    # a α_Ho(400 K) (T/400 K)^−m: all but the last factor once.
    collisions = model_opacity.collision_induced_parametric(
        column.frequency, t, p, air.co2, air.n2, scale=1.0, exponent=0.0
    )
    relative = np.log(t / 400.0)
    sky = model.sky_source(column.frequency, scene.sky_408)
    others = np.tensordot(scene.scale[3:], column.absorption[3:], axes=1)
    data = retrieve_likelihood.arrays(table, scales=scales)
    kind = family_named("uniform")
    radius, is_planck = np.array(table.reference_radius), np.array(table.is_planck)

    def predict(values: Array) -> Array:
        scale, exponent, so2, h2so4, permittivity = values
        absorption = model.layer_mean(scale * collisions * np.exp(-exponent * relative))
        absorption += so2 / deep * column.absorption[1] + h2so4 * column.absorption[2] + others
        sight = model.sight(column.rays, model.solve(column, absorption), sky, radius)
        emission = kind.ground(
            column.frequency, column.rays.cosine, scene.surface_temperature, np.array([permittivity])
        )
        return model.convention(column.frequency, model.seen(sight, emission), is_planck)

    def log_likelihood(values: Array) -> float:
        return float(retrieve_likelihood.probability(predict(values), data).log_likelihood)

    return Question("atmosphere", ATMOSPHERE_PARAMETERS, predict, log_likelihood, table)


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

    unit = _lowest(cost, low.size)
    known = retrieve_spread.samples(cost, unit)
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


def _refuse_limits_alone(table: Spectrum) -> None:
    if bool(np.all(table.is_limit)):
        raise InputError(
            f"retrieve: all {table.frequency.size} data are upper limits; a fit needs at least one "
            "detection; add one"
        )


def labels(question: Question) -> Array:
    """Return name and unit of each parameter."""
    return np.array([p.label for p in question.parameters])


def _lowest(cost: Callable[[Array], float], dimensions: int) -> Array:
    """Minimise over the unit cube: a Sobol net, its best points downhill by simplex, the best again."""
    net = qmc.Sobol(dimensions, scramble=False).random(128 * 2 ** min(dimensions, 3))
    net = 0.01 + 0.98 * net
    order = np.argsort([cost(point) for point in net])
    coarse = [_downhill(cost, net[i], 1e-4, 1e-3) for i in order[:4]]
    best = min(coarse, key=lambda result: float(result.fun))
    # A simplex may shrink onto a slope: begin anew from where it stopped, until that gains nothing.
    for _ in range(20):
        polished = _downhill(cost, best.x, 1e-7, 1e-9)
        gain = float(best.fun) - float(polished.fun)
        best = polished
        if gain < 1e-7:
            break
    if not (best.success and np.isfinite(best.fun)):
        raise ConvergenceError(
            f"retrieve: no maximum of the posterior found ({best.message}); check the data for outliers"
        )
    return np.asarray(np.clip(best.x, 0.0, 1.0))


def _downhill(cost: Callable[[Array], float], start: Array, xatol: float, fatol: float) -> Any:
    simplex = np.vstack([start, start + np.diag(np.where(start > 0.5, -0.03, 0.03))])
    options = {"initial_simplex": simplex, "xatol": xatol, "fatol": fatol, "maxiter": 4000, "adaptive": True}
    box = [(0.0, 1.0)] * start.size
    return minimize(cost, start, method="Nelder-Mead", bounds=box, options=options)
