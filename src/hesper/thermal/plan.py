"""Before observing: what Venus will look like, and which frequency would decide between grounds."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import InputError
from hesper.physics import atmosphere as physics_atmosphere
from hesper.physics import planck
from hesper.record import Array, record, setting
from hesper.thermal import model, model_atmosphere, model_families, read, retrieve, simulate
from hesper.units import GHz, MHz, arcsec, au, hour, km, mJy


class Table(NamedTuple):
    """A table to print."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Interferometer(NamedTuple):
    """An array of antennas."""

    antennas: int
    system_temperature: float
    """Without the sky [K]."""
    gain: float
    """Of one antenna [K Jy-1]."""
    longest_baseline: float
    """[m]."""


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
        minimum=model.LOWEST_FREQUENCY,
        maximum=model.HIGHEST_FREQUENCY,
    )
    antennas: int = setting(30, "count", "number of antennas", minimum=2)
    system_temperature: float = setting(100.0, "K", "system temperature without the sky", minimum=1.0)
    gain: float = setting(0.32, "1", "gain of one antenna [K/Jy]", minimum=1e-6)
    bandwidth: float = setting(16 * MHz, "Hz", "bandwidth", shown="MHz", minimum=1.0)
    duration: float = setting(5 * hour, "s", "time on Venus", shown="h", minimum=1.0)
    longest_baseline: float = setting(25 * km, "m", "longest baseline", shown="km", minimum=1.0)
    calibration: float = setting(0.07, "1", "relative standard deviation of the flux scale", minimum=0.0)
    sky_408: float = setting(30.0, "K", "sky temperature at 408 MHz behind Venus", minimum=2.725)
    families: tuple = setting(  # type: ignore[type-arg]
        model_families.NAMES, "text", "families of grounds to tell apart", choices=model_families.NAMES
    )
    data: tuple = setting(  # type: ignore[type-arg]
        ("mohan2017",), "text", "data sets that fix each family now", choices=tuple(read.PUBLISHED)
    )


def tables(settings: Config) -> list[Table]:
    """Return what an observer wants to know: the disk on each date, the noise, and what would decide.

    Raises
    ------
    InputError
        If fewer than one frequency, date or family is given, or a date is not understood.
    """
    for name in ("times", "frequencies", "families", "data"):
        if not getattr(settings, name):
            raise InputError(f"plan: {name} is empty; give at least one")
    from hesper import ephemeris

    nu = model.checked_frequency(np.array(settings.frequencies), where="plan: frequencies")
    view = ephemeris.viewing(list(settings.times), settings.observer)
    spectra = predictions(settings, nu)
    array = Interferometer(
        settings.antennas, settings.system_temperature, settings.gain, settings.longest_baseline
    )
    std = np.array([
        temperature_std(array, nu, diameter, model.sky_source(nu, settings.sky_408), settings)
        for diameter in view.angular_diameter
    ])  # fmt: skip
    return [
        _visits(settings, view.distance, view.angular_diameter),
        _fluxes(settings, nu, view.angular_diameter, spectra, std),
        _contrasts(settings, nu, spectra, std),
        _deciding(settings, nu, spectra, std),
    ]


def predictions(settings: Config, nu: Array) -> Array:
    """Return what each family, fitted to today's data, predicts [K], shape (family, frequency)."""
    scene = model.Scene(
        model_atmosphere.standard(physics_atmosphere.vira()),
        model.Laws(),
        np.ones(len(model.SPECIES)),
        settings.sky_408,
    )
    known = read.joined([read.published(name) for name in settings.data])
    view = model.view(scene, nu)
    at_data = model.view(scene, known.frequency, known.reference_radius)
    spectra = []
    for name in settings.families:
        kind = model_families.family(name)
        fit = retrieve.fit(retrieve.ground_question(known, at_data, kind, radar=read.no_radar()))
        spectra.append(simulate.prediction(view, kind, np.array(fit.value)).brightness_temperature)
    return np.array(spectra)


