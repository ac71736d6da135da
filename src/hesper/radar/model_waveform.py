"""Codes, clocks and the two ways to decode an echo."""

import math

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.errors import InputError
from hesper.record import Array
from hesper.runs import generator

TAPS = {
    3: (3, 2), 4: (4, 3), 5: (5, 3), 6: (6, 5), 7: (7, 6), 8: (8, 6, 5, 4), 9: (9, 5), 10: (10, 7),
    11: (11, 9), 12: (12, 11, 10, 4), 13: (13, 12, 11, 8), 14: (14, 13, 12, 2), 15: (15, 14),
}  # fmt: skip
"""Feedback taps of shift registers whose sequence has the maximal length 2ⁿ − 1 (Golomb 1967)."""


def random_code(length: int, seed: int) -> Array:
    """Return a random code of ±1 (chip,), float64."""
    return np.asarray(2.0 * generator(seed, 3).integers(0, 2, length) - 1.0)


def maximal_code(length: int) -> Array:
    """Return the maximal-length code of ±1 of a length 2ⁿ − 1, n from 3 to 15.

    Raises
    ------
    InputError
        If there is no such code of that length.

    Notes
    -----
    Its periodic autocorrelation is the length at lag 0 and −1 elsewhere.
    """
    order = length.bit_length()
    if length != 2**order - 1 or order not in TAPS:
        raise InputError(
            f"code of length {length}: no maximal-length code; lengths are 2ⁿ − 1, n from 3 to 15"
        )
    register = [1] * order
    out = np.empty(length)
    for i in range(length):
        out[i] = 1.0 - 2.0 * register[-1]
        bit = 0
        for tap in TAPS[order]:
            bit ^= register[tap - 1]
        register = [bit, *register[:-1]]
    return out


def shortest_code(span: float, baud: float) -> int:
    """Return the length of the shortest maximal code that lasts longer than a span [s], or of the longest."""
    lengths = [(1 << order) - 1 for order in TAPS]
    return next((length for length in lengths if length * baud > span), lengths[-1])


@compiled
def _horner(coefficients: Array, time: float) -> float:
    value = 0.0
    for k in range(coefficients.size - 1, -1, -1):
        value = value * time + coefficients[k]
    return value


@compiled_parallel
def decode_lags(
    samples: Array, rate: float, code: Array, baud: float, delay: Array, phase: Array, middle: float,
    first: int, per_dump: float, out: Array,
) -> None:  # fmt: skip
    """Multiply by the lagged code and integrate: any code, on any clock.

    Parameters
    ----------
    samples
        Complex voltages (sample,), the first one at time 0.
    rate
        Samples per second.
    code
        ±1 (chip,), repeated without end.
    baud
        Length of a chip [s].
    delay
        Coefficients of the echo's delay against time from `middle`: [s], [1], [s-1], …
    phase
        Coefficients of its carrier phase [cycles], likewise.
    middle
        Time to which the coefficients refer [s].
    first
        Lag of the first gate [chips].
    per_dump
        Samples that are integrated; where it is not whole, dumps differ by one sample.
    out
        (gate, dump), complex, filled.

    Notes
    -----
    z_g(m) = 1/M Σ x(n) e^{−2πi φ(t_n)} b(⌊(t_n − τ(t_n))/τ_b⌋ − g) over the M samples of dump m. The
    code runs on the clock of the echo: it is resampled, not shifted once.
    """
    length = code.size
    for dump in prange(out.shape[1]):
        for gate in range(out.shape[0]):
            out[gate, dump] = 0.0
        begin = math.floor(dump * per_dump + 0.5)
        end = math.floor((dump + 1) * per_dump + 0.5)
        for n in range(begin, end):
            time = n / rate
            turn = 2.0 * math.pi * (_horner(phase, time - middle) % 1.0)
            value = samples[n] * complex(math.cos(turn), -math.sin(turn))
            # A sample stands for the middle of its interval: rounding must not shift a chip.
            chip = math.floor((time + 0.5 / rate - _horner(delay, time - middle)) / baud)
            at = (chip - first) % length
            for gate in range(out.shape[0]):
                out[gate, dump] += value * code[at]
                at = at - 1 if at > 0 else length - 1
        for gate in range(out.shape[0]):
            out[gate, dump] /= end - begin


