"""Products on disk: units, times, complex numbers, CRS, checksums; damage is noticed."""

import json
import sys
import threading
import time

import h5py
import numpy as np
import pytest

import hesper
from hesper import ephemeris, maps, products
from hesper.errors import InputError, MissingError, UnitError
from hesper.record import Array, array, number, record, text
from hesper.units import deg


@record
class Chart:
    """A map with everything a record can hold."""

    emissivity: Array = array("y x", "1", "surface emissivity")
    emissivity_std: Array = array("y x", "1", "standard deviation of emissivity")
    n: Array = array("y x", "1", "number of images", dtype=int)
    tilt: Array = array("y x", "rad", "slope")
    masked: Array = array("y x", "1", "masked", dtype=bool)
    signal: Array = array("time", "Jy", "visibility", dtype=complex)
    name: Array = array("time", "1", "name", dtype=str)
    radius: float = number("m", "radius")
    certain: bool = number("1", "whether it is certain", dtype=bool)
    images: int = number("1", "number of images", dtype=int)
    phase: float = number("rad", "phase angle")
    method: str = text("method")
    grid: maps.Grid
    viewing: ephemeris.Viewing


def _chart():
    grid = maps.equirectangular(2 * deg, west=340 * deg, east=380 * deg, south=-50 * deg, north=60 * deg)
    values = np.random.default_rng(0).uniform(0.5, 1, maps.shape(grid))
    values[3, :5] = np.nan
    return Chart(
        emissivity=values,
        emissivity_std=values / 10,
        n=np.ones_like(values),
        tilt=values,
        masked=np.isnan(values),
        signal=[1 + 2j, -3j],
        name=["a", "é"],
        radius=6051800,
        method="α",
        certain=True,
        images=7,
        phase=1.5,
        grid=grid,
        viewing=ephemeris.viewing(["1972-06-20T19:28:00", "2016-12-31T23:59:59.25"], "DSS-14"),
    )


def test_a_profiler_that_holds_the_stack_changes_no_byte():
    """As Dask's does: frames that somebody keeps keep their HDF5 data sets open."""
    chart, watched, over = _chart(), threading.get_ident(), threading.Event()
    plain = products.netcdf(chart)

    def look():
        held = []
        while not over.wait(1e-4):
            frame = sys._current_frames()[watched]
            while frame:
                held.append(frame)
                frame = frame.f_back
            if len(held) > 300:
                held.clear()

    profiler = threading.Thread(target=look)
    profiler.start()
    try:
        assert {products.netcdf(chart) for _ in range(4)} == {plain}
    finally:
        over.set()
        profiler.join()


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "chart.nc"
    products.write(path, products.netcdf(_chart()), products.Provenance(recipe={"a": "1 K"}, seed=3))
    return path


def test_netcdf_round_trip(written):
    before, after = _chart(), products.read(written, Chart)
    for name in ("emissivity", "n", "masked", "signal", "name"):
        assert np.array_equal(
            getattr(before, name),
            getattr(after, name),
            **({"equal_nan": True} if name == "emissivity" else {}),
        )
    assert np.allclose(before.tilt, after.tilt, rtol=1e-15, equal_nan=True)
    assert np.allclose(before.viewing.time, after.viewing.time, atol=2e-6, rtol=0)
    assert after.method == "α"
    assert (after.certain, after.images) == (True, 7)
    assert after.phase == pytest.approx(1.5, rel=1e-15)
    assert after.grid.crs == "IAU_2015:29910"
    assert np.array_equal(after.grid.x, before.grid.x)


def test_a_part_of_a_product_is_what_the_whole_has_there(written):
    whole = products.read(written, Chart)
    part = products.read_netcdf(written, Chart, {"y": slice(2, 5), "time": slice(1, 2)})
    assert np.array_equal(part.emissivity, whole.emissivity[2:5], equal_nan=True)
    assert np.array_equal(part.signal, whole.signal[1:2])
    assert np.array_equal(part.viewing.time, whole.viewing.time[1:2])
    assert np.array_equal(part.grid.y, whole.grid.y[2:5])
    assert np.array_equal(part.grid.x, whole.grid.x)
    assert part.images == whole.images
    assert list(part.name) == list(whole.name[1:2])
    nothing = products.read_netcdf(written, Chart, {"y": slice(0, 0)})
    assert nothing.emissivity.shape == (0, len(whole.grid.x))


