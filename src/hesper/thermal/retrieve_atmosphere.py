"""Centimetre spectra → the absorbers of the atmosphere."""

from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.record import Array
from hesper.thermal import model, model_columns, model_opacity, retrieve, retrieve_likelihood
from hesper.thermal.data import Atmosphere, Fit, Spectrum
from hesper.thermal.model_families import Parameter
from hesper.thermal.model_families import family as family_named
from hesper.units import GHz, ppm

PARAMETERS = (
    Parameter("co2_scale", "1", 0.3, 2.0, 0.85, 0.15),
    Parameter("co2_exponent", "1", 3.0, 6.5, 4.6, 0.4),
    Parameter("so2", "ppm", 0.0, 180.0),
    Parameter("h2so4_scale", "1", 0.0, 1.5),
    Parameter("permittivity", "1", 1.5, 20.0, 4.25, 0.35),
)
"""CO₂ as in `model_opacity.collision_induced_parametric`, deep SO₂, H₂SO₄ vapour, ground."""


class Absorbers(NamedTuple):
    """The absorption of one atmosphere, ready for any amounts of what the fit changes."""

    column: model_columns.Columns
    collisions: Array
    """α_Ho at 400 K [m-1], shape (frequency, level)."""
    relative: Array
    """ln(T/400 K), shape (level,)."""
    so2: Array
    """Absorption of 1 ppm of SO₂ in the deep atmosphere [m-1], shape (frequency, layer)."""
    h2so4: Array
    """Of the scene's H₂SO₄ vapour."""
    others: Array
    """Of all that the fit leaves alone."""


def absorbers(table: Spectrum, scene: model.Scene, *, scales: bool = True) -> Fit:
    """Find CO₂'s absorption law, SO₂, H₂SO₄ vapour and the permittivity from a centimetre spectrum.

    The ground is uniform; below 1 GHz that does not hold, and data there are refused.

    Raises
    ------
    InputError
        If the spectrum holds no detection, or data below 1 GHz, or the scene's atmosphere has no SO₂.
    ConvergenceError
        If no maximum is found.
    """
    return retrieve.fit(question(table, scene, scales=scales))


def question(table: Spectrum, scene: model.Scene, *, scales: bool = True) -> retrieve.Question:
    """Return the question of `absorbers`, for sampling; amounts are the same at all latitudes."""
    retrieve.refuse_limits_alone(table)
    if table.frequency.min() < retrieve.LOW_FREQUENCY:
        raise InputError(
            f"retrieve_atmosphere: a datum at {table.frequency.min() / GHz:g} GHz; data of at least 1 GHz "
            "are allowed, where the ground is uniform; leave it out"
        )
    if float(scene.atmosphere.so2[0]) <= 0:
        raise InputError(
            "retrieve_atmosphere: the scene has no SO2 to scale; give it some, for example 75 ppm"
        )
    airs = [air for _, air in scene.zones] or [scene.atmosphere]
    columns = model.zone_columns(scene, table.frequency)
    each = [_absorbers(scene, air, column) for air, column in zip(airs, columns, strict=True)]
    frequency = columns[0].frequency
    cosine = np.concatenate([column.rays.cosine for column in columns])
    sky = model.sky_source(frequency, scene.sky_408)
    data = retrieve_likelihood.arrays(table, scales=scales)
    kind = family_named("uniform")
    radius, is_planck = np.array(table.reference_radius), np.array(table.is_planck)

    def predict(values: Array) -> Array:
        beams = [model_columns.solve(part.column, absorption(part, values)) for part in each]
        sights = [model.sight(c.rays, beam, sky, radius) for c, beam in zip(columns, beams, strict=True)]
        emission = kind.ground(frequency, cosine, scene.surface_temperature, values[4:])
        return model.convention(frequency, model.seen(model.together(sights, sky), emission), is_planck)

    def log_likelihood(values: Array) -> float:
        return float(retrieve_likelihood.probability(predict(values), data).log_likelihood)

    return retrieve.Question("atmosphere", PARAMETERS, predict, log_likelihood, table)


def absorption(part: Absorbers, values: Array) -> Array:
    """Return the absorption [m-1], shape (frequency, layer): a α_Ho(400 K) (T/400 K)^−m and the rest.

    Parameters
    ----------
    values
        As in `PARAMETERS`.
    """
    scale, exponent, so2, h2so4 = values[:4]
    collisions = model_columns.layer_mean(scale * part.collisions * np.exp(-exponent * part.relative))
    return np.asarray(collisions + so2 * part.so2 + h2so4 * part.h2so4 + part.others)


def _absorbers(scene: model.Scene, air: Atmosphere, column: model_columns.Columns) -> Absorbers:
    temperature = np.array(air.temperature)
    collisions = model_opacity.collision_induced_parametric(
        column.frequency, temperature, np.array(air.pressure), air.co2, air.n2, scale=1.0, exponent=0.0
    )
    return Absorbers(
        column,
        collisions,
        np.log(temperature / 400.0),
        column.absorption[1] / (float(air.so2[0]) / ppm),
        column.absorption[2],
        np.tensordot(scene.scale[3:], column.absorption[3:], axes=1),
    )
