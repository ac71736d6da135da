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
    assert max(abs(p.lat) for p in tilted) == pytest.approx(25 * deg)


AKATSUKI = {
    "semi_major_axis": "187000 km", "periapsis_altitude": "1000 km", "inclination": "3 deg",
    "field": "12 deg", "pixel": "0.212e-3 rad",
}  # fmt: skip


def test_a_camera_round_the_equator_is_planned_too():
    """Akatsuki's IR1: heights from peri- to apoapsis, the disk cut at 60°, no more than what is dark."""
    found = plan.predictions(config.load(plan.Config, AKATSUKI))
    assert found[0].altitude == pytest.approx(2 * 187000 * km - 2 * 6051.8 * km - 1000 * km)
    assert found[-1].altitude == pytest.approx(1000 * km)
    assert found[0].pixel == pytest.approx(0.212e-3 * found[0].altitude)
    assert max(abs(p.lat) for p in found) <= 3 * deg
    assert all(p.footprint <= 2 * np.pi / 3 * 6051.8 * km for p in found)
    assert all(p.mosaics <= 622 * 150 / 360 + 1e-9 for p in found)
    # From far away one image has the disk, and pixels limit the detail; near by the smear does.
    assert found[0].overlap > 0.99
    assert found[0].detail == pytest.approx(np.hypot(100 * km, found[0].pixel), rel=1e-3)
    assert found[-1].detail == pytest.approx(np.hypot(100 * km, found[-1].smear), rel=1e-3)


@pytest.mark.parametrize("height", [400 * km, 4000 * km, 40_000 * km])
def test_a_footprint_is_what_the_camera_model_sees(height):
    """The edge of the field by the pinhole itself, where it is seen at less than 60°; else the cap of 60°."""
    from hesper.geometry.camera import Pinhole, sphere_from_pixels

    camera = Pinhole(1000.0, 0.0, 0.0)
    axes = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]])
    position = np.array([6051.8 * km + height, 0.0, 0.0])
    edge = np.tan(0.15) * 1000
    samples = np.linspace(0, edge, 2001)
    seen = sphere_from_pixels(
        samples, 0 * samples, camera=camera, position=position, axes=axes, radius=6051.8 * km
    )
    away = np.abs((seen.lon + np.pi) % (2 * np.pi) - np.pi)
    widest = 2 * 6051.8 * km * np.max(away[seen.cos_emission >= 0.5])
    assert plan._footprint(0.3, height) == pytest.approx(widest, rel=2e-3)


def test_tables_fit_a_terminal_of_eighty_columns():
    """Of 80 columns nine are left six signs each, the last two five; headings break at blanks only."""
    for changes in ({}, AKATSUKI):
        table = plan.tables(config.load(plan.Config, changes))[0]
        columns = list(zip(table.columns, *table.rows, strict=True))
        width = [max(len(word) for text in column for word in text.split()) for column in columns]
        assert len(width) == 9
        assert max(width[:7]) <= 6
        assert max(width[7:]) <= 5
