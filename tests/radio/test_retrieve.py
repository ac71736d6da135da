import numpy as np
import pytest

from hesper.physics import planck, sky
from hesper.radio import model, read, retrieve
from hesper.radio.data import FluxDensities
from hesper.units import MHz, arcsec, mJy


def _fluxes(n, flux):
    ones = np.ones(n)
    return FluxDensities(
        label=np.array(["x"] * n),
        time=1.33e8 * ones,
        frequency=606 * MHz * ones,
        flux_density=flux,
        map_rms=0.45 * mJy * ones,
        beam_major=6.5 * arcsec * ones,
        beam_minor=5.1 * arcsec * ones,
        angular_diameter=22.72 * arcsec * ones,
        is_limit=np.zeros(n, bool),
    )


def _temperatures(fluxes, model):
    return retrieve.temperatures(fluxes, sky_408=30.0, sky_408_std=4.0, sky_model=model, calibration=0.07)


def test_injected_temperature_is_recovered_within_its_stated_error():
    rng = np.random.default_rng(4)
    n, truth = 3000, 550.0
    background = sky.temperature(606 * MHz, rng.normal(30, 4, n))
    template = _fluxes(1, np.array([1.0]))
    noise = model.flux_density_std(template.map_rms, template.angular_diameter, template.beam_major,
                                   template.beam_minor, factor=1.0)[0]  # fmt: skip
    clean = planck.flux_density(truth - background, 606 * MHz, 22.72 * arcsec)
    fluxes = _fluxes(n, clean * (1 + 0.07 * rng.standard_normal(n)) + noise * rng.standard_normal(n))
    found = _temperatures(fluxes, retrieve.BACKGROUND_APART)
    pulls = (found.brightness_temperature - truth) / found.brightness_temperature_std
    assert abs(pulls.mean()) < 3 / np.sqrt(n) + 0.02
    assert pulls.std() == pytest.approx(1.0, abs=0.05)


def test_limits_are_three_standard_deviations():
    found = _temperatures(read.flux_densities(), retrieve.SCALED_WHOLE)
    assert found.is_limit.tolist() == [False, False, False, False, True]
    assert found.contrast_temperature[4] == pytest.approx(3 * found.contrast_temperature_std[4])


def test_flux_and_temperature_are_inverse():
    t = np.array([10.0, 500.0])
    s = planck.flux_density(t, 333 * MHz, 21 * arcsec)
    assert np.allclose(planck.brightness_temperature(s, 333 * MHz, 21 * arcsec), t)
