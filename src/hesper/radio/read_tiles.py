"""Visibilities straight from the tiles of a Measurement Set's file."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hesper.record import Array


class Tiles(NamedTuple):
    """The file of a tiled column whose tiles hold whole rows."""

    cells: Array
    """(tile, row in tile, channel, polarisation) in the order of bytes of the file."""
    rows: int

    def read(self, start: int, count: int) -> Array:
        """Return `count` rows from `start` on, (row, channel, polarisation)."""
        whole = self.cells.reshape(-1, *self.cells.shape[2:])
        return np.asarray(whole[start : min(start + count, self.rows)])


def tiles(main: Any, column: str, path: Path) -> Tiles | None:
    """Return the tiles of a column, or None where they cannot be read without casacore.

    The file must be one cube whose tiles hold all channels and polarisations and lie one after another; five
    rows are compared with what casacore reads, bit by bit.
    """
    manager = main.getdminfo(column)
    cubes = list(manager.get("SPEC", {}).get("HYPERCUBES", {}).values())
    if manager.get("TYPE") not in ("TiledColumnStMan", "TiledShapeStMan") or not cubes:
        return None
    cube = cubes[-1]
    shape, tile = (tuple(int(n) for n in cube[key]) for key in ("CubeShape", "TileShape"))
    if len([c for c in cubes if len(c["CubeShape"])]) != 1 or shape[:2] != tile[:2]:
        return None
    kind = np.dtype("<c8" if main.endianformat() == "little" else ">c8")
    count = -(-shape[2] // tile[2])
    suffix = 0 if manager["TYPE"] == "TiledColumnStMan" else 1
    file = path / f"table.f{manager['SEQNR']}_TSM{suffix}"
    bytes_needed = count * tile[0] * tile[1] * tile[2] * kind.itemsize
    if not file.is_file() or file.stat().st_size < bytes_needed:
        return None
    cells = np.memmap(file, kind, "r", 0, (count, tile[2], tile[1], tile[0]))
    found = Tiles(cells, main.nrows())
    for row in np.unique(np.linspace(0, main.nrows() - 1, 5).astype(int)):
        if not np.array_equal(found.read(int(row), 1)[0], main.getcell(column, int(row)), equal_nan=True):
            return None
    return found
