"""What is read twice is the same twice; hands joined are their mean; rows are read in any order."""

import dataclasses

import numpy as np
import pytest
from tests.radio.conftest import observation

from hesper.errors import ResourceError
from hesper.radio import (
    calibrate_calibrators,
    calibrate_channels,
    calibrate_flags,
    calibrate_intensity,
    grid_samples,
    model_sources,
    pipeline_field,
    pipeline_memory,
    pipeline_search,
    pipeline_target,
    read_archive,
    read_uvfits,
    write,
)
from hesper.radio.data_calibration import Sources
from hesper.radio.data_settings import Reduction
from hesper.radio.pipeline_blocks import Blocks
from hesper.record import concatenate, take


def _noisy(seed=0, **shape):
    data = observation(**shape)
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(*data.value.shape, 2)).astype(np.float32)
    return dataclasses.replace(
        data,
        value=(data.value + 0.3 * (noise @ [1, 1j])).astype(np.complex64),
        weight=rng.uniform(0.5, 2, data.value.shape).astype(np.float32),
        flag=rng.random(data.value.shape) < 0.1,
    )


def _opened(data, folder):
    path = folder / "a.uvfits"
    path.write_bytes(write.uvfits([data], write.rows_with_weight(data)))
    return read_uvfits.uvfits(path)


@pytest.fixture
def without_tables(monkeypatch):
    """Leave values and flags as they are read, but for a sample that each search flags."""
    searched = []

    def search(block, tables):
        searched.append(block)
        flag = np.array(block.flag)
        flag[0, 0, 0, 0] = True
        return dataclasses.replace(block, flag=flag)

    monkeypatch.setattr(calibrate_calibrators, "searched", search)
    monkeypatch.setattr(
        calibrate_calibrators, "flagged_before", lambda block, _, flag: dataclasses.replace(block, flag=flag)
    )
    return searched


@pytest.mark.parametrize("room", [1e6, 0.0])
def test_flags_of_the_first_reading_serve_the_second(tmp_path, without_tables, room):
    archive = _opened(_noisy(channels=16, times=16), tmp_path)
    memory = pipeline_memory.budget(Reduction(size=256))._replace(flags=room)
    blocks = Blocks(archive, 1, None, Reduction(), memory)
    first, second = list(blocks()), list(blocks())
    assert len(without_tables) == (len(first) if room else 2 * len(first))
    for a, b in zip(first, second, strict=True):
        assert a.flag[0, 0, 0, 0] and 0 < a.flag.mean() < 0.5
        for name in ("value", "weight", "flag", "time"):
            assert np.array_equal(getattr(a, name), getattr(b, name))


def test_rows_are_read_in_any_order(tmp_path):
    data = _noisy(times=12)
    archive = _opened(data, tmp_path)
    rows = np.random.default_rng(1).permutation(archive.place.size)
    mixed, straight = archive.load(rows), archive.load(np.arange(archive.place.size))
    for a, b in zip(mixed, straight, strict=True):
        assert np.array_equal(a, b[rows])
    whole = read_archive.block(archive, 0, 12)
    assert np.allclose(whole.value, data.value, rtol=1e-6) and np.array_equal(whole.flag, data.flag)


def test_intensity_is_the_weighted_mean_and_gives_the_same_samples():
    data = _noisy()
    mean = calibrate_intensity.intensity(data)
    weight = np.where(data.flag, 0, data.weight)
    total = weight.sum(axis=-1)
    there = total > 0
    expected = (weight * data.value).sum(axis=-1)[there] / total[there]
    assert list(mean.setup.polarisation) == ["I"] and np.array_equal(~mean.flag[..., 0], there)
    assert np.allclose(mean.value[there][:, 0], expected, rtol=1e-5, atol=1e-6)
    assert np.allclose(mean.weight[..., 0], total, rtol=1e-6)
    assert calibrate_intensity.intensity(mean) is mean
    both = [grid_samples.samples(each, field_of_view=5e-4) for each in (data, mean)]
    for name in ("uvw", "value", "weight"):
        assert np.allclose(*(getattr(each, name) for each in both), rtol=2e-4, atol=1e-5)


def test_columns_hold_what_parts_would():
    data = _noisy(times=12)
    parts = [
        grid_samples.samples(take(data, "time", part), field_of_view=5e-4)
        for part in (slice(0, 4), slice(4, 12))
    ]
    columns = pipeline_search.Columns(10 + sum(part.weight.size for part in parts))
    for part in parts:
        columns.add(part)
    every, whole = columns.taken(), concatenate(parts, "sample")
    for name in ("uvw", "value", "weight"):
        assert np.array_equal(getattr(every, name), getattr(whole, name))


def test_products_of_columns_are_those_of_a_matrix():
    rows = np.random.default_rng(2).normal(size=(50, 7))
    assert np.allclose(model_sources.products(rows), rows.T @ rows, rtol=1e-12)


def test_a_report_of_blocks_is_that_of_the_whole():
    data = _noisy(times=12)
    parts = [take(data, "time", slice(0, 4)), take(data, "time", slice(4, 12))]
    reports = [calibrate_flags.report([("target", each)]) for each in parts]
    found = calibrate_flags.joined(reports, [each.time.size for each in parts])
    whole = calibrate_flags.report([("target", data)])
    for name in ("part", "antenna_part", "baseline_part", "channel_part", "polarisation_part"):
        assert np.allclose(getattr(found, name), getattr(whole, name), rtol=1e-12)


def test_a_field_with_more_samples_than_fit_is_refused():
    settings = Reduction(size=64, memory=6e8)
    memory = pipeline_memory.budget(settings)._replace(samples=10.0)
    seen = pipeline_field._Seen(settings, memory)
    with pytest.raises(ResourceError, match=r"reduction.memory: 600 MB given; the image has more than"):
        seen.add(take(_noisy(), "time", slice(4, 8)))


def test_a_field_in_which_nothing_is_found_keeps_its_data():
    block = take(_noisy(channels=16, times=16), "time", slice(8, 16))
    block = calibrate_channels.joined(block, 1)
    taken = []

    class Data:
        def __call__(self):
            yield block

        def take_off(self, number, tables):
            taken.extend(tables)

    none = np.zeros(0)
    nothing = Sources(east=none, north=none, flux_density=none, flux_density_std=none)
    pipeline_target._calibrated(Data(), nothing, Reduction(), None)
    assert taken
    for table in taken:
        assert np.all(table.amplitude == 1) and np.all(table.phase == 0)
