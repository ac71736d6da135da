"""Emission and reflection of the ground: families of what may lie below the surface.

Every function returns what a smooth surface emits and reflects at given angles in both linear
polarisations. With one temperature everywhere emission + reflectivity × that temperature is that
temperature (Kirchhoff), in every family. Permittivities are relative to the gas above, as those derived
from radar reflectivity are.

The loss of a layer enters only as thickness × loss tangent: κ d = 2π √ε′ (d tan δ)/λ, κ = 1/δ of Mohan et
al. 2017, equation 1. That product [m] is called `loss_depth`.
"""

from typing import NamedTuple

import numpy as np

from hesper.compiled import compiled
from hesper.constants import BOLTZMANN, PLANCK, SPEED_OF_LIGHT
from hesper.physics.planck import rayleigh_jeans_temperature
from hesper.record import Array


class Ground(NamedTuple):
    """What the ground emits and reflects, shape (polarisation, frequency, ray): horizontal (s), vertical."""

    emission: Array
    """Rayleigh–Jeans temperature of the emission [K]."""
    reflectivity: Array
    """Power reflectivity."""


def source(frequency: Array, temperature: float) -> Array:
    """Return the Rayleigh–Jeans temperature [K] of a black body at each frequency; 0 at 0 K."""
    # Below hν/700k the exponential overflows, and J is 0 to all digits.
    floor = PLANCK / (700.0 * BOLTZMANN) * frequency
    return rayleigh_jeans_temperature(frequency, np.maximum(floor, temperature))


def uniform(frequency: Array, cosine: Array, temperature: float, permittivity: float) -> Ground:
    """Return emission (1 − R) T and reflectivity R of an isothermal half-space.

    Parameters
    ----------
    frequency
        [Hz], shape (frequency,).
    cosine
        Cosine of the angle of incidence, shape (ray,).
    temperature
        [K].
    permittivity
        Relative, real.
    """
    inside = source(frequency, temperature)[:, None]
    return _half_space(cosine, inside, permittivity, np.ones(frequency.size))


def exponential(
    frequency: Array,
    cosine: Array,
    temperature: float,
    permittivity: float,
    deep_temperature: float,
    loss_depth: float,
) -> Ground:
    """Return the emission of a half-space with T(z) = T∞ + (T₀ − T∞) e^{−z/h}.

    E = (1 − R) [T∞ + (T₀ − T∞)/(1 + cos θₜ/(κ h))].

    Parameters
    ----------
    deep_temperature
        T∞ [K].
    loss_depth
        h tan δ [m].
    """
    top, deep = source(frequency, temperature), source(frequency, deep_temperature)
    depth = _inner_depth(frequency, cosine, permittivity, loss_depth)
    inside = deep[:, None] + (top - deep)[:, None] * depth / (1.0 + depth)
    return _half_space(cosine, inside, permittivity, np.ones(frequency.size))


def step(
    frequency: Array,
    cosine: Array,
    temperature: float,
    permittivity: float,
    deep_temperature: float,
    loss_depth: float,
) -> Ground:
    """Return the emission of a half-space that is at T₀ to a depth d and at T₁ below.

    E = (1 − R) [T₁ + (T₀ − T₁)(1 − e^{−κ d/cos θₜ})].

    Parameters
    ----------
    deep_temperature
        T₁ [K].
    loss_depth
        d tan δ [m].
    """
    top, deep = source(frequency, temperature), source(frequency, deep_temperature)
    left = np.exp(-_inner_depth(frequency, cosine, permittivity, loss_depth))
    inside = deep[:, None] * left + top[:, None] * (1.0 - left)
    return _half_space(cosine, inside, permittivity, np.ones(frequency.size))


def two_layers(
    frequency: Array,
    cosine: Array,
    temperature: float,
    permittivity: float,
    deep_permittivity: float,
    loss_depth: float,
    deep_temperature: float,
) -> Ground:
    """Return emission and reflection of a layer over a half-space, their waves added in power.

    t = e^{−κ₁ d/cos θ₁}, R = R₀₁ + (1 − R₀₁)² R₁₂ t²/(1 − R₀₁R₁₂t²),
    E = (1 − R₀₁)/(1 − R₀₁R₁₂t²) [T₁(1 − t)(1 + R₁₂t) + T₂(1 − R₁₂)t] (Warnock & Dickel 1972, in power).

    Parameters
    ----------
    permittivity, deep_permittivity
        Of the layer and of the half-space.
    loss_depth
        Thickness of the layer times its loss tangent [m].
    deep_temperature
        Of the half-space [K].
    """
    top, deep = source(frequency, temperature), source(frequency, deep_temperature)
    depth = _inner_depth(frequency, cosine, permittivity, loss_depth)
    mirror = _lower_interface(cosine, permittivity, deep_permittivity)
    return _slabs(cosine, depth, top, deep, permittivity, mirror)


