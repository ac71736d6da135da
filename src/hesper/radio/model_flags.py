"""Find interference in planes of time and channel.

Kernels of `model_flags_lines` go along the first axis for all lines of the second at once; what goes along
channels works on the transposed plane.
"""

from typing import Any

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.radio.model_flags_lines import medians, rank_operator, sum_threshold
from hesper.record import Array

_GAUSS = np.float32(1.4826)
_SMOOTH_TIMES = 9
_LEAST = 8
_ONE = np.float32(1)
_DOUBTFUL = np.float32(3)


@compiled
def _smoothed(x: Array, width: int) -> Array:
    """Return the running median of what is finite; 0 where nothing is."""
    out, kept = np.zeros(x.size, np.float32), np.empty(width + 1, np.float32)
    for i in range(x.size):
        count = 0
        for j in range(max(0, i - width // 2), min(x.size, i + width // 2 + 1)):
            if np.isfinite(x[j]):
                k = count
                while k > 0 and kept[k - 1] > x[j]:
                    kept[k] = kept[k - 1]
                    k -= 1
                kept[k] = x[j]
                count += 1
        if count > 0:
            out[i] = np.float32(0.5) * (kept[(count - 1) // 2] + kept[count // 2])
    return out


@compiled
def _transposed(x: Array, out: Array) -> None:
    """Write x (n, m) to (m, n), 16 lines at a time."""
    for start in range(0, x.shape[0], 16):
        stop = min(start + 16, x.shape[0])
        for c in range(x.shape[1]):
            for t in range(start, stop):
                out[c, t] = x[t, c]


@compiled
def _inverse(level: Array) -> Any:
    """Return reciprocals, 0 where there is no level."""
    out = np.zeros(level.size, np.float32)
    for i in range(level.size):
        if level[i] > 0:
            out[i] = _ONE / level[i]
    return out


@compiled
def _times_row(x: Array, factor: Array) -> None:
    for i in range(x.size):
        x[i] *= factor[i]


@compiled
def _standardised(x: Array, factor: float) -> None:
    for i in range(x.size):
        x[i] = (x[i] - _ONE) * factor


@compiled
def _spread(x: Array, flag: Array, work: Array) -> Any:
    """Return the robust standard deviation of what is not flagged; 0 where there is too little."""
    flat, seen, size = x.reshape(-1, 1), flag.reshape(-1, 1), work.reshape(-1)
    count = 0
    for i in range(size.size):
        size[i] = abs(flat[i, 0] - _ONE)
        count += not seen[i, 0]
    if count < _LEAST:
        return np.float32(0)
    high = np.float32(0)
    for i in range(size.size):
        size[i] = np.float32(np.inf) if seen[i, 0] else size[i]
        high = max(high, np.float32(0) if seen[i, 0] else size[i])
    low = np.float32(0)
    for _ in range(16):
        middle = np.float32(0.5) * (low + high)
        below = 0
        for i in range(size.size):
            below += size[i] <= middle
        if 2 * below >= count:
            high = middle
        else:
            low = middle
    return _GAUSS * high


@compiled
def plane_flags(
    x: Array, flag: Array, first: float, windows: int, aggressiveness: float, smooth_channels: int
) -> None:
    """Flag a plane (time, channel) of amplitudes, in place; the amplitudes become deviations.

    They are divided by a smooth function of channel, the running median over `smooth_channels` of the
    channels' medians, and by one of time, made likewise: noise scatters in proportion to its level. With 1
    every channel has its own level, as it must before the bandpass is known, and a line that is always on
    stays. What is left about 1, in units of its robust standard deviation, goes through `sum_threshold` along
    both axes and then through `rank_operator`.
    """
    times, channels = x.shape
    work, turned = np.empty((times, channels), np.float32), np.empty((channels, times), np.float32)
    turned_work, turned_flag = np.empty_like(turned), np.empty((channels, times), np.bool_)
    smooth = _inverse(_smoothed(medians(x, flag, work), smooth_channels))
    for t in range(times):
        _times_row(x[t], smooth)
    _transposed(x, turned)
    _transposed(flag, turned_flag)
    slow = _inverse(_smoothed(medians(turned, turned_flag, turned_work), _SMOOTH_TIMES))
    for t in range(times):
        for c in range(channels):
            x[t, c] *= slow[t]
    sigma = _spread(x, flag, work)
    if not sigma > 0:
        return
    for t in range(times):
        _standardised(x[t], _ONE / sigma)
    _transposed(x, turned)
    sum_threshold(turned, turned_flag, first, windows)
    sum_threshold(x, flag, first, windows)
    for t in range(times):
        for c in range(channels):
            turned_flag[c, t] |= flag[t, c]
    rank_operator(turned_flag, aggressiveness)
    _transposed(turned_flag, flag)
    rank_operator(flag, aggressiveness)


@compiled
def _scatter(real: Array, imaginary: Array, flag: Array, out: Array) -> None:
    """Write the root mean square about the mean of every column of (n, m); NaN for fewer than four."""
    n, m = real.shape
    sums, count = np.zeros((3, m)), np.zeros(m, np.int32)
    for t in range(n):
        for i in range(m):
            kept = not flag[t, i]
            r, q = real[t, i] if kept else np.float32(0), imaginary[t, i] if kept else np.float32(0)
            sums[0, i] += r
            sums[1, i] += q
            sums[2, i] += r * r + q * q
            count[i] += kept
    for i in range(m):
        k = max(count[i], 1)
        square = sums[2, i] / k - (sums[0, i] / k) ** 2 - (sums[1, i] / k) ** 2
        out[i] = np.sqrt(max(0.0, square)) if count[i] > 3 else np.nan


@compiled
def _limit(scatter: Array, number: int, factor: float) -> Any:
    """Return the scatter `factor` median deviations above the median; infinite for fewer than five values."""
    finite = scatter[np.isfinite(scatter)]
    if finite.size < 5:
        return np.float32(np.inf)
    middle = np.median(finite)
    # Never below what the noise of `number` samples does to their scatter.
    spread = max(_GAUSS * np.median(np.abs(finite - middle)), middle / np.sqrt(2.0 * number))
    return np.float32(middle + factor * spread)


@compiled
def _columns_flags(real: Array, imaginary: Array, x: Array, flag: Array, factor: float) -> None:
    """Do what `scatter_flags` does to columns of (n, m)."""
    n, m = real.shape
    scatter = np.empty(m, np.float32)
    _scatter(real, imaginary, flag, scatter)
    limit = _limit(scatter, n, factor)
    if not np.any(scatter > limit):
        return
    for i in range(m):
        if scatter[i] > limit:
            for t in range(n):
                flag[t, i] |= x[t, i] > _DOUBTFUL
    left = np.empty(m, np.float32)
    _scatter(real, imaginary, flag, left)
    for i in range(m):
        if scatter[i] > limit and not left[i] <= limit:
            flag[:, i] = True


@compiled
def scatter_flags(real: Array, imaginary: Array, x: Array, flag: Array, factor: float) -> None:
    """Flag what stands out in integrations and channels of a plane whose scatter stands out, in place.

    The root mean square over the channels, about its mean, of an integration is compared with the median of
    all integrations, `factor` times the median deviation allowed; so is that over the times of a channel.
    After RFLAG of AIPS (Greisen), which works on both parts of the visibility. What stands out loses its
    samples beyond three standard deviations, x, and all the others where that does not help: a signal that
    comes and goes leaves the time between.
    """
    times, channels = real.shape
    turned, turned_flag = np.empty((3, channels, times), np.float32), np.empty((channels, times), np.bool_)
    _transposed(real, turned[0])
    _transposed(imaginary, turned[1])
    _transposed(x, turned[2])
    _transposed(flag, turned_flag)
    _columns_flags(turned[0], turned[1], turned[2], turned_flag, factor)
    _transposed(turned_flag, flag)
    _columns_flags(real, imaginary, x, flag, factor)


@compiled_parallel
def cube_flags(
    value: Array,
    weight: Array,
    flag: Array,
    first: float,
    windows: int,
    aggressiveness: float,
    factor: float,
    smooth_channels: int,
) -> None:
    """Flag a cube (time, baseline, channel, polarisation) of one scan, in place.

    Values are taken in units of the noise, by their weights, so that the edges of the band do not stand out.
    """
    times, baselines, channels, hands = value.shape
    for i in prange(baselines * hands):
        b, p = i // hands, i % hands
        real, imaginary = np.empty((times, channels), np.float32), np.empty((times, channels), np.float32)
        amplitude, marks = np.empty((times, channels), np.float32), np.empty((times, channels), np.bool_)
        left = 0
        for t in range(times):
            for c in range(channels):
                z, scale = value[t, b, c, p], np.sqrt(weight[t, b, c, p])
                x, y = z.real * scale, z.imag * scale
                real[t, c], imaginary[t, c] = x, y
                amplitude[t, c] = np.sqrt(x * x + y * y)
                marks[t, c] = flag[t, b, c, p]
                left += not marks[t, c]
        if left == 0:
            continue
        plane_flags(amplitude, marks, first, windows, aggressiveness, smooth_channels)
        if smooth_channels > 1:
            scatter_flags(real, imaginary, amplitude, marks, factor)
        for t in range(times):
            for c in range(channels):
                flag[t, b, c, p] = marks[t, c]


@compiled_parallel
def coherence(value: Array, flag: Array) -> Array:
    """Return how steady phases are, (baseline, polarisation): mean over channels of |mean of e^iφ|².

    The mean is over time: 1 where phases hold still, 0 on average where they are random, whatever the number
    of integrations; NaN where nothing is left.
    """
    times, baselines, channels, hands = value.shape
    out = np.full((baselines, hands), np.nan)
    for i in prange(baselines * hands):
        b, p = i // hands, i % hands
        total, number = 0.0, 0
        for c in range(channels):
            real, imaginary, count = 0.0, 0.0, 0
            for t in range(times):
                z = value[t, b, c, p]
                size = abs(z)
                if not flag[t, b, c, p] and size > 0:
                    real += z.real / size
                    imaginary += z.imag / size
                    count += 1
            if count > 2:
                total += np.sqrt(real * real + imaginary * imaginary) / count
                number += 1
        if number > 0:
            out[b, p] = total / number
    return out
