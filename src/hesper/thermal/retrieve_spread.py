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


def samples(cost: Cost, place: Array) -> Samples:
    """Sample a posterior on the unit cube by adaptive importance sampling (Cappé et al. 2004).

    The first proposal is a t distribution around the maximum with the curvature there, mixed with the
    uniform distribution; each further one a mixture of kernels around points drawn from what is known so
    far. All draws count, weighted by density over the mean of all proposals (balance heuristic). Points are
    quasi-random (Sobol) and always the same.

    Parameters
    ----------
    place
        Maximum of the posterior, shape (parameter,).

    Raises
    ------
    ConvergenceError
        If fewer than 50 independent samples come together.
    """
    proposals = [_Kernels(place[None, :], np.linalg.cholesky(_curvature_scale(cost, place)), 0.3)]
    found, log_target = np.empty((0, place.size)), np.empty(0)
    for turn in range(_ROUNDS):
        drawn = _draw(proposals[-1], turn)
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


def _curvature_scale(cost: Cost, place: Array) -> Array:
    """Return the inverse of the second derivatives of the cost, no direction wider than the cube."""
    n, h = place.size, BOUND
    centre = np.clip(place, 2 * h, 1 - 2 * h)
    steps, here = h * np.eye(n), cost(centre)
    matrix = np.zeros((n, n))
    for i in range(n):
        matrix[i, i] = (cost(centre + steps[i]) - 2 * here + cost(centre - steps[i])) / h**2
        for j in range(i):
            corners = (
                cost(centre + steps[i] + steps[j])
                - cost(centre + steps[i] - steps[j])
                - cost(centre - steps[i] + steps[j])
                + cost(centre - steps[i] - steps[j])
            )
            matrix[i, j] = matrix[j, i] = corners / (4 * h**2)
    eigenvalue, vector = np.linalg.eigh(matrix)
    return np.asarray((vector / np.maximum(eigenvalue, 12.0)) @ vector.T)


def _around(found: Array, weight: Array) -> _Kernels:
    """Return kernels around points drawn from weighted samples, as wide as Silverman's rule has them."""
    n = found.shape[1]
    mean = weight @ found
    scatter = (weight[:, None] * (found - mean)).T @ (found - mean)
    count = max(1.0 / np.sum(weight**2), 2.0)
    silverman = (4.0 / (n + 2.0) / count) ** (2.0 / (n + 4.0))
    root = np.linalg.cholesky(silverman * scatter + 1e-14 * np.eye(n))
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
