"""What Mohan et al. 2017 print about thermal emission, and the physics tests P1–P9."""

import numpy as np
import pytest

from hesper import config
from hesper.physics import atmosphere as physics_atmosphere
from hesper.physics import planck, sky
from hesper.record import take
from hesper.thermal import (
    model,
    model_atmosphere,
    model_columns,
    model_families,
    model_ground,
    model_layers,
    model_opacity,
    pipeline,
    pipeline_settings,
    read,
    retrieve,
    retrieve_atmosphere,
)
from hesper.units import GHz, MHz, arcsec, deg, mJy

TABLE4 = np.array([22.46, 14.94, 8.44, 4.86, 1.465, 1.385, 0.606, 0.608, 0.430, 0.3329, 0.2399]) * GHz
UNIFORM, BASALT = model_families.family("uniform"), np.array([4.15])
# Order of model_columns.SPECIES: co2, so2, h2so4, cloud, h2o, co, ocs.
A = np.array([1.0, 0, 0, 0, 0, 0, 0])
B = np.array([1.0, 1, 1, 1, 0, 0, 0])
C = np.array([1.0, 0.4, 0.3, 1, 0, 0, 0])


@pytest.fixture(scope="module")
def air():
    return model_atmosphere.standard(physics_atmosphere.vira())


def _temperatures(air, scale, frequency, *, sky_408=2.725, laws=None, is_planck=True):
    scene = model.Scene(air, laws or model_columns.Laws(), scale, sky_408)
    return model_families.temperatures(model.view(scene, frequency), UNIFORM, BASALT, is_planck)


def test_table_3_temperatures_from_fluxes():
    """U8: every printed temperature follows from flux and diameter of its own day."""
    rows = ((606.1, 58.0, 22.72, 539.3, 540), (606.0, 54.0, 22.97, 491.4, 492),
            (332.9, 10.6, 21.19, 375.6, 376), (332.9, 9.7, 21.40, 337.0, 337),
            (239.9, 4.74, 22.72, 281.3, 282))  # fmt: skip
    for frequency, flux, diameter, recomputed, printed in rows:
        found = planck.brightness_temperature(flux * mJy, frequency * MHz, diameter * arcsec)
        assert found == pytest.approx(recomputed, abs=0.3)
        assert found == pytest.approx(printed, abs=1.0)


def test_galactic_background():
    """U8: scaled whole as the paper does; it prints 10, 52 and 122 K."""
    found = sky.temperature_scaled_whole(np.array([606, 332.9, 239.9]) * MHz, 30.0)
    np.testing.assert_allclose(found, [10.7, 50.9, 119.3], atol=0.05)


def test_opacity_at_the_zenith(air):
    """P1: about 0.02 at 1.385 GHz (Butler 2001), 0.006 ± 0.005 at 608 MHz (Muhleman 1973)."""
    column = model_columns.columns(np.array([1.385, 0.608]) * GHz, air)
    high, low = model_columns.zenith_opacity(column, B)
    assert 0.018 < high < 0.036
    assert 0.001 < low < 0.011
    np.testing.assert_allclose(model_columns.zenith_opacity(column, A), [0.0221, 0.0042], atol=1e-4)


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        (A, [524.7, 582.9, 650.5, 665.3, 637.6, 636.9, 631.2, 631.2, 630.5, 630.2, 629.9]),
        (B, [482.9, 543.2, 622.8, 653.6, 637.0, 636.3, 631.0, 631.0, 630.3, 630.0, 629.9]),
        (C, [507.2, 567.3, 640.5, 661.5, 637.5, 636.8, 631.2, 631.2, 630.4, 630.1, 629.9]),
    ],
    ids="ABC",
)
def test_models_of_the_prototype(air, scale, expected):
    """P2: CO₂ alone, nominal and tuned abundances, against another implementation."""
    np.testing.assert_allclose(_temperatures(air, scale, TABLE4), expected, atol=1.0)


