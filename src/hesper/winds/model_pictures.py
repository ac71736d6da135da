"""What a slit sees of the disk through seeing: brightness, and velocities weighted by it."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from hesper.compiled import compiled
from hesper.record import Array
from hesper.units import arcsec
from hesper.winds.model import Aspect, Points, points
from hesper.winds.model_fields import Scattering

SUBSAMPLES = 3
"""Of a pixel of a disk's picture, along each axis, for the share of it that the limb and terminator cut."""


class Pictures(NamedTuple):
    """What a slit sees of the disk, tabulated over seeing and the photometric exponent.

    The first column is the brightness, the others brightness times velocity fields.
    """

    start: float
    """Coordinate x and y of the first sample [rad]."""
    step: float
    """[rad]."""
    seeing: Array
    """Full width at half maximum (seeing,) [rad]."""
    exponent: Array
    """(exponent,)."""
    table: Array
    """(exponent, seeing, x, y, column)."""


def gaussian_transfer(frequency: Array, fwhm: float) -> Array:
    """Return the transfer function of Gaussian seeing at spatial frequencies [rad-1]."""
    sigma = fwhm / math.sqrt(8 * math.log(2))
    return np.asarray(np.exp(-2 * (np.pi * sigma * frequency) ** 2))


def moffat_transfer(frequency: Array, fwhm: float) -> Array:
    """Return the transfer function of Moffat seeing with β = 3: ½ z² K₂(z), z = 2π α f."""
    from scipy.special import kv

    alpha = fwhm / (2 * math.sqrt(2 ** (1 / 3) - 1))
    z = np.maximum(2 * np.pi * alpha * frequency, 1e-6)
    return np.asarray(np.where(z < 600, 0.5 * z**2 * kv(2, np.minimum(z, 600)), 0.0))


TRANSFER: dict[str, Callable[[Array, float], Array]] = {
    "gaussian": gaussian_transfer,
    "moffat": moffat_transfer,
}
"""Shapes of the seeing by the names of recipes."""


def pictures(
    view: Aspect,
    columns: Sequence[Callable[[Points, float], Array]],
    *,
    scattering: Scattering,
    transfer: Callable[[Array, float], Array],
    seeing: Array,
    exponent: Array,
    slit: float,
    pixel: float,
    step: float = 0.1 * arcsec,
) -> Pictures:
    """Return the disk and brightness-weighted velocities, blurred by seeing, slit width and row height.

    Parameters
    ----------
    columns
        Functions of points and photometric exponent that give velocities [m s-1].
    seeing, exponent
        Nodes: full widths [rad] (seeing,) and exponents (exponent,).
    slit, pixel
        Width of the slit (along x) and height of a row (along y) [rad].
    step
        Sampling of the table [rad].

    Notes
    -----
    The brightness is relative to its mean over the lit part of the disk. What reaches a row at (x, y) is
    table/… of the first column; a flux-weighted velocity is another column divided by the first.
    """
    radius = view.angular_radius
    half = math.ceil((radius + 2.0 * float(np.max(seeing)) + slit + 1.0 * arcsec) / step)
    side = 2 * half + 1
    sub = (np.arange(side * SUBSAMPLES) - (side * SUBSAMPLES - 1) / 2) * (step / SUBSAMPLES)
    place = points(view, sub[:, None], sub[None, :])
    lit = (place.cos_emission > 0) & (place.cos_incidence > 0)
    inside = Points(*(np.ascontiguousarray(part[lit]) for part in place))
    size = 1 << (side + int(4 * float(np.max(seeing)) / step)).bit_length()
    fx = np.fft.fftfreq(size, step)[:, None]
    fy = np.fft.rfftfreq(size, step)[None, :]
    # The mean over subsamples is itself a small box, whose transfer is divided out.
    window = np.sinc(fx * slit) * np.sinc(fy * pixel) / (np.sinc(fx * step) * np.sinc(fy * step))
    table = np.empty((len(exponent), len(seeing), side, side, len(columns) + 1))
    for k, power in enumerate(exponent):
        light = scattering(inside.cos_incidence, inside.cos_emission, float(power))
        light = light / light.mean()
        values = [light] + [light * column(inside, float(power)) for column in columns]
        for c, value in enumerate(values):
            fine = np.zeros(lit.shape)
            fine[lit] = value
            coarse = fine.reshape(side, SUBSAMPLES, side, SUBSAMPLES).mean(axis=(1, 3))
            transformed = np.fft.rfft2(coarse, s=(size, size)) * window
            for s, width in enumerate(seeing):
                blurred = transformed * transfer(np.hypot(fx, fy), float(width))
                table[k, s, :, :, c] = np.fft.irfft2(blurred, s=(size, size))[:side, :side]
    return Pictures(-half * step, step, np.asarray(seeing, float), np.asarray(exponent, float), table)


