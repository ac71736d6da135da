"""Maps as PDS3 files that GDAL and pdr open."""

import numpy as np

from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.products import pds3
from hesper.units import deg, km
from hesper.vmc.data import Map, Pointing


def radiance_map(made: Map, source: Pointing, created: str) -> bytes:
    """Return a map of radiance as the bytes of a PDS3 image with an IMAGE_MAP_PROJECTION object.

    Parameters
    ----------
    made
        A map on an equirectangular grid.
    source
        One of its images, whose orbit, channel and data set the label names.
    created
        PRODUCT_CREATION_TIME.

    Raises
    ------
    InputError
        If the grid is not equirectangular.
    """
    if made.grid.projection != "equirectangular":
        raise InputError(f"PDS3 map: a {made.grid.projection} grid; an equirectangular one is needed")
    lines, samples = made.radiance.shape
    step = float(made.grid.x[1] - made.grid.x[0]) / VENUS_RADIUS
    image = source.image
    keywords = {
        "DATA_SET_ID": f"{image.data_set}-HESPER-MAP",
        "SOURCE_PRODUCT_ID": tuple(f"{name}.IMG" for name in made.images.split(", ")),
        "INSTRUMENT_HOST_NAME": "VENUS EXPRESS",
        "INSTRUMENT_ID": "VMC",
        "TARGET_NAME": "VENUS",
        "ORBIT_NUMBER": image.orbit,
        "CENTER_FILTER_WAVELENGTH": pds3.Quantity(round(made.wavelength / 1e-9, 3), "nm"),
        "NOTE": "Radiance at the cloud tops, day side; no emissivity can be derived from sunlit clouds.",
        "HESPER:CLOUD_RADIUS": pds3.Quantity(made.radius / km, "KM"),
        "HESPER:PLACE_STD": pds3.Quantity(made.place_std / km, "KM"),
    }
    return pds3.image_bytes(
        np.ma.masked_invalid(made.radiance),
        keywords,
        created=created,
        map_projection=pds3.simple_cylindrical(
            west=round((made.grid.x[0] / VENUS_RADIUS - step / 2) / deg, 9),
            north=round((made.grid.y[0] / VENUS_RADIUS + step / 2) / deg, 9),
            pixels_per_degree=round(deg / step, 9),
            radius=VENUS_RADIUS / km,
            lines=lines,
            samples=samples,
        ),
        unit="W*m**-3*sr**-1",
    )
