"""Self-calibration, signals from the ground, and sources fitted together."""

import dataclasses

import numpy as np
import pytest
from tests.radio.scene_image import day

from hesper.constants import SPEED_OF_LIGHT
from hesper.radio import (
    calibrate_background,
    calibrate_gains,
    calibrate_ground,
    calibrate_selfcal,
    model_gains,
    model_sources,
    retrieve_sources,
)
from hesper.radio.data_calibration import Sources
from hesper.units import arcsec

SOURCES = [(300 * arcsec, -200 * arcsec, 1.0), (-250 * arcsec, 100 * arcsec, 0.4)]
NOISE = 0.2


def _model(data, sources=SOURCES):
    east, north, flux = np.array(sources).T
    return model_sources.predict(data.uvw, data.setup.frequency, east, north, flux)


def _seen(**given):
    options = {"integrations": 40, "channels": 8, "flux": 0.0, "scan": 40, "antennas": np.arange(0, 30, 3)}
    return day(**(options | given))[0]


def _with_gains(data, amplitude, phase):
    setup = data.setup
    gain = (amplitude * np.exp(1j * phase))[:, :, None, None] * np.ones(2)
    value = model_gains.with_gains(data.value, gain.astype(np.complex64), setup.antenna1, setup.antenna2)
    return dataclasses.replace(data, value=value)


def test_amplitudes_come_back_and_their_mean_stays():
    rng = np.random.default_rng(2)
    amplitude = np.broadcast_to(1 + 0.05 * rng.standard_normal(30), (40, 30))
    seen = _seen(sources=SOURCES, noise=NOISE, seed=1, antennas=np.arange(30))
    data = _with_gains(seen, amplitude, np.zeros((40, 30)))
    (table,) = calibrate_selfcal.on_scale([calibrate_selfcal.amplitudes(data, _model(data), interval=168.0)])
    assert np.exp(np.mean(np.log(table.amplitude))) == pytest.approx(1.0)
    expected = amplitude[0] / np.exp(np.mean(np.log(amplitude[0])))
    pull = (table.amplitude - expected[:, None]) / table.amplitude_std
    assert np.median(table.amplitude_std / table.amplitude) <= 0.01
    assert np.std(pull) == pytest.approx(1, abs=3 / np.sqrt(2 * pull.size))


def test_amplitudes_are_solved_as_often_as_they_change():
    """Steady gains: one solution for all; gains that change within minutes: many; both follow the truth."""
    seen = _seen(sources=SOURCES, noise=NOISE, seed=1, antennas=np.arange(30))
    rng = np.random.default_rng(5)
    phase = rng.uniform(0, 2 * np.pi, 30)
    minutes = (seen.time - seen.time[0])[:, None] / 60
    solutions = {}
    for size in (0.0, 0.2):
        log = size * np.sin(2 * np.pi * minutes / 30 + phase)
        data = _with_gains(seen, np.exp(log), np.zeros((40, 30)))
        (table,) = calibrate_selfcal.on_scale(
            [calibrate_selfcal.amplitudes(data, _model(data), interval=60.0)]
        )
        left = np.log(np.abs(calibrate_gains.interpolated(table, data.time)))[..., 0] - (log - log.mean())
        assert np.std(left) < 0.02
        solutions[size] = len(table.time)
    assert solutions[0.2] > 4 * solutions[0.0]


def test_the_scale_of_all_antennas_is_followed_and_its_mean_over_the_day_stays():
    """A loss that all antennas share between two scans shows in the field's sources."""
    first, second = (_seen(sources=SOURCES, noise=NOISE, seed=s, antennas=np.arange(30)) for s in (1, 2))
    tables = [
        calibrate_selfcal.amplitudes(
            _with_gains(data, np.full((40, 30), size), np.zeros((40, 30))), _model(data), interval=168.0
        )
        for data, size in ((first, 1.1), (second, 0.9))
    ]
    one, other = calibrate_selfcal.on_scale(tables)
    ratio = np.exp(np.mean(np.log(one.amplitude)) - np.mean(np.log(other.amplitude)))
    assert ratio == pytest.approx(1.1 / 0.9, rel=0.003)
    assert np.mean(np.log(one.amplitude)) + np.mean(np.log(other.amplitude)) == pytest.approx(0, abs=1e-6)


def test_a_field_too_faint_leaves_amplitudes_alone():
    faint = [(300 * arcsec, 0.0, 0.02)]
    data = _seen(sources=faint, noise=NOISE, seed=1)
    table = calibrate_selfcal.amplitudes(data, _model(data, faint), interval=168.0)
    assert np.all(table.amplitude == 1) and np.all(table.phase == 0)


