"""Simulated mosaics of a segment → emissivity: bias, scatter, coverage, ablations, transients."""

import dataclasses

import numpy as np
import pytest

from hesper import config, maps
from hesper.units import deg, km
from hesper.vmc import (
    grid_segment,
    model_blur,
    model_relief,
    model_surface,
    retrieve,
    retrieve_anomaly,
    simulate_scene,
)
from hesper.vmc.data_settings import Atmosphere, Emissivity, Simulation
from hesper.vmc.grid_segment import Stack
from hesper.vmc.simulate_orbit import Flown

STEP = 0.5 * deg
NONE = Flown(np.zeros(0), np.zeros((0, 2)), np.zeros(0), np.zeros(0))


@pytest.fixture(scope="module")
def world():
    settings, atmosphere = config.load(Simulation, {}), config.load(Atmosphere, {})
    light = model_surface.table(atmosphere, 1.01e-6)
    scene = simulate_scene.scene(settings, atmosphere, light, NONE, 1)
    known = simulate_scene.altimetry(scene, noise=100.0, seed=1)
    return atmosphere, light, scene, known


def stack(scene, seed, *, orbits=22, clouds=0.04, white=True, noise=0.003, gradient=0.0, hot=None):
    """Return mosaics that each see a random band of the segment, half of it on average."""
    random = np.random.default_rng(seed)
    grid = grid_segment.segment_grid(5, STEP)
    lon, lat = maps.lon_lat(grid)
    bright = maps.resample_map(scene.brightness, scene.grid, grid)
    layers = []
    for k in range(orbits):
        field = (
            random.standard_normal(lon.shape)
            if white
            else model_relief.clouds(lon, lat, 1000 * seed + k, length=500 * km)
        )
        middle, half = random.uniform(200, 240) * deg, random.uniform(8, 14) * deg
        tilt = gradient * random.standard_normal() * (lon - middle) / half
        layer = bright * np.exp(clouds * field + tilt + 0.25 * random.standard_normal())
        layer = layer * (1 + noise * random.standard_normal(lon.shape))
        if hot is not None and k == 0:
            middle, half = 220 * deg, 14 * deg
            away = simulate_scene._within(lon, lat, *hot[:2]) * 6051.8 * km
            layer = layer * (1 + hot[2] * np.where(away < 100 * km, 1.0, 0.0))
        layers.append(np.where(np.abs(lon - middle) < half, layer, np.nan))
    area = np.broadcast_to(np.cos(grid.y / (6051.8 * km))[:, None], lon.shape)
    return Stack(
        np.arange(orbits), np.array(layers, np.float32), np.zeros(lon.shape, int), np.zeros(orbits), area
    )


def retrieved(world, made, atmosphere=None, **changes):
    usual, light, _, known = world
    atmosphere = atmosphere or usual
    settings = config.load(Emissivity, changes)
    grid = grid_segment.segment_grid(5, STEP)
    place = retrieve.ground(known, light, grid, None, atmosphere=atmosphere, settings=settings)
    cell = float(known.grid.x[1] - known.grid.x[0])
    return retrieve.segment(
        made, place, light, 5, altimetry_cell=cell, resolution=STEP, settings=settings, atmosphere=atmosphere
    )


def background(world, made):
    scene = world[2]
    lon, lat = maps.lon_lat(made.grid)
    true = maps.resample_map(scene.emissivity, scene.grid, made.grid)
    smooth = model_blur.spread(true, made.grid.y / (6051.8 * km), STEP, width=400 * km, closed=False)
    plains = (np.abs(smooth - 0.9) < 1e-3) & np.isfinite(made.emissivity)
    del lon, lat
    return made.emissivity[plains] - 0.9, made.emissivity_std[plains]


def test_background_is_unbiased_and_its_errors_are_the_stated_ones(world):
    made = retrieved(world, stack(world[2], 1))
    off, std = background(world, made)
    assert 8 <= np.median(made.n) <= 14
    assert abs(off.mean()) < 0.01
    # 4 % of clouds, A = 3.96 and eleven mosaics: 0.9 · 3.96 · 0.04/√11 = 0.043.
    assert off.std() == pytest.approx(0.043, abs=0.012)
    assert 0.7 < np.sqrt(np.mean(std**2)) / off.std() < 1.3
    assert 0.88 < np.mean(np.abs(off) <= 1.96 * std) < 0.98


def test_anomalies_come_out(world):
    made = retrieved(world, stack(world[2], 2, clouds=0.02))
    for lon, lat, value, allowed in ((220, 12, 0.75, 0.03), (212, -14, 0.80, 0.04), (232, -10, 0.97, 0.04)):
        column, row = maps.coordinates(made.grid, np.array(lon * deg), np.array(lat * deg))
        near = (slice(int(row) - 1, int(row) + 2), slice(int(column) - 1, int(column) + 2))
        found = np.nanmean(made.emissivity[near])
        assert found == pytest.approx(value, abs=allowed + 2 * np.nanmean(made.emissivity_std[near]) / 3)


