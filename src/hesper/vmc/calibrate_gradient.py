"""The second flat field of an orbit: a first-order gradient by robust least squares over overlaps."""

import dataclasses
import math

import numpy as np

from hesper.compiled import compiled
from hesper.errors import InputError
from hesper.record import Array
from hesper.vmc.calibrate_overlap import Overlaps, numbered, overlaps
from hesper.vmc.data_orbit import Cells, FlatField
from hesper.vmc.data_settings import Gradient

ACCEPTED = "accepted"
REASONS = {
    "channel": "not an N22 image: the gradient is that of NIR2",
    "single": "one image: nothing overlaps",
    "masked": "all pixels are masked: twilight, limb or field",
    "unreadable": "no image can be read and placed",
    "overlap": "no pair shares enough cells",
    "area": "the overlap is too small a part of the mosaic",
    "linked": "too few of the images are linked by overlaps",
    "uncertain": "the gradient is too uncertain",
    "large": "the gradient is too large to be one",
    "worse": "the seams are worse than before",
}
_ROUNDS = 12
_SETTLED = 1e-7


def flat_field(cells: Cells, settings: Gradient) -> FlatField:
    """Find the gradient of one orbit, its honest covariance, and whether it can be used.

    Parameters
    ----------
    cells
        Images of the orbit, limb darkening divided out.
    settings
        Thresholds of refusal.

    Notes
    -----
    Exact model F = 1 + a x + b y: residual ln(I/I′) − ln F + ln F′, Huber weights, Gauss–Newton. Residuals
    of one image err together (clouds, drift of exposures), so that the covariance is the larger of a
    jackknife over images and the drift allowed for, carried through the normal equations.
    """
    count = cells.start.size - 1
    if cells.channel != "N2":
        return refused("channel")
    if count < 2:
        return refused("single")
    shared = overlaps(cells, settings.least_cells)
    if not shared.first.size:
        return refused("overlap")
    area, linked = _coverage(cells, shared)
    gradient, weight = solve(shared, settings.huber)
    normal, moment = _blocks(shared, gradient, weight)
    whole = normal.sum(axis=0)
    eigen = np.linalg.eigvalsh(whole)
    condition = float(eigen[1] / eigen[0]) if eigen[0] > 0 else np.inf
    covariance = _covariance(shared, normal, moment, count, settings.drift)
    before = seams(shared, np.zeros(2))
    after = seams(shared, gradient)
    made = FlatField(
        gradient=gradient,
        covariance=covariance,
        condition=condition,
        pairs=shared.first.size,
        cells=shared.ratio.size,
        overlap=area,
        linked=linked,
        seam_before=float(np.median(before)),
        seam=float(np.median(after)),
        seam_most=float(np.quantile(after, 0.95)),
        status=ACCEPTED,
    )
    return _judged(made, settings)


def solve(shared: Overlaps, huber: float) -> tuple[Array, Array]:
    """Return a and b (2,) and the weights (sample,) of the exact model by Gauss–Newton.

    Raises
    ------
    InputError
        If there is no overlap.
    """
    if not shared.ratio.size:
        raise InputError("gradient: no overlap; at least one pair of images is needed")
    gradient, weight = np.zeros(2), np.ones(shared.ratio.size)
    residual, design = np.empty(shared.ratio.size), np.empty((shared.ratio.size, 2))
    for _ in range(_ROUNDS):
        _linearise(shared.ratio, shared.place, gradient, residual, design)
        scale = 1.4826 * float(np.median(np.abs(residual - np.median(residual))))
        limit = huber * max(scale, 1e-12)
        weight = np.minimum(1.0, limit / np.maximum(np.abs(residual), 1e-300))
        weighted = design * weight[:, None]
        step = np.linalg.lstsq(weighted.T @ design, weighted.T @ residual, rcond=1e-12)[0]
        gradient = np.clip(gradient + step, -0.45, 0.45)
        if np.abs(step).max() < _SETTLED:
            break
    return gradient, weight


def solve_logarithmic(shared: Overlaps) -> Array:
    """Return a and b (2,) by the shortcut ln F ≈ a x + b y, which is biased: for comparison only."""
    design = shared.place[:, :2] - shared.place[:, 2:]
    return np.asarray(np.linalg.lstsq(design, shared.ratio, rcond=None)[0])


def gains(shared: Overlaps, count: int) -> Array:
    """Return ln of one gain for each image (image,) that closes the seams best, with no gradient.

    What an equaliser of mosaics does: it wins at the seams and ruins the photometry. For comparison only.
    """
    pairs = shared.first.size
    design = np.zeros((pairs + 1, count))
    data = np.zeros(pairs + 1)
    for p in range(pairs):
        design[p, shared.first[p]], design[p, shared.second[p]] = 1.0, -1.0
        data[p] = np.median(shared.ratio[shared.start[p] : shared.start[p + 1]])
    design[pairs] = 1.0
    return np.asarray(np.linalg.lstsq(design, data, rcond=None)[0])


