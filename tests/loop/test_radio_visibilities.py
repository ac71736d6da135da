"""Raw visibilities of a simulated day → UVFITS → flags, calibration, self-calibration, fit → T_b."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import chi2

from hesper import config
from hesper.errors import InputError
from hesper.radio import (
    pipeline_inputs,
    pipeline_report,
    pipeline_visibilities,
    read_archive,
    read_uvfits,
    simulate,
    write,
)
from hesper.radio.data_settings import Simulation
from hesper.radio.pipeline_config import Config

SMALL = {
    "source": "visibilities",
    "calibration": "0 percent",
    "observation": {"antennas": 14, "channels": 24, "channel_width": "660 kHz", "on_venus": "75 min"},
    "scene": {"radius": "6.5 arcmin", "sources": 20},
    "reduction": {"size": 512, "pixel": "1.7 arcsec", "average_channels": 8},
}
BANDS = {
    "606.1 MHz 26 March": ("2004-03-26T10:00:00", "606.1 MHz", ["RR"], "102 K"),
    "606.0 MHz 27 March": ("2004-03-27T10:00:00", "606.0 MHz", ["RR"], "102 K"),
    "332.9 MHz 19 March": ("2004-03-19T10:00:00", "332.9 MHz", ["RR", "LL"], "106 K"),
    "332.9 MHz 20 March": ("2004-03-20T10:00:00", "332.9 MHz", ["RR", "LL"], "106 K"),
    "239.9 MHz 26 March": ("2004-03-26T10:00:00", "239.9 MHz", ["RR"], "237 K"),
}
"""Middle, band, correlations and system temperature of the paper's days."""


def _recipe(seed, **observation):
    table = {**SMALL, "seed": seed, "observation": {**SMALL["observation"], **observation}}
    return config.load(Config, table)


def _of_band(seed, band):
    date, frequency, polarisations, temperature = BANDS[band]
    observation = {"date": date, "frequency": frequency, "polarisations": polarisations}
    recipe = _recipe(seed, **observation)
    own = dataclasses.replace(recipe.corruption, system_temperature=float(temperature.split()[0]))
    return dataclasses.replace(recipe, corruption=own)


def _file(recipe, folder):
    settings = Simulation(observation=recipe.observation, scene=recipe.scene, corruption=recipe.corruption)
    scans = [made.visibilities for made in simulate.visibilities(settings, seed=recipe.seed)]
    path = folder / "visibilities.uvfits"
    path.write_bytes(write.uvfits(scans, sum(map(write.rows_with_weight, scans))))
    return path


def _pull(recipe, folder):
    done = pipeline_visibilities.reduced(recipe, _file(recipe, folder), scratch=folder)
    known = pipeline_visibilities.truth(recipe)
    found = done.temperatures
    std = float(found.brightness_temperature_std[0])
    # The sky behind Venus is known to the simulation; its error is no error of the measurement.
    std = np.sqrt(std**2 - float(found.sky_temperature_std[0]) ** 2)
    return (float(found.brightness_temperature[0]) - known.temperature) / std, done, known


