"""A spot of known place comes back where it is, on its own side, and flags say what they mean."""

import dataclasses

import numpy as np
import pytest

from hesper import maps
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.radar import calibrate, grid, model, retrieve, retrieve_beam
from hesper.radar.data import AMBIGUOUS, ELONGATED, UNSEEN, Feature, Mosaic, Topography
from hesper.units import arcmin, deg, km

SPOT = (300 * deg, 45 * deg)
CELL = 1 * deg * VENUS_RADIUS


@pytest.fixture(scope="module")
def look(displaced):
    scaled = calibrate.noise(displaced)
    return calibrate.centred(scaled, calibrate.limb(scaled))


@pytest.fixture(scope="module")
def law(look):
    return calibrate.backscatter(look)


@pytest.fixture(scope="module")
def area():
    return maps.equirectangular(1 * deg, west=-130 * deg, east=70 * deg, south=-90 * deg, north=90 * deg)


@pytest.fixture(scope="module")
def surface(look, law, area):
    return grid.reflectivity(look, area, 1, law=law, beam_offset=1 * arcmin)


def _centre(surface):
    lon, lat = maps.lon_lat(surface.grid)
    weight = np.where(surface.reflectivity > 3, np.cos(lat), 0.0)
    return sphere.lon_lat(np.sum(weight[..., None] * sphere.unit_vector(lon, lat), axis=(0, 1)))


def test_the_spot_is_mapped_to_its_place(look, surface):
    found = sphere.unit_vector(*_centre(surface))
    view = model.frame(look.echo)
    off = VENUS_RADIUS * sphere.separation(found, sphere.unit_vector(*SPOT))
    assert off < CELL / 4
    assert sphere.unit_vector(*SPOT) @ view.north > 0


def test_the_other_hemisphere_shows_the_mirror_image(look, law, area):
    other = grid.reflectivity(look, area, -1, law=law)
    spot, north = sphere.unit_vector(*SPOT), look.echo.north[0]
    mirror = spot - 2 * (spot @ north) * north
    assert VENUS_RADIUS * sphere.separation(sphere.unit_vector(*_centre(other)), mirror) < CELL / 4


def test_values_and_uncertainty_are_those_of_the_scene(surface):
    lon, lat = maps.lon_lat(surface.grid)
    away = sphere.separation(sphere.unit_vector(lon, lat), sphere.unit_vector(*SPOT)) * VENUS_RADIUS
    plain = (surface.mask == 0) & (away > 600 * km) & (surface.incidence > 20 * deg)
    spot = (surface.mask & UNSEEN == 0) & (away < 250 * km)
    assert np.nanmean(surface.reflectivity[plain]) == pytest.approx(1.0, abs=0.03)
    assert np.nanmean(surface.reflectivity[spot]) == pytest.approx(5.0, rel=0.05)
    scatter = (surface.reflectivity[plain] - 1) / surface.reflectivity_std[plain]
    # Interpolation between pixels averages speckle: never more than the stated scatter, never under half.
    assert 0.5 < scatter.std() < 1.05


def test_flags(look, law, surface, area):
    lon, lat = maps.lon_lat(area)
    view = model.frame(look.echo)
    north = sphere.unit_vector(lon, lat) @ view.north
    seen = surface.mask & UNSEEN == 0
    assert not seen[north < 0].any()
    assert np.isnan(surface.reflectivity[~seen]).all()
    assert np.isfinite(surface.reflectivity[seen]).all()
    long = surface.mask & ELONGATED > 0
    assert np.all(surface.cell[long] > 80 * km)
    assert np.all(surface.cell[seen & ~long] <= 80 * km)
    front = seen & (np.abs(north) < 0.05)
    assert long[front].all()
    both = surface.mask & AMBIGUOUS > 0
    assert np.all(10 * np.log10(surface.mirror[both]) > -6)
    wide = grid.reflectivity(look, area, 1, law=law, beam_width=60 * arcmin, beam_offset=1 * arcmin)
    assert np.all((wide.mask & AMBIGUOUS > 0) == seen)


def test_high_ground_is_looked_up_earlier(look, law):
    view = model.frame(look.echo)
    area = maps.orthographic(10 * km, lon=SPOT[0], lat=SPOT[1], half_width=800 * km)
    flat = grid.reflectivity(look, area, 1, law=law)
    raised = grid.reflectivity(look, area, 1, law=law, altitude=10 * km)
    moved = sphere.unit_vector(*_centre(raised)) - sphere.unit_vector(*_centre(flat))
    # Taken to lie 10 km higher, the same echo must lie further from the Doppler equator by h R/y.
    y = sphere.unit_vector(*SPOT) @ view.north
    assert VENUS_RADIUS * (moved @ view.north) == pytest.approx(10 * km / y * (1 - y**2), rel=0.1)


def test_a_hemisphere_is_needed(look, law, area):
    with pytest.raises(InputError, match="hemisphere 0"):
        grid.reflectivity(look, area, 0, law=law)


