"""Recipes to products: run, simulate, plan and demonstrate; and what is refused."""

import math

import numpy as np
import pytest

from hesper import config, products, runs
from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import InputError, MissingError
from hesper.physics import planck
from hesper.thermal import data, model_families, pipeline, pipeline_settings, plan, plan_noise, plot, read
from hesper.units import GHz, MHz, arcsec, mJy

QUICK = {
    "families": ["uniform", "step"],
    "frequencies": 12,
    "map_frequencies": ["1.4 GHz"],
    "pixel": "400 km",
    "data": ["mohan2017", "class2023"],
}


def _in(folder, settings, work):
    provenance = products.Provenance(recipe=config.resolved(settings))
    with runs.open_run(folder, provenance, quiet=True) as out:
        return work(settings, out)


def test_run_makes_what_it_plans(tmp_path):
    settings = config.load(pipeline.Config, QUICK)
    results = _in(tmp_path / "out", settings, pipeline.run)
    made = {p.name for p in (tmp_path / "out").iterdir() if not p.name.startswith(".")}
    planned = set(pipeline.plan(settings).products) - {"results.json"}
    assert planned <= made
    assert {name for name in made if not name.endswith(".prov.json")} - planned == {"run.json"}
    assert all(row.ok for row in results)
    fit = products.read(tmp_path / "out" / "fit-step.nc", data.Fit)
    assert fit.parameter[1] == "deep_temperature [K]"
    prediction = products.read(tmp_path / "out" / "prediction.nc", data.Prediction)
    assert prediction.frequency.size == 12
    assert (tmp_path / "out" / "spectrum.png").read_bytes()[:4] == b"\x89PNG"


def test_sampled_run_resumes_to_the_same_numbers(tmp_path):
    pytest.importorskip("dynesty")
    settings = config.load(
        pipeline.Config,
        {**QUICK, "families": ["uniform"], "sampling": "nested", "live_points": 40, "fit_atmosphere": False},
    )
    results = _in(tmp_path / "out", settings, pipeline.run)
    assert any(row.quantity == "ln Z of uniform" for row in results)
    posterior = (tmp_path / "out" / "posterior-uniform.nc").read_bytes()
    band = products.read(tmp_path / "out" / "band-uniform.nc", data.Band)
    # What a killed run leaves: one product missing, the journal as it is.
    (tmp_path / "out" / "band-uniform.nc").unlink()
    again = _in(tmp_path / "out", settings, pipeline.run)
    assert [row.value for row in again] == [row.value for row in results]
    assert (tmp_path / "out" / "posterior-uniform.nc").read_bytes() == posterior
    remade = products.read(tmp_path / "out" / "band-uniform.nc", data.Band)
    np.testing.assert_array_equal(remade.brightness_temperature, band.brightness_temperature)
    planned = set(pipeline.plan(settings).products) - {"results.json"}
    assert planned <= {p.name for p in (tmp_path / "out").iterdir()}


def test_simulated_table_is_read_and_fitted(tmp_path):
    """The closed loop by files: simulate writes what run reads."""
    ground = {"family": "step", "values": [4.3, 350.0, -1.3]}
    settings = config.load(pipeline.Config, {**QUICK, "data": ["mohan2017"], "ground": ground, "seed": 4})
    _in(tmp_path / "simulated", settings, pipeline.simulate)
    made = {path.name for path in (tmp_path / "simulated").iterdir()}
    assert set(pipeline.plan_simulate(settings).products) <= made
    table = read.spectrum(tmp_path / "simulated" / "spectrum.csv")
    assert table.frequency.size == 11
    truth = products.read(tmp_path / "simulated" / "truth.nc", data.Prediction)
    assert truth.brightness_temperature[0] < 500
    given = {"table": str(tmp_path / "simulated" / "spectrum.csv"), "fit_atmosphere": False}
    again = config.load(pipeline.Config, {**QUICK, **given})
    assert pipeline.inputs(again) == [tmp_path / "simulated" / "spectrum.csv"]
    results = _in(tmp_path / "out", again, pipeline.run)
    rows = {row.quantity: row for row in results}
    for name, value in zip(("permittivity", "deep_temperature", "loss_depth"), ground["values"], strict=True):
        row = rows[f"step: {name}"]
        assert abs(row.value - value) < 4 * row.std


