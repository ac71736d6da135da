"""What an image's label and VICAR header state, beside what we find: rows of a report.

Tolerances are half the last printed digit carried through, three standard deviations of the fit, or both.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from hesper.geometry import sphere
from hesper.geometry.camera import Pinhole, limb_radius, sphere_from_pixels
from hesper.products import Result
from hesper.record import Array
from hesper.units import deg, km
from hesper.vmc import model, pipeline_labels, read_geometry
from hesper.vmc.calibrate import pinhole, pixel
from hesper.vmc.calibrate_footprint import footprint
from hesper.vmc.data import ARCHIVE_RADIUS, Footprint, Image, Pointing, Stated
from hesper.vmc.pipeline_labels import half_digit, row

EXPLAINED = (
    "The archive's geometry is recomputed from its own numbers. Its sphere is 60 km larger than the mean "
    "radius (6111.8 km: emission angles, altitudes and footprints agree with no other); its Sun is apparent, "
    "aberration and parallax of the surface point included; its local time is cut to whole seconds; its "
    "centre is the middle pixel of the visible disk, not the boresight; SPACECRAFT_SOLAR_DISTANCE is that of "
    "Venus at PERIAPSIS_TIME; its mean counts pixels outside the field and saturated ones as 0 and divides "
    "by the number of pixels less INVALID_PIXEL_COUNT. The 100 footprint points then fall on whole pixels "
    "within 0.001, which gives the archive's attitude, focal lengths and principal points. Where our limb "
    "leaves that attitude the rows say by how much and give no verdict: at 1.01 µm the limb is 1.1 % larger "
    "than the archive's focal length allows, and the centre of V0260's disk lies 0.24 pixel off."
)


class _Angles(NamedTuple):
    lon: float
    lat: float
    incidence: float
    emission: float
    phase: float


def results(path: Path, found: Pointing) -> list[Result]:
    """Return the rows of one image."""
    stated, name = read_geometry.stated(path), found.image.name
    archive = footprint(found, stated)
    centre = _centre_pixel(archive, stated)
    return [
        *pipeline_labels.statistics(path, name, stated),
        *pipeline_labels.orbit(path, found.image, stated),
        *pipeline_labels.sun(path, found.image, stated),
        *_archive(name, found.image, archive, stated, centre),
        *_limb(name, found, archive),
        *_refined(name, found, stated, centre),
        *_footprint(name, found, archive, stated),
    ]


def _archive_place(stated: Stated) -> Array:
    return (stated.altitude + ARCHIVE_RADIUS) * sphere.unit_vector(
        stated.spacecraft_lon, stated.spacecraft_lat
    )


def _centre_pixel(archive: Footprint, stated: Stated) -> tuple[float, float]:
    """Return the pixel the header calls the centre."""
    point = ARCHIVE_RADIUS * sphere.unit_vector(stated.lon, stated.lat)
    # The principal point is the one pixel whose direction the axes know without a camera.
    seen = archive.axes @ (point - _archive_place(stated))
    disk = archive.axes @ -_archive_place(stated)
    sample, line = archive.focal * (seen[:2] / seen[2] - disk[:2] / disk[2])
    return float(archive.disk_sample + sample), float(archive.disk_line + line)


def _seen(sample: float, line: float, camera: Pinhole, place: Array, axes: Array, sun: Array) -> _Angles:
    sight = sphere_from_pixels(sample, line, camera=camera, position=place, axes=axes, radius=ARCHIVE_RADIUS)
    angles = model.illumination(sight.lon, sight.lat, position=place, sun=sun, radius=ARCHIVE_RADIUS)
    return _Angles(float(sight.lon), float(sight.lat), *(float(angle) for angle in angles))


def _expected(stated: Stated) -> dict[str, tuple[str, float]]:
    return {
        "longitude": ("EASTERN_LONGITUDE_AT_CENTER", stated.lon),
        "latitude": ("CENTRIC_LATITUDE_AT_CENTER", stated.lat),
        "incidence": ("INCIDENCE_AT_CENTER", stated.incidence),
        "emission": ("EMISSION_AT_CENTER", stated.emission),
        "phase": ("PHASE_AT_CENTER", stated.phase),
    }


def _archive(
    name: str, image: Image, archive: Footprint, stated: Stated, centre: tuple[float, float]
) -> list[Result]:
    """Check the centre's numbers in the archive's own attitude, place and sphere."""
    camera = Pinhole(archive.focal, image.sample, image.line)
    whole = round(centre[0]), round(centre[1])
    seen = _seen(*whole, camera, _archive_place(stated), archive.axes, image.sun)
    # Half a digit of the spacecraft's place and of the value; the grid of pixels gives the attitude.
    digit, grain = 0.5e-4, 3 * archive.scatter / archive.focal / deg * stated.altitude / ARCHIVE_RADIUS
    note = "centre pixel in the attitude of the footprint; ½ digit of both places, 3σ of the footprint's grid"
    rows = []
    for (what, (keyword, expected)), value in zip(_expected(stated).items(), seen, strict=True):
        stretch = 1 / np.cos(stated.lat) if what == "longitude" else 1.0
        lever = (1 + ARCHIVE_RADIUS / stated.altitude) if what in ("emission", "phase") else 1.0
        limit = (half_digit(expected / deg) + 2 * digit) * lever + grain * stretch
        rows.append(
            row(name, f"{what} at the centre, archive's attitude", "deg", value / deg, expected / deg, limit,
                 note, keyword=keyword)
        )  # fmt: skip
    sampling = "altitude over focal length; the archive does not say how it defines the sampling"
    return [
        *rows,
        _beside(
            name, "ground sampling", "m", stated.altitude / archive.focal, stated.resolution, None, sampling
        ),
    ]


def _beside(
    name: str, what: str, unit: str, value: float, stated: float, std: float | None, why: str
) -> Result:
    """Return a row that puts a number beside the archive's without a verdict, and says why."""
    sigmas = f", {abs(value - stated) / std:.1f} standard deviations" if std else ""
    note = f"no verdict; difference {value - stated:+.4g} {unit}{sigmas}: {why}"
    return Result("vmc", f"{name} {what}", unit, value, std, None, stated, source=f"{name}.IMG", note=note)


