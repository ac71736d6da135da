"""Goldstein, Green & Rumsey 1976: what the paper prints, what the ephemeris says, and where they differ."""

import numpy as np
import pytest

from hesper import ephemeris
from hesper.constants import SPEED_OF_LIGHT, VENUS_RADIUS
from hesper.geometry import delay_doppler, sphere
from hesper.radar import pipeline_passes
from hesper.radar.pipeline import PAPER_DATES
from hesper.radar.plan import passes
from hesper.units import MHz, arcsec, deg, km, minute, us

SETTINGS = {"frequency": 2388 * MHz, "doppler_cell": 1 / 32, "doppler_cells": 256}
TRANSITS = {
    "1972-06-20": "19:28",
    "1973-12-23": "22:26",
    "1974-01-20": "20:13",
    "1974-02-01": "18:58",
    "1974-02-27": "17:19",
}
FRINGES = {"1972-06-20": 259, "1973-12-23": 486, "1974-01-20": 321, "1974-02-01": 336, "1974-02-27": 510}


@pytest.fixture(scope="module")
def table():
    return passes(PAPER_DATES, **SETTINGS)


def _at(date):
    return PAPER_DATES.index(date)


def test_the_table_of_passes_is_met_on_its_five_dates(table):
    rows = pipeline_passes.rows(table, PAPER_DATES)
    compared = [row for row in rows if row.expected is not None]
    assert len(compared) == 1 + 5 * 8 + 2 * 2
    assert [row.quantity for row in compared if not row.ok] == []


@pytest.mark.parametrize("date", TRANSITS)
def test_transits_and_fringes_are_those_tabled(table, date):
    k = _at(date)
    tabled = ephemeris.tdb_seconds(f"{date}T{TRANSITS[date]}")[0]
    assert abs(table.time[k] - tabled) < 2 * minute
    assert table.fringe[k] / km == pytest.approx(FRINGES[date], rel=0.005)


@pytest.mark.parametrize("date", PAPER_DATES)
def test_every_date_is_consistent_with_itself(table, date):
    k = _at(date)
    wavelength = SPEED_OF_LIGHT / (2388 * MHz)
    assert table.baseline[k] / km == pytest.approx(21.63, abs=0.02)
    assert table.baseline_north_most[k] < table.baseline[k]
    # The Doppler cells that a limb-to-limb bandwidth holds span the planet.
    assert table.bandwidth[k] * 32 * table.cell[k] == pytest.approx(2 * VENUS_RADIUS, rel=1e-12)
    assert table.cell[k] == pytest.approx(wavelength / 64 / table.rotation_rate[k], rel=1e-12)
    # The sub-radar point drifts at the apparent rotation rate, within the change of that rate.
    way = VENUS_RADIUS * table.rotation_rate[k] * table.duration
    assert table.drift[k] == pytest.approx(way, rel=table.rate_change[k])
    # The unit vectors turn as the Doppler normal does on the sky.
    view = ephemeris.viewing(table.time[k : k + 1], "DSS-14")
    east_west = np.degrees(np.arctan2(view.doppler_axis[0, 2], view.doppler_north[0, 2]))
    assert abs(abs(east_west) - abs(table.tilt[k] / deg)) < 0.05
    assert view.elevation[0] == pytest.approx(table.elevation[k])


def test_neighbouring_dates_bracket_the_dates_that_are_not_tabled(table):
    winter = slice(1, None)
    assert np.all(np.diff(table.lon[winter] % (2 * np.pi))[:4] > 0)
    conjunction = _at("1974-01-20")
    assert np.argmin(table.rotation_rate[winter]) + 1 == conjunction
    assert np.argmin(table.distance[winter]) + 1 == conjunction
    assert np.all(np.diff(table.rotation_rate[1 : conjunction + 1]) < 0)
    assert np.all(np.diff(table.rotation_rate[conjunction:]) > 0)


def test_one_face_in_an_equatorial_belt(table):
    # "an equatorial belt on the one face of Venus which is always seen on the occasions of closest approach"
    assert np.all(np.abs(table.lat) < 8 * deg)
    span = (table.lon / deg + 180) % 360 - 180
    assert np.ptp(span) < 90


