"""Regular grids in the map projections that the IAU registered for Venus (IAU_2015:299xx)."""

import numpy as np

from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry.sphere import LonLat
from hesper.record import Array, array, record, text

GEOGRAPHIC = "IAU_2015:29900"
_RADIUS = VENUS_RADIUS
_MOST_CELLS = 1e9


@record
class Grid:
    """Cell centres of a regular grid on a map of Venus; the first row is the northernmost."""

    x: Array = array("x", "m", "projected coordinate of the cell centres, eastward")
    y: Array = array("y", "m", "projected coordinate of the cell centres, decreasing southward")
    projection: str = text("equirectangular, sinusoidal, mercator, orthographic or a polar stereographic")
    crs: str = text("coordinate reference system: an IAU_2015 code or WKT")


def shape(grid: Grid) -> tuple[int, int]:
    """Return the number of rows and columns of a grid."""
    return grid.y.size, grid.x.size


def equirectangular(resolution: float, *, west: float, east: float, south: float, north: float) -> Grid:
    """Return a longitude–latitude grid (IAU_2015:29910: x = R lon, y = R lat).

    Parameters
    ----------
    resolution
        Size of a cell in longitude and latitude [rad].
    west, east, south, north
        Outer edges [rad]; east lies up to 2π east of west, and may exceed 2π or west be negative.

    Raises
    ------
    InputError
        If the edges do not hold a whole number of cells or lie outside the sphere.
    """
    _check_numbers(resolution, west, east, south, north)
    columns, rows = (east - west) / resolution, (north - south) / resolution
    if not (
        0 < columns * resolution <= 2 * np.pi + 1e-9
        and -np.pi / 2 - 1e-9 <= south < north <= np.pi / 2 + 1e-9
    ):
        raise InputError(
            f"grid: {np.degrees([west, east, south, north]).round(6).tolist()}° west, east, south, north; "
            "west < east ≤ west + 360°, −90° ≤ south < north ≤ 90°"
        )
    _check_size(columns, rows)
    if abs(columns - round(columns)) > 1e-6 or abs(rows - round(rows)) > 1e-6:
        raise InputError(
            f"grid: {columns:.4f} × {rows:.4f} cells of {np.degrees(resolution):.6g}°; "
            "choose a resolution that divides the extent"
        )
    x = _RADIUS * (west + resolution * (np.arange(round(columns)) + 0.5))
    y = _RADIUS * (north - resolution * (np.arange(round(rows)) + 0.5))
    return Grid(x=x, y=y, projection="equirectangular", crs="IAU_2015:29910")


def segments(resolution: float) -> list[Grid]:
    """Return the nine 40° segments 0–8 of the VMC emissivity map, 50°S to 60°N, without gap or overlap."""
    width, south, north = np.radians([40.0, -50.0, 60.0])
    return [
        equirectangular(resolution, west=k * width, east=(k + 1) * width, south=south, north=north)
        for k in range(9)
    ]


def sinusoidal(
    resolution: float, *, half_width: float = np.pi * _RADIUS, half_height: float = np.pi / 2 * _RADIUS
) -> Grid:
    """Return a sinusoidal grid about longitude 0 (IAU_2015:29920); sizes in m."""
    return _square("sinusoidal", "IAU_2015:29920", resolution, half_width, half_height)


def mercator(resolution: float, *, half_width: float = np.pi * _RADIUS, half_height: float) -> Grid:
    """Return a Mercator grid about longitude 0 (IAU_2015:29990); sizes in m, true at the equator."""
    return _square("mercator", "IAU_2015:29990", resolution, half_width, half_height)


def north_polar(resolution: float, *, half_width: float) -> Grid:
    """Return a polar stereographic grid about the north pole (IAU_2015:29930); sizes in m."""
    return _square("north polar stereographic", "IAU_2015:29930", resolution, half_width, half_width)


def south_polar(resolution: float, *, half_width: float) -> Grid:
    """Return a polar stereographic grid about the south pole (IAU_2015:29935); sizes in m."""
    return _square("south polar stereographic", "IAU_2015:29935", resolution, half_width, half_width)


def orthographic(resolution: float, *, lon: float, lat: float, half_width: float) -> Grid:
    """Return an orthographic grid (IAU_2015:29965 moved to a centre): the disk as seen from afar.

    Parameters
    ----------
    resolution, half_width
        Size of a cell and half the width of the grid [m].
    lon, lat
        Centre [rad].
    """
    from pyproj import CRS

    if not (np.isfinite([lon, lat]).all() and abs(lat) <= np.pi / 2):
        raise InputError(f"orthographic: centre {lon}, {lat} rad; a latitude within ±π/2 is needed")
    described = CRS.from_user_input("IAU_2015:29965").to_json_dict()
    described["name"] = f"Venus orthographic at {np.degrees(lon):.6f}E {np.degrees(lat):.6f}N"
    described.pop("id", None)
    for parameter in described["conversion"]["parameters"]:
        if parameter["name"] == "Latitude of natural origin":
            parameter["value"] = float(np.degrees(lat))
        elif parameter["name"] == "Longitude of natural origin":
            parameter["value"] = float((np.degrees(lon) + 180) % 360 - 180)
    wkt = CRS.from_json_dict(described).to_wkt()
    return _square("orthographic", wkt, resolution, half_width, half_width)


