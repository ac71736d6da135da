"""The two real images: read, placed, checked against their labels, mapped, opened by GDAL and pdr."""

import re

import numpy as np
import pytest

from hesper import config, ephemeris, maps, products, runs
from hesper.errors import InputError, MissingError
from hesper.products import pds3
from hesper.units import deg, km
from hesper.vmc import (
    calibrate,
    calibrate_footprint,
    model_orbit,
    model_relief,
    pipeline,
    pipeline_checks,
    pipeline_labels,
    read,
    read_geometry,
    read_map,
    simulate_scene,
)
from hesper.vmc.data import ARCHIVE_RADIUS
from hesper.vmc.data_settings import Simulation

NAMES = ("V0260_0008_UV2", "V2946_0031_N22")


@pytest.fixture(scope="module")
def folder(real_data):
    return real_data / "vmc"


@pytest.fixture(scope="module")
def placed(folder):
    return {name: calibrate.pointing(read.image(folder / f"{name}.IMG")) for name in NAMES}


def test_v0260_is_read_to_the_last_pixel(folder):
    image = read.image(folder / "V0260_0008_UV2.IMG")
    assert image.radiance.shape == (512, 512)
    assert np.count_nonzero(~image.valid) == 78_197
    assert not image.saturated.any()
    assert np.nanmax(image.radiance) == pytest.approx(1605 * 105_519.0)
    assert (image.orbit, image.sequence, image.channel, image.phase) == (260, 8, "UV", "")
    assert image.exposure == pytest.approx(11.088e-3)


def test_saturated_pixels_of_v2946_are_not_valid(folder):
    image = read.image(folder / "V2946_0031_N22.IMG")
    assert np.count_nonzero(image.saturated) == 2
    assert np.isnan(image.radiance[image.saturated]).all()
    assert image.phase == "EXT4"


@pytest.mark.parametrize("name", NAMES)
def test_every_stated_number_is_reproduced(folder, placed, name):
    rows = pipeline_checks.results(folder / f"{name}.IMG", placed[name])
    assert len(rows) >= 24
    wrong = [f"{r.quantity}: {r.value} expected {r.expected} ± {r.tolerance}" for r in rows if not r.ok]
    assert not wrong
    beside = [r for r in rows if r.expected is None]
    assert [r.quantity.removeprefix(f"{name} ") for r in beside] == [
        "ground sampling", "limb radius", "sample of the disk's centre", "line of the disk's centre",
    ]  # fmt: skip
    assert all(r.published is not None and r.note.startswith("no verdict; difference") for r in beside)
    judged = " ".join(r.quantity for r in rows if r.expected is not None)
    for what in ("longitude", "latitude", "incidence", "emission", "phase"):
        assert f"{what} at the centre, by the limb" in judged


def test_the_orbit_bends_as_sun_and_flattening_bend_it(folder):
    """The ellipse misses the header's altitude by more than its digits allow, the disturbed one not."""
    for name in NAMES:
        path = folder / f"{name}.IMG"
        image, stated = read.image(path), read_geometry.stated(path)
        label = pds3.read_label(path)
        given = read_geometry.elements(label, read_geometry.seconds(label, "PERIAPSIS_TIME"))
        ellipse = model_orbit.place(given, image.time, ephemeris.ROTATIONS["IAU"])
        disturbed = np.linalg.norm(image.position)
        allowed = pipeline_labels.orbit(path, image, stated)[2].tolerance * km
        assert abs(disturbed - ARCHIVE_RADIUS - stated.altitude) < allowed
        assert abs(np.linalg.norm(ellipse) - ARCHIVE_RADIUS - stated.altitude) > allowed


def test_the_headers_sphere_is_sixty_kilometres_larger(folder):
    stated = read_geometry.stated(folder / "V2946_0031_N22.IMG")
    # Half a digit of the emission angle, 0.00005°, is 0.26 km of radius; those of the places as much again.
    assert pipeline_checks.archive_radius(stated) == pytest.approx(ARCHIVE_RADIUS, abs=0.6 * km)


