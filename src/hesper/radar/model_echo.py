"""How strong an echo is: radar equation, noise temperatures, responses of the processing."""

from typing import NamedTuple

import numpy as np

from hesper.constants import BOLTZMANN, VENUS_RADIUS
from hesper.radar.data_settings import Scene, Stations, Waveform
from hesper.radar.model import hagfors, muhleman, wavelength
from hesper.record import Array


class Budget(NamedTuple):
    """What the radar equation says of every receiver."""

    power: Array
    """Whole echo (receiver,) [W]."""
    temperature: Array
    """Receiver, Venus and code self-noise (receiver,) [K]."""
    self_noise: Array
    """Of a random code (receiver,) [K]."""
    venus: Array
    """Thermal emission of the planet (receiver,) [K]."""
    scale: Array
    """Echo over noise in one Doppler cell per m² of radar cross-section (receiver,) [m-2]."""


def antenna_gain(diameter: float, efficiency: float, length: float) -> float:
    """Return the gain of a dish, η (πd/λ)²."""
    return float(efficiency * (np.pi * diameter / length) ** 2)


def reflectivity(incidence: Array | float, scene: Scene) -> Array:
    """Return σ0 of the recipe's law at incidences [rad]."""
    if scene.law == "muhleman":
        return muhleman(incidence, scale=scene.muhleman_scale, a=scene.muhleman_a)
    return hagfors(incidence, fresnel=scene.hagfors_fresnel, roughness=scene.hagfors_roughness)


def disk_reflectivity(scene: Scene) -> float:
    """Return the radar cross-section of the whole planet over πR², 2 ∫ σ0 sin θ dθ."""
    theta = (np.arange(20_000) + 0.5) * (np.pi / 2 / 20_000)
    return float(2 * np.sum(reflectivity(theta, scene) * np.sin(theta)) * (theta[1] - theta[0]))


def budget(stations: Stations, waveform: Waveform, scene: Scene, distance: float) -> Budget:
    """Return the radar equation's echo and noise of every receiver.

    Parameters
    ----------
    distance
        Of Venus [m].

    Notes
    -----
    P = P_t G A σ a/((4π)² D⁴); Venus adds A T_b Ω/λ²; the gates that are not looked at add, for a random
    code, white noise of T = P τ_b/k.
    """
    length = wavelength(waveform.frequency)
    gain = antenna_gain(stations.diameters[0], stations.efficiencies[0], length)
    aperture = np.array(
        [e * np.pi * d**2 / 4 for e, d in zip(stations.efficiencies, stations.diameters, strict=True)]
    )
    per_area = stations.power * gain * aperture * stations.absorption / ((4 * np.pi) ** 2 * distance**4)
    power = per_area * disk_reflectivity(scene) * np.pi * VENUS_RADIUS**2
    venus = aperture * stations.thermal * np.pi * (VENUS_RADIUS / distance) ** 2 / length**2
    own = power * waveform.baud / BOLTZMANN * (1.0 if waveform.code == "random" else 0.0)
    temperature = np.array(stations.temperatures) + venus + own
    return Budget(
        power, temperature, own, venus, per_area / (BOLTZMANN * temperature * waveform.doppler_cell)
    )


def droop(shift: Array | float, bandwidth: float) -> Array:
    """Return the amplitude that integrating over 1/bandwidth leaves of a Doppler shift [Hz], sinc(f/B)."""
    return np.sinc(np.asarray(shift) / bandwidth)


def alias_edge(rotation_rate: float, waveform: Waveform, reach: float) -> float:
    """Return |x| [m] beyond which folded echoes of a cap of radius `reach` [m] fall.

    The transform holds |x| ≤ λ N Δf/4ω; what lies beyond, up to the cap's edge, is folded back by the
    whole window.
    """
    half = wavelength(waveform.frequency) * waveform.doppler_cells * waveform.doppler_cell
    half /= 4 * rotation_rate
    return float(min(reach, 2 * half - reach)) if half < reach else float(reach)
