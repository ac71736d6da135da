"""Lines of the Sun, of our air and of Venus, and what a spectrograph makes of them.

A template holds the blurred spectrum on a fine grid as polynomials in velocity, so that a detector row of any
wavelength solution can be predicted, and fitted, without resampling the data.
"""

import csv
import math
from importlib.resources import files
from typing import NamedTuple, Protocol

import numpy as np

from hesper.compiled import compiled
from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import InputError
from hesper.record import Array
from hesper.units import angstrom, milliangstrom

VELOCITY_UNIT = 400.0
"""m s-1; velocities in a template's polynomials are in this unit."""
COLUMNS = 10
"""Of a template: light of Venus (5 powers of velocity), its telluric derivative (2), sky (3)."""
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


class Shifts(NamedTuple):
    """λ/λ0 − 1 of what moves with no wind: reflected sunlight, Venus's own lines, sunlight of our sky."""

    reflected: float
    emitted: float
    sky: float


class TemplateMaker(Protocol):
    """A function that makes a template: `template` or `emitted_template`."""

    def __call__(
        self, spectrum: Spectrum, *, shifts: Shifts, venus_exponent: float, sky_exponent: float,
        fwhm: float, pixel: float,
    ) -> "Template":  # fmt: skip
        """Return the template of what lies behind the slit."""


class Template(NamedTuple):
    """What the detector would see of a unit continuum, as polynomials in velocity on a fine grid."""

    start: float
    """First wavelength [m]."""
    step: float
    table: Array
    """(wavelength, COLUMNS)."""


def air_wavelength(vacuum: Array) -> Array:
    """Return wavelengths in air [m] of wavelengths in vacuum [m].

    Standard air of 15 °C and 1 atm: n − 1 = 8.34254e-5 + 2.406147e-2/(130 − s²) + 1.5998e-4/(38.9 − s²)
    with s in µm-1 (Ciddor 1996 as fitted by Birch & Downs 1994; IAU standard).
    """
    s2 = (1e-6 / np.asarray(vacuum, float)) ** 2
    return np.asarray(vacuum / (1 + 8.34254e-5 + 2.406147e-2 / (130 - s2) + 1.5998e-4 / (38.9 - s2)), float)


