"""The clock of an echo: each receiver's two-leg delay and carrier phase over one look, by the ephemeris."""

import numpy as np

from hesper import ephemeris
from hesper.constants import SPEED_OF_LIGHT, VENUS_RADIUS
from hesper.errors import InputError
from hesper.radar.data_settings import Waveform
from hesper.record import Array

DEPTH = 2 * VENUS_RADIUS / SPEED_OF_LIGHT
"""Delay [s] of the planet's limb behind its front."""
LEAST_DUMP = 64
"""Bits of a dump below which their whole number shifts its middle by 1/128 of it: 6e-4 of the power."""
_STEP = 20e3
"""Steps [Hz] of the local oscillator that all receivers share."""
_NODES = 65
"""Delays that a look's polynomials are fitted to: they scatter by 4 mm, for times are steps of 1e-7 s."""
_SHORTEST = 60.0
"""Seconds that these cover at least, so that their scatter makes no rates of its own."""
_LARGEST = 0.5
"""Radians of carrier phase that a cubic may leave."""


def clocks(
    time: float, duration: float, transmitter: str, receivers: tuple[str, ...], *, frequency: float
) -> tuple[Array, Array]:
    """Return each receiver's delay of the front [s] and carrier phase [cycles] over a look.

    Parameters
    ----------
    time
        Middle of the look, TDB seconds since J2000, at the receivers.
    duration
        Of the look [s].
    transmitter, receivers
        Stations.
    frequency
        Of the transmitter [Hz].

    Returns
    -------
    tuple
        Two cubics (receiver, order) of the time from the middle.

    Raises
    ------
    InputError
        If the look is too long for a cubic.

    Notes
    -----
    τ is the two-leg light time by way of Venus' centre, its front 2R/c earlier. φ = −f τ(t) − f_LO t: the
    carrier of the centre, mixed with a local oscillator in steps of 20 kHz that all receivers share.
    When it is removed, what is left is the fringe phase relative to the centre.
    """
    span = max(duration, _SHORTEST)
    nodes = time + np.linspace(-0.5, 0.5, _NODES) * span
    # Times are steps of 1e-7 s: the nodes are where they came to lie.
    offset, rows = nodes - time, []
    for station in receivers:
        found = ephemeris.echo(nodes, station, transmitter).delay
        cubic, finer = (np.polynomial.Polynomial.fit(offset, found, degree) for degree in (3, 5))
        left = 2 * np.pi * frequency * float(np.abs(cubic(offset) - finer(offset)).max())
        if left > _LARGEST:
            raise InputError(
                f"waveform: a cubic leaves {left:.2g} rad of carrier phase over {duration:.4g} s at "
                f"{frequency:.4g} Hz; at most {_LARGEST} rad are allowed: widen doppler_cell"
            )
        rows.append(cubic.convert().coef)
    centre: Array = np.stack(rows)
    front = centre.copy()
    front[:, 0] -= DEPTH
    carrier = np.asarray(-frequency * centre)
    carrier[:, 0] %= 1.0
    carrier[:, 1] -= _STEP * np.round(carrier[0, 1] / _STEP)
    return front, carrier


def dump_length(rate: float, waveform: Waveform) -> float:
    """Return the samples of one dump, of which a look has as many as Doppler cells; not always whole.

    Raises
    ------
    InputError
        If they are too few.
    """
    width = waveform.doppler_cell * waveform.doppler_cells
    if rate / width < LEAST_DUMP:
        raise InputError(
            f"waveform: {waveform.doppler_cells} Doppler cells of {waveform.doppler_cell:g} Hz integrate "
            f"{rate / width:.3g} samples of {rate:g} a second; at least {LEAST_DUMP} are needed: "
            "shorten baud, or take fewer or narrower cells"
        )
    return rate / width
