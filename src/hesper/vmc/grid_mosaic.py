"""Images of an orbit → cells of a map of the planet → the mosaic of the orbit."""

import dataclasses
import math

import numpy as np

from hesper import maps
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.record import Array
from hesper.vmc import calibrate_gradient, calibrate_overlap, model_blur, model_camera
from hesper.vmc.data import FIELD_CENTRE, FIELD_HALF
from hesper.vmc.data_map import Radiation, Scene
from hesper.vmc.data_orbit import Cells, FlatField, Frames, OrbitMosaic
from hesper.vmc.data_settings import Atmosphere, Masking
from hesper.vmc.model_surface import limb_law

LIMB_EMISSIVITY = 0.9
_IFOV = 0.7e-3


def world(resolution: float) -> maps.Grid:
    """Return the grid of the whole planet that cells are counted on."""
    return maps.equirectangular(resolution, west=0.0, east=2 * np.pi, south=-np.pi / 2, north=np.pi / 2)


def cells(
    frames: Frames, light: Radiation, *, resolution: float, masking: Masking, atmosphere: Atmosphere
) -> Cells:
    """Bin the pixels of each image into cells, limb darkening divided out, twilight and limb left out.

    Parameters
    ----------
    frames
        Images of one orbit.
    light
        Table whose limb law is divided out.
    resolution
        Size of a cell [rad].
    masking, atmosphere
        Limits of emission and incidence, hot pixels; height of emission.

    Raises
    ------
    InputError
        If no pixel of any image is left, with the reasons.
    """
    rows, columns = round(np.pi / resolution), round(2 * np.pi / resolution)
    law = limb_law(light, 0.0, LIMB_EMISSIVITY)
    edges = _edges(rows, columns)
    north, lon = (resolution * (np.arange(n) + 0.5) for n in (rows, columns))
    sines, cosines = np.cos(north), np.sin(north)
    east = np.stack([np.cos(lon), np.sin(lon)], axis=1)
    sums, order = np.zeros((rows, columns, 4)), np.empty(rows * columns, np.int64)
    radius = VENUS_RADIUS + atmosphere.emission_height
    parts, left, kept = [], [frames.left_out] if frames.left_out else [], []
    for k in range(frames.time.size):
        pixel = _IFOV * (np.linalg.norm(frames.position[k]) - radius)
        split = max(1, math.ceil(1.5 * pixel / (resolution * radius)))
        met = model_camera.add_pixels(
            frames.radiance[k], (frames.focal[k], frames.sample[k], frames.line[k]),
            np.ascontiguousarray(frames.position[k]), np.ascontiguousarray(frames.axes[k]), radius,
            frames.sun[k] / np.linalg.norm(frames.sun[k]), math.cos(masking.largest_emission),
            math.cos(masking.smallest_incidence), masking.hot, law, float(light.cosine[0]), FIELD_CENTRE,
            FIELD_HALF, split, *edges, sums, order,
        )  # fmt: skip
        found = np.empty((4, met))
        model_camera.take_cells(sums, order, met, found)
        # Cells that the image covers by less than half are left out.
        row, column = np.divmod(order[:met], columns)
        ground = radius * np.stack(
            [cosines[row] * east[column, 0], cosines[row] * east[column, 1], sines[row]]
        )
        full = split**2 * _pixels(ground, frames.position[k], frames.focal[k]) * cosines[row] * resolution**2
        whole = found[3] >= 0.5 * full
        if not whole.any():
            left.append(f"{frames.name[k]}: all pixels are masked: twilight, limb or field")
            continue
        smear = np.hypot(frames.smear[k], pixel)
        found[3] /= split**2
        parts.append((order[:met][whole], found[:, whole], np.full(int(whole.sum()), smear**-2)))
        kept.append(k)
    if not parts:
        raise InputError(f"orbit {frames.orbit}: no image is left: {' | '.join(left)}")
    index = np.concatenate([part[0] for part in parts])
    values = np.concatenate([part[1] for part in parts], axis=1)
    weight = np.concatenate([part[2] for part in parts]) * values[3]
    lat = np.pi / 2 - resolution * (index // columns + 0.5)
    return Cells(
        value=values[0],
        x=values[1],
        y=values[2],
        n=values[3],
        cell=index,
        start=np.concatenate([[0], np.cumsum([part[0].size for part in parts])]),
        area=(resolution * VENUS_RADIUS) ** 2 * np.cos(lat),
        weight=weight,
        name=frames.name[kept],
        time=frames.time[kept],
        smear=frames.smear[kept],
        resolution=resolution,
        orbit=frames.orbit,
        channel=frames.channel,
        left_out=" | ".join(left),
    )


def _pixels(ground: Array, position: Array, focal: float) -> Array:
    """Return how many pixels a camera has for a square radius of ground (3, point), seen as it lies."""
    ray = position[:, None] - ground
    square = np.sum(ray**2, axis=0)
    return np.asarray(focal**2 * np.linalg.norm(ground[:, :1]) * np.sum(ray * ground, axis=0) / square**1.5)


def _edges(rows: int, columns: int) -> tuple[Array, Array]:
    """Return the edges of the planet's cells as `model_camera.add_pixels` takes them."""
    lat, lon = np.linspace(np.pi / 2, -np.pi / 2, rows + 1), np.linspace(0, 2 * np.pi, columns + 1)
    sines = np.concatenate([[np.inf], np.sin(lat[1:-1]), [-np.inf]])
    return sines, np.stack([np.cos(lon), np.sin(lon)], axis=1)


def mosaic(made: Cells, flat: FlatField) -> OrbitMosaic:
    """Join the images of an orbit, divided by its flat field where that was accepted."""
    accepted = flat.status == calibrate_gradient.ACCEPTED
    divisor = calibrate_gradient.factor(flat.gradient, made.x, made.y) if accepted else np.ones(made.x.size)
    ids, mean, spread, n, pixels = _joined(made, made.value / divisor)
    late = np.repeat(made.time - made.time.min(), np.diff(made.start))
    _, time, apart, _, _ = _joined(made, late)
    return OrbitMosaic(
        brightness=mean,
        brightness_std=spread,
        cell=ids,
        n=n,
        pixels=pixels,
        time=time,
        time_std=np.where(n > 1, apart * np.sqrt(1 - 1 / n), 0.0),
        resolution=made.resolution,
        smear=float(np.average(made.smear, weights=np.diff(made.start))),
        orbit=made.orbit,
        images=", ".join(map(str, made.name)),
        left_out=made.left_out,
        channel=made.channel,
        error_before=np.nan,
        error=np.nan,
        error_floor=np.nan,
        error_gains=np.nan,
        seam_gains=np.nan,
        flat=flat,
    )


def nothing(orbit: int, channel: str, resolution: float, left_out: str, flat: FlatField) -> OrbitMosaic:
    """Return the mosaic of an orbit of which no image can be used."""
    none = np.zeros(0)
    return OrbitMosaic(
        brightness=none, brightness_std=none, cell=none, n=none, pixels=none, time=none,
        time_std=none, resolution=resolution, smear=0.0, orbit=orbit, images="", left_out=left_out,
        channel=channel, error_before=np.nan, error=np.nan, error_floor=np.nan, error_gains=np.nan,
        seam_gains=np.nan, flat=flat,
    )  # fmt: skip


def compared(
    made: OrbitMosaic, images: Cells, truth: Scene, gradient: Array | None, least: int
) -> OrbitMosaic:
    """Return a mosaic with its errors against the true brightness, beside those of three other ways.

    Parameters
    ----------
    made, images
        The mosaic and the images it is made of.
    truth
        The simulated scene.
    gradient
        The true gradient (2,), or none.
    least
        Cells of an overlap that counts.
    """
    light, area = _true(made, truth)

    def error(values: Array) -> float:
        good = np.isfinite(light) & (values > 0)
        ratio = np.log(values[good] / light[good])
        middle = np.average(ratio, weights=area[good])
        return float(np.sqrt(np.average((ratio - middle) ** 2, weights=area[good])))

    shared = calibrate_overlap.overlaps(images, least)
    gain, seam = np.nan, np.nan
    if shared.first.size:
        each = calibrate_gradient.gains(shared)
        gain = error(joined(images, images.value / np.exp(np.repeat(each, np.diff(images.start))))[1])
        left = calibrate_overlap.medians(shared, shared.ratio) - (each[shared.first] - each[shared.second])
        seam = float(np.median(np.abs(left)))
    floor = np.nan
    if gradient is not None:
        flat = calibrate_gradient.factor(gradient, images.x, images.y)
        floor = error(joined(images, images.value / flat)[1])
    return dataclasses.replace(
        made, error_before=error(joined(images, images.value)[1]), error=error(made.brightness),
        error_floor=floor, error_gains=gain, seam_gains=seam,
    )  # fmt: skip


def _true(made: OrbitMosaic, truth: Scene) -> tuple[Array, Array]:
    """Return the true brightness of a mosaic's cells, smeared as it is, and the cosine of their latitude."""
    from scipy import ndimage

    step = float(truth.grid.x[1] - truth.grid.x[0]) / VENUS_RADIUS
    columns = round(2 * np.pi / made.resolution)
    lon = made.resolution * (made.cell % columns + 0.5)
    lat = np.pi / 2 - made.resolution * (made.cell // columns + 0.5)
    column, row = maps.coordinates(truth.grid, lon, lat)
    inside = (column >= 0) & (column < truth.grid.x.size) & (row >= 0) & (row < truth.grid.y.size)
    # Only the rows and columns that the orbit saw, and as many more as the smear reaches.
    reach = math.ceil(made.smear / (step * VENUS_RADIUS)) + 2
    first = [max(int(v[inside].min(initial=v.size)) - reach, 0) for v in (row, column)]
    last = [int(v[inside].max(initial=0)) + reach + 1 for v in (row, column)]
    part = truth.brightness[first[0] : last[0], first[1] : last[1]]
    smeared = model_blur.smeared(part, made.smear, step)
    light = ndimage.map_coordinates(smeared, [row - first[0], column - first[1]], order=1, mode="nearest")
    return np.where(inside, light, np.nan), np.cos(lat)


def joined(made: Cells, value: Array) -> tuple[Array, Array]:
    """Return the cells (cell,) of an orbit and the weighted mean of values (point,) in each."""
    return _joined(made, value)[:2]


def _joined(made: Cells, value: Array) -> tuple[Array, Array, Array, Array, Array]:
    ids, start, point = calibrate_overlap.sorted_points(made.cell)
    found, pixels = np.empty((2, ids.size)), np.empty(ids.size)
    calibrate_overlap.average(start, point, value, made.weight, made.n.astype(float), found, pixels)
    return ids, found[0], found[1], np.diff(start), np.rint(pixels).astype(int)
