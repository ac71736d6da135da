"""The polarised limb: what a smooth dielectric sphere adds to Stokes Q and U of its thermal emission.

At emission angle θ a surface of permittivity ε emits 1 − R_v(θ) and 1 − R_h(θ) of a black body in the plane
of emission and across it. The mean is the disk that Stokes I shows; half the difference is polarised
radially: Q = P(θ) cos 2χ, U = P(θ) sin 2χ, χ the position angle of the point of the disk, north through east.
"""

import numpy as np

from hesper.physics import fresnel
from hesper.record import Array

_NODES = 100
_POINTS = 2048


def emissivity(sine: Array, permittivity: float) -> tuple[Array, Array]:
    """Return mean emissivity and radial polarisation, both of a black body's, at radius sin θ of the disk."""
    found = fresnel.reflectivity(np.arcsin(np.minimum(sine, 1.0)), permittivity)
    mean = 1 - (found.horizontal + found.vertical) / 2
    return np.asarray(mean), np.asarray((found.horizontal - found.vertical) / 2)


def visibility(argument: Array, permittivity: float) -> tuple[Array, Array]:
    """Return the visibilities of I and of the radial polarisation per unit of the flux density in I.

    Parameters
    ----------
    argument
        q = π θ |b|/λ, any shape.
    permittivity
        ε of the surface, real.

    Returns
    -------
    intensity, polarised
        A_I(q) = ∫ e J0(q x) x dx / ∫ e x dx and A_P(q) = ∫ P J2(q x) x dx / ∫ e x dx, x = sin θ. The
        visibility of Q is −A_P cos 2ψ and that of U −A_P sin 2ψ, ψ the position angle of the baseline.

    Notes
    -----
    A radial pattern keeps its form under the Fourier transform, with J2 for J0 and its sign changed:
    ∫ cos 2χ exp(i q x cos(χ − ψ)) dχ = −2π J2(q x) cos 2ψ. Davies & Gardner 1966 saw it.
    """
    from scipy.special import j0, j1

    node, weight = np.polynomial.legendre.leggauss(_NODES)
    angle = (node + 1) * np.pi / 4
    sine = np.sin(angle)
    area = weight * np.pi / 4 * sine * np.cos(angle)
    mean, radial = emissivity(sine, permittivity)
    q = np.abs(np.asarray(argument, float))
    whole = np.sum(area * mean)

    grid = np.linspace(0, max(float(q.max(initial=1.0)), 1.0), _POINTS)
    x = grid[:, None] * sine
    zeroth = j0(x)
    second = np.where(x > 1e-3, 2 * j1(x) / np.maximum(x, 1e-3) - zeroth, x**2 / 8)
    return (
        np.interp(q, grid, zeroth @ (area * mean) / whole),
        np.interp(q, grid, second @ (area * radial) / whole),
    )
