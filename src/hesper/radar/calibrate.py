"""Look → look: the noise, the axes and the mean law of backscatter, all from the echo itself."""

import dataclasses
from typing import NamedTuple

import numpy as np

from hesper import fit
from hesper.constants import SPEED_OF_LIGHT, VENUS_RADIUS
from hesper.errors import InputError
from hesper.radar.data import BackscatterLaw, Limb, Look
from hesper.radar.model import half_width, plane
from hesper.record import Array
from hesper.units import deg

_SPREADS = (1.0, 0.5, 2.0)
"""Widths of a pixel's response, in pixels, that an edge is fitted with; the first one is believed: the mean
over the pixel. Half and twice as much are what reductions of pictures may do, and go into the errors."""
_BLOCKS = 12
"""Stretches of the limb that are left out in turn: neighbouring edges share the same hills."""


def noise(look: Look) -> Look:
    """Scale the power so that pixels without echo have mean 1, and count their independent samples.

    Pixels outside the limb that the ephemeris predicts are used, beyond a fifth of the planet's radius in
    depth, where the side lobes of the bright front no longer reach. The samples follow from the difference
    of neighbours in delay, since the noise's own level drifts by a tenth over the look.

    Raises
    ------
    InputError
        If fewer than 1000 pixels are free of echo.
    """
    depth = SPEED_OF_LIGHT * look.delay / 2
    width = _outline(depth, float(half_width(look.echo.rotation_rate[0], look.frequency)))
    free = np.abs(look.doppler) > width[:, None] + 10 * abs(_step(look.doppler))
    free &= (depth > 0.2 * VENUS_RADIUS)[:, None]
    # The outermost columns mix both ends of the spectrum.
    free[:, :3] = free[:, -3:] = False
    if free.sum() < 1000:
        raise InputError(f"calibrate.noise: {free.sum()} pixels free of echo; at least 1000 are needed")
    mean = look.power[free].mean()
    steps = np.diff(look.power, axis=0)[free[1:] & free[:-1]]
    return dataclasses.replace(look, power=look.power / mean, looks=2 * mean**2 / np.mean(steps**2))


def limb(look: Look) -> Limb:
    """Find the centre of the Doppler axis, the front of the sphere and the limb's Doppler shift.

    Parameters
    ----------
    look
        With axes that are right to about 3 pixels.

    Raises
    ------
    InputError
        If fewer than 100 edges are found.

    Notes
    -----
    At depth D the echo ends at the Doppler shift f0 ± W √(1 − (1 − (D − D0)/R)²). On the way there it rises
    like 1/|y|, hence like 1/√(distance to the edge), which is fitted, blurred, to the
    magnitude across both edges of every delay. A pixel is the mean over its width in Doppler shift and
    in delay, along which the outline slants: both are in the edge that is fitted, and neither is free.
    f0, D0 and W follow by a robust fit to all edges. Their standard deviations come from leaving out
    stretches of the limb, since its hills displace neighbouring edges alike, and hold half the change from
    pixels half as wide to pixels twice as wide.
    """
    found = [_edges(look, spread) for spread in _SPREADS]
    solutions = [_solve_limb(edges, look) for edges in found]
    best, edges = solutions[0], found[0]
    block = np.arange(len(edges.doppler)) * _BLOCKS // len(edges.doppler)
    left_out = np.array([_solve_limb(edges.select(block != k), look) for k in range(_BLOCKS)])
    jackknife = np.sqrt((_BLOCKS - 1) * left_out.var(axis=0))
    std = np.hypot(jackknife, np.ptp(np.array(solutions), axis=0) / 2)
    residual = edges.doppler - _predicted(edges, best)
    return Limb(
        doppler_offset=best[0],
        doppler_offset_std=std[0],
        delay_offset=2 * best[1] / SPEED_OF_LIGHT,
        delay_offset_std=2 * std[1] / SPEED_OF_LIGHT,
        half_width=best[2],
        half_width_std=std[2],
        scatter=1.4826 * np.median(np.abs(residual - np.median(residual))),
        n=len(residual),
    )


def centred(look: Look, outline: Limb) -> Look:
    """Shift the axes: no Doppler shift at the centre of Venus, no delay at the front of the sphere."""
    return dataclasses.replace(
        look, delay=look.delay - outline.delay_offset, doppler=look.doppler - outline.doppler_offset
    )


def backscatter(look: Look, *, width: float = 1 * deg, nearest: float = 0.1) -> BackscatterLaw:
    """Return the median reflectivity in annuli of incidence, both hemispheres together.

    Parameters
    ----------
    look
        Centred, its power in units of the noise.
    width
        Of an annulus [rad].
    nearest
        Least |y|/R: pixels nearer to the Doppler equator, which are long on the surface, are left out.

    Raises
    ------
    InputError
        If no pixel shows an echo.

    Notes
    -----
    A pixel gathers the area R dx dD/|y| of either hemisphere, so that reflectivity is echo power × |y|, up
    to the constants of the radar equation.
    """
    place = plane(
        look.delay[:, None], look.doppler, rotation_rate=look.echo.rotation_rate[0], frequency=look.frequency
    )
    use = (place.y > nearest * VENUS_RADIUS) & (place.z > 0) & np.isfinite(look.power)
    if not use.any():
        raise InputError("calibrate.backscatter: no pixel lies on the planet; centre the look first")
    # The median of speckle of n samples lies 1/(3n) below its mean.
    power = look.power[use] / (1 - 1 / (3 * look.looks))
    values = (power - 1) * place.y[use] / VENUS_RADIUS
    bins = (np.arccos(place.z[use] / VENUS_RADIUS) / width).astype(int)
    order = np.argsort(bins, kind="stable")
    groups = np.split(values[order], np.flatnonzero(np.diff(bins[order])) + 1)
    numbers = np.unique(bins)
    kept = [(k, group) for k, group in zip(numbers, groups, strict=True) if group.size >= 30]
    spread = np.array([np.subtract(*np.percentile(group, [75, 25])) / 1.349 for _, group in kept])
    n = np.array([group.size for _, group in kept])
    return BackscatterLaw(
        incidence=np.array([(k + 0.5) * width for k, _ in kept]),
        reflectivity=np.array([np.median(group) for _, group in kept]),
        reflectivity_std=np.sqrt(np.pi / 2 / n) * spread,
        n=n,
    )


