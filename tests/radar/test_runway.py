"""The strip where north and south are not told apart, column by column."""

from types import SimpleNamespace

import numpy as np
import pytest

from hesper.radar import retrieve_runway
from hesper.units import km

LIMIT = 0.3


def _cells(width, seed):
    """Return cells of 41 columns whose σ falls as |y|⁻⁴ and passes the limit at width(x)."""
    rng = np.random.default_rng(seed)
    column, gate = (a.ravel() for a in np.meshgrid(np.arange(41), np.arange(64)))
    x, y = (column - 20) * 9 * km, 95 * km * np.sqrt(gate + 0.5)
    spread = LIMIT * (y / width(x)) ** -4.0 * np.exp(0.3 * rng.normal(size=len(y)))
    return SimpleNamespace(x=x, y=y, column=column, contrast_std=spread, mask=np.zeros((2, len(y)), np.uint8))


def test_every_column_has_its_own_edge():
    def width(x):
        return 200 * km + 0.4 * np.abs(x)

    pulls = []
    for seed in range(20):
        found = retrieve_runway.runway(_cells(width, seed), LIMIT)
        assert len(found.x) == 41
        pulls.append((found.half_width - width(found.x)) / found.half_width_std)
    # Errors come from the spacing of the cells, 20 km, and are stated no smaller.
    assert np.sqrt(np.mean(np.square(pulls))) < 1.2
    assert np.mean(np.abs(pulls) < 3) > 0.99


def test_dark_ground_far_out_does_not_widen_it():
    cells = _cells(lambda x: np.full_like(x, 200 * km), 1)
    dark = (cells.y > 500 * km) & (cells.y < 530 * km) & (np.abs(cells.x) < 60 * km)
    assert dark.sum() > 10
    cells.contrast_std[dark] = 2.0
    found = retrieve_runway.runway(cells, LIMIT)
    assert np.median(found.half_width) == pytest.approx(200 * km, abs=12 * km)
    assert found.half_width.max() < 250 * km


def test_columns_all_good_and_all_bad():
    cells = _cells(lambda x: np.where(x < 0, 20 * km, 2000 * km), 2)
    found = retrieve_runway.runway(cells, LIMIT)
    assert found.half_width[:15].max() < 96 * km
    assert found.half_width[-15:].min() > 730 * km


def test_noise_far_out_is_no_runway():
    """Two thirds of every column lost in noise: the strip ends where cells are told apart."""
    cells = _cells(lambda x: np.full_like(x, 200 * km), 3)
    cells.contrast_std[cells.y > 400 * km] = 2.0
    found = retrieve_runway.runway(cells, LIMIT)
    assert np.median(found.half_width) == pytest.approx(200 * km, abs=12 * km)
    assert found.half_width.max() < 250 * km
