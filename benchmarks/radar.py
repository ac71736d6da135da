"""Time the radar: looks, statistics, maximum likelihood, maps; and how the solver scales.

python benchmarks/radar.py [--large]
"""

import argparse
import resource
import time

import numpy as np

from hesper.config import load
from hesper.radar import (
    calibrate_echoes,
    calibrate_fringes,
    calibrate_patches,
    grid_patches,
    model_echo,
    pipeline_interferometer,
    retrieve_patches,
    simulate,
)
from hesper.radar.pipeline_config import Config
from hesper.units import km


def timed(function, *arguments, **options):
    start = time.perf_counter()
    result = function(*arguments, **options)
    return time.perf_counter() - start, result


def solver_rate(block, gain, settings, copies):
    """Return cells per second of the solver alone, on `copies` times the cells of a block."""
    big = block._replace(
        gate=np.tile(block.gate, copies),
        data=np.tile(block.data, (copies, 1, 1)),
        n=np.tile(block.n, (copies, 1)),
        q=np.tile(block.q, (copies, 1, 1, 1)),
        kxx=np.tile(block.kxx, (copies, 1, 1)),
        tracked=block.tracked._replace(y=np.tile(block.tracked.y, (copies, 1))),
    )
    seconds, _ = timed(retrieve_patches.solve, big, gain, settings)
    return len(big.gate) / seconds, len(big.gate)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", action="store_true", help="solve as many cells as 512 × 1024")
    config = load(Config, {"scene": {"relief": "test"}})
    large = parser.parse_args().large
    setup = pipeline_interferometer.setup(config)
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
    block = next(retrieve_patches.cells(statistics, config.scene))
    for copies in (1, 4, 16, *((93,) if large else ())):
        rate, count = solver_rate(block, statistics.gain, config.reduction, copies)
        print(f"solver: {count} cells × {len(cycles)} cycles: {rate:.3g} cells/s (asked for: 5e4)")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
