"""The visibility of a planet's disk as a correlator records it, and the sums that a fit of it needs.

V = S M exp(2πi ν/c (u x + v y)), M = g s A(q), q = π θ ν/c |b|: g is the power of the primary beam,
s = sinc(ν/c Δ) the loss by motion during an integration (Δ the change of the path difference), and A that of
`hesper.geometry.disk` for brightness ∝ μ^p.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.geometry.disk import limb_darkened_disk_visibility
from hesper.record import Array

_POINTS = 8192
_EXPONENT_STEP = 1e-3


@compiled_parallel
def mean_polarisation(value: Array, weight: Array, chosen: Array) -> Any:
    """Return the weighted mean of chosen polarisations and its weight (time, baseline, channel)."""
    times, baselines, channels, _ = value.shape
    out = np.zeros((times, baselines, channels), np.complex64)
    mass = np.zeros((times, baselines, channels), np.float32)
    for t in prange(times):
        for b in range(baselines):
            for c in range(channels):
                real, imag, total = 0.0, 0.0, 0.0
                for p in chosen:
                    w = weight[t, b, c, p]
                    if w > 0:
                        real += w * value[t, b, c, p].real
                        imag += w * value[t, b, c, p].imag
                        total += w
                if total > 0:
                    out[t, b, c] = complex(real / total, imag / total)
                    mass[t, b, c] = total
    return out, mass


def uniform_share(cycles: Array) -> float:
    """Return Σ A²/n over baselines: the squared loss of signal-to-noise ratio against a point source.

    Parameters
    ----------
    cycles
        Baseline in wavelengths times the diameter [rad], any shape.
    """
    return float(np.mean(limb_darkened_disk_visibility(np.pi * np.asarray(cycles), 0.0) ** 2))


class Sky(NamedTuple):
    """Visibilities of one polarisation that look at the planet, and what the model needs of them."""

    value: Array
    """(time, baseline, channel) [Jy]"""
    weight: Array
    """(time, baseline, channel) [Jy-2]; 0 where there are no data"""
    uv: Array
    """(time, baseline, 2) [m]"""
    drift: Array
    """(time, baseline) [m]"""
    response: Array
    """(time, channel)"""
    wavenumber: Array
    """(channel,) ν/c [m-1]"""
    diameter: Array
    """(time,) in units of the diameter that is fitted"""


class DiskTable(NamedTuple):
    """A(q), dA/d(ln θ) and dA/dp at equal steps of q from 0."""

    step: float
    values: Array
    """(point, 3)"""


class Disk(NamedTuple):
    """A disk of limb law μ^p at an offset."""

    flux_density: float
    diameter: float
    exponent: float
    east: float
    north: float


def table(largest: float, exponent: float) -> DiskTable:
    """Return the disk's table up to an argument q; between points it is linear, to 1e-6 below q = 30."""
    q, value = _values(largest, exponent)
    low = max(exponent - _EXPONENT_STEP, 0.0)
    above, below = (limb_darkened_disk_visibility(q, p) for p in (exponent + _EXPONENT_STEP, low))
    slope = (above - below) / (exponent + _EXPONENT_STEP - low)
    return DiskTable(float(q[1]), np.stack([value, q * np.gradient(value, q), slope], axis=1))


def shape(largest: float, exponent: float) -> tuple[float, Array]:
    """Return the step of q and A (point,) of `table` alone."""
    q, value = _values(largest, exponent)
    return float(q[1]), value


def _values(largest: float, exponent: float) -> tuple[Array, Array]:
    q = np.linspace(0, max(largest, 1.0) * 1.001, _POINTS)
    return q, limb_darkened_disk_visibility(q, exponent)


def looked_up(argument: Array, exponent: float) -> Array:
    """Return A(q) of many arguments from a table, to 1e-6 below q = 30."""
    return np.asarray(np.interp(argument, *_values(float(np.max(argument, initial=0.0)), exponent)))


def table_for(sky: Sky, disk: Disk) -> DiskTable:
    """Return a table that holds while the disk grows by half."""
    longest = float(np.sqrt(np.max(np.sum(sky.uv**2, axis=-1))))
    largest = np.pi * disk.diameter * sky.diameter.max() * longest * sky.wavenumber.max()
    return table(1.5 * float(largest), disk.exponent)


def normal(sky: Sky, disk: Disk, shape: DiskTable) -> tuple[Array, Array]:
    """Return normal matrix (5, 5) and gradient (5,) of flux density, ln diameter, exponent, east, north.

    The first three follow from the real parts of the visibilities turned to the disk, the last two from the
    imaginary parts: to first order the one say nothing of the other.
    """
    parts = _normal(*sky, np.array(disk, float), shape.step, shape.values).sum(axis=0)
    matrix = np.zeros((5, 5))
    matrix[np.triu_indices(3)] = parts[:6]
    matrix[[3, 3, 4], [3, 4, 4]] = parts[6:9]
    return matrix + np.triu(matrix, 1).T, parts[9:]


