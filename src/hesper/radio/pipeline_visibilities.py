"""Raw visibilities of a day → tables, images, flux density and temperature of Venus."""

import dataclasses
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hesper import ephemeris, products
from hesper.constants import SPEED_OF_LIGHT
from hesper.errors import InputError
from hesper.figures import png
from hesper.physics import planck
from hesper.products import Result, from_truth
from hesper.radio import (
    calibrate_calibrators,
    calibrate_flags,
    calibrate_flux,
    grid_clean,
    grid_image,
    grid_samples,
    grid_weights,
    model_flux,
    pipeline_report,
    pipeline_sky,
    pipeline_target,
    plot_calibration,
    plot_image,
    read_archive,
    read_measurement_set,
    read_uvfits,
    retrieve_budget,
    retrieve_disk,
    retrieve_noise,
    retrieve_temperature,
    simulate,
    simulate_scene,
    write,
    write_image,
)
from hesper.radio.calibrate_calibrators import Calibration
from hesper.radio.data import Temperatures, Visibilities
from hesper.radio.data_calibration import FlagReport, Truth
from hesper.radio.data_image import Clean, ErrorBudget
from hesper.radio.data_settings import Simulation
from hesper.radio.pipeline_config import SKY, Config
from hesper.radio.pipeline_target import Followed
from hesper.radio.read_archive import Archive
from hesper.record import concatenate
from hesper.runs import Run
from hesper.units import Jy, arcsec, mJy

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
_FILE, _TRUTH = "visibilities.uvfits", "truth.nc"


class Reduced(NamedTuple):
    """What came of a day."""

    calibration: Calibration
    target: Followed
    planet: Clean
    budget: ErrorBudget
    temperatures: Temperatures
    flags: FlagReport
    reported: list[Result]
    """Rows beside the numbers, of `pipeline_report`."""


def simulated(config: Config, run: Run) -> None:
    """Write the visibilities of a day as the observatory would deliver them, and what is true of them."""
    settings = _simulation(config)
    today = simulate.day(settings, seed=config.seed)
    baselines = today.setup.antenna1.size
    rows = baselines * sum(scan.time.size for scan in today.scans)

    def blocks() -> Iterator[Visibilities]:
        for delivered in simulate.visibilities(settings, seed=config.seed):
            yield delivered.visibilities

    run.write(_FILE, lambda: bytes(write.uvfits(blocks(), rows)))
    run.write(_TRUTH, lambda: products.netcdf(truth(config)))


def _simulation(config: Config) -> Simulation:
    return Simulation(observation=config.observation, scene=config.scene, corruption=config.corruption)


def truth(config: Config) -> Truth:
    """Return what a simulation by this recipe holds."""
    settings = _simulation(config)
    observation, scene = settings.observation, settings.scene
    view = ephemeris.viewing(observation.date, observation.telescope)
    frequency = np.array([observation.frequency])
    flux = simulate_scene.contrast_flux(scene, frequency, view.angular_diameter)
    return Truth(
        temperature=scene.temperature,
        flux_density=float(flux[0, 0]),
        calibrator_flux=float(simulate_scene.secondary_flux(scene, frequency)[0]),
        noise=simulate.noise(settings),
        seed=config.seed,
    )


def inputs(path: Path) -> list[Path]:
    """Return the files of an observation, and `truth.nc` beside it."""
    known = path.parent / _TRUTH
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    return [*files, *([known] if known.is_file() else [])]


def opened(path: Path, *, window: int) -> Archive:
    """Open a UVFITS file or a Measurement Set."""
    if path.is_dir():
        return read_measurement_set.measurement_set(path, window=window)
    return read_uvfits.uvfits(path, window=window)


def field_number(archive: Archive, name: str) -> int:
    """Return the number of a field by name, capitals and blanks aside; InputError says which there are."""
    names = [str(known).upper().replace(" ", "") for known in archive.setup.field_name]
    wanted = name.upper().replace(" ", "")
    if wanted not in names:
        listed = ", ".join(map(str, archive.setup.field_name))
        raise InputError(f"{archive.path}: no field '{name}'; there are {listed}")
    return names.index(wanted)


