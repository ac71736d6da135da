"""Where the antennas are, and the baselines as the sky sees them."""

import csv
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.ephemeris import Site, earth, kernel, paths
from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.record import Array

EARTH_ROTATION = 7.292115e-5
"""[rad s-1] (IERS Conventions 2010, table 1.1)."""


class Antennas(NamedTuple):
    """The antennas of an array."""

    telescope: str
    name: Array
    """(antenna,) names."""
    position: Array
    """(antenna, 3) geocentric, ITRF [m]."""
    centre: Array
    """(3,) reference point, ITRF [m]."""


class Frame(NamedTuple):
    """The axes of a field at the times of an observation."""

    axes: Array
    """(time, 3, 3): rows u, v, w as vectors in ITRF."""
    elevation: Array
    """(time,) of the field, without refraction [rad]."""
    azimuth: Array
    """(time,) of the field, from north through east [rad]."""
    parallactic: Array
    """(time,) position angle of the zenith, north through east [rad]."""


_TABLES = {
    "GMRT": "antennas_gmrt",
    "uGMRT": "antennas_gmrt",
    "VLA": "antennas_vla",
    "MeerKAT": "antennas_meerkat",
}


def antennas(telescope: str) -> Antennas:
    """Return the packaged antennas of a telescope.

    Raises
    ------
    InputError
        If there are none; the error names what there is.
    """
    if telescope not in _TABLES:
        raise InputError(f"telescope '{telescope}': no table of antennas; known: {', '.join(_TABLES)}")
    text = (files("hesper.radio") / "tables" / f"{_TABLES[telescope]}.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    local = np.array([[float(row[key]) for key in ("x", "y", "z")] for row in rows])
    centre = local[0]
    return Antennas(telescope, np.array([row["name"] for row in rows[1:]]), _itrf(centre, local[1:]), centre)


def _itrf(centre: Array, local: Array) -> Array:
    """Turn local equatorial coordinates (X to the meridian, Y east, Z north) into ITRF [m]."""
    lon = np.arctan2(centre[1], centre[0])
    c, s = np.cos(lon), np.sin(lon)
    return np.asarray(centre + local @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]))


def pairs(count: int) -> tuple[Array, Array]:
    """Return the first and second antenna of every baseline of `count` antennas, first < second."""
    first, second = np.triu_indices(count, 1)
    return first, second


def field_frame(times: Array, ra: Array | float, dec: Array | float, centre: Array) -> Frame:
    """Return the axes of a field on the turning Earth.

    Parameters
    ----------
    times
        (time,) TDB seconds since J2000 (or any time that `ephemeris.viewing` takes).
    ra, dec
        () or (time,): phase centre, astrometric J2000 (ICRF) [rad].
    centre
        (3,) reference point of the array, ITRF [m].

    Notes
    -----
    w points to where the waves come from: the place with annual and diurnal aberration (Urban & Seidelmann
    2013, Explanatory supplement, equation 7.40); v lies in the plane of w and of the place 1e-6 rad north of
    it, aberrated too; u is east. So l and m are differences of J2000 places, as in the files of every
    observatory; the shrinking of the field by aberration, up to 1e-4, is left in them as it is there.
    """
    tdb, turning = earth.epochs(times)
    spk = kernel.open_kernel("DE421")
    where, speed = paths.station(
        spk, tdb, turning, Site("array", (float(centre[0]), float(centre[1]), float(centre[2])), "given")
    )
    del where
    ra, dec = np.broadcast_to(ra, tdb.shape), np.broadcast_to(dec, tdb.shape)
    step = 1e-6
    w = _aberrated(_unit(ra, dec), speed)
    north = _aberrated(_unit(ra, dec + step), speed) - w
    v = sphere.normalized(north - np.sum(north * w, -1, keepdims=True) * w)
    u = np.cross(v, w)
    celestial = np.stack([u, v, w], axis=1)
    axes = celestial @ turning.to_celestial
    up, east, to_north = horizon(centre)
    field = axes[:, 2, :]
    zenith_u, zenith_v = axes[:, 0] @ up, axes[:, 1] @ up
    return Frame(
        axes,
        np.arcsin(np.clip(field @ up, -1, 1)),
        np.arctan2(field @ east, field @ to_north) % (2 * np.pi),
        np.arctan2(zenith_u, zenith_v),
    )


