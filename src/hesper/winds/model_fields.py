"""Fields on the disk: brightness by a scattering law, winds, and the velocities they show."""

import math
from collections.abc import Callable

import numpy as np

from hesper.geometry import doppler, sphere, young
from hesper.record import Array
from hesper.units import deg
from hesper.winds.model import Aspect, Points

_YOUNG_EXACT_FROM = math.cos(80 * deg)
WindField = Callable[[Points, Aspect], Array]
"""Eastward, northward, upward velocity [m s-1] → vectors (..., 3); a field of unit amplitude."""
Scattering = Callable[[Array, Array, float], Array]
"""Cosines of incidence and emission, and an exponent → brightness."""


def minnaert(cos_incidence: Array, cos_emission: Array, exponent: float) -> Array:
    """Return the brightness max(μ0, 0)^k μ^(k−1) of Minnaert's law; k = 1 is Lambert's."""
    lit = np.clip(cos_incidence, 0, None)
    return np.asarray(lit**exponent * np.clip(cos_emission, 1e-3, None) ** (exponent - 1))


def lommel_seeliger(cos_incidence: Array, cos_emission: Array, exponent: float) -> Array:
    """Return the brightness μ0^k / (μ0 + μ), for k = 1 the law of Lommel and Seeliger."""
    lit = np.clip(cos_incidence, 0, None)
    return np.asarray(lit**exponent / np.maximum(lit + np.clip(cos_emission, 0, None), 1e-6))


SCATTERING: dict[str, Scattering] = {"minnaert": minnaert, "lommel-seeliger": lommel_seeliger}
"""Scattering laws by the names of recipes."""
OTHER_LAW: dict[str, Scattering] = {"minnaert": lommel_seeliger, "lommel-seeliger": minnaert}
"""The law that stands for the doubt on a law."""


def local_exponent(scattering: str, place: Points, exponent: float) -> Array:
    """Return d ln B/d ln μ0, on which the Young effect depends, at points of a named scattering law."""
    if scattering == "minnaert":
        return np.full_like(place.cos_incidence, exponent)
    lit = np.clip(place.cos_incidence, 0, None)
    return np.asarray(exponent - lit / np.maximum(lit + place.cos_emission, 1e-6))


def uniform(place: Points, view: Aspect) -> Array:
    """Return the eastward wind 1 at every latitude."""
    return doppler.wind_vector(place.lon, place.lat, np.ones_like(place.lat))


def cosine(place: Points, view: Aspect) -> Array:
    """Return the eastward wind cos(lat), which is solid-body rotation."""
    return doppler.wind_vector(place.lon, place.lat, np.cos(place.lat))


def constant_then_rigid(place: Points, view: Aspect) -> Array:
    """Return the eastward wind 1 up to 50° of latitude, constant angular velocity beyond (Peralta 2007)."""
    profile = np.minimum(1.0, np.cos(place.lat) / np.cos(50 * deg))
    return doppler.wind_vector(place.lon, place.lat, profile)


def jet(centre: float, width: float) -> WindField:
    """Return the field of a Gaussian eastward jet at ± a latitude [rad] with a standard deviation [rad]."""

    def field(place: Points, view: Aspect) -> Array:
        profile = np.exp(-0.5 * ((np.abs(place.lat) - centre) / width) ** 2)
        return doppler.wind_vector(place.lon, place.lat, profile)

    return field


def band(south: float, north: float) -> WindField:
    """Return the eastward wind 1 between two latitudes [rad] and 0 elsewhere."""

    def field(place: Points, view: Aspect) -> Array:
        inside = ((place.lat >= south) & (place.lat < north)).astype(float)
        return doppler.wind_vector(place.lon, place.lat, inside)

    return field


def poleward(place: Points, view: Aspect) -> Array:
    """Return the poleward wind sin(2 |lat|), the upper branch of a Hadley cell."""
    zero = np.zeros_like(place.lat)
    return doppler.wind_vector(place.lon, place.lat, zero, np.sin(2 * place.lat))


