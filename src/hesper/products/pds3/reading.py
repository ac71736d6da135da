"""Read PDS3 images without ever returning a wrong array.

Every number of a label that says where the pixels are or how they are coded is checked against the size of
the file, the other objects and the VICAR header before anything is allocated.
"""

import os
import re
import stat
import zlib
from collections.abc import Iterable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hesper.errors import InputError, MissingError
from hesper.products.pds3.label import (
    Label,
    Quantity,
    parse_label,
    path_text,
)

Array = npt.NDArray[Any]

MAXIMUM_LABEL_BYTES = 512 * 1024
MAXIMUM_IMAGE_BYTES = 2**30
MAXIMUM_INTEGER = 10**18
MISSING_REAL = 0xFF7FFFFB
MISSING_INTEGER = -32768
LABEL_CHECKSUM = "HESPER:LABEL_CHECKSUM"

_BITS = {"i": (8, 16, 32, 64), "u": (8, 16, 32, 64), "f": (32, 64)}
_SAMPLE_TYPES = {
    **dict.fromkeys(("MSB_INTEGER", "INTEGER", "SUN_INTEGER", "MAC_INTEGER"), ">i"),
    **dict.fromkeys(("LSB_INTEGER", "PC_INTEGER", "VAX_INTEGER"), "<i"),
    **dict.fromkeys(("MSB_UNSIGNED_INTEGER", "UNSIGNED_INTEGER"), ">u"),
    **dict.fromkeys(("SUN_UNSIGNED_INTEGER", "MAC_UNSIGNED_INTEGER"), ">u"),
    **dict.fromkeys(("LSB_UNSIGNED_INTEGER", "PC_UNSIGNED_INTEGER", "VAX_UNSIGNED_INTEGER"), "<u"),
    **dict.fromkeys(("IEEE_REAL", "REAL", "FLOAT", "SUN_REAL", "MAC_REAL"), ">f"),
    "PC_REAL": "<f",
}
_STORAGES = {"BAND_SEQUENTIAL": "BSQ", "LINE_INTERLEAVED": "BIL", "SAMPLE_INTERLEAVED": "BIP"}
_VICAR_FORMATS = {"BYTE": "u1", "HALF": "i2", "FULL": "i4", "REAL": "f4", "DOUB": "f8"}
_VICAR_ORDERS = {"HIGH": ">", "LOW": "<", "IEEE": ">", "RIEEE": "<"}
_VICAR_ITEM = re.compile(
    r"\s*+([A-Za-z][A-Za-z0-9_]*+)\s*+=\s*+('(?:[^']|'')*+'|\((?:[^'()]|'(?:[^']|'')*+')*+\)|[^\s'()]++)"
)
_VICAR_ELEMENT = re.compile(r"\s*+('(?:[^']|'')*+'|[^\s',]++)\s*+(?:,|\Z)")
SEAL = re.compile(rb'(HESPER:LABEL_CHECKSUM\s*+=\s*+")[0-9A-F]{8}')


class Image(NamedTuple):
    """An image as it is stored.

    `data` is (lines, samples), or (bands, lines, samples) if there are several bands, in native byte order;
    `missing` the values that mean "no data" (empty if the label declares none); the physical value is
    `data * scaling_factor + offset`, in `unit`.
    """

    data: Array
    label: Label
    missing: tuple[float, ...]
    scaling_factor: float
    offset: float
    unit: str


class _Layout(NamedTuple):
    """Where the pixels are and how they are coded; lengths in bytes."""

    path: Path
    file_size: int
    record_bytes: int
    offset: int
    bands: int
    lines: int
    samples: int
    dtype: np.dtype[Any]
    prefix: int
    suffix: int
    storage: str

    @property
    def bytes(self) -> int:
        """Return the size of the whole image."""
        rows = self.lines * (1 if self.storage == "BIP" else self.bands)
        return rows * (self.prefix + self.row_bytes + self.suffix)

    @property
    def row_bytes(self) -> int:
        """Return the size of a stored row, without prefix and suffix."""
        return self.samples * self.dtype.itemsize * (self.bands if self.storage == "BIP" else 1)


