"""How far features of a look lie from where another map has them."""

from collections.abc import Sequence

import numpy as np

from hesper import maps
from hesper.radar.data import (
    ELONGATED,
    UNSEEN,
    BackscatterLaw,
    Displacement,
    Feature,
    Look,
    Mosaic,
    Topography,
)
from hesper.radar.grid import reflectivity
from hesper.radar.model import wavelength
from hesper.record import Array
from hesper.units import km


def displacement(
    look: Look,
    features: Sequence[Feature],
    hemisphere: int,
    *,
    law: BackscatterLaw,
    topography: Topography,
    mosaic: Mosaic,
    half_width: float = 800 * km,
    step: float = 10 * km,
    reach: int = 8,
) -> Displacement:
    """Find how far the surroundings of features lie from where a mosaic of Venus has them.

    Parameters
    ----------
    look, features, hemisphere, law
        As in `contrast` and `grid.reflectivity`.
    topography
        Altitudes, by which the look's echoes are put in their place.
    mosaic
        What the look is compared with.
    half_width, step, reach
        Half size [m] of the surroundings, their cells [m], and the largest displacement in cells.

    Notes
    -----
    The peak of the correlation of log reflectivity with the mosaic's brightness, refined by a parabola.
    The standard deviation has two parts: a jackknife over nine parts of the surroundings, and what neither
    picture says, where within a pixel its value belongs: a pixel's width over √12, of look and mosaic each.
    """
    rows = []
    for feature in features:
        grid = maps.orthographic(step, lon=feature.lon, lat=feature.lat, half_width=half_width)
        altitude = maps.resample_map(topography.altitude, topography.grid, grid)
        surface = reflectivity(look, grid, hemisphere, law=law, altitude=altitude)
        shade = maps.resample_map(mosaic.brightness, mosaic.grid, grid)
        seen = np.where(surface.mask & (UNSEEN | ELONGATED), np.nan, surface.reflectivity)
        shift, std, peak = _shift(np.log(np.clip(seen, 0.05, None)), shade, reach)
        pixel = float(mosaic.grid.x[1] - mosaic.grid.x[0])
        across = wavelength(look.frequency) / (2 * look.echo.rotation_rate[0])
        doppler_cell = across * abs(look.doppler[1] - look.doppler[0])
        cells = np.hypot([doppler_cell, np.nanmedian(surface.cell)], pixel)
        rows.append((*(shift * step), *np.hypot(std * step, cells / np.sqrt(12)), *cells, peak))
    east, north, east_std, north_std, east_cell, north_cell, peaks = np.reshape(rows, (-1, 7)).T
    return Displacement(
        feature=np.array([feature.name for feature in features]),
        east=east,
        east_std=east_std,
        north=north,
        north_std=north_std,
        east_cell=east_cell,
        north_cell=north_cell,
        correlation=peaks,
    )


def _shift(field: Array, reference: Array, reach: int) -> tuple[Array, Array, float]:
    """Return the displacement (east, north) in cells of `field` against `reference`, its std and the peak."""
    size = 2 * reach + 1
    core = field[reach:-reach, reach:-reach]
    parts = 3
    part = [np.minimum(np.arange(n) * parts // n, parts - 1) for n in core.shape]
    label = part[0][:, None] * parts + part[1]
    sums = np.zeros((parts**2, 6, size, size))
    for i in range(size):
        for j in range(size):
            moved = reference[i : i + core.shape[0], j : j + core.shape[1]]
            both = np.isfinite(core) & np.isfinite(moved)
            a, b, k = core[both], moved[both], label[both]
            for m, term in enumerate((np.ones_like(a), a, b, a * a, b * b, a * b)):
                sums[:, m, i, j] = np.bincount(k, term, minlength=parts**2)
    whole, peak = _peak(sums.sum(axis=0), reach)
    left_out = np.array([_peak(sums.sum(axis=0) - sums[k], reach)[0] for k in range(parts**2)])
    return whole, np.sqrt((parts**2 - 1) * left_out.var(axis=0)), peak


def _peak(sums: Array, reach: int) -> tuple[Array, float]:
    n, a, b, aa, bb, ab = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = (ab - a * b / n) / np.sqrt((aa - a * a / n) * (bb - b * b / n))
    rho = np.where(np.isfinite(rho), rho, -1.0)
    i, j = np.unravel_index(np.argmax(rho[1:-1, 1:-1]), (2 * reach - 1, 2 * reach - 1))
    i, j = i + 1, j + 1

    def refined(below: float, at: float, above: float) -> float:
        curvature = below - 2 * at + above
        return float(np.clip((below - above) / (2 * curvature), -0.5, 0.5)) if curvature < 0 else 0.0

    row = i + refined(rho[i - 1, j], rho[i, j], rho[i + 1, j]) - reach
    column = j + refined(rho[i, j - 1], rho[i, j], rho[i, j + 1]) - reach
    # Where the reference fits when read further east, the field itself lies further west.
    return np.array([-column, row]), float(rho[i, j])