def test_footprints_fall_on_pixels_and_give_the_planned_roll(folder, placed):
    for name in NAMES:
        archive = calibrate_footprint.footprint(placed[name], read_geometry.stated(folder / f"{name}.IMG"))
        assert archive.scatter < 1e-3
        assert abs(archive.roll) < 0.1 * deg
        off = np.r_[archive.sample, archive.line]
        assert np.abs(off - np.round(off)).max() < 2e-3


def test_limb_of_v0260(placed):
    found = placed["V0260_0008_UV2"]
    assert found.limb_radius == pytest.approx(148.82, abs=0.3)
    assert found.limb_scatter < 0.1
    assert found.focal_ratio == pytest.approx(1, abs=1e-3)


def test_limb_of_v2946_contradicts_the_archives_focal_length(placed):
    found = placed["V2946_0031_N22"]
    assert found.focal_ratio == pytest.approx(1.011, abs=0.001)
    assert found.focal_ratio - 1 > 3 * found.focal_std / found.image.focal


def test_run_maps_the_day_side_without_emissivity(folder, tmp_path):
    damaged = tmp_path / "in"
    damaged.mkdir()
    whole = (folder / "V0260_0008_UV2.IMG").read_bytes()
    (damaged / "V0260_0008_UV2.IMG").write_bytes(whole)
    (damaged / "V0261_0001_UV2.IMG").write_bytes(whole)
    (damaged / "V0260_0009_UV2.IMG").write_bytes(whole[:300_000])
    (damaged / "holiday.img").write_bytes(whole)
    (damaged / "V0260_0010_UV2.IMG").write_bytes(
        whole.replace(b"ORBITAL_INCLINATION ", b"ORBITAL_INCLINATIOM ", 1)
    )
    (damaged / "V0260_0011_UV2.IMG").write_bytes(whole[:15360] + b"\xff\xff" * (512 * 512))
    flat = re.sub(rb"(\n *MEAN += )150\.327", rb"\g<1>5.00000", whole[:15360], count=1)
    assert flat != whole[:15360]
    (damaged / "V0260_0012_UV2.IMG").write_bytes(flat + b"\x00\x05" * (512 * 512))
    noise = np.random.default_rng(1).integers(0, 1600, 80 * 512).astype(">i2").tobytes()
    start = 15360 + 2 * 512 * 200
    (damaged / "V0260_0013_UV2.IMG").write_bytes(whole[:start] + noise + whole[start + len(noise) :])
    other = (folder / "V2946_0031_N22.IMG").read_bytes()
    (damaged / "V2946_0031_N22.IMG").write_bytes(other.replace(b"53571.4", b"93571.4", 1))
    settings = config.load(
        pipeline.Config,
        {"archive": str(damaged), "day": {"resolution": "2 deg", "polar_resolution": "100 km"}},
    )
    with runs.open_run(tmp_path / "out", products.Provenance(recipe={}), quiet=True) as run:
        results = pipeline.run(settings, run)
    left = next(r for r in results if r.quantity == "images left out")
    assert left.value == 8
    for reason in (
        "ORBIT_NUMBER",
        "not the name",
        "ORBITAL_INCLINATION",
        "no valid pixel",
        "no sunlit limb",
        "as its pixels have",
        "53571.4 as in the VICAR header",
        "at most 1073741824 and no more than the file",
    ):
        assert reason in left.note, reason
    table = (tmp_path / "out" / "images.csv").read_text().splitlines()
    assert len(table) == 10
    assert any(line.startswith("V0260_0008_UV2.IMG,day,0.67") for line in table)
    lit = next(r for r in results if "sunlit" in r.quantity)
    assert "day side" in lit.note
    assert "without emissivity" in lit.note
    _opens_in_gdal(tmp_path / "out")


