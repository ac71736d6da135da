"""Tables of flux densities → record."""

import csv
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np

from hesper import ephemeris
from hesper.errors import InputError
from hesper.radio.data import FluxDensities
from hesper.record import Array
from hesper.units import MHz, arcsec, mJy

_COLUMNS = (
    "frequency_MHz",
    "date",
    "diameter_arcsec",
    "beam_major_arcsec",
    "beam_minor_arcsec",
    "rms_mJy",
    "flux_mJy",
    "limit",
)


def published(name: str) -> list[dict[str, str]]:
    """Return the rows of a packaged table of published numbers, as printed."""
    return _rows(files("hesper.radio") / "tables" / f"{name}.csv")


def flux_densities(path: Path | None = None) -> FluxDensities:
    """Read flux densities from a CSV file, those of Mohan et al. 2017 by default.

    Columns: frequency_MHz, date, diameter_arcsec, beam_major_arcsec, beam_minor_arcsec, rms_mJy, flux_mJy
    and limit (0 or 1); others are left alone, lines that begin with # are comments.

    Raises
    ------
    InputError
        If a column is missing, a number is none or is not positive, or there are no rows.
    """
    place = path if path is not None else files("hesper.radio") / "tables" / "mohan2017_table3.csv"
    rows = _rows(place)
    if not rows:
        raise InputError(f"{place}: no rows; one measurement per line is needed")
    missing = [name for name in _COLUMNS if name not in rows[0]]
    if missing:
        found = ", ".join(map(repr, rows[0]))
        raise InputError(f"{place}: no column {', '.join(missing)}; found {found}; separate them by commas")
    _check_rows(rows, place)
    numbers = {name: _numbers(rows, name, place) for name in _COLUMNS if name not in ("date", "limit")}
    _check_span(numbers["frequency_MHz"], "frequency_MHz", 10.0, 1e6, place)
    _check_span(numbers["flux_mJy"], "flux_mJy", 1e-6, 1e9, place)
    limits = [row["limit"] for row in rows]
    if not set(limits) <= {"0", "1"}:
        raise InputError(f"{place}: limit holds {sorted(set(limits) - {'0', '1'})[0]!r}; 0 or 1 is needed")
    return FluxDensities(
        label=np.array([f"{row['frequency_MHz']} MHz {row['date']}" for row in rows]),
        time=ephemeris.tdb_seconds([f"{row['date']}T12:00:00" for row in rows]),
        frequency=numbers["frequency_MHz"] * MHz,
        flux_density=numbers["flux_mJy"] * mJy,
        map_rms=numbers["rms_mJy"] * mJy,
        beam_major=numbers["beam_major_arcsec"] * arcsec,
        beam_minor=numbers["beam_minor_arcsec"] * arcsec,
        angular_diameter=numbers["diameter_arcsec"] * arcsec,
        is_limit=np.array(limits) == "1",
    )


def _check_rows(rows: list[dict[str, str]], place: object) -> None:
    seen = set()
    for i, row in enumerate(rows, start=1):
        try:
            date.fromisoformat(row["date"])
        except ValueError:
            raise InputError(f"{place}: row {i}: date = {row['date']!r}; write it like 2004-03-26") from None
        if tuple(row.values()) in seen:
            raise InputError(f"{place}: row {i} stands twice; keep one of them")
        seen.add(tuple(row.values()))


def _rows(place: Path | Traversable) -> list[dict[str, str]]:
    try:
        lines = place.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{place}: not a text file; a CSV table is needed") from None
    reader = csv.DictReader(line for line in lines if line.strip() and not line.startswith("#"))
    header = list(reader.fieldnames or [])
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise InputError(f"{place}: column {twice} stands twice; name each column once")
    rows = list(reader)
    for i, row in enumerate(rows, start=1):
        if None in row or None in row.values():
            raise InputError(f"{place}: row {i}: {len(header)} fields are needed, as in the header")
    return rows


def _numbers(
    rows: list[dict[str, str]], name: str, place: object
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    values = np.empty(len(rows))
    for i, row in enumerate(rows):
        try:
            values[i] = float(row[name])
        except (TypeError, ValueError):
            raise InputError(f"{place}: row {i + 1}: {name} = {row[name]!r}; a number is needed") from None
        if not (np.isfinite(values[i]) and values[i] > 0):
            raise InputError(f"{place}: row {i + 1}: {name} = {row[name]}; a positive number is needed")
    return values


def _check_span(values: Array, name: str, low: float, high: float, place: object) -> None:
    """Refuse what can only be another unit: MHz given as GHz or Hz, mJy given as Jy to the tenth power."""
    for i, value in enumerate(values, start=1):
        if not low <= value <= high:
            raise InputError(f"{place}: row {i}: {name} = {value:g}; {low:g} to {high:g} is allowed")