class Moments(NamedTuple):
    """Sums of w M Re V, w M², w M Im V and w Re² V, V turned to the disk's place.

    They give the flux density, its χ² and the null test of any subset.
    """

    by_baseline: Array
    """(time, baseline, 4), over channels"""
    by_channel: Array
    """(time, channel, 4), over baselines"""


def moments(sky: Sky, disk: Disk, shape: DiskTable) -> Moments:
    """Return the moments of visibilities with a disk of unit flux density."""
    return Moments(*_moments(*sky, np.array(disk, float), shape.step, shape.values))


@compiled
def _looked_up(step: float, values: Array, q: float) -> tuple[float, float, float]:
    place = q / step
    i = min(int(place), len(values) - 2)
    f = place - i
    return (
        values[i, 0] + f * (values[i + 1, 0] - values[i, 0]),
        values[i, 1] + f * (values[i + 1, 1] - values[i, 1]),
        values[i, 2] + f * (values[i + 1, 2] - values[i, 2]),
    )


@compiled
def _turn(x: float) -> tuple[float, float]:
    """Return cos x and −sin x; the series below 0.1, where most offsets are, is exact to 1e-10."""
    z = x * x
    if z < 0.01:
        return 1 - z / 2 * (1 - z / 12 * (1 - z / 30)), -x * (1 - z / 6 * (1 - z / 20 * (1 - z / 42)))
    return math.cos(x), -math.sin(x)


@compiled
def _sinc(x: float) -> float:
    y = math.pi * x
    z = y * y
    return 1 - z / 6 * (1 - z / 20 * (1 - z / 42)) if z < 0.1 else math.sin(y) / y


@compiled_parallel
def _normal(
    value: Array,
    weight: Array,
    uv: Array,
    drift: Array,
    response: Array,
    wavenumber: Array,
    diameter: Array,
    disk: Array,
    step: float,
    values: Array,
) -> Any:
    times, baselines, channels = value.shape
    out = np.zeros((times, 14))
    for t in prange(times):
        total = np.zeros(14)
        for b in range(baselines):
            u, v = uv[t, b, 0], uv[t, b, 1]
            size = math.pi * disk[1] * diameter[t] * math.sqrt(u * u + v * v)
            away = 2 * math.pi * (u * disk[3] + v * disk[4])
            for c in range(channels):
                w = weight[t, b, c]
                if w <= 0:
                    continue
                k = wavenumber[c]
                shape, by_size, by_limb = _looked_up(step, values, size * k)
                factor = response[t, c] * _sinc(drift[t, b] * k)
                turn_re, turn_im = _turn(away * k)
                datum = value[t, b, c]
                real = datum.real * turn_re - datum.imag * turn_im
                imag = datum.real * turn_im + datum.imag * turn_re
                model = factor * shape
                left = real - disk[0] * model
                j1, j2 = disk[0] * factor * by_size, disk[0] * factor * by_limb
                j3 = disk[0] * model * 2 * math.pi * k * u
                j4 = disk[0] * model * 2 * math.pi * k * v
                total[0] += w * model * model
                total[1] += w * model * j1
                total[2] += w * model * j2
                total[3] += w * j1 * j1
                total[4] += w * j1 * j2
                total[5] += w * j2 * j2
                total[6] += w * j3 * j3
                total[7] += w * j3 * j4
                total[8] += w * j4 * j4
                total[9] += w * model * left
                total[10] += w * j1 * left
                total[11] += w * j2 * left
                total[12] += w * j3 * imag
                total[13] += w * j4 * imag
        out[t] = total
    return out


@compiled_parallel
def _moments(
    value: Array,
    weight: Array,
    uv: Array,
    drift: Array,
    response: Array,
    wavenumber: Array,
    diameter: Array,
    disk: Array,
    step: float,
    values: Array,
) -> Any:
    times, baselines, channels = value.shape
    by_baseline = np.zeros((times, baselines, 4))
    by_channel = np.zeros((times, channels, 4))
    for t in prange(times):
        for b in range(baselines):
            u, v = uv[t, b, 0], uv[t, b, 1]
            size = math.pi * disk[1] * diameter[t] * math.sqrt(u * u + v * v)
            away = 2 * math.pi * (u * disk[3] + v * disk[4])
            for c in range(channels):
                w = weight[t, b, c]
                if w <= 0:
                    continue
                k = wavenumber[c]
                shape, _, _ = _looked_up(step, values, size * k)
                model = response[t, c] * _sinc(drift[t, b] * k) * shape
                turn_re, turn_im = _turn(away * k)
                datum = value[t, b, c]
                real = datum.real * turn_re - datum.imag * turn_im
                imag = datum.real * turn_im + datum.imag * turn_re
                for i, term in enumerate((model * real, model * model, model * imag, real * real)):
                    by_baseline[t, b, i] += w * term
                    by_channel[t, c, i] += w * term
    return by_baseline, by_channel
