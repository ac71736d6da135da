"""Estimates of a look → rows beside what is published or expected."""

import numpy as np

from hesper.products import Result
from hesper.radar import data
from hesper.radar.model import half_width
from hesper.radar.retrieve_beam import Aim
from hesper.units import arcmin, km, us


def judged(
    quantity: str, unit: str, value: float, std: float | None, expected: float, allowed: float,
    source: str, note: str = "",
) -> Result:  # fmt: skip
    """Return a row with an expected value and what it may differ by."""
    return Result("radar", quantity, unit, value, std, None, None, expected, allowed, source, note)


def limb(look: data.Look, outline: data.Limb) -> list[Result]:
    """Return what the outline of the echo gives, beside the ephemeris."""
    predicted = float(half_width(look.echo.rotation_rate[0], look.frequency))
    rate = 1e7 * float(look.echo.rotation_rate[0])
    measured = outline.half_width / predicted
    std = outline.half_width_std / predicted
    source = "DE421, IAU 2009 rotation; archive's baud of 3.8 µs"
    return [
        judged(
            "Doppler shift of the limb",
            "Hz",
            outline.half_width,
            outline.half_width_std,
            predicted,
            3 * outline.half_width_std,
            source,
        ),
        judged(
            "apparent rotation rate from the limb",
            "1e-7 rad/s",
            rate * measured,
            rate * std,
            rate,
            3 * rate * std,
            source,
        ),
        judged(
            "Doppler shift of the centre on the look's own axis",
            "Hz",
            outline.doppler_offset,
            outline.doppler_offset_std,
            0.0,
            3 * outline.doppler_offset_std,
            "raw column 4096 is zero Doppler",
        ),
        judged(
            "delay of the sphere's front on the look's own axis",
            "us",
            outline.delay_offset / us,
            outline.delay_offset_std / us,
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
            judged(
                f"{name}: chance that it is not the brighter",
                "1",
                float(chance),
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
        judged(
            "the same with the echo placed in the other hemisphere",
            "1",
            other.value,
            other.std,
            0.0,
            3 * other.std,
            source,
            f"{other.independent:.0f} independent of {other.n} cells",
        ),
        judged(
            "chance that the other hemisphere is the right one",
            "1",
            chance,
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
                judged(
                    f"{name}: displacement {way}",
                    "km",
                    value / km,
                    std / km,
                    0.0,
                    3 * std / km,
                    "Magellan mosaic",
                    "σ: match, and pixels of look and mosaic over √12",
                )
            )
    return rows
