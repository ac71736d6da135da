"""Simulated runs, reduced: bias, scatter, χ² and coverage against the truth."""

import dataclasses
import warnings

import numpy as np
import pytest

from hesper.config import frozen_defaults
from hesper.errors import InputError
from hesper.units import angstrom, arcsec
from hesper.winds import (
    pipeline_demo,
    pipeline_paper,
    pipeline_products,
    pipeline_recommended,
    retrieve_levels,
    simulate,
)
from hesper.winds.data_settings import Windows
from hesper.winds.pipeline_config import Config, simulated, windows


@pytest.fixture(scope="module")
def recipe():
    return pipeline_demo.reduced_size(frozen_defaults(Config))


def _scene(config, **changes):
    return dataclasses.replace(config, scene=dataclasses.replace(config.scene, **changes))


@pytest.fixture(scope="module")
def one(recipe):
    made = simulated(recipe)
    return made, pipeline_recommended.reduce(recipe, made.frames)


def test_wind_of_one_run(one):
    made, found = one
    winds = found.winds
    assert abs(winds.value[0] - made.truth.zonal_wind) < 3 * winds.value_std[0]
    assert winds.chi2 / winds.dof == pytest.approx(1, abs=3 * np.sqrt(2 / winds.dof) + 0.03)


def test_positions_and_wavelengths_of_one_run(one, recipe):
    # S5 and the distortion target: 0.003 pixels.
    made, found = one
    error = (found.positions.x - made.truth.x)[found.positions.found] / arcsec
    assert found.positions.found.all()
    assert error.std() < 0.05
    assert abs(error.mean()) < 0.05
    eta = simulate.row_scale(recipe.instrument.rows)
    bent = recipe.instrument.distortion_linear * eta + recipe.instrument.distortion_quadratic * eta**2
    first = simulate.first_wavelength(recipe.instrument) + recipe.instrument.dispersion * bent
    sky = np.ones(eta.size, bool)
    sky[found.winds.row.astype(int)] = False
    shift = (found.wavelengths.first - first)[sky] / recipe.instrument.dispersion
    assert np.abs(shift).max() < 0.003
    assert found.wavelengths.dispersion == pytest.approx(made.truth.dispersion, rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("exponent", [0.8, 1.2])
def test_positions_with_another_photometric_law(recipe, exponent):
    config = _scene(recipe, exponent=exponent)
    config = dataclasses.replace(
        config, observation=dataclasses.replace(config.observation, frames=30, exposure=40.0)
    )
    made = simulated(config)
    found = pipeline_recommended.reduce(config, made.frames)
    error = (found.positions.x - made.truth.x)[found.positions.found] / arcsec
    assert error.std() < 0.05
    assert abs(error.mean()) < 0.05
    assert found.positions.exponent == pytest.approx(exponent, abs=0.02)


def test_bands_of_latitude(one, recipe):
    made, found = one
    edges, zonal = pipeline_products.bands(recipe.reduction, found)
    pull = (zonal.zonal_wind - made.truth.zonal_wind) / zonal.zonal_wind_std
    assert edges.size == zonal.lat.size + 1
    assert np.abs(pull).max() < 4


@pytest.mark.slow
def test_meridional_wind_with_the_zonal_one(recipe):
    # K5
    config = _scene(recipe, meridional_wind=20.0)
    made = simulated(config)
    found = pipeline_recommended.reduce(config, made.frames)
    joint = pipeline_recommended.refit(found, config.reduction, ["uniform", "meridional"])
    pull = (joint.value[:2] - [-100, 20]) / joint.value_std[:2]
    assert np.abs(pull).max() < 3


@pytest.mark.slow
def test_vertical_wind_with_the_zonal_one(recipe):
    config = _scene(recipe, vertical_wind=20.0)
    observation = dataclasses.replace(config.observation, frames=40, exposure=60.0)
    config = dataclasses.replace(config, observation=observation)
    made = simulated(config)
    assert made.truth.vertical_wind == 20.0
    found = pipeline_recommended.reduce(config, made.frames)
    joint = pipeline_recommended.refit(found, config.reduction, ["uniform", "vertical"])
    pull = (joint.value[:2] - [-100, 20]) / joint.value_std[:2]
    assert np.abs(pull).max() < 3


@pytest.fixture(scope="module")
def three_windows(recipe):
    """D2 and D1 at 95 m/s, the 5ν₃ band of CO2 one level higher at 140 m/s, all seen at once."""
    config = _scene(recipe, zonal_wind=-95.0)
    config = dataclasses.replace(
        config,
        observation=dataclasses.replace(config.observation, frames=40, exposure=60.0),
        windows=Windows(
            wavelength=(5895.92 * angstrom, 8692.5 * angstrom), line=("reflected", "emitted"),
            dispersion=(11.7e-13, 17e-13), resolution=(20e-13, 30e-13), zonal_wind=(-95.0, -140.0),
        ),
    )  # fmt: skip
    recipes = windows(config)
    runs = [simulated(one, window=number) for number, one in enumerate(recipes, 1)]
    found = [pipeline_recommended.reduce(one, made.frames) for one, made in zip(recipes, runs, strict=True)]
    return [one.reduction.line for one in recipes], runs, found


@pytest.mark.slow
def test_windows_see_the_slit_at_the_same_places_with_noise_of_their_own(three_windows):
    _, runs, _ = three_windows
    assert runs[1].truth.x == pytest.approx(runs[0].truth.x)
    # Both have a deep line in the middle: neighbouring rows are subtracted, which leaves the noise.
    noise = [(run.frames.counts[0, :20:2] - run.frames.counts[0, 1:20:2]).ravel() for run in runs[:2]]
    assert abs(np.corrcoef(*noise)[0, 1]) < 0.1


@pytest.mark.slow
def test_three_windows_give_two_levels_and_the_shear(three_windows):
    lines, _, found = three_windows
    joined = retrieve_levels.level_winds([part.winds for part in found], lines)
    assert joined.term.tolist() == ["uniform, reflected", "uniform, emitted"]
    assert np.abs((joined.value - [-95, -140]) / joined.value_std).max() < 3
    assert abs(joined.shear[0] + 45) < 3 * joined.shear_std[0]
    # Two windows of one level: better than either, and in agreement.
    assert joined.value_std[0] < min(part.winds.value_std[0] for part in found[:2])
    assert joined.chi2 < 9 * max(joined.dof, 1)
    assert joined.covariance[0, 1] == pytest.approx(0, abs=1e-12)


@pytest.mark.slow
def test_levels_are_the_fit_of_all_data_at_once(three_windows):
    # Against one least-squares fit with both windows' points, zero levels and rows.
    lines, _, found = three_windows
    joined = retrieve_levels.level_winds([part.joint for part in found[:2]], lines[:2])
    weight = [np.linalg.inv(part.joint.covariance[:3, :3]) for part in found[:2]]
    both = np.linalg.inv(weight[0] + weight[1])
    assert joined.covariance == pytest.approx(both)
    assert joined.shear.size == 0
    mean = both @ sum(w @ part.joint.value[:3] for w, part in zip(weight, found[:2], strict=True))
    assert joined.value == pytest.approx(mean)


def test_paper_route_is_biased_and_says_so(recipe):
    made = simulated(recipe)
    found = pipeline_paper.reduce(recipe, made.frames)
    assert "biased" in found.velocities.method
    assert all("biased" in r.note for r in pipeline_paper.results(found)[:4])
    # Structure that the model cannot follow: the paper too has χ²ν of 1.69 and 1.85.
    assert found.uniform.reduced_chi2 > 1.3
    assert found.cosine.wind > found.uniform.wind


@pytest.mark.slow
def test_twenty_seeds(recipe):
    # K1, each gate widened by three times its own sampling error.
    value, std, reduced = [], [], []
    for seed in range(20):
        config = dataclasses.replace(recipe, seed=seed)
        winds = pipeline_recommended.reduce(config, simulated(config).frames).winds
        value.append(winds.value[0])
        std.append(winds.value_std[0])
        reduced.append(winds.chi2 / winds.dof)
    error, std = np.array(value) + 100, np.array(std)
    scatter = error.std(ddof=1)
    assert abs(error.mean()) < 1.0 + scatter / np.sqrt(20)
    assert scatter < 1.2 * std.mean() * (1 + 3 / np.sqrt(2 * 19))
    # Pulls of unit variance.
    assert np.std(error / std, ddof=1) == pytest.approx(1, abs=3 / np.sqrt(2 * 19))
    assert 0.9 < np.mean(reduced) < 1.1
    for sigmas, share in ((1, 0.683), (2, 0.954)):
        inside = np.mean(np.abs(error) < sigmas * std)
        assert abs(inside - share) < 3 * np.sqrt(share * (1 - share) / 20)


@pytest.mark.slow
def test_a_crescent_whose_horns_the_slit_sees_in_two_parts():
    # Phase 136°: darkward of 17.8″ the chord has two segments, over 100 rows apart.
    config = frozen_defaults(Config)
    config = dataclasses.replace(
        config,
        observation=dataclasses.replace(
            config.observation, start="2025-03-01T18:30:00", site="TNG", frames=24, exposure=60.0
        ),
        guiding=dataclasses.replace(config.guiding, first=11 * arcsec, last=23.5 * arcsec),
        instrument=dataclasses.replace(config.instrument, rows=400),
    )
    made = simulated(config)
    found = pipeline_recommended.reduce(config, made.frames)
    assert found.positions.found.all()
    error = (found.positions.x - made.truth.x) / arcsec
    assert np.abs(error).max() < 0.05
    assert abs(found.winds.value[0] - made.truth.zonal_wind) < 3 * found.winds.value_std[0]
    assert found.winds.chi2 / found.winds.dof == pytest.approx(1, abs=3 * np.sqrt(2 / found.winds.dof) + 0.03)


def _near_full_phase(start, **observation):
    """40 frames of a disk of 10″, from 4″ darkward to 4″ sunward."""
    config = frozen_defaults(Config)
    return dataclasses.replace(
        config,
        observation=dataclasses.replace(
            config.observation, start=start, frames=40, exposure=60.0, **observation
        ),
        guiding=dataclasses.replace(config.guiding, first=-4 * arcsec, last=4 * arcsec, step=0.57 * arcsec),
        instrument=dataclasses.replace(config.instrument, rows=160),
        defects=dataclasses.replace(config.defects, artifact_shift=0.0),
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12])
def test_an_almost_full_disk_without_commanded_positions(seed):
    # Phase 18°: frames that do not tell sunward from darkward are left out, not taken at random.
    config = dataclasses.replace(_near_full_phase("2008-04-20T12:00:00"), seed=seed)
    made = simulated(config)
    with pytest.warns(UserWarning, match="does not tell sunward from darkward"):
        found = pipeline_recommended.reduce(config, made.frames)
    places = found.positions
    assert places.found.sum() > 20
    wrong = np.abs(places.x - made.truth.x)[places.found] > 1.5 * arcsec
    assert not wrong.any()
    assert abs(found.winds.value[0] - made.truth.zonal_wind) < 3 * found.winds.value_std[0]
    assert found.winds.chi2 / found.winds.dof == pytest.approx(1, abs=3 * np.sqrt(2 / found.winds.dof) + 0.03)


