"""Raw visibilities of a day → tables, images, flux density and temperature of Venus."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hesper import ephemeris, products
from hesper.errors import InputError
from hesper.radio import (
    calibrate_calibrators,
    calibrate_channels,
    calibrate_flux,
    grid_clean,
    grid_image,
    grid_masks,
    grid_samples,
    grid_weights,
    pipeline_inputs,
    pipeline_memory,
    pipeline_sky,
    pipeline_target,
    read_archive,
    retrieve_budget,
    retrieve_noise,
    retrieve_temperature,
    simulate,
    simulate_scene,
    write,
)
from hesper.radio.calibrate_calibrators import Calibration
from hesper.radio.data import Temperatures, Visibilities
from hesper.radio.data_calibration import FlagReport, Truth
from hesper.radio.data_image import Clean, ErrorBudget
from hesper.radio.data_settings import Reduction, Simulation
from hesper.radio.pipeline_blocks import Blocks
from hesper.radio.pipeline_config import SKY, Config
from hesper.radio.pipeline_target import Followed
from hesper.radio.read_archive import Archive
from hesper.runs import Run
from hesper.units import arcsec

_FILE = "visibilities.uvfits"


class Reduced(NamedTuple):
    """What came of a day."""

    calibration: Calibration
    target: Followed
    planet: Clean
    budget: ErrorBudget
    temperatures: Temperatures
    flags: FlagReport
    settings: Reduction
    secondary: int
    """Field of the phase calibrator."""


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
    run.write(pipeline_inputs.TRUTH, lambda: products.netcdf(truth(config)))


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


def reduced(config: Config, path: Path, *, scratch: Path) -> Reduced:
    """Reduce a day: calibrators, background, planet, temperature.

    Parameters
    ----------
    config
        The recipe.
    path
        UVFITS file or Measurement Set.
    scratch
        Directory for files that do not fit into memory; they are gone afterwards.
    """
    settings = config.reduction
    archive = pipeline_inputs.opened(path, window=settings.window)
    target, secondary = (
        pipeline_inputs.field_number(archive, name) for name in (settings.target, settings.calibrator)
    )
    if not np.any(archive.field == target):
        raise InputError(f"{path}: field {settings.target} was not observed; name the field of the planet")
    pipeline_inputs.check_uvw(archive, target)
    calibration = calibrate_calibrators.calibration(
        pipeline_inputs.calibrators(archive, config, secondary=secondary, target=target),
        secondary=secondary,
        scale=settings.scale,
        interval=settings.interval,
        elevation=settings.elevation,
    )
    mine = np.flatnonzero(archive.field == target)
    memory = pipeline_memory.budget(settings)
    width = settings.size * settings.pixel
    joined = calibrate_channels.number_to_join(archive.setup, field_of_view=width)
    size = read_archive.bytes_per_time(archive) * mine.size / 2 / joined

    blocks = Blocks(archive, target, calibration, settings, memory)
    seen = pipeline_target.followed(blocks, settings, scratch=None if size < memory.held else scratch)
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
        settings,
        secondary,
    )


def planet_image(seen: Followed) -> Clean:
    """Return the map of the planet, CLEANed within 16 arcsec."""
    samples = grid_samples.of_planet(seen.tracked)
    frame = pipeline_target.small_frame(seen.field.frame)
    weight = grid_weights.briggs(samples, robust=0.0, field_of_view=frame.size * frame.pixel)
    dirty = grid_image.dirty(samples, weight, frame)
    radius = 0.5 * float(seen.tracked.angular_diameter.mean()) + 5 * arcsec
    return grid_clean.hogbom(dirty, grid_masks.disk(frame, radius), sigmas=2.0)


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
    return pipeline_sky.without_reflection(config, found, sky.reflected)


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
    found = calibration.flags
    before, after = seen.before.mean(axis=0)
    return dataclasses.replace(
        seen.flags,
        step=np.array(
            [*(f"calibrators: {name}" for name in found.step), "target: before residuals", "target"]
        ),
        part=np.array([*found.part, before, after]),
    )
