"""Grids on Venus: what falls into their cells, how images and maps are brought onto them."""

from hesper.maps.binning import Cells, Image, bin_image, bin_points, mosaic
from hesper.maps.grid import (
    Grid,
    cell_areas,
    coordinates,
    equirectangular,
    lon_lat,
    mercator,
    north_polar,
    orthographic,
    segments,
    shape,
    sinusoidal,
    south_polar,
)
from hesper.maps.resampling import resample_image, resample_map

__all__ = [
    "Cells",
    "Grid",
    "Image",
    "bin_image",
    "bin_points",
    "cell_areas",
    "coordinates",
    "equirectangular",
    "lon_lat",
    "mercator",
    "mosaic",
    "north_polar",
    "orthographic",
    "resample_image",
    "resample_map",
    "segments",
    "shape",
    "sinusoidal",
    "south_polar",
]
