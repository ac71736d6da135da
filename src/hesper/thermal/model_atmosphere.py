"""Vertical profiles of the absorbing gases and of the clouds."""

import numpy as np

from hesper.errors import InputError
from hesper.physics import atmosphere as physics_atmosphere
from hesper.record import Array
from hesper.thermal.data import Atmosphere
from hesper.units import km, ppm

TOP = 100.0 * km
"""Altitude of the highest level [m]."""
LARGEST_GAP = 5.0 * km
"""m; levels of a profile farther apart are no profile: pressure would not follow from temperature."""
ALLOWED = {
    "so2": (0.0, 0.01),
    "h2so4": (0.0, 50.0),
    "cloud": (0.0, 0.01),
    "h2o": (0.0, 0.01),
    "co": (0.0, 0.01),
    "ocs": (0.0, 0.01),
    "warmer": (-100.0, 300.0),
    "surface_altitude": (-3.0 * km, 12.0 * km),
}
"""Least and largest of each argument of `standard`, far outside what Venus has, in its unit there."""


def standard(
    profile: physics_atmosphere.Profile,
    *,
    so2: float = 75 * ppm,
    h2so4: float = 1.0,
    cloud: float = 30e-6,
    h2o: float = 30e-6,
    co: float = 20 * ppm,
    ocs: float = 15 * ppm,
    warmer: float = 0.0,
    surface_altitude: float = 0.0,
    layer: float = 1.0 * km,
) -> Atmosphere:
    """Return an atmosphere with the usual shapes of its absorbers.

    Parameters
    ----------
    profile
        Temperature and pressure up to at least 100 km.
    so2
        Mole fraction of SO₂ below 48 km; see `so2_profile`.
    h2so4
        Factor on the nominal vapour of `h2so4_profile`.
    cloud
        Mass of droplets per volume in the lower cloud [kg m-3]; see `cloud_profile`.
    h2o, co, ocs
        Mole fractions of the deep atmosphere.
    warmer
        Added to the temperature at all levels [K].
    surface_altitude
        Altitude of the surface in the profile [m].
    layer
        Thickness of the layers [m].

    Raises
    ------
    InputError
        If an abundance or shift is outside `ALLOWED`, or the profile has a gap, no fall of pressure, or
        temperatures outside 50 to 2000 K.
    """
    for name, value in (
        ("so2", so2),
        ("h2so4", h2so4),
        ("cloud", cloud),
        ("h2o", h2o),
        ("co", co),
        ("ocs", ocs),
        ("warmer", warmer),
        ("surface_altitude", surface_altitude),
    ):
        low, high = ALLOWED[name]
        if not low <= value <= high:
            raise InputError(f"atmosphere: {name} = {value:g}; {low:g} to {high:g} is allowed")
    _refuse_odd(profile)
    count = 2 * max(2, round((TOP - surface_altitude) / layer)) + 1
    levels = physics_atmosphere.at(profile, np.linspace(surface_altitude, TOP, count))
    temperature = levels.temperature + warmer
    if temperature.min() < 50.0 or temperature.max() > 2000.0:
        raise InputError(
            f"atmosphere: temperatures from {temperature.min():g} to {temperature.max():g} K; 50 to 2000 K "
            "are allowed; mend the profile, or choose a smaller shift"
        )
    z = levels.altitude
    return Atmosphere(
        altitude=z,
        temperature=temperature,
        pressure=levels.pressure,
        co2=physics_atmosphere.CO2_FRACTION,
        n2=physics_atmosphere.N2_FRACTION,
        so2=so2 * so2_profile(z),
        h2so4=h2so4 * h2so4_profile(z),
        cloud=cloud * cloud_profile(z),
        h2o=h2o * h2o_profile(z),
        co=co * np.ones_like(z),
        ocs=ocs * ocs_profile(z),
    )


def _refuse_odd(profile: physics_atmosphere.Profile) -> None:
    """Refuse a profile with gaps up to `TOP`, or whose pressure does not fall."""
    below = profile.altitude[:-1] < TOP
    gap = np.where(below, np.diff(profile.altitude), 0.0)
    k = int(np.argmax(gap))
    between = f"between {profile.altitude[k] / km:g} and {profile.altitude[k + 1] / km:g} km"
    if gap[k] > LARGEST_GAP * (1 + 1e-9):
        raise InputError(
            f"atmosphere profile: no level {between}; levels at most {LARGEST_GAP / km:g} km apart up to "
            f"{TOP / km:g} km are needed; add levels"
        )
    rises = np.diff(profile.pressure) >= 0
    if rises.any():
        k = int(np.argmax(rises))
        raise InputError(
            f"atmosphere profile: pressure does not fall between {profile.altitude[k] / km:g} and "
            f"{profile.altitude[k + 1] / km:g} km; it must fall with altitude; mend the column"
        )


def so2_profile(altitude: Array) -> Array:
    """Return SO₂ relative to the deep atmosphere: 1 below 48 km, falling with a scale height of 3.3 km above.

    Shape of the retrievals of Jenkins et al. 2002 and Butler et al. 2001; the scale height is
    taken as known to 1 km: 0.4 K of T_b at 22 GHz, 1 K at 94 GHz, 2.7 K at 217 GHz.
    """
    return np.asarray(np.exp(-np.maximum(altitude - 48 * km, 0.0) / (3.3 * km)))


def h2so4_profile(altitude: Array) -> Array:
    """Return the nominal mole fraction of H₂SO₄ vapour: 9 ppm at 46 km, none below 30 and above 56 km.

    Nodes of Duan et al. 2010.
    """
    nodes = np.array([30.0, 40.0, 44.0, 46.0, 50.0, 52.0, 56.0]) * km
    return np.asarray(np.interp(altitude, nodes, np.array([0.0, 1.0, 2.4, 9.0, 1.7, 1.7, 0.0]) * ppm))


def cloud_profile(altitude: Array) -> Array:
    """Return the mass of droplets relative to the lower cloud: 1 from 48 to 50 km, falling to 0 at 58 km.

    A simple stand-in for the particle mass that Knollenberg & Hunten 1980 measured, good to a factor of
    1.5: 0.8 K of T_b at 22 GHz, 1.3 K at 94 GHz.
    """
    nodes = np.array([47.0, 48.0, 50.0, 51.0, 56.0, 58.0]) * km
    return np.asarray(np.interp(altitude, nodes, np.array([0.0, 1.0, 1.0, 0.3, 0.3, 0.0])))


def h2o_profile(altitude: Array) -> Array:
    """Return water vapour relative to the deep atmosphere: 1 below 50 km, one tenth above 65 km.

    A stand-in for profiles that vary by a factor of 3 above the clouds: 8 K in the line of 557 GHz, 0.06 K
    elsewhere.
    """
    return np.asarray(np.interp(altitude, np.array([50.0, 65.0]) * km, [1.0, 0.1]))


def ocs_profile(altitude: Array) -> Array:
    """Return carbonyl sulphide relative to the deep atmosphere: 1 below 25 km, 0.43 at 30, 0.03 above 40 km.

    Nodes of the public profile table of Tsang et al. 2008 (15, 6.5 and 0.5 ppm).
    """
    return np.interp(altitude, np.array([25.0, 30.0, 40.0]) * km, [1.0, 6.5 / 15, 0.5 / 15])
