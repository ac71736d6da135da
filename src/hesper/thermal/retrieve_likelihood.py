"""The probability of measured temperatures, given those of a model."""

import math
from typing import NamedTuple

import numpy as np

from hesper.compiled import compiled
from hesper.record import Array
from hesper.thermal.data import RadarReflectivities, Spectrum


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
def log_likelihood(model: Array, data: Data) -> float:
    """Return the log likelihood of a spectrum, the scale of each campaign marginalised.

    Detections d = (1 + s) m + noise with s ~ N(0, s_c): with a = Σ m²/σ², b = Σ m(d − m)/σ² over a campaign,
    −2 ln L = Σ [(d − m)²/σ² + ln 2πσ²] + Σ_c [ln(1 + s_c² a) − s_c² b²/(1 + s_c² a)].
    An upper limit adds ln Φ((limit − m)/σ): never a hard cut. Its scale error is added to σ in quadrature,
    and its correlation with the campaign's detections neglected.
    """
    a, b = np.zeros(data.scale_std.size), np.zeros(data.scale_std.size)
    total = 0.0
    for i in range(model.size):
        c = data.campaign[i]
        if data.is_limit[i]:
            spread = math.hypot(data.std[i], data.scale_std[c] * model[i])
            total += log_normal_cdf((data.value[i] - model[i]) / spread)
            continue
        weight = 1.0 / data.std[i] ** 2
        gap = data.value[i] - model[i]
        a[c] += model[i] ** 2 * weight
        b[c] += model[i] * gap * weight
        total -= 0.5 * (gap**2 * weight - math.log(weight / (2.0 * math.pi)))
    for c in range(a.size):
        s2 = data.scale_std[c] ** 2
        total -= 0.5 * (math.log(1.0 + s2 * a[c]) - s2 * b[c] ** 2 / (1.0 + s2 * a[c]))
    return total


@compiled
def chi_square(model: Array, data: Data) -> float:
    """Return Σ (d − m)²/σ² with campaign scales marginalised; a limit adds −2 ln Φ."""
    a, b = np.zeros(data.scale_std.size), np.zeros(data.scale_std.size)
    total = 0.0
    for i in range(model.size):
        c = data.campaign[i]
        if data.is_limit[i]:
            spread = math.hypot(data.std[i], data.scale_std[c] * model[i])
            total -= 2.0 * log_normal_cdf((data.value[i] - model[i]) / spread)
            continue
        weight = 1.0 / data.std[i] ** 2
        gap = data.value[i] - model[i]
        a[c] += model[i] ** 2 * weight
        b[c] += model[i] * gap * weight
        total += gap**2 * weight
    for c in range(a.size):
        s2 = data.scale_std[c] ** 2
        total -= s2 * b[c] ** 2 / (1.0 + s2 * a[c])
    return total


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
