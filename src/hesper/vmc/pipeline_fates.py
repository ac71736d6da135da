"""What became of every file of an archive: mapped, refused with its orbit, or left out, and why."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from hesper.vmc import calibrate_gradient
from hesper.vmc.data_orbit import OrbitMosaic
from hesper.vmc.pipeline_config import Config
from hesper.vmc.pipeline_day import Outcome
from hesper.vmc.pipeline_orbit import Task
from hesper.vmc.pipeline_sides import Left


class Fate(NamedTuple):
    """What became of one file."""

    path: Path
    side: str
    lit: str
    """Sunlit part of a day-side image."""
    has_emissivity: bool
    is_used: bool
    """In a map, or in the mosaic of an orbit, be it refused."""
    why: str
    """It has no emissivity, or is not used."""


def fates(
    tasks: Sequence[Task], outcomes: Sequence[Outcome], mosaics: Sequence[OrbitMosaic], left: Sequence[Left],
    settings: Config,
) -> list[Fate]:  # fmt: skip
    """Return what became of every file: each is in one of day side, night side, and neither."""
    found = [
        Fate(o.path, "day" * is_used, f"{o.lit:.4f}" * is_used, False, is_used, o.reason)
        for o in outcomes
        for is_used in (o.found is not None,)
    ]
    for task, made in zip(tasks, mosaics, strict=True):
        found += _of_orbit(task, made, settings)
    return found + [Fate(part.path, "", "", False, False, part.reason) for part in left]


def _of_orbit(task: Task, made: OrbitMosaic, settings: Config) -> Iterator[Fate]:
    kept, code = set(made.images.split(", ")), made.flat.status
    reasons = made.left_out.removeprefix(f"orbit {task.orbit}: no image is left: ").split(" | ")
    mapped = code == calibrate_gradient.ACCEPTED or settings.gradient.include_refused
    for path in task.paths:
        if path.stem in kept:
            yield Fate(path, "night", "", mapped, True, calibrate_gradient.REASONS.get(code, ""))
        else:
            # What befell the orbit as a whole names no image.
            why = next((reason for reason in reasons if path.stem in reason), reasons[-1])
            yield Fate(path, "night", "", False, False, why)


def lost(found: Sequence[Fate]) -> list[str]:
    """Return the reasons of the files that are not used, each with its file's name."""
    return [f.why if f.path.stem in f.why else f"{f.path.name}: {f.why}" for f in found if not f.is_used]


def table(found: Sequence[Fate]) -> bytes:
    """Write what became of every file as CSV."""
    stream = io.StringIO()
    rows = csv.writer(stream, lineterminator="\n")
    rows.writerow(["file", "side", "sunlit_part", "emissivity", "left_out_because"])
    for f in found:
        rows.writerow([f.path.name, f.side, f.lit, "yes" if f.has_emissivity else "no", f.why])
    return stream.getvalue().encode()
