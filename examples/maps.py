"""An image of a camera brought onto a map, written as products that GDAL, QGIS and xarray open."""

from pathlib import Path

import numpy as np

import hesper
from hesper import maps, products
from hesper.geometry import camera, sphere
from hesper.record import Array, array, record
from hesper.units import deg, km


@record
class Brightness:
    """A brightness map."""

    brightness: Array = array("y x", "1", "brightness")
    n: Array = array("y x", "1", "number of pixels", dtype=int)
    grid: maps.Grid


RADIUS = 6051.8 * km
EYE = camera.Pinhole(focal=1422.0, sample=255.5, line=255.5)
position = (RADIUS + 10_000 * km) * sphere.unit_vector(220 * deg, 5 * deg)
axes = camera.pointing(-position, np.array([0.0, 0.0, 1.0]))
line, sample = np.mgrid[0:512, 0:512]
seen = camera.sphere_from_pixels(sample, line, camera=EYE, position=position, axes=axes, radius=RADIUS)
image = maps.Image(np.sin(9 * seen.lon) * np.cos(7 * seen.lat), EYE, position, axes, RADIUS, 60 * deg)

grid = maps.equirectangular(0.5 * deg, west=190 * deg, east=250 * deg, south=-30 * deg, north=40 * deg)
cells = maps.bin_image(grid, image)
found = Brightness(brightness=cells.mean, n=cells.n, grid=grid)

provenance = products.Provenance(recipe={"example": "maps"})
products.write(Path("brightness.nc"), products.netcdf(found), provenance)
products.write(Path("brightness.tif"), products.geotiff(found), provenance)
print(hesper.open("brightness.nc"))
