"""The route of Gaulme et al. 2008 from frames to winds, in the order of its stages, biases included."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.products import geotiff, netcdf
from hesper.products.results import Result
from hesper.record import Array
from hesper.runs import Run
from hesper.units import arcsec
from hesper.winds import (
    calibrate,
    calibrate_paper,
    grid,
    model,
    model_fields,
    plot_paper,
    plot_paper_velocities,
    retrieve_paper,
)
from hesper.winds import model_spectrum as spectrum
from hesper.winds.data import DiskMap, Frames, Spectra, Velocities, VelocityMap
from hesper.winds.pipeline_config import Config, frame_lines, viewing


class PaperReduction(NamedTuple):
    """Everything that the paper's route finds on its way."""

    spectra: Spectra
    clean: calibrate_paper.CleanSpectra
    chords: calibrate_paper.Chords
    x: Array
    raw: Velocities
    flat: Velocities
    velocities: Velocities
    cells: DiskMap
    uniform: retrieve_paper.PaperFit
    cosine: retrieve_paper.PaperFit
    uniform_referenced: retrieve_paper.PaperFit
    cosine_referenced: retrieve_paper.PaperFit
    noise: float
    lines: spectrum.Spectrum
    disk: model.Aspect


def reduce(config: Config, frames: Frames) -> PaperReduction:
    """Reduce frames by the route of Gaulme et al. 2008."""
    view = viewing(config, frames)
    spectra = calibrate.detector(frames, view)
    disk = model.aspect(view, slit_angle=frames.setup.slit_angle, radius=config.reduction.radius)
    free = calibrate.sky_rows(spectra, disk.angular_radius)
    clean = calibrate_paper.clean(spectra, free, keep=np.flatnonzero(~free))
    height = calibrate.heights(spectra)[clean.row]
    profile = clean.electrons.sum(axis=2, dtype=float)
    chords = calibrate_paper.chords(profile, height, view.time, spectra.usable)
    to_x = calibrate_paper.position_literal if config.paper.literal else calibrate_paper.position_from_chord
    length = chords.smooth
    if config.paper.measured_diameter:
        # The paper takes the first spectra's extent for the diameter.
        length = length * 2 * disk.angular_radius / float(np.max(length))
    x = to_x(length, disk)
    raw = retrieve_paper.velocities(
        spectra, clean, chords, x, disk, half_window=config.paper.half_window, latitude=config.paper.latitude
    )
    flat = retrieve_paper.flattened(raw, len(frames.counts))
    corrected = retrieve_paper.without_artifact(raw, flat)
    corrected = retrieve_paper.young_corrected(corrected, disk, coefficient=config.paper.young)
    cells = grid.at_least(grid.disk_map(corrected, disk), config.paper.fewest)
    _check_cells(cells, config.paper.fewest)
    deviations, _ = retrieve_paper.column_deviations(cells)
    noise = float(np.nanmean(deviations))
    stated = grid.at_least(grid.disk_map(corrected, disk, noise=noise), config.paper.fewest)
    referenced, place = retrieve_paper.referenced(stated, disk)
    fits = [
        retrieve_paper.kinematic_fit(which, disk, field, reference=reference)
        for which, reference in ((stated, None), (referenced, place))
        for field in (model_fields.uniform, model_fields.cosine)
    ]
    return PaperReduction(
        spectra,
        clean,
        chords,
        x,
        raw,
        flat,
        corrected,
        cells,
        fits[0],
        fits[1],
        fits[2],
        fits[3],
        noise,
        frame_lines(config, frames),
        disk,
    )


def _check_cells(cells: DiskMap, fewest: int) -> None:
    filled = np.isfinite(cells.velocity)
    if not (filled.sum(axis=0) > 2).any():
        raise InputError(
            f"paper: {int(filled.sum())} cells of the map hold {fewest} measurements, and no column three "
            "such cells; give more frames, or lower paper.fewest"
        )