def calibrators(archive: Archive, config: Config, *, secondary: int, target: int) -> Visibilities:
    """Read the scans of the secondary and of all fields on a flux scale, records flagged."""
    settings, setup = config.reduction, archive.setup
    primary = [
        field
        for field in range(setup.field_name.size)
        if field != target and model_flux.calibrator_near(setup.field_ra[field], setup.field_dec[field])
    ]
    blocks = [
        read_archive.block(archive, *part)
        for span in read_archive.spans(archive, settings.memory)
        for part in scans(archive, span, {secondary, *primary})
    ]
    if not blocks:
        raise InputError(
            f"{archive.path}: no calibrator was observed besides the target; give the whole session"
        )
    return calibrate_flags.by_record(concatenate(blocks, "time"), settings.record)


def scans(archive: Archive, span: tuple[int, int], fields: set[int]) -> Iterator[tuple[int, int]]:
    """Yield first and last-but-one integration of the scans, or parts of them, of some fields in a span."""
    start, stop = span
    edges = [start, *(start + 1 + np.flatnonzero(np.diff(archive.scan[start:stop]))), stop]
    for first, last in pairwise(map(int, edges)):
        if int(archive.field[first]) in fields:
            yield first, last


def reduced(config: Config, path: Path) -> Reduced:
    """Reduce a day: calibrators, background, planet, temperature."""
    settings = config.reduction
    archive = opened(path, window=settings.window)
    target, secondary = (field_number(archive, name) for name in (settings.target, settings.calibrator))
    if not np.any(archive.field == target):
        raise InputError(f"{path}: field {settings.target} was not observed; name the field of the planet")
    calibration = calibrate_calibrators.calibration(
        calibrators(archive, config, secondary=secondary, target=target),
        secondary=secondary,
        scale=settings.scale,
        interval=settings.interval,
        elevation=settings.elevation,
    )
    mine = np.flatnonzero(archive.field == target)
    size = read_archive.bytes_per_time(archive) * mine.size

    def blocks() -> Iterator[Visibilities]:
        for span in read_archive.spans(archive, settings.memory / 4):
            for start, stop in scans(archive, span, {target}):
                raw = calibrate_flags.by_record(read_archive.block(archive, start, stop), settings.record)
                yield calibrate_calibrators.calibrated(raw, calibration)

    seen = pipeline_target.followed(blocks, settings, hold=size < settings.memory)
    seen = seen._replace(fit=retrieve_noise.stated(seen.tracked, seen.fit, seen.field.frame))
    planet = planet_image(seen)
    budget = _budget(archive, calibration, seen, target, secondary)
    share = config.calibration or retrieve_budget.systematic(budget)
    return Reduced(
        calibration,
        seen,
        planet,
        budget,
        temperatures(config, archive, seen, share),
        _flags(calibration, seen),
        pipeline_report.rows(calibration, seen, settings, secondary),
    )


def planet_image(seen: Followed) -> Clean:
    """Return the map of the planet, CLEANed within 16 arcsec."""
    samples = grid_samples.of_planet(seen.tracked)
    frame = pipeline_target.small_frame(seen.field.frame)
    weight = grid_weights.briggs(samples, robust=0.0, field_of_view=frame.size * frame.pixel)
    dirty = grid_image.dirty(samples, weight, frame)
    radius = 0.5 * float(seen.tracked.angular_diameter.mean()) + 5 * arcsec
    return grid_clean.hogbom(dirty, grid_clean.disk(frame, radius), sigmas=2.0)


def temperatures(config: Config, archive: Archive, seen: Followed, share: float) -> Temperatures:
    """Return the temperature that belongs to the fitted flux density."""
    frequency = float(archive.setup.frequency.mean())
    day = str(ephemeris.utc(float(archive.time.mean()))[0])[:10]
    sky = pipeline_sky.behind(config, float(archive.time.mean()))
    found = retrieve_temperature.disks(
        [seen.fit],
        label=[f"{frequency / 1e6:.1f} MHz {day}"],
        frequency=np.array([frequency]),
        angular_diameter=np.array([float(seen.tracked.angular_diameter.mean())]),
        sky_408=sky.temperature,
        sky_408_std=sky.std,
        sky_model=SKY[config.sky_model],
        calibration=share,
    )
    return pipeline_sky.without_reflection(config, found, sky)


