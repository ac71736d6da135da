"""Cross-correlation, artifact removal, maps and fits as Gaulme et al. 2008 made them, biases included."""

import dataclasses
from typing import NamedTuple

import numpy as np

from hesper import fit
from hesper.constants import SPEED_OF_LIGHT
from hesper.geometry import young
from hesper.record import Array
from hesper.units import deg
from hesper.winds import model, model_correlation, model_fields
from hesper.winds.calibrate_paper import Chords, CleanSpectra
from hesper.winds.data import DiskMap, Spectra, Velocities
from hesper.winds.retrieve import FAINT, NO_FIT, OFF_DISK

METHOD = "cross-correlation with a quartic peak; biased: see hesper.winds.retrieve_paper"
ROWS_PER_GROUP = 5
_SMOOTHED_FRAMES = 41
"""Frames under the weighted moving average along the run."""
_REFERENCE = 5 * deg
"""Longitude α of the paper's reference point on the equator, from the sub-observer meridian."""


class PaperFit(NamedTuple):
    """One amplitude of zonal wind with the uncertainties people quote."""

    wind: float
    """Westward positive [m s-1], as the paper prints it."""
    wind_std: float
    """1σ, from the stated σ of the points."""
    zero: float
    """Zero level [m s-1]; 0 where a reference point fixes it."""
    reduced_chi2: float
    n: int

    @property
    def two_sigma(self) -> float:
        """2σ scaled by √χ²ν where that exceeds 1: the sense of the paper's ±."""
        return float(2 * self.wind_std * np.sqrt(max(self.reduced_chi2, 1.0)))


def velocities(
    spectra: Spectra,
    clean: CleanSpectra,
    chord: Chords,
    x: Array,
    disk: model.Aspect,
    *,
    half_window: int,
    latitude: float,
) -> Velocities:
    """Correlate groups of five rows with the mean sky, and turn the peak's place into a velocity.

    Parameters
    ----------
    chord, x
        Extent along the slit, and the slit's place [rad] (frame,).
    half_window
        Lags fitted by the quartic on either side of the highest.
    latitude
        Beyond it [rad] nothing is used: the paper keeps the central 16″ along the slit, "±45°".

    Notes
    -----
    The reference holds telluric lines that do not move. The peak is some hundred m/s off and answers to a
    change of velocity with a slope between 0.84 and 1.34, as the ends of the window happen to cut the lines:
    0.02 Å decide. Without telluric lines the slope is 1.00. Both biases are left as they are.
    """
    groups = clean.row.size // ROWS_PER_GROUP
    used = clean.electrons[:, : groups * ROWS_PER_GROUP]
    shape = (used.shape[0], groups, ROWS_PER_GROUP, used.shape[2])
    binned = used.reshape(shape).sum(axis=2, dtype=float)
    row = clean.row[: groups * ROWS_PER_GROUP].reshape(groups, ROWS_PER_GROUP).mean(axis=1)
    relative = spectra.viewing.relative_shift
    middle = spectra.setup.wavelength + spectra.setup.dispersion * used.shape[2] / 2
    expected = float(relative.mean()) * middle / spectra.setup.dispersion
    lags = np.arange(round(expected) - 2 * half_window - 4, round(expected) + 2 * half_window + 5)
    level = binned.mean(axis=2)
    velocity = np.full(level.shape, np.nan)
    for i in np.flatnonzero(spectra.usable & np.isfinite(chord.length)):
        place, _ = model_correlation.peak(
            model_correlation.correlation(binned[i], clean.reference[i], lags), lags, half_window
        )
        velocity[i] = (place * spectra.setup.dispersion / middle - relative[i]) * SPEED_OF_LIGHT
    height = row * spectra.setup.row_height
    y = height[None, :] - chord.middle[:, None]
    across = np.broadcast_to(x[:, None], y.shape)
    seen = model.points(disk, across, y)
    with np.errstate(invalid="ignore"):
        flag = np.where(np.isfinite(velocity), 0, NO_FIT)
        flag |= np.where(level < 0.5 * np.nanmax(level, axis=1, keepdims=True), FAINT, 0)
        flag |= np.where(np.abs(seen.lat) > latitude, FAINT, 0)
        flag |= np.where(np.hypot(across, y) > disk.angular_radius, OFF_DISK, 0)
    std = _scatter(velocity, flag)
    frame = np.broadcast_to(np.arange(level.shape[0])[:, None], level.shape)
    nothing = np.ones(level.size)
    return Velocities(
        frame=frame.ravel(), row=np.broadcast_to(row, level.shape).ravel(), x=across.ravel(), y=y.ravel(),
        lon=seen.lon.ravel(), lat=seen.lat.ravel(), velocity=velocity.ravel(),
        velocity_std=np.full(level.size, std), continuum=level.ravel(), sky_factor=nothing, misfit=nothing,
        flag=flag.ravel(), flattened=0, method=METHOD,
    )  # fmt: skip


