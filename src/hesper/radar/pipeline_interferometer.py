"""Looks of several receivers → brightness and altitude maps: the paper's own way."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hesper import ephemeris, maps
from hesper.errors import InputError
from hesper.figures import png
from hesper.products import Result, from_truth, geotiff, netcdf
from hesper.radar import (
    calibrate_echoes,
    calibrate_fringes,
    calibrate_patches,
    grid_patches,
    pipeline_tiles,
    plan_pass,
    plot_interferometer,
    read_archive,
    retrieve_features,
    retrieve_patches,
    retrieve_runway,
    simulate,
    simulate_scene,
)
from hesper.radar.data_interferometer import (
    INCOMPLETE,
    Backscatter,
    Curvature,
    Echoes,
    Patches,
    Predicted,
    RadarMap,
    Runway,
    Statistics,
    Truth,
)
from hesper.radar.model_echo import budget
from hesper.radar.model_geometry import depth_axis, middle_row
from hesper.radar.pipeline_config import Config
from hesper.record import Array
from hesper.runs import Run
from hesper.units import deg, km

HALF_WIDTH = 780 * km
"""Half the width of the maps: the cap of 64 gates and a margin."""
_MIDDLE = 300 * km
"""|x| within which the columns count for the measured half-width of the runway."""


class Reduced(NamedTuple):
    """What a pass gave."""

    statistics: Statistics
    """Of a run on files without its gates: they are as large as the looks of a cycle."""
    patches: Patches
    runway: Runway
    law: Backscatter
    curvature: Curvature
    predicted: Predicted
    surface: RadarMap
    truth: Truth | None


def truth(config: Config, area: maps.Grid) -> Truth:
    """Return the surface of a recipe's simulation on a map."""
    view = simulate.frame(pipeline_tiles.geometry(config))
    return simulate_scene.truth(pipeline_tiles.terrain(config), area, view, config.scene)


def simulated(config: Config, run: Run) -> None:
    """Write the looks of every receive cycle, and `truth.nc`."""
    pipeline_tiles.simulated(config, run)
    made = pipeline_tiles.geometry(config)
    area = _area(made.radar[middle_row(made)], config.reduction.resolution)
    run.write("truth.nc", lambda: netcdf(truth(config, area)))


def reduce(config: Config, echoes: Iterable[Echoes], known: Truth | None) -> Reduced:
    """Turn looks into patches and a map, in the order of the paper's method."""
    given = prepared(config, echoes)
    return mapped(config, given, retrieve_patches.patches(given, config.reduction, config.scene), known)


def reduce_files(config: Config, paths: list[Path], known: Truth | None, run: Run) -> Reduced:
    """Do the same with files, voltages decoded: statistics on disk, cycles and tiles shared among workers."""
    paths = pipeline_tiles.decoded(config, paths, run)
    path = run.write("statistics.nc", lambda: netcdf(prepared(config, read_archive.echoes(paths))))
    patches = pipeline_tiles.solved(config, path, run)
    return mapped(config, pipeline_tiles.without_gates(path), patches, known)


def prepared(config: Config, echoes: Iterable[Echoes]) -> Statistics:
    """Accumulate looks and take the phases of the instruments out."""
    given = calibrate_echoes.statistics(echoes)
    _belongs(config, given)
    # A look may be missing of every cycle: the recipe knows how many there were.
    looks = max(int(given.expected), config.observation.looks)
    given = dataclasses.replace(given, expected=looks)
    return calibrate_fringes.fringes(given, config.scene) if config.reduction.self_calibrate else given


def mapped(config: Config, given: Statistics, patches: Patches, known: Truth | None) -> Reduced:
    """Black the runway out, fit law and curvature, and map the patches of a pass."""
    settings, scene, geometry = config.reduction, config.scene, given.geometry
    distance = float(geometry.distance[middle_row(geometry)])
    scale = float(budget(config.stations, config.waveform, scene, distance).scale[0])
    strip = retrieve_runway.runway(patches, settings.contrast_limit)
    patches = retrieve_runway.blackened(patches, strip)
    law = calibrate_patches.backscatter(patches, scale)
    curvature = calibrate_patches.curvature(patches)
    if settings.remove_curvature:
        patches = calibrate_patches.flattened(patches, curvature)
    area = _area(patches.radar, settings.resolution)
    surface = grid_patches.surface(patches, area, law=law, scale=scale, exponent=settings.exponent)
    predicted = plan_pass.predict(
        geometry, config.stations, config.waveform, scene, looks=int(given.expected), reduction=settings
    )
    return Reduced(given, patches, strip, law, curvature, predicted, surface, known)


