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
from hesper.physics import atmosphere as physics_atmosphere
from hesper.physics import planck, sky
from hesper.record import Array
from hesper.thermal import model_opacity, model_rays
from hesper.thermal.data import Atmosphere, Contributions, Limb
from hesper.thermal.model_ground import Ground
from hesper.units import GHz, MHz

LOWEST_FREQUENCY = 200.0 * MHz
"""Hz; below, the sky, the ionosphere and the depth of the emission are outside what was checked."""
HIGHEST_FREQUENCY = 1000.0 * GHz
"""Hz; above, the tables of collision-induced absorption and water end."""
SPECIES = ("co2", "so2", "h2so4", "cloud", "h2o", "co", "ocs")
"""Order of the absorbers in `Columns.absorption`."""

CollisionInduced = Callable[[Array, Array, Array, float, float], Array]
LineAbsorption = Callable[[Array, Array, Array, Array], Array]
GroundLaw = Callable[[Array, Array, float], Ground]


class Laws(NamedTuple):
    """Which law each disputed absorber follows."""

    collision_induced: CollisionInduced = model_opacity.collision_induced_ho
    so2: LineAbsorption = model_opacity.so2_ben_reuven


class Columns(NamedTuple):
    """An atmosphere as radiation at given frequencies meets it."""

    frequency: Array
    """[Hz]."""
    absorption: Array
    """Mean absorption coefficient of each layer [m-1], shape (species, frequency, layer); see `SPECIES`."""
    source: Array
    """Rayleigh–Jeans temperature of each level [K], shape (frequency, level)."""
    altitude: Array
    """[m], shape (level,)."""
    temperature: Array
    """[K], shape (level,)."""
    rays: model_rays.Rays


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
    laws: Laws
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
        sight(column.rays, beams(column, scene.scale), behind, radius) for column in each
    ], behind)  # fmt: skip
    return View(
        each[0].frequency,
        np.concatenate([column.rays.cosine for column in each]),
        whole,
        scene.surface_temperature,
        zenith_opacity(each[0], scene.scale),
        behind,
        radius,
    )


def zone_columns(scene: Scene, frequency: Array) -> list[Columns]:
    """Return the columns of every zone of a scene, rays weighted by the zone's share of each ring."""
    zones = scene.zones or ((0.0, scene.atmosphere),)
    latitudes = np.array([latitude for latitude, _ in zones])
    each = [columns(frequency, air, laws=scene.laws) for _, air in zones]
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


def checked_frequency(frequency: Array, *, where: str = "frequency") -> Array:
    """Return frequencies as a writable array of floats in the range of the model.

    Raises
    ------
    InputError
        If one is not finite or outside 200 MHz to 1 THz.
    """
    nu = np.array(frequency, dtype=float, ndmin=1)
    wrong = ~((nu >= LOWEST_FREQUENCY) & (nu <= HIGHEST_FREQUENCY))
    if wrong.any():
        raise InputError(
            f"{where}: {nu[wrong][0] / GHz:g} GHz; the model holds from {LOWEST_FREQUENCY / GHz:g} to "
            f"{HIGHEST_FREQUENCY / GHz:g} GHz; leave it out"
        )
    return nu


def caveats(frequency: Array) -> list[str]:
    """Return what is extrapolated at these frequencies, one line each."""
    nu = np.atleast_1d(frequency)
    ranges = (
        ("H2SO4 vapour", 2.2 * GHz, 22.5 * GHz, "laboratory 2.2-22.5 GHz; the law is continued as a power"),
        ("SO2 line shape", 0.0, 22.5 * GHz, "widths measured at 2.25-21.7 GHz; used unchanged above"),
        (
            "CO2 absorption",
            0.0,
            36.0 * GHz,
            "laboratory below 36 GHz; above 30 GHz the shape of Gruszka & Borysow 1997",
        ),
    )
    return [
        f"{name}: extrapolated at {np.count_nonzero((nu < low) | (nu > high))} of {nu.size} frequencies "
        f"({text})"
        for name, low, high, text in ranges
        if np.any((nu < low) | (nu > high))
    ]


def columns(
    frequency: Array,
    atmosphere: Atmosphere,
    *,
    laws: Laws = Laws(),  # noqa: B008, a NamedTuple of functions cannot change
    surface_rays: int = 16,
    limb_rays: int = 10,
    refraction: bool = True,
) -> Columns:
    """Return what radiation at `frequency` meets on its way through an atmosphere.

    Parameters
    ----------
    frequency
        [Hz], shape (frequency,).
    laws
        Absorption laws.
    surface_rays, limb_rays
        Nodes of the disk integral.
    refraction
        Whether rays bend; without, only to show what bending does.

    Raises
    ------
    InputError
        If a frequency is outside the range of the model.
    """
    nu = checked_frequency(frequency)
    radius, index = radius_and_index(atmosphere, refraction=refraction)
    path = model_rays.disk(radius[::2], index[::2], surface_rays=surface_rays, limb_rays=limb_rays)
    return _columns(nu, atmosphere, laws, path)


