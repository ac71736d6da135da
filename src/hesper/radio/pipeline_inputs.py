"""Files of an observation → what is read of them, and in what pieces."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from hesper.errors import InputError
from hesper.radio import (
    calibrate_flags,
    calibrate_times,
    model_array,
    model_flux,
    pipeline_memory,
    read_archive,
    read_measurement_set,
    read_uvfits,
)
from hesper.radio.data import Visibilities
from hesper.radio.pipeline_config import Config
from hesper.radio.read_archive import Archive
from hesper.record import Array

TRUTH = "truth.nc"
_OTHER = 0.02
"""Of the length of a baseline. Places of date instead of J2000 are 0.003 off in this century."""


def inputs(path: Path) -> list[Path]:
    """Return the files of an observation, and `truth.nc` beside it."""
    known = path.parent / TRUTH
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    return [*files, *([known] if known.is_file() else [])]


def opened(path: Path, *, window: int) -> Archive:
    """Open a UVFITS file or a Measurement Set."""
    if path.is_dir():
        return read_measurement_set.measurement_set(path, window=window)
    return read_uvfits.uvfits(path, window=window)


def field_number(archive: Archive, name: str) -> int:
    """Return the number of a field by name, capitals and blanks aside; InputError says which there are."""
    names = [str(known).upper().replace(" ", "") for known in archive.setup.field_name]
    wanted = name.upper().replace(" ", "")
    if wanted not in names:
        listed = ", ".join(map(str, archive.setup.field_name))
        raise InputError(f"{archive.path}: no field '{name}'; there are {listed}")
    return names.index(wanted)


def calibrators(archive: Archive, config: Config, *, secondary: int, target: int) -> Visibilities:
    """Read the scans of the secondary and of all fields on a flux scale, records flagged.

    All of them are held at a time. Where they are too large for that, what changes with time is flagged and
    as many integrations are averaged as make them fit.
    """
    settings, setup = config.reduction, archive.setup
    primary = [
        field
        for field in range(setup.field_name.size)
        if field != target and model_flux.calibrator_near(setup.field_ra[field], setup.field_dec[field])
    ]
    memory = pipeline_memory.budget(settings)
    parts = [
        part
        for span in read_archive.spans(archive, memory.block)
        for part in scans(archive, span, {secondary, *primary})
    ]
    if not parts:
        raise InputError(
            f"{archive.path}: no calibrator was observed besides the target; give the whole session"
        )
    integrations = sum(stop - start for start, stop in parts)
    share = integrations * read_archive.bytes_per_time(archive) / 2 / memory.calibrators
    count = max(1, int(np.ceil(share)))

    def block(start: int, stop: int) -> Visibilities:
        raw = calibrate_flags.by_record(read_archive.block(archive, start, stop), settings.record)
        if count == 1:
            return raw
        return calibrate_times.joined(calibrate_flags.before_calibration(raw), count)

    length = sum(-(-(stop - start) // count) for start, stop in parts)
    return _gathered((block(*part) for part in parts), length)


def _gathered(blocks: Iterator[Visibilities], length: int) -> Visibilities:
    """Join blocks of `length` integrations in all along time, each let go before the next is made."""
    names = ("time", "interval", "field", "scan", "uvw", "value", "weight", "flag")
    cubes: dict[str, Array] = {}
    start = 0
    for block in blocks:
        for name in names:
            own = getattr(block, name)
            if start == 0:
                cubes[name] = np.empty((length, *own.shape[1:]), own.dtype)
            cubes[name][start : start + len(own)] = own
        start += block.time.size
        setup = block.setup
        del block
    return Visibilities(
        time=cubes["time"], interval=cubes["interval"], field=cubes["field"], scan=cubes["scan"],
        uvw=cubes["uvw"], value=cubes["value"], weight=cubes["weight"], flag=cubes["flag"], setup=setup,
    )  # fmt: skip


def scans(archive: Archive, span: tuple[int, int], fields: set[int]) -> Iterator[tuple[int, int]]:
    """Yield first and last-but-one integration of the scans, or parts of them, of some fields in a span."""
    start, stop = span
    edges = [start, *(start + 1 + np.flatnonzero(np.diff(archive.scan[start:stop]))), stop]
    for first, last in pairwise(map(int, edges)):
        if int(archive.field[first]) in fields:
            yield first, last


def check_uvw(archive: Archive, field: int) -> None:
    """Refuse uvw that are not those of the antennas and of the field's place.

    Raises
    ------
    InputError
        If they belong to another place, or are antenna 2 less antenna 1.
    """
    first = int(np.flatnonzero(archive.field == field)[0])
    data, setup = read_archive.block(archive, first, first + 1), archive.setup
    there = archive.place[first] >= 0
    centre = setup.antenna_position.mean(axis=0)
    frame = model_array.field_frame(data.time, setup.field_ra[field], setup.field_dec[field], centre)
    own = model_array.baseline_uvw(frame.axes, setup.antenna_position, setup.antenna1, setup.antenna2)[
        0, there
    ]
    given = data.uvw[0, there]
    apart = float(np.linalg.norm(given - own, axis=-1).max())
    longest = float(np.linalg.norm(own, axis=-1).max())
    if apart <= _OTHER * longest:
        return
    name = setup.field_name[field]
    if float(np.linalg.norm(given + own, axis=-1).max()) <= _OTHER * longest:
        raise InputError(
            f"{archive.path}: uvw of field {name} have the other sign than antenna 1 less antenna 2 of the "
            "table of antennas; swap the antennas of all rows, or conjugate"
        )
    left, _, right = np.linalg.svd(own.T @ given)
    east, north, depth = (right.T @ left.T)[2]
    where = "another place"
    if depth > 0:
        ra, dec = model_array.place(east, north, float(setup.field_ra[field]), float(setup.field_dec[field]))
        where = f"right ascension {np.degrees(ra) % 360:.3f}°, declination {np.degrees(dec):+.3f}°"
    raise InputError(
        f"{archive.path}: uvw of field {name} differ by up to {apart:.0f} m from those of its place; "
        f"they fit {where}: mend the place of the field, or make uvw anew"
    )
