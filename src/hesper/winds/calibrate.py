"""Frames → electrons, and which rows show only sky."""

import numpy as np

from hesper.ephemeris import Viewing
from hesper.errors import InputError
from hesper.record import Array
from hesper.units import arcsec
from hesper.winds.data import Frames, Spectra

FEWEST_SKY_ROWS = 24
_PLANET_SHARE = 0.02
"""Of the brightest row's excess, above which a row counts as touched by the planet."""


def detector(frames: Frames, viewing: Viewing) -> Spectra:
    """Subtract the dark, divide by the flat, mark saturated pixels, count electrons.

    Parameters
    ----------
    frames
        As read or simulated.
    viewing
        At the times of the frames.

    Notes
    -----
    Frames that are dark or mostly saturated stay in the record and are marked unusable: nothing is lost.
    """
    setup = frames.setup
    electrons = np.empty_like(frames.counts)
    saturated = np.empty(len(electrons), int)
    usable = np.empty(len(electrons), bool)
    scale = setup.gain / np.where(frames.flat > 0.2, frames.flat, np.nan)
    for i, counts in enumerate(frames.counts):
        full = counts >= setup.saturation
        electrons[i] = np.where(full, np.nan, (counts - frames.dark) * scale)
        saturated[i] = full.sum()
        some = electrons[i][::4, ::4]
        light = float(np.nanmedian(some)) if np.isfinite(some).any() else 0.0
        usable[i] = saturated[i] < 0.2 * full.size and light > 0.5 * setup.read_noise
    return Spectra(
        electrons=electrons, usable=usable, saturated=saturated, exposure=frames.exposure,
        offset=frames.offset, viewing=viewing, setup=setup,
    )  # fmt: skip


def heights(spectra: Spectra) -> Array:
    """Return the height of each row along the slit from the first [rad] (row,)."""
    return np.asarray(np.arange(spectra.electrons.shape[1]) * spectra.setup.row_height)


def row_scale(rows: int) -> Array:
    """Return η (row,), −1 at the first row and 0 in the middle, in which distortion is a polynomial."""
    return np.asarray((np.arange(rows) - rows / 2) / (rows / 2))


def sky_rows(spectra: Spectra, radius: float) -> Array:
    """Return which rows show only sky in all usable frames (row,).

    Parameters
    ----------
    radius
        Angular radius of the planet [rad].

    Raises
    ------
    InputError
        If no frame is usable, the planet is not on the slit, or too few rows are free of it.
    """
    use = np.flatnonzero(spectra.usable)
    if use.size == 0:
        raise InputError(
            "frames: all are dark or saturated; give at least one exposure of the planet, "
            "or check BIAS, SATURATE and the exposure time"
        )
    # Every eighth pixel is enough for the level of a row.
    profiles = np.stack([np.nanmedian(spectra.electrons[i][:, ::8], axis=1) for i in use])
    lowest = np.nanpercentile(profiles, 20, axis=1, keepdims=True)
    excess = np.nanmax(profiles - lowest, axis=0)
    noise = 1.4826 * float(np.nanmedian(np.abs(profiles - np.nanmedian(profiles, axis=1, keepdims=True))))
    top = float(np.nanmax(excess))
    typical = float(np.nanmedian(np.nanmedian(profiles, axis=1)))
    if not top > max(6 * noise, 0.03 * typical):
        raise InputError(
            f"frames: the brightest row exceeds the sky by {top:.3g} electrons (noise {noise:.2g}); "
            "the planet is not on the slit: check the pointing, or the dark level"
        )
    bright = np.flatnonzero(excess > 0.5 * top)
    # Scattered light and seeing reach beyond the limb.
    margin = 2.5 * arcsec / spectra.setup.row_height
    reach = max(radius / spectra.setup.row_height, (bright.max() - bright.min()) / 2) + margin
    middle = (bright.max() + bright.min()) / 2
    rows = np.arange(excess.size)
    free = np.abs(rows - middle) > reach
    # A crescent's horns are faint and reach far beyond its bright rows, in some of the frames.
    touched = np.flatnonzero(excess > max(6 * noise, _PLANET_SHARE * top))
    free &= (rows < touched.min() - margin) | (rows > touched.max() + margin)
    free &= np.isfinite(profiles).all(axis=0)
    if free.sum() < FEWEST_SKY_ROWS:
        raise InputError(
            f"frames: light of the planet in rows {touched.min()} to {touched.max()} of {excess.size} leaves "
            f"{int(free.sum())} rows without the planet; at least {FEWEST_SKY_ROWS} are needed for "
            "wavelengths and skylight: leave out frames beside the planet, or use a longer slit or a bigger "
            "detector window"
        )
    return np.asarray(free)
