"""Reflection and transmission at a plane interface."""

from typing import NamedTuple

import numpy as np

from hesper.record import Array


class Reflectivity(NamedTuple):
    """Power reflectivities of an interface for the two linear polarisations."""

    horizontal: Array
    """Electric field parallel to the surface (s, TE)."""
    vertical: Array
    """Electric field in the plane of incidence (p, TM)."""


def reflectivity(
    incidence: Array | float, permittivity: Array | complex, *, above: Array | complex = 1.0
) -> Reflectivity:
    """Return the Fresnel power reflectivities of a smooth surface.

    Parameters
    ----------
    incidence
        Angle between ray and normal in the upper medium [rad], any shape.
    permittivity
        Relative permittivity of the lower medium, complex with positive imaginary loss; broadcast.
    above
        Relative permittivity of the upper medium.

    Notes
    -----
    Born & Wolf, Principles of Optics, section 1.5.2.
    """
    cos_i = np.cos(np.asarray(incidence, dtype=float))
    n1, n2 = np.sqrt(np.asarray(above, dtype=complex)), np.sqrt(np.asarray(permittivity, dtype=complex))
    cos_t = np.sqrt(1 - (n1 / n2) ** 2 * (1 - cos_i**2))
    horizontal = (n1 * cos_i - n2 * cos_t) / (n1 * cos_i + n2 * cos_t)
    vertical = (n2 * cos_i - n1 * cos_t) / (n2 * cos_i + n1 * cos_t)
    return Reflectivity(np.abs(horizontal) ** 2, np.abs(vertical) ** 2)


def normal_reflectivity(permittivity: Array | complex) -> Array:
    """Return the power reflectivity |(1 − √ε)/(1 + √ε)|² at normal incidence."""
    index = np.sqrt(np.asarray(permittivity, dtype=complex))
    return np.asarray(np.abs((1 - index) / (1 + index)) ** 2)


def penetration_depth(
    wavelength: Array | float, permittivity: Array | float, loss_tangent: Array | float
) -> Array:
    """Return the depth [m] at which the power has fallen by e: δ = λ √ε′ / (2π ε″), ε″ = ε′ tan δ.

    Mohan et al. 2017, equation 1; for loss tangents much smaller than 1.
    """
    permittivity = np.asarray(permittivity)
    return np.asarray(
        np.asarray(wavelength) * np.sqrt(permittivity) / (2 * np.pi * permittivity * np.asarray(loss_tangent))
    )
