"""Time the radar: looks, statistics, maximum likelihood, maps; how the solver scales; and beside peers.

    pip install . finufft && python benchmarks/radar.py
    python benchmarks/radar.py --large

There is no other package for two receivers. Beside general ones: the maximum of one cell's likelihood by
scipy's minimisers, which are given the same function and gradient; the spectra of scattered facets by
finufft's transform of type 1, one thread; a decoded look by scipy's correlation. A peer that is not
installed is named and left out. Rates are also given per second of processor: a busy machine changes them
less.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.signal import correlate

from hesper.config import load
from hesper.constants import SPEED_OF_LIGHT, VENUS_RADIUS
from hesper.products import Provenance, netcdf
from hesper.radar import (
    calibrate_echoes,
    calibrate_fringes,
    calibrate_patches,
    grid_patches,
    model,
    model_echo,
    model_waveform,
    pipeline_interferometer,
    pipeline_tiles,
    read_archive,
    retrieve_cells,
    retrieve_patches,
    simulate,
    write,
)
from hesper.radar.model_covariance import information
from hesper.radar.model_solver import split
from hesper.radar.pipeline_config import Config
from hesper.runs import open_run
from hesper.units import km


def timed(function, *arguments, **options):
    start = time.perf_counter()
    result = function(*arguments, **options)
    return time.perf_counter() - start, result


def whole_rate(statistics, config, cells):
    """Print how many cells a second the whole likelihood takes: tracked, steered, gathered and solved."""

    def likelihood():
        for block in retrieve_cells.cells(statistics, config.scene):
            retrieve_cells.solve(block, statistics.gain, config.reduction)

    likelihood()
    busy = time.process_time()
    seconds, _ = timed(likelihood)
    busy = time.process_time() - busy
    print(
        f"ML incl. steering: {cells} cells × {len(statistics.n)} cycles: {cells / seconds:.3g} cells/s "
        f"(asked for: 5e4), {cells / busy:.3g} per second of one processor"
    )


def solver_rate(block, gain, settings, copies):
    """Return cells per second, and per second of processor, on `copies` times the cells of a block."""
    big = block._replace(
        gate=np.tile(block.gate, copies),
        data=np.tile(block.data, (copies, 1, 1)),
        n=np.tile(block.n, (copies, 1)),
        q=np.tile(block.q, (copies, 1, 1, 1)),
        kxx=np.tile(block.kxx, (copies, 1, 1)),
        tracked=block.tracked._replace(y=np.tile(block.tracked.y, (copies, 1))),
    )
    busy = time.process_time()
    seconds, _ = timed(retrieve_cells.solve, big, gain, settings)
    return len(big.gate) / seconds, len(big.gate) / (time.process_time() - busy), len(big.gate)


def beside_minimisers(block, gain, found, cells=60):
    """Print how many cells a second scipy's minimisers solve, and how near they come to our maximum."""
    rows = np.random.default_rng(1).choice(np.flatnonzero(block.tracked.y[:, 0] > 200 * km), cells)
    scales = np.array([1.0, 1.0, 1e3, 1e3])
    value = found[2]
    score, fisher = np.zeros(4), np.zeros((4, 4))
    for method in ("BFGS", "L-BFGS-B", "trust-constr"):
        start, short = time.process_time(), 0.0
        for i in rows:
            cell = (
                block.data[i], block.n[i], block.q[i], block.kxx[i], block.ky, block.tracked.y[i], gain,
                VENUS_RADIUS, score, fisher,
            )  # fmt: skip

            def negative(p, cell=cell):
                at = np.maximum(p * scales, [1e-3, 1e-3, -8e3, -8e3])
                return -information(at, *cell), -score * scales

            first = np.array([*split(*cell[:7]), 0.0, 0.0]) / scales
            reached = minimize(negative, first, jac=True, method=method)
            short = max(short, float(value[i] + reached.fun))
        rate = cells / (time.process_time() - start)
        print(
            f"peer: scipy {method}: {rate:.3g} cells/s of processor, at most {short:.2g} short of our maximum"
        )


