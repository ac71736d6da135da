"""The ground that is simulated: relief, emissivity with anomalies, and its light above the clouds."""

from pathlib import Path

import numpy as np

from hesper import maps
from hesper.constants import VENUS_RADIUS
from hesper.record import Array
from hesper.runs import generator
from hesper.units import deg, km
from hesper.vmc import model_blur, model_relief, model_surface, read_map
from hesper.vmc.data_map import Altimetry, Radiation, Scene
from hesper.vmc.data_settings import Atmosphere, Simulation
from hesper.vmc.simulate_orbit import Flown

_FINE = 0.1 * deg
_MARGIN = 40.0
_SOUTH, _NORTH = -72.0, 80.0
_ALTIMETER = 25 * km


def extent(segments: tuple[int, ...]) -> tuple[float, float]:
    """Return western and eastern edge [degree] of what orbits over segments may see."""
    first, last = min(segments), max(segments)
    west, east = 40.0 * first - _MARGIN, 40.0 * (last + 1) + _MARGIN
    return (west, east) if east - west < 360 else (0.0, 360.0)


def scene(settings: Simulation, atmosphere: Atmosphere, light: Radiation, flown: Flown, seed: int) -> Scene:
    """Make a surface and its light.

    Parameters
    ----------
    settings, atmosphere, light
        What is on the ground, and what lies above it.
    flown
        The orbits, whose truth goes with the scene's.
    seed
        Of the relief.

    Notes
    -----
    Relief is drawn on cells of 0.1° with waves down to 10 km; light is computed there, averaged over 2 × 2
    cells and then blurred, so that small relief is in it although no map shows it.
    """
    west, east = extent(settings.segments)
    fine = _grid(_FINE, west, east)
    lon, lat = maps.lon_lat(fine)
    altitude = _altitude(settings.relief, lon, lat, seed)
    ground = np.full(lon.shape, settings.emissivity)
    for place in zip(
        settings.anomaly_lon, settings.anomaly_lat, settings.anomaly_diameter, settings.anomaly_emissivity,
        strict=True,
    ):  # fmt: skip
        ground[_within(lon, lat, *place[:2]) < place[2] / 2 / VENUS_RADIUS] = place[3]
    zenith = _means(model_surface.zenith_radiance(light, altitude, ground))
    coarse = _grid(2 * _FINE, west, east)
    cell = 2 * _FINE * VENUS_RADIUS
    # Averaging over cells and interpolating between them blurs too: cell²/12 and cell²/6 of variance.
    width = np.sqrt(atmosphere.blur**2 - 8 * np.log(2) * cell**2 / 4)
    blurred = model_blur.spread(
        zenith, coarse.y / VENUS_RADIUS, 2 * _FINE, width=float(width), closed=east - west == 360.0,
        exponential_tails=atmosphere.tails,
    )  # fmt: skip
    return Scene(
        grid=coarse,
        altitude=_means(altitude),
        emissivity=_means(ground),
        brightness=blurred,
        orbit=flown.orbit,
        gradient_x=flown.gradient[:, 0],
        gradient_y=flown.gradient[:, 1],
        transparency=flown.transparency,
        is_usable=flown.is_usable,
    )


def altimetry(made: Scene, *, noise: float, seed: int) -> Altimetry:
    """Return what an altimeter would know of a surface: smoothed to its footprint, with noise [m]."""
    step = float(made.grid.x[1] - made.grid.x[0]) / VENUS_RADIUS
    closed = made.altitude.shape[1] * step > 2 * np.pi - step
    smooth = model_blur.spread(
        made.altitude, made.grid.y / VENUS_RADIUS, step, width=_ALTIMETER, closed=closed
    )
    error = noise * generator(seed, 1).standard_normal(smooth.shape)
    return Altimetry(grid=made.grid, altitude=smooth + error)


def _altitude(source: str, lon: Array, lat: Array, seed: int) -> Array:
    if source == "synthetic":
        return model_relief.relief(lon, lat, seed)
    known = read_map.altimetry(Path(source))
    rough = maps.resample_map(known.altitude, known.grid, _cells(lon, lat))
    # The file's own detail ends at its cells: what is smaller is drawn.
    cell = float(known.grid.x[1] - known.grid.x[0])
    return np.asarray(np.nan_to_num(rough) + model_relief.relief(lon, lat, seed, longest=2 * cell))


def _cells(lon: Array, lat: Array) -> maps.Grid:
    step = float(lat[0, 0] - lat[1, 0])
    west = round(float(lon[0, 0]) / step - 0.5) * step
    return maps.equirectangular(
        step, west=west, east=west + lon.shape[1] * step, south=float(lat[-1, 0]) - step / 2,
        north=float(lat[0, 0]) + step / 2,
    )  # fmt: skip


def _grid(step: float, west: float, east: float) -> maps.Grid:
    return maps.equirectangular(
        step, west=west * deg, east=east * deg, south=_SOUTH * deg, north=_NORTH * deg
    )


def _within(lon: Array, lat: Array, lon0: float, lat0: float) -> Array:
    """Return the angle [rad] to a point."""
    half = np.sin((lat - lat0) / 2) ** 2 + np.cos(lat) * np.cos(lat0) * np.sin((lon - lon0) / 2) ** 2
    return np.asarray(2 * np.arcsin(np.sqrt(half)))


def _means(values: Array) -> Array:
    rows, columns = values.shape
    return np.asarray(values.reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3)))
