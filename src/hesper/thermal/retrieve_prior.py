"""Priors of parameters: density, and the way from the unit cube."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from hesper.record import Array
from hesper.thermal.model_families import Parameter


def prior_transform(parameters: Sequence[Parameter]) -> Callable[[Array], Array]:
    """Return the map from the unit cube to parameters: uniform, or normal cut at the bounds."""
    low = np.array([p.low for p in parameters])
    high = np.array([p.high for p in parameters])
    mean = np.array([p.mean for p in parameters])
    normal = np.isfinite([p.std for p in parameters])
    std = np.where(normal, [p.std for p in parameters], 1.0)
    first, last = ndtr((low - mean) / std), ndtr((high - mean) / std)

    def transform(cube: Array) -> Array:
        bell = mean + std * ndtri(first + cube * (last - first))
        return np.asarray(np.where(normal, np.clip(bell, low, high), low + cube * (high - low)))

    return transform


def log_prior(parameters: Sequence[Parameter], values: Array) -> float:
    """Return the log prior density, normalised between the bounds."""
    total = 0.0
    for p, value in zip(parameters, values, strict=True):
        if math.isinf(p.std):
            total -= math.log(p.high - p.low)
        else:
            inside = math.log(ndtr((p.high - p.mean) / p.std) - ndtr((p.low - p.mean) / p.std))
            total -= 0.5 * ((value - p.mean) / p.std) ** 2 + math.log(p.std * math.sqrt(2 * math.pi)) + inside
    return total
