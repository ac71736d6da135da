"""Segments and their files: borders, rejection, statistics; all 45 files; what lies across 0°."""

import dataclasses

import numpy as np
import pytest

from hesper import config, maps
from hesper.geometry import sphere
from hesper.geometry.camera import Pinhole
from hesper.products import pds3
from hesper.units import deg, km
from hesper.vmc import (
    calibrate_gradient,
    grid_mosaic,
    grid_segment,
    model,
    model_surface,
    retrieve,
    retrieve_ground,
    write_map,
)
from hesper.vmc.data_map import Altimetry
from hesper.vmc.data_orbit import Frames
from hesper.vmc.data_settings import Atmosphere, Emissivity, Gradient, Masking
from hesper.vmc.grid_segment import Stack

RADIUS = 6051.8e3
STEP = 1 * deg
CREATED = "2025-01-01T00:00:00"


@pytest.fixture(scope="module")
def light():
    return model_surface.table(config.load(Atmosphere, {}), 1.01e-6)


def flat(number, light, *, orbits=12, spread=0.02, step=STEP, seed=1, **changes):
    """Return a segment of flat ground that orbits see with white scatter, and its stack."""
    random = np.random.default_rng(seed)
    grid = grid_segment.segment_grid(number, step)
    shape = maps.shape(grid)
    atmosphere, settings = config.load(Atmosphere, {}), config.load(Emissivity, changes)
    world = maps.equirectangular(2 * deg, west=0, east=2 * np.pi, south=-np.pi / 2, north=np.pi / 2)
    known = Altimetry(grid=world, altitude=np.zeros(maps.shape(world)))
    place = retrieve_ground.ground(known, light, grid, None, atmosphere=atmosphere, settings=settings)
    layers = place.model * np.exp(spread * random.standard_normal((orbits, *shape)))
    area = np.broadcast_to(np.cos(grid.y / RADIUS)[:, None], shape)
    stack = Stack(
        np.arange(orbits),
        layers.astype(np.float32),
        0 * layers,
        0 * layers,
        np.full(shape, 5),
        np.full(orbits, 1e3),
        area,
    )
    made = retrieve.segment(
        stack, place, light, number, altimetry_cell=200 * km, resolution=step, settings=settings,
        atmosphere=atmosphere,
    )  # fmt: skip
    return made, stack


def test_nine_segments_leave_no_gap_and_do_not_overlap():
    for step in (0.25 * deg, 0.1 * deg, 0.05 * deg):
        x = np.concatenate([grid_segment.segment_grid(k, step).x for k in range(9)]) / RADIUS / deg
        count = round(360 * deg / step)
        assert x.size == count
        np.testing.assert_allclose(np.diff(x), 360 / count, atol=1e-9)
        assert x[0] == pytest.approx(180 / count)
        for k in range(9):
            y = grid_segment.segment_grid(k, step).y / RADIUS / deg
            assert y[0] == pytest.approx(60 - 180 / count)
            assert y[-1] == pytest.approx(-50 + 180 / count)


@pytest.mark.slow
def test_all_forty_five_files_open_where_they_lie(light, tmp_path):
    import pdr
    import rasterio
    from pyproj import Transformer

    names = []
    for number in range(9):
        made, _ = flat(number, light, orbits=4, seed=number)
        for suffix, (field, _, _) in write_map.SUFFIXES.items():
            path = tmp_path / write_map.segment_name(number, suffix)
            path.write_bytes(write_map.segment_file(made, suffix, {}, CREATED))
            names.append(path.name)
            values = getattr(made, field).astype(np.float32)
            with rasterio.open(path) as opened:
                assert opened.shape == (110, 40)
                corner = opened.xy(0, 0)
                to_place = Transformer.from_crs(opened.crs, "IAU_2015:29900", always_xy=True)
                lon, lat = to_place.transform(*corner)
                assert lon % 360 == pytest.approx(40 * number + 0.5, abs=1e-6)
                assert lat == pytest.approx(59.5, abs=1e-6)
                step = np.pi / 180 * RADIUS
                expected = (40 * number * step, step, 0, 60 * step, 0, -step)
                np.testing.assert_allclose(opened.transform.to_gdal(), expected, atol=1e-6 * step)
                found = opened.read(1, masked=True)
            np.testing.assert_array_equal(found.filled(np.nan), values)
            read_back = pdr.read(str(path))
            theirs = np.ma.masked_invalid(np.ma.asarray(read_back.get_scaled("IMAGE")))
            assert np.ma.getmaskarray(theirs).sum() == np.isnan(values).sum()
            label = pds3.read_label(path).object("IMAGE")
            good = values[np.isfinite(values)].astype(float)
            assert float(label["MINIMUM"]) == pytest.approx(good.min(), rel=1e-5)
            assert float(label["MAXIMUM"]) == pytest.approx(good.max(), rel=1e-5)
            assert float(label["MEAN"]) == pytest.approx(good.mean(), rel=1e-5)
    assert len(set(names)) == 45
    assert "segment_5_200_240_emi.img" in names
    assert "segment_0_000_040_stddev_norm_vmc.img" in names


