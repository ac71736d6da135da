"""Looks and maps → estimates with their uncertainty."""

from collections.abc import Sequence

import numpy as np

from hesper import fit, maps
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry import delay_doppler, sphere
from hesper.radar.data import (
    ELONGATED,
    UNSEEN,
    Contrast,
    Correlation,
    Feature,
    Look,
    Mosaic,
    SurfaceMap,
    Topography,
)
from hesper.radar.model import frame, plane, wavelength
from hesper.radar.retrieve_displacement import displacement
from hesper.record import Array
from hesper.units import km

__all__ = ["contrast", "correlation", "displacement", "leakage"]


def contrast(look: Look, features: Sequence[Feature], hemisphere: int, *, radius: float) -> Contrast:
    """Compare the echo of features with that of their mirrors across the line of zero Doppler.

    Parameters
    ----------
    look
        Centred, its power in units of the noise.
    features
        All in one hemisphere and in view.
    hemisphere
        +1 or −1.
    radius
        Pixels that lie within this distance [m] of the centre are averaged.

    Raises
    ------
    InputError
        If a feature is not in the look or on the other side of the Doppler equator.

    Notes
    -----
    A place and its mirror have delay, |x| and |y| in common, hence incidence and pixel area: no law of
    backscatter enters. The standard deviation is the pixels' own scatter, speckle and texture, over the
    root of the number of independent ones, which follows from the correlation of neighbours.
    """
    view = frame(look.echo)
    rows = [_compare(look, feature, hemisphere, radius, view) for feature in features]
    power, power_std, mirror, mirror_std, n = np.reshape(rows, (-1, 5)).T
    ratio = power / mirror
    relative = np.hypot(power_std / power, mirror_std / mirror)
    return Contrast(
        feature=np.array([feature.name for feature in features]),
        power=power,
        power_std=power_std,
        mirror=mirror,
        mirror_std=mirror_std,
        ratio=ratio,
        ratio_std=ratio * relative,
        chance=_upper_tail((power - mirror) / np.hypot(power_std, mirror_std)),
        n=n,
    )


def correlation(surface: SurfaceMap, topography: Topography) -> Correlation:
    """Correlate reflectivity with altitude, cell by cell of the topography's grid.

    Raises
    ------
    InputError
        If fewer than 30 cells are seen.

    Notes
    -----
    The effective number of independent cells is N²/Σ N(h) ρ₁(h) ρ₂(h) over the lags h, ρ being the
    autocorrelations (Clifford, Richardson & Hémon 1989, Biometrics 45, 123).
    """
    values = _binned(surface, topography.grid)
    seen = np.isfinite(values) & np.isfinite(topography.altitude)
    if seen.sum() < 30:
        raise InputError(f"retrieve.correlation: {seen.sum()} cells in common; at least 30 are needed")
    first, second = (_standardised(field, seen) for field in (values, topography.altitude))
    n = int(seen.sum())
    value = float(np.sum(first * second) / n)
    independent = _independent(first, second, seen)
    std = (1 - value**2) / np.sqrt(max(independent - 1, 1))
    return Correlation(value=value, std=std, independent=independent, n=n)


def leakage(surface: SurfaceMap, mosaic: Mosaic, *, largest: float = 6.0) -> tuple[float, float]:
    """Return how much of the mirror hemisphere's pattern is in a map, and its standard deviation.

    Reflectivity up to `largest` is fitted by a constant, the mosaic's brightness at the cell and that at
    its mirror place across the Doppler equator; returned is the third coefficient over the second. Blocks
    of 10° are left out in turn for the standard deviation.

    Raises
    ------
    InputError
        If the mosaic does not tell the two places apart.
    """
    lon, lat = maps.lon_lat(surface.grid)
    use = ((surface.mask & (UNSEEN | ELONGATED)) == 0) & (surface.reflectivity < largest)
    lon, lat, values = lon[use], lat[use], surface.reflectivity[use]
    vectors, north = sphere.unit_vector(lon, lat), surface.echo.north[0]
    mirror = sphere.lon_lat(vectors - 2 * (vectors @ north)[:, None] * north)
    here, there = (_nearest(mosaic, *point) for point in ((lon, lat), mirror))
    design = np.stack([np.ones_like(here), here, there], axis=-1)
    block = np.floor(lon / np.radians(10)) * 100 + np.floor(lat / np.radians(10))
    normal, right = design.T @ design, design.T @ values
    blocks = np.unique(block)
    if len(blocks) < 3 or np.linalg.cond(normal) > 1e12:
        raise InputError("retrieve.leakage: the mosaic has no pattern at the places seen and their mirrors")
    left_out = np.empty(len(blocks))
    for i, k in enumerate(blocks):
        d, v = design[block == k], values[block == k]
        solved = np.linalg.solve(normal - d.T @ d, right - d.T @ v)
        left_out[i] = solved[2] / solved[1]
    solved = fit.linear(design, values, 1.0).value
    return float(solved[2] / solved[1]), float(np.sqrt((len(blocks) - 1) * left_out.var()))


