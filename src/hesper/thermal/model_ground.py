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
    return _uniform(frequency, cosine, source(frequency, temperature), permittivity)


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
    return _exponential(frequency, cosine, top, deep, permittivity, loss_depth)


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
    return _step(frequency, cosine, top, deep, permittivity, loss_depth)


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
    return _two_layers(frequency, cosine, top, deep, permittivity, deep_permittivity, loss_depth)


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
    return _buried_mirror(frequency, cosine, top, permittivity, loss_depth, mirror_reflectivity)


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
    return _emissivity_law(
        frequency, cosine, source(frequency, temperature), permittivity, wavelength, exponent
    )


def layers_incoherent(
    frequency: Array,
    cosine: Array,
    thickness: Array,
    permittivity: Array,
    loss_tangent: Array,
    temperature: Array,
) -> Ground:
    """Return emission and reflection of N layers over a half-space, their waves added in power.

    From the bottom up: the ground below an interface has reflectivity ρ and emission σ seen from within
    layer m; through the layer ρ′ = ρ t², σ′ = σ t + T (1 − t)(1 + ρ t); through its upper interface r + (1
    − r)² ρ′/(1 − rρ′) and (1 − r) σ′/(1 − rρ′).

    Parameters
    ----------
    thickness
        Of the layers from the top [m], shape (layer,).
    permittivity, loss_tangent, temperature
        Of the layers and of the half-space below them, shape (layer + 1,); temperature [K].
    """
    sources = np.array([source(frequency, float(t)) for t in temperature])
    return _layers_incoherent(frequency, cosine, thickness, permittivity, loss_tangent, sources)


def layers_coherent(
    frequency: Array,
    cosine: Array,
    thickness: Array,
    permittivity: Array,
    loss_tangent: Array,
    temperature: Array,
) -> Ground:
    """Return emission and reflection of N layers over a half-space, their waves added in amplitude.

    Tangential fields are carried from the half-space upward by characteristic matrices (Born & Wolf,
    section 1.6) with complex permittivity ε(1 + i tan δ). A layer emits its temperature times the fraction
    of a wave from above that it absorbs: the difference of the Poynting flux into and out of it (Kirchhoff,
    reciprocity).

    Parameters
    ----------
    thickness
        Of the layers from the top [m], shape (layer,).
    permittivity, loss_tangent, temperature
        Of the layers and of the half-space below them, shape (layer + 1,); temperature [K].
    """
    sources = np.array([source(frequency, float(t)) for t in temperature])
    complex_permittivity = np.asarray(permittivity) * (1 + 1j * np.asarray(loss_tangent))
    return _layers_coherent(frequency, cosine, thickness, complex_permittivity, sources)


@compiled
def _interface(cosine: float, above: float, below: float) -> tuple[float, float, float]:
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
def _optical_depth(frequency: float, permittivity: float, loss_depth: float, cosine: float) -> float:
    return float(
        2.0 * np.pi * frequency / SPEED_OF_LIGHT * np.sqrt(permittivity) * loss_depth / max(cosine, 1e-12)
    )


@compiled
def _uniform(frequency: Array, cosine: Array, top: Array, permittivity: float) -> Ground:
    emission = np.empty((2, frequency.size, cosine.size))
    reflectivity = np.empty_like(emission)
    for j in range(cosine.size):
        horizontal, vertical, _ = _interface(cosine[j], 1.0, permittivity)
        for i in range(frequency.size):
            reflectivity[0, i, j], reflectivity[1, i, j] = horizontal, vertical
            emission[0, i, j], emission[1, i, j] = (1 - horizontal) * top[i], (1 - vertical) * top[i]
    return Ground(emission, reflectivity)


@compiled
def _exponential(
    frequency: Array, cosine: Array, top: Array, deep: Array, permittivity: float, loss_depth: float
) -> Ground:
    emission = np.empty((2, frequency.size, cosine.size))
    reflectivity = np.empty_like(emission)
    for j in range(cosine.size):
        horizontal, vertical, refracted = _interface(cosine[j], 1.0, permittivity)
        for i in range(frequency.size):
            depth = _optical_depth(frequency[i], permittivity, loss_depth, refracted)
            inside = deep[i] + (top[i] - deep[i]) * depth / (1.0 + depth)
            reflectivity[0, i, j], reflectivity[1, i, j] = horizontal, vertical
            emission[0, i, j], emission[1, i, j] = (1 - horizontal) * inside, (1 - vertical) * inside
    return Ground(emission, reflectivity)


