"""Where a camera looked: from the footprint in a label, from backplanes, or from SPICE kernels."""

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hesper.errors import InputError, MissingError, ResourceError
from hesper.geometry import sphere
from hesper.geometry.camera import Pinhole
from hesper.products import pds3
from hesper.record import Array
from hesper.units import deg, km
from hesper.vmc import model
from hesper.vmc.data import ARCHIVE_RADIUS

_SCATTER = 0.25
_ROUNDS = 25
_SIDE = 6
_OFFSETS = np.radians([0.0, 2.0, -2.0, 4.0, -4.0])


class Pose(NamedTuple):
    """Where a camera was and how it stood, in the body frame."""

    position: Array
    """(3,) [m]."""
    axes: Array
    """(3, 3): along samples, along lines, boresight."""


def from_footprint(
    lon: Array, lat: Array, inside: Array, *, camera: Pinhole, position: Array, planned: Array, where: str
) -> Array:
    """Return the axes (3, 3) that put the footprint of a label onto the edge of the field.

    Parameters
    ----------
    lon, lat
        Footprint points [rad] on the archive's sphere.
    inside
        (line, sample), True for pixels of the field.
    camera, position, planned
        Camera, spacecraft [m], and axes from which the search starts: within about 10° of the right ones.
    where
        Name of the image, for messages.

    Raises
    ------
    InputError
        If the points lie on no rotation of the field's edge.

    Notes
    -----
    The points are pixels of the edge, in an unknown order: each is matched with the nearest pixel of the
    edge, the rotation follows by singular value decomposition (Wahba's problem), and again; at last each
    is the centre of a whole pixel.
    """
    from scipy.spatial import cKDTree

    ray = sphere.normalized(ARCHIVE_RADIUS * sphere.unit_vector(lon, lat) - position)
    if ray.shape[0] < 8:
        raise InputError(f"{where}: a footprint of {ray.shape[0]} points; at least 8 are needed")
    edge = np.stack(model.outline(inside), axis=1)
    tree = cKDTree(edge)
    middle = _direction(edge.mean(axis=0)[None], camera)[0]
    axes = _aligned(planned, sphere.normalized(ray.mean(axis=0)), middle)
    axes, error = _matched(ray, axes, edge, tree, camera)
    if not error < _SCATTER:
        # Where part of the edge lies off the planet the middle of the points is not that of the field.
        for x, y in itertools.product(_OFFSETS, _OFFSETS):
            start = model.turned(planned, np.array([x, y, 0.0]))
            other, off = _matched(ray, start, edge, tree, camera)
            if off < error:
                axes, error = other, off
            if error < _SCATTER:
                break
    if not error < _SCATTER:
        raise InputError(
            f"{where}: the footprint lies {error:.1f} pixels off the edge of the field; give .GEO or kernels"
        )
    return axes


def _matched(ray: Array, axes: Array, edge: Array, tree: Any, camera: Pinhole) -> tuple[Array, float]:
    """Turn axes until points meet the edge, across it first and then pixel by pixel; return the rms left."""
    ahead = np.roll(edge, -_SIDE, axis=0) - np.roll(edge, _SIDE, axis=0)
    normal = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) / np.hypot(*ahead.T)[:, None]
    for _ in range(_ROUNDS):
        direction = ray @ axes.T
        if direction[:, 2].min() <= 0.2:
            return axes, np.inf
        seen = _pixels(direction, camera)
        near = tree.query(seen)[1]
        offset = np.sum((edge[near] - seen) * normal[near], axis=1)
        design = np.stack(
            [
                np.sum(
                    (_pixels(direction @ sphere.rotation(k, 1e-6).T, camera) - seen) * normal[near], axis=1
                )
                for k in range(3)
            ],
            axis=1,
        )
        turn = np.linalg.lstsq(design / 1e-6, offset, rcond=None)[0]
        axes = model.turned(axes, turn)
        if np.abs(turn).max() < 1e-7:
            break
    error = np.inf
    for _ in range(3):
        seen = _pixels(ray @ axes.T, camera)
        target = edge[tree.query(seen)[1]]
        error = float(np.sqrt(np.mean(np.sum((seen - target) ** 2, axis=1))))
        axes = wahba(ray, _direction(target, camera))
    return axes, error


