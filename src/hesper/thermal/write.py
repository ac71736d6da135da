"""Records → the table that an observatory would publish."""

import csv
import io

import numpy as np

from hesper.thermal.data import Spectrum
from hesper.thermal.read import COLUMNS
from hesper.units import MHz, km


def spectrum(table: Spectrum) -> bytes:
    """Return a table of brightness temperatures as CSV text, in the layout that `read.spectrum` reads."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for i in range(table.frequency.size):
        writer.writerow([
            _exact(table.frequency[i] / MHz),
            "upper limit" if table.is_limit[i] else "detection",
            _exact(table.brightness_temperature[i]),
            _exact(table.brightness_temperature_std[i]),
            "planck" if table.is_planck[i] else "rayleigh-jeans",
            _exact(table.reference_radius[i] / km),
            table.campaign[i],
            _exact(table.campaign_scale_std[i]),
            table.reference[i],
        ])  # fmt: skip
    return stream.getvalue().encode()


def _exact(value: np.float64) -> str:
    """Return a number with the fifteen digits that every decimal text keeps."""
    return f"{float(value):.15g}"
