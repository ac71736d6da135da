"""The Young effect: the rotating Sun is a disk in Venus's sky, and its higher part lights more.

A. T. Young 1975, Icarus 24, 1. Signs and coefficient are derived here: the direction to an element of
the solar disk is i + a p̂ + b q̂, where p̂ is along ẑ × ŝ (ẑ: the Sun's spin axis, ŝ: from Sun to Venus).
Its light recedes with a/ρ times the limb velocity, and lights a facet in proportion to (n·direction)^k.
"""

import numpy as np

from hesper.compiled import compiled
from hesper.geometry.sphere import normalized
from hesper.record import Array

SUN_ROTATION = 2.972e-6
"""rad s-1; sidereal equatorial rotation of the photosphere, 14.71° per day (Snodgrass & Ulrich 1990)."""
SUN_AXIS_RA_DEC = (286.13, 63.87)
"""degrees, ICRF; north pole of the Sun (IAU WGCCRE 2009)."""


def limb_velocity(sun_radius: float, sun_distance: float, orbital_speed: float) -> float:
    """Return the line-of-sight velocity [m s-1] of the Sun's equatorial limb as Venus sees it.

    Ω R − v ρ: rotation less the perspective of Venus's own orbital motion (synodic rotation).

    Parameters
    ----------
    sun_radius, sun_distance
        [m].
    orbital_speed
        Transverse speed of Venus about the Sun [m s-1].
    """
    return SUN_ROTATION * sun_radius - orbital_speed * sun_radius / sun_distance


def coefficient(angular_radius: float, limb_speed: float, limb_darkening: float) -> float:
    """Return K = ρ v ⟨x²⟩ [m s-1], the amplitude of the effect for a scattering law ∝ cos(incidence).

    Parameters
    ----------
    angular_radius
        Radius ρ of the Sun's disk [rad].
    limb_speed
        From `limb_velocity` [m s-1].
    limb_darkening
        u of I = 1 − u + u μ; ⟨x²⟩ is 1/4 for u = 0 and 0.225 for u = 0.6.
    """
    mean_square = ((1 - limb_darkening) / 4 + 2 * limb_darkening / 15) / (
        (1 - limb_darkening) + 2 * limb_darkening / 3
    )
    return angular_radius * limb_speed * mean_square


def young_velocity(
    normal: Array,
    to_sun: Array,
    sun_axis: Array,
    *,
    angular_radius: float,
    limb_speed: float,
    limb_darkening: float = 0.6,
    exponent: float = 1.0,
) -> Array:
    """Return the spurious velocity [m s-1] by the integral over the solar disk, finite at the terminator.

    Parameters
    ----------
    normal
        Outward unit vectors (..., 3) of the scattering facets.
    to_sun, sun_axis
        Unit vectors (3,) toward the Sun's centre and of its spin axis, in the same frame.
    angular_radius
        Radius of the Sun's disk [rad].
    limb_speed
        From `limb_velocity` [m s-1].
    limb_darkening
        u of I = 1 − u + u μ.
    exponent
        k of the scattering law (cos incidence)^k.

    Returns
    -------
    Array
        Shape of `normal` without its last axis; NaN where no part of the Sun is above the horizon.
    """
    to_sun = normalized(to_sun)
    receding = normalized(np.cross(sun_axis, -to_sun))
    other = np.cross(to_sun, receding)
    normal = np.asarray(normal, float)
    flat = np.ascontiguousarray(normal.reshape(-1, 3))
    a, b, weight = _disk_nodes(limb_darkening)
    out = np.empty(len(flat))
    up, along, across = (np.ascontiguousarray(flat @ axis) for axis in (to_sun, receding, other))
    _integrate(up, along, across, a, b, weight, float(angular_radius), float(exponent), out)
    return limb_speed * out.reshape(normal.shape[:-1])


def _disk_nodes(limb_darkening: float) -> tuple[Array, Array, Array]:
    """Return quadrature nodes on the unit disk and weights that hold the limb darkening."""
    t, w = np.polynomial.legendre.leggauss(24)
    r = (t + 1) / 2
    angle = (np.arange(48) + 0.5) * (2 * np.pi / 48)
    brightness = 1 - limb_darkening + limb_darkening * np.sqrt(1 - r**2)
    weight = np.repeat(w * r * brightness, angle.size)
    return np.outer(r, np.cos(angle)).ravel(), np.outer(r, np.sin(angle)).ravel(), weight


@compiled
def _integrate(
    up: Array, receding: Array, other: Array, a: Array, b: Array, weight: Array,
    rho: float, exponent: float, out: Array,
) -> None:  # fmt: skip
    for i in range(up.size):
        light = 0.0
        moment = 0.0
        for j in range(a.size):
            cosine = up[i] + rho * (a[j] * receding[i] + b[j] * other[i])
            if cosine > 0.0:
                part = weight[j] * cosine**exponent
                light += part
                moment += part * a[j]
        out[i] = moment / light if light > 0.0 else np.nan
