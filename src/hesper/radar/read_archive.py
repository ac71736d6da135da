"""Archives → records: our netCDF looks, complex looks of Arecibo, images of the paper itself."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from hesper import ephemeris, maps
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError, MissingError
from hesper.products import pds3
from hesper.products import read as read_product
from hesper.radar.data import GoldstoneImage, Look
from hesper.radar.data_interferometer import Echoes
from hesper.radar.model import code_axes
from hesper.radar.read import ARECIBO_FREQUENCY
from hesper.record import Array
from hesper.units import deg, us

_NAME = re.compile(r"venus_(ocp|scp)_(\d{4})(\d{2})(\d{2})_(\d{2})(\d{2})(\d{2})\.(img|lbl)", re.IGNORECASE)
_REVERSED_YEARS = ("1988", "2020")
_LARGEST = 16_384


def looks(folder: Path | str) -> list[Path]:
    """Return the files of looks in a folder, or those of voltages, by name.

    Raises
    ------
    InputError
        If there are both.
    MissingError
        If there are none.
    """
    decoded, sampled = (sorted(Path(folder).glob(f"{kind}_*.nc")) for kind in ("looks", "voltages"))
    if decoded and sampled:
        raise InputError(
            f"{folder}: {decoded[0].name} and {sampled[0].name}; looks or voltages of a pass are read, not "
            "both: move one kind elsewhere"
        )
    if decoded or sampled:
        return decoded or sampled
    raise MissingError(
        f"{folder}: no files looks_*.nc or voltages_*.nc; give a folder that `hesper radar simulate` made"
    )


def echoes(paths: list[Path]) -> Iterator[Echoes]:
    """Read receive cycles one at a time.

    Raises
    ------
    InputError
        If a file is damaged or holds something else, or a look lies outside the cycle it claims.
    """
    for path in paths:
        made = read_product(path, Echoes)
        if np.any(np.abs(made.look_time - made.geometry.time[0]) > 3600):
            raise InputError(f"{path}: looks lie more than an hour from their cycle's time; mend look_time")
        yield made


def arecibo(path: Path | str, *, average: tuple[int, int] = (10, 10), rotation: str = "IAU") -> Look:
    """Read a complex look of the Arecibo archive, `venus_ocp_YYYYMMDD_HHMMSS.lbl` with its `.img`.

    Parameters
    ----------
    path
        Label or image file.
    average
        Delays and Doppler shifts whose power is averaged into one pixel. Rows are read a few at a time.
    rotation
        Rotation model of Venus.

    Raises
    ------
    InputError
        If name, label and size of the file do not agree, the mode is bistatic, or a number is not finite.
    MissingError
        If a file is not there.

    Notes
    -----
    Rows are delays of one bit each, columns Doppler shifts, little-endian complex64; the keywords GEO:… of
    the label give bit length, code length, transform length, the column of zero Doppler and the row of the
    front. In 1988 and 2020 the Doppler axis is reversed.
    """
    label_path = Path(path).with_suffix(".lbl")
    sense, time = _parse(label_path)
    label = pds3.read_label(label_path)
    image = label.object("IMAGE")
    lines, samples = _count(image, "LINES"), _count(image, "LINE_SAMPLES")
    # The pointer is a name, or a name with a record.
    pointer = label["^IMAGE"]
    data = label_path.with_name(str(pointer[0] if isinstance(pointer, tuple) else pointer))
    if not data.is_file():
        raise MissingError(f"{data}: no such file; the label points to it")
    if data.stat().st_size != 8 * lines * samples:
        raise InputError(
            f"{data}: {data.stat().st_size} bytes; {lines} × {samples} complex numbers need "
            f"{8 * lines * samples}"
        )
    if str(label.get("GEO:MODE", "M")).upper().startswith("B"):
        raise InputError(f"{label_path}: GEO:MODE is B, received at Green Bank, which is not supported")
    baud, length = float(label["GEO:BAUD"]) * us, _count(label, "GEO:CODE_LENGTH")
    if length & (length + 1):
        raise InputError(f"{label_path}: GEO:CODE_LENGTH = {length}; a code of length 2ⁿ − 1 is needed")
    transform = _count(label, "GEO:TRANSFORM_LENGTH")
    step, width = code_axes(baud, length, transform)
    rows, columns = average
    power = _averaged(data, lines, samples, rows, columns)
    centre = float(label["GEO:CENTROID_LOCATION"])
    doppler = (np.arange(power.shape[1]) * columns + (columns - 1) / 2 - centre) * width
    if time[:4] in _REVERSED_YEARS:
        power, doppler = power[:, ::-1], -doppler[::-1]
    delay = np.arange(power.shape[0]) * rows + (rows - 1) / 2 - float(label.get("GEO:DELAY_OFFSET", 0))
    pointing = str(label.get("GEO:POINTING", "N")).upper()[:1]
    return Look(
        delay=delay * step,
        doppler=doppler,
        power=power,
        echo=ephemeris.echo(time, "Arecibo", rotation=rotation),
        frequency=ARECIBO_FREQUENCY,
        looks=float(rows * columns),
        transmitter="Arecibo",
        receiver="Arecibo",
        polarisation={"ocp": "OC", "scp": "SC"}[sense],
        pointing=pointing if pointing in ("N", "S") else "N",
    )


def goldstone(
    path: Path | str, *, elevations: tuple[float, float] | None = None, index: Path | str | None = None
) -> GoldstoneImage:
    """Read an image of this very paper as the archive's volume MG_1001 has it, `GVENnnnA.LBL` or `…P.LBL`.

    Parameters
    ----------
    path
        Label; the image of bytes lies beside it, after its VICAR2 records.
    elevations
        Altitudes [m] of the bytes 0 and 63 (255 from 1977 on), where no index is given.
    index
        Label of the volume's index table, GVENINDX.LBL, whose columns of elevation are then looked up.

    Raises
    ------
    InputError
        If label and file do not agree, or the map is not Mercator.
    MissingError
        If a file is not there.

    Notes
    -----
    Values before 1977 have six bits, by SAMPLE_BIT_MASK. The longitudes of the label were
    transformed to the IAU's system only approximately; those of the VICAR2 records are about 3.66° smaller.
    Zero is where no echo was mapped.
    """
    path = Path(path)
    image = pds3.read_image(path)
    label = image.label
    if str(label["MAP_PROJECTION_TYPE"]).upper() != "MERCATOR":
        raise label.refuse(
            "MAP_PROJECTION_TYPE", label["MAP_PROJECTION_TYPE"], "MERCATOR", "reproject it first"
        )
    mask = int(label.object("IMAGE").get("SAMPLE_BIT_MASK", 255))
    values = np.asarray(image.data).astype(np.int64)
    if values.ndim != 2 or values.shape[0] < 2 or values.shape[1] < 2:
        raise InputError(f"{path}: {values.shape} pixels; an image of lines and samples is needed")
    values &= mask
    scale = float(label["MAP_SCALE"]) / deg
    west = float(label["MINIMUM_LONGITUDE"]) * deg
    north = float(label["MAXIMUM_LATITUDE"]) * deg
    step = VENUS_RADIUS / scale
    top = VENUS_RADIUS * np.arctanh(np.sin(north))
    west = (west + np.pi) % (2 * np.pi) - np.pi
    grid = maps.Grid(
        x=VENUS_RADIUS * west + step * (np.arange(values.shape[1]) + 0.5),
        y=top - step * (np.arange(values.shape[0]) + 0.5),
        projection="mercator",
        crs="IAU_2015:29990",
    )
    limits = elevations if index is None else _elevations(Path(index), path)
    altitude = np.full(values.shape, np.nan)
    if limits is not None:
        low, high = limits
        altitude = np.where(values > 0, low + (high - low) * values / mask, np.nan)
    return GoldstoneImage(
        value=values,
        altitude=altitude,
        grid=grid,
        highest=mask,
        date=str(label["IMAGE_TIME"]),
        quantity=str(label["DATA_SET_PARAMETER_NAME"]),
        radar_lon=float(label["SUB_EARTH_LONGITUDE"]) * deg,
        radar_lat=float(label["SUB_EARTH_LATITUDE"]) * deg,
    )


def _averaged(data: Path, lines: int, samples: int, rows: int, columns: int) -> Array:
    if not (0 < rows <= lines and 0 < columns <= samples):
        raise InputError(f"{data}: cannot average {rows} × {columns} of {lines} × {samples} samples")
    stored = np.memmap(data, "<c8", "r", shape=(lines, samples))
    out = np.empty((lines // rows, samples // columns))
    for i in range(len(out)):
        block = np.asarray(stored[i * rows : (i + 1) * rows, : out.shape[1] * columns])
        power = (block.real.astype(float) ** 2 + block.imag.astype(float) ** 2).mean(axis=0)
        out[i] = power.reshape(-1, columns).mean(axis=1)
    if not np.isfinite(out).all():
        raise InputError(f"{data}: {np.sum(~np.isfinite(out))} pixels are not finite; get the file again")
    return out


def _parse(path: Path) -> tuple[str, str]:
    found = _NAME.fullmatch(path.name)
    if not found:
        raise InputError(
            f"{path}: not the name of a complex look; venus_ocp_YYYYMMDD_HHMMSS.lbl or _scp_ is needed"
        )
    sense, year, month, day, hour, minute, second, _ = found.groups()
    return sense.lower(), f"{year}-{month}-{day}T{hour}:{minute}:{second}"


def _count(label: Any, keyword: str) -> int:
    value = label[keyword]
    if not isinstance(value, int) or not 1 <= value <= _LARGEST:
        raise label.refuse(keyword, value, f"a whole number from 1 to {_LARGEST}", "mend the label")
    return value


def _elevations(index: Path, image: Path) -> tuple[float, float]:
    """Look up lowest and highest elevation [m] of an altimetry image in the volume's index table."""
    label = pds3.read_label(index)
    table = label.object("TABLE")
    names = [str(column["NAME"]) for column in table.objects("COLUMN")]
    wanted = [
        next((k for k, name in enumerate(names) if "ELEV" in name and word in name), None)
        for word in ("MIN", "MAX")
    ]
    if None in wanted:
        raise InputError(f"{index}: no columns of minimum and maximum elevation; give `elevations` instead")
    pointer = label["^TABLE"]
    data = index.with_name(str(pointer[0] if isinstance(pointer, tuple) else pointer))
    if not data.is_file():
        raise MissingError(f"{data}: no such file; the label points to it")
    for row in csv.reader(data.read_text(encoding="ascii").splitlines()):
        if any(image.stem.upper() in cell.upper() for cell in row):
            low, high = (float(row[k]) for k in wanted if k is not None)
            units = [str(column.get("UNIT", "KM")).upper() for column in table.objects("COLUMN")]
            scale = 1.0 if wanted[0] is not None and units[wanted[0]].startswith("M") else 1e3
            return scale * low, scale * high
    raise InputError(f"{data}: no row for {image.stem}; give `elevations` instead")
