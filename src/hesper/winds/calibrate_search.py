"""Light along the slit → the place of every frame at the photometric exponent that suits all."""

import math
from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.record import Array
from hesper.winds import model, model_pictures, model_position

_SURE = 25.0
"""Difference of χ² between two places that tells them apart: 5σ."""
_SAME_PLACE = 0.1
"""Distance of two places, in their σ, below which both searches ended in one."""
_BETWEEN = 0.06
"""Distance of the positions from which the search starts, in radii."""


class Search(NamedTuple):
    """What is given to a search beside the light."""

    height: Array
    """Of the rows along the slit (row,) [rad]."""
    std: Array
    """Of the light (frame, row) [electrons per pixel]."""
    offset: Array
    """Commanded positions (frame,) [rad]; NaN where there are none."""
    table: model_pictures.Pictures
    disk: model.Aspect
    seeing: float
    """First guess [rad]."""
    floor: float
    """Relative error allowed to the model of the light."""
    free_exponent: bool


class Places(NamedTuple):
    """What a search ends with."""

    out: Array
    """Of `model_position.fit_profiles` (frame, RESULTS)."""
    found: Array
    """Whether the planet is there and its place is certain (frame,)."""
    unsure: int
    """Frames whose light suits two places."""
    misfit: Array
    """χ² per degree of freedom (frame,)."""
    exponent: float
    information: float
    """On the exponent."""


def search(task: Search, level: Array, exponent: float) -> Places:
    """Fit the profile of every frame, and move the exponent until all fit best.

    Parameters
    ----------
    level
        Light along the slit (frame, row) [electrons per pixel].
    exponent
        To start from, or to keep.

    Raises
    ------
    InputError
        If the planet is found in no frame, or no frame tells sunward from darkward.
    """
    for _ in range(8 if task.free_exponent else 1):
        places = _at_exponent(task, level, exponent)
        score = places.out[places.found, 13].sum()
        step = float(np.clip(score / max(places.information, 1e-300), -0.15, 0.15))
        if not task.free_exponent or abs(step) < 1e-4:
            break
        exponent = float(np.clip(exponent + step, task.table.exponent[0], task.table.exponent[-1]))
    return places


def _at_exponent(task: Search, level: Array, exponent: float) -> Places:
    radius, phase = task.disk.angular_radius, model.phase(task.disk)
    darkward = min(max(math.cos(phase), 0.0) + 0.1, 0.96)
    both = np.full((len(level), 2, model_position.RESULTS), np.nan)
    model_position.fit_profiles(
        task.table.start, task.table.step, task.table.seeing,
        model_pictures.at_exponent(task.table, exponent), task.height, level, task.std,
        np.arange(-darkward, 0.96, _BETWEEN) * radius,
        float(task.seeing), float(task.floor), both,
    )  # fmt: skip
    out, certain = chosen(both, task.offset)
    found = np.isfinite(out[:, 0]) & (np.abs(out[:, 0]) < 1.05 * radius) & (out[:, 3] > 5 * out[:, 8])
    if not found.any():
        raise InputError(
            "positions: the planet is found in no frame; check the plate scale (CDELT2), the radius and "
            "that the planet was on the slit"
        )
    misfit = out[:, 10] / np.maximum(out[:, 11] - 5, 1)
    found &= misfit < 25 * max(float(np.median(misfit[found])), 1.0)
    sure = found & certain
    if not sure.any():
        raise InputError(
            "positions: the light along the slit does not tell sunward from darkward places in any frame "
            f"(phase angle {math.degrees(phase):.0f}°); give the commanded positions as SLITOFF, or observe "
            "further from full phase"
        )
    unsure = int((found & ~certain).sum())
    return Places(out, sure, unsure, misfit, exponent, float(out[sure, 12].sum()))


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