def test_same_record_same_bytes():
    first = products.netcdf(_chart())
    time.sleep(1.1)  # HDF5 counts the times of objects in seconds: none may be kept
    assert products.netcdf(_chart()) == first
    assert products.geotiff(_chart()) == products.geotiff(_chart())


def test_users_get_degrees_utc_and_links(written):
    dataset = hesper.open(written)
    assert dataset.tilt.units == "degree"
    assert float(dataset.tilt.max()) == pytest.approx(np.degrees(np.nanmax(_chart().tilt)))
    assert str(dataset.viewing_time.values[1]).startswith("2016-12-31T23:59:59.25")
    assert dataset.signal.dtype == complex
    assert dataset.emissivity.attrs["ancillary_variables"] == "emissivity_std"
    assert dataset.emissivity.attrs["grid_mapping"] == "crs"
    assert float(dataset.lon[-1]) == pytest.approx(379)
    assert dataset.attrs["provenance"] == "chart.nc.prov.json"
    from pyproj import CRS

    assert CRS.from_cf(dataset.crs.attrs).ellipsoid.semi_major_metre == 6_051_800


def test_provenance_is_prov_json(written):
    document = json.loads(written.with_name("chart.nc.prov.json").read_text())
    assert set(document) == {"prefix", "entity", "activity", "used", "wasGeneratedBy"}
    assert document["activity"]["hesper:run"]["hesper:seed"] == 3
    assert document["entity"]["product:chart.nc"]["hesper:sha256"] == products.sha256(written)


def test_inputs_of_one_name_stay_apart():
    sources = tuple(products.Source("a.fits", digest * 32, 5) for digest in ("ab", "cd"))
    made = products.prov_json(sources[0], products.Provenance(recipe={}, inputs=sources))
    assert len([name for name in made["entity"] if name.startswith("input:")]) == 2
    assert len(made["used"]) == 2


def test_every_single_bit_flip_is_noticed(written):
    raw, rng = written.read_bytes(), np.random.default_rng(1)
    for _ in range(200):
        bad = bytearray(raw)
        bad[rng.integers(len(raw))] ^= 1 << rng.integers(8)
        written.write_bytes(bad)
        with pytest.raises(InputError, match="the file was damaged or changed"):
            hesper.open(written)


def test_flips_are_noticed_in_netcdf_without_a_side_car(written):
    raw, rng, truth = written.read_bytes(), np.random.default_rng(4), _chart()
    written.with_name("chart.nc.prov.json").unlink()
    for _ in range(60):
        bad = bytearray(raw)
        bad[rng.integers(len(raw))] ^= 1 << rng.integers(8)
        written.write_bytes(bad)
        try:
            found = products.read(written, Chart)
        except InputError:
            continue
        # What is not noticed without the side-car lies outside the data.
        assert np.array_equal(found.emissivity, truth.emissivity, equal_nan=True)


def test_fits_flips_are_noticed_without_a_side_car(tmp_path):
    values = np.arange(5000, dtype="float32").reshape(50, 100)
    raw = products.fits_image(values, {"CRVAL1": (1.5, "[deg] place")}, unit="K")
    assert raw == products.fits_image(values, {"CRVAL1": (1.5, "[deg] place")}, unit="K")
    path, rng = tmp_path / "image.fits", np.random.default_rng(2)
    path.write_bytes(raw)
    assert np.array_equal(hesper.open(path).image, values)
    data_bytes = range(2880, 2880 + values.nbytes)
    for _ in range(60):
        bad = bytearray(raw)
        bad[rng.choice(data_bytes)] ^= 1 << rng.integers(8)
        path.write_bytes(bad)
        with pytest.raises(InputError, match="damaged"):
            hesper.open(path)