def _opens_in_gdal(out):
    import pdr
    import rasterio

    places = []
    for name in ("map.img", "map.tif", "polar.tif"):
        with rasterio.open(out / f"V0260_0008_UV2_{name}") as source:
            assert "Venus" in source.crs.to_wkt() or "VENUS" in source.crs.to_wkt()
            values = source.read(1, masked=True).astype(float)
            from pyproj import Transformer

            back = Transformer.from_crs("IAU_2015:29900", source.crs.to_wkt(), always_xy=True)
            # The bright band at 57°S about noon, and the night beside the pole.
            for lon, lat, bright in ((180.0, -57.0, True), (20.0, -80.0, False)):
                row, column = source.index(*back.transform(lon if lon <= 180 else lon - 360, lat))
                value = values[row, min(column, values.shape[1] - 1)]
                assert (value > 8e7) == bright
                places.append(float(value))
    assert places[0] == pytest.approx(places[2], rel=1e-5)
    read_back = pdr.read(str(out / "V0260_0008_UV2_map.img"))
    assert read_back.IMAGE.shape == (90, 180)


def test_nothing_usable_is_an_error(folder, tmp_path):
    (tmp_path / "V0261_0001_UV2.IMG").write_bytes((folder / "V0260_0008_UV2.IMG").read_bytes())
    settings = config.load(pipeline.Config, {"archive": str(tmp_path)})
    with (
        runs.open_run(tmp_path / "out", products.Provenance(recipe={}), quiet=True) as run,
        pytest.raises(InputError, match="none of 1 images"),
    ):
        pipeline.run(settings, run)
    with pytest.raises(MissingError, match="no such file"):
        read.image(tmp_path / "V0262_0001_UV2.IMG")


@pytest.mark.slow
def test_demo_agrees_with_all_that_is_stated(real_data, tmp_path):
    with runs.open_run(tmp_path, products.Provenance(recipe={}), quiet=True) as run:
        section = pipeline.demo(run, real_data)
    assert [row.quantity for row in section.results if not row.ok] == []
    assert len(section.figures) == 9
    left = next(row for row in section.results if row.quantity == "images left out")
    assert (left.value, left.expected, left.tolerance) == (0, 0, 0)


def test_relief_of_a_file_is_the_files_with_smaller_waves(real_data):
    """Known heights of the 1° map, and on it a scene that differs by the waves drawn below 2° alone."""
    path = real_data / "magellan" / "venus_topogrd.csv"
    known = read_map.altimetry(path)

    def height(lon, lat):
        column, row = maps.coordinates(known.grid, np.array(lon * deg), np.array(lat * deg))
        return known.altitude[round(float(row)), round(float(column)) % 360] / km

    # Maxwell Montes, Lakshmi Planum, Ovda Regio, Diana Chasma and the plains of Sedna.
    assert height(3, 65) > 7
    assert 2.5 < height(335, 67) < 5.5
    assert height(95, -6) > 2.5
    assert height(340, 43) < 0
    settings = config.load(Simulation, {"relief": str(path), "segments": [0]})
    lon, lat = np.meshgrid(np.arange(0.05, 40, 0.1) * deg, np.arange(39.95, 0, -0.1) * deg)
    made = simulate_scene._altitude(settings.relief, lon, lat, 1)
    grid = simulate_scene._cells(lon, lat)
    smooth = maps.resample_map(known.altitude, known.grid, grid)
    drawn = model_relief.relief(lon, lat, 1, longest=2 * float(known.grid.x[1] - known.grid.x[0]))
    assert np.isfinite(made).all()
    np.testing.assert_allclose(made - smooth, drawn, atol=1e-6)
    assert 0 < drawn.std() < 0.5 * smooth.std()
    assert np.corrcoef(made.ravel(), smooth.ravel())[0, 1] > 0.9


def test_a_relief_that_is_no_map_is_one_clear_line(tmp_path):
    for text, said in (("1 2 3", "180 × 360"), ("holiday", "no table of numbers")):
        (tmp_path / "relief.csv").write_text(text)
        with pytest.raises(InputError, match=said):
            read_map.altimetry(tmp_path / "relief.csv")
    with pytest.raises(MissingError, match="does not exist"):
        read_map.altimetry(tmp_path / "none.csv")
