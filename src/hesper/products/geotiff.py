"""Maps as cloud-optimised GeoTIFF with the IAU's coordinate reference systems."""

import dataclasses
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hesper import __version__, maps
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.products.netcdf import disk_unit
from hesper.record import Array


class Bands(NamedTuple):
    """The bands of a raster file."""

    values: Array
    """(band, row, column); NaN where there is no value."""
    names: tuple[str, ...]
    units: tuple[str, ...]
    grid: maps.Grid


def geotiff(record: Any) -> bytes:
    """Return a record that holds a `Grid` as the bytes of a cloud-optimised GeoTIFF.

    Each floating-point, integer or Boolean field along (y, x) is a float32 band with name, unit and NaN as
    the value that means none.

    Raises
    ------
    InputError
        If the record holds no grid or no map, or a map without any value.
    """
    bands = _bands(record)
    from rasterio.io import MemoryFile
    from rasterio.transform import Affine

    grid, step = bands.grid, float(bands.grid.x[1] - bands.grid.x[0])
    transform = Affine(step, 0, grid.x[0] - step / 2, 0, -step, grid.y[0] + step / 2)
    count, height, width = bands.values.shape
    with _quiet_gdal(), MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=width, height=height, count=count, dtype="float32", crs=grid.crs,
            transform=transform, nodata=np.nan,
        ) as plain:  # fmt: skip
            plain.write(bands.values.astype("float32"))
            for i, (name, unit) in enumerate(zip(bands.names, bands.units, strict=True), start=1):
                plain.set_band_description(i, name)
                plain.set_band_unit(i, unit)
            plain.update_tags(SOURCE=f"hesper {__version__}", TIFFTAG_SOFTWARE=f"hesper {__version__}")
        with memory.open() as plain, MemoryFile() as tiled:
            from rasterio.shutil import copy

            copy(plain, tiled.name, driver="COG", compress="deflate", overview_resampling="average")
            return bytes(tiled.read())


def read_geotiff(path: Path) -> Bands:
    """Read a raster map of Venus, ours or another's.

    Raises
    ------
    InputError
        If the file is no raster, has no coordinate reference system or one of another body.
    """
    import rasterio
    from pyproj import CRS
    from rasterio.errors import RasterioError

    try:
        with _quiet_gdal(), rasterio.open(path) as source:
            crs = CRS.from_user_input(source.crs.to_wkt()) if source.crs else None
            sphere = crs.ellipsoid.semi_major_metre if crs is not None and crs.ellipsoid is not None else 0.0
            if crs is None or abs(sphere - VENUS_RADIUS) > 2e3:
                raise InputError(
                    f"{path}: no coordinate reference system of Venus; assign one, e.g. IAU_2015:29910"
                )
            values = source.read(masked=True).astype("float32").filled(np.nan)
            names = tuple(d or f"band_{i}" for i, d in enumerate(source.descriptions, start=1))
            units = tuple(u or "1" for u in source.units)
            t, shape = source.transform, (source.height, source.width)
    except RasterioError as error:
        raise InputError(f"{path}: not a raster that GDAL reads: {error}") from None
    if t.b or t.d or abs(t.a + t.e) > 1e-6 * abs(t.a):
        raise InputError(f"{path}: rotated or unequal cells; resample it to square, north-up cells")
    x, y = t.c + t.a * (np.arange(shape[1]) + 0.5), t.f + t.e * (np.arange(shape[0]) + 0.5)
    name = "equirectangular" if crs.is_geographic else _projection(crs)
    if name == "equirectangular":
        # Whatever sphere the file is for, our grids of longitude and latitude are on ours.
        scale = np.pi / 180 * VENUS_RADIUS if crs.is_geographic else VENUS_RADIUS / sphere
        x, y, code = x * scale, y * scale, "IAU_2015:29910"
    elif abs(sphere - VENUS_RADIUS) > 1:
        raise InputError(f"{path}: a sphere of {sphere:.0f} m; reproject it to one of {VENUS_RADIUS:.0f} m")
    else:
        code = crs.to_wkt()
    return Bands(values, names, units, maps.Grid(x=x, y=y, projection=name, crs=code))


def _projection(crs: Any) -> str:
    method = crs.coordinate_operation.method_name.lower()
    for word in ("equirectangular", "equidistant cylindrical", "orthographic", "sinusoidal", "mercator"):
        if word in method:
            centre = {p.name: p.value for p in crs.coordinate_operation.params}
            if "cylindrical" in word or word == "equirectangular":
                plain = not centre.get("Longitude of natural origin") and not centre.get(
                    "Latitude of 1st standard parallel"
                )
                return "equirectangular" if plain else "shifted equirectangular"
            return word
    return str(method)


def _bands(record: Any) -> Bands:
    grid = next(
        (v for f in dataclasses.fields(record) if isinstance(v := getattr(record, f.name), maps.Grid)), None
    )
    if grid is None:
        raise InputError(f"geotiff: {type(record).__name__} holds no grid; write netCDF instead")
    values, names, units = [], [], []
    for field in dataclasses.fields(record):
        spec = field.metadata.get("spec")
        if spec is not None and spec.dims == ("y", "x") and np.dtype(spec.dtype).kind in "fiub":
            unit, scale = disk_unit(spec)
            values.append(np.asarray(getattr(record, field.name), float) / scale)
            names.append(field.name)
            units.append(unit)
    if not values:
        raise InputError(f"geotiff: {type(record).__name__} has no field along (y, x)")
    if np.isnan(values[0]).all():
        raise InputError(f"geotiff: {names[0]} has no value at all; that is no map")
    return Bands(np.stack(values), tuple(names), tuple(units), grid)


def _quiet_gdal() -> Any:
    """Return the environment in which GDAL keeps to itself what it would print."""
    import rasterio

    return rasterio.Env(CPL_LOG=os.devnull, GDAL_PAM_ENABLED="NO")
