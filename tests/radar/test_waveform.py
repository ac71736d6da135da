"""Codes and decoding against what is known of them."""

import dataclasses

import numpy as np
import pytest
from numpy.polynomial.polynomial import polyval

from hesper import config, ephemeris
from hesper.constants import SPEED_OF_LIGHT, VENUS_RADIUS
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
from hesper.radar.model_clock import clocks
from hesper.units import MHz, us

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


def _setup(pulse, *, reach="450 km", **stations):
    kinds = {
        Stations: stations, Waveform: {"gates": 12} | pulse, Observation: {"duration": "30 min"},
        Scene: {"facet": "12 km", "reach": reach, "relief": "smooth"},
    }  # fmt: skip
    made = [config.load(kind, table) for kind, table in kinds.items()]
    scene = made[-1]
    geometry = simulate_pass.geometry(*made[:3])
    facets = simulate_scene.facets(
        simulate_terrain.terrain(scene),
        simulate.frame(geometry),
        spacing=scene.facet,
        reach=scene.reach,
        seed=1,
    )
    return simulate.Setup(facets, geometry, *made, 1)


def _error(found, sent):
    """Return the power of the difference over that of the look, the outermost Doppler cells left out."""
    inner = slice(sent.shape[-1] // 12, -(sent.shape[-1] // 12))
    return np.mean(np.abs(found - sent)[..., inner] ** 2) / np.mean(np.abs(sent)[..., inner] ** 2)


RECIPES = [
    ("5 us", "0.125 Hz", 64, "maximal"),
    ("13 us", "0.09 Hz", 77, "maximal"),
    ("40 us", "0.25 Hz", 64, "maximal"),
    ("100 us", "0.03125 Hz", 256, "maximal"),
    ("150 us", "0.12 Hz", 101, "maximal"),
    ("5 us", "1 Hz", 128, "random"),
    ("13 us", "0.9 Hz", 77, "random"),
    pytest.param("5 us", "0.03125 Hz", 256, "maximal", marks=pytest.mark.slow),
    pytest.param("5 us", "0.03125 Hz", 256, "random", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("baud", "cell", "cells", "code"), RECIPES)
def test_voltages_decode_to_the_look_that_was_sent(baud, cell, cells, code):
    """Whatever the recipe: other lags leave a random code's self-noise, or what a maximal one lets by."""
    setup = _setup({"baud": baud, "doppler_cell": cell, "doppler_cells": cells, "code": code})
    pulse = setup.waveform
    voltages, sent = simulate_voltages.voltages(setup, 1, 0, np.zeros(2), noise=False)
    look = calibrate_code.look(voltages, pulse)
    window = pulse.doppler_cell * pulse.doppler_cells
    own = (pulse.gates + pulse.early_gates) * waveform.self_noise(1.0, pulse.baud, window)
    # Lines of a maximal code, 1/L of the power each at multiples of 1/(L τ_b), pass the dumps' sinc²:
    # together 2 Σ (W/πkl)² = (W/l)²/3 of a random code's self-noise, where they move by half the window.
    apart = window * len(voltages.chips) * pulse.baud
    left = 1.0 if code == "random" else apart**2 / 3 / (1 - apart / 2) ** 2
    error = _error(look.voltage[0], sent)
    # Speckle moves the sum over hundreds of cells by less than this.
    assert error < 1.3 * own * left
    product = np.sum(look.voltage[0] * sent.conj(), axis=(1, 2))
    # The delay steps by whole bits within a dump: the phase between receivers must not.
    assert np.all(np.abs(np.angle(product)) < max(2e-3, 3 * np.sqrt(error / sent[0].size)))
    if code == "random":
        inner = slice(cells // 12, -(cells // 12))
        early = np.abs(look.voltage[0, :, :3, inner]) ** 2
        whole = np.sum(np.abs(sent) ** 2, axis=(1, 2))
        expected = waveform.self_noise(whole, pulse.baud, pulse.doppler_cell)
        # Exponential numbers: three standard deviations of their mean.
        assert np.allclose(early.mean(axis=(1, 2)), expected, rtol=3 / np.sqrt(early[0].size))
    with pytest.raises(InputError, match="samples; one spectrum"):
        calibrate_code.look(voltages, dataclasses.replace(pulse, doppler_cell=pulse.doppler_cell / 3))


@pytest.mark.parametrize(
    ("pulse", "line"),
    [
        ({"baud": "500 us", "doppler_cells": 8192}, "integrate 7.81 samples of 2000 a second; at least 64"),
        ({"baud": "800 us", "doppler_cell": "50 Hz", "doppler_cells": 64}, "0.391 samples of 1250 a second"),
        ({"baud": "5 us", "doppler_cell": "1 Hz", "doppler_cells": 128, "code": "maximal"},
         "maximal code of 8191 bits; at most 24.42 Hz in all"),
        ({"baud": "1000 us", "doppler_cell": "0.0003 Hz"}, "a cubic leaves .* widen doppler_cell"),
    ],
)  # fmt: skip
def test_what_cannot_be_sampled_is_refused(pulse, line):
    with pytest.raises(InputError, match=line):
        simulate_voltages.voltages(_setup(pulse), 1, 0, np.zeros(2))


SHORT = {"baud": "10 us", "doppler_cell": "0.5 Hz", "doppler_cells": 16}


def test_samples_hold_the_phases_of_the_instruments():
    setup = _setup(SHORT | {"code": "maximal"})
    turned, plain = (
        calibrate_code.look(
            simulate_voltages.voltages(setup, 0, 0, phase, noise=False)[0], setup.waveform
        ).voltage
        for phase in (np.array([0.0, 1.3]), np.zeros(2))
    )
    product = np.sum(turned * plain.conj(), axis=(0, 2, 3))
    assert np.allclose(product / np.abs(product), [1, np.exp(-1.3j)], atol=1e-6)


def test_a_strong_echo_is_its_own_noise_once():
    """A random code's self-noise is part of the unit of noise, not added to it."""
    pulse = SHORT | {"baud": "50 us", "early_gates": 40}
    setup = _setup(pulse, reach="900 km", power="4e6 kW")
    powers, own = [], []
    for look in range(9):
        made, _ = simulate_voltages.voltages(setup, 0, look, np.zeros(2))
        silent, _ = simulate_voltages.voltages(setup, 0, look, np.zeros(2), noise=False)
        own.append(np.mean(np.abs(silent.samples) ** 2, axis=1) / silent.samples.shape[1])
        early = calibrate_code.look(made, setup.waveform).voltage[0, :, :38]
        powers.append(np.mean(np.abs(early) ** 2, axis=(1, 2)))
    # Exponential numbers: three standard deviations of their mean, far less than the echo's own share.
    limit = 3 / np.sqrt(9 * 38 * setup.waveform.doppler_cells)
    assert np.all(np.mean(own, axis=0) > 4 * limit)
    assert np.allclose(np.mean(powers, axis=0), 1, rtol=limit)


def test_every_receiver_has_its_own_clock():
    """The polynomials are the ephemeris's two-leg delay to 1e-3 bits, and its carrier to 0.15 rad.

    Single delays scatter by 4 mm, a quarter of a radian at most, for times are steps of 1e-7 s.
    """
    frequency, length = 2388 * MHz, 32.0
    stations = ("DSS-14", "DSS-13-26m")
    (middle,) = ephemeris.tdb_seconds("1974-01-20T18:00:00")
    delay, phase = clocks(middle, length, "DSS-14", stations, frequency=frequency)
    times = middle + np.linspace(-length / 2, length / 2, 321)
    turns = []
    for m, station in enumerate(stations):
        known = ephemeris.echo(times, station, "DSS-14").delay
        off = polyval(times - middle, delay[m]) - (known - 2 * VENUS_RADIUS / SPEED_OF_LIGHT)
        assert np.abs(off).max() < 1e-3 * BAUD
        turns.append(polyval(times - middle, phase[m]) + frequency * known)
    # Both are mixed with one oscillator, of whole steps; the start of the cycle is arbitrary.
    oscillator = np.polynomial.Polynomial.fit(times - middle, turns[0], 1).convert().coef[1]
    assert oscillator / 20e3 == pytest.approx(round(oscillator / 20e3), abs=1e-6)
    for given in turns:
        left = given - 20e3 * round(oscillator / 20e3) * (times - middle)
        left = (left - np.round(left[0])).reshape(-1, 3).mean(axis=1) * 2 * np.pi
        assert np.abs(left).max() < 0.15
    # The receivers differ: by bits, and by many turns in a look.
    assert abs(delay[1, 0] - delay[0, 0]) > BAUD
    assert abs(phase[1, 1] - phase[0, 1]) * length > 10


def test_a_clock_that_is_slightly_wrong_smears_the_look():
    setup = _setup(SHORT | {"code": "maximal"})
    given, sent = simulate_voltages.voltages(setup, 0, 0, np.zeros(2), noise=False)

    def error(**changed):
        return _error(
            calibrate_code.look(dataclasses.replace(given, **changed), setup.waveform).voltage[0], sent
        )

    right = error()
    assert right < 1e-3
    # The other receiver's clock: its carrier is Hz off, and its bits are others.
    for name in ("delay", "phase"):
        assert error(**{name: getattr(given, name)[::-1]}) > 0.5
    # Half a cell of Doppler; a bit in a thousand of the delay changes nothing, half a bit half the gate.
    assert error(phase=given.phase + np.array([0, 0.25, 0, 0])) > 0.3
    assert error(delay=given.delay + np.array([0.5 * given.baud, 0, 0, 0])) > 0.1
    assert error(delay=given.delay + np.array([1e-3 * given.baud, 0, 0, 0])) < right + 0.01
    # What a decoder finds with the ephemeris alone.
    time, length = float(given.look_time[0]), 1 / setup.waveform.doppler_cell
    alone = clocks(time, length, given.transmitter, given.stations.split(","), frequency=given.frequency)
    assert error(delay=alone[0], phase=alone[1]) == right
