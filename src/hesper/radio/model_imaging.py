"""Images of samples and samples of images: the gridding kernel, the transforms and the slabs along w."""

import math
import os
from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.radio import model_gridding as gridding
from hesper.radio.model_gridding import FINER, STRIP, TERMS, TILE, WIDTH, Layout
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
    strips: Array
    """(slab, 2, strip)"""


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
    count = gridding.slabs(largest, float(depth.min()))
    thick = largest / count * (1 + 1e-6)
    strips, tiles = rows // STRIP + 1, columns // TILE + 1
    key = gridding.keys(uvw, scale, first_row, first_column, count, thick, strips, tiles)
    where, start = gridding.order(key, weight, count * strips * tiles)
    del key
    column, row, across, turned, mass = gridding.sort(
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
        kappa=math.pi * thick * abs(height),
        height=height,
        corner=(first_row, first_column),
        box=(rows, columns),
        cells=cells,
    )
    return Plan(
        layout, size, depth, gridding.kernel_transform(size, cells),
        gridding.kernel_polynomial(), np.stack([_colours(each) for each in starts]),
    )  # fmt: skip


def _limits(uvw: Array, used: Array) -> tuple[Array, Array]:
    """Return least and greatest u, v and w of the samples that are used."""
    low = np.array([np.min(c, where=used, initial=np.inf) for c in uvw.T], float)
    high = np.array([np.max(c, where=used, initial=-np.inf) for c in uvw.T], float)
    return low, high


def _colours(start: Array) -> Array:
    """Deal the even and the odd strips to two threads so that both have as much to do; −1 fills up."""
    load = np.diff(start)
    dealt = []
    for colour in (0, 1):
        strips = np.arange(colour, load.size, 2)
        strips = strips[np.argsort(-load[strips], kind="stable")]
        dealt.append(np.concatenate([strips[0::2], strips[1::2]]))
    longest = max(map(len, dealt))
    return np.stack([np.pad(d, (0, longest - len(d)), constant_values=-1) for d in dealt])


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
    out = np.empty((lay.box[0], _terms(lay.kappa), 2 * lay.box[1]), np.float32)
    planes = _planes(plan)
    for slab in range(len(lay.slab_w)):
        turn = _turn(plan, slab)
        grid = out[:1] if model is None else _model_grid(plan, model, turn, planes)
        out[:] = 0
        gridding.residual(
            lay.column, lay.row, lay.across, lay.value, lay.weight, lay.starts[slab], plan.strips[slab],
            plan.polynomial, grid, out, model is not None,
        )  # fmt: skip
        for k in range(_terms(lay.kappa)):
            _to_sky(plan, out, k, planes)
            gridding.add_plane(planes.tall, turn, plan.depth, k, lay.kappa, lay.height, total)
    return np.asarray(total / (plan.taper[:, None] * plan.taper), np.float32)


def point(plan: Plan) -> Array:
    """Return the image of a source of 1 Jy in the middle, Σ weight there: the point-spread function."""
    lay = plan.layout
    thick = 2 * float(lay.slab_w[0])
    turned = np.exp(-1j * np.float32(np.pi * thick * lay.height) * lay.across).astype(np.complex64)
    return image(plan._replace(layout=lay._replace(value=turned)))


def predict(plan: Plan, model: Array) -> Array:
    """Return the visibility (sample,) of an image, in the order of `plan.layout` and turned as its values."""
    lay = plan.layout
    out = np.empty(lay.value.size, np.complex64)
    planes = _planes(plan)
    for slab in range(len(lay.slab_w)):
        grid = _model_grid(plan, model, _turn(plan, slab), planes)
        gridding.degrid(lay.column, lay.row, lay.across, lay.starts[slab], plan.polynomial, grid, out)
    return out


def _terms(kappa: float) -> int:
    """Return how many terms of the expansion along w are above 1e-5."""
    return next((k for k in range(1, TERMS) if 2 * (kappa / 2) ** k / math.factorial(k) < 1e-5), TERMS)


def _turn(plan: Plan, slab: int) -> Array:
    """Return the phases of a slab and of the grid's corner (line, sample)."""
    lay = plan.layout
    place = 2j * np.pi * (np.arange(plan.size) - plan.size // 2) / lay.cells
    rows, columns = (np.exp(-place * c).astype(np.complex64) for c in lay.corner)
    return np.asarray(gridding.turns(plan.depth, float(lay.slab_w[slab]), rows, columns))


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

    lay, half, (wide, tall) = plan.layout, plan.size // 2, planes
    wide[:, : lay.box[1]] = grid[:, k].view(np.complex64)
    wide[:, lay.box[1] :] = 0
    seen = fft(wide, axis=1, workers=_WORKERS, overwrite_x=True)
    tall[: lay.box[0], :half], tall[: lay.box[0], half:] = seen[:, -half:], seen[:, :half]
    tall[lay.box[0] :] = 0
    done = fft(tall, axis=0, workers=_WORKERS, overwrite_x=True)
    if done is not tall and not np.shares_memory(done, tall):
        tall[:] = done


def _model_grid(plan: Plan, model: Array, turn: Array, planes: Planes) -> Array:
    """Return the grid (row, term, 2 × column) of a model image in a slab."""
    from scipy.fft import ifft

    lay, half, (wide, tall) = plan.layout, plan.size // 2, planes
    rows = slice(half, lay.cells - half)
    tapered = np.asarray(model / (plan.taper[:, None] * plan.taper), np.float32)
    grid = np.empty((lay.box[0], _terms(lay.kappa), 2 * lay.box[1]), np.float32)
    for k in range(_terms(lay.kappa)):
        tall[rows] = 0
        gridding.split_plane(tapered, turn, plan.depth, k, lay.kappa, lay.height, tall)
        short = ifft(tall, axis=0, norm="forward", workers=_WORKERS, overwrite_x=True)[: lay.box[0]]
        wide[:, half:-half] = 0
        wide[:, -half:], wide[:, :half] = short[:, :half], short[:, half:]
        out = ifft(wide, axis=1, norm="forward", workers=_WORKERS, overwrite_x=True)
        grid[:, k].view(np.complex64)[:] = out[:, : lay.box[1]]
    return grid
