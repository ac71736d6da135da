"""What is predicted before observing."""

import numpy as np
import pytest

from hesper import config
from hesper.errors import InputError
from hesper.units import deg, km
from hesper.vmc import plan


def test_venus_express_has_the_known_smear_and_altitudes():
    found = plan.predictions(config.load(plan.Config, {}))
    equator = next(p for p in found if p.lat == pytest.approx(0, abs=1e-9))
    assert 3000 * km < equator.altitude < 6000 * km
    assert 100 * km < equator.smear < 170 * km
    north = next(p for p in found if p.lat == pytest.approx(60 * deg))
    assert north.smear > equator.smear
    assert north.pixel < equator.pixel


def test_more_orbits_and_fewer_clouds_make_it_better():
    def best(**changes):
        return min(p.emissivity_std for p in plan.predictions(config.load(plan.Config, changes)))

    assert best(orbits=100) > best(orbits=622) > best(orbits=622, clouds="1 percent")


def test_tables_name_what_they_rest_on():
    tables = plan.tables(config.load(plan.Config, {}))
    assert len(tables) == 2
    assert all(len(row) == len(tables[0].columns) for row in tables[0].rows)
    assert any("amplification" in row[0] for row in tables[1].rows)
    assert np.isfinite(float(tables[0].rows[3][-1]))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"semi_major_axis": "6250 km"}, "periapsis_altitude: 250 km above a semi-major axis of 6250 km"),
        ({"periapsis_altitude": "40000 km"}, "at most 33393.4 km"),
        ({"field": "0.01 rad", "pixel": "0.02 rad"}, "a pixel of 0.02 rad lies within it"),
        ({"pixel": "1 rad"}, "pixel = '1 rad'; allowed"),
        ({"exposure": "2 h"}, "exposure"),
        ({"resolution": "90 deg"}, "resolution = '90 deg'; allowed"),
        ({"orbits": 0}, "orbits = 0; allowed: ≥ 1"),
        ({"noise": "nan"}, "finite"),
        ({"camera": "VMC"}, "unknown key 'camera'"),
    ],
)  # fmt: skip
def test_impossible_settings_are_one_clear_line(changes, said):
    with pytest.raises(InputError, match=said) as caught:
        plan.tables(config.load(plan.Config, changes))
    assert "\n" not in str(caught.value)


def test_other_orbits_are_predicted_where_they_pass():
    """A low circular orbit: one height everywhere. An inclined one: no latitude beyond its inclination."""
    low = plan.predictions(
        config.load(plan.Config, {"semi_major_axis": "6400 km", "periapsis_altitude": "348.2 km"})
    )
    assert {round(p.altitude / km, 3) for p in low} == {348.2}
    tilted = plan.predictions(config.load(plan.Config, {"inclination": "25 deg"}))
    assert max(abs(p.lat) for p in tilted) == pytest.approx(20 * deg)
