"""Questions → posteriors, evidence, and what they predict at other frequencies."""

import importlib
import warnings

import numpy as np

from hesper.errors import ResourceError
from hesper.thermal import model
from hesper.thermal.data import Band, Posterior
from hesper.thermal.model_families import family as family_named
from hesper.thermal.model_families import temperatures
from hesper.thermal.retrieve import Question, labels
from hesper.thermal.retrieve_prior import prior_transform


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
    try:
        dynesty = importlib.import_module("dynesty")
    except ImportError:
        raise ResourceError(
            "retrieve.posterior: the package dynesty is not installed; pip install 'hesper[bayes]', "
            "or fit without evidence"
        ) from None
    transform = prior_transform(question.parameters)
    with warnings.catch_warnings():
        # Samplers warn of what a run survives (a slow start, an old interface); the result says what matters.
        warnings.simplefilter("ignore")
        sampler = dynesty.NestedSampler(
            question.log_likelihood,
            transform,
            len(question.parameters),
            nlive=live_points,
            rstate=np.random.default_rng(seed),
        )
        sampler.run_nested(dlogz=precision, print_progress=False)
    result = sampler.results
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


def band(sample: Posterior, view: model.View, *, is_planck: bool = False, draws: int = 400) -> Band:
    """Predict the spectrum at any frequencies from a posterior of a family of grounds.

    Parameters
    ----------
    view
        Atmosphere and sky at the frequencies wanted.
    draws
        Number of samples, taken at equal steps of their cumulative weight.
    """
    kind = family_named(sample.family)
    steps = (np.arange(draws) + 0.5) / draws
    chosen = np.searchsorted(np.cumsum(sample.weight), steps).clip(0, sample.weight.size - 1)
    curves = np.array([temperatures(view, kind, np.array(sample.samples[i]), is_planck) for i in chosen])
    low, high = np.percentile(curves, [16, 84], axis=0)
    return Band(
        family=sample.family,
        frequency=view.frequency,
        brightness_temperature=curves.mean(axis=0),
        brightness_temperature_std=curves.std(axis=0),
        low=low,
        high=high,
    )
