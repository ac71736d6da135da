"""Where images meet between which the clouds drifted, a contrast errs by more."""

import numpy as np
import pytest
from hesper.vmc.retrieve_seam import Noise

from hesper.vmc import retrieve_seam

CELL, WIDTH = 5e4, 2e5


def excess(score, time, weight, lat=0.0, white=0.0, speed=60.0, ratio=None):
    ratio = np.zeros(time.shape) if ratio is None else ratio
    noise = Noise(np.array([WIDTH]), np.array([1.0]), white)
    lats = np.full(time.shape[1], lat)
    weights = dict.fromkeys(range(time.shape[1]), weight)
    return retrieve_seam.excess(score, ratio, time, lats, weights, noise, cell=CELL, speed=speed)


@pytest.mark.parametrize(("late", "lat"), [(2400.0, 0.0), (2400.0, 0.7), (-300.0, 0.0), (0.0, 0.0)])
def test_a_difference_of_two_cells_varies_as_clouds_that_drifted_apart(late, lat):
    """2 (C(0) − C(d)): d = cells + u t where the later side is in it, against d = cells."""
    time = np.zeros((1, 3, 5))
    time[0, :, 3:] = late
    weight = np.array([[-1.0, 0.0, 1.0]])
    found = excess(np.full(time.shape, 4.0), time, weight, lat)

    def variance(apart):
        return 2 * (1 - np.exp(-0.5 * (apart * np.cos(lat) / WIDTH) ** 2))

    expected = max(variance(2 * CELL + 60 * late) / variance(2 * CELL), 1.0) ** 0.5
    assert found[0, 1, 2] == pytest.approx(expected, rel=1e-3)
    assert found[0, 1, 1] == pytest.approx(1.0)


def test_only_what_may_be_a_peak_is_looked_at_and_white_noise_does_not_drift():
    time = np.zeros((1, 3, 5))
    time[0, :, 3:] = 2400.0
    weight = np.array([[-1.0, 0.0, 1.0]])
    assert (excess(np.full(time.shape, 2.9), time, weight) == 1).all()
    assert (excess(np.full(time.shape, np.nan), time, weight) == 1).all()
    noisy = excess(np.full(time.shape, 4.0), time, weight, white=1e6)
    assert noisy == pytest.approx(1.0, abs=1e-5)


def test_drifted_clouds_vary_as_predicted():
    """The scatter of a filter over 4000 rows of clouds seen at two moments, beside the prediction."""
    random = np.random.default_rng(5)
    x = np.arange(9) * CELL
    late = np.where(x > x[4], 2000.0, 0.0)
    apart = (x + 60 * late)[:, None] - (x + 60 * late)
    covariance = np.exp(-0.5 * (apart / WIDTH) ** 2)
    weight = np.array([-1.0, -0.5, 0.0, 1.0, 1.0, 1.0, 0.0, -0.5, -1.0])
    drawn = random.multivariate_normal(np.zeros(9), covariance, 4000, method="eigh") @ weight
    still = np.exp(-0.5 * ((x[:, None] - x) / WIDTH) ** 2)
    found = excess(np.full((1, 1, 9), 5.0), np.broadcast_to(late, (1, 1, 9)), weight[None])[0, 0, 4]
    assert drawn.std() / np.sqrt(weight @ still @ weight) == pytest.approx(found, rel=3 / np.sqrt(8000))


def test_where_cells_are_noisier_the_error_is_that_of_their_noise():
    """White noise three times the usual: the filter's variance has nine times its share; a disc has none."""
    random = np.random.default_rng(2)
    weight = np.where(np.add.outer(np.arange(9), np.arange(9)) % 2, 1.0, -1.0)
    time, score = np.zeros((1, 61, 61)), np.full((1, 61, 61), 4.0)
    usual = 1e-4
    found = excess(score, time, weight, white=usual, ratio=0.03 * random.standard_normal(time.shape))
    inner = found[0, 8:-8, 8:-8]
    x, y = np.meshgrid(np.arange(9), np.arange(9))
    apart = np.hypot(x.ravel()[:, None] - x.ravel(), y.ravel()[:, None] - y.ravel()) * CELL
    clouds = weight.ravel() @ np.exp(-0.5 * (apart / WIDTH) ** 2) @ weight.ravel()
    expected = np.sqrt((clouds + 81 * 9 * usual) / (clouds + 81 * usual))
    assert np.median(inner) == pytest.approx(expected, rel=0.1)
    place = np.hypot(*np.meshgrid(np.arange(-30, 31), np.arange(-30, 31))) * CELL
    spot = 0.05 * np.exp(-0.5 * (place / 8e4) ** 2)[None]
    assert excess(score, time, weight, white=usual, ratio=spot).max() < 1.01