def seams(shared: Overlaps, gradient: Array) -> Array:
    """Return |median ln(I/I′)| of each pair (pair,), the images divided by 1 + a x + b y."""
    residual, _ = _linear(shared, gradient)
    return np.array(
        [
            abs(float(np.median(residual[a:b])))
            for a, b in zip(shared.start[:-1], shared.start[1:], strict=True)
        ]
    )


def factor(gradient: Array, x: Array, y: Array) -> Array:
    """Return the flat field F = 1 + a x + b y."""
    return np.asarray(1 + gradient[0] * x + gradient[1] * y)


def _linear(shared: Overlaps, gradient: Array) -> tuple[Array, Array]:
    """Return residuals (sample,) and their derivatives (sample, 2), sign reversed."""
    residual, design = np.empty(shared.ratio.size), np.empty((shared.ratio.size, 2))
    _linearise(shared.ratio, shared.place, gradient, residual, design)
    return residual, design


@compiled
def _linearise(ratio: Array, place: Array, gradient: Array, residual: Array, design: Array) -> None:
    """Fill residuals (sample,) and derivatives (sample, 2) of the exact model."""
    a, b = gradient[0], gradient[1]
    for i in range(ratio.size):
        first = 1 + a * place[i, 0] + b * place[i, 1]
        second = 1 + a * place[i, 2] + b * place[i, 3]
        residual[i] = ratio[i] - math.log(first / second)
        design[i, 0] = place[i, 0] / first - place[i, 2] / second
        design[i, 1] = place[i, 1] / first - place[i, 3] / second


def _blocks(shared: Overlaps, gradient: Array, weight: Array) -> tuple[Array, Array]:
    """Return normal matrix (pair, 2, 2) and, (pair, 2, 2): Σ w J r and Σ w J of each pair."""
    residual, design = _linear(shared, gradient)
    rows = np.concatenate([design, residual[:, None], np.ones((residual.size, 1))], axis=1)
    normal = np.empty((shared.first.size, 2, 2))
    moment = np.empty((shared.first.size, 2, 2))
    for p, (a, b) in enumerate(zip(shared.start[:-1], shared.start[1:], strict=True)):
        block = (design[a:b] * weight[a:b, None]).T @ rows[a:b]
        normal[p], moment[p] = block[:, :2], block[:, 2:]
    return normal, moment


def _covariance(shared: Overlaps, normal: Array, moment: Array, count: int, drift: float) -> Array:
    whole = normal.sum(axis=0)
    inverse = np.linalg.pinv(whole)
    lever = np.zeros((count, 2))
    for p, (k, later) in enumerate(zip(shared.first, shared.second, strict=True)):
        lever[k] += moment[p, :, 1]
        lever[later] -= moment[p, :, 1]
    allowed = drift**2 * inverse @ lever.T @ lever @ inverse
    # A pair's own clouds, which no image shares.
    pairs = inverse @ moment[:, :, 0].T @ moment[:, :, 0] @ inverse
    choices = [allowed + pairs]
    if count > 3:
        moved = np.zeros((count, 2))
        for k in range(count):
            mine = (shared.first == k) | (shared.second == k)
            left = whole - normal[mine].sum(axis=0)
            moved[k] = np.linalg.pinv(left) @ (moment[~mine, :, 0].sum(axis=0)) if (~mine).any() else 0.1
        moved -= moved.mean(axis=0)
        choices.append((count - 1) / count * moved.T @ moved)
    return np.asarray(max(choices, key=np.trace))


def _coverage(cells: Cells, shared: Overlaps) -> tuple[float, float]:
    """Return overlap over mosaic, and the part of the images' area in the largest linked group."""
    index, number = numbered(cells.cell)
    counts = np.bincount(index, minlength=number)
    area = np.zeros(counts.size)
    area[index] = cells.area
    overlap = float(area[counts > 1].sum() / area.sum())
    count = cells.start.size - 1
    group = np.arange(count)
    for k, later in zip(shared.first, shared.second, strict=True):
        group[group == group[later]] = group[k]
    own = np.add.reduceat(cells.area, cells.start[:-1])
    linked = max(float(own[group == g].sum()) for g in np.unique(group[np.r_[shared.first, shared.second]]))
    return overlap, linked / float(own.sum())


def _judged(made: FlatField, settings: Gradient) -> FlatField:
    tests = (
        ("area", made.overlap < settings.least_overlap),
        ("linked", made.linked < settings.least_linked),
        ("large", float(np.abs(made.gradient).sum()) > settings.largest),
        ("uncertain", float(np.sqrt(np.linalg.eigvalsh(made.covariance)[-1])) > settings.largest_std),
        ("worse", made.seam > made.seam_before + settings.drift),
    )
    code = next((name for name, refused in tests if refused), ACCEPTED)
    return dataclasses.replace(made, status=code)


def refused(code: str) -> FlatField:
    """Return the flat field of an orbit that has none, with the code of the reason."""
    nan = float("nan")
    return FlatField(
        gradient=np.full(2, nan), covariance=np.full((2, 2), nan), condition=nan, pairs=0, cells=0,
        overlap=0.0, linked=0.0, seam_before=nan, seam=nan, seam_most=nan, status=code,
    )  # fmt: skip
