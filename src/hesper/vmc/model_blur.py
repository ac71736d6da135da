"""Blurring on the sphere: what scattering in the clouds does to the pattern of the surface."""

import numpy as np

from hesper.constants import VENUS_RADIUS
from hesper.record import Array

_REACH = 2.5


def gaussian(distance: Array, width: float) -> Array:
    """Return a Gaussian of unit height and full width at half maximum `width` [m]."""
    return np.asarray(np.exp(-4 * np.log(2) * (distance / width) ** 2))


def exponential(distance: Array, width: float) -> Array:
    """Return an exponential of unit height and full width at half maximum `width` [m].

    The tails of multiple scattering between cloud and surface fall off so, not as a Gaussian.
    """
    return np.asarray(np.exp(-2 * np.log(2) * distance / width))


def spread(
    values: Array, lat: Array, step: float, *, width: float, closed: bool, exponential_tails: bool = False
) -> Array:
    """Return a map convolved with a spread function of the great-circle distance.

    Parameters
    ----------
    values
        (..., row, column) on a longitude–latitude grid; NaN is left out, the weights renormalised.
    lat
        Latitude of the rows [rad].
    step
        Size of a cell [rad].
    width
        Full width at half maximum [m]; the function ends at 2.5 widths (6 where it has tails).
    closed
        The map goes once round the planet.
    exponential_tails
        An exponential instead of a Gaussian.

    Notes
    -----
    At one pair of latitudes the function depends on the difference of longitude alone: a Fourier transform
    along each row makes the convolution exact on the sphere, where a kernel of constant width in degrees
    would be twice too wide at 60°.
    """
    profile = exponential if exponential_tails else gaussian
    reach = (6.0 if exponential_tails else _REACH) * width / VENUS_RADIUS
    rows, columns = values.shape[-2:]
    half = int(np.ceil(reach / step))
    widest = np.cos(np.minimum(np.abs(lat).max(), np.pi / 2 - reach - step))
    margin = 0 if closed else int(np.ceil(2 * np.arcsin(min(np.sin(reach / 2) / widest, 1.0)) / step)) + 1
    length = columns + margin
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    stack = np.stack([filled, known.astype(float)])
    spectrum = np.fft.rfft(stack, n=length, axis=-1)
    offset = np.arange(length)
    offset = step * np.minimum(offset, length - offset)
    half_chord = np.sin(offset / 2) ** 2
    out = np.zeros(spectrum.shape, complex)
    cosine = np.cos(lat)
    for shift in range(-half, half + 1):
        to = np.arange(max(0, -shift), min(rows, rows - shift))
        source = to + shift
        chord = np.sin(shift * step / 2) ** 2 + (cosine[to] * cosine[source])[:, None] * half_chord
        distance = 2 * VENUS_RADIUS * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))
        kernel = np.where(distance <= reach * VENUS_RADIUS, profile(distance, width), 0.0)
        # The area of a source cell goes with the cosine of its latitude.
        transfer = np.fft.rfft(kernel * cosine[source][:, None], axis=1)
        out[..., to, :] += transfer * spectrum[..., source, :]
    total, weight = np.fft.irfft(out, n=length, axis=-1)[..., :columns]
    safe = np.where(known, np.maximum(weight, 1e-300), 1.0)
    return np.where(known, total / safe, np.nan)


def smeared(values: Array, length: float, step: float) -> Array:
    """Return a map averaged northward over a length [m], as by the motion of a polar orbiter.

    Parameters
    ----------
    values
        (row, column); NaN is left out, the weights renormalised.
    length
        Of the smear [m].
    step
        Size of a cell [rad].
    """
    half = 0.5 * length / (step * VENUS_RADIUS)
    reach = int(np.ceil(half + 0.5))
    place = np.arange(-reach, reach + 1)
    weight = np.clip(half - np.abs(place) + 0.5, 0.0, 1.0)
    if half < 0.5:
        weight = np.where(place == 0, 1.0, 0.0)
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    total, norm = np.zeros(values.shape), np.zeros(values.shape)
    for shift, share in zip(place, weight, strict=True):
        to = slice(max(0, -shift), values.shape[0] - max(0, shift))
        source = slice(max(0, shift), values.shape[0] - max(0, -shift))
        total[to] += share * filled[source]
        norm[to] += share * known[source]
    return np.where(known, total / np.maximum(norm, 1e-300), np.nan)
