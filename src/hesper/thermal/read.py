"""Archive files → records: tables of brightness temperatures and of radar reflectivities."""

import csv
import math
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np

from hesper.errors import InputError, MissingError
from hesper.record import Array, concatenate
from hesper.thermal.data import RadarReflectivities, Spectrum
from hesper.thermal.model_columns import HIGHEST_FREQUENCY, LOWEST_FREQUENCY
from hesper.units import MHz, km

COLUMNS = (
    "frequency_MHz",
    "kind",
    "brightness_temperature_K",
    "brightness_temperature_std_K",
    "convention",
    "reference_radius_km",
    "campaign",
    "campaign_scale_std",
    "reference",
)
"""Columns of a table of brightness temperatures; lines that begin with # are comments."""
KINDS = ("detection", "upper limit")
CONVENTIONS = ("rayleigh-jeans", "planck")
PUBLISHED = {
    "mohan2017": "mohan2017.csv",
    "mohan2017-corrected": "mohan2017_corrected.csv",
    "class2023": "class2023.csv",
}
"""Data sets that come with the package."""
_RANGES = {
    "frequency_MHz": (LOWEST_FREQUENCY / MHz, HIGHEST_FREQUENCY / MHz, "the model holds there; leave it out"),
    "brightness_temperature_K": (0.1, 5000.0, "give kelvin, the sky included"),
    "brightness_temperature_std_K": (1e-4, 5000.0, "give one standard deviation in kelvin"),
    "reference_radius_km": (6000.0, 6200.0, "give the radius of Venus that the temperature refers to"),
    "campaign_scale_std": (0.0, 0.5, "give the relative standard deviation, 0.03 for 3 %"),
}
_LARGEST_TABLE = 10_000_000
_MOST_ROWS = 5000


def spectrum(path: Path) -> Spectrum:
    """Read a table of brightness temperatures.

    Raises
    ------
    MissingError
        If there is no such file.
    InputError
        If a column or value is missing, a value cannot be right or a row stands twice.
    """
    if not path.is_file():
        raise MissingError(f"{path}: no such table of brightness temperatures")
    if path.stat().st_size > _LARGEST_TABLE:
        raise InputError(f"{path}: {path.stat().st_size} bytes; such a table has at most {_LARGEST_TABLE}")
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file; a CSV table with columns {', '.join(COLUMNS)}") from None
    return _spectrum(content, str(path))


def published(name: str) -> Spectrum:
    """Return a data set that comes with the package: see `PUBLISHED`.

    Raises
    ------
    InputError
        If there is no such data set.
    """
    if name not in PUBLISHED:
        raise InputError(f"data set '{name}'; allowed: {', '.join(PUBLISHED)}")
    resource = files("hesper.thermal").joinpath(f"tables/{PUBLISHED[name]}")
    return _spectrum(resource.read_text(encoding="utf-8"), name)


def together(names: Sequence[str]) -> Spectrum:
    """Return several data sets of the package as one.

    Raises
    ------
    InputError
        If there is no such data set, or a datum stands in two of them.
    """
    spectra = {name: published(name) for name in names}
    whole = concatenate(list(spectra.values()), "datum")
    _refuse_contradictions(
        whole,
        [
            f"data set {name}, row {i + 1}"
            for name, each in spectra.items()
            for i in range(each.frequency.size)
        ],
    )
    return whole


def radar() -> RadarReflectivities:
    """Return the reflectivities seen by radar that come with the package."""
    resource = files("hesper.thermal").joinpath("tables/radar.csv")
    rows = _rows(
        resource.read_text(encoding="utf-8"),
        ("frequency_MHz", "reflectivity", "reflectivity_std", "reference"),
        "radar.csv",
    )
    return RadarReflectivities(
        frequency=np.array([float(row["frequency_MHz"]) * MHz for _, row in rows]),
        reflectivity=np.array([float(row["reflectivity"]) for _, row in rows]),
        reflectivity_std=np.array([float(row["reflectivity_std"]) for _, row in rows]),
        reference=np.array([row["reference"] for _, row in rows]),
    )


def no_radar() -> RadarReflectivities:
    """Return an empty set of reflectivities: a fit without radar."""
    none = np.array([])
    return RadarReflectivities(frequency=none, reflectivity=none, reflectivity_std=none, reference=none)


