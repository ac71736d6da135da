"""Voltages → looks: ephemeris out, code out, spectra."""

import numpy as np

from hesper.errors import InputError
from hesper.radar.data_interferometer import Echoes, Voltages
from hesper.radar.data_settings import Waveform
from hesper.radar.model_clock import dump_length
from hesper.radar.model_geometry import depth_axis, shift_axis
from hesper.radar.model_waveform import decode_lags, spectra
from hesper.units import us


def look(given: Voltages, waveform: Waveform) -> Echoes:
    """Decode the samples of one look by multiplication with the lagged code.

    Parameters
    ----------
    given
        One look; its delay and phase polynomials are removed, code and carrier on the echo's clock. A look
        that holds values which are not finite becomes one of NaN.
    waveform
        Gates and Doppler cells that are wanted.

    Raises
    ------
    InputError
        If the samples are too few for one spectrum, or the code or its bits are not those of the recipe.
    """
    per_dump = dump_length(given.rate, waveform)
    needed = round(given.rate / waveform.doppler_cell)
    if given.samples.shape[1] < needed:
        raise InputError(
            f"calibrate.look: {given.samples.shape[1]} samples; one spectrum of "
            f"{waveform.doppler_cells} cells of {waveform.doppler_cell} Hz needs {needed}"
        )
    if given.baud != waveform.baud:
        raise InputError(
            f"calibrate.look: bits of {given.baud / us:g} us; the recipe has {waveform.baud / us:g} us; give "
            "the recipe that the voltages were made with"
        )
    if waveform.code == "maximal" and (len(given.chips) + 1) & len(given.chips):
        raise InputError(
            f"calibrate.look: a code of {len(given.chips)} chips is not of maximal length "
            "(2ⁿ − 1); give the code that was transmitted"
        )
    gates = waveform.gates + waveform.early_gates
    out = np.zeros((len(given.samples), gates, waveform.doppler_cells), complex)
    middle = 0.5 / waveform.doppler_cell
    if np.isfinite(given.samples).all():
        for m, samples in enumerate(given.samples):
            decode_lags(
                samples, given.rate, given.chips.astype(float), given.baud, given.delay[m], given.phase[m],
                middle, -waveform.early_gates, per_dump, out[m],
            )  # fmt: skip
    else:
        # Statistics leave the look out; a value that is not finite would spread over gates and Doppler cells.
        out[:] = np.nan
    shift = shift_axis(waveform.doppler_cell, waveform.doppler_cells)
    # Dumps stand for their own middles; where they are even in number, none has it in that of the look.
    late = (waveform.doppler_cells // 2 + 0.5 - waveform.doppler_cells / 2) / waveform.doppler_cells
    turn = np.exp(-2j * np.pi * shift * late / waveform.doppler_cell)
    found = np.stack([spectra(series) for series in out]) * turn
    return Echoes(
        voltage=found[None],
        look_time=given.look_time,
        depth=depth_axis(waveform.baud, waveform.gates, waveform.early_gates),
        shift=shift,
        geometry=given.geometry,
        frequency=given.frequency,
        baud=given.baud,
        stations=given.stations,
        transmitter=given.transmitter,
        code=given.code,
        cycles=given.cycles,
    )
