"""Whole disks of one receiver on many days → the finder map."""

from pathlib import Path

import numpy as np

from hesper.config import existing
from hesper.errors import MissingError
from hesper.figures import png
from hesper.products import Result, geotiff, netcdf, read
from hesper.radar import grid_finder, plot_finder, simulate_finder
from hesper.radar.data_finder import DiskLook, FinderMap
from hesper.radar.data_interferometer import AMBIGUOUS, ELONGATED
from hesper.radar.pipeline_config import Config
from hesper.radar.pipeline_tiles import terrain
from hesper.record import Array
from hesper.runs import Run

PRODUCTS = ("finder.nc", "finder.tif", "finder.png")


def inputs(config: Config) -> list[Path]:
    """Return the looks of a folder, by name."""
    folder = existing(config.input, what="radar: input")
    found = sorted(folder.glob("disk_*.nc"))
    if not found:
        raise MissingError(
            f"{folder}: no disk_*.nc; give a folder that `hesper radar simulate` makes with source=finder"
        )
    return found


def simulated(config: Config, run: Run) -> None:
    """Write the look of every day."""
    # The ground is finer than the chart that is made of it.
    area = grid_finder.chart_area(config.finder, finer=3)
    planet = simulate_finder.mottled(terrain(config), seed=config.seed)
    looks = simulate_finder.looks(config.finder, planet, area, config.scene, seed=config.seed)
    for k, look in enumerate(looks):
        run.write(f"disk_{k + 1:03d}.nc", lambda look=look: netcdf(look))  # type: ignore[misc]


def chart(config: Config) -> FinderMap:
    """Combine the looks of a folder."""
    given = [read(path, DiskLook) for path in inputs(config)]
    return grid_finder.chart(given, grid_finder.chart_area(config.finder), config.scene)


def products(found: FinderMap, config: Config, run: Run) -> list[Result]:
    """Write the map; return what part of it is sure."""
    run.write("finder.nc", lambda: netcdf(found))
    run.write("finder.tif", lambda: geotiff(found))
    run.write("finder.png", lambda: png(plot_finder.finder(found, config.finder.grid)))
    seen = found.n > 0
    return [
        Result("radar", "days that see a cell, at most", "count", float(found.n.max())),
        Result("radar", "part of the map within the runway", "1", _part(found.mask, ELONGATED, seen)),
        Result("radar", "part of the map where north and south stay mixed", "1",
               _part(found.mask, AMBIGUOUS, seen)),
    ]  # fmt: skip


def _part(mask: Array, bit: int, seen: Array) -> float:
    return float(np.mean((mask[seen] & bit) > 0))
