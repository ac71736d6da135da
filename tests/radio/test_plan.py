"""What an observation would give."""

import numpy as np
import pytest

from hesper import ephemeris
from hesper.errors import InputError
from hesper.radio import grid_image, model_array, plan, plan_beam, retrieve_disk
from hesper.radio.data_image import Beam
from hesper.units import MHz, arcsec, minute


def test_noise_is_that_of_visibilities_averaged():
    """26 antennas, one polarisation, 311 minutes, 16 MHz: σ of a visibility over the root of their number."""
    receiver = plan.find_receiver("GMRT", "610")
    noise = plan.thermal_noise(receiver, seconds=311 * minute, polarisations=1, antennas=26)
    one = receiver.temperature / receiver.gain / np.sqrt(2 * 125e3 * 16.8)
    count = 26 * 25 / 2 * 128 * 311 * minute / 16.8
    assert noise == pytest.approx(one / np.sqrt(count))
    assert one == pytest.approx(0.1556, abs=1e-3)


@pytest.mark.parametrize("receiver", plan.receivers(), ids=lambda r: f"{r.telescope} {r.band}")
def test_every_receiver_has_its_array_and_sensible_numbers(receiver):
    assert len(model_array.antennas(receiver.telescope).position) >= 0.9 * receiver.antennas
    assert 10 < receiver.temperature / receiver.gain < 3000
    assert receiver.source


def test_meerkat_reaches_seven_point_seven_kilometres():
    position = model_array.antennas("MeerKAT").position
    longest = np.linalg.norm(position[:, None] - position, axis=-1).max()
    assert longest == pytest.approx(7700, rel=0.02)
    assert np.abs(np.linalg.norm(position, axis=-1) - 6.3725e6).max() < 5e3


def test_march_2004_at_606_mhz():
    seen = plan.outlook(plan.Config(telescope="GMRT", band="610", date="2004-03-26"))
    assert seen.angular_diameter / arcsec == pytest.approx(22.72, abs=0.01)
    assert 5 < seen.beam / arcsec < 9 and seen.flux_density == pytest.approx(0.065, rel=0.02)
    # The disk is resolved: its flux density is worse known than a point's.
    assert seen.flux_density_std > 1.5 * seen.rms
    assert seen.frequency == 615 * MHz
    assert 9 * 3600 < np.ptp(seen.time[seen.up]) < 12 * 3600


def test_the_error_foreseen_is_that_of_a_fit():
    from tests.radio.scene_image import day

    from hesper.radio import calibrate_track

    data, followed = day(integrations=24, step=750.0, noise=1.0, flux=0.5)
    fitted = retrieve_disk.disk(
        calibrate_track.averaged(data, followed, integrations=1, channels=16), free=retrieve_disk.FLUX_ALONE
    )
    length = np.hypot(data.uvw[..., 0], data.uvw[..., 1]) * 606e6 / 299792458.0
    point = 1.0 / np.sqrt(data.value.size)
    foreseen = point / np.sqrt(plan.uniform_share(length * followed.angular_diameter.mean()))
    # The primary beam takes 2 %.
    assert fitted.flux_density_std / fitted.reduced_chi2**0.5 == pytest.approx(foreseen, rel=0.04)


def test_tables_compare_all_receivers():
    first, second = plan.tables(plan.Config())
    assert any("σ(T_b)" in row[0] for row in first.rows)
    assert len(second.rows) == len(plan.receivers())


def test_wrong_input_is_named():
    with pytest.raises(InputError, match="no receiver 'band 9'"):
        plan.outlook(plan.Config(band="band 9"))
    with pytest.raises(InputError, match="write it like"):
        plan.outlook(plan.Config(date="tomorrow"))


def test_a_disk_seen_with_a_small_beam_has_the_mean_brightness():
    size = 22.72 * arcsec
    beam = Beam(major=6.5 * arcsec, minor=5.1 * arcsec, angle=0.0)
    share = grid_image.beam_area(beam) / (np.pi / 4 * size**2)
    assert plan_beam.peak(58.0, size, beam) == pytest.approx(58 * share, rel=1e-3)
    wide = Beam(major=200 * arcsec, minor=200 * arcsec, angle=0.0)
    assert plan_beam.peak(58.0, size, wide) == pytest.approx(58.0, rel=0.01)


def test_more_weight_to_the_long_baselines_makes_the_beam_smaller():
    place = model_array.antennas("GMRT")
    view = ephemeris.viewing(np.datetime64("2004-03-26T10:00") + np.arange(-2, 3) * 3600, "GMRT")
    samples = plan_beam.points(place, view, frequency=606e6, bandwidth=16e6)
    beams = [plan_beam.synthesised(samples, robust=r, field_of_view=0.012) for r in (-2.0, 0.5, 2.0)]
    areas = [b.major * b.minor for b in beams]
    assert areas == sorted(areas)
    assert plan_beam.robustness(samples, area=areas[1], field_of_view=0.012) == pytest.approx(0.5, abs=0.05)
    with pytest.raises(InputError, match="weights give"):
        plan_beam.robustness(samples, area=100 * areas[2], field_of_view=0.012)
