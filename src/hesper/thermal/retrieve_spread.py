"""The posterior around its maximum: weighted samples without a sampler, and their standard deviations."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import gammaincinv, gammaln, ndtri
from scipy.stats import qmc

from hesper.errors import ConvergenceError
from hesper.record import Array

Cost = Callable[[Array], float]
"""−ln posterior density at a place in the unit cube."""
BOUND = 1e-3
"""A place nearer than this to a face of the unit cube lies at a bound."""
ENOUGH = 400.0
"""Independent samples that suffice: standard deviations to 4 %."""
_DRAWS = 512
_ROUNDS = 14
_FREEDOM = 4.0
_CENTRES = 128


class Samples(NamedTuple):
    """A posterior as points of the unit cube with weights that add up to 1."""

    place: Array
    """Shape (sample, parameter)."""
    weight: Array
    """Shape (sample,)."""


class _Kernels(NamedTuple):
    """A mixture of t distributions of one shape, and a share of the uniform distribution over the cube."""

    centre: Array
    root: Array
    """Lower triangular root of the scale matrix."""
    uniform: float


def samples(cost: Cost, places: Array) -> Samples:
    """Sample a posterior on the unit cube by adaptive importance sampling (Cappé et al. 2004).

    The first proposals are t distributions around the maxima with the curvature there, mixed with the
    uniform distribution; each further one a mixture of kernels around points drawn from what is known so
    far. All draws count, weighted by density over the mean of all proposals (balance heuristic). Points are
    quasi-random (Sobol) and always the same.

    Parameters
    ----------
    places
        Maxima of the posterior, shape (maximum, parameter).

    Raises
    ------
    ConvergenceError
        If fewer than 50 independent samples come together.
    """
    proposals = [
        _Kernels(place[None, :], np.linalg.cholesky(_curvature_scale(cost, place)), 0.3) for place in places
    ]
    found, log_target = np.empty((0, places.shape[1])), np.empty(0)
    for turn in range(_ROUNDS):
        fresh = proposals if turn == 0 else proposals[-1:]
        drawn = np.vstack([_draw(each, turn + i) for i, each in enumerate(fresh)])
        drawn = drawn[np.all((drawn >= 0.0) & (drawn <= 1.0), axis=1)]
        found = np.vstack([found, drawn])
        log_target = np.concatenate([log_target, [-cost(point) for point in drawn]])
        mixture = np.mean([_density(each, found) for each in proposals], axis=0)
        weight = np.exp(log_target - log_target.max()) / mixture
        weight /= weight.sum()
        if 1.0 / np.sum(weight**2) > ENOUGH:
            break
        proposals.append(_around(found, weight))
    count = 1.0 / np.sum(weight**2)
    if count < 50.0:
        raise ConvergenceError(
            f"retrieve: the posterior yields {count:.0f} independent samples; 50 are needed for standard "
            "deviations; check the data for outliers"
        )
    return Samples(found, weight)


def rms_distance(known: Samples, place: Array) -> Array:
    """Return the root mean square distance of a posterior from a place, shape (parameter,).

    Around an inner maximum of a Gaussian it is the standard deviation; at a bound it is one-sided. Of
    truths drawn from the prior, the squared distance from the estimate over its square has mean 1 whatever
    the shape of the posterior.
    """
    return np.asarray(np.sqrt(known.weight @ (known.place - place) ** 2))


def percentiles(known: Samples, shares: tuple[float, ...]) -> Array:
    """Return weighted quantiles of each parameter, shape (share, parameter)."""
    columns = []
    for values in known.place.T:
        order = np.argsort(values)
        below = np.cumsum(known.weight[order]) - 0.5 * known.weight[order]
        columns.append(np.interp(shares, below, values[order]))
    return np.array(columns).T


def equal(known: Samples, count: int) -> Array:
    """Return points of equal weight, at equal steps of the cumulative weight, shape (count, parameter)."""
    steps = (np.arange(count) + 0.5) / count
    chosen = np.searchsorted(np.cumsum(known.weight), steps).clip(0, known.weight.size - 1)
    return np.asarray(known.place[chosen])


def at_bound(place: Array) -> Array:
    """Tell which coordinates lie at a face of the unit cube."""
    return np.asarray((place < BOUND) | (place > 1 - BOUND))


def _rise(cost: Cost, place: Array) -> Array:
    """Return how far along each axis, toward the middle of the cube, the cost rises by ½; at most ¼."""
    here, found = cost(place), np.empty(place.size)
    for i in range(place.size):
        inward = np.zeros(place.size)
        inward[i] = 1.0 if place[i] < 0.5 else -1.0
        found[i] = 1e-9
        while found[i] < 0.25 and cost(place + found[i] * inward) < here + 0.5:
            found[i] *= 2.0
    return np.minimum(found, 0.25)


def _curvature_scale(cost: Cost, place: Array) -> Array:
    """Return a scale matrix from second derivatives, over steps that raise the cost by about ½.

    Of a parameter at a bound, where the posterior is cut, the squared distance of that rise stands alone. No
    direction is wider than the cube.
    """
    rise = _rise(cost, place)
    edge = np.minimum(place, 1 - place)
    free = np.nonzero(edge > 0.5 * rise)[0]
    scale = np.diag(np.minimum(rise, 0.29) ** 2)
    if not free.size:
        return scale
    step = np.diag(np.minimum(0.5 * rise, edge))[free]
    h, here, n = np.minimum(0.5 * rise, edge)[free], cost(place), free.size
    matrix = np.zeros((n, n))
    for i in range(n):
        matrix[i, i] = cost(place + step[i]) - 2 * here + cost(place - step[i])
        for j in range(i):
            corners = (
                cost(place + step[i] + step[j])
                - cost(place + step[i] - step[j])
                - cost(place - step[i] + step[j])
                + cost(place - step[i] - step[j])
            )
            matrix[i, j] = matrix[j, i] = corners / 4
    # In units of the steps, so that parameters of unlike widths meet as equals.
    eigenvalue, vector = np.linalg.eigh(matrix)
    inverse = (vector / np.maximum(eigenvalue, 12.0 * h.min() ** 2)) @ vector.T
    wide = np.sqrt(np.diag(inverse)) * h
    shrink = np.minimum(1.0, 0.29 / wide) * h
    scale[np.ix_(free, free)] = inverse * np.outer(shrink, shrink)
    return scale


def _around(found: Array, weight: Array) -> _Kernels:
    """Return kernels around points drawn from weighted samples, as wide as Silverman's rule has them."""
    n = found.shape[1]
    mean = weight @ found
    scatter = (weight[:, None] * (found - mean)).T @ (found - mean)
    count = max(1.0 / np.sum(weight**2), 2.0)
    silverman = (4.0 / (n + 2.0) / count) ** (2.0 / (n + 4.0))
    width = np.sqrt(np.diag(scatter)) + 1e-12
    correlation = scatter / np.outer(width, width) + 1e-9 * np.eye(n)
    root = np.sqrt(silverman) * width[:, None] * np.linalg.cholesky(correlation)
    return _Kernels(equal(Samples(found, weight), _CENTRES), root, 0.05)


