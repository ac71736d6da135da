"""The second flat field of an orbit: a first-order gradient by robust least squares over overlaps."""

import dataclasses

import numpy as np

from hesper.record import Array
from hesper.vmc import calibrate_equations
from hesper.vmc.calibrate_overlap import Overlaps, medians, overlaps
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
    "unsettled": "the gradient does not settle",
    "uncertain": "the gradient is too uncertain",
    "large": "the gradient is too large to be one",
    "differ": "images of the same ground differ by more than any gradient makes",
    "worse": "the seams are worse than before",
}


def flat_field(cells: Cells, settings: Gradient) -> FlatField:
    """Find the gradient of one orbit, its honest covariance, and whether it can be used.

    Parameters
    ----------
    cells
        Images of the orbit, limb darkening divided out.
    settings
        Thresholds of refusal; whether each image has a gain beside the gradient.

    Notes
    -----
    Exact model F = 1 + a x + b y: residual ln(I/I′) − ln F + ln F′, Huber weights. Residuals of one image err
    together (clouds, drift of exposures), so that the covariance is the larger of a jackknife over images and
    the drift allowed for, carried through the normal equations.
    """
    if cells.channel != "N2":
        return refused("channel")
    if cells.start.size < 3:
        return refused("single")
    shared = overlaps(cells, settings.least_cells)
    if not shared.first.size:
        return refused("overlap")
    found = calibrate_equations.solve(shared, settings.huber, settings.gain_std)
    if found.step > calibrate_equations.SETTLED:
        return refused("unsettled")
    before, after = seams(shared, np.zeros(2)), seams(shared, found.gradient)
    eigen = np.linalg.eigvalsh(found.blocks[:, :2, :2].sum(axis=0))
    made = FlatField(
        gradient=found.gradient,
        covariance=calibrate_equations.covariance(shared, found, settings.drift),
        condition=float(eigen[1] / eigen[0]) if eigen[0] > 0 else np.inf,
        pairs=shared.first.size,
        cells=shared.ratio.size,
        overlap=shared.area,
        linked=_linked(cells, shared),
        seam_before=float(np.median(before)),
        seam=float(np.median(after)),
        seam_most=float(np.quantile(after, 0.95)),
        status=ACCEPTED,
    )
    return _judged(made, settings)


def solve_logarithmic(shared: Overlaps) -> Array:
    """Return a and b (2,) by the shortcut ln F ≈ a x + b y, which is biased: for comparison only."""
    design = shared.place[:, :2] - shared.place[:, 2:]
    return np.asarray(np.linalg.lstsq(design, shared.ratio, rcond=None)[0])


def gains(shared: Overlaps) -> Array:
    """Return ln of one gain for each image (image,) that closes the seams best, with no gradient.

    What an equaliser of mosaics does: it wins at the seams and ruins the photometry. For comparison only.
    """
    pairs = np.arange(shared.first.size)
    design = np.zeros((pairs.size + 1, shared.images))
    design[pairs, shared.first], design[pairs, shared.second] = 1.0, -1.0
    design[-1] = 1.0
    data = np.append(medians(shared, shared.ratio), 0.0)
    return np.asarray(np.linalg.lstsq(design, data, rcond=None)[0])


def seams(shared: Overlaps, gradient: Array) -> Array:
    """Return |median ln(I/I′)| of each pair (pair,), the images divided by 1 + a x + b y."""
    residual = np.empty(shared.ratio.size)
    none = np.zeros(shared.first.size)
    calibrate_equations.residuals(shared.ratio, shared.place, shared.start, gradient, none, residual)
    return np.abs(medians(shared, residual))


def factor(gradient: Array, x: Array, y: Array) -> Array:
    """Return the flat field F = 1 + a x + b y."""
    return np.asarray(1 + gradient[0] * x + gradient[1] * y)


def _linked(cells: Cells, shared: Overlaps) -> float:
    """Return the part of the images' area in the largest group that overlaps link."""
    group = np.arange(shared.images)
    for k, later in zip(shared.first, shared.second, strict=True):
        group[group == group[later]] = group[k]
    own = np.add.reduceat(cells.area, cells.start[:-1])
    linked = max(float(own[group == g].sum()) for g in np.unique(group[np.r_[shared.first, shared.second]]))
    return linked / float(own.sum())


def _judged(made: FlatField, settings: Gradient) -> FlatField:
    tests = (
        ("area", made.overlap < settings.least_overlap),
        ("linked", made.linked < settings.least_linked),
        ("large", float(np.abs(made.gradient).sum()) > settings.largest),
        ("uncertain", _error(made) > settings.largest_error),
        ("worse", made.seam > made.seam_before + settings.drift),
        ("differ", made.seam_most > settings.largest),
    )
    code = next((name for name, refused in tests if refused), ACCEPTED)
    return dataclasses.replace(made, status=code)


def _error(made: FlatField) -> float:
    """Return the rms over the field, x and y uniform in −1…1, of a δx + b δy by the covariance."""
    return float(np.sqrt(np.trace(made.covariance) / 3))


def refused(code: str) -> FlatField:
    """Return the flat field of an orbit that has none, with the code of the reason."""
    nan = float("nan")
    return FlatField(
        gradient=np.full(2, nan), covariance=np.full((2, 2), nan), condition=nan, pairs=0, cells=0,
        overlap=0.0, linked=0.0, seam_before=nan, seam=nan, seam_most=nan, status=code,
    )  # fmt: skip
