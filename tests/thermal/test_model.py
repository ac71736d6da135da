"""The disk: what must hold exactly (U6), convergence (U9), and an integration done by other means."""

import math

import numpy as np
import pytest

from hesper import config
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError, MissingError
from hesper.physics import atmosphere as physics_atmosphere
from hesper.physics import planck
from hesper.thermal import (
    grid,
    model,
    model_atmosphere,
    model_columns,
    model_families,
    model_ground,
    model_opacity,
    pipeline,
    pipeline_settings,
)
from hesper.thermal.data import Atmosphere
from hesper.units import GHz, bar, deg, km

NU = np.array([0.24, 0.606, 1.385, 4.86, 8.44, 22.46, 100.0, 300.0]) * GHz
NOMINAL = np.ones(len(model_columns.SPECIES))
CO2_ALONE = np.array([1.0, 0, 0, 0, 0, 0, 0])


@pytest.fixture(scope="module")
def air():
    return model_atmosphere.standard(physics_atmosphere.vira())


def _disk(column, scale, sky, ground):
    return model.seen(model.sight(column.rays, model_columns.beams(column, scale), sky), ground)


def test_isothermal_venus_has_its_temperature(air):
    count = air.altitude.size
    same = Atmosphere(
        altitude=air.altitude, temperature=np.full(count, 500.0), pressure=air.pressure,
        co2=air.co2, n2=air.n2,
        so2=air.so2, h2so4=air.h2so4, cloud=air.cloud, h2o=air.h2o, co=air.co, ocs=air.ocs,
    )  # fmt: skip
    column = model_columns.columns(NU, same)
    sky = model_ground.source(NU, 500.0)
    ground = model_ground.uniform(NU, column.rays.cosine, 500.0, 4.15)
    found = model.convention(NU, _disk(column, NOMINAL, sky, ground), is_planck=True)
    np.testing.assert_allclose(found, 500.0, atol=1e-9)


@pytest.mark.parametrize("family", ["uniform", "two layers", "buried mirror", "emissivity law"])
def test_isothermal_over_every_reflecting_ground(air, family):
    """Emission, reflected atmosphere and sky add up whatever the ground is made of."""
    column = model_columns.columns(NU, air)._replace(
        source=np.tile(model_ground.source(NU, 500.0)[:, None], 101)
    )
    kind = model_families.family(family)
    values = np.array([{"permittivity": 3.0, "deep_permittivity": 8.0, "loss_depth": -1.5,
                        "mirror_reflectivity": 0.7, "wavelength": 0.1, "exponent": 2.0}[p.name]
                       for p in kind.parameters])  # fmt: skip
    ground = kind.ground(NU, column.rays.cosine, 500.0, values)
    found = _disk(column, NOMINAL, model_ground.source(NU, 500.0), ground)
    np.testing.assert_allclose(found, model_ground.source(NU, 500.0), atol=1e-9)


def test_transparent_disk(air):
    """Only refraction and Fresnel are left: 0.85586 of the surface temperature."""
    nu = np.array([1 * GHz])
    column = model_columns.columns(nu, air)
    ground = model_ground.uniform(nu, column.rays.cosine, 735.3, 4.15)
    found = _disk(column, np.zeros(len(model_columns.SPECIES)), np.zeros(1), ground)
    surface = planck.rayleigh_jeans_temperature(nu, 735.3)
    # The background of zero fills no disk: what is missing behind the limb counts as nothing.
    assert found[0] / surface[0] == pytest.approx(0.85586, abs=1e-4)


