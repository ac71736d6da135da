"""The primary beam of an antenna."""

import csv
from collections.abc import Sequence
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.record import Array
from hesper.units import GHz, MHz, arcmin


class Beam(NamedTuple):
    """A primary beam in a band."""

    telescope: str
    band: str
    low: float
    """Lowest frequency of the band [Hz]."""
    high: float
    """Highest frequency of the band [Hz]."""
    coefficients: tuple[float, ...]
    """Of powers 1, 2, ... of (offset [arcmin] × frequency [GHz])²."""
    source: str


def primary_beam(
    offset: Array | float, frequency: Array | float, coefficients: Array | Sequence[float]
) -> Array:
    """Return the power response 1 + Σ c_k x^k, x = (offset [arcmin] × frequency [GHz])².

    Parameters
    ----------
    offset
        Angle from the axis [rad]; broadcast against frequency.
    frequency
        [Hz].
    coefficients
        c_1, c_2, … as in `Beam.coefficients`.

    Returns
    -------
    Between 0 and 1; 0 from the first place where the polynomial is zero or has its first minimum.

    Notes
    -----
    The form of PBPARM in AIPS. Beyond its first minimum a polynomial says nothing about a beam.
    """
    c = np.concatenate([[1.0], np.asarray(coefficients, float)])
    x = (np.asarray(offset) / arcmin * np.asarray(frequency) / GHz) ** 2
    return np.asarray(np.where(x < edge(coefficients), np.polynomial.polynomial.polyval(x, c), 0.0))


def edge(coefficients: Array | Sequence[float]) -> float:
    """Return x, as in `primary_beam`, of the first zero or minimum of the polynomial."""
    c = np.concatenate([[1.0], np.asarray(coefficients, float)])
    places = np.concatenate(
        [np.polynomial.polynomial.polyroots(c), np.polynomial.polynomial.polyroots(np.polyder(c[::-1])[::-1])]
    )
    real = places[(abs(places.imag) < 1e-6 * abs(places)) & (places.real > 0)].real
    return float(real.min()) if real.size else np.inf


def half_power_width(frequency: float, coefficients: Array | Sequence[float]) -> float:
    """Return the full width [rad] at half power of `primary_beam` at a frequency [Hz]."""
    c = np.concatenate([[0.5], np.asarray(coefficients, float)])
    roots = np.polynomial.polynomial.polyroots(c)
    real = roots[(abs(roots.imag) < 1e-6 * abs(roots)) & (roots.real > 0)].real
    return float(2 * np.sqrt(real.min()) * arcmin / (frequency / GHz))


def beams() -> list[Beam]:
    """Return the packaged primary beams, of tables/beams.csv."""
    text = (files("hesper.radio") / "tables" / "beams.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return [
        Beam(
            row["telescope"],
            row["band"],
            float(row["low_MHz"]) * MHz,
            float(row["high_MHz"]) * MHz,
            tuple(float(part) for part in row["coefficients"].split()),
            row["source"],
        )
        for row in rows
    ]


def find_beam(telescope: str, frequency: float) -> Beam:
    """Return the packaged beam of a telescope at a frequency [Hz].

    Raises
    ------
    InputError
        If there is none; the error names what there is.
    """
    known = beams()
    mine = [beam for beam in known if beam.telescope == telescope]
    if not mine:
        names = ", ".join(dict.fromkeys(beam.telescope for beam in known))
        raise InputError(f"telescope '{telescope}': no primary beam is known; known: {names}")
    for beam in mine:
        if beam.low <= frequency <= beam.high:
            return beam
    spans = ", ".join(f"{b.low / MHz:g}–{b.high / MHz:g}" for b in mine)
    raise InputError(
        f"frequency {frequency / MHz:g} MHz: {telescope} has no primary beam there; bands [MHz]: {spans}"
    )