def test_what_is_left_out_makes_it_worse(world):
    """No blur of the model, literal factors, a gradient left in: each is worse than the whole chain."""
    spread = {}
    clean = stack(world[2], 3, clouds=0.02, white=False)
    spread["whole"] = background(world, retrieved(world, clean))[0].std()
    spread["literal"] = background(world, retrieved(world, clean, normalisation="literal"))[0].std()
    sharp = dataclasses.replace(world[0], blur=1.0)
    spread["sharp"] = background(world, retrieved(world, clean, sharp))[0].std()
    tilted = stack(world[2], 3, clouds=0.02, white=False, gradient=0.05)
    spread["tilted"] = background(world, retrieved(world, tilted))[0].std()
    for name in ("sharp", "tilted", "literal"):
        assert spread[name] > spread["whole"], spread


def test_an_altitude_wrong_by_a_kilometre_everywhere_cancels_in_a_relative_map(world):
    atmosphere, light, scene, known = world
    made = stack(scene, 4, clouds=0.02)
    high = dataclasses.replace(known, altitude=known.altitude + 1000.0)
    first = background(world, retrieved(world, made))[0]
    second = background((atmosphere, light, scene, high), retrieved((atmosphere, light, scene, high), made))[
        0
    ]
    assert abs(first.mean()) < 0.01
    assert abs(second.mean()) < 0.02
    slope = model_surface.altitude_slope(light, np.array(0.0), 0.9) * km
    assert slope == pytest.approx(-0.166, abs=0.004)


def test_absorption_is_found_from_the_slope_with_altitude(world):
    atmosphere, light, scene, known = world
    grid = grid_segment.segment_grid(5, STEP)
    found = retrieve.absorption(
        stack(scene, 5, clouds=0.02), known, grid, None, atmosphere=atmosphere,
        settings=config.load(Emissivity, {}), wavelength=light.wavelength,
    )  # fmt: skip
    assert abs(found.value - atmosphere.absorption) < 3 * found.std + 0.2 * atmosphere.absorption


def test_identical_mosaics_scatter_by_nothing(world):
    made = stack(world[2], 6, clouds=0.0, noise=0.0)
    found = retrieved(world, made, altimetry_std="0 km")
    good = np.isfinite(found.emissivity)
    assert np.nanmax(found.variation[good]) < 0.01


@pytest.mark.xfail(
    reason="+5 % over 200 km among clouds of 4 % and 500 km stays below 3 deviations", strict=True
)
def test_a_hot_spot_is_found(world):
    _search(world, clean=False)


def test_clean_archives_are_silent(world):
    _search(world, clean=True)


def _search(world, *, clean):
    scene, light = world[2], world[1]
    settings = config.load(Emissivity, {})
    grid = grid_segment.segment_grid(5, STEP)
    place = retrieve.ground(world[3], light, grid, None, atmosphere=world[0], settings=settings)
    spot = (220 * deg, -25 * deg, 0.05)

    def search(made):
        models = retrieve.orbit_models(made, place.model, grid)
        factor = grid_segment.factors(made, models, place.reference, least=0.1).model
        return retrieve_anomaly.transients(made, models, factor, grid, size=200 * km, threshold=6.0)

    claimed = clean and sum(
        bool(search(stack(scene, 200 + k, clouds=0.04, white=False, orbits=14))[0]) for k in range(5)
    )
    # Of twenty other clean archives three exceeded 5 deviations and none 5.5.
    assert claimed == 0
    if clean:
        return
    made = stack(scene, 7, clouds=0.04, white=False, orbits=14, hot=spot)
    models = retrieve.orbit_models(made, place.model, grid)
    factor = grid_segment.factors(made, models, place.reference, least=0.1).model
    found, _ = retrieve_anomaly.transients(made, models, factor, grid, size=200 * km, threshold=3.0)
    near = [
        t for t in found if t.orbit == 0 and abs(t.lat - spot[1]) < 3 * deg and abs(t.lon - spot[0]) < 3 * deg
    ]
    assert near
    assert near[0].significance >= 3


def test_rejection_of_mosaics_without_reference_area(world):
    made = stack(world[2], 8)
    models = np.stack([np.where(np.isfinite(layer), 5e4, 5e4) for layer in made.brightness])
    nowhere = np.zeros(made.area.shape, bool)
    nowhere[:2, :2] = True
    found = grid_segment.factors(made, models, nowhere, least=0.1)
    assert np.isnan(found.model).all()
    assert (found.part < 0.1).all()
