"""Images of samples and samples of images: the gridding kernel, the transforms and the slabs along w."""

import math
import os
from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.radio import model_gridding, model_gridding_order, model_gridding_planes, model_gridding_strips
from hesper.radio.model_gridding import FINER, STRIP, TILE, WIDTH, Layout
from hesper.radio.model_sources import depth_cosine
from hesper.record import Array

_WORKERS = os.cpu_count() or 1


class Plan(NamedTuple):
    """An image and the samples that go into it."""

    layout: Layout
    size: int
    depth: Array
    """(line, sample) n′"""
    taper: Array
    """(line,) = (sample,) the kernel's transform"""
    polynomial: Array
    chunks: Array
    """(slab, chunk + 1) first strips of what is filled side by side"""


def coordinates(frame_size: int, pixel: float) -> tuple[Array, Array]:
    """Return l (sample,) and m (line,) of an image: l falls with the sample, m grows with the line."""
    place = (np.arange(frame_size) - frame_size // 2) * pixel
    return -place, place


def prepare(uvw: Array, value: Array, weight: Array, *, size: int, pixel: float) -> Plan:
    """Sort samples for an image.

    Parameters
    ----------
    uvw
        (sample, 3) [wavelengths], w ≥ 0.
    value, weight
        (sample,); without weight a sample is left out.
    size
        Pixels along a side.
    pixel
        [rad].

    Raises
    ------
    InputError
        If the pixels are too large for the longest baseline, or no sample has weight.
    """
    from scipy.fft import next_fast_len

    cells = next_fast_len(math.ceil(size * FINER))
    cells += cells % 2
    scale = pixel * cells
    used = weight > 0
    if not used.any():
        raise InputError("image: no sample has weight; look at the flags")
    low, high = _limits(uvw, used)
    if max(-low[:2].min(), high[:2].max()) * scale > cells / 2 - WIDTH:
        longest = max(-low[:2].min(), high[:2].max())
        raise InputError(
            f"image: a pixel of {np.degrees(pixel) * 3600:.3g} arcsec is too large for baselines of "
            f"{longest:.0f} wavelengths; take {np.degrees(0.45 / longest) * 3600:.2g} arcsec or less"
        )
    first_row, first_column = math.floor(low[1] * scale) - WIDTH, math.floor(-high[0] * scale) - WIDTH
    rows = math.ceil(high[1] * scale) + WIDTH - first_row + 1
    columns = math.ceil(-low[0] * scale) + WIDTH - first_column + 1
    east, north = coordinates(size, pixel)
    depth = depth_cosine(*np.broadcast_arrays(east[None, :], north[:, None])).astype(np.float32)
    height = min(float(depth.min()) / 2, -1e-12)
    largest = max(float(high[2]), 1e-3)
    count, terms = model_gridding_order.slabs(
        largest, float(depth.min()), cells=cells, samples=int(np.count_nonzero(used))
    )
    thick = largest / count * (1 + 1e-6)
    strips, tiles = rows // STRIP + 1, columns // TILE + 1
    key = model_gridding_order.keys(uvw, scale, first_row, first_column, count, thick, strips, tiles)
    where, start = model_gridding_order.order(key, weight, count * strips * tiles)
    del key
    column, row, across, turned, mass = model_gridding_order.sort(
        uvw, value, weight, where, scale, first_row, first_column, count, thick, height
    )
    starts = np.append(start[:-1].reshape(count, strips, tiles)[:, :, 0].reshape(-1), start[-1])
    starts = np.stack([starts[i * strips : (i + 1) * strips + 1] for i in range(count)])
    layout = Layout(
        column=column,
        row=row,
        across=across,
        value=turned,
        weight=mass,
        starts=starts,
        slab_w=(np.arange(count) + 0.5) * thick,
        terms=terms,
        kappa=math.pi * thick * abs(height),
        height=height,
        corner=(first_row, first_column),
        box=(rows, columns),
        cells=cells,
    )
    return Plan(
        layout, size, depth, model_gridding.kernel_transform(size, cells),
        model_gridding.kernel_polynomial(), np.stack([model_gridding_strips.chunks(each) for each in starts]),
    )  # fmt: skip


def _limits(uvw: Array, used: Array) -> tuple[Array, Array]:
    """Return least and greatest u, v and w of the samples that are used."""
    low = np.array([np.min(c, where=used, initial=np.inf) for c in uvw.T], float)
    high = np.array([np.max(c, where=used, initial=-np.inf) for c in uvw.T], float)
    return low, high


def image(plan: Plan, model: Array | None = None) -> Array:
    """Return Σ weight (V − V_model) exp(−2πi (u l + v m + w n′)), real part, (line, sample) float32.

    Parameters
    ----------
    plan
        Of `prepare`.
    model
        Flux density of every pixel (line, sample), or none.
    """
    lay = plan.layout
    total = np.zeros((plan.size, plan.size), np.float32)
    planes = _planes(plan)
    grid = np.empty((lay.box[0], lay.terms, 2 * lay.box[1]), np.float32)
    for slab in range(len(lay.slab_w)):
        turn = _turn(plan, float(lay.slab_w[slab]))
        if model is not None:
            _to_grid(plan, model, turn, planes, grid)
        _fill(plan, slab, lay.value, grid, model is not None)
        for k in range(lay.terms):
            _to_sky(plan, grid, k, planes)
            tall = _real(planes.tall)
            model_gridding_planes.add_plane(tall, turn, plan.depth, k, *_expanded(lay, k), total)
    return np.asarray(total / (plan.taper[:, None] * plan.taper), np.float32)


def point(plan: Plan) -> Array:
    """Return the point-spread function times Σ weight, as if all w were 0.

    Its form far from the middle depends on where in the field the source is: with w it would be that of the
    middle, without it is that of a place between. It serves the minor cycles alone.
    """
    lay = plan.layout
    total = np.zeros((plan.size, plan.size), np.float32)
    one = np.ones(lay.value.size, np.complex64)
    grid = np.zeros((lay.box[0], 1, 2 * lay.box[1]), np.float32)
    part = np.empty_like(grid)
    for slab in range(len(lay.slab_w)):
        _fill(plan, slab, one, part, False)
        grid += part
    planes = _planes(plan)
    _to_sky(plan, grid, 0, planes)
    series, _, height = _expanded(lay, 0)
    model_gridding_planes.add_plane(
        _real(planes.tall), _turn(plan, 0.0), plan.depth, 0, series, 0.0, height, total
    )
    return np.asarray(total / (plan.taper[:, None] * plan.taper), np.float32)


def predict(plan: Plan, model: Array) -> Array:
    """Return the visibility (sample,) of an image, in the order of `plan.layout` and turned as its values."""
    lay = plan.layout
    out = np.empty(lay.value.size, np.complex64)
    planes = _planes(plan)
    grid = np.empty((lay.box[0], lay.terms, 2 * lay.box[1]), np.float32)
    for slab in range(len(lay.slab_w)):
        _to_grid(plan, model, _turn(plan, float(lay.slab_w[slab])), planes, grid)
        model_gridding_strips.degrid(
            lay.column, lay.row, lay.across, lay.starts[slab], plan.polynomial, grid, out
        )
    return out


def _fill(plan: Plan, slab: int, value: Array, grid: Array, subtract: bool) -> None:
    lay = plan.layout
    model_gridding_strips.residual(
        lay.column, lay.row, lay.across, value, lay.weight, lay.starts[slab], plan.chunks[slab],
        plan.polynomial, grid, subtract,
    )  # fmt: skip


def _expanded(lay: Layout, k: int) -> tuple[Array, float, float]:
    """Return the series of term k, κ/2 per unit of n′ and the middle of n′."""
    return model_gridding_planes.bessel(k), lay.kappa / 2 / abs(lay.height), lay.height


def _turn(plan: Plan, w: float) -> Array:
    """Return the phases of w and of the grid's corner (line, 2 × sample), real and imaginary."""
    lay = plan.layout
    place = 2j * np.pi * (np.arange(plan.size) - plan.size // 2) / lay.cells
    rows, columns = (np.exp(-place * c).astype(np.complex64) for c in lay.corner)
    return _real(model_gridding_planes.turns(plan.depth, w, rows, columns))


def _real(plane: Array) -> Array:
    """Return a complex plane as pairs of real numbers."""
    return plane.view(np.float32)


class Planes(NamedTuple):
    """Memory that every transform of an image uses again."""

    wide: Array
    """(row, cell): rows that the grid uses, from its first column."""
    tall: Array
    """(cell, sample): columns that the image takes; lines begin in the middle."""


def _planes(plan: Plan) -> Planes:
    lay = plan.layout
    return Planes(
        np.empty((lay.box[0], lay.cells), np.complex64), np.empty((lay.cells, plan.size), np.complex64)
    )


def _to_sky(plan: Plan, grid: Array, k: int, planes: Planes) -> None:
    """Write term k of a grid on the sky to the tall plane."""
    from scipy.fft import fft

    model_gridding_planes.widened(grid, k, _real(planes.wide))
    seen = fft(planes.wide, axis=1, workers=_WORKERS, overwrite_x=True)
    model_gridding_planes.cut(_real(seen), _real(planes.tall))
    _same(fft(planes.tall, axis=0, workers=_WORKERS, overwrite_x=True), planes.tall)


def _to_grid(plan: Plan, model: Array, turn: Array, planes: Planes, grid: Array) -> None:
    """Write the grid (row, term, 2 × column) of a model image in a slab."""
    from scipy.fft import ifft

    lay = plan.layout
    tapered = np.asarray(model / (plan.taper[:, None] * plan.taper), np.float32)
    for k in range(lay.terms):
        model_gridding_planes.split_plane(
            tapered, turn, plan.depth, k, *_expanded(lay, k), _real(planes.tall)
        )
        short = ifft(planes.tall, axis=0, norm="forward", workers=_WORKERS, overwrite_x=True)
        model_gridding_planes.spread(_real(short), _real(planes.wide))
        out = ifft(planes.wide, axis=1, norm="forward", workers=_WORKERS, overwrite_x=True)
        model_gridding_planes.narrowed(_real(out), k, grid)


def _same(done: Array, wanted: Array) -> None:
    """Copy what a transform has not left in its place."""
    if not np.shares_memory(done, wanted):
        wanted[:] = done
