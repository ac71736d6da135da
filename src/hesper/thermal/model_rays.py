"""Refracted rays through a spherical atmosphere, and the radiation along them."""

from typing import NamedTuple

import numpy as np

from hesper.compiled import compiled
from hesper.record import Array


class Rays(NamedTuple):
    """Rays that reach the surface, then rays that pass above it; dimension `ray` runs over both."""

    impact: Array
    """Impact parameter [m], shape (ray,)."""
    weight: Array
    """Weight of each ray in the integral of 2b db over the disk [m2], shape (ray,); 0 for rays of a map."""
    cosine: Array
    """Cosine of the angle of incidence at the surface, shape (surface ray,)."""
    length: Array
    """Length of the path in each layer, one way [m], shape (ray, layer)."""
    first: Array
    """Lowest layer of each ray, shape (ray,)."""
    fraction: Array
    """How far up in its lowest layer each ray begins, 0 to 1, shape (ray,)."""
    critical_impact: float
    """Least impact parameter of a ray that misses the surface [m]."""


class Beams(NamedTuple):
    """Radiation along rays, as Rayleigh–Jeans temperatures; all of shape (frequency, ray)."""

    up: Array
    """What the atmosphere sends to the observer [K]."""
    down: Array
    """What the atmosphere sends to the lowest point of the ray [K]."""
    transmission: Array
    """From the lowest point to the observer."""


def disk(radius: Array, index: Array, *, surface_rays: int = 16, limb_rays: int = 10) -> Rays:
    """Return the rays of a quadrature over the disk of a planet and over the limb of its atmosphere.

    ∫ f 2b db by Gauss–Legendre nodes, with b = b_c √(1 − t²) over the surface, which takes the square root
    of the limb away, and b = b_c + (b_top − b_c) u² above it.

    Parameters
    ----------
    radius
        Radii of the levels [m], shape (level,), rising; the first is the surface.
    index
        Refractive index at the levels, shape (level,).
    """
    critical = critical_impact(radius, index)
    top = float(radius[-1] * index[-1])
    t, t_weight = _unit_nodes(surface_rays)
    u, u_weight = _unit_nodes(limb_rays)
    surface = critical * np.sqrt(1 - t**2)
    limb = critical + (top - critical) * u**2
    weight = np.concatenate([critical**2 * 2 * t * t_weight, 2 * limb * (top - critical) * 2 * u * u_weight])
    return _rays(radius, index, surface, limb, weight)


def at(radius: Array, index: Array, impact: Array) -> Rays:
    """Return rays of given impact parameters [m], rising, for a map; see `disk`."""
    critical = critical_impact(radius, index)
    return _rays(radius, index, impact[impact < critical], impact[impact >= critical], np.zeros(impact.size))


def critical_impact(radius: Array, index: Array) -> float:
    """Return the least impact parameter [m] that misses the surface: the minimum of n(r) r (Bouguer)."""
    return float(np.min(radius * index))


def _unit_nodes(count: int) -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return 0.5 * (nodes + 1), 0.5 * weights


def _rays(radius: Array, index: Array, surface: Array, limb: Array, weight: Array) -> Rays:
    x = radius * index
    sine = surface / x[0]
    # n r is taken as linear in r within a layer; above the minimum it rises, so a limb ray turns once.
    lowest = int(np.argmin(x))
    first = lowest + np.clip(np.searchsorted(x[lowest:], limb, side="right") - 1, 0, x.size - 2 - lowest)
    fraction = np.clip((limb - x[first]) / (x[first + 1] - x[first]), 0.0, 1.0)
    return Rays(
        np.concatenate([surface, limb]),
        weight,
        np.sqrt(1 - sine**2),
        np.vstack([_lengths(radius, x, surface), _lengths(radius, x, limb)]),
        np.concatenate([np.zeros(surface.size, dtype=int), first]),
        np.concatenate([np.zeros(surface.size), fraction]),
        float(x.min()),
    )


def _lengths(radius: Array, x: Array, impact: Array) -> Array:
    """Return ∫ ds per layer, exact for x = n r linear in r: ds = x dr/s, ∫ = Δr/Δx (s₂ − s₁), s = √(x² − b²).

    Written with (x₁ + x₂)/(s₁ + s₂) = (s₂ − s₁)/(x₂ − x₁), which holds where n r is level. Layers below the
    turning point of a ray have no length.
    """
    lowest = int(np.argmin(x))
    b = impact[:, None]
    s = np.sqrt(np.maximum(x[None, :] ** 2 - b**2, 0.0))
    # A ray of the limb turns where n r = b above the minimum: below, even where n r > b, it is absent.
    misses = (b >= x[lowest]) & (np.arange(x.size - 1)[None, :] < lowest)
    begun = np.where(x[None, :-1] < b, b, x[None, :-1])
    dr_dx = np.diff(radius) / np.where(np.diff(x) == 0, np.inf, np.diff(x))
    whole = np.diff(radius) * (x[1:] + x[:-1]) / np.maximum(s[:, 1:] + s[:, :-1], 1e-30)
    part = dr_dx * s[:, 1:]
    length = np.where(begun > x[None, :-1], part, whole)
    return np.where(misses | (x[None, 1:] <= b), 0.0, length)


@compiled
def beams(
    absorption: Array,
    source: Array,
    length: Array,
    first: Array,
    fraction: Array,
    up: Array,
    down: Array,
    transmission: Array,
) -> None:
    """Solve the transfer along rays, layer by layer from the top; the source is linear in optical depth.

    A layer adds far (g − e) + near (1 − g), e = exp(−Δτ), g = (1 − e)/Δτ.

    Parameters
    ----------
    absorption
        Mean absorption coefficient of each layer [m-1], shape (frequency, layer).
    source
        Rayleigh–Jeans temperature of each level [K], shape (frequency, level).
    length, first, fraction
        As in `Rays`.
    up, down, transmission
        Filled, shape (frequency, ray): see `Beams`.
    """
    for i in range(absorption.shape[0]):
        # Layers at the top that, even along a tangent of 400 km each, come to 1e-6 together: less than 1 mK.
        top, thin = absorption.shape[1], 0.0
        while top > 0:
            thin += absorption[i, top - 1] * 4e5
            if thin > 1e-6:
                break
            top -= 1
        for j in range(length.shape[0]):
            begin, part = first[j], fraction[j]
            received, descending, left = 0.0, 0.0, 1.0
            for k in range(top - 1, begin - 1, -1):
                high, low = source[i, k + 1], source[i, k]
                if k == begin:
                    low += part * (high - low)
                depth = absorption[i, k] * length[j, k]
                if depth < 0.03:
                    # (1 − e^−x)/x to 1e-14 without the exponential, which costs more than all the rest.
                    g = 1.0 - depth * (
                        0.5
                        - depth * (1.0 / 6.0 - depth * (1.0 / 24.0 - depth * (1.0 / 120.0 - depth / 720.0)))
                    )
                    e = 1.0 - depth * g
                else:
                    e = np.exp(-depth)
                    g = (1.0 - e) / depth
                inner, outer = g - e, 1.0 - g
                received += left * (low * inner + high * outer)
                descending = descending * e + high * inner + low * outer
                left *= e
                if left < 1e-14:
                    # The surface is out of sight.
                    descending, left = 0.0, 0.0
                    break
            up[i, j], down[i, j], transmission[i, j] = received, descending, left
