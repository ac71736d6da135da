"""Visibilities of point sources, summed directly."""

import numpy as np

from hesper.compiled import compiled_parallel, prange
from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import InputError
from hesper.record import Array

_ROWS = 16
_CHANNELS = 128


def predict(uvw: Array, frequency: Array, l: Array, m: Array, flux: Array) -> Array:  # noqa: E741
    """Return V = Σ S exp(+2πi ν/c (u l + v m + w (n − 1))) as complex64, shape of uvw[..., 0] + (channel,).

    Parameters
    ----------
    uvw
        (..., 3), place of antenna 1 less that of antenna 2 [m].
    frequency
        (channel,), equally spaced [Hz].
    l, m
        (source,) direction cosines, east and north.
    flux
        (source,) or (source, channel) flux densities; V has their unit.

    Raises
    ------
    InputError
        If the channels are not equally spaced, or a source lies below the horizon of the field.

    Notes
    -----
    Thompson, Moran & Swenson, Interferometry and synthesis in radio astronomy, equation 3.7. Along the
    channels the phase of a source turns by a constant factor, started anew every 128 channels so that single
    precision adds less than 1e-5 of the flux density.
    """
    return predict_smeared(
        uvw, frequency, l, m, flux, uvw_change=np.zeros_like(np.asarray(uvw, float)), channel_width=0.0
    )


def predict_smeared(
    uvw: Array,
    frequency: Array,
    l: Array,  # noqa: E741
    m: Array,
    flux: Array,
    *,
    uvw_change: Array,
    channel_width: float,
) -> Array:
    """Return `predict` averaged over the integration and over the channel.

    Parameters
    ----------
    uvw, frequency, l, m, flux
        As in `predict`.
    uvw_change
        (..., 3), by how much uvw changes during an integration [m].
    channel_width
        Width of a channel [Hz].

    Notes
    -----
    A source's fringe is multiplied by sinc(ν/c Δ(u l + v m + w (n − 1))) and by sinc(Δν/c (u l + v m +
    w (n − 1))), with sinc x = sin πx/πx (Bridle & Schwab 1999, Synthesis imaging II, chapter 18).
    """
    uvw, frequency = np.asarray(uvw, float), np.atleast_1d(np.asarray(frequency, float))
    east, north = np.atleast_1d(np.asarray(l, float)), np.atleast_1d(np.asarray(m, float))
    depth = depth_cosine(east, north)
    fluxes = np.asarray(flux, float)
    fluxes = fluxes[:, None] if fluxes.ndim == 1 else fluxes
    fluxes = np.ascontiguousarray(
        np.broadcast_to(fluxes, (east.size, frequency.size)).T, dtype=np.float32
    )  # (channel, source)
    rows = np.ascontiguousarray(uvw.reshape(-1, 3))
    changes = np.ascontiguousarray(np.broadcast_to(uvw_change, uvw.shape).reshape(-1, 3), dtype=float)
    out = np.zeros((len(rows), frequency.size), np.complex64)
    _sum(
        rows / SPEED_OF_LIGHT,
        changes / SPEED_OF_LIGHT,
        frequency,
        channel_step(frequency),
        float(channel_width),
        np.stack([east, north, depth], axis=1),
        fluxes,
        out,
    )
    return out.reshape(*uvw.shape[:-1], frequency.size)


def correlate(value: Array, weight: Array, uvw: Array, frequency: Array, l: Array, m: Array) -> Array:  # noqa: E741
    """Return what visibilities say of sources: (source, 6) sums.

    Σ w Re z, Σ w u Im z, Σ w v Im z, Σ w, Σ w u², Σ w v², with z = V e^{−iφ}, φ the source's phase as in
    `predict`, u and v in wavelengths and those that the source's place changes, u − w l/n and v − w m/n.

    Parameters
    ----------
    value, weight
        (time, baseline, channel); 0 weight where there are no data.
    uvw
        (time, baseline, 3) [m].
    frequency
        (channel,) equally spaced [Hz].
    l, m
        (source,) direction cosines.
    """
    east, north = np.asarray(l, float), np.asarray(m, float)
    channels = np.asarray(frequency, float)
    return np.asarray(
        _correlate(
            value.reshape(-1, channels.size),
            weight.reshape(-1, channels.size),
            np.ascontiguousarray(uvw.reshape(-1, 3)) / SPEED_OF_LIGHT,
            channels,
            channel_step(channels),
            np.stack([east, north, depth_cosine(east, north)], axis=1),
        )
    )


def depth_cosine(l: Array, m: Array) -> Array:  # noqa: E741
    """Return n − 1 = √(1 − l² − m²) − 1, without loss of digits near the centre of the field."""
    square = np.asarray(l, float) ** 2 + np.asarray(m, float) ** 2
    if not np.all(square < 1):
        raise InputError("source: l² + m² is not below 1; direction cosines from the phase centre are needed")
    return np.asarray(-square / (np.sqrt(1 - square) + 1))


