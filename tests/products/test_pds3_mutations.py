"""Damaged labels: the right array or an `InputError` that names the file, and nothing else.

Three originals are damaged: a camera image laid out as the archive's (label, VICAR2 header, pixels), a map
with checksums, and, where `HESPER_DATA` is set, a real camera image. After most mutations the label is cut or
padded to its old length, so that the size of the file does not give the damage away.
"""

import os
import re
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from hesper.errors import InputError
from hesper.products.pds3 import image_bytes, read_image, simple_cylindrical, write_camera_image
from hesper.products.pds3.label import Quantity, Verbatim

STRUCTURE = (
    b"RECORD_TYPE RECORD_BYTES FILE_RECORDS LABEL_RECORDS ^IMAGE_HEADER ^IMAGE LINES LINE_SAMPLES "
    b"SAMPLE_TYPE SAMPLE_BITS BANDS BAND_STORAGE_TYPE BYTES HEADER_TYPE INTERCHANGE_FORMAT OBJECT "
    b"END_OBJECT END"
).split()
SIZES = (
    b"0 -1 1 2 3 4 8 16 24 32 64 96 128 256 512 1024 6144 65535 65536 2147483647 4294967296 "
    b'1000000000000000000 1e18 1e999 NaN 16#FFFF# -16#1# 5.0 "96" (96,128) {1} 96<km> 00096 9#9# () "" '
    + b"9"
    * 400
).split()
TYPES = (
    b"MSB_INTEGER LSB_INTEGER PC_INTEGER VAX_INTEGER INTEGER UNSIGNED_INTEGER MSB_UNSIGNED_INTEGER "
    b"LSB_UNSIGNED_INTEGER IEEE_REAL PC_REAL VAX_REAL IEEE_COMPLEX CHARACTER N/A BAND_SEQUENTIAL "
    b"LINE_INTERLEAVED SAMPLE_INTERLEAVED FIXED_LENGTH STREAM UNDEFINED VARIABLE_LENGTH BINARY "
    b"ASCII VICAR2 IMAGE IMAGE_HEADER"
).split()
EXTRA = (
    b"LINE_PREFIX_BYTES LINE_SUFFIX_BYTES BANDS ENCODING_TYPE LINES ^TABLE ^IMAGE_HEADER SAMPLE_TYPE "
    b"FILE_RECORDS"
).split()


def mutate_byte(random, text):
    place = random.integers(len(text.rstrip()))
    return text[:place] + bytes([random.integers(256)]) + text[place + 1 :]


def mutate_bit(random, text):
    place = random.integers(len(text.rstrip()))
    return text[:place] + bytes([text[place] ^ 1 << random.integers(8)]) + text[place + 1 :]


def mutate_digit(random, text):
    places = [match.start() for match in re.finditer(rb"\d", text)]
    # Digits of structural numbers are few among those of the footprints; half of the mutations go there.
    structural = [m.start(1) for m in re.finditer(rb"(?m)^ *\^?[A-Z_]+ *= *\d*?(\d)\d*\r", text)]
    place = random.choice(structural if random.integers(2) else places)
    return text[:place] + b"%d" % random.integers(10) + text[place + 1 :]


def mutate_sign(random, text):
    place = random.choice([match.end() for match in re.finditer(rb"= *(?=[\d.])", text)])
    return text[:place] + random.choice([b"-", b"+", b"--", b"."]) + text[place:]


def lines_of(text):
    return text.rstrip().split(b"\r\n")


def mutate_deletion(random, text):
    lines = lines_of(text)
    first = random.integers(len(lines))
    del lines[first : first + random.integers(1, 3)]
    return b"\r\n".join(lines) + b"\r\n"


def mutate_duplicate(random, text):
    lines = lines_of(text)
    place = random.integers(len(lines))
    return b"\r\n".join(lines[:place] + [lines[place]] * random.choice([2, 3, 50, 500]) + lines[place + 1 :])


def mutate_swap(random, text):
    lines = lines_of(text)
    first, second = random.integers(len(lines), size=2)
    lines[first], lines[second] = lines[second], lines[first]
    return b"\r\n".join(lines) + b"\r\n"


def with_value(random, text, values):
    """Give one structural keyword, sometimes two, another value."""
    for _ in range(random.integers(1, 3)):
        name = re.escape(random.choice(STRUCTURE))
        pattern = rb"(?m)^( *" + name + rb" *= *)[^\r\n]*"
        new = random.choice(values)
        text = re.sub(pattern, rb"\g<1>" + new, text)
    return text


def mutate_size(random, text):
    return with_value(random, text, SIZES)


def mutate_type(random, text):
    return with_value(random, text, TYPES)


def mutate_garbage(random, text):
    place = random.integers(len(text.rstrip()))
    garbage = [
        b"\0",
        b"\xff\xfe",
        b'"',
        b"'",
        b"(",
        b"{",
        b"/*",
        b"*/",
        b"\r",
        b"\n",
        b"<",
        b"=",
        b"#",
        b"END\r\n",
    ]
    garbage += [
        bytes(random.integers(256, size=30).astype(np.uint8)),
        b"A" * 100000,
        b"(" * 1000,
        b"\r\nEND\r\n",
    ]
    return text[:place] + garbage[random.integers(len(garbage))] + text[place:]


