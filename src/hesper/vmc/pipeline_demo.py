"""The camera's part of the demonstration: the real images placed in space and mapped."""

from pathlib import Path

from hesper import config
from hesper.products import Figure, Result, Section
from hesper.runs import Run
from hesper.vmc import pipeline_day, read
from hesper.vmc.pipeline_config import Config
from hesper.vmc.pipeline_day import Ephemeris

_TITLE = "Venus Monitoring Camera: real images to georeferenced maps"


def section(run: Run, data: Path | None) -> Section:
    """Return the section: what the labels state beside what is found."""
    paragraphs: list[str] = []
    results: list[Result] = []
    drawn: list[Figure] = []
    if data is not None and (data / "vmc").is_dir():
        settings = config.load(Config, {"archive": str(data / "vmc")})
        place = Ephemeris(settings.kernel, settings.rotation)
        day = pipeline_day.shown(read.files(data / "vmc"), settings.day, place, run)
        paragraphs += day.paragraphs
        results += day.results
        drawn += day.figures
    else:
        paragraphs.append("No real images: set HESPER_DATA to the folder of real data.")
    return Section(_TITLE, paragraphs, results, drawn)
