"""Relative velocities of whole spectra, for planets observed point by point."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import InputError
from hesper.record import Array
from hesper.winds import model_correlation

_STEP = 1000.0
"""m s-1; of the logarithmic grid of wavelengths."""


class RelativeVelocity(NamedTuple):
    """Velocity of one spectrum against another."""

    velocity: float
    """Positive where the lines lie redward [m s-1]."""
    velocity_std: float
    """From the scatter among the windows [m s-1]."""
    windows: Array
    """Of each window [m s-1]."""


def relative_velocity(
    wavelength: Array, flux: Array, reference_wavelength: Array, reference: Array,
    windows: Sequence[tuple[float, float]], *, largest: float = 80e3,
    widest: float = 8e3,
) -> RelativeVelocity:  # fmt: skip
    """Return the shift between two spectra by correlation on a logarithmic grid, window by window.

    Parameters
    ----------
    wavelength, reference_wavelength
        In air [m], increasing.
    flux, reference
        Intensities on any scale.
    windows
        First and last wavelength of pieces without telluric lines [m].
    largest
        Largest velocity looked for [m s-1].
    widest
        Structure wider than this is taken out [m s-1]: 8e3 for narrow lines, 40e3 for the Ca II triplet.

    Raises
    ------
    InputError
        If no window is covered by both spectra.
    """
    found = []
    for first, last in windows:
        covered = min(wavelength[-1], reference_wavelength[-1]) > last
        if covered and max(wavelength[0], reference_wavelength[0]) < first:
            found.append(
                _window(wavelength, flux, reference_wavelength, reference, first, last, largest, widest)
            )
    values = np.array(found)[np.isfinite(found)]
    if values.size == 0:
        raise InputError(
            "relative velocity: no window is covered by both spectra; choose windows inside them"
        )
    middle = float(np.median(values))
    values = values[np.abs(values - middle) < 2000.0]
    std = float(values.std(ddof=1) / np.sqrt(values.size)) if values.size > 1 else float("nan")
    return RelativeVelocity(float(values.mean()), std, np.array(found))


def _window(
    wavelength: Array, flux: Array, other: Array, reference: Array, first: float, last: float,
    largest: float, widest: float,
) -> float:  # fmt: skip
    count = int(np.log(last / first) * SPEED_OF_LIGHT / _STEP)
    grid = first * np.exp(np.arange(count) * _STEP / SPEED_OF_LIGHT)
    a, b = (
        _flattened(np.interp(grid, x, _clipped(y)), widest / _STEP)
        for x, y in ((wavelength, flux), (other, reference))
    )
    reach = min(int(largest / _STEP), count // 2)
    lags = np.arange(-reach, reach + 1)
    place, _ = model_correlation.peak(model_correlation.correlation(a[None, :], b, lags), lags, 5)
    return float(np.expm1(place[0] * _STEP / SPEED_OF_LIGHT) * SPEED_OF_LIGHT)


def _clipped(flux: Array) -> Array:
    """Cut spikes: what exceeds the running maximum of its neighbours by far."""
    top = np.nanpercentile(flux, 99.5)
    return np.asarray(np.clip(np.nan_to_num(flux, nan=float(np.nanmedian(flux))), 0, 1.2 * top))


def _flattened(flux: Array, widest: float) -> Array:
    """Divide by the smooth spectrum and keep only detail finer than broad lines and detector fringes."""
    from scipy.ndimage import gaussian_filter1d

    smooth = gaussian_filter1d(flux, 12 * widest)
    level = flux / np.maximum(smooth, 1e-3 * smooth.max())
    return np.asarray(gaussian_filter1d(level, 1.0) - gaussian_filter1d(level, widest), float)
