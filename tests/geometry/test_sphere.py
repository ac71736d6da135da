import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesper.geometry import sphere

LON = st.floats(0, 2 * np.pi - 1e-9)
LAT = st.floats(-np.pi / 2 + 1e-6, np.pi / 2 - 1e-6)


@given(LON, LAT, st.floats(1e-3, 1e9))
def test_lon_lat_is_the_inverse_of_unit_vector(lon, lat, length):
    back = sphere.lon_lat(length * sphere.unit_vector(lon, lat))
    assert abs((back.lon - lon + np.pi) % (2 * np.pi) - np.pi) * np.cos(lat) < 1e-12
    assert abs(back.lat - lat) < 1e-12


@given(LON, LAT)
def test_local_axes_are_right_handed(lon, lat):
    east, north, up = sphere.local_axes(lon, lat)
    assert np.allclose(np.cross(east, north), up, atol=1e-14)
    assert np.allclose(np.cross(up, east), north, atol=1e-14)


def test_separation_is_exact_where_the_cosine_is_not():
    for angle in (1e-12, 1e-9, np.pi - 1e-9):
        first, second = sphere.unit_vector(0.0, 0.0), sphere.unit_vector(angle, 0.0)
        assert sphere.separation(first, second) == pytest.approx(angle, rel=1e-6)


def test_ray_meets_the_sphere_once_and_only_in_front():
    origin = np.array([10.0, 0, 0])
    toward, away, past = np.array([-1.0, 0, 0]), np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
    assert sphere.ray_sphere(origin, toward, 2.0) == pytest.approx(8.0)
    assert np.isnan(sphere.ray_sphere(origin, away, 2.0))
    assert np.isnan(sphere.ray_sphere(origin, past, 2.0))


def test_grazing_rays_from_afar_end_on_the_sphere():
    origin = np.array([1e12, 0, 0])
    for offset in (0.999999, 0.99999999):
        direction = sphere.normalized(np.array([-1e12, offset * 6e6, 0]))
        point = origin + sphere.ray_sphere(origin, direction, 6e6) * direction
        assert np.linalg.norm(point) == pytest.approx(6e6, rel=1e-9)


def test_illumination_at_known_places():
    sun, observer = sphere.unit_vector(0.0, 0.0), sphere.unit_vector(np.pi / 3, 0.0)
    angles = sphere.illumination(sphere.unit_vector(np.pi / 6, 0.0), sun, observer)
    assert np.allclose(angles, [np.pi / 6, np.pi / 6, np.pi / 3])
    assert sphere.illuminated_fraction(np.pi / 2) == pytest.approx(0.5)


def test_position_angle_runs_from_north_through_east():
    here = sphere.unit_vector(1.0, 0.5)
    axes = sphere.local_axes(1.0, 0.5)
    assert np.sin(sphere.position_angle(here, axes.north)) == pytest.approx(0.0, abs=1e-12)
    assert sphere.position_angle(here, axes.east) == pytest.approx(np.pi / 2)


@given(LON, LAT, st.floats(-10, 10))
def test_body_axes_put_the_pole_where_it_is(ra, dec, meridian):
    axes = sphere.body_axes(ra, dec, meridian)
    assert np.allclose(axes @ axes.T, np.eye(3), atol=1e-14)
    assert np.allclose(axes[2], sphere.unit_vector(ra, dec), atol=1e-12)
    # From the node the prime meridian lies W ahead along the equator.
    node = axes @ sphere.unit_vector(ra + np.pi / 2, 0.0)
    assert np.allclose(node, [np.cos(meridian), -np.sin(meridian), 0.0], atol=1e-12)
