"""Mosaics of a segment → emissivity ±, with the forward model blurred as the light was."""

import dataclasses
from typing import NamedTuple

import numpy as np

from hesper import maps
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.record import Array
from hesper.units import cm, deg
from hesper.vmc import model_blur, model_surface
from hesper.vmc.data_map import Altimetry, Radiation, SegmentMap
from hesper.vmc.data_settings import Atmosphere, Emissivity
from hesper.vmc.grid_segment import Stack, Statistics, averaged, factors, segment_grid
from hesper.vmc.retrieve_ground import Ground, ground

_TRIALS = np.array([0.0, 0.3, 0.6, 1.0, 1.6, 2.5, 4.0, 7.0]) * 1e-10 / cm
_BLOCK = 10 * deg


class Absorption(NamedTuple):
    """The coefficient α of the CO2 continuum [m-1 amagat-2] that the slope with altitude asks for."""

    value: float
    std: float


def absorption(
    stack: Stack, known: Altimetry, grid: maps.Grid, mask: Array | None, *, atmosphere: Atmosphere,
    settings: Emissivity, wavelength: float,
) -> Absorption:  # fmt: skip
    """Find α from how brightness falls with altitude: the slope of ln I against ln model is to be 1.

    The standard deviation is a jackknife over blocks of 10°: emissivity that goes with altitude is in it
    only as far as it differs among them.

    Raises
    ------
    InputError
        If the slope lies outside what any α gives.
    """
    slopes = []
    blocks: Array | None = None
    for alpha in _TRIALS:
        trial = dataclasses.replace(atmosphere, absorption=float(alpha))
        light = model_surface.table(trial, wavelength)
        place = ground(known, light, grid, mask, atmosphere=trial, settings=settings)
        models = orbit_models(stack, place.model, grid)
        found = factors(stack, models, place.reference, least=settings.least_reference)
        mean = averaged(stack.brightness, found.model)
        used = (mean.n >= settings.least_count) & np.isfinite(place.model)
        if used.sum() < 100:
            raise InputError(f"α: {int(used.sum())} cells; at least 100 are needed to see a slope")
        if blocks is None:
            lon, lat = maps.lon_lat(grid)
            blocks = (np.floor(lon / _BLOCK) * 100 + np.floor(lat / _BLOCK)).astype(int)
        group = blocks[used]
        parts = [group != b for b in np.unique(group)]
        x, y, w = np.log(place.model[used]), np.log(mean.mean[used]), stack.area[used]
        slopes.append([_slope(x, y, w)] + [_slope(x[p], y[p], w[p]) for p in parts])
    table = np.array(slopes)
    if not table[:, 0].min() <= 1 <= table[:, 0].max():
        raise InputError(
            f"α: the slope with altitude is {table[:, 0].min():.2f} to {table[:, 0].max():.2f} times the "
            "model's for all α; check altimetry and blur, or give α"
        )
    # The slope rises with α, for the model's own slope falls.
    roots = np.array([np.interp(1.0, column, _TRIALS) for column in table.T])
    others = roots[1:]
    spread = np.sqrt((others.size - 1) / others.size * np.sum((others - others.mean()) ** 2))
    return Absorption(float(roots[0]), float(spread))


def orbit_models(stack: Stack, model: Array, grid: maps.Grid) -> Array:
    """Return the forward model (orbit, y, x) smeared as each orbit's images were."""
    step = float(grid.x[1] - grid.x[0]) / VENUS_RADIUS
    if not stack.orbit.size:
        return np.zeros((0, *model.shape))
    return np.stack([model_blur.smeared(model, float(length), step) for length in stack.smear])


