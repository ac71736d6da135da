"""Spectra → velocities of points of the disk → winds, each with its uncertainty."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from hesper import fit
from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import InputError
from hesper.record import Array
from hesper.units import arcsec
from hesper.winds import calibrate, model
from hesper.winds import model_rows as shift
from hesper.winds import model_spectrum as spectrum
from hesper.winds.data import Positions, Spectra, Velocities, Wavelengths, Winds, ZonalWind

NO_FIT, MISFIT, FAINT, OFF_DISK = 1, 2, 4, 8
"""Flags of a velocity."""
_ROUNDS_OF_TELLURIC = 3


def velocities(
    spectra: Spectra,
    known: Wavelengths,
    places: Positions,
    lines: spectrum.Spectrum,
    disk: model.Aspect,
    *,
    line: str = "reflected",
    faintest: float = 0.25,
    sky_prior: float = 0.03,
    telluric_prior: float = 0.1,
    clip: float = 6.0,
    only: Array | None = None,
) -> Velocities:
    """Measure the shift of every row on the planet by maximum likelihood, at its own wavelengths.

    Parameters
    ----------
    lines
        Spectrum at rest.
    line
        "reflected" sunlight or lines "emitted" (formed) in Venus's atmosphere.
    faintest
        Continuum relative to the brightest row of the run below which a row is left out.
    sky_prior, telluric_prior
        How well skylight and telluric depth of a row are known in advance (relative, absolute).
    clip
        Residual in standard deviations beyond which a pixel counts as a cosmic ray.
    only
        Detector rows to measure; all that the planet touches by default.

    Notes
    -----
    Velocity 0 is the motion of the planet's centre; the solar lines' offset against the telluric ones and
    the smooth drift of the wavelength scale are taken out. The telluric depth on Venus's way is found first,
    from all rows together.
    """
    heights = calibrate.heights(spectra)
    radius = disk.angular_radius
    frames = np.flatnonzero(spectra.usable & places.found & np.isfinite(known.sky))
    extent = np.array([np.nanmin(places.y[frames]) - radius, np.nanmax(places.y[frames]) + radius])
    rows = np.flatnonzero((heights > extent[0] - 1 * arcsec) & (heights < extent[1] + 1 * arcsec))
    if only is not None:
        rows = rows[np.isin(rows, only)]
    moving = model.line_shift(spectra.viewing, line)
    drift = calibrate.smooth_drift(known, spectra.viewing.time)
    results = _fit_all(
        spectra, known, lines, disk, frames, rows, moving, drift, line, (sky_prior, telluric_prior, clip)
    )
    frame, row = np.repeat(frames, rows.size), np.tile(rows, frames.size)
    relative = SPEED_OF_LIGHT * (moving[frame] - moving.mean())
    offset = known.solar_offset if line == "reflected" else 0.0
    x, y = places.x[frame], heights[row] - places.y[frame]
    seen = model.points(disk, x, y)
    continuum = results[:, 2]
    with np.errstate(invalid="ignore"):
        misfit = results[:, 5] / results[:, 6]
        flag = np.where(np.isfinite(results[:, 0]), 0, NO_FIT)
        typical = float(np.nanmedian(misfit))
        flag |= np.where(
            misfit > max(typical, 1.0) * (1 + 8 * np.sqrt(2 / spectra.electrons.shape[2])), MISFIT, 0
        )
        light = places.brightness[frame] * np.nanmedian(
            continuum / np.maximum(places.brightness[frame], 1e-9)
        )
        flag |= np.where(continuum < faintest * np.nanpercentile(continuum, 98), FAINT, 0)
        flag |= np.where(light <= 0, FAINT, 0)
        flag |= np.where(np.hypot(x, y) > radius, OFF_DISK, 0)
    return Velocities(
        frame=frame, row=row, x=x, y=y, lon=seen.lon, lat=seen.lat,
        velocity=results[:, 0] * spectrum.VELOCITY_UNIT - relative - offset,
        velocity_std=results[:, 1] * spectrum.VELOCITY_UNIT,
        continuum=continuum, sky_factor=results[:, 3], misfit=misfit, flag=flag, flattened=0,
        method="maximum likelihood",
    )  # fmt: skip


def _fit_all(
    spectra: Spectra, known: Wavelengths, lines: spectrum.Spectrum, disk: model.Aspect, frames: Array,
    rows: Array,
    moving: Array, drift: Array, line: str, limits: tuple[float, float, float],
) -> Array:  # fmt: skip
    """Fit all rows, after the telluric depth on Venus's way has settled."""
    exponent = known.sky_exponent
    sky_prior, telluric_prior, clip = limits
    # A few frames that span the run are enough for one number.
    few = frames[:: max(1, frames.size // 24)]
    for _ in range(_ROUNDS_OF_TELLURIC):
        template = _template(spectra, known, lines, line, exponent)
        some = _fit_frames(spectra, known, template, few, rows, moving, drift, (sky_prior, 1.0, clip))
        good = np.isfinite(some[:, 0]) & (some[:, 2] > 0.3 * np.nanpercentile(some[:, 2], 98))
        if not good.any():
            raise InputError(
                "velocities: no row of the planet can be fitted; check the line window, the "
                "exposure and that "
                "the spectrum's lines are those of the data"
            )
        change = float(np.median(some[good, 4]))
        exponent = max(exponent + change, 0.0)
        if abs(change) < 0.002:
            break
    template = _template(spectra, known, lines, line, exponent)
    return _fit_frames(
        spectra, known, template, frames, rows, moving, drift, (sky_prior, telluric_prior, clip)
    )


def _template(
    spectra: Spectra, known: Wavelengths, lines: spectrum.Spectrum, line: str, exponent: float
) -> spectrum.Template:
    shifts = model.shifts(spectra.viewing)
    offset = known.solar_offset / SPEED_OF_LIGHT
    moved = spectrum.Shifts(
        (1 + shifts.reflected) * (1 + offset) - 1 if line == "emitted" else shifts.reflected,
        shifts.emitted,
        (1 + shifts.sky) * (1 + offset) - 1,
    )
    return spectrum.MAKERS[line](
        lines, shifts=moved, venus_exponent=exponent, sky_exponent=known.sky_exponent,
        fwhm=spectra.setup.resolution, pixel=known.dispersion,
    )  # fmt: skip


def _fit_frames(
    spectra: Spectra, known: Wavelengths, template: spectrum.Template, frames: Array, rows: Array,
    moving: Array,
    drift: Array, limits: tuple[float, float, float],
) -> Array:  # fmt: skip
    out = np.empty((frames.size, rows.size, shift.RESULTS))
    centre = float(known.first.mean()) + known.dispersion * spectra.electrons.shape[2] / 2
    glow = spectra.viewing.sky_shift
    for k, i in enumerate(frames):
        shift.fit_rows(
            np.ascontiguousarray(spectra.electrons[i][rows]), spectra.setup.read_noise**2, *template,
            known.first[rows] + drift[i] / SPEED_OF_LIGHT * centre, known.dispersion, 0.0,
            calibrate.sky_levels(known, int(i), rows, spectra.electrons.shape[1]),
            np.full(rows.size, SPEED_OF_LIGHT * (glow[i] - glow.mean()) / spectrum.VELOCITY_UNIT),
            *limits, out[k],
        )  # fmt: skip
    return np.asarray(out.reshape(-1, shift.RESULTS))


def columns(
    disk: model.Aspect,
    terms: Sequence[str | model.WindField],
    *,
    line: str = "reflected",
    scattering: str = "minnaert",
) -> list[Callable[[model.Points, float], Array]]:
    """Return the velocity fields whose seeing-weighted means are the design: what is known, then the terms.

    The first is the Young effect (none for lines formed on Venus) with the parallax of the moving planet.
    """
    leg = model.reflected if line == "reflected" else model.emitted

    def certain(place: model.Points, exponent: float) -> Array:
        if line == "emitted":
            return model.emitted_parallax(place, disk)
        local = model.local_exponent(scattering, place, exponent)
        return model.young_velocity(place, disk, local) + model.reflected_parallax(place, disk)

    def column(field: model.WindField) -> Callable[[model.Points, float], Array]:
        return lambda place, exponent: leg(field, place, disk)

    return [certain, *(column(model.FIELDS[t] if isinstance(t, str) else t) for t in terms)]


def design(
    measured: Velocities, places: Positions, table: model.Pictures, *, exponent: float | None = None,
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
    seen = model.look(table, x, measured.y, places.seeing[frame], k)
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


def two_level_fit(
    reflected: tuple[Array, Array, Array], emitted: tuple[Array, Array, Array]
) -> tuple[Array, Array]:  # fmt: skip
    """Return winds of two levels and their covariance from velocities of reflected and of Venus's own lines.

    Parameters
    ----------
    reflected, emitted
        Each: design column (point,), velocity and σ [m s-1] (point,). Reflected light gives the cloud tops
        (67 km), lines of CO2 a level some 7 km higher.

    Returns
    -------
    tuple
        Wind of the lower level, wind of the upper one, shear (upper less lower) and the two zero levels
        (5,) [m s-1], and their covariance (5, 5), in the terms' own sign.
    """
    low, high = reflected[0].size, emitted[0].size
    design = np.zeros((low + high, 4))
    design[:low, 0], design[low:, 1] = reflected[0], emitted[0]
    design[:low, 2], design[low:, 3] = 1.0, 1.0
    found = fit.linear(
        design, np.concatenate([reflected[1], emitted[1]]), np.concatenate([reflected[2], emitted[2]])
    )
    turn = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [-1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], float)
    return turn @ found.value, turn @ found.covariance @ turn.T
