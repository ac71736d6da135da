"""Before observing: what Venus will look like, and which frequency would decide between grounds."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.physics import atmosphere as physics_atmosphere
from hesper.physics import planck
from hesper.record import Array, record, setting
from hesper.thermal import (
    model,
    model_atmosphere,
    model_columns,
    model_families,
    plan_noise,
    read,
    retrieve,
    retrieve_posterior,
)
from hesper.units import GHz, MHz, arcsec, au, hour, km, mJy


class Table(NamedTuple):
    """A table to print."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Predictions(NamedTuple):
    """What each family, fitted to today's data, predicts; all of shape (family, frequency)."""

    best: Array
    """At the most probable parameters [K]."""
    std: Array
    """Standard deviation of the prediction: what today's data leave open within the family [K]."""


@record
class Config:
    """Settings of a planned observation."""

    times: tuple = setting(  # type: ignore[type-arg]
        ("2027-01-01", "2027-06-01"), "text", "dates of observation, UTC (ISO 8601)"
    )
    observer: str = setting("GMRT", "text", "site, as in hesper.ephemeris.SITES")
    frequencies: tuple = setting(  # type: ignore[type-arg]
        (240 * MHz, 333 * MHz, 430 * MHz, 606 * MHz, 1.4 * GHz, 5 * GHz),
        "Hz",
        "frequencies",
        shown="GHz",
        minimum=model_columns.LOWEST_FREQUENCY,
        maximum=model_columns.HIGHEST_FREQUENCY,
    )
    antennas: int = setting(30, "count", "number of antennas", minimum=2, maximum=100_000)
    system_temperature: float = setting(
        100.0, "K", "system temperature without the sky", minimum=1.0, maximum=1e6
    )
    gain: float = setting(0.32, "1", "gain of one antenna [K/Jy]", minimum=1e-6, maximum=1e3)
    bandwidth: float = setting(16 * MHz, "Hz", "bandwidth", shown="MHz", minimum=1.0, maximum=1e12)
    duration: float = setting(5 * hour, "s", "time on Venus", shown="h", minimum=1.0, maximum=1e8)
    longest_baseline: float = setting(25 * km, "m", "longest baseline", shown="km", minimum=1.0, maximum=2e7)
    noise_excess: float = setting(
        18.0, "1", "noise of images over thermal noise (GMRT 2004: 10 to 23, median 18)",
        minimum=1.0, maximum=1e4,
    )  # fmt: skip
    confusion: float = setting(
        0.2 * mJy, "W m-2 Hz-1", "unresolved sources at 1 GHz in a beam of 1 arcmin", shown="mJy",
        minimum=0.0, maximum=1e3 * mJy,
    )  # fmt: skip
    calibration: float = setting(
        0.07, "1", "relative standard deviation of the flux scale", minimum=0.0, maximum=1.0
    )
    sky_408: float = setting(
        30.0, "K", "sky temperature at 408 MHz behind Venus", minimum=2.725, maximum=1000.0
    )
    sky_error: float = setting(
        0.15, "1", "relative standard deviation of the sky temperature", minimum=0.0, maximum=1.0
    )
    families: tuple = setting(  # type: ignore[type-arg]
        model_families.NAMES, "text", "families of grounds to tell apart", choices=model_families.NAMES
    )
    data: tuple = setting(  # type: ignore[type-arg]
        ("mohan2017",), "text", "data sets that fix each family now", choices=tuple(read.PUBLISHED)
    )


def tables(settings: Config) -> list[Table]:
    """Return what an observer wants to know: the disk on each date, its errors, and what would decide.

    Raises
    ------
    InputError
        If no frequency, date or family is given, a name stands twice, or a date is not understood.
    """
    for name in ("times", "frequencies", "families", "data"):
        given = getattr(settings, name)
        if not given:
            raise InputError(f"plan: {name} is empty; give at least one")
        twice = [item for item in given if given.count(item) > 1]
        if twice:
            raise InputError(f"plan: {name} names {twice[0]} twice; name it once")
    from hesper import ephemeris

    nu = model_columns.checked_frequency(np.array(settings.frequencies), where="plan: frequencies")
    view = ephemeris.viewing(list(settings.times), settings.observer)
    spectra = predictions(settings, nu)
    sky = model.sky_source(nu, settings.sky_408)
    array = plan_noise.Interferometer(
        settings.antennas, settings.system_temperature, settings.gain, settings.longest_baseline,
        settings.bandwidth, settings.duration, settings.noise_excess, settings.confusion,
        settings.calibration, settings.sky_error,
    )  # fmt: skip
    disk = spectra.best.mean(axis=0)
    budgets = [plan_noise.budget(array, nu, float(size), sky, disk) for size in view.angular_diameter]
    best = np.min([each.total for each in budgets], axis=0)
    return [
        _visits(settings, view.distance, view.angular_diameter),
        _fluxes(settings, nu, view.angular_diameter, disk, sky, budgets),
        _errors(settings, nu, budgets),
        _contrasts(settings, nu, spectra, best),
        _deciding(settings, nu, spectra, best),
    ]