def test_other_units_and_other_records_are_refused(written, tmp_path):
    with pytest.raises(InputError, match=r"holds .*Chart; hesper.ephemeris.*Viewing is needed"):
        products.read(written, ephemeris.Viewing)

    @record
    class Other:
        """The same chart, measured in other units."""

        radius: float = number("km", "radius")

    Other.__qualname__, Other.__module__ = Chart.__qualname__, Chart.__module__
    path = tmp_path / "other.nc"
    path.write_bytes(products.netcdf(Other(radius=6051.8)))
    with pytest.raises(InputError, match="no variable 'emissivity'"):
        products.read(path, Chart)
    with pytest.raises(UnitError, match="radius is in 'm'; 'km' is needed"):
        products.read(written, Other)


@pytest.mark.parametrize(
    ("units", "origin", "second"),
    [
        ("microseconds since 1970-01-01", "1970-01-01", 1e-6),
        ("seconds since 1970-01-01T00:00:00Z", "1970-01-01", 1.0),
        ("hours since 1972-06-20 18:00:00 -01:00", "1972-06-20T19:00", 3600.0),
        ("days since 1972-06-20", "1972-06-20", 86400.0),
    ],
)
def test_times_in_any_unit_of_cf_are_read(units, origin, second, tmp_path):
    """Other tools write a file anew with the same times in another unit."""
    stamps = np.array(["1972-06-20T19:28:00", "2016-12-31T23:59:59.25"], "datetime64[us]")
    values = (stamps - np.datetime64(origin, "us")).astype(np.int64) / (1e6 * second)
    found = products.read(_in_other_units(tmp_path, units, values), Chart).viewing.time
    assert np.abs(found - ephemeris.tdb_seconds(stamps)).max() < 2e-6  # rounded to a microsecond


@pytest.mark.parametrize("units", ["s", "days since yesterday", "m"])
def test_other_units_of_time_are_refused(units, tmp_path):
    with pytest.raises(UnitError, match=f"is in '{units}', calendar '.*'; a time of CF in the standard"):
        products.read(_in_other_units(tmp_path, units, [0.0, 1.0]), Chart)


@pytest.mark.parametrize("units", ["", "days since 1972-06-20"])
def test_other_calendars_are_refused(units, tmp_path):
    """Days of 360 a year are no UTC, in our own unit as little as in others."""
    path = tmp_path / "other.nc"
    path.write_bytes(products.netcdf(_chart()))
    if units:
        path = _in_other_units(tmp_path, units, [0.0, 1.0])
    with h5py.File(path, "r+") as file:
        file["viewing_time"].attrs["calendar"] = "360_day"
    with pytest.raises(UnitError, match="calendar '360_day'; a time of CF in the standard calendar"):
        products.read(path, Chart)


def _in_other_units(folder, units, values):
    path = folder / "other.nc"
    path.write_bytes(products.netcdf(_chart()))
    with h5py.File(path, "r+") as file:
        kept = file["viewing_time"]
        dims, attributes = list(kept.dims[0].values()), dict(kept.attrs)
        del file["viewing_time"]
        made = file.create_dataset("viewing_time", data=np.array(values))
        for name in ("long_name", "calendar"):
            made.attrs[name] = attributes[name]
        made.attrs["units"] = units
        made.dims[0].attach_scale(dims[0])
    return path


