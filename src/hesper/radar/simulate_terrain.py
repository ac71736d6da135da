"""The planet of a recipe: rolling plains, material, craters, a trough, a ridge, bright and dark patches."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.geometry.delay_doppler import Frame
from hesper.radar.data import Topography
from hesper.radar.data_settings import Scene
from hesper.record import Array
from hesper.runs import generator
from hesper.units import deg, km

_WAVES = 60
_PLAINS, _MATERIAL = 5, 6
"""Streams of the generator: every date sees the same planet."""


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


class Waves(NamedTuple):
    """A sum of cosines over the sphere."""

    vectors: Array
    """(wave, 3) wave vectors [per radius], for unit vectors."""
    phases: Array
    amplitudes: Array


class Terrain(NamedTuple):
    """Everything that makes a surface."""

    craters: Sequence[Crater]
    troughs: Sequence[Trough]
    patches: Sequence[Patch]
    plains: Waves
    """Altitude [m]."""
    material: Waves
    """Logarithm of reflectivity over the law's."""
    topography: Topography | None


NONE = Waves(np.zeros((0, 3)), np.zeros(0), np.zeros(0))
"""No waves: altitude 0, the law's reflectivity."""


def terrain(scene: Scene, topography: Topography | None = None) -> Terrain:
    """Return the planet of a recipe: the same for every date.

    Raises
    ------
    InputError
        If Magellan's altitudes are asked for and not given.
    """
    if scene.relief == "smooth":
        return Terrain((), (), (), NONE, NONE, None)
    if scene.relief == "magellan" and topography is None:
        raise InputError("scene: relief is 'magellan' but no topography is given; give topogrd.dat")
    craters, troughs, patches = paper_features()
    plains = NONE if scene.relief == "magellan" else _plains()
    return Terrain(craters, troughs, patches, plains, _material(scene.material), topography)


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
        NONE,
        NONE,
        None,
    )


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


def _plains() -> Waves:
    """Return waves of 300 to 3000 km with an rms altitude of 200 m, amplitude ∝ wavelength."""
    rng = generator(1976, _PLAINS)
    length, vectors = _drawn(rng, 300 * km, 3000 * km)
    amplitude = length / np.sqrt(np.sum(length**2) / 2) * 200.0
    return Waves(vectors, rng.uniform(0, 2 * np.pi, _WAVES), amplitude)


def _material(scatter: float) -> Waves:
    """Return waves of 100 to 1000 km, equal in amplitude, whose sum scatters by `scatter`.

    Shorter ones are left out: Pioneer Venus knew reflectivities by footprints of about 100 km.
    """
    rng = generator(1976, _MATERIAL)
    _, vectors = _drawn(rng, 100 * km, 1000 * km)
    amplitude = np.full(_WAVES, scatter * np.sqrt(2 / _WAVES))
    return Waves(vectors, rng.uniform(0, 2 * np.pi, _WAVES), amplitude)


def _drawn(rng: np.random.Generator, shortest: float, longest: float) -> tuple[Array, Array]:
    """Return lengths [m], even in their logarithm, and wave vectors of random directions."""
    length = np.exp(rng.uniform(np.log(shortest), np.log(longest), _WAVES))
    direction = sphere.normalized(rng.normal(size=(_WAVES, 3)))
    return length, 2 * np.pi * VENUS_RADIUS / length[:, None] * direction
