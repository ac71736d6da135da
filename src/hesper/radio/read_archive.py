"""An archive of visibilities, opened once and read in blocks of time."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hesper.errors import InputError, ResourceError
from hesper.radio.data import Setup, Visibilities
from hesper.record import Array
from hesper.units import minute


class Rows(NamedTuple):
    """What some rows of an archive hold, in its own order of rows."""

    uvw: Array
    """(row, 3) [m]."""
    value: Array
    """(row, channel, polarisation) complex64."""
    weight: Array
    """(row, channel, polarisation) float32."""
    flag: Array
    """(row, channel, polarisation)."""


class Table(NamedTuple):
    """The columns by which rows of one spectral window are put into the cube."""

    time: Array
    """(row,) middle of the integration, TDB seconds since J2000."""
    interval: Array
    """(row,) [s]."""
    antenna1: Array
    """(row,) index of the antenna named first."""
    antenna2: Array
    """(row,) index of the antenna named second."""
    field: Array
    """(row,) index of the field."""
    row: Array
    """(row,) number of the row in the file."""


class Archive(NamedTuple):
    """An open archive: where each row stands in the cube, and what loads rows."""

    path: Path
    setup: Setup
    time: Array
    interval: Array
    field: Array
    scan: Array
    place: Array
    """(time, baseline) number of the row in the file, or −1."""
    swapped: Array
    """(time, baseline) the file names the antennas in the other order."""
    load: Callable[[Array], Rows]
    """Rows by their numbers in the file."""


def index(
    path: Path, table: Table, setup_of: Callable[[Array], Setup], load: Callable[[Array], Rows]
) -> Archive:
    """Put rows, in any order, on the grid of times and baselines.

    Rows whose times agree within a quarter of the interval (or of the time from row to row of a baseline, if
    that is longer) belong together. Autocorrelations are left out. A new scan begins where the field changes
    or more than a minute and five integrations are missing.

    Raises
    ------
    InputError
        If there are no cross-correlations, times are not finite, or a row stands twice.
    """
    cross = table.antenna1 != table.antenna2
    table = Table(*(column[cross] for column in table))
    if not table.time.size:
        raise InputError(f"{path}: no cross-correlations; visibilities of two or more antennas are needed")
    if not np.all(np.isfinite(table.time)):
        raise InputError(f"{path}: {np.sum(~np.isfinite(table.time))} rows without a time; repair the file")
    cadence = _cadence(table)
    interval = np.where(table.interval > 0, table.interval, cadence)
    order = np.lexsort((table.field, table.time))
    new = _starts(table.time[order], table.field[order], np.maximum(interval[order], cadence))
    slot = np.empty(len(order), int)
    slot[order] = np.cumsum(new) - 1
    first = order[new]
    count = len(first)
    time = np.bincount(slot, table.time - table.time[0], count) / np.bincount(slot, minlength=count)
    time += table.time[0]
    used = np.unique(np.concatenate([table.antenna1, table.antenna2]))
    rank = np.zeros(used.max() + 1, int)
    rank[used] = np.arange(used.size)
    low = rank[np.minimum(table.antenna1, table.antenna2)]
    high = rank[np.maximum(table.antenna1, table.antenna2)]
    n = used.size
    baseline = low * n - low * (low + 1) // 2 + high - low - 1
    place = np.full((count, n * (n - 1) // 2), -1, np.int64)
    cell = slot * place.shape[1] + baseline
    if np.unique(cell).size < cell.size:
        twice = np.flatnonzero(np.bincount(cell) > 1)[0]
        raise InputError(
            f"{path}: baseline {twice % place.shape[1]} stands twice at integration "
            f"{twice // place.shape[1]}; give one array and one spectral window at a time"
        )
    place.reshape(-1)[cell] = table.row
    swapped = np.zeros(place.shape, bool)
    swapped.reshape(-1)[cell] = table.antenna1 > table.antenna2
    field, interval = table.field[first], interval[first]
    return Archive(
        path, setup_of(used), time, interval, field, _scans(time, field, interval), place, swapped, load
    )


def _cadence(table: Table) -> float:
    """Return the median time from one row of a baseline to its next [s]."""
    order = np.lexsort((table.time, table.antenna2, table.antenna1))
    same = (np.diff(table.antenna1[order]) == 0) & (np.diff(table.antenna2[order]) == 0)
    steps = np.diff(table.time[order])[same]
    steps = steps[steps > 0]
    return float(np.median(steps)) if steps.size else 1.0


def _starts(time: Array, field: Array, interval: Array) -> Array:
    """Mark where a new integration begins in sorted rows: a quarter of the interval after its first row."""
    new = np.ones(time.size, bool)
    gap = np.flatnonzero((np.diff(time) > 0) | (np.diff(field) != 0)) + 1
    last = 0
    for i in map(int, gap):
        new[i] = time[i] - time[last] > 0.25 * interval[i] or field[i] != field[last]
        last = i if new[i] else last
    same = np.ones(time.size, bool)
    same[0] = False
    same[gap] = False
    return new & ~same


def _scans(time: Array, field: Array, interval: Array) -> Array:
    gap = np.diff(time) > np.maximum(minute, 5 * interval[1:]) + interval[1:]
    return np.concatenate([[0], np.cumsum(gap | (np.diff(field) != 0))])


def bytes_per_time(archive: Archive) -> int:
    """Return the memory of one integration [bytes]: values, weights, flags and what reading them needs."""
    cells = archive.place.shape[1] * archive.setup.frequency.size * archive.setup.polarisation.size
    return int(2 * cells * (8 + 4 + 1) + 24 * archive.place.shape[1])


def block(archive: Archive, start: int, stop: int) -> Visibilities:
    """Return the integrations start … stop − 1."""
    place = archive.place[start:stop]
    there = place >= 0
    shape = (*place.shape, archive.setup.frequency.size, archive.setup.polarisation.size)
    rows = archive.load(place[there])
    if there.all():
        uvw, value, weight, flag = (part.reshape(*place.shape, *part.shape[1:]) for part in rows)
    else:
        uvw = np.zeros((*place.shape, 3))
        value, weight = np.zeros(shape, np.complex64), np.zeros(shape, np.float32)
        flag = np.ones(shape, bool)
        uvw[there], value[there], weight[there], flag[there] = rows
    turned = archive.swapped[start:stop]
    if turned.any():
        order = _mirrored(archive.setup.polarisation)
        uvw[turned] *= -1
        value[turned] = np.conj(value[turned])[..., order]
        weight[turned], flag[turned] = weight[turned][..., order], flag[turned][..., order]
    return Visibilities(
        time=archive.time[start:stop],
        interval=archive.interval[start:stop],
        field=archive.field[start:stop],
        scan=archive.scan[start:stop],
        uvw=uvw,
        value=value,
        weight=weight,
        flag=flag,
        setup=archive.setup,
    )


def blocks(archive: Archive, max_memory: float) -> Iterator[Visibilities]:
    """Yield the archive in blocks of whole scans, or of parts of a scan too long for the memory.

    Parameters
    ----------
    archive
        As opened.
    max_memory
        What one block may take while it is read [bytes].

    Raises
    ------
    ResourceError
        If not even one integration fits.
    """
    for start, stop in spans(archive, max_memory):
        yield block(archive, start, stop)


def spans(archive: Archive, max_memory: float) -> list[tuple[int, int]]:
    """Return the first and last-but-one integration of every block of `blocks`."""
    most = int(max_memory // bytes_per_time(archive))
    if most < 1:
        raise ResourceError(
            f"{archive.path}: one integration needs {bytes_per_time(archive) / 1e6:.0f} MB, "
            f"{max_memory / 1e6:.0f} MB given; raise reduction.memory of the recipe"
        )
    found: list[tuple[int, int]] = []
    edges = [0, *(np.flatnonzero(np.diff(archive.scan)) + 1).tolist(), len(archive.scan)]
    start = 0
    for end in map(int, edges[1:]):
        while end - start > most:
            fits = [int(edge) for edge in edges if start < edge <= start + most]
            found.append((start, max(fits, default=start + most)))
            start = found[-1][1]
    if start < len(archive.scan):
        found.append((start, len(archive.scan)))
    return found


def _mirrored(polarisation: Array) -> list[int]:
    """Return where each correlation goes when the two antennas are exchanged: RL ↔ LR."""
    names = [str(name) for name in polarisation]
    return [names.index(name[::-1]) if name[::-1] in names else i for i, name in enumerate(names)]
