"""Direct sums of point sources, primary beams, baselines."""

import numpy as np
import pytest
from scipy.constants import c

from hesper import ephemeris
from hesper.errors import InputError
from hesper.radio import model_array, model_beam, model_sources
from hesper.units import GHz, MHz, arcmin, deg


def _direct(uvw, frequency, east, north, flux):
    delay = uvw @ np.stack([east, north, np.sqrt(1 - east**2 - north**2) - 1])
    return (flux * np.exp(2j * np.pi * frequency[:, None] / c * delay[:, None, :])).sum(-1)


def _scene(channels, seed=1):
    rng = np.random.default_rng(seed)
    uvw = rng.normal(0, 8e3, (37, 3))
    east, north = rng.normal(0, 4e-3, (2, 11))
    return uvw, 598 * MHz + 125e3 * np.arange(channels), east, north, rng.uniform(0.01, 1, 11)


@pytest.mark.parametrize("channels", [1, 2, 128, 300])
def test_predict_is_the_direct_sum(channels):
    scene = _scene(channels)
    error = np.abs(model_sources.predict(*scene) - _direct(*scene)).max()
    assert error < 1e-5 * scene[-1].sum()


def test_flux_may_change_along_the_channels():
    uvw, frequency, east, north, flux = _scene(40)
    spectrum = flux[:, None] * (frequency / frequency[0]) ** -0.7
    found = model_sources.predict(uvw, frequency, east, north, spectrum)
    expected = _direct(uvw, frequency, east, north, spectrum.T)
    assert np.abs(found - expected).max() < 1e-5 * flux.sum()


def test_smearing_is_the_mean_over_integration_and_channel():
    uvw, frequency, east, north, flux = _scene(3)
    change = np.random.default_rng(2).normal(0, 20, uvw.shape)
    steps = (np.arange(200) + 0.5) / 200 - 0.5
    width = 125e3
    mean = np.mean([_direct(uvw + s * change, frequency, east, north, flux) for s in steps], axis=0)
    found = model_sources.predict_smeared(
        uvw, frequency, east, north, flux, uvw_change=change, channel_width=0
    )
    # A term of second order, the curvature of the fringe along the channels of one block, is left out.
    assert np.abs(found - mean).max() < 2e-4 * flux.sum()
    mean = np.mean([_direct(uvw, frequency + s * width, east, north, flux) for s in steps], axis=0)
    found = model_sources.predict_smeared(
        uvw, frequency, east, north, flux, uvw_change=0 * uvw, channel_width=width
    )
    assert np.abs(found - mean).max() < 2e-5 * flux.sum()


def test_predict_refuses_unequal_channels_and_places_below_the_horizon():
    uvw, _, east, north, flux = _scene(3)
    with pytest.raises(InputError, match="equally spaced"):
        model_sources.predict(uvw, np.array([1.0, 2.0, 4.0]) * GHz, east, north, flux)
    with pytest.raises(InputError, match="direction cosines"):
        model_sources.predict(uvw, np.array([GHz]), east + 1, north, flux)


@pytest.mark.parametrize(
    ("telescope", "frequency", "width", "tolerance"),
    [
        ("GMRT", 606 * MHz, 44.7, 0.05),  # notes on the polynomials: 44.7, 83.4 and 116.1 arcmin
        ("GMRT", 332.9 * MHz, 83.4, 0.05),
        ("GMRT", 239.9 * MHz, 116.1, 0.05),
        ("VLA", 1.4 * GHz, 45 / 1.4, 1.5),  # the observatory's rule, 45 arcmin per GHz
        ("MeerKAT", 1.5 * GHz, 57.5, 0.05),  # Mauch et al. 2020
    ],
)
def test_beam_widths(telescope, frequency, width, tolerance):
    beam = model_beam.find_beam(telescope, frequency)
    assert model_beam.half_power_width(frequency, beam.coefficients) / arcmin == pytest.approx(
        width, abs=tolerance
    )
    half = model_beam.primary_beam(width / 2 * arcmin, frequency, beam.coefficients)
    assert half == pytest.approx(0.5, abs=0.04)


def test_beam_of_meerkat_is_the_tapered_cosine():
    beam = model_beam.find_beam("MeerKAT", 1.3 * GHz)
    rho = np.linspace(0.0, 1.15, 40)
    rho = rho[np.abs(2 * 1.189 * rho - 1) > 1e-3]
    expected = (np.cos(1.189 * np.pi * rho) / (1 - 4 * (1.189 * rho) ** 2)) ** 2
    offset = rho * 57.5 * arcmin * 1.5 / 1.3
    assert model_beam.primary_beam(offset, 1.3 * GHz, beam.coefficients) == pytest.approx(expected, abs=1e-6)


def test_beam_ends_at_its_first_minimum():
    for beam in model_beam.beams():
        x = np.linspace(0, 300, 3001) * arcmin
        b = model_beam.primary_beam(x, beam.low, beam.coefficients)
        assert b[0] == 1 and b.min() >= 0 and np.all(np.diff(b) <= 0)