@pytest.mark.slow
def test_an_all_but_full_disk_needs_commanded_positions():
    # Phase 4°.
    config = _near_full_phase("2008-05-29T12:00:00", mode="raster")
    made = simulated(config)
    found = pipeline_recommended.reduce(config, made.frames)
    assert found.positions.found.all()
    assert abs(found.winds.value[0] - made.truth.zonal_wind) < 3 * found.winds.value_std[0]
    unknown = dataclasses.replace(made.frames, offset=np.full(made.frames.offset.size, np.nan))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            blind = pipeline_recommended.reduce(config, unknown).winds
        except InputError as error:
            assert "SLITOFF" in str(error)
        else:
            assert abs(blind.value[0] - made.truth.zonal_wind) < 3 * blind.value_std[0]


@pytest.mark.slow
@pytest.mark.parametrize("start", ["2010-01-11T12:30:00", "2008-06-09T12:00:00"])
def test_a_full_disk_at_superior_conjunction(start):
    # Phases 1.1° and 0.15°: neither has a terminator to speak of.
    config = _near_full_phase(start, mode="raster")
    made = simulated(config)
    found = pipeline_recommended.reduce(config, made.frames)
    assert found.positions.found.all()
    for winds in (found.winds, found.joint):
        assert abs(winds.value[0] - made.truth.zonal_wind) < 3 * winds.value_std[0]
