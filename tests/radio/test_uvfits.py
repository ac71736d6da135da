"""UVFITS out and in: every field back, any order of rows, any kind of numbers, clear refusals."""

import numpy as np
import pytest
from astropy.io import fits

from hesper.errors import InputError, ResourceError
from hesper.radio import read_archive, read_uvfits, write
from hesper.record import take


def _written(path, *blocks):
    path.write_bytes(write.uvfits(blocks, sum(map(write.rows_with_weight, blocks))))
    return path


def _whole(archive):
    return read_archive.block(archive, 0, len(archive.time))


def _same(found, small, tolerance=1e-6):
    assert found.time == pytest.approx(small.time, abs=2e-5)
    assert found.uvw == pytest.approx(small.uvw, abs=2e-3)  # single precision of 25 km
    assert np.array_equal(found.flag, small.flag)
    assert np.array_equal(found.field, small.field)
    assert np.array_equal(found.scan, small.scan)
    assert found.value == pytest.approx(small.value, abs=tolerance)
    for name in ("frequency", "antenna_position", "field_ra", "field_dec"):
        assert getattr(found.setup, name) == pytest.approx(getattr(small.setup, name), rel=1e-12)
    for name in ("antenna_name", "field_name", "polarisation", "antenna1", "antenna2"):
        assert np.array_equal(getattr(found.setup, name), getattr(small.setup, name))
    assert found.setup.channel_width == small.setup.channel_width
    assert found.setup.telescope == "GMRT"


def test_everything_comes_back(small, tmp_path):
    found = _whole(read_uvfits.uvfits(_written(tmp_path / "a.fits", small)))
    _same(found, small)
    assert found.weight == pytest.approx(small.weight, rel=1e-6)
    assert found.interval == pytest.approx(small.interval)


def test_blocks_written_and_read_are_the_whole(small, tmp_path):
    path = _written(tmp_path / "a.fits", take(small, "time", slice(0, 3)), take(small, "time", slice(3, 8)))
    archive = read_uvfits.uvfits(path)
    size = read_archive.bytes_per_time(archive)
    spans = read_archive.spans(archive, 4.5 * size)
    assert spans == [(0, 4), (4, 8)]  # whole scans
    assert read_archive.spans(archive, 3.5 * size) == [(0, 3), (3, 4), (4, 7), (7, 8)]
    values = np.concatenate([b.value for b in read_archive.blocks(archive, 3.5 * size)])
    assert np.array_equal(values, _whole(archive).value)
    with pytest.raises(ResourceError, match=r"raise reduction\.memory"):
        read_archive.spans(archive, 0.5 * size)


def _rewritten(path, change):
    """Rewrite the random groups of a file after `change(parameters by name, cells)`."""
    with fits.open(path) as file:
        hdu = file[0]
        names = [hdu.header[f"PTYPE{i + 1}"] for i in range(hdu.header["PCOUNT"])]
        values = [np.array(hdu.data.par(i), float) for i in range(len(names))]
        cells = np.array(hdu.data.data)
        header, rest = hdu.header.copy(), [h.copy() for h in file[1:]]
    for i, _ in enumerate(names):  # back to what is stored
        values[i] -= header[f"PZERO{i + 1}"]
    names, values, cells, extra = change(names, values, cells)
    made = fits.GroupsHDU(
        fits.GroupData(cells, bitpix=extra.get("bitpix", -32), parnames=names, pardata=values,
                       parbscales=extra.get("parbscales"), parbzeros=None, bscale=extra.get("bscale"))
    )  # fmt: skip
    for card in header.cards:
        if card.keyword not in made.header and card.keyword[:5] not in ("PTYPE", "PSCAL", "PZERO"):
            made.header[card.keyword] = card.value
    for i, name in enumerate(names):
        if name in ("DATE",) and i == names.index("DATE"):
            made.header[f"PZERO{i + 1}"] = header["PZERO5"]
    fits.HDUList([made, *rest]).writeto(path, overwrite=True)
    return path


def test_rows_in_any_order_and_swapped_antennas(small, tmp_path):
    path = _written(tmp_path / "a.fits", small)
    rng = np.random.default_rng(5)

    def shuffle(names, values, cells):
        order = rng.permutation(len(cells))
        values = [v[order] for v in values]
        cells = cells[order]
        turned = rng.random(len(cells)) < 0.5
        code = values[3][turned].astype(int)
        values[3][turned] = 256 * (code % 256) + code // 256
        for k in range(3):
            values[k][turned] *= -1
        cells[turned, ..., 1] *= -1
        return names, values, cells, {}

    _same(_whole(read_uvfits.uvfits(_rewritten(path, shuffle))), small)


