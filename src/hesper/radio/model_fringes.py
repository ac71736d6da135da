"""Fringes of point sources, along the channels by recurrence and a tile of rows at a time.

A tile is `ROWS` rows by `CHANNELS` channels, small enough for the nearest cache; rows lie side by side, so
that one instruction works on several. Phases are reduced to a turn in double precision, and their sine and
cosine taken in single from polynomials, right to 5e-7.
"""

import math
from typing import Any

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.record import Array

ROWS = 128
CHANNELS = 128


def _polynomial(function: Any, first: int) -> tuple[np.float32, ...]:
    """Return coefficients of x^first, x^(first + 2), … of a function of 2πx on |x| ≤ ½."""
    x = 0.5 * np.cos(np.pi * (np.arange(200) + 0.5) / 200)
    powers = x[:, None] ** (first + 2 * np.arange(7))
    return tuple(np.float32(c) for c in np.linalg.lstsq(powers, function(2 * np.pi * x), rcond=None)[0])


_S0, _S1, _S2, _S3, _S4, _S5, _S6 = _polynomial(np.sin, 1)
_C0, _C1, _C2, _C3, _C4, _C5, _C6 = _polynomial(np.cos, 0)
_PI = np.float32(np.pi)
_ONE, _SMALL = np.float32(1), np.float32(1e-3)


@compiled
def sine_cosine(turns: float) -> Any:
    """Return sin 2πx and cos 2πx in single precision, x in double."""
    r = np.float32(turns - math.floor(turns + 0.5))
    z = r * r
    sine = r * (_S0 + z * (_S1 + z * (_S2 + z * (_S3 + z * (_S4 + z * (_S5 + z * _S6))))))
    cosine = _C0 + z * (_C1 + z * (_C2 + z * (_C3 + z * (_C4 + z * (_C5 + z * _C6)))))
    return sine, cosine


@compiled
def sinc(turns: float) -> Any:
    """Return sin πx/πx in single precision."""
    sine, _ = sine_cosine(0.5 * turns)
    x = _PI * np.float32(turns)
    return _ONE if abs(x) < _SMALL else sine / x


@compiled
def _start(delay: Array, loss: Array, frequency: float, step: float, count: int, state: Array) -> None:
    """Write amplitude and phase at the first channel, and the turn from one to the next: (4, row)."""
    for r in range(count):
        sine, cosine = sine_cosine(frequency * delay[r])
        state[0, r] = loss[r] * cosine
        state[1, r] = loss[r] * sine
        sine, cosine = sine_cosine(step * delay[r])
        state[2, r] = cosine
        state[3, r] = sine


@compiled
def _delays(uvw: Array, first: int, count: int, x: float, y: float, z: float, out: Array) -> None:
    for r in range(count):
        out[r] = uvw[first + r, 0] * x + uvw[first + r, 1] * y + uvw[first + r, 2] * z