def segment(
    stack: Stack, place: Ground, light: Radiation, number: int, *, altimetry_cell: float,
    resolution: float, settings: Emissivity, atmosphere: Atmosphere, absorption_std: float = float("nan"),
) -> SegmentMap:  # fmt: skip
    """Normalise and average the mosaics of a segment and derive its emissivity.

    Parameters
    ----------
    stack, place, light
        Mosaics, ground and atmosphere.
    number
        Of the segment.
    altimetry_cell
        Size of the cells of the altimetry [m], within which its errors are one.
    resolution
        Of the map [rad].
    settings, atmosphere
        Normalisation, limits, error budget, blur.
    absorption_std
        Standard deviation of α where it was found from these data.

    Raises
    ------
    InputError
        If no mosaic is left.

    Notes
    -----
    ε is that of ground at the altitude whose model is as bright as the blurred model there. Its error is
    the scatter of the orbits over √n, and that of the altitudes averaged under the spread function,
    ε A s_z σ_z/√m, in squares.
    """
    grid = segment_grid(number, resolution)
    models = orbit_models(stack, place.model, grid)
    found = factors(stack, models, place.reference, least=settings.least_reference)
    factor = found.literal if settings.normalisation == "literal" else found.model
    used = np.isfinite(factor)
    if not used.any():
        raise InputError(
            f"segment {number}: none of {stack.orbit.size} mosaics has {settings.least_reference:g} of its "
            "area in the reference area"
        )
    bright = averaged(stack.brightness, factor)
    expected = averaged(np.where(np.isfinite(stack.brightness), models, np.nan), np.where(used, 1.0, np.nan))
    level = _level(light, np.where(bright.n > 0, expected.mean, place.model), settings.reference)
    each = _emissivities(stack, models, factor, light, settings.reference)
    enough = (bright.n >= settings.least_count) & np.isfinite(level)
    raw = np.where(enough, model_surface.emissivity(light, level, bright.mean), np.nan)
    inside = place.reference & np.isfinite(raw)
    if not inside.any():
        raise InputError(f"segment {number}: no emissivity in the reference area")
    scale = settings.reference / float(np.average(raw[inside], weights=stack.area[inside]))
    value = raw * scale
    scatter = np.where(enough, each.std * scale, np.nan)
    error = scatter / np.sqrt(np.maximum(bright.n, 1))
    middle = np.array(float(np.nanmedian(place.altitude)))
    gain = 1 / float(model_surface.sensitivity(light, middle, settings.reference))
    slope = -float(model_surface.altitude_slope(light, middle, settings.reference))
    # Independent altitudes under the spread function: its effective area 4πσ² over that of their cells.
    sigma = atmosphere.blur / np.sqrt(8 * np.log(2))
    cells = np.maximum(4 * np.pi * sigma**2 / (altimetry_cell**2 * stack.area), 1.0)
    height = value * gain * slope * settings.altimetry_std / np.sqrt(cells)
    std = np.hypot(error, height)
    trend, trend_std = _trend(value, place.altitude, stack.area)
    if settings.detrend:
        value = value - trend * (place.altitude - float(np.average(place.altitude[inside])))
    return SegmentMap(
        grid=grid,
        brightness=bright.mean,
        brightness_std=bright.std,
        variation=bright.std / bright.mean,
        emissivity=value,
        emissivity_scatter=scatter,
        emissivity_error=error,
        emissivity_std=std,
        significance=_significance(value - settings.reference, std, bright.n),
        n=bright.n,
        pixels=stack.pixels,
        altitude=place.altitude,
        model=place.model,
        reference=place.reference,
        orbit=stack.orbit,
        factor_model=found.model,
        factor_literal=found.literal,
        reference_part=found.part,
        segment=number,
        reference_emissivity=settings.reference,
        scale=scale,
        absorption=light.absorption,
        absorption_std=absorption_std,
        amplification=gain,
        altitude_sensitivity=slope,
        temperature_sensitivity=float(model_surface.temperature_slope(light, middle, settings.reference)),
        trend=trend,
        trend_std=trend_std,
        normalisation=settings.normalisation,
    )


def _level(light: Radiation, model: Array, reference: float) -> Array:
    """Return the altitude [m] whose model is as bright (y, x)."""
    heights = light.altitude[::-1]
    bright = model_surface.zenith_radiance(light, heights, reference)
    place = np.interp(np.nan_to_num(model), bright, heights)
    return np.where(np.isfinite(model), place, np.nan)


def _emissivities(
    stack: Stack, models: Array, factor: Array, light: Radiation, reference: float
) -> Statistics:
    """Return mean and scatter of the emissivities of the single orbits."""
    layers = np.full(stack.brightness.shape, np.nan, np.float32)
    for k in range(stack.orbit.size):
        seen = np.isfinite(stack.brightness[k]) & np.isfinite(models[k])
        if np.isfinite(factor[k]) and seen.any():
            level = _level(light, models[k][seen], reference)
            layers[k][seen] = model_surface.emissivity(light, level, stack.brightness[k][seen] * factor[k])
    return averaged(layers, np.ones(stack.orbit.size))


def _slope(x: Array, y: Array, weight: Array) -> float:
    x0, y0 = np.average(x, weights=weight), np.average(y, weights=weight)
    return float(np.sum(weight * (x - x0) * (y - y0)) / np.sum(weight * (x - x0) ** 2))


def _trend(value: Array, altitude: Array, area: Array) -> tuple[float, float]:
    """Return ∂ε/∂z [m-1] and its deviation, cells of 10 × 10 counted as one: neighbours err together."""
    rows, columns = value.shape[0] // 10 * 10, value.shape[1] // 10 * 10

    def blocks(values: Array) -> Array:
        return (
            values[:rows, :columns].reshape(rows // 10, 10, columns // 10, 10).swapaxes(1, 2).reshape(-1, 100)
        )

    good = np.isfinite(value) & np.isfinite(altitude)
    weight = blocks(np.where(good, area, 0.0))
    total = weight.sum(axis=1)
    full = total > 0.5 * total.max()
    y = np.sum(weight * blocks(np.where(good, value, 0.0)), axis=1)[full] / total[full]
    x = np.sum(weight * blocks(np.where(good, altitude, 0.0)), axis=1)[full] / total[full]
    if x.size < 5 or np.ptp(x) == 0:
        return float("nan"), float("nan")
    slope = _slope(x, y, np.ones(x.size))
    rest = y - y.mean() - slope * (x - x.mean())
    return slope, float(np.sqrt(rest @ rest / (x.size - 2) / np.sum((x - x.mean()) ** 2)))


def _significance(away: Array, std: Array, n: Array) -> Array:
    """Return deviations of a normal distribution as unlikely as Student's t = away/std of n mosaics is.

    A deviation that is known from three mosaics is itself known to a half only.
    """
    from scipy import special

    with np.errstate(invalid="ignore", divide="ignore"):
        chance = special.stdtr(np.maximum(n - 1, 1), -np.abs(away / std))
        return np.asarray(-np.sign(away) * special.ndtri(np.maximum(chance, 1e-300)))