def read_label(path: str | Path) -> Label:
    """Read and parse the attached or detached label of a file.

    Raises
    ------
    MissingError
        If the file is not there.
    InputError
        If it is not a regular file or its label cannot be parsed.
    """
    path = Path(path)
    size = _regular_size(path)
    try:
        return parse_label(read_bytes(path, 0, min(size, 32768)).decode("latin-1"), path)
    except InputError:
        if size <= 32768:
            raise
    return parse_label(read_bytes(path, 0, min(size, MAXIMUM_LABEL_BYTES)).decode("latin-1"), path)


def read_image(path: str | Path, *, name: str = "IMAGE", verify: bool = True) -> Image:
    """Read an image object.

    Parameters
    ----------
    path
        A file with an attached label, or a detached label beside its data file.
    name
        The object to read.
    verify
        Compare the checksums of pixels and label with the bytes, where the label has them.

    Raises
    ------
    MissingError
        If a file is not there.
    InputError
        If label, file size, other objects and VICAR header do not all agree.
    """
    label = read_label(path)
    image = label.object(name)
    layout = layout_of(label, image, name)
    _check_extents(label, image, name, layout)
    _check_vicar(label, image, layout)
    _check_map_window(label, image)
    raw = read_bytes(layout.path, layout.offset, layout.bytes)
    if len(raw) != layout.bytes:
        raise image.refuse("LINES", f"{len(raw)} bytes", f"{layout.bytes} in the file", "get the file again")
    if verify:
        _verify(label, image, layout, raw)
    factor, offset = _real(image, "SCALING_FACTOR", 1.0), _real(image, "OFFSET", 0.0)
    if factor == 0.0:
        raise image.refuse("SCALING_FACTOR", factor, "a number other than 0", "mend the label")
    unit = str(image.get("UNIT", "")) or (image.unit("SCALING_FACTOR") if "SCALING_FACTOR" in image else "")
    return Image(_array(raw, layout), label, _missing(image, layout.dtype), factor, offset, unit)


def scaled(image: Image) -> "np.ma.MaskedArray[Any, np.dtype[np.float64]]":
    """Return the physical values in float64, missing and not-a-number pixels masked."""
    gone = np.isnan(image.data) if image.data.dtype.kind == "f" else np.zeros(image.data.shape, dtype=bool)
    for value in image.missing:
        gone |= image.data == value
    return np.ma.MaskedArray(image.data.astype(np.float64) * image.scaling_factor + image.offset, mask=gone)


def read_vicar_header(path: str | Path, label: Label) -> dict[str, Any]:
    """Read the items of the VICAR2 header that the label's IMAGE_HEADER object points to.

    Returns
    -------
    dict
        System items and those of the PROPERTY and TASK sections by keyword; where sections repeat a
        keyword the last one holds, and each is there as `"SECTION.KEYWORD"` too. Lists become tuples.
    """
    header_path, start, length = vicar_place(label.object("IMAGE_HEADER"), label, Path(path))
    text = read_bytes(header_path, start, length).decode("latin-1").split("\0")[0]
    system: dict[str, Any] = {}
    sections: dict[str, Any] = {}
    section = ""
    for keyword, value in _vicar_items(text, label):
        if keyword in ("PROPERTY", "TASK"):
            section = f"{value}."
        elif section:
            sections[keyword] = sections[section + keyword] = value
        else:
            system[keyword] = value
    return {**sections, **system}


