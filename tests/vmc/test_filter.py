"""The covariance of clouds that drift between images, and filters among them: what they find and how well."""

import numpy as np
import pytest

from hesper.vmc import retrieve_clouds, retrieve_filter
from hesper.vmc.retrieve_clouds import Noise, Seen

CELL, WIDTH, SPEED = 5e4, 2e5, 60.0
CLOUDS = Noise(np.array([WIDTH]), np.array([1.6e-3]), 1e-6)
SIZE, BLUR = 2e5, 1e5


def drawn(random, times, count, white=1e-3):
    """Return mosaics of clouds as seen at times (image, y, x), averaged over the images (count, y, x)."""
    images, rows, columns = times.shape
    y, x, t = (v.ravel() for v in np.broadcast_arrays(*np.mgrid[:rows, :columns] * CELL, times)[:3])
    places = np.stack([(x + SPEED * t), y])
    apart = np.sum((places[:, :, None] - places[:, None]) ** 2, axis=0)
    covariance = CLOUDS.variance[0] * np.exp(-0.5 * apart / WIDTH**2)
    value, vectors = np.linalg.eigh(covariance)
    fields = random.standard_normal((count, value.size)) * np.sqrt(np.maximum(value, 0.0)) @ vectors.T
    mean = fields.reshape(count, images, rows, columns).mean(axis=1)
    return mean + white * random.standard_normal(mean.shape)


def seen(ratio, times):
    shape = ratio.shape
    mean, wander = (np.broadcast_to(v, shape).copy() for v in (times.mean(axis=0), times.var(axis=0)))
    return Seen(ratio, mean, wander, np.zeros(shape[1]), CELL)


