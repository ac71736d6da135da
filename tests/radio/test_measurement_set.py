"""Measurement Sets: by casacore and straight from tiles, the same cube; subtables that are missing."""

import shutil

import numpy as np
import pytest

from hesper import ephemeris
from hesper.errors import InputError
from hesper.radio import read_archive

tables = pytest.importorskip("casacore.tables", reason="python-casacore comes with the extra 'radio'")

_SECONDS_TO_MJD = 86400.0 * 51544.5


def _utc(time):
    stamp = ephemeris.utc(time) - np.datetime64("1858-11-17T00:00:00", "us")
    return stamp / np.timedelta64(1, "us") * 1e-6


def _write(path, data, *, tiled):
    """Write a cube as casacore's own tables."""
    setup = data.setup
    times, baselines, channels, hands = data.value.shape
    main = tables.default_ms(str(path))
    kind = "TiledColumnStMan" if tiled else "StandardStMan"
    cell = tables.maketabdesc(
        tables.makearrcoldesc(
            "DATA", 0j, 2, shape=[channels, hands], valuetype="complex", options=5,
            datamanagertype=kind, datamanagergroup="Visibilities",
        )
    )  # fmt: skip
    spec = {"Visibilities": {"DEFAULTTILESHAPE": np.array([hands, channels, 16], np.int32)}} if tiled else {}
    main.addcols(cell, tables.makedminfo(cell, spec))
    main.addrows(times * baselines)
    t, b = np.divmod(np.arange(times * baselines), baselines)
    main.putcol("TIME", _utc(data.time)[t])
    main.putcol("INTERVAL", data.interval[t])
    main.putcol("ANTENNA1", setup.antenna1[b].astype(np.int32))
    main.putcol("ANTENNA2", setup.antenna2[b].astype(np.int32))
    main.putcol("FIELD_ID", data.field[t].astype(np.int32))
    main.putcol("DATA_DESC_ID", np.zeros(t.size, np.int32))
    main.putcol("UVW", data.uvw.reshape(-1, 3))
    main.putcol("DATA", data.value.reshape(-1, channels, hands))
    main.putcol("FLAG", data.flag.reshape(-1, channels, hands))
    main.putcol("WEIGHT", data.weight[:, :, 0].reshape(-1, hands))
    main.flush()
    _sub(main, "SPECTRAL_WINDOW", CHAN_FREQ=setup.frequency[None], CHAN_WIDTH=np.full((1, channels), 125e3))
    _sub(main, "POLARIZATION", CORR_TYPE=np.array([[5, 8]], np.int32))
    _sub(
        main,
        "DATA_DESCRIPTION",
        SPECTRAL_WINDOW_ID=np.zeros(1, np.int32),
        POLARIZATION_ID=np.zeros(1, np.int32),
    )
    _sub(main, "ANTENNA", NAME=list(setup.antenna_name), POSITION=setup.antenna_position)
    _sub(main, "OBSERVATION", TELESCOPE_NAME=["GMRT"])
    places = np.stack([setup.field_ra, setup.field_dec], axis=1)[:, None, :]
    _sub(main, "FIELD", NAME=list(setup.field_name), PHASE_DIR=places)
    main.close()


def _sub(main, name, **columns):
    with tables.table(main.getkeyword(name), readonly=False, ack=False) as sub:
        sub.addrows(len(next(iter(columns.values()))))
        for column, values in columns.items():
            sub.putcol(column, values)


@pytest.mark.parametrize("tiled", [True, False])
def test_a_cube_comes_back(small, tmp_path, tiled):
    from hesper.radio import read_measurement_set, read_tiles

    path = tmp_path / "a.ms"
    _write(path, small, tiled=tiled)
    main = tables.table(str(path), ack=False)
    assert (read_tiles.tiles(main, "DATA", path) is not None) == tiled
    main.close()
    archive = read_measurement_set.measurement_set(path)
    found = read_archive.block(archive, 0, len(archive.time))
    assert np.array_equal(found.value, small.value)
    assert np.array_equal(found.flag, small.flag)
    assert found.time == pytest.approx(small.time, abs=1e-5)
    assert found.uvw == pytest.approx(small.uvw)
    assert np.array_equal(found.setup.antenna_name, small.setup.antenna_name)
    assert found.setup.field_ra == pytest.approx(small.setup.field_ra)
    parts = list(read_archive.blocks(archive, 2.5 * read_archive.bytes_per_time(archive)))
    assert len(parts) == 4
    assert np.array_equal(np.concatenate([p.value for p in parts]), small.value)


def test_what_is_no_measurement_set(small, tmp_path):
    from hesper.radio import read_measurement_set

    with pytest.raises(InputError, match=r"no table\.dat"):
        read_measurement_set.measurement_set(tmp_path)
    path = tmp_path / "a.ms"
    _write(path, small, tiled=False)
    with pytest.raises(InputError, match="spectral window 3; 0 to 0"):
        read_measurement_set.measurement_set(path, window=3)
    with pytest.raises(InputError, match="no column CORRECTED_DATA"):
        read_measurement_set.measurement_set(path, column="CORRECTED_DATA")
    shutil.rmtree(path / "POLARIZATION")
    with pytest.raises((InputError, RuntimeError), match="POLARIZATION"):
        read_measurement_set.measurement_set(path)
