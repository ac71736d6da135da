"""PDS3 labels and images: grammar, layouts, other readers, real files, hostile files."""

import os
import time
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest

from hesper.errors import InputError, MissingError, ResourceError
from hesper.products.pds3 import (
    attach,
    image_bytes,
    read_image,
    read_label,
    read_vicar_header,
    reissue_bytes,
    scaled,
    simple_cylindrical,
    write_camera_image,
    write_image,
)
from hesper.products.pds3.label import Quantity, Verbatim, label_text, parse_label, replace

CREATED = "2026-01-01T00:00:00"


def real(name):
    folder = os.environ.get("HESPER_DATA")
    path = Path(folder or "absent") / "vmc" / name
    if not path.exists():
        pytest.skip(f"real file {name} absent: set HESPER_DATA to the folder that holds vmc/{name}")
    return path


def with_pdr(path):
    import pdr

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        product = pdr.read(str(path), label_fn=str(path))
        return np.asarray(product["IMAGE"]), product.get_scaled("IMAGE")


def with_rasterio(path):
    import rasterio

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(path) as source:
            return source.read(), source.read(masked=True), source.transform, source.crs, source.nodata


def image_file(path, pixels, *, record=64, image=None, label=None, pointer=None, tail=b""):
    """Write a plain image file, its statements as wished."""
    statements = {
        "PDS_VERSION_ID": "PDS3",
        "RECORD_TYPE": "FIXED_LENGTH",
        "RECORD_BYTES": record,
        "FILE_RECORDS": 1,
        "LABEL_RECORDS": 1,
        "^IMAGE": 1,
        **(label or {}),
        "IMAGE": {"SAMPLE_TYPE": "MSB_INTEGER", "SAMPLE_BITS": 16, **(image or {})},
    }
    path.write_bytes(attach(label_text(statements), {"IMAGE": pixels + tail}, record))
    return path


# --- grammar


def test_every_kind_of_value():
    text = "\r\n".join(
        [
            "PDS_VERSION_ID = PDS3 /* comment */",
            "/* a comment",
            "   of two lines */",
            'VEX:ID="2"',
            '^IMAGE = ("F.DAT", 512 <BYTES>)',
            "INT = +0012",
            "REAL = -1e+32",
            "HALF = .5 <W*m**-3*sr**-1>",
            "BASED = 16#FF7FFFFB#",
            "NEGATIVE = -2#101#",
            "SYMBOL = 'a b'",
            "NONE = N/A",
            "TIME = 2007-01-06T01:39:30.006Z",
            'TEXT = "two ',
            '          lines"',
            'NESTED = ((1, 2), (3.5, "x"))',
            "SET = {A, B}",
            "UNITS = (1 <km>, 2)",
            "EMPTY = ()",
            "DATES = (2007-01-06, 2007-01-07)",
            "GROUP = G",
            "  X = 1",
            "END_GROUP = G",
            "OBJECT = O",
            "END_OBJECT",
            "END",
            'garbage ( " after',
        ]
    )
    label = parse_label(text)
    assert label["VEX:ID"] == "2"
    assert label["^IMAGE"] == ("F.DAT", Quantity(512, "BYTES"))
    assert label["INT"] == 12 and label.source("INT") == "+0012"
    assert label["REAL"] == -1e32
    assert (label["HALF"], label.unit("HALF")) == (0.5, "W*m**-3*sr**-1")
    assert label["BASED"] == 0xFF7FFFFB and label["NEGATIVE"] == -5
    assert label["SYMBOL"] == "a b" and label["NONE"] == "N/A"
    assert label["TIME"] == "2007-01-06T01:39:30.006Z"
    assert label["TEXT"] == "two lines"
    assert label["NESTED"] == ((1, 2), (3.5, "x"))
    assert label["SET"] == ("A", "B") and label["EMPTY"] == ()
    assert label["UNITS"] == (Quantity(1, "km"), 2)
    assert label["DATES"] == ("2007-01-06", "2007-01-07")
    assert label.object("G")["X"] == 1 and len(label.objects("O")[0]) == 0
    assert label.statement("INT").line == 6
    assert label.get("ABSENT", 7) == 7 and "INT" in label and "INT" in list(label)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A = 1",
        "A = 1 B = 2\nEND",
        "A = \nB = 2\nEND",
        "A 1\nEND",
        "A = (1, 2\nEND",
        "A = (1,,2)\nEND",
        "A = (1 2)\nEND",
        'A = "open\nEND',
        "A = 'open\nEND'\nEND",
        "A = 1 <km\nEND",
        "/* open\nA = 1\nEND",
        "/* lost /* nested */ A = 1\nEND",
        "OBJECT = A\nEND",
        "OBJECT = A\nEND_OBJECT = B\nEND",
        "OBJECT = A\nEND_GROUP = A\nEND",
        "END_OBJECT = A\nEND",
        "A = 3#9#\nEND",
        "A = 1\nEND;",
        "A = " + "9" * 5000 + "\nEND",
        "A = 1\0\nEND",
        "A = \xe9\nEND",
        "OBJECT = A\n" * 20 + "END",
        "A = " + "(" * 20 + "1" + ")" * 20 + "\nEND",
        "(((((((((((((",
    ],
)
def test_broken_labels_are_refused_with_file_and_line(text):
    with pytest.raises(InputError, match=r"^F\.IMG: line \d+: .*: found .*; expected .*; .+") as caught:
        parse_label(text, "F.IMG")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("padding", ["", "   ", "\r\n  ", "\0\0", "\n", "   LBLSIZE=6144"])
