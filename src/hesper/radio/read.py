"""Tables of flux densities → record."""

import csv
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np

from hesper.errors import InputError
from hesper.radio.data import FluxDensities
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
        raise InputError(f"{place}: no column {', '.join(missing)}; the columns are {', '.join(_COLUMNS)}")
    numbers = {name: _numbers(rows, name, place) for name in _COLUMNS if name not in ("date", "limit")}
    limits = [row["limit"] for row in rows]
    if not set(limits) <= {"0", "1"}:
        raise InputError(f"{place}: limit holds {sorted(set(limits) - {'0', '1'})[0]!r}; 0 or 1 is needed")
    return FluxDensities(
        label=np.array([f"{row['frequency_MHz']} MHz {row['date']}" for row in rows]),
        frequency=numbers["frequency_MHz"] * MHz,
        flux_density=numbers["flux_mJy"] * mJy,
        map_rms=numbers["rms_mJy"] * mJy,
        beam_major=numbers["beam_major_arcsec"] * arcsec,
        beam_minor=numbers["beam_minor_arcsec"] * arcsec,
        angular_diameter=numbers["diameter_arcsec"] * arcsec,
        is_limit=np.array(limits) == "1",
    )


def _rows(place: Path | Traversable) -> list[dict[str, str]]:
    try:
        lines = place.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{place}: not a text file; a CSV table is needed") from None
    return list(csv.DictReader(line for line in lines if line.strip() and not line.startswith("#")))


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
