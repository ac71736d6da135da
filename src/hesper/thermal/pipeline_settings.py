"""What a recipe of the thermal system says, and the records and laws it stands for."""

from functools import partial

import numpy as np

from hesper import config
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.physics import atmosphere as physics_atmosphere
from hesper.record import Array, record, setting
from hesper.thermal import (
    model,
    model_atmosphere,
    model_columns,
    model_families,
    model_layers,
    model_opacity,
    read,
)
from hesper.thermal.data import Atmosphere, Spectrum
from hesper.thermal.model_families import Family
from hesper.thermal.model_ground import Ground
from hesper.units import GHz, MHz, deg, km, ppm

_COLLISION_INDUCED = {
    "ho 1966": model_opacity.collision_induced_ho,
    "rosenkranz 1993": model_opacity.collision_induced_rosenkranz,
    "gruszka-borysow 1997": model_opacity.collision_induced_gruszka_borysow,
}
_ALLOWED = model_atmosphere.ALLOWED
_LINES = 30 * GHz
"""Hz; above, lines of SO2, CO, H2O and OCS show in the spectrum."""
_SO2 = {
    "ben-reuven": model_opacity.so2_ben_reuven,
    "van vleck-weisskopf": model_opacity.so2_van_vleck,
}


@record
class AtmosphereSettings:
    """Atmosphere: profile, absorbers and their laws."""

    profile: str = setting("", "text", "table of altitude, density, T, P; empty: VIRA (Seiff et al. 1985)")
    latitude: float = setting(
        0.0, "rad", "latitude of the VIRA profile", shown="deg", minimum=-90 * deg, maximum=90 * deg
    )
    by_latitude: bool = setting(False, "1", "let the latitudes of VIRA share the disk, in place of one")
    warmer: float = setting(
        0.0,
        "K",
        "added to the temperature at all altitudes",
        minimum=_ALLOWED["warmer"][0],
        maximum=_ALLOWED["warmer"][1],
    )
    surface_altitude: float = setting(
        0.0,
        "m",
        "altitude of the surface in the profile",
        shown="km",
        minimum=_ALLOWED["surface_altitude"][0],
        maximum=_ALLOWED["surface_altitude"][1],
    )
    collision_induced: str = setting(
        "ho 1966", "text", "law of CO2-CO2 and CO2-N2 absorption", choices=(*_COLLISION_INDUCED, "parametric")
    )
    co2_scale: float = setting(0.85, "1", "scale of the parametric law at 400 K", minimum=0.0, maximum=10.0)
    co2_exponent: float = setting(
        4.6, "1", "temperature exponent of the parametric law", minimum=0.0, maximum=12.0
    )
    so2: float = setting(
        75 * ppm,
        "1",
        "mole fraction of SO2 below 48 km",
        minimum=_ALLOWED["so2"][0],
        maximum=_ALLOWED["so2"][1],
    )
    so2_shape: str = setting("ben-reuven", "text", "line shape of SO2", choices=tuple(_SO2))
    h2so4: float = setting(
        1.0,
        "1",
        "factor on the nominal H2SO4 vapour (9 ppm at 46 km)",
        minimum=_ALLOWED["h2so4"][0],
        maximum=_ALLOWED["h2so4"][1],
    )
    cloud: float = setting(
        30e-6,
        "kg m-3",
        "droplets in the lower cloud",
        shown="mg m-3",
        minimum=_ALLOWED["cloud"][0],
        maximum=_ALLOWED["cloud"][1],
    )
    h2o: float = setting(
        30e-6,
        "1",
        "mole fraction of H2O in the deep atmosphere",
        minimum=_ALLOWED["h2o"][0],
        maximum=_ALLOWED["h2o"][1],
    )
    co: float = setting(
        20e-6, "1", "mole fraction of CO", minimum=_ALLOWED["co"][0], maximum=_ALLOWED["co"][1]
    )
    ocs: float = setting(
        15e-6,
        "1",
        "mole fraction of OCS in the deep atmosphere",
        minimum=_ALLOWED["ocs"][0],
        maximum=_ALLOWED["ocs"][1],
    )


