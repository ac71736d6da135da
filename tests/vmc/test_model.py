"""The lit disk: analytic truths."""

import numpy as np
import pytest

from hesper.geometry.camera import Pinhole, limb_radius, sphere_from_pixels
from hesper.vmc import model

CAMERA = Pinhole(1444.0, 257.0, 256.0)
RADIUS = 6.12e6
POSITION = np.array([1.0e7, -2.0e7, -5.5e7])
SUN = np.array([1.0e11, 2.0e10, 3.0e9])


def test_limb_on_the_boresight_is_a_circle():
    axes = model.planned_axes(POSITION, SUN)
    place = model.limb(np.linspace(0, 6, 50), camera=CAMERA, position=POSITION, axes=axes, radius=RADIUS)
    size = np.hypot(place.sample - CAMERA.sample, place.line - CAMERA.line)
    np.testing.assert_allclose(size, limb_radius(np.linalg.norm(POSITION), RADIUS, CAMERA), atol=1e-9)


def test_limb_separates_pixels_that_see_the_sphere_from_those_that_do_not():
    axes = model.turned(model.planned_axes(POSITION, SUN), np.array([0.02, -0.03, 0.4]))
    setting = {"camera": CAMERA, "position": POSITION, "axes": axes, "radius": RADIUS}
    place = model.limb(np.linspace(0, 6, 40), **setting)
    middle = axes @ -POSITION
    centre = CAMERA.focal * middle[:2] / middle[2] + [CAMERA.sample, CAMERA.line]
    for scale, seen in ((0.999, True), (1.001, False)):
        sample = centre[0] + scale * (place.sample - centre[0])
        line = centre[1] + scale * (place.line - centre[1])
        assert (np.isfinite(sphere_from_pixels(sample, line, **setting).lon) == seen).all()


def test_terminator_has_ninety_degrees_of_incidence():
    axes = model.planned_axes(POSITION, SUN)
    setting = {"camera": CAMERA, "position": POSITION, "axes": axes, "radius": RADIUS}
    place = model.terminator(np.linspace(0, 6.2, 60), sun=SUN, **setting)
    seen = np.isfinite(place.sample)
    assert 20 < seen.sum() < 40
    cosine, _ = model.pixel_cosines(place.sample[seen], place.line[seen], sun=SUN, **setting)
    np.testing.assert_allclose(cosine, 0, atol=1e-9)


def test_parallax_of_the_sun_is_in_the_incidence():
    found = model.illumination(np.array(1.0), np.array(0.0), position=POSITION, sun=SUN, radius=RADIUS)
    far = model.illumination(np.array(1.0), np.array(0.0), position=POSITION, sun=1e6 * SUN, radius=RADIUS)
    expected = RADIUS / np.linalg.norm(SUN) * np.sin(far.incidence)
    assert found.incidence - far.incidence == pytest.approx(expected, rel=1e-3)


def test_planned_axes_have_the_sun_at_low_samples():
    axes = model.planned_axes(POSITION, SUN)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-14)
    assert np.linalg.det(axes) == pytest.approx(1)
    x, y, _ = axes @ SUN
    assert x < 0
    assert abs(y / x) < 1e-12


def test_turned_moves_the_scene_as_its_angles_say():
    x, y, z = model.turned(np.eye(3), np.array([1e-6, 0, 0])) @ [0, 0, 1]
    assert (x, y) == pytest.approx((0, 1e-6))
    x, y, z = model.turned(np.eye(3), np.array([0, 1e-6, 0])) @ [0, 0, 1]
    assert (x, y, z) == pytest.approx((-1e-6, 0, 1))


def test_lit_fraction_of_half_a_disk():
    incidence = np.array([[0.5, 2.0], [np.nan, 0.1]])
    assert model.lit_fraction(np.array([[True, True], [True, False]]), incidence) == 0.5
    assert np.isnan(model.lit_fraction(np.zeros((2, 2), bool), incidence))
