"""Figures 10 to 12 of Gaulme et al. 2008: diagrams and maps of velocities."""

from typing import TYPE_CHECKING

import numpy as np

from hesper import figures
from hesper.record import Array
from hesper.winds import model, plot
from hesper.winds.data import DiskMap, Velocities, VelocityMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def diagram(raw: Velocities, flat: Velocities) -> bytes:
    """Draw figure 10: shift against time and slit, its means, and the surface that is taken out."""
    with figures.styled():
        drawn = figures.figure(8.4, 5.6)
        (main, side), (below, surface) = drawn.subplots(2, 2, width_ratios=(2, 1))
        good = raw.flag == 0
        _diagram(main, raw, np.where(good, raw.velocity, np.nan), "velocity, receding [m/s]")
        rows_seen, index = np.unique(raw.row, return_inverse=True)
        count = np.maximum(np.bincount(index[good], minlength=rows_seen.size), 1)
        side.plot(np.bincount(index[good], flat.velocity[good], rows_seen.size) / count, rows_seen)
        side.set(xlabel="mean of the flattened rows [m/s]", ylabel="detector row")
        n = raw.frame.max() + 1
        per = np.maximum(np.bincount(raw.frame[good], minlength=n), 1)
        mean = np.bincount(raw.frame[good], raw.velocity[good], n) / per
        trend = np.bincount(raw.frame[good], (raw.velocity - flat.velocity)[good], n) / per
        seen = np.bincount(raw.frame[good], minlength=n) > 0
        below.plot(np.flatnonzero(seen), mean[seen], lw=0.7)
        below.plot(np.flatnonzero(seen), trend[seen], ls="--", color=figures.COLOURS[1])
        below.set(xlabel="frame", ylabel="mean velocity [m/s]")
        _diagram(surface, flat, np.where(good, flat.velocity, np.nan), "flattened [m/s]")
        return figures.png(drawn)


def clean_diagram(measured: Velocities) -> bytes:
    """Draw figure 11: the diagram without the artifact."""
    with figures.styled():
        drawn = figures.figure(6.0, 3.4)
        _diagram(
            drawn.subplots(),
            measured,
            np.where(measured.flag == 0, measured.velocity, np.nan),
            "velocity, receding [m/s]",
        )
        return figures.png(drawn)


def _diagram(ax: "Axes", measured: Velocities, values: Array, label: str) -> None:
    image, extent = plot.diagram(measured, values)
    middle = float(np.nanmedian(image))
    limit = float(np.nanpercentile(np.abs(image - middle), 97))
    shown = ax.imshow(
        image, origin="lower", aspect="auto", cmap="RdBu_r", vmin=middle - limit, vmax=middle + limit,
        extent=extent, interpolation="nearest",
    )  # fmt: skip
    ax.set(xlabel="frame", ylabel="detector row")
    ax.grid(False)
    ax.figure.colorbar(shown, ax=ax, label=label, extend="both")


def maps(cells: DiskMap, on_planet: VelocityMap, disk: model.Aspect) -> bytes:
    """Draw figure 12: the map in cells of 1″ and on a grid of 10°."""
    with figures.styled():
        drawn = figures.figure(8.6, 3.8)
        left, right = drawn.subplots(1, 2)
        plot.draw_disk(
            left,
            cells,
            cells.velocity - np.nanmedian(cells.velocity),
            disk,
            "velocity, receding, 1″ cells [m/s]",
            plot.DIVERGING,
        )
        plot.draw_grid(
            right,
            on_planet,
            on_planet.velocity - np.nanmedian(on_planet.velocity),
            "velocity, receding, 10° cells [m/s]",
        )
        return figures.png(drawn)
