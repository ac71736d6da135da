"""Passes of the paper → rows beside the ephemeris computed elsewhere and the paper."""

from collections.abc import Sequence

from hesper.products import Result, from_published
from hesper.radar import data
from hesper.radar.pipeline_results import judged
from hesper.units import deg, km

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


def rows(table: data.Passes, dates: Sequence[str]) -> list[Result]:
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
            rows.append(judged(f"{date}: {quantity}", unit, value, None, expected, tolerance, _TABLE))
        if date in _DRIFTS:
            drift, change = _DRIFTS[date]
            rows.append(
                judged(
                    f"{date}: drift of the sub-radar point",
                    "km",
                    table.drift[k] / km,
                    None,
                    drift,
                    0.02 * drift,
                    _TABLE,
                )
            )
            rows.append(
                judged(
                    f"{date}: change of the rotation rate",
                    "%",
                    100 * table.rate_change[k],
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
