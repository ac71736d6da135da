"""The order of the stages: images → corrected images → orbital mosaics → segments → emissivity.

Day-side images are mapped as radiance, without emissivity.
"""

import functools
from collections.abc import Sequence
from pathlib import Path

from hesper import config, ephemeris, figures
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.products import Result, Section
from hesper.runs import Plan, Run
from hesper.units import deg, km
from hesper.vmc import (
    calibrate_gradient,
    grid_segment,
    pipeline_created,
    pipeline_day,
    pipeline_demo,
    pipeline_fates,
    pipeline_mosaics,
    pipeline_orbit,
    pipeline_segment,
    pipeline_sides,
    pipeline_simulate,
    plot_map,
    read,
    read_map,
    write_map,
)
from hesper.vmc.data_orbit import FlatField, OrbitMosaic
from hesper.vmc.pipeline_config import Config
from hesper.vmc.pipeline_day import Ephemeris
from hesper.vmc.pipeline_orbit import Task

__all__ = ["Config", "demo", "inputs", "kernels", "plan", "plan_simulate", "run", "simulate"]


def inputs(settings: Config) -> list[Path]:
    """Return the files a run reads."""
    place = config.existing(settings.archive, what="archive")
    # A link that leads nowhere is no input; the run lists it.
    found = [path for path in read.files(place) if path.is_file()]
    known = pipeline_segment.altimetry_path(settings)
    wanted = settings.emissivity
    given = [("reference mask", wanted.reference_mask), ("units", wanted.units), ("map", wanted.compare)]
    if settings.geometry == "spice":
        given.append(("SPICE meta-kernel: set meta_kernel", settings.meta_kernel or "none given"))
    also = [config.existing(path, what=what) for what, path in given if path]
    return [*found, *([known] if known is not None else []), *also]


def kernels(settings: Config) -> list[Path]:
    """Return the ephemeris a run reads."""
    return [ephemeris.kernel_path(settings.kernel)]


def plan(settings: Config) -> Plan:
    """Return what `run` would do."""
    inputs(settings)
    _refuse_early(settings)
    night, day, left = pipeline_sides.sides(settings)
    names = [pipeline_orbit.name(task) for task in night]
    images = [path for task in night for path in task.paths]
    level3 = [_level3_name(path) for path in images] if settings.level3 else []
    segments = [write_map.segment_name(k, suffix) for k in range(9) for suffix in write_map.SUFFIXES]
    shown = [name for path in day for name in pipeline_day.product_names(path)]
    items = [f"orbit {t.orbit} {t.channel}: {len(t.paths)} images, night side" for t in night]
    items += [f"{path.name}: day side" for path in day] + [f"left out: {part.reason}" for part in left]
    each = 0.06 + 0.03 * settings.level3
    seconds = each * len(images) + 3.0 * len(day) + (20.0 if night else 0.0)
    finer = (0.25 * deg / settings.resolution) ** 2
    memory = 4e8 + (1.5e6 * finer * len(night) + 2e8 * max(1.0, finer)) * bool(night)
    return Plan(items, [*names, *level3, *(segments if night else []), *shown, "images.csv"], memory, seconds)


def plan_simulate(settings: Config) -> Plan:
    """Return what `simulate` would do."""
    names = pipeline_simulate.names(settings)
    counts = f"{settings.simulation.orbits} orbits, {settings.simulation.images} images"
    items = [f"{counts} over segments {list(settings.simulation.segments)}"]
    also = ["altimetry.tif", "truth.nc"]
    seconds = (0.08 + 0.3 * settings.simulation.backplanes) * len(names) + 5.0
    return Plan(items, [*names, *also], 1.2e9, seconds)


def simulate(settings: Config, run: Run) -> None:
    """Write the archive of level-2 images that the orbits would have delivered, altimetry and truth."""
    pipeline_simulate.simulated(settings, run)


