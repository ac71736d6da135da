"""Calibrators → tables of gains → calibrated visibilities."""

import dataclasses
from itertools import pairwise

import numpy as np

from hesper.errors import InputError
from hesper.radio import model_array, model_gains, model_solver, model_sums, model_weights
from hesper.radio.data import Setup, Visibilities
from hesper.radio.data_calibration import Bandpass, Gains
from hesper.record import Array

_LEAST = 5.0
"""Standard deviations that an amplitude must have to be believed."""
_CENTRAL = 0.3
"""Part of the band, about its middle, in which gains are found before the bandpass is known."""


def point_model(visibilities: Visibilities, spectra: dict[int, Array]) -> Array:
    """Return (time, 1, channel) [Jy], the visibilities of calibrators at the centre of their fields.

    Parameters
    ----------
    visibilities
        Of calibrators alone.
    spectra
        Field → (channel,) flux densities [Jy].
    """
    unknown = sorted(set(np.unique(visibilities.field).tolist()) - set(spectra))
    if unknown:
        name = visibilities.setup.field_name[unknown[0]]
        raise InputError(f"field {name}: no flux density is known; name it as a calibrator, or leave it out")
    return np.stack([spectra[int(f)] for f in visibilities.field])[:, None, :].astype(np.complex64)


def reference_antenna(visibilities: Visibilities) -> int:
    """Return the antenna with most visibilities, of these the one nearest to the centre of the array.

    Raises
    ------
    InputError
        If nothing is left unflagged.
    """
    setup = visibilities.setup
    good = (~visibilities.flag & (visibilities.weight > 0)).sum(axis=(0, 2, 3))
    count = setup.antenna_name.size
    amount = np.bincount(setup.antenna1, good, count) + np.bincount(setup.antenna2, good, count)
    if amount.max() == 0:
        names = ", ".join(map(str, setup.field_name[np.unique(visibilities.field)]))
        raise InputError(
            f"calibration: every visibility of {names} is flagged; look at the data, and at `record`"
        )
    distance = np.linalg.norm(setup.antenna_position - np.median(setup.antenna_position, axis=0), axis=1)
    best = np.flatnonzero(amount >= 0.95 * amount.max())
    return int(best[np.argmin(distance[best])])


def gains(
    visibilities: Visibilities,
    model: Array,
    *,
    interval: float,
    reference: int,
    phase_only: bool,
) -> Gains:
    """Solve for gains with time, one for every `interval` or shorter, never across scans.

    Parameters
    ----------
    visibilities
        In counts, or calibrated already for a self-calibration.
    model
        (time, baseline or 1, channel) what the sky gives [Jy].
    interval
        Longest solution interval [s].
    reference
        Antenna whose phase is 0.
    phase_only
        Keep amplitudes at 1.
    """
    return _gains(visibilities, model, interval, reference, phase_only, 0, visibilities.value.shape[2])


def _gains(
    visibilities: Visibilities,
    model: Array,
    interval: float,
    reference: int,
    phase_only: bool,
    first: int,
    last: int,
) -> Gains:
    setup = visibilities.setup
    slot = _slots(visibilities, interval)
    count = int(slot.max()) + 1
    channel = np.arange(visibilities.value.shape[2])
    within = np.where((channel >= first) & (channel < last), 0, -1)
    sums = model_sums.accumulate(
        visibilities.value, visibilities.weight, visibilities.flag, model, slot, within
    )
    found = model_solver.solve(
        sums,
        setup.antenna1,
        setup.antenna2,
        setup.antenna_name.size,
        reference=reference,
        phase_only=phase_only,
    )
    number = np.bincount(slot)
    time = np.bincount(slot, visibilities.time - visibilities.time[0]) / number + visibilities.time[0]
    start = np.searchsorted(slot, np.arange(count))
    field = visibilities.field[start]
    amplitude = np.abs(found.gain)
    # An antenna that hears nothing has a gain of noise.
    amplitude = np.where(amplitude > _LEAST * found.amplitude_std, amplitude, np.nan)
    return Gains(
        time=time,
        field=field,
        amplitude=amplitude,
        amplitude_std=found.amplitude_std,
        phase=np.angle(found.gain),
        phase_std=found.phase_std,
        elevation=_elevation(setup, time, field),
        antenna_name=setup.antenna_name,
        reference=str(setup.antenna_name[reference]),
    )


def _slots(visibilities: Visibilities, interval: float) -> Array:
    """Return the number of the solution of every integration: scans cut into equal parts."""
    slot = np.empty(len(visibilities.time), int)
    next_free = 0
    for start, stop in scan_edges(visibilities):
        length = visibilities.interval[start:stop].sum()
        parts = min(max(1, int(np.ceil(length / interval - 1e-6))), stop - start)
        slot[start:stop] = next_free + np.arange(stop - start) * parts // (stop - start)
        next_free += parts
    return slot


def scan_edges(visibilities: Visibilities) -> list[tuple[int, int]]:
    """Return first and last-but-one integration of every scan."""
    edges = np.flatnonzero(np.diff(visibilities.scan)) + 1
    return list(pairwise([0, *edges.tolist(), len(visibilities.scan)]))


