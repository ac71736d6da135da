"""Units of the ground, other maps and borders: what is known by construction comes out."""

import dataclasses
import json

import numpy as np
import pytest

from hesper import config, maps, products
from hesper.errors import InputError, MissingError
from hesper.units import deg, km
from hesper.vmc import grid_segment, pipeline, read_map, retrieve, retrieve_anomaly
from hesper.vmc.data_map import Altimetry, SegmentMap

STEP = 1 * deg
BLUR = 100 * km


def segment(number, emissivity, std=0.02):
    """Return a segment that has an emissivity (y, x) and nothing else of interest."""
    grid = grid_segment.segment_grid(number, STEP)
    shape = maps.shape(grid)
    value, error = (np.broadcast_to(np.asarray(v, float), shape) for v in (emissivity, std))
    given = {"grid": grid, "emissivity": value, "emissivity_std": error, "segment": number}
    fills = {"normalisation": "model"}
    for field in dataclasses.fields(SegmentMap):
        if field.name in ("n", "pixels"):
            fills[field.name] = np.ones(shape, int)
        elif field.name == "reference":
            fills[field.name] = np.ones(shape, bool)
        elif field.name == "orbit":
            fills[field.name] = np.zeros(0, int)
        elif field.name in ("factor_model", "factor_literal", "reference_part"):
            fills[field.name] = np.zeros(0)
        elif field.name not in given and field.name != "normalisation":
            fills[field.name] = np.zeros(shape) if field.type == "Array" or "rray" in str(field.type) else 0.0
    return SegmentMap(**{**fills, **given})


def noisy(seed, std=0.02):
    """Return noise with the blur's correlation, of this deviation."""
    from scipy import ndimage

    random = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(random.standard_normal((110, 40)), BLUR / 2.355 / (105.6 * km))
    return std * field / field.std()