def antisolar(place: Points, view: Aspect) -> Array:
    """Return the flow away from the sub-solar point, sin(solar zenith angle)."""
    speed = np.sqrt(np.clip(1 - place.cos_incidence**2, 0, None))
    return doppler.antisolar_flow(place.lon, place.lat, speed, view.to_sun)


def upward(place: Points, view: Aspect) -> Array:
    """Return the upward wind 1 everywhere."""
    zero = np.zeros_like(place.lat)
    return doppler.wind_vector(place.lon, place.lat, zero, zero, np.ones_like(place.lat))


FIELDS: dict[str, WindField] = {
    "uniform": uniform,
    "cosine": cosine,
    "constant-angular-velocity": constant_then_rigid,
    "jet": jet(45 * deg, 8 * deg),
    "meridional": poleward,
    "antisolar": antisolar,
    "vertical": upward,
}
"""Wind fields of unit amplitude by the names of recipes."""


def reflected(field: WindField, place: Points, view: Aspect) -> Array:
    """Return the apparent velocity of a reflected solar line for a wind field: both legs."""
    return doppler.reflected_velocity(field(place, view), view.to_sun, view.to_observer)


def emitted(field: WindField, place: Points, view: Aspect) -> Array:
    """Return the apparent velocity of one of Venus's own lines for a wind field: one leg."""
    return doppler.emitted_velocity(field(place, view), view.to_observer)


def reflected_parallax(place: Points, view: Aspect) -> Array:
    """Return what the motion of the planet's centre adds away from the centre: −R n·(dê/dt + dî/dt) [m s-1].

    The lines of sight to the Sun and to the observer differ across the disk; with the transverse motions this
    is some metres per second from limb to limb, and exactly known.
    """
    return np.asarray(-view.radius * (place.normal @ view.direction_rate))


def emitted_parallax(place: Points, view: Aspect) -> Array:
    """Return the parallax velocity of Venus's own lines, −R n·dê/dt [m s-1]: the observer's leg alone."""
    return np.asarray(-view.radius * (place.normal @ view.observer_rate))


def young_velocity(place: Points, view: Aspect, exponent: Array | float) -> Array:
    """Return the Young effect [m s-1], 0 on the night side.

    Parameters
    ----------
    exponent
        k of brightness ∝ (cos incidence)^k, a number or one for each point.

    Notes
    -----
    Up to 80° from the sub-solar point V = k K n·p/(n·i), which there deviates from the integral over the
    solar disk by less than (ρ tan ζ)² = 0.1 %; beyond, the integral, tabulated over k where k varies.
    """
    small = young.coefficient(view.sun_angular_radius, view.sun_limb_speed, 0.6)
    axis = sphere.normalized(np.cross(view.sun_axis, -view.to_sun))
    k = np.broadcast_to(np.asarray(exponent, float), place.cos_incidence.shape)
    high = place.cos_incidence > _YOUNG_EXACT_FROM
    low = (place.cos_incidence > 0) & ~high
    out = np.zeros_like(place.cos_incidence)
    out[high] = k[high] * small * (place.normal[high] @ axis) / place.cos_incidence[high]
    if low.any():
        nodes = np.unique(k[low]) if np.ptp(k[low]) == 0 else np.linspace(k[low].min(), k[low].max(), 6)
        curves = np.array([_young_integral(place.normal[low], view, float(node)) for node in nodes])
        out[low] = _between(nodes, curves, k[low])
    return out


def _young_integral(normal: Array, view: Aspect, exponent: float) -> Array:
    return young.young_velocity(
        normal, view.to_sun, view.sun_axis,
        angular_radius=view.sun_angular_radius, limb_speed=view.sun_limb_speed, exponent=exponent,
    )  # fmt: skip


def _between(nodes: Array, curves: Array, at: Array) -> Array:
    """Interpolate curves (node, point) at one abscissa for each point, linearly."""
    if nodes.size == 1:
        return np.asarray(curves[0])
    place = np.clip((at - nodes[0]) / (nodes[1] - nodes[0]), 0, nodes.size - 1 - 1e-12)
    i = place.astype(int)
    index = np.arange(at.size)
    return np.asarray(curves[i, index] + (place - i) * (curves[i + 1, index] - curves[i, index]))
