"""Write PDS3 images so that GDAL and pdr read them too."""

import re
from collections.abc import Iterable, Mapping
from math import isfinite, pi
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hesper.errors import InputError
from hesper.products import files
from hesper.products.pds3.label import Quantity, Verbatim, label_text, parse_label, replace
from hesper.products.pds3.reading import (
    LABEL_CHECKSUM,
    MISSING_INTEGER,
    MISSING_REAL,
    SEAL,
    checksum_of,
    label_checksum,
    layout_of,
    other_starts,
    read_bytes,
    read_image,
    vicar_place,
)

Array = npt.NDArray[Any]

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?")


def simple_cylindrical(
    *, west: float, north: float, pixels_per_degree: float, radius: float, lines: int, samples: int
) -> dict[str, Any]:
    """Describe a simple cylindrical grid as the statements of an IMAGE_MAP_PROJECTION object.

    Parameters
    ----------
    west, north
        Edges of the grid, degrees, longitude east-positive.
    pixels_per_degree
        Resolution.
    radius
        Radius of the sphere, km.
    lines, samples
        Size of the grid.

    Notes
    -----
    The offsets lead from the *centre* of pixel (1, 1) to the origin of the projection at 0 N 0 E:
    line `north * ppd - 0.5`, sample `-west * ppd - 0.5`; GDAL and ISIS read them so.
    """
    degree = "DEGREE"
    return {
        "^DATA_SET_MAP_PROJECTION": "DSMAP.CAT",
        "MAP_PROJECTION_TYPE": "SIMPLE CYLINDRICAL",
        **{f"{axis}_AXIS_RADIUS": Quantity(float(radius), "KM") for axis in "ABC"},
        "POSITIVE_LONGITUDE_DIRECTION": "EAST",
        "CENTER_LATITUDE": Quantity(0.0, degree),
        "CENTER_LONGITUDE": Quantity(0.0, degree),
        "LINE_FIRST_PIXEL": 1,
        "LINE_LAST_PIXEL": lines,
        "SAMPLE_FIRST_PIXEL": 1,
        "SAMPLE_LAST_PIXEL": samples,
        "MAP_PROJECTION_ROTATION": 0.0,
        "MAP_RESOLUTION": Quantity(float(pixels_per_degree), "PIXEL/DEGREE"),
        "MAP_SCALE": Quantity(pi * radius / 180.0 / pixels_per_degree, "KM/PIXEL"),
        "MAXIMUM_LATITUDE": Quantity(float(north), degree),
        "MINIMUM_LATITUDE": Quantity(north - lines / pixels_per_degree, degree),
        "WESTERNMOST_LONGITUDE": Quantity(float(west), degree),
        "EASTERNMOST_LONGITUDE": Quantity(west + samples / pixels_per_degree, degree),
        "LINE_PROJECTION_OFFSET": north * pixels_per_degree - 0.5,
        "SAMPLE_PROJECTION_OFFSET": -west * pixels_per_degree - 0.5,
        "COORDINATE_SYSTEM_TYPE": "BODY-FIXED ROTATING",
        "COORDINATE_SYSTEM_NAME": "PLANETOCENTRIC",
    }


