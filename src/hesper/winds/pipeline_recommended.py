"""The recommended route from frames to winds, in the order of its stages."""

import dataclasses
import itertools
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper.ephemeris import Viewing
from hesper.errors import InputError
from hesper.products import geotiff, netcdf
from hesper.products.results import Result
from hesper.record import Array
from hesper.runs import Run
from hesper.units import angstrom, arcsec
from hesper.winds import (
    calibrate,
    calibrate_positions,
    calibrate_rows,
    calibrate_wavelengths,
    grid,
    model,
    model_fields,
    model_pictures,
    model_template,
    plot,
    retrieve,
    retrieve_winds,
)
from hesper.winds import model_spectrum as spectrum
from hesper.winds.data import Frames, Positions, Spectra, Velocities, Wavelengths, Winds, ZonalWind
from hesper.winds.data_settings import Limits
from hesper.winds.pipeline_config import Config, frame_lines
from hesper.winds.pipeline_config import viewing as viewing_of

BANDS = np.radians([-50.0, -30.0, -15.0, 0.0, 15.0, 30.0, 50.0])
"""Edges of the bands of latitude of the product `zonal_wind` [rad]."""
_ROUNDS_OF_ROWS = 3
SEEING_NODES = np.arange(0.4, 3.3, 0.2) * arcsec
"""Full widths [rad] over which pictures of the disk are tabulated."""


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
    known = calibrate_wavelengths.wavelengths(spectra, lines, free)
    places = _positions(spectra, known, lines, limits, disk, np.flatnonzero(~free))
    row_terms = limits.row_terms and _moves(places, spectra)
    if limits.row_terms and not row_terms:
        warnings.warn(
            "winds: the slit stayed in one place on the disk, where row constants and winds cannot "
            "be told apart; "
            "row terms are left out: scan the disk, or set row_terms = false",
            stacklevel=2,
        )

    def measured(with_known: Wavelengths, only: Array | None = None) -> Velocities:
        return retrieve.velocities(
            spectra, with_known, places, lines, disk, line=limits.line, faintest=limits.faintest,
            sky_prior=limits.sky_prior, telluric_prior=limits.telluric_prior, only=only,
        )  # fmt: skip

    both = list(dict.fromkeys([*terms, *joint]))
    table = _table(disk, both, limits, spectra, places)

    def fitted(
        found: Velocities, fields: Sequence[str | model_fields.WindField], use: Array | None = None
    ) -> Winds:
        columns = [0, *(1 + both.index(field) for field in fields)]
        return _fitted(spectra, known, places, found, table, columns, fields, row_terms, use)

    velocities = measured(known)
    if row_terms:
        # A shifted row fits its own wavelengths badly; it must not be left out before it is put right.
        # Misplaced skylight and telluric lines hide a quarter of its shift, hence the rounds.
        chosen = np.zeros(0)
        for round_ in range(_ROUNDS_OF_ROWS):
            first = fitted(velocities, joint, (velocities.flag & ~retrieve.MISFIT) == 0)
            here = np.isin(first.row, chosen)
            stands, apart = calibrate_rows.shifted_rows(first.row, first.row_shift, first.row_shift_std, here)
            if round_ == 0:
                chosen, here = first.row[stands], stands
            if chosen.size == 0:
                break
            known = calibrate_rows.with_row_shifts(known, first.row[here], apart[here])
            velocities = _replaced(velocities, measured(known, chosen))
        velocities = measured(known) if chosen.size else velocities
    return Reduction(
        spectra, known, places, velocities, fitted(velocities, terms), fitted(velocities, joint), disk,
        row_terms
    )  # fmt: skip


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
    table = _table(reduced.disk, terms, limits, reduced.spectra, reduced.positions)
    return _fitted(
        reduced.spectra, reduced.wavelengths, reduced.positions, reduced.velocities, table,
        range(1 + len(terms)), terms, reduced.row_terms, None,
    )  # fmt: skip