def test_padding_may_follow_end(padding):
    label = parse_label("A = 1\nEND" + padding)
    assert (label["A"], label.text) == (1, "A = 1\nEND")


def test_a_keyword_given_twice_is_refused_when_asked_for():
    label = parse_label("A = 1\nB = 2\nA = 1\nEND\n")
    assert label["B"] == 2
    for ask in (label.__getitem__, label.get, label.unit):
        with pytest.raises(InputError, match="line 1: A: found 2 statements, lines 1 and 3"):
            ask("A")
    with pytest.raises(InputError, match="line 1: C: found nothing"):
        label["C"]


@pytest.mark.parametrize(
    "text",
    [
        "A = 1\n" * 87000,
        "/*" * 260000,
        "/* " + "*" * 520000,
        " " * 524000,
        'A = "' + " " * 520000,
        "A = " + "((((1," * 80000,
        "A = (" + "1," * 260000,
        "A = " + "9" * 520000,
        "A = {" + "()," * 170000,
        "A = 1 <" * 70000,
        ("A = (" + ",".join(["1.5"] * 100) + ")\n") * 1000,
    ],
)
def test_time_is_linear_in_the_size_of_a_label(text, tmp_path):
    path = tmp_path / "F.IMG"
    path.write_text(text)
    # A guard against quadratic time, which would be minutes; processor time, for machines are shared.
    start = time.process_time()
    with pytest.raises(InputError):
        read_label(path)
    assert time.process_time() - start < 10.0


def test_replace_keeps_everything_else_to_the_letter():
    text = "A = 1 <km> /* c */\r\n\r\n  B= (1,\r\n 2)\r\nOBJECT = IMAGE\r\n LINES=3\r\nEND_OBJECT\r\nEND"
    new = replace(
        parse_label(text), {"A": Quantity(2.5, "m"), "IMAGE.LINES": 4, "IMAGE.X": "y z", "N:C": "D"}
    )
    assert new == (
        "A = 2.5 <m> /* c */\r\n\r\n  B= (1,\r\n 2)\r\nN:C                               = D\r\n"
        "OBJECT = IMAGE\r\n"
        ' LINES=4\r\n  X                               = "y z"\r\nEND_OBJECT\r\nEND'
    )
    assert replace(parse_label(text), {}) == text


def test_written_statements_are_read_back():
    statements = {
        "/* A COMMENT */": None,
        "TEXT": "a text that is long enough to be wrapped over at least two lines of a label",
        "SYMBOL": "PHASE_4",
        "TIME": "2007-01-06T01:39:30.006Z",
        "RAW": Verbatim("0004"),
        "NUMBERS": tuple(np.linspace(-1, 300, 100)),
        "UNITS": (Quantity(1, "km"), Quantity(2.5, "km")),
        "NP": np.float32(0.5),
        "^DESC": "X.TXT",
        "VEX:A": -1e32,
    }
    text = label_text(statements)
    assert max(len(line) for line in text.split("\r\n")) <= 78
    label = parse_label(text)
    for name, value in statements.items():
        if not name.startswith("/*"):
            assert label[name] == (4 if name == "RAW" else value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, True, 'a"b', "é", "a\0b", {}.keys()])
def test_values_that_no_label_can_hold_are_refused(value):
    with pytest.raises(InputError):
        label_text({"A": value})


@pytest.mark.parametrize("name", ["", "1A", "A B", "A=1", "A" * 34, "É"])
def test_keywords_that_no_label_can_hold_are_refused(name):
    with pytest.raises(InputError):
        label_text({name: 1})


# --- layouts

TYPES = {
    **{
        f"{name}_INTEGER {bits}": f">i{bits // 8}"
        for name in ("MSB", "SUN", "MAC")
        for bits in (8, 16, 32, 64)
    },
    **{
        f"{name}_INTEGER {bits}": f"<i{bits // 8}"
        for name in ("LSB", "PC", "VAX")
        for bits in (8, 16, 32, 64)
    },
    **{f"{name}UNSIGNED_INTEGER {b}": f">u{b // 8}" for name in ("MSB_", "") for b in (8, 16, 32, 64)},
    **{f"{name}_UNSIGNED_INTEGER {b}": f"<u{b // 8}" for name in ("LSB", "PC") for b in (8, 16, 32, 64)},
    **{f"{name}_REAL {bits}": f">f{bits // 8}" for name in ("IEEE", "SUN", "MAC") for bits in (32, 64)},
    **{f"PC_REAL {bits}": f"<f{bits // 8}" for bits in (32, 64)},
}


