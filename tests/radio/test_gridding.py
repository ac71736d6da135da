"""The gridder against direct sums, weights, the clean beam and CLEAN."""

import dataclasses

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from tests.radio.scene_image import day

from hesper.errors import ConvergenceError, InputError
from hesper.radio import (
    grid_clean,
    grid_components,
    grid_image,
    grid_masks,
    grid_samples,
    grid_weights,
    model_gridding,
    model_imaging,
    model_sources,
    write_image,
)
from hesper.radio.data_image import Beam, Clean, Frame, Samples
from hesper.units import MHz, arcsec, deg

PIXEL = 1.5 * arcsec


def frame(size=256, pixel=PIXEL):
    return Frame(
        ra=0.8, dec=0.36, pixel=pixel, size=size, frequency=606 * MHz, bandwidth=16 * MHz, time=1.3e8
    )


def scattered(seed=0, count=1500, reach=2.5e4):
    rng = np.random.default_rng(seed)
    uvw = rng.uniform(-1, 1, (count, 3)) * reach
    uvw[:, 2] = np.abs(uvw[:, 2])
    value = rng.standard_normal(count) + 1j * rng.standard_normal(count)
    return Samples(uvw=uvw, value=value, weight=rng.uniform(0.5, 1.5, count))


def summed(samples, size, pixel):
    """Return the dirty image summed directly at every 9th line and sample."""
    east, north = (x[::9] for x in model_imaging.coordinates(size, pixel))
    east, north = np.meshgrid(east, north)
    depth = np.sqrt(1 - east**2 - north**2) - 1
    u, v, w = samples.uvw.astype(float).T[:, :, None, None]
    turn = np.exp(-2j * np.pi * (u * east + v * north + w * depth))
    return np.einsum("s,sij->ij", samples.weight * samples.value, turn).real


@pytest.mark.parametrize("pixel", [1.5 * arcsec, 8 * arcsec, 30 * arcsec])
def test_image_is_the_direct_sum(pixel):
    """Narrow and wide fields; at 30″ the w-term turns by two cycles at the corner."""
    samples = scattered(reach=0.4 / pixel)
    plan = model_imaging.prepare(samples.uvw, samples.value, samples.weight, size=256, pixel=pixel)
    image, true = model_imaging.image(plan)[::9, ::9], summed(samples, 256, pixel)
    assert np.std(image - true) < 2e-4 * np.std(true)
    assert np.max(np.abs(image - true)) < 2e-3 * np.std(true)


def test_without_w_the_field_would_be_wrong():
    samples = scattered()
    flat = dataclasses.replace(samples, uvw=samples.uvw * np.array([1, 1, 0], np.float32))
    pixel = 10 * arcsec
    keep = np.hypot(*samples.uvw[:, :2].T) < 0.4 / pixel
    images = [
        model_imaging.image(
            model_imaging.prepare(s.uvw[keep], s.value[keep], s.weight[keep], size=512, pixel=pixel)
        )
        for s in (samples, flat)
    ]
    assert np.std(images[0] - images[1]) > 0.1 * np.std(images[0])


def test_prediction_is_the_adjoint_of_imaging_and_the_direct_sum():
    samples = scattered(3)
    plan = model_imaging.prepare(samples.uvw, samples.value, samples.weight, size=256, pixel=PIXEL)
    model = np.zeros((256, 256), np.float32)
    place = [(20, 33), (128, 128), (250, 7), (90, 200)]
    for k, (line, sample) in enumerate(place):
        model[line, sample] = k + 1
    lay, image = plan.layout, model_imaging.image(plan)
    predicted = model_imaging.predict(plan, model)
    there = np.sum(lay.weight * (lay.value * np.conj(predicted)).real, dtype=float)
    assert there == pytest.approx(np.sum(image * model, dtype=float), rel=2e-5)
    east, north = model_imaging.coordinates(256, PIXEL)
    wave = 299792458.0
    direct = model_sources.predict(
        samples.uvw.astype(float) * wave, [1.0], [east[j] for _, j in place], [north[i] for i, _ in place],
        np.arange(1.0, 5.0),
    )[:, 0]  # fmt: skip
    left = model_imaging.image(plan, model)
    true = model_imaging.image(
        model_imaging.prepare(samples.uvw, samples.value - direct, samples.weight, size=256, pixel=PIXEL)
    )
    assert np.std(left - true) < 2e-4 * np.std(true)


