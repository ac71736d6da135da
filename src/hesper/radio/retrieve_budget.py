"""What a flux density may be wrong by: every term of the error, from the observation's own geometry."""

from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.radio.data_image import ErrorBudget
from hesper.record import Array


class Schedule(NamedTuple):
    """When and how high the sources of an observation stood; elevations in rad, times in s."""

    primary_time: Array
    """(scan,) scans of the flux calibrators"""
    primary_elevation: Array
    """(scan,)"""
    secondary_time: Array
    """(scan,) scans of the phase calibrator"""
    secondary_elevation: Array
    """(scan,)"""
    target_time: Array
    """(time,) integrations on the planet"""
    target_elevation: Array
    """(time,)"""


class Instrument(NamedTuple):
    """What is known of the instrument, standard deviations relative."""

    gain_variation: float
    """Range of the amplitude gain that was seen on the phase calibrator."""
    flux_scale: float
    """Of the flux-density scale."""
    primary_beam: float
    """Of the response of the primary beam at the planet."""
    track: float
    """Flux lost by errors of the ephemeris."""
    limb: float
    """Flux that an unknown limb law leaves open."""


GMRT_2004 = Instrument(gain_variation=0.10, flux_scale=0.03, primary_beam=0.005, track=0.001, limb=0.005)
"""Mohan et al. 2017, sections 3.2 and 3.3: 10 % over five hours, 3 % of the scale of Scaife & Heald."""


def budget(schedule: Schedule, instrument: Instrument, *, noise: float, gain_power: int = 2) -> ErrorBudget:
    """Return the terms of the error of a flux density.

    Parameters
    ----------
    schedule
        Of the observation.
    instrument
        What is known of it, such as `GMRT_2004`.
    noise
        Relative standard deviation of the fit itself.
    gain_power
        2: a flux density goes with the square of the amplitude gain; 1 takes errors of gain for errors of
        flux density, as the printed sum of terms of Mohan et al. 2017 does.

    Notes
    -----
    The method of Mohan et al. 2017, section 3.2: all of the gain's variation is laid once on elevation and
    once on time, linearly, over the range in which it was seen. The difference between primary and secondary
    is that of their scans next in time. That between secondary and planet is the mean over integrations: in
    elevation with the secondary's interpolated to the moment, in time a quarter of the interval of its scans.
    """
    s = schedule
    if min(s.primary_time.size, s.secondary_time.size, s.target_time.size) < 1:
        raise InputError("budget: scans of primary, secondary and planet are needed; one is missing")
    span, lapse = np.ptp(s.secondary_elevation), np.ptp(s.secondary_time)
    if span <= 0 or lapse <= 0:
        raise InputError("budget: one scan of the phase calibrator shows no variation; two are needed")
    nearest = np.abs(s.primary_time[:, None] - s.secondary_time).argmin(axis=1)
    step = np.mean(np.abs(s.primary_elevation - s.secondary_elevation[nearest])) / span
    wait = np.mean(np.abs(s.primary_time - s.secondary_time[nearest])) / lapse
    between = np.interp(s.target_time, s.secondary_time, s.secondary_elevation)
    height = np.mean(np.abs(s.target_elevation - between)) / span
    gap = np.mean(np.diff(s.secondary_time)) / 4 / lapse
    gain = gain_power * instrument.gain_variation
    terms = {
        "noise": noise,
        "flux scale": instrument.flux_scale,
        "gain with elevation, primary to secondary": float(gain * step),
        "gain with elevation, secondary to planet": float(gain * height),
        "gain with time": float(gain * np.hypot(wait, gap)),
        "primary beam": instrument.primary_beam,
        "track": instrument.track,
        "limb": instrument.limb,
    }
    return _record(terms)


def paper(noise: float) -> ErrorBudget:
    """Return the "~7 %" that Mohan et al. 2017 adopt for everything but noise."""
    return _record({"noise": noise, "calibration as published": 0.07})


def total(found: ErrorBudget) -> float:
    """Return all terms in quadrature."""
    return float(np.sqrt(np.sum(found.value**2)))


def systematic(found: ErrorBudget) -> float:
    """Return all terms but the noise in quadrature."""
    return float(np.sqrt(np.sum(found.value[found.term != "noise"] ** 2)))


def _record(terms: dict[str, float]) -> ErrorBudget:
    return ErrorBudget(term=np.array(list(terms)), value=np.array(list(terms.values())))
