"""What is predicted before observing."""

import numpy as np
import pytest

from hesper import config
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