def _belongs(config: Config, given: Statistics) -> None:
    """Refuse looks that the recipe's day, stations or waveform did not make: scales would be wrong."""
    waveform, observation = config.waveform, config.observation
    middle = float(given.geometry.time[middle_row(given.geometry)]) - observation.offset
    day = ephemeris.utc(middle)[0].astype("datetime64[D]")
    # A pass belongs to the day of its transit, but may begin before it or end after it.
    if abs(int((day - np.datetime64(observation.date[:10], "D")).astype(int))) > 1:
        raise InputError(
            f"radar: day of the looks: {day}; the recipe has {observation.date}; give the recipe that the "
            "looks were made with"
        )
    axis = depth_axis(waveform.baud, waveform.gates, waveform.early_gates)
    step, cell = (float(values[1] - values[0]) for values in (given.depth, given.shift))
    for name, found, wanted in (
        ("transmitter", given.transmitter, config.stations.transmitter),
        ("receivers", given.stations, ",".join(config.stations.receivers)),
        ("frequency [Hz]", given.frequency, waveform.frequency),
        ("code", given.code, waveform.code),
        ("depth of a gate [m]", round(step, 3), round(axis[1] - axis[0], 3)),
        ("width of a Doppler cell [Hz]", f"{cell:.6g}", f"{waveform.doppler_cell:.6g}"),
    ):
        if found != wanted:
            raise InputError(
                f"radar: {name} of the looks: {found}; the recipe has {wanted}; give the recipe that the "
                "looks were made with"
            )


def products(found: Reduced, run: Run) -> list[Result]:
    """Write maps, patches and figures; return the rows."""
    run.write("patches.nc", lambda: netcdf(found.patches))
    run.write("runway.nc", lambda: netcdf(found.runway))
    run.write("backscatter.nc", lambda: netcdf(found.law))
    run.write("map.nc", lambda: netcdf(found.surface))
    run.write("map.tif", lambda: geotiff(found.surface))
    for name, picture in figures(found).items():
        run.write(name, lambda picture=picture: picture)  # type: ignore[misc]
    return rows(found)


def figures(found: Reduced) -> dict[str, bytes]:
    """Return the pictures of a pass."""
    return {
        "brightness.png": png(plot_interferometer.brightness(found.surface)),
        "altitude.png": png(plot_interferometer.contours(grid_patches.smoothed(found.surface))),
        "uncertainty.png": png(plot_interferometer.uncertainty(found.surface, found.predicted)),
        "backscatter.png": png(plot_interferometer.backscatter(found.law)),
    }


def rows(found: Reduced) -> list[Result]:
    """Return the numbers of a pass, beside the truth where there is one."""
    # A lost look marks every cell that it would have seen; missing cycles have a row of their own.
    good = (found.patches.mask & ~np.uint8(INCOMPLETE)) == 0
    good &= np.isfinite(found.patches.altitude)
    out = [
        Result("radar", "patches solved without a flag but for missing cycles", "1", float(good.mean())),
        Result("radar", "receive cycles that are missing", "1",
               float(found.statistics.cycles - np.count_nonzero(found.statistics.n))),
        Result("radar", "median σ of altitude, one patch", "m", _median(found.patches.altitude_std[good])),
        Result("radar", "leverage of the baseline's change", "rad", found.predicted.leverage,
               note="banding likely" if found.predicted.leverage < plan_pass.LEAST_LEVERAGE else ""),
        Result("radar", "half-width of the runway, predicted", "km", found.predicted.runway / km),
        _runway(found),
        *_law(found),
        Result("radar", "rms of self-calibrated phases about their mean", "rad",
               float(found.statistics.phase[:, 1:].std())),
    ]  # fmt: skip
    if found.truth is not None:
        out += retrieve_features.against_truth(found.surface, found.truth, found.law)
    return out


def _area(radar: Array, resolution: float) -> maps.Grid:
    lon, lat = np.arctan2(radar[1], radar[0]), np.arcsin(radar[2])
    return maps.orthographic(
        resolution, lon=float(lon) % (360 * deg), lat=float(lat),
        half_width=np.ceil(HALF_WIDTH / resolution) * resolution,
    )  # fmt: skip


def _runway(found: Reduced) -> Result:
    near = np.abs(found.runway.x) < _MIDDLE
    return Result(
        "radar", "half-width of the runway, measured", "km", _median(found.runway.half_width[near] / km),
        _median(found.runway.half_width_std[near] / km),
        note="north and south not told apart, median of the columns within 300 km; cells that are too long "
        "are blacked out as well",
    )  # fmt: skip


def _law(found: Reduced) -> list[Result]:
    """Return the parameters of Muhleman's law, beside those of the true ground in view where it is known."""
    rows, law, known = [], found.law, found.truth
    true = None
    if known is not None:
        true = calibrate_patches.backscatter(
            calibrate_patches.true_signal(found.patches, known, law.scale), law.scale
        )
    for k, name in enumerate("ka"):
        what, value, std = f"{name} of Muhleman's law", float(law.muhleman[k]), float(law.muhleman_std[k])
        if not np.isfinite(std):
            note = "the annuli of this pass do not determine it: longer or less noisy passes do"
            rows.append(Result("radar", what, "1", None, note=note))
        elif true is None or not np.isfinite(true.muhleman_std[k]):
            rows.append(Result("radar", what, "1", value, std, note="of the ground in view"))
        else:
            note = "of the ground in view; expected: the same fit to the true reflectivity of these patches"
            rows.append(from_truth("radar", what, "1", value, std, float(true.muhleman[k]), note=note))
    return rows


def _median(values: Array) -> float | None:
    return float(np.median(values)) if values.size else None
