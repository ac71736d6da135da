"""An Arecibo look → a map, beside Magellan's."""

from pathlib import Path
from typing import NamedTuple

from hesper import maps
from hesper.config import existing
from hesper.errors import InputError
from hesper.figures import png
from hesper.products import Figure, Result, geotiff, netcdf
from hesper.radar import calibrate, grid, plot, read, read_archive, retrieve, retrieve_beam
from hesper.radar import pipeline_results as results
from hesper.radar.data import (
    BackscatterLaw,
    Contrast,
    Correlation,
    Displacement,
    Limb,
    Look,
    Mosaic,
    SurfaceMap,
    Topography,
)
from hesper.radar.pipeline_config import Config
from hesper.runs import Run
from hesper.units import deg


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
    aim: retrieve_beam.Aim


def products(mapped: Mapped, run: Run) -> list[Result]:
    """Write the map and return the rows."""
    run.write("reflectivity.nc", lambda: netcdf(mapped.surface))
    run.write("reflectivity.tif", lambda: geotiff(mapped.surface))
    return (
        results.limb(mapped.look, mapped.outline)
        + results.contrast(mapped.contrast)
        + results.maps(mapped.correlation, mapped.other_correlation, mapped.leakage, mapped.aim)
        + results.displacement(mapped.displacement)
    )


def figures(mapped: Mapped) -> list[Figure]:
    """Return the look and its map as pictures."""
    names = read.features()
    return [
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
    ]


def mapped(config: Config) -> Mapped:
    """Map the look of a recipe."""
    path, relief, shade = inputs(config)
    topography, mosaic, names = read.topography(relief), read.mosaic(shade), read.features()
    look = calibrate.noise(_read(path, config))
    outline = calibrate.limb(look)
    look = calibrate.centred(look, outline)
    law = calibrate.backscatter(look)
    side = 1 if config.pointing == "N" else -1
    names = [name for name in names if (name.lat > 0) == (side > 0)]
    area = _area(config.resolution, float(look.echo.lon[0]))
    altitude = maps.resample_map(topography.altitude, topography.grid, area)

    def made(hemisphere: int, beam_offset: float) -> SurfaceMap:
        return grid.reflectivity(
            look, area, hemisphere, law=law, altitude=altitude, longest_cell=config.longest_cell,
            beam_width=config.beam_width, beam_offset=beam_offset,
        )  # fmt: skip

    # The aim changes what is flagged, not what is seen: the leak that gives it can be had without.
    plain = made(side, 0.0)
    leakage = retrieve.leakage(plain, mosaic)
    aim = retrieve_beam.aim(plain, leakage, beam_width=config.beam_width)
    surface, other = made(side, aim.value), made(-side, aim.value)
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
        leakage,
        aim,
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


def _read(path: Path, config: Config) -> Look:
    if path.suffix.lower() == ".png":
        return read.arecibo_png(path, pointing=config.pointing, baud=config.baud)
    return read_archive.arecibo(path)


def inputs(config: Config) -> tuple[Path, Path, Path]:
    """Return look, topography and mosaic.

    Raises
    ------
    InputError
        If one of them is not given.
    """
    if not (config.topography and config.mosaic):
        raise InputError("radar: a look is given without topography and mosaic; give all three, or none")
    given = (config.input, config.topography, config.mosaic)
    path, relief, shade = (
        existing(name, what=what) for name, what in zip(given, ("look", "topography", "mosaic"), strict=True)
    )
    return path, relief, shade
