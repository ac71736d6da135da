"""Spectra → what they say about the ground and the atmosphere, with standard deviations."""

import importlib
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import ndtr, ndtri
from scipy.stats import qmc

from hesper.errors import ConvergenceError, InputError, ResourceError
from hesper.record import Array
from hesper.thermal import model, model_opacity, retrieve_likelihood
from hesper.thermal.data import Band, Comparison, Fit, Posterior, RadarReflectivities, Spectrum
from hesper.thermal.model_families import Family, Parameter, normal_reflectivity, temperatures
from hesper.thermal.model_families import family as family_named
from hesper.units import GHz, ppm

THERMAL_DIFFUSIVITY = 7e-7
"""m2 s-1; of basalt near 700 K (unverified: from memory)."""
LOW_FREQUENCY = 1.0 * GHz
"""Hz; detections below it count in `chi_square_low`."""
RADAR_FREQUENCIES = (38e6, 50e6, 430e6, 2380e6)
"""Hz; where reflectivities are compared with radar."""
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
        total = retrieve_likelihood.log_likelihood(predict(values), data)
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
        return float(retrieve_likelihood.log_likelihood(predict(values), data))

    return Question("atmosphere", ATMOSPHERE_PARAMETERS, predict, log_likelihood, table)


def fit(question: Question) -> Fit:
    """Find the most probable parameters of a question.

    Raises
    ------
    ConvergenceError
        If no maximum is found.
    """
    low = np.array([p.low for p in question.parameters])
    high = np.array([p.high for p in question.parameters])

    def cost(unit: Array) -> float:
        values = low + np.clip(unit, 0.0, 1.0) * (high - low)
        return -question.log_likelihood(values) - log_prior(question.parameters, values)

    unit = _lowest(cost, low.size)
    value = low + unit * (high - low)
    std, at_bound = _spread(cost, unit)
    predicted = question.predict(value)
    exact = retrieve_likelihood.arrays(question.table, scales=False)
    scaled = retrieve_likelihood.arrays(question.table, scales=True)
    residual = retrieve_likelihood.residuals(predicted, exact)
    below = (question.table.frequency < LOW_FREQUENCY) & ~question.table.is_limit
    return Fit(
        family=question.family,
        parameter=_labels(question),
        value=value,
        value_std=std * (high - low),
        at_bound=at_bound,
        brightness_temperature=predicted,
        residual=residual,
        chi_square=float(np.sum(residual**2)),
        chi_square_scaled=retrieve_likelihood.chi_square(predicted, scaled),
        chi_square_low=float(np.sum(residual[below] ** 2)),
        log_posterior=-cost(unit),
    )


def posterior(question: Question, *, seed: int, live_points: int = 300, precision: float = 0.05) -> Posterior:
    """Sample the posterior of a question and its evidence by nested sampling (Speagle 2020, dynesty).

    Parameters
    ----------
    seed
        Of the random numbers.
    live_points
        More give finer samples and evidence, in proportion to the time.
    precision
        Evidence left in the live points when sampling ends [ln].

    Raises
    ------
    ResourceError
        If dynesty is not installed.
    """
    try:
        dynesty = importlib.import_module("dynesty")
    except ImportError:
        raise ResourceError(
            "retrieve.posterior: the package dynesty is not installed; pip install 'hesper[bayes]', "
            "or fit without evidence"
        ) from None
    transform = prior_transform(question.parameters)
    with warnings.catch_warnings():
        # Samplers warn of what a run survives (a slow start, an old interface); the result says what matters.
        warnings.simplefilter("ignore")
        sampler = dynesty.NestedSampler(
            question.log_likelihood,
            transform,
            len(question.parameters),
            nlive=live_points,
            rstate=np.random.default_rng(seed),
        )
        sampler.run_nested(dlogz=precision, print_progress=False)
    result = sampler.results
    weight = np.exp(result.logwt - result.logz[-1])
    weight /= weight.sum()
    mean = weight @ result.samples
    return Posterior(
        family=question.family,
        parameter=_labels(question),
        samples=result.samples,
        weight=weight,
        mean=mean,
        mean_std=np.sqrt(weight @ (result.samples - mean) ** 2),
        log_evidence=float(result.logz[-1]),
        log_evidence_std=float(result.logzerr[-1]),
    )


