"""The target's scans, read and calibrated, twice."""

from collections.abc import Iterator

import numpy as np

from hesper.radio import (
    calibrate_calibrators,
    calibrate_flags,
    calibrate_gains,
    pipeline_inputs,
    read_archive,
)
from hesper.radio.calibrate_calibrators import Calibration
from hesper.radio.data import Visibilities
from hesper.radio.data_settings import Reduction
from hesper.radio.pipeline_memory import Budget
from hesper.radio.read_archive import Archive
from hesper.record import Array


class Blocks:
    """Called, it reads the target's scans and calibrates them, one after another.

    What stands out is sought when a scan is first read; an eighth of a byte for each visibility keeps the
    flags for the next time, as long as they have room.
    """

    def __init__(
        self, archive: Archive, target: int, tables: Calibration, settings: Reduction, memory: Budget
    ) -> None:
        self._archive, self._target, self._tables = archive, target, tables
        self._settings, self._memory = settings, memory
        self._flags: dict[int, Array] = {}
        self._left = memory.flags

    def __call__(self) -> Iterator[Visibilities]:
        """Give the blocks in jansky, flagged, with weights of their own."""
        for span in read_archive.spans(self._archive, self._memory.block):
            for start, stop in pipeline_inputs.scans(self._archive, span, {self._target}):
                yield calibrate_gains.with_weights(self._searched(start, stop))

    def _searched(self, start: int, stop: int) -> Visibilities:
        raw = read_archive.block(self._archive, start, stop)
        if start in self._flags:
            shape = raw.flag.shape
            flag = np.unpackbits(self._flags[start], count=raw.flag.size).view(bool).reshape(shape)
            return calibrate_calibrators.flagged_before(raw, self._tables, flag)
        found = calibrate_calibrators.searched(
            calibrate_flags.by_record(raw, self._settings.record), self._tables
        )
        if found.flag.size / 8 <= self._left:
            self._flags[start] = np.packbits(found.flag)
            self._left -= self._flags[start].nbytes
        return found
