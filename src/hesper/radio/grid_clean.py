"""CLEAN: Högbom's on an image, Clark's minor cycles between major cycles on the samples."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.radio import grid_image, model_clean, model_imaging
from hesper.radio.data_image import Clean, Dirty, Frame
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
        left = iterations - count
        count += int(model_clean.hogbom(residual, components, dirty.psf, mask, gain, stop, left))
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


def _minor(
    residual: Array, components: Array, psf: Array, mask: Array, gain: float, limit: float, most: int
) -> int:
    """Take components from the pixels above the limit until all are below it; return how many."""
    row, column = np.nonzero(mask & (np.abs(residual) > 0.9 * limit))
    values = residual[row, column].astype(np.float32)
    where = row.astype(np.int32), column.astype(np.int32)
    return int(model_clean.subtract(values, *where, components, psf, gain, limit, most))
