"""Two places of the slit that show nearly the same light, on an almost full disk."""

import numpy as np
import pytest

from hesper import ephemeris
from hesper.units import arcsec
from hesper.winds import calibrate_search, model, model_fields, model_pictures, model_position

TRUE = np.array([-3.5, -2.0, 2.0, 3.5]) * arcsec


@pytest.fixture(scope="module")
def fitted():
    """Profiles without noise at a phase of 18°, with errors of 1 %, fitted."""
    times = ephemeris.tdb_seconds("2008-04-20T12:00:00")[0] + np.array([-600.0, 0.0, 600.0])
    view = ephemeris.viewing(times, "Teide", kernel="DE421")
    disk = model.aspect(view, slit_angle=model.terminator_angle(view), radius=view.radius)
    table = model_pictures.pictures(
        disk, [], scattering=model_fields.minnaert, transfer=model_pictures.gaussian_transfer,
        seeing=np.arange(0.6, 1.6, 0.2) * arcsec, exponent=np.array([1.0]), slit=0.5 * arcsec,
        pixel=0.2 * arcsec,
    )  # fmt: skip
    height = np.arange(120) * 0.2 * arcsec
    middle = np.full(TRUE.size, height.mean())
    light = model_pictures.look(
        table, TRUE[:, None] + 0 * height, height - middle[:, None], np.full((4, 120), arcsec), 1.0
    )[..., 0]
    out = np.full((TRUE.size, 2, model_position.RESULTS), np.nan)
    model_position.fit_profiles(
        table.start, table.step, table.seeing, model_pictures.at_exponent(table, 1.0), height, 1e4 * light,
        np.full(light.shape, 100.0), np.arange(-0.96, 0.96, 0.06) * disk.angular_radius,
        1.0 * arcsec, 0.0, out,
    )  # fmt: skip
    return out


def test_the_better_of_both_places_is_the_true_one(fitted):
    assert fitted[:, 0, 0] == pytest.approx(TRUE, abs=0.01 * arcsec)
    assert (fitted[:, 0, 10] < fitted[:, 1, 10]).all()
    # The other lies on the other side of the disk.
    assert (np.sign(fitted[:, 1, 0]) == -np.sign(TRUE)).all()


def test_frames_whose_places_fit_alike_are_not_certain(fitted):
    chosen, certain = calibrate_search.chosen(fitted, np.full(4, np.nan))
    difference = fitted[:, 1, 10] - fitted[:, 0, 10]
    assert certain.tolist() == (difference >= 25).tolist()
    assert chosen == pytest.approx(fitted[:, 0])
    alike = fitted.copy()
    alike[:, 1, 10] = alike[:, 0, 10] + 24.9
    assert not calibrate_search.chosen(alike, np.full(4, np.nan))[1].any()


def test_commanded_positions_tell_places_that_fit_alike(fitted):
    alike = fitted.copy()
    alike[:, 1, 10] = alike[:, 0, 10] + 24.9
    chosen, certain = calibrate_search.chosen(alike, alike[:, 1, 0] + 0.5 * arcsec)
    assert certain.all()
    assert chosen == pytest.approx(alike[:, 1])
    # They do not speak against light that tells.
    apart = fitted.copy()
    apart[:, 1, 10] = apart[:, 0, 10] + 25.1
    assert calibrate_search.chosen(apart, apart[:, 1, 0])[0] == pytest.approx(apart[:, 0])


def test_a_slit_askew_to_a_crescent_meets_one_horn_and_is_placed():
    times = ephemeris.tdb_seconds("2025-02-15T18:00:00")[0] + np.array([-600.0, 0.0, 600.0])
    view = ephemeris.viewing(times, "Teide", kernel="DE421")
    askew = model.terminator_angle(view) + np.radians(20)
    disk = model.aspect(view, slit_angle=askew, radius=view.radius)
    table = model_pictures.pictures(
        disk, [], scattering=model_fields.minnaert, transfer=model_pictures.gaussian_transfer,
        seeing=np.arange(0.6, 1.6, 0.2) * arcsec, exponent=np.array([1.0]), slit=0.5 * arcsec,
        pixel=0.25 * arcsec,
    )  # fmt: skip
    true = np.array([1.0, 4.0, 8.0]) * arcsec
    height = np.arange(240) * 0.25 * arcsec
    middle = height.mean() + 2 * arcsec
    light = model_pictures.look(
        table, true[:, None] + 0 * height, height[None, :] - middle, np.full((3, 240), arcsec), 1.0
    )[..., 0]
    # What is bright lies many arcseconds from the centre of the disk.
    bright = light > 0.4 * light.max(axis=1, keepdims=True)
    assert (np.abs((bright * height).sum(axis=1) / bright.sum(axis=1) - middle) > 8 * arcsec).all()
    out = np.full((3, 2, model_position.RESULTS), np.nan)
    model_position.fit_profiles(
        table.start, table.step, table.seeing, model_pictures.at_exponent(table, 1.0), height, 1e4 * light,
        np.full(light.shape, 100.0), np.arange(-0.1, 0.96, 0.06) * disk.angular_radius,
        1.0 * arcsec, 0.0, out,
    )  # fmt: skip
    assert out[:, 0, 0] == pytest.approx(true, abs=0.01 * arcsec)
    assert out[:, 0, 1] == pytest.approx(middle, abs=0.01 * arcsec)
