"""Grids, binning and resampling: areas, seams, poles, conservation, and a scene seen by a camera."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hesper import maps
from hesper.errors import InputError
from hesper.geometry import camera, sphere
from hesper.units import deg, km

RADIUS = 6_051_800.0


def _whole(degrees=1.0):
    return maps.equirectangular(degrees * deg, west=0, east=2 * np.pi, south=-np.pi / 2, north=np.pi / 2)


GRIDS = {
    "equirectangular": _whole(2.0),
    "sinusoidal": maps.sinusoidal(100 * km),
    "mercator": maps.mercator(100 * km, half_height=12_000 * km),
    "north": maps.north_polar(50 * km, half_width=3000 * km),
    "south": maps.south_polar(50 * km, half_width=3000 * km),
    "orthographic": maps.orthographic(50 * km, lon=300 * deg, lat=-30 * deg, half_width=6100 * km),
}


@pytest.mark.parametrize("name", GRIDS)
def test_coordinates_are_the_inverse_of_lon_lat(name):
    grid = GRIDS[name]
    lon, lat = maps.lon_lat(grid)
    on = np.isfinite(lon)
    column, row = maps.coordinates(grid, lon, lat)
    i, j = np.indices(lon.shape)
    assert np.max(np.abs(column - j)[on]) < 1e-6
    assert np.max(np.abs(row - i)[on]) < 1e-6
    assert np.all((lon[on] >= 0) & (lon[on] < 2 * np.pi))


@pytest.mark.parametrize(
    ("name", "share"), [("equirectangular", 1.0), ("sinusoidal", 1.0), ("orthographic", 0.5)]
)
def test_cells_cover_the_planet(name, share):
    total = np.nansum(maps.cell_areas(GRIDS[name])) / (4 * np.pi * RADIUS**2)
    # Limb cells of the orthographic disk are seen edge-on: their area is all of the 2 % that is lost.
    assert total == pytest.approx(share, rel=1e-12 if name == "equirectangular" else 2e-2)


def test_polar_areas_follow_from_the_scale():
    grid = maps.north_polar(20 * km, half_width=500 * km)
    lon, lat = maps.lon_lat(grid)
    del lon
    # Stereographic, true at the pole: areal scale is ((1 + sin φ)/2)².
    expected = (20 * km) ** 2 * ((1 + np.sin(lat)) / 2) ** 2
    assert np.allclose(maps.cell_areas(grid), expected, rtol=1e-6)


def test_crs_are_those_of_the_iau():
    from pyproj import CRS

    for name, grid in GRIDS.items():
        crs = CRS.from_user_input(grid.crs)
        assert crs.ellipsoid.semi_major_metre == RADIUS, name
        assert "Venus" in crs.to_wkt()


def test_segments_have_no_gap_and_no_overlap():
    parts = maps.segments(0.25 * deg)
    assert [maps.shape(part) for part in parts] == [(440, 160)] * 9
    x = np.concatenate([part.x for part in parts])
    assert np.allclose(np.diff(x), 0.25 * deg * RADIUS)
    edges = (parts[0].y[0], parts[0].y[-1])
    assert np.allclose(np.degrees(edges) / RADIUS, [59.875, -49.875])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.3, 0, 1, 0, 1), "choose a resolution that divides the extent"),
        ((1.0, 0, 361, 0, 1), "east ≤ west"),
        ((1.0, 10, 0, 0, 1), "west < east"),
        ((1.0, 0, 10, -91, 0), "−90°"),
        ((1.0, 0, 10, 10, 0), "south < north"),
    ],
)
def test_wrong_extents_are_refused(arguments, message):
    step, west, east, south, north = (a * deg for a in arguments)
    with pytest.raises(InputError, match=message):
        maps.equirectangular(step, west=west, east=east, south=south, north=north)
    with pytest.raises(InputError, match="make cells smaller"):
        maps.north_polar(10 * km, half_width=1 * km)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_binning_keeps_counts_weights_and_sums(seed):
    rng = np.random.default_rng(seed)
    lon, lat = rng.uniform(-1, 8, 500), np.arcsin(rng.uniform(-1, 1, 500))
    values, weights = rng.normal(100, 5, 500), rng.uniform(0.1, 2, 500)
    values[rng.integers(0, 500, 20)] = np.nan
    cells = maps.bin_points(_whole(10.0), lon, lat, values, weights=weights)
    good = np.isfinite(values)
    assert cells.n.sum() == good.sum()
    assert cells.weight.sum() == pytest.approx(weights[good].sum(), rel=1e-12)
    assert np.nansum(cells.mean * cells.weight) == pytest.approx((values * weights)[good].sum(), rel=1e-12)


def test_cell_statistics_are_those_of_numpy():
    rng = np.random.default_rng(0)
    values, weights = rng.normal(1e6, 1, 1000), rng.uniform(0.5, 2, 1000)
    cells = maps.bin_points(_whole(30.0), np.full(1000, 0.1), np.full(1000, 0.1), values, weights=weights)
    inside = cells.n > 0
    assert inside.sum() == 1
    mean = np.average(values, weights=weights)
    assert cells.mean[inside][0] == pytest.approx(mean, rel=1e-14)
    assert cells.variance[inside][0] == pytest.approx(
        np.average((values - mean) ** 2, weights=weights), rel=1e-9
    )


def test_seam_and_poles_belong_to_a_cell():
    grid = _whole(10.0)
    lon = np.radians([0.0, 360.0, 359.999, -0.001, 10.001, 370.001, 20.0, 20.0])
    lat = np.radians([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 90.0, -90.0])
    cells = maps.bin_points(grid, lon, lat, np.ones(8))
    assert cells.n.sum() == 8
    assert cells.n[:, 0].sum() == 2
    assert cells.n[:, -1].sum() == 2
    assert cells.n[0].sum() == 1
    assert cells.n[-1].sum() == 1


def test_negative_weights_and_empty_mosaics_are_refused():
    with pytest.raises(InputError, match="weight is negative"):
        maps.bin_points(_whole(), 0.0, 0.0, 1.0, weights=-1.0)
    with pytest.raises(InputError, match="weight is negative"):
        maps.mosaic([(np.ones((2, 2)), -1.0)])
    with pytest.raises(InputError, match="no maps given"):
        maps.mosaic([])
    with pytest.raises(InputError, match="give one grid"):
        maps.mosaic([(np.ones((2, 2)), 1.0), (np.ones((3, 2)), 1.0)])


def test_mosaic_is_the_weighted_mean_and_silent_where_maps_are():
    a, b = np.array([[1.0, np.nan], [3.0, np.nan]]), np.array([[5.0, 7.0], [3.0, np.nan]])
    found = maps.mosaic([(a, 1.0), (b, 3.0)])
    assert np.array_equal(found.mean, [[4.0, 7.0], [3.0, np.nan]], equal_nan=True)
    assert found.n.tolist() == [[2, 1], [2, 0]]
    assert found.variance[1, 0] == 0
    assert np.isnan(found.variance[0, 1])


def _scene(lon, lat):
    """A brightness that is smooth on the sphere, at the poles too."""
    x, y, z = np.moveaxis(sphere.unit_vector(lon, lat), -1, 0)
    return 100 + 30 * np.sin(5 * x) * np.cos(4 * y) + 10 * z


def _image(lon, lat, altitude=1e7):
    eye = camera.Pinhole(1422.0, 255.5, 255.5)
    position = sphere.unit_vector(lon, lat) * (RADIUS + altitude)
    axes = camera.pointing(-position, np.array([0.3, 0.2, 1.0]))
    line, sample = np.mgrid[0:512, 0:512].astype(float)
    seen = camera.sphere_from_pixels(sample, line, camera=eye, position=position, axes=axes, radius=RADIUS)
    return maps.Image(_scene(seen.lon, seen.lat), eye, position, axes, RADIUS, 75 * deg)


@pytest.mark.parametrize("lon", [220.0, 0.5])
def test_a_scene_comes_back_from_an_image(lon):
    image = _image(lon * deg, 5 * deg)
    coarse = maps.equirectangular(
        0.5 * deg, west=(lon - 40) * deg, east=(lon + 40) * deg, south=-40 * deg, north=40 * deg
    )
    cells = maps.bin_image(coarse, image)
    truth = _scene(*maps.lon_lat(coarse))
    full = cells.n >= np.nanmax(cells.n) / 2
    assert np.abs(cells.mean - truth)[full].max() < 0.6
    fine = maps.resample_image(coarse, image)
    seen = np.isfinite(fine)
    assert np.abs(fine - truth)[seen].max() < 0.01
    assert seen.sum() > 2000


@pytest.mark.parametrize("north", [24, 20, 16])
def test_a_window_takes_nothing_from_beyond_its_edges(north):
    image = _image(220 * deg, 20 * deg)
    line, sample = np.mgrid[0:512, 0:512].astype(float)
    seen = camera.sphere_from_pixels(
        sample, line, camera=image.camera, position=image.position, axes=image.axes, radius=RADIUS
    )
    grid = maps.equirectangular(2 * deg, west=210 * deg, east=230 * deg, south=10 * deg, north=north * deg)
    keep = seen.cos_emission >= np.cos(image.largest_emission)
    points = maps.bin_points(grid, seen.lon[keep], seen.lat[keep], image.values[keep])
    assert np.array_equal(maps.bin_image(grid, image).n, points.n)
    assert points.n[0].sum() > 0


def test_grids_of_one_column_or_of_billions_of_cells_are_refused():
    for step in (10.0, 1e-9):
        with pytest.raises(InputError, match="choose another resolution"):
            maps.equirectangular(step * deg, west=0, east=10 * deg, south=0, north=10 * deg)
    with pytest.raises(InputError, match="choose another resolution"):
        maps.north_polar(1.0, half_width=1e6)


def test_binning_an_image_equals_binning_its_points():
    image = _image(0.2 * deg, 80 * deg, altitude=3e7)
    line, sample = np.mgrid[0:512, 0:512].astype(float)
    seen = camera.sphere_from_pixels(
        sample, line, camera=image.camera, position=image.position, axes=image.axes, radius=RADIUS
    )
    grid = _whole(2.0)
    keep = seen.cos_emission >= np.cos(image.largest_emission)
    points = maps.bin_points(grid, seen.lon[keep], seen.lat[keep], image.values[keep])
    cells = maps.bin_image(grid, image)
    assert np.array_equal(cells.n, points.n)
    assert np.allclose(cells.mean, points.mean, equal_nan=True)
    assert cells.n[0].sum() > 0


@pytest.mark.parametrize("name", [n for n in GRIDS if n != "equirectangular"])
def test_images_are_resampled_onto_every_projection(name):
    centre = {"north": (0.0, 85.0), "south": (0.0, -85.0), "orthographic": (300.0, -30.0)}.get(
        name, (10.0, 0.0)
    )
    image = _image(centre[0] * deg, centre[1] * deg)
    found = maps.resample_image(GRIDS[name], image)
    truth = _scene(*maps.lon_lat(GRIDS[name]))
    assert np.isfinite(found).sum() > 300
    assert np.nanmax(np.abs(found - truth)) < 0.01
    with pytest.raises(InputError, match="an equirectangular one is needed"):
        maps.bin_image(GRIDS[name], image)


def test_maps_are_resampled_across_the_seam_and_over_the_pole():
    source = _whole(0.5)
    values = _scene(*maps.lon_lat(source))
    for target in (
        GRIDS["north"],
        GRIDS["orthographic"],
        maps.equirectangular(1 * deg, west=-10 * deg, east=10 * deg, south=-90 * deg, north=90 * deg),
    ):
        found = maps.resample_map(values, source, target)
        lon, lat = maps.lon_lat(target)
        truth = _scene(lon, lat)
        inner = np.isfinite(truth) & (np.abs(lat) < 89 * deg)
        assert np.abs(found - truth)[inner].max() < 0.05
        assert np.isfinite(found[np.isfinite(truth)]).all()


def test_a_nan_does_not_spread_further_than_its_neighbours():
    source = maps.equirectangular(1 * deg, west=0, east=20 * deg, south=0, north=20 * deg)
    values = np.ones(maps.shape(source))
    values[10, 10] = np.nan
    assert np.isnan(maps.resample_map(values, source, source)).sum() == 1
    wide = maps.equirectangular(1 * deg, west=-5 * deg, east=30 * deg, south=-5 * deg, north=25 * deg)
    assert np.isfinite(maps.resample_map(values, source, wide)).sum() == 399


def test_behind_an_orthographic_disk_there_is_nothing():
    column, _ = maps.coordinates(GRIDS["orthographic"], np.array([120 * deg]), np.array([30 * deg]))
    assert np.isnan(column[0])
