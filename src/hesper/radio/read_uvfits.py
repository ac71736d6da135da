"""UVFITS → archive: random groups of AIPS, one or many sources, floating point or scaled integers."""

import mmap
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.compiled import compiled_parallel, prange
from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import InputError
from hesper.radio import model_array
from hesper.radio.data import Setup
from hesper.radio.read_archive import Archive, Rows, Table, index
from hesper.radio.read_uvfits_tables import Antennas, Fields, antennas, fields, if_offset
from hesper.record import Array
from hesper.units import day

_STOKES = {
    1: "I",
    2: "Q",
    3: "U",
    4: "V",
    -1: "RR",
    -2: "LL",
    -3: "RL",
    -4: "LR",
    -5: "XX",
    -6: "YY",
    -7: "XY",
    -8: "YX",
}


_AT_ONCE = 2**23
"""Numbers read at a time."""


class Groups(NamedTuple):
    """The random groups of a file, as they lie on disk."""

    path: Path
    header: Any
    raw: Array
    """(group, parameters + cells), still in the order of bytes of the file."""
    pages: mmap.mmap
    """The memory that `raw` shows; what has been read of it is given back."""
    axes: dict[str, tuple[int, float, float, float]]
    """Name → length, reference pixel, value there and increment of an axis."""


def uvfits(path: Path, *, window: int = 0) -> Archive:
    """Open a UVFITS file.

    Parameters
    ----------
    path
        The file.
    window
        Number of the spectral window (IF), from 0.

    Raises
    ------
    InputError
        If it is no UVFITS file, is cut short, or lacks what the cube needs.

    Notes
    -----
    AIPS Memo 117 (Greisen 2016). Baselines are 256 a₁ + a₂, or 2048 a₁ + a₂ + 65536 with many antennas.
    Coordinates of another equinox than J2000 are turned to it, and uvw made anew from the antennas' places.
    """
    from astropy.io import fits
    from astropy.utils.exceptions import AstropyUserWarning

    path = Path(path)
    try:
        with warnings.catch_warnings():
            # The length is checked in `_groups`, and said in one line.
            warnings.simplefilter("ignore", AstropyUserWarning)
            with fits.open(path, memmap=True, lazy_load_hdus=True) as file:
                groups = _groups(path, file[0])
                tables = {hdu.name.strip(): hdu for hdu in file[1:]}
                stations = antennas(path, tables, groups.header)
                reference = {name: axis[2] for name, axis in groups.axes.items()}
                sources = fields(path, tables, groups.header, reference)
                offset = if_offset(path, tables, window, groups.axes.get("IF", (1, 0, 0, 0))[0])
    except OSError as error:
        raise InputError(f"{path}: {str(error).splitlines()[0]}; a whole UVFITS file is needed") from None
    return _archive(groups, stations, sources, window, offset)


def _groups(path: Path, hdu: Any) -> Groups:
    header = hdu.header
    if not header.get("GROUPS", False) or header.get("NAXIS1", 1) != 0:
        raise InputError(f"{path}: no random groups; a UVFITS file is needed")
    shape = [header[f"NAXIS{i}"] for i in range(header["NAXIS"], 1, -1)]
    kind = {8: ">u1", 16: ">i2", 32: ">i4", -32: ">f4", -64: ">f8"}[header["BITPIX"]]
    width = header["PCOUNT"] + int(np.prod(shape))
    needed = header["GCOUNT"] * width * np.dtype(kind).itemsize
    start = hdu.fileinfo()["datLoc"]
    have = path.stat().st_size - start
    if have < needed:
        whole = max(have, 0) // (width * np.dtype(kind).itemsize)
        raise InputError(
            f"{path}: cut short: {whole} of {header['GCOUNT']} visibility records are there; "
            "copy the file again"
        )
    with path.open("rb") as file:
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    raw = np.frombuffer(pages, kind, header["GCOUNT"] * width, start).reshape(-1, width)
    axes = {
        header.get(f"CTYPE{i}", "").strip().split("-")[0]: (
            header[f"NAXIS{i}"],
            header.get(f"CRPIX{i}", 1.0),
            header.get(f"CRVAL{i}", 0.0),
            header.get(f"CDELT{i}", 1.0),
        )
        for i in range(2, header["NAXIS"] + 1)
    }
    if list(axes)[:3] != ["COMPLEX", "STOKES", "FREQ"] or any(
        axes[name][0] != 1 for name in list(axes)[3:] if name != "IF"
    ):
        raise InputError(f"{path}: axes {', '.join(axes)}; COMPLEX, STOKES, FREQ (, IF), RA, DEC are needed")
    return Groups(path, header, raw, pages, axes)