def decode_periods(samples: Array, code: Array, gates: int, first: int = 0) -> Array:
    """Correlate every period of a repeated code by Fourier transforms; return (gate, period).

    Parameters
    ----------
    samples
        One sample a chip on the echo's own clock and carrier; whole periods of the code.

    Raises
    ------
    InputError
        If the samples are no whole number of periods.

    Notes
    -----
    Z = IFFT(FFT(x_p) FFT(b)*)/L: the same numbers as `decode_lags` with one dump a period.
    """
    length = len(code)
    if len(samples) % length or not len(samples):
        raise InputError(
            f"decode: {len(samples)} samples for a code of length {length}; whole periods are needed: "
            "check the length of the code"
        )
    periods = np.fft.fft(samples.reshape(-1, length), axis=1)
    found = np.fft.ifft(periods * np.fft.fft(code).conj(), axis=1) / length
    return np.ascontiguousarray(found[:, (first + np.arange(gates)) % length].T)


def spectra(series: Array, *, window: Array | None = None) -> Array:
    """Return the centred spectrum (gate, doppler) of time series (gate, sample), a steady echo being 1."""
    count = series.shape[-1]
    weight = np.ones(count) if window is None else window
    shifted = np.fft.ifftshift(series * (weight / weight.mean()), axes=-1)
    return np.asarray(np.fft.fftshift(np.fft.fft(shifted, axis=-1), axes=-1) / count)


def self_noise(power: float, baud: float, width: float) -> float:
    """Return the power that a random code leaves in a cell of every other gate, P τ_b Δf."""
    return power * baud * width


@compiled_parallel
def sampled(
    series: Array, code: Array, rate: float, baud: float, delay: Array, phase: Array, middle: float,
    first: int, out: Array,
) -> None:  # fmt: skip
    """Fill samples with what a receiver on its own clock gets of an echo.

    Parameters
    ----------
    series
        Time series (gate, coarse sample), complex, of period `2 middle`; its first sample is at time 0.
    first
        Lag of the first gate.
    out
        (sample,) complex.

    Notes
    -----
    x(n) = e^{2πi φ(t)} Σ_g b(⌊(t − τ(t))/τ_b⌋ − g) z_g(t), other parameters those of `decode_lags`, the
    inverse of this. Between coarse samples a cubic through
    four of them is taken, around the end of the period too.
    """
    length, coarse = code.size, series.shape[1]
    per_second = coarse / (2.0 * middle)
    for n in prange(out.size):
        time = n / rate
        place = (time + 0.5 / rate) * per_second
        k = math.floor(place)
        t = place - k
        w0 = -t * (t - 1.0) * (t - 2.0) / 6.0
        w1 = (t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0
        w2 = -(t + 1.0) * t * (t - 2.0) / 2.0
        w3 = (t + 1.0) * t * (t - 1.0) / 6.0
        k0, k1, k2, k3 = (k - 1) % coarse, k % coarse, (k + 1) % coarse, (k + 2) % coarse
        total = 0.0 + 0.0j
        chip = math.floor((time + 0.5 / rate - _horner(delay, time - middle)) / baud)
        at = (chip - first) % length
        for gate in range(series.shape[0]):
            value = (
                w0 * series[gate, k0] + w1 * series[gate, k1] + w2 * series[gate, k2] + w3 * series[gate, k3]
            )
            total += code[at] * value
            at = at - 1 if at > 0 else length - 1
        turn = 2.0 * math.pi * (_horner(phase, time - middle) % 1.0)
        out[n] = total * complex(math.cos(turn), math.sin(turn))