def beside_finufft(setup):
    """Print what the spectra of one look take here and by finufft, and how far they differ."""
    try:
        import finufft
    except ImportError:
        print("peer: finufft is not installed")
        return
    waveform, cells = setup.waveform, setup.waveform.doppler_cells
    seen = simulate.scattered(setup, 0)
    gates = waveform.gates + waveform.early_gates
    speckle = np.random.default_rng(2).standard_normal((len(seen.fraction), 2), np.float32)
    simulate.look_of(seen, speckle, gates, cells)
    busy = time.process_time()
    ours = simulate.look_of(seen, speckle, gates, cells)
    here = time.process_time() - busy
    # The shift of a facet, from the gridding's own place of it.
    draw = speckle @ np.array([1, 1j], np.complex64)
    per_metre = 2 * float(setup.geometry.rotation_rate[0]) / model.wavelength(waveform.frequency)
    depth = (VENUS_RADIUS - setup.facets.place @ setup.geometry.radar[0]) / (
        SPEED_OF_LIGHT * waveform.baud / 2
    )
    gate_of = depth + waveform.early_gates
    use = np.flatnonzero((gate_of > -1) & (gate_of < gates))
    order = use[np.argsort(gate_of[use].astype(np.float32), kind="stable")]
    angle = 2 * np.pi * per_metre * (setup.facets.place[order] @ setup.geometry.doppler[0])
    angle = angle / (waveform.doppler_cell * cells)
    busy = time.process_time()
    series = np.zeros((ours.shape[0], gates, cells), complex)
    for gate in range(gates):
        for first, last, late in ((gate + 1, gate + 2, False), (gate, gate + 1, True)):
            part = slice(seen.start[first], seen.start[last])
            if part.stop == part.start:
                continue
            share = seen.fraction[part] if late else 1 - seen.fraction[part]
            values = (seen.amplitude[part] * (draw[part] * share)[:, None]).T.astype(complex)
            series[:, gate] += finufft.nufft1d1(
                angle[part], np.ascontiguousarray(values), cells, eps=1e-5, nthreads=1
            )
    spectrum = np.fft.fftshift(np.fft.fft(np.fft.ifftshift(series, axes=-1), axis=-1), axes=-1) / cells
    there = time.process_time() - busy
    error = np.linalg.norm(np.abs(spectrum) - np.abs(ours)) / np.linalg.norm(ours)
    print(f"peer: finufft: {there:.3f} s of processor a look; ours {here:.3f} s; they differ by {error:.1e}")


def beside_correlation(periods=100):
    """Print what decoding a repeated code takes here and by scipy's correlation with it."""
    code = model_waveform.maximal_code(8191).astype(float)
    rng = np.random.default_rng(3)
    samples = rng.standard_normal((periods * len(code), 2)) @ np.array([1, 1j])
    model_waveform.decode_periods(samples[: 2 * len(code)], code, 64)
    busy = time.process_time()
    ours = model_waveform.decode_periods(samples, code, 64)
    here = time.process_time() - busy
    busy = time.process_time()
    rows = np.concatenate([samples.reshape(periods, -1)] * 2, axis=1)
    theirs = np.array([correlate(row, code, mode="valid", method="fft")[:64] for row in rows]) / len(code)
    there = time.process_time() - busy
    error = np.abs(theirs.T - ours).max() / np.abs(ours).max()
    print(f"peer: scipy correlate: {there:.2f} s of processor, ours {here:.2f} s; they differ by {error:.0e}")


SIZES = {"70x256": 1, "256x512": 4, "512x1024": 8}
"""Grids of gates and Doppler cells, and how many times thinner a gate is than the paper's."""


def recipe(size):
    """Return the recipe of a grid; a gate is thinner the more there are, the noise-free front among them."""
    gates, cells = (int(part) for part in size.split("x"))
    return {
        "waveform": {
            "gates": gates - 6,
            "doppler_cells": cells,
            "doppler_cell": f"{8 / cells} Hz",
            "baud": f"{5 / SIZES[size]} us",
        },
        "scene": {"relief": "test"},
    }


def chain(size):
    """Print what every stage of a pass takes, one look a cycle, files between the stages as the chain has."""
    config = load(Config, recipe(size) | {"observation": {"looks": 1}})
    nine = load(Config, recipe(size))
    with tempfile.TemporaryDirectory() as folder, open_run(Path(folder), Provenance({}), quiet=True) as run:
        setup = stage("facets", pipeline_tiles.setup, config)[1]
        warm = simulate.one_cycle(setup, 0, np.zeros(2))
        calibrate_fringes.fringes(calibrate_echoes.statistics([warm]), config.scene)
        cells = int(retrieve_cells.lattice(setup.geometry, warm.depth, warm.shift, warm.frequency).start[-1])
        del warm
        print(f"{size}: {cells} cells, {len(setup.geometry.time)} cycles")
        shown = partial(stage, cells=cells)
        file = shown("a cycle of 9 looks, to a file", first_cycle, nine, setup, run)[1]
        shown("that cycle, read and accumulated", calibrate_echoes.statistics, read_archive.echoes([file]))
        cycles = simulate.echoes(setup)
        # As between two commands: what simulates is not there when patches are solved.
        del setup
        given = shown("one look a cycle, simulated and accumulated", calibrate_echoes.statistics, cycles)[1]
        del cycles
        given = shown("phases", calibrate_fringes.fringes, given, config.scene)[1]
        path = shown("statistics, to a file", run.write, "statistics.nc", partial(netcdf, given))[1]
        del given
        patches = shown("tiles, from and to files", pipeline_tiles.solved, config, path, run)[1]
        held = pipeline_tiles.without_gates(path)
        found = shown("maps", pipeline_interferometer.mapped, config, held, patches, None)[1]
        shown("products and figures", pipeline_interferometer.products, found, run)


