"""Thermal light of surface and atmosphere at the top of the clouds: adding and doubling, four numbers.

For a Lambert surface plane-parallel transfer is linear in what leaves the surface, so that four numbers
of each altitude hold all of it: radiance of the atmosphere above a black cold surface, transmission of
isotropic light from the surface, downward light of the atmosphere at the surface, and the albedo of
atmosphere and clouds seen from below.
"""

from typing import NamedTuple

import numpy as np

from hesper.constants import VENUS_RADIUS
from hesper.physics import atmosphere, planck
from hesper.physics.atmosphere import Profile
from hesper.record import Array
from hesper.units import cm, km, um

VIRA_ZERO = 6052.0 * km - VENUS_RADIUS
"""m; altitude above 6051.8 km at which VIRA counts 0."""
CLOUD_BASE, CLOUD_TOP = 48.0 * km, 70.0 * km
"""m; the main cloud deck (Esposito et al. 1983)."""
AMAGAT = 2.686_780_111e25
"""m-3; number density of the ideal gas at 273.15 K and 101325 Pa (CODATA 2018)."""
RAYLEIGH_CROSS_SECTION = 9.5e-28 * cm**2
"""m2 per molecule of CO2 at 1.01 µm: 24 π³ (n² − 1)² 1.14/(λ⁴ N² (n² + 2)²) with n − 1 = 4.41e-4."""
_STREAMS = 8
_DOUBLINGS = 26
_FINE = 0.1 * km
LOWEST, HIGHEST = -2.5 * km, 12.5 * km
"""m; altitudes above 6051.8 km for which the table is made."""


class Layers(NamedTuple):
    """Homogeneous layers from the top down, (layer,)."""

    absorption: Array
    """Optical depth of the gas in absorption."""
    rayleigh: Array
    """Optical depth in Rayleigh scattering."""
    cloud: Array
    """Optical depth of the cloud in extinction."""
    planck: Array
    """Mean Planck radiance [W m-2 sr-1 m-1]."""


class FourNumbers(NamedTuple):
    """What the atmosphere above each level does; the first two have a last axis of cosines of emission."""

    path: Array
    """Radiance at the top above a black cold surface [W m-2 sr-1 m-1]."""
    transmission: Array
    """Radiance at the top for one unit of isotropic radiance from the surface."""
    down: Array
    """Downward flux of the atmosphere at the level, over π [W m-2 sr-1 m-1]."""
    albedo: Array
    """Spherical albedo from below."""


class _Slab(NamedTuple):
    reflection: Array
    """(…, to, from)."""
    change: Array
    """Transmission less the unit matrix."""
    emission: Array


def levels() -> Array:
    """Return the levels [m] of the atmosphere from the top down; below 12.5 km the ground may be at each."""
    cloud = np.linspace(CLOUD_TOP, CLOUD_BASE, 23)
    middle = np.linspace(CLOUD_BASE, HIGHEST, 37)[1:]
    ground = np.linspace(HIGHEST, LOWEST, round((HIGHEST - LOWEST) / _FINE) + 1)[1:]
    return np.concatenate([cloud, middle, ground])


