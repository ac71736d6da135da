"""Tables of an observation → binary tables of AIPS, as they follow the visibilities of a UVFITS file."""

import numpy as np

from hesper import ephemeris
from hesper.radio.data import Setup
from hesper.record import Array
from hesper.units import deg

EPOCH = np.datetime64("1970-01-01", "us")
BLOCK = 2880
"""Bytes of a block of FITS."""


def iso(zero: float) -> str:
    """Return the day of a Julian date of midnight."""
    return str(EPOCH.astype("datetime64[D]") + int(zero - 2440587.5))


def tables(setup: Setup, zero: float) -> bytes:
    """Return the tables of frequencies, antennas and sources; zero is the Julian date of midnight."""
    from io import BytesIO

    from astropy.io import fits

    stream = BytesIO()
    for table in (_frequencies(setup), _antennas(setup, zero), _sources(setup)):
        fits.HDUList([fits.PrimaryHDU(), table]).writeto(part := BytesIO())
        stream.write(part.getvalue()[BLOCK:])
    return stream.getvalue()


def _table(name: str, columns: list[tuple[str, str, object]], header: list[tuple[str, object]]) -> "object":
    from astropy.io import fits

    made = fits.BinTableHDU.from_columns(
        [fits.Column(name=title, format=form, array=np.asarray(values)) for title, form, values in columns]
    )
    made.header.extend([("EXTNAME", name), ("EXTVER", 1), *header])
    return made


def _frequencies(setup: Setup) -> "object":
    width = setup.channel_width
    columns = [
        ("FRQSEL", "1J", [1]),
        ("IF FREQ", "1D", [0.0]),
        ("CH WIDTH", "1E", [width]),
        ("TOTAL BANDWIDTH", "1E", [width * setup.frequency.size]),
        ("SIDEBAND", "1J", [1]),
    ]
    return _table("AIPS FQ", columns, [("NO_IF", 1)])


def _antennas(setup: Setup, zero: float) -> "object":
    count = setup.antenna_name.size
    nothing = np.zeros(count)
    linear = str(setup.polarisation[0])[0] in "XY"
    columns = [
        ("ANNAME", "8A", setup.antenna_name),
        ("STABXYZ", "3D", setup.antenna_position),
        ("NOSTA", "1J", np.arange(count) + 1),
        ("MNTSTA", "1J", np.zeros(count, int)),
        ("STAXOF", "1E", nothing),
        ("POLTYA", "1A", ["X" if linear else "R"] * count),
        ("POLAA", "1E", nothing),
        ("POLCALA", "1E", nothing),
        ("POLTYB", "1A", ["Y" if linear else "L"] * count),
        ("POLAB", "1E", nothing),
        ("POLCALB", "1E", nothing),
    ]
    midnight = ephemeris.tdb_seconds(np.datetime64(iso(zero)))
    header = [
        ("ARRAYX", 0.0),
        ("ARRAYY", 0.0),
        ("ARRAYZ", 0.0),
        ("GSTIA0", _sidereal(midnight)),
        ("DEGPDY", 360.98564497),
        ("FREQ", float(setup.frequency[0])),
        ("RDATE", iso(zero)),
        ("POLARX", 0.0),
        ("POLARY", 0.0),
        ("UT1UTC", 0.0),
        ("DATUTC", 0.0),
        ("TIMSYS", "UTC"),
        ("TIMESYS", "UTC"),
        ("ARRNAM", setup.telescope),
        ("XYZHAND", "RIGHT"),
        ("FRAME", "ITRF"),
        ("NUMORB", 0),
        ("NOPCAL", 0),
        ("NO_IF", 1),
        ("FREQID", -1),
        ("IATUTC", _leap(zero)),
    ]
    return _table("AIPS AN", columns, header)


def _sidereal(time: Array) -> float:
    """Return Greenwich apparent sidereal time [degrees]."""
    from astropy.time import Time

    moment = Time(2451545.0, float(time[0]) / 86400, format="jd", scale="tdb")
    return float(moment.sidereal_time("apparent", "greenwich").deg)


def _leap(zero: float) -> float:
    from astropy.time import Time

    moment = Time(zero, format="jd", scale="utc")
    return float(round((moment.tai.jd2 - moment.jd2 + moment.tai.jd1 - moment.jd1) * 86400))


def _sources(setup: Setup) -> "object":
    count = setup.field_name.size
    nothing = np.zeros(count)
    columns = [
        ("ID. NO.", "1J", np.arange(count) + 1),
        ("SOURCE", "16A", setup.field_name),
        ("QUAL", "1J", np.zeros(count, int)),
        ("CALCODE", "4A", [""] * count),
        ("IFLUX", "1E", nothing),
        ("QFLUX", "1E", nothing),
        ("UFLUX", "1E", nothing),
        ("VFLUX", "1E", nothing),
        ("FREQOFF", "1D", nothing),
        ("BANDWIDTH", "1D", nothing + setup.channel_width),
        ("RAEPO", "1D", setup.field_ra / deg),
        ("DECEPO", "1D", setup.field_dec / deg),
        ("EPOCH", "1D", nothing + 2000.0),
        ("RAAPP", "1D", setup.field_ra / deg),
        ("DECAPP", "1D", setup.field_dec / deg),
        ("LSRVEL", "1D", nothing),
        ("RESTFREQ", "1D", nothing),
        ("PMRA", "1D", nothing),
        ("PMDEC", "1D", nothing),
    ]
    return _table(
        "AIPS SU", columns, [("NO_IF", 1), ("FREQID", 1), ("VELDEF", "RADIO"), ("VELTYP", "TOPOCENT")]
    )