def temperature_std(
    array: Interferometer, nu: Array, angular_diameter: float, sky: Array, settings: Config
) -> Array:
    """Return the standard deviation [K] of the disk's brightness temperature: noise and flux scale.

    An image has σ = T_sys/(G √(N(N−1) B t)) per beam; the disk covers n = Ω/Ω_beam of them, so its flux
    density has σ √n. Natural weighting and one polarisation; T_sys includes the sky (radiometer equation).
    The flux scale errs by its relative std of 600 K.

    Parameters
    ----------
    nu
        [Hz], shape (frequency,).
    angular_diameter
        Of Venus [rad].
    sky
        Sky temperature [K], shape (frequency,).
    """
    jansky = 1e-26
    pairs = array.antennas * (array.antennas - 1)
    per_beam = (array.system_temperature + sky) / (
        array.gain / jansky * np.sqrt(pairs * settings.bandwidth * settings.duration)
    )
    beam = beam_width(array, nu)
    beams = np.maximum(planck.disk_solid_angle(angular_diameter) / (np.pi / (4 * np.log(2)) * beam**2), 1.0)
    noise = planck.brightness_temperature(per_beam * np.sqrt(beams), nu, angular_diameter)
    return np.asarray(np.hypot(noise, settings.calibration * 600.0))


def beam_width(array: Interferometer, nu: Array) -> Array:
    """Return the full width at half maximum of the synthesised beam, about λ/B [rad]."""
    return np.asarray(SPEED_OF_LIGHT / nu / array.longest_baseline)


def _visits(settings: Config, distance: Array, diameter: Array) -> Table:
    rows = [
        (str(time), f"{d / au:.4f}", f"{a / arcsec:.2f}")
        for time, d, a in zip(settings.times, distance, diameter, strict=True)
    ]
    return Table(f"Venus from {settings.observer}", ("date", "distance [au]", "diameter [arcsec]"), rows)


def _fluxes(settings: Config, nu: Array, diameters: Array, spectra: Array, std: Array) -> Table:
    uniform = spectra.mean(axis=0)
    rows = []
    for i, time in enumerate(settings.times):
        for j, frequency in enumerate(nu):
            flux = planck.flux_density(uniform[j], frequency, diameters[i])
            sky = model.sky_source(nu[j : j + 1], settings.sky_408)[0]
            contrast = planck.flux_density(uniform[j] - sky, frequency, diameters[i])
            rows.append((str(time), f"{frequency / GHz:g}", f"{uniform[j]:.0f}", f"{flux / mJy:.1f}",
                         f"{contrast / mJy:.1f}", f"{std[i, j]:.0f}"))  # fmt: skip
    columns = ("date", "GHz", "T_b [K]", "flux density [mJy]", "seen against the sky [mJy]", "σ(T_b) [K]")
    return Table("Predicted disk (mean of the families) and its uncertainty", columns, rows)


def _contrasts(settings: Config, nu: Array, spectra: Array, std: Array) -> Table:
    rows = [
        (str(name), *(f"{value:.0f}" for value in spectra[i])) for i, name in enumerate(settings.families)
    ]
    best = std.min(axis=0)
    rows.append(("greatest difference", *(f"{v:.0f}" for v in np.ptp(spectra, axis=0))))
    rows.append(("in σ of the best date", *(f"{v:.1f}" for v in np.ptp(spectra, axis=0) / best)))
    columns = ("family, fitted to today's data", *(f"{f / GHz:g} GHz" for f in nu))
    return Table("Brightness temperature by family [K]", columns, rows)


def _deciding(settings: Config, nu: Array, spectra: Array, std: Array) -> Table:
    best = std.min(axis=0)
    rows = []
    for i, first in enumerate(settings.families):
        for j in range(i + 1, len(settings.families)):
            apart = np.abs(spectra[i] - spectra[j]) / best
            k = int(np.argmax(apart))
            word = "decides" if apart[k] > 3 else "helps" if apart[k] > 1 else "does not decide"
            rows.append((f"{first} / {settings.families[j]}", f"{nu[k] / GHz:g}", f"{apart[k]:.1f}", word))
    return Table("Which frequency would decide", ("families", "GHz", "apart by [σ]", "verdict"), rows)
