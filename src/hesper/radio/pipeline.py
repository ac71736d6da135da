"""The order of the stages: a table of flux densities → brightness temperatures.

The numbers of Mohan et al. 2017 are recomputed row by row; docs/papers/mohan-2017.md says where they err.
"""

from pathlib import Path

import numpy as np

from hesper import config, ephemeris, figures, products
from hesper.physics import planck
from hesper.products import Figure, Result, Section, from_published
from hesper.errors import InputError
from hesper.radio import pipeline_field, pipeline_visibilities, plot, read, retrieve
from hesper.radio.data_calibration import Truth
from hesper.radio.pipeline_config import SKY, Config
from hesper.radio.data import FluxDensities, Temperatures
from hesper.runs import Plan, Run
from hesper.units import arcsec, deg, hour_angle, mJy, percent

_SOURCE = "Mohan et al. 2017, Table"


PAPER = config.load(Config, {"sky_model": "paper"})


def inputs(settings: Config) -> list[Path]:
    """Return the files a run reads."""
    if not settings.input:
        return []
    path = config.existing(settings.input)
    return [path] if settings.source == "fluxes" else pipeline_visibilities.inputs(path)


def kernels(settings: Config) -> list[Path]:
    """Return the ephemeris that a run uses."""
    del settings
    return [ephemeris.kernel_path("DE421")]


def plan(settings: Config) -> Plan:
    """Return what `run` would do."""
    if settings.source == "fluxes":
        fluxes = read.flux_densities(*inputs(settings))
        return Plan(
            list(map(str, fluxes.label)), ["temperatures.nc", "temperatures.png", "results.json"], 3e8, 1.0
        )
    size = sum(path.stat().st_size for path in inputs(settings))
    most = min(3.0 * size, settings.reduction.memory * 2) + 6e8
    return Plan((settings.input,), pipeline_visibilities.PRODUCTS, most, 20 + 1.2e-7 * size)


def simulate(settings: Config, out: Run) -> None:
    """Write what the observatory would deliver of the recipe's day: UVFITS, and `truth.nc`."""
    pipeline_visibilities.simulated(settings, out)


def run(settings: Config, out: Run) -> list[Result]:
    """Turn raw visibilities, or a table of flux densities, into temperatures."""
    if settings.source == "visibilities":
        return _visibilities(settings, out)
    if settings.source == "field":
        return pipeline_field.run(settings, out)
    fluxes = read.flux_densities(*inputs(settings))
    found = _temperatures(settings, fluxes)
    out.write("temperatures.nc", lambda: products.netcdf(found))
    out.write("temperatures.png", lambda: figures.png(plot.temperatures(found, found.brightness_temperature)))
    return [_row(found, i) for i in range(found.frequency.size)]


def _visibilities(settings: Config, out: Run) -> list[Result]:
    if not settings.input:
        raise InputError("radio: input is empty; name a UVFITS file or a Measurement Set")
    path = config.existing(settings.input, what="radio: input")
    done = pipeline_visibilities.reduced(settings, path)
    pipeline_visibilities.written(done, out)
    beside = path.parent / "truth.nc"
    return pipeline_visibilities.rows(done, products.read(beside, Truth) if beside.is_file() else None)


def _row(found: Temperatures, i: int) -> Result:
    value, std = float(found.brightness_temperature[i]), float(found.brightness_temperature_std[i])
    note = "upper limit, 3σ" if found.is_limit[i] else ""
    return Result("radio", f"brightness temperature {found.label[i]}", "K", value, std, note=note)