def test_one_day_comes_back(tmp_path):
    pull, done, known = _pull(_recipe(1), tmp_path)
    assert abs(pull) < 3
    assert done.target.fit.flux_density == pytest.approx(known.flux_density, rel=0.1)
    secondary = done.calibration.fluxes.flux_density[-1]
    assert secondary == pytest.approx(known.calibrator_flux, rel=0.06)  # elevations differ; 2.5 % each way
    assert done.flags.part[-1] > done.flags.part[-2] > 0
    assert done.target.sources.east.size >= 3
    reported = {row.quantity: row.value for row in pipeline_report.rows(done, known)}
    # 10 % are lost between 85° and 23°, of which a short day sees a part; gains drift by 5 %.
    assert 0 < reported["gain variation of the calibrator with elevation"] < 0.25
    assert reported["fluctuation of the sky at low resolution"] > 0
    assert reported["noise where sources were removed"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("band", BANDS)
def test_twenty_seeds_of_a_band(band, tmp_path):
    """Pulls of detections have mean 0 and variance 1 within 3σ of their sampling; limits hold the truth."""
    pulls, limits = [], []
    for seed in range(20):
        folder = tmp_path / str(seed)
        folder.mkdir()
        pull, done, known = _pull(_of_band(100 + seed, band), folder)
        if done.temperatures.is_limit[0]:
            limits.append(float(done.temperatures.brightness_temperature[0]) > known.temperature)
        else:
            pulls.append(pull)
        (folder / "visibilities.uvfits").unlink()
    assert all(limits)
    count = len(pulls)
    assert count >= 15
    assert abs(np.mean(pulls)) < 3 / np.sqrt(count)
    # Σ pull² is χ² of `count` degrees of freedom; both ends are as probable as 3σ.
    low, high = chi2.ppf([0.00135, 0.99865], count)
    assert low < np.sum(np.square(pulls)) < high


@pytest.mark.slow
@pytest.mark.parametrize("band", ["332.9 MHz 19 March", "239.9 MHz 26 March"])
def test_a_source_a_hundred_times_brighter_six_minutes_away(band, tmp_path):
    """Seed 103 has 1.4 Jy beside Venus' 14 mJy, and two baselines below 200 wavelengths with interference."""
    pull, done, known = _pull(_of_band(103, band), tmp_path)
    assert abs(pull) < 3
    fit = done.target.fit
    assert abs(fit.flux_density - known.flux_density) < 3 * fit.flux_density_std


def test_a_simulation_is_its_seed():
    recipe = _recipe(5, on_venus="2 min")
    settings = Simulation(observation=recipe.observation, scene=recipe.scene, corruption=recipe.corruption)
    first, second = (
        [made.visibilities.value for made in simulate.visibilities(settings, seed=5)] for _ in range(2)
    )
    other = next(iter(simulate.visibilities(settings, seed=6))).visibilities.value
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[0], other)


def test_noise_of_a_simulation_is_thermal():
    recipe = _recipe(3, on_venus="2 min")
    quiet = dataclasses.replace(recipe.corruption, lines=0, intermittent=0, bursts=0.0, hum=0.0)
    settings = Simulation(observation=recipe.observation, scene=recipe.scene, corruption=quiet)
    made = next(iter(simulate.visibilities(settings, seed=3)))
    from hesper.radio import model_gains

    array = made.visibilities.setup
    sky = model_gains.with_gains(
        np.repeat(made.sky[..., None], 1, axis=-1), made.gain, array.antenna1, array.antenna2
    )
    size = np.abs(model_gains.with_gains(np.ones_like(sky), made.gain, array.antenna1, array.antenna2))
    noise = (made.visibilities.value - sky) / size
    expected = 102 / 0.32 / np.sqrt(2 * 660e3 * 16.8)
    assert np.std(noise.real) == pytest.approx(expected, rel=4 / np.sqrt(2 * noise.size) + 1e-3)
    assert simulate.noise(settings) == pytest.approx(expected)


def test_fields_that_are_not_there_are_named(tmp_path):
    recipe = _recipe(4, on_venus="2 min")
    path = _file(recipe, tmp_path)
    archive = read_uvfits.uvfits(path)
    with pytest.raises(InputError, match="no field 'Jupiter'; there are 3C48, 3C147"):
        pipeline_inputs.field_number(archive, "Jupiter")
    wrong = dataclasses.replace(recipe, reduction=dataclasses.replace(recipe.reduction, target="3C48"))
    with pytest.raises(InputError, match=r"outside the primary beam|Venus is|most"):
        pipeline_visibilities.reduced(wrong, path, scratch=tmp_path)
    assert read_archive.bytes_per_time(archive) > 0
