"""The order in which an archive is simulated: orbits, ground, images, altimetry, truth."""

import functools
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hesper import products
from hesper.constants import VENUS_RADIUS
from hesper.record import Array
from hesper.runs import Run
from hesper.vmc import model_surface, simulate, simulate_orbit, simulate_scene
from hesper.vmc.data import CHANNELS
from hesper.vmc.data_map import Scene
from hesper.vmc.grid_mosaic import LIMB_EMISSIVITY
from hesper.vmc.pipeline_config import Config
from hesper.vmc.simulate_orbit import Shot

_SCENE = "scene.npy"


class _Shared(NamedTuple):
    """What every image needs, small enough to be sent to each process; the scene is a file."""

    scene: Path
    place: tuple[float, float, float]
    limb: Array
    plains: float
    config: Config


def simulated(settings: Config, run: Run, folder: str = "") -> Scene:
    """Write an archive of level-2 images, altimetry.tif and truth.nc; return the truth."""
    light = model_surface.table(settings.atmosphere, CHANNELS["N2"].wavelength)
    shots, flown = simulate_orbit.shots(
        settings.simulation, settings.seed, kernel=settings.kernel, rotation=settings.rotation
    )
    ground = simulate_scene.scene(settings.simulation, settings.atmosphere, light, flown, settings.seed)
    known = simulate_scene.altimetry(ground, noise=settings.emissivity.altimetry_std, seed=settings.seed)
    scene = run.write(folder + _SCENE, lambda: _array(ground.brightness.astype(np.float32)))
    run.write(f"{folder}altimetry.tif", lambda: products.geotiff(known))
    run.write(f"{folder}truth.nc", lambda: products.netcdf(ground))
    shared = _Shared(
        scene, _place(ground), model_surface.limb_law(light, 0.0, LIMB_EMISSIVITY),
        float(np.median(ground.brightness)), settings,
    )  # fmt: skip
    names = [folder + _name(shot) for shot in shots]
    run.map(functools.partial(_image, shared=shared), shots, names, title="images")
    if settings.simulation.backplanes:
        geo = [n.replace("DATA", "GEOMETRY").replace(".IMG", ".GEO") for n in names]
        run.map(
            functools.partial(simulate.backplanes, rotation=settings.rotation), shots, geo, title="backplanes"
        )
    return ground


def names(settings: Config) -> list[str]:
    """Return the names of the images that would be written."""
    found, _ = simulate_orbit.shots(
        settings.simulation, settings.seed, kernel=settings.kernel, rotation=settings.rotation
    )
    return [_name(shot) for shot in found]


def _name(shot: Shot) -> str:
    return f"DATA/{shot.orbit:04d}/V{shot.orbit:04d}_{shot.sequence:04d}_N22.IMG"


def _place(made: Scene) -> tuple[float, float, float]:
    step = float(made.grid.x[1] - made.grid.x[0]) / VENUS_RADIUS
    return (
        float(made.grid.x[0]) / VENUS_RADIUS - step / 2,
        float(made.grid.y[0]) / VENUS_RADIUS + step / 2,
        step,
    )


def _array(values: Array) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.asarray(values))
    return stream.getvalue()


def _image(shot: Shot, *, shared: _Shared) -> bytes:
    light = simulate.Light(
        np.load(shared.scene, mmap_mode="r"), shared.place, shared.limb, float(model_surface.COSINES[0]),
        shared.plains, simulate.field(),
    )  # fmt: skip
    settings: Config = shared.config
    return simulate.image(
        shot, light, settings=settings.simulation, atmosphere=settings.atmosphere, seed=settings.seed,
        rotation=settings.rotation,
    )  # fmt: skip