def lon_lat(grid: Grid) -> LonLat:
    """Return longitude and latitude (row, column) [rad] of the cell centres; NaN off the planet."""
    if grid.projection == "equirectangular":
        lon, lat = np.meshgrid((grid.x / _RADIUS) % (2 * np.pi), grid.y / _RADIUS)
        return LonLat(lon, lat)
    x, y = np.meshgrid(grid.x, grid.y)
    lon, lat = _transformer(grid.crs, GEOGRAPHIC).transform(x, y)
    # Off the planet PROJ may answer with a place elsewhere: what does not come back was never there.
    back_x, back_y = _transformer(GEOGRAPHIC, grid.crs).transform(lon, lat)
    off = ~(np.hypot(back_x - x, back_y - y) < 1e-3 * _step(grid.x))
    lon, lat = np.where(off, np.nan, lon), np.where(off, np.nan, lat)
    return LonLat(np.radians(lon) % (2 * np.pi), np.radians(lat))


def coordinates(grid: Grid, lon: Array, lat: Array) -> tuple[Array, Array]:
    """Return fractional column and row of points [rad]: 0 is the first cell's centre; NaN off the map."""
    if grid.projection == "equirectangular":
        step = _step(grid.x)
        west = (grid.x[0] - step / 2) / _RADIUS
        x = _RADIUS * ((np.asarray(lon) - west) % (2 * np.pi) + west)
        y = _RADIUS * np.asarray(lat)
    else:
        x, y = _transformer(GEOGRAPHIC, grid.crs).transform(np.degrees(lon), np.degrees(lat))
        x, y = np.where(np.isfinite(x), x, np.nan), np.where(np.isfinite(y), y, np.nan)
        # A point behind an orthographic disk has no place; PROJ answers with one on the near side or none.
        x = np.where(_is_hidden(grid, lon, lat), np.nan, x)
    return (x - grid.x[0]) / _step(grid.x), (grid.y[0] - y) / _step(grid.x)


def cell_areas(grid: Grid) -> Array:
    """Return the area (row, column) [m²] of the cells; NaN off the planet."""
    step = _step(grid.x)
    if grid.projection == "equirectangular":
        lat = grid.y / _RADIUS
        half = step / _RADIUS / 2
        band = np.sin(np.minimum(lat + half, np.pi / 2)) - np.sin(np.maximum(lat - half, -np.pi / 2))
        return np.asarray(np.broadcast_to((_RADIUS * step * band)[:, None], shape(grid)))
    from pyproj import Proj

    lon, lat = lon_lat(grid)
    on = np.isfinite(lon)
    areas = np.full(shape(grid), np.nan)
    factors = Proj(grid.crs).get_factors(np.degrees(lon[on]), np.degrees(lat[on]))
    scale = np.asarray(factors.areal_scale)
    areas[on] = step**2 / np.where(scale > 0, scale, np.nan)
    return areas


def _is_hidden(grid: Grid, lon: Array, lat: Array) -> Array:
    if grid.projection != "orthographic":
        return np.zeros(np.shape(lon), bool)
    from pyproj import CRS

    where = {p.name: np.radians(p.value) for p in CRS.from_user_input(grid.crs).coordinate_operation.params}
    lon0, lat0 = where["Longitude of natural origin"], where["Latitude of natural origin"]
    cosine = np.sin(lat0) * np.sin(lat) + np.cos(lat0) * np.cos(lat) * np.cos(np.asarray(lon) - lon0)
    return np.asarray(cosine < 0)


def _square(name: str, crs: str, resolution: float, half_width: float, half_height: float) -> Grid:
    _check_numbers(resolution, half_width, half_height)
    if not (half_width >= resolution and half_height >= resolution):
        raise InputError(
            f"grid: cells of {resolution} m in ±{half_width} × ±{half_height} m; make cells smaller"
        )
    columns, rows = round(half_width / resolution), round(half_height / resolution)
    _check_size(2 * columns, 2 * rows)
    x = resolution * (np.arange(2 * columns) - columns + 0.5)
    y = resolution * (rows - 0.5 - np.arange(2 * rows))
    return Grid(x=x, y=y, projection=name, crs=crs)


def _check_numbers(resolution: float, *others: float) -> None:
    if not (np.isfinite([resolution, *others]).all() and resolution > 0):
        raise InputError(f"grid: resolution {resolution}, extent {others}; finite numbers, resolution > 0")


def _check_size(columns: float, rows: float) -> None:
    """Refuse a grid whose step two columns do not show, or that no memory holds."""
    if round(columns) < 2 or columns * rows > _MOST_CELLS:
        raise InputError(
            f"grid: {columns:.4g} × {rows:.4g} cells; at least two columns and at most "
            f"{_MOST_CELLS:.0e} cells; choose another resolution"
        )


def _step(centres: Array) -> float:
    return float((centres[-1] - centres[0]) / (len(centres) - 1))


def _transformer(source: str, target: str):  # type: ignore[no-untyped-def]
    from pyproj import Transformer

    return Transformer.from_crs(source, target, always_xy=True)
