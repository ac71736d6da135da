"""Clouds of an orbit: a Gaussian random field on the sphere, as variable everywhere, of a given size."""

import math

import numpy as np

from hesper.compiled import compiled
from hesper.constants import VENUS_RADIUS
from hesper.record import Array
from hesper.units import deg

_COARSE, _FINE = 0.64, 0.36
"""Parts of the variance: of the wide clouds, and of those half as wide."""
_HALF = 0.8978
"""0.64 exp(-h²/2) + 0.36 exp(-2h²) = 1/2."""
_LEAST_POWER = 1e-3
_CELLS_PER_DEVIATION = 5.0


def spectrum(length: float) -> Array:
    """Return the variance of one harmonic of each degree (degree,); Σ (2l + 1) of it is 1.

    Parameters
    ----------
    length
        Distance [m] over which the correlation is 1/2 or more, to both sides: its full width.

    Notes
    -----
    Correlations 0.64 exp(-d²/2s²) + 0.36 exp(-2d²/s²), s = length/2h; a Gaussian of deviation s on a sphere
    of radius R has the power exp(-l(l + 1)s²/2R²). It ends where the finer one's is a thousandth.
    """
    wide = length / (2 * _HALF) / VENUS_RADIUS
    last = math.ceil(math.sqrt(-2 * math.log(_LEAST_POWER)) / (wide / 2))
    degree = np.arange(last + 1)
    power = np.zeros(last + 1)
    for part, deviation in ((_COARSE, wide), (_FINE, wide / 2)):
        shape = np.exp(-degree * (degree + 1) * deviation**2 / 2)
        power += part * shape / np.sum((2 * degree + 1) * shape)
    return np.asarray(power)


def cell(length: float) -> float:
    """Return the cell [rad], of which whole ones fill the circle, that a field of this length needs.

    Between the centres of cells a bilinear value then has 1 % less variance.
    """
    deviation = length / (4 * _HALF) / VENUS_RADIUS
    return 1 * deg / math.ceil(1 * deg * _CELLS_PER_DEVIATION / deviation)


def pattern(rows: Array, first: float, drawn: Array, *, length: float) -> Array:
    """Return a Gaussian field of unit variance (row, column) round the planet.

    Parameters
    ----------
    rows
        Latitudes of the rows [rad].
    first
        Longitude [rad] of the first column; the others follow eastward, `cell(length)` apart.
    drawn
        Standard normal numbers (2, degree, order), as many of each as `spectrum` has degrees.
    length
        Full width of its correlation [m].
    """
    deviation = np.sqrt(spectrum(length))
    count = deviation.size
    drawn = drawn * deviation[:, None]
    waves = np.zeros((2, count, rows.size))
    _sum_degrees(np.sin(rows), np.cos(rows), drawn[0], drawn[1], waves[0], waves[1])
    columns = round(2 * np.pi / cell(length))
    order = np.arange(count)
    amplitude = 0.5 * columns * (waves[0] - 1j * waves[1]) * np.exp(1j * order * first)[:, None]
    amplitude[0] = columns * waves[0, 0]
    return np.asarray(np.fft.irfft(amplitude.T, n=columns, axis=1), np.float32)


@compiled
def _sum_degrees(sine: Array, cosine: Array, even: Array, odd: Array, real: Array, imaginary: Array) -> None:
    """Sum harmonics over their degrees: amplitudes (degree, order) to waves along each row (order, row).

    Legendre functions normalised to a mean square of 1 with cos mλ and sin mλ, by recursion in the degree.
    """
    count, rows = even.shape[0], sine.size
    sector = np.ones(rows)
    for m in range(count):
        if m == 1:
            sector *= math.sqrt(3.0) * cosine
        elif m > 1:
            sector *= math.sqrt((2 * m + 1) / (2 * m)) * cosine
        last, before = sector.copy(), np.zeros(rows)
        for degree in range(m, count):
            if degree > m:
                across = (degree - m) * (degree + m)
                up = math.sqrt((2 * degree + 1) * (2 * degree - 1) / across)
                back = math.sqrt(
                    (2 * degree + 1) * (degree - m - 1) * (degree + m - 1) / ((2 * degree - 3) * across)
                )
                for r in range(rows):
                    value = up * sine[r] * last[r] - back * before[r]
                    before[r] = last[r]
                    last[r] = value
            a, b = even[degree, m], odd[degree, m]
            for r in range(rows):
                real[m, r] += a * last[r]
                imaginary[m, r] += b * last[r]