def results(reduced: PaperReduction) -> list[Result]:
    """Return the numbers of the paper's route, with the known biases said."""
    note = "biased: chord positions stretch it, and correlation answers with a slope that hangs on the window"
    rows = [
        Result("winds", f"zonal wind, westward, {name} (paper's route)", "m/s", found.wind,
            found.two_sigma / 2,
               source="Gaulme et al. 2008, section 4.2", note=f"{note}; χ²ν {found.reduced_chi2:.2f}")
        for name, found in (
            ("uniform", reduced.uniform), ("cosine", reduced.cosine),
            ("uniform, zero at (0°, 5°)", reduced.uniform_referenced),
            ("cosine, zero at (0°, 5°)", reduced.cosine_referenced),
        )
    ]  # fmt: skip
    return [
        *rows,
        Result("winds", "noise of a 1 arcsec cell (mean of columns)", "m/s", reduced.noise),
        Result("winds", "scatter of the chord", "arcsec", float(np.nanstd(reduced.chords.scatter)) / arcsec),
        Result("winds", "cells fitted", "1", float(reduced.uniform.n)),
    ]


def products(config: Config, reduced: PaperReduction, run: Run) -> list[Result]:
    """Write the products, table and figures of a reduction; return its numbers."""
    on_planet = grid.velocity_map(reduced.velocities, None)
    run.write("chords.nc", lambda: netcdf(reduced.chords))
    run.write("velocities.nc", lambda: netcdf(reduced.velocities))
    run.write("disk_map.nc", lambda: netcdf(reduced.cells))
    run.write("velocity_map.nc", lambda: netcdf(on_planet))
    run.write("velocity_map.tif", lambda: geotiff(on_planet))
    run.write("table2.csv", lambda: table2(reduced))
    for number in range(1, 13):
        run.write(f"figure_{number:02d}.png", lambda n=number: figure(config, reduced, on_planet, n))  # type: ignore[misc]
    return results(reduced)


def table2(reduced: PaperReduction) -> bytes:
    """Return the paper's table 2 of this run: standard deviation and count of every column of the map."""
    deviation, count = retrieve_paper.column_deviations(reduced.cells)
    rows = ["x_arcsec,standard_deviation_m_per_s,measurements"]
    rows += [
        f"{x / arcsec:.1f},{s:.2f},{n}"
        for x, s, n in zip(reduced.cells.x, deviation, count, strict=True)
        if np.isfinite(s)
    ]
    return ("\n".join(rows) + "\n").encode()


def figure(config: Config, reduced: PaperReduction, on_planet: VelocityMap, number: int) -> bytes:
    """Return one of the paper's twelve figures as PNG."""
    middle = int(np.flatnonzero(np.isfinite(reduced.chords.length))[-1]) // 2
    makers: dict[int, Callable[[], bytes]] = {
        1: lambda: plot_paper.appearance(reduced.disk),
        2: lambda: plot_paper.coverage(reduced.disk, reduced.x, reduced.velocities),
        3: lambda: plot_paper.skylight(reduced.clean),
        4: lambda: plot_paper.line_and_slope(reduced.lines),
        5: lambda: plot_paper.raw_and_clean(reduced.spectra, reduced.clean, middle),
        6: lambda: plot_paper.profiles(reduced.clean, reduced.spectra, middle),
        7: lambda: plot_paper.chord_lengths(reduced.chords),
        8: lambda: plot_paper.ephemeris_velocities(reduced.spectra.viewing),
        9: lambda: plot_paper.correlation(
            reduced.clean, reduced.spectra, middle, half_window=config.paper.half_window
        ),
        10: lambda: plot_paper_velocities.diagram(reduced.raw, reduced.flat),
        11: lambda: plot_paper_velocities.clean_diagram(reduced.velocities),
        12: lambda: plot_paper_velocities.maps(reduced.cells, on_planet, reduced.disk),
    }
    return makers[number]()
