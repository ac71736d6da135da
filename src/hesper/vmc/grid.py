"""Images → maps on any grid of `hesper.maps`."""

from collections.abc import Sequence

import numpy as np

from hesper import maps
from hesper.errors import InputError
from hesper.record import Array
from hesper.vmc import model
from hesper.vmc.calibrate import pinhole
from hesper.vmc.data import Map, Pointing


def radiance_map(images: Sequence[Pointing], grid: maps.Grid, *, largest_emission: float) -> Map:
    """Return the mean of images on a grid, every cell looked up bilinearly in every image.

    Parameters
    ----------
    images
        Images of one channel.
    largest_emission
        Cells seen at a larger emission angle [rad] are left out.

    Raises
    ------
    InputError
        If there are no images, they are of several channels or none sees a cell.
    """
    layers = [maps.resample_image(grid, _camera_image(one, largest_emission)) for one in images]
    return _map(images, grid, layers, [np.isfinite(layer).astype(int) for layer in layers])


def binned_map(images: Sequence[Pointing], grid: maps.Grid, *, largest_emission: float) -> Map:
    """Return the mean of all pixels in each cell of an equirectangular grid; for cells larger than pixels.

    The arguments and errors are those of `radiance_map`; `n` counts pixels.
    """
    cells = [maps.bin_image(grid, _camera_image(one, largest_emission)) for one in images]
    return _map(images, grid, [c.mean for c in cells], [c.n for c in cells])


def _camera_image(one: Pointing, largest_emission: float) -> maps.Image:
    image = one.image
    return maps.Image(
        image.radiance, pinhole(image), image.position, image.axes, one.cloud_radius, largest_emission
    )


def _map(images: Sequence[Pointing], grid: maps.Grid, layers: list[Array], counts: list[Array]) -> Map:
    if not images:
        raise InputError("map: no images given; at least one is needed")
    if len({one.image.channel for one in images}) > 1:
        raise InputError("map: images of several channels; map each channel by itself")
    n = np.sum(counts, axis=0)
    if not n.any():
        names = ", ".join(one.image.name for one in images)
        raise InputError(f"map: {names} see no cell of the grid; choose another grid or a larger emission")
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = [np.where(c > 0, c / n, 0.0) for c in counts]
        variance = sum(w * w * one.noise**2 for w, one in zip(weights, images, strict=True))
    lon, lat = maps.lon_lat(grid)
    angles = [
        model.illumination(lon, lat, position=o.image.position, sun=o.image.sun, radius=o.cloud_radius)
        for o in images
    ]

    def mean(values: Sequence[Array]) -> Array:
        total = sum(np.where(w > 0, w * v, 0.0) for w, v in zip(weights, values, strict=True))
        return np.where(n > 0, total, np.nan)

    spans = [
        o.disk_std * (float(np.linalg.norm(o.image.position)) - o.cloud_radius) / o.image.focal
        for o in images
    ]
    return Map(
        grid=grid,
        radiance=mean(layers),
        radiance_std=np.where(n > 0, np.sqrt(variance), np.nan),
        n=n,
        incidence=mean([a.incidence for a in angles]),
        emission=mean([a.emission for a in angles]),
        phase=mean([a.phase for a in angles]),
        radius=images[0].cloud_radius,
        place_std=float(np.sqrt(np.mean(np.square(spans)))),
        wavelength=images[0].image.wavelength,
        images=", ".join(one.image.name for one in images),
    )
