"""Which images of an archive show the night side, which the day side, and which are neither."""

from pathlib import Path
from typing import NamedTuple

from hesper import config
from hesper.errors import InputError, MissingError
from hesper.products import pds3
from hesper.vmc import read
from hesper.vmc.pipeline_config import Config
from hesper.vmc.pipeline_orbit import Task


class Left(NamedTuple):
    """A file that is neither, and why."""

    path: Path
    reason: str


class Sides(NamedTuple):
    """Orbits of the night side, images of the day side, and files that are neither, with reasons."""

    night: list[Task]
    day: list[Path]
    left: list[Left]


def sides(settings: Config) -> Sides:
    """Sort the images of an archive."""
    groups: dict[tuple[int, str], list[Path]] = {}
    day: list[Path] = []
    left: list[Left] = []
    first: dict[str, Path] = {}
    for path in read.files(config.existing(settings.archive, what="archive")):
        try:
            called = read.name(path)
            night = _is_night(path, settings)
            if first.setdefault(path.name.upper(), path) != path:
                raise InputError(f"{path}: a second file of this name; {first[path.name.upper()]} is taken")
            if night:
                groups.setdefault((called.orbit, called.channel), []).append(path)
            else:
                day.append(path)
        except (InputError, MissingError) as error:
            text = " ".join(str(error).split())
            left.append(Left(path, text if path.name in text else f"{path.name}: {text}"))
    tasks = [Task(orbit, channel, tuple(paths)) for (orbit, channel), paths in sorted(groups.items())]
    return Sides(tasks, day, left)


def _is_night(path: Path, settings: Config) -> bool:
    label = pds3.read_label(path)
    if read.exposure(label) < settings.night_exposure:
        return False
    found = pds3.read_vicar_header(path, label) if label.objects("IMAGE_HEADER") else {}
    incidence = found.get("INCIDENCE_AT_CENTER", 180.0)
    return not isinstance(incidence, int | float) or float(incidence) > 90.0
