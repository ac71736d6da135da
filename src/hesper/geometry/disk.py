"""Visibilities of disks on the sky."""

import numpy as np

from hesper.record import Array


def uniform_disk_visibility(argument: Array | float) -> Array:
    """Return 2 J₁(q)/q, the visibility of a uniform disk of unit flux density.

    Parameters
    ----------
    argument
        q = π θ √(u² + v²): θ the diameter [rad], u and v in wavelengths; any shape.

    Notes
    -----
    First null at q = 3.8317. The Hankel transform of the circle function (Bracewell, The Fourier
    transform and its applications, chapter 13).
    """
    return limb_darkened_disk_visibility(argument, 0.0)


def limb_darkened_disk_visibility(argument: Array | float, exponent: float) -> Array:
    """Return Γ(k+1) (2/q)^k J_k(q), k = 1 + p/2: the visibility of a disk with brightness ∝ μ^p.

    Parameters
    ----------
    argument
        q = π θ √(u² + v²), any shape.
    exponent
        p ≥ 0; μ is the cosine of the emission angle.

    Notes
    -----
    Sonine's first integral (Watson, Theory of Bessel functions, section 12.11).
    """
    from scipy.special import gamma, jv

    q = np.abs(np.asarray(argument, dtype=float))
    order = 1 + exponent / 2
    safe = np.where(q > 1e-3, q, 1.0)
    series = 1 - q**2 / (4 * (order + 1)) + q**4 / (32 * (order + 1) * (order + 2))
    return np.asarray(np.where(q > 1e-3, gamma(order + 1) * (2 / safe) ** order * jv(order, safe), series))
