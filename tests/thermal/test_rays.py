"""The refracted disk (U5), and the transfer along a ray against integrals done otherwise."""

import itertools

import numpy as np
import pytest
from scipy.integrate import quad

from hesper.constants import VENUS_RADIUS
from hesper.physics import atmosphere as physics_atmosphere
from hesper.thermal import model_atmosphere, model_columns, model_rays
from hesper.units import deg, km


@pytest.fixture(scope="module")
def levels():
    air = model_atmosphere.standard(physics_atmosphere.vira())
    return model_columns.radius_and_index(air)


def test_geometry_of_the_refracted_disk(levels):
    radius, index = levels
    edge = model_rays.critical_impact(radius, index)
    assert index[0] - 1 == pytest.approx(0.01666, abs=1e-5)
    assert edge / km == pytest.approx(6097.2, abs=0.5)
    assert (radius[np.argmin(radius * index)] - VENUS_RADIUS) / km == pytest.approx(32.5, abs=0.5)
    assert np.arcsin(edge / (index[0] * radius[0])) / deg == pytest.approx(82.3, abs=0.1)


def test_weights_make_the_area_of_the_disk(levels):
    radius, index = levels
    path = model_rays.disk(radius, index)
    surface = path.cosine.size
    assert path.weight[:surface].sum() == pytest.approx(path.critical_impact**2, rel=1e-12)
    assert path.weight.sum() == pytest.approx((radius[-1] * index[-1]) ** 2, rel=1e-9)


def test_straight_rays_have_the_length_of_chords():
    radius = VENUS_RADIUS + np.linspace(0, 100 * km, 51)
    path = model_rays.at(radius, np.ones(51), np.array([0.0, 3000.0, 6000.0, 6060.0, 6100.0]) * km)
    top = radius[-1]
    for length, b in zip(path.length, path.impact, strict=True):
        expected = np.sqrt(top**2 - b**2)
        if b < VENUS_RADIUS:
            expected -= np.sqrt(VENUS_RADIUS**2 - b**2)
        assert length.sum() == pytest.approx(expected, rel=1e-12)


def test_refracted_length_is_the_integral(levels):
    """∫ n r dr/√(n²r² − b²) by adaptive quadrature on the same piecewise linear n r."""
    radius, index = levels
    x = radius * index
    for b in (3000.0 * km, 6090.0 * km):
        whole = sum(
            quad(
                lambda r, b=b: np.interp(r, radius, x) / np.sqrt(np.interp(r, radius, x) ** 2 - b**2),
                low,
                high,
                epsrel=1e-11,
            )[0]
            for low, high in itertools.pairwise(radius)
        )
        assert model_rays.at(radius, index, np.array([b])).length.sum() == pytest.approx(whole, rel=1e-9)


def test_limb_ray_begins_where_it_turns(levels):
    radius, index = levels
    x = radius * index
    impact = 6110.0 * km
    path = model_rays.at(radius, index, np.array([impact]))
    k, part = path.first[0], path.fraction[0]
    assert x[k] + part * (x[k + 1] - x[k]) == pytest.approx(impact, rel=1e-12)
    assert np.all(path.length[0, :k] == 0)
    assert np.all(path.length[0, k:] > 0)


def _solve(absorption, source, length):
    shape = (absorption.shape[0], length.shape[0])
    up, down, transmission = np.empty(shape), np.empty(shape), np.empty(shape)
    rays = length.shape[0]
    model_rays.beams(absorption, source, length, np.zeros(rays, int), np.zeros(rays), up, down, transmission)
    return up[0, 0], down[0, 0], transmission[0, 0]


@pytest.mark.parametrize("depth", [1e-6, 1e-3, 0.029999, 0.030001, 1.0, 30.0])
def test_linear_source_in_one_layer(depth):
    """A layer whose source is linear in optical depth, by quadrature; the two branches meet."""
    up, down, transmission = _solve(np.array([[depth]]), np.array([[700.0, 200.0]]), np.array([[1.0]]))
    rising = quad(lambda t: (200 + 500 * t / depth) * np.exp(-t), 0, depth, epsabs=0)[0]
    falling = quad(lambda t: (700 - 500 * t / depth) * np.exp(-t), 0, depth, epsabs=0)[0]
    assert up == pytest.approx(rising, rel=1e-11)
    assert down == pytest.approx(falling, rel=1e-11)
    assert transmission == pytest.approx(np.exp(-depth), rel=1e-13)


def test_opaque_atmosphere_hides_the_ground():
    up, down, transmission = _solve(np.full((1, 50), 2.0), np.full((1, 51), 500.0), np.ones((1, 50)))
    assert up == pytest.approx(500.0, abs=1e-9)
    assert transmission == 0.0
    assert down == 0.0
