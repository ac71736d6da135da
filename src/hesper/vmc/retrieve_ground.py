"""Altimetry → what a segment's ground would look like through the clouds at one emissivity."""

from typing import NamedTuple

import numpy as np

from hesper import maps
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.record import Array
from hesper.vmc import model_blur, model_surface
from hesper.vmc.data_map import Altimetry, Radiation
from hesper.vmc.data_settings import Atmosphere, Emissivity


class Ground(NamedTuple):
    """What is known of a segment's surface, and its light after blurring (y, x)."""

    altitude: Array
    """m; NaN in gaps."""
    model: Array
    """Blurred radiance at the reference emissivity [W m-2 sr-1 m-1]."""
    reference: Array
    """True in the reference area."""


def ground(
    known: Altimetry, light: Radiation, grid: maps.Grid, mask: Array | None, *, atmosphere: Atmosphere,
    settings: Emissivity,
) -> Ground:  # fmt: skip
    """Return altitude, blurred forward model and reference area of a map.

    Parameters
    ----------
    known
        Altitudes, of a region that reaches over the edges of the map where it can.
    light
        Table of the atmosphere.
    grid
        Longitude–latitude cells.
    mask
        Reference area (y, x), or none: then altitudes within a range about the median.
    atmosphere, settings
        Spread function, and the reference area.

    Raises
    ------
    InputError
        If there is no altitude, or no reference area, on the map.
    """
    step = float(grid.x[1] - grid.x[0]) / VENUS_RADIUS
    wide, rows, columns = _widened(grid, step, atmosphere.blur)
    altitude, zenith = _known(known, light, wide, settings.reference)
    inner = altitude[rows, columns]
    if not np.isfinite(inner).any():
        raise InputError("altimetry: no altitude on the map; give altimetry that covers the segment")
    # Cells are means in mosaics and model alike; the straight lines between the altitudes blur by cell²/6.
    between = 8 * np.log(2) * float(known.grid.x[1] - known.grid.x[0]) ** 2 / 6
    width = float(np.sqrt(max(atmosphere.blur**2 - between, 1.0)))
    blurred = model_blur.spread(
        zenith, wide.y / VENUS_RADIUS, step, width=width, closed=False, exponential_tails=atmosphere.tails
    )
    if mask is None:
        middle = float(np.nanmedian(inner))
        mask = np.abs(inner - middle) < settings.reference_range
    if not (mask & np.isfinite(inner)).any():
        raise InputError("reference area: no cell of it lies on the map; give another mask")
    return Ground(inner, blurred[rows, columns], mask & np.isfinite(inner))


def _known(known: Altimetry, light: Radiation, grid: maps.Grid, reference: float) -> tuple[Array, Array]:
    """Return means of altitude [m] and of radiance toward the zenith over cells (y, x); NaN in gaps.

    Cells larger than those of the altimetry are cut until they are not: all altitudes count, and light is
    averaged, not the altitude it comes from.
    """
    step, cell = (float(g.x[1] - g.x[0]) / VENUS_RADIUS for g in (grid, known.grid))
    times = max(1, int(np.ceil(step / cell - 1e-6)))
    west, north = grid.x[0] / VENUS_RADIUS - step / 2, grid.y[0] / VENUS_RADIUS + step / 2
    fine = maps.equirectangular(
        step / times, west=west, east=west + grid.x.size * step, south=north - grid.y.size * step, north=north
    )
    altitude = maps.resample_map(known.altitude, known.grid, fine)
    zenith = model_surface.zenith_radiance(light, altitude, reference)
    gap = ~np.isfinite(altitude)

    def means(values: Array) -> Array:
        cut = np.where(gap, np.nan, values).reshape(grid.y.size, times, grid.x.size, times)
        return np.asarray(cut.mean(axis=(1, 3)))

    return means(altitude), means(zenith)


def _widened(grid: maps.Grid, step: float, blur: float) -> tuple[maps.Grid, slice, slice]:
    """Return a grid with a margin as wide as the spread function reaches, and where the map lies in it."""
    lat = grid.y / VENUS_RADIUS
    rows = int(np.ceil(2.5 * blur / VENUS_RADIUS / step))
    columns = int(np.ceil(rows / np.cos(np.abs(lat).max())))
    north = min(rows, round((np.pi / 2 - lat[0]) / step - 0.5))
    south = min(rows, round((lat[-1] + np.pi / 2) / step - 0.5))
    west = grid.x[0] / VENUS_RADIUS - step / 2 - columns * step
    wide = maps.equirectangular(
        step, west=west, east=west + (2 * columns + grid.x.size) * step,
        south=lat[-1] - step / 2 - south * step, north=lat[0] + step / 2 + north * step,
    )  # fmt: skip
    return wide, slice(north, north + lat.size), slice(columns, columns + grid.x.size)
