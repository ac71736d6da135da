"""Light along the slit → where the slit lay on the disk in each frame."""

import math
import warnings

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import InputError
from hesper.record import Array
from hesper.units import arcsec
from hesper.winds import (
    calibrate_wavelengths,
    model,
    model_levels,
    model_pictures,
    model_position,
    model_template,
)
from hesper.winds.data import Positions, Spectra, Wavelengths

_POOR, _WRONG = 9.0, 625.0
"""χ² per degree of freedom of profiles, 3σ and 25σ of what is allowed to the model, that warn and refuse."""
_SURE = 25.0
"""Difference of χ² between two places that tells them apart: 5σ."""
_SAME_PLACE = 0.1
"""Distance of two places, in their σ, below which both searches ended in one."""


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


def positions(
    spectra: Spectra,
    level: Array,
    std: Array,
    rows: Array,
    table: model_pictures.Pictures,
    disk: model.Aspect,
    *,
    exponent: float = 1.0,
    free_exponent: bool = True,
    seeing: float = 1.0 * arcsec,
    floor: float = 0.002,
) -> Positions:
    """Find the slit on the disk from the whole profile of light along it, frame by frame.

    Parameters
    ----------
    level, std, rows
        From `profiles`.
    table
        Pictures of the disk over seeing and exponent.
    disk
        How it is turned; tells how far darkward of its centre light is to be expected.
    exponent
        Photometric exponent k to start from.
    free_exponent
        Whether k is fitted, one for the run: a wrong one moves the slit by up to an arcsecond.
    seeing
        First guess [rad].
    floor
        Relative error allowed to the photometric model (flat field, clouds).

    Raises
    ------
    InputError
        If the planet is found in no frame.
    """
    height = rows * spectra.setup.row_height
    with np.errstate(invalid="ignore"):
        bright = level > 0.4 * np.nanmax(level, axis=1, keepdims=True, initial=1e-9, where=np.isfinite(level))
    counted = bright.sum(axis=1)
    middle = np.where(counted > 0, (bright * height).sum(axis=1) / np.maximum(counted, 1), np.nan)
    radius = disk.angular_radius
    darkward = min(max(math.cos(model.phase(disk)), 0.0) + 0.1, 0.96)
    tries = np.arange(-darkward, 0.96, 0.06) * radius
    used = exponent
    for _ in range(8 if free_exponent else 1):
        both = np.full((len(level), 2, model_position.RESULTS), np.nan)
        model_position.fit_profiles(
            table.start,
            table.step,
            table.seeing,
            model_pictures.at_exponent(table, used),
            height,
            level,
            std,
            middle,
            tries,
            float(seeing),
            float(floor),
            both,
        )
        out, certain = chosen(both, spectra.offset)
        found = np.isfinite(out[:, 0]) & (np.abs(out[:, 0]) < 1.05 * radius) & (out[:, 3] > 5 * out[:, 8])
        if not found.any():
            raise InputError(
                "positions: the planet is found in no frame; check the plate scale (CDELT2), the radius and "
                "that the planet was on the slit"
            )
        reduced = out[:, 10] / np.maximum(out[:, 11] - 5, 1)
        found &= reduced < 25 * max(float(np.median(reduced[found])), 1.0)
        if not (found & certain).any():
            raise InputError(
                "positions: the light along the slit does not tell sunward from darkward places in any frame "
                f"(phase angle {math.degrees(model.phase(disk)):.0f}°); give the commanded positions as "
                "SLITOFF, or observe further from full phase"
            )
        unsure = int((found & ~certain).sum())
        found &= certain
        information, score = out[found, 12].sum(), out[found, 13].sum()
        if not free_exponent:
            break
        step = float(np.clip(score / information, -0.15, 0.15))
        if abs(step) < 1e-4:
            break
        used = float(np.clip(used + step, table.exponent[0], table.exponent[-1]))
    if unsure:
        warnings.warn(
            f"positions: the light along the slit does not tell sunward from darkward in {unsure} of "
            f"{len(found)} frames, which are left out (phase angle {math.degrees(model.phase(disk)):.0f}°); "
            "commanded positions in the headers (SLITOFF) tell",
            stacklevel=2,
        )
    _check_misfit(float(np.median(reduced[found])))
    inflate = np.sqrt(max(float(np.median(reduced[found])), 1.0))
    return Positions(
        x=out[:, 0], x_std=out[:, 5] * inflate, y=out[:, 1], y_std=out[:, 6] * inflate,
        seeing=out[:, 2], seeing_std=out[:, 7] * inflate, brightness=out[:, 3], found=found, misfit=reduced,
        x_response=out[:, 14], exponent=used,
        exponent_std=inflate / np.sqrt(information) if free_exponent else 0.0,
    )  # fmt: skip


def _check_misfit(misfit: float) -> None:
    """Warn of, or refuse, light along the slit that the model of the disk does not follow."""
    if misfit < _POOR:
        return
    said = (
        "positions: the light along the slit departs from the model of the disk by "
        f"{math.sqrt(misfit):.0f} times the expected error; check SLITPA, CDELT2, the radius, the scattering "
        "law and the photometric exponent"
    )
    if misfit > _WRONG:
        raise InputError(said)
    warnings.warn(f"{said}: the winds may be wrong by more than their errors", stacklevel=3)


def chosen(both: Array, offset: Array) -> tuple[Array, Array]:
    """Return the place of each frame (frame, RESULTS), and whether it is certain (frame,).

    Parameters
    ----------
    both
        The best place and the other one (frame, 2, RESULTS).
    offset
        Commanded position (frame,) [rad]; NaN where there was none. It tells which of two places that
        fit alike is meant.
    """
    x, chi2 = both[:, :, 0], both[:, :, 10]
    # The model's errors enter as noise does: frames that fit badly must differ by more.
    scale = np.maximum(chi2[:, 0] / np.maximum(both[:, 0, 11] - 5, 1), 1.0)
    apart = np.abs(x[:, 1] - x[:, 0]) > _SAME_PLACE * np.hypot(both[:, 0, 5], both[:, 1, 5])
    with np.errstate(invalid="ignore"):
        alike = apart & (chi2[:, 1] - chi2[:, 0] < _SURE * scale)
        other = alike & (np.abs(x[:, 1] - offset) < np.abs(x[:, 0] - offset))
    chosen = np.where(other[:, None], both[:, 1], both[:, 0])
    return chosen, ~alike | np.isfinite(offset)


def exponent_nodes() -> Array:
    """Return the photometric exponents over which pictures are tabulated for a free exponent."""
    return np.array([0.6, 0.8, 1.0, 1.2, 1.4])