def _spectrum(content: str, where: str) -> Spectrum:
    rows = _rows(content, COLUMNS, where)
    numbers = {
        name: np.array([_number(row[name], name, f"{where}, line {line}") for line, row in rows])
        for name in COLUMNS
        if name not in ("kind", "convention", "campaign", "reference")
    }
    for line, row in rows:
        _allowed(row["kind"], KINDS, "kind", f"{where}, line {line}")
        _allowed(row["convention"], CONVENTIONS, "convention", f"{where}, line {line}")
    for i, (line, row) in enumerate(rows):
        for name, (low, high, hint) in _RANGES.items():
            if not low <= numbers[name][i] <= high:
                raise InputError(
                    f"{where}, line {line}: {name} = {row[name]}; {low:g} to {high:g} is allowed; {hint}"
                )
        _refuse_unlikely(numbers, i, f"{where}, line {line}")
        for name in ("campaign", "reference"):
            if not row[name]:
                raise InputError(f"{where}, line {line}: {name} is empty; give it a name")
    table = Spectrum(
        frequency=numbers["frequency_MHz"] * MHz,
        brightness_temperature=numbers["brightness_temperature_K"],
        brightness_temperature_std=numbers["brightness_temperature_std_K"],
        is_limit=np.array([row["kind"] == "upper limit" for _, row in rows]),
        is_planck=np.array([row["convention"] == "planck" for _, row in rows]),
        reference_radius=numbers["reference_radius_km"] * km,
        campaign=np.array([row["campaign"] for _, row in rows]),
        campaign_scale_std=numbers["campaign_scale_std"],
        reference=np.array([row["reference"] for _, row in rows]),
    )
    _refuse_contradictions(table, [f"{where}, line {line}" for line, _ in rows])
    return table


def _rows(content: str, columns: tuple[str, ...], where: str) -> list[tuple[int, dict[str, str]]]:
    lines = [(i, line) for i, line in enumerate(content.splitlines(), 1) if line.strip() and line[0] != "#"]
    if not lines:
        raise InputError(f"{where}: empty; a CSV table with columns {', '.join(columns)} is needed")
    if len(lines) > _MOST_ROWS:
        raise InputError(f"{where}: {len(lines)} rows; at most {_MOST_ROWS} are allowed; divide the table")
    cells = [_cells(line, f"{where}, line {number}") for number, line in lines]
    header = cells[0]
    missing = [name for name in columns if name not in header]
    if missing:
        raise InputError(
            f"{where}, line {lines[0][0]}: column {missing[0]} is missing; needed: {', '.join(columns)}"
        )
    twice = [name for name in header if header.count(name) > 1]
    if twice:
        raise InputError(
            f"{where}, line {lines[0][0]}: column {twice[0] or '(without a name)'} stands twice; remove one"
        )
    rows = []
    for (number, _), values in zip(lines[1:], cells[1:], strict=True):
        if len(values) != len(header):
            raise InputError(f"{where}, line {number}: {len(values)} values; the header has {len(header)}")
        rows.append((number, dict(zip(header, values, strict=True))))
    if not rows:
        raise InputError(f"{where}: a header but no data; at least one row is needed")
    return rows


def _cells(line: str, where: str) -> list[str]:
    """Return the cells of one line; a quote that is not closed would swallow the lines below it."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], strict=True))]
    except csv.Error as error:
        raise InputError(f"{where}: not CSV ({error}); close every quote") from None


def _number(given: str, name: str, where: str) -> float:
    if not given:
        raise InputError(f"{where}: {name} is missing; every datum needs one")
    try:
        value = float(given)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{where}: {name} = '{given}'; a finite number is needed")
    return value


def _allowed(given: str, allowed: tuple[str, ...], name: str, where: str) -> None:
    if given not in allowed:
        raise InputError(f"{where}: {name} '{given}'; allowed: {', '.join(allowed)}")


def _refuse_unlikely(numbers: dict[str, Array], i: int, where: str) -> None:
    """Refuse an error that is no error: larger than the value of a detection, or below a millionth of it."""
    value, std = numbers["brightness_temperature_K"][i], numbers["brightness_temperature_std_K"][i]
    if not 1e-6 * value <= std <= 10.0 * value:
        raise InputError(
            f"{where}: brightness_temperature_std_K = {std:g} beside {value:g} K; a millionth to ten times "
            "the temperature is allowed; give one standard deviation in kelvin"
        )


def _refuse_contradictions(table: Spectrum, places: list[str]) -> None:
    """Refuse a datum that stands twice, whoever is named as its source, and a campaign of two scales."""
    named: dict[tuple[object, ...], str] = {}
    scales: dict[str, tuple[float, str]] = {}
    for i, place in enumerate(places):
        nu, campaign = float(table.frequency[i]), str(table.campaign[i])
        values = (table.brightness_temperature[i], table.brightness_temperature_std[i], table.is_limit[i],
                  table.is_planck[i], table.reference_radius[i])  # fmt: skip
        for key in ((nu, campaign, str(table.reference[i])), (nu, campaign, *map(float, values))):
            if named.setdefault(key, place) != place:
                raise InputError(
                    f"{place}: {nu / MHz:g} MHz of {campaign} stands in {named[key]} already; remove one, "
                    "or, of two measurements, name each in its reference"
                )
        std = float(table.campaign_scale_std[i])
        known, first = scales.setdefault(campaign, (std, place))
        if known != std:
            raise InputError(
                f"{place}: campaign '{campaign}' has campaign_scale_std {std:g} here and {known:g} in "
                f"{first}; give it one"
            )
