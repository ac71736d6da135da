"""Patches → patches: law of backscatter, brightness, altitudes about the local centre of curvature."""

import dataclasses
from collections.abc import Callable

import numpy as np

from hesper import fit
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.radar.data_interferometer import (
    ALIASED,
    AMBIGUOUS,
    ELONGATED,
    UNSEEN,
    UNSOLVED,
    Backscatter,
    Curvature,
    Patches,
)
from hesper.radar.model import hagfors, muhleman
from hesper.record import Array
from hesper.units import deg

_Law = Callable[[Array, Array], Array]
_BAD = UNSEEN | ELONGATED | AMBIGUOUS | UNSOLVED | ALIASED


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
    """
    value, _ = reflectivity(given, scale)
    use = ((given.mask & _BAD) == 0) & np.isfinite(value)
    angle = np.broadcast_to(given.incidence, value.shape)
    bins = (angle[use] / width).astype(int)
    rows = []
    for k in np.unique(bins):
        members, at = value[use][bins == k], angle[use][bins == k]
        if members.size >= 10 and np.median(members) > 0:
            spread = np.subtract(*np.percentile(members, [75, 25])) / 1.349
            # The median of a speckled value lies below its mean by a third of its relative variance.
            level = np.median(members) * (1 + 1 / (3 * max(given.n, 1)))
            rows.append((np.mean(at), level, 1.2533 * spread / np.sqrt(members.size), members.size))
    if len(rows) < 4:
        raise InputError(
            f"calibrate.backscatter: {len(rows)} annuli of incidence hold ten patches; at least 4 are needed"
        )
    incidence, level, std, n = np.transpose(rows)
    first = _fit(incidence, level, std, (np.log(0.01), np.log(0.1)), _log_muhleman)
    second = _fit(incidence, level, std, (np.log(0.1), np.log(100.0)), _log_hagfors)
    return Backscatter(
        incidence=incidence, reflectivity=level, reflectivity_std=std, n=n.astype(np.int64),
        muhleman=np.exp(first.value), muhleman_std=np.exp(first.value) * first.std,
        muhleman_rms=_rms(level, _log_muhleman(incidence, first.value)),
        hagfors=np.exp(second.value), hagfors_std=np.exp(second.value) * second.std,
        scale=scale,
        hagfors_rms=_rms(level, _log_hagfors(incidence, second.value)),
    )  # fmt: skip


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


def _fit(incidence: Array, level: Array, std: Array, start: tuple[float, float], law: _Law) -> fit.Estimate:
    def residuals(parameters: Array) -> Array:
        return np.asarray((np.log(level) - law(incidence, parameters)) * level / std)

    found = fit.nonlinear(residuals, np.asarray(start))
    # Relief scatters annuli more than speckle does: the errors follow the scatter found.
    return found._replace(covariance=found.covariance * max(found.reduced_chi2, 1.0))


def _rms(level: Array, log: Array) -> float:
    return float(np.sqrt(np.mean((np.log(level) - log) ** 2)))
