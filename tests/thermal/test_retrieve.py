"""Likelihoods, limits, priors and fits where the answer is known."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from hesper.errors import InputError, ResourceError
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
    retrieve_comparison,
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


def _view(table, scene):
    return model.view(scene, table.frequency, table.reference_radius)


def test_limits_are_soft():
    """P10: at 630 K the printed limit of 426 ± 94 K costs ln Φ(−2.17) = −4.20."""
    table = read.published("mohan2017")
    limit = take(table, "datum", table.is_limit)
    data = retrieve_likelihood.arrays(limit, scales=False)
    assert retrieve_likelihood.probability(np.array([630.0]), data).log_likelihood == pytest.approx(
        -4.20, abs=0.05
    )
    assert retrieve_likelihood.probability(np.array([0.0]), data).log_likelihood == pytest.approx(
        0.0, abs=1e-5
    )


def test_log_normal_cdf_far_out():
    for z in (3.0, 0.0, -5.0, -19.99, -20.01, -30.0, -200.0):
        assert retrieve_likelihood.log_normal_cdf(z) == pytest.approx(stats.norm.logcdf(z), rel=1e-7)


def test_marginal_likelihood_is_the_dense_gaussian():
    """Scales marginalised by formula equal the multivariate normal with covariance diag(σ²) + s² m mᵀ."""
    table = read.published("mohan2017")
    table = take(table, "datum", ~table.is_limit)
    data = retrieve_likelihood.arrays(table, scales=True)
    predicted = np.linspace(480.0, 640.0, table.frequency.size)
    covariance = np.diag(data.std**2)
    for campaign, scale in enumerate(data.scale_std):
        mine = np.where(data.campaign == campaign, predicted, 0.0)
        covariance += scale**2 * np.outer(mine, mine)
    gap = data.value - predicted
    dense = stats.multivariate_normal(np.zeros(gap.size), covariance).logpdf(gap)
    assert retrieve_likelihood.probability(predicted, data).log_likelihood == pytest.approx(dense, rel=1e-12)
    assert retrieve_likelihood.probability(predicted, data).chi_square == pytest.approx(
        gap @ np.linalg.solve(covariance, gap)
    )


@pytest.mark.parametrize(
    ("predicted", "std"),
    [
        ([600.0, 500.0, 450.0], [20.0, 30.0, 94.0]),
        ([900.0, 500.0, 300.0], [1.0, 2.0, 3.0]),
        ([600.0, 500.0, 450.0], [20.0, 0.5, 94.0]),
        ([700.0, 490.0, 440.0], [20.0, 30.0, 94.0]),
    ],
)
def test_limits_share_the_scale_of_their_campaign(predicted, std):
    """Against the normal distribution of all three: a density times the integral over a quadrant."""
    kelvin, noise = np.array(predicted), np.array(std)
    data = retrieve_likelihood.Data(
        np.array([550.0, 480.0, 426.0]), noise, np.array([False, True, True]), np.zeros(3, dtype=int),
        np.array([0.07]),
    )  # fmt: skip
    whole = np.diag(noise**2) + 0.07**2 * np.outer(kelvin, kelvin)
    gain = whole[1:, 0] / whole[0, 0]
    mean = kelvin[1:] + gain * (550.0 - kelvin[0])
    rest = whole[1:, 1:] - np.outer(gain, whole[0, 1:])
    density = stats.norm(kelvin[0], math.sqrt(whole[0, 0])).logpdf(550.0)
    quadrant = stats.multivariate_normal(mean, rest).logcdf([480.0, 426.0])
    found = retrieve_likelihood.probability(kelvin, data).log_likelihood
    assert found == pytest.approx(density + quadrant, abs=1e-5)
    # One limit alone has a closed form.
    alone = retrieve_likelihood.Data(*(part[[0, 2]] for part in data[:4]), data.scale_std)
    half = stats.norm.logcdf((426.0 - mean[1]) / math.sqrt(rest[1, 1]))
    found = retrieve_likelihood.probability(kelvin[[0, 2]], alone).log_likelihood
    assert found == pytest.approx(density + half, abs=1e-7)


def test_limits_far_below_the_model_stay_finite():
    """Two limits that only a scale error of −99 % would allow: the cost of about 14 σ of the scale."""
    data = retrieve_likelihood.Data(
        np.array([4.0, 3.0]), np.array([0.5, 1.0]), np.array([True, True]), np.zeros(2, dtype=int),
        np.array([0.07]),
    )  # fmt: skip
    found = retrieve_likelihood.probability(np.array([600.0, 500.0]), data).log_likelihood
    assert -110 < found < -90


def test_prior_transform_and_density_agree():
    parameters = (
        model_families.Parameter("a", "1", 0.0, 1.0, 0.8, 0.3),
        model_families.Parameter("b", "1", -3.0, 1.0),
    )
    transform = retrieve_prior.prior_transform(parameters)
    cube = np.linspace(0.001, 0.999, 2001)
    a = np.array([transform(np.array([u, 0.25]))[0] for u in cube])
    assert transform(np.array([0.5, 0.25]))[1] == pytest.approx(-2.0)
    density = np.gradient(cube, a)[5:-5]
    expected = np.exp([retrieve_prior.log_prior(parameters, np.array([x, 0.0])) for x in a[5:-5]]) * 4
    np.testing.assert_allclose(density, expected, rtol=1e-3)


@pytest.mark.parametrize("kind", model_families.FAMILIES, ids=lambda k: k.name)
def test_noiseless_data_give_the_truth_back(scene, kind):
    truth = {"permittivity": 4.25, "deep_temperature": 450.0, "loss_depth": -1.2, "deep_permittivity": 8.0,
             "mirror_reflectivity": 0.6, "wavelength": 0.1, "exponent": 2.0}  # fmt: skip
    values = np.array([truth[p.name] for p in kind.parameters])
    if kind.name == "two layers":
        values[0] = 1.8
    # The prior of the permittivity is centred on the truth, so it does not pull.
    nu = np.geomspace(0.25, 8.0, 14) * GHz
    template = _template(nu, 1.0)
    view = model.view(scene, nu)
    table = dataclasses.replace(
        template, brightness_temperature=model_families.temperatures(view, kind, values, is_planck=False)
    )
    fit = retrieve.ground(table, scene, kind, radar=read.no_radar(), scales=False)
    np.testing.assert_allclose(fit.value, values, atol=1e-3)
    assert fit.chi_square < 1e-4
    assert not fit.at_bound.any()


def _template(nu, std):
    count = nu.size
    published = read.published("mohan2017")
    first = take(published, "datum", np.zeros(count, dtype=int))
    return dataclasses.replace(
        first,
        frequency=nu,
        brightness_temperature=np.full(count, 600.0),
        brightness_temperature_std=np.full(count, std),
        is_planck=np.zeros(count, dtype=bool),
        reference=np.array([f"datum {i}" for i in range(count)]),
    )


def test_a_known_atmosphere_comes_back(scene):
    """Noiseless centimetre spectrum: absorbers and permittivity return, but for the pull of the prior."""
    nu = np.geomspace(1.2, 40.0, 16) * GHz
    table = _template(nu, 0.05)
    question = retrieve_atmosphere.question(table, scene, scales=False)
    truth = np.array([0.9, 4.8, 60.0, 0.5, 4.4])
    known = dataclasses.replace(table, brightness_temperature=question.predict(truth))
    fit = retrieve_atmosphere.absorbers(known, scene, scales=False)
    np.testing.assert_allclose(fit.value, truth, rtol=0.02)


def test_parametric_question_equals_the_model(scene):
    """The fast path of the fit and the general model give one spectrum: Ho's law is a = 1, m = 5."""
    nu = np.array([1.4, 4.86, 22.46]) * GHz
    question = retrieve_atmosphere.question(_template(nu, 1.0), scene, scales=False)
    slow = model_families.temperatures(
        model.view(scene, nu), model_families.family("uniform"), np.array([4.15]), is_planck=False
    )
    np.testing.assert_allclose(question.predict(np.array([1.0, 5.0, 75.0, 1.0, 4.15])), slow, rtol=1e-12)