def _regular_size(path: Path) -> int:
    """Return the size of a file that is safe to open: no device, no pipe, no folder."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise MissingError(f"{path_text(path)}: there is no such file; check the name") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path_text(path)}: cannot be opened: {error}; give a readable file") from None
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path_text(path)}: is not a regular file; give a file")
    return status.st_size


def read_bytes(path: Path, start: int, count: int) -> bytes:
    """Return `count` bytes of a file from `start`; an error if the file ends before."""
    try:
        with path.open("rb", buffering=0) as file:
            file.seek(start)
            return file.read(count)
    except OSError as error:
        raise InputError(f"{path_text(path)}: cannot be read: {error.strerror}; check it") from None


def _integer(label: Label, keyword: str, *, lowest: int, default: int | None = None) -> int:
    value = label[keyword] if default is None else label.get(keyword, default)
    if not isinstance(value, int) or not lowest <= value <= MAXIMUM_INTEGER:
        raise label.refuse(keyword, value, f"an integer from {lowest} to {MAXIMUM_INTEGER}", "mend the label")
    return value


def _real(label: Label, keyword: str, default: float) -> float:
    value = label.get(keyword, default)
    if not isinstance(value, (int, float)) or abs(value) > 1e300 or not isfinite(value):
        raise label.refuse(keyword, value, "a finite number", "mend the label")
    return float(value)


def _choice(label: Label, keyword: str, allowed: Iterable[str], default: str) -> str:
    value = label.get(keyword, default)
    word = value.upper().replace(" ", "_") if isinstance(value, str) else value
    if word not in allowed:
        raise label.refuse(keyword, value, " or ".join(allowed), "convert the file or mend the label")
    return str(word)


def layout_of(label: Label, image: Label, name: str) -> _Layout:
    """Take the layout of an image from its label, each number checked by itself."""
    _choice(image, "INTERCHANGE_FORMAT", ["BINARY"], "BINARY")
    _choice(image, "ENCODING_TYPE", ["NONE", "N/A"], "NONE")
    record_bytes, data_path = _record_bytes(label), _data_path(label, name, label.path)
    bands = _integer(image, "BANDS", lowest=1, default=1)
    layout = _Layout(
        path=data_path,
        file_size=_regular_size(data_path),
        record_bytes=record_bytes,
        offset=_pointer_start(label, name),
        bands=bands,
        lines=_integer(image, "LINES", lowest=1),
        samples=_integer(image, "LINE_SAMPLES", lowest=1),
        dtype=_dtype(image),
        prefix=_integer(image, "LINE_PREFIX_BYTES", lowest=0, default=0),
        suffix=_integer(image, "LINE_SUFFIX_BYTES", lowest=0, default=0),
        storage=_storage(image, bands),
    )
    if layout.bytes > min(layout.file_size, MAXIMUM_IMAGE_BYTES):
        expected = f"at most {MAXIMUM_IMAGE_BYTES} and no more than the file's {layout.file_size}"
        remedy = "mend the label, or fetch the file anew"
        raise image.refuse("LINES", f"an image of {layout.bytes:.4g} bytes", expected, remedy)
    return layout


def _dtype(image: Label) -> np.dtype[Any]:
    word = str(image["SAMPLE_TYPE"]).upper()
    if word.startswith("VAX") and word.endswith(("REAL", "DOUBLE")):
        raise image.refuse(
            "SAMPLE_TYPE", word, "IEEE_REAL or PC_REAL", "convert the file: VAX reals are not read"
        )
    code = _SAMPLE_TYPES[_choice(image, "SAMPLE_TYPE", _SAMPLE_TYPES, "")]
    bits = _integer(image, "SAMPLE_BITS", lowest=1)
    if bits not in _BITS[code[1]]:
        raise image.refuse("SAMPLE_BITS", bits, f"one of {_BITS[code[1]]} for {word}", "mend the label")
    return np.dtype(f"{code}{bits // 8}")


def _storage(image: Label, bands: int) -> str:
    allowed = [*_STORAGES, *(["N/A", "NONE"] if bands == 1 else [])]
    default = "BAND_SEQUENTIAL" if bands == 1 else "absent"
    return _STORAGES.get(_choice(image, "BAND_STORAGE_TYPE", allowed, default), "BSQ")


def _record_bytes(label: Label) -> int:
    """Return the length of a record; 1 where the file has no records of a fixed length."""
    kind = _choice(label, "RECORD_TYPE", ["FIXED_LENGTH", "STREAM", "UNDEFINED"], "absent")
    return _integer(label, "RECORD_BYTES", lowest=1) if kind == "FIXED_LENGTH" else 1


def _pointer(label: Label, name: str) -> tuple[str | None, int, str]:
    """Return what a pointer says: file name (None if attached), number, and unit (empty for records)."""
    value, unit = label[f"^{name}"], label.unit(f"^{name}")
    file = None
    if isinstance(value, str):
        file, value = value, 1
    elif isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        file, value = value
        value, unit = value if isinstance(value, Quantity) else (value, unit)
    if (
        not isinstance(value, int)
        or not 1 <= value <= MAXIMUM_INTEGER
        or unit.upper() not in ("", "BYTE", "BYTES")
    ):
        expected = 'a record, a byte with <BYTES>, "FILE" or ("FILE", record)'
        raise label.refuse(f"^{name}", label.source(f"^{name}"), expected, "mend the pointer")
    return file, value, unit


def _pointer_start(label: Label, name: str) -> int:
    """Return the byte, from 0, at which an object starts."""
    _, number, unit = _pointer(label, name)
    if unit or number == 1:
        return number - 1
    if str(label["RECORD_TYPE"]).upper() != "FIXED_LENGTH":
        raise label.refuse(f"^{name}", number, "a byte: records have no fixed length", "give <BYTES>")
    return (number - 1) * _record_bytes(label)


def _data_path(label: Label, name: str, label_path: Path) -> Path:
    """Return the file a pointer leads to, refused unless it is a plain file beside the label."""
    file = _pointer(label, name)[0]
    if file is None:
        return label_path
    plain = re.fullmatch(r"[A-Za-z0-9_+\-][A-Za-z0-9_+\-. ]{0,254}", file)
    if not plain or file.endswith((".", " ")):
        raise label.refuse(f"^{name}", file, "a plain file name beside the label", "move the file there")
    names = (file, file.lower(), file.upper())
    path = next((p for p in (label_path.parent / n for n in names) if p.is_symlink() or p.exists()), None)
    if path is None:
        raise MissingError(
            f"{path_text(label_path)}: line {label.statement(f'^{name}').line}: ^{name}: found {file!r}; "
            "expected a file beside the label; get it"
        )
    # Not Path.resolve, which raises RuntimeError on a loop of links.
    target, folder = Path(os.path.realpath(path)), Path(os.path.realpath(label_path.parent))
    if target.parent != folder or target.is_symlink() or not target.is_file():
        raise label.refuse(f"^{name}", file, "a regular file in the label's folder", "put a copy there")
    return label_path if path.samefile(label_path) else path


def _check_extents(label: Label, image: Label, name: str, layout: _Layout) -> None:
    """Check file size, label size and that the image fills its place and no other object's."""
    _check_file_size(label, layout)
    others, first_free = other_starts(label, name, layout), _label_stop(label, layout)
    for other, place in {**others, name: layout.offset}.items():
        if not first_free <= place < layout.file_size:
            expected = f"a place behind the label's {first_free} bytes and inside {layout.file_size}"
            raise label.refuse(f"^{other}", f"byte {place:.15g}", expected, "mend the pointer")
    for other, place in others.items():
        length = max((_integer(o, "BYTES", lowest=1, default=1) for o in label.objects(other)), default=1)
        if place < layout.offset < place + length:
            expected = f"at most {layout.offset - place}"
            raise label.refuse(f"^{other}", f"{length} bytes", expected, "mend the label")
    _check_end(
        image, layout, min((p for p in others.values() if p >= layout.offset), default=layout.file_size)
    )


