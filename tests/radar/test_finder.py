"""The finder map and the rotation: a known planet comes back, what is not known is flagged."""

import dataclasses

import numpy as np
import pytest

from hesper import config, maps
from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.radar import grid_finder, retrieve_spin, simulate_finder, simulate_terrain
from hesper.radar.data_interferometer import AMBIGUOUS, ELONGATED, RadarMap
from hesper.radar.data_settings import Finder, Scene
from hesper.units import day, deg, km

AREA = grid_finder.chart_area(config.load(Finder, {}))


@pytest.fixture(scope="module")
def chart():
    settings, scene = config.load(Finder, {}), config.load(Scene, {})
    planet = simulate_terrain.terrain(config.load(Scene, {"relief": "smooth"}))._replace(
        patches=[
            simulate_terrain.Patch(330 * deg, 25 * deg, 900 * km, 3.0),
            simulate_terrain.Patch(310 * deg, -28 * deg, 900 * km, 0.4),
        ]
    )
    ground = grid_finder.chart_area(settings, finer=2)
    looks = simulate_finder.looks(settings, planet, ground, scene, seed=1)
    return looks, scene, grid_finder.chart(looks, AREA, scene)


def _near(lon, lat):
    places = sphere.unit_vector(*maps.lon_lat(AREA))
    return 6051.8 * km * sphere.separation(places, sphere.unit_vector(lon, lat)) < 250 * km


def test_patches_are_on_their_side(chart):
    looks, scene, found = chart
    assert len(looks) == 15
    bright, dark = (
        np.nanmedian(found.brightness[_near(*p)]) for p in ((330 * deg, 25 * deg), (310 * deg, -28 * deg))
    )
    assert bright == pytest.approx(3.0, rel=0.15)
    assert dark == pytest.approx(0.4, abs=0.15)
    single = grid_finder.chart(looks[:1], AREA, scene)
    # One day alone cannot tell a place from its mirror, and says so.
    assert np.all((single.mask[single.n > 0] & AMBIGUOUS) > 0)
    known = found.n > 0
    assert np.mean((found.mask[known] & AMBIGUOUS) > 0) < 0.1


def test_the_runway_narrows_with_the_days(chart):
    looks, scene, found = chart
    single = grid_finder.chart(looks[:1], AREA, scene)
    both = single.n > 0
    one, all_of_them = (np.mean((m.mask[both] & ELONGATED) > 0) for m in (single, found))
    assert all_of_them < 0.8 * one
    with pytest.raises(InputError, match="0 looks"):
        grid_finder.chart([], AREA, scene)
    with pytest.raises(InputError, match="of one kind"):
        grid_finder.chart([looks[0], dataclasses.replace(looks[1], cell=90 * km)], AREA, scene)
    lost = dataclasses.replace(looks[0], power=np.full_like(looks[0].power, np.nan))
    with pytest.raises(InputError, match="not finite"):
        grid_finder.chart([lost, looks[1]], AREA, scene)


def test_rotation_from_two_dates():
    from scipy.ndimage import gaussian_filter

    grid = maps.equirectangular(0.1 * deg, west=0.0, east=20 * deg, south=-7 * deg, north=7 * deg)
    rng = np.random.default_rng(3)
    ground = np.exp(0.5 * gaussian_filter(rng.normal(size=(140, 230)), 4) * 10)
    scores = []
    for seed in range(30):
        noise = np.random.default_rng(seed).gamma(30.0, 1 / 30.0, (2, 140, 200))
        first = _map(grid, ground[:, 15:215] * noise[0], 0.0)
        # Two cells further east: what was at column k is at column k + 2.
        second = _map(grid, ground[:, 13:213] * noise[1], 585 * day)
        found = retrieve_spin.spin(first, second)
        scores.append((found.shift - 0.2 * deg) / found.shift_std)
    assert found.rate == pytest.approx(-found.shift / (585 * day))
    assert abs(np.mean(scores)) < 3 * np.std(scores) / np.sqrt(30) + 0.3
    assert 0.4 < np.std(scores) < 2.0
    assert retrieve_spin.period(0.0, -1.4813688 * deg / day) == pytest.approx(243.0185, abs=1e-3)
    far = dataclasses.replace(second, brightness=np.full_like(second.brightness, np.nan))
    with pytest.raises(InputError, match="overlap in 0 cells"):
        retrieve_spin.spin(first, far)


def _map(grid, brightness, time):
    nothing = np.zeros(brightness.shape)
    return RadarMap(
        brightness=brightness, brightness_std=nothing, altitude=nothing, altitude_std=nothing, n=nothing,
        incidence=nothing, extent=nothing, mask=nothing.astype(np.uint8), grid=grid, exponent=1.0, time=time,
    )  # fmt: skip
