"""What one worker does: the looks of a cycle, the patches of a tile, whatever process it runs in."""

import json
from functools import lru_cache, partial
from pathlib import Path

from hesper import config
from hesper.products import netcdf, read_netcdf, sha256
from hesper.products import read as read_product
from hesper.radar import (
    read,
    retrieve_patches,
    simulate,
    simulate_pass,
    simulate_scene,
    simulate_terrain,
    write,
)
from hesper.radar.data_interferometer import Pass, Patches, Statistics
from hesper.radar.pipeline_config import Config
from hesper.radar.retrieve_cells import Slab
from hesper.record import Array, concatenate
from hesper.runs import Run


def geometry(settings: Config) -> Pass:
    """Return the geometry of a recipe's pass."""
    return simulate_pass.geometry(settings.stations, settings.waveform, settings.observation)


def terrain(settings: Config) -> simulate_terrain.Terrain:
    """Return the surface of a recipe."""
    scene = settings.scene
    if scene.relief == "test":
        return simulate_terrain.trial_terrain(simulate.frame(geometry(settings)))
    relief = read.topography(scene.topography) if scene.relief == "magellan" and scene.topography else None
    return simulate_terrain.terrain(scene, relief)


def setup(settings: Config) -> simulate.Setup:
    """Return the surface, stations and geometry of a recipe's simulation."""
    seen, scene = geometry(settings), settings.scene
    facets = simulate_scene.facets(
        terrain(settings), simulate.frame(seen), spacing=scene.facet, reach=scene.reach, seed=settings.seed
    )
    return simulate.Setup(
        facets, seen, settings.stations, settings.waveform, settings.observation, scene, settings.seed
    )


def simulated(settings: Config, run: Run) -> None:
    """Write the looks of every receive cycle, one file each."""
    count = len(geometry(settings).time)
    names = [f"looks_{k + 1:03d}.nc" for k in range(count)]
    run.map(partial(_looks, recipe=_text(settings)), range(count), names, title="receive cycles")


def solved(settings: Config, statistics: Path, run: Run) -> Patches:
    """Solve a pass tile by tile; the tiles stay in a folder of their own."""
    digest = sha256(statistics)
    count = retrieve_patches.tile_count(_frame(statistics, digest), settings.reduction)
    names = [f"tiles/patches_{k + 1:05d}.nc" for k in range(count)]
    work = partial(_tile, recipe=_text(settings), path=statistics, digest=digest)
    paths = run.map(work, range(count), names, title="tiles")
    return concatenate([read_product(path, Patches) for path in paths], "cell")


def without_gates(path: Path) -> Statistics:
    """Return the statistics of a file but for powers and products: geometry, looks, noise, phases."""
    return read_netcdf(path, Statistics, {"gate": slice(0, 0)})


def _looks(cycle: int, recipe: str) -> bytes:
    made, walk = _setup(recipe)
    return write.echoes(simulate.one_cycle(made, cycle, walk[cycle]))


def _tile(number: int, recipe: str, path: Path, digest: str) -> bytes:
    settings = _load(recipe)
    empty = _frame(path, digest)
    rows = retrieve_patches.tile_rows(number, empty, settings.reduction)
    given = Slab(read_netcdf(path, Statistics, {"gate": rows}), empty.depth, rows.start)
    return netcdf(retrieve_patches.tile(number, given, settings.reduction, settings.scene))


def _text(settings: Config) -> str:
    """Return a recipe as text: small to send, and the key of what a worker keeps."""
    return json.dumps(config.resolved(settings), sort_keys=True)


def _load(recipe: str) -> Config:
    return config.load(Config, json.loads(recipe))


@lru_cache(maxsize=1)
def _setup(recipe: str) -> tuple[simulate.Setup, Array]:
    made = setup(_load(recipe))
    return made, simulate.phase_walk(made)


@lru_cache(maxsize=1)
def _frame(path: Path, digest: str) -> Slab:
    """Return what tiles share: geometry, looks and axes, without powers and products."""
    del digest  # two files of one name are told apart by it
    depth = read_netcdf(path, Statistics, {"cycle": slice(0, 0)}).depth
    return Slab(without_gates(path), depth, 0)