@pytest.mark.parametrize("storage", ["BAND_SEQUENTIAL", "LINE_INTERLEAVED", "SAMPLE_INTERLEAVED"])
@pytest.mark.parametrize("kind", TYPES)
def test_every_type_and_storage(kind, storage, tmp_path):
    name, bits = kind.split()
    bands, lines, samples, prefix, suffix = 3, 5, 4, 2, 3
    truth = np.arange(60).reshape(bands, lines, samples).astype(TYPES[kind])
    axes = {"BAND_SEQUENTIAL": (0, 1, 2), "LINE_INTERLEAVED": (1, 0, 2), "SAMPLE_INTERLEAVED": (1, 2, 0)}[
        storage
    ]
    stored = truth.transpose(axes)
    rows = stored.reshape(lines if storage[0] == "S" else lines * bands, -1)
    pixels = b"".join(b"\xaa" * prefix + row.tobytes() + b"\xbb" * suffix for row in rows)
    size = {"LINES": lines, "LINE_SAMPLES": samples, "BANDS": bands, "BAND_STORAGE_TYPE": storage}
    edges = {"LINE_PREFIX_BYTES": prefix, "LINE_SUFFIX_BYTES": suffix}
    form = {"SAMPLE_TYPE": name, "SAMPLE_BITS": int(bits)}
    image = read_image(image_file(tmp_path / "F.IMG", pixels, image={**size, **edges, **form}))
    assert image.data.dtype == truth.dtype.newbyteorder("=") and image.data.dtype.isnative
    np.testing.assert_array_equal(image.data, truth)


@pytest.mark.parametrize(
    "changes",
    [
        {"SAMPLE_TYPE": "VAX_REAL", "SAMPLE_BITS": 32},
        {"SAMPLE_TYPE": "MSB_INTEGRE"},
        {"SAMPLE_TYPE": "IEEE_REAL"},
        {"SAMPLE_BITS": 12},
        {"SAMPLE_BITS": 16.0},
        {"SAMPLE_BITS": 32},
        {"LINES": 0},
        {"LINES": -4},
        {"LINES": 3},
        {"LINES": Verbatim("4.0")},
        {"LINE_SAMPLES": 9},
        {"BANDS": 2, "BAND_STORAGE_TYPE": "BAND_SEQUENTIAL"},
        {"BANDS": 0},
        {"BANDS": 1, "BAND_STORAGE_TYPE": "ODD"},
        {"LINE_PREFIX_BYTES": 1},
        {"LINE_SUFFIX_BYTES": -1},
        {"ENCODING_TYPE": "JPEG"},
        {"INTERCHANGE_FORMAT": "ASCII"},
        {"SCALING_FACTOR": 0.0},
        {"SCALING_FACTOR": Verbatim("1e999")},
        {"OFFSET": "none"},
        {"MISSING_CONSTANT": "none"},
        {"MISSING_CONSTANT": Verbatim("16#FFFFFFFF#")},
        {"CHECKSUM": 1},
    ],
)
def test_wrong_image_statements_are_refused(changes, tmp_path):
    pixels = np.arange(128, dtype=">i2").tobytes()
    good = {"LINES": 4, "LINE_SAMPLES": 32}
    assert read_image(image_file(tmp_path / "G.IMG", pixels, image=good)).data.shape == (4, 32)
    path = image_file(tmp_path / "F.IMG", pixels, image={**good, **changes})
    with pytest.raises(InputError, match=r"F\.IMG: line \d+: "):
        read_image(path)


def test_bytes_after_the_image_are_refused_but_for_padding(tmp_path):
    size = {"LINES": 2, "LINE_SAMPLES": 20}
    assert read_image(image_file(tmp_path / "F.IMG", b"\0" * 80, image=size, tail=b"\0" * 48)).data.shape == (
        2,
        20,
    )
    with pytest.raises(InputError, match="LINES: found 80 bytes"):
        read_image(image_file(tmp_path / "F.IMG", b"\0" * 80, image=size, tail=b"\0" * 49))


def detached(folder, pointer, size=512, **more):
    statements = {
        "PDS_VERSION_ID": "PDS3",
        "RECORD_TYPE": "FIXED_LENGTH",
        "RECORD_BYTES": 64,
        "FILE_RECORDS": size // 64,
        "^IMAGE": pointer,
        "IMAGE": {"LINES": 4, "LINE_SAMPLES": 32, "SAMPLE_TYPE": "MSB_INTEGER", "SAMPLE_BITS": 16},
        **more,
    }
    path = folder / "F.LBL"
    path.write_text(label_text(statements))
    return path


def test_pointers(tmp_path):
    data = np.arange(256, dtype=">i2")
    (tmp_path / "F.DAT").write_bytes(data.tobytes())
    (tmp_path / "low.dat").write_bytes(data[:128].tobytes())
    for pointer in (("F.DAT", 5), ("F.DAT", Quantity(257, "BYTES"))):
        np.testing.assert_array_equal(read_image(detached(tmp_path, pointer)).data.ravel(), data[128:])
    for pointer in ("low.dat", "LOW.DAT", ("LOW.DAT", 1)):
        np.testing.assert_array_equal(read_image(detached(tmp_path, pointer, 256)).data.ravel(), data[:128])
    free = detached(tmp_path, ("LOW.DAT", Quantity(1, "BYTES")), RECORD_TYPE="UNDEFINED")
    np.testing.assert_array_equal(read_image(free).data.ravel(), data[:128])
    for pointer in (
        ("F.DAT", 4),
        ("F.DAT", 6),
        ("F.DAT", 0),
        ("F.DAT", 5, 6),
        ("F.DAT", 5.0),
        ("F.DAT", "X"),
        5,
    ):
        with pytest.raises(InputError):
            read_image(detached(tmp_path, pointer))
    with pytest.raises(InputError, match="records have no fixed length"):
        read_image(detached(tmp_path, ("LOW.DAT", 2), RECORD_TYPE="UNDEFINED"))
    with pytest.raises(MissingError, match="GONE"):
        read_image(detached(tmp_path, "GONE.DAT"))