def finer(made, times):
    """Return a segment with each cell cut into times × times of the same values."""
    shape = made.n.shape
    cut = {
        field.name: np.kron(getattr(made, field.name), np.ones((times, times))).astype(
            getattr(made, field.name).dtype
        )
        for field in dataclasses.fields(made)
        if getattr(getattr(made, field.name), "shape", None) == shape
    }
    return dataclasses.replace(made, grid=grid_segment.segment_grid(made.segment, STEP / times), **cut)


@pytest.mark.parametrize("step", [0.1, 0.05])
def test_small_cells_make_files_of_their_size(light, tmp_path, step):
    made = finer(flat(8, light, orbits=3)[0], round(1 / step))
    path = tmp_path / write_map.segment_name(8, "emi")
    path.write_bytes(write_map.segment_file(made, "emi", {}, CREATED))
    image = pds3.read_image(path)
    assert image.data.shape == (round(110 / step), round(40 / step))
    assert image.label.object("IMAGE_MAP_PROJECTION")["MAP_RESOLUTION"] == pytest.approx(1 / step)


def test_deviations_are_what_the_guide_calls_them(light):
    made, stack = flat(3, light)
    np.testing.assert_array_equal(made.variation, made.brightness_std / made.brightness)
    bright = stack.brightness * made.factor_model[:, None, None]
    np.testing.assert_allclose(made.brightness, bright.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(made.brightness_std, bright.std(axis=0, ddof=1), rtol=1e-3)
    predicted = made.amplification * made.variation * made.emissivity
    assert np.median(made.emissivity_scatter / predicted) == pytest.approx(1, abs=0.1)
    np.testing.assert_allclose(made.emissivity_error, made.emissivity_scatter / np.sqrt(made.n))


def test_mosaics_that_are_the_same_deviate_by_nothing(light):
    made, _ = flat(3, light, spread=0.0)
    assert np.nanmax(made.variation) < 1e-6
    assert np.nanmax(made.emissivity_scatter) < 1e-5
    np.testing.assert_allclose(made.emissivity, 0.9, atol=1e-5)


def test_a_cell_needs_three_mosaics_and_a_mosaic_a_tenth_of_reference_area(light):
    made, stack = flat(3, light, orbits=6)
    layers = stack.brightness.copy()
    layers[3:, :, :20] = np.nan
    layers[2, :, :10] = np.nan
    grid = grid_segment.segment_grid(3, STEP)
    models = np.repeat(made.model[None], 6, axis=0)
    reference = np.zeros(made.n.shape, bool)
    reference[:, :22] = True
    found = grid_segment.factors(stack._replace(brightness=layers), models, reference, least=0.1)
    # The last three see the eastern half, of which two columns in twenty are reference: exactly a tenth.
    np.testing.assert_allclose(found.part[3:], 0.1)
    narrow = reference.copy()
    narrow[:, 21] = False
    found = grid_segment.factors(stack._replace(brightness=layers), models, narrow, least=0.1)
    assert np.isfinite(found.model[:3]).all()
    assert np.isnan(found.model[3:]).all()
    mean = grid_segment.averaged(layers, np.ones(6))
    assert (mean.n[:, :10] == 2).all()
    assert (mean.n[:, 10:20] == 3).all()
    place = retrieve_ground.Ground(np.zeros(made.n.shape), made.model, np.ones(made.n.shape, bool))
    again = retrieve.segment(
        stack._replace(brightness=layers), place, light, 3, altimetry_cell=200 * km, resolution=STEP,
        settings=config.load(Emissivity, {}), atmosphere=config.load(Atmosphere, {}),
    )  # fmt: skip
    assert np.isnan(again.emissivity[:, :10]).all()
    assert np.isfinite(again.emissivity[:, 10:]).all()
    assert grid.x.size == 40


CAMERA = Pinhole(1422.0, 255.5, 255.5)


def looking(light, places, tilts):
    """Return frames of even ground, dimmed toward the limb, from places (lon, lat) 10,000 km up, at night."""
    line, sample = np.indices((512, 512)).astype(float)
    law = model_surface.limb_law(light, 0.0, 0.9)
    sun = -1e11 * sphere.unit_vector(places[0][0] + 30 * deg, 0.0)
    radiance, positions, axes = [], [], []
    for (lon, lat), (along, across) in zip(places, tilts, strict=True):
        position = (RADIUS + 10_000 * km) * sphere.unit_vector(lon, lat)
        turned = model.turned(model.planned_axes(position, sun), np.array([along, across, 0.0]))
        _, cosine = model.pixel_cosines(
            sample, line, camera=CAMERA, position=position, axes=turned, sun=sun, radius=RADIUS
        )
        dimmed = np.interp(cosine, np.linspace(float(light.cosine[0]), 1, law.size), law)
        radiance.append(np.where(np.isfinite(cosine), 5e4 * dimmed, np.nan).astype(np.float32))
        positions.append(position)
        axes.append(turned)
    count = len(places)
    return Frames(
        radiance=np.stack(radiance), position=np.stack(positions), axes=np.stack(axes),
        sun=np.stack([sun] * count), focal=np.full(count, CAMERA.focal),
        sample=np.full(count, CAMERA.sample), line=np.full(count, CAMERA.line),
        time=np.arange(count) * 120.0, smear=np.full(count, 1e4),
        name=np.array([f"V0300_{k:04d}_N22" for k in range(count)]), orbit=300, channel="N2", left_out="",
    )  # fmt: skip


def binned(frames, light):
    return grid_mosaic.cells(
        frames, light, resolution=0.25 * deg, masking=config.load(Masking, {}),
        atmosphere=config.load(Atmosphere, {}),
    )  # fmt: skip


def test_a_mosaic_goes_across_the_meridian_of_zero(light):
    places = [[((lon + 4 * k) * deg, 0.0) for k in range(3)] for lon in (-4.0, 176.0)]
    here, there = (binned(looking(light, where, [(0.0, 0.0)] * 3), light) for where in places)
    column = here.cell % 1440
    assert (column < 40).any()
    assert (column > 1400).any()
    np.testing.assert_array_equal(np.sort((column + 720) % 1440), np.sort(there.cell % 1440))
    np.testing.assert_allclose(here.value, 5e4, rtol=2e-3)
    sides = [grid_segment.stacked([_mosaic(here)], k, 0.25 * deg) for k in (0, 8)]
    assert all(np.isfinite(side.brightness).sum() > 100 for side in sides)
    assert np.isfinite(sides[0].brightness[0, :, 0]).any()
    assert np.isfinite(sides[1].brightness[0, :, -1]).any()


def _mosaic(cells):
    return grid_mosaic.mosaic(cells, calibrate_gradient.refused("single"))


@pytest.mark.slow
def test_limb_darkening_left_in_fakes_a_gradient(light, monkeypatch):
    """Six degrees off the nadir the limb law left in makes a gradient of 0.05 or more; divided out, none."""
    places = [(200 * deg, (-20 + 2.5 * k) * deg) for k in range(16)]
    frames = looking(light, places, [(6 * deg, 4 * (0, 1, 0, -1)[k % 4] * deg) for k in range(16)])
    settings = config.load(Gradient, {})
    clean = calibrate_gradient.flat_field(binned(frames, light), settings)
    assert np.abs(clean.gradient).max() < 1e-3
    monkeypatch.setattr(grid_mosaic, "limb_law", lambda *_: np.ones(light.cosine.size))
    faked = calibrate_gradient.flat_field(binned(frames, light), settings)
    assert np.abs(faked.gradient).max() > 0.05
    assert faked.seam > 0.01
