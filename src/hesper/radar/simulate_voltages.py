"""One look as voltages: the coded echo of every gate, on the receivers' own clock and carrier."""

import numpy as np

from hesper.errors import InputError
from hesper.radar.data_interferometer import Voltages
from hesper.radar.data_settings import Waveform
from hesper.radar.model_clock import DEPTH, clocks, dump_length
from hesper.radar.model_waveform import maximal_code, random_code, sampled, shortest_code
from hesper.radar.simulate import Setup, look_of, look_times, scattered
from hesper.record import Array, take
from hesper.runs import generator

_COARSE = 16
"""Samples of a gate's time series per sample of the spectrum's, cubic between them."""
_LONG = 2**20 - 3
"""Chips of a random code before it repeats: longer than the planet is deep."""


def code_of(waveform: Waveform, seed: int) -> Array:
    """Return the code of ±1 that a recipe transmits.

    Raises
    ------
    InputError
        If dumps are of too few bits, or the lines of a maximal-length code closer than the window is wide.

    Notes
    -----
    A maximal code has to last longer than the planet is deep, and then repeats at its lines every
    1/(L τ_b): where some of them fall into the window, other lags are seen there as noise.
    """
    dump_length(1 / waveform.baud, waveform)
    if waveform.code == "random":
        return random_code(_LONG, seed)
    code = maximal_code(
        shortest_code(max(DEPTH, (waveform.gates + waveform.early_gates) * waveform.baud), waveform.baud)
    )
    window = waveform.doppler_cell * waveform.doppler_cells
    line = 1 / (len(code) * waveform.baud)
    if window > line:
        raise InputError(
            f"waveform: {waveform.doppler_cells} Doppler cells of {waveform.doppler_cell:g} Hz, maximal "
            f"code of {len(code)} bits; at most {line:.4g} Hz in all are free of its other lags: "
            "take fewer or narrower cells, or code = random"
        )
    return code


def voltages(
    setup: Setup, cycle: int, look: int, phase: Array, *, noise: bool = True
) -> tuple[Voltages, Array]:
    """Return the samples of one look at every receiver, and the noiseless look they hold.

    Parameters
    ----------
    cycle, look
        Of the pass; the speckle is new in each.
    phase
        Of the instruments, (receiver,) [rad], see `simulate.phase_walk`.
    noise
        Whether receivers are noisy: noise has power 1 in every decoded cell, the self-noise of a random code
        included.

    Returns
    -------
    Voltages, and the spectrum (receiver, gate, doppler) that a perfect decoder would find.

    Raises
    ------
    InputError
        If the waveform cannot be sampled: dumps of few bits, a code of few lines, long looks.

    Notes
    -----
    x(n) = e^{2πi φ(t)} Σ_g b(⌊(t − τ(t))/τ_b⌋ − g) z_g(t) over the gates of the recipe, at one sample a
    bit, τ and φ those of `model_clock.clocks` for each receiver; deeper gates, whose self-noise a random
    code would add, are left out.
    """
    waveform = setup.waveform
    seen = scattered(setup, cycle)
    rng = generator(setup.seed, 4, cycle, look)
    speckle = rng.standard_normal((len(seen.fraction), 2), np.float32)
    gates = waveform.gates + waveform.early_gates
    spectrum = look_of(seen, speckle, gates, waveform.doppler_cells) * np.exp(-1j * phase)[:, None, None]
    rate, length = 1 / waveform.baud, 1 / waveform.doppler_cell
    code = code_of(waveform, setup.seed)
    time = look_times(setup, cycle)[look : look + 1]
    stations = setup.stations
    delay, carrier = clocks(
        float(time[0]), length, stations.transmitter, stations.receivers, frequency=waveform.frequency
    )
    count = round(rate * length)
    samples = np.zeros((len(spectrum), count), np.complex64)
    for m, series in enumerate(_series(spectrum)):
        sampled(
            series, code, rate, waveform.baud, delay[m], carrier[m], length / 2, -waveform.early_gates,
            samples[m],
        )  # fmt: skip
    if noise:
        # A decoded cell averages all chips: noise of power 1 there has power `count` in a sample. Of that the
        # gates themselves, in each other's eyes, are a part where the code is random.
        own = np.mean(np.abs(samples) ** 2, axis=1) if waveform.code == "random" else np.zeros(len(samples))
        drawn = rng.standard_normal((*samples.shape, 2), np.float32)
        drawn *= np.sqrt(np.maximum(count - own, 0.0) / 2).astype(np.float32)[:, None, None]
        samples = samples + drawn[..., 0] + np.complex64(1j) * drawn[..., 1]
    made = Voltages(
        samples=samples,
        look_time=time,
        chips=code,
        rate=rate,
        delay=delay,
        phase=carrier,
        geometry=take(setup.geometry, "cycle", slice(cycle, cycle + 1)),
        frequency=waveform.frequency,
        baud=waveform.baud,
        stations=",".join(setup.stations.receivers),
        transmitter=setup.stations.transmitter,
        code=waveform.code,
        cycles=len(setup.geometry.time),
    )
    return made, spectrum


def _series(spectrum: Array) -> Array:
    """Return the time series (receiver, gate, coarse sample) of spectra, the filter's droop not in them."""
    cells = spectrum.shape[-1]
    fine = np.zeros((*spectrum.shape[:-1], _COARSE * cells), complex)
    edge = _COARSE * cells // 2 - cells // 2
    # The droop belongs to the integration that the decoder does, not to the echo.
    fine[..., edge : edge + cells] = spectrum / np.sinc((np.arange(cells) - cells // 2) / cells)
    series = np.fft.ifft(np.fft.ifftshift(fine, axes=-1), axis=-1) * fine.shape[-1]
    # Spectra count time from the middle of the look, series from its beginning.
    return np.fft.fftshift(series, axes=-1)
