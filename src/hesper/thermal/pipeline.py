"""The order of the stages: brightness temperatures → families of grounds, atmosphere, predictions."""

import dataclasses
from functools import partial
from pathlib import Path

import numpy as np

from hesper import config, figures, products
from hesper.products import Figure, Result, Section, from_truth
from hesper.record import Array, take
from hesper.runs import Plan, Run
from hesper.thermal import (
    grid,
    model,
    model_families,
    plot,
    read,
    retrieve,
    retrieve_comparison,
    retrieve_posterior,
    write,
)
from hesper.thermal import simulate as simulated
from hesper.thermal.data import (
    Comparison,
    Fit,
    Limb,
    Posterior,
    Prediction,
    Spectrum,
)
from hesper.thermal.model_families import Family
from hesper.thermal.pipeline_settings import Config, frequencies, ground, measured, scene
from hesper.units import GHz, MHz, km


def inputs(settings: Config) -> list[Path]:
    """Return the files a run reads."""
    given = (settings.table, settings.atmosphere.profile)
    return [config.existing(path) for path in given if path]


def plan(settings: Config) -> Plan:
    """Return what `run` would do."""
    table = measured(settings)
    names = [_slug(name) for name in settings.families]
    made = [f"fit-{name}.nc" for name in names]
    if settings.sampling == "nested":
        made += [f"{kind}-{name}.{end}" for name in names
                 for kind, end in (("posterior", "nc"), ("band", "nc"), ("corner", "png"))]  # fmt: skip
    made += ["fit-atmosphere.nc"] if _atmosphere_data(settings, table) is not None else []
    made += ["comparison.nc", "verdict.txt", "prediction.nc", "spectrum.png", "results.json"]
    if settings.map_frequencies:
        made += ["limb.nc", "contributions.nc", "maps.nc", "limb.png", "contributions.png", "map.png"]
    seconds = 4.0 + 0.5 * len(names) + (6.0 * len(names) if settings.sampling == "nested" else 0.0)
    return Plan([f"family {name}" for name in settings.families], made, 4e8, seconds)


def run(settings: Config, out: Run) -> list[Result]:
    """Fit every family of grounds to a table, compare them, and predict what was not measured."""
    table, above = measured(settings), scene(settings)
    fits = fitted(settings, table, above, out)
    sampled = _posteriors(settings, table, above, out)
    together = retrieve_comparison.comparison(
        fits, sampled, surface_temperature=above.surface_temperature, loss_tangent=settings.loss_tangent
    )
    out.write("comparison.nc", lambda: products.netcdf(together))
    out.write("verdict.txt", lambda: _words(together))
    results = [row for fit in fits for row in _fit_rows(fit)]
    air = _atmosphere_data(settings, table)
    if air is not None:
        absorbers = retrieve.atmosphere(air, above, scales=settings.campaign_scales)
        out.write("fit-atmosphere.nc", lambda: products.netcdf(absorbers))
        results += _fit_rows(absorbers)
    _predictions(settings, table, above, fits, sampled, out)
    return results + _comparison_rows(together) + _caveat_rows(settings)


def _words(together: Comparison) -> bytes:
    """Return what the data can and cannot choose, and what each family would mean, as text."""
    return "\n".join(
        [retrieve_comparison.verdict(together), *retrieve_comparison.flags(together), ""]
    ).encode()


def simulate(settings: Config, out: Run) -> None:
    """Write the table that a campaign like that of the data would publish of a ground, and the truth."""
    table, above = measured(settings), scene(settings)
    kind, values = ground(settings)
    seen = simulated.spectrum(above, kind, values, table, seed=settings.seed, scales=settings.campaign_scales)
    out.write("spectrum.csv", lambda: write.spectrum(seen))
    view = _prospect(settings, above)
    out.write("truth.nc", lambda: products.netcdf(_prediction(settings, view, kind, values)))


