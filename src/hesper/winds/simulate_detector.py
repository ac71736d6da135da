"""What a detector makes of light: response, dark and flat frames, noise, cosmic rays, saturation."""

import numpy as np

from hesper.record import Array
from hesper.winds.data_settings import Defects, Instrument

_ELECTRONS_OF_A_FLAT = 30000.0


def calibrations(instrument: Instrument, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Return the pixels' true response, and the mean dark [counts] and flat frames that were taken."""
    shape, n = (instrument.rows, instrument.pixels), instrument.calibrations
    response = 1 + rng.normal(0, instrument.flat_rms, shape)
    dark, flat = np.full(shape, instrument.bias), np.ones(shape)
    if n:
        dark = dark + rng.normal(0, instrument.read_noise / instrument.gain / np.sqrt(n), shape)
        photons = rng.poisson(_ELECTRONS_OF_A_FLAT * n * response) / n
        flat = photons / photons.mean()
    return response, dark, flat


def detect(
    frame: Array, instrument: Instrument, defects: Defects, response: Array, rng: np.random.Generator
) -> None:
    """Turn expected electrons into counts, in place."""
    electrons = rng.poisson(frame * response).astype(float)
    electrons += rng.normal(0, instrument.read_noise, frame.shape)
    for _ in range(rng.poisson(defects.cosmic_rays)):
        row, pixel = rng.integers(frame.shape[0]), rng.integers(frame.shape[1] - 2)
        electrons[row, pixel : pixel + 2] += rng.uniform(500, 5000)
    counts = np.rint(electrons / instrument.gain + instrument.bias)
    frame[:] = np.clip(counts, 0, instrument.saturation)
