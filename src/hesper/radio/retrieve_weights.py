"""Weights of baselines from what the disk leaves on them."""

import dataclasses

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.radio import model_disk, retrieve_disk, retrieve_noise
from hesper.radio.data_image import DiskFit, Frame, Tracked
from hesper.record import Array

_OCTAVES = 12
_SURE = 5.0
"""Standard deviations of χ² by which a baseline must be worse than noise."""


def by_scatter(tracked: Tracked, fit: DiskFit) -> Tracked:
    """Return the visibilities, those of baselines that scatter more than noise with the weight they deserve.

    Parameters
    ----------
    tracked
        Visibilities that follow the planet.
    fit
        The disk, which is taken off first.

    Notes
    -----
    Interference from the ground that is always on is stopped with the fringes on long baselines, and stands
    on the shortest, where the disk is brightest: two baselines of 91 can move a flux density by half. Their
    mean square is χ² times that of noise, and 1/χ² the weight of least variance.
    """
    chi2, count = _chi2(tracked, fit)
    worse = chi2 > 1 + _SURE / np.sqrt(np.maximum(count, 1))
    factor = np.where(worse, 1 / np.maximum(chi2, 1.0), 1.0).astype(np.float32)
    return dataclasses.replace(tracked, weight=tracked.weight * factor[:, None, None])


def by_ring(tracked: Tracked, fit: DiskFit, field: Frame) -> Tracked:
    """Return the visibilities, each octave of baselines with the weight that its scatter deserves.

    Parameters
    ----------
    tracked
        Visibilities that follow the planet.
    fit
        The disk, which is taken off first.
    field
        Gives place and band.

    Notes
    -----
    Errors that are below the noise of a visibility, but that many share, do not show in χ². They show where
    the disk is fitted beside the planet: for the baselines of an octave alone, within some of their own
    fringes, the rms flux density is what they are worth (`retrieve_noise.scatter`). So every octave is
    judged at its own scale, interference on the shortest at arcminutes, phases on the longest at arcseconds.
    """
    length = np.linalg.norm(tracked.uv, axis=-1)[..., None] * tracked.frequency / SPEED_OF_LIGHT
    longest = float(length.max())
    octave = np.floor(np.log2(longest / np.maximum(length, longest * 2.0**-_OCTAVES))).astype(int)
    weight = np.array(tracked.weight)
    for k in np.unique(octave):
        mine = (octave == k)[..., None]
        if not np.any(tracked.weight[np.broadcast_to(mine, weight.shape)] > 0):
            continue
        part = dataclasses.replace(tracked, weight=np.where(mine, tracked.weight, np.float32(0)))
        beside = retrieve_noise.scatter(part, fit, field)
        ratio = beside.rms / beside.predicted
        weight = np.where(mine, weight / max(ratio, 1.0) ** 2, weight)
    return dataclasses.replace(tracked, weight=weight.astype(np.float32))


def _chi2(tracked: Tracked, fit: DiskFit) -> tuple[Array, Array]:
    """Return χ² per real number, and the number of complex ones, of every baseline."""
    value, weight = retrieve_disk.stokes_i(tracked)
    waves = tracked.frequency / SPEED_OF_LIGHT
    length = np.linalg.norm(tracked.uv, axis=-1)
    size = fit.angular_diameter * tracked.angular_diameter / np.median(tracked.angular_diameter)
    total, count = np.zeros(length.shape[1]), np.zeros(length.shape[1])
    for channel, wave in enumerate(waves):
        shape = model_disk.looked_up(np.pi * size[:, None] * length * wave, fit.limb_exponent)
        turn = np.exp(2j * np.pi * wave * (tracked.uv @ fit.offset))
        left = value[..., channel] - fit.flux_density * tracked.response[:, channel, None] * shape * turn
        total += np.sum(weight[..., channel] * np.abs(left) ** 2, axis=0)
        count += np.count_nonzero(weight[..., channel] > 0, axis=0)
    return total / np.maximum(2 * count, 1), count
