"""Antenna gains, bandpass, bootstrap and weights against what was put in."""

import dataclasses

import numpy as np
import pytest
from tests.radio.conftest import observation

from hesper.errors import InputError
from hesper.radio import (
    calibrate_background,
    calibrate_flux,
    calibrate_gains,
    model_array,
    model_flux,
    model_gains,
    model_solver,
    model_sums,
)
from hesper.radio.data_calibration import Gains


def _spoiled(seed, *, antennas=12, solutions=30, noise=0.02, wild=False):
    rng = np.random.default_rng(seed)
    first, second = model_array.pairs(antennas)
    gain = 0.1 * np.exp(
        rng.normal(0, 0.2, (solutions, antennas, 1)) + 1j * rng.uniform(0, 6.28, (solutions, antennas, 1))
    )
    model = np.full((1, 1, 8), 7.6 + 0j)
    value = np.broadcast_to(
        (gain[:, first] * np.conj(gain[:, second]))[:, :, None] * 7.6, (solutions, first.size, 8, 1)
    )
    value = value + noise * (rng.standard_normal(value.shape) + 1j * rng.standard_normal(value.shape))
    if wild:
        value[:, 3] += 2.0
    one = np.ones(value.shape, np.float32)
    sums = model_sums.accumulate(
        value.astype(np.complex64), one, one < 0, model, np.arange(solutions), np.zeros(8, int)
    )
    return gain, sums, first, second, antennas


@pytest.mark.parametrize("wild", [False, True])
def test_gains_are_recovered_with_their_errors(wild):
    """Pulls of amplitude and phase have unit scatter, with and without a baseline gone wild."""
    pulls = []
    for seed in range(20):
        gain, sums, first, second, antennas = _spoiled(seed, wild=wild)
        found = model_solver.solve(sums, first, second, antennas, reference=0, phase_only=False)
        turned = gain * np.exp(-1j * np.angle(gain[:, :1]))
        pulls.append(
            np.stack(
                [
                    ((np.abs(found.gain) - np.abs(gain)) / found.amplitude_std)[:, 1:, 0],
                    (np.angle(found.gain / turned)[:, 1:] / found.phase_std[:, 1:])[..., 0],
                ]
            )
        )
    pulls = np.array(pulls)
    # 20 × 30 solutions of 11 antennas: the mean is 0.02 with correlated antennas, the scatter to 3 %,
    # Tukey's weights cost 5 % of the precision that the Fisher matrix does not know of.
    assert np.abs(pulls.mean(axis=(0, 2, 3))).max() < 0.08
    assert pulls.std(axis=(0, 2, 3)) == pytest.approx(np.ones(2), abs=0.12)


def test_phases_alone():
    gain, sums, first, second, antennas = _spoiled(1, noise=0.0)
    flat = sums._replace(cross=sums.cross / (np.abs(gain[:, first] * gain[:, second])))
    found = model_solver.solve(flat, first, second, antennas, reference=3, phase_only=True)
    assert np.abs(found.gain) == pytest.approx(1)
    expected = np.exp(1j * (np.angle(gain) - np.angle(gain[:, 3:4])))
    assert found.gain == pytest.approx(expected, abs=1e-6)
    assert found.phase_std[:, 3] == pytest.approx(0)


def test_an_antenna_without_data_has_no_solution():
    _, sums, first, second, antennas = _spoiled(2)
    lost = (first == 4) | (second == 4)
    sums.power[:, lost] = 0
    sums.cross[:, lost] = 0
    found = model_solver.solve(sums, first, second, antennas, reference=4, phase_only=False)
    assert np.isnan(found.gain[:, 4]).all()
    assert np.isfinite(np.delete(found.gain, 4, axis=1)).all()


