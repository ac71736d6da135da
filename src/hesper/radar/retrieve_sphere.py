"""Cells that cannot be solved → the brightness of the reference sphere, or half of the total."""

import numpy as np

from hesper.radar.data_interferometer import AMBIGUOUS, UNSEEN
from hesper.radar.retrieve_cells import Cells
from hesper.record import Array


def fall_back(block: Cells, gain: Array, lost: Array, signal: Array, signal_std: Array, mask: Array) -> None:
    """Give lost cells the brightness of the reference sphere, or half of the total where not even that."""
    where = np.flatnonzero(lost)
    if not len(where):
        return
    n = block.n[where]
    looks = n.sum(axis=1)
    power = np.sum(n[:, :, None] * (block.data[where, :, : len(gain)] - 1), axis=(1, 2))
    total = power / (looks * gain.sum())
    spread = np.sum(gain**2 * (np.maximum(total, 0)[:, None] + 1 / gain) ** 2, axis=1)
    total_std = np.sqrt(spread / looks) / gain.sum()
    half, half_std = total / 2, np.hypot(total_std / 2, np.abs(total) / 2)
    signal[:, where], signal_std[:, where] = half, half_std
    told = (mask[0, where] & (AMBIGUOUS | UNSEEN)) == 0
    keep = where[told]
    if len(keep):
        value, std = _fixed_sphere(block, gain, keep, total[told])
        signal[:, keep], signal_std[:, keep] = value, std


def _fixed_sphere(block: Cells, gain: Array, keep: Array, total: Array) -> tuple[Array, Array]:
    """Return powers (side, cell) and their std for altitude 0, by least squares on the first pair's phase."""
    count = len(gain)
    root = np.sqrt(gain[1])
    turn = block.ky[None, :, 0] * block.tracked.y[keep]
    sides = [
        root * block.q[keep, :, j, 0] * np.exp(1j * (block.kxx[keep, :, 0] + sign * turn))
        for j, sign in enumerate((1, -1))
    ]
    cross = block.data[keep, :, count] + 1j * block.data[keep, :, count + 1]
    half = 0.5 * (sides[0] - sides[1])
    left = cross - 0.5 * total[:, None] * (sides[0] + sides[1])
    weight = block.n[keep]
    bottom = np.maximum(np.sum(weight * np.abs(half) ** 2, axis=1), 1e-12)
    difference = np.sum(weight * (left * half.conj()).real, axis=1) / bottom
    # The noise of the cross product is the product of both powers, over the looks.
    noise = np.prod(block.data[keep, :, :2].mean(axis=1), axis=1)
    std = np.sqrt(noise / 2 / bottom)
    value = np.stack([total + difference, total - difference]) / 2
    return value, np.broadcast_to(np.hypot(std, total / np.sqrt(weight.sum(axis=1))) / 2, value.shape)
