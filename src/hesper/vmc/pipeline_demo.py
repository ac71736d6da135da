"""The camera's part of the demonstration: real images placed in space, a simulated segment's emissivity."""

import dataclasses
import tempfile
from pathlib import Path
from typing import NamedTuple

from hesper import config, figures, products, runs
from hesper.products import Figure, Result, Section
from hesper.runs import Run
from hesper.vmc import (
    pipeline_day,
    pipeline_mosaics,
    pipeline_segment,
    pipeline_sides,
    pipeline_simulate,
    plot_map,
    read,
    write_map,
)
from hesper.vmc.pipeline_config import Config
from hesper.vmc.pipeline_day import Ephemeris

_TITLE = "Venus Monitoring Camera: real images to georeferenced maps, a simulated segment to emissivity"
_FOLDER = "vmc/"
_SEGMENT = 5
_SCENE = {"orbits": 14, "images": 112, "segments": [_SEGMENT], "cloud_std": "2 percent"}
_NO_DATA = "No real images: set HESPER_DATA to the folder of real data."
_SIMULATED = (
    "Fourteen orbits over segment 5 are simulated as level-2 files (two of them without usable overlaps), "
    "read back, recalibrated, mosaicked and turned into emissivity; the truth stands beside each number. "
    "Clouds are of 2 % here instead of 4 %, because a cell has but a few mosaics: they leave an error of "
    "0.9 A 2 %/√n in ε, with A = 4."
)


_CAPTIONS = {
    "truth": "The simulated segment: true and retrieved emissivity, and its significance.",
    "emissivity": "Emissivity, its scatter among the orbits, and the altimetry (guide, figure 4.1).",
    "brightness": "Brightness, its deviation and the mosaics in each cell (guide, figure 4.2).",
}
_ORBITS = "Seams of each corrected orbit, and its mosaic against the truth."
_SEAMS = "One orbit's mosaic before and after its gradient is divided out (guide, figure 2.3)."


class _Part(NamedTuple):
    paragraphs: list[str]
    results: list[Result]
    figures: list[Figure]


def section(run: Run, data: Path | None) -> Section:
    """Return the section: what the labels state, and what is true, beside what is found."""
    real, simulated = _real(run, data), _simulated(run)
    return Section(
        _TITLE,
        real.paragraphs + simulated.paragraphs,
        real.results + simulated.results,
        real.figures + simulated.figures,
    )


def _real(run: Run, data: Path | None) -> _Part:
    if data is None or not (data / "vmc").is_dir():
        return _Part([_NO_DATA], [], [])
    settings = config.load(Config, {"archive": str(data / "vmc")})
    place = Ephemeris(settings.kernel, settings.rotation, read.channels(settings.camera))
    day = pipeline_day.shown(read.files(data / "vmc"), settings.day, place, run)
    return _Part(list(day.paragraphs), list(day.results), list(day.figures))


def _simulated(run: Run) -> _Part:
    """Simulate an archive where it is deleted again, and keep what is made of it."""
    with tempfile.TemporaryDirectory() as place:
        settings = config.load(Config, {"archive": place, "simulation": _SCENE})
        with runs.open_run(Path(place), products.Provenance(recipe={}), quiet=True) as archive:
            pipeline_simulate.simulated(settings, archive)
        settings = dataclasses.replace(settings, level3=False)
        night, _, left = pipeline_sides.sides(settings)
        mosaics = pipeline_mosaics.orbits(night, settings, run, _FOLDER)
        rows = pipeline_mosaics.rows(mosaics)
        rows += pipeline_segment.mapped(mosaics, settings, run, _FOLDER, (_SEGMENT,))
        seams = pipeline_mosaics.seams(night, mosaics, settings)
    lost = [*(part.reason for part in left), *(m.left_out for m in mosaics if m.left_out)]
    rows.insert(0, Result("vmc", "simulated images left out", "1", float(len(lost)), note="; ".join(lost)))
    name = write_map.segment_name(_SEGMENT, "")[:-5]
    drawn = [
        Figure(f"vmc-{what}", caption, (run.directory / f"{_FOLDER}{name}_{what}.png").read_bytes())
        for what, caption in _CAPTIONS.items()
    ]
    orbits = figures.png(plot_map.orbits(mosaics))
    drawn += [Figure("vmc-orbits", _ORBITS, orbits), Figure("vmc-seams", _SEAMS, seams)]
    return _Part([_SIMULATED], rows, drawn)
