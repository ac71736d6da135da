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


def test_slope_of_d2_in_the_atlas(atlas):
    # P3: the methods give 8.9e-5 (8.2e-5 through the spectrograph); the atlas's own core is finer.
    slope = np.gradient(atlas.solar, atlas.wavelength) * atlas.wavelength / SPEED_OF_LIGHT
    near = np.abs(atlas.wavelength - 5889.95 * angstrom) < 0.5 * angstrom
    assert np.abs(slope[near]).max() == pytest.approx(8.9e-5, rel=0.10)
    step = atlas.wavelength[1] - atlas.wavelength[0]
    blurred = model_spectrum.blurred(atlas.solar, step, 20e-13, 1e-16)
    slope = np.gradient(blurred, atlas.wavelength) * atlas.wavelength / SPEED_OF_LIGHT
    assert np.abs(slope[near]).max() == pytest.approx(8.2e-5, rel=0.03)


def test_photon_limits_of_the_atlas(atlas):
    # P2
    made, electrons = _template(atlas), plan_photons.paper_budget().rate * 366 * STEP / angstrom
    for sky, expected in ((0.0, 3.95), (0.5, 5.83)):
        bound = plan_photons.velocity_std(made, electrons, sky=sky * electrons, first=FIRST, pixels=512)
        assert bound == pytest.approx(expected, abs=0.10)


def test_parametric_lines_are_those_of_the_atlas(atlas):
    made = model_spectrum.parametric(FIRST - angstrom, FIRST + 512 * STEP + angstrom)
    inside = np.abs(made.wavelength - 5889.95 * angstrom) < 3 * angstrom
    assert np.std((made.solar - atlas.solar)[inside]) < 0.012
    assert np.std((np.exp(-made.telluric_depth) - np.exp(-atlas.telluric_depth))[inside]) < 0.012


def _correlated(atlas, first, water, half_window=8):
    made = model_template.template(
        atlas, shifts=_SHIFTS, venus_exponent=water, sky_exponent=water, fwhm=20e-13, pixel=STEP
    )
    velocity = np.linspace(-400, 400, 9)
    rows, sky = np.empty((9, 512)), np.empty((1, 512))
    unit = model_template.VELOCITY_UNIT
    one = np.ones(9)
    model_template.expected_rows(*made, one * first, one * 3754, velocity / unit, 0.0, 0 * one, 0.0, rows)
    model_template.expected_rows(*made, one[:1] * first, 0 * one[:1], 0 * one[:1], 0.0, one[:1], 0.0, sky)
    lags = np.arange(23 - 2 * half_window - 4, 23 + 2 * half_window + 5)
    place, _ = model_correlation.peak(model_correlation.correlation(rows, sky[0], lags), lags, half_window)
    relative = (1 + _SHIFTS.reflected) / (1 + _SHIFTS.sky) - 1
    found = (place * STEP / (5889.95 * angstrom) - relative) * SPEED_OF_LIGHT
    slope, bias = np.polyfit(velocity, found, 1)
    return bias, slope


_SHIFTS = model_template.Shifts(13163.5 / SPEED_OF_LIGHT, 0.0, -349 / SPEED_OF_LIGHT)


def test_correlation_is_biased_by_telluric_lines(real_data):
    # V2: without telluric lines the slope is 1; with them it hangs on where the window cuts.
    def one(first, water):
        window = read_spectra.atlas(
            real_data / "solar" / "int_nad.dat", first - angstrom, first + 512 * STEP + angstrom
        )
        return _correlated(window, first, water)

    bias, slope = one(FIRST, 0.0)
    assert slope == pytest.approx(1.0, abs=0.01)
    assert bias == pytest.approx(-150, abs=20)
    biases, slopes = np.array([one(FIRST + i * 0.02 * angstrom, 1.0) for i in range(6)]).T
    assert np.ptp(slopes) > 0.1
    assert np.abs(slopes - 1).max() > 0.03
    assert (biases < -100).all()


def test_cloud_tracked_winds_through_the_same_function(real_data):
    vectors = read_spectra.wind_vectors(sorted((real_data / "winds").glob("*.dat")))
    edges = np.arange(-80, -19, 10) * deg
    profile = grid.zonal_profile(vectors.lat, vectors.zonal_wind, np.full(vectors.lat.size, np.nan), edges)
    assert profile.zonal_wind == pytest.approx([-34, -57, -81, -104, -113, -114], abs=1.0)
    # A Doppler map of the same winds gives the same profile within its own bands.
    doppler = grid.zonal_profile(profile.lat, profile.zonal_wind, profile.zonal_wind_std, edges)
    assert doppler.zonal_wind == pytest.approx(profile.zonal_wind)
    assert doppler.zonal_wind_std == pytest.approx(profile.zonal_wind_std)