def baseline_uvw(axes: Array, position: Array, antenna1: Array, antenna2: Array) -> Array:
    """Return uvw (time, baseline, 3) [m]: antenna 1 less antenna 2, on the axes (time, 3, 3) of the field."""
    antenna = np.einsum("tij,aj->tai", axes, position - position.mean(axis=0))
    return np.asarray(antenna[:, antenna1] - antenna[:, antenna2])


def uvw_change(
    time: Array,
    interval: Array,
    position: Array,
    antenna1: Array,
    antenna2: Array,
    ra: float,
    dec: float,
) -> Array:
    """Return by how much uvw changes during integrations, (time, baseline, 3) [m]."""
    centre = position.mean(axis=0)
    early, late = (
        baseline_uvw(
            field_frame(time + sign * 0.5 * interval, ra, dec, centre).axes, position, antenna1, antenna2
        )
        for sign in (-1, 1)
    )
    return late - early


def uvw_turn(uvw: Array, interval: Array, dec: float) -> Array:
    """Return by how much uvw changes during integrations, (time, baseline, 3) [m], from uvw itself.

    The Earth turns a baseline b about the pole p = (0, cos δ, sin δ): 2 sin(ω τ/2) p × b. The pole of date is
    taken for that of J2000, in this century to 0.01 of the change; `uvw_change` does it without.

    Parameters
    ----------
    uvw
        (time, baseline, 3) [m].
    interval
        (time,) [s].
    dec
        Declination of the phase centre [rad].
    """
    step = 2 * np.sin(0.5 * EARTH_ROTATION * np.asarray(interval))[:, None]
    north, depth = np.cos(dec), np.sin(dec)
    u, v, w = np.moveaxis(np.asarray(uvw), -1, 0)
    return np.stack([step * (north * w - depth * v), step * depth * u, -step * north * u], axis=-1)


def direction_cosines(
    ra: Array | float, dec: Array | float, centre_ra: Array | float, centre_dec: Array | float
) -> tuple[Array, Array]:
    """Return l (east) and m (north) of a place about the centre of a field; all angles in rad."""
    a = np.asarray(ra) - np.asarray(centre_ra)
    sin_dec, cos_dec = np.sin(dec), np.cos(dec)
    sin0, cos0 = np.sin(centre_dec), np.cos(centre_dec)
    return np.asarray(cos_dec * np.sin(a)), np.asarray(sin_dec * cos0 - cos_dec * sin0 * np.cos(a))


def place(l: Array, m: Array, centre_ra: float, centre_dec: float) -> tuple[Array, Array]:  # noqa: E741
    """Return right ascension and declination [rad] of direction cosines, the inverse of the above."""
    n = np.sqrt(1 - np.asarray(l) ** 2 - np.asarray(m) ** 2)
    dec = np.arcsin(m * np.cos(centre_dec) + n * np.sin(centre_dec))
    ra = centre_ra + np.arctan2(l, n * np.cos(centre_dec) - m * np.sin(centre_dec))
    return np.asarray(ra), np.asarray(dec)


def _unit(ra: Array, dec: Array) -> Array:
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)


def _aberrated(direction: Array, speed: Array) -> Array:
    beta = speed / SPEED_OF_LIGHT
    gamma = 1 / np.sqrt(1 - np.sum(beta**2, -1, keepdims=True))
    along = np.sum(direction * beta, -1, keepdims=True)
    return sphere.normalized(direction / gamma + beta * (1 + along * gamma / (1 + gamma)))


def horizon(centre: Array) -> tuple[Array, Array, Array]:
    """Return zenith, east and north (ITRF) of a place, normal to the ellipsoid WGS 84."""
    from erfa import ufunc

    lon, lat, _, _ = ufunc.gc2gd(1, np.asarray(centre, float))
    up = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    return up, east, np.cross(up, east)
