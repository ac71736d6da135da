"""Looks → maps: every cell looks up its echo."""

import numpy as np

from hesper import maps
from hesper.compiled import compiled
from hesper.constants import SPEED_OF_LIGHT, VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry import delay_doppler
from hesper.maps.resampling import bilinear
from hesper.radar.data import AMBIGUOUS, ELONGATED, UNSEEN, BackscatterLaw, Look, SurfaceMap
from hesper.radar.model import cell_extent, frame, incidence, mirror_gain, wavelength
from hesper.record import Array
from hesper.units import arcmin, km


def reflectivity(
    look: Look,
    grid: maps.Grid,
    hemisphere: int,
    *,
    law: BackscatterLaw,
    altitude: Array | float = 0.0,
    longest_cell: float = 80 * km,
    beam_width: float = 2.0 * arcmin,
    beam_offset: float = 0.0,
    least_rejection: float = 6.0,
) -> SurfaceMap:
    """Project one hemisphere of a look onto a grid.

    Parameters
    ----------
    look
        Centred, its power in units of the noise.
    grid
        On which the map is made.
    hemisphere
        Side of the Doppler equator: +1 north, −1 south.
    law
        The mean reflectivity that the map is divided by.
    altitude
        Of the surface above the reference sphere [m], (row, column) or one number: echoes of high ground
        come early.
    longest_cell
        Extent [m] beyond which a pixel is flagged as elongated: the runway along the Doppler equator.
    beam_width, beam_offset
        One-way width at half power of the beam [rad] and how far it was aimed from the centre toward the
        look's `pointing`, see `retrieve_beam.aim`. Aimed at the centre it tells no place from its mirror.
    least_rejection
        By how much [dB] the beam must weaken the mirror place for a cell not to be flagged as ambiguous.

    Raises
    ------
    InputError
        If the hemisphere is neither +1 nor −1.

    Notes
    -----
    Reflectivity is (P − 1) |y|/R over the law's value at the cell's incidence, P being bilinear between
    the four nearest pixels.
    """
    if hemisphere not in (-1, 1):
        raise InputError(f"grid.reflectivity: hemisphere {hemisphere}; +1 (north) or −1 (south) is needed")
    view, (lon, lat) = frame(look.echo), maps.lon_lat(grid)
    high = np.broadcast_to(np.asarray(altitude, float), lon.shape)
    seen = delay_doppler.from_surface(
        lon, lat, high, view=view, wavelength=wavelength(look.frequency), radius=VENUS_RADIUS
    )
    scale = wavelength(look.frequency) / (2 * view.rate)
    x, z = scale * seen.doppler, VENUS_RADIUS - SPEED_OF_LIGHT * seen.delay / 2
    with np.errstate(invalid="ignore"):
        y = np.sqrt((VENUS_RADIUS + high) ** 2 - x**2 - z**2)
    power = _look_up(look, seen.delay, seen.doppler)
    angle = incidence(lon, lat, view)
    factor = y / VENUS_RADIUS / np.interp(angle, law.incidence, law.reflectivity, left=np.nan, right=np.nan)
    shown = (z > 0) & (seen.hemisphere == hemisphere) & np.isfinite(power * factor)
    extent = cell_extent(
        y,
        x,
        SPEED_OF_LIGHT * abs(look.delay[1] - look.delay[0]) / 2,
        scale * abs(look.doppler[1] - look.doppler[0]),
    )
    aimed = beam_offset if look.pointing == "N" else -beam_offset
    mirror = mirror_gain(
        x, hemisphere * y, distance=look.echo.distance[0], offset=aimed, half_power_width=beam_width
    )
    mask = (
        UNSEEN * ~shown
        + ELONGATED * (shown & (extent > longest_cell))
        + AMBIGUOUS * (shown & (mirror > 10 ** (-least_rejection / 10)))
    )
    return SurfaceMap(
        reflectivity=np.where(shown, (power - 1) * factor, np.nan),
        reflectivity_std=np.where(shown, power * factor / np.sqrt(look.looks), np.nan),
        n=np.where(shown, look.looks, 0.0),
        incidence=np.where(shown, angle, np.nan),
        cell=np.where(shown, extent, np.nan),
        mirror=np.where(shown, mirror, np.nan),
        mask=mask,
        grid=grid,
        hemisphere=hemisphere,
        echo=look.echo,
    )


def _look_up(look: Look, delay: Array, doppler: Array) -> Array:
    """Return the power at delays and Doppler shifts of any one shape, bilinearly; NaN outside the look."""
    row = (delay - look.delay[0]) / ((look.delay[-1] - look.delay[0]) / (len(look.delay) - 1))
    column = (doppler - look.doppler[0]) / ((look.doppler[-1] - look.doppler[0]) / (len(look.doppler) - 1))
    out = np.empty(np.shape(delay))
    _sample(np.ascontiguousarray(look.power), np.ravel(column), np.ravel(row), out.reshape(-1))
    return out


@compiled
def _sample(values: Array, column: Array, row: Array, out: Array) -> None:
    for i in range(out.size):
        out[i] = bilinear(values, column[i], row[i])
