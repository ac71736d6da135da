"""Twins of archive files: same labels and layout, synthetic pixels."""

import numpy as np
import pytest

from hesper import config, maps, products
from hesper.errors import InputError, MissingError
from hesper.radar import pipeline, read_archive, write
from hesper.radar.data import GoldstoneImage
from hesper.runs import open_run
from hesper.units import deg, km, us

GOLDSTONE = {
    "name": "GVEN008A.IMG", "date": "1974-02-27", "quantity": "ALTIMETRY", "scale": 20.0,
    "edges": (-13.01, 1.38, 7.16, 21.66), "centre": (-5.86, 14.41),
}  # fmt: skip


def _goldstone(folder, values, **changes):
    pixels, label = write.goldstone(values, **(GOLDSTONE | changes))
    (folder / "GVEN008A.IMG").write_bytes(pixels)
    (folder / "GVEN008A.LBL").write_text(label)
    return folder / "GVEN008A.LBL"


def test_goldstone_image(tmp_path):
    rng = np.random.default_rng(1)
    values = rng.integers(1, 64, (290, 290))
    values[:10] = 0
    path = _goldstone(tmp_path, values)
    # Two bits above the six hold nothing that is data.
    raw = bytearray((tmp_path / "GVEN008A.IMG").read_bytes())
    raw[580 + 290 * 100] |= 0b11000000
    (tmp_path / "GVEN008A.IMG").write_bytes(bytes(raw))
    image = read_archive.goldstone(path, elevations=(-3 * km, 3.3 * km))
    assert np.array_equal(image.value, values)
    assert image.highest == 63
    assert np.isnan(image.altitude[:10]).all()
    assert image.altitude[50, 50] == pytest.approx(-3 * km + 6.3 * km * values[50, 50] / 63)
    lon, lat = maps.lon_lat(image.grid)
    # 290 pixels at 20 a degree span the 14.5° of longitude of the label, and its latitudes.
    assert lon[0, 0] / deg == pytest.approx(7.16 + 0.025, abs=1e-6)
    assert lon[0, -1] / deg == pytest.approx(21.66 - 0.025, abs=1e-3)
    assert lat[0, 0] / deg == pytest.approx(1.38, abs=0.03)
    assert lat[-1, 0] / deg == pytest.approx(-13.01, abs=0.1)
    assert image.radar_lon / deg == pytest.approx(14.41)
    (tmp_path / "image.nc").write_bytes(products.netcdf(image))
    again = products.read(tmp_path / "image.nc", GoldstoneImage)
    assert np.array_equal(again.value, values)


def test_an_image_without_a_scale_of_altitudes_is_mapped(tmp_path):
    """Brightness has none, and the index table may be lacking."""
    path = _goldstone(tmp_path, np.random.default_rng(1).integers(0, 64, (290, 290)))
    made = config.load(pipeline.Config, {"source": "goldstone", "input": str(path)})
    with open_run(tmp_path / "out", products.Provenance({}), quiet=True) as run:
        rows = pipeline.run(made, run)
    assert rows[1].value == pytest.approx(14.41)
    image = products.read(tmp_path / "out" / "image.nc", GoldstoneImage)
    assert np.isnan(image.altitude).all()
    assert np.array_equal(image.value, read_archive.goldstone(path).value)
    assert (tmp_path / "out" / "image.tif").is_file()


def test_goldstone_index_gives_the_elevations(tmp_path):
    path = _goldstone(tmp_path, np.full((290, 290), 63))
    columns = "".join(
        f"OBJECT = COLUMN\n NAME = {name}\n DATA_TYPE = REAL\n UNIT = KM\nEND_OBJECT = COLUMN\n"
        for name in ("RADAR_FILE_NAME", "ALTIMETRY_FILE_NAME", "MINIMUM_ELEVATION", "MAXIMUM_ELEVATION")
    )
    (tmp_path / "GVENINDX.LBL").write_text(
        'RECORD_TYPE = FIXED_LENGTH\nRECORD_BYTES = 80\nFILE_RECORDS = 1\n^TABLE = "GVENINDX.TAB"\n'
        f"OBJECT = TABLE\n ROWS = 1\n COLUMNS = 4\n{columns}END_OBJECT = TABLE\nEND\n"
    )
    (tmp_path / "GVENINDX.TAB").write_text('"[T7275]GVEN008P.IMG","[T7275]GVEN008A.IMG",-1.5,2.5\r\n')
    image = read_archive.goldstone(path, index=tmp_path / "GVENINDX.LBL")
    assert np.allclose(image.altitude, 2.5 * km)
    (tmp_path / "GVENINDX.TAB").write_text('"[T7275]GVEN001P.IMG","N/A",-1.5,2.5\r\n')
    with pytest.raises(InputError, match="no row for GVEN008A"):
        read_archive.goldstone(path, index=tmp_path / "GVENINDX.LBL")


