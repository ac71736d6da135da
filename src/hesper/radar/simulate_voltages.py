"""One look as voltages: the coded echo of every gate, on the receivers' own clock and carrier."""

import numpy as np

from hesper.radar.data_interferometer import Voltages
from hesper.radar.model_waveform import maximal_code, modulate, random_code, receive
from hesper.radar.simulate import Setup, look_of, look_times, scattered
from hesper.record import Array, take
from hesper.runs import generator

_COARSE = 16
"""Samples of a gate's time series per sample of the spectrum's: 128 Hz, cubic between them."""
_LONG = 2**20 - 3
"""Chips of a random code before it repeats: 5 s, longer than any delay of the planet."""


def clock(setup: Setup, cycle: int) -> tuple[Array, Array]:
    """Return delay [s] and carrier phase [cycles] as polynomials of time, for the whole of a look.

    The constant delay is that of the front behind an arbitrary start; the carrier is mixed to within 20 kHz.
    """
    rate = float(setup.geometry.delay_rate[cycle])
    frequency = setup.waveform.frequency
    times = setup.geometry.time
    # Rates of the delay follow from its course over the pass.
    degree = min(3, len(times) - 1)
    fitted = np.polynomial.Polynomial.fit(times - times[cycle], setup.geometry.delay, degree).convert()
    higher = np.zeros(4)
    higher[: len(fitted.coef)] = fitted.coef
    delay = np.array([16 * setup.waveform.baud, rate, higher[2], higher[3]])
    carrier = -frequency * delay
    carrier[0] = 0.0
    carrier[1] = np.fmod(carrier[1], 20e3)
    return delay, carrier


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

    Notes
    -----
    x(n) = Σ_g b(n − g) z_g(t_n) over the gates of the recipe, at one sample a chip; deeper gates, whose
    self-noise a random code would add, are left out. The echo's clock runs at 1 − dτ/dt.
    """
    waveform = setup.waveform
    seen = scattered(setup, cycle)
    rng = generator(setup.seed, 4, cycle, look)
    speckle = rng.standard_normal((len(seen.fraction), 2), np.float32)
    gates = waveform.gates + waveform.early_gates
    spectrum = look_of(seen, speckle, gates, waveform.doppler_cells) * np.exp(-1j * phase)[:, None, None]
    chips = round(1 / waveform.doppler_cell / waveform.baud)
    code = maximal_code(8191) if waveform.code == "maximal" else random_code(_LONG, setup.seed)
    delay, carrier = clock(setup, cycle)
    middle = 0.5 / waveform.doppler_cell
    rate = 1 / waveform.baud
    samples = np.zeros((len(spectrum), chips), np.complex64)
    for m, gate_spectra in enumerate(spectrum):
        fine = np.zeros((gates, _COARSE * waveform.doppler_cells), complex)
        edge = (_COARSE - 1) * waveform.doppler_cells // 2
        # The filter's droop belongs to the integration that the decoder does, not to the echo.
        fine[:, edge : edge + waveform.doppler_cells] = gate_spectra / np.sinc(
            (np.arange(waveform.doppler_cells) - waveform.doppler_cells // 2) / waveform.doppler_cells
        )
        series = np.fft.ifft(np.fft.ifftshift(fine, axes=-1), axis=-1) * fine.shape[1]
        per = chips // fine.shape[1]
        # Spectra count time from the middle of the look; series begin half a coarse sample in.
        steps = np.fft.fftfreq(fine.shape[1], 1 / fine.shape[1])
        lead = np.exp(2j * np.pi * steps * (0.5 / fine.shape[1] - 0.5))
        series = np.fft.ifft(np.fft.fft(series, axis=-1) * lead, axis=-1)
        coded = np.zeros(chips, complex)
        modulate(series, code, per, -waveform.early_gates, coded)
        receive(coded, rate, waveform.baud, delay, carrier, middle, samples[m])
    if noise:
        # A decoded cell averages all chips: noise of power 1 there has power `chips` in a sample. Of that the
        # gates themselves, in each other's eyes, are a part where the code is random.
        own = np.mean(np.abs(samples) ** 2, axis=1) if waveform.code == "random" else np.zeros(len(samples))
        drawn = rng.standard_normal((*samples.shape, 2), np.float32)
        drawn *= np.sqrt(np.maximum(chips - own, 0.0) / 2).astype(np.float32)[:, None, None]
        samples = samples + drawn[..., 0] + np.complex64(1j) * drawn[..., 1]
    made = Voltages(
        samples=samples,
        look_time=look_times(setup, cycle)[look : look + 1],
        chips=code,
        rate=rate,
        delay=np.tile(delay, (len(samples), 1)),
        phase=np.tile(carrier, (len(samples), 1)),
        geometry=take(setup.geometry, "cycle", slice(cycle, cycle + 1)),
        frequency=waveform.frequency,
        baud=waveform.baud,
        stations=",".join(setup.stations.receivers),
        transmitter=setup.stations.transmitter,
        code=waveform.code,
        cycles=len(setup.geometry.time),
    )
    return made, spectrum
