"""Winds of several spectral windows → one estimate for every level of the atmosphere, and the shear."""

from collections.abc import Sequence

import numpy as np

from hesper.errors import InputError
from hesper.record import Array
from hesper.winds.data import LevelWinds, Winds


def level_winds(found: Sequence[Winds], lines: Sequence[str]) -> LevelWinds:
    """Return the winds of the levels that windows show, each window weighted by its whole covariance.

    Parameters
    ----------
    found
        A fit of the same terms to each window.
    lines
        Of each window: "reflected" sunlight shows the cloud tops (67 km), lines "emitted" (formed) by CO2 a
        level some 7 km higher.

    Raises
    ------
    InputError
        If the windows were fitted with different terms.

    Notes
    -----
    Windows have cameras, photons and nuisances (zero level, rows, drift, places of the slit) of their own, so
    that the estimate from all data at once is x = C Σ AᵢᵀΛᵢvᵢ, C = (Σ AᵢᵀΛᵢAᵢ)⁻¹, with Λᵢ the inverse of the
    block of window i's covariance that belongs to the winds, its nuisances marginalised, and Aᵢ the choice of
    its level. χ² = Σ (vᵢ − Aᵢx)ᵀΛᵢ(vᵢ − Aᵢx) says whether windows of one level agree.
    """
    names = [str(term) for term in found[0].term[:-1]]
    if any([str(t) for t in part.term[:-1]] != names for part in found):
        raise InputError("levels: the windows were fitted with different terms; fit the same ones to all")
    levels = list(dict.fromkeys(lines))
    n = len(names)
    inverse, right = np.zeros((n * len(levels),) * 2), np.zeros(n * len(levels))
    places = [slice(n * levels.index(line), n * levels.index(line) + n) for line in lines]
    weights = [np.linalg.inv(part.covariance[:n, :n]) for part in found]
    for part, place, weight in zip(found, places, weights, strict=True):
        inverse[place, place] += weight
        right[place] += weight @ part.value[:n]
    covariance = np.linalg.inv(inverse)
    value = covariance @ right
    chi2 = sum(
        float((part.value[:n] - value[place]) @ weight @ (part.value[:n] - value[place]))
        for part, place, weight in zip(found, places, weights, strict=True)
    )
    turn = _shear(levels, n)
    shear, shear_covariance = turn @ value, turn @ covariance @ turn.T
    return LevelWinds(
        term=np.array([f"{name}, {line}" for line in levels for name in names]),
        value=value, value_std=np.sqrt(np.diag(covariance)), covariance=covariance,
        windows=np.repeat([sum(other == line for other in lines) for line in levels], n),
        shear_term=np.array(names if len(turn) else [], dtype="U40"), shear=shear,
        shear_std=np.sqrt(np.diag(shear_covariance)), shear_covariance=shear_covariance,
        chi2=chi2, dof=n * (len(found) - len(levels)),
    )  # fmt: skip


def _shear(levels: Sequence[str], n: int) -> Array:
    """Return the matrix that turns the winds of the levels into upper less lower; no rows for one level."""
    if set(levels) != {"reflected", "emitted"}:
        return np.zeros((0, n * len(levels)))
    out = np.zeros((n, 2 * n))
    upper, lower = levels.index("emitted"), levels.index("reflected")
    index = np.arange(n)
    out[index, n * upper + index], out[index, n * lower + index] = 1.0, -1.0
    return out
