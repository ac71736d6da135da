"""Errors that the points of a frame share: against the dense covariance, and without attenuation."""

import numpy as np
import pytest

from hesper.winds import model_errors, retrieve_speeds


@pytest.fixture
def problem():
    rng = np.random.default_rng(4)
    frame = rng.permutation(np.repeat([3, 5, 6], 7))
    return frame, rng.normal(size=(21, 2)), rng.normal(size=(21, 4)), rng.normal(size=21)


def test_whitened_least_squares_is_that_of_the_dense_covariance(problem):
    frame, errors, design, data = problem
    same = frame[:, None] == frame[None, :]
    inverse = np.linalg.inv(np.eye(21) + same * (errors @ errors.T))
    known = model_errors.shared(frame, errors)
    columns, values = model_errors.white(known, design), model_errors.white(known, data)
    assert columns.T @ columns == pytest.approx(design.T @ inverse @ design)
    assert columns.T @ values == pytest.approx(design.T @ inverse @ data)


def test_likeliest_errors_are_those_of_the_normal_equations(problem):
    frame, errors, _, data = problem
    found = model_errors.likeliest(model_errors.shared(frame, errors), data, 2)
    for number in (3, 5, 6):
        a = errors[frame == number]
        expected = np.linalg.solve(np.eye(2) + a.T @ a, a.T @ data[frame == number])
        assert found[frame == number] == pytest.approx(np.broadcast_to(expected, (7, 2)))


def test_a_slope_over_uncertain_places_is_neither_too_small_nor_too_sure():
    # v = U x with x known to 0.5 where x has a spread of 1: taken as it is, U is a fifth too small.
    pulls, naive = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        frame = np.repeat(np.arange(60), 4)
        x = rng.normal(size=60)
        seen = (x + 0.5 * rng.normal(size=60))[frame]
        velocity = 3 * x[frame] + 1 + rng.normal(size=240)
        matrix = np.column_stack([np.zeros(240), seen])
        by_error = np.zeros((240, 2, 1))
        by_error[:, 1, 0] = 0.5
        found = retrieve_speeds.solve(
            retrieve_speeds.Problem(
                velocity, np.ones(240), frame, matrix, by_error, np.ones((240, 1)), np.zeros((0, 2)),
                np.zeros(0),
            )
        )  # fmt: skip
        pulls.append((found.estimate.value[0] - 3) / found.estimate.std[0])
        naive.append(found.certain.value[0])
    assert np.mean(naive) == pytest.approx(3 * 1 / 1.25, abs=0.05)
    assert np.mean(pulls) == pytest.approx(0, abs=3 / np.sqrt(200))
    assert np.std(pulls) == pytest.approx(1, abs=3 / np.sqrt(400))