def _draw(proposal: _Kernels, turn: int) -> Array:
    n = proposal.root.shape[0]
    net = qmc.Sobol(n + 3, scramble=False).fast_forward(_DRAWS * (turn + 1)).random(_DRAWS)
    normal = ndtri(np.clip(net[:, :n], 1e-12, 1 - 1e-12))
    chi_square = 2.0 * gammaincinv(0.5 * _FREEDOM, net[:, n])
    wide = np.sqrt(_FREEDOM / np.maximum(chi_square, 1e-3))
    chosen = (net[:, n + 1] * proposal.centre.shape[0]).astype(int)
    near = proposal.centre[chosen] + wide[:, None] * (normal @ proposal.root.T)
    return np.asarray(np.where(net[:, n + 2 :] < proposal.uniform, net[:, :n], near))


def _density(proposal: _Kernels, place: Array) -> Array:
    n = place.shape[1]
    log_scale = (
        gammaln(0.5 * (_FREEDOM + n))
        - gammaln(0.5 * _FREEDOM)
        - 0.5 * n * np.log(_FREEDOM * np.pi)
        - np.sum(np.log(np.diag(proposal.root)))
    )
    gap = place[:, None, :] - proposal.centre[None, :, :]
    reduced = np.linalg.solve(proposal.root, gap.reshape(-1, n).T)
    square = np.sum(reduced**2, axis=0).reshape(place.shape[0], -1)
    kernel = np.mean(np.exp(log_scale - 0.5 * (_FREEDOM + n) * np.log1p(square / _FREEDOM)), axis=1)
    return np.asarray(proposal.uniform + (1.0 - proposal.uniform) * kernel)
