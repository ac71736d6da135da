"""Rays → maps of the disk."""

import numpy as np

from hesper.errors import InputError
from hesper.thermal.data import DiskMap, Limb
from hesper.units import km


def disk(limb: Limb, *, pixel: float) -> DiskMap:
    """Return maps of brightness temperature and linear polarisation from the profile between centre and limb.

    Stokes I is the mean of both polarisations; the polarised part (vertical − horizontal)/2 has its
    electric field along the radius of the disk. Beyond the last ray of the profile the maps are zero: the
    sky is not drawn.

    Parameters
    ----------
    limb
        Profile whose first ray lies near the centre.
    pixel
        Size of a pixel [m].

    Raises
    ------
    InputError
        If the pixel is not smaller than the disk.
    """
    outer = float(limb.impact[-1])
    if not 0 < pixel < outer:
        raise InputError(
            f"grid.disk: pixels of {pixel / km:g} km; a size above 0 and below {outer / km:.0f} km is needed"
        )
    half = int(np.ceil(outer / pixel))
    axis = pixel * np.arange(-half, half + 1)
    up, left = axis[:, None], axis[None, :]
    radius = np.hypot(up, left)
    # Position angle of the radial direction, north through east.
    angle = np.arctan2(left, up)
    total, polarised = [], []
    for horizontal, vertical in zip(limb.horizontal, limb.vertical, strict=True):
        total.append(np.interp(radius, limb.impact, 0.5 * (vertical + horizontal), right=0.0))
        polarised.append(np.interp(radius, limb.impact, 0.5 * (vertical - horizontal), right=0.0))
    part = np.array(polarised)
    return DiskMap(
        frequency=limb.frequency,
        east=axis,
        north=axis,
        brightness_temperature=np.array(total),
        stokes_q=part * np.cos(2 * angle),
        stokes_u=part * np.sin(2 * angle),
    )
