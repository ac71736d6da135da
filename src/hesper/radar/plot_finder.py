"""Chart of whole disks → figure."""

from typing import TYPE_CHECKING

import numpy as np

from hesper.constants import VENUS_RADIUS
from hesper.figures import COLOURS, figure, styled
from hesper.radar.data_finder import FinderMap
from hesper.radar.data_interferometer import AMBIGUOUS, ELONGATED
from hesper.units import deg

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def finder(given: FinderMap, step: float) -> "Figure":
    """Draw the finder map, lines every `step` [rad], circles round the regions of the eight images."""
    drawn = figure(7.5, 4.6)
    west, east = given.grid.x[0] / VENUS_RADIUS / deg, given.grid.x[-1] / VENUS_RADIUS / deg
    south, north = given.grid.y[-1] / VENUS_RADIUS / deg, given.grid.y[0] / VENUS_RADIUS / deg
    with styled():
        axes = drawn.subplots()
        axes.set_facecolor("black")
        shown = axes.imshow(
            np.where((given.mask & ELONGATED) > 0, np.nan, given.brightness),
            extent=(west, east, south, north), cmap="gray", vmin=0.3, vmax=2.0, aspect="equal",
        )  # fmt: skip
        x, y = np.meshgrid(np.linspace(west, east, given.mask.shape[1]), given.grid.y / VENUS_RADIUS / deg)
        mixed = ((given.mask & AMBIGUOUS) > 0).astype(float)
        axes.contourf(x, y, mixed, levels=[0.5, 1.5], colors="none", hatches=["...."])
        angle = np.linspace(0, 2 * np.pi, 100)
        for lon, lat in zip(given.circle_lon / deg, given.circle_lat / deg, strict=True):
            near = (lon - west) % 360 + west
            axes.plot(near + 7.2 * np.cos(angle), lat + 7.2 * np.sin(angle), color=COLOURS[4], linewidth=0.9)
        lines = step / deg
        axes.set_xticks(np.arange(np.ceil(west / lines) * lines, east, lines))
        axes.set_yticks(np.arange(np.ceil(south / lines) * lines, north, lines))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value % 360:.0f}°")
        axes.set(xlabel="longitude, east", ylabel="latitude", xlim=(west, east), ylim=(south, north))
        axes.tick_params(axis="x", labelrotation=45)
        axes.grid(visible=True, color="#88aacc", alpha=0.6)
        drawn.colorbar(shown, ax=axes, label="reflectivity over its law", shrink=0.7)
    return drawn
