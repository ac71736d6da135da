import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hesper.geometry import camera, sphere

RADIUS = 6.0518e6
NIR2 = camera.Pinhole(1422.0, 255.5, 255.5)


def _view(lon, lat, altitude, roll=0.0):
    position = sphere.unit_vector(lon, lat) * (RADIUS + altitude)
    up = sphere.local_axes(lon, lat).north
    side = np.cross(up, position) / np.linalg.norm(position)
    return position, camera.pointing(-position, np.cos(roll) * up + np.sin(roll) * side)


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 6.28), st.floats(-1.5, 1.5), st.floats(3e5, 8e7), st.floats(0, 6.28))
def test_pixel_to_ground_to_pixel(lon, lat, altitude, roll):
    position, axes = _view(lon, lat, altitude, roll)
    line, sample = np.mgrid[0:512:17, 0:512:17].astype(float)
    seen = camera.sphere_from_pixels(sample, line, camera=NIR2, position=position, axes=axes, radius=RADIUS)
    back = camera.pixels_from_sphere(
        seen.lon, seen.lat, camera=NIR2, position=position, axes=axes, radius=RADIUS
    )
    hit = np.isfinite(seen.lon) & (seen.cos_emission > 1e-4)
    assert np.max(np.abs(back.sample - sample)[hit], initial=0) < 1e-9
    assert np.max(np.abs(back.line - line)[hit], initial=0) < 1e-9
    assert np.isnan(back.sample[np.isnan(seen.lon)]).all()


def test_the_limb_is_where_it_should_be():
    position, axes = _view(0.3, 0.1, 5.3638e7)
    radius = camera.limb_radius(float(np.linalg.norm(position)), RADIUS + 70e3, NIR2)
    sample = 255.5 + np.linspace(0, 200, 4001)
    seen = camera.sphere_from_pixels(
        sample, 255.5, camera=NIR2, position=position, axes=axes, radius=RADIUS + 70e3
    )
    assert sample[np.isfinite(seen.lon)].max() == pytest.approx(255.5 + radius, abs=0.06)


def test_pinhole_is_the_azimuthal_perspective_projection_of_astropy():
    """An AZP world coordinate system with distance −D/R describes the same camera to 1e-6 px."""
    from astropy.wcs import WCS

    position, axes = _view(0.0, 0.0, 1e7)
    wcs = WCS(naxis=2)
    distance = np.linalg.norm(position) / RADIUS
    wcs.wcs.ctype = ["CLON-AZP", "CLAT-AZP"]
    wcs.wcs.crval = [0.0, 0.0]
    wcs.wcs.crpix = [256.5, 256.5]
    plate = np.degrees(1.0) / NIR2.focal * (distance - 1)
    wcs.wcs.cdelt = [plate, -plate]
    wcs.wcs.set_pv([(2, 1, -distance)])
    lon, lat = np.radians([5.0, -3.0, 8.0]), np.radians([1.0, 4.0, -7.0])
    ours = camera.pixels_from_sphere(lon, lat, camera=NIR2, position=position, axes=axes, radius=RADIUS)
    u, v = wcs.wcs_world2pix(np.degrees(lon), np.degrees(lat), 0)
    assert np.max(np.abs(ours.sample - u)) < 1e-6
    assert np.max(np.abs(ours.line - v)) < 1e-6


def test_images_are_not_mirrored_and_north_is_up():
    position, axes = _view(1.0, 0.0, 1e7)
    east = camera.pixels_from_sphere(1.05, 0.0, camera=NIR2, position=position, axes=axes, radius=RADIUS)
    north = camera.pixels_from_sphere(1.0, 0.05, camera=NIR2, position=position, axes=axes, radius=RADIUS)
    assert east.sample > 255.5 > north.line
    assert east.line == pytest.approx(255.5)
    assert np.linalg.det(axes) == pytest.approx(1.0)


def test_the_far_side_and_what_is_behind_are_not_seen():
    position, axes = _view(0.0, 0.0, 1e7)
    far = camera.pixels_from_sphere(np.pi, 0.0, camera=NIR2, position=position, axes=axes, radius=RADIUS)
    assert np.isnan(far.sample)
    outward = camera.pointing(position, np.array([0, 0, 1.0]))
    away = camera.sphere_from_pixels(
        255.5, 255.5, camera=NIR2, position=position, axes=outward, radius=RADIUS
    )
    assert np.isnan(away.lon)
