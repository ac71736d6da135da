"""Minor cycles of CLEAN."""

from typing import Any

import numpy as np

from hesper.compiled import compiled
from hesper.record import Array


@compiled
def hogbom(
    residual: Array, components: Array, psf: Array, mask: Array, gain: float, stop: float, most: int
) -> Any:
    """Take components (line, sample) from the highest peak within the mask until it is below `stop`.

    The whole point-spread function, of twice the image's width, is subtracted each time, in place; return how
    many times, `most` at most.
    """
    lines, samples = residual.shape
    middle = psf.shape[0] // 2
    for count in range(most):
        peak, row, column = np.float32(0), 0, 0
        for i in range(lines):
            for j in range(samples):
                if mask[i, j] and abs(residual[i, j]) > abs(peak):
                    peak, row, column = residual[i, j], i, j
        if abs(peak) <= stop:
            return count
        taken = np.float32(gain) * peak
        components[row, column] += taken
        for i in range(lines):
            for j in range(samples):
                residual[i, j] -= taken * psf[middle + i - row, middle + j - column]
    return most


@compiled
def subtract(
    values: Array,
    row: Array,
    column: Array,
    components: Array,
    psf: Array,
    gain: float,
    limit: float,
    most: int,
) -> Any:
    """Do the same to the values (pixel,) of some pixels at rows and columns, down to the limit."""
    middle, size = psf.shape[0] // 2, psf.shape[0]
    place = 0
    for i in range(values.size):
        if abs(values[i]) > abs(values[place]):
            place = i
    for count in range(most):
        if abs(values[place]) <= limit:
            return count
        taken = np.float32(gain) * values[place]
        components[row[place], column[place]] += taken
        up, left = middle - row[place], middle - column[place]
        peak, best = np.float32(-1), 0
        for i in range(values.size):
            a, b = row[i] + up, column[i] + left
            if 0 <= a < size and 0 <= b < size:
                values[i] -= taken * psf[a, b]
            if abs(values[i]) > peak:
                peak, best = abs(values[i]), i
        place = best
    return most