def test_contrast_of_the_spot(look):
    spot = Feature("spot", *SPOT, 800 * km)
    found = retrieve.contrast(look, [spot], 1, radius=250 * km)
    assert found.ratio[0] == pytest.approx(5.0, abs=4 * found.ratio_std[0])
    assert found.ratio_std[0] < 0.2
    assert found.chance[0] < 1e-10
    dull = Feature("plain", 330 * deg, 45 * deg, 800 * km)
    plain = retrieve.contrast(look, [dull], 1, radius=250 * km)
    assert abs(plain.ratio[0] - 1) < 4 * plain.ratio_std[0]
    assert 1e-3 < plain.chance[0] < 0.999
    with pytest.raises(InputError, match="beyond the Doppler equator"):
        retrieve.contrast(look, [spot], -1, radius=250 * km)
    assert retrieve.contrast(look, [], -1, radius=250 * km).ratio.size == 0


def test_displacement_leakage_and_correlation_of_a_known_scene(look, law, surface):
    rows = 512
    globe = maps.equirectangular(180 * deg / rows, west=0.0, east=360 * deg, south=-90 * deg, north=90 * deg)
    lon, lat = maps.lon_lat(globe)
    # The scene, 20 km too far west in the reference: the look's spot lies east of it.
    shifted = SPOT[0] - 20 * km / VENUS_RADIUS / np.cos(SPOT[1])
    away = sphere.separation(sphere.unit_vector(lon, lat), sphere.unit_vector(shifted, SPOT[1]))
    mosaic = Mosaic(brightness=np.where(away * VENUS_RADIUS < 400 * km, 5.0, 1.0), grid=globe)
    flat = Topography(altitude=np.zeros(lon.shape), grid=globe)
    spot = Feature("spot", *SPOT, 800 * km)
    found = retrieve.displacement(look, [spot], 1, law=law, topography=flat, mosaic=mosaic)
    assert found.east[0] == pytest.approx(20 * km, abs=4 * km)
    assert found.north[0] == pytest.approx(0.0, abs=4 * km)
    assert found.correlation[0] > 0.8
    with pytest.raises(InputError, match="no pattern"):
        retrieve.leakage(surface, Mosaic(brightness=np.ones(lon.shape), grid=globe))
    coarse = maps.equirectangular(2 * deg, west=0.0, east=360 * deg, south=-90 * deg, north=90 * deg)
    height = maps.resample_map(mosaic.brightness, globe, coarse)
    same = retrieve.correlation(surface, Topography(altitude=height, grid=coarse))
    assert same.value > 0.6
    assert 2 <= same.independent < same.n


def test_correlation_of_unrelated_fields_stays_within_its_uncertainty(surface):
    from scipy.ndimage import gaussian_filter

    coarse = maps.equirectangular(2 * deg, west=0.0, east=360 * deg, south=-90 * deg, north=90 * deg)
    scores = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        first, second = (
            gaussian_filter(rng.normal(size=maps.shape(coarse)), 5, mode=("nearest", "wrap"))
            for _ in range(2)
        )
        lon, lat = maps.lon_lat(surface.grid)
        column, row = maps.coordinates(coarse, lon, lat)
        value = first[np.clip(np.rint(row).astype(int), 0, 89), np.rint(column).astype(int) % 180]
        fake = dataclasses.replace(surface, reflectivity=value)
        found = retrieve.correlation(fake, Topography(altitude=second, grid=coarse))
        scores.append(found.value / found.std)
    assert 0.6 < np.std(scores) < 1.5


def test_leakage_finds_what_was_put_in(surface):
    from scipy.ndimage import gaussian_filter

    globe = maps.equirectangular(0.5 * deg, west=0.0, east=360 * deg, south=-90 * deg, north=90 * deg)
    lon, lat = maps.lon_lat(surface.grid)
    vectors, north = sphere.unit_vector(lon, lat), surface.echo.north[0]
    mirror = sphere.lon_lat(vectors - 2 * (vectors @ north)[..., None] * north)
    scores = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        shade = gaussian_filter(rng.normal(size=maps.shape(globe)), 4, mode=("nearest", "wrap"))
        shade /= shade.std()

        def read_off(place, shade=shade):
            column, row = maps.coordinates(globe, place[0], place[1])
            return shade[np.clip(np.rint(row).astype(int), 0, 359), np.rint(column).astype(int) % 720]

        value = 1 + 0.3 * (read_off((lon, lat)) + 0.2 * read_off(mirror))
        hills = gaussian_filter(rng.normal(size=value.shape), 2)
        fake = dataclasses.replace(surface, reflectivity=value + 0.2 * hills / hills.std())
        share, std = retrieve.leakage(fake, Mosaic(brightness=shade, grid=globe), largest=99.0)
        scores.append((share - 0.2) / std)
    assert abs(np.mean(scores)) < 3 / np.sqrt(30)
    assert 0.6 < np.std(scores) < 1.5


def test_the_aim_of_the_beam_is_that_whose_mirrors_leak_so_much(surface):
    seen = (surface.mask & (UNSEEN | ELONGATED)) == 0
    found = retrieve_beam.aim(surface, (float(surface.mirror[seen].mean()), 0.02), beam_width=2 * arcmin)
    # x and y of the sphere itself: the map's own were of the same sphere.
    assert found.value == pytest.approx(1 * arcmin, rel=1e-3)
    more = retrieve_beam.aim(
        surface, (float(surface.mirror[seen].mean()) + 0.02, 0.02), beam_width=2 * arcmin
    )
    assert found.value - more.value == pytest.approx(found.std, rel=0.3)
    with pytest.raises(InputError, match=r"leak 1\.20"):
        retrieve_beam.aim(surface, (1.2, 0.02), beam_width=2 * arcmin)