def _scene(seed=3, antennas=10, channels=24, times=24):
    data = observation(antennas=antennas, channels=channels, times=times)
    rng = np.random.default_rng(seed)
    hands = data.setup.polarisation.size
    x = np.linspace(-1, 1, channels)
    ripple = rng.normal(0, 0.1, (2, antennas, 1, hands)) * np.cos(3 * x)[:, None]
    band = np.exp(ripple[0] + 1j * (ripple[1] + rng.uniform(0, 6, (antennas, 1, hands))))
    band /= np.abs(band).mean(axis=1, keepdims=True)
    drift = 0.1 * np.exp(
        rng.normal(0, 0.2, (antennas, hands))
        + 1j * np.arange(times)[:, None, None] * rng.normal(0, 0.01, (antennas, hands))
    )
    gain = drift[:, :, None] * band[None]
    spectra = {0: np.full(channels, 30.0), 1: np.full(channels, 7.0)}
    model = calibrate_gains.point_model(data, spectra)
    value = model_gains.with_gains(
        np.broadcast_to(model[..., None], data.value.shape), gain, data.setup.antenna1, data.setup.antenna2
    )
    noise = 0.002 * (rng.standard_normal(value.shape) + 1j * rng.standard_normal(value.shape))
    data = dataclasses.replace(
        data, value=value + noise, weight=np.ones(value.shape), flag=np.zeros(value.shape, bool)
    )
    return data, model, gain, band, spectra


def test_bandpass_and_gains_undo_what_was_done():
    data, model, _, band, _ = _scene()
    passband = calibrate_gains.bandpass(data, model, reference=0)
    assert passband.amplitude == pytest.approx(np.abs(band), abs=5e-3)
    flat = calibrate_gains.with_gains(data, None, passband)
    table = calibrate_gains.gains(flat, model, interval=17.0, reference=0, phase_only=False)
    level = calibrate_gains.with_weights(calibrate_gains.with_gains(flat, table, None))
    residual = level.value - model[..., None]
    white = residual * np.sqrt(level.weight)
    assert np.std(white.real) == pytest.approx(1, abs=0.03)  # noise, less what the gains took up
    assert np.abs(residual.mean()) < 2e-3 * 7


def test_noise_is_found_beneath_a_source():
    data = observation(antennas=6, channels=64, times=40, east=0.0, north=0.0)
    rng = np.random.default_rng(1)
    sigma = rng.uniform(0.5, 2, (2, 15, 1, 2))[np.repeat([0, 1], 20)]
    noise = sigma * (rng.standard_normal(data.value.shape) + 1j * rng.standard_normal(data.value.shape))
    data = dataclasses.replace(
        data,
        value=20 * data.value + noise,
        weight=np.ones(data.value.shape),
        flag=np.zeros(data.value.shape, bool),
    )
    found = calibrate_gains.with_weights(data).weight ** -0.5
    # 2 × 20 × 63 differences, neighbours sharing a sample: σ to 1/√(2520 × 4/3) × ... below 2.5 %.
    assert found / np.broadcast_to(sigma, found.shape) == pytest.approx(1, abs=0.08)


def test_bootstrap_finds_the_secondary():
    data, _, _, _, spectra = _scene()
    unit = calibrate_gains.point_model(data, {0: spectra[0], 1: np.ones(24)})
    passband = calibrate_gains.bandpass(data, unit, reference=0)
    table = calibrate_gains.gains(
        calibrate_gains.with_gains(data, None, passband), unit, interval=1e4, reference=0, phase_only=False
    )
    known = calibrate_flux.Primary({0: spectra[0]}, "PB2017", "")
    fluxes = calibrate_flux.bootstrap(table, data.setup, known, 1, slope=0.0)
    assert fluxes.flux_density[-1] == pytest.approx(7.0, abs=3 * fluxes.flux_density_std[-1] + 0.007)
    assert list(fluxes.is_primary) == [True, False]
    turned = calibrate_flux.rescaled(table, 1, 7.0)
    assert turned.amplitude[1] == pytest.approx(turned.amplitude[0], rel=5e-3)
    with pytest.raises(InputError, match="no gains on the primary"):
        calibrate_flux.bootstrap(
            table, data.setup, calibrate_flux.Primary({9: spectra[0]}, "", ""), 1, slope=0.0
        )


def _table(elevation, log_amplitude, seed):
    rng = np.random.default_rng(seed)
    n = elevation.size
    amplitude = np.exp(
        log_amplitude[:, None, None] + rng.normal(0, 0.005, (n, 20, 1)) + rng.normal(0, 0.3, (1, 20, 1))
    )
    return Gains(
        time=np.arange(n),
        field=np.ones(n, int),
        amplitude=amplitude,
        amplitude_std=0.005 * amplitude,
        phase=0 * amplitude,
        phase_std=0 * amplitude,
        elevation=elevation,
        antenna_name=np.array([f"A{i}" for i in range(20)]),
        reference="A0",
    )


