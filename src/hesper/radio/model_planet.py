"""Visibilities of a moving, resolved disk."""

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.radio import model_array, model_disk, model_sources
from hesper.record import Array


def moving_disk(
    uvw: Array,
    frequency: Array,
    direction: Array,
    drift: Array,
    diameter: Array,
    flux: Array,
    *,
    exponent: float,
    channel_width: float,
) -> Array:
    """Return the visibilities (time, baseline, channel), complex64, of a disk that moves through the field.

    Parameters
    ----------
    uvw
        (time, baseline, 3) [m].
    frequency
        (channel,) [Hz].
    direction
        (time, 2) direction cosines of the disk's centre, east and north.
    drift
        (time, baseline) change of the path difference during an integration [m].
    diameter
        (time,) [rad].
    flux
        (time, channel) flux density times the primary beam; the result has its unit.
    exponent
        p of a brightness ∝ μ^p.
    channel_width
        [Hz].

    Notes
    -----
    V = S A(q) sinc(ν/c Δ) sinc(Δν/c d) exp(2πi ν/c d), d = u l + v m + w (n − 1); q is of the baseline across
    the line of sight to the disk, u − w l/n and v − w m/n.
    """
    depth = model_sources.depth_cosine(direction[:, 0], direction[:, 1])
    place = np.concatenate([direction, depth[:, None]], axis=1)
    delay = np.einsum("tbi,ti->tb", uvw, place) / SPEED_OF_LIGHT
    slope = (direction / (1 + depth)[:, None])[:, None]
    across = np.linalg.norm(uvw[..., :2] - uvw[..., 2:] * slope, axis=-1) / SPEED_OF_LIGHT
    scale = np.pi * diameter[:, None] * across
    shape = model_disk.table(float(scale.max() * frequency.max()), exponent)
    step, values = shape.step, np.ascontiguousarray(shape.values[:, 0])
    grid = np.arange(values.size) * step
    out = np.empty((*delay.shape, frequency.size), np.complex64)
    for t in range(len(delay)):
        loss = np.interp(scale[t][:, None] * frequency, grid, values)
        loss *= np.sinc(drift[t][:, None] / SPEED_OF_LIGHT * frequency)
        loss *= np.sinc(delay[t] * channel_width)[:, None]
        out[t] = flux[t] * loss * np.exp(2j * np.pi * (delay[t][:, None] * frequency))
    return out


def path_change(before: tuple[Array, Array], after: tuple[Array, Array]) -> Array:
    """Return the change of the path difference (time, baseline) [m] between two (uvw, direction)."""
    ends = []
    for uvw, direction in (before, after):
        depth = model_sources.depth_cosine(direction[:, 0], direction[:, 1])
        place = np.concatenate([direction, depth[:, None]], axis=1)
        ends.append(np.einsum("tbi,ti->tb", uvw, place))
    return np.asarray(ends[1] - ends[0])


def uvw_at(time: Array, position: Array, antenna1: Array, antenna2: Array, ra: float, dec: float) -> Array:
    """Return uvw (time, baseline, 3) [m] of antennas that track a place."""
    frame = model_array.field_frame(time, ra, dec, position.mean(axis=0))
    return model_array.baseline_uvw(frame.axes, position, antenna1, antenna2)
