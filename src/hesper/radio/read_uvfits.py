"""UVFITS → archive: random groups of AIPS, one or many sources, floating point or scaled integers."""

import warnings
from pathlib import Path

import numpy as np

from hesper import ephemeris
from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import InputError
from hesper.radio import model_array
from hesper.radio.data import Setup
from hesper.radio.read_archive import Archive, Rows, Table, index
from hesper.radio.read_uvfits_groups import Groups, cells, groups, parameters
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
            # The length is checked in `groups`, and said in one line.
            warnings.simplefilter("ignore", AstropyUserWarning)
            with fits.open(path, memmap=True, lazy_load_hdus=True) as file:
                found = groups(path, file[0])
                tables = {hdu.name.strip(): hdu for hdu in file[1:]}
                stations = antennas(path, tables, found.header)
                reference = {name: axis[2] for name, axis in found.axes.items()}
                sources = fields(path, tables, found.header, reference)
                offset = if_offset(path, tables, window, found.axes.get("IF", (1, 0, 0, 0))[0])
    except OSError as error:
        reason = str(error).splitlines()[0].split(". ")[0].rstrip(".")
        raise InputError(f"{path}: {reason}; a whole UVFITS file is needed") from None
    return _archive(found, stations, sources, window, offset)


def _pair(given: dict[str, Array]) -> tuple[Array, Array]:
    """Return the numbers of both antennas."""
    if "BASELINE" not in given:
        return given["ANTENNA1"].astype(int), given["ANTENNA2"].astype(int)
    code = np.floor(given["BASELINE"] + 1e-3).astype(int)
    many = code > 65536
    first = np.where(many, (code - 65536) // 2048, code // 256)
    return first, np.where(many, (code - 65536) % 2048, code % 256)


def _archive(found: Groups, stations: Antennas, sources: Fields, window: int, offset: float) -> Archive:
    path, axes = found.path, found.axes
    given = parameters(found)
    first, second = (_ranked(path, number, stations.number) for number in _pair(given))
    time = _tdb(given["DATE0"], given["DATE"], stations.time_scale)
    source = given.get("SOURCE", np.full(time.size, sources.number[0])).astype(int)
    unknown = sorted(set(source.tolist()) - set(sources.number.tolist()))
    if unknown:
        raise InputError(
            f"{path}: source {unknown[0]} is not in the table of sources; repair the AIPS SU table"
        )
    field = np.searchsorted(sources.number, source)
    chosen = np.ones(time.size, bool)
    if "FREQSEL" in given:
        chosen = given["FREQSEL"] == given["FREQSEL"][0]
    interval = given.get("INTTIM", np.zeros(time.size))
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

    metres = np.stack([given[k] for k in ("UU", "VV", "WW")], axis=1) * SPEED_OF_LIGHT
    _check_units(path, frequency, metres, stations.position[first] - stations.position[second])
    if sources.turned:
        metres = _remade(stations, sources, time, field, first, second)

    def load(rows: Array) -> Rows:
        return Rows(metres[rows], *cells(found, rows, window))

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
