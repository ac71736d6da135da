"""Where the beam was aimed, from the pattern of one hemisphere in the map of the other."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.maps import lon_lat
from hesper.radar.data import ELONGATED, UNSEEN, SurfaceMap
from hesper.radar.model import mirror_gain
from hesper.units import arcmin


class Aim(NamedTuple):
    """Angle from the planet's centre to the beam's axis, toward the side that was mapped [rad]."""

    value: float
    std: float


def aim(surface: SurfaceMap, leakage: tuple[float, float], *, beam_width: float) -> Aim:
    """Return how far from the planet's centre a beam was aimed, whose mirror places leak so much.

    Parameters
    ----------
    surface
        Map of the side at which the beam was aimed.
    leakage
        Mean gain at the mirror places over that at the places, and its standard deviation.
    beam_width
        One-way, at half power [rad].

    Raises
    ------
    InputError
        If no aim within two beam widths leaks so little or so much.
    """
    lon, lat = lon_lat(surface.grid)
    use = (surface.mask & (UNSEEN | ELONGATED)) == 0
    places = VENUS_RADIUS * sphere.unit_vector(lon[use], lat[use])
    x, y = np.abs(places @ surface.echo.doppler[0]), np.abs(places @ surface.echo.north[0])
    distance = float(surface.echo.distance[0])

    def excess(offset: float, wanted: float) -> float:
        gain = mirror_gain(x, y, distance=distance, offset=offset, half_power_width=beam_width)
        return float(gain.mean()) - wanted

    def solved(wanted: float) -> float:
        return float(brentq(excess, 0.0, 2 * beam_width, args=(wanted,), xtol=1e-4 * arcmin))

    value, std = leakage
    least = excess(2 * beam_width, 0.0)
    if not least < value < 1.0:
        raise InputError(
            f"retrieve.beam: the mirror places leak {value:.2f}; between {least:.2f} and 1 can be had with a "
            f"beam of {beam_width / arcmin:g}′; give the beam's width"
        )
    low, high = (solved(float(np.clip(value + k * std, least, 1.0))) for k in (1, -1))
    return Aim(solved(value), (high - low) / 2)
