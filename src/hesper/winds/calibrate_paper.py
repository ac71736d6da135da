"""Distortion, skylight and chord as Gaulme et al. 2008 handled them, biases included.

Section 3 of the paper. The recommended route is in `calibrate`; this one exists to reproduce the published
numbers and to show where they come from.
"""

import math

import numpy as np

from hesper.errors import InputError
from hesper.record import Array, array, record
from hesper.winds import model
from hesper.winds.data import Spectra

_LINE_HALF_WINDOW = 9
"""Pixels fitted on either side of a line's lowest one."""


@record
class CleanSpectra:
    """Rectified frames without skylight, and each frame's mean spectrum of the sky."""

    electrons: Array = array("frame row pixel", "1", "electrons of Venus, straightened", dtype=np.float32)
    reference: Array = array("frame pixel", "1", "mean spectrum of the rows of sky")
    row: Array = array("row", "1", "detector rows that are kept", dtype=int)
    distortion: Array = array("power", "1", "shift of rows in pixels as a polynomial in η")


@record
class Chords:
    """Extent of the planet along the slit."""

    length: Array = array("frame", "rad", "full width at half maximum")
    smooth: Array = array("frame", "rad", "that width as a polynomial of third degree in time")
    middle: Array = array("frame", "rad", "middle between the half-maximum points, from the first row")
    low: Array = array("frame", "rad", "lower half-maximum point")
    high: Array = array("frame", "rad", "upper half-maximum point")
    scatter: Array = array("frame", "rad", "length less smooth")
    segments: Array = array("frame", "1", "parts of the profile above half maximum", dtype=int)


def line_centres(image: Array) -> Array:
    """Return the centre (row,) [pixels] of the deepest line by a polynomial of fourth degree; NaN if none.

    Parameters
    ----------
    image
        Spectra (row, pixel).
    """
    half_window = _LINE_HALF_WINDOW
    mean = np.nanmean(image, axis=0)
    smooth = np.convolve(mean, np.ones(9) / 9, mode="same")
    bottom = int(np.argmin(smooth[half_window + 9 : -half_window - 9])) + half_window + 9
    t = np.arange(-half_window, half_window + 1) / half_window
    near = np.nan_to_num(
        image[:, bottom - half_window : bottom + half_window + 1], nan=float(np.nanmean(mean))
    )
    coefficients = near @ np.linalg.pinv(np.vander(t, 5, increasing=True)).T
    out = np.full(len(image), np.nan)
    for i, c in enumerate(coefficients):
        roots = np.roots([4 * c[4], 3 * c[3], 2 * c[2], c[1]])
        real = roots[np.abs(roots.imag) < 1e-9].real
        real = real[np.abs(real) < 1]
        bends = 2 * c[2] + 6 * c[3] * real + 12 * c[4] * real**2
        if (bends > 0).any():
            out[i] = bottom + half_window * real[bends > 0][np.argmin(np.polyval(c[::-1], real[bends > 0]))]
    return out


def distortion(image: Array, eta: Array, free: Array) -> Array:
    """Return the quadratic (3,) in η of the sky line's shift [pixels], from the rows `free` of one image."""
    centre = line_centres(image[free])
    good = np.isfinite(centre) & (np.abs(centre - np.nanmedian(centre)) < 10)
    if good.sum() < 6:
        raise InputError(
            f"distortion: the sky line is found in {int(good.sum())} rows; 6 are needed: give a "
            f"brighter image"
        )
    return np.asarray(np.polynomial.polynomial.polyfit(eta[free][good], centre[good], 2))


def clean(spectra: Spectra, free: Array, *, keep: Array) -> CleanSpectra:
    """Straighten all frames with the distortion of one, by cubic splines, and subtract the mean skylight.

    Parameters
    ----------
    free
        Rows of sky (row,), Boolean.
    keep
        Rows of the planet (index,) that go on.
    """
    from scipy.ndimage import spline_filter1d

    use = np.flatnonzero(spectra.usable)
    rows, width = spectra.electrons.shape[1:]
    eta = (np.arange(rows) - rows / 2) / (rows / 2)
    image = np.nanmean(spectra.electrons[use[: min(10, use.size)]], axis=0)
    polynomial = distortion(image, eta, free)
    moved = np.polynomial.polynomial.polyval(eta, polynomial) - polynomial[0]
    index, weights = _spline_weights(moved, width)
    wanted = np.zeros(rows, bool)
    wanted[keep] = True
    sky = np.flatnonzero(free)
    out = np.zeros((len(spectra.electrons), keep.size, width), np.float32)
    reference = np.zeros((len(spectra.electrons), width))
    for i in use:
        frame = _filled(spectra.electrons[i])
        coefficients = spline_filter1d(frame, 3, axis=1, mode="mirror")
        straight = np.zeros(frame.shape)
        for k in range(4):
            straight += np.take_along_axis(coefficients, index[k], axis=1) * weights[k][:, None]
        reference[i] = straight[sky].mean(axis=0)
        out[i] = straight[keep] - reference[i]
    return CleanSpectra(electrons=out, reference=reference, row=keep, distortion=polynomial)


