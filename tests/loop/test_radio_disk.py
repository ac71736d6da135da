"""Many noisy days: the disk's flux density is unbiased and its errors are true."""

import numpy as np
import pytest
from tests.radio.scene_image import day

from hesper.radio import calibrate_track, retrieve_disk

SEEDS = 40
FLUX = 0.058


def fits(noise, free, **scene):
    """Return fits of one day with fresh noise, added to the same noiseless visibilities."""
    seen, followed = day(integrations=40, step=450.0, noise=0.0, **scene)
    data = calibrate_track.averaged(seen, followed, integrations=1, channels=4)
    rng = np.random.default_rng(4)
    weight = np.full_like(data.weight, 4 / noise**2)
    for _ in range(SEEDS):
        draw = rng.standard_normal((2, *data.value.shape)) * noise / 2
        noisy = data.value + (draw[0] + 1j * draw[1]).astype(np.complex64)
        yield retrieve_disk.disk(
            type(data)(**{**vars(data), "value": noisy, "weight": weight}), free=free, exponent=0.0
        )


def test_flux_density_is_unbiased_and_pulls_have_unit_variance():
    # Noise for which the standard deviation is 0.9 mJy, as on the paper's map.
    found = list(fits(0.34, retrieve_disk.POSITION))
    flux = np.array([f.flux_density for f in found])
    std = np.array([f.flux_density_std for f in found])
    assert 0.4e-3 < std.mean() < 1.5e-3
    pull = (flux - FLUX) / std
    assert abs(flux.mean() / FLUX - 1) < 0.005 + 3 * std.mean() / FLUX / SEEDS**0.5
    assert abs(pull.mean()) < 3 / SEEDS**0.5
    assert abs(pull.var(ddof=1) - 1) < 3 * (2 / (SEEDS - 1)) ** 0.5
    null = np.array([f.null_flux_density / f.null_flux_density_std for f in found])
    assert abs(null.var(ddof=1) - 1) < 3 * (2 / (SEEDS - 1)) ** 0.5
    for jackknife in ("time_jackknife_std", "baseline_jackknife_std"):
        mean = np.mean([getattr(f, jackknife) for f in found])
        # A jackknife over 20 spans or 30 antennas scatters by 16 % a draw, 3 % in the mean of 40.
        assert abs(mean / std.mean() - 1) < 0.15, jackknife


@pytest.mark.slow
def test_size_and_place_have_true_errors():
    found = list(fits(0.2, retrieve_disk.Free(True, True, False), offset=(0.5, 0.2)))
    size = np.array([(f.angular_diameter - 22.7176 * np.pi / 648000) / f.angular_diameter_std for f in found])
    place = np.array([(f.offset - np.array([0.5, 0.2]) * np.pi / 648000) / f.offset_std for f in found])
    for pull in (size, place[:, 0], place[:, 1]):
        assert abs(pull.mean()) < 3 / SEEDS**0.5
        assert abs(pull.var(ddof=1) - 1) < 3 * (2 / (SEEDS - 1)) ** 0.5
