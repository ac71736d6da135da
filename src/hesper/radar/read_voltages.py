"""Files of voltages, `voltages_<cycle>_<look>.nc` → records, and whether they belong together."""

from itertools import groupby
from pathlib import Path

import numpy as np

from hesper.errors import InputError
from hesper.products import read as read_product
from hesper.products import read_netcdf
from hesper.radar.data_interferometer import Voltages

_SAME = ("stations", "transmitter", "code", "frequency", "baud", "rate", "cycles")
_LONGEST = 3600.0
"""Seconds between a look and the middle of its receive cycle."""


def voltages(path: Path) -> Voltages:
    """Read the samples of one look.

    Raises
    ------
    InputError
        If the file is damaged or holds something else, or its clock or code cannot be.
    """
    found = read_product(path, Voltages)
    _possible(found, path)
    return found


def by_cycle(paths: list[Path]) -> list[list[Path]]:
    """Sort files by receive cycle."""
    return [list(group) for _, group in groupby(sorted(paths), lambda path: path.stem.rsplit("_", 1)[0])]


def check(paths: list[Path]) -> None:
    """Refuse looks that do not belong together, without reading their samples.

    Raises
    ------
    InputError
        If stations, code or waveform differ, a look belongs to another cycle than its name says, or comes
        before the one before; the line names the file.
    """
    first = None
    for group in by_cycle(paths):
        before = None
        for path in group:
            given = read_netcdf(path, Voltages, {"sample": slice(0, 0)})
            _possible(given, path)
            first = first if first is not None else (path, given)
            before = before if before is not None else (path, given)
            _same(path, given, *first)
            _follows(path, given, *before)
            before = (path, given)


def _possible(given: Voltages, path: Path) -> None:
    """Refuse a clock, a code or a number of looks that cannot be."""
    for name in ("rate", "baud", "frequency"):
        value = getattr(given, name)
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{path}: {name} is {value:g}; a positive number is needed: mend the file")
    for name in ("delay", "phase"):
        if not np.isfinite(getattr(given, name)).all():
            raise InputError(
                f"{path}: {name} holds values that are not finite; give the coefficients of every receiver: "
                "mend the file or leave it out"
            )
    if not given.chips.size or np.any(np.abs(given.chips) != 1):
        raise InputError(f"{path}: chips other than ±1, or none; give the code that was transmitted")
    if len(given.look_time) != 1 or len(given.geometry.time) != 1:
        raise InputError(
            f"{path}: {len(given.look_time)} looks of {len(given.geometry.time)} cycles; one look a file"
        )
    if len(given.stations.split(",")) != len(given.samples):
        raise InputError(
            f"{path}: {len(given.samples)} receivers but the stations are '{given.stations}'; name every one"
        )


def _same(path: Path, given: Voltages, other_path: Path, other: Voltages) -> None:
    for name in _SAME:
        found, wanted = getattr(given, name), getattr(other, name)
        if found != wanted:
            shown = [f"{v:.9g}" if isinstance(v, float) else f"{v!r}" for v in (found, wanted)]
            raise InputError(
                f"{path}: {name} is {shown[0]}, in {other_path.name} {shown[1]}; give the looks of one pass"
            )
    if not np.array_equal(given.chips, other.chips):
        raise InputError(f"{path}: another code than in {other_path.name}; give the looks of one pass")


def _follows(path: Path, given: Voltages, other_path: Path, other: Voltages) -> None:
    """Refuse a look of another cycle than the one before it, or of no later time."""
    if given.geometry.time[0] != other.geometry.time[0]:
        raise InputError(
            f"{path}: another receive cycle than {other_path.name}; files are named "
            "voltages_<cycle>_<look>.nc: name it for its own cycle"
        )
    if abs(float(given.look_time[0] - given.geometry.time[0])) > _LONGEST:
        raise InputError(f"{path}: the look lies more than an hour from its cycle's time; mend look_time")
    if path != other_path and given.look_time[0] <= other.look_time[0]:
        raise InputError(
            f"{path}: no later than {other_path.name}; looks are numbered in order of time, each of them once"
        )