class _Edges(NamedTuple):
    """Where the echo ends: depth [m], side ±1 and Doppler shift [Hz]."""

    depth: Array
    side: Array
    doppler: Array

    def select(self, mask: Array) -> "_Edges":
        return _Edges(*(column[mask] for column in self))


def _outline(depth: Array, width: float) -> Array:
    """Return the half width [Hz] of the echo at depths [m]."""
    return np.asarray(width * np.sqrt(np.clip(1 - (1 - depth / VENUS_RADIUS) ** 2, 0, None)))


def _step(axis: Array) -> float:
    return float((axis[-1] - axis[0]) / (len(axis) - 1))


def _edges(look: Look, spread: float) -> _Edges:
    """Fit background, edge and slope to the magnitude across both edges of every delay."""
    reach, step = 9, _step(look.doppler)
    depth = SPEED_OF_LIGHT * look.delay / 2
    expected = _outline(depth, float(half_width(look.echo.rotation_rate[0], look.frequency)))
    slant = np.abs(np.gradient(expected)) / abs(step)
    row, side = (v.ravel() for v in np.meshgrid(np.arange(len(depth)), [-1.0, 1.0], indexing="ij"))
    column = (side * expected[row] - look.doppler[0]) / step
    # Near the front the edge runs across many columns within one row.
    use = (depth[row] > 0.08 * VENUS_RADIUS) & (column > reach + 1) & (column < len(look.doppler) - reach - 2)
    row, side, column = row[use], side[use], column[use]
    near = np.rint(column).astype(int)[:, None] + np.arange(-reach, reach + 1)
    values = np.sqrt(look.power[row[:, None], near])
    outward = side[:, None] * np.sign(step) * (near - column[:, None])
    shifts = np.arange(-4, 4.01, 0.2)
    misfit = np.stack([_misfit(values, outward - shift, spread, slant[row, None]) for shift in shifts])
    best = misfit.argmin(axis=0)
    inside = (best > 0) & (best < len(shifts) - 1)
    best = np.clip(best, 1, len(shifts) - 2)
    below, at, above = (misfit[best + k, np.arange(len(best))] for k in (-1, 0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = shifts[best] + 0.2 * (below - above) / (2 * (below - 2 * at + above))
    good = inside & np.isfinite(found)
    edge = look.doppler[0] + step * column + side * abs(step) * found
    return _Edges(depth[row][good], side[good], edge[good])


def _misfit(values: Array, outward: Array, spread: float, slant: Array) -> Array:
    """Return the sum of squared residuals (edge,) of values (edge, sample) against an edge at outward = 0."""
    seen = _averaged_edge(outward, spread, spread * slant)
    design = np.stack([np.ones_like(outward), seen, np.minimum(outward, 0.0)], axis=-1)
    normal = np.einsum("eij,eik->ejk", design, design)
    right = np.einsum("eij,ei->ej", design, values)
    solved = np.linalg.solve(normal, right[..., None])[..., 0]
    return np.asarray(np.sum((values - np.einsum("eij,ej->ei", design, solved)) ** 2, axis=-1))


def _averaged_edge(outward: Array, across: float, along: Array) -> Array:
    """Return 1/√(−outward) inside, 0 outside, averaged over two widths in turn; all in pixels.

    The second antiderivative of (−u)^(−1/2) is 4/3 (−u)^(3/2); its second difference is the mean.
    """
    along = np.maximum(along, 1e-3)
    wide, narrow = (across + along) / 2, (across - along) / 2
    corners = [np.maximum(-outward + k, 0.0) ** 1.5 for k in (wide, narrow, -narrow, -wide)]
    return np.asarray(4 / 3 * (corners[0] - corners[1] - corners[2] + corners[3]) / (across * along))


def _predicted(edges: _Edges, solution: Array) -> Array:
    centre, front, width = solution
    return np.asarray(centre + edges.side * _outline(edges.depth - front, width))


def _solve_limb(edges: _Edges, look: Look) -> Array:
    """Return the Doppler shift of the centre [Hz], the depth of the front [m] and the half width [Hz]."""
    if len(edges.doppler) < 100:
        raise InputError(f"calibrate.limb: {len(edges.doppler)} edges found; at least 100 are needed")
    solution = np.array([0.0, 0.0, float(half_width(look.echo.rotation_rate[0], look.frequency))])
    for _ in range(4):
        steps = np.array([1e-3, 1.0, 1e-3])
        design = np.stack(
            [
                (_predicted(edges, solution + d) - _predicted(edges, solution - d)) / (2 * step)
                for d, step in zip(np.diag(steps), steps, strict=True)
            ],
            axis=-1,
        )
        residual = edges.doppler - _predicted(edges, solution)
        solution = solution + fit.huber(design, residual, abs(_step(look.doppler))).value
    return solution