def _independent(nu, bend, permittivity=4.15):
    """Integrate CO₂-only Venus with 20,000 layers of constant source and 60 + 60 rays, in a few lines."""
    z = np.linspace(0, 100 * km, 20001)
    profile = physics_atmosphere.at(physics_atmosphere.vira(), z)
    x = (VENUS_RADIUS + z) * (
        1 + bend * physics_atmosphere.refractivity(profile.temperature, profile.pressure)
    )
    alpha = model_opacity.collision_induced_ho(
        np.array([nu]), profile.temperature, profile.pressure, 0.965, 0.035
    )
    source = planck.rayleigh_jeans_temperature(nu, profile.temperature)
    sky, lowest = planck.rayleigh_jeans_temperature(nu, 2.725), int(x.argmin())
    edge = x[lowest]

    def ray(b):
        start = 0 if b < edge else lowest + int(np.searchsorted(x[lowest:], b))
        root = np.sqrt(np.maximum(x[start:] ** 2 - b * b, 0))
        step = np.diff(z)[start:] * (x[start + 1 :] + x[start:-1]) / (root[1:] + root[:-1])
        depth = 0.5 * (alpha[0, start + 1 :] + alpha[0, start:-1]) * step
        mean = 0.5 * (source[start + 1 :] + source[start:-1])
        above = np.concatenate([np.cumsum(depth[::-1])[::-1], [0.0]])
        up = np.sum(mean * np.diff(np.exp(-above)))
        down = np.sum(mean * -np.diff(np.exp(above - above[0])))
        back = down + sky * np.exp(-above[0])
        if b >= edge:
            return up + np.exp(-above[0]) * back
        mu = np.sqrt(1 - (b / x[0]) ** 2)
        inner, n = np.sqrt(1 - (1 - mu * mu) / permittivity), np.sqrt(permittivity)
        r = 0.5 * (((mu - n * inner) / (mu + n * inner)) ** 2 + ((n * mu - inner) / (n * mu + inner)) ** 2)
        return up + np.exp(-above[0]) * ((1 - r) * planck.rayleigh_jeans_temperature(nu, 735.3) + r * back)

    t, w = np.polynomial.legendre.leggauss(60)
    t, w = 0.5 * (t + 1), 0.5 * w
    total = sum(
        edge**2 * 2 * a * c * (ray(edge * np.sqrt(1 - a * a)) - sky) for a, c in zip(t, w, strict=True)
    )
    wide = x[-1] - edge
    total += sum(2 * (edge + wide * a * a) * wide * 2 * a * c * (ray(edge + wide * a * a) - sky)
                 for a, c in zip(t, w, strict=True))  # fmt: skip
    return total / VENUS_RADIUS**2 + sky


@pytest.mark.parametrize("bend", [True, False])
def test_disk_against_an_independent_integration(bend):
    nu = np.array([1.385, 22.46]) * GHz
    air = model_atmosphere.standard(physics_atmosphere.vira(), layer=0.25 * km)
    column = model_columns.columns(nu, air, surface_rays=40, limb_rays=40, refraction=bend)
    ground = model_ground.uniform(nu, column.rays.cosine, 735.3, 4.15)
    sky = planck.rayleigh_jeans_temperature(nu, 2.725)
    found = _disk(column, CO2_ALONE, sky, ground)
    np.testing.assert_allclose(found, [_independent(f, bend) for f in nu], atol=0.04)


def test_grid_is_fine_enough():
    """Twice the rays and half the layers change less than 0.1 K below 25 GHz and 0.25 K to 300 GHz."""
    nu = np.array([0.24, 1.385, 4.86, 8.44, 14.94, 22.46, 38.8, 93.7, 217.5, 300.0]) * GHz
    found = []
    for layer, rays in ((1 * km, 1), (0.5 * km, 2)):
        air = model_atmosphere.standard(physics_atmosphere.vira(), layer=layer)
        column = model_columns.columns(nu, air, surface_rays=16 * rays, limb_rays=10 * rays)
        ground = model_ground.uniform(nu, column.rays.cosine, 735.3, 4.15)
        found.append(_disk(column, NOMINAL, model.sky_source(nu, 30.0), ground))
    change = np.abs(found[1] - found[0])
    assert change[nu < 25 * GHz].max() < 0.1
    assert change.max() < 0.25


def test_reference_radius_scales_the_disk(air):
    """Referred to the cloud tops every temperature is lower by the ratio of areas, the sky's apart."""
    scene = model.Scene(air, model_columns.Laws(), NOMINAL, 2.725)
    kind, values = model_families.family("uniform"), np.array([4.15])
    solid = model_families.temperatures(model.view(scene, NU), kind, values, is_planck=False)
    cloud = model_families.temperatures(model.view(scene, NU, 6116.8 * km), kind, values, is_planck=False)
    sky = model.sky_source(NU, 2.725)
    np.testing.assert_allclose((cloud - sky) / (solid - sky), (6051.8 / 6116.8) ** 2, rtol=1e-12)


def test_conventions_differ_by_half_a_quantum(air):
    nu = np.array([217.5 * GHz])
    black_body = model.convention(nu, np.array([290.0]), is_planck=True)[0]
    assert black_body - 290.0 == pytest.approx(5.2, abs=0.05)


