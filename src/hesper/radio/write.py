"""Visibilities → the files an observatory delivers."""

from collections.abc import Iterable

import numpy as np

from hesper import __version__, ephemeris
from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import InputError
from hesper.radio.data import Setup, Visibilities
from hesper.radio.write_tables import BLOCK, EPOCH, iso, tables
from hesper.record import Array

_CODES = {
    "I": 1,
    "Q": 2,
    "U": 3,
    "V": 4,
    "RR": -1,
    "LL": -2,
    "RL": -3,
    "LR": -4,
    "XX": -5,
    "YY": -6,
    "XY": -7,
    "YX": -8,
}
_PARAMETERS = (
    "UU---SIN",
    "VV---SIN",
    "WW---SIN",
    "BASELINE",
    "DATE",
    "_DATE",
    "SOURCE",
    "FREQSEL",
    "INTTIM",
)


def uvfits(blocks: Iterable[Visibilities], rows: int) -> memoryview:
    """Return a UVFITS file of many sources, its visibilities put down block by block.

    Parameters
    ----------
    blocks
        Blocks of one observation, in order of time.
    rows
        How many rows, of all blocks together, hold a weight; see `rows_with_weight`.

    Raises
    ------
    InputError
        If the correlations do not follow each other in the order of AIPS, or the count is wrong.

    Notes
    -----
    AIPS Memo 117. A flagged visibility has a negative weight; rows without any weight are left out. Antennas
    stand in geocentric ITRF, dates are UTC in two parts.
    """
    out, at, filled, setup, zero = np.empty(0, np.uint8), 0, 0, None, 0.0
    for block in blocks:
        if setup is None:
            setup, zero = block.setup, _julian_midnight(block.time[0])
            head = _primary(setup, rows, zero)
            tail = tables(setup, zero)
            width = 4 * (len(_PARAMETERS) + 3 * setup.frequency.size * setup.polarisation.size)
            body = -(-rows * width // BLOCK) * BLOCK
            out = np.zeros(len(head) + body + len(tail), np.uint8)
            out[: len(head)] = np.frombuffer(head, np.uint8)
            out[len(head) + body :] = np.frombuffer(tail, np.uint8)
            at = len(head)
        cells = _records(block, zero)
        filled += len(cells)
        if filled > rows:
            break
        out[at : at + cells.nbytes] = cells.reshape(-1).view(np.uint8)
        at += cells.nbytes
    if setup is None or filled != rows:
        raise InputError(f"uvfits: {filled} rows given, {rows} announced; count them with rows_with_weight")
    return out.data


def rows_with_weight(visibilities: Visibilities) -> int:
    """Return how many rows have a weight."""
    return int(np.any(visibilities.weight > 0, axis=(2, 3)).sum())


def _records(block: Visibilities, zero: float) -> Array:
    """Return (row, parameters + cells), in the order of bytes of FITS."""
    there = np.any(block.weight > 0, axis=(2, 3))
    when, pair = np.nonzero(there)
    setup = block.setup
    channels, correlations = setup.frequency.size, setup.polarisation.size
    out = np.empty((when.size, len(_PARAMETERS) + 3 * channels * correlations), ">f4")
    out[:, :3] = block.uvw[there] / SPEED_OF_LIGHT
    first, second = setup.antenna1[pair] + 1, setup.antenna2[pair] + 1
    few = setup.antenna_name.size < 256
    out[:, 3] = 256 * first + second if few else 2048 * first + second + 65536
    date = (ephemeris.utc(block.time) - EPOCH) / np.timedelta64(1, "us") / 86400e6 + 2440587.5 - zero
    coarse = date.astype(np.float32)
    out[:, 4], out[:, 5] = coarse[when], (date - coarse)[when]
    out[:, 6], out[:, 7], out[:, 8] = block.field[when] + 1, 1, block.interval[when]
    cells = out[:, len(_PARAMETERS) :].reshape(when.size, channels, correlations, 3)
    cells[..., 0], cells[..., 1] = block.value[there].real, block.value[there].imag
    cells[..., 2] = np.where(block.flag[there], -1, 1) * block.weight[there]
    return out


def _julian_midnight(time: float) -> float:
    """Return the Julian date of the UTC midnight before a time."""
    day = ephemeris.utc(time)[0].astype("datetime64[D]")
    return float((day - EPOCH.astype("datetime64[D]")).astype(int)) + 2440587.5


def _primary(setup: Setup, rows: int, zero: float) -> bytes:
    from astropy.io import fits

    codes = np.array([_CODES[str(name)] for name in setup.polarisation])
    step = int(codes[1] - codes[0]) if codes.size > 1 else -1
    if np.any(np.diff(codes) != step):
        raise InputError(
            f"polarisation {', '.join(setup.polarisation)}: not in the order of AIPS; RR, LL, RL, LR or "
            "XX, YY, XY, YX"
        )
    header = fits.Header()
    header.extend(
        [
            ("SIMPLE", True),
            ("BITPIX", -32),
            ("NAXIS", 7),
            ("NAXIS1", 0),
            ("NAXIS2", 3),
            ("NAXIS3", codes.size),
            ("NAXIS4", setup.frequency.size),
            ("NAXIS5", 1),
            ("NAXIS6", 1),
            ("NAXIS7", 1),
            ("EXTEND", True),
            ("GROUPS", True),
            ("PCOUNT", len(_PARAMETERS)),
            ("GCOUNT", rows),
            ("OBJECT", "MULTI"),
            ("TELESCOP", setup.telescope),
            ("INSTRUME", setup.telescope),
            ("DATE-OBS", iso(zero)),
            ("BUNIT", "UNCALIB"),
            ("EPOCH", 2000.0),
            ("BSCALE", 1.0),
            ("BZERO", 0.0),
            ("ORIGIN", f"hesper {__version__}"),
        ],
        strip=False,
    )
    width = setup.frequency[1] - setup.frequency[0] if setup.frequency.size > 1 else setup.channel_width
    axes = [
        ("COMPLEX", 1.0, 1.0),
        ("STOKES", float(codes[0]), float(step)),
        ("FREQ", float(setup.frequency[0]), float(width)),
        ("IF", 1.0, 1.0),
        ("RA", 0.0, 1.0),
        ("DEC", 0.0, 1.0),
    ]
    for i, (name, value, increment) in enumerate(axes, start=2):
        header.extend(
            [
                (f"CTYPE{i}", name),
                (f"CRVAL{i}", value),
                (f"CDELT{i}", increment),
                (f"CRPIX{i}", 1.0),
                (f"CROTA{i}", 0.0),
            ]
        )
    for i, name in enumerate(_PARAMETERS, start=1):
        start = zero if name == "DATE" else 0.0
        header.extend([(f"PTYPE{i}", name), (f"PSCAL{i}", 1.0), (f"PZERO{i}", start)])
    return bytes(header.tostring().encode("ascii"))
