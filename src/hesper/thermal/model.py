"""The brightness temperature of Venus: atmosphere, surface and sky put together.

All radiation is in Rayleigh–Jeans temperatures J(T) = (hν/k)/(e^{hν/kT} − 1) until the very end;
`convention` turns the disk's J into the temperature of a black body where a datum is given so.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hesper.compiled import compiled
from hesper.constants import COSMIC_BACKGROUND, VENUS_RADIUS
from hesper.errors import InputError
from hesper.physics import planck, sky
from hesper.record import Array
from hesper.thermal import model_columns, model_rays
from hesper.thermal.data import Atmosphere, Limb
from hesper.thermal.model_ground import Ground
from hesper.units import GHz

GroundLaw = Callable[[Array, Array, float], Ground]


class Sight(NamedTuple):
    """What an atmosphere makes of a ground: J = base + Σ gain · (E + R · incoming), both polarisations."""

    base: Array
    """What does not touch the ground [K], shape (frequency,)."""
    gain: Array
    """Weight of the ground along each ray, shape (frequency, ray)."""
    incoming: Array
    """What falls on the ground: atmosphere, and sky through it [K], shape (frequency, ray)."""


class Scene(NamedTuple):
    """Everything above the ground."""

    atmosphere: Atmosphere
    laws: model_columns.Laws
    scale: Array
    """Factor on the absorption of each of `SPECIES`."""
    sky_408: float
    """Sky temperature at 408 MHz, behind Venus and reflected by it [K]."""
    zones: tuple[tuple[float, Atmosphere], ...] = ()
    """Atmospheres by rising latitude [rad] that share the disk; none: `atmosphere` stands for all."""

    @property
    def surface_temperature(self) -> float:
        """Temperature of the ground's surface, that of the lowest level [K]."""
        return float(self.atmosphere.temperature[0])


class View(NamedTuple):
    """A scene at given frequencies, ready for any ground."""

    frequency: Array
    """[Hz]."""
    cosine: Array
    """Cosines of incidence at the surface, shape (ray,)."""
    sight: Sight
    surface_temperature: float
    """[K]."""
    zenith_opacity: Array
    """Optical depth of the atmosphere along the vertical, shape (frequency,)."""
    sky: Array
    """Rayleigh–Jeans temperature of the sky [K], shape (frequency,)."""
    reference_radius: Array
    """Of the disk that temperatures refer to [m], shape (frequency,)."""


def view(scene: Scene, frequency: Array, reference_radius: Array | float = VENUS_RADIUS) -> View:
    """Return a scene at given frequencies, ready for any ground.

    Parameters
    ----------
    frequency
        [Hz], shape (frequency,).
    reference_radius
        Of the disk that temperatures refer to [m], one or shape (frequency,).
    """
    each = zone_columns(scene, frequency)
    behind = sky_source(each[0].frequency, scene.sky_408)
    radius = np.broadcast_to(np.asarray(reference_radius, dtype=float), behind.shape).copy()
    whole = together([
        sight(column.rays, model_columns.beams(column, scene.scale), behind, radius) for column in each
    ], behind)  # fmt: skip
    return View(
        each[0].frequency,
        np.concatenate([column.rays.cosine for column in each]),
        whole,
        scene.surface_temperature,
        model_columns.zenith_opacity(each[0], scene.scale),
        behind,
        radius,
    )


def zone_columns(scene: Scene, frequency: Array) -> list[model_columns.Columns]:
    """Return the columns of every zone of a scene, rays weighted by the zone's share of each ring."""
    zones = scene.zones or ((0.0, scene.atmosphere),)
    latitudes = np.array([latitude for latitude, _ in zones])
    each = [model_columns.columns(frequency, air, laws=scene.laws) for _, air in zones]
    return [
        column._replace(
            rays=column.rays._replace(weight=column.rays.weight * zone_shares(column.rays, latitudes)[i])
        )
        for i, column in enumerate(each)
    ]


