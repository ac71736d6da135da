"""A surface → whole disks of one receiver on many days."""

import dataclasses

import numpy as np

from hesper import maps
from hesper.constants import VENUS_RADIUS
from hesper.geometry import sphere
from hesper.radar.data_finder import DiskLook
from hesper.radar.data_settings import Finder, Scene
from hesper.radar.model_finder import days, project
from hesper.radar.model_geometry import transits
from hesper.radar.simulate_scene import factor
from hesper.radar.simulate_terrain import Patch, Terrain
from hesper.runs import generator
from hesper.units import day, deg, km

SAMPLES = 400.0
"""Independent samples of speckle in a cell of one day (assumed)."""


def mottled(planet: Terrain, *, seed: int, patches: int = 60) -> Terrain:
    """Strew bright and dark regions of 400 to 1600 km over a planet, for the whole disk to show something."""
    rng = generator(seed, 7)
    lon, lat = rng.uniform(0, 360 * deg, patches), np.arcsin(rng.uniform(-0.8, 0.8, patches))
    width, bright = rng.uniform(400 * km, 1600 * km, patches), np.exp(rng.uniform(-0.8, 0.8, patches))
    return planet._replace(patches=[*planet.patches, *map(Patch, lon, lat, width, bright)])


def looks(settings: Finder, planet: Terrain, grid: maps.Grid, scene: Scene, *, seed: int) -> list[DiskLook]:
    """Return the power of every delay–Doppler cell on every day of the conjunctions, speckled.

    Parameters
    ----------
    planet
        What the disks show: its bright and dark patches.
    grid
        Whose cells scatter: finer than the chart's.
    """
    middles = transits(settings.conjunctions, settings.station)
    shifts = settings.spacing * (np.arange(settings.days) - (settings.days - 1) / 2)
    times = (middles[:, None] + np.round(shifts / day) * day).ravel()
    lon, lat = maps.lon_lat(grid)
    bright = factor(planet, sphere.unit_vector(lon, lat).reshape(-1, 3)).reshape(lon.shape)
    rng = generator(seed, 6)
    # Half-way to the limb a gate of this depth is as long on the ground as a cell is wide.
    depth = settings.cell * np.sin(30 * deg)
    shape = int(VENUS_RADIUS / depth) + 1, int(np.ceil(2 * VENUS_RADIUS / settings.cell)) + 1
    empty = [
        DiskLook(
            power=np.zeros(shape), time=time, cell=settings.cell, depth=depth, looks=SAMPLES,
            station=settings.station,
        )
        for time in times
    ]  # fmt: skip
    return [
        dataclasses.replace(
            one, power=(project(seen, bright) * rng.gamma(SAMPLES, 1 / SAMPLES, seen.size)).reshape(shape)
        )
        for one, seen in zip(empty, days(empty, grid, scene), strict=True)
    ]