def image_bytes(
    data: npt.ArrayLike,
    keywords: Mapping[str, Any],
    *,
    created: str,
    map_projection: Mapping[str, Any] | None = None,
    sample_type: str = "PC_REAL",
    scaling_factor: float = 1.0,
    offset: float = 0.0,
    unit: str = "",
    description: str = "",
) -> bytes:
    """Make a PDS3 image file with an attached label.

    Parameters
    ----------
    data
        (lines, samples) or (bands, lines, samples), physical values; masked and NaN pixels are missing.
    keywords
        Statements of the label, see `label_text`.
    created
        PRODUCT_CREATION_TIME, UTC, as 2007-01-06T01:39:30.
    map_projection
        Statements of the IMAGE_MAP_PROJECTION object, see `simple_cylindrical`.
    sample_type
        PC_REAL or IEEE_REAL (32 bits), or MSB_INTEGER (16 bits).
    scaling_factor, offset
        Physical value = stored number x scaling_factor + offset, in `unit`.

    Raises
    ------
    InputError
        If no pixel is valid, or one does not fit the type.
    """
    if not _TIME.fullmatch(created):
        raise InputError(f"PRODUCT_CREATION_TIME: found {created!r}; expected 2007-01-06T01:39:30; mend it")
    stored, valid = _stored(data, sample_type, scaling_factor, offset)
    image = _image_statements(stored, valid, sample_type, scaling_factor, offset, unit, description)
    if map_projection is not None:
        size = (map_projection["LINE_LAST_PIXEL"], map_projection["SAMPLE_LAST_PIXEL"])
        if size != stored.shape[-2:]:
            raise InputError(f"image: {stored.shape[-2:]} pixels, but the map has {size}; make them equal")
    head = {"PDS_VERSION_ID": "PDS3", **_structure(["IMAGE"]), "PRODUCT_CREATION_TIME": created}
    projection = {} if map_projection is None else {"IMAGE_MAP_PROJECTION": map_projection}
    text = label_text({**head, **keywords, LABEL_CHECKSUM: "0" * 8, "IMAGE": image, **projection})
    line_bytes = stored.shape[-1] * stored.itemsize
    return attach(text, {"IMAGE": stored.tobytes()}, line_bytes * -(-128 // line_bytes))


def write_image(
    path: str | Path,
    data: npt.ArrayLike,
    keywords: Mapping[str, Any],
    *,
    created: str,
    map_projection: Mapping[str, Any] | None = None,
    sample_type: str = "PC_REAL",
    scaling_factor: float = 1.0,
    offset: float = 0.0,
    unit: str = "",
    description: str = "",
) -> None:
    """Write the file that `image_bytes` makes of the same arguments.

    Raises
    ------
    ResourceError
        If the file cannot be written.
    """
    content = image_bytes(
        data,
        keywords,
        created=created,
        map_projection=map_projection,
        sample_type=sample_type,
        scaling_factor=scaling_factor,
        offset=offset,
        unit=unit,
        description=description,
    )
    files.write(Path(path), content)


def write_camera_image(
    path: str | Path,
    data: npt.NDArray[np.int16],
    keywords: Mapping[str, Any],
    *,
    vicar: Iterable[tuple[str, Any]],
) -> None:
    """Write a level-2 camera image laid out as the archive's: label, VICAR2 header, 16-bit pixels.

    Parameters
    ----------
    data
        (lines, samples), int16; -1 outside the field, which the statistics count as 0.
    keywords
        Statements between the pointers and the IMAGE object, in order; see `label_text`.
    vicar
        Items of the VICAR header in order, ("PROPERTY", name) or ("TASK", name) opening a section.
    """
    stored = np.asarray(data)
    if stored.dtype != np.int16 or stored.ndim != 2 or not stored.size:
        raise InputError(
            f"camera image: found {stored.dtype} {stored.shape}; expected int16 (lines, samples)"
        )
    stored = stored.astype(">i2")
    header = _vicar_header(stored, vicar)
    text = label_text(
        {
            "PDS_VERSION_ID": "PDS3",
            "/* FILE DATA ELEMENTS */": None,
            **_structure([]),
            "/* POINTERS TO DATA OBJECTS */": None,
            "^IMAGE_HEADER": 1,
            "^IMAGE": 1,
            **keywords,
            "/* DATA OBJECT DEFINITIONS */": None,
            "IMAGE": _camera_statements(stored),
            "/* IMAGE HEADER DATA ELEMENTS */": None,
            "IMAGE_HEADER": {
                "HEADER_TYPE": "VICAR2",
                "INTERCHANGE_FORMAT": "ASCII",
                "BYTES": len(header),
                "^DESCRIPTION": "VICAR2.TXT",
            },
        }
    )
    files.write(
        Path(path), attach(text, {"IMAGE_HEADER": header, "IMAGE": stored.tobytes()}, 2 * stored.shape[1])
    )


def reissue_bytes(
    source: str | Path,
    data: npt.ArrayLike,
    changes: Mapping[str, Any],
    *,
    created: str,
    sample_type: str = "PC_REAL",
    scaling_factor: float = 1.0,
    offset: float = 0.0,
) -> bytes:
    """Make a copy of an archived image with other pixels: its label to the letter but for what changes.

    Parameters
    ----------
    source
        An image with an attached label, and perhaps a VICAR header, which is kept and made to fit.
    data
        Physical values of the shape of the source's; masked and NaN pixels are missing.
    changes
        Further keywords to set or to add, see `replace`.
    created, sample_type, scaling_factor, offset
        See `image_bytes`.
    """
    image = read_image(source)
    label, described = image.label, image.label.object("IMAGE")
    layout = layout_of(label, described, "IMAGE")
    stored, valid = _stored(data, sample_type, scaling_factor, offset)
    strange = other_starts(label, "IMAGE", layout).keys() - {"IMAGE_HEADER"}
    if stored.shape != image.data.shape or strange or layout.path != label.path:
        expected = f"{image.data.shape}, an attached label and no object but IMAGE and IMAGE_HEADER"
        raise described.refuse("IMAGE", f"{stored.shape} {sorted(strange)}", expected, "use image_bytes")
    statements = _image_statements(stored, valid, sample_type, scaling_factor, offset, image.unit, "")
    objects = {"IMAGE": stored.tobytes()}
    for header in label.objects("IMAGE_HEADER"):
        content = read_bytes(*vicar_place(header, label, label.path))
        objects = {"IMAGE_HEADER": _revised_header(content, stored), **objects}
    edits = {f"IMAGE.{keyword}": value for keyword, value in statements.items()}
    edits |= {"PRODUCT_CREATION_TIME": created, **changes, LABEL_CHECKSUM: "0" * 8}
    return attach(replace(label, edits), objects, layout.record_bytes)


def attach(text: str, objects: Mapping[str, bytes], record_bytes: int) -> bytes:
    """Join a label and its objects to a file of fixed-length records.

    The structure in the label (RECORD_TYPE, RECORD_BYTES, FILE_RECORDS, LABEL_RECORDS, the pointers and,
    where it has one, its checksum) is made to fit; all else stays to the letter.

    Parameters
    ----------
    text
        A label with CR LF line ends.
    objects
        The bytes of the objects by the names of their pointers, in the order of the file.
    record_bytes
        Length of a record.
    """
    label = parse_label(text)
    records = {name: -(-len(content) // record_bytes) for name, content in objects.items()}
    label_records, needed = 0, 1
    while needed > label_records:
        label_records, place = needed, needed + 1
        changes: dict[str, Any] = {"RECORD_TYPE": "FIXED_LENGTH", "RECORD_BYTES": record_bytes}
        changes |= {"FILE_RECORDS": needed + sum(records.values()), "LABEL_RECORDS": needed}
        for name in objects:
            changes[f"^{name}"] = place
            place += records[name]
        if LABEL_CHECKSUM in label:
            changes[LABEL_CHECKSUM] = "0" * 8
        written = replace(label, changes) + "\r\n"
        needed = -(-len(written) // record_bytes)
    area = _sealed(written, label_records * record_bytes)
    padded = [content.ljust(records[name] * record_bytes, b"\0") for name, content in objects.items()]
    return b"".join([area, *padded])


def _sealed(text: str, length: int) -> bytes:
    """Pad a label to its length and set its checksum, if it has one."""
    area = text.encode("latin-1").ljust(length)
    return SEAL.sub(rb"\g<1>" + label_checksum(area).encode("ascii"), area)


def _structure(pointers: Iterable[str]) -> dict[str, Any]:
    """Return the statements that `attach` fills in."""
    counts = dict.fromkeys(("RECORD_BYTES", "FILE_RECORDS", "LABEL_RECORDS"), 1)
    return {"RECORD_TYPE": "FIXED_LENGTH", **counts, **{f"^{name}": 1 for name in pointers}}


def _stored(data: npt.ArrayLike, sample_type: str, factor: float, offset: float) -> tuple[Array, Array]:
    """Return the numbers to store, in file order, and which of them are valid."""
    values = np.ma.filled(np.ma.asarray(data).astype(np.float64), np.nan)
    if not (isfinite(factor) and factor and isfinite(offset)):
        raise InputError(
            f"image: SCALING_FACTOR {factor}, OFFSET {offset}; expected finite, the factor not 0"
        )
    if values.ndim not in (2, 3) or sample_type not in ("PC_REAL", "IEEE_REAL", "MSB_INTEGER"):
        raise InputError(f"image: cannot store {values.ndim} dimensions as {sample_type}; see image_bytes")
    valid = ~np.isnan(values)
    if not valid.any():
        raise InputError("image: no valid pixel; expected at least one; check what made it")
    numbers = (values - offset) / factor
    if sample_type == "MSB_INTEGER":
        numbers, limit, fill, code = np.rint(numbers), 32767.0, np.array(MISSING_INTEGER), ">i2"
    else:
        limit, fill = 3.4028225e38, np.array(MISSING_REAL, dtype=np.uint32).view(np.float32)
        code = "<f4" if sample_type == "PC_REAL" else ">f4"
    if np.abs(numbers[valid]).max() > limit:
        raise InputError(f"image: a pixel does not fit {sample_type}; choose SCALING_FACTOR or mask it")
    return np.where(valid, numbers, fill).astype(code), valid


def _image_statements(
    stored: Array, valid: Array, sample_type: str, factor: float, offset: float, unit: str, description: str
) -> dict[str, Any]:
    """Return the statements of the IMAGE object of a product."""
    numbers = stored[valid]
    bands = stored.shape[0] if stored.ndim == 3 else 1
    real = stored.dtype.kind == "f"
    exact = numbers.astype(np.float64)
    return {
        **({"DESCRIPTION": description} if description else {}),
        "INTERCHANGE_FORMAT": "BINARY",
        "LINES": stored.shape[-2],
        "LINE_SAMPLES": stored.shape[-1],
        "SAMPLE_TYPE": sample_type,
        "SAMPLE_BITS": 8 * stored.itemsize,
        "BANDS": bands,
        "BAND_STORAGE_TYPE": "BAND_SEQUENTIAL",
        **({"UNIT": unit} if unit else {}),
        "SCALING_FACTOR": float(factor),
        "OFFSET": float(offset),
        "MISSING_CONSTANT": Verbatim(f"16#{MISSING_REAL:X}#") if real else MISSING_INTEGER,
        "MINIMUM": Verbatim(str(numbers.min())),
        "MAXIMUM": Verbatim(str(numbers.max())),
        "MEAN": Verbatim(f"{exact.mean():.9g}"),
        "STANDARD_DEVIATION": Verbatim(f"{exact.std():.9g}"),
        "CHECKSUM": checksum_of(stored.tobytes()),
    }


def _camera_statements(stored: Array) -> dict[str, Any]:
    """Return the IMAGE object as the archive writes it: statistics with pixels outside the field as 0."""
    seen = np.where(stored == -1, 0, stored).astype(np.float64)
    return {
        "INTERCHANGE_FORMAT": "BINARY",
        "LINES": stored.shape[0],
        "LINE_SAMPLES": stored.shape[1],
        "SAMPLE_TYPE": "MSB_INTEGER",
        "SAMPLE_BITS": 16,
        "BANDS": 1,
        "BAND_STORAGE_TYPE": "BAND_SEQUENTIAL",
        "MAXIMUM": int(seen.max()),
        "MEAN": Verbatim(f"{seen.mean():.6g}"),
        "MINIMUM": int(seen.min()),
        "STANDARD_DEVIATION": Verbatim(f"{seen.std():.6g}"),
    }


def _vicar_header(stored: Array, items: Iterable[tuple[str, Any]]) -> bytes:
    """Write a VICAR header that fills whole records."""
    lines, samples = stored.shape
    record = 2 * samples
    system = (
        f"FORMAT='HALF'  TYPE='IMAGE'  BUFSIZ={record}  DIM=3  EOL=0  RECSIZE={record}  ORG='BSQ'  "
        f"NL={lines}  NS={samples}  NB=1  N1={samples}  N2={lines}  N3=1  N4=0  NBB=0  NLB=0  HOST='JAVA'  "
        "INTFMT='HIGH'  REALFMT='RIEEE'  BHOST='VAX-VMS'  BINTFMT='LOW'  BREALFMT='VAX'  BLTYPE=''  "
        "COMPRESS='NONE'  EOCI1=0  EOCI2=0  "
    )
    text = system + "".join(f"{keyword}={_vicar_text(value)}  " for keyword, value in items)
    length = record * -(-(len(text) + 24) // record)
    return f"{f'LBLSIZE={length}':<24}{text}".encode("ascii").ljust(length, b"\0")


def _revised_header(header: bytes, stored: Array) -> bytes:
    """Make a VICAR header, at its length, say how other pixels are coded."""
    real = stored.dtype.kind == "f"
    items = {"FORMAT": "'REAL'" if real else "'HALF'", "RECSIZE": str(stored.shape[-1] * stored.itemsize)}
    items |= {"BUFSIZ": items["RECSIZE"], "INTFMT": "'HIGH'"}
    items["REALFMT"] = "'RIEEE'" if stored.dtype.str[0] == "<" else "'IEEE'"
    text = header.rstrip(b"\0").decode("latin-1")
    for keyword, value in items.items():
        text = re.sub(rf"(?<= ){keyword}=\S+", f"{keyword}={value}", text, count=1)
    if len(text) > len(header):
        raise InputError(f"VICAR header: {len(text)} bytes; expected at most {len(header)}; use image_bytes")
    return text.encode("latin-1").ljust(len(header), b"\0")


def _vicar_text(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return "(" + ",".join(_vicar_text(element) for element in value) + ")"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value.item() if hasattr(value, "item") else value)
