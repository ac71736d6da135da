"""Measurement Set → archive, by python-casacore (extra `radio`)."""

from pathlib import Path
from typing import Any

import numpy as np

from hesper import ephemeris
from hesper.errors import InputError, ResourceError
from hesper.radio import model_array
from hesper.radio.data import Setup
from hesper.radio.read_archive import Archive, Rows, Table, index
from hesper.radio.read_tiles import Tiles, tiles
from hesper.record import Array
from hesper.units import day

_CORRELATIONS = {
    1: "I", 2: "Q", 3: "U", 4: "V", 5: "RR", 6: "RL", 7: "LR", 8: "LL", 9: "XX", 10: "XY", 11: "YX", 12: "YY",
}  # fmt: skip
_FRAMES = ("J2000", "ICRS")


def measurement_set(path: Path, *, window: int = 0, column: str = "DATA") -> Archive:
    """Open a Measurement Set.

    Parameters
    ----------
    path
        The directory.
    window
        Data description (spectral window and polarisations), from 0.
    column
        Column of the visibilities.

    Raises
    ------
    InputError
        If it is no Measurement Set, or lacks what the cube needs.
    ResourceError
        If python-casacore is not installed.

    Notes
    -----
    UVW is the place of ANTENNA1 less that of ANTENNA2, and V = Σ S exp(+2πi ν/c (u l + …)), as CASA's own
    simulator writes it. Tiles of DATA that hold whole rows are read straight from their file, once a row read
    so and one read by casacore are the same.
    """
    tables = _casacore()
    path = Path(path)
    if not (path / "table.dat").is_file():
        raise InputError(f"{path}: no table.dat; a Measurement Set is a directory that holds one")
    main = tables.table(str(path), ack=False)
    missing = {column, "UVW", "TIME", "ANTENNA1", "ANTENNA2", "FLAG", "WEIGHT"} - set(main.colnames())
    if missing:
        raise InputError(
            f"{path}: no column {', '.join(sorted(missing))}; a Measurement Set with it is needed"
        )
    kinds = _columns(tables, path, "DATA_DESCRIPTION", ("SPECTRAL_WINDOW_ID", "POLARIZATION_ID"))
    count = len(kinds["SPECTRAL_WINDOW_ID"])
    if not 0 <= window < count:
        raise InputError(f"{path}: spectral window {window}; 0 to {count - 1} are there")
    described = main.getcol("DATA_DESC_ID") == window
    row = np.flatnonzero(described)
    if not row.size:
        raise InputError(f"{path}: no rows of spectral window {window}; choose another")
    table = Table(
        time=_tdb(main, row),
        interval=main.getcol("INTERVAL")[row],
        antenna1=main.getcol("ANTENNA1")[row],
        antenna2=main.getcol("ANTENNA2")[row],
        field=main.getcol("FIELD_ID")[row],
        row=row,
    )
    fast = tiles(main, column, path)
    setup = _setup(tables, path, kinds, window)

    def load(rows: Array) -> Rows:
        return _rows(main, column, rows, fast)

    return index(path, table, lambda used: setup(used), load)


def _casacore() -> Any:
    try:
        import casacore.tables
    except ImportError:
        raise ResourceError(
            "Measurement Set: python-casacore is not installed; pip install 'hesper[radio]', or give UVFITS"
        ) from None
    return casacore.tables


def _columns(tables: Any, path: Path, name: str, wanted: tuple[str, ...]) -> dict[str, Any]:
    if not (path / name / "table.dat").is_file():
        raise InputError(f"{path}: no subtable {name}; a whole Measurement Set is needed")
    sub = tables.table(str(path / name), ack=False)
    found = {column: sub.getcol(column) for column in wanted}
    sub.close()
    return found


def _tdb(main: Any, row: Array) -> Array:
    """Return the middles of integrations as TDB seconds since J2000."""
    from astropy.time import Time

    scale = str(main.getcolkeywords("TIME").get("MEASINFO", {}).get("Ref", "UTC")).lower()
    seconds = main.getcol("TIME")[row]
    values, inverse = np.unique(seconds, return_inverse=True)
    zero = np.floor(values[0] / day) * day
    moments = Time(zero / day + 2400000.5, (values - zero) / day, format="jd", scale=scale)
    return np.asarray(ephemeris.tdb_seconds(moments)[inverse])


def _setup(tables: Any, path: Path, kinds: dict[str, Any], window: int) -> Any:
    sub = tables.table(str(path / "SPECTRAL_WINDOW"), ack=False)
    number = int(kinds["SPECTRAL_WINDOW_ID"][window])
    frequency, width = sub.getcell("CHAN_FREQ", number), sub.getcell("CHAN_WIDTH", number)
    sub = tables.table(str(path / "POLARIZATION"), ack=False)
    codes = sub.getcell("CORR_TYPE", int(kinds["POLARIZATION_ID"][window]))
    stations = _columns(tables, path, "ANTENNA", ("NAME", "POSITION"))
    observation = _columns(tables, path, "OBSERVATION", ("TELESCOPE_NAME",))
    field = tables.table(str(path / "FIELD"), ack=False)
    frame = str(field.getcolkeywords("PHASE_DIR").get("MEASINFO", {}).get("Ref", "J2000"))
    if frame not in _FRAMES:
        raise InputError(f"{path}: phase centres in {frame}; {' or '.join(_FRAMES)} is needed")
    places = np.array([field.getcell("PHASE_DIR", i)[0] for i in range(field.nrows())])
    names = np.array(field.getcol("NAME"))

    def setup_of(used: Array) -> Setup:
        low, high = model_array.pairs(used.size)
        return Setup(
            telescope=str(observation["TELESCOPE_NAME"][0]),
            antenna_name=np.array(stations["NAME"])[used],
            antenna_position=stations["POSITION"][used],
            antenna1=low,
            antenna2=high,
            frequency=frequency,
            channel_width=float(abs(width[0])),
            polarisation=np.array([_CORRELATIONS[int(code)] for code in codes]),
            field_name=names,
            field_ra=places[:, 0] % (2 * np.pi),
            field_dec=places[:, 1],
        )

    return setup_of


def _rows(main: Any, column: str, rows: Array, fast: Tiles | None) -> Rows:
    """Load rows; casacore reads runs of rows, and the rest is put in order here."""
    start, count = int(rows.min()), int(rows.max() - rows.min() + 1)
    pick = rows - start
    whole = count == rows.size and np.all(np.diff(rows) == 1)

    def get(name: str) -> Array:
        found = main.getcol(name, start, count)
        return np.asarray(found if whole else found[pick])

    value = get(column) if fast is None else fast.read(start, count)[slice(None) if whole else pick]
    value = np.array(value, np.complex64)
    flag = get("FLAG") | get("FLAG_ROW")[:, None, None]
    if "WEIGHT_SPECTRUM" in main.colnames() and main.iscelldefined("WEIGHT_SPECTRUM", start):
        weight = get("WEIGHT_SPECTRUM").astype(np.float32)
    else:
        weight = np.broadcast_to(get("WEIGHT")[:, None, :].astype(np.float32), value.shape).copy()
    bad = ~np.isfinite(value) | ~np.isfinite(weight)
    value[bad], weight[bad] = 0, 0
    return Rows(get("UVW"), value, weight, np.asarray(flag | bad | (weight <= 0)))
