"""What is left in a map."""

import dataclasses

import numpy as np
import pytest
from tests.radio.scene_image import day

from hesper.errors import InputError
from hesper.physics import planck
from hesper.radio import grid_fluctuation, grid_image, grid_samples
from hesper.radio.data_image import Frame
from hesper.units import MHz, arcsec

FRAME = Frame(
    ra=0.8, dec=0.36, pixel=25 * arcsec, size=128, frequency=332.9 * MHz, bandwidth=16 * MHz, time=1.3e8
)


def samples(noise):
    seen, _ = day(integrations=20, step=900.0, noise=noise, flux=0.0, channels=8, centre=332.9 * MHz)
    return grid_samples.samples(seen, field_of_view=0.0)


def test_noise_alone_gives_the_noise_of_the_tapered_map():
    data = samples(1.0)
    found = grid_fluctuation.sky_fluctuation(data, FRAME, width=150 * arcsec)
    weight = grid_fluctuation.tapered(data, width=150 * arcsec).astype(float)
    expected = np.sqrt(np.sum(weight**2 / data.weight)) / weight.sum()
    # Some hundred independent beams of 150″ in the map of 53′.
    assert found.rms == pytest.approx(expected, rel=0.2)
    assert 100 < found.beam.major / arcsec < 260
    size = np.sqrt(4 / np.pi * grid_image.beam_area(found.beam))
    assert found.temperature == pytest.approx(
        float(planck.brightness_temperature(found.rms * 1e-26, 332.9 * MHz, size))
    )


def test_three_millijansky_in_the_papers_beam_are_two_kelvin():
    """Section 3.3: 3 mJy per beam of 159″ × 135″ at 332 MHz, "< 2 K"."""
    size = np.sqrt(159 * 135 / np.log(2)) * arcsec
    assert 1.0 < float(planck.brightness_temperature(3e-29, 332 * MHz, size)) < 2.0


def test_rms_near_sources_sees_what_is_left():
    image = np.random.default_rng(0).standard_normal((128, 128))
    image[64 + 20, 64 - 10] = 50.0
    place = np.array([10.0 * FRAME.pixel]), np.array([20.0 * FRAME.pixel])
    assert grid_fluctuation.rms_near(image, FRAME, *place, radius=3 * FRAME.pixel) > 5
    other = -place[0], place[1]
    assert grid_fluctuation.rms_near(image, FRAME, *other, radius=8 * FRAME.pixel) == pytest.approx(
        1, abs=0.2
    )


def test_wrong_input_is_named():
    data = samples(1.0)
    with pytest.raises(InputError, match="four pixels"):
        grid_fluctuation.sky_fluctuation(data, FRAME, width=50 * arcsec)
    long = dataclasses.replace(data, uvw=data.uvw + np.array([1e5, 0, 0], np.float32))
    with pytest.raises(InputError, match="short enough"):
        grid_fluctuation.sky_fluctuation(long, FRAME, width=150 * arcsec)
    with pytest.raises(InputError, match="none of the places"):
        grid_fluctuation.rms_near(np.zeros((128, 128)), FRAME, np.array([0.5]), np.array([0.0]), radius=1e-4)
