"""The segments: chosen by what the orbits saw, mapped, written as the guide's files, drawn, judged."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hesper import config, figures, maps, products
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.products import Result, from_truth, pds3
from hesper.record import Array
from hesper.runs import Run
from hesper.units import cm, deg, km
from hesper.vmc import (
    calibrate_gradient,
    grid_segment,
    model_surface,
    pipeline_anomaly,
    pipeline_created,
    plot_map,
    read_map,
    retrieve,
    retrieve_ground,
    write_map,
)
from hesper.vmc.data import CHANNELS
from hesper.vmc.data_map import Altimetry, Radiation, Scene, SegmentMap
from hesper.vmc.data_orbit import OrbitMosaic
from hesper.vmc.pipeline_anomaly import Mapped
from hesper.vmc.pipeline_config import Config

_LEAST_CELLS = 100


def altimetry_path(settings: Config) -> Path | None:
    """Return the altimetry of a run: the recipe's, else altimetry.tif beside the images, else none."""
    if settings.emissivity.altimetry:
        return config.existing(settings.emissivity.altimetry, what="altimetry")
    place = config.existing(settings.archive, what="archive")
    beside = (place if place.is_dir() else place.parent) / "altimetry.tif"
    return beside if beside.is_file() else None


def truth_path(settings: Config) -> Path | None:
    """Return the truth of a simulated archive, none for a real one."""
    place = config.existing(settings.archive, what="archive")
    beside = (place if place.is_dir() else place.parent) / "truth.nc"
    return beside if beside.is_file() else None


def mapped(
    mosaics: Sequence[OrbitMosaic],
    settings: Config,
    run: Run,
    folder: str = "",
    numbers: Sequence[int] = range(9),
) -> list[Result]:
    """Map every segment that orbits cross, write and draw it, and return what was found."""
    taken = [m for m in mosaics if _is_taken(m, settings)]
    path = altimetry_path(settings)
    if not taken or path is None:
        why = "no orbit can be used" if not taken else "no altimetry: set emissivity.altimetry"
        return [Result("vmc", "segments mapped", "1", 0.0, note=why)]
    known = read_map.altimetry(path)
    light = model_surface.table(settings.atmosphere, CHANNELS["N2"].wavelength)
    truth = truth_path(settings)
    scene = None if truth is None else products.read(truth, Scene)
    found: list[SegmentMap] = []
    sought: list[pipeline_anomaly.Sought] = []
    left: list[str] = []
    rows: list[Result] = []
    # One segment after the other: its stack of mosaics is the largest thing in memory.
    for number in numbers:
        stack = grid_segment.stacked(taken, number, settings.resolution)
        if not stack.orbit.size or np.isfinite(stack.brightness).any(axis=0).sum() < _LEAST_CELLS:
            continue
        try:
            part = segment(stack, number, known, light, settings)
        except InputError as error:
            left.append(" ".join(str(error).split()))
            continue
        _written(part.made, settings, run, folder)
        rows += _rows(part, settings, scene) + pipeline_anomaly.results(part, settings, run, folder)
        sought.append(pipeline_anomaly.sought(part, settings))
        if scene is not None:
            drawn = figures.png(plot_map.truth(part.made, scene))
            name = write_map.segment_name(number, "")[:-5]
            run.write(f"{folder}{name}_truth.png", lambda drawn=drawn: drawn)  # type: ignore[misc]
        found.append(part.made)
    rows.insert(0, Result("vmc", "segments mapped", "1", float(len(found)), note="; ".join(left)))
    rows += pipeline_anomaly.transients(sought, settings, run, folder)
    rows += pipeline_anomaly.borders(found, settings)
    if found:
        run.write(f"{folder}mosaic.png", lambda: figures.png(plot_map.whole_mission(found)))
    return rows