def test_phases_are_solved_as_often_as_the_field_is_bright_enough():
    bright = _seen(sources=SOURCES, noise=NOISE, seed=1)
    faint_sources = [(east, north, 0.05 * flux) for east, north, flux in SOURCES]
    faint = _seen(sources=faint_sources, noise=NOISE, seed=1)
    often = calibrate_selfcal.phases(bright, _model(bright), interval=168.0)
    seldom = calibrate_selfcal.phases(faint, _model(faint, faint_sources), interval=168.0)
    assert often.time.size == 40
    assert seldom.time.size == 4


def test_the_ground_goes_and_the_sky_stays():
    """A signal of one standard deviation that stands still on the ground, and a source in the field."""
    data = _seen(integrations=90, scan=90, sources=SOURCES, noise=NOISE, seed=3, antennas=np.arange(14))
    w = data.uvw[..., 2]
    wave = data.setup.frequency / SPEED_OF_LIGHT
    rate = np.gradient(w, data.time, axis=0) * data.interval[:, None]
    rng = np.random.default_rng(4)
    phase = rng.uniform(0, 2 * np.pi, (w.shape[1], 1))
    ground = NOISE * np.sinc(rate[..., None] * wave) * np.exp(1j * phase - 2j * np.pi * w[..., None] * wave)
    spoilt = dataclasses.replace(data, value=data.value + ground[..., None].astype(np.complex64))
    known = _model(data)
    residual = calibrate_background.subtracted(spoilt, known).value
    mended = calibrate_ground.without_ground(spoilt, residual)
    clean = calibrate_ground.without_ground(data, calibrate_background.subtracted(data, known).value)
    middle = float(wave.mean())
    turning = (np.abs(w[-1] - w[0]) * middle > 4) & (np.abs(rate[45]) * middle < 0.4)
    assert turning.sum() > 10
    # The step is linear: what is left of the signal is the curvature of the smearing alone.
    left = np.abs(mended.value - clean.value)[:, turning]
    assert left.max() < 0.02 * NOISE
    # A source that nobody knows loses what happens to turn like the ground, less than 1/(2π 4).
    unknown = calibrate_ground.without_ground(data, data.value)
    project = np.sum(unknown.value * np.conj(known[..., None])) / np.sum(
        data.value * np.conj(known[..., None])
    )
    assert abs(project - 1) < 1 / (2 * np.pi * 4)


def test_two_sources_in_each_others_sidelobes_are_fitted_together():
    """Half a beam apart: one by one they would trade flux density for ever."""
    data = _seen(integrations=30, step=600.0, scan=30, noise=0.02, seed=5, sources=SOURCES)
    waves = np.linalg.norm(data.uvw, axis=-1) * data.setup.frequency.mean() / SPEED_OF_LIGHT
    beam = 0.53 / float(np.sqrt(np.mean(waves**2)))
    places = [(300 * arcsec, 100 * arcsec, 0.5), (300 * arcsec + 0.6 * beam, 100 * arcsec, 0.3)]
    data = _seen(integrations=30, step=600.0, scan=30, noise=0.02, seed=5, sources=places)
    east, north, flux = np.array(places).T
    start = Sources(
        east=east + 0.1 * beam, north=north, flux_density=flux * [0.7, 1.5], flux_density_std=[0.01, 0.01]
    )

    def residuals(guess):
        rest = model_sources.predict(
            data.uvw, data.setup.frequency, guess.east, guess.north, guess.flux_density
        )
        yield calibrate_background.subtracted(data, rest)

    found = retrieve_sources.fitted(start, residuals, rounds=8)
    assert found.flux_density == pytest.approx(flux, abs=8 * float(found.flux_density_std[0]))
    assert np.abs(found.east - east).max() < 0.02 * beam


def test_what_is_no_source_is_dropped():
    data = _seen(noise=NOISE, seed=6, sources=SOURCES[:1])
    east, north, flux = np.array(SOURCES).T
    start = Sources(east=east, north=north, flux_density=flux, flux_density_std=[0.01, 0.01])

    def residuals(guess):
        rest = model_sources.predict(
            data.uvw, data.setup.frequency, guess.east, guess.north, guess.flux_density
        )
        yield calibrate_background.subtracted(data, rest)

    found = retrieve_sources.fitted(start, residuals)
    assert found.east.size == 1
    assert found.flux_density[0] == pytest.approx(1.0, abs=4 * float(found.flux_density_std[0]))


def test_gains_of_ones_change_nothing():
    data = _seen(sources=SOURCES, noise=NOISE, seed=1)
    table = calibrate_selfcal.ones(calibrate_selfcal.phases(data, _model(data), interval=168.0))
    assert np.array_equal(calibrate_gains.with_gains(data, table, None).value, data.value)
