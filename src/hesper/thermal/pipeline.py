"""The order of the stages: brightness temperatures → families of grounds, atmosphere, predictions."""

from functools import partial
from pathlib import Path

import numpy as np

from hesper import config, figures, products
from hesper.errors import InputError
from hesper.products import Result, Section
from hesper.record import take
from hesper.runs import Plan, Run
from hesper.thermal import (
    model,
    model_families,
    pipeline_demo,
    pipeline_products,
    pipeline_rows,
    plot,
    read,
    retrieve,
    retrieve_atmosphere,
    retrieve_comparison,
    retrieve_posterior,
    write,
)
from hesper.thermal import simulate as simulated
from hesper.thermal.data import Comparison, Fit, Posterior, Spectrum
from hesper.thermal.pipeline_settings import Config, frequencies, ground, measured, scene
from hesper.units import km

__all__ = ["Config", "demo", "inputs", "plan", "plan_simulate", "run", "simulate"]


def inputs(settings: Config) -> list[Path]:
    """Return the files a run reads."""
    given = (settings.table, settings.atmosphere.profile)
    return [config.existing(path) for path in given if path]


def plan(settings: Config) -> Plan:
    """Return what `run` would do; what `run` would refuse is refused here already."""
    table, _ = checked(settings)
    names = [pipeline_products.slug(name) for name in settings.families]
    made = [f"fit-{name}.nc" for name in names]
    if settings.sampling == "nested":
        made += [f"{kind}-{name}.{end}" for name in names
                 for kind, end in (("posterior", "nc"), ("band", "nc"), ("corner", "png"))]  # fmt: skip
    made += ["fit-atmosphere.nc"] if _atmosphere_data(settings, table) is not None else []
    made += ["comparison.nc", "verdict.txt", "prediction.nc", "spectrum.png", "results.json"]
    if settings.map_frequencies:
        made += ["limb.nc", "contributions.nc", "maps.nc", "limb.png", "contributions.png", "map.png"]
    pixels = (2 * 6152.0 * km / settings.pixel + 3) ** 2 * len(settings.map_frequencies)
    seconds = 4.0 + 0.5 * len(names) + (6.0 * len(names) if settings.sampling == "nested" else 0.0)
    return Plan([f"family {name}" for name in settings.families], made, 4e8 + 100.0 * pixels, seconds)


def plan_simulate(settings: Config) -> Plan:
    """Return what `simulate` would do; what it would refuse is refused here already."""
    table = measured(settings)
    scene(settings)
    ground(settings)
    frequencies(settings)
    return Plan([f"{table.frequency.size} data"], ["spectrum.csv", "truth.nc"], 3e8, 4.0)


def run(settings: Config, out: Run) -> list[Result]:
    """Fit every family of grounds to a table, compare them, and predict what was not measured."""
    table, above = checked(settings)
    fits = fitted(settings, table, above, out)
    sampled = _posteriors(settings, table, above, out)
    together = retrieve_comparison.comparison(
        fits, sampled, surface_temperature=above.surface_temperature, loss_tangent=settings.loss_tangent
    )
    out.write("comparison.nc", lambda: products.netcdf(together))
    out.write("verdict.txt", lambda: _words(together))
    results = [row for fit in fits for row in pipeline_rows.fit(fit)]
    results += [row for sample in sampled for row in pipeline_rows.posterior(sample)]
    air = _atmosphere_data(settings, table)
    if air is not None:
        absorbers = retrieve_atmosphere.absorbers(air, above, scales=settings.campaign_scales)
        out.write("fit-atmosphere.nc", lambda: products.netcdf(absorbers))
        results += pipeline_rows.fit(absorbers)
    pipeline_products.predictions(settings, table, above, fits, sampled, out)
    pipeline_products.maps(settings, above, out)
    return results + pipeline_rows.comparison(together) + pipeline_rows.caveats(frequencies(settings))


def checked(settings: Config) -> tuple[Spectrum, model.Scene]:
    """Return table and scene of a recipe all of which holds: nothing is refused after minutes of work.

    Raises
    ------
    InputError
        If a part of the recipe is wrong.
    ResourceError
        If posteriors are asked for without dynesty.
    """
    table, above = measured(settings), scene(settings)
    ground(settings)
    frequencies(settings)
    for name in ("families", "map_frequencies", "data"):
        given = getattr(settings, name)
        if len(set(given)) < len(given):
            raise InputError(f"recipe: {name} names one thing twice; name it once")
    if not settings.families:
        raise InputError("recipe: families is empty; name at least one family of grounds")
    retrieve.refuse_limits_alone(table, where=settings.table or "recipe: data")
    if settings.sampling == "nested":
        retrieve_posterior.sampler()
    return table, above


def _words(together: Comparison) -> bytes:
    """Return what the data can and cannot choose, and what each family would mean, as text."""
    lines = [retrieve_comparison.verdict(together), *retrieve_comparison.flags(together), ""]
    return "\n".join(lines).encode()


def simulate(settings: Config, out: Run) -> None:
    """Write the table that a campaign like that of the data would publish of a ground, and the truth."""
    table, above = measured(settings), scene(settings)
    (kind, values), nu = ground(settings), frequencies(settings)
    seen = simulated.spectrum(above, kind, values, table, seed=settings.seed, scales=settings.campaign_scales)
    out.write("spectrum.csv", lambda: write.spectrum(seen))
    view = model.view(above, nu, settings.reference_radius)
    planck = settings.convention == "planck"
    truth = simulated.prediction(view, kind, values, is_planck=planck)
    out.write("truth.nc", lambda: products.netcdf(truth))


def fitted(settings: Config, table: Spectrum, above: model.Scene, out: Run) -> list[Fit]:
    """Fit each family of a recipe, and write each fit."""
    fits = []
    for question in questions(settings, table, above):
        fit = retrieve.fit(question)
        out.write(f"fit-{pipeline_products.slug(fit.family)}.nc", partial(products.netcdf, fit))
        fits.append(fit)
    return fits


def _posteriors(settings: Config, table: Spectrum, above: model.Scene, out: Run) -> list[Posterior]:
    if settings.sampling == "none":
        return []
    sampled: list[Posterior] = []
    for question in questions(settings, table, above):
        name = pipeline_products.slug(question.family)
        # Read back, so that a resumed run goes on from the file and not from new samples.
        path = out.write(f"posterior-{name}.nc", partial(_sampled, settings, question))
        sampled.append(products.read(path, Posterior))
        out.write(f"corner-{name}.png", lambda: figures.png(plot.corner(sampled[-1])))
    return sampled


def _sampled(settings: Config, question: retrieve.Question) -> bytes:
    found = retrieve_posterior.posterior(question, seed=settings.seed, live_points=settings.live_points)
    return products.netcdf(found)


def questions(settings: Config, table: Spectrum, above: model.Scene) -> list[retrieve.Question]:
    """Return what is asked of each family of a recipe."""
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


def demo(out: Run, data: Path | None) -> Section:
    """Return the thermal section of the demonstration."""
    settings = config.load(Config, {"data": ["mohan2017"], "campaign_scales": False})
    table, above = measured(settings), scene(settings)
    fits = [retrieve.fit(question) for question in questions(settings, table, above)]
    return pipeline_demo.section(out, data, settings, table, above, fits)