def _check_file_size(label: Label, layout: _Layout) -> None:
    """Compare the number of records with the size of the file."""
    if str(label["RECORD_TYPE"]).upper() != "FIXED_LENGTH":
        return
    stated = _integer(label, "FILE_RECORDS", lowest=1) * layout.record_bytes
    if stated != layout.file_size:
        expected = f"a file of {stated:.15g} bytes, FILE_RECORDS x RECORD_BYTES"
        raise label.refuse("FILE_RECORDS", f"{layout.file_size} bytes", expected, "get the file again")


def _check_end(image: Label, layout: _Layout, limit: int) -> None:
    """Check that nothing but the padding of a record lies between the image and what follows it."""
    if not 0 <= limit - layout.offset - layout.bytes < layout.record_bytes:
        found = f"{layout.bytes} bytes from byte {layout.offset}"
        expected = f"an end at byte {limit}, the next object or the file's end, less than a record before it"
        raise image.refuse("LINES", found, expected, "mend LINES, LINE_SAMPLES, SAMPLE_BITS or the pointer")


def other_starts(label: Label, name: str, layout: _Layout) -> dict[str, int]:
    """Return where the other objects of the image's file start."""
    starts = {}
    for keyword in label:
        other = keyword[1:]
        if keyword[0] != "^" or other == name or isinstance(label[keyword], str):
            continue
        file = _pointer(label, other)[0] or label.path.name
        if layout.path.name.upper() == file.upper():
            starts[other] = _pointer_start(label, other)
    if label.objects("IMAGE_HEADER"):
        label.statement("^IMAGE_HEADER")
    return starts