def _budget(
    archive: Archive, calibration: Calibration, seen: Followed, target: int, secondary: int
) -> ErrorBudget:
    table = calibration.gains
    names = list(archive.setup.field_name)
    primary = np.isin(
        table.field,
        [
            names.index(name)
            for name, own in zip(calibration.fluxes.name, calibration.fluxes.is_primary, strict=True)
            if own
        ],
    )
    second = table.field == secondary
    on_target = archive.field == target
    schedule = retrieve_budget.Schedule(
        primary_time=table.time[primary],
        primary_elevation=table.elevation[primary],
        secondary_time=table.time[second],
        secondary_elevation=table.elevation[second],
        target_time=archive.time[on_target],
        target_elevation=ephemeris.viewing(
            archive.time[on_target], tuple(archive.setup.antenna_position.mean(axis=0))
        ).elevation,
    )
    instrument = retrieve_budget.GMRT_2004
    if second.sum() > 2:
        seen_variation = calibrate_flux.elevation_curve(table, secondary).variation
        instrument = instrument._replace(gain_variation=seen_variation)
    noise = seen.fit.flux_density_std / abs(seen.fit.flux_density)
    return retrieve_budget.budget(schedule, instrument, noise=noise)


def _flags(calibration: Calibration, seen: Followed) -> FlagReport:
    """Report the steps on the calibrators, and where flags are on the target."""
    found = calibrate_flags.report(calibration.steps)
    target = calibrate_flags.report([("target, last block", seen.residual)])
    before, after = seen.before.mean(axis=0)
    return dataclasses.replace(
        target,
        step=np.array(
            [*(f"calibrators: {name}" for name in found.step), "target: before residuals", "target"]
        ),
        part=np.array([*found.part, before, after]),
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
    rings = retrieve_disk.profile(target.tracked, target.fit, edges=np.linspace(0, longest, 25))
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


def rows(done: Reduced, known: Truth | None) -> list[Result]:
    """Return the results, beside the truth where it is known."""
    fit, fluxes, found = done.target.fit, done.calibration.fluxes, done.temperatures
    share = retrieve_budget.systematic(done.budget)
    std = float(np.hypot(fit.flux_density_std, share * fit.flux_density))
    kelvin, kelvin_std = float(found.brightness_temperature[0]), float(found.brightness_temperature_std[0])
    if known is None:
        first = [
            Result("radio", "flux density of Venus", "mJy", fit.flux_density * Jy / mJy, std * Jy / mJy),
            Result("radio", "brightness temperature", "K", kelvin, kelvin_std),
            Result("radio", "flux density of the calibrator", "Jy", float(fluxes.flux_density[-1])),
        ]
    else:
        secondary = float(fluxes.flux_density[-1])
        first = [
            from_truth(
                "radio",
                "flux density of Venus",
                "mJy",
                fit.flux_density * Jy / mJy,
                std * Jy / mJy,
                known.flux_density * Jy / mJy,
            ),
            from_truth("radio", "brightness temperature", "K", kelvin, kelvin_std, known.temperature),
            from_truth(
                "radio",
                "flux density of the calibrator",
                "Jy",
                secondary,
                float(np.hypot(fluxes.flux_density_std[-1], share * secondary)),
                known.calibrator_flux,
            ),
        ]
    area = float(planck.disk_solid_angle(float(found.angular_diameter[0])))
    beam = done.planet.beam
    return [
        *first,
        Result("radio", "noise of the planet's map", "mJy", done.planet.rms * Jy / mJy),
        Result("radio", "noise of the field's map", "mJy", done.target.field.rms * Jy / mJy),
        Result("radio", "beams on the disk", "1", area / (1.1331 * beam.major * beam.minor)),
        Result("radio", "part of the target flagged", "1", float(done.flags.part[-1])),
        Result("radio", "sources subtracted", "1", float(done.target.sources.east.size)),
        *done.reported,
    ]
