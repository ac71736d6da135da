import numpy as np
import pytest

from hesper.constants import BOLTZMANN, PLANCK, SPEED_OF_LIGHT
from hesper.physics import fresnel, planck, sky
from hesper.units import GHz, MHz, arcsec


def test_planck_integrates_to_stefan_boltzmann():
    from scipy.integrate import quad

    total = quad(lambda x: float(planck.radiance(x * BOLTZMANN * 735 / PLANCK, 735.0)), 1e-6, 60)[0]
    sigma = 2 * np.pi**5 * BOLTZMANN**4 / (15 * SPEED_OF_LIGHT**2 * PLANCK**3)
    assert np.pi * total * BOLTZMANN * 735 / PLANCK == pytest.approx(sigma * 735**4, rel=1e-5)


def test_radiance_per_wavelength_is_the_same_light():
    wavelength = 1.01e-6
    frequency = SPEED_OF_LIGHT / wavelength
    per_frequency = planck.radiance(frequency, 735.0)
    assert planck.radiance_per_wavelength(wavelength, 735.0) == pytest.approx(
        float(per_frequency) * SPEED_OF_LIGHT / wavelength**2
    )


def test_rayleigh_jeans_and_planck_temperatures_are_inverse():
    frequency = np.array([0.24, 22.46, 217.0, 900.0]) * GHz
    low = planck.rayleigh_jeans_temperature(frequency, 300.0)
    assert np.allclose(planck.planck_temperature(frequency, low), 300.0)
    assert np.allclose(300.0 - low[:2], PLANCK * frequency[:2] / (2 * BOLTZMANN), rtol=2e-3)


def test_no_black_body_has_a_temperature_for_no_radiation():
    found = planck.planck_temperature(np.array([1e9, 1e9, 1e12]), np.array([0.0, -5.0, 10.0]))
    np.testing.assert_array_equal(np.isnan(found), [True, True, False])


def test_disk_of_one_jansky():
    value = planck.brightness_temperature(58e-29, 606.1 * MHz, 22.72 * arcsec)
    assert value == pytest.approx(539.28, abs=0.01)
    assert planck.disk_solid_angle(2.0) == pytest.approx(np.pi)


def test_fresnel_numbers_and_brewster():
    assert fresnel.normal_reflectivity(4.15) == pytest.approx(0.1166, abs=1e-4)
    at_35 = fresnel.reflectivity(np.radians(35), 4.15)
    assert 1 - at_35.horizontal == pytest.approx(0.8324, abs=1e-4)
    assert fresnel.reflectivity(np.arctan(np.sqrt(4.15)), 4.15).vertical < 1e-30
    assert np.allclose(fresnel.reflectivity(np.pi / 2, 4.15), 1.0)
    assert np.allclose(fresnel.reflectivity(0.0, 4.15), fresnel.normal_reflectivity(4.15))


@pytest.mark.parametrize(
    ("permittivity", "expected"), [(4.15, 0.8346), (4.0, 0.8394), (4.5, 0.8239), (5.0, 0.8096)]
)
def test_hemispheric_emissivity(permittivity, expected):
    t, w = np.polynomial.legendre.leggauss(200)
    angle = np.pi / 4 * (t + 1)
    r = fresnel.reflectivity(angle, permittivity)
    weight = np.pi / 4 * w * 2 * np.sin(angle) * np.cos(angle)
    assert 1 - np.sum(weight * (r.horizontal + r.vertical) / 2) == pytest.approx(expected, abs=1e-4)


def test_total_reflection_from_below():
    r = fresnel.reflectivity(np.radians(60), 1.0, above=4.0)
    assert np.allclose(r, 1.0)


def test_penetration_depth():
    assert fresnel.penetration_depth(1.25, 4.5, 0.01) == pytest.approx(9.38, abs=0.01)


def test_sky_is_the_survey_at_408_MHz_and_its_error_is_monte_carlo_s():  # noqa: N802
    assert sky.temperature(408 * MHz, 30.0) == pytest.approx(30.0)
    assert sky.temperature(1e12, 30.0) == pytest.approx(2.725, abs=1e-3)
    rng = np.random.default_rng(0)
    drawn = sky.temperature(240 * MHz, rng.normal(30, 4, 20_000), index=rng.normal(-2.6, 0.15, 20_000))
    # First-order propagation: the scatter of a product of two 10 % quantities is 1 % more.
    assert drawn.std() == pytest.approx(float(sky.temperature_std(240 * MHz, 30.0)), rel=0.03)
    whole = sky.temperature_scaled_whole(
        240 * MHz, rng.normal(30, 4, 20_000), index=rng.normal(-2.6, 0.15, 20_000)
    )
    assert whole.std() == pytest.approx(float(sky.temperature_scaled_whole_std(240 * MHz, 30.0)), rel=0.03)
