"""Inverse resampling: every cell looks up its value, bilinearly, in an image or in another map."""

import math

import numpy as np

from hesper.compiled import compiled
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry.sphere import unit_vector
from hesper.maps.binning import Image
from hesper.maps.grid import Grid, coordinates, lon_lat, shape
from hesper.record import Array


def resample_image(grid: Grid, image: Image) -> Array:
    """Return the image's values (row, column) at the cell centres of a grid; NaN where it sees none."""
    camera = (float(image.camera.focal), float(image.camera.sample), float(image.camera.line))
    position, axes = np.ascontiguousarray(image.position, float), np.ascontiguousarray(image.axes, float)
    out = np.full(shape(grid), np.nan, dtype=image.values.dtype)
    least, radius = math.cos(image.largest_emission), float(image.radius)
    if grid.projection == "equirectangular":
        lon, lat = grid.x / VENUS_RADIUS, grid.y / VENUS_RADIUS
        # R A n − A C and n·C − R are each cos(lat) times a term of the column plus a term of the row.
        vectors = np.vstack([radius * axes, position])
        columns = vectors[:, :1] * np.cos(lon) + vectors[:, 1:2] * np.sin(lon)
        rows = vectors[:, 2:] * np.sin(lat) - np.append(axes @ position, radius)[:, None]
        _look_up_rows(columns, rows, np.cos(lat), image.values, camera, least, out)
    else:
        normals = np.ascontiguousarray(unit_vector(*lon_lat(grid)))
        _look_up(normals, image.values, camera, position, axes, radius, least, out)
    return out


def resample_map(values: Array, source: Grid, target: Grid) -> Array:
    """Return a map's values (row, column) on another grid, bilinearly; NaN off the map or beside a NaN.

    A map that goes once round the planet has no seam.

    Raises
    ------
    InputError
        If the values are not real or not of the source's shape.
    """
    if np.shape(values) != shape(source) or np.iscomplexobj(values):
        kind = "complex" if np.iscomplexobj(values) else "real"
        raise InputError(
            f"resample_map: {kind} values of shape {np.shape(values)}; real ones of {shape(source)} needed"
        )
    lon, lat = lon_lat(target)
    column, row = coordinates(source, lon, lat)
    # A point on a cell's centre asks that cell alone; rounding errors must not make it ask a neighbour.
    column, row = np.round(column, 9), np.round(row, 9)
    columns = shape(source)[1]
    closed = source.projection == "equirectangular" and bool(
        abs(columns * (source.x[1] - source.x[0]) / VENUS_RADIUS - 2 * np.pi) < 1e-9
    )
    wide = np.ascontiguousarray(values, dtype=float)
    if closed:
        wide = np.concatenate([wide[:, -1:], wide, wide[:, :1]], axis=1)
        column = column + 1
    # Within half a cell of the first and last row the outermost value holds: the poles keep a value.
    row = np.where((row >= -0.5) & (row <= wide.shape[0] - 0.5), np.clip(row, 0, wide.shape[0] - 1), np.nan)
    if not closed:
        inside = (column >= -0.5) & (column <= columns - 0.5)
        column = np.where(inside, np.clip(column, 0, columns - 1), np.nan)
    out = np.empty(shape(target))
    _sample(wide, np.ascontiguousarray(column), np.ascontiguousarray(row), out)
    return out


@compiled
def bilinear(values: Array, column: float, row: float) -> float:
    """Return a bilinear value of values[row, column]; NaN outside, or beside a NaN that counts."""
    if not (0.0 <= column <= values.shape[1] - 1.0 and 0.0 <= row <= values.shape[0] - 1.0):
        return np.nan
    c = min(int(column), max(values.shape[1] - 2, 0))
    r = min(int(row), max(values.shape[0] - 2, 0))
    a, b = column - c, row - r
    c1, r1 = min(c + 1, values.shape[1] - 1), min(r + 1, values.shape[0] - 1)
    total = 0.0
    # A neighbour of weight zero is not asked: its NaN must not spread.
    if a < 1.0 and b < 1.0:
        total += (1.0 - a) * (1.0 - b) * values[r, c]
    if a > 0.0 and b < 1.0:
        total += a * (1.0 - b) * values[r, c1]
    if a < 1.0 and b > 0.0:
        total += (1.0 - a) * b * values[r1, c]
    if a > 0.0 and b > 0.0:
        total += a * b * values[r1, c1]
    return total


@compiled
def _sample(values: Array, column: Array, row: Array, out: Array) -> None:
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = bilinear(values, column[i, j], row[i, j])


@compiled
def _place(
    right: float, down: float, depth: float, up: float, camera: tuple[float, float, float], least: float
) -> tuple[float, float]:
    """Return sample and line of a point in camera axes; `up` is the camera's height above its horizon."""
    if up <= 0.0 or depth <= 0.0 or up * up < least * least * (right * right + down * down + depth * depth):
        return -1.0, -1.0
    scale = camera[0] / depth
    return camera[1] + scale * right, camera[2] + scale * down


@compiled
def _look_up(
    normals: Array, values: Array, camera: tuple[float, float, float], position: Array, axes: Array,
    radius: float, least: float, out: Array,
) -> None:  # fmt: skip
    last_line, last_sample = values.shape[0] - 1.0, values.shape[1] - 1.0
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            n = normals[i, j]
            x, y, z = radius * n[0] - position[0], radius * n[1] - position[1], radius * n[2] - position[2]
            right = axes[0, 0] * x + axes[0, 1] * y + axes[0, 2] * z
            down = axes[1, 0] * x + axes[1, 1] * y + axes[1, 2] * z
            depth = axes[2, 0] * x + axes[2, 1] * y + axes[2, 2] * z
            up = -(x * n[0] + y * n[1] + z * n[2])
            sample, line = _place(right, down, depth, up, camera, least)
            if 0.0 <= sample <= last_sample and 0.0 <= line <= last_line:
                out[i, j] = bilinear(values, sample, line)


@compiled
def _look_up_rows(
    columns: Array, rows: Array, cos_lat: Array, values: Array, camera: tuple[float, float, float],
    least: float, out: Array,
) -> None:  # fmt: skip
    last_line, last_sample = values.shape[0] - 1.0, values.shape[1] - 1.0
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            right = cos_lat[i] * columns[0, j] + rows[0, i]
            down = cos_lat[i] * columns[1, j] + rows[1, i]
            depth = cos_lat[i] * columns[2, j] + rows[2, i]
            up = cos_lat[i] * columns[3, j] + rows[3, i]
            sample, line = _place(right, down, depth, up, camera, least)
            if 0.0 <= sample <= last_sample and 0.0 <= line <= last_line:
                out[i, j] = bilinear(values, sample, line)
