"""The target's scans between two readings of the file, their channels joined, and gains found for them."""

import dataclasses
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from hesper.radio import calibrate_channels, calibrate_gains, grid_samples
from hesper.radio.data import Visibilities
from hesper.radio.data_calibration import Gains
from hesper.radio.data_settings import Reduction
from hesper.record import Array

_CUBES = ("value", "weight", "flag")


class Scans:
    """Blocks of the target, the gains found taken off, and the product of these gains.

    Called, it gives the blocks one after another. Sources and gains are sought on blocks of joined channels:
    `corrected` takes the same gains off a block with all of its channels.
    """

    def __init__(self, blocks: Iterable[Visibilities], settings: Reduction, scratch: Path | None) -> None:
        self._scratch = scratch
        self._blocks: list[Visibilities] = []
        self._gains: list[Array] = []
        self.joined = 1
        width = settings.size * settings.pixel
        self.samples = dict.fromkeys(grid_samples.LOSSES, 0)
        """Loss → how many samples the image of the field would have with it."""
        for block in blocks:
            self.joined = calibrate_channels.number_to_join(block.setup, field_of_view=width)
            for loss in grid_samples.LOSSES:
                self.samples[loss] += grid_samples.number(block, field_of_view=width, loss=loss)
            self._keep(calibrate_channels.joined(block, self.joined))

    def _keep(self, block: Visibilities) -> None:
        hands = block.setup.polarisation.size
        self._gains.append(np.ones((block.time.size, block.setup.antenna_name.size, hands), np.complex128))
        self._blocks.append(self._stored(block, len(self._blocks)))

    def _stored(self, block: Visibilities, number: int) -> Visibilities:
        """Return what is kept of a block in memory: all, or nothing of its cubes."""
        if self._scratch is None:
            return block
        for name in _CUBES:
            np.save(self._scratch / f"{name}{number}.npy", getattr(block, name))
        shape = block.value.shape
        return dataclasses.replace(
            block,
            value=np.broadcast_to(np.complex64(0), shape),
            weight=np.broadcast_to(np.float32(0), shape),
            flag=np.broadcast_to(np.bool_(False), shape),
        )

    def __call__(self) -> Iterator[Visibilities]:
        """Give the blocks, calibrated as far as it is known."""
        for number in range(len(self._blocks)):
            yield self._block(number)

    def _block(self, number: int) -> Visibilities:
        block = self._blocks[number]
        if self._scratch is None:
            return block
        value, weight, flag = (np.load(self._scratch / f"{name}{number}.npy") for name in _CUBES)
        return dataclasses.replace(block, value=value, weight=weight, flag=flag)

    def let_go(self) -> None:
        """Keep the gains alone."""
        self._blocks.clear()

    def corrected(self, block: Visibilities, number: int) -> Visibilities:
        """Return a block, with channels as they may be, without the gains found for block `number`."""
        return calibrate_gains.without(block, self._gains[number])

    def take_off(self, number: int, tables: Sequence[Gains]) -> None:
        """Take further gains off a block."""
        more = np.ones_like(self._gains[number])
        for table in tables:
            more = more * calibrate_gains.interpolated(table, self._blocks[number].time)
        self._gains[number] = self._gains[number] * more
        self._blocks[number] = self._stored(calibrate_gains.without(self._block(number), more), number)


@contextmanager
def scans(blocks: Iterable[Visibilities], settings: Reduction, scratch: Path | None) -> Iterator[Scans]:
    """Give the scans, held in memory or in files of a directory that are gone afterwards."""
    if scratch is None:
        yield Scans(blocks, settings, None)
        return
    with tempfile.TemporaryDirectory(prefix=".scratch-", dir=scratch) as folder:
        yield Scans(blocks, settings, Path(folder))
