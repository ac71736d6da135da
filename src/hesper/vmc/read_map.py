"""Maps that others made: altimetry, masks, units, radar or emissivity, as CSV, GeoTIFF, PDS3 or netCDF."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from hesper import maps, products
from hesper.errors import InputError, MissingError
from hesper.record import Array
from hesper.units import deg, km
from hesper.vmc.data_map import Altimetry

_MAGELLAN_MEAN = 6051.84 * km - 6051.8 * km
_MAGELLAN_WEST = 239.5
_LOWEST, _HIGHEST = -6 * km, 15 * km
"""Venus has −3 to +12 km; beyond lie fill values such as −9999 m."""


def altimetry(path: Path) -> Altimetry:
    """Read altitudes above 6051.8 km.

    A CSV is the 1° grid of Magellan (180 × 360 numbers in km about the mean of 6051.84 km, from 89.5°N,
    240°E on); other files are rasters in metres that GDAL reads or a netCDF of ours.

    Raises
    ------
    InputError
        If the file holds no such map.
    MissingError
        If there is no such file.
    """
    if not path.is_file():
        raise MissingError(f"altimetry: '{path}' does not exist; give a CSV, GeoTIFF or netCDF of altitudes")
    if path.suffix.lower() == ".csv":
        return _magellan(path)
    if path.suffix.lower() == ".nc":
        return products.read(path, Altimetry)
    made = raster(path)
    altitude = np.where((made[1] > _LOWEST) & (made[1] < _HIGHEST), made[1], np.nan)
    if not np.isfinite(altitude).any():
        raise InputError(f"{path}: no altitude of -6 to +15 km above 6051.8 km; metres are needed")
    return Altimetry(grid=made[0], altitude=altitude)


def raster(path: Path) -> tuple[maps.Grid, Array]:
    """Read the first band (y, x) of a raster of Venus and its grid.

    Raises
    ------
    InputError
        If GDAL does not read it or it lies on another body.
    MissingError
        If there is no such file.
    """
    if not path.is_file():
        raise MissingError(f"map: '{path}' does not exist; give a raster that GDAL reads")
    bands = products.read_geotiff(path)
    return bands.grid, np.asarray(bands.values[0], float)


def on_grid(path: Path, grid: maps.Grid) -> Array:
    """Read the first band of a raster onto the nearest cells of a grid; NaN outside."""
    source, values = raster(path)
    lon, lat = maps.lon_lat(grid)
    column, row = (np.floor(place + 0.5) for place in maps.coordinates(source, lon, lat))
    inside = (column >= 0) & (column < values.shape[1]) & (row >= 0) & (row < values.shape[0])
    c, r = (np.where(inside, place, 0).astype(int) for place in (column, row))
    return np.where(inside, values[r, c], np.nan)


def units(path: Path, grid: maps.Grid) -> tuple[Array, dict[int, str]]:
    """Read units onto a grid: numbers (y, x), 0 where there is none, and their names.

    A GeoJSON file holds Polygon or MultiPolygon features in degrees, named by the property `name`; any other
    file is a raster of whole numbers.

    Raises
    ------
    InputError
        If the file holds no polygons, or is no raster.
    """
    if path.suffix.lower() in (".json", ".geojson"):
        number, names = _polygons(path, grid)
    else:
        values = on_grid(path, grid)
        number = np.where(np.isfinite(values), values, 0).astype(int)
        names = {int(k): f"unit {int(k)}" for k in np.unique(number) if k}
    return number, names


def refuse_units_elsewhere(path: Path, grids: Iterable[maps.Grid]) -> None:
    """Refuse a file of which no unit meets any of the grids."""
    if not any(units(path, grid)[0].any() for grid in grids):
        raise InputError(f"{path}: no unit meets the map; check longitudes (east) and the raster's place")


def _polygons(path: Path, grid: maps.Grid) -> tuple[Array, dict[int, str]]:
    if not path.is_file():
        raise MissingError(f"units: '{path}' does not exist; give GeoJSON polygons or a raster")
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        shapes = [_rings(feature["geometry"]) for feature in features]
        names = [str(feature.get("properties", {}).get("name", "")) for feature in features]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: no GeoJSON of polygons: {error!r}; give a FeatureCollection") from None
    lon, lat = maps.lon_lat(grid)
    number = np.zeros(lon.shape, int)
    for index, rings in enumerate(shapes, start=1):
        for polygon in rings:
            # A ring within a ring is a hole.
            held = [_inside(lon / deg, lat / deg, ring) for ring in polygon]
            number[np.logical_xor.reduce(held)] = index
    return number, {i: name or f"unit {i}" for i, name in enumerate(names, start=1)}


def _rings(geometry: dict[str, Any]) -> list[list[Array]]:
    kind, places = geometry["type"], geometry["coordinates"]
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"a {kind}, not a polygon")
    polygons = [places] if kind == "Polygon" else places
    return [[np.asarray(ring, float)[:, :2] for ring in polygon] for polygon in polygons]


def _inside(lon: Array, lat: Array, ring: Array) -> Array:
    """Tell which points lie in a polygon [degree]: an odd number of edges to the east of them."""
    east = ring[:, 0]
    x = (lon - east.min()) % 360 + east.min()
    found = np.zeros(lon.shape, bool)
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if y0 != y1:
            crosses = (y0 > lat) != (y1 > lat)
            found ^= crosses & (x < (x1 - x0) * (lat - y0) / (y1 - y0) + x0)
    return found


def _magellan(path: Path) -> Altimetry:
    try:
        values = np.array(path.read_text(encoding="utf-8").replace(",", " ").split(), float)
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: no table of numbers: {error}; 180 × 360 altitudes in km are needed"
        ) from None
    if values.size != 180 * 360:
        raise InputError(f"{path}: {values.size} numbers; 180 × 360 altitudes in km are needed")
    grid = maps.equirectangular(
        1 * deg, west=_MAGELLAN_WEST * deg, east=(_MAGELLAN_WEST + 360) * deg, south=-90 * deg, north=90 * deg
    )
    return Altimetry(grid=grid, altitude=values.reshape(180, 360) * km + _MAGELLAN_MEAN)
