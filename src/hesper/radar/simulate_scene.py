"""A planet → what the radar sees of it: altitude, reflectivity, facets, the truth on a map."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from hesper import maps
from hesper.compiled import compiled
from hesper.constants import VENUS_RADIUS
from hesper.geometry import sphere
from hesper.geometry.delay_doppler import Frame
from hesper.radar.data import Topography
from hesper.radar.data_interferometer import Facets, Truth
from hesper.radar.data_settings import Scene
from hesper.radar.model_echo import reflectivity
from hesper.radar.simulate_terrain import Terrain, Waves
from hesper.record import Array
from hesper.runs import generator
from hesper.units import km


def altitude(planet: Terrain, vectors: Array) -> Array:
    """Return the altitude [m] at unit vectors (point, 3)."""
    high = _sum(planet.plains, vectors)
    if planet.topography is not None:
        high += _looked_up(planet.topography, vectors)
    for crater in planet.craters:
        near, distance = _near(vectors, crater.lon, crater.lat, 0.8 * crater.diameter)
        radius = distance / (crater.diameter / 2)
        bowl = _step((1.0 - radius) / 0.25)
        rim = np.exp(-0.5 * ((radius - 1.05) / 0.12) ** 2)
        high[near] += crater.rim * rim - crater.depth * bowl
    for trough in planet.troughs:
        near = _near_line(vectors, trough.line, trough.width)
        away = _distance_to_line(vectors[near], trough.line)
        part = (trough.width / 2 - away) / (trough.wall * trough.width) + 0.5
        high[near] -= trough.depth * _step(part)
    return high


def factor(planet: Terrain, vectors: Array) -> Array:
    """Return reflectivity over that of the law at unit vectors (point, 3)."""
    waves = planet.material
    # A logarithm that scatters by s has a mean power of exp s²/2.
    out = np.exp(_sum(waves, vectors) - np.sum(waves.amplitudes**2) / 4)
    for patch in planet.patches:
        near, distance = _near(vectors, patch.lon, patch.lat, 0.7 * patch.diameter)
        edge = _step((patch.diameter / 2 - distance) / (0.1 * patch.diameter) + 0.5)
        out[near] *= patch.factor**edge
    return np.asarray(out)


def facets(planet: Terrain, view: Frame, *, spacing: float, reach: float, seed: int) -> Facets:
    """Cover a cap round the sub-radar point with one random facet in every square of a lattice.

    Parameters
    ----------
    view
        Frame of the middle of the pass.
    spacing, reach
        Side of the squares and radius of the cap [m].
    """
    rng = generator(seed, 0)
    steps = np.arange(-np.ceil(reach / spacing), np.ceil(reach / spacing) + 1) * spacing
    x, y = (v.ravel() for v in np.meshgrid(steps, steps))
    inside = np.hypot(x, y) < reach
    x, y = x[inside], y[inside]
    x, y = (v + spacing * rng.uniform(-0.5, 0.5, v.size) for v in (x, y))
    z = np.sqrt(VENUS_RADIUS**2 - x**2 - y**2)
    unit = (x[:, None] * view.doppler + y[:, None] * view.north + z[:, None] * view.radar) / VENUS_RADIUS
    high = altitude(planet, unit)
    normal = unit.copy()
    step = 1.0 * km / VENUS_RADIUS
    axes = sphere.local_axes(*sphere.lon_lat(unit))
    for axis in (axes.east, axes.north):
        rise = altitude(planet, sphere.normalized(unit + step * axis)) - high
        normal -= (rise / (step * VENUS_RADIUS))[:, None] * axis
    return Facets(
        unit * (VENUS_RADIUS + high)[:, None],
        sphere.normalized(normal),
        spacing**2 * VENUS_RADIUS / z,
        factor(planet, unit),
    )


def truth(planet: Terrain, grid: maps.Grid, view: Frame, scene: Scene) -> Truth:
    """Return the surface on the cells of a map."""
    lon, lat = maps.lon_lat(grid)
    seen = np.isfinite(lon)
    unit = sphere.unit_vector(lon[seen], lat[seen])
    angle = sphere.separation(unit, view.radar)

    def spread(values: Array) -> Array:
        out = np.full(lon.shape, np.nan)
        out[seen] = values
        return out

    bright = factor(planet, unit)
    return Truth(
        altitude=spread(altitude(planet, unit)),
        reflectivity=spread(bright * reflectivity(angle, scene)),
        factor=spread(bright),
        grid=grid,
    )


def _sum(waves: Waves, vectors: Array) -> Array:
    high = np.zeros(len(vectors))
    _add_waves(np.ascontiguousarray(vectors), *waves, high)
    return high


@compiled
def _add_waves(vectors: Array, waves: Array, phases: Array, amplitudes: Array, out: Array) -> None:
    """Add Σ A cos(k·r + φ) to `out`, (point,)."""
    for i in range(out.size):
        for k in range(amplitudes.size):
            along = vectors[i, 0] * waves[k, 0] + vectors[i, 1] * waves[k, 1] + vectors[i, 2] * waves[k, 2]
            out[i] += amplitudes[k] * math.cos(along + phases[k])


def _step(value: Array) -> Array:
    """Rise smoothly from 0 at 0 to 1 at 1."""
    t = np.clip(value, 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))


def _near(vectors: Array, lon: float, lat: float, reach: float) -> tuple[Array, Array]:
    """Return the points within a distance [m] of a place and how far they are."""
    centre = sphere.unit_vector(lon, lat)
    near = np.flatnonzero(vectors @ centre > np.cos(reach / VENUS_RADIUS))
    return near, VENUS_RADIUS * sphere.separation(vectors[near], centre)


def _near_line(vectors: Array, line: Sequence[tuple[float, float]], reach: float) -> Array:
    """Return the points within a distance [m] of a line, and some more."""
    points = sphere.unit_vector(*np.transpose(line))
    near = np.zeros(len(vectors), bool)
    for a, b in pairwise(points):
        middle = sphere.normalized(a + b)
        near |= vectors @ middle > np.cos(reach / VENUS_RADIUS + np.linalg.norm(b - a) / 2)
    return np.flatnonzero(near)


def _distance_to_line(vectors: Array, line: Sequence[tuple[float, float]]) -> Array:
    """Return the distance [m] of unit vectors from a line of short pieces."""
    points = sphere.unit_vector(*np.transpose(line))
    best = np.full(len(vectors), np.inf)
    for a, b in pairwise(points):
        piece = b - a
        t = np.clip((vectors - a) @ piece / (piece @ piece), 0.0, 1.0)
        best = np.minimum(best, np.linalg.norm(vectors - a - t[:, None] * piece, axis=1))
    return VENUS_RADIUS * best


def _looked_up(topography: Topography, vectors: Array) -> Array:
    from scipy.ndimage import map_coordinates

    lon, lat = sphere.lon_lat(vectors)
    column, row = maps.coordinates(topography.grid, lon, lat)
    wide = np.concatenate(
        [topography.altitude[:, -2:], topography.altitude, topography.altitude[:, :2]], axis=1
    )
    return np.asarray(map_coordinates(wide, [row, column + 2], order=3, mode="nearest"))
