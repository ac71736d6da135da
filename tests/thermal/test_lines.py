"""The rotor against catalogued lines, and against quantum mechanics that can be done by hand."""

import numpy as np
import pytest

from hesper.constants import BOLTZMANN, PLANCK
from hesper.thermal import model_lines
from hesper.units import MHz


@pytest.fixture(scope="module")
def so2():
    return model_lines.asymmetric_rotor(model_lines.SO2)


@pytest.mark.parametrize(
    ("frequency", "label"),
    [
        (104029.42, (3, 1, 3, 2, 0, 2)),
        (83688.09, (8, 1, 7, 8, 0, 8)),
        (131014.86, (12, 1, 11, 12, 0, 12)),
        (346652.17, (19, 1, 19, 18, 0, 18)),
        (146605.52, (4, 2, 2, 4, 1, 3)),
        (135696.02, (5, 1, 5, 4, 0, 4)),
        (20335.4, (12, 3, 9, 13, 2, 12)),
    ],
)
def test_so2_lines_are_those_of_the_catalogue(so2, frequency, label):
    found = np.nonzero((so2.label == label).all(axis=1))[0]
    assert found.size == 1
    assert so2.frequency[found[0]] / MHz == pytest.approx(frequency, abs=0.5)


def test_so2_intensity_and_partition_sum(so2):
    line = np.argmin(np.abs(so2.frequency - 104029.42 * MHz))
    intensity = model_lines.intensity(so2, np.array([300.0]))[0, line]
    # The catalogue's unit is nm2 MHz.
    assert np.log10(intensity * 1e18 / 1e6) == pytest.approx(-4.192, abs=0.005)
    assert model_lines.partition(so2, np.array([300.0]))[0] == pytest.approx(5916, rel=0.01)


def test_only_levels_of_even_ka_plus_kc_exist(so2):
    assert np.all((so2.label[:, 1] + so2.label[:, 2]) % 2 == 0)
    assert np.all((so2.label[:, 4] + so2.label[:, 5]) % 2 == 0)
    assert np.all(np.abs(so2.label[:, 0] - so2.label[:, 3]) <= 1)


def test_strengths_obey_the_sum_rule():
    """All lines of a level together: Σ S = 2J + 1 for a unit dipole."""
    rotor = model_lines.SO2._replace(dipole=1.0)
    lines = model_lines.asymmetric_rotor(rotor, largest_j=14, faintest=0.0)
    for level in ((6, 2, 4), (7, 1, 7), (5, 3, 3)):
        of_level = (lines.label[:, :3] == level).all(axis=1) | (lines.label[:, 3:] == level).all(axis=1)
        assert lines.strength[of_level].sum() == pytest.approx(2 * level[0] + 1, rel=1e-9)


def test_symmetric_limit_has_the_energies_of_a_symmetric_top():
    """With B = C and no distortion E = B J(J+1) + (A − B) K²."""
    top = model_lines.AsymmetricRotor(6e10, 1e10, 1e10, 0, 0, 0, 0, 0, 1.0)
    lines = model_lines.asymmetric_rotor(top, largest_j=6, faintest=0.0)
    j, k = lines.label[:, 3], lines.label[:, 4]
    expected = PLANCK * (1e10 * j * (j + 1) + 5e10 * k**2)
    np.testing.assert_allclose(lines.lower_energy, expected, rtol=1e-10, atol=1e-30)


def test_linear_rotor():
    co = model_lines.linear_rotor(
        model_lines.CO_ROTATION, model_lines.CO_DISTORTION, model_lines.CO_DIPOLE, largest_j=40
    )
    # 115271.202, 230538.000 and 345795.990 MHz are the lines every radio astronomer knows.
    np.testing.assert_allclose(co.frequency[:3] / MHz, [115271.202, 230538.000, 345795.990], atol=0.01)
    classical = BOLTZMANN * 300 / (PLANCK * model_lines.CO_ROTATION) + 1 / 3
    assert model_lines.partition(co, np.array([300.0]))[0] == pytest.approx(classical, rel=1e-3)


def test_lines_of_carbonyl_sulphide():
    """J = 1–0, 2–1 and 9–8 as observers of molecular clouds know them."""
    ocs = model_lines.linear_rotor(
        model_lines.OCS_ROTATION, model_lines.OCS_DISTORTION, model_lines.OCS_DIPOLE, largest_j=40
    )
    found = ocs.frequency[[0, 1, 8]] / MHz
    np.testing.assert_allclose(found, [12162.979, 24325.927, 109463.063], atol=0.02)


def test_intensity_is_positive_and_falls_with_temperature(so2):
    each = model_lines.intensity(so2, np.array([250.0, 700.0]))
    assert np.all(each > 0)
    assert each[1].sum() < each[0].sum()
    assert np.all(model_lines.h2o_intensity(np.array([300.0]))[0] == model_lines.H2O_INTENSITY_300)