def layers(
    profile: Profile, edges: Array, *, absorption: float, cloud_depth: float, wavelength: float
) -> Layers:
    """Return the layers between levels.

    Parameters
    ----------
    profile
        Temperature and pressure over VIRA's zero.
    edges
        Altitudes above 6051.8 km [m], falling.
    absorption
        Coefficient α of the continuum of CO2, k = α ρ² [m-1 amagat-2].
    cloud_depth
        Optical depth of the clouds, spread evenly from 48 to 70 km.
    wavelength
        [m].

    Notes
    -----
    α is the one tunable number of the atmosphere: published values at 1.1 and 1.18 µm are 0.3 to 0.8e-9
    cm-1 amagat-2, at 1.02 µm the transmission asks for about 0.5e-10.
    """
    node, weight = np.polynomial.legendre.leggauss(4)
    top, bottom = edges[:-1, None], edges[1:, None]
    place = (top + bottom) / 2 + (top - bottom) / 2 * node
    flat = np.sort(place.ravel())
    state = atmosphere.at(profile, flat - VIRA_ZERO)
    order = np.argsort(np.argsort(place.ravel()))
    temperature = state.temperature[order].reshape(place.shape)
    pressure = state.pressure[order].reshape(place.shape)
    density = atmosphere.CO2_FRACTION * atmosphere.number_density(temperature, pressure)
    depth = (top - bottom)[:, 0]

    def mean(values: Array) -> Array:
        return np.asarray(values @ weight / 2)

    inside = np.clip(np.minimum(top, CLOUD_TOP) - np.maximum(bottom, CLOUD_BASE), 0.0, None)[:, 0]
    return Layers(
        absorption=absorption * depth * mean((density / AMAGAT) ** 2),
        rayleigh=RAYLEIGH_CROSS_SECTION * depth * mean(density),
        cloud=cloud_depth * inside / (CLOUD_TOP - CLOUD_BASE),
        planck=mean(planck.radiance_per_wavelength(wavelength, temperature)),
    )


def four_numbers(
    column: Layers, cosines: Array, *, cloud_albedo: float = 0.9999, cloud_asymmetry: float = 0.73
) -> FourNumbers:
    """Return the four numbers of the column above each level, (level,) or (level, cosine).

    Parameters
    ----------
    column
        Layers from the top down; level 0 is the top, level n the bottom of layer n.
    cosines
        Cosines of emission (cosine,).
    cloud_albedo, cloud_asymmetry
        Single-scattering albedo and Henyey–Greenstein asymmetry of the cloud.

    Notes
    -----
    Sixteen streams (double Gauss), δ-M (Wiscombe 1977), layers by doubling from 2⁻²⁶ of their depth,
    joined by adding (van de Hulst 1980, section 4.5). The cosines asked for are nodes of weight zero, which
    is the integration of the source function. A doubled slab is held as its transmission less the unit
    matrix, so that thin layers do not cancel.
    """
    node, weight = np.polynomial.legendre.leggauss(_STREAMS)
    cosine = np.concatenate([(node + 1) / 2, np.asarray(cosines, float)])
    weight = np.concatenate([weight / 2, np.zeros(np.size(cosines))])
    slabs = _doubled(column, cosine, weight, cloud_albedo, cloud_asymmetry)
    return _added(slabs, column, cosine, weight)


def _doubled(column: Layers, cosine: Array, weight: Array, albedo: float, asymmetry: float) -> _Slab:
    order = np.arange(2 * _STREAMS)
    forward = asymmetry ** (2 * _STREAMS)
    hazy = (asymmetry**order - forward) / (1 - forward)
    clear = np.where(order == 0, 1.0, np.where(order == 2, 0.1, 0.0))
    scattered = column.cloud * albedo * (1 - forward)
    extinction = column.absorption + column.rayleigh + column.cloud * (1 - albedo * forward)
    safe = np.where(extinction > 0, extinction, 1.0)
    # (2l + 1) χ_l of the mixture times its single-scattering albedo.
    moments = (scattered[:, None] * hazy + column.rayleigh[:, None] * clear) / safe[:, None] * (2 * order + 1)
    legendre = np.polynomial.legendre.legvander(cosine, 2 * _STREAMS - 1)
    same = np.einsum("kl,il,jl->kij", moments, legendre, legendre)
    other = np.einsum("kl,il,jl->kij", moments * (-1.0) ** order, legendre, legendre)
    thin = (extinction / 2.0**_DOUBLINGS)[:, None, None] / cosine[:, None]
    unit = np.eye(cosine.size)
    reflection = thin * other * weight / 2
    change = thin * (same * weight / 2 - unit)
    emission = thin[..., 0] * (1 - moments[:, :1]) * column.planck[:, None]
    for _ in range(_DOUBLINGS):
        twice = reflection @ reflection
        echoes = np.linalg.solve(unit - twice, np.concatenate([twice, reflection], axis=2))
        more, back = echoes[..., : cosine.size], echoes[..., cosine.size :]
        through = unit + change
        inward = emission + np.einsum("kij,kj->ki", reflection, emission)
        middle = inward + np.einsum("kij,kj->ki", more, inward)
        emission = emission + middle + np.einsum("kij,kj->ki", change, middle)
        reflection = reflection + through @ back @ through
        change = 2 * change + change @ change + through @ more @ through
    return _Slab(reflection, change, emission)


