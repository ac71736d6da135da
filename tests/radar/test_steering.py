"""The steering factor of a cell against a dense quadrature, and what is left of it in altitudes."""

from itertools import pairwise, product

import numpy as np
import pytest

from hesper import config
from hesper.constants import VENUS_RADIUS
from hesper.radar import (
    model_geometry,
    model_interpolation,
    model_phase,
    model_steering,
    plan_pass,
    retrieve_cells,
)
from hesper.radar.data_settings import Scene, Stations, Waveform
from hesper.radar.model_echo import reflectivity
from hesper.radar.model_solver import CONVERGED, solve_cells
from hesper.radar.model_tracking import track
from hesper.record import take
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
    assert np.all(bound.signal > 0)
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


def test_phases_are_turned_to_1e10():
    phase = np.concatenate([np.linspace(-700, 700, 10_001), np.linspace(-4, 4, 1001)])
    found = np.array([model_phase.turn(p) for p in phase])
    assert np.abs(found - np.stack([np.cos(phase), np.sin(phase)], axis=-1)).max() < 1e-10


def _pass(date, receivers, hours, cycle):
    transit = float(model_geometry.transits([date], "DSS-14")[0])
    times = model_geometry.cycle_times(transit, hours * 3600.0, cycle)
    return model_geometry.pass_geometry(times, "DSS-14", receivers, frequency=WAVEFORM.frequency)


def _directly(geometry, tracked, shift):
    """Return q and mean areas with every cycle computed."""
    kappa = model_geometry.pair_fringes(geometry.fringe)
    width = model_geometry.doppler_width(geometry.rotation_rate, shift, WAVEFORM.frequency)
    law = reflectivity(np.arccos(np.clip(1 - np.maximum(DEPTH, STEP / 4) / VENUS_RADIUS, -1, 1)), SCENE)
    q, area = np.zeros((*tracked.gate.shape, 2, kappa.shape[1]), complex), np.zeros(tracked.gate.shape)
    place = (VENUS_RADIUS - tracked.z - DEPTH[0]) / STEP
    model_steering.steer_cells(
        tracked.x, tracked.z, kappa, STEP, width, VENUS_RADIUS, law, place, q, area
    )  # fmt: skip
    seen = tracked.gate >= 0
    return q, np.sum(np.where(seen, area, 0.0), axis=1) / np.maximum(seen.sum(axis=1), 1)


@pytest.mark.parametrize(
    ("date", "receivers", "hours", "lost", "narrower"),
    [
        ("1974-01-20", ("DSS-14", "DSS-13-26m"), 6, (), 1),
        ("1974-02-27", ("DSS-14", "DSS-13-26m"), 6, (0, 9, 10, 11, 12, 13, 30), 1),
        ("1972-06-20", ("DSS-14", "DSS-13-26m", "DSS-12"), 5, (17,), 1),
        ("1973-12-23", ("DSS-14", "DSS-13-26m"), 5, (35,), 1),
        ("1974-02-01", ("DSS-14", "DSS-13-26m"), 7, (), 2),
    ],
)
def test_interpolated_cycles_are_those_computed_one_by_one(date, receivers, hours, lost, narrower):
    """Dates, three stations, lost and unevenly spaced cycles, narrow cells; every sixteenth cell of a map."""
    geometry = _pass(date, receivers, hours, 600.0)
    kept = np.setdiff1d(np.arange(len(geometry.time)), lost)
    geometry = take(geometry, "cycle", kept)
    shift = model_geometry.shift_axis(WAVEFORM.doppler_cell / narrower, WAVEFORM.doppler_cells * narrower)
    cells = retrieve_cells.lattice(geometry, DEPTH, shift, WAVEFORM.frequency)
    gate, column = retrieve_cells.numbered(cells, 0, int(cells.start[-1]))
    tracked = track(
        geometry, gate[::16], column[::16], depth=DEPTH, shift=shift, frequency=WAVEFORM.frequency
    )
    q, area = retrieve_cells.steering(geometry, tracked, DEPTH, shift, WAVEFORM.frequency, SCENE)
    wanted, whole = _directly(geometry, tracked, shift)
    off = np.abs(q - wanted)[tracked.gate >= 0]
    assert off.max() < 2e-3  # what either may be off by from a dense quadrature
    assert np.sqrt(np.mean(off**2)) < 2e-4
    assert np.abs(area / whole - 1).max() < 1e-3
    # It is no comparison of a thing with itself.
    assert (off > 0).mean() > 0.5
    # Whatever cells are gone through together: the same bits.
    part = type(tracked)(*(field[1::3] for field in tracked))
    again, _ = retrieve_cells.steering(geometry, part, DEPTH, shift, WAVEFORM.frequency, SCENE)
    assert np.array_equal(again, q[1::3])


