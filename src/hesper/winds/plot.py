"""Figures of a reduction: velocities, maps, positions, wavelengths, zonal wind."""

from typing import TYPE_CHECKING

import numpy as np

from hesper import figures
from hesper.record import Array
from hesper.units import angstrom, arcsec, deg
from hesper.winds import model
from hesper.winds.data import DiskMap, Positions, Velocities, VelocityMap, Wavelengths, Winds, ZonalWind

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DIVERGING = "RdBu_r"
"""Colours of what has a sign."""


def velocities(measured: Velocities, found: Winds) -> bytes:
    """Draw velocities, the fit and the residuals against frame and row."""
    with figures.styled():
        drawn = figures.figure(9.0, 3.6)
        axes = drawn.subplots(1, 3, sharey=True)
        good = (measured.flag == 0) & np.isfinite(found.fitted)
        zero = np.median(found.fitted[good])
        limit = float(np.percentile(np.abs(found.fitted[good] - zero), 99)) * 1.3
        parts = (measured.velocity - zero, found.fitted - zero, found.residual)
        for ax, values, title in zip(axes, parts, ("measured", "fitted", "residual"), strict=True):
            image, extent = diagram(measured, np.where(good, values, np.nan))
            shown = ax.imshow(
                image, origin="lower", aspect="auto", cmap=DIVERGING, vmin=-limit, vmax=limit, extent=extent,
                interpolation="nearest",
            )  # fmt: skip
            ax.set(title=title, xlabel="frame")
            ax.grid(False)
        axes[0].set_ylabel("detector row")
        drawn.colorbar(shown, ax=axes, label="velocity, less its median [m/s]", shrink=0.9)
        return figures.png(drawn)


def diagram(measured: Velocities, values: Array) -> tuple[Array, tuple[float, float, float, float]]:
    """Return values of points as an image (row, frame) and its extent."""
    rows, index = np.unique(measured.row, return_inverse=True)
    first, last = int(measured.frame.min()), int(measured.frame.max())
    image = np.full((rows.size, last - first + 1), np.nan)
    image[index, measured.frame - first] = values
    return image, (first - 0.5, last + 0.5, float(rows[0]), float(rows[-1]))


def maps(cells: DiskMap, on_planet: VelocityMap, disk: model.Aspect) -> bytes:
    """Draw velocity and its σ on the disk, and velocity and residual on longitude and latitude."""
    with figures.styled():
        drawn = figures.figure(8.6, 6.6)
        axes = drawn.subplots(2, 2)
        middle = float(np.nanmedian(cells.velocity))
        draw_disk(axes[0, 0], cells, cells.velocity - middle, disk, "velocity, receding [m/s]", DIVERGING)
        draw_disk(axes[0, 1], cells, cells.velocity_std, disk, "σ of velocity [m/s]", "viridis")
        centre = float(np.nanmedian(on_planet.velocity))
        draw_grid(axes[1, 0], on_planet, on_planet.velocity - centre, "velocity, receding [m/s]")
        draw_grid(axes[1, 1], on_planet, on_planet.residual, "residual of the zonal fit [m/s]")
        return figures.png(drawn)


def disk_map(cells: DiskMap, disk: model.Aspect, *, title: str) -> bytes:
    """Draw the velocity map of the disk alone."""
    with figures.styled():
        drawn = figures.figure(4.6, 4.2)
        draw_disk(
            drawn.subplots(), cells, cells.velocity - np.nanmedian(cells.velocity), disk, title, DIVERGING
        )
        return figures.png(drawn)


def draw_disk(
    ax: "Axes", cells: DiskMap, values: Array, disk: model.Aspect, title: str, colours: str
) -> None:
    """Draw values of cells of the disk, symmetric about 0 where colours diverge."""
    step = (cells.x[1] - cells.x[0]) / arcsec
    edges = (cells.x[0] / arcsec - step / 2, cells.x[-1] / arcsec + step / 2)
    limit = float(np.nanpercentile(np.abs(values), 97))
    low = -limit if colours == DIVERGING else 0.0
    shown = ax.imshow(
        values,
        origin="lower",
        extent=(*edges, *edges),
        cmap=colours,
        vmin=low,
        vmax=limit,
        interpolation="nearest",
    )
    outline(ax, disk)
    ax.set(
        title=title, xlabel="sunward of the centre [arcsec]", ylabel="along the slit [arcsec]", aspect="equal"
    )
    ax.grid(False)
    ax.figure.colorbar(shown, ax=ax, shrink=0.85, extend="both" if low < 0 else "max")