@compiled
def _step(
    frequency: Array, cosine: Array, top: Array, deep: Array, permittivity: float, loss_depth: float
) -> Ground:
    emission = np.empty((2, frequency.size, cosine.size))
    reflectivity = np.empty_like(emission)
    for j in range(cosine.size):
        horizontal, vertical, refracted = _interface(cosine[j], 1.0, permittivity)
        for i in range(frequency.size):
            left = np.exp(-_optical_depth(frequency[i], permittivity, loss_depth, refracted))
            inside = deep[i] * left + top[i] * (1.0 - left)
            reflectivity[0, i, j], reflectivity[1, i, j] = horizontal, vertical
            emission[0, i, j], emission[1, i, j] = (1 - horizontal) * inside, (1 - vertical) * inside
    return Ground(emission, reflectivity)


@compiled
def _slab(r: float, mirror: float, t: float, top: float, deep: float) -> tuple[float, float]:
    """Return emission and reflectivity of a slab of transmission t between interfaces r and mirror."""
    echoes = 1.0 - r * mirror * t * t
    emission = (1.0 - r) / echoes * (top * (1.0 - t) * (1.0 + mirror * t) + deep * (1.0 - mirror) * t)
    return emission, r + (1.0 - r) ** 2 * mirror * t * t / echoes


@compiled
def _two_layers(
    frequency: Array,
    cosine: Array,
    top: Array,
    deep: Array,
    permittivity: float,
    deep_permittivity: float,
    loss_depth: float,
) -> Ground:
    emission = np.empty((2, frequency.size, cosine.size))
    reflectivity = np.empty_like(emission)
    for j in range(cosine.size):
        upper_h, upper_v, refracted = _interface(cosine[j], 1.0, permittivity)
        lower_h, lower_v, _ = _interface(refracted, permittivity, deep_permittivity)
        for i in range(frequency.size):
            t = np.exp(-_optical_depth(frequency[i], permittivity, loss_depth, refracted))
            emission[0, i, j], reflectivity[0, i, j] = _slab(upper_h, lower_h, t, top[i], deep[i])
            emission[1, i, j], reflectivity[1, i, j] = _slab(upper_v, lower_v, t, top[i], deep[i])
    return Ground(emission, reflectivity)


@compiled
def _buried_mirror(
    frequency: Array, cosine: Array, top: Array, permittivity: float, loss_depth: float, mirror: float
) -> Ground:
    emission = np.empty((2, frequency.size, cosine.size))
    reflectivity = np.empty_like(emission)
    for j in range(cosine.size):
        upper_h, upper_v, refracted = _interface(cosine[j], 1.0, permittivity)
        for i in range(frequency.size):
            t = np.exp(-_optical_depth(frequency[i], permittivity, loss_depth, refracted))
            emission[0, i, j], reflectivity[0, i, j] = _slab(upper_h, mirror, t, top[i], top[i])
            emission[1, i, j], reflectivity[1, i, j] = _slab(upper_v, mirror, t, top[i], top[i])
    return Ground(emission, reflectivity)


@compiled
def _emissivity_law(
    frequency: Array, cosine: Array, top: Array, permittivity: float, wavelength: float, exponent: float
) -> Ground:
    emission = np.empty((2, frequency.size, cosine.size))
    reflectivity = np.empty_like(emission)
    for j in range(cosine.size):
        horizontal, vertical, _ = _interface(cosine[j], 1.0, permittivity)
        for i in range(frequency.size):
            law = 1.0 / (1.0 + (SPEED_OF_LIGHT / frequency[i] / wavelength) ** exponent)
            emission[0, i, j] = (1 - horizontal) * law * top[i]
            emission[1, i, j] = (1 - vertical) * law * top[i]
            reflectivity[0, i, j] = 1 - (1 - horizontal) * law
            reflectivity[1, i, j] = 1 - (1 - vertical) * law
    return Ground(emission, reflectivity)


