"""Statistics → statistics: one phase per cycle and receiver, taken from the echoes themselves."""

import dataclasses

import numpy as np

from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.radar.data_interferometer import Patches, Statistics
from hesper.radar.data_settings import Scene
from hesper.radar.retrieve_cells import Cells, cells
from hesper.record import Array

_SWAPPED = 1.5
"""How much better the mirrored phases must fit for the stations to count as swapped."""
_SURE = 5.0
"""Deviations of the noise by which a single cycle's must."""


def fringes(given: Statistics, scene: Scene, patches: Patches | None = None) -> Statistics:
    """Take out the phase that instrument and troposphere add between receivers, cycle by cycle.

    Parameters
    ----------
    given
        Of a whole pass.
    scene
        Whose law weights the inside of a cell.
    patches
        A first solution; without one, the reference sphere with equal patches north and south is the model.

    Raises
    ------
    InputError
        If the echoes of all cycles or of some fit the mirrored phases much better: the stations are swapped.

    Notes
    -----
    φ_c ← φ_c + arg Σ_cells w X X̂*, w = n/det C. A constant phase is indistinguishable from a shift of
    the planet along the Doppler equator's normal, hence from a tilt of altitudes, which
    `calibrate_patches.curvature` takes out.
    """
    receivers, cycles = len(given.gain), len(given.n)
    total = np.zeros((cycles, receivers), complex)
    mirrored = np.zeros((cycles, receivers), complex)
    weight = np.zeros((cycles, receivers))
    begin = 0
    for block in cells(given, scene):
        size = len(block.gate)
        powers = _powers(block, given, patches, begin)
        for m in range(1, receivers):
            # Pairs (0, m) come first.
            observed = (
                block.data[:, :, receivers + 2 * (m - 1)] + 1j * block.data[:, :, receivers + 2 * m - 1]
            )
            model = np.sqrt(given.gain[m]) * _steered(block, powers, patches, begin, m - 1)
            sum_of = powers[:, :, 0] + powers[:, :, 1]
            det = (sum_of + 1) * (given.gain[m] * sum_of + 1) - np.abs(model) ** 2
            scale = block.n / det
            total[:, m] += np.sum(scale * observed * model.conj(), axis=0)
            mirrored[:, m] += np.sum(scale * observed.conj() * model.conj(), axis=0)
            weight[:, m] += 2 * np.sum(scale * np.abs(model) ** 2, axis=0)
        begin += size
    for m in range(1, receivers):
        _unswapped(given, m, np.abs(total[:, m]), np.abs(mirrored[:, m]), weight[:, m])
    phase = np.where(weight > 0, np.angle(total), 0.0)
    pair = [phase[:, k] - phase[:, m] for m in range(receivers) for k in range(m + 1, receivers)]
    turn = np.exp(-1j * np.stack(pair, axis=1))[:, :, None, None]
    # In double a cycle at a time: those of a large pass are as large as its statistics.
    cross = np.empty_like(given.cross)
    for k, one in enumerate(given.cross):
        cross[k] = one * turn[k]
    return dataclasses.replace(
        given,
        cross=cross,
        phase=given.phase + phase,
        phase_std=np.where(weight > 0, 1 / np.sqrt(np.maximum(weight, 1e-12)), 0.0),
    )


def _unswapped(given: Statistics, m: int, straight: Array, mirrored: Array, weight: Array) -> None:
    """Refuse a pass, or cycles of it, whose phases fit much better with the opposite sign."""
    if mirrored.sum() > _SWAPPED * straight.sum():
        raise InputError(
            f"calibrate.fringes: the phases of receiver {m + 1} fit with the opposite sign; the stations "
            f"'{given.stations}' are given in the wrong order"
        )
    # A cycle without coherence fits neither way: noise has a mean square of `weight`.
    turned = (mirrored > _SWAPPED * straight) & (mirrored**2 > _SURE**2 * weight)
    if turned.any():
        cycles = ", ".join(str(k + 1) for k in np.flatnonzero(turned))
        raise InputError(
            f"calibrate.fringes: in receive cycle {cycles} of {len(turned)} the phases of receiver {m + 1} "
            f"fit with the opposite sign: they are not in the order '{given.stations}'; exchange them, "
            "or leave those looks out"
        )


def _powers(block: Cells, given: Statistics, patches: Patches | None, begin: int) -> Array:
    """Return s_N and s_S (cell, cycle or 1, 2)."""
    if patches is not None:
        known = np.nan_to_num(patches.signal[:, begin : begin + len(block.gate)])
        return np.asarray(np.maximum(known.T[:, None, :], 0.0))
    echo = np.sum(block.n * (block.data[:, :, 0] - 1), axis=1) / np.maximum(block.n.sum(axis=1), 1)
    return np.repeat(np.maximum(echo, 0.0)[:, None, None] / 2, 2, axis=2)


def _steered(block: Cells, powers: Array, patches: Patches | None, begin: int, pair: int) -> Array:
    """Return Σ_j s_j q_j exp iφ_j (cell, cycle) of one pair of receivers."""
    y = block.tracked.y
    high = np.zeros((2, len(block.gate)))
    if patches is not None:
        high = np.nan_to_num(patches.altitude[:, begin : begin + len(block.gate)])
    out = np.zeros(y.shape, complex)
    for j, sign in enumerate((1, -1)):
        h = high[j][:, None]
        away = np.sqrt(np.maximum(y**2 + 2 * VENUS_RADIUS * h + h**2, 0.0))
        phase = block.kxx[:, :, pair] + sign * block.ky[None, :, pair] * away
        out += powers[:, :, j] * block.q[:, :, j, pair] * np.exp(1j * phase)
    return out
