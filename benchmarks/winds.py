"""Speed and error of the shift estimators, beside PyAstronomy and specutils; and a whole run.

Run with `python benchmarks/winds.py`; the peers are taken if they are installed.
"""

import dataclasses
import time

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


def report(name, seconds, count, velocity):
    print(
        f"{name:44} {count / seconds:10.0f} rows/s   mean {np.mean(velocity):9.1f}  σ "
        f"{np.std(velocity):6.1f} m/s"
    )


def main():
    count = 20000
    noisy, sky, template, wave = rows(count)
    first, zero = np.full(count, FIRST), np.zeros(count)
    out = np.empty((count, model_rows.RESULTS))

    def likelihood():
        model_rows.fit_rows(noisy, 25.0, *template, first, zero, zero, 0.03, 0.1, 6.0, out)
        return SHIFT + out[:, 0] * model_template.VELOCITY_UNIT

    likelihood()
    report("hesper maximum likelihood", *_timed(likelihood, count))
    lags = np.arange(3, 44)
    exact = noisy.astype(float)

    def correlated():
        place, _ = model_correlation.peak(model_correlation.correlation(exact, sky, lags), lags, 8)
        return place * STEP / (5889.95 * angstrom) * SPEED_OF_LIGHT

    report("hesper correlation", *_timed(correlated, count))
    _pyastronomy(noisy, sky, wave)
    _specutils(noisy, sky, wave)
    _run()


def _timed(function, count):
    seconds, velocity = best(function)
    return seconds, count, velocity


def _pyastronomy(noisy, sky, wave):
    try:
        from PyAstronomy import pyasl
    except ImportError:
        print("PyAstronomy.crosscorrRV: not installed")
        return
    some = 40

    def each():
        found = []
        for row in noisy[:some]:
            rv, cc = pyasl.crosscorrRV(
                wave, 1 - row / row.max(), wave, 1 - sky, 0.0, 26.2, 0.5955, skipedge=0
            )
            found.append(rv[np.argmax(cc)] * 1e3)
        return np.array(found)

    report("PyAstronomy crosscorrRV, 44 lags", *_timed(each, some))


def _specutils(noisy, sky, wave):
    try:
        from astropy import units as u
        from astropy.nddata import StdDevUncertainty
        from specutils import Spectrum
        from specutils.analysis import template_correlate
    except ImportError:
        print("specutils.template_correlate: not installed")
        return
    some = 40
    axis = wave * u.AA
    reference = Spectrum(spectral_axis=axis, flux=(1 - sky) * u.one)

    def each():
        found = []
        for row in noisy[:some]:
            level = row / row.max()
            observed = Spectrum(
                spectral_axis=axis,
                flux=(1 - level) * u.one,
                uncertainty=StdDevUncertainty(np.full(512, 0.02)),
            )
            cc, lag = template_correlate(observed, reference)
            found.append(lag[np.argmax(cc)].to_value(u.m / u.s))
        return np.array(found)

    report("specutils template_correlate", *_timed(each, some))


def _run():
    config = frozen_defaults(Config)
    start = time.perf_counter()
    made = simulated(config)
    print(
        f"simulation of {config.observation.frames} frames of 512 × 512: {time.perf_counter() - start:.1f} s"
    )
    for name, module in (("recommended", pipeline_recommended), ("paper's", pipeline_paper)):
        start = time.perf_counter()
        found = module.reduce(dataclasses.replace(config), made.frames)
        print(f"{name} reduction: {time.perf_counter() - start:.1f} s")
        if name == "recommended":
            winds = found.winds
            print(f"  zonal wind {winds.value[0]:.2f} ± {winds.value_std[0]:.2f} m/s,", end=" ")
            print(f"truth {made.truth.zonal_wind:.0f}, χ²ν {winds.chi2 / winds.dof:.3f}")


if __name__ == "__main__":
    main()
