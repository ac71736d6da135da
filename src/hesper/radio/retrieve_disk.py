"""Tracked visibilities → flux density, place, size and limb of the disk.

The flux density is linear: S = Σ w M Re V′ / Σ w M², σ² = 1/Σ w M². The imaginary parts, turned to the disk's
place, must vanish: the same sums over them are a null test. Amplitudes are never used, for noise biases them.
"""

import dataclasses
from typing import NamedTuple

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import ConvergenceError, InputError
from hesper.radio import model_disk
from hesper.radio.data_image import DiskFit, Tracked
from hesper.radio.model_disk import Disk, DiskTable, Sky
from hesper.record import Array

PARALLEL = ("I", "RR", "LL", "XX", "YY")
"""Polarisations whose mean is Stokes I."""
_ITERATIONS = 50
_SETTLED = 0.05
"""The last step in standard deviations; the next one would be its square."""
GROUPS = 20
"""Spans of time of the jackknife."""


class Free(NamedTuple):
    """Which parameters are fitted besides the flux density."""

    position: bool
    diameter: bool
    exponent: bool


FLUX_ALONE = Free(False, False, False)
POSITION = Free(True, False, False)
EVERYTHING = Free(True, True, True)


def disk(
    tracked: Tracked,
    *,
    free: Free = POSITION,
    exponent: float = 0.0,
    shortest: float = 0.0,
    longest: float = np.inf,
) -> DiskFit:
    """Fit a uniform (p = 0) or limb-darkened disk I ∝ μ^p.

    Parameters
    ----------
    tracked
        Visibilities that follow the planet, parallel hands or Stokes I among them.
    free
        What is fitted besides the flux density; the diameter's course in time is the ephemeris'.
    exponent
        p, or the start of it.
    shortest, longest
        Baselines outside are left out [wavelengths].

    Raises
    ------
    InputError
        If no visibility is left.
    ConvergenceError
        If the parameters do not settle, or the data do not determine them.

    Notes
    -----
    Standard deviations are scaled with √(χ²/dof) where that is above 1. Both jackknifes refit the
    flux density alone.
    """
    seen, diameter = sky(tracked, shortest, longest)
    start = Disk(0.0, diameter, exponent, 0.0, 0.0)
    shape = model_disk.table_for(seen, start)
    first = model_disk.moments(seen, start, shape)
    start = start._replace(flux_density=_linear(first.by_channel)[0])
    found, covariance, parts = start, np.zeros((5, 5)), first.by_baseline
    covariance[0, 0] = _linear(parts)[1] ** 2
    if free != FLUX_ALONE:
        found, covariance, shape = _settled(seen, start, shape, free)
        parts = model_disk.moments(seen, found, shape).by_baseline
    flux, _ = _linear(parts)
    used = int(np.count_nonzero(seen.weight > 0))
    total = parts.sum(axis=(0, 1))
    dof = max(used - 1 - int(free.diameter) - int(free.exponent), 1)
    chi2 = float(total[3] - 2 * flux * total[0] + flux**2 * total[1]) / dof
    scale = max(chi2, 1.0)
    covariance = covariance * scale
    null = _linear(parts[..., [2, 1]])
    std = np.sqrt(np.diag(covariance))
    by_antenna = [
        parts[:, (tracked.antenna1 == a) | (tracked.antenna2 == a)].sum(axis=(0, 1))
        for a in np.unique([tracked.antenna1, tracked.antenna2])
    ]
    return DiskFit(
        flux_density=flux,
        flux_density_std=float(std[0]),
        offset=np.array([found.east, found.north]),
        offset_std=std[3:],
        angular_diameter=found.diameter,
        angular_diameter_std=float(std[1]),
        limb_exponent=found.exponent,
        limb_exponent_std=float(std[2]),
        covariance=covariance[:3, :3],
        reduced_chi2=chi2,
        null_flux_density=null[0],
        null_flux_density_std=null[1] * float(np.sqrt(scale)),
        time_jackknife_std=_jackknife([p.sum(axis=(0, 1)) for p in np.array_split(parts, GROUPS)], total),
        # Every baseline is left out twice, once with each of its antennas: half of the variance.
        baseline_jackknife_std=_jackknife(by_antenna, total) / np.sqrt(2),
        n=used,
    )


def disk_or_limit(tracked: Tracked, *, exponent: float = 0.0, shortest: float = 0.0) -> DiskFit:
    """Fit place and flux density where the planet is seen at five standard deviations, else the flux alone.

    A place cannot be fitted to noise: the fit would follow the highest fluctuation. Where the place does not
    settle, what is seen is not a disk on the ephemeris, and the place is held as well.
    """
    held = disk(tracked, free=FLUX_ALONE, exponent=exponent, shortest=shortest)
    if held.flux_density < 5 * held.flux_density_std:
        return held
    try:
        return disk(tracked, free=POSITION, exponent=exponent, shortest=shortest)
    except ConvergenceError:
        return held


