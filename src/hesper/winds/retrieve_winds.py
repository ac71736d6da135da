"""Velocities of points of the disk → winds, zero level and row terms in one weighted fit."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from hesper import fit
from hesper.errors import InputError
from hesper.record import Array
from hesper.units import arcsec
from hesper.winds import model, model_fields, model_pictures, retrieve_speeds
from hesper.winds.data import Positions, Velocities, Winds, ZonalWind

_STEP = 0.05 * arcsec


def columns(
    disk: model.Aspect,
    terms: Sequence[str | model_fields.WindField],
    *,
    line: str,
    scattering: str,
) -> list[Callable[[model.Points, float], Array]]:
    """Return the velocity fields whose seeing-weighted means are the design: what is known, then the terms.

    The first is the Young effect (none for lines formed on Venus) with the parallax of the moving planet.
    """
    leg = model_fields.reflected if line == "reflected" else model_fields.emitted

    def certain(place: model.Points, exponent: float) -> Array:
        if line == "emitted":
            return model_fields.emitted_parallax(place, disk)
        local = model_fields.local_exponent(scattering, place, exponent)
        return model_fields.young_velocity(place, disk, local) + model_fields.reflected_parallax(place, disk)

    def column(field: model_fields.WindField) -> Callable[[model.Points, float], Array]:
        return lambda place, exponent: leg(field, place, disk)

    return [certain, *(column(model_fields.FIELDS[t] if isinstance(t, str) else t) for t in terms)]


def design(
    measured: Velocities, places: Positions, table: model_pictures.Pictures, *,
    moved: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Array:  # fmt: skip
    """Return flux-weighted velocity fields (point, column) through seeing and slit at each measurement.

    Parameters
    ----------
    table
        Pictures with the columns wanted after the brightness.
    moved
        Added to x, y and seeing of all points [rad].
    """
    dx, dy, wider = moved
    seeing = places.seeing[measured.frame] + wider
    seen = model_pictures.look(table, measured.x + dx, measured.y + dy, seeing, places.exponent)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = seen[:, 1:] / seen[:, :1]
    return np.asarray(np.where(seen[:, :1] > 1e-3, ratio, np.nan))


def slopes(measured: Velocities, places: Positions, table: model_pictures.Pictures) -> Array:
    """Return the derivatives of `design` by x, y and seeing of the frames (point, column, 3) [m s-1 rad-1].

    A planet that lies further along the rows moves every row the other way on the disk.
    """
    out = []
    for way in (np.array([1.0, 0, 0]), np.array([0, -1.0, 0]), np.array([0, 0, 1.0])):
        up, down = (design(measured, places, table, moved=tuple(sign * _STEP * way)) for sign in (1.0, -1.0))
        out.append((up - down) / (2 * _STEP))
    # Where a moved slit falls off the disk the answer is not known; such points are few.
    return np.nan_to_num(np.stack(out, axis=-1))


def winds(
    measured: Velocities,
    matrix: Array,
    terms: Sequence[str],
    *,
    by_place: Array,
    places: Positions,
    drift: tuple[Array, Array, Array],
    rows: bool = True,
    use: Array | None = None,
) -> Winds:
    """Fit winds, a zero level and a constant for every detector row in one weighted least-squares problem.

    Parameters
    ----------
    measured
        Velocities with their σ.
    matrix
        From `design`: what is known, then one column for each term.
    terms
        Names of the columns after the first.
    by_place, places
        Derivatives from `slopes`; where the slit lay, with the covariance of that.
    drift
        Time of each frame, its measured sky drift less what was removed, and σ: a slow polynomial in time
        common to planet and sky is fitted with the winds.
    rows
        Whether every detector row has a constant of its own (spectral artifacts).
    use
        Which points to use; by default those without a flag.

    Raises
    ------
    InputError
        If the velocities were flattened along the run, no point is left, or nothing but row constants can
        explain them.

    Notes
    -----
    v = Σ f_j U_j + z0 + a_row: the a_row sum to zero, which makes the rank complete. The places of each frame
    are free within their covariance (`retrieve_speeds`); the errors of the photometric exponent and of the
    scattering law, which all frames share, are added to the covariance of the result.
    """
    if measured.flattened:
        raise InputError(
            "winds: these velocities were flattened by their mean variation along the run, which is the wind "
            "itself (100 m/s become 1); fit the velocities from before the flattening"
        )
    good = (measured.flag == 0) if use is None else use
    good = good & np.isfinite(matrix).all(axis=1) & np.isfinite(measured.velocity)
    if good.sum() < len(terms) + 2:
        raise InputError(
            f"winds: {int(good.sum())} good points for {len(terms)} terms; relax the limits or add frames"
        )
    lines_seen = np.unique(measured.row[good])
    rest = np.ones((int(good.sum()), 1))
    if rows:
        rest = np.hstack([rest, _row_columns(measured.row[good], lines_seen)])
    frame, n = measured.frame[good], len(terms) + 1
    extra = _drift_block(drift, frame, len(terms) + rest.shape[1])
    solution = retrieve_speeds.solve(
        retrieve_speeds.Problem(
            measured.velocity[good], measured.velocity_std[good], frame, matrix[good],
            by_place[good] @ _roots(places)[frame], np.hstack([rest, extra.on_points]),
            extra.on_sky / extra.std[:, None], extra.data / extra.std,
        )
    )  # fmt: skip
    estimate = solution.estimate
    speeds = np.append(1.0, estimate.value[: n - 1])
    moved = np.einsum("pcd,c->pd", by_place[good], speeds)
    law = solution.answer(np.sum(moved * places.law_response[frame], axis=1))[:n] * places.law_share
    power = solution.answer(moved[:, 0] * places.exponent_response[frame])[:n] * places.exponent_std
    covariance = estimate.covariance[:n, :n] + np.outer(law, law) + np.outer(power, power)
    fitted = np.full(good.size, np.nan)
    fitted[good] = solution.fitted
    row_shift, row_std = _row_terms(estimate, n, lines_seen, rows)
    return Winds(
        term=np.array([*terms, "zero"]), value=estimate.value[:n], value_std=np.sqrt(np.diag(covariance)),
        covariance=covariance, row=lines_seen, row_shift=row_shift, row_shift_std=row_std,
        residual=measured.velocity - fitted, fitted=fitted, chi2=estimate.chi2, dof=estimate.dof,
        position_std=math.sqrt(max(covariance[0, 0] - solution.certain.covariance[0, 0], 0.0)),
        law_std=abs(float(law[0])),
    )  # fmt: skip


def _roots(places: Positions) -> Array:
    """Return matrices (frame, 3, 3) whose squares are the covariances of the places; 0 where not found."""
    value, vector = np.linalg.eigh(np.where(places.found[:, None, None], places.covariance, 0.0))
    return np.asarray(vector * np.sqrt(np.clip(value, 0, None))[:, None, :])


def _row_columns(row: Array, seen: Array) -> Array:
    """Return indicator columns of all rows but the last, which is minus the sum of the others."""
    index = np.searchsorted(seen, row)
    out = np.zeros((row.size, seen.size - 1))
    last = index == seen.size - 1
    out[np.flatnonzero(~last), index[~last]] = 1.0
    out[last] = -1.0
    return out


def _row_terms(estimate: fit.Estimate, n: int, seen: Array, rows: bool) -> tuple[Array, Array]:
    if not rows:
        return np.zeros(seen.size), np.zeros(seen.size)
    part = slice(n, n + seen.size - 1)
    value, covariance = estimate.value[part], estimate.covariance[part, part]
    last_std = np.sqrt(max(covariance.sum(), 0.0))
    return np.append(value, -value.sum()), np.append(np.sqrt(np.diag(covariance)), last_std)


class _Drift(NamedTuple):
    on_points: Array
    on_sky: Array
    data: Array
    std: Array


def _drift_block(drift: tuple[Array, Array, Array], frame: Array, width: int) -> _Drift:
    """Return columns of a cubic in time for the points, and the sky's own equations for it."""
    time, value, std = drift
    t = (time - time.mean()) / max(np.ptp(time) / 2, 1.0)
    basis = np.polynomial.legendre.legvander(t, 4)[:, 1:]
    good = np.isfinite(value) & np.isfinite(std)
    on_sky = np.hstack([np.zeros((good.sum(), width)), basis[good]])
    constant = np.average(value[good], weights=std[good] ** -2)
    return _Drift(basis[frame], on_sky, value[good] - constant, std[good])


def zonal_wind(measured: Velocities, found: Winds, edges: Array) -> ZonalWind:
    """Return the bands' part of a fit whose first terms are zonal bands.

    Parameters
    ----------
    found
        Of `winds` with one term for each band, in the order of `edges`.
    edges
        Edges of the bands [rad] (band + 1,), increasing.
    """
    n = edges.size - 1
    good = (measured.flag == 0) & np.isfinite(found.fitted)
    count, _ = np.histogram(measured.lat[good], edges)
    return ZonalWind(
        lat=(edges[1:] + edges[:-1]) / 2, south=edges[:-1], north=edges[1:],
        zonal_wind=found.value[:n], zonal_wind_std=found.value_std[:n],
        covariance=found.covariance[:n, :n], n=count,
    )  # fmt: skip