def test_goldstone_refusals(tmp_path):
    with pytest.raises(InputError, match="six bits"):
        write.goldstone(np.full((290, 290), 64), **GOLDSTONE)
    path = _goldstone(tmp_path, np.ones((290, 290), int))
    text = path.read_text().replace("MERCATOR", "SINUSOIDAL")
    path.write_text(text)
    with pytest.raises(InputError, match="MERCATOR"):
        read_archive.goldstone(path)
    with pytest.raises(MissingError):
        read_archive.goldstone(tmp_path / "GVEN009A.LBL")


def _arecibo(folder, year="2015", **changes):
    rng = np.random.default_rng(2)
    voltage = rng.normal(size=(511, 512)) + 1j * rng.normal(size=(511, 512))
    voltage[40:50, 300:310] *= 10
    settings = {"baud": 3.8 * us, "code_length": 511, "centre": 256, "delay_offset": 20} | changes
    stem = f"venus_ocp_{year}0813_161747"
    pixels, label = write.arecibo(voltage, name=f"{stem}.img", **settings)
    (folder / f"{stem}.img").write_bytes(pixels)
    (folder / f"{stem}.lbl").write_text(label)
    return folder / f"{stem}.lbl", voltage


def test_arecibo_look(tmp_path):
    path, voltage = _arecibo(tmp_path)
    look = read_archive.arecibo(path, average=(10, 8))
    assert look.power.shape == (51, 64)
    assert look.power[4, 38] == pytest.approx(np.mean(np.abs(voltage[40:50, 304:312]) ** 2), rel=1e-6)
    assert look.looks == 80
    step = 1 / (511 * 3.8e-6 * 512)
    assert look.doppler[38] == pytest.approx((307.5 - 256) * step)
    assert look.delay[4] == pytest.approx((44.5 - 20) * 3.8e-6)
    same = read_archive.arecibo(path.with_suffix(".img"), average=(10, 8))
    assert np.array_equal(same.power, look.power)


def test_the_doppler_axis_of_1988_and_2020_is_turned_round(tmp_path):
    path, voltage = _arecibo(tmp_path, year="2020")
    look = read_archive.arecibo(path, average=(10, 8))
    assert np.all(np.diff(look.doppler) > 0)
    column = int(np.argmin(np.abs(look.doppler + (307.5 - 256) / (511 * 3.8e-6 * 512))))
    assert look.power[4, column] == pytest.approx(np.mean(np.abs(voltage[40:50, 304:312]) ** 2), rel=1e-6)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda p: p.with_suffix(".img").write_bytes(b"x" * 100), "complex numbers need"),
        (lambda p: p.with_suffix(".img").unlink(), "no such file"),
        (lambda p: p.write_text(p.read_text().replace("= 511\n", "= 500\n")), "complex numbers need|2ⁿ"),
        (lambda p: p.write_text(p.read_text().replace('"M"', '"B"').replace("= M", "= B")), "Green Bank"),
    ],
)
def test_arecibo_refusals(tmp_path, spoil, message):
    path, _ = _arecibo(tmp_path)
    spoil(path)
    with pytest.raises((InputError, MissingError), match=message):
        read_archive.arecibo(path)


def test_arecibo_values_that_are_not_finite_are_refused(tmp_path):
    path, voltage = _arecibo(tmp_path)
    voltage[3, 3] = np.nan
    path.with_suffix(".img").write_bytes(voltage.astype("<c8").tobytes())
    with pytest.raises(InputError, match="not finite"):
        read_archive.arecibo(path)
    wrong = path.with_name("look.lbl")
    with pytest.raises(InputError, match="not the name"):
        read_archive.arecibo(wrong)
