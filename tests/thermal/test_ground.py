"""Families of grounds: Kirchhoff's law for each (U7), limits and published numbers (U4)."""

import numpy as np
import pytest
from scipy.integrate import quad

from hesper.constants import SPEED_OF_LIGHT
from hesper.physics.fresnel import normal_reflectivity, penetration_depth, reflectivity
from hesper.thermal import model_families, model_ground, model_layers
from hesper.units import GHz, MHz, deg

NU = np.array([240 * MHz, 606 * MHz, 5 * GHz, 100 * GHz])
COSINE = np.cos(np.array([0.0, 30.0, 60.0, 82.0]) * deg)
WARM = 600.0


def _grounds():
    t = np.full(3, WARM)
    stack = (np.array([0.7, 2.0]), np.array([1.5, 3.0, 8.31]), np.array([0.02, 0.01, 0.03]), t)
    return {
        "uniform": model_ground.uniform(NU, COSINE, WARM, 4.15),
        "exponential": model_ground.exponential(NU, COSINE, WARM, 4.15, WARM, 0.05),
        "step": model_ground.step(NU, COSINE, WARM, 4.15, WARM, 0.05),
        "two layers": model_ground.two_layers(NU, COSINE, WARM, 1.5, 8.31, 0.01, WARM),
        "two layers, lighter below": model_ground.two_layers(NU, COSINE, WARM, 4.0, 1.5, 0.01, WARM),
        "buried mirror": model_ground.buried_mirror(NU, COSINE, WARM, 4.15, 0.02, 0.75),
        "emissivity law": model_ground.emissivity_law(NU, COSINE, WARM, 4.15, 1.3, 1.85),
        "layers incoherent": model_layers.layers_incoherent(NU, COSINE, *stack),
        "layers coherent": model_layers.layers_coherent(NU, COSINE, *stack),
        "thick layers coherent": model_layers.layers_coherent(NU, COSINE, np.array([50.0, 2e3]), *stack[1:]),
    }


@pytest.mark.parametrize("name", _grounds())
def test_emission_and_reflection_make_one(name):
    ground = _grounds()[name]
    emissivity = ground.emission / model_ground.source(NU, WARM)[:, None]
    np.testing.assert_allclose(emissivity + ground.reflectivity, 1.0, atol=1e-12)
    assert np.all(ground.reflectivity >= 0)
    assert np.all(emissivity > 0)


def test_fresnel_numbers():
    for permittivity, emissivity, hemisphere, magellan in (
        (4.15, 0.8834, 0.8346, 0.8324),
        (4.0, 0.8889, 0.8394, 0.8392),
        (4.5, 0.8709, 0.8239, 0.8173),
        (5.0, 0.8541, 0.8096, 0.7972),
    ):
        cosine = np.array([1.0, np.cos(35 * deg)])
        found = model_ground.uniform(NU[:1], cosine, 1.0, permittivity)
        assert 1 - found.reflectivity[0, 0, 0] == pytest.approx(emissivity, abs=1e-4)
        assert 1 - normal_reflectivity(permittivity) == pytest.approx(emissivity, abs=1e-4)
        assert 1 - found.reflectivity[0, 0, 1] == pytest.approx(magellan, abs=1e-4)

        def flux(mu, permittivity=permittivity):
            return 2 * mu * (1 - np.mean(reflectivity(np.arccos(mu), permittivity)))

        assert quad(flux, 0, 1)[0] == pytest.approx(hemisphere, abs=1e-4)


def test_paper_equation_1():
    assert penetration_depth(1.25, 4.5, 0.01) == pytest.approx(9.38, abs=0.005)


def test_same_fresnel_as_the_shared_layer():
    found = model_ground.uniform(NU[:1], COSINE, 1.0, 4.5).reflectivity[:, 0]
    shared = reflectivity(np.arccos(COSINE), 4.5)
    np.testing.assert_allclose(found, [shared.horizontal, shared.vertical], atol=1e-14)


