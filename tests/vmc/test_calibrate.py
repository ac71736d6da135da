"""Closed loop: a lit, limb-darkened disk seen by a turned camera → its pointing, within the stated errors."""

import numpy as np
import pytest

from hesper import maps
from hesper.errors import InputError
from hesper.geometry.camera import Pinhole
from hesper.units import deg, km
from hesper.vmc import calibrate, grid, model
from hesper.vmc.data import Image

RADIUS = 6121.8 * km
POSITION = np.array([-2.0e7, 1.6e7, -5.4e7])
SUN = 1.089e11 * np.array([-0.998, 0.04, 0.046])


def scene(angles, *, seed=0, noise=0.01, focal=1440.0, field=None):
    """Return an image of a disk with haze, clouds in bands and noise, and its true axes."""
    random = np.random.default_rng(seed)
    camera = Pinhole(focal, 257.489, 256.494)
    planned = model.planned_axes(POSITION, SUN)
    axes = model.turned(planned, np.asarray(angles))
    fine = (np.arange(512 * 3) - 1) / 3
    sample, line = np.meshgrid(fine, fine)
    setting = {"camera": camera, "position": POSITION, "axes": axes, "sun": SUN, "radius": RADIUS}
    cosine, emission = model.pixel_cosines(sample, line, **setting)
    light = np.where(cosine > 0, np.nan_to_num(cosine).clip(0) ** 0.9 * np.nan_to_num(emission) ** 0.1, 0.0)
    bands = 1 + 0.1 * np.sin(sample / 40 + seed) * np.cos(line / 55)
    light = (np.nan_to_num(light) * bands).reshape(512, 3, 512, 3).mean(axis=(1, 3))
    light = 1e8 * (light + noise * random.standard_normal(light.shape))
    valid = np.ones((512, 512), bool) if field is None else field
    return Image(
        radiance=np.where(valid, light, np.nan), valid=valid, saturated=np.zeros_like(valid),
        position=POSITION, axes=planned, sun=SUN, focal=focal, sample=camera.sample, line=camera.line,
        step=1e5, time=2e8, exposure=0.01, wavelength=3.65e-7, orbit=260, sequence=8, channel="UV",
        phase="", data_set="test",
        name="V0260_0008_UV2", rotation="IAU", kernel="test",
    ), axes  # fmt: skip


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(k, marks=pytest.mark.slow) for k in range(2, 12))])
def test_pointing_recovers_the_angles_within_three_deviations(seed):
    random = np.random.default_rng(100 + seed)
    truth = np.array([*random.uniform(-0.03, 0.03, 2), random.normal(0, 0.4 * deg)])
    image, _ = scene(truth, seed=seed)
    found = calibrate.pointing(image)
    std = np.sqrt(np.diag(found.covariance))
    assert (np.abs(found.angles - truth) < 3 * std).all()
    # Without relief the limb itself is good to a tenth of a pixel.
    disk = calibrate.pixel(model.turned(image.axes, truth) @ -POSITION, calibrate.pinhole(image))
    assert np.hypot(found.disk_sample - disk[0], found.disk_line - disk[1]) < 0.15
    assert found.focal_ratio == pytest.approx(1, abs=2e-3)
    assert abs(found.roll - truth[2]) < 3 * found.roll_std


@pytest.mark.parametrize("roll", [40 * deg, 175 * deg, -100 * deg])
def test_any_roll_is_found_by_the_light(roll):
    image, axes = scene([0.01, -0.015, roll])
    found = calibrate.pointing(image)
    error = model.turned(found.image.axes, np.zeros(3)) @ axes.T
    assert np.arccos((np.trace(error) - 1) / 2) < 3 * np.sqrt(np.trace(found.covariance))


def test_noise_and_background_are_those_of_the_sky():
    image, _ = scene([0.01, 0.0, 0.0], noise=0.02)
    found = calibrate.pointing(image)
    assert found.noise == pytest.approx(0.02e8, rel=0.03)
    assert abs(found.background) < 1e5


def test_no_limb_is_one_clear_line():
    image, _ = scene([0.0, 0.0, 0.0], field=np.hypot(*(np.indices((512, 512)) - 256)) < 100)
    with pytest.raises(InputError, match="V0260_0008_UV2: no sunlit limb") as caught:
        calibrate.pointing(image)
    assert "\n" not in str(caught.value)


def test_maps_hold_the_angles_of_their_cells():
    image, _ = scene([0.0, 0.0, 0.0], noise=0.0)
    found = calibrate.pointing(image)
    world = maps.equirectangular(2 * deg, west=0, east=2 * np.pi, south=-np.pi / 2, north=np.pi / 2)
    made = grid.radiance_map([found, found], world, largest_emission=70 * deg)
    binned = grid.binned_map([found], world, largest_emission=70 * deg)
    seen = made.n > 0
    assert (made.n[seen] == 2).all()
    assert np.nanmax(made.emission) < 70.001 * deg
    assert np.isnan(made.radiance[~seen]).all()
    both = seen & (binned.n > 3) & (made.incidence < 1.3)
    assert np.median(np.abs(binned.radiance[both] / made.radiance[both] - 1)) < 0.02
    np.testing.assert_allclose(made.radiance_std[seen], found.noise / np.sqrt(2))


def test_a_map_of_nothing_is_refused():
    image, _ = scene([0.0, 0.0, 0.0])
    found = calibrate.pointing(image)
    north = maps.north_polar(100 * km, half_width=1000 * km)
    with pytest.raises(InputError, match="see no cell"):
        grid.radiance_map([found], north, largest_emission=70 * deg)
    with pytest.raises(InputError, match="no images"):
        grid.radiance_map([], north, largest_emission=70 * deg)