def test_the_printed_numbers(table):
    assert table.baseline[0] / km == pytest.approx(21.6, abs=0.05)
    depth = 64 * 5 * us * SPEED_OF_LIGHT / 2
    assert 2 * delay_doppler.cap_radius(depth, VENUS_RADIUS) / km == pytest.approx(1500, abs=50)
    assert 5 * us * SPEED_OF_LIGHT / 2 == pytest.approx(750, abs=5)
    # The disk's 256 gates of 64 frequencies, the other reading of "64 × 256", would have reached 3000 km.
    assert 2 * delay_doppler.cap_radius(4 * depth, VENUS_RADIUS) / km > 2900
    light = table.distance / SPEED_OF_LIGHT
    assert 4.4 * minute < 2 * light[_at("1974-01-20")] < 5 * minute


def test_the_station_lies_to_the_southeast():
    first, second = (np.array(ephemeris.SITES[name].itrf) for name in ("DSS-14", "DSS-13-26m"))
    axes = sphere.local_axes(*sphere.lon_lat(first))
    step = second - first
    assert (step @ axes.east) / km == pytest.approx(8.66, abs=0.02)
    assert (step @ axes.north) / km == pytest.approx(-19.83, abs=0.05)


def test_cells_are_narrower_than_the_paper_says_on_the_fastest_dates(table):
    # Printed: between 6 and 12 km depending on the day.
    below = [date for date in PAPER_DATES if table.cell[_at(date)] < 5.5 * km]
    assert below == ["1973-12-23", "1974-02-27"]
    assert table.cell.max() / km == pytest.approx(11.40, abs=0.01)


def test_four_dates_alias_and_the_last_one_most(table):
    # "causes, with our limited sampling speed, aliasing of the spectral edges": figure 17, 27 February.
    window = table.window / km
    aliasing = {date for date in PAPER_DATES if window[_at(date)] < 1521}
    assert aliasing == {"1973-12-23", "1973-12-28", "1974-02-18", "1974-02-27"}
    assert np.argmin(window) == _at("1974-02-27")
    assert np.argmax(table.rotation_rate) == _at("1974-02-27")


LABELS = [
    ("1974-02-27", "DSS-14", -5.86, 14.41, 0.5),
    ("1977-03-30", "DSS-14", -8.95, 324.81, 0.5),
    ("1980-06-08", "DSS-14", -0.68, 319.94, 0.5),
    ("1988-06-05", "Arecibo", -1.56, 322.50, 0.3),
    ("1988-06-18", "Arecibo", 1.25, 334.21, 0.3),
]


@pytest.mark.parametrize(("date", "site", "lat", "lon", "tolerance"), LABELS)
def test_sub_radar_points_are_those_of_archive_labels(date, site, lat, lon, tolerance):
    found = passes([date], transmitter=site, **SETTINGS)
    centre = ephemeris.echo(found.time, "geocentre")
    assert abs(centre.lat[0] / deg - lat) < tolerance
    assert abs(centre.lon[0] / deg - lon) < tolerance


def test_the_geocentre_will_not_do(table):
    tilted = {d for d, tilt in zip(PAPER_DATES, table.site_tilt / deg, strict=True) if tilt > 0.5}
    # Far from conjunction the spin and the orbit outweigh the turning Earth.
    assert tilted == {"1972-06-20", "1973-12-28", "1974-01-13", "1974-01-20", "1974-02-01"}
    assert table.site_tilt.max() / deg == pytest.approx(1.46, abs=0.02)


def test_bistatic_becomes_monostatic():
    time = ephemeris.tdb_seconds("1974-01-20T20:13")
    one = ephemeris.echo(time, "DSS-14")
    two = ephemeris.echo(time, "DSS-14", "DSS-14")
    assert np.array_equal(one.radar, two.radar)
    other = ephemeris.echo(time, "DSS-14", "DSS-13-26m")
    assert 0 < sphere.separation(one.radar[0], other.radar[0]) < 0.1 * arcsec
