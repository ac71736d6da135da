"""Maps of a pass → figures: brightness, altitude contours, uncertainty, law of backscatter."""

from typing import TYPE_CHECKING, Any

import numpy as np

from hesper import maps
from hesper.ephemeris import utc
from hesper.figures import COLOURS, figure, styled
from hesper.radar.data import GoldstoneImage
from hesper.radar.data_interferometer import (
    ALIASED,
    AltitudeMosaic,
    Backscatter,
    Predicted,
    RadarMap,
    Truth,
)
from hesper.radar.model import hagfors, muhleman
from hesper.units import deg, km

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def brightness(given: RadarMap) -> "Figure":
    """Draw the reflectivity image, the runway black."""
    drawn = figure(5.2, 5.0)
    with styled():
        axes = drawn.subplots()
        shown = _brightness(axes, given)
        drawn.colorbar(shown, ax=axes, label=_label(given.exponent), shrink=0.8)
        axes.set_title(f"Brightness, {_day(given)}")
    return drawn


def contours(given: RadarMap, *, step: float = 500.0) -> "Figure":
    """Draw altitudes with contours every `step` metres; white is high."""
    drawn = figure(5.2, 5.0)
    with styled():
        axes = drawn.subplots()
        shown = _contours(axes, given, step)
        drawn.colorbar(shown, ax=axes, label="altitude [km]", shrink=0.8)
        axes.set_title(f"Altitude, contours every {step:.0f} m, {_day(given)}")
    return drawn


def side_by_side(given: RadarMap, smooth: RadarMap, *, step: float = 500.0) -> "Figure":
    """Draw brightness and altitude of a pass, as the paper has them on two pages."""
    drawn = figure(8.4, 4.0)
    with styled():
        left, right = drawn.subplots(1, 2)
        _brightness(left, given)
        shown = _contours(right, smooth, step)
        drawn.colorbar(shown, ax=right, label="altitude [km]", shrink=0.8)
        left.set_title(f"Brightness, {_day(given)}")
        right.set_title(f"Altitude, contours every {step:.0f} m")
    return drawn


def uncertainty(given: RadarMap, predicted: Predicted) -> "Figure":
    """Draw the stated σ of altitude on the map beside the one predicted without any data."""
    drawn = figure(9.0, 4.2)
    with styled():
        left, right = drawn.subplots(1, 2)
        shown = left.imshow(
            np.log10(np.where(given.altitude_std > 0, given.altitude_std, np.nan)),
            extent=_extent(given.grid), cmap="viridis", vmin=1.3, vmax=3.3,
        )  # fmt: skip
        drawn.colorbar(shown, ax=left, label="log σ of altitude on the map [m]", shrink=0.8)
        _frame(left, given.grid)
        size = 2.0 if len(predicted.x) > 4000 else 8.0
        y = np.concatenate([predicted.y, -predicted.y])
        x, std = np.tile(predicted.x, 2), np.tile(predicted.altitude_std, 2)
        known = np.isfinite(std) & (std > 0)
        dots = right.scatter(
            x[known] / km, y[known] / km, c=np.log10(std[known]), s=size, cmap="viridis", vmin=1.3, vmax=3.3,
            linewidths=0,
        )  # fmt: skip
        folded = np.tile((predicted.mask & ALIASED) > 0, 2)
        right.plot(x[folded] / km, y[folded] / km, ".", color=COLOURS[0], markersize=1.0, label="folded")
        if folded.any():
            right.legend(loc="upper right")
        for band in predicted.bands:
            for side in (-1, 1):
                right.axhline(side * band / km, color="white", linewidth=0.6, linestyle=":")
        drawn.colorbar(dots, ax=right, label="log σ of altitude of a patch, predicted [m]", shrink=0.8)
        right.set(
            xlabel="along the Doppler axis [km]", ylabel="north of the Doppler equator [km]", aspect="equal"
        )
        right.grid(visible=False)
    return drawn


def backscatter(law: Backscatter) -> "Figure":
    """Draw mean reflectivity against incidence and the laws fitted to it."""
    drawn = figure(5.2, 3.4)
    with styled():
        axes = drawn.subplots()
        axes.errorbar(
            law.incidence / deg, 10 * np.log10(law.reflectivity),
            yerr=4.343 * law.reflectivity_std / law.reflectivity, fmt="o", markersize=3, color=COLOURS[5],
        )  # fmt: skip
        fine = np.linspace(law.incidence[0], law.incidence[-1], 200)
        first = muhleman(fine, scale=law.muhleman[0], a=law.muhleman[1])
        second = hagfors(fine, fresnel=law.hagfors[0], roughness=law.hagfors[1])
        label = f"Muhleman: k = {law.muhleman[0]:.4f}, a = {law.muhleman[1]:.3f}"
        axes.plot(fine / deg, 10 * np.log10(first), color=COLOURS[0], label=label)
        label = f"Hagfors: ρ = {law.hagfors[0]:.3f}, C = {law.hagfors[1]:.0f}"
        axes.plot(fine / deg, 10 * np.log10(second), color=COLOURS[1], linestyle="--", label=label)
        axes.set(xlabel="incidence [°]", ylabel="σ0 [dB]")
        axes.legend()
    return drawn


