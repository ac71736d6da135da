"""Absorption laws against the numbers they are quoted with (U1, U2, U3)."""

import numpy as np
import pytest

from hesper.thermal import model_opacity
from hesper.units import GHz, atm, bar, ppm

ONE = np.array([1.0 * GHz])
KELVIN = np.array([300.0, 400.0, 600.0, 700.0, 735.0])


def _decibel(value):
    return float(np.squeeze(value)) / model_opacity.DECIBEL_PER_KM


def test_ho_coefficient():
    alpha = model_opacity.collision_induced_ho(ONE, KELVIN, np.full(5, atm), 1.0, 0.0)[0]
    np.testing.assert_allclose(alpha / model_opacity.DECIBEL_PER_KM * KELVIN**5, 1.1536e8, rtol=0.002)


def test_laws_of_co2_disagree_as_much_as_published():
    pressure = np.full(5, atm)
    ho = model_opacity.collision_induced_ho(ONE, KELVIN, pressure, 1.0, 0.0)[0]
    rosenkranz = model_opacity.collision_induced_rosenkranz(ONE, KELVIN, pressure, 1.0, 0.0)[0]
    gruszka = model_opacity.collision_induced_gruszka_borysow(ONE, KELVIN, pressure, 1.0, 0.0)[0]
    np.testing.assert_allclose((rosenkranz / ho)[[0, 4]], [0.698, 0.650], rtol=0.005)
    np.testing.assert_allclose((gruszka / ho)[:4], [0.607, 0.693, 1.053, 1.319], rtol=0.01)


def test_parametric_law_contains_ho():
    frequency, pressure = np.array([1.0, 300.0]) * GHz, np.full(5, 3 * bar)
    ho = model_opacity.collision_induced_ho(frequency, KELVIN, pressure, 0.965, 0.035)
    same = model_opacity.collision_induced_parametric(
        frequency, KELVIN, pressure, 0.965, 0.035, scale=1.0, exponent=5.0
    )
    np.testing.assert_allclose(same, ho, rtol=1e-12)


def test_shape_is_flat_below_and_falls_above_a_terahertz_like_the_table():
    shape = model_opacity.collision_induced_shape(np.array([0.3, 30.0, 300.0, 899.377374]) * GHz, KELVIN[:1])
    np.testing.assert_allclose(shape[:2, 0], 1.0, atol=1e-4)
    # 10 and 30 cm-1 at 300 K, from the table: 9.534e-45/100/9.957e-47 and 6.158e-44/900/9.957e-47.
    assert shape[2, 0] == pytest.approx(0.9575, abs=5e-4)
    assert shape[3, 0] == pytest.approx(0.6872, abs=5e-4)


def test_h2so4_vapour():
    at = [(8.39, 0.0302), (2.26, 0.00668), (21.61, 0.0897)]
    for frequency, expected in at:
        alpha = model_opacity.h2so4(
            np.array([frequency * GHz]), np.array([430.0]), np.array([4 * bar]), np.array([5 * ppm])
        )
        assert _decibel(alpha) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(
    ("frequency", "pressure", "temperature", "expected"),
    [(2.25, 4, 420, 3.13e-4), (8.4, 4, 420, 4.22e-3), (21.7, 4, 420, 2.69e-2), (94, 1, 350, 0.167),
     (230, 1, 350, 2.05)],
)  # fmt: skip
def test_so2_anchors(frequency, pressure, temperature, expected):
    arguments = (
        np.array([frequency * GHz]),
        np.array([float(temperature)]),
        np.array([pressure * bar]),
        np.array([100 * ppm]),
    )
    ben_reuven = _decibel(model_opacity.so2_ben_reuven(*arguments))
    assert ben_reuven == pytest.approx(expected, rel=0.02)
    # van Vleck–Weisskopf lies up to a fifth below, most at low frequency.
    assert 0.8 * ben_reuven < _decibel(model_opacity.so2_van_vleck(*arguments)) < ben_reuven


def test_ben_reuven_without_coupling_is_van_vleck():
    centre, width = np.array([1e11]), np.array([5e9])
    nu = np.array([2e10, 9.9e10, 1.4e11])
    zero = np.zeros(1)
    found = model_opacity._line_sum(nu, centre, np.ones((1, 1)), width, zero, zero)[:, 0]
    resonance = 5e9 / ((nu - 1e11) ** 2 + 25e18) + 5e9 / ((nu + 1e11) ** 2 + 25e18)
    np.testing.assert_allclose(found, (nu / 1e11) ** 2 / np.pi * resonance, rtol=1e-12)


def test_cloud_droplets():
    nu = np.array([8.4, 22.0, 74.0, 230.0]) * GHz
    found = model_opacity.cloud(nu, np.array([350.0]), np.array([30e-6]))[:, 0] / model_opacity.DECIBEL_PER_KM
    np.testing.assert_allclose(found[[0, 1, 3]], [0.0011, 0.0062, 0.23], rtol=0.05)


def test_minor_gases_matter_only_in_their_lines():
    nu, kelvin, pressure = np.array([5.0, 60.0, 115.27]) * GHz, np.array([240.0]), np.array([0.03 * bar])
    co2 = model_opacity.collision_induced_ho(nu, kelvin, pressure, 0.965, 0.035)[:, 0]
    co = model_opacity.co(nu, kelvin, pressure, np.array([30 * ppm]))[:, 0]
    assert co[0] < 0.01 * co2[0]
    assert co[2] > co2[2]
    assert np.all(model_opacity.ocs(nu, kelvin, pressure, np.array([0.5 * ppm]))[:, 0] < 0.2 * co2)
    water = model_opacity.h2o(
        np.array([5 * GHz]), np.array([600.0]), np.array([50 * bar]), np.array([30 * ppm])
    )
    carbon = model_opacity.collision_induced_ho(
        np.array([5 * GHz]), np.array([600.0]), np.array([50 * bar]), 0.965, 0.035
    )
    assert 0.001 < water[0, 0] / carbon[0, 0] < 0.01
