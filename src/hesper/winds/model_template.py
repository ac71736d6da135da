"""What a detector row shows of sunlight from Venus and from our sky, as polynomials in velocity.

A template holds the blurred spectrum on a grid several times finer than a pixel, so that a row of any
wavelengths can be predicted, and fitted, without resampling the data.
"""

import math
from typing import NamedTuple, Protocol

import numpy as np

from hesper.compiled import compiled
from hesper.constants import SPEED_OF_LIGHT
from hesper.record import Array
from hesper.units import milliangstrom
from hesper.winds.model_spectrum import Spectrum, blurred, shifted

VELOCITY_UNIT = 400.0
"""m s-1; velocities in a template's polynomials are in this unit."""
COLUMNS = 10
"""Of a template: light of Venus (5 powers of velocity), its telluric derivative (2), sky (3)."""
_FINEST = 2.0 * milliangstrom
"""Largest step of a template's grid: a cubic through four of its samples errs by less than 1e-6."""


class Shifts(NamedTuple):
    """λ/λ0 − 1 of what moves with no wind: reflected sunlight, Venus's own lines, sunlight of our sky."""

    reflected: float
    emitted: float
    sky: float


class Template(NamedTuple):
    """What the detector would see of a unit continuum, on a grid of whole fractions of a pixel."""

    start: float
    """First wavelength [m]."""
    pixel: float
    """Width of a pixel [m]; rows are sampled at λ = first + pixel·p."""
    table: Array
    """(phase, COLUMNS, sample) of single precision: wavelength start + pixel (sample + phase/phases)."""


class TemplateMaker(Protocol):
    """A function that makes a template: `template` or `emitted_template`."""

    def __call__(
        self, spectrum: Spectrum, *, shifts: Shifts, venus_exponent: float, sky_exponent: float,
        fwhm: float, pixel: float,
    ) -> Template:  # fmt: skip
        """Return the template of what lies behind the slit."""


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
    return _phased(wave, np.concatenate([light, derivative, sky_light]), pixel)


def _polynomial(nodes: Array, values: Array) -> Array:
    """Return the coefficients (power, wavelength) of the polynomials through values (node, wavelength)."""
    return np.asarray(np.linalg.solve(np.vander(nodes, increasing=True), values))


def _phased(wave: Array, columns: Array, pixel: float) -> Template:
    """Return columns (COLUMNS, wavelength) sampled at whole fractions of a pixel, pixel by pixel."""
    from scipy.interpolate import CubicSpline

    phases = math.ceil(pixel / _FINEST)
    samples = int((wave[-1] - wave[0]) / pixel)
    at = wave[0] + pixel / phases * np.arange(samples * phases)
    fine = CubicSpline(wave, columns, axis=1)(at).reshape(COLUMNS, samples, phases)
    return Template(float(wave[0]), pixel, np.ascontiguousarray(fine.transpose(2, 0, 1), np.float32))


@compiled
def cubic_weights(t: float) -> tuple[float, float, float, float]:
    """Return the weights of the cubic through four equidistant samples at 1 + t of their spacing."""
    return (
        -t * (t - 1.0) * (t - 2.0) / 6.0,
        (t + 1.0) * (t - 1.0) * (t - 2.0) * 0.5,
        -(t + 1.0) * t * (t - 2.0) * 0.5,
        (t + 1.0) * t * (t - 1.0) / 6.0,
    )


@compiled
def _combine(a: Array, b: Array, c: Array, d: Array, weights: tuple[float, ...], out: Array) -> None:
    """Fill `out` with the weighted sum of four arrays, all of one length and in single precision."""
    wa, wb, wc, wd = (
        np.float32(weights[0]), np.float32(weights[1]), np.float32(weights[2]), np.float32(weights[3])
    )  # fmt: skip
    for p in range(out.size):
        out[p] = wa * a[p] + wb * b[p] + wc * c[p] + wd * d[p]


@compiled
def row_place(start: float, pixel: float, table: Array, first: float, width: int) -> tuple[int, float]:
    """Return the first of four samples of a template's grid round `first`, and the place between.

    The sample is −1 where a row of this width leaves the template.
    """
    place = (first - start) / (pixel / table.shape[0])
    if not place >= 1.0:
        return -1, 0.0
    i = int(place) - 1
    if (i + 3) // table.shape[0] + width > table.shape[2]:
        return -1, 0.0
    return i, place - i - 1.0


@compiled
def _samples(table: Array, i: int, column: int, width: int) -> Array:
    """Return a view of every pixel's i-th sample of one column of a template (width,)."""
    sample = i // table.shape[0]
    return table[i % table.shape[0], column, sample : sample + width]


@compiled
def interpolate_row(start: float, pixel: float, table: Array, first: float, out: Array) -> bool:
    """Fill `out` (COLUMNS, pixel) with a template at λ = first + pixel·p, cubic in λ; False if outside."""
    width = out.shape[1]
    i, t = row_place(start, pixel, table, first, width)
    if i < 0:
        return False
    weights = cubic_weights(t)
    for c in range(out.shape[0]):
        _combine(
            _samples(table, i, c, width), _samples(table, i + 1, c, width), _samples(table, i + 2, c, width),
            _samples(table, i + 3, c, width), weights, out[c],
        )  # fmt: skip
    return True


@compiled
def expected_rows(
    start: float, pixel: float, table: Array, first: Array, venus: Array, velocity: Array, telluric: float,
    sky: Array, sky_velocity: float, out: Array,
) -> None:  # fmt: skip
    """Fill `out` (row, pixel) with the expected electrons of detector rows; NaN outside the template.

    Parameters
    ----------
    start, pixel, table
        A template.
    first
        Wavelength of each row's first pixel (row,) [m].
    venus, sky
        Continuum of either light [electrons per pixel] (row,).
    velocity, sky_velocity
        In units of VELOCITY_UNIT.
    telluric
        Small change of the telluric exponent of Venus's light.
    """
    m = np.empty((table.shape[1], out.shape[1]), dtype=np.float32)
    w = sky_velocity
    for r in range(out.shape[0]):
        if not interpolate_row(start, pixel, table, first[r], m):
            out[r] = np.nan
            continue
        u = velocity[r]
        for p in range(out.shape[1]):
            light = m[0, p] + u * (m[1, p] + u * (m[2, p] + u * (m[3, p] + u * m[4, p])))
            light += telluric * (m[5, p] + u * m[6, p])
            glow = m[7, p] + w * (m[8, p] + w * m[9, p])
            out[r, p] = venus[r] * light + sky[r] * glow
