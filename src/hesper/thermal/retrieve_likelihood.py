"""The probability of measured temperatures, given those of a model."""

import math
from typing import NamedTuple

import numpy as np

from hesper.compiled import compiled
from hesper.record import Array
from hesper.thermal.data import RadarReflectivities, Spectrum

_NODES, _WEIGHTS = (np.ascontiguousarray(part) for part in np.polynomial.legendre.leggauss(32))
_FALL = 40.0
"""The integral over a flux scale ends where its integrand has fallen by e^−40."""


class Data(NamedTuple):
    """A spectrum as arrays for the kernels."""

    value: Array
    """Measured temperature or limit [K], shape (datum,)."""
    std: Array
    """[K]."""
    is_limit: Array
    campaign: Array
    """Number of the campaign of each datum."""
    scale_std: Array
    """Relative standard deviation of the scale of each campaign; zeros: scales are exact."""


class Probability(NamedTuple):
    """Log likelihood of a spectrum, and its part that depends on how well the model fits."""

    log_likelihood: float
    chi_square: float
    """Σ (d − m)²/σ² − 2 Σ ln Φ, campaign scales marginalised."""


def arrays(table: Spectrum, *, scales: bool) -> Data:
    """Return a spectrum as arrays; without `scales`, flux scales are taken as exact."""
    names, first, number = np.unique(table.campaign, return_index=True, return_inverse=True)
    scale = np.array(table.campaign_scale_std[first]) * scales
    return Data(
        np.array(table.brightness_temperature),
        np.array(table.brightness_temperature_std),
        np.array(table.is_limit),
        np.asarray(number, dtype=np.int64).reshape(-1),
        scale.reshape(names.size),
    )


@compiled
def log_normal_cdf(z: float) -> float:
    """Return ln Φ(z); below −20 by its asymptotic series."""
    if z > -20.0:
        return math.log(0.5 * math.erfc(-z / math.sqrt(2.0)))
    square = z * z
    return (
        -0.5 * square
        - math.log(-z * math.sqrt(2.0 * math.pi))
        + math.log(1.0 - 1.0 / square + 3.0 / square**2)
    )


@compiled
def _limits_at(scale: float, c: int, model: Array, data: Data, mean: float, precision: float) -> float:
    """Return ln of N(s; mean, 1/precision) Π Φ((limit − (1 + s) m)/σ) over the limits of a campaign."""
    total = 0.5 * math.log(precision / (2.0 * math.pi)) - 0.5 * precision * (scale - mean) ** 2
    for i in range(model.size):
        if data.is_limit[i] and data.campaign[i] == c:
            total += log_normal_cdf((data.value[i] - (1.0 + scale) * model[i]) / data.std[i])
    return total


@compiled
def _log_limits(c: int, model: Array, data: Data, mean: float, precision: float) -> float:
    """Return ln ∫ N(s; mean, 1/precision) Π Φ((limit − (1 + s) m)/σ) ds over a campaign's limits.

    The integrand has one maximum (a product of log-concave functions), at or below `mean`. It is found by
    golden section; Gauss–Legendre on either side of it, out to where the integrand has fallen by e^−40.
    """
    width = 1.0 / math.sqrt(precision)
    low, high = mean - width, mean
    while _limits_at(low, c, model, data, mean, precision) > _limits_at(
        low + 1e-3 * width, c, model, data, mean, precision
    ):
        low -= 2.0 * (mean - low)
    ratio = 0.5 * (math.sqrt(5.0) - 1.0)
    for _ in range(40):
        span = ratio * (high - low)
        if _limits_at(high - span, c, model, data, mean, precision) > _limits_at(
            low + span, c, model, data, mean, precision
        ):
            high = low + span
        else:
            low = high - span
    peak = 0.5 * (low + high)
    top = _limits_at(peak, c, model, data, mean, precision)
    total = 0.0
    for side in (-1.0, 1.0):
        # The integrand falls at least as fast as the Gaussian: e^−40 within √80 widths.
        inner, outer = 0.0, math.sqrt(2.0 * _FALL) * width
        for _ in range(12):
            middle = 0.5 * (inner + outer)
            if _limits_at(peak + side * middle, c, model, data, mean, precision) < top - _FALL:
                outer = middle
            else:
                inner = middle
        for k in range(_NODES.size):
            place = peak + side * 0.5 * outer * (1.0 + _NODES[k])
            total += (
                0.5 * outer * _WEIGHTS[k] * math.exp(_limits_at(place, c, model, data, mean, precision) - top)
            )
    return top + math.log(total)


@compiled
def probability(model: Array, data: Data) -> Probability:
    """Return the log likelihood and χ² of a spectrum, the scale of each campaign marginalised.

    Detections d = (1 + s) m + noise with s ~ N(0, s_c): with a = Σ m²/σ², b = Σ m(d − m)/σ² over a campaign,
    −2 ln L = Σ [(d − m)²/σ² + ln 2πσ²] + Σ_c [ln(1 + s_c² a) − s_c² b²/(1 + s_c² a)]. What they leave open of
    s is N(s_c² b/(1 + s_c² a), s_c²/(1 + s_c² a)); an upper limit shares that s, and the limits of a campaign
    add ln ∫ N(s) Π Φ((limit − (1 + s) m)/σ) ds: never a hard cut.
    """
    campaigns = data.scale_std.size
    a, b, limits = np.zeros(campaigns), np.zeros(campaigns), np.zeros(campaigns, dtype=np.int64)
    chi_square, normalisation = 0.0, 0.0
    for i in range(model.size):
        c = data.campaign[i]
        if data.is_limit[i]:
            limits[c] += 1
            if data.scale_std[c] == 0.0:
                chi_square -= 2.0 * log_normal_cdf((data.value[i] - model[i]) / data.std[i])
            continue
        weight = 1.0 / data.std[i] ** 2
        gap = data.value[i] - model[i]
        a[c] += model[i] ** 2 * weight
        b[c] += model[i] * gap * weight
        chi_square += gap**2 * weight
        normalisation += math.log(2.0 * math.pi / weight)
    for c in range(campaigns):
        s2 = data.scale_std[c] ** 2
        if s2 == 0.0:
            continue
        left = s2 / (1.0 + s2 * a[c])
        chi_square -= left * b[c] ** 2
        normalisation += math.log(1.0 + s2 * a[c])
        if limits[c] > 0:
            chi_square -= 2.0 * _log_limits(c, model, data, left * b[c], 1.0 / left)
    return Probability(-0.5 * (chi_square + normalisation), chi_square)


def residuals(model: Array, data: Data) -> Array:
    """Return (d − m)/σ; for a limit −√(−2 ln Φ((limit − m)/σ))."""
    gap = (data.value - model) / data.std
    limits = np.array([-math.sqrt(max(-2 * log_normal_cdf(z), 0.0)) for z in gap])
    return np.where(data.is_limit, limits, gap)


def log_radar(reflectivity: Array, radar: RadarReflectivities) -> float:
    """Return the log likelihood of radar reflectivities at normal incidence; 0 where there are none."""
    std = radar.reflectivity_std
    gap = (radar.reflectivity - reflectivity) / std
    return float(-0.5 * np.sum(gap**2 + np.log(2 * np.pi * std**2)))