def _filled(frame: Array) -> Array:
    """Replace bad pixels by their row's median of neighbours: a spline passes through every one."""
    bad = ~np.isfinite(frame)
    if not bad.any():
        return np.asarray(frame, float)
    out = np.array(frame, float)
    for row in np.flatnonzero(bad.any(axis=1)):
        good = ~bad[row]
        if good.sum() > 3:
            out[row, ~good] = np.interp(np.flatnonzero(~good), np.flatnonzero(good), out[row, good])
        else:
            out[row] = 0.0
    return out


def _spline_weights(moved: Array, width: int) -> tuple[Array, Array]:
    """Return the four neighbours (4, row, pixel) and weights (4, row) of cubic B-splines at pixel + moved."""
    whole = np.floor(moved).astype(int)
    t = moved - whole
    weights = np.stack(
        [(1 - t) ** 3 / 6, (3 * t**3 - 6 * t**2 + 4) / 6, (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6, t**3 / 6]
    )
    base = np.arange(width)[None, :] + whole[:, None]
    index = np.stack([np.clip(base + k, 0, width - 1) for k in (-1, 0, 1, 2)])
    return index, weights


def chords(profile: Array, height: Array, time: Array, usable: Array) -> Chords:
    """Return the extent of the planet as the full width at half maximum, smoothed by a cubic in time.

    Parameters
    ----------
    profile
        Light of Venus along the slit (frame, row).
    height
        Of the rows [rad] (row,).
    time
        (frame,) [s].
    usable
        Frames to use (frame,).

    Notes
    -----
    A profile in two parts (a crescent cut twice) is measured from the outermost half-maximum points; the
    number of its parts is returned, for a chord's length then means nothing.
    """
    n = len(profile)
    low, high, parts = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n, int)
    for i in np.flatnonzero(usable):
        low[i], high[i], parts[i] = _half_maximum(profile[i], height)
    length = high - low
    good = np.isfinite(length)
    if good.sum() < 5:
        raise InputError(
            f"chords: the planet is seen in {int(good.sum())} frames; 5 are needed for a cubic in time: "
            "add frames, or check BIAS, SATURATE and the exposure time"
        )
    t = (time - time[good].mean()) / max(np.ptp(time[good]) / 2, 1.0)
    smooth = np.polynomial.polynomial.polyval(t, np.polynomial.polynomial.polyfit(t[good], length[good], 3))
    return Chords(
        length=length, smooth=smooth, middle=(low + high) / 2, low=low, high=high, scatter=length - smooth,
        segments=parts,
    )  # fmt: skip


def _half_maximum(profile: Array, height: Array) -> tuple[float, float, int]:
    top = float(np.nanpercentile(profile, 99))
    above = np.flatnonzero(profile > top / 2)
    if above.size < 3 or top <= 0 or above[0] == 0 or above[-1] == profile.size - 1:
        return math.nan, math.nan, 0
    first, last = int(above[0]), int(above[-1])
    low = float(np.interp(top / 2, profile[first - 1 : first + 1], height[first - 1 : first + 1]))
    high = float(np.interp(-top / 2, -profile[last : last + 2], height[last : last + 2]))
    gaps = np.diff(above)
    return low, high, 1 + int((gaps > 5).sum())


def position_from_chord(length: Array, view: model.Aspect) -> Array:
    """Return x = R √(1 − (C/D)²) [rad], the sense of the paper's equation (1), sunward branch."""
    return model.slit_position(length, view)[0]


def position_literal(length: Array, view: model.Aspect) -> Array:
    """Return x = R cos(C/D) [rad], equation (1) as printed: C/D is no angle, x is 3″ too large."""
    return np.asarray(view.angular_radius * np.cos(np.asarray(length) / (2 * view.angular_radius)))
