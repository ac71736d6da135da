"""Tables 2 and 3 of Mohan et al. 2017, and where they do not follow from each other."""

import numpy as np
import pytest

from hesper import config, ephemeris, products, runs
from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.physics import fresnel, planck, sky
from hesper.radio import model, pipeline, pipeline_paper, read
from hesper.units import MHz, arcsec, deg, hour_angle, mJy

TABLE2, TABLE3 = read.published("mohan2017_table2"), read.published("mohan2017_table3")


@pytest.mark.parametrize("row", TABLE3, ids=lambda r: f"{r['frequency_MHz']} {r['date']}")
def test_temperatures_follow_from_fluxes_and_each_days_diameter(row):
    value = planck.brightness_temperature(float(row["flux_mJy"]) * mJy, float(row["frequency_MHz"]) * MHz,
                                          float(row["diameter_arcsec"]) * arcsec)  # fmt: skip
    assert value == pytest.approx(float(row["temperature_K"]), rel=3e-3)


@pytest.mark.parametrize("row", TABLE3[:4], ids=lambda r: f"{r['frequency_MHz']} {r['date']}")
def test_flux_errors_count_the_disk_in_rectangles_of_the_beam(row):
    d, a, b = (float(row[k]) * arcsec for k in ("diameter_arcsec", "beam_major_arcsec", "beam_minor_arcsec"))
    std = model.flux_density_std(float(row["rms_mJy"]), d, a, b)
    assert std == pytest.approx(float(row["flux_std_mJy"]), rel=5e-3)
    gaussian = std * np.sqrt(4 * np.log(2) / np.pi)
    assert abs(gaussian / float(row["flux_std_mJy"]) - 1) > 0.04


def test_the_limit_at_240_mhz_leaves_the_beams_out():
    row = TABLE3[4]
    d, a, b = (float(row[k]) * arcsec for k in ("diameter_arcsec", "beam_major_arcsec", "beam_minor_arcsec"))
    std = model.flux_density_std(1.5, d, a, b)
    assert std == pytest.approx(2.26, abs=0.01)
    limit = planck.brightness_temperature(3 * std * mJy, 239.9 * MHz, d)
    assert limit == pytest.approx(402, abs=1)
    assert limit + sky.temperature_scaled_whole(239.9 * MHz, 30.0) == pytest.approx(521, abs=1)
    assert 282 + 122 + 22 == 426


@pytest.mark.parametrize(
    ("frequency", "whole", "std", "apart"),
    [(606.0, 10.73, 1.57, 12.5), (332.9, 50.91, 7.0, 49.0), (239.9, 119.33, 18.5, 111.2)],
)
def test_sky_temperatures(frequency, whole, std, apart):
    assert sky.temperature_scaled_whole(frequency * MHz, 30.0) == pytest.approx(whole, rel=1e-3)
    assert sky.temperature_scaled_whole_std(frequency * MHz, 30.0) == pytest.approx(std, rel=0.01)
    assert sky.temperature(frequency * MHz, 30.0) == pytest.approx(apart, rel=0.01)


def test_table_2_is_geocentric_and_astrometric():
    """At the time of the printed right ascension all else printed is right; in no other convention."""
    off = []
    for row in TABLE2:
        dec = pipeline_paper.sexagesimal(row["declination"]) * deg
        found = pipeline_paper.at_printed_place(row["date"], row["right_ascension"], "geocentre")
        assert abs(found.dec[0] - dec) < 3.3 * arcsec
        assert found.angular_diameter[0] / arcsec == pytest.approx(float(row["diameter_arcsec"]), abs=0.02)
        assert 100 * found.illuminated_fraction[0] == pytest.approx(
            float(row["illumination_percent"]), rel=1e-3
        )
        there = pipeline_paper.at_printed_place(row["date"], row["right_ascension"], "GMRT")
        off.append(abs(there.dec[0] - dec))
    assert max(off) > 3.3 * arcsec


def test_a_place_that_is_not_reached_is_refused():
    with pytest.raises(InputError, match="not reached"):
        pipeline_paper.at_printed_place("2004-03-26", "05:00:00", "geocentre")


def test_table_2_is_not_apparent_of_date():
    for row in TABLE2:
        minutes = np.datetime64(row["date"], "s") + np.arange(0, 86400, 60) * np.timedelta64(1, "s")
        view = ephemeris.viewing(minutes)
        printed = sphere.unit_vector(
            pipeline_paper.sexagesimal(row["right_ascension"]) * hour_angle,
            pipeline_paper.sexagesimal(row["declination"]) * deg,
        )
        astrometric = sphere.separation(sphere.unit_vector(view.ra, view.dec), printed).min()
        apparent = sphere.separation(sphere.unit_vector(view.ra_apparent, view.dec_apparent), printed).min()
        assert astrometric < 3.0 * arcsec < 5.0 * arcsec < apparent


def test_penetration_depth_equation_1():
    wavelength = 299_792_458 / (239.9 * MHz)
    assert fresnel.penetration_depth(wavelength, 4.5, 0.01) == pytest.approx(9.4, abs=0.03)


@pytest.mark.slow
def test_demo_section_is_all_right(tmp_path):
    with runs.open_run(tmp_path, products.Provenance(recipe={}), quiet=True) as run:
        section = pipeline.demo(run, None)
    assert len(section.results) >= 34
    assert [row.quantity for row in section.results if not row.ok] == []
    found = products.read(tmp_path / "radio" / "temperatures.nc", pipeline.Temperatures)
    assert found.sky_model == "paper"


def test_default_keeps_the_cosmic_background_apart():
    assert config.frozen_defaults(pipeline.Config).sky_model == "background apart"