def demo(out: Run, data: Path | None) -> Section:
    """Recompute Tables 2 and 3 of Mohan et al. 2017 and name the rows that do not follow from each other."""
    del data
    fluxes = read.flux_densities()
    found = _temperatures(PAPER, fluxes)
    out.write("radio/temperatures.nc", lambda: products.netcdf(found))
    printed = [float(row["corrected_K"]) for row in read.published("mohan2017_table3")]
    drawn = Figure(
        "radio-temperatures",
        "Brightness temperatures of Table 3, recomputed with their whole error, and as printed. The "
        "printed limit at 239.9 MHz does not follow from the paper's own formula.",
        figures.png(plot.temperatures(found, np.array(printed))),
    )
    paragraphs = [
        "Table 2's places are geocentric, astrometric J2000: at the time of the printed right ascension "
        "the declination, diameter and illumination are the printed ones. Table 3's temperatures follow "
        "from its fluxes and each day's own diameter; its flux errors follow with the disk counted in "
        "rectangles of the beam's axes.",
        "Two things do not follow: the sky temperatures (30 K scaled with −2.6 gives 10.7, 50.9 and "
        "119.3 K, not 10, 52 and 122), and everything at 239.9 MHz, where the error is not multiplied by "
        "√N: the 3σ limit from the paper's own numbers is 521 K, not 426 K.",
    ]
    return Section(
        "Radio: GMRT flux densities to temperatures", paragraphs, [*_table2(), *_table3(found)], [drawn]
    )


def _temperatures(settings: Config, fluxes: FluxDensities) -> Temperatures:
    return retrieve.temperatures(
        fluxes,
        sky_408=settings.sky_408,
        sky_408_std=settings.sky_408_std,
        sky_model=SKY[settings.sky_model],
        calibration=settings.calibration,
    )


def _table2() -> list[Result]:
    results = []
    # Half a second of right ascension is 2.9 minutes of motion, in which the declination moves 2.8 arcsec;
    # the printed declination is rounded to 1 arcsec. Seen from GMRT, one day would be off by 4.2 arcsec.
    dec_tolerance = 3.3
    for row in read.published("mohan2017_table2"):
        view = _at_printed_place(row["date"], row["right_ascension"], "geocentre")
        day, source = row["date"], f"{_SOURCE} 2"
        results += [
            from_published("radio", f"{day} angular diameter", "arcsec", view.angular_diameter[0] / arcsec,
                           float(row["diameter_arcsec"]), 0.02, source=source),
            from_published("radio", f"{day} declination", "arcsec", view.dec[0] / arcsec,
                           sexagesimal(row["declination"]) * deg / arcsec, dec_tolerance, source=source,
                           note="geocentric, astrometric J2000; tolerance: ½ s of right ascension"),
            from_published("radio", f"{day} illumination", "%", view.illuminated_fraction[0] / percent,
                           float(row["illumination_percent"]), 0.1, source=source),
        ]  # fmt: skip
    return results


def _at_printed_place(date: str, right_ascension: str, observer: str) -> ephemeris.Viewing:
    """Return the view of Venus at the moment of a day when it had the printed right ascension."""
    minutes = np.datetime64(date, "s") + np.arange(0, 86400, 300) * np.timedelta64(1, "s")
    view = ephemeris.viewing(minutes, observer)
    time = retrieve.time_of_right_ascension(view, sexagesimal(right_ascension) * hour_angle)
    return ephemeris.viewing(np.array([time]), observer)


def _table3(found: Temperatures) -> list[Result]:
    results = []
    for i, row in enumerate(read.published("mohan2017_table3")):
        name, source, limit = f"{row['frequency_MHz']} MHz {row['date']}", f"{_SOURCE} 3", row["limit"] == "1"
        flux, diameter, rms = (float(row[key]) for key in ("flux_mJy", "diameter_arcsec", "rms_mJy"))
        beam = [float(row[f"beam_{axis}_arcsec"]) for axis in ("major", "minor")]
        contrast = float(
            planck.brightness_temperature(flux * mJy, found.frequency[i], found.angular_diameter[i])
        )
        # Printed to 0.1 mJy (the limit to 0.01), 0.01 arcsec, 0.01 mJy per beam and 0.1 arcsec.
        rounding = 0.5 + contrast * ((0.005 if limit else 0.05) / flux + 0.01 / diameter)
        share = 0.005 / rms + 0.025 * sum(1 / axis for axis in beam)
        results += [
            from_published("radio", f"{name} T_b above sky", "K", contrast, float(row["temperature_K"]),
                           rounding, source=source),
            _flux_error(name, source, found, i, float(row["flux_std_mJy"]), share),
            _sky(name, source, found, i, row),
            _corrected(name, source, found, i, row, contrast, rounding),
        ]  # fmt: skip
    return results + _means(found)


