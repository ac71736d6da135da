"""Polarised visibilities of the disk → permittivity of the surface.

Circular feeds record RL = Q + iU and LR = Q − iU. Turned by the baseline's position angle, −RL exp(−2iψ) and
−LR exp(+2iψ) of a radially polarised limb are real and the same function of the length of the baseline.
"""

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import ConvergenceError, InputError
from hesper.radio import model_limb
from hesper.radio.data_image import DiskFit, PermittivityFit, Tracked
from hesper.record import Array

_LOW, _HIGH = 1.05, 30.0
_STEP = 1e-3


def limb(tracked: Tracked, fitted: DiskFit) -> tuple[Array, Array, Array]:
    """Return real limb visibilities [Jy] with their weights and arguments q, all (time, baseline, channel).

    Parameters
    ----------
    tracked
        Visibilities with RL and LR, or Q and U, calibrated for leakage; feeds of GMRT and VLA turn with the
        parallactic angle, which must have been taken out.
    fitted
        Disk of the parallel hands: its place is used.
    """
    kinds = list(tracked.polarisation)
    wave = tracked.frequency / SPEED_OF_LIGHT
    away = 2 * np.pi * (tracked.uv @ fitted.offset)[..., None] * wave
    factor = tracked.response[:, None, :] * np.sinc(tracked.drift[..., None] * wave)
    twice = 2 * np.arctan2(tracked.uv[..., 0], tracked.uv[..., 1])[..., None]
    turned = tracked.value * (np.exp(-1j * away) / factor)[..., None]
    weight = tracked.weight * (factor**2)[..., None]
    if {"RL", "LR"} <= set(kinds):
        one, other = kinds.index("RL"), kinds.index("LR")
        value, total = _circular(
            turned[..., one], turned[..., other], weight[..., one], weight[..., other], twice
        )
    elif {"Q", "U"} <= set(kinds):
        one, other = kinds.index("Q"), kinds.index("U")
        value, total = _linear(
            turned[..., one], turned[..., other], weight[..., one], weight[..., other], twice
        )
    else:
        raise InputError(f"permittivity: polarisations {', '.join(kinds)}; RL and LR, or Q and U, are needed")
    q = np.pi * fitted.angular_diameter * np.linalg.norm(tracked.uv, axis=-1)[..., None] * wave
    return value, total, np.asarray(q)


def _circular(rl: Array, lr: Array, rl_weight: Array, lr_weight: Array, twice: Array) -> tuple[Array, Array]:
    """Return the weighted mean of the two real parts and its weight."""
    total = rl_weight + lr_weight
    value = rl_weight * (-rl * np.exp(-1j * twice)).real + lr_weight * (-lr * np.exp(1j * twice)).real
    return value / np.where(total > 0, total, 1), total


def _linear(q: Array, u: Array, q_weight: Array, u_weight: Array, twice: Array) -> tuple[Array, Array]:
    """Return the radial part of Q and U and its weight; none where one of them is missing."""
    both = (q_weight > 0) & (u_weight > 0)
    variance = np.cos(twice) ** 2 / np.where(both, q_weight, 1) + np.sin(twice) ** 2 / np.where(
        both, u_weight, 1
    )
    return -(q * np.cos(twice) + u * np.sin(twice)).real, np.where(both, 1 / variance, 0.0)


def permittivity(tracked: Tracked, fitted: DiskFit) -> PermittivityFit:
    """Fit ε to the polarised limb; flux density, place and size are those of the parallel hands.

    Raises
    ------
    InputError
        If the cross hands are missing or have no weight.
    ConvergenceError
        If the limb's polarisation is none that a surface of ε between 1.05 and 30 has.

    Notes
    -----
    Scalar minimisation of χ² = Σ w (V − S A_P(q; ε))²; the standard deviation is that of the curvature,
    scaled with √(χ²/dof) where that is above 1, with the error of S in it.
    """
    from scipy.optimize import minimize_scalar

    value, weight, q = limb(tracked, fitted)
    used = weight > 0
    if not used.any():
        raise InputError("permittivity: no cross-hand visibility has weight; look at the flags")
    data, mass, place = value[used], weight[used], q[used]

    def chi2(log_excess: float) -> float:
        model = fitted.flux_density * model_limb.visibility(place, 1 + np.exp(log_excess))[1]
        return float(np.sum(mass * (data - model) ** 2))

    span = (float(np.log(_LOW - 1)), float(np.log(_HIGH - 1)))
    best = minimize_scalar(chi2, bounds=span, method="bounded", options={"xatol": 1e-6})
    if min(best.x - span[0], span[1] - best.x) < 1e-3:
        raise ConvergenceError(
            f"permittivity: the fit ends at ε = {1 + np.exp(best.x):.2f}, its bound; the limb's polarisation "
            "is lost in noise or in leakage"
        )
    epsilon = float(1 + np.exp(best.x))
    low, high = (model_limb.visibility(place, epsilon * f)[1] for f in (1 - _STEP, 1 + _STEP))
    slope = fitted.flux_density * (high - low) / (2 * _STEP * epsilon)
    middle = model_limb.visibility(place, epsilon)[1]
    information = float(np.sum(mass * slope**2))
    dof = max(data.size - 1, 1)
    reduced = float(best.fun) / dof
    by_flux = float(np.sum(mass * slope * middle)) / information * fitted.flux_density_std
    return PermittivityFit(
        permittivity=epsilon,
        permittivity_std=float(np.sqrt(max(reduced, 1.0) / information + by_flux**2)),
        reduced_chi2=reduced,
        n=int(data.size),
    )