def _compare(
    look: Look, feature: Feature, hemisphere: int, radius: float, view: delay_doppler.Frame
) -> tuple[float, float, float, float, int]:
    centre = delay_doppler.from_surface(
        feature.lon, feature.lat, 0.0, view=view, wavelength=wavelength(look.frequency), radius=VENUS_RADIUS
    )
    if int(centre.hemisphere) != hemisphere:
        raise InputError(f"{feature.name}: beyond the Doppler equator; give the other hemisphere")
    here = _around(look, feature, float(centre.doppler), hemisphere, radius)
    # The mirror's pixels: the same rows, columns mirrored, interpolated between two.
    column = (-look.doppler - look.doppler[0]) / (look.doppler[1] - look.doppler[0])
    near = np.clip(np.floor(column).astype(int), 0, len(look.doppler) - 2)
    part = column - near
    mirrored = (1 - part) * look.power[:, near] + part * look.power[:, near + 1]
    if here.sum() < 20:
        raise InputError(f"{feature.name}: {here.sum()} pixels of the look within {radius / km:.0f} km")
    (a, a_std), (b, b_std) = (_mean(field - 1, here) for field in (look.power, mirrored))
    return a, a_std, b, b_std, int(here.sum())


def _around(look: Look, feature: Feature, doppler: float, hemisphere: int, radius: float) -> Array:
    """Mark the pixels (delay, doppler) whose place lies within a distance of a feature."""
    point = plane(
        look.delay[:, None], look.doppler, rotation_rate=look.echo.rotation_rate[0], frequency=look.frequency
    )
    vector = sphere.unit_vector(feature.lon, feature.lat)
    view = frame(look.echo)
    along = point.x * (view.doppler @ vector) + hemisphere * point.y * (view.north @ vector)
    along = along + point.z * (view.radar @ vector)
    with np.errstate(invalid="ignore"):
        return np.asarray(along > VENUS_RADIUS * np.cos(radius / VENUS_RADIUS))


def _mean(field: Array, use: Array) -> tuple[float, float]:
    """Return the mean and its standard deviation, neighbours being correlated."""
    values = field[use]
    deviation = np.where(use, field - values.mean(), 0.0)
    independent = _independent_pixels(deviation, use)
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(max(independent, 1)))


def _independent_pixels(deviation: Array, use: Array, reach: int = 6) -> float:
    """Return n/Σρ(h) over the lags up to `reach`, cut where the autocorrelation has become noise."""
    n, variance = use.sum(), np.sum(deviation**2) / use.sum()
    total = 1.0
    for axis in (0, 1):
        size = 1.0
        for lag in range(1, reach + 1):
            a, b = np.roll(deviation, lag, axis), np.roll(use, lag, axis)
            pairs = np.sum(use & b)
            rho = np.sum(deviation * a) / pairs / variance if pairs else 0.0
            if rho <= 0:
                break
            size += 2 * rho
        total *= size
    return float(n / total)


def _upper_tail(sigmas: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr(-sigmas))


def _binned(surface: SurfaceMap, grid: maps.Grid) -> Array:
    lon, lat = maps.lon_lat(surface.grid)
    use = (surface.mask & (UNSEEN | ELONGATED)) == 0
    cells = maps.bin_points(grid, lon[use], lat[use], surface.reflectivity[use])
    return np.where(cells.n > 0.5 * np.max(cells.n), cells.mean, np.nan)


def _standardised(field: Array, seen: Array) -> Array:
    values = field[seen]
    return np.where(seen, (field - values.mean()) / values.std(), 0.0)


def _independent(first: Array, second: Array, seen: Array) -> float:
    shape = tuple(2 * n for n in seen.shape)

    def autocorrelate(field: Array) -> Array:
        return np.fft.irfft2(np.abs(np.fft.rfft2(field, shape)) ** 2, shape)

    pairs = np.rint(autocorrelate(seen.astype(float)))
    with np.errstate(invalid="ignore", divide="ignore"):
        product = np.where(pairs > 0, autocorrelate(first) * autocorrelate(second) / pairs, 0.0)
    # Far lags have few pairs, whose autocorrelation is noise.
    near = pairs > 0.2 * pairs[0, 0]
    return float(np.clip(seen.sum() ** 2 / np.sum(product[near]), 2, seen.sum()))


def _nearest(mosaic: Mosaic, lon: Array, lat: Array) -> Array:
    column, row = maps.coordinates(mosaic.grid, lon, lat)
    rows, columns = mosaic.brightness.shape
    nearest = np.clip(np.rint(row).astype(int), 0, rows - 1)
    return np.asarray(mosaic.brightness[nearest, np.rint(column).astype(int) % columns])
