"""Simulate → retrieve over many seeds: pulls and coverage of the stated standard deviations.

Every tolerance is three standard deviations of what the number of seeds allows.
"""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from hesper.physics import atmosphere as physics_atmosphere
from hesper.record import take
from hesper.thermal import (
    model,
    model_atmosphere,
    model_columns,
    model_families,
    read,
    retrieve,
    retrieve_atmosphere,
    retrieve_likelihood,
    retrieve_posterior,
    retrieve_prior,
    simulate,
)
from hesper.units import GHz


@pytest.fixture(scope="module")
def scene():
    air = model_atmosphere.standard(physics_atmosphere.vira())
    return model.Scene(air, model_columns.Laws(), np.ones(len(model_columns.SPECIES)), 30.0)


def _assert_standard_normal(pulls):
    """Mean 0, variance 1 and 68.3 % within one, each within 3σ of its own sampling error."""
    count = pulls.shape[0]
    within = np.mean(np.abs(pulls) < 1, axis=0)
    share = math.erf(math.sqrt(0.5))
    assert np.all(np.abs(pulls.mean(axis=0)) < 3 / math.sqrt(count)), pulls.mean(axis=0)
    assert np.all(np.abs(pulls.var(axis=0, ddof=1) - 1) < 3 * math.sqrt(2 / (count - 1))), pulls.var(axis=0)
    assert np.all(np.abs(within - share) < 3 * math.sqrt(share * (1 - share) / count)), within


@pytest.mark.parametrize("count", [80, pytest.param(300, marks=pytest.mark.slow)])
def test_permittivity_of_table_4(scene, count):
    """The real campaigns' errors, scales and limit; truth drawn from the prior."""
    table = read.published("mohan2017")
    view = model.view(scene, table.frequency, table.reference_radius)
    kind = model_families.family("uniform")
    random = np.random.default_rng(11)
    pulls = []
    for seed in range(count):
        truth = np.array([random.normal(4.25, 0.35)])
        clean = model_families.temperatures(view, kind, truth, np.array(table.is_planck))
        seen = simulate.noisy(clean, table, seed=seed)
        fit = retrieve.fit(retrieve.ground_question(seen, view, kind, radar=read.no_radar()))
        pulls.append((fit.value - truth) / fit.value_std)
    _assert_standard_normal(np.array(pulls))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["step", "buried mirror", "emissivity law"],
)
def test_three_parameters_of_a_precise_campaign(scene, name):
    """Twelve frequencies with 3 K each: near enough to linear for a Gaussian posterior."""
    kind = model_families.family(name)
    middle = {"permittivity": 4.25, "deep_temperature": 450.0, "loss_depth": -1.3, "mirror_reflectivity": 0.6,
              "wavelength": 0.1, "exponent": 1.9}  # fmt: skip
    width = {"permittivity": 0.35, "deep_temperature": 30.0, "loss_depth": 0.05, "mirror_reflectivity": 0.05,
             "wavelength": 0.05, "exponent": 0.1}  # fmt: skip
    nu = np.geomspace(0.24, 5.0, 12) * GHz
    first = take(read.published("mohan2017"), "datum", np.zeros(12, dtype=int))
    table = dataclasses.replace(
        first,
        frequency=nu,
        brightness_temperature_std=np.full(12, 3.0),
        is_planck=np.zeros(12, dtype=bool),
        campaign_scale_std=np.zeros(12),
    )
    view = model.view(scene, nu)
    random = np.random.default_rng(5)
    pulls = []
    for seed in range(120):
        truth = np.array([random.normal(middle[p.name], width[p.name]) for p in kind.parameters])
        clean = model_families.temperatures(view, kind, truth, is_planck=False)
        seen = simulate.noisy(clean, table, seed=seed)
        fit = retrieve.fit(retrieve.ground_question(seen, view, kind, radar=read.no_radar()))
        pulls.append((fit.value - truth) / fit.value_std)
    _assert_standard_normal(np.array(pulls))


def test_limits_and_detections_of_one_campaign(scene):
    """A flux scale of 10 % shared by detections and limits: truths fall evenly in their posteriors (SBC)."""
    kind = model_families.family("uniform")
    grid = np.linspace(1.5, 20.0, 160)
    nu = np.array([0.3, 0.4, 0.6, 0.9, 1.4]) * GHz
    table = dataclasses.replace(
        take(read.published("mohan2017"), "datum", np.zeros(5, dtype=int)),
        frequency=nu,
        brightness_temperature=np.array([560.0, 600.0, 0.0, 520.0, 0.0]),
        brightness_temperature_std=np.full(5, 8.0),
        is_limit=np.array([True, True, False, True, False]),
        is_planck=np.zeros(5, dtype=bool),
        campaign_scale_std=np.full(5, 0.1),
    )
    view = model.view(scene, nu)
    curves = [model_families.temperatures(view, kind, np.array([x]), is_planck=False) for x in grid]
    random = np.random.default_rng(3)
    place, limits = [], 0
    for seed in range(600):
        truth = random.uniform(1.5, 20.0)
        clean = np.array([np.interp(truth, grid, column) for column in np.array(curves).T])
        seen = simulate.noisy(clean, table, seed=seed)
        limits += int(seen.is_limit.sum())
        data = retrieve_likelihood.arrays(seen, scales=True)
        density = np.exp([retrieve_likelihood.probability(curve, data).log_likelihood for curve in curves])
        below = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]))])
        place.append(np.interp(truth, grid, below / below[-1]))
    assert 600 < limits < 1500
    each = np.array(place)
    assert stats.kstest(each, "uniform").pvalue > 0.0027
    inner = np.mean(np.abs(each - 0.5) < 0.3415)
    assert abs(inner - 0.683) < 3 * math.sqrt(0.683 * 0.317 / each.size)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["exponential", "step", "two layers", "buried mirror"])
