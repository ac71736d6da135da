"""Receivers of arrays, and the noise of images made with them."""

import csv
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.units import GHz, MHz, arcsec, deg


class Receiver(NamedTuple):
    """A receiver of an array."""

    telescope: str
    band: str
    frequency: float
    """Middle of the band [Hz]."""
    temperature: float
    """System temperature [K]."""
    gain: float
    """Of an antenna [K/Jy]."""
    bandwidth: float
    """[Hz]"""
    antennas: int
    lowest: float
    """Elevation limit [rad]."""
    source: str


def receivers() -> list[Receiver]:
    """Return the packaged receivers, of tables/receivers.csv."""
    lines = (files("hesper.radio") / "tables" / "receivers.csv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return [
        Receiver(
            row["telescope"],
            row["band"],
            (float(row["low_MHz"]) + float(row["high_MHz"])) / 2 * MHz,
            float(row["temperature_K"]),
            float(row["gain_K_per_Jy"]),
            float(row["bandwidth_MHz"]) * MHz,
            int(row["antennas"]),
            float(row["lowest_elevation_deg"]) * deg,
            row["source"],
        )
        for row in rows
    ]


def find_receiver(telescope: str, band: str) -> Receiver:
    """Return a packaged receiver.

    Raises
    ------
    InputError
        If there is none; the error names what there is.
    """
    for each in receivers():
        if (each.telescope, each.band) == (telescope, band):
            return each
    known = ", ".join(f"{r.telescope} {r.band}" for r in receivers())
    raise InputError(f"plan: no receiver '{band}' of '{telescope}'; known: {known}")


def thermal_noise(receiver: Receiver, *, seconds: float, polarisations: int = 2, antennas: int = 0) -> float:
    """Return the noise of an image [Jy], T / (G √(n_p N (N − 1) Δν t)), natural weights.

    Thompson, Moran & Swenson, Interferometry and synthesis in radio astronomy, equation 6.62, efficiency 1.
    """
    n = antennas or receiver.antennas
    samples = polarisations * n * (n - 1) * receiver.bandwidth * seconds
    return float(receiver.temperature / receiver.gain / np.sqrt(samples))


def confusion_noise(frequency: float, beam: float) -> float:
    """Return the noise of unresolved sources [Jy], 1.2 µJy (ν/3.02 GHz)^−0.7 (θ/8″)^(10/3).

    Condon et al. 2012, ApJ 758, 23, equation 27; θ is the beam's full width [rad].
    """
    return float(1.2e-6 * (frequency / (3.02 * GHz)) ** -0.7 * (beam / (8 * arcsec)) ** (10 / 3))
