"""The order of the stages: looks of several receivers → maps; a look of Arecibo → a map; passes → a table."""

from pathlib import Path

import numpy as np

from hesper import ephemeris
from hesper.config import existing
from hesper.errors import InputError
from hesper.figures import png
from hesper.products import Result, Section, geotiff, netcdf
from hesper.products import read as read_product
from hesper.radar import (
    pipeline_arecibo,
    pipeline_demo,
    pipeline_finder,
    pipeline_interferometer,
    pipeline_mosaic,
    pipeline_passes,
    pipeline_tiles,
    plot_interferometer,
    read_archive,
    read_voltages,
    simulate_voltages,
)
from hesper.radar.data_interferometer import Truth
from hesper.radar.data_settings import PAPER_DATES
from hesper.radar.model_geometry import cycle_times
from hesper.radar.pipeline_config import Config, Interferometer
from hesper.radar.plan import passes
from hesper.runs import Plan, Run
from hesper.units import deg

__all__ = ["PAPER_DATES", "Config", "demo", "inputs", "kernels", "plan", "plan_simulate", "run", "simulate"]

_MAPS = (
    "statistics.nc", "patches.nc", "runway.nc", "backscatter.nc", "map.nc", "map.tif", "brightness.png",
    "altitude.png", "uncertainty.png", "backscatter.png",
)  # fmt: skip


def plan(config: Config) -> Plan:
    """Return what a run would do."""
    if config.source == "passes":
        dates = config.interferometer.dates
        return Plan(dates, ("passes.nc",), 3e8, 1 + 0.2 * len(dates))
    found = inputs(config)
    if config.source == "finder":
        return Plan([str(path) for path in found], pipeline_finder.PRODUCTS, 3e8, 3 + 0.4 * len(found))
    if config.source == "mosaic":
        return Plan(list(config.runs), pipeline_mosaic.PRODUCTS, 4e8, 3 + 0.5 * len(config.runs))
    if config.source == "looks":
        cells = config.waveform.gates * config.waveform.doppler_cells * len(found)
        names = [path.name for path in found if path.name != "truth.nc"]
        between = pipeline_tiles.made(config, [path for path in found if path.name != "truth.nc"])
        return Plan(names, [*_MAPS, *between], 5e8 + 60.0 * cells, 6 + 1.2e-5 * cells)
    if config.source == "arecibo":
        cells = round((190 * deg / config.resolution) * (180 * deg / config.resolution))
        return Plan(
            (config.input,), ("reflectivity.nc", "reflectivity.tif"), 4e8 + 900 * cells, 5 + 4e-6 * cells
        )
    return Plan((config.input,), ("image.nc", "image.tif", "image.png"), 2e8, 2.0)


def plan_simulate(config: Config) -> Plan:
    """Return what a simulation would write."""
    if config.source == "finder":
        names = [f"disk_{k + 1:03d}.nc" for k in range(config.finder.days * len(config.finder.conjunctions))]
        return Plan((f"{len(names)} days of {config.finder.station}",), names, 4e8, 5 + 0.1 * len(names))
    observation, waveform, receivers = config.observation, config.waveform, len(config.stations.receivers)
    cycles = len(cycle_times(0.0, observation.duration, observation.cycle))
    facets = np.pi * (config.scene.reach / config.scene.facet) ** 2
    voltages = observation.looks * receivers * waveform.gates * waveform.doppler_cells
    names = [*pipeline_tiles.files(config), "truth.nc"]
    item = f"{observation.date}: {cycles} receive cycles of {observation.looks} looks"
    seconds = 10 + cycles * observation.looks * (1e-7 * facets + 3e-8 * voltages / observation.looks)
    memory = 4e8 + 250 * facets + 30.0 * voltages
    if observation.level == "voltages":
        simulate_voltages.code_of(waveform, config.seed)
        samples = receivers / waveform.doppler_cell / waveform.baud
        item += f" as voltages, {8e-9 * samples * (len(names) - 1):.2g} GB"
        memory += 40.0 * samples
        seconds += 2e-8 * samples * waveform.gates * (len(names) - 1)
    return Plan((item,), names, memory, seconds)


