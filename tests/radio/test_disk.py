"""Tracking and the fit of a disk in the uv-plane."""

import dataclasses

import numpy as np
import pytest
from tests.radio.scene_image import day

from hesper.errors import InputError
from hesper.radio import calibrate_track, retrieve_disk, retrieve_profile
from hesper.radio.data_image import Track
from hesper.record import concatenate, take
from hesper.units import arcsec

INNER = slice(0, 14)


def tracked(**scene):
    seen, followed = day(**{"integrations": 40, "step": 450.0, **scene})
    return calibrate_track.averaged(seen, followed, integrations=1, channels=4)


def test_the_flux_density_of_a_resolved_disk_is_exact_without_noise():
    fitted = retrieve_disk.disk(tracked())
    assert abs(fitted.flux_density - 0.058) < 0.006e-3
    assert np.all(np.abs(fitted.offset) < 1e-3 * arcsec)
    assert abs(fitted.null_flux_density) < 0.001e-3


def test_a_geocentric_track_loses_flux():
    """The parallax of 7″ at the ends of the night is more than a beam."""
    geocentric = retrieve_disk.disk(tracked(observer="geocentre"), free=retrieve_disk.FLUX_ALONE)
    assert geocentric.flux_density < 0.97 * 0.058


def test_place_size_and_limb_are_found():
    data = tracked(offset=(0.4, -0.3), exponent=0.4)
    fitted = retrieve_disk.disk(data, free=retrieve_disk.EVERYTHING, exponent=0.1)
    assert fitted.offset / arcsec == pytest.approx([0.4, -0.3], abs=1e-3)
    assert fitted.limb_exponent == pytest.approx(0.4, abs=2e-3)
    assert fitted.angular_diameter / data.angular_diameter[20] == pytest.approx(1, abs=2e-4)
    assert fitted.flux_density == pytest.approx(0.058, rel=2e-4)


@pytest.mark.parametrize(("exponent", "bias"), [(0.1, 0.0037), (0.2, 0.0072), (0.4, 0.0136)])
def test_limb_darkening_taken_for_a_uniform_disk_overestimates(exponent, bias):
    fitted = retrieve_disk.disk(tracked(exponent=exponent))
    assert fitted.flux_density / 0.058 - 1 == pytest.approx(bias, abs=0.0005)


def test_an_exponent_that_starts_at_zero_may_grow():
    fitted = retrieve_disk.disk(tracked(exponent=0.2), free=retrieve_disk.EVERYTHING)
    assert fitted.limb_exponent == pytest.approx(0.2, abs=2e-3)


def test_channels_and_times_average_to_the_whole():
    data = tracked(noise=1.0)
    fitted = retrieve_disk.disk(data, free=retrieve_disk.FLUX_ALONE)
    for value, std in (retrieve_profile.channels(data, fitted), retrieve_profile.times(data, fitted)):
        assert np.average(value, weights=std**-2) == pytest.approx(fitted.flux_density, rel=1e-6)
        # Not scaled by χ², which the whole is.
        assert np.sum(std**-2) ** -0.5 == pytest.approx(
            fitted.flux_density_std / max(fitted.reduced_chi2, 1) ** 0.5, rel=1e-3
        )


def test_blocks_of_time_give_the_same_as_the_whole():
    seen, followed = day(integrations=24, noise=0.5)
    whole = calibrate_track.averaged(seen, followed, integrations=4, channels=4)
    parts = [
        calibrate_track.averaged(take(seen, "time", block), take(followed, "time", block), channels=4)
        for block in (slice(0, 10), slice(10, 20), slice(20, 24))
    ]
    joined = concatenate(parts, "time")
    assert joined.value == pytest.approx(whole.value, rel=1e-5)
    assert joined.uv == pytest.approx(whole.uv)
    assert joined.drift[:, 5] == pytest.approx(whole.drift[:, 5], rel=1e-6)


def test_averaging_does_not_cross_scans_and_flags_have_no_weight():
    seen, followed = day(integrations=12, scan=6, noise=0.5)
    flag = np.zeros_like(seen.flag)
    flag[:, 3] = True
    value = np.array(seen.value)
    value[flag] = np.nan
    data = calibrate_track.averaged(dataclasses.replace(seen, flag=flag, value=value), followed)
    assert data.time.size == 4
    assert not data.weight[:, 3].any() and np.isfinite(data.value).all()
    assert data.weight[0, 0, 0, 0] == pytest.approx(4 * 16 * seen.weight[0, 0, 0, 0])
    assert data.weight[1, 0, 0, 0] == pytest.approx(2 * 16 * seen.weight[0, 0, 0, 0])


def test_profile_shows_disk_and_null():
    data = tracked(noise=0.3)
    fitted = retrieve_disk.disk(data)
    rings = retrieve_profile.profile(data, fitted, edges=np.linspace(0, 2e4, 11))
    pulls = np.concatenate([(rings.real - rings.model) / rings.std, rings.imaginary / rings.std])
    assert np.mean(pulls**2) < 1 + 3 * np.sqrt(2 / pulls.size)


def test_wrong_input_is_named():
    seen, followed = day(integrations=4, antennas=INNER)
    late = dataclasses.replace(followed, time=followed.time + 60)
    with pytest.raises(InputError, match="times are not those"):
        calibrate_track.averaged(seen, late)
    data = calibrate_track.averaged(seen, followed)
    with pytest.raises(InputError, match="no visibility has weight"):
        retrieve_disk.disk(dataclasses.replace(data, weight=0 * data.weight))
    with pytest.raises(InputError, match="polarisations RL"):
        retrieve_disk.disk(dataclasses.replace(data, polarisation=np.array(["RL", "LR"])))
    assert isinstance(followed, Track)
