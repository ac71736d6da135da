"""One orbit, from its files to its mosaic: the work that the map function hands out."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from hesper import products
from hesper.errors import ConvergenceError, InputError
from hesper.record import Array
from hesper.vmc import calibrate_gradient, grid_mosaic, read, read_orbit
from hesper.vmc.data_map import Radiation, Scene
from hesper.vmc.data_orbit import OrbitMosaic
from hesper.vmc.pipeline_config import Config


class Task(NamedTuple):
    """The files of one orbit and channel."""

    orbit: int
    channel: str
    paths: tuple[Path, ...]


class Shared(NamedTuple):
    """What all orbits need."""

    settings: Config
    light: Radiation
    truth: Path | None


def name(task: Task) -> str:
    """Return the name of an orbit's product."""
    return f"orbits/V{task.orbit:04d}_{task.channel}.nc"


def mosaic_bytes(task: Task, *, shared: Shared) -> bytes:
    """Return the mosaic of one orbit as netCDF."""
    return products.netcdf(mosaic(task, shared))


def mosaic(task: Task, shared: Shared) -> OrbitMosaic:
    """Read, bin, correct and join the images of one orbit; a failure is a refusal with its reason."""
    settings = shared.settings
    source = _source(settings)
    try:
        frames = read_orbit.frames(task.paths, source, settings.masking)
        images = grid_mosaic.cells(
            frames, shared.light, resolution=settings.resolution, masking=settings.masking,
            atmosphere=settings.atmosphere,
        )  # fmt: skip
        flat = calibrate_gradient.flat_field(images, settings.gradient)
        made = grid_mosaic.mosaic(images, flat)
        if shared.truth is None:
            return made
        truth = products.read(shared.truth, Scene)
        return grid_mosaic.compared(
            made, images, truth, _gradient(truth, task.orbit), settings.gradient.least_cells
        )
    except (InputError, ConvergenceError) as error:
        reason = " ".join(str(error).split())
        refused = calibrate_gradient.refused("masked" if "masked" in reason else "unreadable")
        return grid_mosaic.nothing(task.orbit, task.channel, settings.resolution, reason, refused)


def uncorrected(task: Task, shared: Shared) -> OrbitMosaic:
    """Return the mosaic of one orbit as its level-2 images have it."""
    settings = shared.settings
    source = _source(settings)
    frames = read_orbit.frames(task.paths, source, settings.masking)
    images = grid_mosaic.cells(
        frames, shared.light, resolution=settings.resolution, masking=settings.masking,
        atmosphere=settings.atmosphere,
    )  # fmt: skip
    return grid_mosaic.mosaic(images, calibrate_gradient.refused("single"))


def _source(settings: Config) -> read_orbit.Source:
    return read_orbit.Source(
        settings.geometry, settings.meta_kernel, settings.kernel, settings.rotation,
        read.channels(settings.camera),
    )  # fmt: skip


def _gradient(truth: Scene, orbit: int) -> Array | None:
    found = np.flatnonzero(truth.orbit == orbit)
    if not found.size:
        return None
    return np.array([truth.gradient_x[found[0]], truth.gradient_y[found[0]]])
