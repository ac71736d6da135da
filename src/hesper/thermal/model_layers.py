"""Emission and reflection of N layers over a half-space, their waves added in power or in amplitude."""

import numpy as np

from hesper.compiled import compiled
from hesper.constants import SPEED_OF_LIGHT
from hesper.record import Array
from hesper.thermal.model_ground import Ground, interface, optical_depth, source


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
            r[0, m], r[1, m], direction = interface(direction, above, permittivity[m])
            inner[m], above = direction, permittivity[m]
        for i in range(frequency.size):
            for polarisation in range(2):
                rho = r[polarisation, count]
                sigma = (1.0 - rho) * sources[count, i]
                for m in range(count - 1, -1, -1):
                    loss = thickness[m] * loss_tangent[m]
                    t = np.exp(-optical_depth(frequency[i], permittivity[m], loss, inner[m]))
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
