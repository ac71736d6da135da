"""Photons and the bounds they set on velocities."""

from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.units import angstrom
from hesper.winds import model_spectrum as spectrum
from hesper.winds import model_template


class PhotonBudget(NamedTuple):
    """The paper's section 2.3, step by step."""

    rate: float
    """Photons s-1 Å-1 arcsec-1 of slit."""
    useful: float
    """In a band of 120 mÅ at 30 % of the continuum, each second and arcsecond."""
    total: float
    """In the time a cell of 1 arcsec² is seen."""
    signal_to_noise: float
    velocity_std: float
    """As the paper reckons [m s-1]."""


def paper_budget() -> PhotonBudget:
    """Return the paper's photon reckoning: 1155 per second, 4.23e5 in all, SNR 650, 30.7 m/s.

    Its last step takes the slope relative to the continuum, but noise relative to the light at 30 % of it.
    """
    rate = 4.8e11 / (1000 * 187) * 0.5 * 0.05 * 0.5
    useful = rate * 0.12 * 0.30
    total = useful * 366.0
    snr = float(np.sqrt(total))
    return PhotonBudget(rate, useful, total, snr, 1 / (snr * 0.5e-4))


def velocity_std(
    template: model_template.Template,
    continuum: float,
    *,
    sky: float = 0.0,
    read_noise: float = 0.0,
    first: float,
    pixels: int,
    sky_prior: float = 0.0,
    telluric_prior: float = 0.0,
) -> float:
    """Return the Cramér–Rao bound [m s-1] of one spectrum with free level and tilt.

    Parameters
    ----------
    continuum, sky
        Electrons per pixel of Venus and of skylight.
    read_noise
        Electrons per pixel.
    first, pixels
        First wavelength [m] and length of the detector row.
    sky_prior, telluric_prior
        How well skylight (relative) and telluric depth are known; 0 means exactly.

    Notes
    -----
    σ⁻² is the (v, v) element of the inverse of F = Σ ∂N/∂θ ∂N/∂θᵀ/(N + sky + RN²), priors on its diagonal.
    With v alone it is the quality factor of Bouchy et al. 2001.
    """
    work = np.empty((model_template.COLUMNS, pixels), np.float32)
    if not model_template.interpolate_row(*template, first, work):
        raise InputError(
            f"bound: {pixels} pixels from {first / angstrom:.2f} Å leave the template; give a wider spectrum"
        )
    q = np.linspace(-1, 1, pixels)
    light, glow = continuum * work[0].astype(float), sky * work[7].astype(float)
    derivatives, priors = (
        [continuum * work[1].astype(float) / model_template.VELOCITY_UNIT, light, light * q],
        [0.0] * 3,
    )
    if telluric_prior > 0:
        derivatives.append(continuum * work[5].astype(float))
        priors.append(telluric_prior**-2.0)
    if sky_prior > 0 and sky > 0:
        derivatives.append(glow)
        priors.append(sky_prior**-2.0)
    matrix = np.array(derivatives)
    fisher = (matrix / (light + glow + read_noise**2)) @ matrix.T + np.diag(priors)
    scale = np.sqrt(np.diag(fisher))
    inverse = np.linalg.inv(fisher / np.outer(scale, scale)) / np.outer(scale, scale)
    return float(np.sqrt(inverse[0, 0]))


def line_std(centre: float, electrons: float) -> float:
    """Return the bound [m s-1] of one line by itself, within ± 0.5 Å, for electrons per mÅ."""
    dispersion, half_width = 11.7e-13, 0.5 * angstrom
    first = centre - half_width
    pixels = round(2 * half_width / dispersion)
    lines = spectrum.parametric(first - angstrom, centre + half_width + angstrom)
    made = model_template.template(
        lines,
        shifts=model_template.Shifts(4.5e-5, 0.0, 0.0),
        venus_exponent=0.0,
        sky_exponent=0.0,
        fwhm=20e-13,
        pixel=dispersion,
    )
    moved = first * (1 + 4.5e-5)
    return velocity_std(made, electrons * 11.7, first=moved, pixels=pixels)