def _fitted(
    spectra: Spectra,
    known: Wavelengths,
    places: Positions,
    found: Velocities,
    table: model_pictures.Pictures,
    columns: Sequence[int],
    terms: Sequence[str | model_fields.WindField],
    row_terms: bool,
    use: Array | None,
) -> Winds:
    time = spectra.viewing.time
    return retrieve_winds.winds(
        found,
        retrieve_winds.design(found, places, table)[:, columns],
        [_name(term, i) for i, term in enumerate(terms)],
        rows=row_terms,
        drift=(time, known.drift - calibrate_wavelengths.smooth_drift(known, time), known.drift_std),
        shifted_matrix=retrieve_winds.design(found, places, table, moved=places.x_response)[:, columns],
        common_std=places.exponent_std,
        use=use,
    )


def _name(term: str | model_fields.WindField, index: int) -> str:
    return term if isinstance(term, str) else f"band {index}"


def _positions(
    spectra: Spectra,
    known: Wavelengths,
    lines: spectrum.Spectrum,
    limits: Limits,
    disk: model.Aspect,
    rows: Array,
) -> Positions:
    template = model_template.MAKERS[limits.line](
        lines, shifts=model.shifts(spectra.viewing), venus_exponent=known.sky_exponent,
        sky_exponent=known.sky_exponent, fwhm=spectra.setup.resolution, pixel=known.dispersion,
    )  # fmt: skip
    level, std = calibrate_positions.profiles(
        spectra, known, template, line_shift=model.line_shift(spectra.viewing, limits.line), rows=rows
    )
    nodes = calibrate_positions.exponent_nodes() if limits.free_exponent else np.array([limits.exponent])
    table = model_pictures.pictures(
        disk, [], scattering=model_fields.SCATTERING[limits.scattering],
        transfer=model_pictures.TRANSFER[limits.seeing_profile],
        seeing=SEEING_NODES, exponent=nodes, slit=spectra.setup.slit_width, pixel=spectra.setup.row_height,
    )  # fmt: skip
    return calibrate_positions.positions(
        spectra, level, std, rows, table, disk.angular_radius,
        exponent=limits.exponent, free_exponent=limits.free_exponent,
    )  # fmt: skip


def _table(
    disk: model.Aspect,
    terms: Sequence[str | model_fields.WindField],
    limits: Limits,
    spectra: Spectra,
    places: Positions,
) -> model_pictures.Pictures:
    columns = retrieve_winds.columns(disk, terms, line=limits.line, scattering=limits.scattering)
    # Only the seeing that occurred, and two nodes on either side for the cubic between them.
    seen = places.seeing[places.found]
    low = int(np.clip(np.searchsorted(SEEING_NODES, seen.min()) - 2, 0, SEEING_NODES.size - 4))
    high = int(np.clip(np.searchsorted(SEEING_NODES, seen.max()) + 2, low + 4, SEEING_NODES.size))
    return model_pictures.pictures(
        disk, columns, scattering=model_fields.SCATTERING[limits.scattering],
        transfer=model_pictures.TRANSFER[limits.seeing_profile], seeing=SEEING_NODES[low:high],
        exponent=np.array([places.exponent]), slit=spectra.setup.slit_width, pixel=spectra.setup.row_height,
    )  # fmt: skip


def _moves(places: Positions, spectra: Spectra) -> bool:
    """Tell whether the slit moved over the disk enough for row constants to differ from winds."""
    good = places.found
    across = np.ptp(places.x[good])
    along = np.ptp(places.y[good])
    return bool(max(across, along) > 5 * spectra.setup.row_height)


