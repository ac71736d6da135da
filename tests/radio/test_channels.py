"""Joined channels keep their middle, scans on disk are those in memory, the Earth turns baselines."""

import dataclasses

import numpy as np
import pytest
from tests.radio.conftest import observation

from hesper import ephemeris
from hesper.constants import SPEED_OF_LIGHT
from hesper.radio import (
    calibrate_channels,
    calibrate_selfcal,
    calibrate_times,
    model_array,
    pipeline_scans,
)
from hesper.radio.data_settings import Reduction
from hesper.record import take


@pytest.mark.parametrize("count", [2, 3, 4])
def test_flags_do_not_move_the_middle_of_joined_channels(count):
    data = observation(antennas=5, channels=24, times=6)
    rng = np.random.default_rng(1)
    delay = 0.05 / data.setup.channel_width
    fringe = np.exp(2j * np.pi * delay * data.setup.frequency)
    value = np.broadcast_to(fringe[None, None, :, None], data.value.shape)
    data = dataclasses.replace(
        data,
        value=value,
        weight=rng.uniform(0.5, 2, value.shape),
        flag=rng.random(value.shape) < 0.3,
    )
    found = calibrate_channels.joined(data, count)
    assert found.setup.frequency.size == 24 // count
    assert found.setup.channel_width == count * data.setup.channel_width
    there = ~found.flag
    turned = found.value * np.exp(-2j * np.pi * delay * found.setup.frequency)[:, None]
    assert 0.3 < there.mean() < 1
    assert np.abs(turned.imag[there]).max() < 1e-5
    # Between one pair at the edges and one in the middle.
    assert np.cos(np.pi * 0.05 * (count - 1)) - 1e-5 < turned.real[there].min()
    assert np.all(found.weight[~there] == 0) and np.all(found.weight[there] > 0)


def test_weights_of_joined_channels_are_those_of_their_noise():
    data = observation(antennas=8, channels=24, times=40)
    rng = np.random.default_rng(2)
    weight = np.broadcast_to(rng.uniform(0.2, 3, 24)[None, None, :, None], data.value.shape)
    noise = rng.standard_normal((*data.value.shape, 2)) @ np.array([1, 1j]) / np.sqrt(weight)
    flag = rng.random(weight.shape) < 0.1
    found = calibrate_channels.joined(dataclasses.replace(data, value=noise, weight=weight, flag=flag), 3)
    white = (found.value * np.sqrt(found.weight))[~found.flag]
    assert np.var(white.real) == pytest.approx(1, abs=4 * np.sqrt(2 / white.size))


def test_as_many_channels_are_joined_as_the_edge_of_the_field_allows():
    setup = observation(antennas=5, channels=24, times=2).setup
    apart = setup.antenna_position[setup.antenna1] - setup.antenna_position[setup.antenna2]
    longest = np.linalg.norm(apart, axis=1).max()
    for field in (1e-4, 1e-3, 1e-2):
        count = calibrate_channels.number_to_join(setup, field_of_view=field)
        turns = setup.channel_width * longest * field / 2 / SPEED_OF_LIGHT
        assert 24 % count == 0
        assert count == 1 or 1 - np.sinc(count * turns) <= calibrate_channels.LOSS
        larger = [n for n in range(count + 1, 25) if 24 % n == 0 and 24 // n >= calibrate_channels.LEAST]
        assert all(n * turns >= 1 or 1 - np.sinc(n * turns) > calibrate_channels.LOSS for n in larger)


@pytest.mark.parametrize("channels", [1, 4, 8, 16])
def test_channels_enough_are_left_to_tell_noise(channels):
    """A short array and a narrow band would allow one, of which no difference says what its noise is."""
    setup = observation(antennas=5, channels=channels, times=2).setup
    count = calibrate_channels.number_to_join(setup, field_of_view=1e-5)
    assert channels // count == min(channels, calibrate_channels.LEAST)


def test_scans_on_disk_are_those_in_memory(tmp_path):
    data = observation(antennas=5, channels=24, times=6)
    sky = np.broadcast_to(np.complex64(1), data.value.shape[:3])
    seen = []
    for scratch in (None, tmp_path):
        with pipeline_scans.scans([data, data], Reduction(), scratch) as scans:
            table = calibrate_selfcal.phases(data, sky, interval=60.0)
            scans.take_off(1, [table])
            seen.append([(b.value, b.weight, b.flag) for b in scans()])
    for held, stored in zip(*seen, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(held, stored, strict=True))
    assert not np.array_equal(seen[0][0][0], seen[0][1][0])


def test_the_earth_turns_baselines():
    """From uvw alone, as from the antennas' places, to a thousandth of the largest change."""
    place = model_array.antennas("GMRT")
    first, second = model_array.pairs(len(place.position))
    view = ephemeris.viewing(np.datetime64("2004-03-26T10:00:00"), "GMRT")
    ra, dec = float(view.ra[0]), float(view.dec[0])
    time, interval = view.time[0] + np.array([-9000.0, 0.0, 9000.0]), np.full(3, 16.8)
    frame = model_array.field_frame(time, ra, dec, place.position.mean(axis=0))
    uvw = model_array.baseline_uvw(frame.axes, place.position, first, second)
    exact = model_array.uvw_change(time, interval, place.position, first, second, ra, dec)
    assert np.abs(model_array.uvw_turn(uvw, interval, dec) - exact).max() < 1e-3 * np.abs(exact).max()


def test_joined_integrations_are_weighted_means():
    data = take(observation(antennas=5, channels=4, times=14), "time", slice(0, 7))
    found = calibrate_times.joined(data, 3)
    assert found.interval == pytest.approx([3 * 16.8, 3 * 16.8, 16.8])
    assert found.time[0] == pytest.approx(data.time[1]) and found.time[2] == data.time[6]
    mass = np.where(data.flag, 0, data.weight)[:3]
    assert found.weight[0] == pytest.approx(mass.sum(axis=0), rel=1e-5)
    mean = (mass * data.value[:3]).sum(axis=0) / np.maximum(mass.sum(axis=0), 1e-9)
    assert np.abs(found.value[0] - mean).max() < 1e-5
    assert np.array_equal(found.flag[0], data.flag[:3].all(axis=0))
    assert found.uvw[1] == pytest.approx(data.uvw[3:6].mean(axis=0))
