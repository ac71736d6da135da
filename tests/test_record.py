import dataclasses

import numpy as np
import pytest

from hesper.errors import InputError
from hesper.record import Array, array, concatenate, dimensions, number, record, take, text


@record
class Track:
    """Where a thing was."""

    time: Array = array("time", "s", "time since start")
    place: Array = array("time xyz", "m", "position")
    mass: float = number("kg", "mass")
    name: str = text("name")


@record
class Run:
    """A track with a quality."""

    quality: Array = array("time", "1", "quality", dtype=int)
    track: Track


def _track(n):
    return Track(time=np.arange(n), place=np.ones((n, 3)), mass=2, name="a")


def test_arrays_are_coerced_and_frozen_but_the_callers_stay_writable():
    own = np.arange(3.0)
    track = Track(time=own, place=np.ones((3, 3)), mass=2, name="a")
    with pytest.raises(ValueError, match="read-only"):
        track.time[0] = 1
    own[0] = 5
    assert isinstance(track.mass, float)
    with pytest.raises(dataclasses.FrozenInstanceError):
        track.mass = 3.0


def test_lengths_are_compared_also_with_nested_records():
    with pytest.raises(InputError, match=r"Track.place: dimension 'time' has length 2 here and 3 in time"):
        Track(time=np.arange(3), place=np.ones((2, 3)), mass=1, name="")
    with pytest.raises(InputError, match=r"Run.track: dimension 'time'"):
        Run(quality=[1, 2], track=_track(3))
    with pytest.raises(InputError, match="1 dimensions given; 2 needed"):
        Track(time=np.arange(3), place=np.ones(3), mass=1, name="")
    assert dimensions(Run(quality=[1, 2, 3], track=_track(3))) == {"time": 3, "xyz": 3}


def test_take_and_concatenate_are_inverse():
    run = Run(quality=[1, 2, 3, 4], track=_track(4))
    parts = [take(run, "time", slice(0, 1)), take(run, "time", np.array([1, 2, 3]))]
    whole = concatenate(parts, "time")
    assert np.array_equal(whole.track.time, run.track.time)
    assert np.array_equal(whole.quality, run.quality)
    with pytest.raises(InputError, match="no records"):
        concatenate([], "time")


def test_help_shows_units():
    assert "position [m] ('time', 'xyz')" in Track.__doc__
