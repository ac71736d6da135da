"""Estimates → rows beside what is published or expected."""

from collections.abc import Sequence

import numpy as np

from hesper.products import Result, from_published
from hesper.radar import data
from hesper.radar.model import half_width
from hesper.radar.retrieve_beam import Aim
from hesper.units import arcmin, deg, km, us

_PAPER = "Goldstein, Green & Rumsey 1976"
_TABLE = "independent computation (astropy's built-in ephemeris, IAU 2009 rotation)"
_TOLERANCE = {
    "lon": (0.01, ""),
    "lat": (0.01, ""),
    "rate": (0.005, "relative"),
    "cell": (0.005, "relative"),
    "window": (0.005, "relative"),
    "tilt": (0.3, ""),
    "least": (0.1, ""),
    "most": (0.1, ""),
}
"""How closely the table is to be met; places to its last digit, and to the minute of its transits."""
_UNITS = {
    "lon": ("deg", "longitude of the sub-radar point"),
    "lat": ("deg", "latitude of the sub-radar point"),
    "rate": ("1e-7 rad/s", "apparent rotation rate"),
    "cell": ("km", "width of a Doppler cell"),
    "window": ("km", "width of 256 Doppler cells"),
    "tilt": ("deg", "Doppler normal to the pole"),
    "least": ("km", "least |B| along the Doppler normal"),
    "most": ("km", "largest |B| along the Doppler normal"),
}
_EXPECTED = {
    "1972-06-20": (325.95, 1.50, 1.721, 11.40, 2918.0, -14.0, 12.70, 20.24),
    "1973-12-23": (287.19, 0.15, 3.702, 5.30, 1357.0, 6.0, 9.53, 18.77),
    "1974-01-20": (324.42, -6.20, 1.721, 11.40, 2918.0, 13.8, 10.40, 20.01),
    "1974-02-01": (335.24, -7.58, 1.965, 9.98, 2556.0, 2.4, 11.83, 18.03),
    "1974-02-27": (14.74, -5.70, 3.905, 5.02, 1286.0, -3.4, 11.67, 16.75),
}
_DRIFTS = {"1974-01-20": (22.6, 1.60), "1974-02-27": (51.1, 0.66)}


def limb(look: data.Look, outline: data.Limb) -> list[Result]:
    """Return what the outline of the echo gives, beside the ephemeris."""
    predicted = float(half_width(look.echo.rotation_rate[0], look.frequency))
    rate = 1e7 * float(look.echo.rotation_rate[0])
    measured = outline.half_width / predicted
    std = outline.half_width_std / predicted
    source = "DE421, IAU 2009 rotation; archive's baud of 3.8 µs"
    return [
        Result(
            "radar",
            "Doppler shift of the limb",
            "Hz",
            outline.half_width,
            outline.half_width_std,
            None,
            None,
            predicted,
            3 * outline.half_width_std,
            source,
        ),
        Result(
            "radar",
            "apparent rotation rate from the limb",
            "1e-7 rad/s",
            rate * measured,
            rate * std,
            None,
            None,
            rate,
            3 * rate * std,
            source,
        ),
        Result(
            "radar",
            "Doppler shift of the centre on the look's own axis",
            "Hz",
            outline.doppler_offset,
            outline.doppler_offset_std,
            None,
            None,
            0.0,
            3 * outline.doppler_offset_std,
            "raw column 4096 is zero Doppler",
        ),
        Result(
            "radar",
            "delay of the sphere's front on the look's own axis",
            "us",
            outline.delay_offset / us,
            outline.delay_offset_std / us,
            None,
            None,
            0.0,
            3 * outline.delay_offset_std / us,
            "first delay of the raw look",
        ),
    ]


def contrast(found: data.Contrast) -> list[Result]:
    """Return brightness at places over that at their Doppler mirrors."""
    source = "places: Gazetteer of Planetary Nomenclature, IAU and USGS"
    rows = []
    for name, ratio, std, chance in zip(
        found.feature, found.ratio, found.ratio_std, found.chance, strict=True
    ):
        rows.append(
            Result(
                "radar",
                f"{name}: echo over that of the Doppler mirror",
                "1",
                float(ratio),
                float(std),
                source=source,
            )
        )
        rows.append(
            Result(
                "radar",
                f"{name}: chance that it is not the brighter",
                "1",
                float(chance),
                None,
                None,
                None,
                0.0,
                1.35e-3,
                source,
                "one-sided; 3 standard deviations are asked for",
            )
        )
    return rows