@record
class GroundSettings:
    """Ground of simulations and predictions: a family with its parameters, or layers."""

    family: str = setting(
        "uniform", "text", "family, or layers added in power or in amplitude",
        choices=(*model_families.NAMES, "layers incoherent", "layers coherent"),
    )  # fmt: skip
    values: tuple = setting(  # type: ignore[type-arg]
        (4.15,), "1", "parameters of the family, in its order and units (docs/systems/thermal.md)"
    )
    thickness: tuple = setting((1.0,), "m", "layers from the top: thickness", minimum=0.0)  # type: ignore[type-arg]
    permittivity: tuple = setting(  # type: ignore[type-arg]
        (1.5, 8.31), "1", "of the layers and the half-space below", minimum=1.0
    )
    loss_tangent: tuple = setting(  # type: ignore[type-arg]
        (0.01, 0.01), "1", "of the layers and the half-space below", minimum=0.0
    )
    temperature: tuple = setting(  # type: ignore[type-arg]
        (735.3, 735.3), "K", "of the layers and the half-space below", minimum=0.0
    )


@record
class Config:
    """Settings of the thermal emission system."""

    data: tuple = setting(  # type: ignore[type-arg]
        ("mohan2017", "class2023"), "text", "data sets of the package", choices=tuple(read.PUBLISHED)
    )
    table: str = setting("", "text", "CSV of brightness temperatures, used instead of `data`")
    families: tuple = setting(  # type: ignore[type-arg]
        model_families.NAMES, "text", "families of grounds to fit", choices=model_families.NAMES
    )
    sampling: str = setting(
        "none", "text", "posteriors and evidence (needs the extra 'bayes')", choices=("none", "nested")
    )
    live_points: int = setting(300, "count", "live points of nested sampling", minimum=20, maximum=20_000)
    campaign_scales: bool = setting(True, "1", "let the flux scale of each campaign err")
    radar: bool = setting(False, "1", "demand the reflectivity that radar saw as well")
    fit_atmosphere: bool = setting(True, "1", "fit the absorbers to the data of 1 GHz and more")
    sky_408: float = setting(
        30.0, "K", "sky temperature at 408 MHz behind Venus", minimum=2.725, maximum=1000.0
    )
    loss_tangent: float = setting(0.01, "1", "for which depths are stated", minimum=1e-6, maximum=10.0)
    convention: str = setting("planck", "text", "of predicted temperatures", choices=read.CONVENTIONS)
    reference_radius: float = setting(
        VENUS_RADIUS, "m", "radius that predicted temperatures refer to", shown="km",
        minimum=6000 * km, maximum=6200 * km,
    )  # fmt: skip
    lowest_frequency: float = setting(
        240 * MHz, "Hz", "of predicted spectra", shown="GHz",
        minimum=model_columns.LOWEST_FREQUENCY, maximum=model_columns.HIGHEST_FREQUENCY,
    )  # fmt: skip
    highest_frequency: float = setting(
        1000 * GHz, "Hz", "of predicted spectra", shown="GHz",
        minimum=model_columns.LOWEST_FREQUENCY, maximum=model_columns.HIGHEST_FREQUENCY,
    )  # fmt: skip
    frequencies: int = setting(600, "count", "number of predicted frequencies", minimum=4, maximum=5000)
    map_frequencies: tuple = setting(  # type: ignore[type-arg]
        (1.3 * GHz, 4.86 * GHz, 22.46 * GHz, 230 * GHz),
        "Hz",
        "of maps, limbs and contributions",
        shown="GHz",
        minimum=model_columns.LOWEST_FREQUENCY,
        maximum=model_columns.HIGHEST_FREQUENCY,
    )
    pixel: float = setting(50 * km, "m", "pixel of the maps", shown="km", minimum=10 * km, maximum=1000 * km)
    seed: int = setting(1, "count", "of random numbers", minimum=0)
    atmosphere: AtmosphereSettings
    ground: GroundSettings


def measured(settings: Config) -> Spectrum:
    """Return the table that a recipe names."""
    if settings.table:
        return read.spectrum(config.existing(settings.table))
    if not settings.data:
        raise InputError("recipe: neither table nor data is given; name at least one data set")
    return read.together(settings.data)


def scene(settings: Config) -> model.Scene:
    """Return what lies above the ground, as a recipe describes it.

    Raises
    ------
    InputError
        If a profile of one's own, or one latitude, is to be taken by latitude.
    """
    air = settings.atmosphere
    if air.by_latitude and air.profile:
        raise InputError(
            "recipe: atmosphere.by_latitude holds for VIRA; remove atmosphere.profile, or set it false"
        )
    if air.by_latitude and air.latitude != 0.0:
        raise InputError(
            f"recipe: atmosphere.latitude = {air.latitude / deg:g} deg beside by_latitude, which takes all "
            "latitudes; remove one of the two"
        )
    profile = (
        physics_atmosphere.read(config.existing(air.profile))
        if air.profile
        else physics_atmosphere.vira(air.latitude)
    )
    parametric = partial(
        model_opacity.collision_induced_parametric, scale=air.co2_scale, exponent=air.co2_exponent
    )
    laws = model_columns.Laws(_COLLISION_INDUCED.get(air.collision_induced, parametric), _SO2[air.so2_shape])
    latitudes = physics_atmosphere.VIRA_LATITUDES if air.by_latitude else ()
    zones = tuple((each, _atmosphere(air, physics_atmosphere.vira(each))) for each in latitudes)
    scale = np.ones(len(model_columns.SPECIES))
    return model.Scene(_atmosphere(air, profile), laws, scale, settings.sky_408, zones)


