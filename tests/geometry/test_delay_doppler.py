import numpy as np
import pytest

from hesper import ephemeris
from hesper.geometry import delay_doppler, sphere

RADIUS, WAVELENGTH = 6.0518e6, 0.12554


def _frame():
    echo = ephemeris.echo("1974-01-20T20:13:00", "DSS-14")
    return delay_doppler.Frame(echo.doppler[0], echo.north[0], echo.radar[0], echo.rotation_rate[0])


def test_round_trip_to_a_nanoradian():
    view, rng = _frame(), np.random.default_rng(1)
    x, y = rng.uniform(-7e5, 7e5, (2, 3000))
    y = np.where(np.abs(y) > 1e3, y, 2e3)
    z = np.sqrt(RADIUS**2 - x**2 - y**2)
    point = x[:, None] * view.doppler + y[:, None] * view.north + z[:, None] * view.radar
    lon, lat = sphere.lon_lat(point)
    altitude = rng.uniform(-3e3, 8e3, lon.size)
    found = delay_doppler.from_surface(lon, lat, altitude, view=view, wavelength=WAVELENGTH, radius=RADIUS)
    back = delay_doppler.to_surface(*found, altitude, view=view, wavelength=WAVELENGTH, radius=RADIUS)
    far = np.abs(y * (1 + altitude / RADIUS)) > 2e3
    apart = sphere.separation(sphere.unit_vector(*back), sphere.unit_vector(lon, lat))
    assert apart[far].max() < 1e-9
    assert np.array_equal(found.hemisphere, np.sign(y))


@pytest.mark.parametrize("north", [5e4, 2e5, 6e5])
def test_altitude_moves_a_cell_by_its_lever(north):
    view = _frame()
    delay = 2 * (RADIUS - np.sqrt(RADIUS**2 - north**2)) / 299_792_458
    y = []
    for altitude in (-0.5, 0.5):
        place = delay_doppler.to_surface(
            delay, 0.0, 1, altitude, view=view, wavelength=WAVELENGTH, radius=RADIUS
        )
        y.append((RADIUS + altitude) * sphere.unit_vector(*place) @ view.north)
    assert y[1] - y[0] == pytest.approx(delay_doppler.altitude_lever(north, RADIUS), rel=1e-6)


def test_patches_tile_the_cap():
    """On a ring of equal depth x = ρ sin t, so that the cells' 1/|y| needs no care at the Doppler equator."""
    depth = (np.arange(4000) + 0.5) * 12.0
    angle = (np.arange(1000) + 0.5) / 1000 * np.pi - np.pi / 2
    north = delay_doppler.cap_radius(depth, RADIUS)[:, None] * np.cos(angle)
    width = north * (np.pi / 1000)
    area = 2 * delay_doppler.patch_area(north, width, 12.0, radius=RADIUS).sum()
    assert area == pytest.approx(2 * np.pi * RADIUS * 48e3, rel=1e-3)


def test_geometry_of_the_paper():
    assert delay_doppler.cap_radius(48e3, RADIUS) == pytest.approx(760.7e3, abs=100)


def test_nothing_is_invented_beyond_the_limb():
    view = _frame()
    back = delay_doppler.to_surface(1e-3, 1e3, 1, 0.0, view=view, wavelength=WAVELENGTH, radius=RADIUS)
    assert np.isnan(back.lon)
