"""The radar's equations against numbers known beforehand."""

import numpy as np
import pytest

from hesper import ephemeris
from hesper.constants import VENUS_RADIUS
from hesper.geometry import delay_doppler, sphere
from hesper.radar import model
from hesper.units import MHz, arcsec, au, deg, km, us


@pytest.fixture(scope="module")
def echo():
    return ephemeris.echo("1974-01-20T20:13", "DSS-14")


def test_plane_inverts_the_delay_and_doppler_of_surface_points(echo):
    view, frequency = model.frame(echo), 2388 * MHz
    rng = np.random.default_rng(1)
    vectors = sphere.normalized(rng.normal(size=(500, 3)))
    vectors = vectors[vectors @ view.radar > 0.05]
    lon, lat = sphere.lon_lat(vectors)
    seen = delay_doppler.from_surface(
        lon, lat, 0.0, view=view, wavelength=model.wavelength(frequency), radius=VENUS_RADIUS
    )
    place = model.plane(seen.delay, seen.doppler, rotation_rate=view.rate, frequency=frequency)
    assert np.allclose(place.x, VENUS_RADIUS * (vectors @ view.doppler), atol=1e-5)
    assert np.allclose(place.y, VENUS_RADIUS * np.abs(vectors @ view.north), atol=1.0)
    assert np.allclose(np.arccos(place.z / VENUS_RADIUS), model.incidence(lon, lat, view), atol=1e-8)


@pytest.mark.parametrize(("y", "extent"), [(50, 91), (95, 48), (150, 30), (227, 20), (303, 15), (454, 10)])
def test_cell_extent_gives_the_tabled_north_south_sizes(y, extent):
    found = model.cell_extent(np.array(y * km), np.array(0.0), 749.5, 11.4 * km) / km
    assert found == pytest.approx(extent, abs=0.6)


def test_cell_extent_is_what_a_step_in_delay_and_doppler_does():
    x, y, dx, dD = 300 * km, 400 * km, 11.4 * km, 749.5
    z = np.sqrt(VENUS_RADIUS**2 - x**2 - y**2)
    by_depth = abs(np.sqrt(VENUS_RADIUS**2 - x**2 - (z - 1.0) ** 2) - y) * dD
    by_doppler = abs(np.sqrt(VENUS_RADIUS**2 - (x + 1.0) ** 2 - z**2) - y) * dx
    found = float(model.cell_extent(np.array(y), np.array(x), dD, dx))
    # R dD/|y| holds to the second order of the distance from the front: z/R = 0.997 here.
    assert found == pytest.approx(np.hypot(by_depth, by_doppler), rel=0.005)


def test_half_power_and_mirror_of_the_beam():
    assert model.beam_gain(60 * arcsec, 120 * arcsec) == pytest.approx(0.25)
    north = np.array([0.0, 3000 * km])
    gain = model.mirror_gain(
        np.zeros(2), north, distance=0.2892 * au, offset=60 * arcsec, half_power_width=120 * arcsec
    )
    assert gain[0] == pytest.approx(1.0)
    angle = 3000 * km / (0.2892 * au)
    assert gain[1] == pytest.approx(2 ** (-32 * angle * 60 * arcsec / (120 * arcsec) ** 2))
    aimed_south = model.mirror_gain(
        np.zeros(2), north, distance=0.2892 * au, offset=-60 * arcsec, half_power_width=120 * arcsec
    )
    assert np.allclose(gain * aimed_south, 1)


@pytest.mark.parametrize(
    ("law", "decibels"),
    [(model.muhleman, 4.8), (lambda t: model.hagfors(t, fresnel=0.1, roughness=150.0), 3.8)],
)
def test_laws_have_the_known_range_after_division_by_their_root(law, decibels):
    front, edge = law(np.array([0.0, 7 * deg]))
    assert 5 * np.log10(front / edge) == pytest.approx(decibels, abs=0.3)


def test_code_axes_of_the_four_microsecond_looks():
    delay, doppler = model.code_axes(3.8 * us, 8191, 8192)
    assert delay == pytest.approx(3.8e-6)
    assert doppler * 8192 == pytest.approx(32.1277, abs=1e-4)