def test_other_laws_of_co2(air):
    rosenkranz = model_columns.Laws(model_opacity.collision_induced_rosenkranz)
    found = _temperatures(air, B, TABLE4[:7], laws=rosenkranz)
    np.testing.assert_allclose(found, [499.4, 562.7, 633.4, 651.4, 634.7, 634.2, 630.5], atol=1.0)
    gruszka = model_columns.Laws(model_opacity.collision_induced_gruszka_borysow)
    found = _temperatures(air, np.array([1, 1, 0.3, 1, 0, 0, 0]), TABLE4[[0, 1, 2, 3, 5]], laws=gruszka)
    np.testing.assert_allclose(found, [508.3, 565.3, 639.0, 666.4, 639.0], atol=1.0)


def test_refraction_is_not_optional(air):
    """P3: without it T_b falls by 11.1 K at 1.385 GHz, 3.3 at 4.86 and 0.6 at 22.46 (model C, fine nodes)."""
    nu = np.array([1.385, 4.86, 22.46]) * GHz
    each = []
    for refraction in (True, False):
        column = model_columns.columns(nu, air, surface_rays=40, limb_rays=40, refraction=refraction)
        ground = model_ground.uniform(nu, column.rays.cosine, 735.3, 4.15)
        disk = model.sight(column.rays, model_columns.beams(column, C), model.sky_source(nu, 2.725))
        each.append(model.seen(disk, ground))
    np.testing.assert_allclose(each[1] - each[0], [-11.1, -3.3, -0.6], atol=0.3)


def test_the_ground_reflects_the_galaxy(air):
    """P4: +7.3 and +17.1 K at 333 and 240 MHz if the cosmic background counts twice; +6.6 and +15.5 once."""
    nu = np.array([0.3329, 0.2399]) * GHz
    column = model_columns.columns(nu, air)
    ground = model_ground.uniform(nu, column.rays.cosine, 735.3, 4.15)

    def disk(background):
        return model.seen(model.sight(column.rays, model_columns.beams(column, B), background), ground)

    dark = disk(model.sky_source(nu, 2.725))
    twice = disk(2.725 + 30 * (nu / (408 * MHz)) ** -2.6)
    once = disk(model.sky_source(nu, 30.0))
    np.testing.assert_allclose(twice - dark, [7.3, 17.1], atol=0.3)
    np.testing.assert_allclose(once - dark, [6.6, 15.5], atol=0.1)


def test_altitude_of_millimetre_emission(air):
    """P5."""
    column = model_columns.columns(np.array([217.5, 230.0]) * GHz, air)
    np.testing.assert_allclose(model_columns.contributions(column, B).mean_altitude / 1e3, 55.0, atol=2.0)


def test_five_parameters_fit_nine_points(air):
    """P6: the six points of Butler and three of CLASS, inside the priors."""
    table = read.together(["mohan2017", "class2023"])
    table = take(table, "datum", table.frequency > 1 * GHz)
    scene = model.Scene(air, model_columns.Laws(), np.ones(len(model_columns.SPECIES)), 30.0)
    fit = retrieve_atmosphere.absorbers(table, scene, scales=False)
    assert fit.value.size == 5
    assert fit.chi_square <= 12
    assert np.abs(fit.residual).max() < 3
    assert fit.value[0] == pytest.approx(0.85, abs=0.3)
    assert fit.value[1] == pytest.approx(4.6, abs=0.8)


def test_uniform_surface_is_rejected_below_1_ghz(air):
    """P8: χ² of the four detections exceeds 80 with the permittivity that radar saw, and 70 with any."""
    table = read.published("mohan2017")
    scene = model.Scene(air, model_columns.Laws(), C, 30.0)
    view = model.view(scene, table.frequency, table.reference_radius)
    predicted = model_families.temperatures(view, UNIFORM, BASALT, np.array(table.is_planck))
    low = (table.frequency < 1 * GHz) & ~table.is_limit
    residual = ((table.brightness_temperature - predicted) / table.brightness_temperature_std)[low]
    assert residual.size == 4
    assert np.sum(residual**2) > 80
    fit = retrieve.ground(table, scene, UNIFORM, radar=read.no_radar(), scales=False)
    assert fit.chi_square_low > 70