def test_kernel_polynomial_is_the_kernel():
    delta = np.linspace(0, 1, 101)[1:-1]
    powers = (2 * delta[:, None] - 1) ** np.arange(10)
    cells = delta[:, None] + np.arange(model_gridding.WIDTH) - model_gridding.WIDTH / 2
    exact = model_gridding.kernel(cells / (model_gridding.WIDTH / 2))
    assert np.max(np.abs(powers @ model_gridding.kernel_polynomial() - exact)) < 1e-4


def test_a_source_appears_where_and_as_bright_as_it_is():
    """North-west of the centre: line above, sample to the right of the middle."""
    east, north = -40 * PIXEL, 25 * PIXEL
    seen, _ = day(integrations=12, step=1500.0, sources=[(east, north, 1.0)], flux=0.0)
    samples = grid_samples.samples(seen, field_of_view=0.0)
    made = grid_image.dirty(samples, grid_weights.natural(samples), frame())
    assert np.unravel_index(np.argmax(made.image), made.image.shape) == (128 + 25, 128 + 40)
    assert made.image.max() == pytest.approx(1.0, abs=1e-3)
    assert made.psf[256, 256] == pytest.approx(1.0, abs=1e-4)


def test_averaging_dims_a_source_at_the_edge_by_no_more_than_allowed():
    east = -110 * PIXEL
    seen, _ = day(integrations=30, sources=[(east, 0.0, 1.0)], flux=0.0, channels=32, width=125e3)
    whole = grid_samples.samples(seen, field_of_view=0.0)
    short = grid_samples.samples(seen, field_of_view=256 * PIXEL, loss=0.01)
    assert short.value.size < whole.value.size / 3
    assert short.weight.sum(dtype=float) == pytest.approx(whole.weight.sum(dtype=float), rel=1e-5)
    peaks = [grid_image.dirty(s, grid_weights.natural(s), frame()).image.max() for s in (whole, short)]
    assert 0 < 1 - peaks[1] / peaks[0] < 0.02


def test_noise_of_the_image_is_the_noise_that_the_weights_predict():
    seen, _ = day(integrations=20, step=900.0, noise=1.0, flux=0.0)
    samples = grid_samples.samples(seen, field_of_view=0.0)
    for weight in (
        grid_weights.natural(samples),
        grid_weights.briggs(samples, robust=0.0, field_of_view=256 * PIXEL),
        grid_weights.uniform(samples, field_of_view=256 * PIXEL),
    ):
        made = grid_image.dirty(samples, weight, frame())
        # The point-spread function is the autocorrelation of the noise, and Σ psf² pixels count as one.
        share = np.sum(made.psf.astype(float) ** 2) / made.image.size
        assert made.image.std() == pytest.approx(made.noise, rel=3 * np.sqrt(share / 2))


def test_briggs_lies_between_natural_and_uniform():
    seen, _ = day(integrations=40, step=450.0, noise=1.0)
    samples = grid_samples.samples(seen, field_of_view=256 * PIXEL)
    field = 256 * PIXEL
    beams, noises = [], []
    for weight in (
        grid_weights.natural(samples),
        grid_weights.briggs(samples, robust=5.0, field_of_view=field),
        grid_weights.briggs(samples, robust=0.0, field_of_view=field),
        grid_weights.briggs(samples, robust=-5.0, field_of_view=field),
        grid_weights.uniform(samples, field_of_view=field),
    ):
        made = grid_image.dirty(samples, weight, frame(pixel=1 * arcsec))
        noises.append(made.noise)
        beams.append(grid_image.beam(made.psf, arcsec).minor)
    assert noises[0] == pytest.approx(noises[1], rel=1e-3) and noises[3] == pytest.approx(noises[4], rel=1e-2)
    assert noises[0] < noises[2] < noises[4] and beams[0] > beams[2] > beams[4]


def test_beam_of_a_gaussian_is_that_gaussian():
    true = Beam(major=9 * arcsec, minor=6 * arcsec, angle=35 * deg)
    point = np.zeros((256, 256), np.float32)
    point[128, 128] = 1
    seen = grid_image.convolved(point, true, arcsec)
    assert seen[128, 128] == pytest.approx(1, rel=1e-3)
    # East is to the left: at 35° east of north the axis leans to smaller samples northward.
    assert seen[132, 125] > seen[132, 131]
    found = grid_image.beam(seen, arcsec)
    assert (found.major, found.minor, found.angle) == pytest.approx(
        (true.major, true.minor, true.angle), rel=1e-3
    )
    assert seen.sum() * arcsec**2 == pytest.approx(grid_image.beam_area(true), rel=1e-3)


