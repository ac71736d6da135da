"""The attitude an archive used, recovered from the footprint points in its labels."""

import numpy as np

from hesper.errors import ConvergenceError
from hesper.geometry import sphere
from hesper.record import Array
from hesper.vmc import model
from hesper.vmc.calibrate import aimed, pinhole, pixel
from hesper.vmc.data import ARCHIVE_RADIUS, Footprint, Pointing, Stated

_REACH = np.radians(4.0)
_STRIDE = np.radians(0.01)
_COHERENT = 1.8
_ROUNDS = 20


def footprint(found: Pointing, stated: Stated) -> Footprint:
    """Find the small rotation that puts the footprint points on the centres of pixels.

    The points are the archive's own longitudes and latitudes of pixels along limb and edge of the field.
    With the archive's place of the spacecraft, its sphere, its focal length and the right attitude they
    fall on whole samples and lines; the roll is searched within 4°, the centre of the disk within half a
    pixel of the limb's.

    Raises
    ------
    ConvergenceError
        If no attitude near the refined one does that.
    """
    image = found.image
    camera = pinhole(image)._replace(focal=image.focal / found.focal_ratio)
    point = ARCHIVE_RADIUS * sphere.unit_vector(stated.footprint_lon, stated.footprint_lat)
    place = (stated.altitude + ARCHIVE_RADIUS) * sphere.unit_vector(
        stated.spacecraft_lon, stated.spacecraft_lat
    )
    planned = model.planned_axes(place, image.sun)
    ray, middle = (point - place) @ planned.T, np.array([0.0, 0.0, 1.0])

    def pixels(angles: Array) -> Array:
        seen = ray @ model.turned(np.eye(3), angles).T
        return np.array([camera.sample, camera.line]) + camera.focal * seen[:, :2] / seen[:, 2:]

    # The planet's centre where the limb has it, in the archive's camera; then all rolls about it.
    aim = np.array([found.disk_sample - camera.sample, found.disk_line - camera.line, camera.focal])
    trials = [aimed(aim, twist) for twist in found.angles[2] + np.arange(-_REACH, _REACH, _STRIDE)]
    waves = [np.exp(2j * np.pi * pixels(angles)).mean(axis=0) for angles in trials]
    scores = [float(np.abs(wave).sum()) for wave in waves]
    best = int(np.argmax(scores))
    if scores[best] < _COHERENT:
        raise ConvergenceError(
            f"{image.name}: the footprint falls on no grid of pixels (coherence {scores[best]:.2f} of 2)"
        )
    angles = trials[best]
    target = np.round(pixels(angles) - np.angle(waves[best]) / (2 * np.pi))
    for _ in range(_ROUNDS):
        columns = [(pixels(angles + step) - pixels(angles)).ravel() / 1e-6 for step in 1e-6 * np.eye(3)]
        design = np.stack(columns, axis=1)
        change = np.linalg.lstsq(design, (target - pixels(angles)).ravel(), rcond=None)[0]
        angles = angles + change
        if np.abs(change).max() < 1e-12:
            break
    seen = pixels(angles)
    scatter = float(np.sqrt(np.mean((target - seen) ** 2)))
    disk = pixel(model.turned(np.eye(3), angles) @ middle, camera)
    return Footprint(
        axes=model.turned(planned, angles),
        disk_sample=disk[0],
        disk_line=disk[1],
        roll=angles[2],
        roll_std=scatter * float(np.sqrt(np.linalg.inv(design.T @ design)[2, 2])),
        focal=camera.focal,
        scatter=scatter,
        sample=seen[:, 0],
        line=seen[:, 1],
    )