def test_times_that_run_backwards(small, tmp_path):
    path = _written(tmp_path / "a.fits", small)
    found = _whole(
        read_uvfits.uvfits(_rewritten(path, lambda n, v, c: (n, [x[::-1] for x in v], c[::-1], {})))
    )
    assert np.all(np.diff(found.time) > 0)
    _same(found, small)


@pytest.mark.parametrize(("factor", "said"), [(299792458.0, "3e.08 times"), (1e-3, "0.001 times")])
def test_baselines_in_wrong_units_are_refused(factor, said, small, tmp_path):
    """Metres or milliseconds where AIPS has seconds."""
    path = _written(tmp_path / "a.fits", small)

    def scaled(names, values, cells):
        return names, [v * factor if i < 3 else v for i, v in enumerate(values)], cells, {}

    with pytest.raises(InputError, match=f"{said} as long as the antennas are apart; .* seconds"):
        read_uvfits.uvfits(_rewritten(path, scaled))


def test_frequencies_in_megahertz_are_refused(small, tmp_path):
    path = _written(tmp_path / "a.fits", small)
    with fits.open(path, mode="update") as file:
        header = file[0].header
        for i in range(2, header["NAXIS"] + 1):
            if header[f"CTYPE{i}"].strip() == "FREQ":
                header[f"CRVAL{i}"] /= 1e6
                header[f"CDELT{i}"] /= 1e6
    with pytest.raises(InputError, match="FREQ must be in Hz"):
        read_uvfits.uvfits(path)


def test_cross_hands_change_place_with_the_antennas(tmp_path):
    from tests.radio.conftest import observation

    four = observation(polarisation=("RR", "LL", "RL", "LR"))
    path = _written(tmp_path / "a.fits", four)

    def turn(names, values, cells):
        code = values[3].astype(int)
        values[3] = 256.0 * (code % 256) + code // 256
        for k in range(3):
            values[k] = -values[k]
        cells = cells[..., [0, 1, 3, 2], :].copy()
        cells[..., 1] *= -1
        return names, values, cells, {}

    _same(_whole(read_uvfits.uvfits(_rewritten(path, turn))), four)


def test_scaled_integers(small, tmp_path):
    path = _written(tmp_path / "a.fits", small)
    data = np.fromfile(path, np.uint8)
    with fits.open(path) as file:
        header, start = file[0].header.copy(), file[0].fileinfo()["datLoc"]
        rest = [h.copy() for h in file[1:]]
    width = 9 + 3 * 10
    raw = data[start : start + 4 * width * header["GCOUNT"]].view(">f4").reshape(-1, width).astype(float)
    zero = np.array([0, 0, 0, 0, header["PZERO5"], 0, 0, 0, 0.0])
    scale = np.array([1e-13, 1e-13, 1e-13, 1, 2e-10, 1e-14, 1, 1, 1e-3])
    header["BITPIX"], header["BSCALE"] = 32, 1e-8
    for i in range(9):
        header[f"PSCAL{i + 1}"], header[f"PZERO{i + 1}"] = scale[i], zero[i]
    stored = np.rint(np.hstack([raw[:, :9] / scale, raw[:, 9:] / 1e-8])).astype(">i4")
    body = stored.tobytes()
    body += b"\0" * (-len(body) % 2880)
    fits.HDUList([fits.PrimaryHDU(), *rest]).writeto(tmp_path / "rest.fits")
    tail = (tmp_path / "rest.fits").read_bytes()[2880:]
    path.write_bytes(header.tostring().encode() + body + tail)
    _same(_whole(read_uvfits.uvfits(path)), small, tolerance=3e-7)  # single precision of 1.4