def from_backplanes(path: Path, *, camera: Pinhole, position: Array) -> Array:
    """Return the axes (3, 3) that put pixels onto the longitudes and latitudes of a .GEO file.

    Raises
    ------
    InputError
        If the file holds no five backplanes, or they fit no camera here.
    MissingError
        If there is no such file.
    """
    if not path.is_file():
        raise MissingError(f"{path}: missing geometry; give the .GEO file, or geometry = label")
    planes = pds3.read_image(path).data
    if planes.ndim != 3 or planes.shape[0] < 5:
        raise InputError(f"{path}: {planes.shape} numbers; five backplanes are needed")
    line, sample = np.mgrid[8 : planes.shape[1] : 16, 8 : planes.shape[2] : 16]
    lat, lon = (np.asarray(planes[k, line, sample], float) for k in (3, 4))
    seen = (np.abs(lat) <= 90) & (np.abs(lon) <= 360)
    if seen.sum() < 8:
        raise InputError(f"{path}: {int(seen.sum())} pixels on the planet; at least 8 are needed")
    place = np.stack([sample[seen], line[seen]], axis=1).astype(float)
    ray = sphere.normalized(ARCHIVE_RADIUS * sphere.unit_vector(lon[seen] * deg, lat[seen] * deg) - position)
    axes = wahba(ray, _direction(place, camera))
    error = np.sqrt(np.mean((_pixels(ray @ axes.T, camera) - place) ** 2))
    if not error < _SCATTER:
        raise InputError(
            f"{path}: the backplanes lie {error:.1f} pixels off; spacecraft or camera is another"
        )
    return axes


def from_kernels(meta_kernel: Path, times: Array, frame: str) -> list[Pose]:
    """Return poses at times [s tdb] from SPICE kernels, asked for in a process of its own.

    Parameters
    ----------
    meta_kernel
        The user's meta-kernel: leap seconds, clock, frames, attitude and orbits.
    times
        TDB seconds since J2000 (time,).
    frame
        Frame of the detector, as VEX_VMC_NIR-2.

    Raises
    ------
    MissingError
        If there is no such file.
    ResourceError
        If spiceypy is not installed.
    InputError
        If the kernels do not cover the times.

    Notes
    -----
    SPICE keeps its kernels in global state and ends the process on some errors: hence another process.
    Light time is 0.2 s at most and left out; the frame's axes are along samples, lines and boresight.
    """
    if not meta_kernel.is_file():
        raise MissingError(f"meta_kernel: '{meta_kernel}' does not exist; give a SPICE meta-kernel")
    asked = json.dumps({"kernel": str(meta_kernel), "times": list(map(float, times)), "frame": frame})
    done = subprocess.run(
        [sys.executable, "-m", "hesper.vmc.read_spice"], input=asked, capture_output=True, text=True,
        check=False, cwd=meta_kernel.resolve().parent,
    )  # fmt: skip
    if done.returncode == 3:
        raise ResourceError("geometry = spice: the package spiceypy is not installed; pip install spiceypy")
    if done.returncode != 0:
        reason = (done.stdout.strip() or done.stderr.strip() or "no answer").splitlines()[-1]
        raise InputError(f"{meta_kernel}: SPICE: {reason[:300]}; load kernels that cover the images")
    return [Pose(np.array(p) * km, np.array(m)) for p, m in json.loads(done.stdout)]


def wahba(body: Array, camera: Array) -> Array:
    """Return the rotation (3, 3) that best carries unit vectors (point, 3) of the body to the camera's."""
    u, _, vt = np.linalg.svd(camera.T @ body)
    return np.asarray(u @ np.diag([1.0, 1.0, np.linalg.det(u) * np.linalg.det(vt)]) @ vt)


def _aligned(planned: Array, ray: Array, middle: Array) -> Array:
    """Turn planned axes by the smallest rotation that brings a ray to a direction of the camera."""
    start = planned @ ray
    axis = np.cross(start, middle)
    sine, cosine = float(np.linalg.norm(axis)), float(start @ middle)
    if sine < 1e-12:
        return planned
    k = axis / sine
    cross = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    return np.asarray((np.eye(3) + sine * cross + (1 - cosine) * cross @ cross) @ planned)


def _direction(place: Array, camera: Pinhole) -> Array:
    offset = (place - [camera.sample, camera.line]) / camera.focal
    return sphere.normalized(np.column_stack([offset, np.ones(len(place))]))


def _pixels(direction: Array, camera: Pinhole) -> Array:
    return np.array([camera.sample, camera.line]) + camera.focal * direction[:, :2] / direction[:, 2:]
