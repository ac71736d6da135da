"""Velocities of points → cells of the disk, cells of longitude and latitude, and bands of latitude."""

import dataclasses

import numpy as np

from hesper import maps
from hesper.errors import InputError
from hesper.record import Array
from hesper.units import arcsec, deg
from hesper.winds import model
from hesper.winds.data import DiskMap, Velocities, VelocityMap, Winds, ZonalWind

_CELL = 1.0 * arcsec
_RESOLUTION = 10 * deg


def disk_map(measured: Velocities, disk: model.Aspect, *, noise: float | None = None) -> DiskMap:
    """Return the weighted mean velocity in square cells of the disk, four of which meet in its centre.

    Parameters
    ----------
    noise
        Standard deviation [m s-1] to state for every cell; by default it follows from the points' own.
    """
    count = int(np.ceil(disk.angular_radius / _CELL))
    centres = (np.arange(-count, count) + 0.5) * _CELL
    good = (measured.flag == 0) & np.isfinite(measured.velocity) & np.isfinite(measured.lon)
    column = np.floor(measured.x[good] / _CELL).astype(int) + count
    row = np.floor(measured.y[good] / _CELL).astype(int) + count
    inside = (column >= 0) & (column < 2 * count) & (row >= 0) & (row < 2 * count)
    index = row[inside] * 2 * count + column[inside]
    value, weight = measured.velocity[good][inside], measured.velocity_std[good][inside] ** -2.0
    size = (2 * count) ** 2
    n = np.bincount(index, minlength=size)
    total = np.bincount(index, weight, size)
    mean = np.bincount(index, weight * value, size) / np.where(total > 0, total, np.nan)
    std = np.where(total > 0, total, np.nan) ** -0.5
    shape = (2 * count, 2 * count)
    seen = model.points(disk, centres[None, :], centres[:, None])
    return DiskMap(
        x=centres, y=centres, velocity=mean.reshape(shape), n=n.reshape(shape), lon=seen.lon, lat=seen.lat,
        velocity_std=(np.where(n > 0, noise, np.nan) if noise is not None else std).reshape(shape),
    )  # fmt: skip


def at_least(cells: DiskMap, fewest: int) -> DiskMap:
    """Return a map whose cells with fewer measurements are empty."""
    enough = cells.n >= fewest
    return dataclasses.replace(
        cells,
        velocity=np.where(enough, cells.velocity, np.nan),
        velocity_std=np.where(enough, cells.velocity_std, np.nan),
    )


def velocity_map(measured: Velocities, found: Winds | None) -> VelocityMap:
    """Return mean velocities, and residuals of a fit, on a grid of longitude and latitude.

    Parameters
    ----------
    found
        A fit to the same velocities, or None.

    Raises
    ------
    InputError
        If no velocity is good.
    """
    good = (measured.flag == 0) & np.isfinite(measured.lon)
    if not good.any():
        raise InputError("map: no good velocity; relax the limits of the reduction")
    lons = measured.lon[good]
    middle = np.angle(np.mean(np.exp(1j * lons)))
    west = np.floor((middle - np.pi / 2) / _RESOLUTION) * _RESOLUTION
    columns = round(np.pi / _RESOLUTION)
    grid = maps.equirectangular(
        _RESOLUTION, west=west, east=west + columns * _RESOLUTION, south=-np.pi / 2, north=np.pi / 2
    )
    weights = measured.velocity_std[good] ** -2.0
    cells = maps.bin_points(grid, lons, measured.lat[good], measured.velocity[good], weights=weights)
    left = found.residual[good] if found is not None else np.zeros(int(good.sum()))
    residual = maps.bin_points(grid, lons, measured.lat[good], left, weights=weights)
    seen = cells.n > 0
    return VelocityMap(
        velocity=np.where(seen, cells.mean, np.nan),
        velocity_std=np.where(seen, np.where(seen, cells.weight, 1.0) ** -0.5, np.nan),
        residual=np.where(seen, residual.mean, np.nan), n=cells.n.astype(float), grid=grid,
    )  # fmt: skip


def zonal_profile(lat: Array, zonal_wind: Array, zonal_wind_std: Array, edges: Array) -> ZonalWind:
    """Return the mean zonal wind in bands of latitude, of any kind of measured winds.

    Serves cloud-tracked vectors and Doppler winds alike.

    Parameters
    ----------
    lat, zonal_wind, zonal_wind_std
        Points [rad], eastward wind and σ [m s-1] (point,); a σ of NaN takes the scatter of the band instead.
    edges
        Edges of the bands [rad] (band + 1,).
    """
    n = edges.size - 1
    band = np.searchsorted(edges, lat, side="right") - 1
    mean, std, count = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n, int)
    for i in range(n):
        inside = (band == i) & np.isfinite(zonal_wind)
        count[i] = inside.sum()
        if count[i] == 0:
            continue
        values, errors = zonal_wind[inside], zonal_wind_std[inside]
        if np.isfinite(errors).all():
            weight = errors**-2.0
            mean[i], std[i] = np.average(values, weights=weight), weight.sum() ** -0.5
        else:
            mean[i] = values.mean()
            std[i] = values.std(ddof=1) / np.sqrt(count[i]) if count[i] > 1 else np.nan
    return ZonalWind(
        lat=(edges[1:] + edges[:-1]) / 2, south=edges[:-1], north=edges[1:], zonal_wind=mean,
        zonal_wind_std=std, covariance=np.diag(std**2), n=count,
    )  # fmt: skip
