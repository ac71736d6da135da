import dataclasses

import numpy as np
import pytest

from hesper.config import frozen_defaults
from hesper.errors import InputError
from hesper.units import angstrom, arcsec, deg
from hesper.winds import model, model_fields, plan, plan_photons
from hesper.winds.data_settings import Windows


def test_paper_photon_chain():
    # P1
    budget = plan_photons.paper_budget()
    assert budget.useful == pytest.approx(1155, abs=1)
    assert budget.total == pytest.approx(4.23e5, rel=1e-3)
    assert budget.signal_to_noise == pytest.approx(650, abs=1)
    assert budget.velocity_std == pytest.approx(30.7, abs=0.1)


def test_wind_uncertainty_of_the_papers_cells(disk, paper_cells):
    # K3: 31 m/s in 128 cells is 4.8 or 6.8 m/s, not 2.7.
    def std(field, free):
        return plan.coverage_std(disk, *paper_cells, 31.0, field, free_zero=free)

    assert 31 / np.sqrt(128) == pytest.approx(2.74, abs=0.01)
    assert std(model_fields.uniform, True) == pytest.approx(6.82, rel=0.05)
    assert std(model_fields.uniform, False) == pytest.approx(4.82, rel=0.05)
    assert std(model_fields.cosine, True) == pytest.approx(7.63, rel=0.05)
    assert std(model_fields.cosine, False) == pytest.approx(5.31, rel=0.05)


def test_a_uniform_wind_looks_faster_as_a_cosine(disk, paper_cells):
    # K4: the printed 146 < 151 has the wrong order.
    place = model.points(disk, *paper_cells)
    truth = model_fields.reflected(model_fields.uniform, place, disk)
    column = model_fields.reflected(model_fields.cosine, place, disk)
    column, truth = column - column.mean(), truth - truth.mean()
    assert column @ truth / (column @ column) == pytest.approx(1.10, abs=0.03)


def test_coverage_of_the_papers_map(disk, paper_cells):
    # K6
    x, y = paper_cells
    assert x.size == 128
    place = model.points(disk, x, y)
    assert np.abs(place.lat).max() == pytest.approx(45 * deg, abs=3 * deg)
    assert sum((30, 31, 40, 48, 56, 67, 43)) == 315
    assert np.mean((42.96, 27.60, 25.06, 23.93, 30.27, 33.00, 34.72)) == pytest.approx(31.08, abs=0.01)


def test_tables_and_dates():
    config = dataclasses.replace(frozen_defaults(plan.Config), dates=3)
    made = plan.tables(config)
    assert [len(t.rows) > 2 for t in made] == [True] * len(made)
    assert all(len(row) == len(t.columns) for t in made for row in t.rows)


def test_several_windows():
    # A second window like the first halves the variance; other lines show a level of their own.
    config = frozen_defaults(plan.Config)
    one = plan.predict(config, "2007-11-07T13:30:00")
    wavelength = config.instrument.wavelength
    twice = dataclasses.replace(config, windows=Windows(wavelength=(wavelength,)))
    two = plan.predict(twice, "2007-11-07T13:30:00")
    assert two.window_std == pytest.approx([one.wind_std] * 2)
    assert two.wind_std == pytest.approx(one.wind_std / np.sqrt(2))
    other = dataclasses.replace(
        config,
        windows=Windows(
            wavelength=(wavelength, 8692.5 * angstrom), line=("reflected", "emitted"),
            dispersion=(11.7e-13, 17e-13), resolution=(20e-13, 30e-13),
        ),
    )  # fmt: skip
    three = plan.predict(other, "2007-11-07T13:30:00")
    assert three.level_std["reflected"] == pytest.approx(two.wind_std)
    assert three.level_std["emitted"] == three.window_std[2] > 0
    shown = dict(plan.tables(dataclasses.replace(other, dates=1))[1].rows)
    assert float(shown["σ of the shear between both levels, m/s"]) == pytest.approx(
        np.hypot(two.wind_std, three.window_std[2]), abs=0.006
    )
    with pytest.raises(InputError, match="1 further windows but a list of 2"):
        unequal = Windows(wavelength=(wavelength,), line=("reflected",) * 2)
        plan.predict(dataclasses.replace(config, windows=unequal), "2007-11-07T13:30:00")


def test_spring_2008():
    found = plan.predict(frozen_defaults(plan.Config), "2008-04-20T12:00:00")
    assert found.diameter / arcsec == pytest.approx(10.01 * 6121.8 / 6051.8, abs=0.02)
    assert found.phase / deg == pytest.approx(18.49, abs=0.05)
    assert found.projection == pytest.approx(1.9735, abs=1e-3)


def test_lines_near_sodium():
    # The methods' bounds from the atlas, 4.25 (D2), 3.77 (D1), 4.30 (Ni I), within 5 %.
    electrons = plan_photons.paper_budget().rate * 366e-3
    for centre, expected in ((5889.95, 4.25), (5895.92, 3.77), (5883.80, 4.51), (5892.86, 4.30)):
        assert plan_photons.line_std(centre * angstrom, electrons) == pytest.approx(expected, rel=0.05)


def test_a_dark_disk_tells_nothing_of_the_wind():
    found = plan.predict(frozen_defaults(plan.Config), "2012-06-05T22:00:00")
    assert found.cells == 0
    assert np.isinf([found.wind_std, found.cell_std]).all()
