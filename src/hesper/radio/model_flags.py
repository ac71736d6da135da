"""Kernels that find interference in planes of time and channel."""

import numpy as np

from hesper.compiled import compiled, compiled_parallel, prange
from hesper.record import Array

_WINDOWS = 7
_GAUSS = np.float32(1.4826)
_SMOOTH_TIMES = 9


@compiled
def sum_threshold(x: Array, flag: Array, first: float, windows: int) -> None:
    """Flag runs of M = 1, 2, 4, … whose mean of what is not flagged exceeds first/1.5^log₂M, in place.

    Parameters
    ----------
    x
        (n,) in units of its standard deviation, mean 0.
    flag
        (n,) bool; those flagged before count in neither sum nor number.
    first
        Threshold of a single sample.
    windows
        How many lengths M.

    Notes
    -----
    Offringa et al. 2010, MNRAS 405, 155, section 2.2.
    """
    n = x.size
    marked = flag.copy()
    threshold, length = first, 1
    for _ in range(windows):
        if length > n:
            break
        total, count = 0.0, 0
        for i in range(n):
            if not flag[i]:
                total += x[i]
                count += 1
            if i >= length and not flag[i - length]:
                total -= x[i - length]
                count -= 1
            if i >= length - 1 and count > 0 and total > threshold * count:
                for k in range(i - length + 1, i + 1):
                    marked[k] = True
        for i in range(n):
            flag[i] = marked[i]
        threshold /= 1.5
        length *= 2


@compiled
def rank_operator(flag: Array, aggressiveness: float) -> None:
    """Flag every sample that lies in a run of which at most a part η is not flagged, in place.

    Notes
    -----
    Offringa, van de Gronde & Roerdink 2012, A&A 539, A95, in linear time.
    """
    n = flag.size
    total = np.empty(n + 1, np.float32)
    total[0] = 0
    for i in range(n):
        total[i + 1] = total[i] + (aggressiveness if flag[i] else aggressiveness - 1)
    highest = np.empty(n, np.float32)
    best = total[n]
    for i in range(n - 1, -1, -1):
        best = max(best, total[i + 1])
        highest[i] = best
    lowest = total[0]
    for i in range(n):
        lowest = min(lowest, total[i])
        flag[i] = highest[i] - lowest >= 0


@compiled
def _median(x: Array, count: int) -> float:
    if count == 0:
        return np.nan
    return np.median(x[:count])  # type: ignore[no-any-return]


@compiled
def _profile(a: Array, flag: Array, out: Array, along_time: bool) -> None:
    """Put the median of every channel (or time) that has samples into `out`, NaN elsewhere."""
    times, channels = a.shape
    n, m = (channels, times) if along_time else (times, channels)
    kept = np.empty(m, np.float32)
    for i in range(n):
        count = 0
        for j in range(m):
            t, c = (j, i) if along_time else (i, j)
            if not flag[t, c]:
                kept[count] = a[t, c]
                count += 1
        out[i] = _median(kept, count)