def prior_transform(parameters: Sequence[Parameter]) -> Callable[[Array], Array]:
    """Return the map from the unit cube to parameters: uniform, or normal cut at the bounds."""
    low = np.array([p.low for p in parameters])
    high = np.array([p.high for p in parameters])
    mean = np.array([p.mean for p in parameters])
    normal = np.isfinite([p.std for p in parameters])
    std = np.where(normal, [p.std for p in parameters], 1.0)
    first, last = ndtr((low - mean) / std), ndtr((high - mean) / std)

    def transform(cube: Array) -> Array:
        bell = mean + std * ndtri(first + cube * (last - first))
        return np.asarray(np.where(normal, np.clip(bell, low, high), low + cube * (high - low)))

    return transform


def log_prior(parameters: Sequence[Parameter], values: Array) -> float:
    """Return the log prior density, normalised between the bounds."""
    total = 0.0
    for p, value in zip(parameters, values, strict=True):
        if math.isinf(p.std):
            total -= math.log(p.high - p.low)
        else:
            inside = math.log(ndtr((p.high - p.mean) / p.std) - ndtr((p.low - p.mean) / p.std))
            total -= 0.5 * ((value - p.mean) / p.std) ** 2 + math.log(p.std * math.sqrt(2 * math.pi)) + inside
    return total


def band(sample: Posterior, view: model.View, *, is_planck: bool = False, draws: int = 400) -> Band:
    """Predict the spectrum at any frequencies from a posterior of a family of grounds.

    Parameters
    ----------
    view
        Atmosphere and sky at the frequencies wanted.
    draws
        Number of samples, taken at equal steps of their cumulative weight.
    """
    kind = family_named(sample.family)
    steps = (np.arange(draws) + 0.5) / draws
    chosen = np.searchsorted(np.cumsum(sample.weight), steps).clip(0, sample.weight.size - 1)
    curves = np.array([temperatures(view, kind, np.array(sample.samples[i]), is_planck) for i in chosen])
    low, high = np.percentile(curves, [16, 84], axis=0)
    return Band(
        family=sample.family,
        frequency=view.frequency,
        brightness_temperature=curves.mean(axis=0),
        brightness_temperature_std=curves.std(axis=0),
        low=low,
        high=high,
    )


def comparison(
    fits: Sequence[Fit],
    posteriors: Sequence[Posterior] = (),
    *,
    surface_temperature: float,
    loss_tangent: float = 0.01,
) -> Comparison:
    """Put the fits of several families side by side, with what physics says of them.

    Parameters
    ----------
    posteriors
        Those that were sampled; evidences of the others are nan.
    surface_temperature
        Against which a temperature below is colder or warmer [K].
    loss_tangent
        For which depths are given; data fix only depth × loss tangent.
    """
    if not loss_tangent > 0:
        raise InputError(f"loss_tangent = {loss_tangent:g}; a positive number is needed, for example 0.01")
    kinds = [family_named(found.family) for found in fits]
    evidence = {p.family: (p.log_evidence, p.log_evidence_std) for p in posteriors}
    nan = (math.nan, math.nan)
    depth = np.array([
        10.0 ** found.value[kind.loss_depth] / loss_tangent if kind.loss_depth >= 0 else math.nan
        for kind, found in zip(kinds, fits, strict=True)
    ])  # fmt: skip
    return Comparison(
        family=np.array([found.family for found in fits]),
        parameters=np.array([len(kind.parameters) for kind in kinds]),
        chi_square=np.array([found.chi_square for found in fits]),
        chi_square_scaled=np.array([found.chi_square_scaled for found in fits]),
        chi_square_low=np.array([found.chi_square_low for found in fits]),
        log_evidence=np.array([evidence.get(found.family, nan)[0] for found in fits]),
        log_evidence_std=np.array([evidence.get(found.family, nan)[1] for found in fits]),
        depth=depth,
        diffusion_time=depth**2 / THERMAL_DIFFUSIVITY,
        gradient=np.array([
            _gradient(kind, found, surface_temperature) for kind, found in zip(kinds, fits, strict=True)
        ]),
        radar_frequency=np.array(RADAR_FREQUENCIES),
        radar_reflectivity=np.array([
            normal_reflectivity(kind, np.array(RADAR_FREQUENCIES), np.array(found.value))
            for kind, found in zip(kinds, fits, strict=True)
        ]),
        loss_tangent=loss_tangent,
    )  # fmt: skip


