"""Winds seen through one leg and two legs of light, on eight dates and geometries."""

import numpy as np
import pytest

from hesper import ephemeris
from hesper.geometry import doppler, sphere

DATES = [
    "2007-11-07T13:30:00",
    "2008-04-01T12:00:00",
    "2008-04-20T12:00:00",
    "2025-03-01T18:30:00",
    "1974-01-20T20:13:00",
    "2004-03-26T10:00:00",
    "2012-05-20T00:00:00",
    "2030-01-06T00:00:00",
]


def _directions():
    view = ephemeris.viewing(DATES)
    return list(zip(view.to_sun, view.to_observer, view.phase, strict=True))


@pytest.mark.parametrize("index", range(8))
def test_closed_forms_equal_the_exact_product_of_both_legs(index):
    sun, observer, phase = _directions()[index]
    rng = np.random.default_rng(index)
    lon, lat = rng.uniform(0, 2 * np.pi, 2000), np.arcsin(rng.uniform(-1, 1, 2000))
    middle = sphere.normalized(sun + observer)
    lon_b, lat_b = sphere.lon_lat(middle)
    factor, turn = 2 * np.cos(phase / 2), lon - lon_b
    u, v, w, s = 100.0, 40.0, 10.0, 60.0
    normal = sphere.unit_vector(lon, lat)
    zenith = sphere.separation(normal, sun)
    closed = {
        (u, 0, 0): factor * np.cos(lat_b) * u * np.sin(turn),
        (0, v, 0): factor * v * (np.sin(lat) * np.cos(lat_b) * np.cos(turn) - np.cos(lat) * np.sin(lat_b)),
        (0, 0, w): -factor * w * (np.cos(lat) * np.cos(lat_b) * np.cos(turn) + np.sin(lat) * np.sin(lat_b)),
    }
    for components, expected in closed.items():
        wind = doppler.wind_vector(lon, lat, *components)
        assert np.max(np.abs(doppler.reflected_velocity_exact(wind, sun, observer) - expected)) < 1e-4
        assert np.max(np.abs(doppler.reflected_velocity(wind, sun, observer) - expected)) < 1e-9
    flow = doppler.antisolar_flow(lon, lat, s, sun)
    expected = -factor * s * (np.cos(zenith) * (normal @ middle) - np.cos(phase / 2)) / np.sin(zenith)
    assert np.max(np.abs(doppler.reflected_velocity_exact(flow, sun, observer) - expected)) < 1e-4
    assert np.allclose(np.linalg.norm(flow, axis=-1), s)


def test_zonal_flow_is_not_seen_on_the_meridian_of_the_bisector():
    for sun, observer, _ in _directions():
        lon_b, _ = sphere.lon_lat(sphere.normalized(sun + observer))
        lat = np.linspace(-1.4, 1.4, 29)
        wind = doppler.wind_vector(lon_b, lat, -100.0)
        assert np.max(np.abs(doppler.reflected_velocity(wind, sun, observer))) < 1e-10


def test_retrograde_wind_at_a_morning_terminator_is_blue():
    sun, observer, _ = _directions()[0]
    lon_sun, _ = sphere.lon_lat(sun)
    lon_observer, _ = sphere.lon_lat(observer)
    toward = np.sign((lon_sun - lon_observer + np.pi) % (2 * np.pi) - np.pi)
    across = lon_observer + toward * np.radians(np.linspace(-5, 80, 30))
    v = doppler.reflected_velocity(doppler.wind_vector(across, 0.0, -100.0), sun, observer)
    assert v[0] == v.min() < 0 < v[-1]
    assert np.all(np.diff(v) > 0)


def test_own_lines_of_venus_see_one_leg_only():
    sun, observer, _ = _directions()[0]
    lon, lat = sphere.lon_lat(observer)
    assert abs(doppler.emitted_velocity(doppler.wind_vector(lon, 0.0, -100.0), observer)) < 1e-12
    wind = doppler.wind_vector(lon + 1.0, lat, -100.0)
    assert doppler.emitted_velocity(wind, observer) != doppler.reflected_velocity(wind, sun, observer)


def test_wind_away_from_us_is_red():
    to_observer = np.array([1.0, 0, 0])
    assert doppler.emitted_velocity(-50.0 * to_observer, to_observer) == pytest.approx(50.0)


def test_no_flow_at_the_subsolar_point():
    sun = sphere.unit_vector(1.0, 0.2)
    assert np.all(np.isfinite(doppler.antisolar_flow(1.0, 0.2, 50.0, sun)))
