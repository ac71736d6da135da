"""Archive files → records: tables of brightness temperatures and of radar reflectivities."""

import csv
import io
import math
from importlib.resources import files
from pathlib import Path

import numpy as np

from hesper.errors import InputError, MissingError
from hesper.record import concatenate
from hesper.thermal.data import RadarReflectivities, Spectrum
from hesper.thermal.model import checked_frequency
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
_LARGEST_TABLE = 10_000_000


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


def joined(spectra: list[Spectrum]) -> Spectrum:
    """Return several spectra as one.

    Raises
    ------
    InputError
        If a datum stands in two of them.
    """
    whole = concatenate(spectra, "datum")
    _refuse_duplicates(whole, "data sets")
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
    for name, unit in (("brightness_temperature_K", "K"), ("brightness_temperature_std_K", "K"),
                       ("reference_radius_km", "km")):  # fmt: skip
        wrong = np.nonzero(numbers[name] <= 0)[0]
        if wrong.size:
            given = numbers[name][wrong[0]]
            raise InputError(
                f"{where}, line {rows[wrong[0]][0]}: {name} = {given:g} {unit}; it must be positive"
            )
    scale = numbers["campaign_scale_std"]
    wrong = np.nonzero((scale < 0) | (scale >= 1))[0]
    if wrong.size:
        raise InputError(
            f"{where}, line {rows[wrong[0]][0]}: campaign_scale_std = {scale[wrong[0]]:g}; "
            "a relative standard deviation from 0 to 1 is needed (0.03 for 3 %)"
        )
    table = Spectrum(
        frequency=checked_frequency(numbers["frequency_MHz"] * MHz, where=where),
        brightness_temperature=numbers["brightness_temperature_K"],
        brightness_temperature_std=numbers["brightness_temperature_std_K"],
        is_limit=np.array([row["kind"] == "upper limit" for _, row in rows]),
        is_planck=np.array([row["convention"] == "planck" for _, row in rows]),
        reference_radius=numbers["reference_radius_km"] * km,
        campaign=np.array([row["campaign"] for _, row in rows]),
        campaign_scale_std=scale,
        reference=np.array([row["reference"] for _, row in rows]),
    )
    _refuse_duplicates(table, where)
    _refuse_mixed_scales(table, where)
    return table


def _rows(content: str, columns: tuple[str, ...], where: str) -> list[tuple[int, dict[str, str]]]:
    lines = [(i, line) for i, line in enumerate(content.splitlines(), 1) if line.strip() and line[0] != "#"]
    if not lines:
        raise InputError(f"{where}: empty; a CSV table with columns {', '.join(columns)} is needed")
    cells = list(csv.reader(io.StringIO("\n".join(line for _, line in lines))))
    header = [name.strip() for name in cells[0]]
    missing = [name for name in columns if name not in header]
    if missing:
        raise InputError(f"{where}: column {missing[0]} is missing; needed: {', '.join(columns)}")
    rows = []
    for (number, _), values in zip(lines[1:], cells[1:], strict=False):
        if len(values) != len(header):
            raise InputError(f"{where}, line {number}: {len(values)} values; the header has {len(header)}")
        rows.append((number, dict(zip(header, (value.strip() for value in values), strict=True))))
    if not rows:
        raise InputError(f"{where}: a header but no data; at least one row is needed")
    return rows


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


def _refuse_duplicates(table: Spectrum, where: str) -> None:
    seen: set[tuple[float, str, str]] = set()
    for frequency, campaign, reference in zip(table.frequency, table.campaign, table.reference, strict=True):
        key = (float(frequency), str(campaign), str(reference))
        if key in seen:
            raise InputError(
                f"{where}: {frequency / MHz:g} MHz of {reference} ({campaign}) stands twice; remove one"
            )
        seen.add(key)


def _refuse_mixed_scales(table: Spectrum, where: str) -> None:
    for campaign in np.unique(table.campaign):
        stds = np.unique(table.campaign_scale_std[table.campaign == campaign])
        if stds.size > 1:
            raise InputError(
                f"{where}: campaign '{campaign}' has campaign_scale_std {stds[0]:g} and {stds[1]:g}; "
                "give it one"
            )