def test_many_antennas_have_another_code(small, tmp_path):
    path = _written(tmp_path / "a.fits", small)

    def recode(names, values, cells):
        code = values[3].astype(int)
        values[3] = 2048.0 * (code // 256) + code % 256 + 65536
        return names, values, cells, {}

    _same(_whole(read_uvfits.uvfits(_rewritten(path, recode))), small)


def test_autocorrelations_are_dropped_and_missing_rows_flagged(small, tmp_path):
    path = _written(tmp_path / "a.fits", small)

    def edit(names, values, cells):
        own = [np.append(v[3:], v[:1]) for v in values]
        own[3][-1] = 257  # antenna 1 with itself
        return names, own, np.concatenate([cells[3:], cells[:1]]), {}

    found = _whole(read_uvfits.uvfits(_rewritten(path, edit)))
    assert found.flag[0, :3].all() and np.all(found.weight[0, :3] == 0)
    assert np.array_equal(found.value[0, 3:], _whole(read_uvfits.uvfits(_written(path, small))).value[0, 3:])


def test_one_source_without_a_table(small, tmp_path):
    path = _written(tmp_path / "a.fits", take(small, "time", slice(0, 4)))
    with fits.open(path) as file:
        file[0].header["OBJECT"] = "CTA 21"
        file[0].header["CRVAL6"], file[0].header["CRVAL7"] = np.degrees([0.87, 0.29])
        file[0].header["PTYPE7"] = "GAIN"
        fits.HDUList([file[0], file[1], file[2]]).writeto(tmp_path / "b.fits")
    found = _whole(read_uvfits.uvfits(tmp_path / "b.fits"))
    assert list(found.setup.field_name) == ["CTA 21"]
    assert found.setup.field_ra == pytest.approx([0.87]) and found.setup.field_dec == pytest.approx([0.29])


def test_places_of_date_are_turned_and_uvw_made_anew(small, tmp_path):
    """A file in the mean equinox of date gives the same cube in J2000."""
    from astropy.coordinates import FK5, SkyCoord

    path = _written(tmp_path / "a.fits", small)
    with fits.open(path, mode="update") as file:
        sources = file["AIPS SU"].data
        of_date = SkyCoord(small.setup.field_ra, small.setup.field_dec, unit="rad").transform_to(
            FK5(equinox="J2004.23")
        )
        sources["RAEPO"], sources["DECEPO"], sources["EPOCH"] = of_date.ra.deg, of_date.dec.deg, 2004.23
    found = _whole(read_uvfits.uvfits(path))
    assert found.setup.field_ra == pytest.approx(small.setup.field_ra, abs=1e-7)
    assert found.uvw == pytest.approx(small.uvw, abs=0.02)


def test_nan_and_zero_weight_are_flagged(small, tmp_path):
    value, weight = small.value.copy(), small.weight.copy()
    value[1, 2, 3, 0] = np.nan
    weight[2, 2, 1, 1] = 0
    from dataclasses import replace

    found = _whole(
        read_uvfits.uvfits(_written(tmp_path / "a.fits", replace(small, value=value, weight=weight)))
    )
    assert found.flag[1, 2, 3, 0] and found.value[1, 2, 3, 0] == 0 and found.weight[1, 2, 3, 0] == 0
    assert found.flag[2, 2, 1, 1]
    assert np.isfinite(found.value).all()


def test_a_file_cut_short_says_how_much_is_there(small, tmp_path):
    path = _written(tmp_path / "a.fits", small)
    content = path.read_bytes()
    with fits.open(path) as file:
        start = file[0].fileinfo()["datLoc"]
    path.write_bytes(content[: start + 4 * 39 * 17 + 11])
    with pytest.raises(InputError, match=r"a\.fits: .*(17 of 120|whole)"):
        read_uvfits.uvfits(path)


@pytest.mark.parametrize("what", ["image", "text", "empty"])
def test_no_uvfits(tmp_path, what):
    path = tmp_path / "a.fits"
    if what == "image":
        fits.PrimaryHDU(np.zeros((3, 3))).writeto(path)
    else:
        path.write_text("hello" * (what == "text"))
    with pytest.raises(InputError, match=r"a\.fits: .*UVFITS"):
        read_uvfits.uvfits(path)


def test_unknown_numbers_are_refused(small, tmp_path):
    path = _written(tmp_path / "a.fits", small)
    with pytest.raises(InputError, match="spectral window 1; 0 to 0"):
        read_uvfits.uvfits(path, window=1)

    def lose(names, values, cells):
        values[6][:] = 9
        return names, values, cells, {}

    with pytest.raises(InputError, match="source 9 is not"):
        read_uvfits.uvfits(_rewritten(path, lose))

    def double(names, values, cells):
        values[6][:] = 1
        values[3][1] = values[3][0]
        return names, values, cells, {}

    with pytest.raises(InputError, match="stands twice"):
        read_uvfits.uvfits(_rewritten(_written(path, small), double))


def test_signs_against_pyuvdata(tmp_path):
    """Read by an independent package and phased to the source, the visibilities are flat."""
    pyuvdata = pytest.importorskip("pyuvdata", reason="pyuvdata is an oracle, not a dependency")
    from tests.radio.conftest import observation

    from hesper.radio import model_array

    data = take(observation(antennas=8), "time", slice(0, 4))
    path = _written(tmp_path / "a.uvfits", data)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pyuvdata.UVData.from_file(str(path), run_check=False)
        ra, dec = model_array.place(3e-3, -2e-3, 0.87, 0.29)
        found.phase(lon=float(ra), lat=float(dec), cat_name="source", phase_frame="icrs")
    phase = np.angle(found.data_array[~found.flag_array])
    # 3.6e-3 rad off at 25 km: aberration alone, left in uvw by both, is worth up to 0.1 rad.
    assert np.abs(phase).max() < 0.15
    wrong = np.abs(np.angle(data.value[~data.flag]))
    assert wrong.max() > 3