def test_beam_between_ridges_is_that_of_the_main_lobe():
    """Few antennas leave ridges that rise away from the main lobe: above 0.35 nothing is a peak."""
    true = Beam(major=9 * arcsec, minor=6 * arcsec, angle=0.0)
    point = np.zeros((256, 256), np.float32)
    point[128, 128] = 1
    seen = grid_image.convolved(point, true, arcsec)
    along = np.abs(np.arange(256) - 128)
    ridge = np.where(along < 60, 0.36 + 0.5 * (along / 60) ** 2, 0.0)
    seen[127:130] = np.maximum(seen[127:130], ridge)
    found = grid_image.beam(seen, arcsec)
    assert (found.major, found.minor) == pytest.approx((true.major, true.minor), rel=0.15)


def test_beam_of_less_than_two_pixels_is_found_between_them():
    """Above 0.35 only a column of pixels is left, which says nothing of the width."""
    true = Beam(major=4 * arcsec, minor=1.6 * arcsec, angle=0.0)
    point = np.zeros((256, 256), np.float32)
    point[128, 128] = 1
    seen = grid_image.convolved(point, true, arcsec)
    found = grid_image.beam(seen / seen[128, 128], arcsec)
    assert (found.major, found.minor) == pytest.approx((true.major, true.minor), rel=0.15)


def test_a_source_is_where_its_peak_is_though_a_neighbour_left_something():
    """What is left of a bright source 12 pixels away lies between, within a beam of both."""
    size = 64
    components = np.zeros((size, size), np.float32)
    components[40, 30], components[40, 31] = 0.04, 0.02
    components[40, 36], components[40, 38] = 0.005, 0.006
    own = Frame(ra=0.0, dec=0.3, pixel=arcsec, size=size, frequency=6e8, bandwidth=1e6, time=0.0)
    seen = Beam(major=9 * arcsec, minor=6 * arcsec, angle=0.0)
    clean = Clean(
        components=components, residual=np.zeros_like(components),
        restored=grid_image.convolved(components, seen, arcsec), beam=seen, frame=own, rms=1e-3,
        noise=1e-3, iterations=4, cycles=1,
    )  # fmt: skip
    found = grid_components.point_sources(clean)
    assert found.flux == pytest.approx([0.071])
    assert found.l / arcsec == pytest.approx([32 - 30.33], abs=0.5)
    assert found.m / arcsec == pytest.approx([8.0])


@pytest.mark.parametrize(("method", "scale"), [("clark", 1.0), ("hogbom", 0.1)])
def test_clean_finds_sources_down_to_the_noise(method, scale):
    """Högbom's has no major cycles: w and pixels between the centres leave a part in a hundred."""
    pixel = PIXEL
    bright = [(-30 * pixel, 20 * pixel, 1.0), (60 * pixel, -45 * pixel, 0.3), (70 * pixel, 71 * pixel, 0.05)]
    sources = [(east, north, scale * flux) for east, north, flux in bright]
    seen, _ = day(integrations=60, step=300.0, noise=0.5, sources=sources, flux=0.0, channels=8)
    samples = grid_samples.samples(seen, field_of_view=256 * pixel)
    weight = grid_weights.natural(samples)
    prepared = grid_image.prepare(samples, weight, frame(pixel=pixel), wide_psf=True)
    mask = grid_masks.everywhere(prepared.dirty.frame)
    if method == "clark":
        found = grid_clean.clark(prepared, mask, sigmas=4.0)
    else:
        found = grid_clean.hogbom(prepared.dirty, mask, sigmas=4.0)
    assert found.residual.std() < 1.1 * prepared.dirty.noise
    for east, north, flux in sources:
        line, sample = 128 + round(north / pixel), 128 - round(east / pixel)
        near = found.components[line - 2 : line + 3, sample - 2 : sample + 3].sum()
        # CLEAN stops at 4σ and leaves that much at most.
        assert flux - 5 * prepared.dirty.noise < near < flux + 3 * prepared.dirty.noise
        if method == "clark":
            points = grid_components.point_sources(found)
            nearest = np.argmin(np.hypot(points.l - east, points.m - north))
            assert np.hypot(points.l[nearest] - east, points.m[nearest] - north) < 0.3 * pixel
            assert flux - 5 * prepared.dirty.noise < points.flux[nearest] < flux + 3 * prepared.dirty.noise
        assert found.restored[line, sample] == pytest.approx(flux, abs=4 * prepared.dirty.noise)


