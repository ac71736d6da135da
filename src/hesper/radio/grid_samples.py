"""Visibilities → samples of Stokes I, averaged as far as the field of view allows."""

import math
from typing import Any

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import InputError
from hesper.radio.calibrate_intensity import PARALLEL
from hesper.radio.data import Visibilities
from hesper.radio.data_image import Samples, Tracked
from hesper.record import Array

LOSSES = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32)
"""By how much averaging may dim a source at the edge of the field in each direction, the usual one first."""


def samples(visibilities: Visibilities, *, field_of_view: float, loss: float = LOSSES[0]) -> Samples:
    """Return the weighted mean of the parallel hands, averaged as the baseline allows.

    A short baseline changes little in an integration or a channel: as many are averaged as dim a source at
    the edge of the field by no more than `loss` in each direction, 1 − sinc x ≤ loss. Nothing is averaged
    across a scan.

    Parameters
    ----------
    visibilities
        Calibrated. One block of time is enough: join the results along `sample`.
    field_of_view
        Width of the image [rad]; 0 gives every visibility by itself.
    loss
        Relative dimming allowed at the edge.
    """
    v = visibilities
    parallel = np.flatnonzero(np.isin(v.setup.polarisation, PARALLEL))
    if not parallel.size:
        given = ", ".join(v.setup.polarisation)
        raise InputError(f"image: polarisations {given}; one of {', '.join(PARALLEL)} is needed for Stokes I")
    reach = _reach(field_of_view, loss)
    waves = v.setup.frequency / SPEED_OF_LIGHT
    run = _runs(v)
    count = _count(v.uvw, waves, run, reach)
    place = np.concatenate([[0], np.cumsum(count)])
    uvw, value, weight = _gather(v.uvw, waves, run, reach, place, v.value, v.weight, v.flag, parallel)
    used = weight > 0
    return Samples(uvw=uvw[used], value=value[used], weight=weight[used])


def _reach(field_of_view: float, loss: float) -> float:
    """Return how far baselines [wavelengths] may lie apart that are averaged."""
    return math.sqrt(6 * loss) / math.pi / (field_of_view / 2) if field_of_view > 0 else 0.0


def number(visibilities: Visibilities, *, field_of_view: float, loss: float) -> int:
    """Return how many samples `samples` would give if nothing were flagged."""
    v = visibilities
    count = _count(v.uvw, v.setup.frequency / SPEED_OF_LIGHT, _runs(v), _reach(field_of_view, loss))
    return int(count.sum())


def of_planet(tracked: Tracked) -> Samples:
    """Return samples that look at the planet, per unit of the primary beam: V/g with weight g² w."""
    parallel = np.flatnonzero(np.isin(tracked.polarisation, PARALLEL))
    # Octaves of baselines are looked at one by one: what has no weight costs nothing.
    time, baseline, channel, hand = np.nonzero(tracked.weight[..., parallel] > 0)
    cell = time, baseline, channel, parallel[hand]
    response = tracked.response[time, channel]
    uvw = np.zeros((time.size, 3), np.float32)
    uvw[:, :2] = tracked.uv[time, baseline] * (tracked.frequency / SPEED_OF_LIGHT)[channel, None]
    return Samples(uvw=uvw, value=tracked.value[cell] / response, weight=tracked.weight[cell] * response**2)


def _runs(v: Visibilities) -> Array:
    """Return the index after the last integration of the scan that each integration belongs to."""
    change = np.flatnonzero((np.diff(v.scan) != 0) | (np.diff(v.field) != 0)) + 1
    ends = np.append(change, v.time.size)
    return np.asarray(ends[np.searchsorted(change, np.arange(v.time.size), side="right")])


@compiled
def _group(uvw: Array, waves: Array, run: Array, reach: float, t: int, b: int) -> Any:
    """Return after which integration a group that begins at t ends, and how many channels it joins."""
    highest = max(waves[0], waves[-1])
    length = math.sqrt(uvw[t, b, 0] ** 2 + uvw[t, b, 1] ** 2)
    step = length * abs(waves[-1] - waves[0]) / max(waves.size - 1, 1)
    join = waves.size if step * waves.size <= reach else max(1, int(reach / step))
    end = t + 1
    while end < run[t]:
        du, dv = uvw[end, b, 0] - uvw[t, b, 0], uvw[end, b, 1] - uvw[t, b, 1]
        # From middle to middle; the integrations themselves make the span longer by one of their lengths.
        if math.sqrt(du * du + dv * dv) * highest * (end - t + 1) / (end - t) > reach:
            break
        end += 1
    return end, join


@compiled_parallel
def _count(uvw: Array, waves: Array, run: Array, reach: float) -> Any:
    """Return how many samples each baseline gives."""
    out = np.zeros(uvw.shape[1], np.int64)
    for b in prange(uvw.shape[1]):
        t = 0
        while t < uvw.shape[0]:
            end, join = _group(uvw, waves, run, reach, t, b)
            out[b] += (waves.size + join - 1) // join
            t = end
    return out


@compiled_parallel
def _gather(
    uvw: Array,
    waves: Array,
    run: Array,
    reach: float,
    place: Array,
    value: Array,
    weight: Array,
    flag: Array,
    parallel: Array,
) -> Any:
    """Return uvw [wavelengths], values and weights of all groups; an empty one has weight 0."""
    points = np.zeros((place[-1], 3), np.float32)
    values, weights = np.zeros(place[-1], np.complex64), np.zeros(place[-1], np.float32)
    for b in prange(uvw.shape[1]):
        i, t = place[b], 0
        while t < uvw.shape[0]:
            end, join = _group(uvw, waves, run, reach, t, b)
            first = 0
            while first < waves.size:
                last = min(first + join, waves.size)
                real, imag, mass, x, y, z = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
                for s in range(t, end):
                    here, wave = 0.0, 0.0
                    for c in range(first, last):
                        seen = 0.0
                        for p in parallel:
                            w = weight[s, b, c, p]
                            if w > 0 and not flag[s, b, c, p]:
                                real += w * value[s, b, c, p].real
                                imag += w * value[s, b, c, p].imag
                                seen += w
                        here += seen
                        wave += seen * waves[c]
                    mass += here
                    x += wave * uvw[s, b, 0]
                    y += wave * uvw[s, b, 1]
                    z += wave * uvw[s, b, 2]
                if mass > 0:
                    sign = -1.0 if z < 0 else 1.0
                    points[i, 0], points[i, 1], points[i, 2] = (
                        sign * x / mass,
                        sign * y / mass,
                        sign * z / mass,
                    )
                    values[i] = complex(real / mass, sign * imag / mass)
                    weights[i] = mass
                i += 1
                first = last
            t = end
    return points, values, weights
