"""Antenna gains from sums over visibilities: D = g₁ g₂* M."""

from typing import NamedTuple

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.radio.model_sums import Sums
from hesper.record import Array

_ITERATIONS = 500
_ROUNDS = 8
_TUKEY = 5.0
_WILD = 5.0
"""A baseline that is so many times as strong as the median of all does not start the solution."""


class Solutions(NamedTuple):
    """Gains and their standard deviations."""

    gain: Array
    """(solution, antenna, polarisation) complex; NaN without a solution."""
    amplitude_std: Array
    """(solution, antenna, polarisation), as the gain."""
    phase_std: Array
    """(solution, antenna, polarisation) [rad]."""
    chi2: Array
    """(solution, polarisation) reduced, with the weights given."""


def solve(
    sums: Sums, antenna1: Array, antenna2: Array, antennas: int, *, reference: int, phase_only: bool
) -> Solutions:
    """Return the gains that minimise Σ w |D − g₁ g₂* M|², robustly.

    Parameters
    ----------
    sums
        Of the visibilities.
    antenna1, antenna2
        (baseline,).
    antennas
        Their number.
    reference
        Antenna whose phase is set to 0.
    phase_only
        Keep all amplitudes at 1.

    Notes
    -----
    StEFCal (Salvini & Wijnholds 2014, A&A 571, A97): each gain in turn is the least-squares solution given
    the others, every second iterate is averaged with the one before. Between rounds baselines are weighed by
    their mean residuals in units x of the robust standard deviation of all: first by 1/x² beyond 1, so that
    no single baseline pulls the solution to itself, at last by Tukey's weights, which leave out what is
    beyond 5. The covariance is the inverse of the Fisher matrix of log amplitudes and phases, in which the
    two are apart, times the reduced χ².
    """
    solutions, _, hands = sums.cross.shape
    gain = np.full((solutions, antennas, hands), np.nan + 1j * np.nan)
    amplitude_std, phase_std = (np.full((solutions, antennas, hands), np.nan) for _ in range(2))
    chi2 = np.full((solutions, hands), np.nan)
    _solve_all(
        sums.cross,
        sums.power,
        sums.data,
        sums.number,
        antenna1,
        antenna2,
        reference,
        phase_only,
        gain,
        amplitude_std,
        phase_std,
        chi2,
    )
    return Solutions(gain, amplitude_std, phase_std, chi2)


@compiled_parallel
def _solve_all(
    cross: Array,
    power: Array,
    data: Array,
    count: Array,
    first: Array,
    second: Array,
    reference: int,
    phase_only: bool,
    gain: Array,
    amplitude_std: Array,
    phase_std: Array,
    chi2: Array,
) -> None:
    solutions, _, hands = cross.shape
    for i in prange(solutions * hands):
        s, p = i // hands, i % hands
        _solve_one(
            cross[s, :, p].copy(),
            power[s, :, p].copy(),
            data[s, :, p].copy(),
            count[s, :, p].copy(),
            first,
            second,
            reference,
            phase_only,
            gain[s, :, p],
            amplitude_std[s, :, p],
            phase_std[s, :, p],
            chi2[s, p : p + 1],
        )


