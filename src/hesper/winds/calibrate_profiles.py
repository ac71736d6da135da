"""Frames → light of Venus along the slit."""

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.record import Array
from hesper.winds import calibrate_wavelengths, model_levels, model_template
from hesper.winds.data import Spectra, Wavelengths


def profiles(
    spectra: Spectra, known: Wavelengths, template: model_template.Template, *, line_shift: Array, rows: Array
) -> tuple[Array, Array]:
    """Return the continuum of Venus along the slit (frame, row) [electrons per pixel] and its σ.

    Parameters
    ----------
    template
        Of Venus and sky.
    line_shift
        λ/λ0 − 1 of Venus's lines (frame,).
    rows
        Which rows to measure (index,).
    """
    n = len(spectra.electrons)
    level, std = np.full((n, rows.size), np.nan), np.full((n, rows.size), np.nan)
    out = np.empty((rows.size, 2))
    drift = calibrate_wavelengths.smooth_drift(known, spectra.viewing.time)
    centre = float(known.first.mean()) + known.dispersion * spectra.electrons.shape[2] / 2
    sky_shift = spectra.viewing.sky_shift
    for i in np.flatnonzero(spectra.usable & np.isfinite(known.sky)):
        model_levels.row_levels(
            np.ascontiguousarray(spectra.electrons[i][rows]),
            spectra.setup.read_noise**2,
            *template,
            known.first[rows] + drift[i] / SPEED_OF_LIGHT * centre,
            calibrate_wavelengths.sky_levels(known, int(i), rows, spectra.electrons.shape[1]),
            np.full(
                rows.size, SPEED_OF_LIGHT * (sky_shift[i] - sky_shift.mean()) / model_template.VELOCITY_UNIT
            ),
            SPEED_OF_LIGHT * (line_shift[i] - line_shift.mean()) / model_template.VELOCITY_UNIT,
            0.02,
            out,
        )
        level[i], std[i] = out[:, 0], out[:, 1]
    return level, std