def _elevation(setup: Setup, time: Array, field: Array) -> Array:
    out = np.empty(time.size)
    centre = setup.antenna_position.mean(axis=0)
    for f in np.unique(field):
        mine = field == f
        frame = model_array.field_frame(time[mine], setup.field_ra[f], setup.field_dec[f], centre)
        out[mine] = frame.elevation
    return out


def bandpass(visibilities: Visibilities, model: Array, *, reference: int) -> Bandpass:
    """Solve for the gain of every channel, the drift in time taken out first in the middle of the band.

    Parameters
    ----------
    visibilities
        Of calibrators, counts.
    model
        As in `gains`.
    reference
        Antenna whose phase is 0.
    """
    setup = visibilities.setup
    channels = setup.frequency.size
    width = max(1, round(_CENTRAL * channels))
    first = (channels - width) // 2
    drift = _gains(
        visibilities, model, float(visibilities.interval.max()), reference, False, first, first + width
    )
    steady = with_gains(visibilities, drift, None)
    sums = model_sums.accumulate(
        steady.value, steady.weight, steady.flag, model, np.zeros(steady.time.size, int), np.arange(channels)
    )
    found = model_solver.solve(
        sums, setup.antenna1, setup.antenna2, setup.antenna_name.size, reference=reference, phase_only=False
    )
    gain = np.swapaxes(found.gain, 0, 1)  # (antenna, channel, polarisation)
    amplitude = np.abs(gain)
    norm = _mean(amplitude)
    return Bandpass(
        frequency=setup.frequency,
        amplitude=amplitude / norm,
        amplitude_std=np.swapaxes(found.amplitude_std, 0, 1) / norm,
        phase=np.angle(gain),
        phase_std=np.swapaxes(found.phase_std, 0, 1),
        antenna_name=setup.antenna_name,
        reference=str(setup.antenna_name[reference]),
    )


def _mean(amplitude: Array) -> Array:
    there = np.isfinite(amplitude)
    number = there.sum(axis=1, keepdims=True)
    total = np.where(there, amplitude, 0).sum(axis=1, keepdims=True)
    return np.asarray(np.where(number > 0, total / np.maximum(number, 1), np.nan))


def with_gains(visibilities: Visibilities, table: Gains | None, passband: Bandpass | None) -> Visibilities:
    """Divide by the gains, interpolated in time, and by the bandpass.

    Amplitude and unwrapped phase go straight from one solution to the next, and stay before the first and
    after the last. Antennas without any solution, and channels without bandpass, are flagged. Weights follow
    the values.
    """
    setup = visibilities.setup
    shape = (1, setup.antenna_name.size, 1, setup.polarisation.size)
    gain = np.ones(shape, np.complex128)
    if table is not None:
        gain = gain * interpolated(table, visibilities.time)[:, :, None, :]
    if passband is not None:
        gain = gain * (passband.amplitude * np.exp(1j * passband.phase))[None]
    return _divided(visibilities, gain)


def without(visibilities: Visibilities, gain: Array) -> Visibilities:
    """Divide by gains (time, antenna, polarisation), as `with_gains` does by those of a table."""
    return _divided(visibilities, gain[:, :, None, :])


def _divided(visibilities: Visibilities, gain: Array) -> Visibilities:
    setup = visibilities.setup
    good = np.isfinite(gain) & (np.abs(gain) > 0)
    inverse = np.where(good, 1 / np.where(good, gain, 1), 0).astype(np.complex64)
    value = model_gains.with_gains(visibilities.value, inverse, setup.antenna1, setup.antenna2)
    size = np.where(good, np.abs(gain) ** 2, 0).astype(np.float32)
    weight, flag = model_gains.weights_with_gains(
        visibilities.weight, visibilities.flag, size, setup.antenna1, setup.antenna2
    )
    return dataclasses.replace(visibilities, value=value, weight=weight, flag=flag)


def interpolated(table: Gains, time: Array) -> Array:
    """Return complex gains (time, antenna, polarisation); NaN for an antenna without solutions."""
    _, antennas, hands = table.amplitude.shape
    out = np.full((time.size, antennas, hands), np.nan + 1j * np.nan)
    for a in range(antennas):
        for p in range(hands):
            good = np.isfinite(table.amplitude[:, a, p])
            if good.any():
                phase = np.unwrap(table.phase[good, a, p])
                out[:, a, p] = np.interp(time, table.time[good], table.amplitude[good, a, p]) * np.exp(
                    1j * np.interp(time, table.time[good], phase)
                )
    return out


def with_weights(visibilities: Visibilities) -> Visibilities:
    """Set weights to 1/σ², σ found from the differences of neighbouring channels.

    For every scan, baseline and polarisation σ² = a + b/w, w the weights that are there: noise of the sky and
    the receiver, which the gains pass with the signal, and noise that came after them. The sky, which is
    smooth along the channels, drops out.
    """
    v = visibilities
    weight, flag = np.empty(v.value.shape, np.float32), np.empty(v.value.shape, bool)
    for start, stop in scan_edges(v):
        part = slice(start, stop)
        model_weights.rescale_weights(v.value[part], v.weight[part], v.flag[part], weight[part], flag[part])
    return dataclasses.replace(v, weight=weight, flag=flag)