def test_objects_must_not_overlap(tmp_path):
    size = {"LINES": 2, "LINE_SAMPLES": 32}
    for place in (1, 10**9, -3, 1.5):
        path = image_file(tmp_path / "F.IMG", b"\0" * 128, image=size)
        text = replace(read_label(path), {"^TABLE": place})
        path.write_bytes(attach(text, {"IMAGE": b"\0" * 128}, 64))
        with pytest.raises(InputError, match=r"\^TABLE"):
            read_image(path)
    same = replace(read_label(path), {"^TABLE": read_label(path)["^IMAGE"]})
    path.write_bytes(attach(same, {"IMAGE": b"\0" * 128}, 64))
    with pytest.raises(InputError):
        read_image(path)


def test_missing_values_and_scaling(tmp_path):
    pixels = np.array([[1, 2, -7, 4]], dtype=">i2")
    more = {"SCALING_FACTOR": Quantity(0.5, "K"), "OFFSET": 10.0, "MISSING_CONSTANT": -7}
    size = {"LINES": 1, "LINE_SAMPLES": 4}
    image = read_image(image_file(tmp_path / "F.IMG", pixels.tobytes(), image={**size, **more}))
    assert (image.missing, image.scaling_factor, image.offset, image.unit) == ((-7,), 0.5, 10.0, "K")
    np.testing.assert_array_equal(scaled(image).filled(np.nan), [[10.5, 11.0, np.nan, 12.0]])
    for written, value in [("16#FFF9#", -7), ("2", 2)]:
        more["MISSING_CONSTANT"] = Verbatim(written)
        image = read_image(image_file(tmp_path / "F.IMG", pixels.tobytes(), image={**size, **more}))
        assert image.missing == (value,) and scaled(image).mask.sum() == 1


@pytest.mark.parametrize("written", ["16#FF7FFFFB#", "-1.0E+32", "-999.0", "-999"])
def test_missing_reals(written, tmp_path):
    value = np.uint32(0xFF7FFFFB).view(np.float32) if "#" in written else np.float32(written)
    pixels = np.array([[1.5, value, np.nan, 2.5]], dtype="<f4").tobytes()
    form = {"SAMPLE_TYPE": "PC_REAL", "SAMPLE_BITS": 32, "LINES": 1, "LINE_SAMPLES": 4}
    path = image_file(tmp_path / "F.IMG", pixels, image={**form, "MISSING_CONSTANT": Verbatim(written)})
    np.testing.assert_array_equal(scaled(read_image(path)).mask, [[False, True, True, False]])


# --- products, and other readers


def field(lines=440, samples=160, seed=0):
    data = np.random.default_rng(seed).normal(300.0, 20.0, (lines, samples))
    data[10:40, 20:60] = np.nan
    return data


@pytest.mark.parametrize("sample_type", ["PC_REAL", "IEEE_REAL", "MSB_INTEGER"])
def test_product_is_read_alike_by_hesper_pdr_and_rasterio(sample_type, tmp_path):
    path, data = tmp_path / "F.IMG", field()
    scale = {"scaling_factor": 0.01, "offset": 200.0} if sample_type == "MSB_INTEGER" else {}
    write_image(
        path, data, {"TARGET_NAME": "VENUS"}, created=CREATED, sample_type=sample_type, unit="K", **scale
    )
    image = read_image(path)
    values = scaled(image)
    np.testing.assert_array_equal(values.mask, np.isnan(data))
    assert np.abs(values - data).max() <= (0.00501 if scale else 2e-5)
    raw, masked = with_pdr(path)
    np.testing.assert_array_equal(raw, image.data)
    np.testing.assert_array_equal(np.ma.getmaskarray(masked), values.mask)
    np.testing.assert_allclose(np.ma.filled(masked, 0), values.filled(0), rtol=1e-6)
    bands, masked, *_ = with_rasterio(path)
    np.testing.assert_array_equal(bands[0], image.data)
    np.testing.assert_array_equal(np.ma.getmaskarray(masked)[0], values.mask)
    stated, valid = image.label.object("IMAGE"), image.data[~values.mask].astype(float)
    found = [stated[k] for k in ("MINIMUM", "MAXIMUM", "MEAN", "STANDARD_DEVIATION")]
    np.testing.assert_allclose(found, [valid.min(), valid.max(), valid.mean(), valid.std()], rtol=1e-7)
    assert stated["CHECKSUM"] == sum(image.data.astype(image.data.dtype.newbyteorder()).tobytes()) % 2**32


def test_cube_round_trip(tmp_path):
    cube = np.stack([field(60, 80, seed) for seed in range(5)])
    write_image(tmp_path / "F.IMG", cube, {}, created=CREATED)
    np.testing.assert_array_equal(read_image(tmp_path / "F.IMG").data.shape, cube.shape)
    np.testing.assert_array_equal(scaled(read_image(tmp_path / "F.IMG")).mask, np.isnan(cube))
    raw, _ = with_pdr(tmp_path / "F.IMG")
    np.testing.assert_array_equal(raw, read_image(tmp_path / "F.IMG").data)