def test_contributions_and_surface_share_make_one(air):
    column = model_columns.columns(NU, air)
    found = model_columns.contributions(column, NOMINAL)
    whole = (found.contribution * np.diff(column.altitude)).sum(axis=1) + found.surface
    np.testing.assert_allclose(whole, 1.0, rtol=1e-12)
    assert np.all(np.diff(found.mean_altitude[3:]) > 0)


def _limb(scene, permittivity, nu):
    return model.limbs(scene, lambda f, mu, t: model_ground.uniform(f, mu, t, permittivity), nu)[0]


def test_maps_have_the_atmosphere_of_each_latitude():
    """The mean of a map by latitude is the zoned disk; pixels on the equator see 0–30°, the pole sees 85°."""
    recipe = config.load(pipeline.Config, {"atmosphere": {"by_latitude": True}})
    scene = pipeline_settings.scene(recipe)
    nu, latitudes = np.array([230.0 * GHz]), np.array([latitude for latitude, _ in scene.zones])
    limbs = model.limbs(scene, lambda f, mu, t: model_ground.uniform(f, mu, t, 4.15), nu)
    step = 20 * km
    maps = grid.disk(limbs, latitudes, pixel=step)
    sky = model.sky_source(nu, 30.0)
    seen = maps.brightness_temperature[0]
    mean = (seen - np.where(seen > 0, sky[0], 0.0)).sum() * step**2 / (np.pi * VENUS_RADIUS**2) + sky[0]
    disk = model_families.temperatures(
        model.view(scene, nu), model_families.family("uniform"), np.array([4.15]), is_planck=False
    )
    assert mean == pytest.approx(disk[0], abs=0.5)
    centre, out = maps.east.size // 2, 275
    place = maps.east[centre + out]
    each = [np.interp(place, x.impact, 0.5 * (x.vertical[0] + x.horizontal[0])) for x in limbs]
    assert seen[centre, centre + out] == pytest.approx(each[0], rel=1e-9)
    between = np.interp(np.arcsin(place / limbs[0].critical_impact), latitudes, each)
    assert seen[centre + out, centre] == pytest.approx(between, rel=1e-6)
    assert seen[centre - out, centre] == pytest.approx(between, rel=1e-6)
    assert each[0] - between > 3
    around = grid.mean_limb(limbs, model.ring_shares(limbs[0].impact, limbs[0].critical_impact, latitudes))
    ring = np.interp(place, around.impact, 0.5 * (around.vertical[0] + around.horizontal[0]))
    assert between < ring < each[0]


def test_no_black_body_without_positive_radiation():
    with pytest.raises(InputError, match="-3 K at 230 GHz; a black body has a positive one"):
        model.convention(np.array([1.0, 230.0]) * GHz, np.array([600.0, -3.0]), is_planck=True)
    same = model.convention(np.array([1.0, 230.0]) * GHz, np.array([600.0, -3.0]), np.array([True, False]))
    assert same[1] == -3.0


def test_limb_and_maps(air):
    scene = model.Scene(air, model_columns.Laws(), NOMINAL, 30.0)
    nu = np.array([1.3, 4.86]) * GHz
    edge = _limb(scene, 4.5, nu)
    degree = (edge.vertical - edge.horizontal) / (edge.vertical + edge.horizontal)
    at = np.array([np.interp(np.array([2000.0, 4000.0, 5000.0]) * km, edge.impact, d) for d in degree])
    # With what the ground reflects of the atmosphere; without it 1.5, 7.8 and 15.5 % would be seen.
    np.testing.assert_allclose(at[0], [0.015, 0.075, 0.147], atol=0.001)
    assert np.all(at[1] < at[0])
    assert np.all(degree[1][edge.impact > edge.critical_impact] < 1e-9)
    maps = grid.disk([edge], np.zeros(1), pixel=200 * km)
    centre = maps.east.size // 2
    assert maps.brightness_temperature[0, centre, centre] == pytest.approx(edge.horizontal[0, 0], rel=1e-6)
    # North of the centre the field points north (Q > 0), east of it east (Q < 0), between them U.
    assert maps.stokes_q[0, centre + 20, centre] > 10
    assert maps.stokes_q[0, centre, centre + 20] < -10
    assert maps.stokes_u[0, centre + 15, centre + 15] > 10
    assert abs(maps.stokes_q[0, centre + 15, centre + 15]) < 1e-6
    with pytest.raises(InputError, match="pixels of"):
        grid.disk([edge], np.zeros(1), pixel=0.0)