def bands(config: Config, reduced: Reduction, edges: Array = BANDS) -> tuple[Array, ZonalWind]:
    """Return the edges [rad] that hold data, and the zonal wind in those bands with its covariance."""
    measured = reduced.velocities
    good = (measured.flag == 0) & np.isfinite(measured.lat)
    count, _ = np.histogram(measured.lat[good], edges)
    filled = np.flatnonzero(count > 20)
    if filled.size == 0:
        raise InputError("winds: no band of latitude holds 20 measurements; widen the bands")
    kept = edges[filled[0] : filled[-1] + 2]
    # The outermost bands reach to the poles: seeing brings in light from beyond the rows that are used.
    outer = np.concatenate([[-np.pi / 2 - 1e-9], kept[1:-1], [np.pi / 2 + 1e-9]])
    fields = [model_fields.band(south, north) for south, north in itertools.pairwise(outer)]
    found = refit(reduced, config.reduction, fields)
    return kept, retrieve_winds.zonal_wind(measured, found, kept)


def results(reduced: Reduction) -> list[Result]:
    """Return the numbers of the recommended route; winds are westward positive, as people say them."""
    winds, joint, known, places = reduced.winds, reduced.joint, reduced.wavelengths, reduced.positions
    degenerate = "" if reduced.row_terms else "row terms left out: the slit did not move over the disk"
    rows = [
        Result("winds", "zonal wind, westward", "m/s", -float(winds.value[0]), float(winds.value_std[0]),
               note=degenerate),
        Result("winds", "reduced χ² of the zonal fit", "1", winds.chi2 / winds.dof),
    ]  # fmt: skip
    rows += [
        Result(
            "winds", f"{label} (joint fit)", "m/s", sign * float(joint.value[i]), float(joint.value_std[i])
        )
        for i, (label, sign) in enumerate(
            (("zonal wind, westward", -1), ("meridional wind, poleward", 1), ("antisolar flow", 1))
        )
    ]
    return [
        *rows,
        Result("winds", "dispersion", "mÅ/px", known.dispersion / angstrom * 1e3,
            known.dispersion_std / angstrom * 1e3),
        Result("winds", "telluric depth of the sky", "1", known.sky_exponent),
        Result("winds", "photometric exponent", "1", places.exponent, places.exponent_std),
        Result("winds", "seeing", "arcsec", float(np.nanmedian(places.seeing)) / arcsec),
        Result("winds", "good velocities", "1", float((reduced.velocities.flag == 0).sum())),
        Result("winds", "flagged velocities", "1", float((reduced.velocities.flag != 0).sum())),
        Result("winds", "unused frames", "1", float((~reduced.spectra.usable | ~places.found).sum())),
    ]  # fmt: skip


def products(config: Config, reduced: Reduction, run: Run) -> list[Result]:
    """Write the products and figures of a reduction; return its numbers."""
    _, zonal = bands(config, reduced)
    cells = grid.disk_map(reduced.velocities, reduced.disk)
    on_planet = grid.velocity_map(reduced.velocities, reduced.winds)
    for name, thing in (
        ("wavelengths.nc", reduced.wavelengths), ("positions.nc", reduced.positions),
        ("velocities.nc", reduced.velocities), ("winds.nc", reduced.winds), ("joint_winds.nc", reduced.joint),
        ("zonal_wind.nc", zonal), ("disk_map.nc", cells), ("velocity_map.nc", on_planet),
    ):  # fmt: skip
        run.write(name, lambda thing=thing: netcdf(thing))  # type: ignore[misc]
    run.write("velocity_map.tif", lambda: geotiff(on_planet))
    run.write("velocities.png", lambda: plot.velocities(reduced.velocities, reduced.winds))
    run.write("maps.png", lambda: plot.maps(cells, on_planet, reduced.disk))
    run.write("positions.png", lambda: plot.positions(reduced.positions, reduced.spectra.viewing.time))
    run.write("zonal_wind.png", lambda: plot.zonal_wind(zonal))
    run.write("wavelengths.png", lambda: plot.wavelengths(reduced.wavelengths))
    return results(reduced)