def _label_stop(label: Label, layout: _Layout) -> int:
    """Return where the label ends in the image's file; check that only padding follows its END."""
    if layout.path != label.path:
        return 0
    if layout.record_bytes == 1 and "LABEL_RECORDS" not in label:
        return label.span[1]
    stop = _integer(label, "LABEL_RECORDS", lowest=1) * layout.record_bytes
    if not label.span[1] <= stop <= min(layout.offset, MAXIMUM_LABEL_BYTES):
        expected = f"{label.span[1]} to {min(layout.offset, MAXIMUM_LABEL_BYTES)} bytes"
        raise label.refuse("LABEL_RECORDS", f"{stop:.15g} bytes", expected, "mend the label")
    if read_bytes(label.path, label.span[1], stop - label.span[1]).strip(b" \r\n\t\0"):
        raise label.refuse("LABEL_RECORDS", "more than blanks behind END", "blanks", "mend the label")
    return stop


def vicar_place(header: Label, label: Label, label_path: Path) -> tuple[Path, int, int]:
    """Return the file, the start and the length in bytes of the header object."""
    path, start = _data_path(label, "IMAGE_HEADER", label_path), _pointer_start(label, "IMAGE_HEADER")
    length = _integer(header, "BYTES", lowest=1)
    if start + length > _regular_size(path) or length > MAXIMUM_LABEL_BYTES:
        raise header.refuse("BYTES", f"{length:.15g}", "a header inside the file", "mend the label")
    return path, start, length


def _vicar_items(text: str, label: Label) -> Iterable[tuple[str, Any]]:
    """Iterate over the items of a VICAR header."""
    text, position = text.rstrip(), 0
    while position < len(text):
        item = _VICAR_ITEM.match(text, position)
        if item is None:
            found = text[position : position + 30].strip()
            raise label.refuse("^IMAGE_HEADER", found, "a VICAR item KEY=VALUE", "get the file again")
        yield item[1].upper(), _vicar_value(item[2])
        position = item.end()


def _vicar_value(word: str) -> Any:
    if word[0] == "(":
        return tuple(_vicar_value(element) for element in _VICAR_ELEMENT.findall(word[1:-1]))
    if word[0] == "'":
        return word[1:-1].replace("''", "'")
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def _check_vicar(label: Label, image: Label, layout: _Layout) -> None:
    """Compare the label with the VICAR header, where there is one."""
    for header in label.objects("IMAGE_HEADER"):
        path, start, length = vicar_place(header, label, label.path)
        text = read_bytes(path, start, length).decode("latin-1").split("\0")[0]
        stated = str(header.get("HEADER_TYPE", "")).upper().startswith("VICAR")
        if not stated and not text.startswith("LBLSIZE="):
            continue
        text = re.split(r"\s(?:PROPERTY|TASK)\s*=", text, maxsplit=1)[0]
        vicar = dict(_vicar_items(text, label))
        for keyword, (ours, theirs) in _vicar_pairs(vicar, layout, length).items():
            if ours != theirs:
                expected = f"{theirs} of the VICAR header"
                raise image.refuse(keyword, ours, expected, "restore the one that was changed")


def _vicar_pairs(vicar: Mapping[str, Any], layout: _Layout, length: int) -> dict[str, tuple[Any, Any]]:
    """Return label value and header value of all that both state."""
    code = _VICAR_FORMATS.get(str(vicar.get("FORMAT")), "unknown")
    order = _VICAR_ORDERS.get(str(vicar.get("REALFMT" if code[0] == "f" else "INTFMT")), "unknown")
    row = layout.prefix + layout.samples * layout.dtype.itemsize
    dtype = layout.dtype.str.replace("|", "")
    pairs = {
        "LINES": (layout.lines, vicar.get("NL")),
        "LINE_SAMPLES": (layout.samples, vicar.get("NS")),
        "BANDS": (layout.bands, vicar.get("NB", 1)),
        "SAMPLE_TYPE": (dtype, code if layout.dtype.itemsize == 1 else order + code),
        "LINE_PREFIX_BYTES": (layout.prefix, vicar.get("NBB", 0)),
        "IMAGE_HEADER.BYTES": (length, vicar.get("LBLSIZE")),
        "RECORD": (row, vicar.get("RECSIZE", row)),
        "ENCODING_TYPE": ("NONE", vicar.get("COMPRESS", "NONE") or "NONE"),
    }
    if layout.bands > 1:
        pairs["BAND_STORAGE_TYPE"] = (layout.storage, vicar.get("ORG", "BSQ"))
    return pairs