@pytest.mark.parametrize("family", ["layers coherent", "layers incoherent"])
def test_layers_of_a_recipe(family):
    settings = config.load(
        pipeline.Config,
        {"ground": {"family": family, "thickness": ["0.5 m", "2 m"], "permittivity": [1.5, 3.0, 8.0],
                    "loss_tangent": [0.01, 0.01, 0.02], "temperature": ["735 K", "700 K", "650 K"]}},
    )  # fmt: skip
    kind, values = pipeline_settings.ground(settings)
    found = kind.ground(np.array([1 * GHz]), np.ones(1), 735.3, values)
    assert 500 < found.emission[0, 0, 0] < 735


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"ground": {"family": "step"}}, "ground.values has 1 numbers; 'step' has 3: permittivity"),
        (
            {"ground": {"family": "layers coherent", "temperature": ["700 K"]}},
            "1 layers and the half-space below need 2",
        ),
        ({"data": []}, "neither table nor data is given"),
        ({"lowest_frequency": "5 GHz", "highest_frequency": "1 GHz"}, "is not below highest_frequency"),
        ({"lowest_frequency": "50 MHz"}, "allowed: ≥ 0.2 GHz and ≤ 1000.0 GHz"),
        ({"atmosphere": {"so2": -1e-6}}, "allowed: ≥ 0"),
        ({"atmosphere": {"collision_induced": "ho 1965"}}, "did you mean 'ho 1966'"),
        ({"familys": ["step"]}, "did you mean 'families'"),
    ],
)
def test_bad_recipes(given, message):
    with pytest.raises(InputError, match=message):
        settings = config.load(pipeline.Config, given)
        pipeline_settings.measured(settings)
        pipeline_settings.ground(settings)
        pipeline_settings.frequencies(settings)


def test_missing_table_is_said():
    with pytest.raises(MissingError, match=r"absent\.csv"):
        pipeline.inputs(config.load(pipeline.Config, {"table": "absent.csv"}))


def test_other_atmospheres_by_recipe(tmp_path):
    table = tmp_path / "profile.dat"
    levels = [(z, 700 - 5 * z, 90000 * math.exp(-z / 12)) for z in range(0, 110, 5)]
    rows = [f"{z} 1e21 {kelvin} {pressure:.6g}" for z, kelvin, pressure in levels]
    table.write_text("\n".join(["% km cm-3 K mbar", *rows, ""]))
    settings = config.load(
        pipeline.Config,
        {
            "atmosphere": {
                "profile": str(table),
                "collision_induced": "parametric",
                "so2_shape": "van vleck-weisskopf",
            }
        },
    )
    scene = pipeline_settings.scene(settings)
    assert scene.surface_temperature == 700.0
    assert pipeline.inputs(settings) == [table]


def test_recipe_template_is_the_default():
    import tomllib

    written = config.template(pipeline.Config, title="thermal")
    assert config.resolved(config.load(pipeline.Config, tomllib.loads(written))) == config.resolved(
        config.load(pipeline.Config, {})
    )


def test_demo_says_that_data_cannot_choose(tmp_path):
    with runs.open_run(tmp_path, products.Provenance(recipe={}), quiet=True) as out:
        section = pipeline.demo(out, None)
    assert all(row.ok for row in section.results)
    assert "cannot choose among" in " ".join(section.paragraphs)
    assert sum("uniform ε = 4.15" in row.quantity for row in section.results) == 11
    assert {f"χ² of {name}, flux scales exact" for name in model_families.NAMES} <= {
        row.quantity for row in section.results
    }
    assert section.figures[0].png[:4] == b"\x89PNG"


def test_plan_names_the_deciding_frequency():
    settings = config.load(
        plan.Config,
        {"times": ["2004-03-26T10:00", "2027-01-01"], "families": ["uniform", "step", "emissivity law"],
         "frequencies": ["240 MHz", "606 MHz", "1.4 GHz"]},
    )  # fmt: skip
    visits, fluxes, errors, contrasts, deciding = plan.tables(settings)
    assert float(visits.rows[0][2]) == pytest.approx(22.72, abs=0.05)
    # Table 3 measured 58 and 54 mJy at 606 MHz around that day.
    row = next(r for r in fluxes.rows if r[0].startswith("2004") and r[1] == "0.606")
    assert float(row[4]) == pytest.approx(58, abs=10)
    assert len(contrasts.rows) == 3 + 2
    assert deciding.rows[0][0] == "uniform / step"
    assert all(
        len(r) == len(t.columns) for t in (visits, fluxes, errors, contrasts, deciding) for r in t.rows
    )
    with pytest.raises(InputError, match="plan: frequencies is empty"):
        plan.tables(config.load(plan.Config, {"frequencies": []}))
    with pytest.raises(InputError, match="plan: families names step twice"):
        plan.tables(config.load(plan.Config, {"families": ["step", "step"]}))