def comparison(given: RadarMap, known: Truth) -> "Figure":
    """Draw altitudes found beside the true ones."""
    drawn = figure(9.0, 4.2)
    with styled():
        left, right = drawn.subplots(1, 2)
        low, high = -1.6, 0.9
        level = np.nanmedian(
            known.altitude[np.isfinite(given.altitude)] - given.altitude[np.isfinite(given.altitude)]
        )
        for axes, values, title in (
            (left, given.altitude + level, "found"),
            (right, np.where(np.isfinite(given.incidence), known.altitude, np.nan), "true"),
        ):
            shown = axes.imshow(values / km, extent=_extent(given.grid), cmap="gray", vmin=low, vmax=high)
            _frame(axes, given.grid)
            axes.set_title(f"Altitude, {title}")
        drawn.colorbar(shown, ax=[left, right], label="altitude [km]", shrink=0.8)
    return drawn


def mosaic(given: AltitudeMosaic) -> "Figure":
    """Draw altitudes of several passes in one frame."""
    drawn = figure(5.6, 5.0)
    with styled():
        axes = drawn.subplots()
        shown = axes.imshow(given.altitude / km, extent=_extent(given.grid), cmap="gray", vmin=-1.5, vmax=1.0)
        drawn.colorbar(shown, ax=axes, label="altitude [km]", shrink=0.8)
        _frame(axes, given.grid)
        axes.set_title(f"Altitudes of up to {int(given.n.max())} passes")
    return drawn


def _brightness(axes: "Axes", given: RadarMap) -> Any:
    axes.set_facecolor("black")
    seen = given.brightness[np.isfinite(given.brightness)]
    low, high = np.percentile(seen, [2, 99]) if seen.size else (0.0, 1.0)
    shown = axes.imshow(given.brightness, extent=_extent(given.grid), cmap="gray", vmin=low, vmax=high)
    _frame(axes, given.grid)
    return shown


def _contours(axes: "Axes", given: RadarMap, step: float) -> Any:
    axes.set_facecolor("#5a3a2a")
    values = given.altitude - np.nanmedian(given.altitude)
    shown = axes.imshow(values / km, extent=_extent(given.grid), cmap="gray", vmin=-1.5, vmax=1.5)
    low, high = np.floor(np.nanmin(values) / step) * step, np.ceil(np.nanmax(values) / step) * step
    levels = np.arange(max(low, -4000.0), min(high, 4000.0) + step, step) + 0.0
    if levels.size > 1:
        axes.contour(
            given.grid.x / km, given.grid.y / km, np.ma.masked_invalid(values), levels=levels,
            colors=COLOURS[0], linewidths=0.5,
        )  # fmt: skip
    _frame(axes, given.grid)
    return shown


def _frame(axes: "Axes", grid: maps.Grid) -> None:
    axes.grid(visible=False)
    lon, lat = maps.lon_lat(grid)
    low = (lon / deg + 180) % 360 - 180
    at = maps.shape(grid)[0] // 2, maps.shape(grid)[1] // 2
    near = (low - low[at] + 180) % 360 - 180 + low[at]
    for values, name in ((near, "lon"), (lat / deg, "lat")):
        first, last = np.nanmin(values), np.nanmax(values)
        # Few enough labels not to run into each other.
        step = 5.0 * np.ceil((last - first) / 45) if last - first > 16 else 2.0
        levels = np.arange(np.ceil(first / step) * step, last, step)
        axes.contour(
            grid.x / km, grid.y / km, values, levels=levels, colors="#888888", linewidths=0.3, linestyles=":"
        )
        # Labels run along the lower and the left edge, as on a map.
        edge = values[-1] if name == "lon" else values[:, 0]
        places = (grid.x if name == "lon" else grid.y) / km
        order = np.argsort(edge)
        inside = [v for v in levels if edge.min() < v < edge.max()]
        ticks = np.interp(inside, edge[order], places[order])
        labels = [f"{_wrapped(v, name):.0f}°" for v in inside]
        if name == "lon":
            axes.set_xticks(ticks, labels)
        else:
            axes.set_yticks(ticks, labels)
    axes.set(xlabel="longitude, east", ylabel="latitude")


def _wrapped(value: float, name: str) -> float:
    return value % 360 if name == "lon" else value


def _extent(grid: maps.Grid) -> tuple[float, float, float, float]:
    half = (grid.x[1] - grid.x[0]) / 2
    return tuple(  # type: ignore[return-value]
        float(v) / km for v in (grid.x[0] - half, grid.x[-1] + half, grid.y[-1] - half, grid.y[0] + half)
    )


def _label(exponent: float) -> str:
    return "σ0" if exponent == 0 else f"σ0 over its mean to the power {exponent:g}"


def _day(given: RadarMap) -> str:
    return str(utc(np.array([given.time]))[0])[:10]


def archived(given: GoldstoneImage) -> "Figure":
    """Draw an image of the archive's volume MG_1001 as it is stored."""
    drawn = figure(5.2, 5.0)
    with styled():
        axes = drawn.subplots()
        axes.set_facecolor("black")
        shown = axes.imshow(
            np.where(given.value > 0, given.value, np.nan), extent=_extent(given.grid), cmap="gray",
            vmin=0, vmax=given.highest,
        )  # fmt: skip
        drawn.colorbar(shown, ax=axes, label="byte", shrink=0.8)
        _frame(axes, given.grid)
        axes.set_title(f"{given.quantity.lower()}, {given.date}")
    return drawn
