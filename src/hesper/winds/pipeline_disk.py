"""What a run shows of the disk: pictures for the seeing that occurred, and the slit's places on them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from hesper.record import Array
from hesper.units import arcsec
from hesper.winds import (
    calibrate_positions,
    calibrate_profiles,
    model,
    model_fields,
    model_pictures,
    model_template,
    retrieve_winds,
)
from hesper.winds import model_spectrum as spectrum
from hesper.winds.data import Positions, Spectra, Wavelengths
from hesper.winds.data_settings import Limits

SEEING_NODES = np.arange(0.4, 3.3, 0.2) * arcsec
"""Full widths [rad] over which pictures of the disk are tabulated."""


class Run(NamedTuple):
    """What does not change while a run is reduced."""

    spectra: Spectra
    lines: spectrum.Spectrum
    limits: Limits
    disk: model.Aspect
    rows: Array
    """Which may show the planet."""


def positions(run: Run, known: Wavelengths) -> Positions:
    """Return where the slit stood, from the light along it."""
    spectra, limits = run.spectra, run.limits
    template = model_template.MAKERS[limits.line](
        run.lines, shifts=model.shifts(spectra.viewing), venus_exponent=known.sky_exponent,
        sky_exponent=known.sky_exponent, fwhm=spectra.setup.resolution, pixel=known.dispersion,
    )  # fmt: skip
    level, std = calibrate_profiles.profiles(
        spectra, known, template, line_shift=model.line_shift(spectra.viewing, limits.line), rows=run.rows
    )
    nodes = calibrate_positions.exponent_nodes() if limits.free_exponent else np.array([limits.exponent])
    table, other = (
        model_pictures.pictures(
            run.disk, [], scattering=law, transfer=model_pictures.TRANSFER[limits.seeing_profile],
            seeing=SEEING_NODES, exponent=exponents, slit=spectra.setup.slit_width,
            pixel=spectra.setup.row_height,
        )
        for law, exponents in (
            (model_fields.SCATTERING[limits.scattering], nodes),
            (model_fields.OTHER_LAW[limits.scattering], np.ones(1)),
        )
    )  # fmt: skip
    return calibrate_positions.positions(
        spectra, level, std, run.rows, table, other, run.disk,
        exponent=limits.exponent, free_exponent=limits.free_exponent,
    )  # fmt: skip


def table(
    run: Run, places: Positions, terms: Sequence[str | model_fields.WindField]
) -> model_pictures.Pictures:
    """Return pictures of the light and of the wind terms' columns."""
    limits = run.limits
    columns = retrieve_winds.columns(run.disk, terms, line=limits.line, scattering=limits.scattering)
    return pictures(run, places, columns)


def pictures(
    run: Run, places: Positions, columns: Sequence[Callable[[model.Points, float], Array]]
) -> model_pictures.Pictures:
    """Return pictures of the light and of columns, for the exponent found and the seeing that occurred."""
    limits, setup = run.limits, run.spectra.setup
    # Two nodes on either side for the cubic between them.
    seen = places.seeing[places.found]
    low = int(np.clip(np.searchsorted(SEEING_NODES, seen.min()) - 2, 0, SEEING_NODES.size - 4))
    high = int(np.clip(np.searchsorted(SEEING_NODES, seen.max()) + 2, low + 4, SEEING_NODES.size))
    return model_pictures.pictures(
        run.disk, columns, scattering=model_fields.SCATTERING[limits.scattering],
        transfer=model_pictures.TRANSFER[limits.seeing_profile], seeing=SEEING_NODES[low:high],
        exponent=np.array([places.exponent]), slit=setup.slit_width, pixel=setup.row_height,
    )  # fmt: skip
