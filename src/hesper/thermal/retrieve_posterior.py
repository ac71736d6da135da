"""Questions → posteriors, evidence, and what they predict at other frequencies."""

import importlib
import warnings
from typing import Any

import numpy as np

from hesper.errors import ResourceError
from hesper.record import Array
from hesper.thermal import model, retrieve_spread
from hesper.thermal.data import Band, Posterior
from hesper.thermal.model_families import family as family_named
from hesper.thermal.model_families import temperatures
from hesper.thermal.retrieve import Question, labels
from hesper.thermal.retrieve_prior import prior_transform
from hesper.thermal.retrieve_spread import Samples


def posterior(question: Question, *, seed: int, live_points: int = 300, precision: float = 0.05) -> Posterior:
    """Sample the posterior of a question and its evidence by nested sampling (Speagle 2020, dynesty).

    Parameters
    ----------
    seed
        Of the random numbers.
    live_points
        More give finer samples and evidence, in proportion to the time.
    precision
        Evidence left in the live points when sampling ends [ln].

    Raises
    ------
    ResourceError
        If dynesty is not installed.
    """
    dynesty = sampler()
    transform = prior_transform(question.parameters)
    with warnings.catch_warnings():
        # Samplers warn of what a run survives (a slow start, an old interface); the result says what matters.
        warnings.simplefilter("ignore")
        nested = dynesty.NestedSampler(
            question.log_likelihood,
            transform,
            len(question.parameters),
            nlive=live_points,
            rstate=np.random.default_rng(seed),
        )
        nested.run_nested(dlogz=precision, print_progress=False)
    result = nested.results
    weight = np.exp(result.logwt - result.logz[-1])
    weight /= weight.sum()
    mean = weight @ result.samples
    return Posterior(
        family=question.family,
        parameter=labels(question),
        samples=result.samples,
        weight=weight,
        mean=mean,
        mean_std=np.sqrt(weight @ (result.samples - mean) ** 2),
        log_evidence=float(result.logz[-1]),
        log_evidence_std=float(result.logzerr[-1]),
    )


def sampler() -> Any:
    """Return the package that samples; absent, it is missed before the work and not after it.

    Raises
    ------
    ResourceError
        If dynesty is not installed.
    """
    try:
        return importlib.import_module("dynesty")
    except ImportError:
        raise ResourceError(
            "retrieve.posterior: the package dynesty is not installed; pip install 'hesper[bayes]', "
            "or set sampling = 'none'"
        ) from None


def band(sample: Posterior, view: model.View, *, is_planck: bool = False, draws: int = 400) -> Band:
    """Predict the spectrum at any frequencies from a posterior of a family of grounds.

    Parameters
    ----------
    view
        Atmosphere and sky at the frequencies wanted.
    draws
        Number of samples, taken at equal steps of their cumulative weight.
    """
    known = retrieve_spread.Samples(sample.samples, sample.weight)
    each = curves(sample.family, known, view, is_planck=is_planck, draws=draws)
    low, median, high = np.percentile(each, [16, 50, 84], axis=0)
    return Band(
        family=sample.family,
        frequency=view.frequency,
        brightness_temperature=each.mean(axis=0),
        brightness_temperature_std=each.std(axis=0),
        median=median,
        low=low,
        high=high,
    )


def curves(
    family: str, known: Samples, view: model.View, *, is_planck: bool = False, draws: int = 400
) -> Array:
    """Return spectra of equally weighted samples [K], shape (draw, frequency); see `band`.

    Parameters
    ----------
    known
        Samples in the units of the family's parameters.
    """
    kind = family_named(family)
    points = retrieve_spread.equal(known, draws)
    return np.array([temperatures(view, kind, point, is_planck) for point in points])
