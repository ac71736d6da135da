"""Jupiter's spectra, the Kitt Peak atlas and VMC's cloud-tracked winds."""

import numpy as np
import pytest

from hesper.constants import SPEED_OF_LIGHT
from hesper.units import angstrom, deg
from hesper.winds import (
    grid,
    model_correlation,
    model_spectrum,
    model_template,
    plan_photons,
    read_spectra,
    retrieve_spectra,
)

STEP = 11.7e-13
FIRST = 5889.95 * angstrom - 256 * STEP


def _spectra(real_data, *names):
    return [read_spectra.planet_spectrum(real_data / "planet_spectra" / f"{n}.fits") for n in names]


def _windows(*edges):
    return [(a * angstrom, b * angstrom) for a, b in edges]


BLUE = _windows((6120, 6180), (6180, 6240), (6330, 6390), (6390, 6450), (6600, 6660), (6660, 6720))
CALCIUM = _windows((8478, 8518))
METHANE = _windows((8522, 8562), (8642, 8682))


def _relative(a, b, windows, **options):
    return retrieve_spectra.relative_velocity(a.wavelength, a.flux, b.wavelength, b.flux, windows, **options)


def test_limbs_of_jupiter(real_data):
    west, east, centre = _spectra(real_data, "q06048", "q06050", "q06034")
    found = _relative(west, east, BLUE)
    assert found.velocity / 1e3 == pytest.approx(44.15, abs=0.1)
    assert found.velocity_std < 100
    # Differences close.
    closure = found.velocity - (
        _relative(west, centre, BLUE).velocity - _relative(east, centre, BLUE).velocity
    )
    assert abs(closure) < 200


def test_both_detectors_agree(real_data):
    west, east = _spectra(real_data, "q06047", "q06049")
    red = _relative(west, east, CALCIUM, widest=40e3)
    blue = _relative(*_spectra(real_data, "q06048", "q06050"), BLUE)
    assert red.velocity == pytest.approx(blue.velocity, abs=200)


def test_lines_of_jupiters_own_methane_move_by_one_leg(real_data):
    # Reflected lines have two legs, lines formed in the atmosphere one: exactly half.
    west, east = _spectra(real_data, "q06047", "q06049")
    own = _relative(west, east, METHANE).velocity
    reflected = _relative(*_spectra(real_data, "q06048", "q06050"), BLUE).velocity
    assert reflected / own == pytest.approx(2.0, abs=0.03)


@pytest.fixture
def atlas(real_data):
    return read_spectra.atlas(
        real_data / "solar" / "int_nad.dat", FIRST - angstrom, FIRST + 512 * STEP + angstrom
    )


def _template(atlas, water=1.0):
    shifts = model_template.Shifts(13163.5 / SPEED_OF_LIGHT, 0.0, -349 / SPEED_OF_LIGHT)
    return model_template.template(
        atlas, shifts=shifts, venus_exponent=water, sky_exponent=water, fwhm=20e-13, pixel=STEP
    )


def test_slope_of_d2_in_the_atlas(real_data):
    # P3 is reproduced only for the raw samples of the atlas, telluric lines included; see the next test.
    rows = (real_data / "solar" / "int_nad.dat").read_text().splitlines()
    table = np.array([[float(v) for v in row.split()] for row in rows if len(row.split()) == 4])
    table = table[np.argsort(-table[:, 0])]
    wave = model_spectrum.air_wavelength(0.01 / table[:, 0])
    slope = np.gradient(table[:, 2], wave) * wave / SPEED_OF_LIGHT
    near = np.abs(wave - 5889.95 * angstrom) < 0.5 * angstrom
    steepest = int(np.argmax(np.where(near, np.abs(slope), 0)))
    assert abs(slope[steepest]) == pytest.approx(8.9e-5, rel=0.03)


def test_slope_of_d2_through_the_spectrograph(atlas):
    step = atlas.wavelength[1] - atlas.wavelength[0]
    near = np.abs(atlas.wavelength - 5889.95 * angstrom) < 0.5 * angstrom
    blurred = model_spectrum.blurred(atlas.solar, step, 20e-13, 1e-16)
    slope = np.gradient(blurred, atlas.wavelength) * atlas.wavelength / SPEED_OF_LIGHT
    assert np.abs(slope[near]).max() == pytest.approx(8.2e-5, rel=0.03)


@pytest.mark.parametrize(
    ("offset", "sky", "expected"), [(0.1, 0.0, 3.96), (0.1, 0.5, 5.86), (0.0, 0.0, 3.99), (0.0, 0.5, 5.93)]
)
def test_photon_limits_of_the_atlas_hang_on_the_window(real_data, offset, sky, expected):
    # P2 (3.95 and 5.83 m/s) is reproduced only for the window 0.1 Å redward, which was found by moving it:
    # the end of the window cuts the Ni I line at 5892.88 Å. What is tested is what docs/papers states.
    first = FIRST + offset * angstrom
    window = read_spectra.atlas(
        real_data / "solar" / "int_nad.dat", first - angstrom, first + 512 * STEP + angstrom
    )
    electrons = plan_photons.paper_budget().rate * 366 * STEP / angstrom
    bound = plan_photons.velocity_std(
        _template(window), electrons, sky=sky * electrons, first=first, pixels=512
    )
    assert bound == pytest.approx(expected, abs=0.006)


