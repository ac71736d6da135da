"""Archive files → the night-side images of one orbit, placed and pointed."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.geometry.camera import Pinhole
from hesper.products import pds3
from hesper.record import Array
from hesper.units import deg, km
from hesper.vmc import model, model_orbit, read, read_attitude, read_geometry
from hesper.vmc.data import ARCHIVE_RADIUS, Channel
from hesper.vmc.data_orbit import Frames
from hesper.vmc.data_settings import Masking
from hesper.vmc.model_orbit import Elements

_FLOWN = range(2005, 2016)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?")


class Source(NamedTuple):
    """Where the attitude comes from."""

    kind: str
    """label, geo or spice."""
    meta_kernel: str
    kernel: str
    rotation: str
    channels: Mapping[str, Channel]


class _Read(NamedTuple):
    path: Path
    stored: pds3.Image
    vicar: dict[str, object]
    time: str
    periapsis: str
    exposure: float


class _Placed(NamedTuple):
    radiance: Array
    pose: read_attitude.Pose
    sun: Array
    camera: Pinhole
    smear: float
    time: float
    name: str


def frames(paths: Sequence[Path], source: Source, masking: Masking) -> Frames:
    """Read the images of one orbit and channel; an image that cannot be used is left out with its reason.

    Parameters
    ----------
    paths
        Files of one orbit; their order does not matter.
    source
        Where the attitude comes from.
    masking
        Border of the field and largest smear.

    Raises
    ------
    InputError
        If no image is left, with the reasons of all.
    """
    called = read.name(paths[0])
    taken: list[_Read] = []
    left: list[str] = []
    for path in paths:
        try:
            taken.append(_read(path))
        except InputError as error:
            left.append(_short(path, error))
    parts = _single(_placed(taken, source, masking, left), left) if taken else []
    if not parts:
        raise InputError(f"orbit {called.orbit}: no image is left: {' | '.join(left)}")
    parts.sort(key=lambda part: part.time)
    cameras = [part.camera for part in parts]
    return Frames(
        radiance=np.stack([part.radiance for part in parts]),
        position=np.stack([part.pose.position for part in parts]),
        axes=np.stack([part.pose.axes for part in parts]),
        sun=np.stack([part.sun for part in parts]),
        focal=np.array([camera.focal for camera in cameras]),
        sample=np.array([camera.sample for camera in cameras]),
        line=np.array([camera.line for camera in cameras]),
        smear=np.array([part.smear for part in parts]),
        time=np.array([part.time for part in parts]),
        name=np.array([part.name for part in parts]),
        orbit=called.orbit,
        channel=called.channel,
        left_out=" | ".join(left),
    )


def _single(parts: list[_Placed], left: list[str]) -> list[_Placed]:
    """Leave out images of a moment that another shows: of those that can be used, the first is taken."""
    found: dict[float, _Placed] = {}
    for part in parts:
        first = found.setdefault(part.time, part)
        if first is not part:
            left.append(
                f"{part.name}.IMG: a second image of the same time, a duplicate; {first.name} is taken"
            )
    return list(found.values())


def _read(path: Path) -> _Read:
    called = read.name(path)
    stored = pds3.read_image(path)
    label = stored.label
    read.agreed(label, called)
    if stored.data.ndim != 2:
        raise label.refuse("IMAGE", f"{stored.data.ndim} dimensions", "one band", "give a camera image")
    times = []
    for keyword in ("IMAGE_TIME", "PERIAPSIS_TIME"):
        written = label[keyword]
        if not _is_time(written):
            raise label.refuse(
                keyword, written, "a time of the mission as 2007-01-06T01:39:30.006Z", "mend the label"
            )
        times.append(str(written).rstrip("Z"))
    read.scaling(label)
    exposure = read.exposure(label)
    vicar = read.header(path, label)
    read.refuse_other_pixels(stored, vicar)
    return _Read(path, stored, vicar, times[0], times[1], exposure)


def _is_time(written: object) -> bool:
    """Tell whether a word is a time of the mission: one that is none would stop all images of the orbit."""
    if not isinstance(written, str) or _TIME.fullmatch(written) is None:
        return False
    try:
        # A leap second is a time too.
        clock = written[:19].replace("T23:59:60", "T23:59:59")
        return datetime.fromisoformat(clock).year in _FLOWN
    except ValueError:
        return False


def _placed(taken: list[_Read], source: Source, masking: Masking, left: list[str]) -> list[_Placed]:
    """Place and point images; the Sun once for all, turned with the body."""
    stamps = ephemeris.tdb_seconds([f.time for f in taken] + [f.periapsis for f in taken])
    times, periapses = stamps[: len(taken)], stamps[len(taken) :]
    middle = float(np.median(times))
    sun = read_geometry.sun(middle, kernel=source.kernel, rotation=source.rotation).place
    spin = ephemeris.ROTATIONS[source.rotation]
    poses = _spice(taken, times, source)
    parts: list[_Placed] = []
    for i, found in enumerate(taken):
        try:
            turned = sphere.rotation(2, spin.rate * (float(times[i]) - middle)) @ sun
            parts.append(_one(found, float(times[i]), float(periapses[i]), turned, poses[i], source, masking))
        except (InputError, OSError) as error:
            left.append(_short(found.path, error))
    return parts


def _spice(taken: list[_Read], times: Array, source: Source) -> list[read_attitude.Pose | None]:
    if source.kind != "spice":
        return [None] * len(taken)
    detector = source.channels[read.name(taken[0].path).channel].detector
    return list(read_attitude.from_kernels(Path(source.meta_kernel), times, detector))


def _one(
    found: _Read, time: float, periapsis: float, sun: Array, pose: read_attitude.Pose | None,
    source: Source, masking: Masking,
) -> _Placed:  # fmt: skip
    label, called = found.stored.label, read.name(found.path)
    camera = read.pinhole(label, source.channels[called.channel])
    step, dark = read.scaling(label)
    data = found.stored.data
    inside = data != read.OUTSIDE
    marker = found.vicar.get("OVERFLOW_VALUE", read_geometry.real(label.object("IMAGE"), "MAXIMUM") + 1)
    valid = inside & (data < marker)
    valid &= _inner(inside, masking.border)
    if not valid.any():
        raise InputError(f"{found.path.name}: no valid pixel: all lie outside the field or are saturated")
    elements = read_geometry.elements(label, periapsis)
    spin = ephemeris.ROTATIONS[source.rotation]
    if pose is None:
        position = _position(found, elements, time, spin)
        pose = read_attitude.Pose(position, _axes(found, inside, camera, position, sun, source))
    smear = float(model_orbit.nadir_smear(elements, time, found.exposure, spin))
    if smear > masking.longest_smear:
        raise InputError(
            f"{found.path.name}: smeared over {smear / km:.0f} km; at most {masking.longest_smear / km:.0f}"
        )
    radiance = np.where(valid, data * np.float32(step) + np.float32(dark), np.float32(np.nan))
    return _Placed(radiance, pose, sun, camera, smear, time, found.path.stem)


def _inner(inside: Array, border: int) -> Array:
    """Take a border of some pixels off a field (line, sample); outside the window there is no field."""
    lines, samples = inside.shape
    padded = np.pad(inside, border)
    rows, out = padded[border : border + lines].copy(), inside.copy()
    for shift in range(2 * border + 1):
        rows &= padded[shift : shift + lines]
    for shift in range(2 * border + 1):
        out &= rows[:, shift : shift + samples]
    return out


def _position(found: _Read, elements: Elements, time: float, spin: ephemeris.Rotation) -> Array:
    """Return the spacecraft [m]: the header's place, finer than the elements, and checked against them."""
    whole = model_orbit.place(elements, time, spin)
    numbers = [
        found.vicar.get(f"SPACECRAFT_{k}") for k in ("EASTERN_LONGITUDE", "CENTRIC_LATITUDE", "ALTITUDE")
    ]
    if not all(isinstance(v, int | float) for v in numbers):
        return whole
    lon, lat, height = (float(v) for v in numbers)  # type: ignore[arg-type]
    place = (height * km + ARCHIVE_RADIUS) * sphere.unit_vector(lon * deg, lat * deg)
    off = float(np.linalg.norm(place - whole))
    # Half a digit of the elements is 0.005°; half a second of periapsis at 10 km/s is 5 km.
    if off > 20 * km + 2e-3 * float(np.linalg.norm(whole)):
        raise InputError(
            f"{found.path.name}: header and orbital elements put the spacecraft {off / km:.0f} km apart; "
            "one of them lies: mend the label"
        )
    return place


