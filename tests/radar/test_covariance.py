"""The likelihood of a cell: derivatives, information, efficiency, several receivers, what is lost."""

import dataclasses
import math

import numpy as np
import pytest

from hesper import config
from hesper.constants import VENUS_RADIUS
from hesper.radar import model_covariance as covariance
from hesper.radar import model_geometry, model_solver, plan_pass
from hesper.radar.data_settings import Reduction, Scene, Stations, Waveform
from hesper.radar.retrieve_cells import phase_std
from hesper.radar.retrieve_patches import LARGEST_PHASE_STD
from hesper.units import km

PASS = np.arange(-170, 171, 10) * 60.0
STATIONS, WAVEFORM, SCENE = (config.load(kind, {}) for kind in (Stations, Waveform, Scene))


@pytest.fixture(scope="module")
def transit():
    return float(model_geometry.transits(["1974-01-20"], "DSS-14")[0])


@pytest.fixture(scope="module")
def geometry(transit):
    return model_geometry.pass_geometry(
        transit + PASS, "DSS-14", STATIONS.receivers, frequency=WAVEFORM.frequency
    )


def _cell(north, geometry, *, count=2, ratio=1.0, signal=None):
    """Return the arguments of the likelihood of a cell at x = 100 km, and its true parameters."""
    rng = np.random.default_rng(7)
    kappa = model_geometry.pair_fringes(geometry.fringe[:, :count])
    y0 = np.full(len(geometry.time), north)
    kxx, ky = 100 * km * kappa[:, :, 0], np.ascontiguousarray(kappa[:, :, 1])
    size = (len(y0), 2, kappa.shape[1])
    q = 0.93 * np.exp(0.04j * rng.normal(size=size))
    gain = np.array([1.0, 0.23, 0.5, 0.7])[:count]
    level = signal if signal is not None else 20.0
    theta = np.array([2 * level * ratio / (1 + ratio), 2 * level / (1 + ratio), 210.0, -350.0])
    return {"q": q, "kxx": kxx, "ky": ky, "y0": y0, "gain": gain, "radius": VENUS_RADIUS}, theta


def _draw(cell, theta, looks, trials, seed):
    """Return statistics (trial, cycle, M²) of looks drawn from the model's covariance."""
    rng = np.random.default_rng(seed)
    count, cycles = len(cell["gain"]), len(cell["y0"])
    out = np.empty((trials, cycles, count * count))
    matrix, slopes = np.zeros((count, count), complex), np.zeros((4, count, count), complex)
    for c in range(cycles):
        covariance.covariance(
            theta, cell["q"][c], cell["kxx"][c], cell["ky"][c], cell["y0"][c], cell["gain"], VENUS_RADIUS,
            matrix, slopes,
        )  # fmt: skip
        low = np.linalg.cholesky(matrix)
        z = rng.normal(size=(trials, looks, count, 2)) @ np.array([1, 1j]) / np.sqrt(2)
        v = z @ low.T
        out[:, c, :count] = np.mean(np.abs(v) ** 2, axis=1)
        at = count
        for m in range(count):
            for k in range(m + 1, count):
                cross = np.mean(v[..., m] * v[..., k].conj(), axis=1)
                out[:, c, at], out[:, c, at + 1] = cross.real, cross.imag
                at += 2
    return out


def _information(function, cell, theta, data, looks):
    score, fisher = np.zeros(4), np.zeros((4, 4))
    n = np.full(len(cell["y0"]), float(looks))
    value = function(
        theta,
        data,
        n,
        cell["q"],
        cell["kxx"],
        cell["ky"],
        cell["y0"],
        cell["gain"],
        VENUS_RADIUS,
        score,
        fisher,
    )
    return value, score, fisher


def _solve(cell, data, looks, *, prior=0.0, several=False):
    trials = len(data)
    n = np.full(data.shape[:2], float(looks)) if np.ndim(looks) == 0 else looks

    def repeated(values):
        return np.ascontiguousarray(np.broadcast_to(values, (trials, *values.shape)))

    theta, fisher = np.full((trials, 4), np.nan), np.zeros((trials, 4, 4))
    value, count, state = np.zeros(trials), np.zeros(trials, np.int64), np.zeros(trials, np.int64)
    model_solver.solve_cells(
        data, n, repeated(cell["q"]), repeated(cell["kxx"]), cell["ky"], repeated(cell["y0"]), cell["gain"],
        VENUS_RADIUS, prior, 8000.0, 60, np.full(trials, several), theta, fisher, value, count, state,
    )  # fmt: skip
    return theta, fisher, state, count


