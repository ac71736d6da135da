"""Tables 2 and 3 of Mohan et al. 2017, recomputed row by row.

docs/papers/mohan-2017.md says where they err.
"""

import numpy as np

from hesper import config, ephemeris
from hesper.physics import planck
from hesper.products import Result, from_published
from hesper.radio import pipeline_sky, read, retrieve
from hesper.radio.data import FluxDensities, Temperatures
from hesper.radio.pipeline_config import SKY, Config
from hesper.units import arcsec, deg, hour_angle, mJy, percent

PAPER = config.load(Config, {"sky_model": "paper"})
_SOURCE = "Mohan et al. 2017, Table"


def temperatures(settings: Config, fluxes: FluxDensities) -> Temperatures:
    """Return the temperatures of a table of flux densities."""
    behind = pipeline_sky.every(settings, fluxes.time)
    found = retrieve.temperatures(
        fluxes,
        sky_408=np.array([sky.temperature for sky in behind]),
        sky_408_std=np.array([sky.std for sky in behind]),
        sky_model=SKY[settings.sky_model],
        calibration=settings.calibration,
    )
    return pipeline_sky.without_reflection(settings, found, np.array([sky.reflected for sky in behind]))


def table2() -> list[Result]:
    """Return places, diameters and illumination of Table 2."""
    results = []
    # Half a second of right ascension is 2.9 minutes of motion, in which the declination moves 2.8 arcsec;
    # the printed declination is rounded to 1 arcsec. Seen from GMRT, one day would be off by 4.2 arcsec.
    dec_tolerance = 3.3
    for row in read.published("mohan2017_table2"):
        view = at_printed_place(row["date"], row["right_ascension"], "geocentre")
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


def at_printed_place(date: str, right_ascension: str, observer: str) -> ephemeris.Viewing:
    """Return the view of Venus at the moment of a day when it had the printed right ascension."""
    minutes = np.datetime64(date, "s") + np.arange(0, 86400, 300) * np.timedelta64(1, "s")
    view = ephemeris.viewing(minutes, observer)
    time = retrieve.time_of_right_ascension(view, sexagesimal(right_ascension) * hour_angle)
    return ephemeris.viewing(np.array([time]), observer)


def table3(found: Temperatures) -> list[Result]:
    """Return temperatures, flux errors, sky and means of Table 3."""
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