def segment(
    stack: grid_segment.Stack, number: int, known: Altimetry, light: Radiation, settings: Config
) -> Mapped:
    """Map one segment; α is found first where the recipe asks for it."""
    grid = grid_segment.segment_grid(number, settings.resolution)
    mask = None
    if settings.emissivity.reference_mask:
        mask = read_map.on_grid(config.existing(settings.emissivity.reference_mask), grid) == 1
    std = float("nan")
    if settings.emissivity.calibrate_absorption:
        alpha = retrieve.absorption(
            stack, known, grid, mask, atmosphere=settings.atmosphere, settings=settings.emissivity,
            wavelength=light.wavelength,
        )  # fmt: skip
        changed = dataclasses.replace(settings.atmosphere, absorption=alpha.value)
        light, std = model_surface.table(changed, light.wavelength), alpha.std
    place = retrieve_ground.ground(
        known, light, grid, mask, atmosphere=settings.atmosphere, settings=settings.emissivity
    )
    made = retrieve.segment(
        stack, place, light, number, altimetry_cell=float(known.grid.x[1] - known.grid.x[0]),
        resolution=settings.resolution, settings=settings.emissivity, atmosphere=settings.atmosphere,
        absorption_std=std,
    )  # fmt: skip
    return Mapped(made, stack, retrieve.orbit_models(stack, place.model, grid))


def _is_taken(made: OrbitMosaic, settings: Config) -> bool:
    if made.channel != "N2" or not made.cell.size:
        return False
    return made.flat.status == calibrate_gradient.ACCEPTED or settings.gradient.include_refused


def _written(made: SegmentMap, settings: Config, run: Run, folder: str) -> None:
    notes = {
        "HESPER:BLUR_WIDTH": pds3.Quantity(settings.atmosphere.blur / km, "KM"),
        "HESPER:ALTIMETRY_STD": pds3.Quantity(settings.emissivity.altimetry_std / km, "KM"),
        "HESPER:TEMPERATURE_STD": pds3.Quantity(settings.emissivity.temperature_std, "K"),
    }
    created = pipeline_created.created(run)
    for suffix in write_map.SUFFIXES:
        run.write(
            folder + write_map.segment_name(made.segment, suffix),
            lambda suffix=suffix: write_map.segment_file(made, suffix, notes, created),  # type: ignore[misc]
        )
    stem = folder + write_map.segment_name(made.segment, "")[:-5]
    run.write(f"{stem}.tif", lambda: products.geotiff(made))
    run.write(f"{stem}.nc", lambda: products.netcdf(made))
    run.write(f"{stem}_emissivity.png", lambda: figures.png(plot_map.emissivity(made)))
    run.write(f"{stem}_brightness.png", lambda: figures.png(plot_map.brightness(made)))


def _rows(part: Mapped, settings: Config, scene: Scene | None) -> list[Result]:
    made, name = part.made, f"segment {part.made.segment}"
    seen = made.n > 0
    used = made.factor_literal if made.normalisation == "literal" else made.factor_model
    both = np.isfinite(made.factor_model) & np.isfinite(made.factor_literal)
    apart = float(np.std(np.log(made.factor_model[both] / made.factor_literal[both]))) if both.any() else None
    gain, height, warm = made.amplification, made.altitude_sensitivity, made.temperature_sensitivity
    shared = made.reference_emissivity * gain * warm * settings.emissivity.temperature_std
    rows = [
        Result("vmc", f"{name} mosaics used", "1", float(np.isfinite(used).sum()),
               note=f"rejected: {int((~np.isfinite(used)).sum())}, too little reference area"),
        Result("vmc", f"{name} mosaics per cell, median", "1", float(np.median(made.n[seen]))),
        Result("vmc", f"{name} factors, model against literal", "1", apart,
               note="deviation of the logarithm of their ratio"),
        Result("vmc", f"{name} α", "1e-10 cm-1 amagat-2", made.absorption * cm * 1e10,
               made.absorption_std * cm * 1e10 if np.isfinite(made.absorption_std) else None),
        Result("vmc", f"{name} amplification A", "1", gain, note="σ(ε)/ε = A σ(I)/I"),
        Result("vmc", f"{name} brightness with altitude", "%/km", -100 * height * km),
        Result("vmc", f"{name} error of ε, median", "1", float(np.nanmedian(made.emissivity_std)),
               note=f"scatter of the orbits and altitudes; a common error of the surface temperature of "
                    f"{settings.emissivity.temperature_std:g} K would add {shared:.3f} to every absolute ε"),
    ]  # fmt: skip
    if np.isfinite(made.trend):
        trend = Result(
            "vmc", f"{name} trend of ε with altitude", "km-1", made.trend * km, made.trend_std * km
        )
        rows.append(trend)
    return rows + (_beside_truth(part, settings, scene) if scene is not None else [])


