"""Patches of earlier runs → altitudes in one frame, how the dates agree, and the rotation they ask for."""

from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hesper.config import existing
from hesper.ephemeris import utc
from hesper.errors import InputError
from hesper.figures import png
from hesper.geometry import sphere
from hesper.maps import lon_lat
from hesper.products import Result, geotiff, netcdf, read
from hesper.radar import grid_mosaic, grid_patches, plot_interferometer, retrieve_features, retrieve_spin
from hesper.radar.data_interferometer import AltitudeMosaic, Backscatter, Patches, RadarMap
from hesper.radar.pipeline_config import Config
from hesper.record import Array
from hesper.runs import Run
from hesper.units import day, deg

PRODUCTS = ("mosaic.nc", "mosaic.tif", "mosaic.png")
_MODEL_RATE = -1.4813688 * deg / day
"""dW/dt of the IAU's rotation model, by which the passes are laid out."""
_COMPARED = 100
"""Cells that two maps must share to be compared."""


class Joined(NamedTuple):
    """Maps of several passes on one grid, and their mosaic."""

    maps: list[RadarMap]
    material: list[RadarMap]
    """The same with the whole mean law divided out: what shines by the radar's place alone is gone."""
    toward: list[Array]
    """(y, x, xyz): horizontal direction from a cell to the radar, of each pass."""
    mosaic: AltitudeMosaic


def inputs(config: Config) -> list[Path]:
    """Return patches and laws of the runs that a recipe names, run by run."""
    if len(config.runs) < 2:
        raise InputError(
            f"radar: source mosaic with {len(config.runs)} runs; name two or more folders of earlier runs in "
            "'runs'"
        )
    folders = [existing(name, what="radar: runs") for name in config.runs]
    return [
        existing(str(folder / name), what="radar: runs")
        for folder in folders
        for name in ("patches.nc", "backscatter.nc")
    ]


def joined(config: Config) -> Joined:
    """Lay the passes on one longitude–latitude grid and join them."""
    found = inputs(config)
    patches = [read(path, Patches) for path in found[::2]]
    laws = [read(path, Backscatter) for path in found[1::2]]
    if len({one.time for one in patches}) < len(patches):
        raise InputError("radar: two of the runs are of the same pass; name every pass once")
    area = grid_mosaic.area_of(patches, config.reduction.resolution)
    made, material = (
        [
            grid_patches.surface(one, area, law=law, scale=law.scale, exponent=exponent)
            for one, law in zip(patches, laws, strict=True)
        ]
        for exponent in (config.reduction.exponent, 1.0)
    )
    toward = [_horizontal(sphere.unit_vector(*lon_lat(area)), one.radar) for one in patches]
    return Joined(made, material, toward, grid_mosaic.mosaic(made))


def _horizontal(up: Array, direction: Array) -> Array:
    along = direction - (up @ direction)[..., None] * up
    return np.asarray(along / np.maximum(np.linalg.norm(along, axis=-1), 1e-12)[..., None])


def products(found: Joined, run: Run) -> list[Result]:
    """Write the mosaic; return how the dates agree."""
    run.write("mosaic.nc", lambda: netcdf(found.mosaic))
    run.write("mosaic.tif", lambda: geotiff(found.mosaic))
    run.write("mosaic.png", lambda: png(plot_interferometer.mosaic(found.mosaic)))
    days = [str(time)[:10] for time in utc(np.array([one.time for one in found.maps]))]
    rows = [
        Result("radar", f"{name}: offset to the first pass", "m", float(value[0]), float(std[0]))
        for name, value, std in zip(days, found.mosaic.offsets, found.mosaic.offsets_std, strict=True)
    ]
    given = zip(days, found.material, found.toward, strict=True)
    for (a, first, one), (b, second, other) in combinations(given, 2):
        name, between = f"{a} and {b}", np.sum(one * other, axis=-1)
        # Within 60° of each other, and of the opposite.
        for use, seen in (
            (np.isfinite(between), "the whole overlap"),
            (between > 0.5, "seen from one side"),
            (between < -0.5, "seen from opposite sides"),
        ):
            rows += _agreement(f"{name}, {seen}", first, second, use)
        if retrieve_features.shared(first, second).sum() >= _COMPARED:
            rows += _rotation(name, first, second)
    return rows


def _agreement(name: str, first: RadarMap, second: RadarMap, use: Array) -> list[Result]:
    if (retrieve_features.shared(first, second) & use).sum() < _COMPARED:
        return []
    bright, high, n = retrieve_features.correlation(
        grid_patches.smoothed(first), grid_patches.smoothed(second), use
    )
    note = f"{n} cells, over the mean law; slopes seen from opposite sides are bright once and dark once"
    return [
        Result("radar", f"{name}: correlation of brightness", "1", bright, note=note),
        Result("radar", f"{name}: correlation of altitude", "1", high, note=f"{n} cells, smoothed"),
    ]


def _rotation(name: str, first: RadarMap, second: RadarMap) -> list[Result]:
    spin = retrieve_spin.spin(first, second)
    days = retrieve_spin.period(spin.rate, _MODEL_RATE)
    return [
        Result("radar", f"{name}: shift in longitude", "deg", spin.shift / deg, spin.shift_std / deg),
        Result("radar", f"{name}: period of rotation", "day", days, days * abs(spin.rate_std / _MODEL_RATE)),
    ]