@pytest.mark.parametrize("count", [2, 3])
def test_score_is_the_slope_of_the_likelihood(geometry, transit, count):
    given = geometry if count == 2 else _three(transit)
    cell, theta = _cell(300 * km, given, count=count, ratio=3.0)
    data = _draw(cell, theta, 9, 1, 3)[0]
    at = theta * np.array([1.1, 0.8, 1.5, 0.5])
    _, score, _ = _information(covariance.information, cell, at, data, 9)
    for a, step in enumerate((1e-4, 1e-4, 0.02, 0.02)):
        sides = []
        for sign in (1, -1):
            moved = at.copy()
            moved[a] += sign * step
            sides.append(_information(covariance.information, cell, moved, data, 9)[0])
        assert score[a] == pytest.approx(
            (sides[0] - sides[1]) / (2 * step), rel=1e-6, abs=1e-6 * abs(score).max()
        )


def test_information_is_the_covariance_of_the_score(geometry):
    cell, theta = _cell(300 * km, geometry, ratio=3.0)
    trials = 4000
    scores = []
    for data in _draw(cell, theta, 9, trials, 4):
        _, score, fisher = _information(covariance.information, cell, theta, data, 9)
        scores.append(score)
    scale = np.sqrt(np.diag(fisher))
    found = np.cov(np.transpose(scores)) / np.outer(scale, scale)
    # The covariance of 4000 draws is itself known to 2.2 %: three times that beside the 3 % asked for.
    assert np.allclose(found, fisher / np.outer(scale, scale), atol=0.03 + 3 * np.sqrt(2 / trials))


def test_the_code_for_many_receivers_is_that_for_two(geometry):
    cell, theta = _cell(200 * km, geometry, ratio=4.0)
    data = _draw(cell, theta, 9, 1, 5)[0]
    one = _information(covariance.information_pair, cell, theta, data, 9)
    two = _information(covariance.information_array, cell, theta, data, 9)
    assert one[0] == pytest.approx(two[0], rel=1e-10)
    scale = np.sqrt(np.diag(one[2]))
    assert np.allclose(one[1] / scale, two[1] / scale, rtol=1e-10, atol=1e-9)
    assert np.allclose(
        one[2] / np.outer(scale, scale), two[2] / np.outer(scale, scale), rtol=1e-10, atol=1e-10
    )


def _three(transit):
    return model_geometry.pass_geometry(
        transit + PASS, "DSS-14", ("DSS-14", "DSS-13-26m", "DSS-12"), frequency=WAVEFORM.frequency
    )


def test_a_third_station_opens_the_runway(geometry, transit):
    three = dataclasses.replace(
        STATIONS, receivers=("DSS-14", "DSS-13-26m", "DSS-12"), diameters=(64.0, 26.0, 26.0),
        efficiencies=(0.65, 0.6, 0.6), temperatures=(25.0, 25.0, 25.0),
    )  # fmt: skip
    north = np.arange(40.0, 81.0, 5.0) * km
    settings = {"across": 100 * km, "north": north, "looks": 9}
    two = plan_pass.cut(geometry, STATIONS, WAVEFORM, SCENE, **settings)
    more = plan_pass.cut(_three(transit), three, WAVEFORM, SCENE, **settings)
    # On both sides of the runway's edge, which lies at 45 to 50 km.
    assert np.median(two.altitude_std[:, 0] / more.altitude_std[:, 0]) > 5
    assert np.all(more.contrast_std < two.contrast_std)


