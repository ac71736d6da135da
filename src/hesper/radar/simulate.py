"""A surface, stations and a waveform → the complex looks that receivers deliver."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.constants import SPEED_OF_LIGHT, VENUS_RADIUS
from hesper.geometry.delay_doppler import Frame
from hesper.radar.data_interferometer import Echoes, Facets, Pass
from hesper.radar.data_settings import Observation, Scene, Stations, Waveform
from hesper.radar.model import wavelength
from hesper.radar.model_echo import budget, reflectivity
from hesper.radar.model_geometry import depth_axis, middle_row, shift_axis
from hesper.record import Array, take
from hesper.runs import generator

_TAPS = 6
_SHARPNESS = 2.30 * _TAPS
"""Width in fine cells and exponent of the gridding kernel exp(β√(1 − t²)) (Barnett et al. 2019)."""


class Setup(NamedTuple):
    """What every cycle of a simulated pass shares."""

    facets: Facets
    geometry: Pass
    stations: Stations
    waveform: Waveform
    observation: Observation
    scene: Scene
    seed: int


class Scattered(NamedTuple):
    """Facets as one cycle sees them, sorted by range gate."""

    start: Array
    """First facet of every gate, (gate + 1,)."""
    fraction: Array
    """Offset from the gate before, in gates."""
    cell: Array
    """First of the fine Doppler cells that a facet is spread over."""
    weight: Array
    """(facet, tap)."""
    amplitude: Array
    """(facet, receiver), complex."""
    taper: Array
    """Transform of the gridding kernel at the samples of a look (sample,)."""


def frame(given: Pass) -> Frame:
    """Return the delay–Doppler frame of the middle of a pass."""
    row = middle_row(given)
    return Frame(given.doppler[row], given.north[row], given.radar[row], given.rotation_rate[row])


def echoes(setup: Setup) -> Iterator[Echoes]:
    """Return the looks of every receive cycle, one cycle at a time.

    Notes
    -----
    Every facet scatters as a circular Gaussian amplitude, new in every look, whose power follows from the
    radar equation and its local incidence. It enters two gates by the triangle response and all Doppler
    cells by the exact transform of its time series, folding included. Receivers see it with the
    phase of their own path; their noise has power 1 in every cell.
    """
    walk = phase_walk(setup)
    for cycle in range(len(setup.geometry.time)):
        yield one_cycle(setup, cycle, walk[cycle])


def phase_walk(setup: Setup) -> Array:
    """Return the instrumental phase (cycle, receiver) [rad]: a random walk, the first receiver at 0."""
    count = len(setup.stations.receivers)
    steps = generator(setup.seed, 1).normal(size=(len(setup.geometry.time), count))
    steps[:, 0] = 0.0
    return np.asarray(setup.scene.phase_walk * np.cumsum(steps, axis=0))


def one_cycle(setup: Setup, cycle: int, phase: Array) -> Echoes:
    """Return the looks of one receive cycle; see `echoes`."""
    waveform, looks = setup.waveform, setup.observation.looks
    seen = scattered(setup, cycle)
    gates = waveform.gates + waveform.early_gates
    rng = generator(setup.seed, 2, cycle)
    receivers = len(setup.stations.receivers)
    out = np.empty((looks, receivers, gates, waveform.doppler_cells), np.complex64)
    turn = np.exp(1j * phase)
    for look in range(looks):
        speckle = rng.standard_normal((len(seen.fraction), 2), np.float32)
        spectrum = look_of(seen, speckle, gates, waveform.doppler_cells)
        if setup.scene.noise:
            noise = rng.standard_normal((*spectrum.shape, 2), np.float32) * np.float32(np.sqrt(0.5))
            spectrum = spectrum + (noise[..., 0] + 1j * noise[..., 1])
        out[look] = spectrum * turn.conj()[:, None, None]
    return Echoes(
        voltage=out,
        look_time=look_times(setup, cycle),
        depth=depth_axis(waveform.baud, waveform.gates, waveform.early_gates),
        shift=shift_axis(waveform.doppler_cell, waveform.doppler_cells),
        geometry=take(setup.geometry, "cycle", slice(cycle, cycle + 1)),
        frequency=waveform.frequency,
        baud=waveform.baud,
        stations=",".join(setup.stations.receivers),
        transmitter=setup.stations.transmitter,
        code=waveform.code,
        cycles=len(setup.geometry.time),
    )


def look_times(setup: Setup, cycle: int) -> Array:
    """Return the middles of the looks of a cycle [s]: they follow each other without a gap."""
    looks = setup.observation.looks
    offset = (np.arange(looks) - (looks - 1) / 2) / setup.waveform.doppler_cell
    return np.asarray(setup.geometry.time[cycle] + offset)


def scattered(setup: Setup, cycle: int) -> Scattered:
    """Return where the facets fall in one cycle, how strong they are, and sort them by gate."""
    given, waveform, facets = setup.geometry, setup.waveform, setup.facets
    scale = budget(setup.stations, waveform, setup.scene, float(given.distance[cycle])).scale
    gate_depth = SPEED_OF_LIGHT * waveform.baud / 2
    gate = (VENUS_RADIUS - facets.place @ given.radar[cycle]) / gate_depth + waveform.early_gates
    use = np.flatnonzero((gate > -1) & (gate < waveform.gates + waveform.early_gates))
    order = use[np.argsort(gate[use].astype(np.float32), kind="stable")]
    # The law varies slowly enough to be looked up: 0.002° is far below its width.
    law = np.sqrt(0.5 * reflectivity(np.linspace(0.0, np.pi / 2, 40_001), setup.scene))
    axes = np.stack([given.doppler[cycle], given.north[cycle], given.radar[cycle]])
    per_metre = 2 * float(given.rotation_rate[cycle]) / wavelength(waveform.frequency)
    cell = np.empty(len(order), np.int64)
    weight = np.empty((len(order), _TAPS), np.float32)
    amplitude = np.empty((len(order), len(scale)), np.complex64)
    _prepare(
        order, facets.place, facets.normal, facets.area * facets.factor, axes, law, np.sqrt(scale),
        given.fringe[cycle], per_metre, waveform.doppler_cell, waveform.doppler_cells, cell, weight,
        amplitude,
    )  # fmt: skip
    floor = np.floor(gate[order]).astype(np.int64)
    start = np.searchsorted(floor, np.arange(-1, waveform.gates + waveform.early_gates + 1))
    return Scattered(
        start,
        (gate[order] - floor).astype(np.float32),
        cell,
        weight,
        amplitude,
        _kernel_transform(waveform.doppler_cells),
    )


@compiled_parallel
def _prepare(
    order: Array, place: Array, normal: Array, strength: Array, axes: Array, law: Array, scale: Array,
    fringe: Array, per_metre: float, doppler_cell: float, cells: int, cell: Array, weight: Array,
    amplitude: Array,
) -> None:  # fmt: skip
    """Fill fine Doppler cell, gridding weights and amplitudes of facets in the order given.

    `law` is √(σ0/2) at even steps of incidence from 0 to 90°: ½ makes two normal numbers one complex
    number of unit power.
    """
    fine = 2 * cells
    for k in prange(order.size):
        i = order[k]
        x = place[i, 0] * axes[0, 0] + place[i, 1] * axes[0, 1] + place[i, 2] * axes[0, 2]
        y = place[i, 0] * axes[1, 0] + place[i, 1] * axes[1, 1] + place[i, 2] * axes[1, 2]
        cosine = normal[i, 0] * axes[2, 0] + normal[i, 1] * axes[2, 1] + normal[i, 2] * axes[2, 2]
        angle = math.acos(min(max(cosine, 0.0), 1.0)) / (0.5 * math.pi) * (law.size - 1)
        low = min(int(angle), law.size - 2)
        level = law[low] + (angle - low) * (law[low + 1] - law[low])
        shift = per_metre * x
        turn = math.pi * shift / (doppler_cell * cells)
        level *= math.sqrt(strength[i]) * (math.sin(turn) / turn if turn != 0.0 else 1.0)
        for m in range(scale.size):
            phase = fringe[m, 0] * x + fringe[m, 1] * y
            amplitude[k, m] = level * scale[m] * complex(math.cos(phase), -math.sin(phase))
        at = 2.0 * shift / doppler_cell + cells
        first = math.ceil(at - 0.5 * _TAPS)
        cell[k] = first % fine
        for tap in range(_TAPS):
            t = (first + tap - at) / (0.5 * _TAPS)
            weight[k, tap] = math.exp(_SHARPNESS * (math.sqrt(max(1.0 - t * t, 0.0)) - 1.0))


def look_of(seen: Scattered, speckle: Array, gates: int, cells: int) -> Array:
    """Return one noiseless look (receiver, gate, doppler) for given speckle (facet, 2).

    Notes
    -----
    Gridding onto half cells, the time series by a transform, division by the transform of the
    kernel, the middle 1/Δf seconds, and the transform of these: exact to about 1e-5.
    """
    receivers = seen.amplitude.shape[1]
    fine = np.zeros((receivers, gates, 2 * cells), np.complex64)
    _spread(seen.start, seen.fraction, seen.cell, seen.weight, seen.amplitude, speckle, fine)
    series = np.fft.fftshift(np.fft.ifft(np.fft.ifftshift(fine, axes=-1), axis=-1), axes=-1)
    start = cells - cells // 2
    middle = series[..., start : start + cells] * (np.float32(2 * cells) / seen.taper)
    spectrum = np.fft.fft(np.fft.ifftshift(middle, axes=-1), axis=-1) / cells
    return np.fft.fftshift(spectrum, axes=-1).astype(np.complex64)


def _kernel_transform(cells: int) -> Array:
    """Return the transform (sample,) of the gridding kernel at the samples of a look."""
    t = np.linspace(-1, 1, 401)
    kernel = np.exp(_SHARPNESS * (np.sqrt(1 - t**2) - 1))
    sample = np.arange(cells) - cells // 2
    phase = 2 * np.pi * sample[:, None] * t * (_TAPS / 2) / (2 * cells)
    return np.asarray(np.trapezoid(kernel * np.cos(phase), t * (_TAPS / 2), axis=-1), np.float32)


@compiled
def _add_gate(
    first: int, last: int, late: bool, fraction: Array, cell: Array, weight: Array, amplitude: Array,
    speckle: Array, gate: int, out: Array,
) -> None:  # fmt: skip
    size = out.shape[2]
    for i in range(first, last):
        share = fraction[i] if late else np.float32(1.0) - fraction[i]
        draw = complex(speckle[i, 0], speckle[i, 1]) * share
        for m in range(out.shape[0]):
            value = amplitude[i, m] * draw
            k = cell[i]
            for tap in range(weight.shape[1]):
                out[m, gate, k] += value * weight[i, tap]
                k += 1
                if k == size:
                    k = 0


@compiled_parallel
def _spread(
    start: Array, fraction: Array, cell: Array, weight: Array, amplitude: Array, speckle: Array, out: Array
) -> None:
    """Add every facet to its two gates; start[g] is the first facet whose own gate is g − 1 or later."""
    for gate in prange(out.shape[1]):
        _add_gate(
            start[gate + 1], start[gate + 2], False, fraction, cell, weight, amplitude, speckle, gate, out
        )
        _add_gate(start[gate], start[gate + 1], True, fraction, cell, weight, amplitude, speckle, gate, out)
