"""Records as files and files as records: netCDF, GeoTIFF, FITS, PDS3; provenance and checksums."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hesper.errors import InputError
from hesper.products.files import Provenance, Source, prov_json, sha256, source, verify, write
from hesper.products.fits import fits_image, read_fits_image
from hesper.products.geotiff import Bands, geotiff, read_geotiff
from hesper.products.netcdf import netcdf, read_netcdf
from hesper.products.results import Figure, Result, Section, from_published, from_truth, results_json

if TYPE_CHECKING:
    import xarray

__all__ = [
    "Bands",
    "Figure",
    "Provenance",
    "Result",
    "Section",
    "Source",
    "fits_image",
    "from_published",
    "from_truth",
    "geotiff",
    "netcdf",
    "prov_json",
    "read",
    "read_fits_image",
    "read_geotiff",
    "read_netcdf",
    "results_json",
    "sha256",
    "source",
    "to_dataset",
    "to_xarray",
    "verify",
    "write",
]

_R = TypeVar("_R")


def read(path: Path | str, cls: type[_R]) -> _R:
    """Read a record from a netCDF product, its checksum verified against the side-car where there is one.

    Raises
    ------
    InputError, UnitError, MissingError
        If the file is missing, damaged or holds something else.
    """
    path = Path(path)
    verify(path)
    return read_netcdf(path, cls)


def to_xarray(record: Any) -> "xarray.Dataset":
    """Return a record as an `xarray.Dataset`: degrees, UTC, attributes as on disk."""
    from io import BytesIO

    import xarray

    return _join_complex(xarray.load_dataset(BytesIO(netcdf(record)), engine="h5netcdf"))


def to_dataset(path: Path | str) -> "xarray.Dataset":
    """Open a product as a dataset, its checksum verified; see `hesper.open`.

    Raises
    ------
    InputError, MissingError
        If the file is no product, is damaged or is not there.
    """
    path = Path(path)
    provenance = verify(path)
    with path.open("rb") as stream:
        start = stream.read(10)
    if start[1:4] == b"HDF" or start[:3] == b"CDF":
        dataset = _open_netcdf(path)
    elif start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        dataset = _bands_dataset(read_geotiff(path))
    elif start[:9] == b"SIMPLE  =":
        dataset = _fits_dataset(path)
    elif start[:7] in (b"PDS_VER", b"ODL_VER", b"CCSD3ZF"):
        dataset = _pds3_dataset(path)
    else:
        raise InputError(f"{path}: not a netCDF, GeoTIFF, FITS or PDS3 file; give a product")
    if provenance is not None:
        dataset.attrs["provenance"] = path.name + ".prov.json"
    return dataset


def _open_netcdf(path: Path) -> "xarray.Dataset":
    import xarray

    try:
        return _join_complex(xarray.load_dataset(path, engine="h5netcdf"))
    except (OSError, ValueError, RuntimeError, KeyError, AttributeError) as error:
        raise InputError(f"{path}: damaged or no netCDF file: {str(error).splitlines()[0]}") from None


def _join_complex(dataset: "xarray.Dataset") -> "xarray.Dataset":
    for name in [str(n) for n in dataset.data_vars if str(n).endswith("_re")]:
        base = name.removesuffix("_re")
        if f"{base}_im" in dataset and dataset[name].attrs.get("complex_part"):
            attributes = {k: v for k, v in dataset[name].attrs.items() if k != "complex_part"}
            dataset[base] = (dataset[name] + 1j * dataset[f"{base}_im"]).assign_attrs(attributes)
            dataset = dataset.drop_vars([name, f"{base}_im"])
    return dataset


def _bands_dataset(bands: Bands) -> "xarray.Dataset":
    import xarray

    layers = {
        name: (("y", "x"), bands.values[i], {"units": bands.units[i]}) for i, name in enumerate(bands.names)
    }
    coordinates = {"y": bands.grid.y, "x": bands.grid.x}
    return xarray.Dataset(layers, coordinates, {"crs": bands.grid.crs, "projection": bands.grid.projection})


def _fits_dataset(path: Path) -> "xarray.Dataset":
    import xarray

    values, header = read_fits_image(path)
    dims = [f"axis{values.ndim - i}" for i in range(values.ndim)]
    attributes = {k: v for k, v in header.items() if k and isinstance(v, str | int | float)}
    image = (dims, values.astype(values.dtype.newbyteorder("=")), {"units": header.get("BUNIT", "1")})
    return xarray.Dataset({"image": image}, attrs=attributes)


def _pds3_dataset(path: Path) -> "xarray.Dataset":
    import xarray

    from hesper.products import pds3

    image = pds3.read_image(path)
    values = pds3.scaled(image).filled(float("nan"))
    dims = ("band", "line", "sample")[-values.ndim :]
    layer = (dims, values, {"units": image.unit or "1"})
    return xarray.Dataset({"image": layer}, _pds3_coordinates(image, values.shape))


def _pds3_coordinates(image: Any, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return longitude and latitude of the cell centres of a simple cylindrical map, or nothing."""
    import numpy as np

    maps = image.label.objects("IMAGE_MAP_PROJECTION")
    if not maps or maps[0].get("MAP_PROJECTION_TYPE") != "SIMPLE CYLINDRICAL":
        return {}
    west, north, per_degree = (
        float(maps[0][key]) for key in ("WESTERNMOST_LONGITUDE", "MAXIMUM_LATITUDE", "MAP_RESOLUTION")
    )
    lon = west + (np.arange(shape[-1]) + 0.5) / per_degree
    lat = north - (np.arange(shape[-2]) + 0.5) / per_degree
    return {
        "lon": ("sample", lon, {"units": "degrees_east", "standard_name": "longitude"}),
        "lat": ("line", lat, {"units": "degrees_north", "standard_name": "latitude"}),
    }
