"""The steering factor of a cell against a dense quadrature, and what is left of it in altitudes."""

import numpy as np
import pytest

from hesper import config
from hesper.constants import VENUS_RADIUS
from hesper.radar import model_geometry, model_steering, plan_pass, retrieve_cells
from hesper.radar.data_settings import Scene, Stations, Waveform
from hesper.radar.model_echo import reflectivity
from hesper.radar.model_solver import CONVERGED, solve_cells
from hesper.radar.model_tracking import track
from hesper.units import km

STATIONS, WAVEFORM, SCENE = (config.load(kind, {}) for kind in (Stations, Waveform, Scene))
DEPTH = model_geometry.depth_axis(WAVEFORM.baud, WAVEFORM.gates, WAVEFORM.early_gates)
SHIFT = model_geometry.shift_axis(WAVEFORM.doppler_cell, WAVEFORM.doppler_cells)
STEP = float(DEPTH[1] - DEPTH[0])


@pytest.fixture(scope="module")
def geometry():
    transit = float(model_geometry.transits(["1974-01-20"], "DSS-14")[0])
    times = transit + np.arange(-160, 161, 40) * 60.0
    return model_geometry.pass_geometry(times, "DSS-14", STATIONS.receivers, frequency=WAVEFORM.frequency)


def _dense(x, z, kappa, width):
    """Return q (side,) and area by 24 × 10 000 points, sinc² itself everywhere, the law itself."""
    at, weight = np.polynomial.legendre.leggauss(12)
    u, share = np.concatenate([(at - 1) / 2, (at + 1) / 2]), np.tile(weight, 2) / 2
    above = (z - u * STEP)[:, None]
    ring = np.sqrt(np.maximum(VENUS_RADIUS**2 - above**2, 0.0))
    angle = (np.arange(10_000) + 0.5) / 10_000 * np.pi - np.pi / 2
    along, y = ring * np.sin(angle), ring * np.cos(angle)
    part = (share * (1 - np.abs(u)) ** 2)[:, None] * np.sinc((along - x) / width) ** 2
    part = part * (ring > 0) * np.pi / len(angle)
    area = part.sum() * VENUS_RADIUS * STEP
    part = part * reflectivity(np.arccos(np.clip(above / VENUS_RADIUS, -1, 1)), SCENE)
    north = np.sqrt(max(VENUS_RADIUS**2 - x**2 - z**2, 0.0))
    phases = [kappa[0] * (along - x) + side * kappa[1] * (y - north) for side in (1, -1)]
    return np.array([np.sum(part * np.exp(1j * phase)) for phase in phases]) / part.sum(), area


def _both(geometry, gate, column):
    """Return tracked cells, the steering factors and areas of the code, and the dense ones."""
    tracked = track(geometry, gate, column, depth=DEPTH, shift=SHIFT, frequency=WAVEFORM.frequency)
    q, area = retrieve_cells.steering(geometry, tracked, DEPTH, SHIFT, WAVEFORM.frequency, SCENE)
    kappa = model_geometry.pair_fringes(geometry.fringe)[:, 0]
    width = model_geometry.doppler_width(geometry.rotation_rate, SHIFT, WAVEFORM.frequency)
    dense, whole = np.zeros_like(q), np.zeros(tracked.gate.shape)
    for i, c in np.ndindex(tracked.gate.shape):
        if tracked.gate[i, c] >= 0:
            dense[i, c, :, 0], whole[i, c] = _dense(tracked.x[i, c], tracked.z[i, c], kappa[c], width[c])
    mean = whole.sum(axis=1) / np.maximum((tracked.gate >= 0).sum(axis=1), 1)
    return tracked, q, area, dense, mean


