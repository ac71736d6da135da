import numpy as np
import pytest

from hesper import fit
from hesper.errors import ConvergenceError, InputError


def _line(rng, n=40, std=0.3):
    x = rng.uniform(-1, 1, n)
    design = np.stack([np.ones(n), x], axis=1)
    return design, design @ [2.0, -1.0] + std * rng.standard_normal(n)


def test_linear_matches_the_normal_equations():
    design, data = _line(np.random.default_rng(0))
    found = fit.linear(design, data, 0.3)
    assert np.allclose(found.value, np.linalg.lstsq(design, data, rcond=None)[0])
    assert np.allclose(found.covariance, 0.09 * np.linalg.inv(design.T @ design))
    assert found.dof == 38


def test_linear_is_honest_over_many_seeds():
    pulls = np.array(
        [(f := fit.linear(*_line(np.random.default_rng(s)), 0.3)).value - [2, -1] for s in range(400)]
    )
    std = fit.linear(*_line(np.random.default_rng(0)), 0.3).std
    scatter = pulls.std(axis=0)
    assert np.all(np.abs(pulls.mean(axis=0)) < 3 * scatter / 20)
    assert np.all(np.abs(scatter / std - 1) < 0.25)
    assert f.reduced_chi2 > 0


def test_nan_data_are_left_out_and_undetermined_designs_refused():
    design, data = _line(np.random.default_rng(1))
    data[3] = np.nan
    assert fit.linear(design, data, 0.3).dof == 37
    with pytest.raises(InputError, match="do not determine"):
        fit.linear(np.ones((40, 2)), data, 1.0)
    with pytest.raises(InputError, match="not positive"):
        fit.linear(design, data, 0.0)
    with pytest.raises(InputError, match="must agree"):
        fit.linear(design, data[:5], 1.0)


def test_badly_scaled_columns_are_no_degeneracy():
    design, data = _line(np.random.default_rng(2))
    scaled = design * [1.0, 1e-15]
    assert fit.linear(scaled, data, 0.3).value[1] == pytest.approx(
        fit.linear(design, data, 0.3).value[1] * 1e15
    )


def test_huber_resists_outliers_and_states_its_scatter():
    values, stds = [], []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        design, data = _line(rng, 60)
        data[:6] += 8.0
        found = fit.huber(design, data, 1.0)
        values.append(found.value)
        stds.append(found.std)
    values, stds = np.array(values), np.array(stds)
    plain = fit.linear(design, data, 1.0).value
    assert abs(values[:, 0].mean() - 2) < 0.12 < abs(plain[0] - 2)
    ratio = values.std(axis=0) / stds.mean(axis=0)
    assert np.all((ratio > 0.8) & (ratio < 1.25)), ratio


@pytest.mark.parametrize(("n", "highest"), [(12, 1.35), (20, 1.2), (60, 1.12)])
def test_huber_pulls_of_clean_data_have_unit_width(n, highest):
    pulls = []
    for seed in range(600):
        found = fit.huber(*_line(np.random.default_rng(seed), n), 1.0)
        pulls.append((found.value - [2, -1]) / found.std)
    width = np.std(pulls, axis=0)
    # A pull by an estimated scale of n − 2 degrees of freedom follows Student's law, wider than 1.
    assert np.all((width > 0.85) & (width < highest)), width


def test_huber_refuses_as_many_parameters_as_data():
    with pytest.raises(InputError, match="give more data"):
        fit.huber(np.eye(2), np.ones(2), 1.0)


def test_nonlinear_says_what_the_data_do_not_determine():
    x = np.linspace(0, 1, 20)
    with pytest.raises(ConvergenceError, match="do not determine"):
        fit.nonlinear(lambda p: x - (p[0] + p[1]) * x, np.array([0.2, 0.2]))
    bounds = (np.array([0.0, -9.0]), np.array([1.0, 9.0]))
    bounded = fit.nonlinear(lambda p: (2.0 - p[0] * x) + p[1], np.array([0.5, 0.1]), bounds=bounds)
    assert np.isfinite(bounded.std[1])


def test_nonlinear_needs_as_many_data_as_parameters():
    with pytest.raises(ConvergenceError, match="do not determine"):
        fit.nonlinear(lambda p: np.array([p[0] + 2 * p[1]]), np.zeros(2))


def test_nonlinear_covariance_and_failure():
    x = np.linspace(0, 1, 50)
    rng = np.random.default_rng(3)
    data = 2 * np.exp(-3 * x) + 0.01 * rng.standard_normal(50)
    found = fit.nonlinear(lambda p: (data - p[0] * np.exp(-p[1] * x)) / 0.01, np.array([1.0, 1.0]))
    assert np.all(np.abs(found.value - [2, 3]) < 4 * found.std)
    assert 0.5 < found.reduced_chi2 < 1.6


def test_a_condition_that_is_allowed_is_inverted():
    """1e9 is near the limit of 1e10, but squared in the normal equations is beyond double precision."""
    axis = np.linspace(-1, 1, 50)
    design = np.stack([np.ones(50), np.ones(50) + 1e-9 * axis], axis=1)
    found = fit._free_covariance(design, np.ones(2, bool))
    assert np.sqrt(found[1, 1]) == pytest.approx(1 / (1e-9 * np.linalg.norm(axis)), rel=1e-3)


def test_no_convergence_is_said():
    with pytest.raises(ConvergenceError, match="try another start"):
        fit.nonlinear(_valley, np.array([-1.2, 1.0]), evaluations=3)


def _valley(p):
    """Rosenbrock's narrow curved valley needs more than three looks."""
    return np.array([10 * (p[1] - p[0] ** 2), 1 - p[0]])