@pytest.mark.parametrize("segment", range(9))
def test_geolocation_of_a_map_segment(segment, tmp_path):
    from pyproj import Transformer

    west, path = 40.0 * segment, tmp_path / "F.IMG"
    grid = {"west": west, "north": 60.0, "pixels_per_degree": 4.0, "radius": 6051.8}
    projection = simple_cylindrical(**grid, lines=440, samples=160)
    write_image(path, field(), {}, created=CREATED, map_projection=projection)
    _, masked, transform, crs, nodata = with_rasterio(path)
    assert nodata == pytest.approx(-3.4028226550889045e38, rel=1e-12)
    assert np.ma.getmaskarray(masked).sum() == np.isnan(field()).sum()
    metres = 6051800.0 * np.pi / 180.0
    true = np.array([0.25 * metres, 0.0, west * metres, 0.0, -0.25 * metres, 60.0 * metres])
    assert np.abs(np.array(transform)[:6] - true).max() / (0.25 * metres) < 1e-6
    lines, samples = np.mgrid[:440, :160] + 0.5
    x = transform.c + transform.a * samples
    y = transform.f + transform.e * lines
    to_degrees = Transformer.from_crs(crs, "+proj=longlat +R=6051800 +no_defs", always_xy=True)
    lon, lat = to_degrees.transform(x, y)
    lon_error = (lon - (west + samples / 4.0) + 180.0) % 360.0 - 180.0
    assert np.abs(lon_error).max() < 1e-6
    assert np.abs(lat - (60.0 - lines / 4.0)).max() < 1e-6
    assert read_label(path).object("IMAGE_MAP_PROJECTION")["LINE_PROJECTION_OFFSET"] == 239.5


def test_segment_5_has_the_published_offsets():
    grid = simple_cylindrical(
        west=200.0, north=60.0, pixels_per_degree=4.0, radius=6051.8, lines=440, samples=160
    )
    assert (grid["LINE_PROJECTION_OFFSET"], grid["SAMPLE_PROJECTION_OFFSET"]) == (239.5, -800.5)
    assert grid["MAP_SCALE"].value == pytest.approx(26.4059589180, abs=1e-9)
    assert (grid["MINIMUM_LATITUDE"].value, grid["EASTERNMOST_LONGITUDE"].value) == (-50.0, 240.0)


def test_products_are_deterministic():
    assert image_bytes(field(), {}, created=CREATED) == image_bytes(field(), {}, created=CREATED)


def test_every_flipped_bit_of_a_product_is_found(tmp_path):
    projection = simple_cylindrical(
        west=0.0, north=10.0, pixels_per_degree=1.0, radius=6051.8, lines=20, samples=40
    )
    good = image_bytes(field(20, 40)[::-1], {"A": "b c"}, created=CREATED, map_projection=projection)
    path = tmp_path / "F.IMG"
    random = np.random.default_rng(5)
    for place in np.append(random.integers(0, 8 * len(good), 1000), random.integers(0, 8 * 2600, 1000)):
        bad = bytearray(good)
        bad[place // 8] ^= 1 << (place % 8)
        path.write_bytes(bad)
        with pytest.raises(InputError, match=r"F\.IMG"):
            read_image(path)


def test_unchecked_reading_is_possible(tmp_path):
    good = image_bytes(np.ones((8, 64)), {}, created=CREATED)
    path = tmp_path / "F.IMG"
    path.write_bytes(good[:-1] + b"\x01")
    with pytest.raises(InputError, match=r"CHECKSUM.*verify=False"):
        read_image(path)
    assert read_image(path, verify=False).data.shape == (8, 64)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 3, 5), (33, 31)])
def test_odd_sizes_round_trip(shape, tmp_path):
    data = np.arange(np.prod(shape), dtype=float).reshape(shape) - 3.0
    for sample_type in ("PC_REAL", "IEEE_REAL", "MSB_INTEGER"):
        write_image(tmp_path / "F.IMG", data, {}, created=CREATED, sample_type=sample_type)
        np.testing.assert_array_equal(scaled(read_image(tmp_path / "F.IMG")), data)


def test_masked_arrays_and_extreme_values(tmp_path):
    data = np.ma.masked_equal(np.array([[1e-40, -3e38, 0.0], [5.0, 3.4e38, -0.0]]), 5.0)
    write_image(tmp_path / "F.IMG", data, {}, created=CREATED)
    back = scaled(read_image(tmp_path / "F.IMG"))
    np.testing.assert_array_equal(back.mask, data.mask)
    np.testing.assert_array_equal(back.compressed(), data.compressed().astype(np.float32))


@pytest.mark.parametrize(
    "data,options",
    [
        (np.full((4, 4), np.nan), {}),
        (np.ma.masked_all((4, 4)), {}),
        (np.zeros((0, 4)), {}),
        (np.zeros(4), {}),
        (np.zeros((1, 2, 3, 4)), {}),
        (np.array([[np.inf, 1.0]]), {}),
        (np.array([[1e39, 1.0]]), {}),
        (np.array([[40000.0]]), {"sample_type": "MSB_INTEGER"}),
        (np.array([[1.0]]), {"sample_type": "VAX_REAL"}),
        (np.array([[1.0]]), {"scaling_factor": 0.0}),
        (np.array([[1.0]]), {"offset": np.nan}),
        (np.array([[1.0]]), {"created": "today"}),
        (np.array([[1.0]]), {"description": 'a "quote"'}),
        (np.array([[1.0]]), {"unit": "µm"}),
        (np.ones((3, 4)), {"map_projection": {"LINE_LAST_PIXEL": 4, "SAMPLE_LAST_PIXEL": 3}}),
    ],
)
def test_what_cannot_be_written_is_refused(data, options):
    with pytest.raises(InputError):
        image_bytes(data, {}, **{"created": CREATED, **options})