def channel_step(frequency: Array) -> float:
    """Return the distance [Hz] between channels, 0 for one channel; refuse unequal ones."""
    if frequency.size < 2:
        return 0.0
    steps = np.diff(frequency)
    mean = float(steps.mean())
    if not np.all(np.isfinite(steps)) or np.abs(steps - mean).max() > 1e-3 * abs(mean):
        raise InputError("frequency: channels are not equally spaced; give one spectral window at a time")
    return mean


@compiled_parallel
def _sum(
    uvw: Array,
    change: Array,
    frequency: Array,
    step: float,
    width: float,
    direction: Array,
    flux: Array,
    out: Array,
) -> None:
    """Add all sources to `out` (row, channel); uvw and change are in seconds of light."""
    rows, channels, sources = uvw.shape[0], frequency.size, direction.shape[0]
    for block in prange((rows + _ROWS - 1) // _ROWS):
        first = block * _ROWS
        count = min(_ROWS, rows - first)
        real = np.zeros((sources, _ROWS), np.float32)
        imag = np.zeros((sources, _ROWS), np.float32)
        turn_real = np.zeros((sources, _ROWS), np.float32)
        turn_imag = np.zeros((sources, _ROWS), np.float32)
        sum_real = np.zeros(_ROWS, np.float32)
        sum_imag = np.zeros(_ROWS, np.float32)
        for start in range(0, channels, _CHANNELS):
            end = min(start + _CHANNELS, channels)
            centre = frequency[(start + end) // 2]
            for s in range(sources):
                for r in range(count):
                    i = first + r
                    delay = (
                        uvw[i, 0] * direction[s, 0]
                        + uvw[i, 1] * direction[s, 1]
                        + uvw[i, 2] * direction[s, 2]
                    )
                    drift = (
                        change[i, 0] * direction[s, 0]
                        + change[i, 1] * direction[s, 1]
                        + change[i, 2] * direction[s, 2]
                    )
                    loss = 1.0
                    x = np.pi * centre * drift
                    if abs(x) > 1e-4:
                        loss = np.sin(x) / x
                    y = np.pi * width * delay
                    if abs(y) > 1e-4:
                        loss *= np.sin(y) / y
                    cycles = frequency[start] * delay
                    phase = 2 * np.pi * (cycles - np.round(cycles))
                    real[s, r] = loss * np.cos(phase)
                    imag[s, r] = loss * np.sin(phase)
                    cycles = step * delay
                    phase = 2 * np.pi * (cycles - np.round(cycles))
                    turn_real[s, r] = np.cos(phase)
                    turn_imag[s, r] = np.sin(phase)
            for c in range(start, end):
                for r in range(_ROWS):
                    sum_real[r] = 0
                    sum_imag[r] = 0
                for s in range(sources):
                    f = flux[c, s]
                    for r in range(_ROWS):
                        a = real[s, r]
                        b = imag[s, r]
                        sum_real[r] += f * a
                        sum_imag[r] += f * b
                        real[s, r] = a * turn_real[s, r] - b * turn_imag[s, r]
                        imag[s, r] = a * turn_imag[s, r] + b * turn_real[s, r]
                for r in range(count):
                    out[first + r, c] = complex(sum_real[r], sum_imag[r])


@compiled_parallel
def _correlate(
    value: Array, weight: Array, uvw: Array, frequency: Array, step: float, direction: Array
) -> Array:
    sources, rows, channels = direction.shape[0], uvw.shape[0], frequency.size
    out = np.zeros((sources, 6))
    for s in prange(sources):
        x, y, z = direction[s, 0], direction[s, 1], direction[s, 2]
        for i in range(rows):
            delay = uvw[i, 0] * x + uvw[i, 1] * y + uvw[i, 2] * z
            cycles = frequency[0] * delay
            phase = -2 * np.pi * (cycles - np.round(cycles))
            turn = -2 * np.pi * step * delay
            real, imag = np.cos(phase), np.sin(phase)
            turn_real, turn_imag = np.cos(turn), np.sin(turn)
            a, b, c, d, e = 0.0, 0.0, 0.0, 0.0, 0.0
            for k in range(channels):
                w = weight[i, k]
                q = w * frequency[k]
                a += w * (value[i, k].real * real - value[i, k].imag * imag)
                b += q * (value[i, k].real * imag + value[i, k].imag * real)
                c += w
                d += q * frequency[k]
                e = real * turn_imag + imag * turn_real
                real = real * turn_real - imag * turn_imag
                imag = e
            u = uvw[i, 0] - uvw[i, 2] * x / (1 + z)
            v = uvw[i, 1] - uvw[i, 2] * y / (1 + z)
            out[s, 0] += a
            out[s, 1] += u * b
            out[s, 2] += v * b
            out[s, 3] += c
            out[s, 4] += u * u * d
            out[s, 5] += v * v * d
    return out
