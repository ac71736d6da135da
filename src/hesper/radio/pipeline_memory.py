"""What a run may take in memory, dealt out to blocks, scans and samples."""

from collections.abc import Mapping
from typing import NamedTuple

from hesper.errors import ResourceError
from hesper.radio.data_settings import Reduction

FIXED = 5.5e8
"""The interpreter, compiled kernels and figures [bytes]."""
_PER_PIXEL = 150.0
"""Of an image of the field while it is cleaned: grids, transforms, beam and residual [bytes]."""
_SORTED, _SORTING = 24.0, 60.0
"""Of a sample in the order of the grid, and while it is put there [bytes]."""


class Budget(NamedTuple):
    """Parts of the memory that a run may take."""

    block: float
    """Of a block while it is read, for `read_archive.spans` [bytes]; three times that is used on it later."""
    held: float
    """Of scans of joined channels, beyond which they lie in scratch files [bytes]."""
    calibrators: float
    """Of all scans of calibrators [bytes]."""
    samples: float
    """Number of samples of the field's image."""
    flags: float
    """Of flags that are kept from one reading to the next [bytes]."""


def budget(settings: Reduction) -> Budget:
    """Deal out `reduction.memory`.

    Raises
    ------
    ResourceError
        If the image alone needs more.
    """
    images = _PER_PIXEL * settings.size**2
    least = FIXED + 1.2 * images
    if settings.memory < least:
        raise ResourceError(
            f"reduction.memory: {settings.memory / 1e6:.0f} MB given; an image of {settings.size} × "
            f"{settings.size} pixels needs {least / 1e6:.0f} MB: give more, or take a smaller reduction.size"
        )
    left = settings.memory - FIXED
    samples = min((left - images) / _SORTED, left / _SORTING)
    return Budget(left / 6, left / 2.2, left / 2.5, samples, left / 20)


def loss(samples: Mapping[float, int], most: float) -> float:
    """Return the least loss (loss → number of samples) with which the samples fit, or else the greatest."""
    fitting = [share for share, number in samples.items() if number <= most]
    return min(fitting, default=max(samples))
