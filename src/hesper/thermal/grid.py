"""Rays → maps of the disk."""

from collections.abc import Sequence

import numpy as np

from hesper.errors import InputError
from hesper.record import Array
from hesper.thermal.data import DiskMap, Limb
from hesper.units import km


def disk(limbs: Sequence[Limb], latitudes: Array, *, pixel: float) -> DiskMap:
    """Return maps of brightness temperature and linear polarisation from profiles between centre and limb.

    Stokes I is the mean of both polarisations; the polarised part (vertical − horizontal)/2 has its
    electric field along the radius of the disk. A pixel at distance b from the centre and y north of it lies
    at latitude arcsin(y/b · min(b/b_c, 1)), seen from the equatorial plane, as Venus always nearly is;
    between the latitudes of two profiles it has its share of both. Beyond the last ray of the profile the
    maps are zero: the sky is not drawn.

    Parameters
    ----------
    limbs
        Profiles along the same impact parameters, the first of which lies near the centre; one per latitude.
    latitudes
        Of the profiles, rising [rad]; those of one profile do not matter.
    pixel
        Size of a pixel [m].

    Raises
    ------
    InputError
        If the pixel is not smaller than the disk.
    """
    first = limbs[0]
    outer = float(first.impact[-1])
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
    shares = _shares(up, radius, first.critical_impact, latitudes)
    total = np.zeros((first.frequency.size, *radius.shape))
    part = np.zeros_like(total)
    for share, each in zip(shares, limbs, strict=True):
        for i in range(first.frequency.size):
            vertical, horizontal = each.vertical[i], each.horizontal[i]
            total[i] += share * np.interp(radius, each.impact, 0.5 * (vertical + horizontal), right=0.0)
            part[i] += share * np.interp(radius, each.impact, 0.5 * (vertical - horizontal), right=0.0)
    return DiskMap(
        frequency=first.frequency,
        east=axis,
        north=axis,
        brightness_temperature=total,
        stokes_q=part * np.cos(2 * angle),
        stokes_u=part * np.sin(2 * angle),
    )


def mean_limb(limbs: Sequence[Limb], shares: Array) -> Limb:
    """Return the mean of profiles around the disk.

    Parameters
    ----------
    shares
        Part of each ring that has each profile, shape (profile, impact).
    """
    first = limbs[0]
    return Limb(
        frequency=first.frequency,
        impact=first.impact,
        horizontal=np.sum([s * each.horizontal for s, each in zip(shares, limbs, strict=True)], axis=0),
        vertical=np.sum([s * each.vertical for s, each in zip(shares, limbs, strict=True)], axis=0),
        critical_impact=first.critical_impact,
    )


def _shares(up: Array, radius: Array, critical_impact: float, latitudes: Array) -> Array:
    """Return the share of each latitude in each pixel, shape (latitude, north, east)."""
    sine = np.abs(up) / np.maximum(radius, critical_impact)
    place = np.arcsin(np.clip(sine, 0.0, 1.0))
    return np.array([np.interp(place, latitudes, unit) for unit in np.eye(latitudes.size)])