def test_warnock_dickel_layers_stay_too_warm(air):
    """P8: ε 1.5 over 8.31 gives at least 560 K at 333 MHz for any thickness; 606 and 430 MHz as noted."""
    nu = np.array([606, 430, 333]) * MHz
    scene = model.Scene(air, model_columns.Laws(), B, 30.0)
    view = model.view(scene, nu)
    lowest = np.full(3, np.inf)
    for thickness in np.linspace(0.0, 3.0, 301):
        ground = model_layers.layers_coherent(
            nu, view.cosine, np.array([thickness]), np.array([1.5, 8.31]), np.array([0.0, 0.0]),
            np.array([735.3, 735.3]),
        )  # fmt: skip
        lowest = np.minimum(lowest, model.disk_temperature(view, ground, is_planck=False))
    np.testing.assert_allclose(lowest, [560, 563, 568], atol=3.0)
    assert lowest[2] >= 560


def test_three_families_tie():
    """The data below 1 GHz cannot choose: step, mirror and emissivity law fit alike."""
    settings = config.load(pipeline.Config, {"data": ["mohan2017"], "campaign_scales": False})
    table, scene = pipeline_settings.measured(settings), pipeline_settings.scene(settings)
    fits = {
        name: retrieve.ground(table, scene, model_families.family(name), radar=read.no_radar(), scales=False)
        for name in model_families.NAMES
    }
    tied = [fits[name].chi_square for name in ("step", "buried mirror", "emissivity law")]
    assert max(tied) - min(tied) < 2
    assert fits["uniform"].chi_square > max(tied) + 50
    assert fits["two layers"].at_bound.any()
    assert fits["exponential"].at_bound[1]


def test_brightness_at_the_radar_band(air):
    """P9: 7.9 GHz, emissivity 0.82, 30° from the vertical: 578–657 K is what another code allows."""
    nu = np.array([7.9 * GHz])
    radius, index = model_columns.radius_and_index(air)
    impact = np.array([radius[0] * index[0] * np.sin(30 * deg)])
    column = model_columns.columns_along(nu, air, impact)
    law = model_ground.Ground(np.full((2, 1, 1), 0.82 * 735.3), np.full((2, 1, 1), 0.18))
    found = model.limb(column, model_columns.beams(column, B), law, model.sky_source(nu, 2.725))
    assert 578 < found.horizontal[0, 0] < 657
    assert found.horizontal[0, 0] == pytest.approx(634.7, abs=5.0)


def test_radar_reflectivity_at_3_8_cm(air):
    """Section 1: about 0.02 seen at 3.8 cm is 0.15 less the loss on the way down and up."""
    nu = np.array([299_792_458.0 / 0.038])
    column = model_columns.columns(nu, air)
    left = 0.15 * np.exp(-2 * model_columns.zenith_opacity(column, B)[0])
    assert 0.02 < left < 0.03


def test_peak_and_slope_of_the_spectrum(air):
    """Section 5: rising to a peak near 6 cm: 60 K/cm from 1.33 to 3.55 cm (the paper: about 40 to 6 cm)."""
    nu = np.geomspace(0.24, 23, 60) * GHz
    found = _temperatures(air, C, nu)
    peak = 29.9792458 / (nu[np.argmax(found)] / GHz)
    assert 5 < peak < 7.5
    short, long = _temperatures(air, C, np.array([22.46, 8.44]) * GHz)
    assert (long - short) / (3.55 - 1.33) == pytest.approx(60, abs=2)