def look(table: Pictures, x: Array, y: Array, seeing: Array | float, exponent: Array | float) -> Array:
    """Return what the slit sees (..., column) at positions x, y [rad], seeing [rad] and exponent."""
    parts = np.broadcast_arrays(*(np.asarray(v, float) for v in (x, y, seeing, exponent)))
    first, second, third, fourth = (np.ascontiguousarray(part).ravel() for part in parts)
    out = np.empty((first.size, table.table.shape[-1]))
    look_up(*table, first, second, third, fourth, out)
    return out.reshape(*parts[0].shape, -1)


def at_exponent(table: Pictures, exponent: float) -> Array:
    """Return the light and its derivative by the exponent (2, seeing, x, y) of pictures at an exponent."""
    nodes = table.exponent
    if nodes.size == 1:
        light = table.table[0, ..., 0]
        return np.stack([light, np.zeros_like(light)])
    first, *weights = node_weights(nodes, exponent)
    h = 1e-4
    up, down = (np.array(node_weights_of(nodes, exponent + d, first)) for d in (h, -h))
    near = table.table[first : first + 4, ..., 0]
    return np.stack([np.tensordot(w, near, 1) for w in (np.array(weights), (up - down) / (2 * h))])


@compiled
def node_weights_of(nodes: Array, value: float, i: int) -> tuple[float, float, float, float]:
    """Return the weights at a value of the cubic through the four nodes from the i-th."""
    a, b, c, d = nodes[i], nodes[i + 1], nodes[i + 2], nodes[i + 3]
    wa = (value - b) * (value - c) * (value - d) / ((a - b) * (a - c) * (a - d))
    wb = (value - a) * (value - c) * (value - d) / ((b - a) * (b - c) * (b - d))
    wc = (value - a) * (value - b) * (value - d) / ((c - a) * (c - b) * (c - d))
    wd = (value - a) * (value - b) * (value - c) / ((d - a) * (d - b) * (d - c))
    return wa, wb, wc, wd


@compiled
def node_weights(nodes: Array, value: float) -> tuple[int, float, float, float, float]:
    """Return the first of four nodes round a value and the weights of the cubic through them."""
    n = nodes.size
    if n == 1:
        return 0, 1.0, 0.0, 0.0, 0.0
    i = 0
    while i < n - 4 and value > nodes[i + 2]:
        i += 1
    w0, w1, w2, w3 = node_weights_of(nodes, value, i)
    return i, w0, w1, w2, w3


@compiled
def axis_weights(place: float, size: int) -> tuple[int, float, float, float, float]:
    """Return the first of four samples round a place and the weights of the cubic through them."""
    i = math.floor(place) - 1
    if i < 0:
        i = 0
    elif i > size - 4:
        i = size - 4
    t = place - i - 1
    return (
        i,
        -t * (t - 1) * (t - 2) / 6,
        (t + 1) * (t - 1) * (t - 2) / 2,
        -(t + 1) * t * (t - 2) / 2,
        (t + 1) * t * (t - 1) / 6,
    )


@compiled
def look_up(
    start: float, step: float, seeing_nodes: Array, exponent_nodes: Array, table: Array,
    x: Array, y: Array, seeing: Array, exponent: Array, out: Array,
) -> None:  # fmt: skip
    """Fill `out` (point, column) from `Pictures`: cubic along four axes, 0 outside; ≥ 4 nodes or 1."""
    columns = table.shape[4]
    for n in range(x.size):
        out[n] = 0.0
        px, py = (x[n] - start) / step, (y[n] - start) / step
        if px < 0 or py < 0 or px > table.shape[2] - 1 or py > table.shape[3] - 1:
            continue
        ix, wx0, wx1, wx2, wx3 = axis_weights(px, table.shape[2])
        iy, wy0, wy1, wy2, wy3 = axis_weights(py, table.shape[3])
        js, ws0, ws1, ws2, ws3 = node_weights(seeing_nodes, seeing[n])
        jk, wk0, wk1, wk2, wk3 = node_weights(exponent_nodes, exponent[n])
        wx, wy = (wx0, wx1, wx2, wx3), (wy0, wy1, wy2, wy3)
        ws, wk = (ws0, ws1, ws2, ws3), (wk0, wk1, wk2, wk3)
        for k in range(4):
            if wk[k] == 0.0:
                continue
            for s in range(4):
                if ws[s] == 0.0:
                    continue
                for i in range(4):
                    w = wk[k] * ws[s] * wx[i]
                    for j in range(4):
                        part = w * wy[j]
                        for c in range(columns):
                            out[n, c] += part * table[jk + k, js + s, ix + i, iy + j, c]
