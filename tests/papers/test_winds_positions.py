"""What chord positions do to a wind: the paper's formula on profiles and velocities without noise."""

import numpy as np
import pytest

from hesper import ephemeris
from hesper.units import arcsec, deg
from hesper.winds import calibrate_paper, model, model_fields, model_pictures

TRACKS = {
    "even": lambda s: 7.7 * s,
    "bent": lambda s: 7.7 * s + 1.6 * s * (1 - s),
    "slowing": lambda s: 7.7 * np.sqrt(s),
    "from one arcsecond": lambda s: 1.0 + 6.7 * s,
}


@pytest.fixture(scope="module")
def disk():
    times = ephemeris.tdb_seconds("2007-11-07T13:30:00")[0] + np.array([-600.0, 0.0, 600.0])
    view = ephemeris.viewing(times, "Teide", kernel="DE421", radius=6_051_800.0)
    return model.aspect(view, slit_angle=model.terminator_angle(view), radius=view.radius)


def _wind(disk, x, y, velocity):
    """Return the uniform westward wind of mean velocities in 1″ cells below 45°, zero level free."""
    cell = np.floor(x / arcsec).astype(int) * 1000 + np.floor(y / arcsec).astype(int) + 500
    names, index, count = np.unique(cell, return_inverse=True, return_counts=True)
    mean = np.bincount(index, velocity) / count
    place = model.points(disk, (names // 1000 + 0.5) * arcsec, (names % 1000 - 500 + 0.5) * arcsec)
    used = (np.abs(place.lat) < 45 * deg) & (count > 2)
    column = -model_fields.reflected(model_fields.uniform, place, disk)[used]
    column = column - column.mean()
    return column @ (mean[used] - mean[used].mean()) / (column @ column)


@pytest.fixture(scope="module")
def table(disk):
    return model_pictures.pictures(
        disk, [lambda place, _: -100 * model_fields.reflected(model_fields.uniform, place, disk)],
        scattering=model_fields.minnaert, transfer=model_pictures.gaussian_transfer,
        seeing=np.array([1.0]) * arcsec, exponent=np.array([1.0]), slit=0.5 * arcsec, pixel=0.2 * arcsec,
    )  # fmt: skip


def _found(disk, table, track):
    x = track(np.linspace(0, 1, 318)) * arcsec
    height = (np.arange(400) - 200) * 0.2 * arcsec
    seen = model_pictures.look(table, x[:, None], height[None, :] + 0 * x[:, None], 1.0 * arcsec, 1.0)
    light = seen[..., 0]
    chords = calibrate_paper.chords(light, height, np.arange(318.0), np.ones(318, bool))
    from_chord = calibrate_paper.position_from_chord(chords.smooth, disk)
    # The paper's steps: the cubic in time, rows above half of their frame's maximum, 45° of latitude.
    bright = light > 0.5 * light.max(axis=1, keepdims=True)
    velocity = seen[..., 1][bright] / light[bright]
    y = np.broadcast_to(height, light.shape)[bright]
    across = [np.broadcast_to(place[:, None], light.shape)[bright] for place in (x, from_chord)]
    winds = [_wind(disk, place, y, velocity) for place in across]
    return winds, float(np.mean(from_chord - x)) / arcsec


def test_chord_positions_are_off_by_what_the_profiles_say(disk, table):
    # The mean of the table of widths at half maximum (+0.83″ along the even track), to its spread.
    _, error = _found(disk, table, TRACKS["even"])
    assert error == pytest.approx(0.83, abs=0.1)


def test_chord_positions_alone_stretch_a_wind_by_a_fifth(disk, table):
    # K2: 20 to 26 %, for the even track.
    (true, chord), _ = _found(disk, table, TRACKS["even"])
    assert true == pytest.approx(100, abs=5)  # seeing and cells of 1″ take some
    assert 1.20 < chord / true < 1.26


@pytest.mark.parametrize("name", TRACKS)
def test_chord_positions_stretch_a_wind_on_any_track(disk, table, name):
    (true, chord), _ = _found(disk, table, TRACKS[name])
    assert chord > 1.05 * true