def columns_along(
    frequency: Array,
    atmosphere: Atmosphere,
    impact: Array,
    *,
    laws: Laws = Laws(),  # noqa: B008
) -> Columns:
    """Return the same along rays of given impact parameters [m], rising, for maps and limbs."""
    nu = checked_frequency(frequency)
    radius, index = radius_and_index(atmosphere)
    return _columns(nu, atmosphere, laws, model_rays.at(radius[::2], index[::2], impact))


def radius_and_index(atmosphere: Atmosphere, *, refraction: bool = True) -> tuple[Array, Array]:
    """Return the radii [m] and refractive indices of the levels."""
    excess = physics_atmosphere.refractivity(
        atmosphere.temperature, atmosphere.pressure, co2=atmosphere.co2, n2=atmosphere.n2
    )
    return VENUS_RADIUS + atmosphere.altitude, 1.0 + excess * refraction


def _columns(nu: Array, air: Atmosphere, laws: Laws, path: model_rays.Rays) -> Columns:
    t, p = np.array(air.temperature), np.array(air.pressure)
    levels = (
        laws.collision_induced(nu, t, p, air.co2, air.n2),
        laws.so2(nu, t, p, np.array(air.so2)),
        model_opacity.h2so4(nu, t, p, np.array(air.h2so4)),
        model_opacity.cloud(nu, t, np.array(air.cloud)),
        model_opacity.h2o(nu, t, p, np.array(air.h2o)),
        model_opacity.co(nu, t, p, np.array(air.co)),
        model_opacity.ocs(nu, t, p, np.array(air.ocs)),
    )
    source = planck.rayleigh_jeans_temperature(nu[:, None], t[None, ::2])
    return Columns(nu, layer_mean(np.array(levels)), source, np.array(air.altitude[::2]), t[::2], path)


def layer_mean(levels: Array) -> Array:
    """Return means over layers by Simpson's rule, last axis: every second level lies within a layer."""
    return np.asarray((levels[..., :-2:2] + 4 * levels[..., 1::2] + levels[..., 2::2]) / 6)


def sky_source(frequency: Array, temperature_408: float) -> Array:
    """Return the Rayleigh–Jeans temperature [K] of the sky: Galaxy, and cosmic background by Planck's law.

    Parameters
    ----------
    temperature_408
        Sky temperature at 408 MHz [K].
    """
    galaxy = sky.temperature(frequency, temperature_408) - COSMIC_BACKGROUND
    return np.asarray(galaxy + planck.rayleigh_jeans_temperature(frequency, COSMIC_BACKGROUND))


def beams(column: Columns, scale: Array) -> model_rays.Beams:
    """Return the radiation of the atmosphere along the rays.

    Parameters
    ----------
    scale
        Factor on the absorption of each of `SPECIES`.
    """
    species, frequencies, layers = column.absorption.shape
    total = (scale @ column.absorption.reshape(species, -1)).reshape(frequencies, layers)
    return solve(column, total)


def solve(column: Columns, absorption: Array) -> model_rays.Beams:
    """Return the radiation along the rays for a total absorption [m-1] of shape (frequency, layer)."""
    path = column.rays
    up = np.empty((absorption.shape[0], path.impact.size))
    down, transmission = np.empty_like(up), np.empty_like(up)
    model_rays.beams(
        absorption, column.source, path.length, path.first, path.fraction, up, down, transmission
    )
    return model_rays.Beams(up, down, transmission)


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


def zenith_opacity(column: Columns, scale: Array) -> Array:
    """Return the optical depth of the atmosphere along the vertical, shape (frequency,)."""
    total = np.tensordot(scale, column.absorption, axes=1)
    return np.asarray(total @ np.diff(column.altitude))


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
    radius, index = radius_and_index(scene.atmosphere)
    edge = float(np.min(radius * index))
    # Close steps at the edge of the surface, where brightness and polarisation change fastest.
    inside = edge * np.sin(np.linspace(0.0, 0.5 * np.pi, 160, endpoint=False))
    impact = np.concatenate([inside, np.linspace(edge, float(radius[-1]), 60)])
    found = []
    for _, air in scene.zones or ((0.0, scene.atmosphere),):
        column = columns_along(frequency, air, impact, laws=scene.laws)
        behind = sky_source(column.frequency, scene.sky_408)
        below = ground(column.frequency, column.rays.cosine, scene.surface_temperature)
        found.append(limb(column, beams(column, scene.scale), below, behind))
    return found


def limb(column: Columns, beam: model_rays.Beams, ground: Ground, sky_temperature: Array) -> Limb:
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


def contributions(column: Columns, scale: Array) -> Contributions:
    """Return where the upward radiation at the centre of the disk comes from.

    Per layer e^{−τ above} (1 − e^{−Δτ})/Δz; what the surface emits or reflects has the weight e^{−τ}.
    """
    thickness = np.diff(column.altitude)
    depth = np.tensordot(scale, column.absorption, axes=1) * thickness
    above = np.cumsum(depth[:, ::-1], axis=1)[:, ::-1] - depth
    part = np.exp(-above) * -np.expm1(-depth)
    middle = 0.5 * (column.altitude[1:] + column.altitude[:-1])
    return Contributions(
        frequency=column.frequency,
        altitude=middle,
        contribution=part / thickness,
        surface=np.exp(-depth.sum(axis=1)),
        mean_altitude=(part @ middle) / part.sum(axis=1),
    )