def run(settings: Config, run: Run) -> list[Result]:
    """Correct, map and derive emissivity from what is night side; map the day side; list the rest.

    Raises
    ------
    InputError
        If no image at all can be used.
    """
    _refuse_early(settings)
    night, day, unread = pipeline_sides.sides(settings)
    place = Ephemeris(settings.kernel, settings.rotation, read.channels(settings.camera))
    outcomes, results = pipeline_day.mapped(day, settings.day, place, run)
    mosaics = pipeline_mosaics.orbits(night, settings, run)
    fates = pipeline_fates.fates(night, outcomes, mosaics, unread, settings)
    run.write("images.csv", lambda: pipeline_fates.table(fates))
    lost = pipeline_fates.lost(fates)
    if len(lost) == len(fates):
        raise InputError(
            f"vmc: none of {len(fates)} images could be placed; the first: {lost[0] if lost else 'no image'}"
        )
    counted = Result("vmc", "images left out", "1", float(len(lost)), note="; ".join(lost[:40]))
    results = [counted, *results]
    if mosaics:
        run.write("orbits.csv", lambda: pipeline_mosaics.table(mosaics))
        results += pipeline_mosaics.rows(mosaics)
        accepted = [m for m in mosaics if m.flat.status == calibrate_gradient.ACCEPTED]
        if accepted:
            run.write("orbits.png", lambda: figures.png(plot_map.orbits(accepted)))
            run.write("seams.png", lambda: pipeline_mosaics.seams(night, mosaics, settings))
        _corrected(night, mosaics, settings, run)
        results += pipeline_segment.mapped(mosaics, settings, run)
    return results


def demo(run: Run, data: Path | None) -> Section:
    """Place the real images in space and map them."""
    return pipeline_demo.section(run, data)


def _refuse_early(settings: Config) -> None:
    """Refuse, before hours of work, what would fail after them.

    Raises
    ------
    InputError
        If cells do not fill a segment or show no transient, or a raster that segments need cannot be read.
    """
    read.channels(settings.camera)
    cells = 10 * deg / settings.resolution
    if abs(cells - round(cells)) > 1e-6:
        raise InputError(
            f"recipe: resolution = {settings.resolution / deg:g} deg; whole cells must fill 10 degrees: "
            "0.05, 0.1, 0.125, 0.2, 0.25, 0.5 or 1 deg"
        )
    disc, cell = settings.emissivity.transient_size, settings.resolution * VENUS_RADIUS
    if disc / 2 + 1.5 * settings.atmosphere.blur < 2 * cell:
        raise InputError(
            f"recipe: emissivity.transient_size = {disc / km:g} km; cells of {cell / km:.0f} km do not show "
            "it: take a larger disc or a finer resolution"
        )
    known = pipeline_segment.altimetry_path(settings)
    if known is not None:
        read_map.altimetry(known)
    grid = grid_segment.segment_grid(0, settings.resolution)
    wanted = settings.emissivity
    if wanted.reference_mask:
        read_map.on_grid(config.existing(wanted.reference_mask, what="reference mask"), grid)
    if wanted.units:
        every = (grid_segment.segment_grid(k, settings.resolution) for k in range(9))
        read_map.refuse_units_elsewhere(config.existing(wanted.units, what="units"), every)
    if wanted.compare:
        read_map.raster(config.existing(wanted.compare, what="map"))


def _corrected(tasks: Sequence[Task], mosaics: Sequence[OrbitMosaic], settings: Config, run: Run) -> None:
    """Write the level-3 images of the accepted orbits, by the run's map function."""
    if not settings.level3:
        return
    flats = {(m.orbit, m.channel): m.flat for m in mosaics if m.flat.status == calibrate_gradient.ACCEPTED}
    kept = {name for m in mosaics for name in m.images.split(", ")}
    items = [
        (path, flats[task.orbit, task.channel])
        for task in tasks
        if (task.orbit, task.channel) in flats
        for path in task.paths
        if path.stem in kept
    ]
    if items:
        work = functools.partial(
            _level3, sample_type=settings.gradient.sample_type, created=pipeline_created.created(run)
        )
        names = [_level3_name(path) for path, _ in items]
        run.map(work, items, names, title="corrected images")


def _level3_name(path: Path) -> str:
    return f"level3/{path.stem[1:5]}/{write_map.level3_name(path)}"


def _level3(item: tuple[Path, FlatField], *, sample_type: str, created: str) -> bytes:
    return write_map.level3(item[0], item[1], sample_type=sample_type, created=created)
