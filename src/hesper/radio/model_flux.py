"""Flux densities of the primary calibrators, on three scales."""

import csv
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.record import Array
from hesper.units import MHz, arcsec, deg, hour_angle

SCALES = ("PB2017", "PB2013", "SH2012", "as published")
"""Perley & Butler 2017, 2013, Scaife & Heald 2012; as published: SH2012 below 500 MHz, PB2013 above."""
_SPLIT = 500 * MHz


class Calibrator(NamedTuple):
    """A calibrator's names and place."""

    name: str
    aliases: tuple[str, ...]
    ra: float
    """Astrometric J2000 [rad]."""
    dec: float


class CalibratorFlux(NamedTuple):
    """What a scale says about a calibrator."""

    flux_density: Array
    """(channel,) [Jy]."""
    flux_density_std: float
    """Relative standard deviation: of the coefficients, where printed, else 0."""
    scale: str
    note: str
    """Empty, or that the scale is extrapolated, and by how much it differs from another."""


class _Row(NamedTuple):
    epoch: float
    reference: float
    low: float
    high: float
    coefficients: Array
    std: Array


def calibrators() -> list[Calibrator]:
    """Return the packaged calibrators."""
    return [
        Calibrator(
            row["name"],
            tuple(row["aliases"].split()),
            _sexagesimal(row["right_ascension"]) * hour_angle,
            _sexagesimal(row["declination"]) * deg,
        )
        for row in _table("calibrators")
    ]


def find_calibrator(name: str) -> Calibrator:
    """Return a calibrator by any of its names; InputError says which are known."""
    known = calibrators()
    wanted = _plain(name)
    for item in known:
        if wanted in (_plain(item.name), *map(_plain, item.aliases)):
            return item
    raise InputError(f"calibrator '{name}': unknown; known: {', '.join(item.name for item in known)}")


def calibrator_near(ra: float, dec: float) -> str:
    """Return the name of the primary calibrator within 20 arcsec of a place [rad], or an empty string."""
    primary = {row["source"] for row in _table("flux_scales")}
    here = _vector(ra, dec)
    for item in calibrators():
        if item.name in primary and sphere.separation(here, _vector(item.ra, item.dec)) < 20 * arcsec:
            return item.name
    return ""


def calibrator_flux(source: str, frequency: Array, *, scale: str, year: float) -> CalibratorFlux:
    """Return the flux density of a primary calibrator.

    Parameters
    ----------
    source
        Name, as in `calibrators`.
    frequency
        (channel,) [Hz].
    scale
        One of `SCALES`.
    year
        Of the observation, as a decimal; PB2013 is interpolated between its epochs.

    Raises
    ------
    InputError
        If scale or source is unknown.

    Notes
    -----
    log S = Σ aₖ log(ν/ν₀)^k. Outside the range of a scale the polynomial goes on, and the note says so.
    """
    frequency = np.atleast_1d(np.asarray(frequency, float))
    if scale not in SCALES:
        raise InputError(f"flux scale '{scale}': unknown; allowed: {', '.join(SCALES)}")
    if scale == "as published":
        scale = "SH2012" if frequency.mean() < _SPLIT else "PB2013"
    rows = _rows(scale, source)
    values = [
        10 ** np.polynomial.polynomial.polyval(np.log10(frequency / r.reference), r.coefficients)
        for r in rows
    ]
    epochs = np.array([row.epoch for row in rows])
    if len(rows) > 1:
        share = np.clip((year - epochs[0]) / (epochs[-1] - epochs[0]), 0, 1)
        value = values[0] ** (1 - share) * values[-1] ** share
    else:
        value = values[0]
    x = np.log10(frequency.mean() / rows[0].reference)
    powers = x ** np.arange(rows[0].std.size)
    std = float(np.log(10) * np.sqrt(np.sum((rows[0].std * powers) ** 2)))
    return CalibratorFlux(np.asarray(value), std, scale, _note(scale, source, frequency, value, rows[0]))


def _note(scale: str, source: str, frequency: Array, value: Array, row: _Row) -> str:
    if row.low <= frequency.min() and frequency.max() <= row.high:
        return ""
    text = (
        f"{scale} holds from {row.low / MHz:g} to {row.high / MHz:g} MHz; "
        f"at {frequency.mean() / MHz:.1f} MHz {source} is extrapolated"
    )
    inside = [other for other in SCALES[:3] if other != scale and _covers(other, source, frequency)]
    if not inside:
        return text
    other = calibrator_flux(source, frequency, scale=inside[0], year=2004.0)
    return f"{text}: {float(np.mean(value / other.flux_density)):.3f} times {inside[0]}"


def _covers(scale: str, source: str, frequency: Array) -> bool:
    return any(
        row["scale"] == scale
        and row["source"] == source
        and float(row["low_MHz"]) * MHz <= frequency.min()
        and frequency.max() <= float(row["high_MHz"]) * MHz
        for row in _table("flux_scales")
    )


def _rows(scale: str, source: str) -> list[_Row]:
    table = _table("flux_scales")
    found = [row for row in table if row["scale"] == scale and row["source"] == source]
    if not found:
        names = ", ".join(dict.fromkeys(row["source"] for row in table if row["scale"] == scale))
        raise InputError(f"calibrator '{source}': not on the scale {scale}; its sources: {names}")
    return [
        _Row(
            float(row["epoch"] or 0),
            float(row["reference_MHz"]) * MHz,
            float(row["low_MHz"]) * MHz,
            float(row["high_MHz"]) * MHz,
            np.array(row["coefficients"].split(), float),
            np.array((row["std"] or "0").split(), float),
        )
        for row in found
    ]


def _table(name: str) -> list[dict[str, str]]:
    text = (files("hesper.radio") / "tables" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def _plain(name: str) -> str:
    return name.upper().replace(" ", "").replace("_", "")


def _sexagesimal(text: str) -> float:
    sign = -1 if text.startswith("-") else 1
    first, second, third = (abs(float(part)) for part in text.split(":"))
    return sign * (first + second / 60 + third / 3600)


def _vector(ra: float, dec: float) -> Array:
    return np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
