"""Random groups of a UVFITS file: the records as they lie on disk, and the numbers in them."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hesper.compiled import compiled_parallel, prange
from hesper.errors import InputError
from hesper.record import Array

_AT_ONCE = 2**23
"""Numbers read at a time."""


class Groups(NamedTuple):
    """The random groups of a file, as they lie on disk."""

    path: Path
    header: Any
    kind: Any
    """Of the numbers, in the order of bytes of the file."""
    start: int
    """Where the first group begins [bytes]."""
    shape: tuple[int, int]
    """Number of groups, and of numbers in each: parameters, then cells."""
    axes: dict[str, tuple[int, float, float, float]]
    """Name → length, reference pixel, value there and increment of an axis."""


def groups(path: Path, hdu: Any) -> Groups:
    """Return where the groups lie that the first header announces; InputError if they are not all there."""
    header = hdu.header
    if not header.get("GROUPS", False) or header.get("NAXIS1", 1) != 0:
        raise InputError(f"{path}: no random groups; a UVFITS file is needed")
    shape = [header[f"NAXIS{i}"] for i in range(header["NAXIS"], 1, -1)]
    kind = {8: ">u1", 16: ">i2", 32: ">i4", -32: ">f4", -64: ">f8"}[header["BITPIX"]]
    width = header["PCOUNT"] + int(np.prod(shape))
    needed = header["GCOUNT"] * width * np.dtype(kind).itemsize
    start = hdu.fileinfo()["datLoc"]
    have = path.stat().st_size - start
    if have < needed:
        whole = max(have, 0) // (width * np.dtype(kind).itemsize)
        raise InputError(
            f"{path}: cut short: {whole} of {header['GCOUNT']} visibility records are there; "
            "copy the file again"
        )
    axes = {
        header.get(f"CTYPE{i}", "").strip().split("-")[0]: (
            header[f"NAXIS{i}"],
            header.get(f"CRPIX{i}", 1.0),
            header.get(f"CRVAL{i}", 0.0),
            header.get(f"CDELT{i}", 1.0),
        )
        for i in range(2, header["NAXIS"] + 1)
    }
    if list(axes)[:3] != ["COMPLEX", "STOKES", "FREQ"] or any(
        axes[name][0] != 1 for name in list(axes)[3:] if name != "IF"
    ):
        raise InputError(f"{path}: axes {', '.join(axes)}; COMPLEX, STOKES, FREQ (, IF), RA, DEC are needed")
    return Groups(path, header, np.dtype(kind), start, (header["GCOUNT"], width), axes)


def parameters(groups: Groups) -> dict[str, Array]:
    """Return the random parameters by name, scaled; those that stand twice are summed."""
    header, found = groups.header, dict[str, Array]()
    table = _columns(groups, header["PCOUNT"])
    for i in range(1, header["PCOUNT"] + 1):
        name = header[f"PTYPE{i}"].strip().upper().lstrip("_")
        name = name.split("-")[0] if name[:2] in ("UU", "VV", "WW") else name
        value = table[:, i - 1].astype(float) * header.get(f"PSCAL{i}", 1.0)
        zero = header.get(f"PZERO{i}", 0.0)
        if name == "DATE" and name not in found:
            found["DATE0"] = np.array(zero)
            zero = 0.0
        found[name] = found[name] + value + zero if name in found else value + zero
    missing = {"UU", "VV", "WW", "DATE"} - set(found)
    if "BASELINE" not in found and not {"ANTENNA1", "ANTENNA2"} <= set(found):
        missing.add("BASELINE")
    if missing:
        raise InputError(f"{groups.path}: no random parameter {', '.join(sorted(missing))}; it is needed")
    return found


def _columns(groups: Groups, count: int) -> Array:
    """Return the first columns (group, column) of the records."""
    out = np.empty((groups.shape[0], count), groups.kind)
    for at, records in _read(groups, np.arange(groups.shape[0])):
        out[at : at + len(records)] = records[:, :count]
    return out


def _read(groups: Groups, rows: Array) -> Iterator[tuple[int, Array]]:
    """Yield the place among `rows` and the records of as many of them as are read at a time.

    What is yielded is overwritten by what follows.
    """
    step = max(1, _AT_ONCE // groups.shape[1])
    space = np.empty((min(step, len(rows)), groups.shape[1]), groups.kind)
    with groups.path.open("rb", buffering=0) as file:
        for i in range(0, len(rows), step):
            wanted = rows[i : i + step]
            edges = [0, *(np.flatnonzero(np.diff(wanted) != 1) + 1).tolist(), len(wanted)]
            for first, last in pairwise(edges):
                _fill(groups, file, int(wanted[first]), space[first:last])
            yield i, space[: len(wanted)]


def _fill(groups: Groups, file: Any, row: int, space: Array) -> None:
    """Read the records that begin with a row."""
    file.seek(groups.start + row * groups.shape[1] * groups.kind.itemsize)
    left = space.view(np.uint8).reshape(-1).data
    while left:
        got = file.readinto(left)
        if not got:
            raise InputError(f"{groups.path}: became shorter while it was read; copy the file again")
        left = left[got:]


def cells(groups: Groups, rows: Array, window: int) -> tuple[Array, Array, Array]:
    """Return values, weights and flags (row, channel, polarisation) of one spectral window."""
    header, axes = groups.header, groups.axes
    parts, correlations, channels = axes["COMPLEX"][0], axes["STOKES"][0], axes["FREQ"][0]
    size = parts * correlations * channels
    start = header["PCOUNT"] + window * size
    shape = (len(rows), channels, correlations)
    value, weight = np.empty(shape, np.complex64), np.empty(shape, np.float32)
    flag = np.empty(shape, bool)
    scale, zero = float(header.get("BSCALE", 1.0)), float(header.get("BZERO", 0.0))
    for at, records in _read(groups, rows):
        picked = records[:, start : start + size]
        single = groups.kind == np.dtype(">f4")
        bits = picked.view("=u4") if single else np.ascontiguousarray(picked, np.float32).view("=u4")
        part = slice(at, at + len(records))
        _unpack(
            bits,
            single and not groups.kind.isnative,
            parts,
            scale,
            zero,
            value[part],
            weight[part],
            flag[part],
        )
    return value, weight, flag


@compiled_parallel
def _unpack(
    bits: Array, swap: bool, parts: int, scale: float, zero: float, value: Array, weight: Array, flag: Array
) -> None:
    """Take real, imaginary and weight apart; what is not finite or has no weight is flagged.

    Single-precision numbers (row, cell) come as 32 bits, the bytes in the other order if `swap`.
    """
    rows, channels, correlations = value.shape
    for r in prange(rows):
        own = np.empty(bits.shape[1], np.uint32)
        for i in range(own.size):
            x = bits[r, i]
            own[i] = (x >> 24 | (x >> 8 & 0xFF00) | (x << 8 & 0xFF0000) | x << 24) if swap else x
        number = own.view(np.float32)
        for c in range(channels):
            for p in range(correlations):
                at = (c * correlations + p) * parts
                a, b = number[at] * scale + zero, number[at + 1] * scale + zero
                w = number[at + 2] * scale + zero if parts > 2 else 1.0
                there = np.isfinite(a) and np.isfinite(b)
                value[r, c, p] = complex(a, b) if there else 0j
                weight[r, c, p] = abs(w) if there and np.isfinite(w) else 0.0
                flag[r, c, p] = not (there and np.isfinite(w) and w > 0)
