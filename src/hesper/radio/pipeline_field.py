"""Raw visibilities of a field without Venus → tables and an image of every channel or of all."""

from typing import NamedTuple

import numpy as np

from hesper import config as configuration
from hesper import products
from hesper.errors import InputError
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
    pipeline_memory,
    read_archive,
    write_image,
)
from hesper.radio.calibrate_calibrators import Calibration
from hesper.radio.data import Visibilities
from hesper.radio.data_image import Clean, Frame
from hesper.radio.pipeline_config import Config
from hesper.record import concatenate
from hesper.runs import Run


class Field(NamedTuple):
    """A field, calibrated and imaged."""

    calibration: Calibration
    visibilities: Visibilities
    image: Clean


def run(config: Config, out: Run) -> list[Result]:
    """Calibrate a field and image it."""
    if not config.input:
        raise InputError("radio: input is empty; name a UVFITS file or a Measurement Set")
    done = reduced(config)
    name = config.reduction.target
    telescope = done.visibilities.setup.telescope
    out.write("bandpass.nc", lambda: products.netcdf(done.calibration.bandpass))
    out.write("gains.nc", lambda: products.netcdf(done.calibration.gains))
    out.write("calibrators.nc", lambda: products.netcdf(done.calibration.fluxes))
    report = calibrate_flags.report([("target", done.visibilities)])
    out.write("flags.nc", lambda: products.netcdf(report))
    out.write(
        "field.fits",
        lambda: write_image.fits(
            done.image.restored,
            done.image.frame,
            done.image.beam,
            unit="Jy/beam",
            name=name,
            telescope=telescope,
        ),
    )
    fluxes = done.calibration.fluxes
    rows = [
        Result("radio", f"flux density of {label}", "Jy", float(value), float(std) if std > 0 else None)
        for label, value, std in zip(fluxes.name, fluxes.flux_density, fluxes.flux_density_std, strict=True)
    ]
    return [
        *rows,
        Result("radio", "noise of the map", "Jy", done.image.rms),
        Result("radio", "peak of the map", "Jy", float(np.nanmax(done.image.restored))),
        Result("radio", "part of the target flagged", "1", float(done.visibilities.flag.mean())),
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
    parts = []
    for span in read_archive.spans(archive, pipeline_memory.budget(settings).block):
        for start, stop in pipeline_inputs.scans(archive, span, {target}):
            raw = read_archive.block(archive, start, stop)
            parts.append(
                calibrate_calibrators.calibrated(calibrate_flags.by_record(raw, settings.record), calibration)
            )
    data = concatenate(parts, "time")
    return Field(calibration, data, image(data, config))


def image(data: Visibilities, config: Config) -> Clean:
    """Return the CLEANed image of all channels."""
    settings, setup, field = config.reduction, data.setup, int(data.field[0])
    width = settings.size * settings.pixel
    frame = Frame(
        ra=float(setup.field_ra[field]),
        dec=float(setup.field_dec[field]),
        pixel=settings.pixel,
        size=settings.size,
        frequency=float(setup.frequency.mean()),
        bandwidth=setup.channel_width * setup.frequency.size,
        time=float(data.time.mean()),
    )
    samples = grid_samples.samples(data, field_of_view=width)
    weight = grid_weights.briggs(samples, robust=settings.robust, field_of_view=width)
    prepared = grid_image.prepare(samples, weight, frame, wide_psf=False)
    return grid_clean.clark(prepared, grid_masks.everywhere(frame), sigmas=settings.clean_sigmas)
