"""Archive files → records: level-2 and level-3 PDS3 images with their VICAR2 headers."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hesper.errors import InputError, MissingError
from hesper.geometry.camera import Pinhole
from hesper.products import pds3
from hesper.products.pds3 import Label
from hesper.units import ms
from hesper.vmc import model, read_geometry
from hesper.vmc.data import CHANNELS, PHASES, Channel, Image, Phase
from hesper.vmc.data_settings import Camera

OUTSIDE = -1
"""Data number of pixels outside the octagonal field."""
_NAME = re.compile(r"V(\d{4})_(\d{4})_(N1|N2|UV|VI)([23])\.IMG", re.IGNORECASE)
_DATA_SET = re.compile(r"VEX-V-VMC-3-RDR(?:-SCP)?(?:-(EXT\d))?-V\d+\.\d+")
_RADIANCE_UNIT = "W*M**-3*SR**-1"
_TWICE = (
    "ORBIT_NUMBER", "RADIANCE_SCALING_FACTOR", "RADIANCE_OFFSET", "EXPOSURE_DURATION", "MACROPIXEL_SIZE",
    "LINE_FIRST_PIXEL", "SAMPLE_FIRST_PIXEL", "DETECTOR_ID", "ORBITAL_SEMIMAJOR_AXIS", "ORBITAL_ECCENTRICITY",
    "PERIAPSIS_ALTITUDE", "ORBITAL_INCLINATION", "ASCENDING_NODE_LONGITUDE", "PERIAPSIS_ARGUMENT_ANGLE",
    "PERIAPSIS_TIME", "IMAGE_TIME",
)  # fmt: skip
"""What is read from the label and stands in the VICAR header too."""
_DIGITS = 1e-6
_MEAN_OFF = 1e-3


class Name(NamedTuple):
    """What the name of an image says: V<orbit>_<sequence>_<channel><level>.IMG."""

    orbit: int
    sequence: int
    channel: str
    level: int


def name(path: Path | str) -> Name:
    """Return what a file's name says.

    Raises
    ------
    InputError
        If it is not the name of an image.
    """
    found = _NAME.fullmatch(Path(path).name)
    if found is None:
        raise InputError(
            f"{path}: not the name of an image; V<orbit>_<sequence>_<channel><level>.IMG is needed, "
            "as V0260_0008_UV2.IMG"
        )
    return Name(int(found[1]), int(found[2]), found[3].upper(), int(found[4]))


def channels(camera: Camera) -> dict[str, Channel]:
    """Return the channels by their codes, with the focal lengths and boresights of a recipe.

    Raises
    ------
    InputError
        If there are not as many of each as channels, or a focal length is not positive.
    """
    for name, values in (("focal", camera.focal), ("sample", camera.sample), ("line", camera.line)):
        if len(values) != len(CHANNELS):
            raise InputError(
                f"camera.{name} = {list(values)}: {len(values)} numbers; {len(CHANNELS)} are needed, for "
                f"{', '.join(CHANNELS)}"
            )
    if not min(camera.focal) > 0:
        raise InputError(f"camera.focal = {list(camera.focal)}; focal lengths are positive")
    each = zip(CHANNELS.values(), camera.focal, camera.sample, camera.line, strict=True)
    return {c.code: c._replace(focal=focal, sample=sample, line=line) for c, focal, sample, line in each}


def phase(orbit: int) -> Phase:
    """Return the mission phase of an orbit.

    Raises
    ------
    InputError
        If the mission had no such orbit.
    """
    for part in PHASES:
        if part.first <= orbit <= part.last:
            return part
    raise InputError(f"orbit {orbit}: the mission had the orbits 0 to {PHASES[-1].last}; check the name")


def files(place: Path) -> list[Path]:
    """Return the images of a folder and its subfolders in the order of their names, or the one file given.

    Raises
    ------
    MissingError
        If the folder holds none.
    """
    if place.is_file():
        return [place]
    # A link that leads nowhere is listed too, so that its reading says so.
    found = sorted(p for p in place.rglob("*") if p.suffix.upper() == ".IMG" and not p.is_dir())
    if not found:
        raise MissingError(f"{place}: no *.IMG in this folder; give the folder of the images")
    return found


def image(
    path: Path | str,
    *,
    kernel: str = "DE421",
    rotation: str = "IAU",
    channels: Mapping[str, Channel] = CHANNELS,
) -> Image:
    """Read an image, place it by the orbital elements of its label and point it as planned.

    Parameters
    ----------
    path
        `V<orbit>_<sequence>_<channel><level>.IMG` with an attached label.
    kernel, rotation
        Ephemeris and rotation model of Venus; see `hesper.ephemeris.viewing`.
    channels
        By their codes.

    Raises
    ------
    InputError
        If the name, the label, its VICAR header, the pixels and the size of the file do not agree, a
        keyword is missing or no pixel is valid.
    MissingError
        If there is no such file.
    """
    called = name(path)
    stored = pds3.read_image(path)
    label = stored.label
    agreed(label, called)
    channel = channels[called.channel]
    if stored.data.ndim != 2:
        raise label.refuse("IMAGE", f"{stored.data.ndim} dimensions", "one band", "give a camera image")
    time = read_geometry.seconds(label, "IMAGE_TIME")
    step, dark = scaling(label)
    exposed = exposure(label)
    vicar = header(path, label)
    inside = stored.data != OUTSIDE
    saturated = inside & (stored.data >= _saturation(label, vicar))
    valid = inside & ~saturated
    if not valid.any():
        raise InputError(f"{path}: no valid pixel: all lie outside the field or are saturated; leave it out")
    refuse_other_pixels(stored, vicar)
    sun = read_geometry.sun(time, kernel=kernel, rotation=rotation)
    position = read_geometry.position(label, time, rotation=rotation, sun=sun.place)
    camera = pinhole(label, channel)
    return Image(
        radiance=np.where(valid, stored.data * step + dark, np.nan),
        valid=valid,
        saturated=saturated,
        position=position,
        axes=model.planned_axes(position, sun.place),
        sun=sun.place,
        focal=camera.focal,
        sample=camera.sample,
        line=camera.line,
        step=step,
        time=time,
        exposure=exposed,
        wavelength=channel.wavelength,
        orbit=called.orbit,
        sequence=called.sequence,
        channel=called.channel,
        phase=phase(called.orbit).name,
        data_set=str(label["DATA_SET_ID"]),
        name=Path(path).stem,
        rotation=rotation,
        kernel=sun.kernel,
    )


def pinhole(label: Label, channel: Channel) -> Pinhole:
    """Return the camera of an image: its channel's, in the pixels of the read-out window.

    Notes
    -----
    A pixel u of a window that starts at the detector's pixel F and sums M × M of them has its centre at
    F + M (u + ½) − ½ (all but u counted from 1).
    """
    size = _count(label, "MACROPIXEL_SIZE")
    first = _count(label, "SAMPLE_FIRST_PIXEL"), _count(label, "LINE_FIRST_PIXEL")
    sample, line = (
        (place - start + 0.5) / size - 0.5
        for place, start in zip((channel.sample, channel.line), first, strict=True)
    )
    return Pinhole(channel.focal / size, sample, line)


def agreed(label: Label, called: Name) -> None:
    """Refuse a label that does not agree with the name of its file."""
    channel, part = CHANNELS[called.channel], phase(called.orbit)
    if label["TARGET_NAME"] != "VENUS":
        raise label.refuse("TARGET_NAME", label["TARGET_NAME"], "VENUS", "leave it out")
    if label["ORBIT_NUMBER"] != called.orbit:
        raise label.refuse(
            "ORBIT_NUMBER", label["ORBIT_NUMBER"], f"{called.orbit} as in the name", "rename it"
        )
    if label["DETECTOR_ID"] != channel.detector:
        raise label.refuse(
            "DETECTOR_ID", label["DETECTOR_ID"], f"{channel.detector} by the name", "rename it"
        )
    set_id = _DATA_SET.fullmatch(str(label["DATA_SET_ID"]))
    if set_id is None or (set_id[1] or "") != part.name:
        expected = f"the level-3 data set of the phase {part.name or 'NOMINAL'} (orbit {called.orbit})"
        raise label.refuse("DATA_SET_ID", label["DATA_SET_ID"], expected, "mend the label or rename the file")


def exposure(label: Label) -> float:
    """Return the exposure [s] of a label, its unit checked."""
    if label.unit("EXPOSURE_DURATION").lower() != "ms":
        found = label.unit("EXPOSURE_DURATION") or "no unit"
        raise label.refuse("EXPOSURE_DURATION", found, "<ms>", "mend the label")
    return read_geometry.positive(label, "EXPOSURE_DURATION") * ms


def scaling(label: Label) -> tuple[float, float]:
    """Return radiance per data number, and of none [W m-2 sr-1 m-1], of a label, their units checked."""
    for keyword in ("RADIANCE_SCALING_FACTOR", "RADIANCE_OFFSET"):
        unit = label.unit(keyword)
        if unit.upper().replace(" ", "") != _RADIANCE_UNIT:
            raise label.refuse(keyword, unit or "no unit", "<W*m**-3*sr**-1>", "mend the label")
    step = read_geometry.positive(label, "RADIANCE_SCALING_FACTOR")
    return step, read_geometry.real(label, "RADIANCE_OFFSET")


def header(path: Path | str, label: Label) -> dict[str, Any]:
    """Return the VICAR header of an image, or nothing where it has none.

    Raises
    ------
    InputError
        If label and header state different things.
    """
    vicar = pds3.read_vicar_header(path, label) if label.objects("IMAGE_HEADER") else {}
    for keyword in _TWICE:
        if keyword in label and keyword in vicar and not _alike(label[keyword], vicar[keyword]):
            raise label.refuse(
                keyword,
                label[keyword],
                f"{vicar[keyword]} as in the VICAR header",
                "mend the one that is wrong",
            )
    return vicar


def _alike(printed: object, other: object) -> bool:
    if isinstance(printed, int | float) and isinstance(other, int | float):
        return abs(other - printed) <= _DIGITS * abs(printed)
    return str(printed).rstrip("Z") == str(other).rstrip("Z")


def refuse_other_pixels(stored: pds3.Image, vicar: Mapping[str, object]) -> None:
    """Refuse pixels whose mean is not the label's, which counts those outside and saturated as 0.

    Raises
    ------
    InputError
        If they differ by more than a thousandth; nothing is asked where the header does not say how many
        pixels are invalid.
    """
    invalid, marker = vicar.get("INVALID_PIXEL_COUNT"), vicar.get("OVERFLOW_VALUE")
    if not isinstance(invalid, int) or not isinstance(marker, int | float) or invalid >= stored.data.size:
        return
    data, described = stored.data, stored.label.object("IMAGE")
    stated = read_geometry.real(described, "MEAN")
    counted = data[(data != OUTSIDE) & (data < marker)]
    mean = float(counted.sum(dtype=float)) / (data.size - invalid)
    if not abs(mean - stated) <= _MEAN_OFF * abs(stated):
        raise described.refuse(
            "MEAN", stated, f"{mean:.6g} as its pixels have", "its pixels were overwritten: get it again"
        )


def _saturation(label: Label, vicar: Mapping[str, object]) -> float:
    """Return the data number from which on a pixel is saturated.

    Without the header's OVERFLOW_VALUE nothing is marked above the label's MAXIMUM, which is the largest
    number that is not.
    """
    marker = vicar.get("OVERFLOW_VALUE")
    if isinstance(marker, int | float):
        return float(marker)
    return read_geometry.real(label.object("IMAGE"), "MAXIMUM") + 1


def _count(label: Label, keyword: str) -> int:
    value: Any = label[keyword]
    if not isinstance(value, int) or not 1 <= value <= 1032:
        raise label.refuse(keyword, value, "a whole number from 1 to 1032", "mend the label")
    return value
