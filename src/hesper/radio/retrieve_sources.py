"""Components of CLEAN → point sources, their places and flux densities fitted to the visibilities."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from hesper.radio import grid_clean, model_sources
from hesper.radio.data import Visibilities
from hesper.radio.data_calibration import Sources
from hesper.radio.data_image import Clean
from hesper.record import Array

_PARALLEL = ("I", "RR", "LL", "XX", "YY")


def sources(clean: Clean, *, sigmas: float) -> Sources:
    """Return the point sources that CLEAN found, brightest first.

    Mohan et al. 2017 find that all background sources are unresolved (section 3.4).

    Parameters
    ----------
    clean
        Of the field.
    sigmas
        What is fainter than this many standard deviations is left in the data.
    """
    found = grid_clean.point_sources(clean)
    keep = found.flux > sigmas * clean.rms
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
    """Fit places and flux densities to the visibilities, each source against what all leave.

    Parameters
    ----------
    found
        Where to start.
    residuals
        Gives the visibilities less the sources that it is handed, block by block.
    rounds
        Gauss–Newton steps; a source moves by a tenth of a beam at most in each.

    Notes
    -----
    The sources' fringes are nearly orthogonal over a whole observation, so that each has its own normal
    equations: three parameters, residual r: Σ w Re(r e^{−iφ}) and Σ w (2π u S) Im(r e^{−iφ}).
    """
    for _ in range(rounds):
        sums = np.zeros((found.east.size, 6))
        for block in residuals(found):
            for value, weight in _stokes(block):
                sums += model_sources.correlate(
                    value, weight, block.uvw, block.setup.frequency, found.east, found.north
                )
        found = _stepped(found, sums)
    return found


def _stepped(found: Sources, sums: Array) -> Sources:
    real, east, north, weight, uu, vv = sums.T
    good = weight > 0
    safe = np.where(good, weight, 1)
    flux = found.flux_density + np.where(good, real / safe, 0)
    strength = np.maximum(np.abs(flux), 1e-9)
    wide = 2 * np.pi * np.sqrt(np.maximum(uu + vv, 1e-30) / safe / 2)  # [1/rad]: the reciprocal of the beam
    move = [
        np.clip(
            np.where(good, gradient / (2 * np.pi * strength * np.maximum(square, 1e-30)), 0),
            -0.3 / wide,
            0.3 / wide,
        )
        for gradient, square in ((east, uu), (north, vv))
    ]
    return dataclasses.replace(
        found,
        east=found.east + move[0],
        north=found.north + move[1],
        flux_density=flux,
        flux_density_std=np.where(good, 1 / np.sqrt(safe), found.flux_density_std),
    )


def _stokes(block: Visibilities) -> Iterator[tuple[Array, Array]]:
    for hand, name in enumerate(block.setup.polarisation):
        if name in _PARALLEL:
            good = ~block.flag[..., hand]
            yield block.value[..., hand], np.where(good, block.weight[..., hand], 0).astype(np.float32)