def test_beam_of_an_unknown_band_is_refused():
    with pytest.raises(InputError, match="no primary beam there"):
        model_beam.find_beam("GMRT", 450 * MHz)
    with pytest.raises(InputError, match="known: GMRT"):
        model_beam.find_beam("LOFAR", 150 * MHz)


def test_frame_is_orthonormal_and_points_at_venus():
    gmrt = model_array.antennas("GMRT")
    times = np.array(["2004-03-26T07:30:00", "2004-03-26T10:00:00", "2004-03-26T12:30:00"])
    view = ephemeris.viewing(times, "GMRT")
    frame = model_array.field_frame(view.time, view.ra, view.dec, gmrt.centre)
    assert frame.axes @ np.swapaxes(frame.axes, 1, 2) == pytest.approx(
        np.tile(np.eye(3), (3, 1, 1)), abs=1e-12
    )
    assert np.linalg.det(frame.axes) == pytest.approx(1)
    # Venus' apparent place also carries the deflection of light by the Sun, below 0.01 arcsec here.
    assert frame.elevation == pytest.approx(view.elevation, abs=1e-7)
    assert frame.azimuth == pytest.approx(view.azimuth, abs=3e-6)


def test_fringe_of_a_displaced_source_is_the_difference_of_delays():
    """The phase of a source off the centre is the delay of its direction less that of the centre."""
    gmrt = model_array.antennas("GMRT")
    time = ephemeris.tdb_seconds("2004-03-26T08:00:00")
    ra, dec, east, north = 0.85, 0.37, np.array([2e-3]), np.array([-3e-3])
    frame = model_array.field_frame(time, ra, dec, gmrt.centre)
    there = model_array.field_frame(time, *model_array.place(east, north, ra, dec), gmrt.centre)
    i, j = model_array.pairs(30)
    uvw = model_array.baseline_uvw(frame.axes, gmrt.position, i, j)
    delay = model_array.baseline_uvw(there.axes, gmrt.position, i, j)[..., 2] - uvw[..., 2]
    frequency = np.array([606 * MHz])
    found = model_sources.predict(uvw, frequency, east, north, np.ones(1))[0, :, 0]
    expected = np.exp(2j * np.pi * frequency / c * delay[0])
    # Aberration shrinks the field by up to 1e-4: 3.6e-3 rad × 25 km × 1e-4 is 0.02 wavelengths, 0.11 rad.
    assert np.abs(found - expected).max() < 0.12
    short = np.linalg.norm(uvw[0], axis=1) < 2000
    assert np.abs(found - expected)[short].max() < 0.01


def test_places_of_the_gmrt():
    gmrt = model_array.antennas("GMRT")
    assert len(gmrt.name) == 30
    i, j = model_array.pairs(30)
    length = np.linalg.norm(gmrt.position[i] - gmrt.position[j], axis=1)
    # "14 in a central array of ∼1 km × 1 km ... 16 in a Y-shaped array of extent 25 km" (Mohan et al. 2017)
    central = np.char.startswith(gmrt.name, "C")
    assert central.sum() == 14
    assert length.max() == pytest.approx(25.6e3, rel=0.03)
    assert length.min() > 45  # the diameter of a dish
    with pytest.raises(InputError, match="known: GMRT"):
        model_array.antennas("Effelsberg")


def test_places_and_direction_cosines_are_inverse():
    east, north = np.array([1e-3, -0.2, 0.3]), np.array([-2e-3, 0.1, 0.4])
    ra, dec = model_array.place(east, north, 200 * deg, -30 * deg)
    back = model_array.direction_cosines(ra, dec, 200 * deg, -30 * deg)
    assert back[0] == pytest.approx(east) and back[1] == pytest.approx(north)


@pytest.mark.parametrize("channels", [1, 24, 150])
def test_correlate_is_the_direct_sum(channels):
    """The six sums against their definition; single precision leaves 1e-5 of what is summed."""
    uvw, frequency, east, north, _ = _scene(channels)
    rng = np.random.default_rng(3)
    value = (rng.normal(size=(37, channels)) + 1j * rng.normal(size=(37, channels))).astype(np.complex64)
    weight = rng.uniform(0, 2, (37, channels)).astype(np.float32)
    weight[rng.random(weight.shape) < 0.2] = 0
    found = model_sources.correlate(value, weight, uvw, frequency, east, north)
    depth = np.sqrt(1 - east**2 - north**2)
    waves = uvw[:, None, :] * frequency[:, None] / c
    for s in range(east.size):
        phase = 2 * np.pi * waves @ np.array([east[s], north[s], depth[s] - 1])
        z = value * np.exp(-1j * phase)
        u = waves[..., 0] - waves[..., 2] * east[s] / depth[s]
        v = waves[..., 1] - waves[..., 2] * north[s] / depth[s]
        terms = [weight * z.real, weight * u * z.imag, weight * v * z.imag, weight]
        for number, term in enumerate([*terms, weight * u**2, weight * v**2]):
            assert abs(found[s, number] - term.sum()) < 1e-5 * np.abs(term).sum()
