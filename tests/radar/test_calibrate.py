"""Noise, axes and law of a look whose truth is known."""

import dataclasses

import numpy as np
import pytest

from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.radar import calibrate, model
from hesper.units import deg


@pytest.fixture(scope="module")
def scaled(displaced):
    return calibrate.noise(displaced)


@pytest.fixture(scope="module")
def outline(scaled):
    return calibrate.limb(scaled)


def test_noise_is_scaled_and_its_samples_are_counted(displaced, scaled):
    assert np.allclose(displaced.power / scaled.power, 7.0, rtol=2e-3)
    assert scaled.looks == pytest.approx(30.0, rel=0.02)


def test_limb_finds_the_displacement_within_its_uncertainty(scaled, outline):
    predicted = model.half_width(scaled.echo.rotation_rate[0], scaled.frequency)
    # Against the truth the fitted profile is a model: its blur is not the box of a pixel.
    assert abs(outline.doppler_offset - 0.05) < 3 * outline.doppler_offset_std
    assert abs(outline.half_width - predicted) < 3 * outline.half_width_std
    assert abs(outline.delay_offset - 20e-6) < 3 * outline.delay_offset_std
    assert outline.doppler_offset_std < 0.1 * (scaled.doppler[1] - scaled.doppler[0])
    assert outline.half_width_std < 3e-4 * predicted


def test_centring_moves_the_axes_and_nothing_else(scaled, outline):
    look = calibrate.centred(scaled, outline)
    assert np.allclose(scaled.doppler - look.doppler, outline.doppler_offset)
    assert np.allclose(scaled.delay - look.delay, outline.delay_offset)
    assert look.power is scaled.power or np.array_equal(look.power, scaled.power)


def test_backscatter_of_a_uniform_sphere_is_flat(scaled, outline):
    law = calibrate.backscatter(calibrate.centred(scaled, outline))
    use = (law.incidence > 20 * deg) & (law.incidence < 70 * deg)
    # Where the bright spot lies, it is part of the median.
    spot = model.incidence(300 * deg, 45 * deg, model.frame(scaled.echo))
    use &= np.abs(law.incidence - spot) > 5 * deg
    assert np.all(np.abs(law.reflectivity[use] / 0.5 - 1) < 0.02)
    assert np.all(law.reflectivity_std > 0)


def test_looks_without_noise_or_limb_are_refused(scaled):
    narrow = dataclasses.replace(scaled, doppler=scaled.doppler * 0.1)
    with pytest.raises(InputError, match="free of echo"):
        calibrate.noise(narrow)
    with pytest.raises(InputError, match="edges"):
        calibrate.limb(narrow)
    away = dataclasses.replace(scaled, delay=scaled.delay + 10 * VENUS_RADIUS / 3e8)
    with pytest.raises(InputError, match="on the planet"):
        calibrate.backscatter(away)
