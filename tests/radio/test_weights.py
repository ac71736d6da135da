"""Weights and errors when what is left is not noise."""

import dataclasses

import numpy as np
import pytest
from tests.radio.conftest import observation
from tests.radio.scene_image import day

from hesper.radio import calibrate_gains, calibrate_track, retrieve_disk, retrieve_noise, retrieve_weights
from hesper.radio.data_image import Frame
from hesper.units import MHz, arcsec

FRAME = Frame(
    ra=0.8, dec=0.36, pixel=2 * arcsec, size=256, frequency=606 * MHz, bandwidth=16 * MHz, time=1.3e8
)
NOISE = 0.3


def tracked(seed, sources=()):
    seen, followed = day(
        integrations=40, step=300.0, noise=NOISE, seed=seed, sources=sources, channels=4,
        antennas=np.arange(0, 30, 2),
    )  # fmt: skip
    return calibrate_track.averaged(seen, followed, integrations=2, channels=4)


def test_noise_keeps_weights_and_errors():
    data = tracked(1)
    fit = retrieve_disk.disk(data)
    assert np.array_equal(retrieve_weights.by_scatter(data, fit).weight, data.weight)
    beside = retrieve_noise.scatter(data, fit, FRAME).rms
    # Some hundred disks in the ring: 3σ of the rms of their scatter.
    assert beside == pytest.approx(fit.flux_density_std, rel=0.25)
    assert retrieve_noise.honest(fit, fit.flux_density_std) == fit


def test_a_baseline_with_interference_moves_the_flux_no_more():
    data = tracked(2)
    length = np.linalg.norm(data.uv, axis=-1).mean(axis=0)
    short = np.argsort(length)[:2]
    value = np.array(data.value)
    value[:, short] += 0.8
    spoilt = dataclasses.replace(data, value=value)
    clean, raw = retrieve_disk.disk(data), retrieve_disk.disk(spoilt)
    assert raw.flux_density - clean.flux_density > 5 * clean.flux_density_std
    mended = retrieve_disk.disk(retrieve_weights.by_scatter(spoilt, raw))
    mended = retrieve_disk.disk(retrieve_weights.by_scatter(spoilt, mended))
    assert abs(mended.flux_density - clean.flux_density) < 3 * clean.flux_density_std


def test_a_source_left_in_raises_the_error_to_what_it_does():
    """A source of 3 Jy three diameters away, not subtracted: the stated error must hold the flux's error."""
    within, source = [], (90 * arcsec, 40 * arcsec, 3.0)
    for seed in range(8):
        place = (source[0] * np.cos(seed), source[0] * np.sin(seed), source[2])
        data = tracked(10 + seed, sources=[place])
        fit = retrieve_disk.disk_or_limit(data)
        stated = retrieve_noise.stated(data, fit, FRAME)
        assert stated.flux_density_std >= fit.flux_density_std
        within.append(abs(stated.flux_density - 0.058) < 3 * stated.flux_density_std)
    assert all(within)


@pytest.mark.parametrize("before", [True, False])
def test_noise_before_the_gains_and_after_them_is_told_apart(before):
    """Divided by gains, noise that entered before them is flat along the band; the other is not."""
    data = observation(antennas=6, channels=64, times=60)
    rng = np.random.default_rng(4)
    power = np.linspace(0.1, 1, 64)[None, None, :, None] ** 2
    sigma = np.ones_like(power) if before else power**-0.5
    noise = sigma * (rng.standard_normal((*data.value.shape, 2)) @ np.array([1, 1j]))
    data = dataclasses.replace(
        data,
        value=noise,
        weight=np.broadcast_to(power, noise.shape),
        flag=np.zeros(noise.shape, bool),
    )
    found = calibrate_gains.with_weights(data).weight ** -0.5 / sigma
    # Each of two constants from 2 × 30 × 63 differences: 4 %, where one is a tenth of the other less sure.
    assert np.abs(np.log(found)).max() < 0.2
    assert np.abs(np.log(found.mean(axis=(0, 1, 3)))).max() < 0.05