TABLE_1_AND_3 = (
    (606.1, 26, 16, 311, (6.5, 5.1), 0.45),
    (606.0, 26, 16, 334, (5.5, 4.2), 0.56),
    (332.9, 28, 16, 210, (13.8, 11.0), 0.40),
    (332.9, 27, 16, 240, (13.5, 11.4), 0.50),
    (239.9, 26, 8, 311, (15.4, 13.3), 1.50),
)
"""MHz, antennas, bandwidth [MHz], minutes, beam ["], rms of the map [mJy] (Mohan et al. 2017)."""


def _gmrt(antennas, bandwidth, minutes, beam, frequency, **changed):
    width = math.sqrt(beam[0] * beam[1]) * arcsec
    baseline = SPEED_OF_LIGHT / (frequency * MHz) / width
    return plan_noise.Interferometer(
        antennas, 100.0, 0.32, baseline, bandwidth * MHz, minutes * 60.0, 18.0, 0.2 * mJy, 0.07, 0.15
    )._replace(**changed)


def test_noise_of_the_gmrt_exceeds_the_thermal():
    """Tables 1 and 3: maps are 10 to 23 times noisier than the receivers, in the median 18 times."""
    ratios = []
    for frequency, antennas, bandwidth, minutes, beam, rms in TABLE_1_AND_3:
        nu, diameter = np.array([frequency * MHz]), 22.7 * arcsec
        sky = np.array([{606.1: 10.7, 606.0: 10.7, 332.9: 50.9, 239.9: 119.3}[frequency]])
        array = _gmrt(antennas, bandwidth, minutes, beam, frequency)
        found = plan_noise.budget(array, nu, diameter, sky, np.array([500.0]))
        beams = 0.25 * math.pi * 22.7**2 / (beam[0] * beam[1])
        printed = planck.brightness_temperature(rms * mJy * math.sqrt(beams), nu, diameter)
        ratios.append(float((printed / found.thermal)[0]))
        assert found.confusion[0] < 0.1 * printed[0]
    assert 10 < min(ratios) < 11
    assert 23 < max(ratios) < 24
    assert np.median(ratios) == pytest.approx(18.0, abs=0.5)


def test_causes_of_the_error_add_up():
    """Without the rest each cause stands alone; the flux scale acts on what is seen against the sky."""
    nu, sky, disk = np.array([240 * MHz, 5 * GHz]), np.array([110.0, 3.0]), np.array([500.0, 650.0])
    array = _gmrt(30, 16, 300, (14.0, 14.0), 240.0)
    whole = plan_noise.budget(array, nu, 25 * arcsec, sky, disk)
    np.testing.assert_allclose(whole.scale, 0.07 * (disk - sky))
    np.testing.assert_allclose(whole.sky, 0.15 * sky)
    np.testing.assert_allclose(np.hypot(whole.thermal, whole.excess), 18 * whole.thermal)
    np.testing.assert_allclose(whole.total**2, np.sum(np.square(whole), axis=0))
    calm = array._replace(noise_excess=1.0, confusion=0.0, calibration=0.0, sky_error=0.0)
    alone = plan_noise.budget(calm, nu, 25 * arcsec, sky, disk)
    np.testing.assert_allclose(alone.total, whole.thermal)


def test_plan_knows_what_a_family_leaves_open():
    """Two families count as apart only beyond noise and beyond what today's data leave open in each."""
    settings = config.load(
        plan.Config,
        {"families": ["step", "buried mirror"], "frequencies": ["240 MHz"], "noise_excess": 1.0,
         "calibration": 0.0, "sky_error": 0.0, "times": ["2027-01-01"]},
    )  # fmt: skip
    *_, contrasts, deciding = plan.tables(settings)
    assert float(contrasts.rows[0][1].split(" ± ")[1]) > 15
    assert float(contrasts.rows[-1][1]) > 3
    assert float(deciding.rows[0][2]) < 1


def test_figures_of_odd_spectra():
    """All limits, one datum, no bands: still a figure."""
    from hesper.record import take

    table = read.published("mohan2017")
    for mine in (table.is_limit, ~table.is_limit):
        assert plot.spectrum(take(table, "datum", mine), []).axes