def test_spreads_of_table_4_are_calibrated(scene, name):
    """Truth from the prior, often with a parameter at a bound: squared distance over value_std² is 1.

    For the mean over the prior that is exact, whatever the shape of the posterior; the interval from the
    16th to the 84th percentile holds 68 % of the truths.
    """
    table = read.published("mohan2017")
    view = model.view(scene, table.frequency, table.reference_radius)
    kind = model_families.family(name)
    transform = retrieve_prior.prior_transform(kind.parameters)
    random = np.random.default_rng(17)
    square, variance, inside, bounds = [], [], [], 0
    for seed in range(150):
        truth = transform(random.random(len(kind.parameters)))
        clean = model_families.temperatures(view, kind, truth, np.array(table.is_planck))
        seen = simulate.noisy(clean, table, seed=seed)
        fit, known = retrieve.solve(retrieve.ground_question(seen, view, kind, radar=read.no_radar()))
        square.append(((fit.value - truth) / fit.value_std) ** 2)
        # What each posterior says of the scatter of its own squared distance: heavy tails count unseen.
        fourth = known.weight @ ((known.place - fit.value) / fit.value_std) ** 4
        variance.append(fourth - 1.0)
        inside.append((fit.low < truth) & (truth < fit.high))
        bounds += int(fit.at_bound.any())
    assert bounds > 15
    z2 = np.array(square)
    error = np.sqrt(np.mean(variance, axis=0) / 150)
    assert np.all(np.abs(z2.mean(axis=0) - 1) < 3 * error), (z2.mean(axis=0), error)
    share = np.mean(inside, axis=0)
    assert np.all(np.abs(share - 0.6826) < 3 * math.sqrt(0.683 * 0.317 / 150)), share


@pytest.mark.slow
def test_absorbers_of_a_precise_campaign(scene):
    """Permittivity, CO₂, SO₂ and H₂SO₄ together, 0.2 K each: where their priors do not cut the posterior."""
    nu = np.geomspace(1.2, 40.0, 14) * GHz
    first = take(read.published("mohan2017"), "datum", np.zeros(14, dtype=int))
    table = dataclasses.replace(
        first,
        frequency=nu,
        brightness_temperature_std=np.full(14, 0.2),
        is_planck=np.zeros(14, dtype=bool),
        campaign_scale_std=np.zeros(14),
    )
    question = retrieve_atmosphere.question(table, scene)
    random = np.random.default_rng(8)
    pulls = []
    for seed in range(60):
        truth = np.array([random.normal(0.85, 0.15), random.normal(4.6, 0.4), random.uniform(60, 120),
                          random.uniform(0.4, 1.1), random.normal(4.25, 0.35)])  # fmt: skip
        seen = simulate.noisy(question.predict(truth), table, seed=seed)
        fit = retrieve_atmosphere.absorbers(seen, scene)
        pulls.append((fit.value - truth) / fit.value_std)
    _assert_standard_normal(np.array(pulls))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["exponential", "step"])
def test_sampled_posteriors_are_calibrated(scene, name):
    """Truth from the prior, data from Table 4's errors: where it falls in its posterior is uniform (SBC)."""
    pytest.importorskip("dynesty")
    table = read.published("mohan2017")
    view = model.view(scene, table.frequency, table.reference_radius)
    kind = model_families.family(name)
    transform = retrieve_prior.prior_transform(kind.parameters)
    random = np.random.default_rng(21)
    place = []
    for seed in range(60):
        truth = transform(random.random(len(kind.parameters)))
        clean = model_families.temperatures(view, kind, truth, np.array(table.is_planck))
        seen = simulate.noisy(clean, table, seed=seed)
        question = retrieve.ground_question(seen, view, kind, radar=read.no_radar())
        sample = retrieve_posterior.posterior(question, seed=seed, live_points=120, precision=0.2)
        place.append([sample.weight[sample.samples[:, i] < value].sum() for i, value in enumerate(truth)])
    for each in np.array(place).T:
        assert stats.kstest(each, "uniform").pvalue > 0.0027
        inner = np.mean(np.abs(each - 0.5) < 0.3415)
        assert abs(inner - 0.683) < 3 * math.sqrt(0.683 * 0.317 / each.size)