def verdict(table: Comparison) -> str:
    """Say in words which families the data cannot tell apart, by log evidence, or else by χ²."""
    if np.all(np.isfinite(table.log_evidence)):
        best = int(np.argmax(table.log_evidence))
        tied = np.nonzero(table.log_evidence[best] - table.log_evidence < 2.5)[0]
        measure = "log evidence within 2.5 of the best"
    else:
        # One χ² unit per parameter is what fitting noise gains: Akaike's criterion.
        score = table.chi_square_scaled + 2.0 * table.parameters
        best = int(np.argmin(score))
        tied = np.nonzero(score - score[best] < 5.0)[0]
        measure = "chi-square + 2 × parameters within 5 of the best"
    names = ", ".join(str(name) for name in table.family[tied])
    if tied.size > 1:
        return (
            f"These data cannot choose among {tied.size} families of grounds ({names}): {measure}. "
            "None of them is preferred."
        )
    return f"These data prefer one family of grounds: {names} ({measure} holds for no other)."


def flags(table: Comparison) -> list[str]:
    """Return what physics says of each family at its best fit, one line each."""
    lines = []
    seen = ", ".join(f"{f / 1e6:g}" for f in table.radar_frequency)
    for i, name in enumerate(table.family):
        reflectivity = ", ".join(f"{r:.2f}" for r in table.radar_reflectivity[i])
        text = f"{name}: reflectivity {reflectivity} at {seen} MHz (radar saw about 0.15)"
        if np.isfinite(table.depth[i]):
            years = table.diffusion_time[i] / 3.156e7
            text += f"; depth {table.depth[i]:.2g} m for tan δ = {table.loss_tangent:g}"
            if table.gradient[i] != 0:
                text += f", through which heat diffuses in {years:.2g} years"
        if table.gradient[i] < 0:
            text += (
                "; colder below, against the flow of heat from the interior: no steady state, it would have "
                "to be younger than that time"
            )
        elif table.gradient[i] > 0:
            text += "; warmer below, as the flow of heat demands"
        lines.append(text)
    return lines


def _gradient(kind: Family, found: Fit, surface_temperature: float) -> int:
    if kind.deep_temperature < 0:
        return 0
    return int(np.sign(found.value[kind.deep_temperature] - surface_temperature))


def _refuse_limits_alone(table: Spectrum) -> None:
    if bool(np.all(table.is_limit)):
        raise InputError(
            f"retrieve: all {table.frequency.size} data are upper limits; a fit needs at least one "
            "detection; add one"
        )


def _labels(question: Question) -> Array:
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


def _spread(cost: Callable[[Array], float], place: Array) -> tuple[Array, Array]:
    """Return standard deviations on the unit cube, and which parameters lie at a bound.

    Inside: from the inverse of the matrix of second derivatives. At a bound, where the posterior is cut, the
    distance x at which the cost has risen by ½ along that axis: g x + ½ h x² = ½.
    """
    h = 1e-3
    n = place.size
    at_bound = (place < h) | (place > 1 - h)
    centre = np.clip(place, 2 * h, 1 - 2 * h)
    matrix = np.zeros((n, n))
    steps = h * np.eye(n)
    here = cost(centre)
    for i in range(n):
        matrix[i, i] = (cost(centre + steps[i]) - 2 * here + cost(centre - steps[i])) / h**2
        for j in range(i):
            corners = (
                cost(centre + steps[i] + steps[j])
                - cost(centre + steps[i] - steps[j])
                - cost(centre - steps[i] + steps[j])
                + cost(centre - steps[i] - steps[j])
            )
            matrix[i, j] = matrix[j, i] = corners / (4 * h**2)
    std = np.empty(n)
    free = np.nonzero(~at_bound)[0]
    if free.size:
        inner = matrix[np.ix_(free, free)]
        eigenvalue, vector = np.linalg.eigh(inner)
        # A direction the data do not constrain is as wide as the prior.
        std[free] = np.sqrt((vector**2) @ (1 / np.maximum(eigenvalue, 12.0)))
    for k in np.nonzero(at_bound)[0]:
        inward = steps[k] * (1 if place[k] < 0.5 else -1)
        slope = max((cost(place + inward) - cost(place)) / h, 0.0)
        curvature = max(matrix[k, k], 1e-12)
        std[k] = min((math.sqrt(slope**2 + curvature) - slope) / curvature, 1.0)
    return std, at_bound
