"""Records → figures."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hesper import maps
from hesper.constants import SPEED_OF_LIGHT, VENUS_RADIUS
from hesper.figures import COLOURS, figure, styled
from hesper.geometry import delay_doppler
from hesper.radar.data import UNSEEN, BackscatterLaw, Feature, Limb, Look, Passes, SurfaceMap, Topography
from hesper.radar.model import frame, wavelength
from hesper.units import deg, km, ms

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def look(
    given: Look, outline: Limb, law: BackscatterLaw, features: Sequence[Feature], hemisphere: int
) -> "Figure":
    """Draw a centred look with the outline of the sphere, named features and their mirrors, and its law."""
    drawn = figure(9.0, 4.6)
    with styled():
        left, right = drawn.subplots(1, 2, width_ratios=[1.5, 1])
        signal = 10 * np.log10(np.clip(given.power - 1, 0.03, None))
        extent = (given.doppler[0], given.doppler[-1], given.delay[-1] / ms, given.delay[0] / ms)
        shown = left.imshow(signal, extent=extent, aspect="auto", cmap="gray", vmin=-10, vmax=15)
        drawn.colorbar(shown, ax=left, label="echo over noise [dB]")
        depth = np.linspace(0, VENUS_RADIUS, 400)
        width = outline.half_width * np.sqrt(1 - (1 - depth / VENUS_RADIUS) ** 2)
        delay = 2 * depth / SPEED_OF_LIGHT / ms
        for side in (-1, 1):
            left.plot(side * width, delay, color=COLOURS[4], linewidth=0.8)
        view = frame(given.echo)
        for feature in features:
            place = delay_doppler.from_surface(
                feature.lon,
                feature.lat,
                0.0,
                view=view,
                wavelength=wavelength(given.frequency),
                radius=VENUS_RADIUS,
            )
            _mark(left, place, feature.name)
        left.set(
            xlabel="Doppler shift [Hz]",
            ylabel="delay [ms]",
            xlim=extent[:2],
            ylim=extent[2:],
            title=f"Look of {_date(given)} UT, {given.polarisation}, aimed {given.pointing}",
        )
        left.grid(visible=False)
        _law(right, law)
    return drawn


def surface(given: SurfaceMap, topography: Topography, features: Sequence[Feature]) -> "Figure":
    """Draw a map of reflectivity on a longitude–latitude grid beside altitudes."""
    drawn = figure(9.0, 4.0)
    lon, lat = given.grid.x / VENUS_RADIUS / deg, given.grid.y / VENUS_RADIUS / deg
    half = (lon[1] - lon[0]) / 2
    extent = (lon[0] - half, lon[-1] + half, lat[-1] - half, lat[0] + half)
    seen = (given.mask & UNSEEN) == 0
    altitude = maps.resample_map(topography.altitude, topography.grid, given.grid)
    level = 10 * np.log10(np.clip(given.reflectivity, 0.05, None))
    panels = (
        (np.where(seen, level, np.nan), "gray", -8.0, 8.0, "reflectivity over mean of its incidence [dB]"),
        (np.where(seen, altitude / km, np.nan), "cividis", -2.0, 6.0, "altitude (Magellan) [km]"),
    )
    with styled():
        for axes, (values, colours, low, high, label) in zip(drawn.subplots(1, 2), panels, strict=True):
            shown = axes.imshow(values, extent=extent, cmap=colours, vmin=low, vmax=high, aspect="auto")
            drawn.colorbar(shown, ax=axes, label=label, orientation="horizontal", pad=0.02, aspect=40)
            for feature in features:
                x = (feature.lon / deg - extent[0]) % 360 + extent[0]
                axes.plot(
                    x,
                    feature.lat / deg,
                    "o",
                    markersize=9,
                    markerfacecolor="none",
                    markeredgecolor=COLOURS[0],
                )
                axes.annotate(
                    feature.name,
                    (x, feature.lat / deg),
                    xytext=(6, -12),
                    textcoords="offset points",
                    color=COLOURS[0],
                    fontsize="small",
                    path_effects=[_halo()],
                )
            axes.xaxis.set_major_formatter(lambda value, _: f"{value % 360:.0f}")
            rows = np.flatnonzero(seen.any(axis=1))
            axes.set(
                xlabel="longitude, east [°]",
                ylabel="latitude [°]",
                ylim=(lat[rows[-1]] - 2, lat[rows[0]] + 2),
            )
            axes.grid(visible=False)
    return drawn


def passes(given: Passes, names: Sequence[str]) -> "Figure":
    """Draw the Doppler cell and the baseline's reach of several dates."""
    drawn = figure(7.5, 3.2)
    place = np.arange(len(names))
    with styled():
        left, right = drawn.subplots(1, 2)
        left.bar(place, given.cell / km, color=COLOURS[1])
        left.set(ylabel="width of a Doppler cell [km]")
        low, high = given.baseline_north_least / km, given.baseline_north_most / km
        right.bar(place, high - low, bottom=low, color=COLOURS[0])
        right.axhline(given.baseline[0] / km, color=COLOURS[5], linestyle="--", linewidth=1)
        right.set(ylabel="|B| along the Doppler normal [km]", ylim=(0, 1.1 * given.baseline[0] / km))
        for axes in (left, right):
            axes.set_xticks(place, list(names), rotation=45, ha="right", fontsize="small")
    return drawn


def _mark(axes: "Axes", place: delay_doppler.Coordinates, name: str) -> None:
    delay = float(place.delay) / ms
    for sign, colour, style in ((1, COLOURS[0], "-"), (-1, COLOURS[1], "--")):
        axes.plot(
            sign * float(place.doppler),
            delay,
            "o",
            markersize=13,
            markerfacecolor="none",
            markeredgecolor=colour,
            linestyle=style,
        )
        # Rhea and Theia are neighbours: one label above, one below.
        drop = 9 if name.startswith("Rhea") else -16
        label = name if sign > 0 else f"mirror of {name.split()[0]}"
        axes.annotate(
            label,
            (sign * float(place.doppler), delay),
            xytext=(0, -drop),
            ha="center",
            textcoords="offset points",
            color=colour,
            fontsize="small",
            path_effects=[_halo()],
        )


def _law(axes: "Axes", law: BackscatterLaw) -> None:
    level = 10 * np.log10(np.clip(law.reflectivity, 1e-3, None))
    axes.plot(law.incidence / deg, level, color=COLOURS[0])
    axes.set(xlabel="incidence [°]", ylabel="median echo × |y|/R over noise [dB]", title="Law of backscatter")


def _halo() -> Any:
    """Return the effect that keeps letters readable on a picture."""
    from matplotlib.patheffects import withStroke

    return withStroke(linewidth=2, foreground="white")


def _date(given: Look) -> str:
    from hesper.ephemeris import utc

    return str(utc(given.echo.time)[0])[:16].replace("T", " ")