def buried_mirror(
    frequency: Array,
    cosine: Array,
    temperature: float,
    permittivity: float,
    loss_depth: float,
    mirror_reflectivity: float,
) -> Ground:
    """Return emission and reflection of an isothermal ground with a reflector at a depth d.

    As `two_layers`, with R₁₂ free and equal for all angles and both polarisations.
    """
    top = source(frequency, temperature)
    depth = _inner_depth(frequency, cosine, permittivity, loss_depth)
    mirror = np.full((2, cosine.size), mirror_reflectivity)
    return _slabs(cosine, depth, top, top, permittivity, mirror)


def emissivity_law(
    frequency: Array,
    cosine: Array,
    temperature: float,
    permittivity: float,
    wavelength: float,
    exponent: float,
) -> Ground:
    """Return an empirical emissivity (1 − R)/(1 + (λ/λ₀)^p); what is not emitted is reflected.

    Parameters
    ----------
    wavelength
        λ₀ [m].
    exponent
        p.
    """
    kept = 1.0 / (1.0 + (SPEED_OF_LIGHT / frequency / wavelength) ** exponent)
    return _half_space(cosine, source(frequency, temperature)[:, None], permittivity, kept)


@compiled
def interface(cosine: float, above: float, below: float) -> tuple[float, float, float]:
    """Return R horizontal, R vertical and the cosine of the refracted ray, for real permittivities."""
    sine2 = (1.0 - cosine * cosine) * above / below
    if sine2 >= 1.0:
        return 1.0, 1.0, 0.0
    refracted = np.sqrt(1.0 - sine2)
    n1, n2 = np.sqrt(above), np.sqrt(below)
    horizontal = (n1 * cosine - n2 * refracted) / (n1 * cosine + n2 * refracted)
    vertical = (n2 * cosine - n1 * refracted) / (n2 * cosine + n1 * refracted)
    return horizontal * horizontal, vertical * vertical, refracted


@compiled
def optical_depth(frequency: Array, permittivity: float, loss_depth: float, cosine: Array) -> Array:
    """Return κ d/cos θ of a layer, for numbers or arrays that go together."""
    per_metre = 2.0 * np.pi / SPEED_OF_LIGHT * np.sqrt(permittivity) * loss_depth
    depth: Array = frequency * per_metre / np.maximum(cosine, 1e-12)
    return depth


def _inner_depth(frequency: Array, cosine: Array, permittivity: float, loss_depth: float) -> Array:
    """Return κ d/cos θₜ below a surface, shape (frequency, ray); θₜ by Snell's law."""
    refracted = np.sqrt(1.0 - (1.0 - cosine * cosine) / permittivity)
    return np.asarray(optical_depth(frequency[:, None], permittivity, loss_depth, refracted[None, :]))


@compiled
def _half_space(cosine: Array, inside: Array, permittivity: float, kept: Array) -> Ground:
    """Return (1 − R) f J and 1 − (1 − R) f, with J what comes up from inside and f the part let through.

    Parameters
    ----------
    inside
        J [K], shape (frequency, ray) or (frequency, 1).
    kept
        f, shape (frequency,).
    """
    emission = np.empty((2, inside.shape[0], cosine.size))
    reflectivity = np.empty_like(emission)
    for j in range(cosine.size):
        horizontal, vertical, _ = interface(cosine[j], 1.0, permittivity)
        ray = min(j, inside.shape[1] - 1)
        for i in range(inside.shape[0]):
            through_h, through_v = (1.0 - horizontal) * kept[i], (1.0 - vertical) * kept[i]
            emission[0, i, j], reflectivity[0, i, j] = through_h * inside[i, ray], 1.0 - through_h
            emission[1, i, j], reflectivity[1, i, j] = through_v * inside[i, ray], 1.0 - through_v
    return Ground(emission, reflectivity)


@compiled
def _lower_interface(cosine: Array, permittivity: float, deep_permittivity: float) -> Array:
    """Return R of the interface below a layer for rays that reach its top, shape (polarisation, ray)."""
    mirror = np.empty((2, cosine.size))
    for j in range(cosine.size):
        refracted = interface(cosine[j], 1.0, permittivity)[2]
        mirror[0, j], mirror[1, j], _ = interface(refracted, permittivity, deep_permittivity)
    return mirror


@compiled
def _slabs(
    cosine: Array, depth: Array, top: Array, deep: Array, permittivity: float, mirror: Array
) -> Ground:
    """Return emission and reflectivity of a layer of optical depth `depth` over a reflector.

    Parameters
    ----------
    depth
        Shape (frequency, ray).
    mirror
        R of the reflector, shape (polarisation, ray).
    """
    emission = np.empty((2, *depth.shape))
    reflectivity = np.empty_like(emission)
    upper = np.empty(2)
    for j in range(cosine.size):
        upper[0], upper[1], _ = interface(cosine[j], 1.0, permittivity)
        for i in range(depth.shape[0]):
            t = np.exp(-depth[i, j])
            for k in range(2):
                r, m = upper[k], mirror[k, j]
                echoes = 1.0 - r * m * t * t
                inside = top[i] * (1.0 - t) * (1.0 + m * t) + deep[i] * (1.0 - m) * t
                emission[k, i, j] = (1.0 - r) / echoes * inside
                reflectivity[k, i, j] = r + (1.0 - r) ** 2 * m * t * t / echoes
    return Ground(emission, reflectivity)
