"""The target's scans between two readings of the file, their channels joined, and gains found for them."""

import dataclasses
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from hesper.radio import calibrate_channels, calibrate_gains
from hesper.radio.data import Visibilities
from hesper.radio.data_calibration import Gains
from hesper.radio.data_settings import Reduction
from hesper.record import Array

_CUBES = ("value", "weight", "flag")


class Scans:
    """Blocks of the target, as they were calibrated first, and the product of all gains found since.

    Called, it gives the blocks with these gains taken off, one after another. Sources and gains are sought on
    blocks of joined channels: `corrected` does the same to a block with all of its channels.
    """

    def __init__(self, blocks: Iterable[Visibilities], settings: Reduction, scratch: Path | None) -> None:
        self._scratch = scratch
        self._blocks: list[Visibilities] = []
        self._gains: list[Array] = []
        self.joined = 1
        for block in blocks:
            self.joined = calibrate_channels.number_to_join(
                block.setup, field_of_view=settings.size * settings.pixel
            )
            self._keep(calibrate_channels.joined(block, self.joined))

    def _keep(self, block: Visibilities) -> None:
        hands = block.setup.polarisation.size
        self._gains.append(np.ones((block.time.size, block.setup.antenna_name.size, hands), np.complex128))
        if self._scratch is not None:
            for name in _CUBES:
                np.save(self._file(name, len(self._blocks)), getattr(block, name))
            nothing = np.broadcast_to(np.float32(0), block.value.shape)
            block = dataclasses.replace(
                block,
                value=np.broadcast_to(np.complex64(0), block.value.shape),
                weight=nothing,
                flag=np.broadcast_to(np.bool_(False), block.value.shape),
            )
        self._blocks.append(block)

    def _file(self, name: str, number: int) -> Path:
        assert self._scratch is not None
        return self._scratch / f"{name}{number}.npy"

    def __call__(self) -> Iterator[Visibilities]:
        """Give the blocks, calibrated as far as it is known."""
        for number in range(len(self._blocks)):
            yield self.corrected(self._block(number), number)

    def _block(self, number: int) -> Visibilities:
        block = self._blocks[number]
        if self._scratch is None:
            return block
        cubes = {name: np.load(self._file(name, number)) for name in _CUBES}
        return dataclasses.replace(block, **cubes)

    def corrected(self, block: Visibilities, number: int) -> Visibilities:
        """Return a block, with channels as they may be, without the gains found for block `number`."""
        return calibrate_gains.without(block, self._gains[number])

    def take_off(self, number: int, table: Gains) -> None:
        """Take further gains of a block off from now on."""
        self._gains[number] = self._gains[number] * calibrate_gains.interpolated(
            table, self._blocks[number].time
        )


@contextmanager
def scans(blocks: Iterable[Visibilities], settings: Reduction, *, hold: bool) -> Iterator[Scans]:
    """Give the scans, held in memory or in scratch files that are gone afterwards."""
    if hold:
        yield Scans(blocks, settings, None)
        return
    with tempfile.TemporaryDirectory(prefix="hesper-") as folder:
        yield Scans(blocks, settings, Path(folder))
