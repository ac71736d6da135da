"""Simulated clouds and relief: as variable everywhere, and of the size that the recipe says."""

import numpy as np
import pytest

from hesper.units import deg, km
from hesper.vmc import model_camera, model_clouds, model_relief, simulate

RADIUS = 6051.8 * km


def pattern(rows, first, seed, orbit, length):
    """Return the clouds of an orbit."""
    return model_clouds.pattern(rows, first, simulate.cloud_draws(seed, orbit, length), length=length)


@pytest.mark.parametrize("length", [500 * km, 1000 * km])
def test_spectrum_gives_unit_variance_and_half_the_correlation_at_half_the_length(length):
    """Legendre's sum of the powers is the covariance: 1 at no distance, ½ at length/2."""
    power = model_clouds.spectrum(length)
    weight = (2 * np.arange(power.size) + 1) * power
    at = np.polynomial.legendre.legval(np.cos(np.array([0.0, length / 2 / RADIUS])), weight)
    assert at[0] == pytest.approx(1, abs=1e-12)
    assert at[1] == pytest.approx(0.5, abs=0.005)


def test_clouds_are_gaussian_of_that_size_and_as_variable_on_all_latitudes():
    length, seeds = 500 * km, 60
    cell, lat = model_clouds.cell(length), np.array([75.0, 40.0, 0.0, -0.25, -55.0]) * deg
    fields = np.array([pattern(lat, 0.0, seed, 7, length) for seed in range(seeds)])
    variance = np.mean(fields**2, axis=2)
    # Means over seeds: their own scatter says how well they are known.
    error = variance.std(axis=0) / np.sqrt(seeds)
    assert np.all(np.abs(variance.mean(axis=0) - 1) < 3 * error)
    equator = fields[:, 2]
    shift = round(length / 2 / RADIUS / cell)
    halves = np.mean(equator * np.roll(equator, shift, axis=1), axis=1)
    turn = shift * cell * RADIUS - length / 2
    assert halves.mean() == pytest.approx(0.5 - turn / length, abs=3 * halves.std() / np.sqrt(seeds) + 0.01)
    unlike_north = np.mean((equator - fields[:, 3]) ** 2)
    unlike_east = np.mean((equator - np.roll(equator, 1, axis=1)) ** 2)
    assert unlike_north == pytest.approx(unlike_east, rel=0.03)
    power = np.mean(fields**4, axis=(1, 2))
    assert power.mean() / 3 == pytest.approx(1, abs=3 * power.std() / 3 / np.sqrt(seeds))


def test_between_cells_clouds_vary_as_much_as_on_them():
    """Bilinear values in the middle of four cells lose at most 2 % of the variance."""
    length = 500 * km
    cell = model_clouds.cell(length)
    rows = 20 * deg - cell * np.arange(8)
    lost = []
    for seed in range(20):
        field = pattern(rows, 0.0, seed, 1, length).astype(float)
        place = (-0.5 * cell, float(rows[0]) + 0.5 * cell, cell)
        lon, lat = (np.arange(field.shape[1]) + 0.5) * cell, rows[3] - 0.5 * cell
        between = [model_camera.lookup(x, lat, field, *place) for x in lon]
        lost.append(1 - np.mean(np.square(between)) / np.mean(field[3:5] ** 2))
    assert -0.005 < np.mean(lost) < 0.02


def test_clouds_do_not_depend_on_the_rows_asked_for_and_drift_as_one():
    length = 500 * km
    cell, lat = model_clouds.cell(length), np.array([30.0, 10.0, -20.0]) * deg
    whole = pattern(lat, 0.0, 3, 5, length)
    assert np.array_equal(pattern(lat[1:2], 0.0, 3, 5, length)[0], whole[1])
    later = pattern(lat, 4 * cell, 3, 5, length)
    np.testing.assert_allclose(later, np.roll(whole, -4, axis=1), atol=1e-5)
    assert abs(np.corrcoef(pattern(lat, 0.0, 3, 6, length)[0], whole[0])[0, 1]) < 0.5


def test_relief_has_its_amplitude_on_and_between_the_points_of_its_lattice():
    """One octave by where its points lie between two planes of the lattice: a fifth of the gap each."""
    random = np.random.default_rng(1)
    wavelength = 600 * km
    lon, lat = random.uniform(0, 2 * np.pi, 200_000), np.arcsin(random.uniform(-1, 1, 200_000))
    depth = np.sin(lat) * 2 * RADIUS / wavelength % 1.0
    squares = np.mean([model_relief.octave(lon, lat, wavelength, seed) ** 2 for seed in range(8)], axis=0)
    for k in range(5):
        inside = (depth >= k / 5) & (depth < (k + 1) / 5)
        assert squares[inside].mean() == pytest.approx(1, abs=0.05)