def test_maps_add_up_to_the_disk(air):
    """The mean over the map is the disk-averaged temperature of the quadrature."""
    scene = model.Scene(air, model_columns.Laws(), NOMINAL, 2.725)
    nu, kind, values = np.array([4.86 * GHz]), model_families.family("uniform"), np.array([4.15])
    maps = grid.disk([_limb(scene, 4.15, nu)], np.zeros(1), pixel=20 * km)
    sky = model.sky_source(nu, 2.725)
    radius = np.hypot(maps.east[None, :], maps.north[:, None])
    seen = maps.brightness_temperature[0] - np.where(radius < 6150 * km, sky[0], 0.0)
    seen[radius >= 6150 * km] = 0.0
    mean = seen.sum() * (20 * km) ** 2 / (np.pi * VENUS_RADIUS**2) + sky[0]
    assert mean == pytest.approx(
        model_families.temperatures(model.view(scene, nu), kind, values, False)[0], abs=1.0
    )


def test_laws_and_profiles_change_the_answer():
    """Warmer air, other latitudes and other laws shift temperatures the way physics says."""
    nu, kind, values = (
        np.array([1.4, 4.86, 22.5, 93.7]) * GHz,
        model_families.family("uniform"),
        np.array([4.15]),
    )

    def at(profile, laws=None, **settings):
        air = model_atmosphere.standard(profile, **settings)
        scene = model.Scene(air, laws or model_columns.Laws(), NOMINAL, 2.725)
        return model_families.temperatures(model.view(scene, nu), kind, values, is_planck=True)

    standard = at(physics_atmosphere.vira())
    np.testing.assert_allclose(
        at(physics_atmosphere.vira(), warmer=7.0) - standard, [5.7, 6.9, 12.2, 10.9], atol=1.0
    )
    assert at(physics_atmosphere.vira(), surface_altitude=1 * km)[0] - standard[0] == pytest.approx(
        -7.3, abs=1.0
    )
    polar = at(physics_atmosphere.vira(75 * deg)) - standard
    assert abs(polar[0]) < 2
    assert polar[3] < -5
    thinner = (
        at(physics_atmosphere.vira(), model_columns.Laws(model_opacity.collision_induced_rosenkranz))
        - standard
    )
    assert thinner[2] > 10


def test_zones_of_one_atmosphere_change_nothing(air):
    """Shares of the zones add up, and equal zones make the disk of one."""
    column = model_columns.columns(NU[:1], air)
    shares = model.zone_shares(column.rays, np.array(physics_atmosphere.VIRA_LATITUDES))
    np.testing.assert_allclose(shares.sum(axis=0), 1.0, rtol=1e-12)
    # The cap around the pole is seen at a grazing angle.
    assert np.average(shares[-1], weights=column.rays.weight) < 0.02
    scene = model.Scene(air, model_columns.Laws(), NOMINAL, 30.0)
    kind, values = model_families.family("uniform"), np.array([4.15])
    plain = model_families.temperatures(model.view(scene, NU), kind, values, is_planck=True)
    same = scene._replace(zones=tuple((x, air) for x in physics_atmosphere.VIRA_LATITUDES))
    zoned = model_families.temperatures(model.view(same, NU), kind, values, is_planck=True)
    np.testing.assert_allclose(zoned, plain, rtol=1e-12)


def test_latitudes_of_vira_share_the_disk():
    """Cooler poles take kelvins from millimetre waves and nothing from decimetres."""
    nu = np.array([0.606, 4.86, 22.46, 93.7, 230.0]) * GHz
    kind, values = model_families.family("uniform"), np.array([4.15])
    found = [
        model_families.temperatures(
            model.view(
                pipeline_settings.scene(
                    config.load(pipeline.Config, {"atmosphere": {"by_latitude": shared}})
                ),
                nu,
            ),
            kind,
            values,
            is_planck=True,
        )
        for shared in (False, True)
    ]
    change = found[1] - found[0]
    assert abs(change[0]) < 0.05
    assert -1 < change[1] < 0
    assert -6 < change[3] < -0.3
    assert -8 < change[4] < -0.3
    one = config.load(pipeline.Config, {"atmosphere": {"by_latitude": True, "latitude": "60 deg"}})
    with pytest.raises(InputError, match="latitude = 60 deg beside by_latitude"):
        pipeline_settings.scene(one)
    with pytest.raises(InputError, match="by_latitude holds for VIRA"):
        pipeline_settings.scene(
            config.load(pipeline.Config, {"atmosphere": {"by_latitude": True, "profile": "x"}})
        )


