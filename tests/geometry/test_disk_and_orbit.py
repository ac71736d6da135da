import numpy as np
import pytest
from scipy.integrate import quad

from hesper.constants import VENUS_GM
from hesper.errors import InputError
from hesper.geometry import disk, orbit


@pytest.mark.parametrize("exponent", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("q", [0.0, 1e-4, 0.5, 3.0, 3.8317, 20.0])
def test_disk_visibility_is_the_hankel_transform_of_its_brightness(exponent, q):
    from scipy.special import j0

    # With r = sin t the brightness is cos^p t and the limb has no singularity.
    numerator = quad(lambda t: np.cos(t) ** (exponent + 1) * np.sin(t) * j0(q * np.sin(t)), 0, np.pi / 2)[0]
    expected = numerator * (exponent + 2)
    assert disk.limb_darkened_disk_visibility(q, exponent) == pytest.approx(expected, abs=2e-9)


def test_uniform_disk_null():
    assert abs(disk.uniform_disk_visibility(3.8317059702)) < 1e-9
    assert disk.uniform_disk_visibility(0.0) == 1.0


@pytest.mark.parametrize("eccentricity", [0.0, 0.3, 0.84, 0.99])
def test_kepler_conserves_energy_and_momentum(eccentricity):
    a = 3.94454e7
    time = np.linspace(-2e5, 2e5, 801)
    state = orbit.kepler_state(time, semi_major_axis=a, eccentricity=eccentricity, inclination=1.5,
                               ascending_node=2.0, periapsis_argument=0.7, gm=VENUS_GM)  # fmt: skip
    distance = np.linalg.norm(state.position, axis=1)
    energy = np.sum(state.velocity**2, axis=1) / 2 - VENUS_GM / distance
    assert np.allclose(energy, -VENUS_GM / (2 * a), rtol=1e-10)
    momentum = np.cross(state.position, state.velocity)
    assert np.allclose(momentum, momentum[0], rtol=1e-9, atol=1e-6 * np.linalg.norm(momentum[0]))
    assert distance.min() == pytest.approx(a * (1 - eccentricity), rel=2e-3)
    normal = momentum[0] / np.linalg.norm(momentum[0])
    assert np.allclose(normal, [np.sin(1.5) * np.sin(2.0), -np.sin(1.5) * np.cos(2.0), np.cos(1.5)])


def test_velocity_is_the_derivative_of_position():
    elements = {"semi_major_axis": 3.9e7, "eccentricity": 0.84, "inclination": 1.0, "ascending_node": 0.3,
                "periapsis_argument": 1.7, "gm": VENUS_GM}  # fmt: skip
    ends = [orbit.kepler_state(t, **elements).position for t in (4999.0, 5001.0)]
    assert np.allclose((ends[1] - ends[0]) / 2, orbit.kepler_state(5000.0, **elements).velocity, rtol=1e-6)


def test_only_ellipses():
    with pytest.raises(InputError, match="an ellipse is needed"):
        orbit.kepler_state(0.0, semi_major_axis=1e7, eccentricity=1.2, inclination=0.0, ascending_node=0.0,
                           periapsis_argument=0.0, gm=VENUS_GM)  # fmt: skip
