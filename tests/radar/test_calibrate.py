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
    assert abs(outline.doppler_offset - 0.05) < 3 * outline.doppler_offset_std
    assert abs(outline.half_width - predicted) < 3 * outline.half_width_std
    assert abs(outline.delay_offset - 20e-6) < 3 * outline.delay_offset_std
    assert outline.doppler_offset_std < 0.1 * (scaled.doppler[1] - scaled.doppler[0])
    # Pixels of half and of twice the width are allowed for: a tenth of a pixel, either limb.
    assert outline.half_width_std < 0.2 * (scaled.doppler[1] - scaled.doppler[0])


def test_the_samples_of_speckle_do_not_depend_on_a_drift_of_the_noise(displaced, scaled):
    drift = np.linspace(0.9, 1.1, len(displaced.delay))[:, None]
    drifted = calibrate.noise(dataclasses.replace(displaced, power=displaced.power * drift))
    assert drifted.looks == pytest.approx(scaled.looks, rel=0.02)


def test_the_edge_is_averaged_over_a_pixel_and_its_slant():
    outward = np.array([[-5.0, -1.2, -0.3, 0.2, 2.0]])
    for across, along in ((1.0, 0.6), (0.5, 2.0)):
        slid = outward[0][:, None] + along * ((np.arange(2000) + 0.5) / 2000 - 0.5)
        ends = [2 * np.sqrt(np.maximum(-slid - k * across / 2, 0.0)) for k in (-1, 1)]
        mean = ((ends[0] - ends[1]) / across).mean(axis=1)
        found = calibrate._averaged_edge(outward, across, np.array([[along]]))
        assert np.allclose(found[0], mean, atol=1e-3)


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
