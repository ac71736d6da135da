"""An atmosphere as radiation meets it: absorption, emission and path of each layer, and what comes out."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.physics import atmosphere as physics_atmosphere
from hesper.physics import planck
from hesper.record import Array
from hesper.thermal import model_opacity, model_rays
from hesper.thermal.data import Atmosphere, Contributions
from hesper.units import GHz, MHz

LOWEST_FREQUENCY = 200.0 * MHz
"""Hz; below, the sky, the ionosphere and the depth of the emission are outside what was checked."""
HIGHEST_FREQUENCY = 1000.0 * GHz
"""Hz; above, the tables of collision-induced absorption and water end."""
SPECIES = ("co2", "so2", "h2so4", "cloud", "h2o", "co", "ocs")
"""Order of the absorbers in `Columns.absorption`."""
CollisionInduced = Callable[[Array, Array, Array, float, float], Array]
LineAbsorption = Callable[[Array, Array, Array, Array], Array]


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


def zenith_opacity(column: Columns, scale: Array) -> Array:
    """Return the optical depth of the atmosphere along the vertical, shape (frequency,)."""
    total = np.tensordot(scale, column.absorption, axes=1)
    return np.asarray(total @ np.diff(column.altitude))


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
