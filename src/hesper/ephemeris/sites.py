"""Places on the turning Earth from which Venus was and is observed."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.record import Array
from hesper.units import deg


class Site(NamedTuple):
    """A place on the turning Earth."""

    name: str
    itrf: tuple[float, float, float]
    """Geocentric position [m] in the International Terrestrial Reference Frame."""
    source: str


def _geodetic(name: str, lon: float, lat: float, height: float, source: str) -> Site:
    """Make a site from geodetic longitude, latitude [degrees] and height [m] on WGS 84."""
    a, f = 6_378_137.0, 1 / 298.257223563
    e2, sin_lat = f * (2 - f), np.sin(lat * deg)
    n = a / np.sqrt(1 - e2 * sin_lat**2)
    flat = (n + height) * np.cos(lat * deg)
    x, y, z = flat * np.cos(lon * deg), flat * np.sin(lon * deg), (n * (1 - e2) + height) * sin_lat
    return Site(name, (float(x), float(y), float(z)), source)


_DSN = "JPL D-10499 (810-005) module 301, ITRF93, epoch 2003.0"


SITES = {
    site.name: site
    for site in (
        Site("geocentre", (0.0, 0.0, 0.0), "definition"),
        Site("GMRT", (1_657_004.6290, 5_797_894.3801, 2_073_303.1705), "ARRAYX/Y/Z of GMRT's UVFITS writers"),
        Site("DSS-12", (-2_350_443.812, -4_651_980.837, 3_665_630.988), _DSN),
        Site("DSS-13", (-2_351_112.659, -4_655_530.636, 3_660_912.728), _DSN),
        Site("DSS-14", (-2_353_621.420, -4_641_341.472, 3_677_052.318), _DSN),
        # The 26 m antenna of 1973 stood beside today's DSS-13; four decimals of a degree are 11 m.
        _geodetic(
            "DSS-13-26m", -116.7944, 35.2472, 1094.0, "geodetic position of the old Venus site, WGS 84"
        ),
        _geodetic("Teide", -16.510, 28.302, 2395.0, "Gaulme et al. 2008 (THEMIS, Observatorio del Teide)"),
        Site("Arecibo", (2_390_487.080, -5_564_731.357, 1_994_720.633), "NAIF earthstns_itrf93_201023"),
        Site("VLA", (-1_601_185.4, -5_041_977.5, 3_554_875.9), "NRAO; centre of the array"),
        _geodetic("CFHT", -155.468_83, 19.825_25, 4204.0, "Canada-France-Hawaii Telescope, Mauna Kea"),
        _geodetic("TNG", -17.889_17, 28.754, 2387.2, "Telescopio Nazionale Galileo, La Palma"),
        _geodetic("OHP", 5.713_33, 43.930_83, 650.0, "Observatoire de Haute-Provence"),
    )
}


_NEAREST, _FARTHEST = 6.3e6, 1e8


def _metres(observer: Any) -> Array:
    """Return an ITRF position [m] from numbers, an astropy Quantity or an `EarthLocation`."""
    try:
        if hasattr(observer, "to_geocentric"):
            return np.array([part.to_value("m") for part in observer.to_geocentric()], float)
        if hasattr(observer, "to_value"):
            return np.asarray(observer.to_value("m"), float)
        return np.asarray(observer, float)
    except (TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"observer {observer!r}: not a place ({reason}); give a site or ITRF metres"
        ) from None


def _in_words(observer: str) -> Array:
    """Return the ITRF position [m] that a recipe writes as "x, y, z"."""
    try:
        return np.array([float(part) for part in observer.split(",")])
    except ValueError:
        raise InputError(
            f"observer '{observer}': unknown site; known: {', '.join(SITES)}, or an ITRF position, "
            "'x, y, z' in metres"
        ) from None


def find_site(observer: str | Site | Sequence[float]) -> Site:
    """Return a site by name or ITRF position [m], also as text "x, y, z"; InputError says what is allowed."""
    if isinstance(observer, Site):
        return observer
    if isinstance(observer, str) and observer in SITES:
        return SITES[observer]
    position = _in_words(observer) if isinstance(observer, str) else _metres(observer)
    distance = float(np.linalg.norm(position))
    # A position in kilometres, or longitude, latitude and height, would lie within the Earth.
    if position.shape != (3,) or not (distance == 0 or _NEAREST < distance < _FARTHEST):
        raise InputError(f"observer {observer!r}: a site or an ITRF position (x, y, z) in metres is needed")
    x, y, z = map(float, position)
    return Site(f"ITRF ({x:.1f}, {y:.1f}, {z:.1f}) m", (x, y, z), "given")