def inputs(config: Config) -> list[Path]:
    """Return the files that a run reads."""
    if config.source == "passes":
        return []
    if not config.input and config.source != "mosaic":
        raise InputError(f"radar: source {config.source} without input; name a file or folder: input = …")
    if config.source == "looks":
        folder = existing(config.input, what="radar: input")
        known = folder / "truth.nc"
        return [*read_archive.looks(folder), *([known] if known.is_file() else [])]
    if config.source == "arecibo":
        return list(pipeline_arecibo.inputs(config))
    if config.source == "finder":
        return pipeline_finder.inputs(config)
    if config.source == "mosaic":
        return pipeline_mosaic.inputs(config)
    names = [config.input, *([config.index] if config.index else [])]
    return [existing(name, what="radar: input") for name in names]


def kernels(config: Config) -> list[Path]:
    """Return the ephemeris that a run uses."""
    del config
    return [ephemeris.kernel_path("DE421")]


def simulate(config: Config, run: Run) -> None:
    """Write the looks that the stations would deliver, by receive cycle with `truth.nc`, or by day."""
    if config.source == "finder":
        pipeline_finder.simulated(config, run)
        return
    pipeline_interferometer.simulated(config, run)


def run(config: Config, run: Run) -> list[Result]:
    """Turn what the recipe names into maps or tables; return the rows."""
    if config.source == "passes":
        settings = {name: getattr(config.interferometer, name) for name in Interferometer.__annotations__}
        table = passes(**settings)
        run.write("passes.nc", lambda: netcdf(table))
        return pipeline_passes.rows(table, config.interferometer.dates)
    if config.source == "arecibo":
        return pipeline_arecibo.products(pipeline_arecibo.mapped(config), run)
    if config.source == "finder":
        return pipeline_finder.products(pipeline_finder.chart(config), config, run)
    if config.source == "mosaic":
        return pipeline_mosaic.products(pipeline_mosaic.joined(config), run)
    if config.source == "goldstone":
        return _goldstone(config, run)
    found = inputs(config)
    known = read_product(found[-1], Truth) if found[-1].name == "truth.nc" else None
    looks = [path for path in found if path.name != "truth.nc"]
    _whole(config, len(read_voltages.by_cycle(looks) if looks[0].name.startswith("voltages") else looks))
    reduced = pipeline_interferometer.reduce_files(config, looks, known, run)
    return pipeline_interferometer.products(reduced, run)


def demo(run: Run, data: Path | None) -> Section:
    """Return the radar's section of the demonstration."""
    return pipeline_demo.section(run, data)


def _whole(config: Config, files: int) -> None:
    """Refuse a folder that holds more cycles than the recipe's pass."""
    observation = config.observation
    cycles = len(cycle_times(0.0, observation.duration, observation.cycle))
    if files > cycles:
        raise InputError(
            f"{config.input}: {files} receive cycles; the recipe's pass has {cycles}; "
            "give the recipe that the looks were made with"
        )


def _goldstone(config: Config, run: Run) -> list[Result]:
    image = read_archive.goldstone(existing(config.input, what="radar: input"), index=config.index or None)
    run.write("image.nc", lambda: netcdf(image))
    run.write("image.tif", lambda: geotiff(image))
    run.write("image.png", lambda: png(plot_interferometer.archived(image)))
    seen = image.value > 0
    return [
        Result("radar", "part of the image that holds an echo", "1", float(seen.mean())),
        Result("radar", "longitude of the sub-Earth point, as labelled", "deg", image.radar_lon / deg),
        Result("radar", "latitude of the sub-Earth point, as labelled", "deg", image.radar_lat / deg),
    ]