_OFFSETS = (
    "focal lengths and boresights of the archive's kernels are known to be off (limb study of the four "
    "cameras, Limaye et al.), by amounts that no label states"
)


def _limb(name: str, found: Pointing, archive: Footprint) -> list[Result]:
    """Put the limb beside the archive's camera, and judge the roll."""
    camera = Pinhole(archive.focal, found.image.sample, found.image.line)
    predicted = limb_radius(float(np.linalg.norm(found.image.position)), found.cloud_radius, camera)
    std = found.limb_radius * float(np.hypot(found.limb_radius_std / found.limb_radius, found.level_std))
    pairs = (("sample", found.disk_sample, archive.disk_sample), ("line", found.disk_line, archive.disk_line))
    roll = "3σ of the strips and of the vanishing point; expected: attitude of the footprint"
    return [
        _beside(name, "limb radius", "pixel", found.limb_radius, predicted, std, _OFFSETS),
        *(
            _beside(name, f"{axis} of the disk's centre", "pixel", value, stated, found.disk_std, _OFFSETS)
            for axis, value, stated in pairs
        ),
        row(name, "roll by illumination less the footprint's", "deg", (found.roll - archive.roll) / deg, 0.0,
             3 * found.roll_std / deg, roll, found.roll_std / deg),
    ]  # fmt: skip


def _refined(name: str, found: Pointing, stated: Stated, centre: tuple[float, float]) -> list[Result]:
    """Check the centre's numbers in the refined attitude, errors carried through numerically."""
    image, camera = found.image, pinhole(found.image)
    sample, line = round(centre[0]), round(centre[1])
    planned = model.planned_axes(image.position, image.sun)

    def seen(sample: float, line: float, angles: Array) -> Array:
        axes = model.turned(planned, angles)
        return np.array(_seen(sample, line, camera, image.position, axes, image.sun))

    value = seen(sample, line, found.angles)
    columns = [seen(sample, line, found.angles + 1e-5 * step) for step in np.eye(3)]
    slope = np.stack([(column - value) / 1e-5 for column in columns], axis=1)
    std = np.sqrt(np.einsum("ij,jk,ik->i", slope, found.covariance, slope))
    corners = [seen(sample + x, line + y, found.angles) for x in (-0.5, 0.5) for y in (-0.5, 0.5)]
    pixel_reach = np.max(np.abs(np.array(corners) - value), axis=0)
    note = "3σ of limb and illumination, half a pixel, to which the header knows its centre, ½ last digit"
    return [
        row(name, f"{what} at the centre, by the limb", "deg", v / deg, expected / deg,
                (3 * s + reach) / deg + half_digit(expected / deg), note, s / deg, keyword)
        for (what, (keyword, expected)), v, s, reach in zip(
            _expected(stated).items(), value, std, pixel_reach, strict=True
        )
    ]  # fmt: skip


def _footprint(name: str, found: Pointing, archive: Footprint, stated: Stated) -> list[Result]:
    """Check where the footprint points fall: on the grid of pixels, and along the limb."""
    # Six digits: 0.0005° of a longitude, of which 6111.8 km make 0.053 km on the ground.
    grain = 0.5e-3 * deg * ARCHIVE_RADIUS * archive.focal / stated.altitude
    rows = [
        row(name, "footprint points off the grid of pixels", "pixel", archive.scatter, 0.0, grain,
             "rms; half the last digit of the longitudes", keyword="FOOTPRINT_POINT_LONGITUDE"),
    ]  # fmt: skip
    image, camera = found.image, pinhole(found.image)
    point = ARCHIVE_RADIUS * sphere.unit_vector(stated.footprint_lon, stated.footprint_lat)
    to_spacecraft = sphere.normalized(image.position - point)
    if np.min(sphere.separation(point, to_spacecraft)) < 80 * deg:
        return rows
    seen = np.array([pixel(image.axes @ (p - image.position), camera) for p in point])
    angle = np.arctan2(seen[:, 1] - found.disk_line, seen[:, 0] - found.disk_sample)
    edge = model.limb(angle, camera=camera, position=image.position, axes=image.axes, radius=ARCHIVE_RADIUS)
    centre = np.array([found.disk_sample, found.disk_line])
    inside = np.hypot(edge.sample - centre[0], edge.line - centre[1]) - np.hypot(*(seen - centre).T)
    note = "largest; a pixel on the edge of the disk lies within its diagonal of the limb, plus 3σ"
    rows.append(
        row(name, "footprint points inside the limb", "pixel", np.abs(inside).max(), 0.0,
             np.sqrt(2) + 3 * found.disk_std, note, found.disk_std, "FOOTPRINT_POINT_LATITUDE")
    )  # fmt: skip
    return rows


def archive_radius(stated: Stated) -> float:
    """Return the radius [m] of the sphere on which the centre's place and emission angle agree."""
    from scipy.optimize import brentq

    def excess(radius: float) -> float:
        normal = sphere.unit_vector(stated.lon, stated.lat)
        place = (stated.altitude + radius) * sphere.unit_vector(stated.spacecraft_lon, stated.spacecraft_lat)
        return float(sphere.separation(normal, place - radius * normal) - stated.emission)

    return float(brentq(excess, 5000 * km, 7000 * km))
