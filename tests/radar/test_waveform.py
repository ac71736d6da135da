"""Codes and decoding against what is known of them."""

import numpy as np
import pytest

from hesper import config
from hesper.errors import InputError
from hesper.radar import (
    calibrate_code,
    model_echo,
    simulate,
    simulate_pass,
    simulate_scene,
    simulate_terrain,
    simulate_voltages,
)
from hesper.radar import model_waveform as waveform
from hesper.radar.data_settings import Observation, Scene, Stations, Waveform
from hesper.units import us

BAUD, CELL, CELLS = 5 * us, 1 / 32, 256
NOTHING = np.zeros(1)


def _decode(samples, code, gates, *, per_dump=25_000, delay=NOTHING, phase=NOTHING, middle=16.0):
    out = np.zeros((gates, len(samples) // per_dump), complex)
    waveform.decode_lags(samples, 1 / BAUD, code, BAUD, delay, phase, middle, 0, per_dump, out)
    return out


def test_maximal_codes_have_their_autocorrelation():
    for order in waveform.TAPS:
        code = waveform.maximal_code(2**order - 1)
        found = np.fft.ifft(np.abs(np.fft.fft(code)) ** 2).real
        assert found[0] == pytest.approx(len(code))
        assert np.allclose(found[1:], -1, atol=1e-6)
    with pytest.raises(InputError, match="no maximal-length code"):
        waveform.maximal_code(8192)


@pytest.mark.parametrize("shift", [0.0, 3.0, -3.5])
def test_a_point_is_found_with_the_droop_of_its_frequency(shift):
    code = waveform.maximal_code(8191)
    n = np.arange(CELLS * 2500)
    # A tenth of the look's chips per dump: the transform's cells are ten times as wide.
    time = (n + 0.5) * BAUD
    samples = code[(n - 5) % len(code)] * np.exp(2j * np.pi * 10 * shift * time)
    found = np.abs(waveform.spectra(_decode(samples, code, 8, per_dump=2500)))
    gate, column = np.unravel_index(np.argmax(found), found.shape)
    assert (gate, column) == (5, CELLS // 2 + round(shift * 32))
    assert found.max() == pytest.approx(model_echo.droop(shift, 8.0), rel=0.01)
    assert model_echo.droop(3.0, 8.0) == pytest.approx(0.784, abs=1e-3)
    assert model_echo.droop(3.5, 8.0) == pytest.approx(0.714, abs=1e-3)


def test_self_noise_of_a_random_code_is_predicted():
    n = np.arange(CELLS * 2500)
    code = waveform.random_code(2**20 - 3, 4)
    samples = code[(n - 3) % len(code)] * np.ones(len(n), complex)
    spectrum = np.abs(waveform.spectra(_decode(samples, code, 40, per_dump=2500))) ** 2
    other = np.delete(spectrum, 3, axis=0)
    width = 1 / (len(n) * BAUD)
    assert other.mean() == pytest.approx(waveform.self_noise(1.0, BAUD, width), rel=0.05)
    m = waveform.maximal_code(8191)
    repeats = np.tile(m, 64).astype(complex)
    found = np.abs(waveform.spectra(waveform.decode_periods(np.roll(repeats, 3), m, 40))) ** 2
    leak = np.delete(found, 3, axis=0)
    assert 10 * np.log10(leak[:, 32].max() / found.max()) < -75
    assert other.mean() / leak.mean() > 20


def test_both_ways_to_decode_agree():
    rng = np.random.default_rng(1)
    code = waveform.maximal_code(1023)
    samples = rng.normal(size=1023 * 32) + 1j * rng.normal(size=1023 * 32)
    one = _decode(samples, code, 16, per_dump=1023)
    two = waveform.decode_periods(samples, code, 16)
    assert np.max(np.abs(one - two)) < 1e-12 * np.max(np.abs(two))
    with pytest.raises(InputError, match="check the length of the code"):
        waveform.decode_periods(samples[:-1], code, 16)


def test_ephemeris_is_removed():
    chips = 6_400_000
    time = np.arange(chips) * BAUD - 16.0
    code = waveform.random_code(2**20 - 3, 2)
    phase = np.array([0.0, 20e3, -0.25, 2e-5 / 6])
    delay = np.array([20 * BAUD, 7.5e-6])
    turns = np.polynomial.polynomial.polyval(time, phase) % 1.0
    at = np.floor((time + 16.0 + 0.5 * BAUD - np.polynomial.polynomial.polyval(time, delay)) / BAUD)
    samples = code[(at.astype(int) - 4) % len(code)] * np.exp(2j * np.pi * (turns + time))

    def loss(coefficients):
        spectrum = np.abs(waveform.spectra(_decode(samples, code, 8, delay=delay, phase=coefficients))) ** 2
        return 10 * np.log10(spectrum[4].max() / model_echo.droop(1.0, 8.0) ** 2)

    assert loss(phase) > -0.1
    assert loss(phase[:2]) < -10
    still = np.abs(waveform.spectra(_decode(samples, code, 8, delay=delay[:1], phase=phase))) ** 2
    assert 10 * np.log10(still.max()) < -10


@pytest.mark.parametrize(
    ("code", "limit"), [("maximal", 0.002), pytest.param("random", 0.006, marks=pytest.mark.slow)]
)
def test_voltages_decode_to_the_look_that_was_sent(code, limit):
    kinds = {
        Stations: {}, Waveform: {"gates": 20, "code": code}, Observation: {"duration": "30 min"},
        Scene: {"facet": "12 km", "reach": "450 km", "relief": "smooth"},
    }  # fmt: skip
    stations, pulse, observation, scene = (config.load(kind, table) for kind, table in kinds.items())
    geometry = simulate_pass.geometry(stations, pulse, observation)
    view = simulate.frame(geometry)
    facets = simulate_scene.facets(
        simulate_terrain.terrain(scene), view, spacing=scene.facet, reach=scene.reach, seed=1
    )
    setup = simulate.Setup(facets, geometry, stations, pulse, observation, scene, 1)
    voltages, sent = simulate_voltages.voltages(setup, 1, 0, np.zeros(2), noise=False)
    look = calibrate_code.look(voltages, pulse)
    inner = slice(20, -20)
    error = np.mean(np.abs(look.voltage[0] - sent)[..., inner] ** 2) / np.mean(np.abs(sent)[..., inner] ** 2)
    assert error < limit
    product = np.sum(look.voltage[0] * sent.conj(), axis=(1, 2))
    # The delay steps by whole chips within a dump: the phase between receivers must not.
    assert np.all(np.abs(np.angle(product)) < 2e-3)
    if code == "random":
        # 648 exponential numbers: their mean is known to 4 %, of which three are granted.
        early = np.abs(look.voltage[0, :, :3, inner]) ** 2
        whole = np.sum(np.abs(sent) ** 2, axis=(1, 2))
        assert np.allclose(early.mean(axis=(1, 2)), waveform.self_noise(whole, BAUD, CELL), rtol=0.12)
    with pytest.raises(InputError, match="samples; one spectrum"):
        calibrate_code.look(
            voltages, config.load(Waveform, {"gates": 20, "doppler_cell": "0.01 Hz", "doppler_cells": 512})
        )
