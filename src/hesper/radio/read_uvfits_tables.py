"""The tables of a UVFITS file: antennas (AIPS AN), sources (AIPS SU), frequencies (AIPS FQ)."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.radio.read_place import j2000
from hesper.record import Array
from hesper.units import deg

_SCALES = {"": "utc", "UTC": "utc", "IAT": "tai", "TAI": "tai", "TT": "tt", "TDB": "tdb"}


class Antennas(NamedTuple):
    """Antennas of a file."""

    telescope: str
    number: Array
    """(antenna,) numbers in the file, increasing."""
    name: Array
    position: Array
    """(antenna, 3) ITRF [m]."""
    time_scale: str
    """Scale of the dates, as astropy names it."""


class Fields(NamedTuple):
    """Sources of a file."""

    number: Array
    """(field,) numbers in the file, increasing."""
    name: Array
    ra: Array
    """(field,) astrometric J2000 [rad]."""
    dec: Array
    turned: bool
    """The file has them for another equinox, and so its uvw."""


def antennas(path: Path, tables: dict[str, Any], header: Any) -> Antennas:
    """Read the antennas.

    Places count from ARRAYX, Y, Z. With an array centre that is not the geocentre their X axis should point
    to its meridian (AIPS Memo 117, section 4.1.1), but some writers leave it at longitude 0: that is taken
    with which the array is the flatter.
    """
    if "AIPS AN" not in tables:
        raise InputError(f"{path}: no AIPS AN table; the places of the antennas are needed")
    table = tables["AIPS AN"]
    own, data = table.header, table.data
    centre = np.array([own.get(f"ARRAY{axis}", 0.0) for axis in "XYZ"], float)
    local = np.asarray(data["STABXYZ"], float).reshape(len(data), 3)
    position = _flattest(local, centre) + centre
    scale = str(own.get("TIMSYS", own.get("TIMESYS", ""))).strip().upper()
    if scale not in _SCALES:
        raise InputError(f"{path}: time scale '{scale}'; {', '.join(filter(None, _SCALES))} are known")
    number = np.asarray(data["NOSTA"], int)
    order = np.argsort(number)
    names = np.array([str(name).strip() for name in data["ANNAME"]])
    telescope = str(header.get("TELESCOP", own.get("ARRNAM", ""))).strip()
    return Antennas(telescope, number[order], names[order], position[order], _SCALES[scale])


def _flattest(local: Array, centre: Array) -> Array:
    """Return places about the array's centre along the axes of ITRF [m]."""
    distance = np.linalg.norm(centre)
    if distance < 1e3:
        return local
    lon = np.arctan2(centre[1], centre[0])
    c, s = np.cos(lon), np.sin(lon)
    turned = local @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    heights = [float(np.std(places @ centre)) for places in (turned, local)]
    return turned if heights[0] <= heights[1] else local


def fields(path: Path, tables: dict[str, Any], header: Any, reference: dict[str, float]) -> Fields:
    """Read the sources: the AIPS SU table, or the header of a file of one source."""
    if "AIPS SU" not in tables:
        if "RA" not in reference or "DEC" not in reference:
            raise InputError(
                f"{path}: neither an AIPS SU table nor axes RA and DEC; a phase centre is needed"
            )
        year = float(header.get("EPOCH", header.get("EQUINOX", 2000.0)))
        only = str(header.get("OBJECT", "")).strip() or "field"
        ra, dec = (np.array([reference[axis] * deg]) for axis in ("RA", "DEC"))
        own = j2000(ra, dec, np.array([year]), path)
        return Fields(np.array([1]), np.array([only]), *own, turned=year != 2000.0)
    data = tables["AIPS SU"].data
    column = next(name for name in data.names if name.strip().upper().startswith("ID"))
    number = np.asarray(data[column], int)
    order = np.argsort(number)
    epoch = np.asarray(data["EPOCH"], float)[order] if "EPOCH" in data.names else np.full(len(order), 2000.0)
    place = j2000(
        np.asarray(data["RAEPO"], float)[order] * deg,
        np.asarray(data["DECEPO"], float)[order] * deg,
        epoch,
        path,
    )
    name = np.array([str(name).strip() for name in data["SOURCE"]])[order]
    return Fields(number[order], name, *place, turned=bool(np.any(epoch != 2000.0)))


def if_offset(path: Path, tables: dict[str, Any], window: int, count: int) -> float:
    """Return by how much the frequency of a spectral window differs from the header's [Hz]."""
    if not 0 <= window < count:
        raise InputError(f"{path}: spectral window {window}; 0 to {count - 1} are there")
    if "AIPS FQ" not in tables:
        return 0.0
    return float(np.atleast_1d(tables["AIPS FQ"].data["IF FREQ"][0])[window])
