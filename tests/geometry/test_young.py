import numpy as np
import pytest

from hesper.geometry import sphere, young

RHO = np.radians(44.45 / 120)
SUN, AXIS = np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
LIMB = young.limb_velocity(6.957e8, 6.957e8 / RHO, 35.26e3)


def _at(zenith, side=1, exponent=1.0, darkening=0.6):
    normal = sphere.unit_vector(side * np.radians(zenith), 0.0)
    return young.young_velocity(
        normal, SUN, AXIS, angular_radius=RHO, limb_speed=LIMB, limb_darkening=darkening, exponent=exponent
    )


def test_coefficient():
    assert young.coefficient(RHO, LIMB, 0.6) == pytest.approx(2.68, abs=0.05)
    assert young.coefficient(RHO, young.SUN_ROTATION * 6.957e8, 0.0) == pytest.approx(3.34, abs=0.05)


@pytest.mark.parametrize(("zenith", "expected"), [(60, 4.6), (80, 15.2), (85, 30.6), (87, 51.0)])
def test_tangent_law(zenith, expected):
    scale = 2.68 / young.coefficient(RHO, LIMB, 0.6)
    assert abs(_at(zenith)) * scale == pytest.approx(expected, abs=0.3)
    assert abs(_at(zenith)) == pytest.approx(
        young.coefficient(RHO, LIMB, 0.6) * np.tan(np.radians(zenith)), rel=1e-3
    )


def test_finite_at_and_beyond_the_terminator():
    scale = 2.68 / young.coefficient(RHO, LIMB, 0.6)
    assert abs(_at(90.0)) * scale == pytest.approx(1036, abs=15)
    assert np.isfinite(_at(90.2))
    assert np.isnan(_at(91.0))


def test_sign_and_symmetry():
    """Where the receding limb stands higher the light is red: the two terminators mirror each other."""
    receding = np.cross(AXIS, -SUN)
    assert np.sign(_at(60, side=1)) == np.sign(sphere.unit_vector(np.radians(60), 0.0) @ receding)
    assert _at(60, side=1) == pytest.approx(-_at(60, side=-1))
    assert abs(_at(0)) < 1e-12


def test_steeper_scattering_weighs_more():
    assert _at(70, exponent=2.0) == pytest.approx(2 * _at(70, exponent=1.0), rel=1e-3)
