"""The recommended route from frames to winds, in the order of its stages."""

import dataclasses
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper.ephemeris import Viewing
from hesper.record import Array
from hesper.winds import (
    calibrate,
    calibrate_rows,
    calibrate_wavelengths,
    model,
    model_fields,
    model_pictures,
    pipeline_disk,
    retrieve,
    retrieve_winds,
)
from hesper.winds import model_spectrum as spectrum
from hesper.winds.data import Frames, Positions, Spectra, Velocities, Wavelengths, Winds
from hesper.winds.data_settings import Limits
from hesper.winds.pipeline_config import Config, frame_lines
from hesper.winds.pipeline_config import viewing as viewing_of
from hesper.winds.pipeline_disk import Run

_ROUNDS_OF_ROWS = 3
_LARGEST_CHI2 = 2.0
"""χ²ν of the fit of winds above which a warning says that it does not describe the velocities."""


class Reduction(NamedTuple):
    """Everything that the recommended route finds on its way."""

    spectra: Spectra
    wavelengths: Wavelengths
    positions: Positions
    velocities: Velocities
    winds: Winds
    """Of the first set of terms."""
    joint: Winds
    """Of the second set of terms."""
    disk: model.Aspect
    row_terms: bool
    lines: spectrum.Spectrum


def reduce(config: Config, frames: Frames) -> Reduction:
    """Reduce frames by the recommended route, as a recipe says."""
    return reduced(frames, viewing_of(config, frames), frame_lines(config, frames), config.reduction)


def reduced(
    frames: Frames,
    viewing: Viewing,
    lines: spectrum.Spectrum,
    limits: Limits,
    *,
    terms: Sequence[str | model_fields.WindField] = ("uniform",),
    joint: Sequence[str | model_fields.WindField] = ("uniform", "meridional", "antisolar"),
) -> Reduction:
    """Reduce a run: wavelengths from the sky, places from the light along the slit, shifts, winds.

    Parameters
    ----------
    frames, viewing
        Exposures and how Venus stood at their times.
    lines
        Spectrum at rest that covers the detector.
    limits
        What is taken for granted.
    terms, joint
        Names of `model_fields.FIELDS`, or fields, of two fits to the same velocities.
    """
    spectra = calibrate.detector(frames, viewing)
    disk = model.aspect(viewing, slit_angle=frames.setup.slit_angle, radius=limits.radius)
    free = calibrate.sky_rows(spectra, disk.angular_radius)
    run = Run(spectra, lines, limits, disk, np.flatnonzero(~free))
    known = calibrate_wavelengths.wavelengths(spectra, lines, free)
    places = pipeline_disk.positions(run, known)
    row_terms = limits.row_terms and _moves(places, spectra)
    if limits.row_terms and not row_terms:
        warnings.warn(
            "winds: the slit stayed in one place on the disk, where row constants and winds cannot "
            "be told apart; "
            "row terms are left out: scan the disk, or set row_terms = false",
            stacklevel=2,
        )
    velocities = _weighed(run, known, places, _measured(run, known, places, None))
    if row_terms:
        better = _with_rows_put_right(run, known, places, velocities, joint)
        if better is not known:
            known, places = better, pipeline_disk.positions(run, better)
            velocities = _weighed(run, known, places, _measured(run, known, places, None))
    tables = [pipeline_disk.table(run, places, fields) for fields in (terms, joint)]
    fits = [
        _fitted(run, known, places, velocities, table, fields, row_terms, None)
        for table, fields in zip(tables, (terms, joint), strict=True)
    ]
    if fits[0].chi2 > _LARGEST_CHI2 * fits[0].dof:
        warnings.warn(
            f"winds: the velocities depart from the fitted wind, χ²ν = {fits[0].chi2 / fits[0].dof:.1f}; its "
            "σ means little: check DATE-OBS of all frames, SLITPA, and the wind in bands of latitude",
            stacklevel=2,
        )
    if fits[0].law_std > np.sqrt(fits[0].covariance[0, 0] - fits[0].law_std ** 2):
        warnings.warn(
            "winds: the light along the slit departs from the model of the disk; most of the stated error, "
            f"{fits[0].law_std:.1f} m/s, is doubt on the scattering law: check it, SLITPA, CDELT2, the "
            "radius and the shape of the seeing",
            stacklevel=2,
        )
    return Reduction(spectra, known, places, velocities, fits[0], fits[1], disk, row_terms, lines)