def images(rows, columns, *steps):
    """Return times (image, y, x): of each image the time west of the middle column and that east of it."""
    return np.stack([np.where(np.arange(columns) < columns // 2, *s) * np.ones((rows, 1)) for s in steps])


SAME = images(15, 16, (0.0, 0.0))
APART = images(15, 16, (0.0, 2000.0))
MIXED = images(15, 16, (0.0, 0.0), (3000.0, 1500.0))


@pytest.mark.parametrize("times", [SAME, APART, MIXED], ids=["at once", "a seam", "two images"])
def test_the_variance_of_a_contrast_is_the_scatter_of_clouds_as_they_were_seen(times):
    """400 mosaics; that of one moment alone would be wrong where clouds moved, by more than is allowed."""
    ratio = drawn(np.random.default_rng(3), times, 400)
    given = retrieve_filter.filters(np.zeros(15), CELL, CLOUDS, size=SIZE, blur=BLUR)
    made = seen(ratio, times)
    found = retrieve_filter.applied(made.ratio, given)
    place = np.array([[0, 7, 7]])
    std = np.sqrt(retrieve_filter.variances(place, found, given, made, CLOUDS, SPEED)[0])
    still = np.sqrt(retrieve_filter.variances(place, found, given, made, CLOUDS, 0.0)[0])
    scatter = found.value[:, 7, 7].std()
    allowed = 3 / np.sqrt(2 * 400)
    assert std == pytest.approx(scatter, rel=allowed)
    assert (times is SAME) == (still == pytest.approx(scatter, rel=allowed))


def test_the_covariance_of_one_moment_is_found_from_mosaics_of_many():
    """Images 50 minutes apart averaged in each cell; at zero, at half the width, and in third differences."""
    made = seen(drawn(np.random.default_rng(4), MIXED, 200, white=1e-3), MIXED)
    found = retrieve_clouds.measured(made, speed=SPEED)
    lag = np.arange(5) * CELL

    def covariance(noise):
        return np.exp(-0.5 * (lag[:, None] / noise.width) ** 2) @ noise.variance

    def third(noise):
        return np.array([20.0, -30.0, 12.0, -2.0, 0.0]) @ covariance(noise) + 20 * noise.white

    # The level of a mosaic is taken off: of a covariance that is its mean over the mosaic.
    drop = covariance(CLOUDS)[0] - covariance(found)[0]
    assert 0 <= drop < 0.35 * covariance(CLOUDS)[0]
    np.testing.assert_allclose(covariance(found) + drop, covariance(CLOUDS), rtol=0.05)
    assert third(found) == pytest.approx(third(CLOUDS), rel=0.1)
    # Whoever takes averages of moved clouds for clouds finds them weaker.
    still = retrieve_clouds.measured(made, speed=0.0)
    rise = [covariance(noise)[0] - covariance(noise)[3] for noise in (found, still, CLOUDS)]
    assert rise[0] == pytest.approx(rise[2], rel=0.05)
    assert rise[1] < 0.92 * rise[2]


def test_a_disc_is_found_with_its_contrast_and_slopes_are_none():
    given = retrieve_filter.filters(np.array([0.0] * 21), CELL, CLOUDS, size=SIZE, blur=BLUR)
    y, x = np.mgrid[-10:11, -10:11] * CELL
    slope = (0.3 + 1e-7 * x - 2e-7 * y)[None]
    assert abs(retrieve_filter.applied(slope, given).value[0, 10, 10]) < 1e-9
    found = retrieve_filter.applied(slope + 0.05 * blurred()[None], given).value[0, 10, 10]
    assert found == pytest.approx(0.05, rel=0.03)


def blurred():
    """Return a disc blurred by a Gaussian, on 21 × 21 cells, by sums over a fine grid."""
    from scipy import ndimage

    parts = 10
    y, x = (np.mgrid[: 21 * parts, : 21 * parts] + 0.5) * CELL / parts - 10.5 * CELL
    disc = (np.hypot(x, y) < SIZE / 2).astype(float)
    spread = ndimage.gaussian_filter(disc, BLUR / np.sqrt(8 * np.log(2)) / (CELL / parts))
    return spread.reshape(21, parts, 21, parts).mean(axis=(1, 3))


def test_the_wider_filter_is_the_better_one_and_places_without_all_their_cells_have_none():
    given = retrieve_filter.filters(np.zeros(25), CELL, CLOUDS, size=SIZE, blur=BLUR)
    wide, narrow = given.of_row[12]
    assert given.std[wide] < given.std[narrow]
    ratio = np.zeros((1, 25, 25))
    found = retrieve_filter.applied(ratio, given)
    assert found.used[0, 12, 12] == wide
    assert found.used[0, 5, 12] == narrow
    assert found.used[0, 4, 12] == -1
    assert np.isnan(found.value[0, 4, 12])
    ratio[0, 12, 17] = np.nan
    holed = retrieve_filter.applied(ratio, given)
    assert holed.used[0, 12, 12] == -1
    assert holed.used[0, 12, 11] == narrow


def test_where_cells_are_noisier_the_variance_is_that_of_their_noise():
    random = np.random.default_rng(2)
    given = retrieve_filter.filters(np.zeros(61), CELL, CLOUDS, size=SIZE, blur=BLUR)
    made = seen(0.01 * random.standard_normal((1, 61, 61)), np.zeros((1, 61, 61)))
    found = retrieve_filter.applied(made.ratio, given)
    place = np.array([[0, r, c] for r in range(10, 51, 5) for c in range(10, 51, 5)])
    std = np.sqrt(retrieve_filter.variances(place, found, given, made, CLOUDS, SPEED))
    wide = given.of_row[0, 0]
    power = np.sum(given.weight[given.start[wide] : given.start[wide + 1]] ** 2)
    quiet = retrieve_filter.variances(
        place[:1], found, given, seen(0 * made.ratio, np.zeros((1, 61, 61))), CLOUDS, SPEED
    )
    expected = np.sqrt(quiet[0] + power * (1e-4 - CLOUDS.white))
    assert np.median(std) == pytest.approx(expected, rel=0.05)
