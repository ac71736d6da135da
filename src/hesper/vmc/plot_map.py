"""The figures of the user guide: mosaic and counts, seams, emissivity, its scatter, altimetry."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hesper import maps
from hesper.constants import VENUS_RADIUS
from hesper.figures import COLOURS, figure, styled
from hesper.record import Array
from hesper.units import deg, km
from hesper.vmc.data_map import Scene, SegmentMap
from hesper.vmc.data_orbit import OrbitMosaic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PER_MICROMETRE = 1e-6
_BRIGHT = "radiance [W m⁻² sr⁻¹ µm⁻¹]"


def whole_mission(segments: Sequence[SegmentMap]) -> "Figure":
    """Draw the joined mosaic and the pixels per cell (guide, figure 2.2)."""
    with styled():
        # Panels keep their proportions: side by side they fit a part of the planet, one above the other all.
        wide = 1 + max(s.segment for s in segments) - min(s.segment for s in segments)
        beside = wide < 5
        # A segment is 40 by 110 degrees: as high and wide as the maps need, and their bars and labels.
        panel = 0.9 + 0.6 * wide
        drawn = figure(2 * panel + 3.2, 2.5 * panel / wide + 1.1) if beside else figure(7.6, 5.4)
        axes = drawn.subplots(1, 2, sharey=True) if beside else drawn.subplots(2, 1, sharex=True)
        bright = [_PER_MICROMETRE * s.brightness for s in segments]
        low, high = np.nanquantile(np.concatenate([b.ravel() for b in bright]), [0.01, 0.99])
        most = max(int(s.pixels.max()) for s in segments)
        for made, light in zip(segments, bright, strict=True):
            shown = _image(axes[0], made.grid, light, "gray", low, high)
            with np.errstate(divide="ignore"):
                tens = np.where(made.pixels > 0, np.log10(np.maximum(made.pixels, 1)), np.nan)
            counted = _image(axes[1], made.grid, tens, "viridis", 0, np.log10(max(most, 10)))
        _frame(axes[0], segments, "a  joined mosaic")
        _frame(axes[1], segments, "b  pixels per cell")
        axes[1 if beside else 0].set(**{"ylabel" if beside else "xlabel": ""})
        drawn.colorbar(shown, ax=axes[0], label=_BRIGHT, shrink=0.9)
        drawn.colorbar(counted, ax=axes[1], label="log₁₀ of the number of pixels", shrink=0.9)
        return drawn


def seams(before: OrbitMosaic, after: OrbitMosaic) -> "Figure":
    """Draw one orbit's mosaic uncorrected and corrected (guide, figure 2.3), each over the same trend.

    The trend is the corrected mosaic blurred over 5°: relief and seams are left, the wide slopes are not.
    """
    from scipy import ndimage

    window = _window(after)
    layers = [_layer(made, window) for made in (before, after)]
    known = np.isfinite(layers[1])
    width = 5 * deg / after.resolution
    weight = ndimage.gaussian_filter(known.astype(float), width)
    trend = ndimage.gaussian_filter(np.where(known, layers[1], 0.0), width) / np.maximum(weight, 1e-9)
    shown = [layer / trend / np.nanmedian(layer / trend) for layer in layers]
    low, high = np.nanquantile(shown[0], [0.01, 0.99])
    with styled():
        drawn = figure(7.2, 4.4)
        axes = drawn.subplots(1, 2, sharey=True)
        names = (
            f"orbit {after.orbit}, level 2: seams of {100 * after.flat.seam_before:.1f} %",
            f"corrected: {100 * after.flat.seam:.2f} %",
        )
        grid = _grid(after, window)
        for place, values, name in zip(axes, shown, names, strict=True):
            image = _image(place, grid, values, "gray", low, high)
            place.set_title(name)
            place.set_xlabel("longitude, east [°]")
            place.grid(False)
        axes[0].set_ylabel("latitude [°]")
        drawn.colorbar(image, ax=axes, label="brightness over its trend", shrink=0.85)
        return drawn


def _window(made: OrbitMosaic) -> tuple[int, int, int, int]:
    """Return first row, last row, first column and number of columns of a mosaic, across 0° if need be."""
    columns = round(2 * np.pi / made.resolution)
    row, column = made.cell // columns, np.unique(made.cell % columns)
    gaps = np.diff(np.concatenate([column, column[:1] + columns]))
    widest = int(gaps.argmax())
    first = int(column[(widest + 1) % column.size])
    return int(row.min()), int(row.max()), first, columns - int(gaps[widest]) + 1


def _layer(made: OrbitMosaic, window: tuple[int, int, int, int]) -> Array:
    columns = round(2 * np.pi / made.resolution)
    row, column = made.cell // columns - window[0], (made.cell % columns - window[2]) % columns
    out = np.full((window[1] - window[0] + 1, window[3]), np.nan)
    inside = (row >= 0) & (row < out.shape[0]) & (column < window[3])
    out[row[inside], column[inside]] = made.brightness[inside]
    return out


def _grid(made: OrbitMosaic, window: tuple[int, int, int, int]) -> maps.Grid:
    step = made.resolution
    return maps.equirectangular(
        step, west=window[2] * step, east=(window[2] + window[3]) * step,
        south=np.pi / 2 - (window[1] + 1) * step, north=np.pi / 2 - window[0] * step,
    )  # fmt: skip


def emissivity(made: SegmentMap) -> "Figure":
    """Draw emissivity, its standard deviation and the altimetry in colour and grey (guide, figure 4.1)."""
    with styled():
        drawn = figure(8.6, 5.6)
        axes = drawn.subplots(1, 4, sharey=True)
        middle = made.reference_emissivity
        half = max(0.12, float(np.nanquantile(np.abs(made.emissivity - middle), 0.99)))
        most = float(np.nanquantile(made.emissivity_scatter, 0.99))
        height = made.altitude / km
        low, high = np.nanquantile(height, [0.005, 0.995])
        panels = (
            (made.emissivity, "RdYlBu_r", middle - half, middle + half, "a  emissivity", "ε"),
            (made.emissivity_scatter, "magma", 0, most, "b  its deviation", "σ(ε) among orbits"),
            (height, "terrain", low, high, "c  altimetry", "km above 6051.8 km"),
            (height, "gray", low, high, "d  the same", "km above 6051.8 km"),
        )
        _panels(drawn, axes, made, panels)
        return drawn


def brightness(made: SegmentMap) -> "Figure":
    """Draw mean brightness in grey and colour, its deviation and the mosaics per cell (figure 4.2)."""
    with styled():
        drawn = figure(8.6, 5.6)
        axes = drawn.subplots(1, 4, sharey=True)
        light = made.brightness * _PER_MICROMETRE
        low, high = np.nanquantile(light, [0.005, 0.995])
        spread = 100 * made.variation
        panels = (
            (light, "gray", low, high, "a  brightness", _BRIGHT),
            (light, "inferno", low, high, "b  the same", _BRIGHT),
            (spread, "magma", 0, float(np.nanquantile(spread, 0.99)), "c  deviation", "% of the mean"),
            (np.where(made.n > 0, made.n, np.nan), "viridis", 0, None, "d  orbital mosaics", "number"),
        )
        _panels(drawn, axes, made, panels)
        return drawn


def truth(made: SegmentMap, scene: Scene) -> "Figure":
    """Draw true emissivity, retrieved emissivity and its significance side by side."""
    true = maps.resample_map(scene.emissivity, scene.grid, made.grid)
    with styled():
        drawn = figure(7.4, 5.6)
        axes = drawn.subplots(1, 3, sharey=True)
        panels = (
            (true, "RdYlBu_r", 0.72, 1.08, "true emissivity", "ε"),
            (made.emissivity, "RdYlBu_r", 0.72, 1.08, "retrieved", "ε"),
            (made.significance, "RdBu_r", -6, 6, "significance", "deviations from the reference"),
        )
        _panels(drawn, axes, made, panels)
        return drawn


def orbits(mosaics: Sequence[OrbitMosaic]) -> "Figure":
    """Draw the seams of corrected orbits before and after, and, with a truth, the mosaics' errors beside."""
    from matplotlib.ticker import LogLocator, MaxNLocator

    known = bool(np.isfinite([m.error for m in mosaics]).any())
    seams = [("level 2", "seam_before", 5), ("corrected", "seam", 0)]
    # Where the true gradient does no better both curves are seen.
    errors = [
        ("level 2", "error_before", 5, "-"), ("corrected", "error", 0, "-"),
        ("one gain per image", "error_gains", 1, "-"), ("true gradient", "error_floor", 2, "--"),
    ]  # fmt: skip
    with styled():
        drawn = figure(7.2 if known else 3.8, 3.2)
        axes = drawn.subplots(1, 1 + known, squeeze=False)[0]
        for name, field, colour in seams:
            _cumulative(axes[0], [100 * getattr(m.flat, field) for m in mosaics], name, COLOURS[colour])
        axes[0].axvline(1.5, color="#888888", lw=0.8, ls="--")
        axes[0].set(xlabel="median seam of the orbit [%]", ylabel="orbits up to that")
        if known:
            _cumulative(axes[0], [100 * m.seam_gains for m in mosaics], "one gain per image", COLOURS[1])
            for name, field, colour, line in errors:
                values = [100 * getattr(m, field) for m in mosaics]
                _cumulative(axes[1], values, name, COLOURS[colour], line)
            axes[1].set_xlabel("mosaic against truth [%]")
        for place in axes:
            place.set_xscale("log")
            low, high = place.get_xlim()
            marks = (1,) if high > 100 * low else (1, 2, 5) if high > 5 * low else range(1, 10)
            place.xaxis.set_major_locator(LogLocator(subs=marks))
            place.xaxis.set_major_formatter("{x:g}")
            place.xaxis.set_minor_formatter("")
            place.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes[-1].legend(loc="lower right" if known else "upper left")
        return drawn


