"""Two ways to follow a planet in images give the same, and what images do to the flux of a disk."""

import numpy as np
import pytest
from tests.radio.scene_image import day

from hesper.radio import (
    calibrate_track,
    grid_clean,
    grid_image,
    grid_masks,
    grid_samples,
    grid_snapshots,
    retrieve_disk,
)
from hesper.radio.data_image import Frame
from hesper.units import MHz, arcsec

FRAME = Frame(
    ra=0.8, dec=0.36, pixel=1.2 * arcsec, size=128, frequency=606 * MHz, bandwidth=16 * MHz, time=1.3e8
)
DISK = grid_masks.disk(FRAME, 16 * arcsec)


def images(noise, seed=0):
    """Return the aligned sum of minutes and the image of every integration turned, 4 in a minute."""
    seen, followed = day(
        integrations=96, step=16.8, scan=4, channels=4, width=4 * MHz, noise=noise, seed=seed
    )
    every = grid_samples.of_planet(calibrate_track.averaged(seen, followed, integrations=1, channels=1))
    turned = grid_image.dirty(every, every.weight, FRAME)
    return grid_snapshots.aligned_sum(seen, followed, FRAME, seconds=60, channels=1), turned, (seen, followed)


def cleaned_flux(made, sigmas):
    return float(grid_clean.hogbom(made, DISK, sigmas=sigmas).components.sum())


def test_methods_agree_without_noise():
    snapshots, turned, _ = images(0.0)
    assert np.max(np.abs(snapshots.psf - turned.psf)) < 0.01
    first, second = (
        float(grid_clean.hogbom(m, DISK, sigmas=0.3).components.sum()) for m in (snapshots, turned)
    )
    assert abs(first / second - 1) < 0.005


def test_methods_agree_with_noise():
    snapshots, turned, _ = images(0.3)
    first, second = (cleaned_flux(m, 2.0) for m in (snapshots, turned))
    assert abs(first / second - 1) < 0.01


@pytest.mark.slow
def test_whole_pixels_blur_more_than_exact_alignment():
    _, turned, (seen, followed) = images(0.0)
    rounded = grid_snapshots.aligned_sum_on_pixels(seen, followed, FRAME, channels=1)
    exact = grid_snapshots.aligned_sum(seen, followed, FRAME, channels=1)
    assert np.std(rounded.image - turned.image) > np.std(exact.image - turned.image)


def test_spans_keep_to_a_minute_and_to_scans():
    seen, _ = day(integrations=25, scan=10, antennas=slice(0, 4))
    spans = grid_snapshots.snapshots(seen, seconds=60.0)
    assert [s.stop - s.start for s in spans] == [4, 4, 2, 4, 4, 2, 4, 1]


def test_the_sum_of_an_image_is_biased_and_the_fit_is_not():
    """Aperture sums mix what CLEAN left, per dirty beam, with components, per clean beam."""
    seen, followed = day(integrations=40, step=450.0, channels=4, width=4 * MHz)
    tracked = calibrate_track.averaged(seen, followed, integrations=1, channels=1)
    rng = np.random.default_rng(5)
    sums, fits = [], []
    for _ in range(6):
        draw = 0.17 * rng.standard_normal((2, *tracked.value.shape))
        noisy = type(tracked)(
            **{
                **vars(tracked),
                "value": tracked.value + draw[0] + 1j * draw[1],
                "weight": np.full_like(tracked.weight, 0.17**-2),
            }
        )
        samples = grid_samples.of_planet(noisy)
        made = grid_image.dirty(samples, samples.weight, FRAME)
        clean = grid_clean.hogbom(made, DISK, sigmas=2.0)
        area = grid_image.beam_area(clean.beam) / FRAME.pixel**2
        sums.append(clean.restored[DISK].sum() / area)
        fits.append(retrieve_disk.disk(noisy, free=retrieve_disk.FLUX_ALONE))
    flux = np.array([f.flux_density for f in fits])
    assert abs(flux.mean() - 0.058) < 3 * fits[0].flux_density_std / np.sqrt(6)
    assert 1.04 < np.mean(sums) / 0.058 < 1.16
