"""Random relief on the sphere with the spectrum of the real one."""

import math

import numpy as np

from hesper.compiled import compiled
from hesper.constants import VENUS_RADIUS
from hesper.geometry import sphere
from hesper.record import Array
from hesper.units import km

OCTAVES = np.array([443.0, 511.0, 451.0, 294.0, 205.0, 174.0, 130.0, 98.0, 73.0, 55.0, 41.0, 31.0])
"""m rms of the relief in the octaves of degree 2–3, 4–7, … 4096–8191. The first six are those of the
1° Magellan grid; beyond it the amplitude falls by the last measured ratio, about 0.75 an octave."""
_UNIT = math.sqrt(3.0)
"""A lattice point has a variance of 1/3."""


@compiled
def _lattice(i: int, j: int, k: int, seed: int) -> float:
    """Return a number in [−1, 1) of a lattice point: an integer hash."""
    h = i * 374761393 + j * 668265263 + k * 2147483647 + seed * 974711
    h = ((h ^ (h >> 13)) * 1274126177) & 0x7FFFFFFF
    h = ((h ^ (h >> 16)) * 1911520717) & 0x7FFFFFFF
    h = h ^ (h >> 15)
    return (h & 0xFFFFFF) / 8388608.0 - 1.0


@compiled
def _noise(points: Array, scale: float, seed: int, amplitude: float, out: Array) -> None:
    for n in range(points.shape[0]):
        x, y, z = points[n, 0] * scale + 1000.0, points[n, 1] * scale + 1000.0, points[n, 2] * scale + 1000.0
        i, j, k = math.floor(x), math.floor(y), math.floor(z)
        a, b, c = x - i, y - j, z - k
        a = a * a * a * (a * (6 * a - 15) + 10)
        b = b * b * b * (b * (6 * b - 15) + 10)
        c = c * c * c * (c * (6 * c - 15) + 10)
        # Between lattice points a mean of several varies less: by the sum of the squared weights.
        squares = (a * a + (1 - a) ** 2) * (b * b + (1 - b) ** 2) * (c * c + (1 - c) ** 2)
        total = 0.0
        for p in range(2):
            for q in range(2):
                for r in range(2):
                    weight = (a if p else 1 - a) * (b if q else 1 - b) * (c if r else 1 - c)
                    total += weight * _lattice(int(i) + p, int(j) + q, int(k) + r, seed)
        out[n] += amplitude * total / math.sqrt(squares)


def octave(lon: Array, lat: Array, wavelength: float, seed: int) -> Array:
    """Return noise of unit variance with waves of about one length [m] at points [rad] (any shape).

    A random value at each point of a cubic lattice of half the wavelength, between them smooth weights
    (Perlin 2002); in three dimensions, so that the sphere has neither poles nor a seam.
    """
    lon, lat = np.broadcast_arrays(lon, lat)
    points = np.ascontiguousarray(sphere.unit_vector(lon, lat).reshape(-1, 3))
    out = np.zeros(points.shape[0])
    _noise(points, 2 * VENUS_RADIUS / wavelength, seed, _UNIT, out)
    return out.reshape(lon.shape)


def relief(lon: Array, lat: Array, seed: int, *, longest: float = 2e7, shortest: float = 10 * km) -> Array:
    """Return altitudes [m] of random relief with the spectrum of the real one, mean about zero.

    Parameters
    ----------
    lon, lat
        Points [rad], any shape.
    longest, shortest
        Only octaves whose waves lie between these lengths [m].
    """
    height = np.zeros(np.broadcast_shapes(np.shape(lon), np.shape(lat)))
    for number, rms in enumerate(OCTAVES):
        wavelength = 2 * np.pi * VENUS_RADIUS / (2**number * 2 * math.sqrt(2))
        if shortest <= wavelength * math.sqrt(2) and wavelength <= longest:
            height += rms * octave(lon, lat, wavelength, seed + 101 * number)
    return height
