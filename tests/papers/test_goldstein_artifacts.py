"""The artifacts of the paper's figures, predicted from the geometry of their dates alone."""

import numpy as np
import pytest

from hesper import config
from hesper.radar import model_geometry, plan, plan_pass
from hesper.radar.data_interferometer import ALIASED
from hesper.radar.data_settings import PAPER_DATES, Reduction, Scene, Stations, Waveform
from hesper.units import hour, km

STATIONS, WAVEFORM, SCENE, REDUCTION = (
    config.load(kind, {}) for kind in (Stations, Waveform, Scene, Reduction)
)


def _pass(date, hours, offset=0.0):
    middle = float(model_geometry.transits([date], "DSS-14")[0]) + offset * hour
    times = middle + 600.0 * np.arange(-round(3 * hours), round(3 * hours) + 1)
    return model_geometry.pass_geometry(times, "DSS-14", STATIONS.receivers, frequency=WAVEFORM.frequency)


def _cut(date, hours, north):
    return plan_pass.cut(
        _pass(date, hours), STATIONS, WAVEFORM, SCENE, across=100 * km, north=north * km, looks=9
    )


def _runway(date, hours):
    north = np.arange(20.0, 750.0, 5.0)
    contrast = _cut(date, hours, north).contrast_std
    return north[~(contrast < 0.3)].max()


def test_the_runway_widens_when_the_pass_is_short():
    # "On that day the observation time was too short, resulting in an enlarged runway": 23 December 1973.
    widths = {hours: _runway("1973-12-23", hours) for hours in (1, 2.5, 3, 5, 6, 7)}
    assert widths[6] == pytest.approx(65, abs=10)
    assert widths[3] == pytest.approx(85, abs=10)
    assert widths[1] > 200
    slope = np.polyfit(np.log([2.5, 3, 5, 7]), np.log([widths[h] for h in (2.5, 3, 5, 7)]), 1)[0]
    assert slope == pytest.approx(-0.37, abs=0.1)


def test_altitude_noise_lines_the_runway_of_a_short_pass():
    north = np.array([80.0, 100.0])
    short, long = (_cut("1973-12-23", hours, north).altitude_std[:, 0] for hours in (3, 6))
    assert np.all(short / long > 1.3)


def test_bands_of_a_pass_without_change_of_baseline():
    # Figure 14: "inadequate change in the relative location of the two receivers with respect to Venus".
    north = np.arange(50.0, 750.0, 4.0)
    far = north > 150
    stds = {hours: _cut("1974-01-20", hours, north).altitude_std[:, 0] for hours in (1, 2, 6)}
    std = stds[1]
    peaks = north[1:-1][(std[1:-1] > std[:-2]) & (std[1:-1] > std[2:])]
    for place in (242, 404, 566):
        assert np.min(np.abs(peaks - place)) < 0.05 * place
    predicted = plan_pass.bands(_pass("1974-01-20", 1), WAVEFORM.frequency, 750 * km) / km
    assert np.allclose(predicted[1:4], [242, 404, 566], rtol=0.05)
    contrast = {hours: value[far].max() / value[far].min() for hours, value in stds.items()}
    # 18.8 and 12.5 are given for point cells: what cells have of extent fills the minima.
    assert 10 < contrast[1] < 18.8 * 1.2
    assert contrast[2] == pytest.approx(12.5, rel=0.2)
    assert contrast[6] == pytest.approx(10.0, rel=0.2)
    medians = {hours: np.median(value[north > 100]) for hours, value in stds.items()}
    assert medians[1] / medians[6] == pytest.approx(4.7, abs=0.7)
    assert medians[2] / medians[6] == pytest.approx(2.4, abs=0.4)


def test_banding_is_announced_by_the_leverage():
    reach = 750 * km
    assert plan_pass.leverage(_pass("1974-01-20", 2), reach) < plan_pass.LEAST_LEVERAGE
    assert plan_pass.leverage(_pass("1974-01-20", 6), reach) > 8
    late = plan_pass.leverage(_pass("1974-01-20", 2, offset=4), reach)
    assert late < plan_pass.LEAST_LEVERAGE
    # The same two hours, but after transit, have almost no change at all: the bands of figure 14.
    assert late < plan_pass.leverage(_pass("1974-01-20", 2), reach) / 2


def test_folding_is_flagged_from_the_geometry_although_the_bound_looks_good():
    found = {
        date: plan_pass.predict(_pass(date, 6), STATIONS, WAVEFORM, SCENE, looks=9, reduction=REDUCTION)
        for date in ("1974-01-20", "1974-02-27")
    }
    assert not np.any(found["1974-01-20"].mask & ALIASED)
    folded = found["1974-02-27"]
    flagged = (folded.mask & ALIASED) > 0
    assert np.abs(folded.x[flagged]).min() == pytest.approx(534 * km, abs=15 * km)
    # The bound knows nothing of folding: it calls most of these cells measurable.
    assert np.mean(folded.altitude_std[flagged] < 3 * km) > 0.8


def test_disk_medians_shrink_with_hours():
    north = np.arange(100.0, 750.0, 10.0)
    medians = [np.median(_cut("1974-01-20", hours, north).altitude_std[:, 0]) for hours in (2, 3, 6)]
    assert medians[0] > medians[1] > medians[2]
    # "Altitude resolution is 500 m": one cell's bound lies well below it near conjunction.
    assert 100 < medians[2] < 250


@pytest.mark.slow
def test_every_date_can_be_planned():
    for date in PAPER_DATES:
        tables = plan.tables(config.load(plan.Config, {"observation": {"date": date}}))
        assert len(tables) == 2
        assert all(len(row) == len(table.columns) for table in tables for row in table.rows)


def test_a_plan_says_what_to_expect():
    short = config.load(plan.Config, {"observation": {"date": "1974-01-20", "duration": "1 h"}})
    text = dict(plan.tables(short)[0].rows)
    assert "bands of altitude noise are likely" in text["leverage"]
    assert text["Doppler aliasing"] == "none"