@compiled
def _solve_one(
    cross: Array,
    power: Array,
    data: Array,
    count: Array,
    first: Array,
    second: Array,
    reference: int,
    phase_only: bool,
    gain: Array,
    amplitude_std: Array,
    phase_std: Array,
    chi2: Array,
) -> None:
    n, baselines = gain.size, cross.size
    trust = np.ones(baselines)
    g = np.ones(n, np.complex128)
    usable = np.zeros(n, np.bool_)
    for b in range(baselines):
        if power[b] > 0:
            usable[first[b]] = True
            usable[second[b]] = True
    if usable.sum() < 3:
        return
    scale, total = 0.0, 0.0
    for b in range(baselines):
        scale += abs(cross[b])
        total += power[b]
    if not scale > 0:
        return
    if not phase_only:
        g[:] = np.sqrt(scale / total)
    size_of = np.full(baselines, np.nan)
    for b in range(baselines):
        if power[b] > 0:
            size_of[b] = abs(cross[b]) / power[b]
    usual = np.median(size_of[np.isfinite(size_of)])
    for b in range(baselines):
        if size_of[b] > _WILD * usual:
            trust[b] = 0.0
    misfit = np.empty(baselines)
    for turn in range(_ROUNDS):
        g = _iterate(cross, power, trust, first, second, usable, g, phase_only)
        kept = 0
        for b in range(baselines):
            misfit[b] = np.nan
            if power[b] > 0:
                misfit[b] = abs(cross[b] / power[b] - g[first[b]] * np.conj(g[second[b]])) * np.sqrt(power[b])
                kept += 1
        finite = misfit[np.isfinite(misfit)]
        sigma = np.median(finite) / 1.1774  # the median of Rayleigh's distribution
        for b in range(baselines):
            x = misfit[b] / sigma if sigma > 0 else 0.0
            if turn < _ROUNDS - 3:
                trust[b] = 1.0 if x < 1 else 1 / (x * x)
            else:
                trust[b] = (1 - (x / _TUKEY) ** 2) ** 2 if x < _TUKEY else 0.0
    zero = reference if usable[reference] else int(np.argmax(usable))
    unit = np.conj(g[zero]) / abs(g[zero])
    size = np.zeros((n, n))
    total, number = 0.0, 0.0
    for b in range(baselines):
        if power[b] > 0 and trust[b] > 0:
            a, c = first[b], second[b]
            m = g[a] * np.conj(g[c])
            k = power[b] * abs(m) ** 2
            size[a, c] += k
            size[c, a] += k
            total += data[b] - 2 * (np.conj(m) * cross[b]).real + k
            number += 2 * count[b]
    free = 2 * usable.sum() - 1
    reduced = max(total, 0.0) / max(number - free, 1.0)
    chi2[0] = reduced
    index = np.flatnonzero(usable)
    amplitude = np.zeros((index.size, index.size))
    phase = np.zeros((index.size, index.size))
    for x in range(index.size):
        for y in range(index.size):
            k = size[index[x], index[y]]
            if x == y:
                k = size[index[x]].sum()
                amplitude[x, x], phase[x, x] = k, k
            else:
                amplitude[x, y], phase[x, y] = k, -k
    for x in range(index.size):
        if amplitude[x, x] <= 0:  # all its baselines were left out
            usable[index[x]] = False
            amplitude[x, x], phase[x, x] = 1.0, 1.0
        if index[x] == zero:
            phase[x, :] = 0.0
            phase[:, x] = 0.0
            phase[x, x] = 1.0
    tiny = 1e-12 * np.trace(amplitude) / index.size
    for x in range(index.size):
        amplitude[x, x] += tiny
        phase[x, x] += tiny
    spread, turned = np.linalg.inv(amplitude), np.linalg.inv(phase)
    for x in range(index.size):
        a = index[x]
        if usable[a]:
            gain[a] = g[a] * unit
            if phase_only:
                amplitude_std[a] = 0.0
            else:
                amplitude_std[a] = abs(g[a]) * np.sqrt(reduced * spread[x, x])
            phase_std[a] = 0.0 if a == zero else np.sqrt(reduced * turned[x, x])


@compiled
def _square(z: complex) -> float:
    """Return |z|² without the root that abs takes."""
    return z.real * z.real + z.imag * z.imag


@compiled
def _iterate(
    cross: Array,
    power: Array,
    trust: Array,
    first: Array,
    second: Array,
    usable: Array,
    start: Array,
    phase_only: bool,
) -> Array:
    n = start.size
    g = start.copy()
    for i in range(_ITERATIONS):
        up, down = np.zeros(n, np.complex128), np.zeros(n)
        for b in range(cross.size):
            if power[b] > 0:
                a, c, w = first[b], second[b], trust[b]
                up[a] += w * cross[b] * g[c]
                up[c] += w * np.conj(cross[b]) * g[a]
                down[a] += w * power[b] * _square(g[c])
                down[c] += w * power[b] * _square(g[a])
        change, norm = 0.0, 0.0
        for a in range(n):
            if usable[a] and down[a] > 0:
                new = up[a] / down[a]
                if phase_only:
                    new = new / abs(new) if abs(new) > 0 else 1.0 + 0j
                if i % 2 == 1:
                    new = 0.5 * (new + g[a])
                change += _square(new - g[a])
                norm += _square(new)
                g[a] = new
        if change < 1e-20 * norm:
            break
    if phase_only:
        for a in range(n):
            if abs(g[a]) > 0:
                g[a] /= abs(g[a])
    return g