def polygons(folder, *rings, name="tessera"):
    path = folder / "units.geojson"
    feature = {"properties": {"name": name}, "geometry": {"type": "Polygon", "coordinates": list(rings)}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def box(west, east, south, north):
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def test_a_polygon_is_the_cells_within_it_and_its_hole_is_none_of_it(tmp_path):
    grid = grid_segment.segment_grid(5, STEP)
    number, names = read_map.units(polygons(tmp_path, box(205, 225, -10, 20), box(210, 215, 0, 5)), grid)
    assert names == {1: "tessera"}
    assert (number == 1).sum() == 20 * 30 - 5 * 5
    lon, lat = (v / deg for v in maps.lon_lat(grid))
    assert not number[(lon > 210) & (lon < 215) & (lat > 0) & (lat < 5)].any()


def test_a_polygon_goes_across_the_meridian_of_zero(tmp_path):
    path = polygons(tmp_path, box(-5, 5, 0, 10))
    assert (read_map.units(path, grid_segment.segment_grid(8, STEP))[0] == 1).sum() == 50
    assert (read_map.units(path, grid_segment.segment_grid(0, STEP))[0] == 1).sum() == 50


def test_raster_and_polygon_name_the_same_cells(tmp_path):
    grid = grid_segment.segment_grid(5, STEP)
    number, _ = read_map.units(polygons(tmp_path, box(205, 225, -10, 20)), grid)
    path = tmp_path / "units.tif"
    path.write_bytes(products.geotiff(Altimetry(grid=grid, altitude=number.astype(float))))
    again, names = read_map.units(path, grid)
    np.testing.assert_array_equal(again, number)
    assert names == {1: "unit 1"}


@pytest.mark.parametrize("trials", [40])
def test_a_unit_differs_by_what_it_was_given_within_its_error(tmp_path, trials):
    grid = grid_segment.segment_grid(5, STEP)
    number, names = read_map.units(polygons(tmp_path, box(205, 225, -10, 20)), grid)
    pulls = []
    for seed in range(trials):
        made = segment(5, 0.9 - 0.05 * (number == 1) + noisy(seed))
        (found,) = retrieve_anomaly.units(made, number, names, together=retrieve_anomaly.patch(BLUR))
        pulls.append((found.difference + 0.05) / (found.difference / found.significance))
        assert found.significance < -5
    assert abs(np.mean(pulls)) < 3 / np.sqrt(trials)
    assert np.std(pulls) < 1 + 3 / np.sqrt(2 * trials)


@pytest.mark.parametrize("trials", [40])
def test_another_map_is_met_by_a_line_within_its_error(trials):
    """A radar map of another unit and zero: slope and correlation, everywhere and along the borders."""
    made = segment(5, 0.0)
    pulls = {"everywhere": [], "borders": [], "south": []}
    for seed in range(trials):
        other = 7.0 + 30 * noisy(1000 + seed)
        made = segment(5, 0.9 + 0.5 * (other - 7) / 30 + noisy(seed, 0.01), 0.01)
        places = {
            "everywhere": np.ones(other.shape, bool),
            "borders": retrieve_anomaly.border(made),
            "south": retrieve_anomaly.south(made),
        }
        for name, where in places.items():
            found = retrieve_anomaly.comparison(made, other, where, together=retrieve_anomaly.patch(BLUR))
            pulls[name].append((found.slope - 0.5 / 30) / found.slope_std)
            assert 0.4 < found.correlation < 0.95
    for values in pulls.values():
        assert abs(np.mean(values)) < 3 / np.sqrt(trials)
        assert np.std(values) < 1 + 3 / np.sqrt(2 * trials)
    left, deviations = retrieve_anomaly.difference(made, other)
    assert abs(np.mean(left)) < 1e-9
    np.testing.assert_allclose(deviations, left / 0.01)


def test_borders_are_the_two_sides_and_the_south_is_below_the_equator():
    made = segment(5, 0.9)
    side, low = retrieve_anomaly.border(made), retrieve_anomaly.south(made)
    assert side[60, [0, -1]].all()
    assert not side[60, 20]
    assert low.sum() == 50 * 40


@pytest.mark.parametrize("trials", [40])
def test_a_step_between_segments_is_found_within_its_error(trials):
    pulls = []
    for seed in range(trials):
        first, second = segment(8, 0.9 + noisy(seed)), segment(0, 0.92 + noisy(500 + seed))
        rise, std = retrieve_anomaly.step(first, second, together=BLUR)
        pulls.append((rise - 0.02) / std)
    assert abs(np.mean(pulls)) < 3 / np.sqrt(trials)
    assert np.std(pulls) < 1 + 3 / np.sqrt(2 * trials)
    empty = segment(0, np.nan)
    assert np.isnan(retrieve_anomaly.step(first, empty, together=BLUR)).all()


def test_units_that_are_none_are_one_clear_line(tmp_path):
    grid = grid_segment.segment_grid(5, STEP)
    with pytest.raises(InputError, match="no unit meets"):
        read_map.refuse_units_elsewhere(polygons(tmp_path, box(10, 20, 0, 10)), [grid])
    read_map.refuse_units_elsewhere(
        polygons(tmp_path, box(10, 20, 0, 10)), [grid, grid_segment.segment_grid(0, STEP)]
    )
    with pytest.raises(MissingError, match="does not exist"):
        read_map.units(tmp_path / "none.geojson", grid)
    path = tmp_path / "line.geojson"
    path.write_text('{"features": [{"geometry": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}}]}')
    with pytest.raises(InputError, match="LineString"):
        read_map.units(path, grid)


def test_significance_is_normal_however_few_mosaics_there_are():
    random = np.random.default_rng(3)
    for n in (3, 5, 30):
        values = random.standard_normal((40_000, n))
        std = values.std(axis=1, ddof=1) / np.sqrt(n)
        found = retrieve._significance(values.mean(axis=1), std, np.full(40_000, n))
        for limit, part in ((1.96, 0.05), (3.0, 0.0027)):
            allowed = 3 * np.sqrt(part / 40_000)
            assert np.mean(np.abs(found) > limit) == pytest.approx(part, abs=allowed)
        assert np.mean(found > 0) == pytest.approx(0.5, abs=0.01)


def test_recipes_whose_transients_no_cell_shows_are_refused():
    recipe = {
        "resolution": "1 deg",
        "emissivity": {"transient_size": "100 km"},
        "atmosphere": {"blur": "50 km"},
    }
    with pytest.raises(InputError, match="cells of 106 km do not show it"):
        pipeline.plan(config.load(pipeline.Config, recipe))
    with pytest.raises(InputError, match="transient_size"):
        config.load(pipeline.Config, {"emissivity": {"transient_size": "0 km"}})


def test_fill_values_of_altimetry_are_no_ground(tmp_path):
    grid = grid_segment.segment_grid(5, STEP)
    altitude = np.full(maps.shape(grid), 500.0)
    altitude[20:40, 10:20] = -9999.0
    path = tmp_path / "fill.tif"
    path.write_bytes(products.geotiff(Altimetry(grid=grid, altitude=altitude)))
    found = read_map.altimetry(path).altitude
    assert np.isnan(found).sum() == 20 * 10
    assert np.nanmin(found) == 500.0