def fitted(settings: Config, table: Spectrum, above: model.Scene, out: Run) -> list[Fit]:
    """Fit each family of a recipe, and write each fit."""
    fits = []
    for question in _questions(settings, table, above):
        fit = retrieve.fit(question)
        out.write(f"fit-{_slug(fit.family)}.nc", partial(products.netcdf, fit))
        fits.append(fit)
    return fits


def _posteriors(settings: Config, table: Spectrum, above: model.Scene, out: Run) -> list[Posterior]:
    if settings.sampling == "none":
        return []
    sampled: list[Posterior] = []
    for question in _questions(settings, table, above):
        name = question.family
        sample = partial(
            retrieve_posterior.posterior, question, seed=settings.seed, live_points=settings.live_points
        )
        # Read back, so that a resumed run goes on from the file and not from new samples.
        path = out.write(f"posterior-{_slug(name)}.nc", lambda sample=sample: products.netcdf(sample()))  # type: ignore[misc]
        sampled.append(products.read(path, Posterior))
        out.write(f"corner-{_slug(name)}.png", lambda: figures.png(plot.corner(sampled[-1])))
    return sampled


def _questions(settings: Config, table: Spectrum, above: model.Scene) -> list[retrieve.Question]:
    view = model.view(above, table.frequency, table.reference_radius)
    radar = read.radar() if settings.radar else read.no_radar()
    return [
        retrieve.ground_question(
            table, view, model_families.family(name), radar=radar, scales=settings.campaign_scales
        )
        for name in settings.families
    ]


def _atmosphere_data(settings: Config, table: Spectrum) -> Spectrum | None:
    high = take(table, "datum", table.frequency >= retrieve.LOW_FREQUENCY)
    fit = settings.fit_atmosphere and settings.atmosphere.so2 > 0
    return high if fit and np.any(~high.is_limit) else None


def _predictions(
    settings: Config, table: Spectrum, above: model.Scene, fits: list[Fit], sampled: list[Posterior], out: Run
) -> None:
    kind, values = ground(settings)
    view = _prospect(settings, above)
    predicted = _prediction(settings, view, kind, values)
    out.write("prediction.nc", lambda: products.netcdf(predicted))
    curves = [(f"recipe: {kind.name}", predicted)]
    curves += [
        (fit.family, _prediction(settings, view, model_families.family(fit.family), np.array(fit.value)))
        for fit in fits
    ]
    bands = [
        retrieve_posterior.band(sample, view, is_planck=settings.convention == "planck") for sample in sampled
    ]
    for band in bands:
        out.write(f"band-{_slug(band.family)}.nc", partial(products.netcdf, band))
    out.write("spectrum.png", lambda: figures.png(plot.spectrum(table, curves, bands)))
    nu = np.array(settings.map_frequencies)
    if nu.size:
        edge = limb(above, kind, values, nu)
        column = model.columns(nu, above.atmosphere, laws=above.laws)
        sources = model.contributions(column, above.scale)
        maps = grid.disk(edge, pixel=settings.pixel)
        out.write("limb.nc", lambda: products.netcdf(edge))
        out.write("contributions.nc", lambda: products.netcdf(sources))
        out.write("maps.nc", lambda: products.netcdf(maps))
        out.write("limb.png", lambda: figures.png(plot.limb(edge)))
        out.write("contributions.png", lambda: figures.png(plot.contributions(sources)))
        out.write("map.png", lambda: figures.png(plot.disk(maps)))


def limb(above: model.Scene, kind: Family, values: Array, frequency: Array) -> Limb:
    """Return brightness and polarisation from the centre of the disk to the top of the atmosphere."""
    radius, index = model.radius_and_index(above.atmosphere)
    edge = float(np.min(radius * index))
    top = float(radius[-1])
    # Close steps at the edge of the surface, where brightness and polarisation change fastest.
    inside = edge * np.sin(np.linspace(0.0, 0.5 * np.pi, 160, endpoint=False))
    impact = np.concatenate([inside, np.linspace(edge, top, 60)])
    column = model.columns_along(frequency, above.atmosphere, impact, laws=above.laws)
    behind = model.sky_source(column.frequency, above.sky_408)
    below = kind.ground(column.frequency, column.rays.cosine, above.surface_temperature, values)
    return model.limb(column, model.beams(column, above.scale), below, behind)