def predictions(settings: Config, nu: Array) -> Predictions:
    """Return what each family, fitted to today's data, predicts."""
    scene = model.Scene(
        model_atmosphere.standard(physics_atmosphere.vira()),
        model_columns.Laws(),
        np.ones(len(model_columns.SPECIES)),
        settings.sky_408,
    )
    known = read.together(settings.data)
    view = model.view(scene, nu)
    at_data = model.view(scene, known.frequency, known.reference_radius)
    best, spread = [], []
    for name in settings.families:
        kind = model_families.family(name)
        found = retrieve.solve(retrieve.ground_question(known, at_data, kind, radar=read.no_radar()))
        best.append(model_families.temperatures(view, kind, np.array(found.fit.value), is_planck=False))
        curves = retrieve_posterior.curves(name, found.samples, view, draws=200)
        spread.append(curves.std(axis=0))
    return Predictions(np.array(best), np.array(spread))


def _visits(settings: Config, distance: Array, diameter: Array) -> Table:
    rows = [
        (str(time), f"{d / au:.4f}", f"{a / arcsec:.2f}")
        for time, d, a in zip(settings.times, distance, diameter, strict=True)
    ]
    return Table(f"Venus from {settings.observer}", ("date", "distance [au]", "diameter [arcsec]"), rows)


def _fluxes(
    settings: Config, nu: Array, diameters: Array, disk: Array, sky: Array, budgets: list[plan_noise.Budget]
) -> Table:
    rows = []
    for time, diameter, found in zip(settings.times, diameters, budgets, strict=True):
        flux = planck.flux_density(disk, nu, diameter) / mJy
        contrast = planck.flux_density(disk - sky, nu, diameter) / mJy
        rows += [
            (str(time), f"{nu[j] / GHz:g}", f"{disk[j]:.0f}", f"{flux[j]:.1f}", f"{contrast[j]:.1f}",
             f"{found.total[j]:.0f}")
            for j in range(nu.size)
        ]  # fmt: skip
    columns = ("date", "GHz", "T_b [K]", "flux density [mJy]", "seen against the sky [mJy]", "σ(T_b) [K]")
    return Table("Predicted disk (mean of the families) and its uncertainty", columns, rows)


def _errors(settings: Config, nu: Array, budgets: list[plan_noise.Budget]) -> Table:
    rows = [
        (str(time), f"{nu[j] / GHz:g}", *(f"{cause[j]:.1f}" for cause in found))
        for time, found in zip(settings.times, budgets, strict=True)
        for j in range(nu.size)
    ]
    columns = ("date", "GHz", "thermal", f"excess × {settings.noise_excess:g}", "confusion", "flux scale",
               "sky")  # fmt: skip
    return Table("What the uncertainty consists of [K]", columns, rows)


def _contrasts(settings: Config, nu: Array, spectra: Predictions, best: Array) -> Table:
    rows = [
        (str(name), *(f"{t:.0f} ± {s:.0f}" for t, s in zip(spectra.best[i], spectra.std[i], strict=True)))
        for i, name in enumerate(settings.families)
    ]
    apart = np.ptp(spectra.best, axis=0)
    rows.append(("greatest difference", *(f"{v:.0f}" for v in apart)))
    rows.append(("in σ of the best date", *(f"{v:.1f}" for v in apart / best)))
    columns = ("family, fitted to today's data", *(f"{f / GHz:g} GHz" for f in nu))
    return Table("Brightness temperature by family, ± what today's data leave open [K]", columns, rows)


def _deciding(settings: Config, nu: Array, spectra: Predictions, best: Array) -> Table:
    rows = []
    for i, first in enumerate(settings.families):
        for j in range(i + 1, len(settings.families)):
            # Each family may still move within what today's data leave open.
            error = np.sqrt(best**2 + spectra.std[i] ** 2 + spectra.std[j] ** 2)
            apart = np.abs(spectra.best[i] - spectra.best[j]) / error
            k = int(np.argmax(apart))
            word = "decides" if apart[k] > 3 else "helps" if apart[k] > 1 else "does not decide"
            rows.append((f"{first} / {settings.families[j]}", f"{nu[k] / GHz:g}", f"{apart[k]:.1f}", word))
    return Table("Which frequency would decide", ("families", "GHz", "apart by [σ]", "verdict"), rows)
