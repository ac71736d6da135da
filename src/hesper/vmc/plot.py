"""Figures of the camera system: an image with what was predicted of it, and maps."""

from typing import TYPE_CHECKING, Any

import numpy as np

from hesper import maps
from hesper.constants import VENUS_RADIUS
from hesper.figures import COLOURS, figure, styled
from hesper.geometry import sphere
from hesper.geometry.camera import pixels_from_sphere
from hesper.units import deg, nm
from hesper.vmc import model
from hesper.vmc.calibrate import pinhole
from hesper.vmc.data import Map, Pointing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PER_MICROMETRE = 1e-6
_LABEL = "radiance [W m⁻² sr⁻¹ µm⁻¹]"


def overlay(found: Pointing) -> "Figure":
    """Draw an image with its limb, terminator, graticule, sub-solar and sub-spacecraft point."""
    image, camera = found.image, pinhole(found.image)
    place: dict[str, Any] = {"camera": camera, "position": image.position, "axes": image.axes}
    circle = np.linspace(0, 2 * np.pi, 721)
    with styled():
        drawn = figure(6.4, 5.6)
        axes = drawn.subplots()
        axes.grid(False)
        axes.set_facecolor("#c8c8d0")
        shown = axes.imshow(image.radiance * _PER_MICROMETRE, cmap="gray", interpolation="nearest")
        for lat in np.arange(-60, 61, 30) * deg:
            _line(axes, place, circle, np.full_like(circle, lat), found.cloud_radius)
        for lon in np.arange(0, 360, 30) * deg:
            lats = np.linspace(-np.pi / 2, np.pi / 2, 361)
            _line(axes, place, np.full_like(lats, lon), lats, found.cloud_radius)
        edge = model.limb(circle, radius=found.cloud_radius, **place)
        axes.plot(edge.sample, edge.line, color=COLOURS[0], lw=0.8, label="fitted limb")
        axes.plot(
            found.limb_sample[::6], found.limb_line[::6], ".", ms=2.5, color=COLOURS[4], label="limb points"
        )
        night = model.terminator(circle, sun=image.sun, radius=found.cloud_radius, **place)
        axes.plot(night.sample, night.line, color=COLOURS[1], lw=0.9, ls="--", label="terminator")
        for vector, mark, label in (
            (image.position, "+", "sub-spacecraft point"),
            (image.sun, "*", "sub-solar point"),
            (np.array([0.0, 0.0, -1.0]), "^", "south pole"),
            (np.array([0.0, 0.0, 1.0]), "v", "north pole"),
        ):
            lon, lat = sphere.lon_lat(vector)
            seen = pixels_from_sphere(lon, lat, radius=found.cloud_radius, **place)
            if np.isfinite(seen.sample):
                axes.plot(seen.sample, seen.line, mark, color=COLOURS[2], ms=8, mew=1.5, label=label)
        axes.set_xlim(-0.5, image.radiance.shape[1] - 0.5)
        axes.set_ylim(image.radiance.shape[0] - 0.5, -0.5)
        axes.set_xlabel("sample")
        axes.set_ylabel("line")
        axes.set_title(f"{image.name}, {image.wavelength / nm:.0f} nm")
        axes.legend(loc="lower right", facecolor="white", frameon=True, framealpha=0.85)
        drawn.colorbar(shown, ax=axes, label=_LABEL, shrink=0.85)
        return drawn


def _line(axes: Any, place: dict[str, Any], lon: Any, lat: Any, radius: float) -> None:
    seen = pixels_from_sphere(lon, lat, radius=radius, **place)
    axes.plot(seen.sample, seen.line, color="#e8e8f0", lw=0.4, alpha=0.7)


def radiance_map(made: Map) -> "Figure":
    """Draw a map of radiance with its graticule."""
    polar = "polar" in made.grid.projection
    with styled():
        drawn = figure(5.6 if polar else 7.4, 5.0 if polar else 3.9)
        axes = drawn.subplots()
        axes.grid(False)
        axes.set_facecolor("#e4e4ea")
        if polar:
            extent = np.array([made.grid.x[0], made.grid.x[-1], made.grid.y[-1], made.grid.y[0]])
            half = (made.grid.x[1] - made.grid.x[0]) / 2
            extent = (extent + half * np.array([-1, 1, -1, 1])) / 1e6
            axes.set_xlabel("x [1000 km]")
            axes.set_ylabel("y [1000 km]")
        else:
            west, east = made.grid.x[[0, -1]] / (VENUS_RADIUS * deg)
            south, north = made.grid.y[[-1, 0]] / (VENUS_RADIUS * deg)
            half = (east - west) / (made.grid.x.size - 1) / 2
            extent = np.array([west - half, east + half, south - half, north + half])
            axes.set_xlabel("longitude, east [°]")
            axes.set_ylabel("latitude [°]")
            axes.set_xticks(np.arange(0, 361, 30))
            axes.set_yticks(np.arange(-90, 91, 30))
            axes.grid(True, color="#404050")
        shown = axes.imshow(
            made.radiance * _PER_MICROMETRE,
            cmap="gray",
            extent=tuple(extent),
            interpolation="nearest",
            aspect="equal",
        )
        if polar:
            _polar_graticule(axes, made.grid)
        axes.set_title(f"{made.images}: radiance at {made.wavelength / nm:.0f} nm, {made.grid.projection}")
        drawn.colorbar(shown, ax=axes, label=_LABEL, shrink=0.8)
        return drawn


def _polar_graticule(axes: Any, grid: maps.Grid) -> None:
    """Draw parallels every 15° and meridians every 30°, the meridians labelled."""
    step = float(grid.x[1] - grid.x[0])
    sign = -1 if "south" in grid.projection else 1

    def place(lon: Any, lat: Any) -> tuple[Any, Any]:
        column, row = maps.coordinates(grid, lon, lat)
        return (grid.x[0] + column * step) / 1e6, (grid.y[0] - row * step) / 1e6

    around = np.linspace(0, 2 * np.pi, 361)
    limits = axes.get_xlim(), axes.get_ylim()
    for lat in np.arange(15, 90, 15):
        axes.plot(*place(around, np.full_like(around, sign * lat * deg)), color=COLOURS[1], lw=0.4, alpha=0.8)
    for lon in np.arange(0, 360, 30):
        away = np.linspace(15, 89.9, 50) * deg * sign
        axes.plot(*place(np.full_like(away, lon * deg), away), color=COLOURS[1], lw=0.4, alpha=0.8)
        x, y = place(np.array([lon * deg]), np.array([sign * 20 * deg]))
        if abs(x[0]) < limits[0][1] and abs(y[0]) < limits[1][1]:
            axes.text(x[0], y[0], f"{lon}°E", color=COLOURS[1], fontsize=7, ha="center", va="center")
    axes.set_xlim(limits[0])
    axes.set_ylim(limits[1])