def outline(ax: "Axes", disk: model.Aspect) -> None:
    """Draw limb and terminator of the disk, in arcseconds."""
    radius = disk.angular_radius / arcsec
    t = np.linspace(0, 2 * np.pi, 361)
    ax.plot(radius * np.cos(t), radius * np.sin(t), color="#444444", lw=0.8)
    s = np.linspace(-np.pi / 2, np.pi / 2, 181)
    ax.plot(
        -radius * np.cos(model.phase(disk)) * np.cos(s), radius * np.sin(s), color="#444444", lw=0.8, ls="--"
    )


def draw_grid(ax: "Axes", cells: VelocityMap, values: Array, title: str) -> None:
    """Draw values of cells of longitude and latitude about 0."""
    from hesper.constants import VENUS_RADIUS

    x, y = cells.grid.x / VENUS_RADIUS / deg, cells.grid.y / VENUS_RADIUS / deg
    step = x[1] - x[0]
    limit = max(float(np.nanpercentile(np.abs(values), 97)), 1.0)
    shown = ax.imshow(
        values, extent=(x[0] - step / 2, x[-1] + step / 2, y[-1] - step / 2, y[0] + step / 2), cmap=DIVERGING,
        vmin=-limit, vmax=limit, interpolation="nearest",
    )  # fmt: skip
    seen = np.isfinite(values)
    columns = np.flatnonzero(seen.any(axis=0))
    ax.set_xlim(x[columns[0]] - step, x[columns[-1]] + step)
    ax.set_ylim(-70, 70)
    ax.set(title=title, xlabel="longitude, east [deg]", ylabel="latitude [deg]")
    ax.grid(False)
    ax.figure.colorbar(shown, ax=ax, shrink=0.85, extend="both")


def positions(places: Positions, time: Array) -> bytes:
    """Draw where the slit lay, the seeing and the brightness in every frame."""
    with figures.styled():
        drawn = figures.figure(7.0, 5.2)
        axes = drawn.subplots(3, 1, sharex=True)
        minutes = (time - time[0]) / 60
        good = places.found
        for ax, value, std, label in (
            (axes[0], places.x / arcsec, places.x_std / arcsec, "slit sunward\nof centre [arcsec]"),
            (axes[1], places.y / arcsec, places.y_std / arcsec, "centre along\nthe slit [arcsec]"),
            (axes[2], places.seeing / arcsec, places.seeing_std / arcsec, "seeing\n[arcsec]"),
        ):
            ax.errorbar(minutes[good], value[good], std[good], fmt=".", ms=3, lw=0.6)
            ax.set_ylabel(label)
        axes[2].set_xlabel("minutes from the first frame")
        axes[0].set_title(f"photometric exponent {places.exponent:.4f} ± {places.exponent_std:.4f}")
        return figures.png(drawn)


def wavelengths(known: Wavelengths) -> bytes:
    """Draw the wavelength solution: shift of the rows, and the drift of the frames."""
    with figures.styled():
        drawn = figures.figure(7.0, 3.2)
        left, right = drawn.subplots(1, 2)
        middle = known.first.size // 2
        left.plot((known.first - known.first[middle]) / known.dispersion)
        left.set(xlabel="detector row", ylabel="shift of the first wavelength [pixels]")
        left.set_title(f"dispersion {known.dispersion / angstrom * 1e3:.4f} mÅ per pixel")
        good = np.isfinite(known.drift)
        frame = np.flatnonzero(good)
        right.errorbar(frame, known.drift[good], known.drift_std[good], fmt=".", ms=3, lw=0.6)
        right.set(xlabel="frame", ylabel="drift of the sky's lines [m/s]")
        return figures.png(drawn)


def zonal_wind(found: ZonalWind) -> bytes:
    """Draw the zonal wind against latitude, westward positive."""
    with figures.styled():
        drawn = figures.figure(5.6, 3.8)
        ax = drawn.subplots()
        half = (found.north - found.south) / 2 / deg
        ax.errorbar(
            found.lat / deg, -found.zonal_wind, found.zonal_wind_std, xerr=half, fmt="o", ms=4, lw=1
        )  # fmt: skip
        ax.set(xlabel="latitude [deg]", ylabel="zonal wind, westward [m/s]")
        return figures.png(drawn)
