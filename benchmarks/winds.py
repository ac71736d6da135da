"""Speed and error of the shift estimators, beside scipy, PyAstronomy and specutils; and a whole run.

Run with `python benchmarks/winds.py`; the peers are taken if they are installed.
"""

import dataclasses
import os
import time
from typing import NamedTuple

import numpy as np

from hesper.config import frozen_defaults
from hesper.constants import SPEED_OF_LIGHT
from hesper.units import angstrom
from hesper.winds import (
    model_correlation,
    model_rows,
    model_spectrum,
    model_template,
    pipeline_paper,
    pipeline_recommended,
)
from hesper.winds.pipeline_config import Config, simulated

STEP = 11.7e-13
FIRST = 5889.95 * angstrom - 256 * STEP
SHIFT = 13513.5


def rows(count):
    """Return noisy rows, the noise-free sky, the template and the wavelengths."""
    lines = model_spectrum.parametric(FIRST - angstrom, FIRST + 512 * STEP + angstrom)
    template = model_template.template(
        lines, shifts=model_template.Shifts(SHIFT / SPEED_OF_LIGHT, 0.0, 0.0), venus_exponent=1.0,
        sky_exponent=1.0, fwhm=20e-13, pixel=STEP,
    )  # fmt: skip
    one = np.ones(1)
    exact, sky = np.empty((1, 512)), np.empty((1, 512))
    model_template.expected_rows(*template, one * FIRST, one * 3754, 0 * one, 0.0, 0 * one, 0.0, exact)
    model_template.expected_rows(*template, one * FIRST, 0 * one, 0 * one, 0.0, one, 0.0, sky)
    noisy = np.random.default_rng(0).poisson(np.repeat(exact, count, axis=0)).astype(np.float32)
    return noisy, sky[0], template, (FIRST + STEP * np.arange(512)) / angstrom


def best(function, repeats=3):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        out = function()
        times.append(time.perf_counter() - start)
    return min(times), out


class Measured(NamedTuple):
    """One estimator on the common rows."""

    name: str
    speed: float
    """Rows per second."""
    bias: float
    std: float


def measured(name, function, count, repeats=3):
    seconds, velocity = best(function, repeats)
    return Measured(name, count / seconds, float(np.mean(velocity)) - SHIFT, float(np.std(velocity)))


def main():
    count = 20000
    noisy, sky, template, wave = rows(count)
    found = [
        _likelihood(noisy, template), _correlation(noisy, sky),
        _scipy(noisy, sky), _pyastronomy(noisy, sky, wave), _specutils(noisy, sky, wave),
    ]  # fmt: skip
    ours, correlated = found[0], found[1]
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {count} rows of 512 pixels")
    print(f"{'':36} {'rows/s':>9} {'bias m/s':>9} {'σ m/s':>7} {'likelihood':>11} {'correlation':>12}")
    for one in (one for one in found if one is not None):
        print(
            f"{one.name:36} {one.speed:9.0f} {one.bias:9.1f} {one.std:7.1f} "
            f"{ours.speed / one.speed:10.1f}x {correlated.speed / one.speed:11.1f}x"
        )
    _run()


def _likelihood(noisy, template):
    count = len(noisy)
    first, zero, out = np.full(count, FIRST), np.zeros(count), np.empty((count, model_rows.RESULTS))

    def fitted():
        model_rows.fit_rows(noisy, 25.0, *template, first, zero, zero, 0.03, 0.1, 6.0, out)
        return SHIFT + out[:, 0] * model_template.VELOCITY_UNIT

    fitted()
    return measured("hesper, maximum likelihood", fitted, count)


def _correlation(noisy, sky):
    exact, lags = noisy.astype(float), np.arange(3, 44)

    def correlated():
        place, _ = model_correlation.peak(model_correlation.correlation(exact, sky, lags), lags, 8)
        return place * STEP / (5889.95 * angstrom) * SPEED_OF_LIGHT

    return measured("hesper, correlation as in the paper", correlated, len(noisy))


def _scipy(noisy, sky):
    from scipy import fft

    lags = np.arange(3, 44)
    exact = noisy.astype(float)

    def correlated():
        rows = exact - exact.mean(axis=1, keepdims=True)
        reference = np.conj(fft.rfft(sky - sky.mean(), 1024))
        curves = fft.irfft(fft.rfft(rows, 1024, axis=1) * reference, 1024, axis=1)[:, lags]
        place, _ = model_correlation.peak(curves, lags, 8)
        return place * STEP / (5889.95 * angstrom) * SPEED_OF_LIGHT

    return measured("scipy.fft, the same peak", correlated, len(noisy))


def _pyastronomy(noisy, sky, wave):
    try:
        from PyAstronomy import pyasl
    except ImportError:
        print("PyAstronomy.crosscorrRV: not installed, left out")
        return None
    some = 40

    def each():
        found = []
        for row in noisy[:some]:
            rv, cc = pyasl.crosscorrRV(
                wave, 1 - row / row.max(), wave, 1 - sky, 0.0, 26.2, 0.5955, skipedge=45
            )
            found.append(rv[np.argmax(cc)] * 1e3)
        return np.array(found)

    return measured("PyAstronomy crosscorrRV, 44 lags", each, some)


def _specutils(noisy, sky, wave):
    try:
        from astropy import units as u
        from astropy.nddata import StdDevUncertainty
        from specutils import Spectrum
        from specutils.analysis import template_correlate
    except ImportError:
        print("specutils.template_correlate: not installed, left out")
        return None
    some = 40
    axis = wave * u.AA
    reference = Spectrum(spectral_axis=axis, flux=(1 - sky) * u.one)
    error = StdDevUncertainty(np.full(512, 0.02))

    def each():
        found = []
        for row in noisy[:some]:
            level = (1 - row / row.max()) * u.one
            cc, lag = template_correlate(
                Spectrum(spectral_axis=axis, flux=level, uncertainty=error), reference
            )
            found.append(lag[np.argmax(cc)].to_value(u.m / u.s))
        return np.array(found)

    return measured("specutils template_correlate", each, some)


def _run():
    config = frozen_defaults(Config)
    start = time.perf_counter()
    made = simulated(config)
    print(
        f"simulation of {config.observation.frames} frames of 512 × 512: {time.perf_counter() - start:.1f} s"
    )
    # A small run first, so that compiling is not counted.
    few = dataclasses.replace(config.observation, frames=12)
    small = dataclasses.replace(config, observation=few)
    some = simulated(small).frames
    for name, module in (("recommended", pipeline_recommended), ("paper's", pipeline_paper)):
        module.reduce(small, some)
        start = time.perf_counter()
        found = module.reduce(config, made.frames)
        print(f"{name} reduction: {time.perf_counter() - start:.1f} s, load {os.getloadavg()[0]:.1f}")
        if name == "recommended":
            winds = found.winds
            print(f"  zonal wind {winds.value[0]:.2f} ± {winds.value_std[0]:.2f} m/s,", end=" ")
            print(f"truth {made.truth.zonal_wind:.0f}, χ²ν {winds.chi2 / winds.dof:.3f}")


if __name__ == "__main__":
    main()
