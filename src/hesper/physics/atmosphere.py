"""Temperature, pressure and refractivity of the Venus atmosphere."""

from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hesper.constants import BOLTZMANN
from hesper.errors import InputError, MissingError
from hesper.record import Array
from hesper.units import bar, deg, km, mbar

CO2_FRACTION = 0.965
"""Mole fraction of carbon dioxide (von Zahn & Moroz 1985)."""
N2_FRACTION = 0.035
"""Mole fraction of nitrogen (von Zahn & Moroz 1985)."""
VIRA_LATITUDES = (30.0 * deg, 45.0 * deg, 60.0 * deg, 75.0 * deg, 85.0 * deg)
"""rad; latitudes of the VIRA tables; the first holds up to 30°."""

_VIRA_COLUMNS = (1, 3, 5, 7, 9)


class Profile(NamedTuple):
    """Temperature and pressure along the vertical."""

    altitude: Array
    """[m], rising."""
    temperature: Array
    """[K]."""
    pressure: Array
    """[Pa]."""


def vira(latitude: float = 0.0) -> Profile:
    """Return the Venus International Reference Atmosphere, 0 to 100 km.

    Between the latitudes of the tables (30°, 45°, 60°, 75°, 85°) temperature and log pressure are linear in
    latitude; beyond 85° the last table holds. Below 33 km one table serves all latitudes.

    Parameters
    ----------
    latitude
        Latitude of either hemisphere [rad].

    Notes
    -----
    Seiff et al. 1985, Advances in Space Research 5(11), 3, tables 1-1 and 1-2.
    """
    resource = files("hesper.physics").joinpath("data/vira_seiff1985.csv")
    rows = [line for line in resource.read_text(encoding="utf-8").splitlines() if line[0].isdigit()]
    table = np.array([[float(cell) for cell in row.split(",")] for row in rows])
    place = float(np.interp(abs(latitude), VIRA_LATITUDES, range(len(VIRA_LATITUDES))))
    south = min(int(place), len(VIRA_LATITUDES) - 2)
    weight = place - south
    first, second = _VIRA_COLUMNS[south], _VIRA_COLUMNS[south + 1]
    temperature = (1 - weight) * table[:, first] + weight * table[:, second]
    pressure = table[:, first + 1] ** (1 - weight) * table[:, second + 1] ** weight
    return Profile(table[:, 0] * km, temperature, pressure * bar)


def read(path: Path) -> Profile:
    """Read a profile from a text table: altitude [km], number density, temperature [K], pressure [mbar].

    Lines that do not begin with a number are headers. This is the layout of the tables of VIRA, VIRA-2 and
    Seiff 1983 that circulate with atmospheric models; the density column is not used.

    Raises
    ------
    MissingError
        If there is no such file.
    InputError
        If there are no four columns of numbers, or altitude does not rise or a value is not positive.
    """
    if not path.is_file():
        raise MissingError(f"{path}: no such atmosphere table; give a file of altitude, density, T, pressure")
    rows: list[list[float]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        cells = line.split()
        if not cells or not cells[0].replace(".", "", 1).replace("-", "", 1).isdigit():
            continue
        try:
            rows.append([float(cell) for cell in cells])
        except ValueError:
            raise InputError(f"{path}, line {number}: '{line.strip()}'; numbers are needed") from None
        if len(cells) != 4:
            raise InputError(
                f"{path}, line {number}: {len(cells)} columns; 4 are needed: "
                "altitude [km], number density, temperature [K], pressure [mbar]"
            )
    if len(rows) < 2:
        raise InputError(f"{path}: {len(rows)} levels; an atmosphere table has at least 2")
    table = np.array(rows)
    return checked(
        Profile(table[:, 0] * km, table[:, 2], table[:, 3] * mbar),
        where=str(path),
    )


def checked(profile: Profile, *, where: str) -> Profile:
    """Return a profile whose altitude rises and whose temperature and pressure are positive.

    Raises
    ------
    InputError
        If they are not.
    """
    if not np.all(np.isfinite(profile)) or np.any(np.diff(profile.altitude) <= 0):
        raise InputError(f"{where}: altitudes must be finite and rise from line to line")
    for name, values in (("temperature", profile.temperature), ("pressure", profile.pressure)):
        if np.any(values <= 0):
            lowest = float(profile.altitude[np.argmin(values)]) / km
            raise InputError(f"{where}: {name} {np.min(values):g} at {lowest:g} km; it must be positive")
    return profile


def at(profile: Profile, altitude: Array) -> Profile:
    """Interpolate a profile: temperature linear in altitude, pressure linear in its logarithm.

    Up to 3 km below the lowest level (the deepest chasmata) the lowest gradient goes on.

    Parameters
    ----------
    profile
        Temperature and pressure at rising altitudes.
    altitude
        Altitudes asked for [m], rising.

    Raises
    ------
    InputError
        If an altitude lies above the profile or more than 3 km below it.
    """
    altitude = np.asarray(altitude, dtype=float)
    low, high = float(profile.altitude[0]) - 3 * km, float(profile.altitude[-1])
    if altitude.min() < low or altitude.max() > high * (1 + 1e-12):
        raise InputError(
            f"atmosphere: altitudes {altitude.min() / km:g} to {altitude.max() / km:g} km; "
            f"this profile holds from {low / km:g} to {high / km:g} km; choose another profile"
        )
    temperature = _extended(altitude, profile.altitude, profile.temperature)
    pressure = np.exp(_extended(altitude, profile.altitude, np.log(profile.pressure)))
    return Profile(altitude, temperature, pressure)


def _extended(place: Array, known: Array, values: Array) -> Array:
    slope = (values[1] - values[0]) / (known[1] - known[0])
    below = np.minimum(place - known[0], 0.0)
    return np.asarray(np.interp(place, known, values) + slope * below)


def refractivity(
    temperature: Array,
    pressure: Array,
    *,
    co2: float = CO2_FRACTION,
    n2: float = N2_FRACTION,
    h2o: float = 0.0,
) -> Array:
    """Return the radio refractivity n − 1 of the gas.

    10⁶ (n − 1) = 134.9 P_CO2/T + 80.29 P_N2/T + 16.57 (1 + 5748/T) P_H2O/T, pressures in mbar
    (Stratton 1968, as quoted by Duan et al. 2010).

    Parameters
    ----------
    temperature
        [K], any shape.
    pressure
        [Pa], same shape.
    co2, n2, h2o
        Mole fractions.
    """
    each = np.asarray(pressure) / mbar / np.asarray(temperature)
    vapour = 16.57 * (1 + 5748 / np.asarray(temperature)) * h2o
    return np.asarray(1e-6 * each * (134.9 * co2 + 80.29 * n2 + vapour))


def number_density(temperature: Array, pressure: Array) -> Array:
    """Return the number density P/kT [m-3] of the ideal gas."""
    return np.asarray(np.asarray(pressure) / (BOLTZMANN * np.asarray(temperature)))