def _axes(found: _Read, inside: Array, camera: Pinhole, position: Array, sun: Array, source: Source) -> Array:
    if source.kind == "geo":
        return read_attitude.from_backplanes(backplanes(found.path), camera=camera, position=position)
    label = found.stored.label
    lon, lat = (
        np.atleast_1d(np.asarray(label[f"FOOTPRINT_POINT_{axis}"], float)) * deg
        for axis in ("LONGITUDE", "LATITUDE")
    )
    if lon.shape != lat.shape or lon.ndim != 1:
        raise label.refuse("FOOTPRINT_POINT_LONGITUDE", lon.shape, f"{lat.shape} as the latitudes", "mend it")
    return read_attitude.from_footprint(
        lon, lat, inside, camera=camera, position=position, planned=model.planned_axes(position, sun),
        where=found.path.name,
    )  # fmt: skip


def backplanes(path: Path) -> Path:
    """Return where the archive has the backplanes of an image: …/GEOMETRY/… for …/DATA/…, or beside it."""
    parts = ["GEOMETRY" if part == "DATA" else part for part in path.parts]
    mirrored = Path(*parts).with_suffix(".GEO")
    return mirrored if mirrored.is_file() else path.with_suffix(".GEO")


def _short(path: Path, error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if path.name in text else f"{path.name}: {text}"