def test_frequencies_outside_the_model_are_refused():
    with pytest.raises(InputError, match=r"0\.1 GHz; the model holds from 0\.2 to 1000 GHz"):
        model_columns.checked_frequency(np.array([1e9, 1e8]))
    with pytest.raises(InputError, match="nan"):
        model_columns.checked_frequency(np.array([np.nan]))
    assert [line.split(":")[0] for line in model_columns.caveats(np.array([1e9]))] == ["H2SO4 vapour"]
    assert len(model_columns.caveats(np.array([90e9]))) == 3
    assert model_columns.caveats(np.array([5e9])) == []


def test_bad_atmospheres_are_refused(tmp_path):
    profile = physics_atmosphere.vira()
    with pytest.raises(InputError, match="so2 = -1e-06"):
        model_atmosphere.standard(profile, so2=-1e-6)
    for name, (_, high) in model_atmosphere.ALLOWED.items():
        with pytest.raises(InputError, match=rf"{name} = .*; .* is allowed"):
            model_atmosphere.standard(profile, **{name: 1.01 * high})
    with pytest.raises(InputError, match="h2so4 = nan"):
        model_atmosphere.standard(profile, h2so4=math.nan)
    with pytest.raises(InputError, match="temperatures from 10 to"):
        model_atmosphere.standard(
            profile._replace(temperature=np.where(profile.altitude > 90e3, 10.0, 300.0))
        )
    with pytest.raises(InputError, match="no level between 20 and 40 km"):
        kept = (profile.altitude <= 20 * km) | (profile.altitude >= 40 * km)
        model_atmosphere.standard(physics_atmosphere.Profile(*(part[kept] for part in profile)))
    with pytest.raises(InputError, match="pressure does not fall between 0 and 1 km"):
        model_atmosphere.standard(profile._replace(pressure=profile.pressure[::-1]))
    with pytest.raises(InputError, match="this profile holds from"):
        physics_atmosphere.at(profile, np.array([0.0, 120 * km]))
    table = tmp_path / "profile.dat"
    with pytest.raises(MissingError):
        physics_atmosphere.read(table)
    for text, message in (
        ("%ALT\n", "0 levels"),
        ("0 1e20 700\n1 1e20 690\n", "3 columns"),
        ("0 1e20 700 9e4\n0 1e20 690 8e4\n", "rise from line to line"),
        ("0 1e20 700 9e4\n1 1e20 -690 8e4\n", "temperature -690 at 1 km"),
        ("0 1e20 700 9e4\n1 1e20 x 8e4\n", "line 2"),
    ):
        table.write_text(text)
        with pytest.raises(InputError, match=message):
            physics_atmosphere.read(table)


def test_vira_by_latitude():
    equator, between = physics_atmosphere.vira(), physics_atmosphere.vira(-67.5 * deg)
    at60, at75 = physics_atmosphere.vira(60 * deg), physics_atmosphere.vira(75 * deg)
    assert equator.temperature[0] == 735.3
    assert equator.pressure[0] == pytest.approx(92.1 * bar)
    np.testing.assert_allclose(between.temperature, 0.5 * (at60.temperature + at75.temperature))
    np.testing.assert_array_equal(physics_atmosphere.vira(20 * deg).temperature, equator.temperature)
    np.testing.assert_array_equal(
        physics_atmosphere.vira(90 * deg).temperature, physics_atmosphere.vira(85 * deg).temperature
    )
    deep = physics_atmosphere.at(equator, np.array([-1 * km, 0.0, 0.5 * km]))
    np.testing.assert_allclose(deep.temperature, [742.9, 735.3, 731.5])
    assert deep.pressure[0] > equator.pressure[0]


def test_every_profile_is_hydrostatic():
    """dp/dz = −ρ g with a real gas near ideal: a slip of the tables' transcription would show."""
    for latitude in (0, 45, 60, 75, 85):
        profile = physics_atmosphere.vira(latitude * deg)
        scale = (
            8.314462618 * profile.temperature / (0.04344 * 8.87 * (1 + profile.altitude / VENUS_RADIUS) ** -2)
        )
        mean = 0.5 * (scale[1:] + scale[:-1])
        expected = np.diff(profile.altitude) / mean
        found = -np.diff(np.log(profile.pressure))
        np.testing.assert_allclose(found, expected, rtol=0.04)
