"""Gaulme et al. 2008: what is printed, and where it errs."""

import numpy as np
import pytest

from hesper import ephemeris
from hesper.constants import SPEED_OF_LIGHT
from hesper.units import arcsec, au, deg, km
from hesper.winds import pipeline_demo

TIMES = ("2007-11-07T13:06:00", "2007-11-07T13:56:00")


@pytest.fixture(scope="module")
def view():
    return ephemeris.viewing(TIMES, "Teide")


def test_range_rates(view):
    # E1: 0.5 m/s.
    assert view.venus_observer_rate / km == pytest.approx([13.27725, 13.32962], abs=5e-4)


def test_phase_distance_and_diameter(view):
    assert view.phase / deg == pytest.approx([83.58, 83.56], abs=0.03)
    assert view.distance / au == pytest.approx([0.77, 0.77], abs=5e-3)
    assert view.angular_diameter / arcsec == pytest.approx(21.766, abs=0.01)


def test_places_are_apparent_topocentric_of_date(view):
    # E2: 0.05 s and 0.1″; astrometric places are 24 s away.
    hours = view.ra_apparent / deg / 15 * 3600
    assert hours == pytest.approx([11 * 3600 + 56 * 60 + 21.86, 11 * 3600 + 56 * 60 + 30.16], abs=0.05)
    assert view.dec_apparent / arcsec == pytest.approx(
        [3600 + 28 * 60 + 42.10, 3600 + 27 * 60 + 57.89], abs=0.1
    )
    assert np.abs(view.ra - view.ra_apparent).min() / deg / 15 * 3600 > 20


def test_the_caption_of_table_1_has_the_wrong_year():
    wrong = ephemeris.viewing([t.replace("2007", "2008") for t in TIMES], "Teide")
    assert np.abs(wrong.venus_observer_rate / km - 13.3).min() > 24


def test_shift_between_venus_and_sky():
    # E3: the printed 13.65 leaves out the leg from the Sun to Venus.
    middle = ephemeris.viewing("2007-11-07T13:30:00", "Teide")
    assert SPEED_OF_LIGHT * middle.relative_shift[0] / km == pytest.approx(13.5127, abs=5e-4)
    printed = (middle.venus_observer_rate - middle.sun_observer_rate)[0] / km
    assert printed == pytest.approx(13.655, abs=1e-3)


def test_frames_do_not_fit_into_the_run():
    # 318 exposures of 10 s last longer than from 13:06:52 to 13:55:34.
    assert 318 * 10.05 > 2922


def test_table_of_the_demonstration():
    assert all(row.ok for row in pipeline_demo.table1())