def moved(tracked: Tracked, fitted: DiskFit) -> Tracked:
    """Return the visibilities with the fitted place at the phase centre."""
    wave = tracked.frequency / SPEED_OF_LIGHT
    turn = np.exp(-2j * np.pi * (tracked.uv @ fitted.offset)[..., None] * wave)
    return dataclasses.replace(tracked, value=(tracked.value * turn[..., None]).astype(np.complex64))


def stokes_i(tracked: Tracked) -> tuple[Array, Array]:
    """Return value and weight (time, baseline, channel) of the weighted mean of the parallel hands."""
    parallel = np.isin(tracked.polarisation, PARALLEL)
    if not parallel.any():
        raise InputError(
            f"disk: polarisations {', '.join(tracked.polarisation)}; one of {', '.join(PARALLEL)} is needed"
        )
    value, weight = model_disk.mean_polarisation(tracked.value, tracked.weight, np.flatnonzero(parallel))
    return value, weight


def sky(tracked: Tracked, shortest: float, longest: float) -> tuple[Sky, float]:
    """Return what the fit looks at, baselines outside limits [wavelengths] without weight, and the size."""
    value, weight = stokes_i(tracked)
    wavenumber = tracked.frequency / SPEED_OF_LIGHT
    if shortest > 0 or np.isfinite(longest):
        length = np.linalg.norm(tracked.uv, axis=-1)[..., None] * wavenumber
        weight = np.where((length >= shortest) & (length <= longest), weight, np.float32(0))
    if not np.any(weight > 0):
        raise InputError("disk: no visibility has weight; look at flags and limits of baselines")
    diameter = float(np.median(tracked.angular_diameter))
    return Sky(
        value, weight, tracked.uv, tracked.drift, tracked.response, wavenumber,
        tracked.angular_diameter / diameter,
    ), diameter  # fmt: skip


def _linear(parts: Array) -> tuple[float, float]:
    total = parts.sum(axis=(0, 1))
    return float(total[0] / total[1]), float(1 / np.sqrt(total[1]))


def _settled(sky: Sky, start: Disk, shape: DiskTable, free: Free) -> tuple[Disk, Array, DiskTable]:
    """Return the disk after Gauss–Newton steps, its covariance (5, 5) and its table."""
    mask = np.array([True, free.diameter, free.exponent, free.position, free.position])
    now = start
    for _ in range(_ITERATIONS):
        matrix, gradient = model_disk.normal(sky, now, shape)
        step = np.zeros(5)
        step[mask] = np.linalg.solve(*_scaled(matrix[np.ix_(mask, mask)], gradient[mask]))
        size = np.sqrt(np.where(mask, np.diag(matrix), 1.0))
        step[mask] /= np.sqrt(np.diag(matrix)[mask])
        step[1] = np.clip(step[1], -0.3, 0.3)
        step[2] = max(step[2], -0.5 * now.exponent if now.exponent > 1e-4 else 0.0)
        now = Disk(
            now.flux_density + step[0], now.diameter * float(np.exp(step[1])), now.exponent + step[2],
            now.east + step[3], now.north + step[4],
        )  # fmt: skip
        if free.exponent:
            shape = model_disk.table_for(sky, now)
        if np.all(np.abs(step * size)[mask] < _SETTLED):
            return now, _covariance(matrix, now, mask), shape
    raise ConvergenceError(
        f"disk: not settled after {_ITERATIONS} steps; hold the place, the size or the limb fixed"
    )


def _scaled(matrix: Array, gradient: Array) -> tuple[Array, Array]:
    size = np.sqrt(np.diag(matrix))
    if not np.all(size > 0) or np.linalg.cond(matrix / np.outer(size, size)) > 1e12:
        raise ConvergenceError("disk: the data do not determine all parameters; hold one fixed")
    return matrix / np.outer(size, size), gradient / size


def _covariance(matrix: Array, found: Disk, mask: Array) -> Array:
    """Return the covariance (5, 5) of flux density, diameter, exponent, east and north."""
    out = np.zeros((5, 5))
    out[np.ix_(mask, mask)] = np.linalg.inv(matrix[np.ix_(mask, mask)])
    unit = np.array([1, found.diameter, 1, 1, 1])
    return np.asarray(out * np.outer(unit, unit))


def _jackknife(groups: list[Array], total: Array) -> float:
    """Return the standard deviation of the flux density from leaving out one group at a time."""
    left = np.array([(total - g)[:2] for g in groups if g[1] > 0])
    if len(left) < 2 or np.any(left[:, 1] <= 0):
        return float("nan")
    flux = left[:, 0] / left[:, 1]
    return float(np.sqrt((len(flux) - 1) / len(flux) * np.sum((flux - flux.mean()) ** 2)))
