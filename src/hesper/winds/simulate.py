"""What the spectrograph would deliver: frames with noise and faults, and the truth behind them."""

from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import InputError
from hesper.record import Array
from hesper.units import angstrom, arcsec, deg
from hesper.winds import model, model_fields, model_pictures, model_template, simulate_detector
from hesper.winds import model_spectrum as spectrum
from hesper.winds.data import Frames, Setup, Truth
from hesper.winds.data_settings import Defects, Guiding, Instrument, Observation, Scene, Sky

SEEING_NODES = np.arange(0.4, 3.3, 0.2) * arcsec


class Simulation(NamedTuple):
    """Frames and what went into them."""

    frames: Frames
    truth: Truth


def frames(
    observation: Observation,
    instrument: Instrument,
    sky: Sky,
    guiding: Guiding,
    defects: Defects,
    scene: Scene,
    lines: spectrum.Spectrum,
    *,
    seed: int,
    window: int,
) -> Simulation:
    """Simulate a run.

    Parameters
    ----------
    observation, instrument, sky, guiding, defects, scene
        What is observed, with what and through what.
    lines
        Spectrum at rest that covers the detector; see `spectrum.parametric`.
    seed
        Of all random numbers.
    window
        Number of the spectral window: all see the slit at the same places, each has noise of its own.

    Raises
    ------
    InputError
        If Venus is below the horizon, or the band of the artifact ends before it begins.
    """
    if defects.artifact_first > defects.artifact_last:
        raise InputError(
            "simulate: the band of the artifact ends before it begins: from "
            f"{defects.artifact_first / arcsec:.1f} to {defects.artifact_last / arcsec:.1f} arcsec; exchange "
            "defects.artifact_first and artifact_last, or make them equal for no band"
        )
    rng = np.random.default_rng(seed)
    time = exposure_times(observation)
    view = ephemeris.viewing(
        time, observation.site, radius=scene.radius, rotation=observation.rotation, kernel=observation.kernel
    )
    _check_elevation(float(view.elevation[time.size // 2]), observation)
    slit_angle = model.terminator_angle(view) + instrument.slit_tilt
    disk = model.aspect(view, slit_angle=slit_angle, radius=scene.radius)
    track = _track(observation, instrument, sky, guiding, defects, disk, rng)
    if window > 1:
        rng = np.random.default_rng((seed, window))
    counts = _expose(observation, instrument, sky, defects, scene, lines, view, disk, track, rng)
    response, dark, flat = simulate_detector.calibrations(instrument, rng)
    for frame in counts:
        simulate_detector.detect(frame, instrument, defects, response, rng)
    delivered = Frames(
        counts=counts,
        time=time,
        exposure=np.full(time.size, observation.exposure),
        offset=track.commanded,
        dark=dark,
        dark_frames=instrument.calibrations,
        flat=flat,
        flat_frames=instrument.calibrations,
        setup=setup(observation, instrument, slit_angle, window),
    )
    truth = Truth(
        x=track.x, y=track.y, seeing=track.seeing, transparency=track.transparency, drift=track.drift,
        zonal_wind=scene.zonal_wind, meridional_wind=scene.meridional_wind,
        antisolar_wind=scene.antisolar_wind, vertical_wind=scene.vertical_wind, exponent=scene.exponent,
        dispersion=instrument.dispersion, zonal=scene.zonal,
    )  # fmt: skip
    return Simulation(delivered, truth)


def _check_elevation(up: float, observation: Observation) -> None:
    if not np.isfinite(up):
        raise InputError(f"simulate: {observation.site} has no sky above it; choose an observatory")
    if up < 0:
        raise InputError(
            f"simulate: Venus stands {-up / deg:.0f}° below the horizon of {observation.site} at "
            f"{observation.start}; choose another observation.start (UTC) or site"
        )


def exposure_times(observation: Observation) -> Array:
    """Return the middles of the exposures (frame,), TDB seconds since J2000."""
    start = ephemeris.tdb_seconds(observation.start)[0]
    cadence = observation.exposure + observation.readout
    return np.asarray(start + observation.exposure / 2 + cadence * np.arange(observation.frames))


def setup(observation: Observation, instrument: Instrument, slit_angle: float, window: int) -> Setup:
    """Return what the headers will say."""
    site = ephemeris.find_site(observation.site)
    return Setup(
        slit_width=instrument.slit_width,
        slit_angle=slit_angle,
        row_height=instrument.row_height,
        wavelength=first_wavelength(instrument),
        dispersion=instrument.dispersion,
        resolution=instrument.resolution,
        gain=instrument.gain,
        read_noise=instrument.read_noise,
        saturation=instrument.saturation,
        observer_x=site.itrf[0],
        observer_y=site.itrf[1],
        observer_z=site.itrf[2],
        site=site.name,
        window=window,
    )


def first_wavelength(instrument: Instrument) -> float:
    """Return the wavelength [m] of the first pixel of the middle row."""
    return float(instrument.wavelength - instrument.dispersion * instrument.pixels / 2)


def row_scale(rows: int) -> Array:
    """Return η (row,): −1 at the first row, 0 in the middle, almost 1 at the last."""
    return np.asarray((np.arange(rows) - rows / 2) / (rows / 2))


def electrons_per_row(observation: Observation, instrument: Instrument, scene: Scene) -> float:
    """Return the continuum of Venus's mean lit surface: electrons per pixel of a row and exposure."""
    per_area = scene.surface_brightness / (1000 * angstrom) * instrument.area * instrument.throughput
    solid = (instrument.slit_width / arcsec) * (instrument.row_height / arcsec)
    return float(per_area * solid * instrument.dispersion * observation.exposure)


def wind_velocity(scene: Scene, place: model.Points, disk: model.Aspect, exponent: float) -> Array:
    """Return the apparent velocity of points for the winds of a scene, Young effect and parallax included."""
    amplitudes = {
        scene.zonal: scene.zonal_wind,
        "meridional": scene.meridional_wind,
        "antisolar": scene.antisolar_wind,
        "vertical": scene.vertical_wind,
    }
    leg = model_fields.reflected if scene.line == "reflected" else model_fields.emitted
    total = np.zeros_like(place.cos_incidence)
    for name, amplitude in amplitudes.items():
        if amplitude != 0.0:
            total = total + amplitude * leg(model_fields.FIELDS[name], place, disk)
    if scene.line == "emitted":
        return np.asarray(total + model_fields.emitted_parallax(place, disk))
    young = model_fields.young_velocity(
        place, disk, model_fields.local_exponent(scene.scattering, place, exponent)
    )
    return np.asarray(total + young + model_fields.reflected_parallax(place, disk))


class _Track(NamedTuple):
    x: Array
    y: Array
    commanded: Array
    seeing: Array
    transparency: Array
    drift: Array


def _track(
    observation: Observation, instrument: Instrument, sky: Sky, guiding: Guiding, defects: Defects,
    disk: model.Aspect, rng: np.random.Generator,
) -> _Track:  # fmt: skip
    n = observation.frames
    part = np.linspace(0, 1, n)
    if observation.mode == "raster":
        index = np.minimum(np.arange(n) * guiding.positions // n, guiding.positions - 1)
        commanded = guiding.first + guiding.step * index
        smooth = commanded
    else:
        commanded = np.full(n, np.nan)
        bend = guiding.bend * 4 * part * (1 - part)
        smooth = guiding.first + (guiding.last - guiding.first) * part + bend
    middle = instrument.rows / 2 * instrument.row_height
    lean = model.chord(np.full(n, 0.0), disk) / 2 - model.chord(smooth, disk) / 2
    y = middle + (lean - lean.mean()) * guiding.edge
    return _Track(
        x=smooth + rng.normal(0, guiding.jitter_across, n),
        y=y + rng.normal(0, guiding.jitter_along, n),
        commanded=commanded,
        seeing=np.clip(
            sky.seeing * (1 + rng.normal(0, sky.seeing_rms, n)), SEEING_NODES[1], SEEING_NODES[-2]
        ),
        transparency=np.clip(1 + rng.normal(0, sky.transparency_rms, n), 0.05, None),
        drift=defects.drift * (part - 0.5 + 0.3 * np.sin(2 * np.pi * part)),
    )


def _expose(
    observation: Observation, instrument: Instrument, sky: Sky, defects: Defects, scene: Scene,
    lines: spectrum.Spectrum, view: ephemeris.Viewing, disk: model.Aspect, track: _Track,
    rng: np.random.Generator,
) -> Array:  # fmt: skip
    """Return expected electrons (frame, row, pixel)."""
    table = model_pictures.pictures(
        disk,
        [lambda place, exponent: wind_velocity(scene, place, disk, exponent)],
        scattering=model_fields.SCATTERING[scene.scattering],
        transfer=model_pictures.TRANSFER[sky.profile],
        seeing=SEEING_NODES,
        exponent=np.array([scene.exponent]),
        slit=instrument.slit_width,
        pixel=instrument.row_height,
    )
    eta = row_scale(instrument.rows)
    height = np.arange(instrument.rows) * instrument.row_height
    band = (height >= defects.artifact_first) & (height < defects.artifact_last)
    bent = instrument.distortion_linear * eta + instrument.distortion_quadratic * eta**2
    pixels = bent + defects.artifact_shift * band
    first = first_wavelength(instrument) + instrument.dispersion * pixels
    shifts = model.shifts(view)
    moving = model.line_shift(view, scene.line)
    made = model_template.MAKERS[scene.line](
        lines, shifts=shifts, venus_exponent=sky.water, sky_exponent=sky.water,
        fwhm=instrument.resolution, pixel=instrument.dispersion,
    )  # fmt: skip
    fringe = 1 + defects.artifact_fringe * band[:, None] * np.sin(
        2 * np.pi * np.arange(instrument.pixels) / 37.0
    )
    level = electrons_per_row(observation, instrument, scene)
    out = np.empty((observation.frames, instrument.rows, instrument.pixels), np.float32)
    work = np.empty(out.shape[1:])
    for i in range(observation.frames):
        seen = model_pictures.look(table, track.x[i], height - track.y[i], track.seeing[i], scene.exponent)
        light, speed = seen[:, 0], seen[:, 1]
        # Venus and our sky dim together; the sky is a little uneven from thin cloud.
        venus = np.clip(level * track.transparency[i] * light, 0, None)
        velocity = np.where(light > 1e-4, speed / np.maximum(light, 1e-4), 0.0)
        velocity = np.clip(velocity, -900, 900) + SPEED_OF_LIGHT * (moving[i] - moving.mean())
        shift = track.drift[i] / SPEED_OF_LIGHT * instrument.wavelength
        model_template.expected_rows(
            *made, first + shift, venus, velocity / model_template.VELOCITY_UNIT, 0.0,
            np.full(instrument.rows, sky.brightness * level * track.transparency[i]),
            SPEED_OF_LIGHT * (view.sky_shift[i] - shifts.sky) / model_template.VELOCITY_UNIT, work,
        )  # fmt: skip
        out[i] = np.clip(work, 0, None) * fringe
    return out
