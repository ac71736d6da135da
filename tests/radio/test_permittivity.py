"""The polarised limb and the permittivity that it shows."""

import dataclasses

import numpy as np
import pytest
from tests.radio.scene_image import day

from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import ConvergenceError, InputError
from hesper.geometry.disk import uniform_disk_visibility
from hesper.radio import calibrate_track, model_limb, retrieve_disk, retrieve_permittivity

TRUE = 4.15


def observed(noise=0.0, seed=0, epsilon=TRUE):
    """Return tracked RR, LL, RL and LR of a disk of 10 Jy whose limb is polarised."""
    seen, followed = day(integrations=24, step=750.0, channels=4, flux=0.0, pols=("RR", "LL", "RL", "LR"))
    data = calibrate_track.averaged(seen, followed, integrations=1, channels=2)
    wave = data.frequency / SPEED_OF_LIGHT
    q = np.pi * data.angular_diameter[:, None, None] * np.linalg.norm(data.uv, axis=-1)[..., None] * wave
    intensity, polarised = model_limb.visibility(q, epsilon)
    twice = 2 * np.arctan2(data.uv[..., 0], data.uv[..., 1])[..., None]
    factor = 10 * data.response[:, None, :] * np.sinc(data.drift[..., None] * wave)
    cross = -polarised * np.exp(1j * twice)
    value = np.stack([intensity, intensity, cross, np.conj(cross)], axis=-1) * factor[..., None]
    rng = np.random.default_rng(seed)
    draw = noise * rng.standard_normal((2, *value.shape))
    weight = np.full(value.shape, 1 / max(noise, 1e-4) ** 2)
    return dataclasses.replace(data, value=value + draw[0] + 1j * draw[1], weight=weight)


def test_a_black_sphere_is_a_uniform_disk_without_polarisation():
    q = np.linspace(0, 15, 50)
    intensity, polarised = model_limb.visibility(q, 1.0 + 1e-9)
    assert intensity == pytest.approx(uniform_disk_visibility(q), abs=1e-5)
    assert np.abs(polarised).max() < 1e-6


def test_the_transform_is_the_sum_over_the_disk():
    """Q and U of pixels, transformed directly along a baseline at position angle 30°."""
    x = (np.arange(801) - 400) / 400
    east, north = np.meshgrid(-x, x)
    radius, chi = np.hypot(east, north), np.arctan2(east, north)
    mean, radial = model_limb.emissivity(np.minimum(radius, 1), TRUE)
    inside = radius < 1
    psi, q = np.radians(30.0), 4.0
    turn = np.exp(1j * q * (east * np.sin(psi) + north * np.cos(psi)))
    flux = np.sum(mean * inside)
    seen_q = np.sum(radial * np.cos(2 * chi) * inside * turn) / flux
    seen_u = np.sum(radial * np.sin(2 * chi) * inside * turn) / flux
    intensity, polarised = model_limb.visibility(np.array(q), TRUE)
    assert seen_q == pytest.approx(-polarised * np.cos(2 * psi), abs=1e-3)
    assert seen_u == pytest.approx(-polarised * np.sin(2 * psi), abs=1e-3)
    assert np.sum(mean * inside * turn).real / flux == pytest.approx(float(intensity), abs=1e-3)
    assert abs(polarised) > 0.02


def test_permittivity_is_recovered():
    data = observed()
    fitted = retrieve_disk.disk(data, free=retrieve_disk.FLUX_ALONE)
    # A uniform disk fitted to one that darkens to the limb is too bright; ε is tested with the true flux.
    exact = dataclasses.replace(fitted, flux_density=10.0)
    found = retrieve_permittivity.permittivity(data, exact)
    assert found.permittivity == pytest.approx(TRUE, rel=1e-3)


@pytest.mark.slow
def test_pulls_have_unit_variance():
    pulls = []
    for seed in range(20):
        data = observed(noise=1.0, seed=seed)
        fitted = retrieve_disk.disk(data, free=retrieve_disk.FLUX_ALONE)
        exact = dataclasses.replace(fitted, flux_density=10.0, flux_density_std=0.0)
        found = retrieve_permittivity.permittivity(data, exact)
        assert 0.02 < found.permittivity_std < 1.0
        pulls.append((found.permittivity - TRUE) / found.permittivity_std)
    assert abs(np.mean(pulls)) < 3 / np.sqrt(20)
    assert abs(np.var(pulls, ddof=1) - 1) < 3 * np.sqrt(2 / 19)


def test_linear_feeds_give_the_same():
    data = observed()
    rl, lr = data.value[..., 2], data.value[..., 3]
    stokes = np.stack([data.value[..., 0], (rl + lr) / 2, (rl - lr) / 2j], axis=-1)
    linear = dataclasses.replace(
        data, value=stokes, weight=data.weight[..., :3], polarisation=np.array(["I", "Q", "U"])
    )
    fitted = dataclasses.replace(retrieve_disk.disk(data, free=retrieve_disk.FLUX_ALONE), flux_density=10.0)
    found = retrieve_permittivity.permittivity(linear, fitted)
    assert found.permittivity == pytest.approx(TRUE, rel=1e-3)


def test_wrong_input_is_named():
    data = observed()
    fitted = retrieve_disk.disk(data, free=retrieve_disk.FLUX_ALONE)
    with pytest.raises(InputError, match="RL and LR, or Q and U"):
        retrieve_permittivity.permittivity(
            dataclasses.replace(data, polarisation=np.array(["RR", "LL", "XY", "YX"])), fitted
        )
    upside_down = dataclasses.replace(data, value=-data.value)
    with pytest.raises(ConvergenceError, match="its bound"):
        retrieve_permittivity.permittivity(upside_down, fitted)
