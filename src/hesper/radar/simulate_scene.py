"""A surface to look at: rolling plains, craters, a trough, a ridge, a hill, bright and dark patches."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from hesper import maps
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.geometry.delay_doppler import Frame
from hesper.radar.data import Topography
from hesper.radar.data_interferometer import Facets, Truth
from hesper.radar.data_settings import Scene
from hesper.radar.model_echo import reflectivity
from hesper.record import Array
from hesper.runs import generator
from hesper.units import deg, km

_WAVES = 60
_PLAINS = 5
"""Stream of the generator of the rolling plains: every date sees the same planet."""


class Crater(NamedTuple):
    """A round depression with a flat floor, a wall a quarter of the radius wide and a rim."""

    lon: float
    lat: float
    diameter: float
    depth: float
    rim: float


class Trough(NamedTuple):
    """A depression along a line (lon, lat) [rad], smooth walls a sixth of its width."""

    line: Sequence[tuple[float, float]]
    width: float
    depth: float
    """Negative for a ridge."""
    wall: float
    """Width of its walls over its own."""


class Patch(NamedTuple):
    """A round patch that reflects `factor` times as much."""

    lon: float
    lat: float
    diameter: float
    factor: float


class Terrain(NamedTuple):
    """Everything that makes a surface."""

    craters: Sequence[Crater]
    troughs: Sequence[Trough]
    patches: Sequence[Patch]
    waves: Array
    """(wave, 3) wave vectors [per radius], for unit vectors."""
    phases: Array
    amplitudes: Array
    topography: Topography | None


def terrain(scene: Scene, topography: Topography | None = None) -> Terrain:
    """Return the planet of a recipe: the same for every date.

    Raises
    ------
    InputError
        If Magellan's altitudes are asked for and not given.
    """
    nothing = np.zeros((0, 3)), np.zeros(0), np.zeros(0)
    if scene.relief == "smooth":
        return Terrain((), (), (), *nothing, None)
    if scene.relief == "magellan" and topography is None:
        raise InputError("scene: relief is 'magellan' but no topography is given; give topogrd.dat")
    craters, troughs, patches = paper_features()
    if scene.relief == "magellan":
        return Terrain(craters, troughs, patches, *nothing, topography)
    return Terrain(craters, troughs, patches, *_plains(), None)


def trial_terrain(view: Frame) -> Terrain:
    """Return three features and two patches at fixed places of a delay–Doppler frame, on a sphere.

    A crater of 160 km × 500 m at (250, 350) km, one of 75 km × 500 m at (120, −420) km and a trough of
    120 km × 1.5 km along x = −300 km; a bright patch at (430, −250) km, a dark one at (80, 560) km.
    """

    def place(x: float, y: float) -> sphere.LonLat:
        z = np.sqrt(VENUS_RADIUS**2 - (x * km) ** 2 - (y * km) ** 2)
        return sphere.lon_lat(x * km * view.doppler + y * km * view.north + z * view.radar)

    def crater(x: float, y: float, diameter: float) -> Crater:
        lon, lat = place(x, y)
        return Crater(float(lon), float(lat), diameter * km, 500.0, 0.0)

    def patch(x: float, y: float, factor: float) -> Patch:
        lon, lat = place(x, y)
        return Patch(float(lon), float(lat), 90 * km, factor)

    ends = [tuple(map(float, place(-300.0, y))) for y in np.arange(-1000.0, 1001.0, 100.0)]
    trough = Trough([(a, b) for a, b in ends], 120 * km, 1500.0, 0.17)
    return Terrain(
        (crater(250.0, 350.0, 160.0), crater(120.0, -420.0, 75.0)),
        (trough,),
        (patch(430.0, -250.0, 4.0), patch(80.0, 560.0, 0.3)),
        np.zeros((0, 3)), np.zeros(0), np.zeros(0), None,
    )  # fmt: skip


def paper_features() -> tuple[list[Crater], list[Trough], list[Patch]]:
    """Return what the paper describes: craters, channel, ridge, and bright material, at their places.

    The large crater lies where the paper has it (2°S, 36°W); the other places, which the paper does not
    print, are read off its words: "southern part", "running north and south", "northwest portion".
    """
    craters = [
        Crater(324.0 * deg, -2.0 * deg, 160 * km, 500.0, 60.0),
        Crater(325.2 * deg, -10.4 * deg, 75 * km, 500.0, 60.0),
        Crater(335.6 * deg, -4.2 * deg, 38 * km, 400.0, 60.0),
        Crater(320.5 * deg, -1.2 * deg, 90 * km, 400.0, 50.0),
        Crater(298.5 * deg, 2.8 * deg, 110 * km, 500.0, 60.0),
    ]
    # "The appearance of small craters around the rim", and none to the south and west.
    for angle in (20.0, 75.0, 125.0, 165.0):
        reach = 58 * km / VENUS_RADIUS
        craters.append(
            Crater(
                325.2 * deg + reach * np.sin(angle * deg),
                -10.4 * deg + reach * np.cos(angle * deg),
                36 * km,
                300.0,
                40.0,
            )
        )
    lat = np.arange(-14.0, 14.1, 1.0)
    channel = [((287.6 + 0.8 * np.sin(y / 6.0)) * deg, y * deg) for y in lat]
    turn = np.linspace(-1.0, 1.0, 17)
    ridge = [((355.2 + 2.9 * t - 0.9 * t**2) * deg, (-3.6 + 2.6 * t + 0.9 * t**2) * deg) for t in turn]
    troughs = [Trough(channel, 120 * km, 1500.0, 0.17), Trough(ridge, 30 * km, -250.0, 0.5)]
    patches = [
        Patch(329.0 * deg, -4.5 * deg, 80 * km, 3.0),
        Patch(319.0 * deg, -8.5 * deg, 110 * km, 0.4),
        Patch(332.5 * deg, -11.5 * deg, 70 * km, 2.5),
        Patch(300.5 * deg, -4.5 * deg, 90 * km, 2.5),
        Patch(14.0 * deg, -2.0 * deg, 120 * km, 2.5),
    ]
    return craters, troughs, patches


def _plains() -> tuple[Array, Array, Array]:
    """Return waves of 300 to 3000 km with an rms altitude of 200 m, amplitude ∝ wavelength."""
    rng = generator(1976, _PLAINS)
    length = np.exp(rng.uniform(np.log(300 * km), np.log(3000 * km), _WAVES))
    direction = sphere.normalized(rng.normal(size=(_WAVES, 3)))
    amplitude = length / np.sqrt(np.sum(length**2) / 2) * 200.0
    waves = 2 * np.pi * VENUS_RADIUS / length[:, None] * direction
    return waves, rng.uniform(0, 2 * np.pi, _WAVES), amplitude


def altitude(planet: Terrain, vectors: Array) -> Array:
    """Return the altitude [m] at unit vectors (point, 3)."""
    high = np.zeros(len(vectors))
    for wave, phase, amplitude in zip(planet.waves, planet.phases, planet.amplitudes, strict=True):
        high += amplitude * np.cos(vectors @ wave + phase)
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
    out = np.ones(len(vectors))
    for patch in planet.patches:
        near, distance = _near(vectors, patch.lon, patch.lat, 0.7 * patch.diameter)
        edge = _step((patch.diameter / 2 - distance) / (0.1 * patch.diameter) + 0.5)
        out[near] *= patch.factor**edge
    return out


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