def maps(
    north: data.Correlation, other: data.Correlation, leakage: tuple[float, float], aim: Aim
) -> list[Result]:
    """Return how the map agrees with Magellan's altitudes, and how the other hemisphere does."""
    from scipy.special import ndtr

    chance = float(ndtr((other.value - north.value) / np.hypot(north.std, other.std)))
    source = "Magellan altitudes, 1°"
    return [
        Result(
            "radar",
            "correlation of the map with altitude",
            "1",
            north.value,
            north.std,
            source=source,
            note=f"{north.independent:.0f} independent of {north.n} cells",
        ),
        Result(
            "radar",
            "the same with the echo placed in the other hemisphere",
            "1",
            other.value,
            other.std,
            None,
            None,
            0.0,
            3 * other.std,
            source,
            f"{other.independent:.0f} independent of {other.n} cells",
        ),
        Result(
            "radar",
            "chance that the other hemisphere is the right one",
            "1",
            chance,
            None,
            None,
            None,
            0.0,
            1.35e-3,
            source,
            "one-sided; 3 standard deviations are asked for",
        ),
        Result(
            "radar",
            "pattern of the mirror hemisphere in the map",
            "1",
            leakage[0],
            leakage[1],
            source="Magellan mosaic",
            note="regression on brightness here and at the mirror place",
        ),
        Result(
            "radar",
            "beam's axis from the planet's centre",
            "arcmin",
            aim.value / arcmin,
            aim.std / arcmin,
            note="from the row before and the beam's width; flags follow from it, no value of the map",
        ),
    ]


def displacement(found: data.Displacement) -> list[Result]:
    """Return how far features lie from where Magellan has them."""
    rows = []
    for k, name in enumerate(found.feature):
        for way, value, std in (
            ("east", found.east[k], found.east_std[k]),
            ("north", found.north[k], found.north_std[k]),
        ):
            rows.append(
                Result(
                    "radar",
                    f"{name}: displacement {way}",
                    "km",
                    value / km,
                    std / km,
                    None,
                    None,
                    0.0,
                    3 * std / km,
                    "Magellan mosaic",
                    "σ: match, and pixels of look and mosaic over √12",
                )
            )
    return rows


def passes(table: data.Passes, dates: Sequence[str]) -> list[Result]:
    """Return the ephemeris of the dates, and what the paper says of them."""
    values = {
        "lon": table.lon / deg,
        "lat": table.lat / deg,
        "rate": 1e7 * table.rotation_rate,
        "cell": table.cell / km,
        "window": table.window / km,
        "tilt": table.tilt / deg,
        "least": table.baseline_north_least / km,
        "most": table.baseline_north_most / km,
    }
    rows = _paper(table)
    for k, date in enumerate(dates):
        for i, (key, (unit, quantity)) in enumerate(_UNITS.items()):
            value = float(values[key][k])
            if date not in _EXPECTED:
                rows.append(
                    Result("radar", f"{date}: {quantity}", unit, value, source="not tabled elsewhere")
                )
                continue
            expected = _EXPECTED[date][i]
            allowed, kind = _TOLERANCE[key]
            tolerance = allowed * abs(expected) if kind else allowed
            rows.append(
                Result(
                    "radar", f"{date}: {quantity}", unit, value, None, None, None, expected, tolerance, _TABLE
                )
            )
        if date in _DRIFTS:
            drift, change = _DRIFTS[date]
            rows.append(
                Result(
                    "radar",
                    f"{date}: drift of the sub-radar point",
                    "km",
                    table.drift[k] / km,
                    None,
                    None,
                    None,
                    drift,
                    0.02 * drift,
                    _TABLE,
                )
            )
            rows.append(
                Result(
                    "radar",
                    f"{date}: change of the rotation rate",
                    "%",
                    100 * table.rate_change[k],
                    None,
                    None,
                    None,
                    change,
                    0.1,
                    _TABLE,
                )
            )
    return rows


def _paper(table: data.Passes) -> list[Result]:
    return [
        from_published(
            "radar",
            "length of the baseline",
            "km",
            table.baseline[0] / km,
            21.6,
            0.05,
            source=f"{_PAPER}, p. 4807",
        ),
        Result(
            "radar",
            "narrowest Doppler cell of the dates",
            "km",
            table.cell.min() / km,
            published=6.0,
            source=f"{_PAPER}, p. 4807",
            note="printed: between 6 and 12 km depending on the day",
        ),
        Result(
            "radar",
            "widest Doppler cell of the dates",
            "km",
            table.cell.max() / km,
            published=12.0,
            source=f"{_PAPER}, p. 4807",
            note="printed: between 6 and 12 km depending on the day",
        ),
    ]
