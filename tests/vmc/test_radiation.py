"""Transfer of thermal light: limits, identities, an independent code, published sensitivities."""

import numpy as np
import pytest

from hesper import config
from hesper.physics import atmosphere, planck
from hesper.units import cm, km
from hesper.vmc import model_radiation as transfer
from hesper.vmc import model_surface
from hesper.vmc.data_settings import Atmosphere

WAVELENGTH = 1.01e-6


def layers(alpha):
    edges = transfer.levels()
    return edges, transfer.layers(
        atmosphere.vira(), edges, absorption=alpha / cm, cloud_depth=30.0, wavelength=WAVELENGTH
    )


def table(**changes):
    return model_surface.table(config.load(Atmosphere, changes), WAVELENGTH)


def oracle(column, albedo, surface, *, source, streams=16, asymmetry=0.73, single=0.9999):
    """Return cosines, radiances at the top and the downward flux over π of PythonicDISORT."""
    from PythonicDISORT import pydisort

    depth = column.absorption + column.rayleigh + column.cloud
    scattered = column.rayleigh + single * column.cloud
    order = np.arange(streams + 1)
    clear = np.where(order == 0, 1.0, np.where(order == 2, 0.1, 0.0))
    moments = (
        column.rayleigh[:, None] * clear + single * column.cloud[:, None] * asymmetry**order
    ) / scattered[:, None]
    # The emission is given as the Planck radiance: this code multiplies it with 1 − ω itself.
    mu, _, down, radiance = pydisort(
        np.cumsum(depth), scattered / depth, streams, moments, 0, 0, 0, NLeg=streams, NFourier=1,
        only_flux=True, f_arr=single * column.cloud * asymmetry**streams / scattered,
        s_poly_coeffs=(column.planck if source else 0 * depth)[:, None], b_pos=surface,
        BDRF_Fourier_modes=[albedo] if albedo else [],
    )[:4]  # fmt: skip
    falls = down(depth.sum() * (1 - 1e-12))
    half = streams // 2
    return mu[:half], radiance(0)[:half], (sum(falls) if isinstance(falls, tuple) else falls) / np.pi


@pytest.mark.parametrize("alpha", [1e-10, 7e-10])
@pytest.mark.parametrize("altitude", [-2.0, 0.0, 4.0, 10.0])
def test_four_numbers_and_closed_form_agree_with_disort(alpha, altitude):
    pytest.importorskip("PythonicDISORT")
    edges, column = layers(alpha)
    upto = int(np.argmin(np.abs(edges - altitude * km)))
    part = transfer.Layers(*(values[:upto] for values in column))
    cosine, path, down = oracle(part, 0.0, 0.0, source=True)
    _, transmission, albedo = oracle(part, 0.0, 1.0, source=False)
    found = transfer.four_numbers(part, cosine)
    np.testing.assert_allclose(found.path[-1], path, rtol=1e-6)
    np.testing.assert_allclose(found.transmission[-1], transmission, rtol=1e-6)
    assert found.down[-1] == pytest.approx(down, rel=1e-6)
    assert found.albedo[-1] == pytest.approx(albedo, rel=1e-6)
    light = float(transfer.surface_planck(atmosphere.vira(), np.array([altitude * km]), WAVELENGTH)[0])
    for emissivity in (0.5, 0.7, 0.9, 1.0):
        whole = oracle(part, 1 - emissivity, emissivity * light, source=True)[1]
        closed = path + transmission * transfer.leaving(emissivity, light, down, albedo)
        ours = found.path[-1] + found.transmission[-1] * transfer.leaving(
            emissivity, light, found.down[-1], found.albedo[-1]
        )
        np.testing.assert_allclose(closed, whole, rtol=1e-6)
        np.testing.assert_allclose(ours, whole, rtol=2e-3)


def test_the_inverse_is_exact():
    made = table()
    altitude, emissivity = np.meshgrid(np.linspace(-2, 10, 13) * km, [0.5, 0.7, 0.9, 1.0])
    bright = model_surface.zenith_radiance(made, altitude, emissivity)
    np.testing.assert_allclose(model_surface.emissivity(made, altitude, bright), emissivity, atol=1e-8)


def test_an_isothermal_column_between_black_walls_is_a_black_body():
    """Path, transmission of the ground and reflection from above add to one: Kirchhoff's law."""
    _, column = layers(1e-10)
    warm = column._replace(planck=np.ones_like(column.planck))
    upside = transfer.Layers(*(values[::-1] for values in warm))
    cosines = np.linspace(0.2, 1, 5)
    found, turned = transfer.four_numbers(warm, cosines), transfer.four_numbers(upside, cosines)
    # Seen from below: downward light, what is thrown back, and what comes through from above are one.
    through = turned.transmission[-1]
    node, weight = np.polynomial.legendre.leggauss(8)
    node = (node + 1) / 2
    flux = np.sum(weight / 2 * 2 * node * transfer.four_numbers(upside, node).transmission[-1])
    assert found.down[-1] + found.albedo[-1] + flux == pytest.approx(1, abs=1e-6)
    assert (through < 1).all()


