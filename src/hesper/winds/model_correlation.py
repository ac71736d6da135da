"""Kernels of cross-correlation: how far spectra are shifted against a reference, in pixels."""

import numpy as np

from hesper.record import Array


def correlation(rows: Array, reference: Array, lags: Array) -> Array:
    """Return the normalised cross-correlation (row, lag) of mean-free spectra over their overlap.

    Parameters
    ----------
    rows
        Spectra (row, pixel).
    reference
        (pixel,); or (row, pixel), one reference each.
    lags
        Whole pixels (lag,), positive where the rows lie redward.

    Notes
    -----
    C(l) = Σ_p f(p − l) g(p) / √(Σf² Σg²): one matrix product of all rows with the shifted references.
    """
    g = rows - rows.mean(axis=-1, keepdims=True)
    f = reference - reference.mean(axis=-1, keepdims=True)
    norm = np.sqrt(np.sum(g**2, axis=-1) * np.sum(f**2, axis=-1))
    out = _lagged(f, lags) @ g.T if f.ndim == 1 else _lag_sums(f, g, lags)
    return np.asarray(out.T / norm[:, None])


def _lagged(reference: Array, lags: Array) -> Array:
    """Return the reference moved by each lag (lag, pixel), zero where it has no value."""
    width = reference.size
    source = np.arange(width)[None, :] - np.asarray(lags)[:, None]
    inside = (source >= 0) & (source < width)
    return np.asarray(np.where(inside, reference[np.clip(source, 0, width - 1)], 0.0))


def _lag_sums(references: Array, rows: Array, lags: Array) -> Array:
    pairs = [
        np.sum(references[:, : rows.shape[1] - lag] * rows[:, lag:], axis=1)
        if lag >= 0
        else np.sum(references[:, -lag:] * rows[:, : rows.shape[1] + lag], axis=1)
        for lag in map(int, lags)
    ]
    return np.asarray(pairs)


def peak(correlations: Array, lags: Array, half_window: int) -> tuple[Array, Array]:
    """Return the place (row,) of the maximum, in pixels, and the quality of the quartic fitted round it.

    Parameters
    ----------
    correlations
        (row, lag).
    lags
        (lag,), consecutive whole pixels.
    half_window
        h; the quartic is fitted to the 2h + 1 lags round the highest. NaN where these leave the window.

    Returns
    -------
    tuple
        Place of the peak and root mean square of the quartic's residuals, each (row,).
    """
    top = np.argmax(correlations, axis=1)
    inside = (top >= half_window) & (top < lags.size - half_window)
    centre = np.where(inside, top, half_window)
    t = np.arange(-half_window, half_window + 1) / max(half_window, 1)
    near = np.take_along_axis(
        correlations, centre[:, None] + np.arange(-half_window, half_window + 1)[None, :], axis=1
    )
    vander = np.vander(t, 5, increasing=True)
    coefficients = near @ np.linalg.pinv(vander).T
    place = np.zeros(len(near))
    for _ in range(60):
        slope = coefficients[:, 1] + place * (
            2 * coefficients[:, 2] + place * (3 * coefficients[:, 3] + place * 4 * coefficients[:, 4])
        )
        bend = 2 * coefficients[:, 2] + place * (6 * coefficients[:, 3] + place * 12 * coefficients[:, 4])
        place = np.clip(place - slope / np.minimum(bend, -1e-12), -1.0, 1.0)
    rms = np.sqrt(np.mean((near - coefficients @ vander.T) ** 2, axis=1))
    found = np.asarray(lags)[centre] + place * half_window
    return np.where(inside, found, np.nan), rms