def _measured(run: Run, known: Wavelengths, places: Positions, only: Array | None) -> Velocities:
    limits = run.limits
    return retrieve.velocities(
        run.spectra, known, places, run.lines, run.disk, line=limits.line, sky_prior=limits.sky_prior,
        telluric_prior=limits.telluric_prior, only=only,
    )  # fmt: skip


def _weighed(run: Run, known: Wavelengths, places: Positions, found: Velocities) -> Velocities:
    """Return velocities with the noise and the flag of faintness that the expected light gives them."""
    disk = pipeline_disk.pictures(run, places, [])
    seen = model_pictures.look(disk, found.x, found.y, places.seeing[found.frame], places.exponent)
    light = seen[:, 0] * places.brightness[found.frame]
    return retrieve.with_expected_noise(found, light, known.sky[found.frame], faintest=run.limits.faintest)


def _with_rows_put_right(
    run: Run, known: Wavelengths, places: Positions, velocities: Velocities,
    fields: Sequence[str | model_fields.WindField],
) -> Wavelengths:  # fmt: skip
    """Return the wavelengths with the shifts of single rows in them; the same ones if no row stands out.

    A shifted row fits its own wavelengths badly; it must not be left out before it is put right. Misplaced
    skylight and telluric lines hide a quarter of its shift, hence the rounds.
    """
    table, chosen = pipeline_disk.table(run, places, fields), np.zeros(0)
    for round_ in range(_ROUNDS_OF_ROWS):
        use = (velocities.flag & ~retrieve.MISFIT) == 0
        first = _fitted(run, known, places, velocities, table, fields, True, use)
        here = np.isin(first.row, chosen)
        stands, apart = calibrate_rows.shifted_rows(first.row, first.row_shift, first.row_shift_std, here)
        if round_ == 0:
            chosen, here = first.row[stands], stands
        if chosen.size == 0:
            break
        known = calibrate_rows.with_row_shifts(known, first.row[here], apart[here])
        again = _replaced(velocities, _measured(run, known, places, chosen))
        velocities = _weighed(run, known, places, again)
    return known


def _replaced(velocities: Velocities, again: Velocities) -> Velocities:
    """Return velocities in which some rows have been measured again; both run over frames, then rows."""
    where = np.isin(velocities.row, again.row)
    changes = {}
    for name in ("velocity", "velocity_std", "continuum", "sky_factor", "misfit", "flag"):
        values = getattr(velocities, name).copy()
        values[where] = getattr(again, name)
        changes[name] = values
    return dataclasses.replace(velocities, **changes)


def refit(reduced: Reduction, limits: Limits, terms: Sequence[str | model_fields.WindField]) -> Winds:
    """Fit other terms to the velocities of a reduction."""
    run = Run(reduced.spectra, reduced.lines, limits, reduced.disk, np.zeros(0, int))
    return _fitted(
        run,
        reduced.wavelengths,
        reduced.positions,
        reduced.velocities,
        pipeline_disk.table(run, reduced.positions, terms),
        terms,
        reduced.row_terms,
        None,
    )


def _fitted(
    run: Run, known: Wavelengths, places: Positions, found: Velocities, table: model_pictures.Pictures,
    terms: Sequence[str | model_fields.WindField], row_terms: bool, use: Array | None,
) -> Winds:  # fmt: skip
    time = run.spectra.viewing.time
    drift = known.drift - calibrate_wavelengths.smooth_drift(known, time)
    return retrieve_winds.winds(
        found,
        retrieve_winds.design(found, places, table),
        [_name(term, i) for i, term in enumerate(terms)],
        by_place=retrieve_winds.slopes(found, places, table),
        places=places,
        drift=(time, drift, known.drift_std),
        rows=row_terms,
        use=use,
    )


def _name(term: str | model_fields.WindField, index: int) -> str:
    return term if isinstance(term, str) else f"band {index}"


def _moves(places: Positions, spectra: Spectra) -> bool:
    """Tell whether the slit moved over the disk enough for row constants to differ from winds."""
    good = places.found
    across = np.ptp(places.x[good])
    along = np.ptp(places.y[good])
    return bool(max(across, along) > 5 * spectra.setup.row_height)
