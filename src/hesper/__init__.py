"""hesper: from measurements of Venus to maps with honest error bars."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import xarray

__version__ = "0.1.0"


def open(path: "Path | str") -> "xarray.Dataset":
    """Open a product of hesper (netCDF, GeoTIFF, FITS, PDS3) as a dataset, its checksum verified.

    Raises
    ------
    InputError
        If the file is no product, is damaged or does not agree with its checksum.
    MissingError
        If there is no such file.
    """
    from hesper.products import to_dataset

    return to_dataset(path)


def __getattr__(name: str) -> Any:
    """Import the shared layers at first use, so that `import hesper` stays fast."""
    import importlib

    if name in (
        "config",
        "ephemeris",
        "errors",
        "fit",
        "geometry",
        "maps",
        "physics",
        "products",
        "record",
        "runs",
        "units",
        "constants",
        "vmc",
        "radar",
        "winds",
        "radio",
        "thermal",
    ):
        return importlib.import_module(f"hesper.{name}")
    raise AttributeError(f"module 'hesper' has no attribute '{name}'")
