"""A fitted disk against the length of baselines, in every channel and at every time."""

import numpy as np

from hesper.geometry.disk import limb_darkened_disk_visibility
from hesper.radio import model_disk, retrieve_disk
from hesper.radio.data_image import DiskFit, DiskProfile, Tracked
from hesper.radio.model_disk import Disk, Moments
from hesper.record import Array


def profile(tracked: Tracked, fitted: DiskFit, *, edges: Array) -> DiskProfile:
    """Return real and imaginary parts, turned to the disk and divided by beam and smearing, in rings of |uv|.

    Parameters
    ----------
    tracked
        The visibilities that were fitted.
    fitted
        The disk.
    edges
        Limits of the rings (ring + 1,) [wavelengths].
    """
    sky, _ = retrieve_disk.sky(tracked, 0.0, np.inf)
    away = 2 * np.pi * (sky.uv @ fitted.offset)[..., None] * sky.wavenumber
    factor = sky.response[:, None, :] * np.sinc(sky.drift[..., None] * sky.wavenumber)
    turned, weight = sky.value * np.exp(-1j * away) / factor, sky.weight * factor**2
    length = np.linalg.norm(sky.uv, axis=-1)[..., None] * sky.wavenumber
    ring = np.digitize(length, edges) - 1
    inside = (ring >= 0) & (ring < edges.size - 1) & (weight > 0)
    weight, real, imaginary, place = (
        np.bincount(ring[inside], x[inside], minlength=edges.size - 1)
        for x in (weight, weight * turned.real, weight * turned.imag, weight * length)
    )
    used = weight > 0
    weight = np.where(used, weight, np.nan)
    q = np.pi * fitted.angular_diameter * place / weight
    shape = limb_darkened_disk_visibility(np.nan_to_num(q), fitted.limb_exponent)
    return DiskProfile(
        baseline=place / weight,
        real=real / weight,
        imaginary=imaginary / weight,
        std=1 / np.sqrt(weight),
        model=np.where(used, fitted.flux_density * shape, np.nan),
    )


def channels(tracked: Tracked, fitted: DiskFit) -> tuple[Array, Array]:
    """Return flux density and standard deviation [Jy] of every channel, place and shape as fitted."""
    return _each(_moments(tracked, fitted).by_channel.sum(axis=0))


def times(tracked: Tracked, fitted: DiskFit) -> tuple[Array, Array]:
    """Return flux density and standard deviation [Jy] at every time, place and shape as fitted."""
    return _each(_moments(tracked, fitted).by_channel.sum(axis=1))


def _moments(tracked: Tracked, fitted: DiskFit) -> Moments:
    sky, _ = retrieve_disk.sky(tracked, 0.0, np.inf)
    size = fitted.angular_diameter
    found = Disk(1.0, size, fitted.limb_exponent, float(fitted.offset[0]), float(fitted.offset[1]))
    return model_disk.moments(sky, found, model_disk.table_for(sky, found))


def _each(total: Array) -> tuple[Array, Array]:
    weight = np.where(total[:, 1] > 0, total[:, 1], np.nan)
    return np.asarray(total[:, 0] / weight), np.asarray(1 / np.sqrt(weight))
