"""Follow a planet: visibilities of a fixed field → visibilities of the planet, averaged."""

from itertools import pairwise
from typing import Any

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.constants import SPEED_OF_LIGHT
from hesper.ephemeris import Viewing
from hesper.errors import InputError
from hesper.radio import model_array
from hesper.radio.data import Visibilities
from hesper.radio.data_image import Track, Tracked
from hesper.radio.model_sources import depth_cosine
from hesper.record import Array


def track(view: Viewing, response: Array, *, ra_centre: float, dec_centre: float) -> Track:
    """Return the track of Venus in a field.

    Parameters
    ----------
    view
        Venus as the array sees it (topocentric!), one row per integration.
    response
        Power of the primary beam at Venus (time, channel).
    ra_centre, dec_centre
        Phase centre [rad].
    """
    direction = np.stack(model_array.direction_cosines(view.ra, view.dec, ra_centre, dec_centre), axis=-1)
    if np.any(np.hypot(*direction.T) > _FIELD):
        away = np.degrees(np.max(np.hypot(*direction.T)))
        raise InputError(
            f"track: Venus is {away:.2f}° from the phase centre; {np.degrees(_FIELD):.0f}° is the most; "
            "check the field's place and the date"
        )
    return Track(
        time=view.time,
        direction=direction,
        angular_diameter=view.angular_diameter,
        elevation=view.elevation,
        response=response,
    )


_FIELD = np.radians(5.0)


def averaged(
    visibilities: Visibilities, followed: Track, *, integrations: int = 4, channels: int = 16
) -> Tracked:
    """Turn every integration to the planet's place of that moment, and average.

    V′ = V exp(−2πi ν/c (u l + v m + w (n − 1))); then weighted means over `integrations` (never across a
    scan) and `channels`. The baseline across the line of sight is u − w l/n, v − w m/n.

    Parameters
    ----------
    visibilities
        Calibrated; with the background subtracted. One block of time is enough: join the results along time.
    followed
        Track with the times of the visibilities.
    integrations, channels
        How many to average. The last block of channels may be shorter.
    """
    v = visibilities
    if followed.time.shape != v.time.shape or np.any(np.abs(followed.time - v.time) > 1e-3):
        raise InputError(
            "track: its times are not those of the visibilities; make it from `visibilities.time`"
        )
    first = _blocks(v.field, v.scan, integrations)
    edges = np.append(np.arange(0, v.setup.frequency.size, channels), v.setup.frequency.size)
    value, weight, uv = _turned(
        v.value, v.weight, v.flag, v.uvw, followed.direction,
        v.setup.frequency / SPEED_OF_LIGHT, first, edges,
    )  # fmt: skip
    return Tracked(
        time=_mean(v.time, first),
        uv=uv,
        drift=_mean(drift(v, followed), first),
        frequency=_mean(v.setup.frequency, edges),
        value=value,
        weight=weight,
        response=_mean(_mean(followed.response, first).T, edges).T,
        angular_diameter=_mean(followed.angular_diameter, first),
        antenna1=v.setup.antenna1,
        antenna2=v.setup.antenna2,
        polarisation=v.setup.polarisation,
    )


def _mean(values: Array, edges: Array) -> Array:
    """Return means between edges along the first axis; times keep their precision."""
    start = values[:1]
    total = np.add.reduceat(values - start, edges[:-1], axis=0)
    return np.asarray(start + total / np.diff(edges).reshape(-1, *[1] * (values.ndim - 1)))


def _blocks(field: Array, scan: Array, integrations: int) -> Array:
    """Return the first index of every block, and the length: at most `integrations`, of one scan."""
    change = np.flatnonzero((np.diff(scan) != 0) | (np.diff(field) != 0)) + 1
    edges = np.concatenate([[0], change, [scan.size]])
    starts = [np.arange(a, b, integrations) for a, b in pairwise(edges)]
    return np.append(np.concatenate(starts), scan.size).astype(np.int64)