def _parameters(groups: Groups) -> dict[str, Array]:
    """Return the random parameters by name, scaled; those that stand twice are summed."""
    header, found = groups.header, dict[str, Array]()
    table = _columns(groups, header["PCOUNT"])
    for i in range(1, header["PCOUNT"] + 1):
        name = header[f"PTYPE{i}"].strip().upper().lstrip("_")
        name = name.split("-")[0] if name[:2] in ("UU", "VV", "WW") else name
        value = table[:, i - 1].astype(float) * header.get(f"PSCAL{i}", 1.0)
        zero = header.get(f"PZERO{i}", 0.0)
        if name == "DATE" and name not in found:
            found["DATE0"] = np.array(zero)
            zero = 0.0
        found[name] = found[name] + value + zero if name in found else value + zero
    missing = {"UU", "VV", "WW", "DATE"} - set(found)
    if "BASELINE" not in found and not {"ANTENNA1", "ANTENNA2"} <= set(found):
        missing.add("BASELINE")
    if missing:
        raise InputError(f"{groups.path}: no random parameter {', '.join(sorted(missing))}; it is needed")
    return found


def _columns(groups: Groups, count: int) -> Array:
    """Return the first columns (group, column) of the records."""
    out = np.empty((len(groups.raw), count), groups.raw.dtype)
    step = max(1, _AT_ONCE // groups.raw.shape[1])
    for i in range(0, len(out), step):
        out[i : i + step] = groups.raw[i : i + step, :count]
        _give_back(groups)
    return out


def _give_back(groups: Groups) -> None:
    """Let the system have the memory of what was read; the file is there to be read again."""
    if hasattr(mmap, "MADV_DONTNEED"):
        groups.pages.madvise(mmap.MADV_DONTNEED)


def _pair(parameters: dict[str, Array]) -> tuple[Array, Array]:
    """Return the numbers of both antennas."""
    if "BASELINE" not in parameters:
        return parameters["ANTENNA1"].astype(int), parameters["ANTENNA2"].astype(int)
    code = np.floor(parameters["BASELINE"] + 1e-3).astype(int)
    many = code > 65536
    first = np.where(many, (code - 65536) // 2048, code // 256)
    return first, np.where(many, (code - 65536) % 2048, code % 256)


def _archive(groups: Groups, stations: Antennas, sources: Fields, window: int, offset: float) -> Archive:
    path, axes = groups.path, groups.axes
    parameters = _parameters(groups)
    first, second = (_ranked(path, number, stations.number) for number in _pair(parameters))
    time = _tdb(parameters["DATE0"], parameters["DATE"], stations.time_scale)
    source = parameters.get("SOURCE", np.full(time.size, sources.number[0])).astype(int)
    unknown = sorted(set(source.tolist()) - set(sources.number.tolist()))
    if unknown:
        raise InputError(
            f"{path}: source {unknown[0]} is not in the table of sources; repair the AIPS SU table"
        )
    field = np.searchsorted(sources.number, source)
    chosen = np.ones(time.size, bool)
    if "FREQSEL" in parameters:
        chosen = parameters["FREQSEL"] == parameters["FREQSEL"][0]
    interval = parameters.get("INTTIM", np.zeros(time.size))
    count, pixel, value, step = axes["FREQ"]
    frequency = value + offset + (np.arange(count) + 1 - pixel) * step
    codes = axes["STOKES"][2] + (np.arange(axes["STOKES"][0]) + 1 - axes["STOKES"][1]) * axes["STOKES"][3]

    def setup_of(used: Array) -> Setup:
        low, high = model_array.pairs(used.size)
        return Setup(
            telescope=stations.telescope,
            antenna_name=stations.name[used],
            antenna_position=stations.position[used],
            antenna1=low,
            antenna2=high,
            frequency=frequency,
            channel_width=abs(step),
            polarisation=np.array([_STOKES[int(code)] for code in np.round(codes)]),
            field_name=sources.name,
            field_ra=sources.ra,
            field_dec=sources.dec,
        )

    metres = np.stack([parameters[k] for k in ("UU", "VV", "WW")], axis=1) * SPEED_OF_LIGHT
    _check_units(path, frequency, metres, stations.position[first] - stations.position[second])
    if sources.turned:
        metres = _remade(stations, sources, time, field, first, second)

    def load(rows: Array) -> Rows:
        return Rows(metres[rows], *_cells(groups, rows, window))

    table = Table(time, interval, first, second, field, np.arange(time.size))
    return index(path, Table(*(column[chosen] for column in table)), setup_of, load)


def _check_units(path: Path, frequency: Array, uvw: Array, apart: Array) -> None:
    """Raise InputError if frequencies [Hz] or baselines (row, 3) [m] cannot be what they are said to be."""
    if not 1e7 <= frequency.min() <= frequency.max() <= 1e12:
        raise InputError(
            f"{path}: channels at {frequency.min():.6g} to {frequency.max():.6g} Hz; 10 MHz to 1 THz is "
            "allowed: FREQ must be in Hz"
        )
    distance, length = np.linalg.norm(apart, axis=1), np.linalg.norm(uvw, axis=1)
    used = (distance > 0) & (length > 0)
    if not used.any():
        return
    ratio = float(np.median(length[used] / distance[used]))
    if not 0.5 < ratio < 2:
        raise InputError(
            f"{path}: UU, VV, WW are {ratio:.3g} times as long as the antennas are apart; they must be in "
            "seconds, and STABXYZ in metres"
        )


def _ranked(path: Path, number: Array, known: Array) -> Array:
    place = np.searchsorted(known, number)
    right = (place < known.size) & (known[np.minimum(place, known.size - 1)] == number)
    if not right.all():
        raise InputError(
            f"{path}: antenna {number[~right][0]} is not in the table of antennas; repair AIPS AN"
        )
    return np.asarray(place)


def _tdb(zero: Array, date: Array, scale: str) -> Array:
    """Return Julian dates, given in two parts, as TDB seconds since J2000."""
    from astropy.time import Time

    values, inverse = np.unique(date, return_inverse=True)
    if not np.all(np.isfinite(values)):
        seconds = np.full(values.size, np.nan)
        good = np.isfinite(values)
        seconds[good] = ephemeris.tdb_seconds(Time(float(zero), values[good], format="jd", scale=scale))
        return np.asarray(seconds[inverse])
    return np.asarray(ephemeris.tdb_seconds(Time(float(zero), values, format="jd", scale=scale))[inverse])


def _remade(
    stations: Antennas, sources: Fields, time: Array, field: Array, first: Array, second: Array
) -> Array:
    """Return uvw (row, 3) [m] in J2000 from the places of the antennas."""
    values, inverse = np.unique(np.round(time / (0.01 * day / 86400)) * 0.01, return_inverse=True)
    out = np.empty((time.size, 3))
    for number in np.unique(field):
        mine = field == number
        frame = model_array.field_frame(
            values, sources.ra[number], sources.dec[number], stations.position.mean(axis=0)
        )
        baseline = stations.position[first[mine]] - stations.position[second[mine]]
        out[mine] = np.einsum("rij,rj->ri", frame.axes[inverse[mine]], baseline)
    return out


def _cells(groups: Groups, rows: Array, window: int) -> tuple[Array, Array, Array]:
    """Return values, weights and flags (row, channel, polarisation) of one spectral window."""
    header, axes = groups.header, groups.axes
    parts, correlations, channels = axes["COMPLEX"][0], axes["STOKES"][0], axes["FREQ"][0]
    size = parts * correlations * channels
    start = header["PCOUNT"] + window * size
    shape = (len(rows), channels, correlations)
    value, weight = np.empty(shape, np.complex64), np.empty(shape, np.float32)
    flag = np.empty(shape, bool)
    scale, zero = header.get("BSCALE", 1.0), header.get("BZERO", 0.0)
    step = max(1, _AT_ONCE // size)
    for i in range(0, len(rows), step):
        picked = groups.raw[_run(rows[i : i + step]), start : start + size]
        cells = np.ascontiguousarray(picked, dtype=np.float32)
        _unpack(
            cells.reshape(-1, channels, correlations, parts),
            float(scale),
            float(zero),
            value[i : i + step],
            weight[i : i + step],
            flag[i : i + step],
        )
        _give_back(groups)
    return value, weight, flag


def _run(rows: Array) -> Any:
    """Return rows that follow each other as a slice, which spares a copy."""
    if rows.size and rows[-1] - rows[0] == rows.size - 1 and np.all(np.diff(rows) == 1):
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


@compiled_parallel
def _unpack(cells: Array, scale: float, zero: float, value: Array, weight: Array, flag: Array) -> None:
    """Take real, imaginary and weight apart; what is not finite or has no weight is flagged."""
    rows, channels, correlations, parts = cells.shape
    for r in prange(rows):
        for c in range(channels):
            for p in range(correlations):
                a = cells[r, c, p, 0] * scale + zero
                b = cells[r, c, p, 1] * scale + zero
                w = cells[r, c, p, 2] * scale + zero if parts > 2 else 1.0
                good = np.isfinite(a) and np.isfinite(b) and np.isfinite(w) and w > 0
                value[r, c, p] = complex(a, b) if np.isfinite(a) and np.isfinite(b) else 0j
                weight[r, c, p] = abs(w) if np.isfinite(w) and np.isfinite(a) and np.isfinite(b) else 0.0
                flag[r, c, p] = not good