def _atmosphere(air: AtmosphereSettings, profile: physics_atmosphere.Profile) -> Atmosphere:
    return model_atmosphere.standard(
        profile,
        so2=air.so2,
        h2so4=air.h2so4,
        cloud=air.cloud,
        h2o=air.h2o,
        co=air.co,
        ocs=air.ocs,
        warmer=air.warmer,
        surface_altitude=air.surface_altitude,
    )


_PHYSICAL = {
    "permittivity": (1.0, 1e3),
    "deep_permittivity": (1.0, 1e3),
    "mirror_reflectivity": (0.0, 1.0),
    "deep_temperature": (0.0, 1e4),
    "temperature": (0.0, 1e4),
    "thickness": (0.0, 1e6),
    "loss_tangent": (0.0, 10.0),
    "exponent": (0.0, 20.0),
    "loss_depth": (-9.0, 9.0),
    "wavelength": (-6.0, 6.0),
}
"""What a ground may be, wider than the priors of the fits: SI units, logarithms where a family has them."""


def _check_physical(where: str, name: str, value: float) -> None:
    low, high = _PHYSICAL[name]
    if not low <= value <= high:
        raise InputError(f"recipe: {where} = {value:g}; {low:g} to {high:g} is a ground")


def ground(settings: Config) -> tuple[Family, Array]:
    """Return the ground of simulations, as a recipe describes it, and its parameters.

    Raises
    ------
    InputError
        If the numbers of values do not fit the family or the layers, or a value is of no ground.
    """
    given = settings.ground
    if given.family in model_families.NAMES:
        kind = model_families.family(given.family)
        names = ", ".join(p.label for p in kind.parameters)
        if len(given.values) != len(kind.parameters):
            raise InputError(
                f"recipe: ground.values has {len(given.values)} numbers; '{kind.name}' has "
                f"{len(kind.parameters)}: {names}"
            )
        for parameter, value in zip(kind.parameters, given.values, strict=True):
            _check_physical(f"ground.values: {parameter.label}", parameter.name, value)
        return kind, np.array(given.values)
    layers = len(given.thickness)
    for name in ("permittivity", "loss_tangent", "temperature"):
        if len(getattr(given, name)) != layers + 1:
            raise InputError(
                f"recipe: ground.{name} has {len(getattr(given, name))} numbers; {layers} layers and the "
                f"half-space below need {layers + 1}"
            )
    law = (
        model_layers.layers_coherent if given.family == "layers coherent" else model_layers.layers_incoherent
    )
    for name in ("thickness", "permittivity", "loss_tangent", "temperature"):
        for value in getattr(given, name):
            _check_physical(f"ground.{name}", name, value)
    stack = [
        np.array(part)
        for part in (given.thickness, given.permittivity, given.loss_tangent, given.temperature)
    ]

    def layered(frequency: Array, cosine: Array, temperature: float, values: Array) -> Ground:
        del temperature, values
        return law(frequency, cosine, *stack)

    return Family(given.family, "layers of the recipe", (), layered), np.array([])


def frequencies(settings: Config) -> Array:
    """Return the frequencies of predicted spectra [Hz], evenly spaced in their logarithm.

    Of a range on both sides of 30 GHz a sixth lies below and the rest above, where there are lines.

    Raises
    ------
    InputError
        If the lowest is not below the highest.
    """
    if settings.highest_frequency <= settings.lowest_frequency:
        raise InputError(
            f"recipe: lowest_frequency {settings.lowest_frequency / GHz:g} GHz is not below "
            f"highest_frequency {settings.highest_frequency / GHz:g} GHz; exchange them"
        )
    low, high, count = settings.lowest_frequency, settings.highest_frequency, settings.frequencies
    if high <= _LINES or low >= _LINES:
        return np.geomspace(low, high, count)
    below = max(1, round(count / 6))
    return np.concatenate([
        np.geomspace(low, _LINES, below, endpoint=False), np.geomspace(_LINES, high, count - below)
    ])  # fmt: skip