def _cumulative(axes: Any, values: Sequence[float], name: str, colour: str, line: str = "-") -> None:
    known = np.sort([v for v in values if np.isfinite(v)])
    if known.size:
        axes.step(known, np.arange(1, known.size + 1), color=colour, label=name, where="post", ls=line)


def _panels(drawn: Any, axes: Any, made: SegmentMap, panels: Any) -> None:
    for place, (values, colours, low, high, title, unit) in zip(axes, panels, strict=True):
        shown = _image(place, made.grid, values, colours, low, high)
        place.set_title(title)
        place.grid(False)
        place.set_xlabel("longitude [°]")
        drawn.colorbar(shown, ax=place, label=unit, orientation="horizontal", pad=0.02)
    axes[0].set_ylabel("latitude [°]")


def _frame(axes: Any, segments: Sequence[SegmentMap], title: str) -> None:
    west, east = 40 * min(s.segment for s in segments), 40 * max(s.segment for s in segments) + 40
    axes.set_xlim(west, east)
    axes.set_xticks(range(west, east + 1, 20 if east - west <= 120 else 40))
    axes.set_ylim(-50, 60)
    axes.set_title(title)
    axes.grid(False)
    axes.set_xlabel("longitude, east [°]")
    axes.set_ylabel("latitude [°]")


def _image(axes: Any, grid: maps.Grid, values: Array, colours: str, low: Any, high: Any) -> Any:
    half = (grid.x[1] - grid.x[0]) / 2
    extent = np.array([grid.x[0] - half, grid.x[-1] + half, grid.y[-1] - half, grid.y[0] + half])
    axes.set_facecolor("#e4e4ea")
    return axes.imshow(
        values, cmap=colours, vmin=low, vmax=high, extent=tuple(extent / (VENUS_RADIUS * deg)),
        interpolation="nearest", aspect="equal",
    )  # fmt: skip
