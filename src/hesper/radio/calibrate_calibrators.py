"""Scans of calibrators → tables: flags, bandpass, gains, flux densities."""

import dataclasses
from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.radio import calibrate_flags, calibrate_flux, calibrate_gains
from hesper.radio.data import Visibilities
from hesper.radio.data_calibration import Bandpass, CalibratorFluxes, FlagReport, Gains
from hesper.record import Array, concatenate, take

_ROUNDS = 2


class Calibration(NamedTuple):
    """What the calibrators taught."""

    bandpass: Bandpass
    gains: Gains
    fluxes: CalibratorFluxes
    bad: Array
    """(calibrator scan, antenna, polarisation)"""
    scans: Array
    """(calibrator scan,) their numbers."""
    flags: FlagReport
    """Of the calibrators, after every step of flagging."""


def calibration(
    visibilities: Visibilities, *, secondary: int, scale: str, interval: float, elevation: bool
) -> Calibration:
    """Flag the calibrators, solve for bandpass and gains, and find the secondary's flux density.

    Two rounds: after the first, flags are sought again in what is left when the calibrators are taken off.

    Parameters
    ----------
    visibilities
        Of calibrators alone, in counts.
    secondary
        Field of the secondary calibrator; may be a primary itself.
    scale
        Of flux densities, one of `model_flux.SCALES`.
    interval
        Longest interval of a gain solution [s].
    elevation
        Correct the comparison of primary and secondary for the gain's course with elevation, where the
        secondary shows it at three standard deviations.

    Raises
    ------
    InputError
        If the secondary was not observed, or nothing of a calibrator is left.
    """
    setup = visibilities.setup
    if secondary not in visibilities.field:
        raise InputError(f"calibrator {setup.field_name[secondary]}: not observed; name another")
    known = calibrate_flux.primary(visibilities, scale=scale)
    spectra = dict(known.spectra)
    spectra.setdefault(secondary, np.ones(setup.frequency.size))
    steps = [("as delivered", visibilities)]
    data = calibrate_flags.before_calibration(visibilities)
    steps.append(("what changes with time", data))
    bad = calibrate_flags.bad_antennas(data)
    scans = np.unique(data.scan)
    data = calibrate_flags.without_antennas(data, bad, scans)
    steps.append(("antennas whose phases do not hold", data))
    model = calibrate_gains.point_model(data, spectra)
    # The primaries' spectra are known; that of the secondary is not, and would tilt the bandpass.
    known_here = np.flatnonzero(np.isin(data.field, list(known.spectra)))
    for _ in range(_ROUNDS):
        reference = calibrate_gains.reference_antenna(data)
        passband = _steady(
            calibrate_gains.bandpass(take(data, "time", known_here), model[known_here], reference=reference)
        )
        table, flag = _scan_by_scan(data, model, passband, interval, reference)
        data = dataclasses.replace(data, flag=flag)
    steps.append(("interference", data))
    if secondary in known.spectra:
        fluxes = calibrate_flux.of_primaries(known, setup)
    else:
        slope = _slope(table, secondary) if elevation else 0.0
        fluxes = calibrate_flux.bootstrap(table, setup, known, secondary, slope=slope)
        table = calibrate_flux.rescaled(table, secondary, float(fluxes.flux_density[-1]))
    return Calibration(passband, table, fluxes, bad, scans, calibrate_flags.report(steps))


def _slope(table: Gains, secondary: int) -> float:
    """Return the slope of log amplitude with elevation where it is seen, else 0."""
    if np.sum(table.field == secondary) < 3:
        return 0.0
    curve = calibrate_flux.elevation_curve(table, secondary)
    return curve.slope if abs(curve.slope) > 3 * curve.slope_std else 0.0


def _scan_by_scan(
    data: Visibilities, model: Array, passband: Bandpass, interval: float, reference: int
) -> tuple[Gains, Array]:
    """Return gains of all scans, and flags by what is left of each when its calibrator is taken off.

    For the flags every integration is calibrated by itself: a drift within a scan of a strong source is no
    interference.
    """
    tables, flags = [], []
    moment = float(data.interval.max())
    for start, stop in calibrate_gains.scan_edges(data):
        part = slice(start, stop)
        flat = calibrate_gains.with_gains(take(data, "time", part), None, passband)
        own = model[part]
        tables.append(
            calibrate_gains.gains(flat, own, interval=interval, reference=reference, phase_only=False)
        )
        quick = calibrate_gains.gains(flat, own, interval=moment, reference=reference, phase_only=False)
        level = calibrate_gains.with_weights(calibrate_gains.with_gains(flat, quick, None))
        flags.append(calibrate_flags.automatic(level, level.value - own[..., None]).flag)
    return concatenate(tables, "solution"), np.concatenate(flags)


def _steady(passband: Bandpass) -> Bandpass:
    """Take out channels whose solution is lost in the noise, or that the bandpass hardly lets through.

    That is below 0.2 of the mean amplitude, or with an error of more than 8 times the median's.
    """
    relative = np.ma.masked_invalid(passband.amplitude_std / passband.amplitude)
    usual = np.ma.median(relative, axis=1, keepdims=True)  # type: ignore[no-untyped-call]
    lost = np.ma.filled((relative > 8 * usual) | (passband.amplitude < 0.2), True)
    return dataclasses.replace(passband, amplitude=np.where(lost, np.nan, passband.amplitude))


def calibrated(visibilities: Visibilities, tables: Calibration) -> Visibilities:
    """Return a block of the target in jansky, less what stands out, with weights 1/σ² of its own."""
    return calibrate_gains.with_weights(searched(visibilities, tables))


def searched(visibilities: Visibilities, tables: Calibration) -> Visibilities:
    """Return a block of the target in jansky, flagged where it stands out, with weights as they follow."""
    known = calibrate_flags.without_antennas(visibilities, tables.bad, tables.scans)
    data = calibrate_gains.with_gains(known, tables.gains, tables.bandpass)
    return calibrate_flags.automatic(data, data.value, thresholds=calibrate_flags.STRONG)


def flagged_before(visibilities: Visibilities, tables: Calibration, flag: Array) -> Visibilities:
    """Return what `searched` does, of a block whose flags, shaped as the values, are known."""
    data = calibrate_gains.with_gains(visibilities, tables.gains, tables.bandpass)
    return dataclasses.replace(data, flag=flag)
