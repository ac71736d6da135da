"""Images of the sky and of disks as FITS, with CHECKSUM and DATASUM that are verified on reading."""

import threading
import warnings
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from hesper.errors import InputError
from hesper.record import Array

_READING = threading.Lock()


def fits_image(values: Array, header: Mapping[str, tuple[Any, str]], *, unit: str) -> bytes:
    """Return an image as the bytes of a FITS file: the same bytes for the same image.

    Parameters
    ----------
    values
        (line, sample), first line at the bottom as FITS has it, or with more leading axes.
    header
        Keyword → (value, comment), world coordinates included.
    unit
        BUNIT.
    """
    from astropy.io import fits

    hdu = fits.PrimaryHDU(np.asarray(values))
    hdu.header["BUNIT"] = unit
    for key, entry in header.items():
        hdu.header[key] = entry
    # The comment of the checksum would hold the time of writing.
    hdu.add_datasum(when="data unit checksum")
    hdu.add_checksum(when="HDU checksum", override_datasum=False)
    stream = BytesIO()
    hdu.writeto(stream)
    return stream.getvalue()


def read_fits_image(path: Path) -> tuple[Array, dict[str, Any]]:
    """Return the first image of a FITS file and its header; a wrong checksum is an error.

    Raises
    ------
    InputError
        If the file is no FITS image, is cut short or fails its checksum.
    """
    from astropy.io import fits

    # The list of warning filters belongs to the process: one thread at a time may exchange it.
    with _READING, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            # From memory: astropy leaves the file open when a checksum fails.
            with fits.open(BytesIO(path.read_bytes()), checksum=True) as hdus:
                hdu = next((h for h in hdus if h.data is not None), None)
                if hdu is None or not hdu.is_image or isinstance(hdu, fits.GroupsHDU):
                    raise InputError(f"{path}: no image in this FITS file")
                image, header = np.asarray(hdu.data), dict(hdu.header)
        except (OSError, ValueError, TypeError, fits.VerifyError) as error:
            raise InputError(
                f"{path}: damaged or no FITS file ({str(error).splitlines()[0]}); get it anew or take it out"
            ) from None
    for warning in said:
        if any(word in str(warning.message).lower() for word in ("checksum", "datasum", "truncated")):
            raise InputError(
                f"{path}: damaged FITS file ({str(warning.message).splitlines()[0]}); get it anew, or, if "
                "its header was edited, let the checksum be written again"
            )
    return image, header
