"""Gains of calibrators → their flux densities."""

import dataclasses
from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.errors import InputError
from hesper.radio import model_flux
from hesper.radio.data import Setup, Visibilities
from hesper.radio.data_calibration import CalibratorFluxes, Gains
from hesper.record import Array


class Primary(NamedTuple):
    """Flux densities of primary calibrators on a scale."""

    spectra: dict[int, Array]
    """Field → (channel,) [Jy]."""
    scale: str
    note: str


def primary(visibilities: Visibilities, *, scale: str) -> Primary:
    """Return the flux densities of the primary calibrators among the fields observed.

    Raises
    ------
    InputError
        If no field is a calibrator of the scale.
    """
    setup = visibilities.setup
    year = float(ephemeris.utc(visibilities.time[0])[0].astype("datetime64[Y]").astype(int)) + 1970.5
    spectra, notes, used = dict[int, Array](), list[str](), scale
    for field in np.unique(visibilities.field):
        name = model_flux.calibrator_near(setup.field_ra[field], setup.field_dec[field])
        if name:
            known = model_flux.calibrator_flux(name, setup.frequency, scale=scale, year=year)
            spectra[int(field)] = known.flux_density
            used = known.scale
            notes += [known.note] if known.note else []
    if not spectra:
        names = ", ".join(str(setup.field_name[f]) for f in np.unique(visibilities.field))
        raise InputError(f"calibrators {names}: none is on a flux scale; observe 3C48, 3C147 or 3C286")
    return Primary(spectra, used, "; ".join(notes))


class ElevationCurve(NamedTuple):
    """How the amplitude of the gains, common to all antennas, goes with elevation."""

    slope: float
    """Of the logarithm of amplitude [1/rad]."""
    slope_std: float
    variation: float
    """Largest less smallest of the antennas' mean amplitude, over its mean."""


def elevation_curve(table: Gains, field: int) -> ElevationCurve:
    """Fit a line to the log amplitude of all antennas against elevation, on one field.

    Notes
    -----
    Mohan et al. 2017, section 3.2: about 10 % from 85° to 23° on the secondary calibrator.
    """
    mine = table.field == field
    if mine.sum() < 3:
        raise InputError(f"elevation curve: {mine.sum()} solutions on the field; three or more are needed")
    log = np.ma.masked_invalid(np.log(table.amplitude[mine]))
    relative = log - log.mean(axis=0)
    middle = np.ma.median(relative.reshape(mine.sum(), -1), axis=1)  # type: ignore[no-untyped-call]
    common = np.ma.filled(middle, 0.0)
    x = table.elevation[mine] - table.elevation[mine].mean()
    slope = float(np.sum(x * common) / np.sum(x**2))
    rest = common - slope * x - common.mean()
    std = float(np.sqrt(np.sum(rest**2) / max(x.size - 2, 1) / np.sum(x**2)))
    return ElevationCurve(slope, std, float(np.ptp(np.exp(common))))


def bootstrap(
    table: Gains, setup: Setup, known: Primary, secondary: int, *, slope: float
) -> CalibratorFluxes:
    """Return the flux density of a secondary calibrator from its gains and those of the primaries.

    Parameters
    ----------
    table
        Gains; those of the secondary found with a flux density of 1 Jy.
    setup
        Names of the fields.
    known
        Flux densities of the primaries.
    secondary
        Its field.
    slope
        Of log amplitude with elevation [1/rad], to correct for a difference in elevation; 0 for none, as
        Mohan et al. 2017 do.

    Notes
    -----
    S = (A_secondary/A_primary)² antenna by antenna, each scan of a primary compared with the nearest of the
    secondary; the median of all, and its standard error from the scatter between antennas.
    """
    theirs = np.flatnonzero(np.isin(table.field, list(known.spectra)))
    mine = np.flatnonzero(table.field == secondary)
    if not mine.size or not theirs.size:
        missing = str(setup.field_name[secondary]) if not mine.size else "primary calibrator"
        raise InputError(f"bootstrap: no gains on the {missing}; see the report of flags")
    ratios = []
    for i in theirs:
        j = mine[np.argmin(np.abs(table.time[mine] - table.time[i]))]
        turned = np.exp(-2 * slope * (table.elevation[j] - table.elevation[i]))
        ratios.append((table.amplitude[j] / table.amplitude[i]) ** 2 * turned)
    middle = np.ma.median(np.ma.masked_invalid(ratios), axis=0)  # type: ignore[no-untyped-call]
    ratio = np.asarray(np.ma.compressed(middle))
    if ratio.size < 2:
        raise InputError("bootstrap: fewer than two antennas saw both calibrators; see the report of flags")
    flux = float(np.median(ratio))
    spread = 1.4826 * float(np.median(np.abs(ratio - flux)))
    std = spread * np.sqrt(np.pi / 2 / ratio.size)
    values = [float(np.median(spectrum)) for spectrum in known.spectra.values()]
    names = [str(setup.field_name[f]) for f in known.spectra]
    return CalibratorFluxes(
        name=np.array([*names, str(setup.field_name[secondary])]),
        flux_density=np.array([*values, flux]),
        flux_density_std=np.array([*(0.0 for _ in values), std]),
        is_primary=np.array([*(True for _ in values), False]),
        scale=known.scale,
        note=known.note,
    )


def rescaled(table: Gains, field: int, flux_density: float) -> Gains:
    """Return gains found on a field with 1 Jy as they are with its true flux density [Jy]."""
    factor = np.where(table.field == field, flux_density**-0.5, 1.0)[:, None, None]
    return dataclasses.replace(
        table, amplitude=table.amplitude * factor, amplitude_std=table.amplitude_std * factor
    )


def of_primaries(known: Primary, setup: Setup) -> CalibratorFluxes:
    """Return the flux densities of the primaries alone."""
    return CalibratorFluxes(
        name=np.array([str(setup.field_name[f]) for f in known.spectra]),
        flux_density=np.array([float(np.median(spectrum)) for spectrum in known.spectra.values()]),
        flux_density_std=np.zeros(len(known.spectra)),
        is_primary=np.ones(len(known.spectra), bool),
        scale=known.scale,
        note=known.note,
    )