def test_parametric_lines_are_those_of_the_atlas(atlas):
    made = model_spectrum.parametric(FIRST - angstrom, FIRST + 512 * STEP + angstrom)
    inside = np.abs(made.wavelength - 5889.95 * angstrom) < 3 * angstrom
    assert np.std((made.solar - atlas.solar)[inside]) < 0.012
    assert np.std((np.exp(-made.telluric_depth) - np.exp(-atlas.telluric_depth))[inside]) < 0.012


_SHIFTS = model_template.Shifts(13163.5 / SPEED_OF_LIGHT, 0.0, -349 / SPEED_OF_LIGHT)
_LAGS = np.arange(-10, 56)


def _rows_and_sky(real_data, first, water, velocity):
    window = read_spectra.atlas(
        real_data / "solar" / "int_nad.dat", first - angstrom, first + 512 * STEP + angstrom
    )
    made = model_template.template(
        window, shifts=_SHIFTS, venus_exponent=water, sky_exponent=water, fwhm=20e-13, pixel=STEP
    )
    rows, sky = np.empty((velocity.size, 512)), np.empty((1, 512))
    one, unit = np.ones(velocity.size), model_template.VELOCITY_UNIT
    model_template.expected_rows(*made, one * first, one * 3754, velocity / unit, 0.0, 0 * one, 0.0, rows)
    model_template.expected_rows(
        *made, np.array([first]), np.zeros(1), np.zeros(1), 0.0, np.ones(1), 0.0, sky
    )
    return rows, sky[0]


def _measured(rows, sky, overlap):
    place, _ = model_correlation.peak(model_correlation.correlation(rows, sky, _LAGS) / overlap, _LAGS, 8)
    relative = (1 + _SHIFTS.reflected) / (1 + _SHIFTS.sky) - 1
    return (place * STEP / (5889.95 * angstrom) - relative) * SPEED_OF_LIGHT


def _bias_and_slope(real_data, first, water, overlap):
    velocity = np.linspace(-400, 400, 9)
    found = _measured(*_rows_and_sky(real_data, first, water, velocity), overlap)
    slope, bias = np.polyfit(velocity, found, 1)
    return bias, slope


def test_correlation_without_telluric_lines(real_data):
    bias, slope = _bias_and_slope(real_data, FIRST, 0.0, 1.0)
    assert slope == pytest.approx(1.0, abs=0.01)
    assert -166 - 15 < bias < -134 + 15


def test_bias_and_slope_of_a_correlation_with_telluric_lines_belong_to_a_window(real_data):
    # V2 (−186 ± 15 m/s, 0.955 ± 0.01) is reproduced only for sums over the overlap divided by its length at
    # one place of the first pixel, which a scan found: no pass. Two pixels further the slope is another.
    overlap = 512.0 - np.abs(_LAGS)
    bias, slope = _bias_and_slope(real_data, FIRST + 0.227 * angstrom, 1.0, overlap)
    assert -201 < bias < -171
    assert slope == pytest.approx(0.955, abs=0.01)
    _, elsewhere = _bias_and_slope(real_data, FIRST + (0.227 + 0.0234) * angstrom, 1.0, overlap)
    assert abs(elsewhere - 0.955) > 0.01


def test_one_slope_of_a_biased_correlation_belongs_to_one_window(real_data):
    # Two pixels of the window's start change V2's slope by more than ten times its tolerance.
    overlap = 512.0 - np.abs(_LAGS)
    slopes = [
        _bias_and_slope(real_data, FIRST + (0.215 + 0.0117 * i) * angstrom, 1.0, overlap)[1] for i in range(4)
    ]
    assert np.ptp(slopes) > 10 * 0.01


def test_noise_of_the_correlation_belongs_to_a_window_too(real_data):
    # V2's third number, 62 ± 4 m/s for 3754 electrons per pixel: found at one window, where the bias is
    # −430 m/s; where bias and slope are V2's the noise is half. No window that we tried has all three.
    def std(offset, overlap):
        rows, sky = _rows_and_sky(real_data, FIRST + offset * angstrom, 1.0, np.zeros(1))
        noisy = np.random.default_rng(7).poisson(np.repeat(rows, 2000, axis=0)).astype(float)
        return _measured(noisy, sky, overlap).std()

    assert std(0.05, 1.0) == pytest.approx(62, abs=4)
    assert std(0.227, 512.0 - np.abs(_LAGS)) < 62 - 4


def test_cloud_tracked_winds_through_the_same_function(real_data):
    vectors = read_spectra.wind_vectors(sorted((real_data / "winds").glob("*.dat")))
    edges = np.arange(-80, -19, 10) * deg
    profile = grid.zonal_profile(vectors.lat, vectors.zonal_wind, np.full(vectors.lat.size, np.nan), edges)
    assert profile.zonal_wind == pytest.approx([-34, -57, -81, -104, -113, -114], abs=1.0)
    # A Doppler map of the same winds gives the same profile within its own bands.
    doppler = grid.zonal_profile(profile.lat, profile.zonal_wind, profile.zonal_wind_std, edges)
    assert doppler.zonal_wind == pytest.approx(profile.zonal_wind)
    assert doppler.zonal_wind_std == pytest.approx(profile.zonal_wind_std)