@pytest.mark.parametrize(
    ("north", "ratio", "trials"),
    [(200, 1.0, 500), (400, 4.0, 500)]
    + [
        pytest.param(north, ratio, 2000, marks=pytest.mark.slow)
        for north in (150, 200, 400, 600, 740)
        for ratio in (1.0, 4.0)
    ],
)
def test_efficiency(geometry, north, ratio, trials):
    bound = plan_pass.cut(
        geometry, STATIONS, WAVEFORM, SCENE, across=100 * km, north=np.array([north * km]), looks=9
    )
    cell, theta = _cell(north * km, geometry, ratio=ratio, signal=float(bound.signal[0]))
    theta[2:] = 0.0
    data = _draw(cell, theta, 9, trials, north)
    found, _, state, steps = _solve(cell, data, 9)
    _, _, fisher = _information(covariance.information, cell, theta, data[0], 9)
    std = np.sqrt(np.diag(np.linalg.inv(fisher)))
    error = (found - theta) / std
    # The rms of n draws is known to 1/√2n of itself, the mean to 1/√n: three of these are granted.
    assert np.all(state == model_solver.CONVERGED)
    assert np.all(np.abs(error.mean(axis=0)) < 0.1 + 3 / np.sqrt(trials))
    rms = np.sqrt(np.mean(error**2, axis=0))
    slack = 3 / np.sqrt(2 * trials)
    assert np.all((rms > 0.95 - slack) & (rms < 1.08 + slack))
    assert steps.mean() < 8


def test_maximum_likelihood_beats_least_squares(geometry):
    """Unweighted least squares on the cross product, as phases alone would be fitted."""
    from scipy.optimize import least_squares

    for north, least in ((150, 3.0), (400, 2.0)):
        bound = plan_pass.cut(
            geometry, STATIONS, WAVEFORM, SCENE, across=100 * km, north=np.array([north * km]), looks=9
        )
        cell, theta = _cell(north * km, geometry, signal=float(bound.signal[0]))
        theta[2:] = 0.0
        data = _draw(cell, theta, 9, 150, 11)
        found, _, _, _ = _solve(cell, data, 9)
        kxx, ky, q = cell["kxx"][:, 0], cell["ky"][:, 0], cell["q"][:, :, 0]

        def misfit(p, x, north=north, kxx=kxx, ky=ky, q=q):
            total = 0
            for j, sign in enumerate((1, -1)):
                y = np.sqrt(np.maximum((north * km) ** 2 + 2 * VENUS_RADIUS * 1e3 * p[2 + j], 1.0))
                total = total + p[j] * q[:, j] * np.exp(1j * (kxx + sign * ky * y))
            left = x - np.sqrt(0.23) * total
            return np.concatenate([left.real, left.imag])

        fitted = [
            least_squares(misfit, [theta[0], theta[1], 0.0, 0.0], args=(d[:, 2] + 1j * d[:, 3],)).x
            for d in data
        ]

        def robust(values):
            return 1.4826 * np.median(np.abs(values - np.median(values)))

        ratio = robust(1e3 * np.array(fitted)[:, 2]) / robust(found[:, 2])
        # The spread of 150 draws is known to about 8 % each.
        assert ratio > least * (1 - 3 * 0.11)


def test_what_cannot_be_solved_is_finite_and_flagged(geometry):
    cell, theta = _cell(400 * km, geometry)
    noise = _draw(cell, np.array([1e-9, 1e-9, 0.0, 0.0]), 9, 20, 6)
    found, _, state, _ = _solve(cell, noise, 9)
    assert np.isfinite(found).all()
    assert np.all(found[:, :2] < 0.5)
    good = _draw(cell, theta, 9, 4, 6)
    looks = np.full(good.shape[:2], 9.0)
    looks[0] = 0.0
    looks[1, 1:] = 0.0
    looks[2, ::2] = 0.0
    found, fisher, state, _ = _solve(cell, good, looks)
    assert state[0] == model_solver.EMPTY
    # One cycle has three observables for four unknowns.
    assert np.isfinite(found[1:]).all()
    single = np.linalg.eigvalsh(fisher[1] / np.sqrt(np.outer(np.diag(fisher[1]), np.diag(fisher[1]))))
    assert single[0] < 1e-8
    assert state[2] == state[3] == model_solver.CONVERGED


def test_a_prior_holds_altitudes(geometry):
    cell, theta = _cell(400 * km, geometry, signal=0.3)
    data = _draw(cell, theta, 9, 50, 8)
    free, _, _, _ = _solve(cell, data, 9)
    held, _, _, _ = _solve(cell, data, 9, prior=1 / 500.0**2)
    assert np.std(held[:, 2]) < 0.5 * np.std(free[:, 2])
    assert np.abs(held[:, 2]).max() < 2500


def test_default_reduction_has_no_prior():
    assert config.load(Reduction, {}).prior == 0.0


