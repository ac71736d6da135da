"""Model + noise → the same record that `read` gives."""

import dataclasses

import numpy as np

from hesper.errors import InputError
from hesper.record import Array
from hesper.thermal import model
from hesper.thermal.data import Prediction, Spectrum
from hesper.thermal.model_families import Family, temperatures
from hesper.units import GHz


def prediction(view: model.View, kind: Family, values: Array, *, is_planck: bool = False) -> Prediction:
    """Return the noiseless spectrum of the disk.

    Parameters
    ----------
    view
        Atmosphere and sky at the frequencies wanted.
    kind, values
        Family of grounds and its parameters.
    is_planck
        Convention of the temperatures.
    """
    return Prediction(
        frequency=view.frequency,
        brightness_temperature=temperatures(view, kind, values, is_planck),
        zenith_opacity=view.zenith_opacity,
        sky_temperature=view.sky,
        is_planck=is_planck,
        reference_radius=float(view.reference_radius[0]),
    )


def spectrum(
    scene: model.Scene, kind: Family, values: Array, table: Spectrum, *, seed: int, scales: bool = True
) -> Spectrum:
    """Return what a campaign like that of `table` would have measured.

    A datum is the model times (1 + s), s the error of its campaign's flux scale, plus its noise. A limit
    stays a limit at its level if noise leaves the signal below it, and is a detection otherwise.

    Parameters
    ----------
    scene
        Atmosphere and sky.
    kind, values
        Family of grounds and its parameters.
    table
        Frequencies, standard deviations, conventions and campaigns; its temperatures matter only for limits.
    seed
        Of the random numbers.
    scales
        Whether flux scales err.

    Raises
    ------
    InputError
        If noise makes a temperature negative, which no table may hold.
    """
    view = model.view(scene, table.frequency, table.reference_radius)
    truth = temperatures(view, kind, values, table.is_planck)
    seen = noisy(truth, table, seed=seed, scales=scales)
    if np.any(seen.brightness_temperature <= 0):
        k = int(np.argmin(seen.brightness_temperature))
        raise InputError(
            f"simulate: noise of {table.brightness_temperature_std[k]:g} K makes {truth[k]:.0f} K at "
            f"{table.frequency[k] / GHz:g} GHz negative; give the table smaller errors, or another seed"
        )
    return seen


def noisy(truth: Array, table: Spectrum, *, seed: int, scales: bool = True) -> Spectrum:
    """Return a table with noise and scale errors around the temperatures `truth` [K]; see `spectrum`."""
    random = np.random.default_rng(seed)
    names = np.unique(table.campaign)
    errors = dict(zip(names, random.standard_normal(names.size), strict=True))
    scale = np.array([errors[name] for name in table.campaign]) * table.campaign_scale_std * scales
    measured = truth * (1 + scale) + table.brightness_temperature_std * random.standard_normal(truth.size)
    below = table.is_limit & (measured < table.brightness_temperature)
    return dataclasses.replace(
        table,
        brightness_temperature=np.where(below, table.brightness_temperature, measured),
        is_limit=below,
    )