def _scatter(velocity: Array, flag: Array) -> float:
    """Return the noise of one measurement from differences of consecutive frames."""
    change = np.diff(np.where(flag == 0, velocity, np.nan), axis=0)
    good = change[np.isfinite(change)]
    if good.size < 8:
        return 100.0
    return float(np.median(np.abs(good - np.median(good))) / 0.6745 / np.sqrt(2))


def flattened(measured: Velocities, frames: int) -> Velocities:
    """Subtract the mean variation along the run, smoothed by a weighted moving average.

    The result serves to find the row artifact (`without_artifact`); winds fitted to it are refused.
    """
    good = measured.flag == 0
    total = np.bincount(measured.frame[good], measured.velocity[good], frames)
    count = np.bincount(measured.frame[good], minlength=frames)
    half = _SMOOTHED_FRAMES // 2
    kernel = 1 - np.abs(np.arange(-half, half + 1)) / (half + 1)
    smooth = np.convolve(total, kernel, mode="same") / np.maximum(
        np.convolve(count, kernel, mode="same"), 1e-9
    )
    return _changed(measured, measured.velocity - smooth[measured.frame], flattened=1)


def without_artifact(measured: Velocities, flat: Velocities) -> Velocities:
    """Subtract the temporal mean of the flattened velocities of every group of rows."""
    good = flat.flag == 0
    rows, index = np.unique(measured.row, return_inverse=True)
    count = np.bincount(index[good], minlength=rows.size)
    mean = np.bincount(index[good], flat.velocity[good], rows.size) / np.maximum(count, 1)
    return _changed(measured, measured.velocity - mean[index], flattened=0)


def _changed(measured: Velocities, velocity: Array, *, flattened: int) -> Velocities:
    return dataclasses.replace(measured, velocity=velocity, flattened=flattened)


def young_corrected(measured: Velocities, disk: model.Aspect, *, coefficient: float) -> Velocities:
    """Subtract the Young effect in the literature's form, K tan(solar zenith angle).

    Parameters
    ----------
    coefficient
        K [m s-1]; 2.68 is derived in `hesper.geometry.young`, the published 3.2 is 20 % high.
    """
    place = model.points(disk, measured.x, measured.y)
    with np.errstate(invalid="ignore", divide="ignore"):
        derived = model_fields.young_velocity(place, disk, 1.0)
    scale = coefficient / young.coefficient(disk.sun_angular_radius, disk.sun_limb_speed, 0.6)
    return _changed(
        measured, measured.velocity - scale * np.clip(derived, -60, 60), flattened=measured.flattened
    )


def referenced(cells: DiskMap, disk: model.Aspect) -> tuple[DiskMap, tuple[float, float]]:
    """Return a map relative to the cell nearest to latitude 0 and longitude α = 5°, and that cell's place.

    Chord positions never come near the terminator (the width at half maximum stays below the diameter), so
    that the cell may lie some arcseconds from the point the paper names.

    Returns
    -------
    tuple
        The map, and x and y of the reference cell [rad].
    """
    x = disk.angular_radius * np.sin(_REFERENCE)
    distance = np.hypot(cells.x[None, :] - x, cells.y[:, None])
    distance = np.where(np.isfinite(cells.velocity), distance, np.inf)
    i, j = np.unravel_index(int(np.argmin(distance)), distance.shape)
    moved = dataclasses.replace(cells, velocity=cells.velocity - cells.velocity[i, j])
    return moved, (float(cells.x[j]), float(cells.y[i]))


def kinematic_fit(
    cells: DiskMap,
    disk: model.Aspect,
    field: model_fields.WindField,
    *,
    reference: tuple[float, float] | None,
) -> PaperFit:
    """Fit one zonal profile to a map, with its projection at the middle of each cell.

    Parameters
    ----------
    field
        `model_fields.uniform`, `model_fields.cosine` or another zonal field of unit amplitude.
    reference
        x, y [rad] of the cell that the map is relative to; None fits a zero level.
    """
    good = np.isfinite(cells.velocity) & np.isfinite(cells.lon)
    y, x = np.meshgrid(cells.y, cells.x, indexing="ij")
    place = model.points(disk, x[good], y[good])
    column = model_fields.reflected(field, place, disk)
    if reference is None:
        design = np.column_stack([column, np.ones_like(column)])
    else:
        zero = model.points(disk, np.array([reference[0]]), np.array([reference[1]]))
        design = (column - model_fields.reflected(field, zero, disk))[:, None]
    found = fit.linear(design, cells.velocity[good], cells.velocity_std[good])
    return PaperFit(
        -float(found.value[0]), float(found.std[0]), float(found.value[1]) if reference is None else 0.0,
        found.reduced_chi2, int(good.sum()),
    )  # fmt: skip


def column_deviations(cells: DiskMap) -> tuple[Array, Array]:
    """Return the standard deviation of each column of a map and its number of measurements (table 2)."""
    count = np.isfinite(cells.velocity).sum(axis=0)
    with np.errstate(invalid="ignore"):
        mean = np.nansum(cells.velocity, axis=0) / np.maximum(count, 1)
        square = np.nansum((cells.velocity - mean) ** 2, axis=0) / np.maximum(count - 1, 1)
    return np.where(count > 2, np.sqrt(square), np.nan), cells.n.sum(axis=0)
