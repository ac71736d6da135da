"""Patches → patches: law of backscatter, brightness, altitudes about the local centre of curvature."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hesper import fit, maps
from hesper.constants import VENUS_RADIUS
from hesper.errors import ConvergenceError, InputError
from hesper.radar.data_interferometer import (
    ALIASED,
    AMBIGUOUS,
    ELONGATED,
    UNSEEN,
    UNSOLVED,
    Backscatter,
    Curvature,
    Patches,
    Truth,
)
from hesper.radar.model import hagfors, muhleman
from hesper.record import Array
from hesper.units import deg

_Law = Callable[[Array, Array], Array]
_BAD = UNSEEN | ELONGATED | AMBIGUOUS | UNSOLVED | ALIASED
_SECTORS = 8
_DETERMINED = 0.5
"""Standard deviation of a parameter's logarithm from which on its error is no number of its own."""
_ONE_SIGMA = 0.841345
"""Part of a normal distribution below its mean plus one standard deviation."""


class _Annuli(NamedTuple):
    """Medians of reflectivity against incidence, (annulus,)."""

    incidence: Array
    level: Array
    std: Array
    n: Array


def reflectivity(given: Patches, scale: float) -> tuple[Array, Array]:
    """Return σ0 (side, cell) and its standard deviation.

    Parameters
    ----------
    scale
        Echo over noise per m² of cross-section in the first receiver, `model_echo.Budget.scale`.
    """
    per_signal = 1 / (scale * np.maximum(given.area, 1.0) * given.droop)
    return given.signal * per_signal, given.signal_std * per_signal


def backscatter(given: Patches, scale: float, *, width: float = 0.25 * deg) -> Backscatter:
    """Return the mean reflectivity against incidence, and Muhleman's and Hagfors' laws fitted to it.

    Parameters
    ----------
    scale
        As in `reflectivity`.
    width
        Of an annulus [rad].

    Raises
    ------
    InputError
        If fewer than four annuli hold ten patches.

    Notes
    -----
    The ground's own bright and dark regions are larger than patches: errors of the laws are a jackknife over
    eight sectors around the sub-radar point, where that says more than the scatter of the annuli. Where a
    parameter is known to no better than a factor e^½, k for all those a that annuli near one incidence allow,
    its standard deviation is infinite.
    """
    value, _ = reflectivity(given, scale)
    use = ((given.mask & _BAD) == 0) & np.isfinite(value)
    angle = np.broadcast_to(given.incidence, value.shape)[use]
    azimuth = np.arctan2(given.y * np.array([[1.0], [-1.0]]), given.x)[use]
    sector = ((azimuth / (2 * np.pi)) % 1.0 * _SECTORS).astype(int)
    found = _annuli(value[use], angle, width, given.n)
    if len(found.n) < 4:
        raise InputError(
            f"calibrate.backscatter: {len(found.n)} annuli of incidence hold ten patches that are solved and "
            f"told apart, north from south; at least 4 are needed, but {1 - use.mean():.0%} of the patches "
            "are not (runway, noise): give a longer or less noisy pass; 'hesper radar plan' predicts it"
        )
    parts = [_annuli(value[use][sector != k], angle[sector != k], width, given.n) for k in range(_SECTORS)]
    parts = [part for part in parts if len(part.n) >= 4]
    first, first_std = _fitted(found, parts, (np.log(0.01), np.log(0.1)), _log_muhleman)
    second, second_std = _fitted(found, parts, (np.log(0.1), np.log(100.0)), _log_hagfors)
    return Backscatter(
        incidence=found.incidence, reflectivity=found.level, reflectivity_std=found.std, n=found.n,
        muhleman=np.exp(first), muhleman_std=_scaled(first, first_std),
        muhleman_rms=_rms(found.level, _log_muhleman(found.incidence, first)),
        hagfors=np.exp(second), hagfors_std=_scaled(second, second_std),
        scale=scale,
        hagfors_rms=_rms(found.level, _log_hagfors(found.incidence, second)),
    )  # fmt: skip


def true_signal(given: Patches, known: Truth, scale: float) -> Patches:
    """Return patches with the echo that the true reflectivity of their places gives; NaN off its map.

    Parameters
    ----------
    scale
        As in `reflectivity`.

    Notes
    -----
    What `backscatter` makes of them is the law of the ground in view, its bright and dark regions among it:
    the law that the ground was made with holds on the average over a planet, not over one cap.
    """
    column, row = maps.coordinates(known.grid, given.lon, given.lat)
    seen = np.isfinite(column) & np.isfinite(row)
    at = [np.rint(np.where(seen, v, 0)).astype(int) for v in (row, column)]
    seen &= (at[0] >= 0) & (at[0] < len(known.grid.y)) & (at[1] >= 0) & (at[1] < len(known.grid.x))
    value = np.full(given.signal.shape, np.nan)
    value[seen] = known.reflectivity[at[0][seen], at[1][seen]]
    return dataclasses.replace(given, signal=value * scale * np.maximum(given.area, 1.0) * given.droop)