def lines(kind: str) -> Lines:
    """Return the package's line list of one kind: "solar", "telluric" or "venus"."""
    text = (files("hesper.winds") / "tables" / "lines.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["kind"] == kind]
    columns = {k: np.array([float(r[k]) for r in rows]) for k in rows[0] if k not in ("kind", "species")}
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


def template(
    spectrum: Spectrum,
    *,
    shifts: Shifts,
    venus_exponent: float,
    sky_exponent: float,
    fwhm: float,
    pixel: float,
) -> Template:
    """Return the template of sunlight reflected by Venus and by our sky.

    Parameters
    ----------
    shifts
        Of velocity 0.
    venus_exponent, sky_exponent
        Telluric depth relative to the spectrum's, on the way of either light.
    fwhm, pixel
        Of the line-spread function and of a detector pixel [m].

    Notes
    -----
    Venus: LSF ⊛ [S(λ/(1+Δ)) exp(−X τ)], a product before the blur, for five velocities through which a
    polynomial of degree 4 goes exactly; likewise degree 1 for its derivative by X, and degree 2 for the sky.
    """
    return _template(
        spectrum,
        moving=spectrum.solar,
        still=shifted(spectrum.wavelength, np.exp(-spectrum.venus_depth), shifts.emitted),
        rest_shift=shifts.reflected,
        sky_shift=shifts.sky,
        exponents=(venus_exponent, sky_exponent),
        fwhm=fwhm,
        pixel=pixel,
    )


def emitted_template(
    spectrum: Spectrum,
    *,
    shifts: Shifts,
    venus_exponent: float,
    sky_exponent: float,
    fwhm: float,
    pixel: float,
) -> Template:
    """Return the template of lines formed in Venus's own atmosphere: one leg moves, sunlight's lines stay.

    The arguments are those of `template`.
    """
    return _template(
        spectrum,
        moving=np.exp(-spectrum.venus_depth),
        still=shifted(spectrum.wavelength, spectrum.solar, shifts.reflected),
        rest_shift=shifts.emitted,
        sky_shift=shifts.sky,
        exponents=(venus_exponent, sky_exponent),
        fwhm=fwhm,
        pixel=pixel,
    )


MAKERS: dict[str, TemplateMaker] = {"reflected": template, "emitted": emitted_template}
"""Makers of templates by the names of recipes."""


def _template(
    spectrum: Spectrum, *, moving: Array, still: Array, rest_shift: float, sky_shift: float,
    exponents: tuple[float, float], fwhm: float, pixel: float,
) -> Template:  # fmt: skip
    wave, tau = spectrum.wavelength, spectrum.telluric_depth
    air, sky_air = (np.exp(-x * tau) for x in exponents)

    def at(values: Array, shift: float, units: float) -> Array:
        return shifted(wave, values, (1 + shift) * (1 + units * VELOCITY_UNIT / SPEED_OF_LIGHT) - 1)

    nodes = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    venus = np.array([at(moving, rest_shift, u) * still * air for u in nodes])
    sky = np.array([at(spectrum.solar, sky_shift, u) * sky_air for u in nodes[1:4]])
    step = float(wave[1] - wave[0])
    light = _polynomial(nodes, blurred(venus, step, fwhm, pixel))
    derivative = _polynomial(nodes[[0, 4]], blurred(-tau * venus[[0, 4]], step, fwhm, pixel))
    sky_light = _polynomial(nodes[1:4], blurred(sky, step, fwhm, pixel))
    table = np.concatenate([light, derivative, sky_light]).T
    return Template(float(wave[0]), step, np.ascontiguousarray(table))


def _polynomial(nodes: Array, values: Array) -> Array:
    """Return the coefficients (power, wavelength) of the polynomials through values (node, wavelength)."""
    return np.asarray(np.linalg.solve(np.vander(nodes, increasing=True), values))


@compiled
def interpolate_row(
    start: float, step: float, table: Array, first: float, slope: float, curve: float, out: Array
) -> None:
    """Fill `out` (pixel, column) with a template at λ = first + slope·p + curve·p², cubic in λ."""
    inverse = 1.0 / step
    last = table.shape[0] - 4
    for p in range(out.shape[0]):
        place = (first + (slope + curve * p) * p - start) * inverse
        i = min(max(int(place) - 1, 0), last)
        t = place - i - 1.0
        w0 = -t * (t - 1.0) * (t - 2.0) / 6.0
        w1 = (t + 1.0) * (t - 1.0) * (t - 2.0) * 0.5
        w2 = -(t + 1.0) * t * (t - 2.0) * 0.5
        w3 = (t + 1.0) * t * (t - 1.0) / 6.0
        for c in range(COLUMNS):
            out[p, c] = w0 * table[i, c] + w1 * table[i + 1, c] + w2 * table[i + 2, c] + w3 * table[i + 3, c]


@compiled
def expected_rows(
    start: float, step: float, table: Array, first: Array, slope: float, curve: float,
    venus: Array, velocity: Array, telluric: float, sky: Array, sky_velocity: float, out: Array,
) -> None:  # fmt: skip
    """Fill `out` (row, pixel) with the expected electrons of detector rows.

    Parameters
    ----------
    start, step, table
        A template.
    first, slope, curve
        Wavelength solution: λ = first[row] + slope·p + curve·p² [m].
    venus, sky
        Continuum of either light [electrons per pixel] (row,).
    velocity, sky_velocity
        In units of VELOCITY_UNIT.
    telluric
        Small change of the telluric exponent of Venus's light.
    """
    work = np.empty((out.shape[1], table.shape[1]))
    for r in range(out.shape[0]):
        interpolate_row(start, step, table, first[r], slope, curve, work)
        u = velocity[r]
        w = sky_velocity
        for p in range(out.shape[1]):
            m = work[p]
            light = m[0] + u * (m[1] + u * (m[2] + u * (m[3] + u * m[4]))) + telluric * (m[5] + u * m[6])
            glow = m[7] + w * (m[8] + w * m[9])
            out[r, p] = venus[r] * light + sky[r] * glow
