"""Beams and peaks of Mohan et al. 2017 from the paper's array and schedule, beside the printed ones."""

from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.products import Result, from_published
from hesper.radio import model_array, model_beam, plan_beam, read
from hesper.radio.data_image import Beam
from hesper.units import MHz, arcsec, minute

_SOURCE = "Mohan et al. 2017, Table"
_CALIBRATORS = 1.25
"""An observation takes this times the time on Venus: 5 min in 30 for the phase calibrator, and slews."""
_MIDDLE = {"2004-03-19": "12:31", "2004-03-20": "12:18", "2004-03-26": "10:01", "2004-03-27": "10:41"}
"""UTC at which Venus had the printed right ascension (docs/papers/mohan-2017.md)."""
_MINUTES = {"2004-03-19": 210, "2004-03-20": 240, "2004-03-26": 311, "2004-03-27": 334}
_PEAKS = {("606.1", "2004-03-26"): 5.93, ("332.9", "2004-03-19"): 4.07}
"""mJy per beam, captions of Figs. 1 and 2."""


class Row(NamedTuple):
    """A beam found for a row of Table 3."""

    name: str
    robust: float
    found: Beam
    printed: Beam


def beams() -> list[Row]:
    """Return the beam of each row of Table 3, the robustness chosen so that its area is the printed one.

    The paper does not say how it weighted; one number is taken from each row, two axes are compared.
    """
    place = model_array.antennas("GMRT")
    rows = []
    for row in read.published("mohan2017_table3"):
        day = row["date"]
        middle = ephemeris.viewing(np.datetime64(f"{day}T{_MIDDLE[day]}"), "GMRT").time[0]
        span = _MINUTES[day] * minute * _CALIBRATORS
        view = ephemeris.viewing(middle + np.linspace(-span / 2, span / 2, 30), "GMRT")
        frequency = float(row["frequency_MHz"]) * MHz
        bandwidth = (8 if frequency < 300 * MHz else 16) * MHz
        samples = plan_beam.points(place, view, frequency=frequency, bandwidth=bandwidth)
        major, minor = (float(row[f"beam_{axis}_arcsec"]) * arcsec for axis in ("major", "minor"))
        beam = model_beam.find_beam("GMRT", frequency)
        width = model_beam.half_power_width(frequency, np.array(beam.coefficients))
        robust = plan_beam.robustness(samples, area=major * minor, field_of_view=width)
        found = plan_beam.synthesised(samples, robust=robust, field_of_view=width)
        printed = Beam(major=major, minor=minor, angle=0.0)
        rows.append(Row(f"{row['frequency_MHz']} MHz {day}", robust, found, printed))
    return rows


def results() -> list[Result]:
    """Return rows of beams and peaks, within 10 %: weights are not stated, and a peak is a noisy pixel."""
    made = []
    table = read.published("mohan2017_table3")
    for row, line in zip(beams(), table, strict=True):
        note = f"Briggs' robustness {row.robust:.2f}, for which the area is the printed one; 30 antennas"
        for axis in ("major", "minor"):
            ours, theirs = getattr(row.found, axis) / arcsec, float(line[f"beam_{axis}_arcsec"])
            made.append(
                from_published("radio", f"{row.name} beam, {axis} axis", "arcsec", ours, theirs, 0.1 * theirs,
                               source=f"{_SOURCE} 3", note=note)
            )  # fmt: skip
        printed = _PEAKS.get((line["frequency_MHz"], line["date"]))
        if printed is not None:
            size = float(line["diameter_arcsec"]) * arcsec
            value = plan_beam.peak(float(line["flux_mJy"]), size, row.printed)
            made.append(
                from_published("radio", f"{row.name} peak", "mJy/beam", value, printed, 0.1 * printed,
                               source="Mohan et al. 2017, captions of Figs. 1 and 2",
                               note="uniform disk of the printed flux density seen with the printed beam")
            )  # fmt: skip
    return made