def _check_map_window(label: Label, image: Label) -> None:
    """Compare the size of the image with the window its map projection states."""
    for projection in (*label.objects("IMAGE_MAP_PROJECTION"), *image.objects("IMAGE_MAP_PROJECTION")):
        for axis, keyword in (("LINE", "LINES"), ("SAMPLE", "LINE_SAMPLES")):
            first, last = projection.get(f"{axis}_FIRST_PIXEL"), projection.get(f"{axis}_LAST_PIXEL")
            if isinstance(first, int) and isinstance(last, int) and last - first + 1 != image[keyword]:
                expected = f"{last - first + 1}, {axis}_LAST_PIXEL - {axis}_FIRST_PIXEL + 1"
                raise image.refuse(keyword, image[keyword], expected, "mend the label")


def checksum_of(raw: bytes) -> int:
    """Return the sum of all bytes, modulo 2^32."""
    return int(np.frombuffer(raw, dtype=np.uint8).sum(dtype=np.uint64)) % 2**32


def label_checksum(area: bytes) -> str:
    """Return the CRC-32 of a label area, its own eight digits taken as zeros, in hexadecimal."""
    blank = SEAL.sub(rb"\g<1>00000000", area)
    return f"{zlib.crc32(blank):08X}"


def _verify(label: Label, image: Label, layout: _Layout, raw: bytes) -> None:
    """Compare the checksums in the label with the bytes of the file."""
    mend = "get the file again, or read it with verify=False"
    found = checksum_of(raw) if "CHECKSUM" in image else None
    if found is not None and found != image["CHECKSUM"]:
        raise image.refuse("CHECKSUM", image["CHECKSUM"], f"{found}, the sum of the image's bytes", mend)
    # Either half of the name is enough, so that damage to the name itself does not switch the check off.
    if layout.path == label.path and ("HESPER:" in label.text or "LABEL_CHECKSUM" in label.text):
        crc = label_checksum(read_bytes(label.path, 0, _label_stop(label, layout)))
        if label[LABEL_CHECKSUM] != crc:
            raise label.refuse(LABEL_CHECKSUM, label[LABEL_CHECKSUM], f"{crc}, as the label is", mend)


def _missing(image: Label, dtype: np.dtype[Any]) -> tuple[float, ...]:
    """Return the values that mean "no data", as they are found in the native array."""
    if "MISSING_CONSTANT" not in image:
        return ()
    value, native = image["MISSING_CONSTANT"], dtype.newbyteorder("=")
    if not isinstance(value, (int, float)):
        raise image.refuse("MISSING_CONSTANT", value, "a number", "mend the label")
    if "#" in image.source("MISSING_CONSTANT"):
        # A based integer is a bit pattern, of reals too.
        if not 0 <= value < 2 ** (8 * dtype.itemsize):
            raise image.refuse("MISSING_CONSTANT", value, f"{8 * dtype.itemsize} bits", "mend the label")
        return (np.array(value, dtype=f"u{dtype.itemsize}").view(native).item(),)
    if dtype.kind != "f":
        return (value,)
    with np.errstate(over="ignore"):
        return (float(np.array(float(value) if abs(value) < 1e300 else np.inf).astype(native)),)


def _array(raw: bytes, layout: _Layout) -> Array:
    """Cut the rows out of the bytes and put bands, lines and samples in order."""
    bands, lines, samples = layout.bands, layout.lines, layout.samples
    rows = np.frombuffer(raw, dtype=np.uint8).reshape(-1, layout.prefix + layout.row_bytes + layout.suffix)
    if layout.prefix or layout.suffix:
        rows = np.ascontiguousarray(rows[:, layout.prefix : layout.prefix + layout.row_bytes])
    values: Array = rows.reshape(-1).view(layout.dtype)
    if layout.storage == "BIL":
        values = values.reshape(lines, bands, samples).transpose(1, 0, 2)
    elif layout.storage == "BIP":
        values = values.reshape(lines, samples, bands).transpose(2, 0, 1)
    values = values.reshape((bands, lines, samples) if bands > 1 else (lines, samples))
    return np.array(values, dtype=layout.dtype.newbyteorder("="), order="C")