@compiled
def _smoothed(x: Array, width: int) -> Array:
    """Return the running median of what is finite."""
    n = x.size
    out = np.empty(n, np.float32)
    kept = np.empty(width, np.float32)
    for i in range(n):
        count = 0
        for j in range(max(0, i - width // 2), min(n, i + width // 2 + 1)):
            if np.isfinite(x[j]):
                kept[count] = x[j]
                count += 1
        middle = _median(kept, count)
        out[i] = middle if np.isfinite(middle) else 0.0
    return out


@compiled
def plane_flags(a: Array, flag: Array, first: float, aggressiveness: float, smooth_channels: int) -> None:
    """Flag a plane (time, channel) of amplitudes, in place.

    A smooth function of channel, the running median over `smooth_channels` of the channels' medians, and one
    of time, made likewise, are taken off; with 1 every channel has its own level, as it must before the
    bandpass is known, and a line that is always on stays. What is left, in units of its robust standard
    deviation, goes through `sum_threshold` along both axes and then through `rank_operator`.
    """
    times, channels = a.shape
    profile = np.empty(channels, np.float32)
    _profile(a, flag, profile, True)
    smooth = _smoothed(profile, smooth_channels)
    x = np.empty_like(a)
    for t in range(times):
        for c in range(channels):
            x[t, c] = a[t, c] - smooth[c]
    course = np.empty(times, np.float32)
    _profile(x, flag, course, False)
    slow = _smoothed(course, _SMOOTH_TIMES)
    kept = np.empty(times * channels, np.float32)
    count = 0
    for t in range(times):
        for c in range(channels):
            x[t, c] -= slow[t]
            if not flag[t, c]:
                kept[count] = abs(x[t, c])
                count += 1
    if count < 8:
        return
    sigma = _GAUSS * np.float32(np.median(kept[:count:3]))
    if not sigma > 0:
        return
    for t in range(times):
        for c in range(channels):
            x[t, c] /= sigma
    found = flag.copy()
    for t in range(times):
        sum_threshold(x[t], found[t], first, _WINDOWS)
    column, marks = np.empty(times, np.float32), np.empty(times, np.bool_)
    for c in range(channels):
        for t in range(times):
            column[t], marks[t] = x[t, c], flag[t, c]
        sum_threshold(column, marks, first, _WINDOWS)
        for t in range(times):
            found[t, c] = found[t, c] or marks[t]
    for t in range(times):
        rank_operator(found[t], aggressiveness)
    for c in range(channels):
        for t in range(times):
            marks[t] = found[t, c]
        rank_operator(marks, aggressiveness)
        for t in range(times):
            found[t, c] = marks[t]
    flag[:] = found


@compiled
def scatter_flags(real: Array, imaginary: Array, flag: Array, factor: float) -> None:
    """Flag whole integrations and whole channels of a plane whose scatter stands out, in place.

    The root mean square over the channels, about its mean, of an integration is flagged beyond `factor` times
    the median deviation from the median of all integrations; so is that over the times of a channel. After
    RFLAG of AIPS (Greisen), which works on both parts of the visibility.
    """
    times, channels = real.shape
    for along in range(2):
        n, m = (times, channels) if along == 0 else (channels, times)
        scatter = np.full(n, np.nan, np.float32)
        for i in range(n):
            sums = np.zeros(4)
            count = 0
            for j in range(m):
                t, c = (i, j) if along == 0 else (j, i)
                if not flag[t, c]:
                    r, q = real[t, c], imaginary[t, c]
                    sums[0] += r
                    sums[1] += q
                    sums[2] += r * r + q * q
                    count += 1
            if count > 3:
                scatter[i] = np.sqrt(
                    max(0.0, sums[2] / count - (sums[0] / count) ** 2 - (sums[1] / count) ** 2)
                )
        finite = scatter[np.isfinite(scatter)]
        if finite.size < 5:
            continue
        middle = np.median(finite)
        # Never below what the noise of `m` samples does to their scatter.
        spread = max(_GAUSS * np.median(np.abs(finite - middle)), middle / np.sqrt(2.0 * m))
        for i in range(n):
            if scatter[i] > middle + factor * spread:
                for j in range(m):
                    t, c = (i, j) if along == 0 else (j, i)
                    flag[t, c] = True


@compiled_parallel
def cube_flags(
    value: Array, flag: Array, first: float, aggressiveness: float, factor: float, smooth_channels: int
) -> None:
    """Flag a cube (time, baseline, channel, polarisation) of one scan, in place."""
    times, baselines, channels, hands = value.shape
    for i in prange(baselines * hands):
        b, p = i // hands, i % hands
        real, imaginary = np.empty((times, channels), np.float32), np.empty((times, channels), np.float32)
        amplitude, marks = np.empty((times, channels), np.float32), np.empty((times, channels), np.bool_)
        left = 0
        for t in range(times):
            for c in range(channels):
                z = value[t, b, c, p]
                real[t, c], imaginary[t, c] = z.real, z.imag
                amplitude[t, c] = np.sqrt(z.real * z.real + z.imag * z.imag)
                marks[t, c] = flag[t, b, c, p]
                left += not marks[t, c]
        if left == 0:
            continue
        plane_flags(amplitude, marks, first, aggressiveness, smooth_channels)
        if smooth_channels > 1:
            scatter_flags(real, imaginary, marks, factor)
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
