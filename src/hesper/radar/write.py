"""Records → the files that an observatory or an archive delivers."""

import numpy as np

from hesper.errors import InputError
from hesper.products import netcdf
from hesper.products.pds3 import Verbatim, label_text
from hesper.radar.data_interferometer import Echoes, Voltages
from hesper.record import Array
from hesper.units import us

_SFDU = "CCSD3ZF0000100000001NJPL3IF0PDS200000001 = SFDU_LABEL"
"""First line of the labels of that volume."""


def echoes(given: Echoes) -> bytes:
    """Return the looks of one receive cycle as the bytes of a netCDF file."""
    return netcdf(given)


def voltages(given: Voltages) -> bytes:
    """Return the samples of one look as the bytes of a netCDF file."""
    return netcdf(given)


def arecibo(
    voltage: Array, *, name: str, baud: float, code_length: int, centre: int, delay_offset: int,
    pointing: str = "N",
) -> tuple[bytes, str]:  # fmt: skip
    """Return pixels and label of a complex look in the layout of the archive of Arecibo.

    Parameters
    ----------
    voltage
        (delay, doppler), complex; written as little-endian pairs of float32.
    name
        Of the image file.
    baud, code_length, centre, delay_offset, pointing
        Length of a bit [s] and of the code, column of zero Doppler, row of the front, side aimed at.
    """
    lines, samples = voltage.shape
    label = label_text(
        {
            "PDS_VERSION_ID": "PDS3",
            "RECORD_TYPE": "FIXED_LENGTH",
            "RECORD_BYTES": 8 * samples,
            "FILE_RECORDS": lines,
            "^IMAGE": name,
            "TARGET_NAME": "VENUS",
            "GEO:BAUD": float(baud / us),
            "GEO:CODE_LENGTH": code_length,
            "GEO:TRANSFORM_LENGTH": samples,
            "GEO:CENTROID_LOCATION": centre,
            "GEO:DELAY_OFFSET": delay_offset,
            "GEO:POINTING": pointing,
            "GEO:MODE": "M",
            "IMAGE": {
                "LINES": lines,
                "LINE_SAMPLES": samples,
                "SAMPLE_TYPE": "PC_COMPLEX",
                "SAMPLE_BITS": 64,
            },
        }
    )
    return np.asarray(voltage, "<c8").tobytes(), label


def goldstone(
    values: Array, *, name: str, date: str, quantity: str, scale: float,
    edges: tuple[float, float, float, float], centre: tuple[float, float],
) -> tuple[bytes, str]:  # fmt: skip
    """Return file and label of a Goldstone image in the layout of the archive's volume MG_1001.

    Parameters
    ----------
    values
        (line, sample), 0 to 63: data before 1977 have six bits.
    name, date, quantity
        Image file, day of the pass, "ALTIMETRY" or "BACKSCATTER CROSS SECTION".
    scale
        Pixels per degree of the Mercator map.
    edges
        South, north, west, east [degrees].
    centre
        Latitude and longitude of the sub-Earth point [degrees].

    Raises
    ------
    InputError
        If a value needs more than six bits.
    """
    pixels = np.asarray(values)
    if pixels.min() < 0 or pixels.max() > 63:
        raise InputError(f"write.goldstone: values {pixels.min()} to {pixels.max()}; six bits hold 0 to 63")
    lines, samples = pixels.shape
    south, north, west, east = edges
    label = label_text(
        {
            "RECORD_TYPE": "FIXED_LENGTH",
            "RECORD_BYTES": samples,
            "FILE_RECORDS": lines + 2,
            "^FOREIGN_LABEL": (name, 1),
            "^IMAGE": (name, 3),
            "DATA_SET_ID": "GSSR-V-RTLS-5-12.6-9CM-V1.0",
            "TARGET_NAME": "VENUS",
            "IMAGE_TIME": Verbatim(date),
            "DATA_SET_PARAMETER_NAME": quantity,
            "MAP_PROJECTION_TYPE": "MERCATOR",
            "MAP_SCALE": scale,
            "MAXIMUM_LATITUDE": north,
            "MINIMUM_LATITUDE": south,
            "MAXIMUM_LONGITUDE": east,
            "MINIMUM_LONGITUDE": west,
            "SUB_EARTH_LATITUDE": centre[0],
            "SUB_EARTH_LONGITUDE": centre[1],
            "WAVELENGTH": 12.6,
            "FOREIGN_LABEL": {"TYPE": "VICAR2", "RECORDS": 2, "BYTES": 2 * samples},
            "IMAGE": {
                "LINES": lines,
                "LINE_SAMPLES": samples,
                "SAMPLE_BITS": 8,
                "SAMPLE_BIT_MASK": Verbatim("2#00111111#"),
                "SAMPLE_TYPE": "UNSIGNED_INTEGER",
            },
        }
    )
    label = f"{_SFDU}\r\n{label}"
    header = f"LBLSIZE={2 * samples}  FORMAT='BYTE'  TYPE='IMAGE'  NL={lines}  NS={samples}"
    return header.encode().ljust(2 * samples) + pixels.astype(np.uint8).tobytes(), label
