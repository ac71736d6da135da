"""Fits of several families of grounds → what the data can choose, and what physics says of each."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.record import Array
from hesper.thermal.data import Comparison, Fit, Posterior
from hesper.thermal.model_families import Family, normal_reflectivity
from hesper.thermal.model_families import family as family_named

THERMAL_DIFFUSIVITY = 7e-7
"""m2 s-1; of basalt near 700 K, taken as known to 40 %: so are the times given."""
RADAR_FREQUENCIES = (38e6, 50e6, 430e6, 2380e6)
"""Hz; where reflectivities are compared with radar."""


def comparison(
    fits: Sequence[Fit],
    posteriors: Sequence[Posterior] = (),
    *,
    surface_temperature: float,
    loss_tangent: float = 0.01,
) -> Comparison:
    """Put the fits of several families side by side, with what physics says of them.

    Parameters
    ----------
    posteriors
        Those that were sampled; evidences of the others are nan.
    surface_temperature
        Against which a temperature below is colder or warmer [K].
    loss_tangent
        For which depths are given; data fix only depth × loss tangent.
    """
    if not loss_tangent > 0:
        raise InputError(f"loss_tangent = {loss_tangent:g}; a positive number is needed, for example 0.01")
    kinds = [family_named(found.family) for found in fits]
    evidence = {p.family: (p.log_evidence, p.log_evidence_std) for p in posteriors}
    nan = (math.nan, math.nan)
    depth = np.array([
        10.0 ** found.value[kind.loss_depth] / loss_tangent if kind.loss_depth >= 0 else math.nan
        for kind, found in zip(kinds, fits, strict=True)
    ])  # fmt: skip
    return Comparison(
        family=np.array([found.family for found in fits]),
        parameters=np.array([len(kind.parameters) for kind in kinds]),
        chi_square=np.array([found.chi_square for found in fits]),
        chi_square_scaled=np.array([found.chi_square_scaled for found in fits]),
        chi_square_low=np.array([found.chi_square_low for found in fits]),
        log_evidence=np.array([evidence.get(found.family, nan)[0] for found in fits]),
        log_evidence_std=np.array([evidence.get(found.family, nan)[1] for found in fits]),
        depth=depth,
        diffusion_time=depth**2 / THERMAL_DIFFUSIVITY,
        gradient=np.array([
            _gradient(kind, found, surface_temperature) for kind, found in zip(kinds, fits, strict=True)
        ]),
        radar_frequency=np.array(RADAR_FREQUENCIES),
        radar_reflectivity=np.array([
            normal_reflectivity(kind, np.array(RADAR_FREQUENCIES), np.array(found.value))
            for kind, found in zip(kinds, fits, strict=True)
        ]),
        loss_tangent=loss_tangent,
    )  # fmt: skip


class Tied(NamedTuple):
    """Families that the data cannot tell from the best one."""

    families: Array
    """Their numbers in the comparison, shape (tied,)."""
    measure: str
    """How that was decided."""


def tied(table: Comparison) -> Tied:
    """Return the families that the data cannot tell apart, by log evidence, or else by χ²."""
    if np.all(np.isfinite(table.log_evidence)):
        best = int(np.argmax(table.log_evidence))
        apart = table.log_evidence[best] - table.log_evidence
        return Tied(np.nonzero(apart < 2.5)[0], "log evidence within 2.5 of the best")

    # One χ² unit per parameter is what fitting noise gains: Akaike's criterion.
    score = table.chi_square_scaled + 2.0 * table.parameters
    near = np.nonzero(score - score.min() < 5.0)[0]
    return Tied(near, "chi-square + 2 × parameters within 5 of the best")


def verdict(table: Comparison) -> str:
    """Say in words which families the data cannot tell apart."""
    found = tied(table)
    names = ", ".join(str(name) for name in table.family[found.families])
    if found.families.size > 1:
        return (
            f"These data cannot choose among {found.families.size} families of grounds ({names}): "
            f"{found.measure}. None of them is preferred."
        )
    return f"These data prefer one family of grounds: {names} ({found.measure} holds for no other)."


def price(table: Comparison, i: int) -> str:
    """Return in a few words what a family asks for: reflectivities, depth, age, gradient."""
    each = ", ".join(f"{r:.2f}" for r in table.radar_reflectivity[i])
    seen = ", ".join(f"{f / 1e6:g}" for f in table.radar_frequency)
    text = f"reflectivity {each} at {seen} MHz (radar saw 0.15)"
    if np.isfinite(table.depth[i]):
        text += f"; depth {table.depth[i]:.2g} m for tan δ {table.loss_tangent:g}"
    if table.gradient[i] != 0:
        text += f", {'colder' if table.gradient[i] < 0 else 'warmer'} below"
        text += f", heat crosses it in {table.diffusion_time[i] / 3.156e7:.2g} years"
    return text


def flags(table: Comparison) -> list[str]:
    """Return what physics says of each family at its best fit, one line each."""
    lines = []
    seen = ", ".join(f"{f / 1e6:g}" for f in table.radar_frequency)
    for i, name in enumerate(table.family):
        reflectivity = ", ".join(f"{r:.2f}" for r in table.radar_reflectivity[i])
        text = f"{name}: reflectivity {reflectivity} at {seen} MHz (radar saw about 0.15)"
        if np.isfinite(table.depth[i]):
            years = table.diffusion_time[i] / 3.156e7
            text += f"; depth {table.depth[i]:.2g} m for tan δ = {table.loss_tangent:g}"
            if table.gradient[i] != 0:
                text += f", through which heat diffuses in {years:.2g} years"
        if table.gradient[i] < 0:
            text += (
                "; colder below, against the flow of heat from the interior: no steady state, it would have "
                "to be younger than that time"
            )
        elif table.gradient[i] > 0:
            text += "; warmer below, as the flow of heat demands"
        lines.append(text)
    return lines


def _gradient(kind: Family, found: Fit, surface_temperature: float) -> int:
    if kind.deep_temperature < 0:
        return 0
    return int(np.sign(found.value[kind.deep_temperature] - surface_temperature))