def test_a_mask_keeps_components_out():
    pixel = PIXEL
    seen, followed = day(integrations=20, step=600.0, sources=[(0.0, 40 * pixel, 0.5)], flux=0.3, channels=8)
    samples = grid_samples.samples(seen, field_of_view=256 * pixel)
    prepared = grid_image.prepare(samples, samples.weight, frame(pixel=pixel), wide_psf=True)
    trail = grid_masks.along(prepared.dirty.frame, followed, 30 * arcsec)
    found = grid_clean.clark(prepared, grid_masks.everywhere(prepared.dirty.frame) & ~trail, cycles=3)
    assert not found.components[trail].any()
    assert found.components.sum() == pytest.approx(0.5, rel=0.1)


def test_a_bright_source_on_the_trail_is_taken_and_the_planet_is_not():
    pixel = PIXEL
    seen, followed = day(integrations=20, step=600.0, flux=0.3, channels=8)
    middle = followed.direction[10]
    direct = [(float(middle[0]), float(middle[1]), 3.0), (0.0, 80 * pixel, 0.5)]
    both, _ = day(integrations=20, step=600.0, flux=0.3, channels=8, sources=direct)
    for data, taken in ((both, True), (seen, False)):
        samples = grid_samples.samples(data, field_of_view=256 * pixel)
        prepared = grid_image.prepare(samples, samples.weight, frame(pixel=pixel), wide_psf=True)
        trail = grid_masks.along(prepared.dirty.frame, followed, 30 * arcsec)
        inside = grid_masks.everywhere(prepared.dirty.frame)
        found = grid_clean.beside_trail(prepared, inside, trail, brightest=0.3, sigmas=4.0)
        assert bool(found.components[trail].any()) == taken
        if taken:
            # The planet's own trail under it is the only thing that may be taken with it.
            assert found.components[trail].sum() == pytest.approx(3.0, abs=0.3)


def test_fits_has_what_viewers_need():
    image = np.zeros((64, 64), np.float32)
    image[40, 20] = 1
    beam = Beam(major=6 * arcsec, minor=5 * arcsec, angle=50 * deg)
    content = write_image.fits(image, frame(64), beam, unit="Jy/beam", name="VENUS", telescope="GMRT")
    from io import BytesIO

    with fits.open(BytesIO(content)) as opened:
        header, data = opened[0].header, opened[0].data
        assert data.shape == (1, 1, 64, 64) and data[0, 0, 40, 20] == 1
        assert header["BUNIT"] == "Jy/beam" and header["BMAJ"] == pytest.approx(6 / 3600)
        ra, dec, frequency, stokes = WCS(header).pixel_to_world_values(20, 40, 0, 0)
    assert frequency == pytest.approx(606e6) and stokes == 1
    east, north = (
        np.cos(dec * deg) * np.sin(ra * deg - 0.8),
        np.sin(dec * deg) * np.cos(0.36) - np.cos(dec * deg) * np.sin(0.36) * np.cos(ra * deg - 0.8),
    )
    assert (east, north) == pytest.approx((12 * PIXEL, 8 * PIXEL), rel=1e-6)


def test_wrong_input_is_named():
    samples = scattered()
    with pytest.raises(InputError, match="too large for baselines"):
        model_imaging.prepare(samples.uvw, samples.value, samples.weight, size=64, pixel=30 * arcsec)
    with pytest.raises(InputError, match="no sample has weight"):
        model_imaging.prepare(samples.uvw, samples.value, 0 * samples.weight, size=64, pixel=arcsec)
    with pytest.raises(InputError, match="even number"):
        grid_image.dirty(samples, samples.weight, frame(65))
    with pytest.raises(InputError, match="robust 7"):
        grid_weights.briggs(samples, robust=7, field_of_view=0.01)
    made = grid_image.dirty(samples, samples.weight, frame(64))
    with pytest.raises(InputError, match="allows no pixel"):
        grid_clean.hogbom(made, np.zeros((64, 64), bool))
    with pytest.raises(ConvergenceError, match="smaller pixels"):
        grid_image.beam(
            np.eye(64, dtype=np.float32)[:, ::-1] * 0 + (np.arange(4096) == 2080).reshape(64, 64), 1.0
        )
