"""Archive files → records."""

import csv
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from hesper import maps
from hesper.errors import InputError, MissingError
from hesper.radar.data import Feature, Look, Mosaic, Topography
from hesper.radar.model import code_axes
from hesper.record import Array
from hesper.units import MHz, deg, km, us

ARECIBO_FREQUENCY = 2380 * MHz
CODE_LENGTH, TRANSFORM_LENGTH, IMAGE_SIZE = 8191, 8192, 819
_NAME = re.compile(r"venus_(ocp|scp)_(\d{4})(\d{2})(\d{2})_(\d{2})(\d{2})(\d{2})_small\.png")
_REVERSED_YEARS, _BISTATIC_YEARS = ("1988", "2020"), ("2012",)


def arecibo_png(
    path: Path | str, *, pointing: str = "N", baud: float = 3.8 * us, rotation: str = "IAU"
) -> Look:
    """Read a reduced picture of an Arecibo look, `venus_ocp_YYYYMMDD_HHMMSS_small.png`.

    Parameters
    ----------
    path
        Picture of 819 × 819 grey pixels: 8191 delays × 8192 Doppler shifts, shrunk tenfold.
    pointing
        N or S: where the beam was aimed. The picture does not say it; the archive's label does.
    baud
        Length of a bit of the code [s], also from the label: 3.8 µs in 2015.
    rotation
        Rotation model of Venus, a name in `ephemeris.ROTATIONS`.

    Raises
    ------
    InputError
        If name, size, mode or content are not those of such a picture.
    MissingError
        If there is no such file.

    Notes
    -----
    The pictures (github.com/thandal/venera, from the PDS archive of Campbell & Campbell 2022,
    doi:10.3847/PSJ/ac4f43) show the magnitude of the echo times 1.1 − cos(90° × delay row / last row),
    clipped at its 99th percentile. That weight is divided out and the square taken; where pixels clipped, the
    power is too low. The name's time is used, the start of a look of five minutes: the sub-radar
    point moves by 0.003° in that time.
    """
    from hesper import ephemeris

    path = Path(path)
    sense, time = _parse_name(path)
    if pointing not in ("N", "S"):
        raise InputError(f"{path}: pointing '{pointing}'; N or S is needed")
    shade = _grey(path)
    if time[:4] in _REVERSED_YEARS:
        shade = shade[:, ::-1]
    delay_step, doppler_step = code_axes(baud, CODE_LENGTH, TRANSFORM_LENGTH)
    # Pixel i of the picture is centred on sample (i + 1/2) × shrink − 1/2 of the raw look.
    rows, columns = (
        (np.arange(IMAGE_SIZE) + 0.5) * length / IMAGE_SIZE - 0.5
        for length in (CODE_LENGTH, TRANSFORM_LENGTH)
    )
    weight = 1.1 - np.cos(np.pi / 2 * rows / (CODE_LENGTH - 1))
    return Look(
        delay=rows * delay_step,
        doppler=(columns - TRANSFORM_LENGTH // 2) * doppler_step,
        power=(shade / weight[:, None]) ** 2,
        echo=ephemeris.echo(time, "Arecibo", rotation=rotation),
        frequency=ARECIBO_FREQUENCY,
        looks=(CODE_LENGTH / IMAGE_SIZE) * (TRANSFORM_LENGTH / IMAGE_SIZE),
        transmitter="Arecibo",
        receiver="Arecibo",
        polarisation={"ocp": "OC", "scp": "SC"}[sense],
        pointing=pointing,
    )


def features() -> list[Feature]:
    """Return the named features that the look is checked by.

    Centres and diameters are those of the Gazetteer of Planetary Nomenclature (IAU/USGS, Venus).
    """
    text = (files("hesper.radar") / "tables" / "features.csv").read_text(encoding="utf-8")
    return [
        Feature(row["name"], float(row["lon"]) * deg, float(row["lat"]) * deg, float(row["diameter"]) * km)
        for row in csv.DictReader(text.splitlines())
    ]


def topography(path: Path | str) -> Topography:
    """Read Magellan's 1° altitudes: 180 rows from 89.5°N, 360 columns from 240°E, km about 6051.84 km.

    Raises
    ------
    InputError
        If the file does not hold 64 800 plausible numbers.
    MissingError
        If there is no such file.

    Notes
    -----
    PDS volume MGN-V-RSS-5-GRAVITY-L2, topogrd.dat. Altitudes are returned above `VENUS_RADIUS` (6051.8 km).
    """
    path = Path(path)
    if not path.is_file():
        raise MissingError(f"{path}: no such file; give the grid of altitudes")
    try:
        values = np.array(path.read_text(encoding="ascii").split(), dtype=float)
    except (ValueError, UnicodeDecodeError):
        raise InputError(f"{path}: not a table of numbers; give topogrd.dat as the PDS has it") from None
    if values.size != 180 * 360 or not np.all(np.abs(values) < 20):
        raise InputError(f"{path}: {values.size} numbers; 64800 altitudes within ±20 km are needed")
    grid = maps.equirectangular(1 * deg, west=240 * deg, east=600 * deg, south=-90 * deg, north=90 * deg)
    return Topography(altitude=(values.reshape(180, 360) + 0.04) * km, grid=grid)


def mosaic(path: Path | str) -> Mosaic:
    """Read a global picture of Venus in longitude and latitude whose first column is at 0°E.

    Raises
    ------
    InputError
        If it is no picture, or not twice as wide as high.
    MissingError
        If there is no such file.
    """
    path = Path(path)
    shade = _pixels(path, ("L", "RGB", "RGBA")).convert("L")
    values = np.asarray(shade, float)
    rows, columns = values.shape
    if columns != 2 * rows:
        raise InputError(f"{path}: {columns} × {rows} pixels; a map of the globe is twice as wide as high")
    grid = maps.equirectangular(180 * deg / rows, west=0.0, east=360 * deg, south=-90 * deg, north=90 * deg)
    return Mosaic(brightness=values, grid=grid)


def _parse_name(path: Path) -> tuple[str, str]:
    found = _NAME.fullmatch(path.name)
    if not found:
        raise InputError(
            f"{path}: not the name of an Arecibo look; venus_ocp_YYYYMMDD_HHMMSS_small.png or _scp_ is needed"
        )
    sense, year, month, day, hour, minute, second = found.groups()
    if year in _BISTATIC_YEARS:
        raise InputError(f"{path}: the looks of {year} were received at Green Bank, which is not supported")
    time = f"{year}-{month}-{day}T{hour}:{minute}:{second}"
    try:
        np.datetime64(time)
    except ValueError:
        raise InputError(f"{path}: '{time}' in the name is no time; write YYYYMMDD_HHMMSS") from None
    return sense, time


def _grey(path: Path) -> Array:
    picture = _pixels(path, ("L", "RGB", "RGBA"))
    values = np.asarray(picture)
    colours = values[..., None] if values.ndim == 2 else values[..., :3]
    if values.shape[:2] != (IMAGE_SIZE, IMAGE_SIZE):
        raise InputError(
            f"{path}: {values.shape[1]} × {values.shape[0]} pixels; {IMAGE_SIZE} × {IMAGE_SIZE} are needed"
        )
    if np.any(colours != colours[..., :1]) or (values.ndim == 3 and np.any(values[..., 3:] != 255)):
        raise InputError(f"{path}: coloured or transparent pixels; a grey picture is needed")
    shade = colours[..., 0].astype(float)
    if np.ptp(shade) == 0:
        raise InputError(f"{path}: every pixel is {shade[0, 0]:.0f}; that is no look")
    return shade


def _pixels(path: Path, modes: tuple[str, ...]) -> Any:
    """Open a picture with Pillow, which matplotlib brings along, its size checked before it is unpacked."""
    from PIL import Image

    if not path.is_file():
        raise MissingError(f"{path}: no such file; give a picture")
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > 50_000_000:
                raise InputError(f"{path}: {picture.width} × {picture.height} pixels; at most 50 million")
            if picture.mode not in modes:
                raise InputError(f"{path}: mode {picture.mode}; one of {', '.join(modes)} is needed")
            picture.verify()
        # What was verified has to be opened anew; without this a file cut behind its pixels would pass.
        with Image.open(path) as picture:
            picture.load()
            return picture.copy()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"{path}: no picture, or damaged: {str(error).splitlines()[0]}") from None