def test_radar_excludes_what_reflects_too_much(scene):
    table = read.published("mohan2017")
    kind = model_families.family("buried mirror")
    alone = retrieve.ground(table, scene, kind, radar=read.no_radar(), scales=False)
    joint = retrieve.ground(table, scene, kind, radar=read.radar(), scales=False)
    seen = np.array(read.radar().frequency)
    assert model_families.normal_reflectivity(kind, seen, np.array(alone.value))[0] > 0.5
    assert model_families.normal_reflectivity(kind, seen, np.array(joint.value))[0] < 0.3
    assert joint.chi_square > alone.chi_square + 10


def test_limits_alone_and_low_frequencies_are_refused(scene):
    table = read.published("mohan2017")
    limit = take(table, "datum", table.is_limit)
    with pytest.raises(InputError, match="all 1 data are upper limits"):
        retrieve.ground(limit, scene, model_families.FAMILIES[0], radar=read.no_radar())
    with pytest.raises(InputError, match=r"a datum at 0\.2399 GHz"):
        retrieve_atmosphere.absorbers(table, scene)
    dry = scene._replace(atmosphere=model_atmosphere.standard(physics_atmosphere.vira(), so2=0.0))
    with pytest.raises(InputError, match="no SO2 to scale"):
        retrieve_atmosphere.absorbers(take(table, "datum", table.frequency > 1e9), dry)
    with pytest.raises(InputError, match="family of grounds 'sand'"):
        model_families.family("sand")


