"""What one worker does: the looks of a cycle, the patches of a tile, whatever process it runs in."""

import json
from functools import lru_cache, partial
from pathlib import Path

from hesper import config
from hesper.errors import InputError
from hesper.products import netcdf, read_netcdf, sha256
from hesper.products import read as read_product
from hesper.radar import (
    calibrate_code,
    read,
    read_voltages,
    retrieve_patches,
    simulate,
    simulate_pass,
    simulate_scene,
    simulate_terrain,
    simulate_voltages,
    write,
)
from hesper.radar.data_interferometer import Echoes, Pass, Patches, Statistics, Voltages
from hesper.radar.data_settings import Waveform
from hesper.radar.model_geometry import cycle_times, depth_axis, shift_axis
from hesper.radar.pipeline_config import Config
from hesper.radar.retrieve_cells import Slab, lattice
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
    """Write the looks of every receive cycle, one file each, or the voltages of every look."""
    names = files(settings)
    if settings.observation.level == "voltages":
        run.map(partial(_voltages, recipe=_text(settings)), range(len(names)), names, title="looks")
        return
    run.map(partial(_looks, recipe=_text(settings)), range(len(names)), names, title="receive cycles")


def files(settings: Config) -> list[str]:
    """Return the names of the files that a simulation makes: one a cycle, or of voltages one a look."""
    observation = settings.observation
    cycles = len(cycle_times(0.0, observation.duration, observation.cycle))
    if observation.level == "looks":
        return [f"looks_{k + 1:03d}.nc" for k in range(cycles)]
    return [f"voltages_{k + 1:03d}_{m + 1:03d}.nc" for k in range(cycles) for m in range(observation.looks)]


def decoded(settings: Config, paths: list[Path], run: Run) -> list[Path]:
    """Turn files of voltages into files of looks, a receive cycle each; looks stay as they are."""
    if not paths[0].name.startswith("voltages"):
        return paths
    read_voltages.check(paths)
    groups, names = read_voltages.by_cycle(paths), _names(paths)
    return run.map(partial(_decoded, recipe=_text(settings)), groups, names, title="decoding")


def solved(settings: Config, statistics: Path, run: Run) -> Patches:
    """Solve a pass tile by tile; the tiles stay in a folder of their own."""
    digest = sha256(statistics)
    count = retrieve_patches.tile_count(_frame(statistics, digest), settings.reduction)
    work = partial(_tile, recipe=_text(settings), path=statistics, digest=digest)
    paths = run.map(work, range(count), _tiles(count), title="tiles")
    return concatenate([read_product(path, Patches) for path in paths], "cell")


def without_gates(path: Path) -> Statistics:
    """Return the statistics of a file but for powers and products: geometry, looks, noise, phases."""
    return read_netcdf(path, Statistics, {"gate": slice(0, 0)})


def _looks(cycle: int, recipe: str) -> bytes:
    made, walk = _setup(recipe)
    return write.echoes(simulate.one_cycle(made, cycle, walk[cycle]))


def _voltages(number: int, recipe: str) -> bytes:
    made, walk = _setup(recipe)
    cycle, look = divmod(number, made.observation.looks)
    return write.voltages(
        simulate_voltages.voltages(made, cycle, look, walk[cycle], noise=made.scene.noise)[0]
    )


def made(settings: Config, paths: list[Path]) -> list[str]:
    """Return the names of the files between voltages or looks and maps: looks that are decoded, and tiles."""
    sampled, path = paths[0].name.startswith("voltages"), paths[len(paths) // 2]
    pulse = settings.waveform
    if sampled:
        group = read_voltages.by_cycle(paths)
        given = read_netcdf(group[len(group) // 2][0], Voltages, {"sample": slice(0, 0), "chip": slice(0, 0)})
        depth = depth_axis(pulse.baud, pulse.gates, pulse.early_gates)
        cells = lattice(
            given.geometry, depth, shift_axis(pulse.doppler_cell, pulse.doppler_cells), given.frequency
        )
    else:
        look = read_netcdf(path, Echoes, {"look": slice(0, 0)})
        cells = lattice(look.geometry, look.depth, look.shift, look.frequency)
    count = -(-int(cells.start[-1]) // settings.reduction.tile)
    return [*(_names(paths) if sampled else []), *_tiles(count)]


def _names(paths: list[Path]) -> list[str]:
    return [f"looks/looks_{group[0].stem.split('_')[1]}.nc" for group in read_voltages.by_cycle(paths)]


def _tiles(count: int) -> list[str]:
    return [f"tiles/patches_{k + 1:05d}.nc" for k in range(count)]


def _look(path: Path, waveform: Waveform) -> Echoes:
    """Decode a file; what is wrong with its samples is said of the file."""
    try:
        return calibrate_code.look(read_voltages.voltages(path), waveform)
    except InputError as error:
        line = str(error).removeprefix("calibrate.look: ")
        raise InputError(line if line.startswith(str(path)) else f"{path}: {line}") from None


def _decoded(paths: list[Path], recipe: str) -> bytes:
    waveform = _load(recipe).waveform
    return write.echoes(concatenate([_look(path, waveform) for path in paths], "look"))


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
