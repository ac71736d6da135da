"""How far the fitted flux density scatters beside the planet, where there is nothing to be fitted."""

import dataclasses
from typing import NamedTuple

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.radio import grid_image, grid_samples, model_disk, model_imaging, retrieve_disk
from hesper.radio.data_image import DiskFit, Frame, Tracked

_INNER, _OUTER = 1.0, 5.0
"""Of the ring about the planet that is looked at, in diameters or, where that is wider, beams."""
_SMALLEST = 64
"""Image, pixels."""
_PLACES = 4 * (_OUTER**2 - _INNER**2)
"""Disks that fit into the ring side by side."""
_LARGEST = 1 + 3 / np.sqrt(2 * _PLACES)
"""Ratio to the stated error that chance exceeds once in 700 times."""


def stated(tracked: Tracked, fit: DiskFit, field: Frame) -> DiskFit:
    """Return the fit with the error that is stated of it.

    What interference and ionosphere leave is not white. The covariance gives way to the scatter beside the
    planet and to the jackknives over time and antennas where one of these is surely larger, and to what short
    and long baselines disagree by.
    """
    wide = honest(fit, scatter(tracked, fit, field).rms)
    antennas = np.unique([tracked.antenna1, tracked.antenna2]).size
    worst = wide.flux_density_std
    for found, groups in (
        (fit.time_jackknife_std, retrieve_disk.GROUPS),
        (fit.baseline_jackknife_std, antennas),
    ):
        if found > wide.flux_density_std * (1 + 3 / np.sqrt(2 * (groups - 1))):
            worst = max(worst, found)
    return torn(dataclasses.replace(wide, flux_density_std=worst), *split(tracked, fit))


class Scatter(NamedTuple):
    """Of flux densities beside the planet."""

    rms: float
    """[Jy]"""
    predicted: float
    """By the weights [Jy]."""


def scatter(tracked: Tracked, fit: DiskFit, field: Frame) -> Scatter:
    """Return the rms of flux densities of the same disk, fitted everywhere in a ring about the planet.

    Parameters
    ----------
    tracked
        The visibilities that were fitted.
    fit
        The disk, which is taken off first.
    field
        Gives place and band.

    Notes
    -----
    The fit is Σ w A Re V′/Σ w A²: the dirty image of weights w A, A the disk's visibility, divided by
    Σ w A²/Σ w A. Whatever moves the fit (sources left in, interference, phases) shows in it.
    """
    samples = grid_samples.of_planet(tracked)
    uv = samples.uvw[:, :2].astype(float)
    length = np.hypot(*uv.T)
    shape = model_disk.looked_up(np.pi * fit.angular_diameter * length, fit.limb_exponent)
    planet = fit.flux_density * shape * np.exp(2j * np.pi * (uv @ fit.offset))
    rest = ((samples.value - planet) * np.sign(shape)).astype(np.complex64)
    mass = (samples.weight * np.abs(shape)).astype(np.float32)
    information = samples.weight * shape**2
    # Of a Gaussian beam the full width is 0.53 over the rms length of its baselines.
    unit = max(fit.angular_diameter, 0.53 / float(np.sqrt(np.average(length**2, weights=information))))
    pixel = 0.4 / float(length.max())
    size = max(2 * int(np.ceil(1.2 * _OUTER * unit / pixel)), _SMALLEST)
    frame = dataclasses.replace(field, pixel=pixel, size=size)
    plan = model_imaging.prepare(samples.uvw, rest, mass, size=size, pixel=pixel)
    total = float(np.sum(information, dtype=float))
    image = model_imaging.image(plan) / total
    away = grid_image.offsets(frame) / unit
    ring = (away > _INNER) & (away < _OUTER)
    return Scatter(float(np.sqrt(np.mean(image[ring].astype(float) ** 2))), total**-0.5)


def honest(fit: DiskFit, beside: float) -> DiskFit:
    """Return the fit with its errors raised to the scatter beside the planet, where that is surely larger.

    A flux density whose error comes from the fit's own residuals alone is too sure of itself where the rest
    of the field is not noise: its errors are correlated, and χ² does not know.
    """
    ratio = beside / fit.flux_density_std
    if ratio <= _LARGEST:
        return fit
    return dataclasses.replace(
        fit,
        flux_density_std=beside,
        offset_std=fit.offset_std * ratio,
        covariance=fit.covariance * ratio**2,
        null_flux_density_std=fit.null_flux_density_std * ratio,
    )


def split(tracked: Tracked, fit: DiskFit) -> tuple[float, float]:
    """Return flux densities [Jy] on long baselines less short ones, and the standard deviation.

    Both halves weigh the same in the fit, and a disk gives both the same. What the ground or the background
    adds does not: it stands on short baselines.
    """
    value, weight = retrieve_disk.stokes_i(tracked)
    del value
    lengths = np.linalg.norm(tracked.uv, axis=-1)[..., None] * tracked.frequency / SPEED_OF_LIGHT
    shape = model_disk.looked_up(np.pi * fit.angular_diameter * lengths, fit.limb_exponent)
    information = (weight * (tracked.response[:, None, :] * shape) ** 2).ravel()
    order = np.argsort(lengths, axis=None)
    share = np.cumsum(information[order], dtype=float)
    middle = float(lengths.ravel()[order[np.searchsorted(share, 0.5 * share[-1])]])
    still = retrieve_disk.moved(tracked, fit)
    short = retrieve_disk.disk(
        still, free=retrieve_disk.FLUX_ALONE, exponent=fit.limb_exponent, longest=middle
    )
    long = retrieve_disk.disk(
        still, free=retrieve_disk.FLUX_ALONE, exponent=fit.limb_exponent, shortest=middle
    )
    return long.flux_density - short.flux_density, float(
        np.hypot(long.flux_density_std, short.flux_density_std)
    )


def torn(fit: DiskFit, difference: float, difference_std: float) -> DiskFit:
    """Return the fit with half of the difference of its halves in the error, where that is beyond 3σ.

    The fit is the mean of both; if one is right, it is wrong by half of their difference.
    """
    if abs(difference) < 3 * difference_std:
        return fit
    return dataclasses.replace(fit, flux_density_std=float(np.hypot(fit.flux_density_std, difference / 2)))