def test_coherent_without_layer_is_fresnel():
    none = model_layers.layers_coherent(
        NU, COSINE, np.array([]), np.array([4.15]), np.array([0.0]), np.array([WARM])
    )
    plain = model_ground.uniform(NU, COSINE, WARM, 4.15)
    np.testing.assert_allclose(none.reflectivity, plain.reflectivity, atol=1e-13)
    np.testing.assert_allclose(none.emission, plain.emission, rtol=1e-12)


def test_coherent_averaged_over_thickness_is_incoherent():
    """Over one period of the phase the amplitudes' interference averages out: 0.3 K of 650 K."""
    nu = np.array([606 * MHz])
    permittivity, loss, kelvin = np.array([1.5, 8.31]), np.array([0.002, 0.01]), np.array([735.0, 600.0])
    half_wave = SPEED_OF_LIGHT / nu[0] / (2 * np.sqrt(1.5 - np.sin(30 * deg) ** 2))
    thickness = 3.0 + half_wave * (np.arange(64) + 0.5) / 64
    cosine = np.array([np.cos(30 * deg)])
    coherent = np.mean(
        [
            model_layers.layers_coherent(nu, cosine, np.array([d]), permittivity, loss, kelvin).emission
            for d in thickness
        ],
        axis=0,
    )
    incoherent = model_layers.layers_incoherent(
        nu, cosine, np.array([thickness.mean()]), permittivity, loss, kelvin
    ).emission
    np.testing.assert_allclose(coherent, incoherent, atol=0.3)


def test_incoherent_layers_contain_the_two_layers():
    two = model_ground.two_layers(NU, COSINE, 735.0, 1.5, 8.31, 0.03, 500.0)
    stack = model_layers.layers_incoherent(
        NU, COSINE, np.array([3.0]), np.array([1.5, 8.31]), np.array([0.01, 0.0]), np.array([735.0, 500.0])
    )
    np.testing.assert_allclose(stack.emission, two.emission, rtol=1e-12)
    np.testing.assert_allclose(stack.reflectivity, two.reflectivity, atol=1e-14)


@pytest.mark.parametrize("permittivity", [1.5, 4.5])
def test_profiles_are_limits_of_many_layers(permittivity):
    """Step and exponential ground out of thin layers of one permittivity."""
    nu, tangent, depth = np.array([333 * MHz]), 0.01, 5.0
    edges = np.concatenate([np.linspace(0, 25, 2001), np.linspace(25, 400, 2001)[1:]])
    middle = 0.5 * (edges[1:] + edges[:-1])
    same = np.full(middle.size + 1, permittivity)
    loss = np.full(middle.size + 1, tangent)
    for kelvin, law in (
        (np.where(middle < depth, 735.0, 400.0), model_ground.step),
        (400 + 335 * np.exp(-middle / depth), model_ground.exponential),
    ):
        layered = model_layers.layers_incoherent(
            nu, COSINE, np.diff(edges), same, loss, np.append(kelvin, 400.0)
        )
        closed = law(nu, COSINE, 735.0, permittivity, 400.0, depth * tangent)
        np.testing.assert_allclose(layered.emission, closed.emission, rtol=2e-4)


def test_emission_from_absolute_zero_is_nothing():
    assert np.all(model_ground.source(NU, 0.0) < 1e-280)
    assert np.all(np.isfinite(model_ground.step(NU, COSINE, 735.0, 4.0, 0.0, 0.05).emission))


def test_radar_reflectivity_of_families():
    radar = np.array([38.0, 2380.0]) * MHz
    uniform = model_families.normal_reflectivity(model_families.family("uniform"), radar, np.array([4.15]))
    np.testing.assert_allclose(uniform, 0.1166, atol=1e-4)
    mirror = model_families.family("buried mirror")
    low, high = model_families.normal_reflectivity(mirror, radar, np.array([4.15, -1.6, 0.75]))
    assert low > 0.5 > 0.2 > high
