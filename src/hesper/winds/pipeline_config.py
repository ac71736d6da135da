"""The recipe of the winds system, and what it says of frames."""

import dataclasses

from hesper import ephemeris
from hesper.config import existing
from hesper.errors import InputError
from hesper.record import record, setting
from hesper.units import angstrom, deg
from hesper.winds import calibrate_wavelengths, data_windows, read_spectra
from hesper.winds import model_spectrum as spectrum
from hesper.winds import simulate as simulation
from hesper.winds.data import Frames
from hesper.winds.data_settings import Defects, Guiding, Instrument, Limits, Observation, Scene, Sky, Windows


@record
class Paper:
    """Choices of the paper's route."""

    half_window: int = setting(8, "count", "lags fitted on either side of the peak", minimum=2, maximum=40)
    latitude: float = setting(
        45 * deg, "rad", "latitude beyond which nothing is used", shown="deg", minimum=0.1
    )
    young: float = setting(3.2, "m s-1", "coefficient K of the Young effect; 2.68 is derived", minimum=0.0)
    literal: bool = setting(
        False, "text", "equation (1) as printed, x = R cos(C/D), which is wrong by 3 arcsec"
    )
    measured_diameter: bool = setting(
        False,
        "text",
        "whether the longest chord is taken for the diameter, as the paper's first spectra were",
    )
    fewest: int = setting(3, "count", "measurements a cell of the map needs", minimum=1)


@record
class Config:
    """Doppler winds of Venus from long-slit spectra."""

    source: str = setting(
        "recommended", "text", "route of the reduction: the paper's or the recommended one",
        choices=("recommended", "paper"),
    )  # fmt: skip
    input: str = setting("frames", "text", "folder of FITS frames")
    seed: int = setting(1, "count", "of the simulation's random numbers", minimum=0)
    observation: Observation
    instrument: Instrument
    windows: Windows
    sky: Sky
    guiding: Guiding
    defects: Defects
    scene: Scene
    reduction: Limits
    paper: Paper


def viewing(config: Config, frames: Frames) -> ephemeris.Viewing:
    """Return how Venus stood at the times of frames, from the place their headers give."""
    setup = frames.setup
    if frames.time.size < 2:
        raise InputError("frames: one exposure; two or more are needed, the lines of sight change with time")
    position = (setup.observer_x, setup.observer_y, setup.observer_z)
    view = ephemeris.viewing(
        frames.time, ephemeris.Site(setup.site, position, "header"), radius=config.reduction.radius,
        rotation=config.observation.rotation, kernel=config.observation.kernel,
    )  # fmt: skip
    up = float(view.elevation.min())
    if up < 0:
        raise InputError(
            f"frames: Venus stood {-up / deg:.0f}° below the horizon of {setup.site} at the stated times; "
            "check DATE-OBS (UTC) and OBSGEO-X, -Y, -Z"
        )
    return view


def frame_lines(config: Config, frames: Frames) -> spectrum.Spectrum:
    """Return the spectrum at rest that covers frames."""
    return lines(config, frames.setup.wavelength, frames.setup.dispersion, frames.counts.shape[2])


def lines(config: Config, first: float, dispersion: float, pixels: int) -> spectrum.Spectrum:
    """Return the spectrum at rest between the first pixel's wavelength and the last one's."""
    low, high = calibrate_wavelengths.window(first, dispersion, pixels)
    if config.sky.spectrum == "parametric":
        return spectrum.parametric(low, high)
    return read_spectra.atlas(existing(config.sky.spectrum, what="winds: sky.spectrum"), low, high)


def windows(config: Config) -> list[Config]:
    """Return one recipe for each spectral window: the first, then the further ones."""
    _, *further = data_windows.windows(config.instrument, config.scene, config.windows)
    return [
        config,
        *(
            dataclasses.replace(
                config, instrument=one.instrument, scene=one.scene,
                reduction=dataclasses.replace(config.reduction, line=one.scene.line),
            )
            for one in further
        ),
    ]  # fmt: skip


def window_frames(config: Config, found: list[Frames]) -> list[Frames]:
    """Return the frames of the windows that a recipe speaks of.

    Raises
    ------
    InputError
        If there are other windows than the recipe says, or the paper's route is given more than one.
    """
    wanted = 1 + len(config.windows.wavelength)
    if len(found) != wanted:
        raise InputError(
            f"winds: frames of {len(found)} spectral window(s) but the recipe speaks of {wanted}; "
            "list all windows after the first as windows.wavelength"
        )
    if config.source == "paper" and wanted > 1:
        raise InputError(f"winds: {wanted} spectral windows; the paper's route takes one: use 'recommended'")
    for wavelength, part in zip(config.windows.wavelength, found[1:], strict=True):
        setup = part.setup
        reach = setup.dispersion * part.counts.shape[2]
        if not setup.wavelength <= wavelength <= setup.wavelength + reach:
            raise InputError(
                f"winds: windows.wavelength says {wavelength / angstrom:.2f} Å but the frames of window "
                f"{setup.window} show {setup.wavelength / angstrom:.2f} to "
                f"{(setup.wavelength + reach) / angstrom:.2f} Å; mend the recipe or the order of WINDOW"
            )
    return found


def simulated(config: Config, *, window: int = 1) -> simulation.Simulation:
    """Return the frames and the truth that a recipe describes, in memory, for one spectral window."""
    first = simulation.first_wavelength(config.instrument)
    rest = lines(config, first, config.instrument.dispersion, config.instrument.pixels)
    return simulation.frames(
        config.observation, config.instrument, config.sky, config.guiding, config.defects, config.scene,
        rest, seed=config.seed, window=window,
    )  # fmt: skip