@compiled
def _layers_incoherent(
    frequency: Array,
    cosine: Array,
    thickness: Array,
    permittivity: Array,
    loss_tangent: Array,
    sources: Array,
) -> Ground:
    emission = np.empty((2, frequency.size, cosine.size))
    reflectivity = np.empty_like(emission)
    count = thickness.size
    r = np.empty((2, count + 1))
    inner = np.empty(count + 1)
    for j in range(cosine.size):
        above, direction = 1.0, cosine[j]
        for m in range(count + 1):
            r[0, m], r[1, m], direction = _interface(direction, above, permittivity[m])
            inner[m], above = direction, permittivity[m]
        for i in range(frequency.size):
            for polarisation in range(2):
                rho = r[polarisation, count]
                sigma = (1.0 - rho) * sources[count, i]
                for m in range(count - 1, -1, -1):
                    loss = thickness[m] * loss_tangent[m]
                    t = np.exp(-_optical_depth(frequency[i], permittivity[m], loss, inner[m]))
                    sigma = sigma * t + sources[m, i] * (1.0 - t) * (1.0 + rho * t)
                    rho = rho * t * t
                    upper = r[polarisation, m]
                    echoes = 1.0 - upper * rho
                    sigma = (1.0 - upper) * sigma / echoes
                    rho = upper + (1.0 - upper) ** 2 * rho / echoes
                emission[polarisation, i, j], reflectivity[polarisation, i, j] = sigma, rho
    return Ground(emission, reflectivity)


@compiled
def _layers_coherent(
    frequency: Array, cosine: Array, thickness: Array, permittivity: Array, sources: Array
) -> Ground:
    emission = np.empty((2, frequency.size, cosine.size))
    reflectivity = np.empty_like(emission)
    count = thickness.size
    absorbed = np.empty(count + 1)
    # Time runs as e^−iωt: a decaying wave has Im q > 0.
    q = np.empty(count + 1, dtype=np.complex128)
    wave = np.empty(count, dtype=np.complex128)
    for j in range(cosine.size):
        sine2 = 1.0 - cosine[j] * cosine[j]
        for m in range(count + 1):
            q[m] = np.sqrt(permittivity[m] - sine2 + 0j)
        for i in range(frequency.size):
            k0 = 2.0 * np.pi * frequency[i] / SPEED_OF_LIGHT
            for m in range(count):
                wave[m] = np.exp(1j * k0 * q[m] * thickness[m])
            for polarisation in range(2):
                # Admittance: q for s, ε/q for p.
                electric = 1.0 + 0j
                magnetic = q[count] if polarisation == 0 else permittivity[count] / q[count]
                flux = magnetic.real
                absorbed[count] = flux
                for m in range(count - 1, -1, -1):
                    admittance = q[m] if polarisation == 0 else permittivity[m] / q[m]
                    # cos and sin of a complex phase with e^{|Im|} taken out: thick layers do not overflow.
                    half = wave[m]
                    turn = half * half
                    c, s = 0.5 * (turn + 1.0), 0.5 * (turn - 1.0)
                    electric, magnetic = (
                        c * electric - s / admittance * magnetic,
                        c * magnetic - s * admittance * electric,
                    )
                    size = np.abs(electric) + np.abs(magnetic)
                    electric, magnetic = electric / size, magnetic / size
                    # What was taken out, squared, for the fluxes below.
                    shrink = (half.real**2 + half.imag**2) / (size * size)
                    for below in range(m + 1, count + 1):
                        absorbed[below] *= shrink
                    inflow = (electric * np.conj(magnetic)).real
                    total = 0.0
                    for below in range(m + 1, count + 1):
                        total += absorbed[below]
                    absorbed[m] = inflow - total
                air = cosine[j] if polarisation == 0 else 1.0 / cosine[j]
                forward = 0.5 * (electric + magnetic / air)
                backward = 0.5 * (electric - magnetic / air)
                incident = air * (forward.real**2 + forward.imag**2)
                total = 0.0
                for m in range(count + 1):
                    total += absorbed[m] / incident * sources[m, i]
                emission[polarisation, i, j] = total
                reflectivity[polarisation, i, j] = (backward.real**2 + backward.imag**2) / (
                    forward.real**2 + forward.imag**2
                )
    return Ground(emission, reflectivity)