@compiled_parallel
def add_sources(
    uvw: Array,
    change: Array,
    frequency: Array,
    step: float,
    width: float,
    direction: Array,
    flux: Array,
    out: Array,
) -> None:
    """Write Σ S sinc sinc exp(2πi ν d) to `out` (row, channel); uvw and change are in seconds of light.

    Parameters
    ----------
    uvw, change
        (row, 3); the change during an integration.
    frequency, step, width
        (channel,), and the distance and width of channels [Hz].
    direction
        (source, 3) l, m, n − 1.
    flux
        (channel, source).
    out
        (row, channel) complex64.
    """
    rows, channels = uvw.shape[0], frequency.size
    for tile in prange((rows + ROWS - 1) // ROWS):
        first = tile * ROWS
        count = min(ROWS, rows - first)
        state, total = np.zeros((4, ROWS), np.float32), np.empty((CHANNELS, 2, ROWS), np.float32)
        delay, drift = np.zeros(ROWS), np.zeros(ROWS)
        loss = np.ones(ROWS, np.float32)
        for start in range(0, channels, CHANNELS):
            size = min(CHANNELS, channels - start)
            centre = frequency[start + size // 2]
            total[:size] = 0
            for s in range(direction.shape[0]):
                x, y, z = direction[s, 0], direction[s, 1], direction[s, 2]
                _delays(uvw, first, count, x, y, z, delay)
                _delays(change, first, count, x, y, z, drift)
                for r in range(count):
                    loss[r] = sinc(centre * drift[r]) * sinc(width * delay[r])
                _start(delay, loss, frequency[start], step, count, state)
                for c in range(size):
                    f = flux[start + c, s]
                    for r in range(ROWS):
                        a, b = state[0, r], state[1, r]
                        total[c, 0, r] += f * a
                        total[c, 1, r] += f * b
                        state[0, r] = a * state[2, r] - b * state[3, r]
                        state[1, r] = a * state[3, r] + b * state[2, r]
            for r in range(count):
                for c in range(size):
                    out[first + r, start + c] = complex(total[c, 0, r], total[c, 1, r])


@compiled_parallel
def correlate(
    value: Array, weight: Array, uvw: Array, frequency: Array, step: float, direction: Array
) -> Array:
    """Return (tile, source, 6) sums of what visibilities say of sources, see `model_sources.correlate`.

    Parameters
    ----------
    value, weight
        (row, channel).
    uvw
        (row, 3) [seconds of light].
    frequency, step
        (channel,), and the distance of channels [Hz].
    direction
        (source, 3) l, m, n − 1.
    """
    rows, channels, sources = uvw.shape[0], frequency.size, direction.shape[0]
    tiles = (rows + ROWS - 1) // ROWS
    out = np.zeros((tiles, sources, 6))
    middle = frequency[channels // 2]
    for tile in prange(tiles):
        first = tile * ROWS
        count = min(ROWS, rows - first)
        state, data = np.zeros((4, ROWS), np.float32), np.zeros((CHANNELS, 2, ROWS), np.float32)
        total, loss = np.empty((2, ROWS), np.float32), np.ones(ROWS, np.float32)
        delay, mass, square = np.zeros(ROWS), np.empty(ROWS), np.empty(ROWS)
        for start in range(0, channels, CHANNELS):
            size = min(CHANNELS, channels - start)
            for r in range(count):
                m, q = 0.0, 0.0
                for c in range(size):
                    w, v = weight[first + r, start + c], value[first + r, start + c]
                    data[c, 0, r] = w * v.real
                    data[c, 1, r] = w * v.imag
                    m += w
                    q += w * frequency[start + c] * frequency[start + c]
                mass[r], square[r] = m, q
            for s in range(sources):
                x, y, z = direction[s, 0], direction[s, 1], direction[s, 2]
                _delays(uvw, first, count, x, y, z, delay)
                _start(delay, loss, frequency[start], step, count, state)
                total[:] = 0
                for c in range(size):
                    k = np.float32(frequency[start + c] / middle)
                    for r in range(ROWS):
                        a, b = state[0, r], state[1, r]
                        total[0, r] += data[c, 0, r] * a + data[c, 1, r] * b
                        total[1, r] += k * (data[c, 1, r] * a - data[c, 0, r] * b)
                        state[0, r] = a * state[2, r] - b * state[3, r]
                        state[1, r] = a * state[3, r] + b * state[2, r]
                for r in range(count):
                    u = uvw[first + r, 0] - uvw[first + r, 2] * x / (1 + z)
                    v = uvw[first + r, 1] - uvw[first + r, 2] * y / (1 + z)
                    out[tile, s, 0] += total[0, r]
                    out[tile, s, 1] += u * middle * total[1, r]
                    out[tile, s, 2] += v * middle * total[1, r]
                    out[tile, s, 3] += mass[r]
                    out[tile, s, 4] += u * u * square[r]
                    out[tile, s, 5] += v * v * square[r]
    return out
