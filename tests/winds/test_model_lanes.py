import numpy as np
import pytest

from hesper.winds import model_lanes


@pytest.mark.parametrize("width", [1, 63, 64, 65, 500])
def test_lanes_hold_every_pixel_once(width):
    # Whole numbers, so that sums in any order are exact.
    row = (np.arange(width) % 16 + 1).astype(np.float32)
    lanes = np.zeros((2, model_lanes.LANES), np.float32)
    tile, sums = np.empty(model_lanes.LANES, np.float32), np.empty(2, np.float32)
    for start in range(0, width, model_lanes.LANES):
        model_lanes.take(row, start, np.float32(0.0), tile)
        lanes[0] += tile
        lanes[1] += tile**2
    model_lanes.fold(lanes, sums)
    assert sums.tolist() == [row.sum(dtype=float), (row.astype(float) ** 2).sum()]


def test_what_lies_beyond_a_row_is_filled():
    tile = np.empty(model_lanes.LANES, np.float32)
    model_lanes.take(np.ones(70, np.float32), 64, np.float32(np.nan), tile)
    assert np.isfinite(tile).sum() == 6
    assert (tile[:6] == 1).all()


def test_a_compiled_fold_is_the_folding_written_down():
    lanes = np.random.default_rng(3).normal(size=(3, model_lanes.LANES)).astype(np.float32)
    sums, expected = np.empty(3, np.float32), lanes.copy()
    while expected.shape[1] > 1:
        half = expected.shape[1] // 2
        expected = expected[:, :half] + expected[:, half:]
    model_lanes.fold(lanes, sums)
    assert (sums == expected[:, 0]).all()