def test_files_that_are_no_products(tmp_path):
    with pytest.raises(MissingError):
        hesper.open(tmp_path / "absent.nc")
    for name, content in (
        ("a.nc", b"\x89HDF\r\n\x1a\n" + b"x" * 100),
        ("b.txt", b"hello"),
        ("c.nc", b""),
        ("d.tif", b"II*\0" + b"y" * 50),
        ("e.fits", b"SIMPLE  =                    T"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InputError):
            hesper.open(path)


def test_geotiff_has_place_units_names_and_nodata(tmp_path):
    import rasterio

    path = tmp_path / "chart.tif"
    path.write_bytes(products.geotiff(_chart()))
    with rasterio.open(path) as dataset:
        assert dataset.descriptions == ("emissivity", "emissivity_std", "n", "tilt", "masked")
        assert dataset.units == ("1", "1", "1", "degree", "1")
        assert np.isnan(dataset.nodata)
        assert "Venus" in dataset.crs.to_wkt()
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        x, y = dataset.xy(0, 0)
        assert (x, y) == (pytest.approx(_chart().grid.x[0]), pytest.approx(_chart().grid.y[0]))
        assert dataset.read(1, masked=True).mask[3, :5].all()
    bands = products.read_geotiff(path)
    assert np.allclose(bands.values[0], _chart().emissivity, equal_nan=True)
    assert bands.grid.projection == "equirectangular"
    assert np.allclose(bands.grid.x, _chart().grid.x)


def test_geotiffs_of_other_planets_are_refused(tmp_path):
    import rasterio
    from rasterio.transform import Affine

    path = tmp_path / "earth.tif"
    profile = {"driver": "GTiff", "width": 4, "height": 4, "count": 1, "dtype": "float32"}
    with rasterio.open(path, "w", crs="EPSG:4326", transform=Affine(1, 0, 0, 0, -1, 4), **profile) as dataset:
        dataset.write(np.ones((1, 4, 4), "float32"))
    with pytest.raises(InputError, match="no coordinate reference system of Venus"):
        products.read_geotiff(path)


def test_geotiffs_of_another_radius_keep_their_longitudes(tmp_path):
    import rasterio
    from rasterio.transform import Affine

    path = tmp_path / "old.tif"
    profile = {"driver": "GTiff", "width": 4, "height": 2, "count": 1, "dtype": "float32"}
    step = np.radians(1.0) * 6_051_000
    with rasterio.open(
        path,
        "w",
        crs="+proj=eqc +R=6051000 +units=m",
        transform=Affine(step, 0, 180 * step, 0, -step, step),
        **profile,
    ) as dataset:
        dataset.write(np.ones((1, 2, 4), "float32"))
    bands = products.read_geotiff(path)
    assert np.degrees(bands.grid.x[0] / 6_051_800) == pytest.approx(180.5)


def test_real_magellan_raster_in_degrees(real_data):
    bands = products.read_geotiff(real_data / "magellan" / "venus.tif")
    assert bands.values.shape == (1, 512, 1024)
    assert np.degrees(bands.grid.x[0] / 6_051_800) == pytest.approx(-180 + 180 / 1024)
    assert bands.grid.projection == "equirectangular"


def test_a_map_without_any_value_is_an_error():
    chart = _chart()
    import dataclasses

    empty = dataclasses.replace(chart, emissivity=np.full(maps.shape(chart.grid), np.nan))
    with pytest.raises(InputError, match="has no value at all"):
        products.geotiff(empty)
    with pytest.raises(InputError, match="holds no grid"):
        products.geotiff(chart.viewing)


def test_results_rows():
    row = products.from_truth("x", "q", "K", 10.0, 1.0, 12.5)
    assert row.ok
    assert row.expected == 12.5
    assert not products.from_published("x", "q", "K", 10.0, 11.0, 0.5, source="s").ok
    assert not products.Result("x", "q", "K", None, expected=1.0, tolerance=1.0).ok
    assert not products.Result("x", "q", "K", float("nan")).ok
    assert not products.Result("x", "q", "K", 1.0, expected=1.0).ok
    assert not products.Result("x", "q", "K", 1.0, expected=1.0, tolerance=float("inf")).ok
    assert not products.Result("x", "q", "K", 1.0, truth=1.0, expected=1.0, tolerance=1.0).ok
    assert products.Result("x", "q", "K", 1.0).ok
    parsed = json.loads(
        products.results_json([row._replace(value=float("nan")), row._replace(std=np.float64(2))])
    )
    assert parsed[0]["value"] is None
    assert parsed[0]["ok"] is False
    assert parsed[1]["std"] == 2
