"""Lines of the Sun, of our air and of Venus, and how a spectrograph blurs them."""

import csv
import math
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.record import Array
from hesper.units import angstrom, milliangstrom

_STEP = 2.0 * milliangstrom
_MARGIN = 0.5 * angstrom


class Lines(NamedTuple):
    """Absorption lines, each a Gaussian and a Lorentzian in optical depth; wavelengths in air [m]."""

    wavelength: Array
    gauss_depth: Array
    gauss_sigma: Array
    lorentz_depth: Array
    lorentz_hwhm: Array


class Spectrum(NamedTuple):
    """A piece of spectrum at rest on a fine uniform grid of air wavelengths [m]."""

    wavelength: Array
    solar: Array
    """Intensity of sunlight relative to the continuum."""
    telluric_depth: Array
    """Optical depth of our atmosphere for the water and air mass of the reference."""
    venus_depth: Array
    """Optical depth of lines that form in Venus's own atmosphere."""


def air_wavelength(vacuum: Array) -> Array:
    """Return wavelengths in air [m] of wavelengths in vacuum [m].

    Standard air of 15 °C and 1 atm: n − 1 = 8.34254e-5 + 2.406147e-2/(130 − s²) + 1.5998e-4/(38.9 − s²)
    with s in µm-1 (Ciddor 1996 as fitted by Birch & Downs 1994; IAU standard).
    """
    s2 = (1e-6 / np.asarray(vacuum, float)) ** 2
    return np.asarray(vacuum / (1 + 8.34254e-5 + 2.406147e-2 / (130 - s2) + 1.5998e-4 / (38.9 - s2)), float)


_NUMBERS = ("wavelength_air", "gauss_depth", "gauss_sigma", "lorentz_depth", "lorentz_hwhm")


def lines(kind: str) -> Lines:
    """Return the package's line list of one kind: "solar", "telluric" or "venus"."""
    text = (files("hesper.winds") / "tables" / "lines.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["kind"] == kind]
    columns = {k: np.array([float(r[k]) for r in rows]) for k in rows[0] if k in _NUMBERS}
    return Lines(
        columns["wavelength_air"] * angstrom,
        columns["gauss_depth"],
        columns["gauss_sigma"] * milliangstrom,
        columns["lorentz_depth"],
        columns["lorentz_hwhm"] * milliangstrom,
    )


def depth(wavelength: Array, listed: Lines) -> Array:
    """Return the optical depth of lines at wavelengths (wavelength,) [m]."""
    total = np.zeros_like(np.asarray(wavelength, float))
    for centre, gauss, sigma, lorentz, hwhm in zip(*listed, strict=True):
        u = wavelength - centre
        total += gauss * np.exp(-0.5 * (u / sigma) ** 2) + lorentz / (1 + (u / hwhm) ** 2)
    return total


def grid(first: float, last: float) -> Array:
    """Return the fine grid of wavelengths [m] that serves a detector from `first` to `last`."""
    count = math.ceil((last - first + 2 * _MARGIN) / _STEP)
    return first - _MARGIN + _STEP * np.arange(count + 1)


def parametric(first: float, last: float) -> Spectrum:
    """Return the spectrum between two wavelengths [m] from the package's line list.

    Raises
    ------
    InputError
        If no solar and no Venusian line of the list lies between them.
    """
    wavelength = grid(first, last)
    own, sun = lines("venus"), lines("solar")
    known = np.concatenate([own.wavelength, sun.wavelength])
    if not np.any((known > first) & (known < last)):
        raise InputError(
            f"spectrum: no line of the list between {first / angstrom:.2f} and "
            f"{last / angstrom:.2f} Å (air); "
            "the list covers 5880-5917, 5167-5184 and 8685-8720 Å: move the window or give an atlas"
        )
    return Spectrum(
        wavelength,
        np.exp(-depth(wavelength, sun)),
        depth(wavelength, lines("telluric")),
        depth(wavelength, own),
    )


def from_atlas(first: float, last: float, wavelength: Array, solar: Array, telluric: Array) -> Spectrum:
    """Return the spectrum between two wavelengths from an atlas (wavelength,) of solar and telluric columns.

    Raises
    ------
    InputError
        If the atlas does not cover the window with its margin for Doppler shifts.
    """
    from scipy.interpolate import CubicSpline

    fine = grid(first, last)
    if wavelength[0] > fine[0] or wavelength[-1] < fine[-1]:
        raise InputError(
            f"atlas: {wavelength[0] / angstrom:.2f} to {wavelength[-1] / angstrom:.2f} Å; "
            f"{fine[0] / angstrom:.2f} to {fine[-1] / angstrom:.2f} Å needed; move the window or "
            f"use 'parametric'"
        )
    transmission = np.clip(CubicSpline(wavelength, telluric)(fine), 1e-3, None)
    return Spectrum(
        fine,
        np.asarray(CubicSpline(wavelength, solar)(fine)),
        -np.log(transmission),
        np.zeros_like(fine),
    )


def shifted(wavelength: Array, values: Array, shift: float) -> Array:
    """Return values of a spectrum whose lines are seen at λ (1 + shift)."""
    from scipy.interpolate import CubicSpline

    rest = np.clip(wavelength / (1 + shift), wavelength[0], wavelength[-1])
    return np.asarray(CubicSpline(wavelength, values)(rest))


def blurred(values: Array, step: float, fwhm: float, pixel: float) -> Array:
    """Return spectra (..., wavelength) seen through a Gaussian line-spread function and pixels of a width.

    Parameters
    ----------
    step, fwhm, pixel
        Of the grid, the line-spread function and a detector pixel [m].
    """
    pad = int(0.4 * angstrom / step)
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(pad, pad)], mode="edge")
    frequency = np.fft.rfftfreq(padded.shape[-1], step)
    sigma = fwhm / math.sqrt(8 * math.log(2))
    transfer = np.exp(-2 * (np.pi * frequency * sigma) ** 2) * np.sinc(frequency * pixel)
    out = np.fft.irfft(np.fft.rfft(padded) * transfer, padded.shape[-1])
    return np.asarray(out[..., pad:-pad])
