"""What a run predicts: spectra, bands, limbs and maps, as files."""

from functools import partial

import numpy as np

from hesper import figures, products
from hesper.runs import Run
from hesper.thermal import grid, model, model_columns, model_families, plot, retrieve_posterior
from hesper.thermal import simulate as simulated
from hesper.thermal.data import Fit, Posterior, Prediction, Spectrum
from hesper.thermal.pipeline_settings import Config, frequencies, ground


def slug(name: str) -> str:
    """Return the part of a file's name that stands for a family."""
    return name.replace(" ", "-")


def predictions(
    settings: Config, table: Spectrum, above: model.Scene, fits: list[Fit], sampled: list[Posterior], out: Run
) -> None:
    """Write the spectrum of the recipe's ground, the bands of the posteriors, and the figure of all."""
    kind, values = ground(settings)
    view = model.view(above, frequencies(settings), settings.reference_radius)
    planck = settings.convention == "planck"
    predicted = simulated.prediction(view, kind, values, is_planck=planck)
    out.write("prediction.nc", lambda: products.netcdf(predicted))
    bands = [retrieve_posterior.band(sample, view, is_planck=planck) for sample in sampled]
    for band in bands:
        out.write(f"band-{slug(band.family)}.nc", partial(products.netcdf, band))
    curves = [(f"recipe: {kind.name}", predicted), *fitted(view, fits, is_planck=planck)]
    out.write("spectrum.png", lambda: figures.png(plot.spectrum(table, curves, bands)))


def fitted(view: model.View, fits: list[Fit], *, is_planck: bool) -> list[tuple[str, Prediction]]:
    """Return name and spectrum of each fitted family of grounds."""
    return [
        (fit.family, simulated.prediction(view, model_families.family(fit.family), np.array(fit.value),
                                          is_planck=is_planck))
        for fit in fits
    ]  # fmt: skip


def maps(settings: Config, above: model.Scene, out: Run) -> None:
    """Write limbs, contributions and maps of the recipe's ground, where frequencies for them are given."""
    nu = np.sort(np.array(settings.map_frequencies))
    if not nu.size:
        return
    kind, values = ground(settings)
    limbs = model.limbs(above, lambda f, cosine, t: kind.ground(f, cosine, t, values), nu)
    column = model_columns.columns(nu, above.atmosphere, laws=above.laws)
    latitudes = np.array([latitude for latitude, _ in above.zones] or [0.0])
    edge = grid.mean_limb(limbs, model.ring_shares(limbs[0].impact, limbs[0].critical_impact, latitudes))
    sources = model_columns.contributions(column, above.scale)
    drawn = grid.disk(limbs, latitudes, pixel=settings.pixel)
    out.write("limb.nc", lambda: products.netcdf(edge))
    out.write("contributions.nc", lambda: products.netcdf(sources))
    out.write("maps.nc", lambda: products.netcdf(drawn))
    out.write("limb.png", lambda: figures.png(plot.limb(edge)))
    out.write("contributions.png", lambda: figures.png(plot.contributions(sources)))
    out.write("map.png", lambda: figures.png(plot.disk(drawn)))