def test_gain_against_elevation():
    elevation = np.radians(np.linspace(23, 85, 12))
    pulls = []
    for seed in range(40):
        curve = calibrate_flux.elevation_curve(_table(elevation, 0.05 * elevation, seed), 1)
        pulls.append((curve.slope - 0.05) / curve.slope_std)
    assert np.abs(np.mean(pulls)) < 3 / np.sqrt(40) * 1.2
    assert np.std(pulls) == pytest.approx(1, abs=0.35)  # Student's t of ten degrees of freedom, 40 draws
    assert curve.variation == pytest.approx(0.05 * np.ptp(elevation), abs=0.01)


def test_flux_scales():
    """Four digits of the coefficients' values at the frequencies of Mohan et al. 2017."""
    expected = {
        239.9: [[52.060, 51.892, 51.066], [60.597, 61.629, 60.432], [25.501, 29.045, 28.178]],
        332.9: [[43.106, 44.270, 43.350], [52.268, 54.726, 53.482], [24.023, 26.834, 26.210]],
        606.0: [[29.014, 30.918, 30.202], [36.419, 40.366, 39.151], [20.644, 22.040, 21.740]],
    }
    for frequency, rows in expected.items():
        for source, values in zip(("3C48", "3C147", "3C286"), rows, strict=True):
            for scale, value in zip(("SH2012", "PB2013", "PB2017"), values, strict=True):
                found = model_flux.calibrator_flux(
                    source, np.array([frequency * 1e6]), scale=scale, year=2004.23
                )
                assert found.flux_density[0] == pytest.approx(value, abs=6e-4)


def test_extrapolation_is_never_silent():
    def note(scale, frequency):
        return model_flux.calibrator_flux("3C48", np.array([frequency]), scale=scale, year=2004.23).note

    assert note("PB2017", 606e6) == "" and note("SH2012", 200e6) == "" and note("PB2013", 2e9) == ""
    assert "1000 to 50000 MHz; at 606.0 MHz 3C48 is extrapolated: 1.024 times PB2017" in note("PB2013", 606e6)
    assert "30 to 300 MHz" in note("SH2012", 332.9e6)
    published = [
        model_flux.calibrator_flux("3C48", np.array([f]), scale="as published", year=2004.23)
        for f in (333e6, 606e6)
    ]
    assert [p.scale for p in published] == ["SH2012", "PB2013"]


def test_unknown_calibrators_are_refused():
    with pytest.raises(InputError, match="unknown; known: 3C48"):
        model_flux.find_calibrator("3C999")
    with pytest.raises(InputError, match="not on the scale PB2017"):
        model_flux.calibrator_flux("3C380", np.array([1e9]), scale="PB2017", year=2004)
    with pytest.raises(InputError, match="flux scale 'Baars'"):
        model_flux.calibrator_flux("3C48", np.array([1e9]), scale="Baars", year=2004)
    assert model_flux.find_calibrator("cta 21").name == "0318+164"


def test_a_calibrator_on_no_scale_is_refused(small):
    with pytest.raises(InputError, match="none is on a flux scale"):
        calibrate_flux.primary(small, scale="PB2017")
    with pytest.raises(InputError, match="no flux density is known"):
        calibrate_gains.point_model(small, {0: np.ones(5)})


def test_everything_flagged_is_refused(small):
    with pytest.raises(InputError, match="every visibility"):
        calibrate_gains.reference_antenna(dataclasses.replace(small, flag=np.ones(small.flag.shape, bool)))


def test_background_goes_away():
    data = observation(antennas=6, channels=16, times=8)
    one = dataclasses.replace(
        data,
        value=np.repeat(data.value[..., :1], 2, axis=-1)[4:],
        **{
            name: getattr(data, name)[4:]
            for name in ("time", "interval", "field", "scan", "uvw", "weight", "flag")
        },
    )
    model = calibrate_background.background(one, [3e-3], [-2e-3], [1.0], index=0.0)
    less = calibrate_background.subtracted(one, model)
    # The scene was made without smearing, the model has it: some per cent on the longest baselines.
    short = np.linalg.norm(one.uvw, axis=-1) < 1500
    assert np.abs(less.value[short]).max() < 5e-3


def test_components_on_the_track_are_kept():
    track = np.linspace(-1e-3, 1e-3, 50)
    keep = calibrate_background.outside_track(
        [0.0, 0.0, 5e-4], [0.0, 4e-4, 1e-5], track, 0 * track, radius=1.5e-4
    )
    assert list(keep) == [False, True, False]
    assert calibrate_background.outside_track([], [], track, track, radius=1.0).size == 0
