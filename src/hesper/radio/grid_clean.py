"""CLEAN: Högbom's on an image, Clark's minor cycles between major cycles on the samples."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from hesper.compiled import compiled
from hesper.errors import InputError
from hesper.radio import grid_image, model_imaging
from hesper.radio.data_image import Clean, Dirty, Frame, Track
from hesper.radio.grid_image import Prepared
from hesper.record import Array

_SLACK = 1.2
_ENOUGH = 1000
_ROUNDS = 20
_GAIN, _DEPTH, _CYCLES, _ITERATIONS = 0.1, 0.98, 12, 100_000


def _silent(cycle: int, peak: float) -> None:
    """Say nothing of a major cycle."""


def hogbom(
    dirty: Dirty, mask: Array, *, gain: float = 0.1, sigmas: float = 2.0, iterations: int = 100_000
) -> Clean:
    """Subtract the point-spread function from the highest peak of an image until noise is reached.

    Parameters
    ----------
    dirty
        Image, and its point-spread function of twice its width.
    mask
        Where components may lie (line, sample).
    gain
        Share of the peak that is taken each time.
    sigmas
        Where to stop, in robust standard deviations of the residual image outside of the mask (of the whole
        where the mask leaves nothing); they fall as sidelobes are taken away, and the end with them.
    iterations
        The most components.

    Notes
    -----
    Högbom 1974, A&A Suppl. 15, 417.
    """
    _check(dirty.frame, mask, gain)
    if dirty.psf.shape[0] < 2 * dirty.frame.size:
        raise InputError("clean: the point-spread function is not of twice the image's width; make it so")
    residual, components = np.array(dirty.image), np.zeros_like(dirty.image)
    around = ~mask if np.count_nonzero(~mask) > _ENOUGH else np.ones_like(mask)
    count, rounds, stop = 0, 0, np.inf
    while rounds < _ROUNDS:
        level = sigmas * grid_image.robust_rms(residual[around])
        if level > 0.95 * stop or count >= iterations:
            break
        stop, rounds = level, rounds + 1
        count += int(_hogbom(residual, components, dirty.psf, mask, gain, stop, iterations - count))
    return _restored(dirty, components, residual, count, 1)


def clark(
    prepared: Prepared,
    mask: Array,
    *,
    gain: float = _GAIN,
    depth: float = _DEPTH,
    sigmas: float = 3.0,
    cycles: int = _CYCLES,
    iterations: int = _ITERATIONS,
    progress: Callable[[int, float], None] = _silent,
) -> Clean:
    """Find components among the brightest pixels, subtract them from the samples, and again.

    Parameters
    ----------
    prepared
        Of `grid_image.prepare`.
    mask
        Where components may lie (line, sample).
    gain
        Share of a peak that is taken each time.
    depth
        Share of the highest peak that a round of minor cycles takes away before the next major cycle.
    sigmas
        Where to stop, in robust standard deviations of the residual image; a peak higher by less than a
        fifth that comes up in a major cycle is left.
    cycles, iterations
        The most major cycles and components.
    progress
        Called after each major cycle with its number and the highest residual [Jy].

    Notes
    -----
    Clark 1980, A&A 89, 377, with the major cycle on the samples (Schwab 1984, AJ 89, 1076) and the whole
    point-spread function in the minor cycles.
    """
    _check(prepared.dirty.frame, mask, gain)
    rule = _Rule(gain, depth, sigmas, cycles, iterations, progress)
    return _finished(prepared.dirty, _cycled(prepared, mask, _begun(prepared.dirty), rule))


class _Rule(NamedTuple):
    """The settings of `clark`."""

    gain: float
    depth: float
    sigmas: float
    cycles: int
    iterations: int
    progress: Callable[[int, float], None]


class _State(NamedTuple):
    """How far CLEAN has come."""

    components: Array
    residual: Array
    found: int
    done: int


def _begun(dirty: Dirty) -> _State:
    return _State(np.zeros_like(dirty.image), np.array(dirty.image), 0, 0)


def _finished(dirty: Dirty, state: _State) -> Clean:
    return _restored(dirty, state.components, state.residual, state.found, state.done)


def _cycled(prepared: Prepared, mask: Array, state: _State, rule: _Rule) -> _State:
    """Go on from a state with major cycles until the peaks within the mask are noise."""
    dirty = prepared.dirty
    components, residual = np.array(state.components), np.array(state.residual)
    count, before = state.found, state.done
    done = before
    for cycle in range(before + 1, before + rule.cycles + 1):
        stop = rule.sigmas * grid_image.robust_rms(residual)
        peak = float(np.max(np.abs(residual), where=mask, initial=0.0))
        if peak <= (stop if done == before else _SLACK * stop) or count >= rule.iterations:
            break
        limit = max((1 - rule.depth) * peak, stop)
        count += _minor(residual, components, dirty.psf, mask, rule.gain, limit, rule.iterations - count)
        residual = model_imaging.image(prepared.plan, components) / np.float32(dirty.weight)
        done = cycle
        rule.progress(cycle, peak)
    return _State(components, residual, count, done)


def beside_trail(prepared: Prepared, mask: Array, trail: Array, *, brightest: float, sigmas: float) -> Clean:
    """CLEAN a field by `clark`, on the trail of a planet only what is brighter than the planet can be.

    Parameters
    ----------
    prepared, sigmas
        As in `clark`.
    mask
        Where components may lie at all (line, sample).
    trail
        Where the planet passed (line, sample).
    brightest
        The most that the planet can show anywhere [Jy per beam].

    Notes
    -----
    A source on the trail is static and the planet is not; left in, it moves through the planet's frame. A
    beam's width about each peak above the limit, and above half of the highest for sidelobes' sake, is opened
    and CLEAN goes on from where it was, until no such peak is left.
    """
    from scipy.ndimage import binary_dilation

    dirty, frame, opened = prepared.dirty, prepared.dirty.frame, np.zeros_like(trail)
    _check(frame, mask, _GAIN)
    rule = _Rule(_GAIN, _DEPTH, sigmas, _CYCLES, _ITERATIONS, _silent)
    radius = max(1, round(grid_image.beam(dirty.psf, frame.pixel).major / frame.pixel))
    line, sample = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    state = _begun(dirty)
    while True:
        state = _cycled(prepared, mask & (~trail | opened), state, rule)
        shut = np.where(mask & trail & ~opened, state.residual, 0)
        limit = brightest + 2 * sigmas * grid_image.robust_rms(state.residual)
        if shut.max() <= limit:
            return _finished(dirty, state)
        peaks = shut > max(limit, 0.5 * float(shut.max()))
        opened |= binary_dilation(peaks, line**2 + sample**2 <= radius**2)


class PointSources(NamedTuple):
    """Point sources, the brightest first."""

    l: Array  # noqa: E741
    """(source,) direction cosine, east"""
    m: Array
    """(source,) direction cosine, north"""
    flux: Array
    """(source,) flux density [Jy]"""


def point_sources(clean: Clean, *, faintest: float = 0.0, reach: float = 1.0) -> PointSources:
    """Return one point source for every island of components, at its centroid.

    Parameters
    ----------
    clean
        What CLEAN found.
    faintest
        Islands below this are left out [Jy].
    reach
        Components closer than this many beams belong together.

    Notes
    -----
    For fields of unresolved sources: forty sources are predicted at once, ten thousand pixels are not.
    """
    from scipy.ndimage import binary_dilation, center_of_mass, label, sum_labels

    radius = max(1, round(reach * clean.beam.major / clean.frame.pixel / 2))
    line, sample = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    wide = binary_dilation(clean.components != 0, line**2 + sample**2 <= radius**2)
    islands, count = label(wide)
    every = np.arange(1, count + 1)
    flux = np.asarray(sum_labels(clean.components, islands, every), float)
    kept = every[flux > max(faintest, 0.0)]
    place = np.array(center_of_mass(np.maximum(clean.components, 0), islands, kept)).reshape(-1, 2)
    flux = flux[kept - 1]
    order = np.argsort(-flux)
    half = clean.frame.size // 2
    east, north = -(place[:, 1] - half) * clean.frame.pixel, (place[:, 0] - half) * clean.frame.pixel
    return PointSources(east[order], north[order], flux[order])


def everywhere(frame: Frame) -> Array:
    """Return the mask (line, sample) of all pixels but a border of 2 %, where the image may alias."""
    edge = max(1, frame.size // 50)
    mask = np.zeros((frame.size, frame.size), bool)
    mask[edge:-edge, edge:-edge] = True
    return mask


def disk(frame: Frame, radius: float) -> Array:
    """Return the mask (line, sample) of a circle about the centre [rad]."""
    return np.asarray(grid_image.offsets(frame) <= radius)


def along(frame: Frame, followed: Track, radius: float) -> Array:
    """Return where a planet passed within `radius` [rad] (line, sample): there the sky gets no components."""
    east, north = model_imaging.coordinates(frame.size, frame.pixel)
    out = np.zeros((frame.size, frame.size), bool)
    for x, y in followed.direction:
        lines, samples = (np.flatnonzero(np.abs(off) <= radius) for off in (north - y, east - x))
        near = np.ix_(lines, samples)
        out[near] |= np.hypot(east[None, samples] - x, north[lines, None] - y) <= radius
    return out


def _check(frame: Frame, mask: Array, gain: float) -> None:
    if mask.shape != (frame.size, frame.size):
        raise InputError(f"clean: a mask of {mask.shape} for an image of {frame.size} × {frame.size} pixels")
    if not mask.any():
        raise InputError("clean: the mask allows no pixel; widen it")
    if not 0 < gain <= 1:
        raise InputError(f"clean: gain {gain}; above 0 and at most 1 is allowed")


def _restored(dirty: Dirty, components: Array, residual: Array, iterations: int, cycles: int) -> Clean:
    beam = grid_image.beam(dirty.psf, dirty.frame.pixel)
    return Clean(
        components=components,
        residual=residual,
        restored=grid_image.convolved(components, beam, dirty.frame.pixel) + residual,
        rms=grid_image.robust_rms(residual),
        noise=dirty.noise,
        iterations=iterations,
        cycles=cycles,
        beam=beam,
        frame=dirty.frame,
    )


@compiled
def _hogbom(
    residual: Array, components: Array, psf: Array, mask: Array, gain: float, stop: float, most: int
) -> Any:
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


def _minor(
    residual: Array, components: Array, psf: Array, mask: Array, gain: float, limit: float, most: int
) -> int:
    """Take components from the pixels above the limit until all are below it; return how many."""
    row, column = np.nonzero(mask & (np.abs(residual) > 0.9 * limit))
    values = residual[row, column].astype(np.float32)
    return int(
        _subtract(values, row.astype(np.int32), column.astype(np.int32), components, psf, gain, limit, most)
    )


@compiled
def _subtract(
    values: Array,
    row: Array,
    column: Array,
    components: Array,
    psf: Array,
    gain: float,
    limit: float,
    most: int,
) -> Any:
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