def together(sights: list[Sight], behind: Array) -> Sight:
    """Return the sight of all zones: each brings its own rays, the sky behind the planet counts once."""
    return Sight(
        np.sum([s.base for s in sights], axis=0) - (len(sights) - 1) * behind,
        np.concatenate([s.gain for s in sights], axis=1),
        np.concatenate([s.incoming for s in sights], axis=1),
    )


def zone_shares(path: model_rays.Rays, latitudes: Array) -> Array:
    """Return which part of each ring of the disk belongs to each zone, shape (zone, ray).

    Seen from the equatorial plane, as Venus always nearly is; a place between two latitudes belongs to both
    by its distance from them, in either hemisphere.

    Parameters
    ----------
    latitudes
        Rising [rad], shape (zone,).
    """
    return ring_shares(path.impact, path.critical_impact, latitudes)


def ring_shares(impact: Array, critical_impact: float, latitudes: Array) -> Array:
    """Return the same for rings of given distances from the centre [m], shape (zone, ring)."""
    around = (np.arange(360) + 0.5) * (0.5 * np.pi / 360)
    sine = np.minimum(impact / critical_impact, 1.0)
    latitude = np.arcsin(sine[:, None] * np.sin(around)[None, :])
    return np.array([np.interp(latitude, latitudes, unit).mean(axis=1) for unit in np.eye(latitudes.size)])


def disk_temperature(view: View, ground: Ground, is_planck: Array | bool) -> Array:
    """Return the brightness temperature of the disk over a ground [K], in the convention asked for."""
    return convention(view.frequency, seen(view.sight, ground), is_planck)


def sky_source(frequency: Array, temperature_408: float) -> Array:
    """Return the Rayleigh–Jeans temperature [K] of the sky: Galaxy, and cosmic background by Planck's law.

    Parameters
    ----------
    temperature_408
        Sky temperature at 408 MHz [K].
    """
    galaxy = sky.temperature(frequency, temperature_408) - COSMIC_BACKGROUND
    return np.asarray(galaxy + planck.rayleigh_jeans_temperature(frequency, COSMIC_BACKGROUND))


def sight(
    path: model_rays.Rays,
    beam: model_rays.Beams,
    sky_temperature: Array,
    reference_radius: Array | float = VENUS_RADIUS,
) -> Sight:
    """Factor the disk integral into what the ground does and what it does not.

    J = (1/R²) [∫₀^bc (J(b) − J_sky) 2b db + ∫_bc^top (J(b) − J_sky) 2b db] + J_sky, with, at the surface,
    J(b) = up + e^−τ [E + R (down + J_sky e^−τ)], and at the limb up + e^−τ (down + J_sky e^−τ).

    Parameters
    ----------
    sky_temperature
        Rayleigh–Jeans temperature behind and in front of the planet [K], shape (frequency,).
    reference_radius
        R [m], that of the disk the temperature refers to, one for all frequencies or shape (frequency,).
    """
    radius = np.broadcast_to(np.asarray(reference_radius, dtype=float), sky_temperature.shape).copy()
    base, gain, incoming = _sight(
        beam.up, beam.down, beam.transmission, path.weight, path.cosine.size, sky_temperature, radius
    )
    return Sight(base, gain, incoming)


def seen(view: Sight, ground: Ground) -> Array:
    """Return the Rayleigh–Jeans temperature [K] of the disk, shape (frequency,)."""
    return _seen(view.base, view.gain, view.incoming, ground.emission, ground.reflectivity)


