"""Visibilities of a moving, resolved disk."""

import numpy as np

from hesper.compiled import compiled_parallel, prange
from hesper.constants import SPEED_OF_LIGHT
from hesper.radio import model_array, model_disk, model_fringes, model_sources
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
    step, shape = model_disk.shape(float(scale.max() * frequency.max()), exponent)
    out = np.empty((*delay.shape, frequency.size), np.complex64)
    _fill(
        delay, scale, drift / SPEED_OF_LIGHT, np.asarray(frequency, float), float(channel_width), flux,
        step, shape, out,
    )  # fmt: skip
    return out


@compiled_parallel
def _fill(
    delay: Array, scale: Array, drift: Array, frequency: Array, width: float, flux: Array, step: float,
    values: Array, out: Array,
) -> None:  # fmt: skip
    """Write S A sinc sinc exp(2πi ν d) (time, baseline, channel), A looked up between points of a table."""
    for t in prange(delay.shape[0]):
        for b in range(delay.shape[1]):
            mean = model_fringes.sinc(width * delay[t, b])
            for c in range(frequency.size):
                place = scale[t, b] * frequency[c] / step
                i = min(int(place), values.size - 2)
                size = values[i] + (place - i) * (values[i + 1] - values[i])
                size *= flux[t, c] * mean * model_fringes.sinc(frequency[c] * drift[t, b])
                sine, cosine = model_fringes.sine_cosine(frequency[c] * delay[t, b])
                out[t, b, c] = complex(size * cosine, size * sine)


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