def test_an_isothermal_opaque_column_emits_as_a_black_body():
    thick = transfer.Layers(*(np.full(5, v) for v in (4.0, 0.0, 0.0, 3.0)))
    np.testing.assert_allclose(transfer.four_numbers(thick, np.array([0.3, 1.0])).path[-1], 3.0, rtol=1e-3)


def test_a_thin_absorbing_slab_follows_beers_law():
    slab = transfer.Layers(*(np.array([v]) for v in (0.1, 0.0, 0.0, 1.0)))
    found = transfer.four_numbers(slab, np.array([0.5, 1.0]))
    np.testing.assert_allclose(found.path[-1], 1 - np.exp(-0.1 / np.array([0.5, 1.0])), rtol=1e-6)


def test_planck_and_its_sensitivity():
    light = planck.radiance_per_wavelength(WAVELENGTH, np.array([735.3, 736.3])) * 1e-6
    assert light[0] == pytest.approx(0.43705, abs=5e-5)
    assert np.log(light[1] / light[0]) == pytest.approx(0.02635, abs=5e-5)


@pytest.mark.parametrize(
    ("alpha", "slope", "gain"),
    [(0.0, -19.5, 7.3), (1e-10, -17.1, 3.96), (3e-10, -14.5, 3.25)],
)
def test_sensitivities_with_the_emission_of_the_gas_counted_once(alpha, slope, gain):
    """Contrast and amplification at 0.2 km, where VIRA counts 0.

    The table of −16.2 %/km and A = 2.74 for α = 1e-10 cannot be had: see the next test.
    """
    made = table(absorption=f"{alpha} cm-1")
    ground = np.array(0.2 * km)
    bright = model_surface.zenith_radiance(made, np.array([0.2, 1.2]) * km, 0.9)
    assert 100 * np.log(bright[1] / bright[0]) == pytest.approx(slope, abs=0.2)
    assert 1 / model_surface.sensitivity(made, ground, 0.9) == pytest.approx(gain, abs=0.06)


def test_where_the_smaller_amplification_came_from():
    """With 1 − ω applied twice to the gas's emission, as happens if a code that multiplies by it is given
    (1 − ω)B, the other table's −16.2 %/km and A = 2.74 come out."""
    edges, column = layers(1e-10)
    depth = column.absorption + column.rayleigh + column.cloud
    part = 1 - (column.rayleigh + 0.9999 * column.cloud) / depth
    found = transfer.four_numbers(column._replace(planck=column.planck * part), np.array([1.0]))
    light = transfer.surface_planck(atmosphere.vira(), np.minimum(edges, 12.4 * km), WAVELENGTH)
    ground = transfer.leaving(0.9, light, found.down, found.albedo) * found.transmission[:, 0]
    bright = ground + found.path[:, 0]
    here, above = (int(np.argmin(np.abs(edges - z * km))) for z in (0.2, 1.2))
    assert 100 * np.log(bright[above] / bright[here]) == pytest.approx(-16.2, abs=0.2)
    own = transfer.sensitivity(0.9, light, found.down, found.albedo) * ground / bright
    assert 1 / own[here] == pytest.approx(2.74, abs=0.05)


def test_limb_law_is_the_published_line():
    law = model_surface.limb_law(table(), 0.0, 0.9)
    cosine = model_surface.COSINES
    slope, start = np.polyfit(cosine[cosine >= 0.4], law[cosine >= 0.4], 1)
    assert start == pytest.approx(0.357, abs=0.01)
    assert slope == pytest.approx(0.647, abs=0.01)


def test_vira_is_hydrostatic():
    profile = atmosphere.vira()
    z = np.arange(0, 60.1, 0.5) * km
    state = atmosphere.at(profile, z)
    gravity = 8.869 * (6052 / (6052 + z / km)) ** 2
    weight = 43.44e-3 / 8.314_462_618 * gravity / state.temperature
    for low, high in zip(range(0, 60, 10), range(10, 70, 10), strict=True):
        inside = (z >= low * km) & (z <= high * km)
        fall = np.trapezoid(weight[inside], z[inside])
        assert np.log(state.pressure[inside][0] / state.pressure[inside][-1]) == pytest.approx(fall, rel=3e-3)


def test_error_propagation_agrees_with_monte_carlo():
    made = table()
    random = np.random.default_rng(5)
    altitude = np.full(20000, 0.5 * km)
    bright = model_surface.zenith_radiance(made, altitude, 0.9)
    for drawn in (0.01, 0.02):
        seen = bright * (1 + drawn * random.standard_normal(20000))
        spread = model_surface.emissivity(made, altitude, seen).std()
        expected = 0.9 * drawn / model_surface.sensitivity(made, altitude[:1], 0.9)[0]
        assert spread == pytest.approx(expected, rel=0.1)
    height = altitude + 50 * random.standard_normal(20000)
    spread = model_surface.emissivity(made, height, bright).std()
    slope = -model_surface.altitude_slope(made, altitude[:1], 0.9)[0]
    expected = 0.9 * 50 * slope / model_surface.sensitivity(made, altitude[:1], 0.9)[0]
    assert spread == pytest.approx(expected, rel=0.1)
