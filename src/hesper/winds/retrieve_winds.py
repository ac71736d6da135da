"""Velocities of points of the disk → winds, zero level and row terms in one weighted fit."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from hesper import fit
from hesper.errors import InputError
from hesper.record import Array
from hesper.winds import model, model_fields, model_pictures
from hesper.winds.data import Positions, Velocities, Winds, ZonalWind


def columns(
    disk: model.Aspect,
    terms: Sequence[str | model_fields.WindField],
    *,
    line: str = "reflected",
    scattering: str = "minnaert",
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
    measured: Velocities, places: Positions, table: model_pictures.Pictures, *, exponent: float | None = None,
    moved: Array | float = 0.0,
) -> Array:  # fmt: skip
    """Return flux-weighted velocity fields (point, column) through seeing and slit at each measurement.

    Parameters
    ----------
    table
        Pictures with the columns wanted after the brightness.
    exponent
        Photometric exponent; that of the positions by default.
    moved
        Added to every slit position [rad], a number or one per frame.
    """
    frame = measured.frame
    x = measured.x + (np.broadcast_to(moved, places.x.shape)[frame] if np.ndim(moved) else moved)
    k = places.exponent if exponent is None else exponent
    seen = model_pictures.look(table, x, measured.y, places.seeing[frame], k)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = seen[:, 1:] / seen[:, :1]
    return np.asarray(np.where(seen[:, :1] > 1e-3, ratio, np.nan))


def winds(
    measured: Velocities,
    matrix: Array,
    terms: Sequence[str],
    *,
    rows: bool = True,
    drift: tuple[Array, Array, Array] | None = None,
    shifted_matrix: Array | None = None,
    common_std: float = 0.0,
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
    rows
        Whether every detector row has a constant of its own (spectral artifacts).
    drift
        Time of each frame, its measured sky drift less what was removed, and σ: a slow polynomial in time
        common to planet and sky is then fitted with the winds. None leaves it out.
    shifted_matrix, common_std
        The design for slit positions one unit of a common error away, and the σ of that error (of the
        photometric exponent): its effect is added to the covariance.
    use
        Which points to use; by default those without a flag.

    Raises
    ------
    InputError
        If the velocities were flattened along the run, no point is left, or nothing but row constants can
        explain them.

    Notes
    -----
    v = Σ f_j U_j + z0 + a_row: the a_row sum to zero, which makes the rank complete.
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
    names = [*terms, "zero"]
    blocks = [matrix[good, 1:], np.ones((good.sum(), 1))]
    lines_seen = np.unique(measured.row[good])
    if rows:
        blocks.append(_row_columns(measured.row[good], lines_seen))
    data, std = measured.velocity[good] - matrix[good, 0], measured.velocity_std[good]
    whole = np.hstack(blocks)
    extra = _drift_block(drift, measured.frame[good], whole.shape[1]) if drift is not None else None
    if extra is not None:
        whole = np.vstack([np.hstack([whole, extra.on_points]), extra.on_sky])
        data, std = np.concatenate([data, extra.data]), np.concatenate([std, extra.std])
    estimate = _solved(whole, data, std)
    count = good.sum()
    fitted = np.full(good.size, np.nan)
    fitted[good] = whole[:count] @ estimate.value + matrix[good, 0]
    n = len(names)
    covariance = estimate.covariance[:n, :n].copy()
    position_std = 0.0
    if shifted_matrix is not None and common_std > 0:
        # How the fit would answer to velocities that the shifted design predicts.
        # Where the shifted slit falls off the disk the answer is not known; such points are few.
        moved = np.nan_to_num(shifted_matrix[good] - matrix[good])
        change = moved @ np.concatenate([[1.0], estimate.value[: len(terms)]])
        change = np.concatenate([change, np.zeros(data.size - count)])
        response = _solved(whole, change, std).value[:n] * common_std
        covariance += np.outer(response, response)
        position_std = abs(float(response[0]))
    row_shift, row_std = _row_terms(estimate, n, lines_seen, rows)
    return Winds(
        term=np.array(names), value=estimate.value[:n], value_std=np.sqrt(np.diag(covariance)),
        covariance=covariance, row=lines_seen, row_shift=row_shift, row_shift_std=row_std,
        residual=measured.velocity - fitted, fitted=fitted, chi2=estimate.chi2, dof=estimate.dof,
        position_std=position_std,
    )  # fmt: skip


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


def _solved(whole: Array, data: Array, std: Array) -> fit.Estimate:
    """Solve by normal equations of scaled columns; fall back on the orthogonal solver where they are poor."""
    weighted = whole / std[:, None]
    scale = np.linalg.norm(weighted, axis=0)
    if not (scale > 0).all():
        raise InputError("winds: a term has no effect on any point; leave it out or add points that see it")
    weighted /= scale
    normal = weighted.T @ weighted
    if np.linalg.cond(normal) > 1e12:
        return fit.linear(whole, data, std)
    inverse = np.linalg.inv(normal)
    y = data / std
    value = inverse @ (weighted.T @ y)
    residual = y - weighted @ value
    return fit.Estimate(
        value / scale,
        inverse / np.outer(scale, scale),
        float(residual @ residual),
        data.size - whole.shape[1],
    )


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
