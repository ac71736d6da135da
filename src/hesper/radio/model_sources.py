"""Visibilities of point sources, summed directly."""

import numpy as np

from hesper.compiled import compiled
from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import InputError
from hesper.radio import model_fringes
from hesper.record import Array


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
    out = np.empty((len(rows), frequency.size), np.complex64)
    model_fringes.add_sources(
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
    tiles = model_fringes.correlate(
        value.reshape(-1, channels.size),
        weight.reshape(-1, channels.size),
        np.ascontiguousarray(uvw.reshape(-1, 3)) / SPEED_OF_LIGHT,
        channels,
        channel_step(channels),
        np.stack([east, north, depth_cosine(east, north)], axis=1),
    )
    return np.asarray(tiles.sum(axis=0))


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


@compiled
def products(rows: Array) -> Array:
    """Return Σ_k r_ki r_kj (i, j) of few columns, without the threads that a library would start for them."""
    count = rows.shape[1]
    out = np.zeros((count, count), rows.dtype)
    for k in range(rows.shape[0]):
        row = rows[k]
        for i in range(count):
            factor, into = row[i], out[i]
            for j in range(count):
                into[j] += factor * row[j]
    return out