def first_cycle(config, setup, run):
    """Write the looks of one cycle."""
    setup = setup._replace(observation=config.observation)
    return run.write("looks.nc", lambda: write.echoes(simulate.one_cycle(setup, 0, np.zeros(2))))


def stage(name, function, *arguments, cells=0):
    """Run a stage; print its seconds, its cells a second and the peak of memory within it."""
    # Writing 5 there sets the peak back to what is held now (Linux).
    Path("/proc/self/clear_refs").write_text("5")
    busy = time.process_time()
    seconds, result = timed(function, *arguments)
    busy = time.process_time() - busy
    status = Path("/proc/self/status").read_text().split()
    held = int(status[status.index("VmHWM:") + 1]) * 1024 / 1e9
    rate = f"{cells / seconds:8.3g} cells/s, " if cells else ""
    print(f"  {name}: {seconds:.1f} s, {busy:.1f} s of processor, {rate}peak {held:.2f} GB", flush=True)
    return seconds, result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", action="store_true", help="stages of three sizes, and nothing else")
    parser.add_argument("--size", choices=SIZES, help="stages of one size, and nothing else")
    given = parser.parse_args()
    for size in SIZES if given.large else ():
        # A process each, so that none starts with what another one has held.
        subprocess.run([sys.executable, __file__, "--size", size], check=True)
    if given.size:
        chain(given.size)
    if given.large or given.size:
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        return
    config = load(Config, {"scene": {"relief": "test"}})
    setup = pipeline_tiles.setup(config)
    simulate.one_cycle(setup, 0, np.zeros(2))
    seconds, cycles = timed(lambda: list(simulate.echoes(setup)))
    print(f"looks of {len(cycles)} cycles, two receivers, {len(setup.facets.area)} facets: {seconds:.1f} s")
    retrieve_patches.patches(calibrate_echoes.statistics(cycles[:4]), config.reduction, config.scene)
    total, statistics = timed(calibrate_echoes.statistics, cycles)
    print(f"statistics: {total:.2f} s")
    seconds, statistics = timed(calibrate_fringes.fringes, statistics, config.scene)
    total += seconds
    print(f"self-calibration: {seconds:.2f} s")
    seconds, patches = timed(retrieve_patches.patches, statistics, config.reduction, config.scene)
    total += seconds
    print(f"patches, {len(patches.x)} cells: {seconds:.2f} s, {patches.iterations.mean():.1f} steps a cell")
    distance = float(setup.geometry.distance[len(cycles) // 2])
    scale = float(model_echo.budget(config.stations, config.waveform, config.scene, distance).scale[0])
    law = calibrate_patches.backscatter(patches, scale)
    area = grid_patches.area_of(patches, 10 * km, 780 * km)
    grid_patches.surface(patches, area, law=law, scale=scale)
    seconds, _ = timed(grid_patches.surface, patches, area, law=law, scale=scale)
    total += seconds
    print(f"map: {seconds:.2f} s; looks to maps: {total:.1f} s (asked for: 10 s)")
    whole_rate(statistics, config, len(patches.x))
    block = next(retrieve_cells.cells(statistics, config.scene))
    for copies in (1, 3):
        rate, busy, count = solver_rate(block, statistics.gain, config.reduction, copies)
        print(
            f"solver: {count} cells × {len(cycles)} cycles: {rate:.3g} cells/s (asked for: 5e4), "
            f"{busy:.3g} per second of one processor"
        )
    found = retrieve_cells.solve(block, statistics.gain, config.reduction)
    beside_minimisers(block, statistics.gain, found)
    beside_finufft(setup)
    beside_correlation()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", end="; ")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