def _added(slabs: _Slab, column: Layers, cosine: Array, weight: Array) -> FourNumbers:
    size, asked = cosine.size, slice(_STREAMS, None)
    unit, flux = np.eye(size), 2 * cosine * weight
    below, upward = np.zeros((size, size)), np.eye(size)
    light, falling = np.zeros(size), np.zeros(size)
    rows = [(light[asked], upward[asked] @ np.ones(size), 0.0, 0.0)]
    for reflection, change, emission in zip(*slabs, strict=True):
        through = unit + change
        back = np.linalg.inv(unit - below @ reflection)
        down = back @ (falling + below @ emission)
        up = emission + reflection @ down
        light = light + upward @ up
        falling = emission + through @ down
        # Light that enters from below: what the stack above throws back comes through the layer again.
        upward = upward @ (unit + reflection @ back @ below) @ through
        below = reflection + through @ back @ below @ through
        ones = np.ones(size)
        rows.append((light[asked], upward[asked] @ ones, flux @ falling, flux @ (below @ ones)))
    path, transmission, falls, albedo = zip(*rows, strict=True)
    return FourNumbers(np.array(path), np.array(transmission), np.array(falls), np.array(albedo))


def leaving(emissivity: Array | float, planck_radiance: Array, down: Array, albedo: Array) -> Array:
    """Return the radiance J that leaves the surface: [ε B + (1 − ε) F]/[1 − r (1 − ε)].

    All reflections between a Lambert surface and the atmosphere are in it; exact in ε.
    """
    dark = 1 - np.asarray(emissivity)
    return np.asarray((emissivity * planck_radiance + dark * down) / (1 - albedo * dark))


def emissivity_of(leaving_radiance: Array, planck_radiance: Array, down: Array, albedo: Array) -> Array:
    """Return the emissivity ε = [J (1 − r) − F]/[B − F − r J], the inverse of `leaving`."""
    missing = planck_radiance - down - albedo * leaving_radiance
    return np.asarray((leaving_radiance * (1 - albedo) - down) / missing)


def sensitivity(emissivity: Array | float, planck_radiance: Array, down: Array, albedo: Array) -> Array:
    """Return ∂ ln J/∂ ln ε; its inverse amplifies errors of brightness.

    From J: ∂J/∂ε = (B (1 − r) − F)/(1 − r (1 − ε))².
    """
    dark = 1 - np.asarray(emissivity)
    slope = (planck_radiance * (1 - albedo) - down) / (1 - albedo * dark) ** 2
    return np.asarray(emissivity * slope / leaving(emissivity, planck_radiance, down, albedo))


def surface_planck(profile: Profile, altitude: Array, wavelength: float) -> Array:
    """Return the Planck radiance [W m-2 sr-1 m-1] at the temperature the air has at an altitude [m]."""
    flat = np.unique(altitude)
    warm = atmosphere.at(profile, flat - VIRA_ZERO).temperature
    radiance = planck.radiance_per_wavelength(wavelength, warm)
    return np.asarray(radiance[np.searchsorted(flat, altitude)])


def micrometre(radiance: Array | float) -> Array:
    """Return a radiance per metre of wavelength as one per micrometre."""
    return np.asarray(np.asarray(radiance) * um)