def test_few_cycles_and_long_baselines_are_computed_one_by_one(geometry):
    few = model_interpolation.nodes(geometry.time, geometry.fringe[:, 1:], 750 * km, 1.0)
    assert few.row.size == 0
    time = np.linspace(0.0, 6 * 3600.0, 36)
    turning = np.linspace(0.0, 1.0, 36)[:, None, None] * np.ones(2)
    assert model_interpolation.nodes(time, 1e-5 * turning, 750 * km, 1.0).row.size == 10
    assert model_interpolation.nodes(time, 1e-3 * turning, 750 * km, 1.0).row.size == 0
    assert model_interpolation.nodes(time, 1e-5 * turning, 750 * km, 200.0).row.size == 0
    assert model_interpolation.nodes(np.zeros(36), 1e-5 * turning, 750 * km, 1.0).row.size == 0


def _front(x, z, kappa, width, law, place):
    """Return q (side,) and area by panels in Doppler shift, cut where rings end, of lines of 80 points."""
    rings = [
        VENUS_RADIUS**2 - (z - u * STEP) ** 2 if z - u * STEP < VENUS_RADIUS else 0.0 for u in (-1, 0, 1)
    ]
    cuts = np.linspace(-1, 1, int(8 * np.sqrt(rings[2]) / width) + 2) * np.sqrt(rings[2])
    cuts = np.unique(np.concatenate([cuts, np.sqrt(rings[:2]), -np.sqrt(rings[:2])]))
    at, weight = np.polynomial.legendre.leggauss(6)
    half = np.diff(cuts)[:, None] / 2
    along, share = (cuts[:-1, None] + half + half * at).ravel(), (half * weight).ravel()
    edges = [np.sqrt(np.maximum(ring - along**2, 0.0))[:, None] for ring in rings]
    at, weight = np.polynomial.legendre.leggauss(40)
    y = np.concatenate([(a + b) / 2 + (b - a) / 2 * at for a, b in pairwise(edges)], axis=1)
    line = np.concatenate([(b - a) / 2 * weight for a, b in pairwise(edges)], axis=1)
    above = np.sqrt(VENUS_RADIUS**2 - along[:, None] ** 2 - y**2)
    u = (z - above) / STEP
    part = np.maximum(1 - np.abs(u), 0) ** 2 * line / (above * STEP)
    part = part * (share * np.sinc((along - x) / width) ** 2 / width)[:, None]
    area = part.sum() * VENUS_RADIUS * STEP * width
    part = part * np.interp(place + u, np.arange(len(law)), law)
    north = np.sqrt(max(VENUS_RADIUS**2 - x**2 - z**2, 0.0))
    phases = [kappa[0] * (along - x)[:, None] + side * kappa[1] * (y - north) for side in (1, -1)]
    return np.array([np.sum(part * np.exp(1j * phase)) for phase in phases]) / part.sum(), area


@pytest.mark.parametrize(
    ("gate", "width"),
    [
        *product([1, 2, 3], [3.6 * km, 5 * km, 7.5 * km, 11.4 * km]),
        *product([4, 8, 12], [25 * km, 46 * km]),
    ],
)
def test_the_first_gates_are_those_of_a_dense_quadrature(gate, width):
    """A gate moves the end of a ring by up to 26 Doppler cells; rings of few wide cells."""
    z, kappa, law = VENUS_RADIUS - gate * STEP, np.array([2e-5, 3e-5]), np.linspace(1.0, 0.5, 70)
    x = np.linspace(0, 0.999, 20) * np.sqrt(VENUS_RADIUS**2 - z**2)
    q, area = np.zeros((20, 1, 2, 1), complex), np.zeros((20, 1))
    model_steering.steer_cells(
        x[:, None], np.full((20, 1), z), kappa[None, None], STEP, np.array([width]), VENUS_RADIUS, law,
        np.full((20, 1), float(gate)), q, area,
    )  # fmt: skip
    dense = [_front(at, z, kappa, width, law, gate) for at in x]
    off = np.abs(q[:, 0, :, 0] - np.array([found for found, _ in dense])).max(axis=1)
    larger = np.abs(area[:, 0] / np.array([whole for _, whole in dense]) - 1)
    assert off.max() < 0.01  # of q about 0.5, where cells reach the Doppler equator
    assert np.median(off) < 1e-3
    assert larger.max() < 0.01
    assert np.median(larger) < 1e-3
