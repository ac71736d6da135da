"""The thermal part of the demonstration: Table 4 beside the model and every family of grounds."""

import dataclasses
from pathlib import Path

import numpy as np

from hesper import figures, products
from hesper.products import Figure, Result, Section, from_truth
from hesper.record import Array
from hesper.runs import Run
from hesper.thermal import (
    model,
    model_columns,
    model_families,
    pipeline_products,
    pipeline_rows,
    plot,
    read,
    retrieve,
    retrieve_comparison,
)
from hesper.thermal import simulate as simulated
from hesper.thermal.data import Fit, Spectrum
from hesper.thermal.pipeline_settings import Config, frequencies
from hesper.units import GHz, MHz, km


def section(
    out: Run, data: Path | None, settings: Config, table: Spectrum, above: model.Scene, fits: list[Fit]
) -> Section:
    """Put Table 4 of Mohan et al. 2017 beside the model with every family of grounds; try the inversion."""
    view = model.view(above, frequencies(settings), settings.reference_radius)
    together = retrieve_comparison.comparison(fits, surface_temperature=above.surface_temperature)
    out.write("thermal/comparison.nc", lambda: products.netcdf(together))
    uniform = np.array([4.15])
    at_data = model.view(above, table.frequency, table.reference_radius)
    plain = model_families.temperatures(at_data, model_families.family("uniform"), uniform, table.is_planck)
    results = [
        *_closed_forms(above),
        *_table4(table, plain, fits),
        *pipeline_rows.comparison(together),
        *_closed_loop(table, above),
        *_casa(above, data),
    ]
    kind = model_families.family("uniform")
    curves = [
        ("uniform, ε = 4.15", simulated.prediction(view, kind, uniform, is_planck=True)),
        *pipeline_products.fitted(view, fits, is_planck=True),
    ]
    drawn = Figure(
        "thermal-spectrum",
        "Brightness temperature of Venus from 1 THz to 240 MHz: the measurements of Table 4, the model with "
        "a uniform ground as radar sees it, and the best fit of every family of grounds.",
        figures.png(plot.spectrum(table, curves)),
    )
    worst = float(
        np.sum(((table.brightness_temperature - plain) / table.brightness_temperature_std)[6:10] ** 2)
    )
    paragraphs = [
        "The model puts the reference atmosphere (VIRA), CO₂, SO₂, H₂SO₄ and clouds of textbook abundance "
        "over a smooth ground of permittivity 4.15, bends the rays and lets the ground reflect the sky. "
        "Nothing is fitted. Down to 1.4 GHz it follows Table 4; the four detections below 1 GHz reject it "
        f"(χ² = {worst:.0f}).",
        retrieve_comparison.verdict(together) + " Each is bought at a price:",
        *retrieve_comparison.flags(together),
    ]
    return Section("Thermal: millimetres to metres, and what lies below", paragraphs, results, [drawn])


def _closed_forms(above: model.Scene) -> list[Result]:
    """Return rows with known answers: geometry of the refracted disk, and opacities the paper quotes."""
    nu = np.array([608 * MHz, 1385 * MHz])
    column = model_columns.columns(nu, above.atmosphere, laws=above.laws)
    opacity = model_columns.zenith_opacity(column, above.scale)
    edge = column.rays.critical_impact / km
    source = "Mohan et al. 2017, section 5"
    return [
        Result("thermal", "impact parameter of the last ray to the surface", "km", edge, expected=6097.2,
               tolerance=0.5, source="independent prototype", note="refraction widens the disk by 1.5 %"),
        Result("thermal", "zenith opacity at 608 MHz", "1", float(opacity[0]), published=0.006,
               expected=0.006, tolerance=0.005, source=source, note="Muhleman et al. 1973: 0.006 ± 0.005"),
        Result("thermal", "zenith opacity at 1.385 GHz", "1", float(opacity[1]), published=0.02,
               note="'about'; 0.0221 of CO₂ alone", source=source),
    ]  # fmt: skip


def _table4(table: Spectrum, plain: Array, fits: list[Fit]) -> list[Result]:
    rows = []
    for i, nu in enumerate(table.frequency):
        each = ", ".join(f"{fit.family} {fit.brightness_temperature[i]:.0f}" for fit in fits)
        sign = "<" if table.is_limit[i] else ""
        measured_at = (
            f"measured {sign}{table.brightness_temperature[i]:g} ± {table.brightness_temperature_std[i]:g}"
        )
        rows.append(
            Result("thermal", f"T_b at {nu / GHz:g} GHz, uniform ε = 4.15", "K", float(plain[i]),
                   published=float(table.brightness_temperature[i]),
                   source=f"Mohan et al. 2017, table 4 ({table.reference[i]})",
                   note=f"{measured_at}; fitted: {each}")
        )  # fmt: skip
    return rows


def _closed_loop(table: Spectrum, above: model.Scene) -> list[Result]:
    """Return rows of a simulated campaign with a known ground: its parameters come back."""
    kind = model_families.family("step")
    truth = np.array([4.3, 350.0, -1.3])
    sharp = dataclasses.replace(
        table,
        brightness_temperature_std=np.full(table.frequency.size, 5.0),
        is_limit=np.zeros(table.frequency.size, dtype=bool),
    )
    seen = simulated.spectrum(above, kind, truth, sharp, seed=7, scales=False)
    fit = retrieve.ground(seen, above, kind, radar=read.no_radar(), scales=False)
    return [
        from_truth("thermal", f"simulated step, σ = 5 K: {pipeline_rows.name(label)}",
                   pipeline_rows.unit(label), float(value), float(std), float(true),
                   source="closed loop, seed 7")
        for label, value, std, true in zip(
            map(str, fit.parameter), fit.value, fit.value_std, truth, strict=True)
    ]  # fmt: skip


def _casa(above: model.Scene, data: Path | None) -> list[Result]:
    """Return rows beside the Venus table of CASA, where the real data are given."""
    path = data / "radio" / "Venus_Tb.dat" if data is not None else None
    if path is None or not path.is_file():
        return []
    known = np.loadtxt(path)
    chosen = known[np.isin(known[:, 0], (30.0, 90.0, 230.0, 500.0, 900.0))]
    view = model.view(above, chosen[:, 0] * GHz)
    kind, values = model_families.family("uniform"), np.array([4.15])
    ours = model_families.temperatures(view, kind, values, is_planck=True)
    return [
        Result("thermal", f"T_b at {row[0]:g} GHz", "K", float(value), published=float(row[1]),
               source="CASA, Venus_Tb.dat", note="another model of Venus; nothing is fitted")
        for row, value in zip(chosen, ours, strict=True)
    ]  # fmt: skip
