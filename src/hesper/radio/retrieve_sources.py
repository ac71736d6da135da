"""Components of CLEAN → point sources, their places and flux densities fitted to the visibilities."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.radio import grid_components, grid_image, model_sources
from hesper.radio.calibrate_intensity import PARALLEL
from hesper.radio.data import Visibilities
from hesper.radio.data_calibration import Sources
from hesper.radio.data_image import Clean
from hesper.record import Array, concatenate, take

_SURE = 5.0
"""Standard deviations below which a fitted source is no source."""
_ROWS, _CHANNELS = 250, 4
"""Of a block, from which the sources' overlap is found."""
_RIDGE = 0.02
"""Added to correlations: two components within a tenth of a beam are told apart no further."""


def sources(clean: Clean, *, sigmas: float) -> Sources:
    """Return the point sources that CLEAN found, brightest first.

    Mohan et al. 2017 find that all background sources are unresolved (section 3.4).

    Parameters
    ----------
    clean
        Of the field.
    sigmas
        What is fainter than this many standard deviations is left in the data, and so is what is no brighter
        than the deepest hole: what bad phases scatter is as often negative.
    """
    found = grid_components.point_sources(clean)
    keep = found.flux > max(sigmas * clean.rms, -float(clean.residual.min()))
    order = np.argsort(-found.flux[keep])
    return Sources(
        east=found.l[keep][order],
        north=found.m[keep][order],
        flux_density=found.flux[keep][order],
        flux_density_std=np.full(int(keep.sum()), clean.rms),
    )


def fitted(
    found: Sources,
    residuals: Callable[[Sources], Iterable[Visibilities]],
    *,
    rounds: int = 2,
) -> Sources:
    """Fit places and flux densities of all sources together to the visibilities.

    Parameters
    ----------
    found
        Where to start.
    residuals
        Gives the visibilities less the sources that it is handed, block by block.
    rounds
        Gauss–Newton steps; a source moves by a tenth of a beam at most in each. What is then below five
        standard deviations is dropped, and one more step taken without it.

    Notes
    -----
    Three parameters a source. The gradient is exact, from all visibilities r: Σ w Re(r e^{−iφ}) and
    Σ w (2π u S) Im(r e^{−iφ}). So is the diagonal of the normal matrix; the correlations beside it, from
    which sources within each other's sidelobes are told apart, come from a sample of the visibilities.
    """
    for _ in range(rounds):
        found = _stepped(found, residuals)
    sure = found.flux_density > _SURE * found.flux_density_std
    if np.all(sure):
        return found
    return _stepped(take(found, "source", sure), residuals)


def joined(first: Sources, second: Sources) -> Sources:
    """Return the sources of both, the brightest first."""
    every = concatenate([first, second], "source")
    return take(every, "source", np.argsort(-every.flux_density))


def painted(clean: Clean, found: Sources) -> Clean:
    """Return the image with sources that were subtracted from the visibilities put back, as components."""
    frame, half = clean.frame, clean.frame.size // 2
    line = np.round(found.north / frame.pixel).astype(int) + half
    sample = half - np.round(found.east / frame.pixel).astype(int)
    inside = (line >= 0) & (line < frame.size) & (sample >= 0) & (sample < frame.size)
    added = np.zeros_like(clean.components)
    np.add.at(added, (line[inside], sample[inside]), found.flux_density[inside])
    return dataclasses.replace(
        clean,
        components=clean.components + added,
        restored=clean.restored + grid_image.convolved(added, clean.beam, frame.pixel),
    )


def _stepped(found: Sources, residuals: Callable[[Sources], Iterable[Visibilities]]) -> Sources:
    count = found.east.size
    if not count:
        return found
    sums, square, number, power = np.zeros((count, 6)), np.zeros((3 * count, 3 * count)), 0, 0.0
    for block in residuals(found):
        for value, weight in _stokes(block):
            sums += model_sources.correlate(
                value, weight, block.uvw, block.setup.frequency, found.east, found.north
            )
            square += _overlap(found, block, weight)
            number += int(np.count_nonzero(weight))
            power += float(np.sum(weight * np.abs(value) ** 2, dtype=float))
    chi2 = power / max(2 * number, 1)
    return _solved(found, sums, square, max(chi2, 1.0))


def _solved(found: Sources, sums: Array, square: Array, chi2: float) -> Sources:
    real, east, north, weight, uu, vv = sums.T
    strength = 2 * np.pi * np.maximum(np.abs(found.flux_density), 1e-9)
    diagonal = np.concatenate([weight, strength**2 * uu, strength**2 * vv])
    gradient = np.concatenate([real, strength * east, strength * north])
    size = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    own = np.sqrt(np.where(np.diag(square) > 0, np.diag(square), 1.0))
    correlation = square / np.outer(own, own)
    correlation[np.diag_indices_from(correlation)] = 1 + _RIDGE
    inverse = np.linalg.inv(correlation)
    step = np.where(diagonal > 0, inverse @ (gradient / size) / size, 0.0)
    flux, to_east, to_north = np.split(step, 3)
    safe = np.where(weight > 0, weight, 1.0)
    # [1/rad]: the reciprocal of the beam
    wide = 2 * np.pi * np.sqrt(np.maximum(uu + vv, 1e-30) / safe / 2)
    # All else held: of two that share a beam both would be lost in the error that they have in common.
    std = np.sqrt(chi2 / safe)
    return dataclasses.replace(
        found,
        east=found.east + np.clip(to_east, -0.3 / wide, 0.3 / wide),
        north=found.north + np.clip(to_north, -0.3 / wide, 0.3 / wide),
        flux_density=found.flux_density + flux,
        flux_density_std=np.where(weight > 0, std, found.flux_density_std),
    )


def _overlap(found: Sources, block: Visibilities, weight: Array) -> Array:
    """Return the normal matrix (3 source, 3 source) of flux densities, places east and places north.

    Of a sample of the block's visibilities, always the same one.
    """
    generator = np.random.default_rng(weight.size)
    rows, channels = block.uvw[..., 0].size, block.setup.frequency.size
    row = generator.choice(rows, min(_ROWS, rows), replace=False)
    east, north = found.east, found.north
    depth = model_sources.depth_cosine(east, north)
    place = np.stack([east, north, depth])
    slope = np.stack([east, north]) / (1 + depth)
    uvw = block.uvw.reshape(-1, 3)[row] / SPEED_OF_LIGHT
    parts = []
    for channel in generator.choice(channels, min(_CHANNELS, channels), replace=False):
        waves = uvw * block.setup.frequency[channel]
        phase = (2 * np.pi * (waves @ place)).astype(np.float32)
        root = np.sqrt(weight[..., channel].reshape(-1)[row])[:, None]
        cosine, sine = root * np.cos(phase), root * np.sin(phase)
        across = [
            (2 * np.pi * found.flux_density * (waves[:, i : i + 1] - waves[:, 2:] * slope[i])).astype(
                np.float32
            )
            for i in (0, 1)
        ]
        real = np.concatenate([cosine, *(-part * sine for part in across)], axis=1)
        imaginary = np.concatenate([sine, *(part * cosine for part in across)], axis=1)
        parts += [real, imaginary]
    every = np.concatenate(parts)
    return np.asarray(model_sources.products(every), float)


def _stokes(block: Visibilities) -> Iterator[tuple[Array, Array]]:
    for hand, name in enumerate(block.setup.polarisation):
        if name in PARALLEL:
            good = ~block.flag[..., hand]
            yield block.value[..., hand], np.where(good, block.weight[..., hand], 0).astype(np.float32)