def test_unwritable_place(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match="cannot be written"):
        write_image(tmp_path / "file" / "F.IMG", np.ones((2, 2)), {}, created=CREATED)


# --- camera images

CAMERA = {
    "PRODUCT_CREATION_TIME": "2013-07-10T06:50:59.000Z",
    "DETECTOR_ID": "VEX_VMC_NIR-2",
    "RELEASE_ID": Verbatim("0004"),
    "MAXIMUM_RESOLUTION": Quantity(37150.1, "m/pixel"),
    "FOOTPRINT_POINT_LATITUDE": tuple(np.round(np.linspace(-20, 40, 100), 4)),
    "VEX:SCIENCE_CASE_ID": "2",
    "/* RADIOMETRIC DATA INFORMATION */": None,
    "RADIANCE_SCALING_FACTOR": Quantity(105519.0, "W*m**-3*sr**-1"),
}
VICAR = [
    ("PROPERTY", "VEX_ORBIT"),
    ("ORBIT_NUMBER", 260),
    ("SPACECRAFT_ORIENTATION", (-0.497301, 0.392135, -0.7739)),
    ("TASK", "VMCONVER"),
    ("USER", "o'neil"),
    ("SPICE_FILE_NAME", ("a.tls", "b.bc")),
    ("TASK", "FRAMEFOO"),
    ("USER", "x"),
    ("SPICE_FILE_NAME", ("c,d.tls", "(e).bc")),
]


def camera(path, shape=(512, 512)):
    data = np.random.default_rng(1).integers(-1, 1606, shape).astype(np.int16)
    write_camera_image(path, data, CAMERA, vicar=VICAR)
    return data


def test_camera_image_is_laid_out_as_the_archives(tmp_path):
    path = tmp_path / "F.IMG"
    data = camera(path)
    image = read_image(path)
    np.testing.assert_array_equal(image.data, data)
    assert image.label["RECORD_BYTES"] == 1024 and image.label.source("RELEASE_ID") == "0004"
    assert [k for k in image.label if k in CAMERA] == [k for k in CAMERA if not k.startswith("/*")]
    assert image.label.object("IMAGE")["MINIMUM"] == 0 and image.missing == ()
    header = read_vicar_header(path, image.label)
    assert header["ORBIT_NUMBER"] == 260 and header["NL"] == 512
    assert header["USER"] == "x" and header["VMCONVER.USER"] == "o'neil"
    assert header["SPICE_FILE_NAME"] == ("c,d.tls", "(e).bc")
    np.testing.assert_array_equal(with_pdr(path)[0], data)
    np.testing.assert_array_equal(with_rasterio(path)[0][0], data)


def test_reissued_image_keeps_its_label(tmp_path):
    path, again = tmp_path / "F.IMG", tmp_path / "G.IMG"
    data = camera(path, (96, 128))
    values = np.where(data == -1, np.nan, data * 1.1)
    changes = {"VEX:FLAT_FIELD_GRADIENT": (0.1, -0.05), "RELEASE_ID": Verbatim("0005")}
    for sample_type in ("PC_REAL", "IEEE_REAL", "MSB_INTEGER"):
        again.write_bytes(reissue_bytes(path, values, changes, created=CREATED, sample_type=sample_type))
        image = read_image(again)
        np.testing.assert_array_equal(scaled(image).mask, data == -1)
        assert np.abs(scaled(image) - values).max() < (0.51 if sample_type == "MSB_INTEGER" else 1e-3)
        old = set(read_label(path).text.splitlines())
        assert len(old - set(image.label.text.splitlines())) < 16
        assert image.label["VEX:FLAT_FIELD_GRADIENT"] == (0.1, -0.05)
        assert read_vicar_header(again, image.label)["ORBIT_NUMBER"] == 260
        np.testing.assert_array_equal(with_pdr(again)[0], image.data)
        np.testing.assert_array_equal(with_rasterio(again)[0][0], image.data)
    with pytest.raises(InputError):
        reissue_bytes(path, values[:5], {}, created=CREATED)


# Each of these agrees with the size of the file; only the VICAR header tells that it is wrong.
LIES = [
    {"LINES": 48, "LINE_SAMPLES": 256},
    {"LINES": 128, "LINE_SAMPLES": 96},
    {"SAMPLE_TYPE": "LSB_INTEGER"},
    {"SAMPLE_TYPE": "MSB_UNSIGNED_INTEGER"},
    {"SAMPLE_BITS": 8, "LINE_SAMPLES": 256},
    {"SAMPLE_BITS": 32, "LINE_SAMPLES": 64},
    {"SAMPLE_TYPE": "IEEE_REAL", "SAMPLE_BITS": 32, "LINES": 48},
    {"BANDS": 2, "LINES": 48},
    {"BANDS": 2, "LINE_SAMPLES": 64, "BAND_STORAGE_TYPE": "SAMPLE_INTERLEAVED"},
    {"LINE_PREFIX_BYTES": 128, "LINE_SAMPLES": 64},
    {"LINE_SUFFIX_BYTES": 2, "LINE_SAMPLES": 127},
]