def _annuli(value: Array, angle: Array, width: float, looks: float) -> _Annuli:
    """Return the medians of annuli that hold ten patches."""
    bins = (angle / width).astype(int)
    rows = []
    for k in np.unique(bins):
        members, at = value[bins == k], angle[bins == k]
        if members.size >= 10 and np.median(members) > 0:
            spread = np.subtract(*np.percentile(members, [75, 25])) / 1.349
            # The median of a speckled value lies below its mean by a third of its relative variance.
            level = np.median(members) * (1 + 1 / (3 * max(looks, 1)))
            rows.append((np.mean(at), level, 1.2533 * spread / np.sqrt(members.size), members.size))
    incidence, level, std, n = np.reshape(rows, (-1, 4)).T
    return _Annuli(incidence, level, std, n.astype(np.int64))


def curvature(given: Patches) -> Curvature:
    """Fit offset, tilts and radius of the surface to which the altitudes are referred.

    Raises
    ------
    InputError
        If fewer than twenty patches have an altitude.

    Notes
    -----
    A rigid shift c of the sphere and a change dR of its radius add dR − c·r̂. a0 holds delay and radius, a1
    the centre of the Doppler axis, a2 the origin of the fringes, a3 the local radius of curvature.
    """
    x, y, value, std = _points(given)
    if len(value) < 20:
        raise InputError(
            f"calibrate.curvature: {len(value)} patches have an altitude; at least 20 are needed"
        )
    found = fit.huber(_surface(x, y), value, std)
    return Curvature(coefficients=found.value, coefficients_std=found.std, n=len(value))


def flattened(given: Patches, surface: Curvature) -> Patches:
    """Refer altitudes to the fitted surface."""
    side = np.array([[1.0], [-1.0]])
    reference = np.stack([_surface(given.x, s * given.y) @ surface.coefficients for s in side[:, 0]])
    return dataclasses.replace(given, altitude=given.altitude - reference)


def _points(given: Patches) -> tuple[Array, Array, Array, Array]:
    use = ((given.mask & _BAD) == 0) & np.isfinite(given.altitude) & (given.altitude_std > 0)
    x = np.broadcast_to(given.x, use.shape)
    y = np.stack([given.y, -given.y])
    return x[use], y[use], given.altitude[use], given.altitude_std[use]


def _surface(x: Array, y: Array) -> Array:
    u, v = x / VENUS_RADIUS, y / VENUS_RADIUS
    return np.stack([np.ones_like(u), u, v, (u**2 + v**2) / 2], axis=-1)


def _log_muhleman(incidence: Array, parameters: Array) -> Array:
    return np.log(muhleman(incidence, scale=np.exp(parameters[0]), a=np.exp(parameters[1])))


def _log_hagfors(incidence: Array, parameters: Array) -> Array:
    return np.log(hagfors(incidence, fresnel=np.exp(parameters[0]), roughness=np.exp(parameters[1])))


def _fitted(
    found: _Annuli, parts: list[_Annuli], start: tuple[float, float], law: _Law
) -> tuple[Array, Array]:
    """Return the logarithms of a law's two parameters, and standard deviations: infinite if undetermined."""
    whole = _fit(found, start, law)
    left = np.array(
        [part for part, _ in (_fit(part, start, law) for part in parts) if np.isfinite(part).all()]
    )
    if len(left) < _SECTORS // 2:
        return whole[0], np.full(2, np.inf)
    std = np.maximum(whole[1], np.sqrt((len(left) - 1) * left.var(axis=0)))
    return whole[0], np.where(std < _DETERMINED, std, np.inf)


def _fit(annuli: _Annuli, start: tuple[float, float], law: _Law) -> tuple[Array, Array]:
    """Return parameters and their standard deviations; NaN and infinity if the annuli do not settle them."""
    from scipy.special import stdtrit

    def residuals(parameters: Array) -> Array:
        away = np.log(annuli.level) - law(annuli.incidence, parameters)
        return np.asarray(away * annuli.level / annuli.std)

    try:
        found = fit.nonlinear(residuals, np.asarray(start))
    except ConvergenceError:
        return np.full(2, np.nan), np.full(2, np.inf)
    # Relief scatters annuli more than speckle does: the errors follow the scatter found, and Student's
    # distribution with it, for few annuli say little of their scatter.
    few = float(stdtrit(len(annuli.n) - 2, _ONE_SIGMA))
    return found.value, found.std * few * np.sqrt(max(found.reduced_chi2, 1.0))


def _scaled(log: Array, std: Array) -> Array:
    """Return standard deviations of parameters from their logarithms'."""
    return np.where(np.isfinite(std), np.exp(log) * std, np.inf)


def _rms(level: Array, log: Array) -> float:
    return float(np.sqrt(np.mean((np.log(level) - log) ** 2)))
