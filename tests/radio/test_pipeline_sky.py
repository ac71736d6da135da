"""The sky of the recipe."""

import numpy as np
import pytest

from hesper import config, ephemeris
from hesper.radio import pipeline, pipeline_paper, pipeline_sky, read, retrieve, retrieve_temperature
from hesper.radio.pipeline_config import Config
from hesper.units import MHz, arcsec

TIME = float(ephemeris.viewing(np.datetime64("2004-03-26T10:00"), "geocentre").time[0])


def stored(path):
    lon, lat = np.meshgrid(np.radians(np.arange(0, 360, 2.0)), np.arcsin(np.linspace(-0.995, 0.995, 180)))
    south = np.where(lat < 0, 2.0, 1.0).ravel()
    np.savez(
        path,
        maps=south[:, None],
        freqs=[408.0],
        comps=[[1.0]],
        sigmas=[20.0],
        ra=lon.ravel(),
        dec=lat.ravel(),
    )


def test_a_number_is_that_number():
    seen = pipeline_sky.behind(config.load(Config, {}), TIME)
    assert seen == (30.0, 4.0, 30.0)


def test_a_map_is_looked_up_where_venus_is(tmp_path):
    """Venus stood at declination +21°: 20 K behind it; its disk mirrors mostly the southern 40 K."""
    stored(tmp_path / "sky.npz")
    settings = config.load(Config, {"sky_map": str(tmp_path / "sky.npz"), "reflectivity": 0.15})
    seen = pipeline_sky.behind(settings, TIME)
    assert seen.temperature == pytest.approx(20.0) and seen.std == pytest.approx(4.0)
    assert 30 < seen.reflected < 40
    found = retrieve_temperature.fluxes(
        np.array([58e-29]), np.array([1e-29]), label=["a"], frequency=np.array([606 * MHz]),
        angular_diameter=np.array([22.7 * arcsec]), sky_408=20.0, sky_408_std=4.0,
        sky_model=retrieve.BACKGROUND_APART, calibration=0.0,
    )  # fmt: skip
    less = pipeline_sky.without_reflection(settings, found, seen.reflected)
    taken = found.brightness_temperature - less.brightness_temperature
    mean = retrieve.BACKGROUND_APART.temperature(606 * MHz, seen.reflected)
    assert taken == pytest.approx(0.15 * mean)
    assert pipeline_sky.without_reflection(config.load(Config, {}), found, seen.reflected) is found


def test_a_table_of_flux_densities_takes_the_sky_of_its_days(tmp_path):
    """20 K behind Venus instead of 30, for all rows of Table 3; the contrast stays what it is."""
    stored(tmp_path / "sky.npz")
    by_map = config.load(Config, {"sky_map": str(tmp_path / "sky.npz")})
    rows = read.flux_densities()
    found = pipeline_paper.temperatures(by_map, rows)
    plain = pipeline_paper.temperatures(config.load(Config, {}), rows)
    assert found.contrast_temperature == pytest.approx(plain.contrast_temperature)
    assert found.sky_temperature == pytest.approx(retrieve.BACKGROUND_APART.temperature(rows.frequency, 20.0))
    assert pipeline.inputs(by_map) == [tmp_path / "sky.npz"]