def test_missing_dynesty_is_said(scene, monkeypatch):
    table = read.published("mohan2017")
    question = retrieve.ground_question(
        table, _view(table, scene), model_families.FAMILIES[0], radar=read.no_radar()
    )

    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(retrieve_posterior.importlib, "import_module", absent)
    with pytest.raises(ResourceError, match=r"pip install 'hesper\[bayes\]'"):
        retrieve_posterior.posterior(question, seed=1)


def test_posterior_and_evidence_of_one_parameter(scene):
    """Nested sampling against integration by quadrature; the band of predictions follows."""
    pytest.importorskip("dynesty")
    table = read.published("mohan2017")
    kind = model_families.family("uniform")
    question = retrieve.ground_question(table, _view(table, scene), kind, radar=read.no_radar(), scales=True)
    grid = np.linspace(1.6, 12.0, 4001)

    def log_density(x):
        value = np.array([x])
        return question.log_likelihood(value) + retrieve_prior.log_prior(question.parameters, value)

    density = np.exp(np.array([log_density(x) for x in grid]) + 70)
    evidence = np.trapezoid(density, grid)
    mean = np.trapezoid(grid * density, grid) / evidence
    std = np.sqrt(np.trapezoid((grid - mean) ** 2 * density, grid) / evidence)
    sample = retrieve_posterior.posterior(question, seed=3, live_points=150, precision=0.1)
    assert sample.log_evidence == pytest.approx(math.log(evidence) - 70, abs=5 * sample.log_evidence_std)
    assert sample.mean[0] == pytest.approx(mean, abs=0.2 * std)
    assert sample.mean_std[0] == pytest.approx(std, rel=0.2)
    first, again = (
        retrieve_posterior.posterior(question, seed=3, live_points=30, precision=1.0) for _ in range(2)
    )
    np.testing.assert_array_equal(first.samples, again.samples)
    band = retrieve_posterior.band(sample, model.view(scene, np.array([0.3, 1.4, 20.0]) * GHz))
    assert np.all(band.low <= band.high)
    assert band.brightness_temperature_std[1] > band.brightness_temperature_std[2]


def test_comparison_and_words(scene):
    table = read.published("mohan2017")
    fits = [
        retrieve.ground(table, scene, model_families.family(name), radar=read.no_radar(), scales=False)
        for name in ("uniform", "step", "emissivity law")
    ]
    found = retrieve_comparison.comparison(fits, surface_temperature=735.3, loss_tangent=0.01)
    assert np.isnan(found.log_evidence).all()
    assert list(found.gradient) == [0, -1, 0]
    assert found.diffusion_time[1] == pytest.approx(found.depth[1] ** 2 / 7e-7)
    words = retrieve_comparison.verdict(found)
    assert "cannot choose among 2 families" in words
    assert "uniform" not in words
    lines = retrieve_comparison.flags(found)
    assert "no steady state" in lines[1]
    alone = retrieve_comparison.comparison(fits[:1], surface_temperature=735.3)
    assert "prefer one family" in retrieve_comparison.verdict(alone)
    with pytest.raises(InputError, match="loss_tangent = 0"):
        retrieve_comparison.comparison(fits, surface_temperature=735.3, loss_tangent=0.0)


def test_spread_of_one_parameter_is_that_of_quadrature(scene):
    """Root mean square distance and percentiles of a sampled posterior, cut by a bound or not."""
    table = read.published("mohan2017")
    for low in (1.5, 5.2):
        kind = model_families.family("uniform")._replace(
            parameters=(model_families.Parameter("permittivity", "1", low, 20.0),)
        )
        question = retrieve.ground_question(table, _view(table, scene), kind, radar=read.no_radar())
        fit = retrieve.fit(question)
        grid = np.linspace(low, 20.0, 4001)
        density = np.exp(np.array([question.log_likelihood(np.array([x])) for x in grid]) - fit.log_posterior)
        density /= density.sum()
        rms = math.sqrt(density @ (grid - fit.value[0]) ** 2)
        # 400 independent samples know a standard deviation to 3.5 %: three times that.
        assert fit.value_std[0] == pytest.approx(rms, rel=0.11)
        edges = np.interp([0.1587, 0.8413], np.cumsum(density), grid)
        np.testing.assert_allclose([fit.low[0], fit.high[0]], edges, atol=0.2 * rms)