def _flux_error(name: str, source: str, found: Temperatures, i: int, printed: float, share: float) -> Result:
    error, what = float(1.07 * found.flux_density_std[i] / mJy), f"{name} flux error"
    if not found.is_limit[i]:
        tolerance = 0.005 + printed * share
        return from_published("radio", what, "mJy", error, printed, tolerance, source=source)
    note = "1.07 rms √N as in all other rows is 2.26; the paper prints the bare rms"
    return Result("radio", what, "mJy", error, None, None, printed, 2.26, 2.26 * share, source, note)


def _sky(name: str, source: str, found: Temperatures, i: int, row: dict[str, str]) -> Result:
    # 30 ± 0.5 K at 408 MHz, scaled with −2.6 ± 0.05, is all that the paper's digits say.
    ratio = float(row["frequency_MHz"]) / 408
    expected = 30 * ratio**-2.6
    tolerance = expected * (0.5 / 30 + 0.05 * abs(np.log(ratio)))
    note = "re-derived: 30 K at 408 MHz scaled with −2.6; the printed value does not follow from that"
    value, std, printed = (
        float(found.sky_temperature[i]),
        float(found.sky_temperature_std[i]),
        float(row["sky_K"]),
    )
    what = f"{name} T_gal"
    return Result("radio", what, "K", value, std, None, printed, expected, float(tolerance), source, note)


def _corrected(
    name: str, source: str, found: Temperatures, i: int, row: dict[str, str], contrast: float, rounding: float
) -> Result:
    printed = float(row["corrected_K"])
    if not found.is_limit[i]:
        value, std = contrast + float(row["sky_K"]), float(found.brightness_temperature_std[i])
        what = f"{name} T_b with the printed T_gal"
        return from_published("radio", what, "K", value, printed, rounding + 0.5, source=source, std=std)
    value = float(1.07 * found.contrast_temperature[i] + found.sky_temperature[i])
    # The paper's own numbers, written out: rms ± 0.005 of 1.50 mJy, beam ± 0.05 of 15.4 and 13.3 arcsec,
    # diameter ± 0.005 of 22.72 arcsec, and 30 K at 408 MHz.
    beams = np.pi / 4 * 22.72**2 / (15.4 * 13.3)
    kelvin_per_mjy = float(planck.brightness_temperature(1 * mJy, found.frequency[i], 22.72 * arcsec))
    limit = 3 * 1.07 * 1.50 * np.sqrt(beams) * kelvin_per_mjy
    expected = float(limit + 30 * (239.9 / 408) ** -2.6)
    tolerance = float(limit * (0.005 / 1.50 + 0.025 / 15.4 + 0.025 / 13.3 + 0.005 / 22.72))
    note = "3 × 1.07 rms √N = 6.78 mJy → 402 K, + 119 K; 426 K leaves √N out and adds σ(T_gal)"
    what = f"{name} 3σ limit"
    return Result("radio", what, "K", value, None, None, printed, expected, tolerance, source, note)


def _means(found: Temperatures) -> list[Result]:
    """Average ours of each band as the paper does; its flux and T_gal are rounded, and so is what follows."""
    rows = read.published("mohan2017_table3")
    sky = np.array([float(row["sky_K"]) for row in rows])
    results = []
    for name, pair, value in (("606 MHz", slice(0, 2), 526.0), ("332.9 MHz", slice(2, 4), 409.0)):
        ours = found.contrast_temperature[pair] + sky[pair]
        share = [0.05 / float(row["flux_mJy"]) + 0.01 / float(row["diameter_arcsec"]) for row in rows[pair]]
        tolerance = 1.0 + float(np.mean(found.contrast_temperature[pair] * share))
        std = float(np.sqrt(np.mean(found.brightness_temperature_std[pair] ** 2)))
        note = (
            "plain mean of two days with the printed T_gal; std: that of one day, for its errors are shared"
        )
        results.append(
            from_published("radio", f"{name} mean T_b", "K", float(ours.mean()), value, tolerance,
                           source=f"{_SOURCE} 3", std=std, note=note)
        )  # fmt: skip
    return results


def sexagesimal(written: str) -> float:
    """Return hours or degrees of text like "03:14:48" or "-21:05:00"."""
    sign = -1.0 if written.startswith("-") else 1.0
    whole, minutes, seconds = (abs(float(part)) for part in written.split(":"))
    return sign * (whole + minutes / 60 + seconds / 3600)