@pytest.mark.parametrize("lie", LIES)
def test_lies_that_fit_the_file_are_found_by_the_vicar_header(lie, tmp_path):
    path = tmp_path / "F.IMG"
    data = camera(path, (96, 128))
    label, content = read_label(path), path.read_bytes()
    start = (label["^IMAGE_HEADER"] - 1) * label["RECORD_BYTES"]
    text = replace(label, {f"IMAGE.{k}": v for k, v in lie.items()})
    header = content[start : -data.nbytes]
    path.write_bytes(attach(text, {"IMAGE_HEADER": header, "IMAGE": content[-data.nbytes :]}, 256))
    with pytest.raises(InputError, match=r"F\.IMG: line \d+: .*VICAR header"):
        read_image(path)


# --- size lies


@pytest.mark.parametrize("keyword", ["LINES", "LINE_SAMPLES", "BANDS", "LINE_PREFIX_BYTES", "SAMPLE_BITS"])
@pytest.mark.parametrize(
    "size", ["-1", "0", "1e18", "10" * 9, "9" * 19, "9" * 400, "16#7FFFFFFFFFFFFFFF#", "5.5"]
)
def test_size_lies_cost_no_memory(keyword, size, tmp_path):
    if (keyword, size) == ("LINE_PREFIX_BYTES", "0"):
        pytest.skip("a prefix of 0 bytes is the truth")
    lie = {"LINES": 4, "LINE_SAMPLES": 32, "BAND_STORAGE_TYPE": "BAND_SEQUENTIAL", keyword: Verbatim(size)}
    path = image_file(tmp_path / "F.IMG", b"\0" * 256, image=lie)
    tracemalloc.start()
    with pytest.raises(InputError, match=r"F\.IMG: line \d+"):
        read_image(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6


@pytest.mark.parametrize("keyword", ["RECORD_BYTES", "FILE_RECORDS", "LABEL_RECORDS", "^IMAGE"])
@pytest.mark.parametrize("size", ["-1", "0", "1", "1e18", "10" * 9, "9" * 400, "3"])
def test_record_lies_are_refused(keyword, size, tmp_path):
    path = image_file(tmp_path / "F.IMG", b"\0" * 256, image={"LINES": 4, "LINE_SAMPLES": 32})
    label, content = read_label(path), path.read_bytes()
    if str(label[keyword]) == size:
        pytest.skip("the truth")
    text = replace(label, {keyword: Verbatim(size)}).encode().ljust(len(content) - 256)
    path.write_bytes(text + content[-256:])
    with pytest.raises(InputError, match=r"F\.IMG: line \d+"):
        read_image(path)


def test_sparse_huge_file_is_refused_before_allocation(tmp_path):
    record, records = 65536, 100000
    sizes = {
        "LINES": records - 1,
        "LINE_SAMPLES": record // 2,
        "SAMPLE_TYPE": "MSB_INTEGER",
        "SAMPLE_BITS": 16,
    }
    counts = {"RECORD_BYTES": record, "FILE_RECORDS": records, "LABEL_RECORDS": 1, "^IMAGE": 2}
    path = tmp_path / "F.IMG"
    path.write_text(label_text({"RECORD_TYPE": "FIXED_LENGTH", **counts, "IMAGE": sizes}))
    os.truncate(path, record * records)
    tracemalloc.start()
    with pytest.raises(InputError, match="expected at most 1073741824"):
        read_image(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6


# --- paths

OUTSIDE = [
    "/etc/passwd",
    "//etc/passwd",
    "//server/share/x",
    "\\\\server\\share\\x",
    "/dev/zero",
    "/dev/stdin",
    "/proc/self/environ",
    "../x.dat",
    "..",
    ".",
    "./x.dat",
    "./../x.dat",
    "sub/../../x.dat",
    "sub/x.dat",
    "sub//x.dat",
    "..\\x.dat",
    "sub\\x.dat",
    "...",
    "....//x.dat",
    "C:x.dat",
    "C:\\x.dat",
    "c:/x.dat",
    "\\x.dat",
    "\\\\?\\C:\\x.dat",
    "\\\\.\\pipe\\x",
    "x.dat:stream",
    "file:///etc/passwd",
    "http://example.org/x",
    "/vsicurl/http://example.org/x",
    "/vsizip/x.zip",
    "~/x.dat",
    "~root",
    "$HOME",
    "${HOME}",
    "%2e%2e%2fx.dat",
    "%00",
    "*",
    "?.dat",
    "[x].dat",
    "|id",
    "`id`",
    "$(id)",
    ";id",
    "x.dat;id",
    "&x",
    "<x",
    ">x",
    "",
    " ",
    " x.dat",
    "x.dat ",
    "x.dat.",
    ".hidden",
    "x\0.dat",
    "\0",
    "x\t.dat",
    "x\x01.dat",
    "x\x7f.dat",
    "x\xe9.dat",
    "x\u00a0.dat".encode("latin-1").decode("latin-1"),
    "a" * 256,
    "a" * 4096,
    "a/" * 2000,
    "../" * 100 + "etc/passwd",
    "out",
    "out.zero",
    "dangling",
    "loop",
    "pipe",
    "sub",
]


@pytest.mark.parametrize("form", ['^IMAGE = "{}"', '^IMAGE = ("{}", 1)'])
@pytest.mark.parametrize("name", OUTSIDE, ids=range(len(OUTSIDE)))
def test_no_pointer_leads_out_of_the_folder(name, form, tmp_path, monkeypatch):
    (tmp_path / "x.dat").write_bytes(b"\0" * 256)
    folder = tmp_path / "archive"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "x.dat").write_bytes(b"\0" * 256)
    (folder / "out").symlink_to(tmp_path / "x.dat")
    (folder / "out.zero").symlink_to("/dev/zero")
    (folder / "dangling").symlink_to(folder / "nothing")
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    path = detached(folder, "X", 256)
    path.write_bytes(
        path.read_bytes().replace(
            b"^IMAGE                            = X", form.format(name).encode("latin-1")
        )
    )
    opened, really_open = [], Path.open
    monkeypatch.setattr(Path, "open", lambda self, *a, **k: opened.append(self) or really_open(self, *a, **k))
    with pytest.raises(InputError, match=r"F\.LBL: line \d+: \^IMAGE") as caught:
        read_image(path)
    assert opened == [path]
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 700


def test_links_inside_the_folder_are_followed(tmp_path):
    (tmp_path / "x.dat").write_bytes(b"\0" * 256)
    (tmp_path / "link").symlink_to("x.dat")
    assert read_image(detached(tmp_path, "link", 256)).data.shape == (4, 32)


def test_arguments_that_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "none", tmp_path / "F" / "none", Path(__file__) / "none"):
        with pytest.raises(MissingError, match="no such file"):
            read_image(path)
    for bad in (tmp_path, tmp_path / "pipe", "/dev/zero", "a\0b", "a" * 5000, "a\nb" * 2000):
        with pytest.raises(InputError) as caught:
            read_image(bad)
        assert "\n" not in str(caught.value)
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(InputError):
        read_image(tmp_path / "empty")


