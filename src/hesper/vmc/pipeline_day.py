"""The day side: archived images → pointing by limb and light → maps of radiance, without emissivity."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hesper import figures, maps, products
from hesper.constants import VENUS_CLOUD_TOP
from hesper.errors import ConvergenceError, InputError, KernelError
from hesper.products import Figure, Result, Section
from hesper.record import record, setting
from hesper.runs import Run
from hesper.units import deg, km
from hesper.vmc import calibrate, grid, model, pipeline_checks, pipeline_created, plot, read, write
from hesper.vmc.data import Channel, Map, Pointing

_PRODUCTS = ("map.img", "map.nc", "map.tif", "polar.tif", "image.png", "map.png", "polar.png")


@record
class DaySide:
    """How images of the sunlit side are mapped: radiance of the clouds, without emissivity."""

    resolution: float = setting(
        0.5 * deg, "rad", "size of a cell of the cylindrical map", shown="deg", minimum=0.01 * deg,
        maximum=10 * deg,
    )  # fmt: skip
    polar_resolution: float = setting(
        30 * km, "m", "size of a cell of the polar map", shown="km", minimum=1 * km, maximum=500 * km
    )
    cloud_top: float = setting(
        VENUS_CLOUD_TOP, "m", "height the light leaves, above the mean radius", shown="km", minimum=0.0,
        maximum=120 * km,
    )  # fmt: skip
    cloud_top_std: float = setting(
        calibrate.CLOUD_TOP_STD, "m", "how well that height is known", shown="km", minimum=0.0,
        maximum=20 * km,
    )  # fmt: skip
    largest_emission: float = setting(
        80 * deg, "rad", "cells seen at larger emission are left out", shown="deg", minimum=1 * deg,
        maximum=89 * deg,
    )  # fmt: skip


class Ephemeris(NamedTuple):
    """Kernel and rotation model, as in `ephemeris.viewing`, and the objectives of the camera."""

    kernel: str
    rotation: str
    channels: Mapping[str, Channel]


class Outcome(NamedTuple):
    """What became of one file."""

    path: Path
    found: Pointing | None
    lit: float
    reason: str


def product_names(path: Path) -> list[str]:
    """Return the names of what one image becomes."""
    return [f"{path.stem}_{product}" for product in _PRODUCTS]


def mapped(
    paths: list[Path], settings: DaySide, place: Ephemeris, run: Run
) -> tuple[list[Outcome], list[Result]]:
    """Map every image that can be placed; the others come back with the reason."""
    outcomes = [_outcome(path, settings, place) for path in paths]
    results: list[Result] = []
    for outcome in outcomes:
        if outcome.found is not None:
            flat, polar = _maps(outcome.found, settings, run, "")
            _figures(outcome.found, flat, polar, run)
            results += _measured(outcome)
    return outcomes, results


def shown(paths: list[Path], settings: DaySide, place: Ephemeris, run: Run) -> Section:
    """Place real images, map them and compare with all their labels state."""
    results, drawn, left = [], [], []
    for path in paths:
        outcome = _outcome(path, settings, place)
        if outcome.found is None:
            left.append(f"{path.name}: {outcome.reason}")
            continue
        found = outcome.found
        _, made = _maps(found, settings, run, "vmc/")
        results += [*_measured(outcome), *pipeline_checks.results(outcome.path, found)]
        name = found.image.name
        drawn += [
            Figure(f"vmc-{name}", _OVERLAY.format(name=name), figures.png(plot.overlay(found))),
            Figure(f"vmc-{name}-polar", _POLAR.format(name=name), figures.png(plot.radiance_map(made))),
        ]
    lost = Result(
        "vmc", "images left out", "1", float(len(left)), expected=0.0, tolerance=0.0, note="; ".join(left)
    )
    results.insert(0, lost)
    return Section("", [_PLACED, pipeline_checks.EXPLAINED], results, drawn)


_OVERLAY = (
    "{name} with the limb fitted to it, the graticule of the clouds, the terminator and the "
    "sub-spacecraft point, placed by the elements of the label, limb and illumination."
)
_POLAR = "{name} as a georeferenced map (polar stereographic, GeoTIFF; the cylindrical one is also PDS3)."
_PLACED = (
    "Both images show the day side: what they see is sunlight from the cloud tops, so they are mapped as "
    "radiance and no emissivity is derived. The spacecraft is placed by the orbital elements of the label, "
    "the camera turned by its limb (two angles, focal length) and its illumination (roll)."
)


def _outcome(path: Path, settings: DaySide, place: Ephemeris) -> Outcome:
    """Place one image; an image that cannot be used gives the reason instead of ending the run."""
    try:
        image = read.image(path, kernel=place.kernel, rotation=place.rotation, channels=place.channels)
        found = calibrate.pointing(
            image,
            cloud_top=settings.cloud_top,
            cloud_top_std=settings.cloud_top_std,
        )
    except KernelError:
        raise
    except (InputError, ConvergenceError) as error:
        return Outcome(path, None, float("nan"), " ".join(str(error).split()))
    return Outcome(path, found, _lit(found), "")


def _lit(found: Pointing) -> float:
    image = found.image
    line, sample = np.indices(image.valid.shape)
    cosine, _ = model.pixel_cosines(
        sample, line, camera=calibrate.pinhole(image), position=image.position, axes=image.axes,
        sun=image.sun, radius=found.cloud_radius,
    )  # fmt: skip
    return model.lit_fraction(image.valid | image.saturated, np.arccos(cosine))


def _maps(found: Pointing, settings: DaySide, run: Run, folder: str) -> tuple[Map, Map]:
    """Write the cylindrical and the polar map of one image and return them."""
    stem = f"{folder}{found.image.name}_"
    world = maps.equirectangular(
        settings.resolution, west=0.0, east=2 * np.pi, south=-np.pi / 2, north=np.pi / 2
    )
    flat = grid.radiance_map([found], world, largest_emission=settings.largest_emission)
    south = found.image.position[2] < 0
    square = (maps.south_polar if south else maps.north_polar)(
        settings.polar_resolution, half_width=9000 * km
    )
    polar = grid.radiance_map([found], square, largest_emission=settings.largest_emission)
    created = pipeline_created.created(run)
    run.write(f"{stem}map.img", lambda: write.radiance_map(flat, found, created))
    run.write(f"{stem}map.nc", lambda: products.netcdf(flat))
    run.write(f"{stem}map.tif", lambda: products.geotiff(flat))
    run.write(f"{stem}polar.tif", lambda: products.geotiff(polar))
    return flat, polar


def _figures(found: Pointing, flat: Map, polar: Map, run: Run) -> None:
    stem = f"{found.image.name}_"
    run.write(f"{stem}image.png", lambda: figures.png(plot.overlay(found)))
    run.write(f"{stem}map.png", lambda: figures.png(plot.radiance_map(flat)))
    run.write(f"{stem}polar.png", lambda: figures.png(plot.radiance_map(polar)))


def _measured(outcome: Outcome) -> list[Result]:
    found = outcome.found
    assert found is not None
    name = found.image.name
    said = "day side: mapped as radiance of the clouds, without emissivity"
    return [
        Result("vmc", f"{name} sunlit part of the disk", "1", outcome.lit, note=said),
        Result("vmc", f"{name} focal length by the limb", "pixel", found.image.focal, found.focal_std),
        Result("vmc", f"{name} roll by the illumination", "deg", found.roll / deg, found.roll_std / deg),
    ]
