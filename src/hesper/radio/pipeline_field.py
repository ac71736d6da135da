"""Raw visibilities of a field without Venus → tables and an image of every channel or of all."""

from typing import NamedTuple

import numpy as np

from hesper import config as configuration
from hesper import products
from hesper.errors import InputError, ResourceError
from hesper.products import Result
from hesper.radio import (
    calibrate_calibrators,
    calibrate_flags,
    grid_clean,
    grid_image,
    grid_masks,
    grid_samples,
    grid_weights,
    pipeline_inputs,
    pipeline_line,
    pipeline_memory,
    pipeline_search,
    write_image,
)
from hesper.radio.calibrate_calibrators import Calibration
from hesper.radio.calibrate_intensity import intensity
from hesper.radio.data import Setup, Visibilities
from hesper.radio.data_calibration import FlagReport
from hesper.radio.data_image import Clean, Samples, Spectrum
from hesper.radio.data_settings import Reduction
from hesper.radio.pipeline_blocks import Blocks
from hesper.radio.pipeline_config import Config
from hesper.radio.pipeline_memory import Budget
from hesper.record import Array, concatenate
from hesper.runs import Run


class Field(NamedTuple):
    """A field, calibrated and imaged."""

    calibration: Calibration
    flags: FlagReport
    spectrum: Spectrum
    image: Clean
    telescope: str
    blocks: Blocks
    """Gives the calibrated blocks once more."""


def run(config: Config, out: Run) -> list[Result]:
    """Calibrate a field and image it."""
    if not config.input:
        raise InputError("radio: input is empty; name a UVFITS file or a Measurement Set")
    done = reduced(config)
    name = config.reduction.target
    out.write("bandpass.nc", lambda: products.netcdf(done.calibration.bandpass))
    out.write("gains.nc", lambda: products.netcdf(done.calibration.gains))
    out.write("calibrators.nc", lambda: products.netcdf(done.calibration.fluxes))
    out.write("flags.nc", lambda: products.netcdf(done.flags))
    out.write("spectrum.nc", lambda: products.netcdf(done.spectrum))
    out.write(
        "field.fits",
        lambda: write_image.fits(
            done.image.restored,
            done.image.frame,
            done.image.beam,
            unit="Jy/beam",
            name=name,
            telescope=done.telescope,
        ),
    )
    fluxes, line = done.calibration.fluxes, list[Result]()
    if config.reduction.continuum:
        found = pipeline_line.cube(done.blocks, config.reduction, done.image.frame)
        out.write(
            "cube.fits",
            lambda: write_image.cube(
                found.restored, found.frequency, done.image.frame, found.beam, name=name,
                telescope=done.telescope,
            ),
        )  # fmt: skip
        line = pipeline_line.rows(found)
    rows = [
        Result("radio", f"flux density of {label}", "Jy", float(value), float(std) if std > 0 else None)
        for label, value, std in zip(fluxes.name, fluxes.flux_density, fluxes.flux_density_std, strict=True)
    ]
    return [
        *rows,
        Result("radio", "noise of the map", "Jy", done.image.rms),
        Result("radio", "peak of the map", "Jy", float(np.nanmax(done.image.restored))),
        Result("radio", "part of the target flagged", "1", float(done.flags.part[-1])),
        *line,
    ]


def reduced(config: Config) -> Field:
    """Calibrate by the field's calibrators, flag, and image the field."""
    settings = config.reduction
    path = configuration.existing(config.input, what="radio: input")
    archive = pipeline_inputs.opened(path, window=settings.window)
    target = pipeline_inputs.field_number(archive, settings.target)
    secondary = pipeline_inputs.field_number(archive, settings.calibrator)
    calibration = calibrate_calibrators.calibration(
        pipeline_inputs.calibrators(archive, config, secondary=secondary, target=target),
        secondary=secondary,
        scale=settings.scale,
        interval=settings.interval,
        elevation=settings.elevation,
    )
    if not np.any(archive.field == target):
        raise InputError(f"{path}: field {settings.target} was not observed; name another")
    pipeline_inputs.check_uvw(archive, target)
    memory = pipeline_memory.budget(settings)
    seen = _Seen(settings, memory)
    blocks = Blocks(archive, target, calibration, settings, memory)
    for block in blocks():
        seen.add(block)
    setup = archive.setup
    return Field(
        calibration, seen.flags(), seen.spectrum(setup), seen.image(setup, target), setup.telescope, blocks
    )


class _Seen:
    """What is kept of the blocks of a field: samples of its image, sums of its spectrum, counts of flags."""

    def __init__(self, settings: Reduction, memory: Budget) -> None:
        self._settings, self._memory = settings, memory
        self._samples: list[Samples] = []
        self._reports: list[FlagReport] = []
        self._times: list[Array] = []
        self._sums: list[Array] = []

    def add(self, block: Visibilities) -> None:
        """Keep what is needed of a block."""
        width = self._settings.size * self._settings.pixel
        self._samples.append(grid_samples.samples(block, field_of_view=width))
        number = sum(part.weight.size for part in self._samples)
        if number > self._memory.samples:
            raise ResourceError(
                f"reduction.memory: {self._settings.memory / 1e6:.0f} MB given; the image has more than "
                f"{self._memory.samples / 1e6:.1f} million samples, which need more: raise it, "
                "or take a smaller reduction.size"
            )
        self._reports.append(calibrate_flags.report([("target", block)]))
        self._times.append(block.time)
        mean = intensity(block)
        weight = np.where(mean.flag, 0, mean.weight)[..., 0]
        self._sums.append(
            np.stack([(weight * mean.value[..., 0].real).sum(axis=(0, 1)), weight.sum(axis=(0, 1))])
        )

    def flags(self) -> FlagReport:
        """Return what is flagged of all blocks."""
        if not self._reports:
            raise InputError(f"target {self._settings.target}: no scans; name another field")
        return calibrate_flags.joined(self._reports, [time.size for time in self._times])

    def spectrum(self, setup: Setup) -> Spectrum:
        """Return the mean visibility of every channel."""
        total, weight = np.sum(self._sums, axis=0, dtype=float)
        there = weight > 0
        safe = np.where(there, weight, 1.0)
        return Spectrum(
            frequency=setup.frequency,
            flux_density=np.where(there, total / safe, np.nan),
            flux_density_std=np.where(there, safe**-0.5, np.nan),
        )

    def image(self, setup: Setup, field: int) -> Clean:
        """Return the CLEANed image of all channels."""
        settings, every = self._settings, concatenate(self._samples, "sample")
        self._samples.clear()
        width = settings.size * settings.pixel
        frame = pipeline_search.frame(setup, field, np.concatenate(self._times), settings)
        weight = grid_weights.briggs(every, robust=settings.robust, field_of_view=width)
        prepared = grid_image.prepare(every, weight, frame, wide_psf=False)
        return grid_clean.clark(prepared, grid_masks.everywhere(frame), sigmas=settings.clean_sigmas)