def test_steering_is_that_of_a_dense_quadrature(geometry):
    """Over the whole map: middle, end of a range ring, runway."""
    gate = np.array([10, 12, 14, 20, 20, 30, 30, 45, 45, 45, 60, 60, 60, 66])
    column = 128 + np.array([3, -12, 0, 9, -24, 20, 37, 0, -30, 48, 10, 40, 60, -25])
    tracked, q, area, dense, mean = _both(geometry, gate, column)
    seen = tracked.gate >= 0
    # A phase of 2e-3 rad in one cycle: a look's own phase is known to 0.1 rad at best, a cycle's to 0.03.
    assert np.abs(q - dense)[seen].max() < 2e-3
    assert np.sqrt(np.mean(np.abs(q - dense)[seen] ** 2)) < 5e-4
    assert np.abs(area / mean - 1).max() < 1e-3


def test_what_is_left_of_the_steering_factor_is_far_below_the_noise(geometry):
    """Statistics that are the model's own covariance with the dense factor, solved with the code's."""
    gate = np.array([14, 20, 20, 30, 45, 45, 60, 60, 66])
    column = 128 + np.array([5, 9, -20, 20, 4, -40, 9, 45, -25])
    tracked, q, _, dense, _ = _both(geometry, gate, column)
    kappa = model_geometry.pair_fringes(geometry.fringe)
    kxx, ky = tracked.x[:, :, None] * kappa[None, :, :, 0], np.ascontiguousarray(kappa[:, :, 1])
    y0, gain = tracked.y, np.array([1.0, 0.23])
    bound = plan_pass.cut(
        geometry, STATIONS, WAVEFORM, SCENE, across=100 * km, north=tracked.y[:, 4], looks=9
    )
    n = np.where(tracked.gate >= 0, 9.0, 0.0)
    cross = (
        np.sqrt(gain[1])
        * bound.signal[:, None]
        * sum(
            dense[:, :, side, 0] * np.exp(1j * (kxx[..., 0] + (1 - 2 * side) * ky[:, 0] * y0))
            for side in (0, 1)
        )
    )
    power = np.broadcast_to(2 * bound.signal[:, None], n.shape)
    data = np.stack([power + 1, gain[1] * power + 1, cross.real, cross.imag], axis=-1)
    size = len(gate)
    theta, fisher = np.full((size, 4), np.nan), np.zeros((size, 4, 4))
    value, count, state = np.zeros(size), np.zeros(size, np.int64), np.zeros(size, np.int64)
    solve_cells(
        data, n, q, kxx, ky, y0, gain, VENUS_RADIUS, 0.0, 8000.0, 60, np.zeros(size, bool), theta, fisher,
        value, count, state,
    )  # fmt: skip
    assert np.all(state == CONVERGED)
    truth = np.stack([bound.signal, bound.signal, 0 * y0[:, 0], 0 * y0[:, 0]], axis=-1)
    std = np.sqrt(np.diagonal(np.linalg.inv(fisher), axis1=1, axis2=2))
    assert np.abs((theta - truth) / std).max() < 0.02


@pytest.mark.parametrize("width", [2 * km, 3.6 * km, 3.7 * km, 5 * km, 7.5 * km, 15 * km])
def test_cells_near_the_front_have_areas_and_factors(width):
    """The ring of the nearer part of a gate may end short of the cell by more than the core of sinc²."""
    for gate in (1.0, 2.0, 3.0):
        z = np.full(400, VENUS_RADIUS - gate * STEP)
        x = np.linspace(-0.9999, 0.9999, 400) * np.sqrt(VENUS_RADIUS**2 - z**2)
        q, area = np.zeros((400, 1, 2, 1), complex), np.zeros((400, 1))
        model_steering.steer_cells(
            x[:, None], z[:, None], np.array([[[2e-5, 3e-5]]]), STEP, np.array([width]), VENUS_RADIUS,
            np.linspace(1.0, 0.5, 70), np.full((400, 1), gate), q, area,
        )  # fmt: skip
        assert np.isfinite(q).all()
        assert np.all((np.abs(q) > 0) & (np.abs(q) < 1))
        assert np.all(area > 0)


def test_phases_are_turned_to_1e8():
    phase = np.concatenate([np.linspace(-700, 700, 10_001), np.linspace(-4, 4, 1001)])
    found = np.array([model_steering._turn(p) for p in phase])
    assert np.abs(found - np.stack([np.cos(phase), np.sin(phase)], axis=-1)).max() < 1e-8