# --- real files


def test_real_ultraviolet_image():
    path = real("V0260_0008_UV2.IMG")
    image = read_image(path)
    assert image.data.shape == (512, 512) and image.data.dtype == np.int16
    assert (image.label["^IMAGE"] - 1) * image.label["RECORD_BYTES"] == 15360
    assert (image.data.min(), image.data.max(), (image.data == -1).sum()) == (-1, 1605, 78197)
    stated, seen = image.label.object("IMAGE"), np.where(image.data == -1, 0, image.data)
    assert stated["MEAN"] == pytest.approx(seen.mean(), abs=1e-3)
    assert stated["STANDARD_DEVIATION"] == pytest.approx(seen.std(), abs=1e-3)
    assert image.label["MAXIMUM_RESOLUTION"] == 37150.1
    assert image.label.unit("MAXIMUM_RESOLUTION") == "m/pixel"
    for axis in ("LATITUDE", "LONGITUDE"):
        assert len(image.label[f"FOOTPRINT_POINT_{axis}"]) == 100
    assert image.label["PRODUCER_INSTITUTION_NAME"] == "DEUTSCHES ZENTRUM FUER LUFT- UND RAUMFAHRT"
    assert image.label["VEX:SCIENCE_CASE_ID"] == "2" and image.missing == ()


@pytest.mark.parametrize("name", ["V0260_0008_UV2.IMG", "V2946_0031_N22.IMG"])
def test_real_images_equal_those_of_pdr_and_rasterio(name):
    path = real(name)
    image = read_image(path)
    np.testing.assert_array_equal(with_pdr(path)[0], image.data)
    np.testing.assert_array_equal(with_rasterio(path)[0][0], image.data)


def test_real_vicar_header():
    path = real("V0260_0008_UV2.IMG")
    header = read_vicar_header(path, read_label(path))
    assert header["STRAY_LIGHT_CORRECTION_FLAG"] == "N" and header["ADDITIONAL_FLAT_FIELD_CORRECTION"] == "Y"
    assert header["SPACECRAFT_ALTITUDE"] == 53638.2 and header["OVERFLOW_VALUE"] == 1606
    assert len(header["SPICE_FILE_NAME"]) == 8 and len(header["VMCONVER.SPICE_FILE_NAME"]) == 3
    assert header["LOCAL_TIME"] == "14:25:11" and header["BLTYPE"] == ""
    assert len(header["FOOTPRINT_POINT_LATITUDE"]) == 100


def test_real_image_reissued(tmp_path):
    path = real("V0260_0008_UV2.IMG")
    data = read_image(path).data
    values = np.where(data == -1, np.nan, data * 1.05)
    (tmp_path / "F.IMG").write_bytes(reissue_bytes(path, values, {}, created=CREATED))
    np.testing.assert_allclose(scaled(read_image(tmp_path / "F.IMG")).filled(np.nan), values, rtol=1e-7)


def test_real_detached_browse_label_is_refused_as_an_image():
    path = real("V2946_0031_N22.LBL")
    assert read_label(path)["SOURCE_PRODUCT_ID"] == "V2946_0031_N22.IMG"
    with pytest.raises(InputError, match="JPEG"):
        read_image(path, name="BROWSE_IMAGE")


def test_reading_is_fast(tmp_path):
    path = tmp_path / "F.IMG"
    camera(path)
    times = []
    for _ in range(50):
        start = time.perf_counter()
        read_image(path)
        times.append(time.perf_counter() - start)
    # About 0.6 ms on an idle core; the bound leaves room for a loaded machine.
    assert min(times) < 5e-3
