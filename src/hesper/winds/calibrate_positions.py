"""Light along the slit → where the slit lay on the disk in each frame."""

import math
import warnings

import numpy as np

from hesper.record import Array
from hesper.units import arcsec
from hesper.winds import calibrate_law, calibrate_search, model, model_pictures
from hesper.winds.data import Positions, Spectra

_FLOOR = 0.002
"""Relative error allowed to the model of the light (flat field, clouds)."""
_SEEING = 1.0 * arcsec
"""First guess."""


def positions(
    spectra: Spectra,
    level: Array,
    std: Array,
    rows: Array,
    table: model_pictures.Pictures,
    other: model_pictures.Pictures,
    disk: model.Aspect,
    *,
    exponent: float = 1.0,
    free_exponent: bool = True,
) -> Positions:
    """Find the slit on the disk from the whole profile of light along it, frame by frame.

    Parameters
    ----------
    level, std, rows
        From `calibrate_profiles.profiles`.
    table
        Pictures of the disk over seeing and exponent.
    other
        Pictures by another scattering law, of one exponent, for what the law's uncertainty does.
    disk
        How it is turned; tells how far darkward of its centre light is to be expected.
    exponent
        Photometric exponent k to start from.
    free_exponent
        Whether k is fitted, one for the run: a wrong one moves the slit by up to an arcsecond.

    Raises
    ------
    InputError
        If the planet is found in no frame, or the light is not that of a disk.
    """
    task = calibrate_search.Search(
        rows * spectra.setup.row_height, std, spectra.offset, table, disk, _SEEING, _FLOOR, free_exponent
    )
    places = calibrate_search.search(task, level, exponent)
    law = calibrate_law.law_error(task, places, other)
    if places.unsure:
        warnings.warn(
            f"positions: the light along the slit does not tell sunward from darkward in {places.unsure} of "
            f"{len(level)} frames, which are left out (phase angle {math.degrees(model.phase(disk)):.0f}°); "
            "commanded positions in the headers (SLITOFF) tell",
            stacklevel=2,
        )
    out = places.out
    inflate = math.sqrt(max(float(np.median(places.misfit[places.found])), 1.0))
    return Positions(
        x=out[:, 0], x_std=out[:, 5] * inflate, y=out[:, 1], y_std=out[:, 6] * inflate,
        seeing=out[:, 2], seeing_std=out[:, 7] * inflate, covariance=_covariance(out) * inflate**2,
        brightness=out[:, 3], found=places.found, misfit=places.misfit, exponent_response=out[:, 14],
        exponent=places.exponent,
        exponent_std=inflate / math.sqrt(places.information) if free_exponent else 0.0,
        law_response=law.response, law_share=law.share,
    )  # fmt: skip


def _covariance(out: Array) -> Array:
    """Return the covariance (frame, 3, 3) of x, y and seeing from results of `fit_profiles`."""
    xy, xs, ys = out[:, 15], out[:, 16], out[:, 17]
    xx, yy, ss = out[:, 5] ** 2, out[:, 6] ** 2, out[:, 7] ** 2
    return np.moveaxis(np.array([[xx, xy, xs], [xy, yy, ys], [xs, ys, ss]]), 2, 0)


def exponent_nodes() -> Array:
    """Return the photometric exponents over which pictures are tabulated for a free exponent."""
    return np.array([0.6, 0.8, 1.0, 1.2, 1.4])