def test_standard_deviation_of_a_neighbour_of_a_bound(scene):
    """Where the deep temperature sits at 0 K, the loss depth's error is not the one for 0 K."""
    table = read.published("mohan2017")
    kind = model_families.family("exponential")
    question = retrieve.ground_question(table, _view(table, scene), kind, radar=read.no_radar(), scales=False)
    fit = retrieve.fit(question)
    assert fit.at_bound[1]
    assert fit.value[1] == pytest.approx(0.0, abs=1.0)
    assert 5 < fit.value_std[1] < 250
    axes = [np.linspace(2.4, 5.4, 13), np.linspace(0.0, 1000.0, 51), np.linspace(-1.8, -0.2, 33)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    cost = [question.log_likelihood(p) + retrieve_prior.log_prior(kind.parameters, p) for p in points]
    weight = np.exp(np.array(cost) - fit.log_posterior)
    weight *= np.where((points[:, 1] == 0.0) | (points[:, 1] == 1000.0), 0.5, 1.0)
    weight /= weight.sum()
    rms = np.sqrt(weight @ (points - fit.value) ** 2)
    np.testing.assert_allclose(fit.value_std, rms, rtol=0.15)
    cold = weight * (points[:, 1] == 0.0)
    conditional = math.sqrt(cold @ (points[:, 2] - fit.value[2]) ** 2 / cold.sum())
    assert fit.value_std[2] > 1.5 * conditional


@pytest.mark.parametrize("std", [1.0, 0.01])
def test_two_answers_are_both_counted(scene, std):
    """A layer over denser or lighter ground reflects alike: the error spans both, however good the data."""
    kind = model_families.family("two layers")
    truth = np.array([4.25, 8.0, -1.3])
    nu = np.geomspace(0.24, 5.0, 12) * GHz
    template = _template(nu, std)
    exact = model_families.temperatures(model.view(scene, nu), kind, truth, is_planck=False)
    noise = std * np.random.default_rng(1).standard_normal(12)
    table = dataclasses.replace(template, brightness_temperature=exact + noise)
    fit = retrieve.ground(table, scene, kind, radar=read.no_radar(), scales=False)
    assert np.all(np.abs(fit.value - truth) < 4 * fit.value_std)
    assert fit.low[1] < truth[0] < fit.high[1]
    assert fit.value_std[0] < 0.05 * std + 0.001


def test_simulated_tables_have_their_noise(scene):
    """Over many seeds scatter and correlation of simulated data are those declared; limits stay soft."""
    table = read.published("mohan2017")
    truth = np.full(table.frequency.size, 450.0)
    drawn = np.array([
        simulate.noisy(truth, table, seed=seed).brightness_temperature[:10] for seed in range(3000)
    ])  # fmt: skip
    std = np.hypot(table.brightness_temperature_std, table.campaign_scale_std * 450)[:10]
    np.testing.assert_allclose(drawn.std(axis=0) / std, 1.0, atol=3.5 / math.sqrt(2 * 3000))
    np.testing.assert_allclose((drawn.mean(axis=0) - 450) / std, 0.0, atol=3.5 / math.sqrt(3000))
    gmrt = np.corrcoef(drawn[:, 6], drawn[:, 9])[0, 1]
    expected = (0.07 * 450) ** 2 / (std[6] * std[9])
    assert gmrt == pytest.approx(expected, abs=3.5 / math.sqrt(3000))
    kept = np.mean([simulate.noisy(truth, table, seed=s).is_limit[10] for s in range(2000)])
    spread = math.hypot(94, 0.07 * 450)
    chance = stats.norm.cdf((426 - 450) / spread)
    assert kept == pytest.approx(chance, abs=3.5 * math.sqrt(chance * (1 - chance) / 2000))


def test_noise_larger_than_the_signal_is_said(scene):
    table = _template(np.geomspace(0.25, 8.0, 30) * GHz, 900.0)
    with pytest.raises(InputError, match=r"noise of 900 K makes \d+ K at .* GHz negative"):
        simulate.spectrum(scene, model_families.family("uniform"), np.array([4.15]), table, seed=1)