def _beside_truth(part: Mapped, settings: Config, scene: Scene) -> list[Result]:
    made, name = part.made, f"segment {part.made.segment}"
    true = maps.resample_map(scene.emissivity, scene.grid, made.grid)
    plains = (np.abs(true - settings.simulation.emissivity) < 1e-6) & np.isfinite(made.emissivity)
    plains &= far_from_anomalies(made, settings)
    area = maps.cell_areas(made.grid)
    if not plains.any():
        return []
    off = made.emissivity[plains] - settings.simulation.emissivity
    # Clouds are one within their size, whatever the blur.
    one = np.pi * settings.simulation.cloud_length**2 / 4
    count = max(float(area[plains].sum()) / one, 1.0)
    typical = float(np.sqrt(np.mean(made.emissivity_std[plains] ** 2)))
    bias, spread = float(np.average(off, weights=area[plains])), float(np.std(off))
    covered = float(np.mean(np.abs(off) <= 1.96 * made.emissivity_std[plains]))
    rows = [
        from_truth("vmc", f"{name} background ε less truth", "1", bias, typical / float(np.sqrt(count)), 0.0,
                   note="std: stated errors, clouds one within their size"),
        Result("vmc", f"{name} background scatter of ε", "1", spread,
               note=f"stated {typical:.3f}; clouds × A ε/√n"),
        Result("vmc", f"{name} background within 1.96 stated deviations", "%", 100 * covered,
               note="clouds of 500 km: neighbours err together, so that one archive may be off"),
    ]  # fmt: skip
    sim = settings.simulation
    for lon, lat, size, value in zip(
        sim.anomaly_lon, sim.anomaly_lat, sim.anomaly_diameter, sim.anomaly_emissivity, strict=True
    ):
        column, row = (float(v) for v in maps.coordinates(made.grid, np.array(lon), np.array(lat)))
        r, c = round(row), round(column)
        inside = 0 <= r < made.n.shape[0] and 0 <= c < made.n.shape[1]
        if not inside or not np.isfinite(made.emissivity[r, c]):
            continue
        found, std = float(made.emissivity[r, c]), float(made.emissivity_std[r, c])
        what = f"anomaly of {size / km:.0f} km at {lon / deg:.0f}°E {lat / deg:.0f}°N"
        if size >= 2.5 * settings.atmosphere.blur:
            rows.append(from_truth("vmc", what, "1", found, std, value, note="ε at its centre"))
        else:
            rows.append(Result("vmc", what, "1", found, std, note=f"true {value}: blurred away in part"))
    return rows


def far_from_anomalies(made: SegmentMap, settings: Config) -> Array:
    """Tell which cells (y, x) lie two widths of the blur away from all simulated anomalies."""
    lon, lat = maps.lon_lat(made.grid)
    far = np.ones(lon.shape, bool)
    sim = settings.simulation
    for lon0, lat0, size in zip(sim.anomaly_lon, sim.anomaly_lat, sim.anomaly_diameter, strict=True):
        half = np.sin((lat - lat0) / 2) ** 2 + np.cos(lat) * np.cos(lat0) * np.sin((lon - lon0) / 2) ** 2
        away = 2 * VENUS_RADIUS * np.arcsin(np.sqrt(half))
        far &= away > size / 2 + 2 * settings.atmosphere.blur
    return far
