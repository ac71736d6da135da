"""Families of grounds that a spectrum is compared with: their parameters, priors and functions."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.record import Array
from hesper.thermal import model, model_ground
from hesper.thermal.model_ground import Ground


class Parameter(NamedTuple):
    """A parameter of a fit and its prior: uniform between bounds, or normal where `std` is finite."""

    name: str
    unit: str
    low: float
    high: float
    mean: float = 0.0
    std: float = np.inf

    @property
    def label(self) -> str:
        """Name and unit."""
        return f"{self.name} [{self.unit}]"


class Family(NamedTuple):
    """A family of grounds."""

    name: str
    meaning: str
    parameters: tuple[Parameter, ...]
    ground: Callable[[Array, Array, float, Array], Ground]
    """(frequency [Hz], cosine of incidence, surface temperature [K], parameters) → ground."""
    loss_depth: int = -1
    """Which parameter is log10 of depth × loss tangent [m]; −1: none."""
    deep_temperature: int = -1
    """Which parameter is a temperature below [K]; −1: none."""
    permittivity: int = 0
    """Which parameter is the permittivity at that depth."""


PERMITTIVITY = Parameter("permittivity", "1", 1.5, 20.0, 4.25, 0.35)
"""Prior 4.25 ± 0.35 covers what radar and Magellan's radiometry give (4.0–4.5)."""
LOSS_DEPTH = Parameter("loss_depth", "log10 m", -3.0, 1.0)
"""Depth × loss tangent: from 1 cm at tan δ = 0.1 to 1 km at 0.01."""
DEEP_TEMPERATURE = Parameter("deep_temperature", "K", 0.0, 1000.0)


def _uniform(frequency: Array, cosine: Array, temperature: float, p: Array) -> Ground:
    return model_ground.uniform(frequency, cosine, temperature, p[0])


def _exponential(frequency: Array, cosine: Array, temperature: float, p: Array) -> Ground:
    return model_ground.exponential(frequency, cosine, temperature, p[0], p[1], 10.0 ** p[2])


def _step(frequency: Array, cosine: Array, temperature: float, p: Array) -> Ground:
    return model_ground.step(frequency, cosine, temperature, p[0], p[1], 10.0 ** p[2])


def _two_layers(frequency: Array, cosine: Array, temperature: float, p: Array) -> Ground:
    return model_ground.two_layers(frequency, cosine, temperature, p[0], p[1], 10.0 ** p[2], temperature)


def _buried_mirror(frequency: Array, cosine: Array, temperature: float, p: Array) -> Ground:
    return model_ground.buried_mirror(frequency, cosine, temperature, p[0], 10.0 ** p[1], p[2])


def _emissivity_law(frequency: Array, cosine: Array, temperature: float, p: Array) -> Ground:
    return model_ground.emissivity_law(frequency, cosine, temperature, p[0], 10.0 ** p[1], p[2])


FAMILIES = (
    Family("uniform", "isothermal half-space", (PERMITTIVITY,), _uniform),
    Family(
        "exponential",
        "half-space whose temperature tends to another one with depth",
        (PERMITTIVITY, DEEP_TEMPERATURE, LOSS_DEPTH),
        _exponential,
        loss_depth=2,
        deep_temperature=1,
    ),
    Family(
        "step",
        "half-space with another temperature below a depth",
        (PERMITTIVITY, DEEP_TEMPERATURE, LOSS_DEPTH),
        _step,
        loss_depth=2,
        deep_temperature=1,
    ),
    Family(
        "two layers",
        "isothermal layer over a denser half-space",
        (
            Parameter("permittivity", "1", 1.1, 6.0),
            Parameter("deep_permittivity", "1", 1.1, 20.0),
            LOSS_DEPTH,
        ),
        _two_layers,
        loss_depth=2,
    ),
    Family(
        "buried mirror",
        "isothermal ground over a reflector",
        (PERMITTIVITY, LOSS_DEPTH, Parameter("mirror_reflectivity", "1", 0.0, 1.0)),
        _buried_mirror,
        loss_depth=1,
    ),
    Family(
        "emissivity law",
        "emissivity falling as 1/(1 + (wavelength/scale)^exponent)",
        (
            PERMITTIVITY,
            Parameter("wavelength", "log10 m", -1.0, 1.5),
            Parameter("exponent", "1", 0.3, 6.0),
        ),
        _emissivity_law,
    ),
)
"""All families that the data are compared with."""
NAMES = tuple(family.name for family in FAMILIES)


def family(name: str) -> Family:
    """Return a family by its name.

    Raises
    ------
    InputError
        If there is no such family.
    """
    for candidate in FAMILIES:
        if candidate.name == name:
            return candidate
    raise InputError(f"family of grounds '{name}'; allowed: {', '.join(NAMES)}")


def temperatures(view: model.View, kind: Family, values: Array, is_planck: Array | bool) -> Array:
    """Return the brightness temperatures of the disk over a ground [K], each in its convention."""
    ground = kind.ground(view.frequency, view.cosine, view.surface_temperature, values)
    return model.disk_temperature(view, ground, is_planck)


def normal_reflectivity(kind: Family, frequency: Array, values: Array) -> Array:
    """Return the power reflectivity of a ground at normal incidence, shape (frequency,)."""
    nu = np.array(frequency, dtype=float)
    ground = kind.ground(nu, np.ones(1), 1.0, values)
    return np.asarray(ground.reflectivity[:, :, 0].mean(axis=0))