@compiled
def _sight(
    up: Array, down: Array, transmission: Array, weight: Array, surface: int, sky_source: Array, radius: Array
) -> tuple[Array, Array, Array]:
    frequencies, count = up.shape
    base = np.empty(frequencies)
    gain = np.empty((frequencies, surface))
    incoming = np.empty((frequencies, surface))
    for i in range(frequencies):
        value = 0.0
        for j in range(count):
            back = down[i, j] + sky_source[i] * transmission[i, j]
            if j < surface:
                gain[i, j] = weight[j] / radius[i] ** 2 * transmission[i, j]
                incoming[i, j] = back
                value += weight[j] * (up[i, j] - sky_source[i])
            else:
                value += weight[j] * (up[i, j] + transmission[i, j] * back - sky_source[i])
        base[i] = value / radius[i] ** 2 + sky_source[i]
    return base, gain, incoming


@compiled
def _seen(base: Array, gain: Array, incoming: Array, emission: Array, reflectivity: Array) -> Array:
    out = base.copy()
    for i in range(gain.shape[0]):
        value = 0.0
        for j in range(gain.shape[1]):
            horizontal = emission[0, i, j] + reflectivity[0, i, j] * incoming[i, j]
            vertical = emission[1, i, j] + reflectivity[1, i, j] * incoming[i, j]
            value += gain[i, j] * 0.5 * (horizontal + vertical)
        out[i] += value
    return out


def convention(frequency: Array, rayleigh_jeans: Array, is_planck: Array | bool) -> Array:
    """Return temperatures [K] in the convention of each datum: a black body's where `is_planck`.

    Raises
    ------
    InputError
        If one is to be a black body's and its Rayleigh–Jeans temperature is not positive.
    """
    lost = np.asarray(is_planck) & ~(rayleigh_jeans > 0.0)
    if np.any(lost):
        place = int(np.argmax(lost))
        raise InputError(
            f"thermal: the disk's Rayleigh-Jeans temperature is {rayleigh_jeans[place]:g} K at "
            f"{frequency[place] / GHz:g} GHz; a black body has a positive one; ask for convention "
            "'rayleigh-jeans', or give a cooler sky"
        )
    black_body = planck.planck_temperature(frequency, np.where(is_planck, rayleigh_jeans, 1.0))
    return np.where(is_planck, black_body, rayleigh_jeans)


def limbs(scene: Scene, ground: GroundLaw, frequency: Array) -> list[Limb]:
    """Return brightness and polarisation from the centre of the disk to the top of the atmosphere.

    One for each zone of the scene, as if it were everywhere, along the same impact parameters.

    Parameters
    ----------
    ground
        (frequency [Hz], cosine of incidence, surface temperature [K]) → ground.
    frequency
        [Hz], shape (frequency,).
    """
    radius, index = model_columns.radius_and_index(scene.atmosphere)
    edge = float(np.min(radius * index))
    # Close steps at the edge of the surface, where brightness and polarisation change fastest.
    inside = edge * np.sin(np.linspace(0.0, 0.5 * np.pi, 160, endpoint=False))
    impact = np.concatenate([inside, np.linspace(edge, float(radius[-1]), 60)])
    found = []
    for _, air in scene.zones or ((0.0, scene.atmosphere),):
        column = model_columns.columns_along(frequency, air, impact, laws=scene.laws)
        behind = sky_source(column.frequency, scene.sky_408)
        below = ground(column.frequency, column.rays.cosine, scene.surface_temperature)
        found.append(limb(column, model_columns.beams(column, scene.scale), below, behind))
    return found


def limb(
    column: model_columns.Columns, beam: model_rays.Beams, ground: Ground, sky_temperature: Array
) -> Limb:
    """Return both polarisations along the rays of `columns_along`, centre to limb."""
    surface = column.rays.cosine.size
    back = beam.down + sky_temperature[:, None] * beam.transmission
    each = []
    for polarisation in range(2):
        lowest = back.copy()
        lowest[:, :surface] = (
            ground.emission[polarisation] + ground.reflectivity[polarisation] * back[:, :surface]
        )
        each.append(beam.up + beam.transmission * lowest)
    return Limb(
        frequency=column.frequency,
        impact=column.rays.impact,
        horizontal=each[0],
        vertical=each[1],
        critical_impact=column.rays.critical_impact,
    )