def drift(v: Visibilities, followed: Track) -> Array:
    """Return by how much the path difference of the planet changes in an integration [m] (time, baseline).

    From the neighbours within the scan; an integration that stands alone is taken to have none.
    """
    east, north = followed.direction.T
    direction = np.stack([east, north, depth_cosine(east, north)], axis=1)
    path = np.einsum("tbx,tx->tb", v.uvw, direction)
    index = np.arange(v.time.size)
    same = (np.diff(v.scan) == 0) & (np.diff(v.field) == 0)
    before = np.where(np.append(False, same), index - 1, index)
    after = np.where(np.append(same, False), index + 1, index)
    span = np.maximum(v.time[after] - v.time[before], 1e-3)
    return np.asarray((path[after] - path[before]) * (v.interval / span)[:, None])


@compiled
def _turn_row(
    phase0: float,
    step: float,
    value: Array,
    weight: Array,
    flag: Array,
    edges: Array,
    total: Array,
    heavy: Array,
) -> Any:
    """Add one row (channel, polarisation), its phase turned back by phase0 + step·channel, to the sums."""
    seen = 0.0
    rotor = complex(np.cos(step), -np.sin(step))
    for b in range(edges.size - 1):
        start = phase0 + step * edges[b]
        turn = complex(np.cos(start), -np.sin(start))
        for p in range(value.shape[1]):
            zero = np.float32(0)
            real, imaginary, mass = zero, zero, zero
            x, y = np.float32(turn.real), np.float32(turn.imag)
            c, s = np.float32(rotor.real), np.float32(rotor.imag)
            for k in range(edges[b], edges[b + 1]):
                if not flag[k, p] and weight[k, p] > 0:
                    w, datum = weight[k, p], value[k, p]
                    real += w * (datum.real * x - datum.imag * y)
                    imaginary += w * (datum.real * y + datum.imag * x)
                    mass += w
                x, y = x * c - y * s, x * s + y * c
            total[b, p, 0] += real
            total[b, p, 1] += imaginary
            heavy[b, p] += mass
            seen += float(mass)
    return seen


@compiled_parallel
def _turned(
    value: Array, weight: Array, flag: Array, uvw: Array, direction: Array, wavenumber: Array,
    first: Array, edges: Array,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Return averaged values, weights and baselines; wavenumber is ν/c, evenly spaced."""
    blocks, baselines, bands, pols = first.size - 1, value.shape[1], edges.size - 1, value.shape[3]
    out = np.zeros((blocks, baselines, bands, pols), np.complex64)
    mass = np.zeros((blocks, baselines, bands, pols), np.float32)
    uv = np.zeros((blocks, baselines, 2))
    width = (wavenumber[-1] - wavenumber[0]) / max(wavenumber.size - 1, 1)
    for t in prange(blocks):
        total = np.empty((bands, pols, 2))
        heavy = np.empty((bands, pols))
        for b in range(baselines):
            total[:] = 0
            heavy[:] = 0
            u, v, seen = 0.0, 0.0, 0.0
            for i in range(first[t], first[t + 1]):
                east, north = direction[i, 0], direction[i, 1]
                n = np.sqrt(1 - east * east - north * north)
                w = uvw[i, b, 2]
                path = 2 * np.pi * (uvw[i, b, 0] * east + uvw[i, b, 1] * north + w * (n - 1))
                got = _turn_row(
                    path * wavenumber[0], path * width, value[i, b], weight[i, b], flag[i, b], edges,
                    total, heavy,
                )  # fmt: skip
                share = max(got, 1e-30)
                u += share * (uvw[i, b, 0] - w * east / n)
                v += share * (uvw[i, b, 1] - w * north / n)
                seen += share
            uv[t, b, 0], uv[t, b, 1] = u / seen, v / seen
            for c in range(bands):
                for p in range(pols):
                    if heavy[c, p] > 0:
                        out[t, b, c, p] = complex(total[c, p, 0] / heavy[c, p], total[c, p, 1] / heavy[c, p])
                        mass[t, b, c, p] = heavy[c, p]
    return out, mass, uv