@pytest.mark.parametrize("north", [250 * km, 400 * km])
def test_a_dark_patch_is_covered_and_a_prior_takes_its_excess_out(geometry, north):
    """20 dB below its mirror a patch has no altitude, and its phase follows the noise: too bright.

    The intervals stated for both brightnesses and for the altitude that is determined hold all the same.
    """
    level = plan_pass.cut(
        geometry, STATIONS, WAVEFORM, SCENE, across=100 * km, north=np.array([north]), looks=9
    ).signal[0]
    cell, theta = _cell(north, geometry)
    theta[:] = level, 100 * level, 0.0, 0.0
    data = _draw(cell, theta, 9, 1500, 5)
    excess, error = np.empty(2), np.empty(2)
    for k, prior in enumerate((0.0, 1 / 500.0**2)):
        found, fisher, state, _ = _solve(cell, data, 9, prior=prior)
        known = state == model_solver.CONVERGED
        assert known.mean() > 0.98
        std = np.sqrt([np.diag(np.linalg.inv(f + np.diag([0, 0, prior, prior]))) for f in fisher[known]])
        away = found[known] - theta
        determined = [0, 1, 3]
        for width in (1.0, 2.0):
            share = math.erf(width / np.sqrt(2))
            covered = np.mean(np.abs(away) < width * std, axis=0)
            assert np.all(covered[determined] > share - 3 * np.sqrt(share * (1 - share) / known.sum()))
        excess[k], error[k] = away[:, 0].mean(), away[:, 0].std() / np.sqrt(known.sum())
    assert excess[0] > 3 * error[0]
    assert abs(excess[1]) < 3 * error[1]


def _covered_phases(std):
    """Return how often 2σ hold the phase of a constant in circular noise, where σ is below the limit."""
    found = 1 / std + np.random.default_rng(4).normal(size=(400_000, 2)) @ np.array([1, 1j])
    found = found[np.abs(found) > 1 / LARGEST_PHASE_STD]
    return np.mean(np.abs(np.angle(found)) < 2 / np.abs(found))


@pytest.mark.parametrize("north", [250 * km, 400 * km])
def test_a_patch_whose_phase_is_not_known_is_flagged(geometry, north):
    """20 dB below its mirror hardly an altitude goes unflagged; at 15 dB others are covered as phases are."""
    level = plan_pass.cut(
        geometry, STATIONS, WAVEFORM, SCENE, across=100 * km, north=np.array([north]), looks=9
    ).signal[0]
    cell, theta = _cell(north, geometry)
    kept = {}
    for ratio in (30.0, 100.0):
        theta[:] = level, ratio * level, 0.0, 0.0
        found, fisher, state, _ = _solve(cell, _draw(cell, theta, 9, 1500, 23), 9)
        found, fisher = found[state == model_solver.CONVERGED], fisher[state == model_solver.CONVERGED]
        std = np.sqrt(np.diagonal(np.linalg.inv(fisher), axis1=1, axis2=2))
        n = np.full((len(found), len(cell["y0"])), 9.0)
        away = np.full(len(found), north)
        turning = phase_std(cell["ky"], n, away, found[:, 2:].T, std[:, 2:].T)
        # The bright side's phase is always known.
        assert np.all(turning[1] < LARGEST_PHASE_STD)
        good = (turning[0] < LARGEST_PHASE_STD) & (found[:, 0] > 3 * std[:, 0])
        kept[ratio] = good.mean()
        if ratio == 30.0:
            share = _covered_phases(np.median(turning[0]))
            covered = np.mean(np.abs(found[good, 2]) < 2 * std[good, 2])
            assert share > 0.93
            assert covered > share - 3 * np.sqrt(share * (1 - share) / good.sum())
    assert kept[30.0] > 0.8
    assert kept[100.0] < 0.1


def test_an_interval_of_phase_holds_up_to_a_third_of_a_radian():
    """Where the limit comes from: the phase of a constant in circular noise, σ/A being 0.32 rad."""
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(2_000_000, 2)) @ np.array([1, 1j])
    rms = {std: np.angle(1 / std + noise).std() / std for std in (0.3, 0.32, LARGEST_PHASE_STD, 0.5)}
    # Known to 1/√(2 · 2e6) = 5e-4 of itself; 1.08 is what rms over bound may be anywhere in this package.
    assert rms[0.3] < 1.08 < rms[LARGEST_PHASE_STD] < 1.1
    assert rms[0.32] == pytest.approx(1.08, abs=0.005)
    assert rms[0.5] > 1.2
