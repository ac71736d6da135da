"""What a reduced day leaves on disk: tables, images, figures."""

import numpy as np

from hesper import products
from hesper.constants import SPEED_OF_LIGHT
from hesper.figures import png
from hesper.radio import plot_calibration, plot_image, retrieve_profile, write_image
from hesper.radio.pipeline_visibilities import Reduced
from hesper.runs import Run
from hesper.units import Jy, mJy

PRODUCTS = (
    "bandpass.nc",
    "gains.nc",
    "calibrators.nc",
    "phases.nc",
    "amplitudes.nc",
    "flags.nc",
    "sources.nc",
    "field.fits",
    "tracked.nc",
    "disk.nc",
    "planet.fits",
    "budget.nc",
    "temperatures.nc",
    "gains.png",
    "bandpass.png",
    "flags.png",
    "coverage.png",
    "profile.png",
    "planet.png",
)


def written(done: Reduced, run: Run) -> None:
    """Write the products."""
    target, frame = done.target, done.target.field.frame
    telescope, name = done.target.residual.setup.telescope, "VENUS"
    records = {
        "bandpass.nc": done.calibration.bandpass,
        "gains.nc": done.calibration.gains,
        "calibrators.nc": done.calibration.fluxes,
        "phases.nc": target.phases,
        "amplitudes.nc": target.amplitudes,
        "flags.nc": done.flags,
        "sources.nc": target.sources,
        "tracked.nc": target.tracked,
        "disk.nc": target.fit,
        "budget.nc": done.budget,
        "temperatures.nc": done.temperatures,
    }
    for file, record in records.items():
        run.write(file, lambda record=record: products.netcdf(record))  # type: ignore[misc]
    for file, clean, own in (
        ("field.fits", target.field, frame),
        ("planet.fits", done.planet, done.planet.frame),
    ):
        run.write(
            file,
            lambda clean=clean, own=own: write_image.fits(  # type: ignore[misc]
                clean.restored, own, clean.beam, unit="Jy/beam", name=name, telescope=telescope
            ),
        )
    drawn(done, run)


def drawn(done: Reduced, run: Run) -> None:
    """Draw the tables, the planet and its visibilities."""
    target, planet = done.target, done.planet
    size = float(target.tracked.angular_diameter.mean())
    longest = (
        float(np.linalg.norm(target.tracked.uv, axis=-1).max() * target.tracked.frequency[-1])
        / SPEED_OF_LIGHT
    )
    rings = retrieve_profile.profile(target.tracked, target.fit, edges=np.linspace(0, longest, 25))
    levels = planet.rms * Jy / mJy * np.array([-3, 3, 6, 12, 24, 48])
    figures = {
        "gains.png": lambda: plot_calibration.gains(done.calibration.gains),
        "bandpass.png": lambda: plot_calibration.bandpass(done.calibration.bandpass),
        "flags.png": lambda: plot_calibration.flags(done.flags),
        "coverage.png": lambda: plot_image.coverage(target.tracked),
        "profile.png": lambda: plot_image.profile(rings, target.fit),
        "planet.png": lambda: plot_image.contours(
            planet.restored,
            planet.frame,
            planet.beam,
            levels=list(levels),
            radius=1.5 * size,
            disk=size,
            title=str(done.temperatures.label[0]),
        ),
    }
    for file, draw in figures.items():
        run.write(file, lambda draw=draw: png(draw()))  # type: ignore[misc]
