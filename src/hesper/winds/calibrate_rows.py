"""Detector rows with a spectral shift of their own, told from the winds and put into the wavelengths."""

import dataclasses

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.record import Array
from hesper.winds.data import Wavelengths

_SIGNIFICANT = 3.5
"""Standard deviations by which a row must stand out."""
_DEGREE = 4
"""Of the polynomial in the row that stands for the smooth course."""


def shifted_rows(
    row: Array, velocity: Array, velocity_std: Array, known: Array
) -> tuple[Array, Array]:  # fmt: skip
    """Tell detector rows with a spectral shift of their own from the smooth course of all row terms.

    What varies smoothly along the slit may be wind that was not fitted; a shift of single rows is a step.

    Parameters
    ----------
    row, velocity, velocity_std
        Row terms of a fit of winds [m s-1] (line,).
    known
        Rows that stood out before (line,), Boolean: they still have no say in the smooth course.

    Returns
    -------
    tuple
        Which rows stand out (line,), and how far from the others (line,) [m s-1].
    """
    t = (row - row.mean()) / max(float(np.ptp(row)) / 2, 1.0)
    apart = velocity - np.median(velocity)
    for _ in range(5):
        stands = known | (np.abs(apart) > _SIGNIFICANT * velocity_std)
        if (~stands).sum() < 4 * _DEGREE:
            break
        smooth = np.polynomial.Polynomial.fit(
            t[~stands], velocity[~stands], _DEGREE, w=1 / velocity_std[~stands], domain=[-1, 1]
        )
        apart = velocity - smooth(t)
    return stands, np.asarray(apart)


def with_row_shifts(known: Wavelengths, row: Array, velocity: Array) -> Wavelengths:
    """Put the spectral shifts of single detector rows, found in the winds' row terms, into the wavelengths.

    A shifted row moves skylight and telluric lines too. Left out, their share in the row's velocity grows
    where Venus is faint, and is then no constant that a row term could absorb.

    Parameters
    ----------
    row, velocity
        Rows and their shifts [m s-1] (line,); a positive one means that the row's wavelengths are too long.
    """
    first = known.first.copy()
    first[row.astype(int)] *= 1 - velocity / SPEED_OF_LIGHT
    return dataclasses.replace(known, first=first)