def mutate_statement(random, text):
    """Add a structural statement where none was."""
    lines = lines_of(text)
    new = random.choice(EXTRA) + b" = " + random.choice(SIZES + TYPES)
    lines.insert(random.integers(len(lines)), new)
    return b"\r\n".join(lines) + b"\r\n"


def mutate_length(random, text):
    return text  # the file is cut or extended below


MUTATIONS = [value for name, value in list(globals().items()) if name.startswith("mutate_")]


def damaged(random, original, label_bytes):
    """Return the name of a mutation and what it makes of a file."""
    mutation = MUTATIONS[random.integers(len(MUTATIONS))]
    text, rest = original[:label_bytes], original[label_bytes:]
    new = mutation(random, text)
    if mutation is mutate_length:
        cut = random.integers(1, len(original))
        return mutation.__name__, original[:cut] if random.integers(4) else original + b"\0" * cut
    if len(new.rstrip()) <= label_bytes and random.integers(5):
        new = new.rstrip(b" ").ljust(label_bytes)
    return mutation.__name__, new + rest


def camera_file(path):
    data = np.random.default_rng(1).integers(-1, 1606, (96, 128)).astype(np.int16)
    footprint = tuple(np.round(np.linspace(-20.0, 40.0, 100), 4))
    keywords = {
        "PRODUCT_CREATION_TIME": "2013-07-10T06:50:59.000Z",
        "PRODUCER_INSTITUTION_NAME": "DEUTSCHES ZENTRUM FUER LUFT- UND RAUMFAHRT",
        "/* DATA DESCRIPTION AND IDENTIFICATION */": None,
        "FILE_NAME": "V0260_0008_UV2.IMG",
        "^INSTRUMENT_DESC": "INSTRUMENT_DESC.TXT",
        "RELEASE_ID": Verbatim("0004"),
        "MAXIMUM_RESOLUTION": Quantity(37150.1, "m/pixel"),
        "FOOTPRINT_POINT_LATITUDE": footprint,
        "FOOTPRINT_POINT_LONGITUDE": footprint,
        "VEX:SCIENCE_CASE_ID": "2",
        "RIGHT_ASCENSION": -1e32,
        "LINE_FIRST_PIXEL": 513,
        "SAMPLE_FIRST_PIXEL": 513,
        "RADIANCE_OFFSET": Quantity(0.0, "W*m**-3*sr**-1"),
        "RADIANCE_SCALING_FACTOR": Quantity(105519.0, "W*m**-3*sr**-1"),
    }
    write_camera_image(path, data, keywords, vicar=[("PROPERTY", "VEX_ORBIT"), ("ORBIT_NUMBER", 260)])


def map_file(path):
    data = np.random.default_rng(2).normal(300.0, 20.0, (44, 32))
    data[:3] = np.nan
    grid = {"west": 200.0, "north": 60.0, "pixels_per_degree": 0.4, "radius": 6051.8}
    projection = simple_cylindrical(**grid, lines=44, samples=32)
    keywords = {"TARGET_NAME": "VENUS", "DATA_SET_NAME": "A DATA SET"}
    path.write_bytes(image_bytes(data, keywords, created="2026-01-01T00:00:00", map_projection=projection))


def real_file(path):
    source = Path(os.environ.get("HESPER_DATA", "absent")) / "vmc" / "V0260_0008_UV2.IMG"
    if not source.exists():
        pytest.skip("real file absent: set HESPER_DATA to the folder that holds vmc/V0260_0008_UV2.IMG")
    path.write_bytes(source.read_bytes())


def outcomes(make, path, count, seed):
    """Damage a file many times; return how often it was refused, harmless and wrong."""
    make(path)
    original, true = path.read_bytes(), read_image(path)
    label_bytes = true.label["LABEL_RECORDS"] * true.label["RECORD_BYTES"]
    random = np.random.default_rng(seed)
    found: Counter = Counter()
    wrong = []
    for number in range(count):
        name, content = damaged(random, original, label_bytes)
        path.write_bytes(content)
        start = time.perf_counter()
        try:
            image = read_image(path)
        except InputError as error:
            assert str(error).startswith(str(path)) and "\n" not in str(error), repr(error)
            found[name, "refused"] += 1
        else:
            same = image.data.dtype == true.data.dtype and np.array_equal(image.data, true.data)
            same = same and image[2:5] == true[2:5]
            found[name, "right" if same else "wrong"] += 1
            if not same:
                wrong.append((number, name, content[:label_bytes]))
        assert time.perf_counter() - start < 2.0, (number, name)
    return found, wrong


@pytest.mark.parametrize("make,count", [(camera_file, 1400), (map_file, 600), (real_file, 400)])
def test_damaged_labels_never_give_a_wrong_array(make, count, tmp_path):
    found, wrong = outcomes(make, tmp_path / "F.IMG", count, seed=count)
    assert not wrong, wrong[0]
    assert {name for name, _ in found} == {mutation.__name__ for mutation in MUTATIONS}


@pytest.mark.slow
@pytest.mark.parametrize("make,count", [(camera_file, 14000), (map_file, 4000), (real_file, 2000)])
def test_many_damaged_labels_never_give_a_wrong_array(make, count, tmp_path):
    _, wrong = outcomes(make, tmp_path / "F.IMG", count, seed=count)
    assert not wrong, wrong[0]