def _prospect(settings: Config, above: model.Scene) -> model.View:
    return model.view(above, frequencies(settings), settings.reference_radius)


def _prediction(settings: Config, view: model.View, kind: Family, values: Array) -> Prediction:
    return simulated.prediction(view, kind, values, is_planck=settings.convention == "planck")


def _slug(name: str) -> str:
    return name.replace(" ", "-")


def _fit_rows(fit: Fit) -> list[Result]:
    return [
        Result("thermal", f"{fit.family}: {label.split(' [')[0]}", _unit(label), float(value), float(std),
               note="at a bound of its prior" if bound else "")
        for label, value, std, bound in zip(
            map(str, fit.parameter), fit.value, fit.value_std, fit.at_bound, strict=True)
    ]  # fmt: skip


def _unit(label: str) -> str:
    return label.split("[")[1].rstrip("]")


def _caveat_rows(settings: Config) -> list[Result]:
    """Return a row that says which absorbers are extrapolated at the predicted frequencies."""
    lines = model.caveats(frequencies(settings))
    what = "absorbers extrapolated at predicted frequencies"
    return [Result("thermal", what, "count", float(len(lines)), note="; ".join(lines))]


def _comparison_rows(table: Comparison) -> list[Result]:
    lines = retrieve_comparison.flags(table)
    rows = []
    for i, name in enumerate(table.family):
        note = (
            f"with campaign scales {table.chi_square_scaled[i]:.1f}; "
            f"below 1 GHz {table.chi_square_low[i]:.1f}; "
            f"{lines[i].split(': ', 1)[1]}"
        )
        rows.append(Result("thermal", f"χ² {name}", "1", float(table.chi_square[i]), note=note))
        if np.isfinite(table.log_evidence[i]):
            rows.append(
                Result("thermal", f"ln Z {name}", "1", float(table.log_evidence[i]),
                       float(table.log_evidence_std[i]))
            )  # fmt: skip
    return rows


def demo(out: Run, data: Path | None) -> Section:
    """Put Table 4 of Mohan et al. 2017 beside the model with every family of grounds; try the inversion."""
    settings = config.load(Config, {"data": ["mohan2017"], "campaign_scales": False})
    table, above = measured(settings), scene(settings)
    view = _prospect(settings, above)
    fits = [retrieve.fit(question) for question in _questions(settings, table, above)]
    together = retrieve_comparison.comparison(fits, surface_temperature=above.surface_temperature)
    out.write("thermal/comparison.nc", lambda: products.netcdf(together))
    uniform = np.array([4.15])
    at_data = model.view(above, table.frequency, table.reference_radius)
    plain = model_families.temperatures(at_data, model_families.family("uniform"), uniform, table.is_planck)
    results = [
        *_closed_forms(above),
        *_table4(table, plain, fits),
        *_comparison_rows(together),
        *_closed_loop(table, above),
        *_casa(above, data),
    ]
    curves = [("uniform, ε = 4.15", _prediction(settings, view, model_families.family("uniform"), uniform))]
    curves += [
        (fit.family, _prediction(settings, view, model_families.family(fit.family), np.array(fit.value)))
        for fit in fits
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
    column = model.columns(nu, above.atmosphere, laws=above.laws)
    opacity = model.zenith_opacity(column, above.scale)
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
        from_truth("thermal", f"simulated step, σ = 5 K: {label.split(' [')[0]}", _unit(label), float(value),
                   float(std), float(true), source="closed loop, seed 7")
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
