"""Figures of the thermal system."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.figures import COLOURS, figure, styled
from hesper.record import Array
from hesper.thermal.data import Band, Contributions, DiskMap, Limb, Posterior, Prediction, Spectrum
from hesper.units import GHz, cm, km

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKERS = ("s", "o", "^", "D", "v", "P", "X", "*")


def spectrum(
    table: Spectrum, curves: Sequence[tuple[str, Prediction]], bands: Sequence[Band] = ()
) -> "Figure":
    """Draw measured brightness temperatures against wavelength, with modelled spectra and posterior bands.

    Where a family has a band, at the same frequencies, its median stands for the most probable spectrum.
    """
    with styled():
        drawn = figure(7.2, 4.6)
        axes = drawn.subplots()
        colour = {name: COLOURS[i % len(COLOURS)] for i, (name, _) in enumerate(curves)}
        for band in bands:
            shade = colour.get(band.family, "#999999")
            wavelength = SPEED_OF_LIGHT / band.frequency / cm
            axes.fill_between(wavelength, band.low, band.high, color=shade, alpha=0.18, linewidth=0)
        for i, (name, curve) in enumerate(curves):
            wavelength = SPEED_OF_LIGHT / curve.frequency / cm
            style = ("-", "--", "-.", ":")[i // len(COLOURS) % 4]
            middle = {band.family: band.median for band in bands}.get(name, curve.brightness_temperature)
            label = f"{name}, median" if middle is not curve.brightness_temperature else name
            axes.plot(wavelength, middle, style, color=colour[name], label=label, zorder=2)
        _data(axes, table)
        axes.set_xscale("log")
        axes.set_xlabel("wavelength [cm]")
        planck = any(curve.is_planck for _, curve in curves)
        axes.set_ylabel(f"brightness temperature ({'black body' if planck else 'Rayleigh–Jeans'}) [K]")
        axes.set_ylim(bottom=0.0)
        top = axes.secondary_xaxis("top", functions=(_to_gigahertz, _to_gigahertz))
        top.set_xlabel("frequency [GHz]")
        for axis in (axes.xaxis, top.xaxis):
            axis.set_major_formatter("{x:g}")
        axes.legend(ncols=2, loc="lower center")
        return drawn


def _to_gigahertz(wavelength: Any) -> Array:
    """Turn centimetres into gigahertz, and back; the plot asks at 0 as well."""
    safe = np.maximum(np.asarray(wavelength, dtype=float), 1e-9)
    return np.asarray(SPEED_OF_LIGHT / (safe * cm) / GHz)


def _data(axes: "Axes", table: Spectrum) -> None:
    wavelength = SPEED_OF_LIGHT / table.frequency / cm
    for i, name in enumerate(dict.fromkeys(table.reference)):
        mine = (table.reference == name) & ~table.is_limit
        if mine.any():
            axes.errorbar(
                wavelength[mine],
                table.brightness_temperature[mine],
                yerr=table.brightness_temperature_std[mine],
                fmt=_MARKERS[i % len(_MARKERS)],
                color="#222222",
                mfc="white",
                ms=5,
                capsize=2,
                lw=1,
                label=name,
                zorder=3,
            )
    limit = table.is_limit
    if limit.any():
        axes.errorbar(
            wavelength[limit],
            table.brightness_temperature[limit],
            yerr=60.0,
            uplims=True,
            fmt="_",
            color="#222222",
            ms=9,
            lw=1,
            label="upper limit",
            zorder=3,
        )


def contributions(found: Contributions) -> "Figure":
    """Draw where the radiation at the centre of the disk comes from, one curve per frequency."""
    with styled():
        drawn = figure(6.2, 4.4)
        axes = drawn.subplots()
        for i, nu in enumerate(found.frequency):
            share = found.surface[i]
            surface = f", surface {share:.0%}" if share > 0.005 else ""
            axes.plot(
                found.contribution[i] * km,
                found.altitude / km,
                color=COLOURS[i % len(COLOURS)],
                ls=("-", "--", ":")[i // len(COLOURS) % 3],
                label=f"{nu / GHz:g} GHz{surface}",
            )
        axes.set_xlabel("contribution to the radiation at the centre of the disk [km⁻¹]")
        axes.set_ylabel("altitude [km]")
        axes.set_xlim(left=0.0)
        axes.set_ylim(0.0, 85.0)
        axes.legend()
        return drawn


def limb(found: Limb) -> "Figure":
    """Draw brightness and degree of polarisation from the centre of the disk to its limb."""
    with styled():
        drawn = figure(7.2, 3.6)
        left, right = drawn.subplots(1, 2)
        place = found.impact / km
        for i, nu in enumerate(found.frequency):
            colour = COLOURS[i % len(COLOURS)]
            total = 0.5 * (found.vertical[i] + found.horizontal[i])
            degree = (found.vertical[i] - found.horizontal[i]) / (2 * total)
            left.plot(place, found.vertical[i], color=colour, ls="-", label=f"{nu / GHz:g} GHz")
            left.plot(place, found.horizontal[i], color=colour, ls="--")
            right.plot(place, 100 * degree, color=colour)
        for axes in (left, right):
            axes.axvline(found.critical_impact / km, color="#888888", lw=0.8, ls=":")
            axes.set_xlabel("distance from the centre of the disk [km]")
        left.plot([], [], color="#444444", ls="-", label="radial field")
        left.plot([], [], color="#444444", ls="--", label="field along the limb")
        left.set_ylabel("brightness temperature [K]")
        left.set_ylim(bottom=0.0)
        right.set_ylabel("linear polarisation [%]")
        left.legend(loc="lower left")
        return drawn


def disk(found: DiskMap, index: int = 0) -> "Figure":
    """Draw the maps of one frequency: brightness temperature, degree and direction of polarisation."""
    with styled():
        drawn = figure(7.4, 3.3)
        left, right = drawn.subplots(1, 2)
        extent = (
            found.east[0] / km / 1e3,
            found.east[-1] / km / 1e3,
            found.north[0] / km / 1e3,
            found.north[-1] / km / 1e3,
        )
        total = found.brightness_temperature[index]
        polarised = np.hypot(found.stokes_q[index], found.stokes_u[index])
        degree = 100 * np.divide(polarised, total, out=np.zeros_like(total), where=total > 1.0)
        for axes, values, label in (
            (left, total, "brightness temperature [K]"),
            (right, degree, "linear polarisation [%]"),
        ):
            shown = axes.imshow(values, origin="lower", extent=extent)
            drawn.colorbar(shown, ax=axes, label=label, shrink=0.85)
            axes.set_xlabel("east [10³ km]")
            axes.set_ylabel("north [10³ km]")
            axes.invert_xaxis()
            axes.grid(visible=False)
        _directions(right, found, index, polarised)
        drawn.suptitle(f"{found.frequency[index] / GHz:g} GHz")
        return drawn


def _directions(axes: "Axes", found: DiskMap, index: int, polarised: Array) -> None:
    """Draw bars along the electric field."""
    step = max(1, found.east.size // 14)
    rows, columns = np.meshgrid(
        np.arange(step // 2, found.north.size, step), np.arange(step // 2, found.east.size, step)
    )
    seen = polarised[rows, columns] > 0.02 * float(polarised.max())
    rows, columns = rows[seen], columns[seen]
    angle = 0.5 * np.arctan2(found.stokes_u[index], found.stokes_q[index])[rows, columns]
    size = polarised[rows, columns] / max(float(polarised.max()), 1e-9)
    axes.quiver(
        found.east[columns] / km / 1e3,
        found.north[rows] / km / 1e3,
        size * np.sin(angle),
        size * np.cos(angle),
        pivot="middle",
        headwidth=0,
        headlength=0,
        headaxislength=0,
        color="white",
        angles="xy",
        scale=14.0,
        width=0.006,
    )


def corner(sample: Posterior) -> "Figure":
    """Draw the marginal posteriors of all parameters and of their pairs."""
    count = sample.parameter.size
    with styled():
        drawn = figure(1.2 + 1.9 * count, 1.0 + 1.75 * count)
        grid = np.asarray(drawn.subplots(count, count, squeeze=False))
        spans = [_span(sample.samples[:, i], sample.weight) for i in range(count)]
        for row in range(count):
            for column in range(count):
                axes = grid[row, column]
                if column > row:
                    axes.set_axis_off()
                    continue
                axes.grid(visible=False)
                if column == row:
                    _marginal(axes, sample.samples[:, row], sample.weight, spans[row])
                else:
                    _pair(axes, sample, column, row, spans)
                if row == count - 1:
                    axes.set_xlabel(_words(sample.parameter[column]))
                else:
                    axes.set_xticklabels([])
                if column == 0 and row > 0:
                    axes.set_ylabel(_words(sample.parameter[row]))
                elif column < row:
                    axes.set_yticklabels([])
        drawn.suptitle(f"{sample.family}: ln Z = {sample.log_evidence:.1f} ± {sample.log_evidence_std:.1f}")
        return drawn


def _words(label: str) -> str:
    return str(label).replace("_", " ").replace("log10 m", "log₁₀ m").replace(" [1]", "")


def _span(values: Array, weight: Array) -> tuple[float, float]:
    order = np.argsort(values)
    cumulative = np.cumsum(weight[order])
    low, high = np.interp([0.002, 0.998], cumulative, values[order])
    margin = 0.08 * max(high - low, 1e-9)
    return float(low - margin), float(high + margin)


def _marginal(axes: "Axes", values: Array, weight: Array, span: tuple[float, float]) -> None:
    axes.hist(values, bins=30, range=span, weights=weight, color=COLOURS[1], alpha=0.75)
    axes.set_xlim(span)
    axes.set_yticks([])


def _pair(
    axes: "Axes", sample: Posterior, column: int, row: int, spans: Sequence[tuple[float, float]]
) -> None:
    density, x, y = np.histogram2d(
        sample.samples[:, column],
        sample.samples[:, row],
        bins=28,
        range=[spans[column], spans[row]],
        weights=sample.weight,
    )
    axes.pcolormesh(x, y, density.T, cmap="Blues", rasterized=True)
    axes.set_xlim(spans[column])
    axes.set_ylim(spans[row])
