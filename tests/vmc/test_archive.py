"""A small simulated archive through the whole pipeline: files, geometry, products, bad input."""

import dataclasses
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

import filelock
import numpy as np
import pytest

from hesper import config, ephemeris, maps, products, runs
from hesper.errors import InputError, MissingError, ResourceError
from hesper.products import pds3
from hesper.units import deg, km
from hesper.vmc import (
    calibrate_gradient,
    model_surface,
    pipeline,
    pipeline_orbit,
    read,
    read_attitude,
    read_geometry,
    read_orbit,
    simulate,
    simulate_orbit,
    write_map,
)
from hesper.vmc.data import CHANNELS
from hesper.vmc.data_map import Scene
from hesper.vmc.data_orbit import OrbitMosaic

CREATED = "2025-01-01T00:00:00"
SMALL = {"orbits": 4, "images": 20, "refused": 0.25}


def settings(archive, **changes):
    return config.load(pipeline.Config, {"archive": str(archive), "simulation": SMALL, **changes})


def once(name, tmp_path_factory, worker_id, build):
    """Return a folder that one of the test processes builds, and all read."""
    if worker_id == "master":
        return build(tmp_path_factory.mktemp(name))
    root = tmp_path_factory.getbasetemp().parent
    with filelock.FileLock(root / f"vmc-{name}.lock"):
        folder, done = root / f"vmc-{name}", root / f"vmc-{name}.done"
        if not done.is_file():
            build(folder)
            done.touch()
    return folder


@pytest.fixture(scope="module")
def archive(tmp_path_factory, worker_id):
    def build(folder):
        table = {"archive": "", "simulation": {**SMALL, "backplanes": True}}
        with runs.open_run(folder, products.Provenance(recipe={}), quiet=True) as run:
            pipeline.simulate(config.load(pipeline.Config, table), run)
        return folder

    return once("archive", tmp_path_factory, worker_id, build)


@pytest.fixture(scope="module")
def made(archive, tmp_path_factory, worker_id):
    def build(folder):
        with runs.open_run(folder, products.Provenance(recipe={}), quiet=True) as run:
            # Three orbits seldom see the same ground: cells of two are mapped too.
            rows = pipeline.run(settings(archive, emissivity={"least_count": 2}), run)
            run.write("rows.pickle", lambda: pickle.dumps(rows))
        return folder

    folder = once("made", tmp_path_factory, worker_id, build)
    return folder, pickle.loads((folder / "rows.pickle").read_bytes())


def shots():
    chosen = config.load(pipeline.Config, {"archive": "", "simulation": SMALL})
    found, _ = simulate_orbit.shots(chosen.simulation, chosen.seed, kernel="DE421", rotation="IAU")
    return {f"V{s.orbit:04d}_{s.sequence:04d}_N22": s for s in found}


def groups(archive):
    found = {}
    for path in read.files(archive / "DATA"):
        found.setdefault(read.name(path).orbit, []).append(path)
    return found


def source(kind="label", meta=""):
    return read_orbit.Source(kind, meta, "DE421", "IAU", CHANNELS)


def test_files_have_the_archives_layout(archive):
    path = read.files(archive / "DATA")[0]
    image = pds3.read_image(path)
    assert image.data.shape == (512, 512)
    assert image.data.min() == -1
    label = image.label
    assert label["RECORD_BYTES"] == 1024
    assert label["LINE_FIRST_PIXEL"] == 513
    stated = read_geometry.stated(path)
    assert stated.footprint_lon.size == 100
    seen = np.where((image.data == -1) | (image.data >= 8191), 0, image.data).astype(float)
    assert stated.mean == pytest.approx(seen.sum() / (seen.size - stated.invalid_count), rel=1e-5)
    vicar = pds3.read_vicar_header(path, label)
    assert vicar["ADDITIONAL_FLAT_FIELD_CORRECTION"] == "Y"
    inside = image.data[image.data > 0]
    assert 80 < np.median(inside) < 400
    # The reader of single images takes it like any other.
    assert read.image(path).channel == "N2"


def test_pdr_and_rasterio_read_the_same_pixels(archive):
    import pdr
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning

    path = read.files(archive / "DATA")[0]
    ours = pds3.read_image(path).data
    np.testing.assert_array_equal(pdr.read(str(path), label_fn=str(path)).IMAGE, ours)
    with pytest.warns(NotGeoreferencedWarning), rasterio.open(path) as opened:
        np.testing.assert_array_equal(opened.read(1), ours)


@pytest.mark.parametrize("kind", ["label", "geo"])
def test_attitude_is_recovered_to_a_tenth_of_a_pixel(archive, kind):
    masking = settings(archive).masking
    true = shots()
    for paths in groups(archive).values():
        frames = read_orbit.frames(paths, source(kind), masking)
        assert not frames.left_out
        for name, axes, position in zip(frames.name, frames.axes, frames.position, strict=True):
            places, expected, _ = simulate_orbit.part_places(true[str(name)], "IAU")
            assert np.abs(axes - expected[1]).max() * 1421 < 0.1
            assert np.linalg.norm(position - places[1]) < 0.3 * km


@pytest.mark.slow
def test_spice_kernels_give_the_same_geometry(archive, tmp_path):
    spice = pytest.importorskip("spiceypy")
    shot = next(iter(shots().values()))
    rotation = ephemeris.ROTATIONS["IAU"]
    lines = [
        "KPL/FK\n\\begindata",
        f"BODY299_POLE_RA = ({rotation.pole_ra / deg!r} 0 0)",
        f"BODY299_POLE_DEC = ({rotation.pole_dec / deg!r} 0 0)",
        f"BODY299_PM = ({rotation.meridian / deg!r} {rotation.rate / deg * 86400!r} 0)",
        "BODY299_RADII = (6051.8 6051.8 6051.8)",
        "FRAME_VEX_VMC_NIR-2 = -248432", "FRAME_-248432_NAME = 'VEX_VMC_NIR-2'",
        "FRAME_-248432_CLASS = 3", "FRAME_-248432_CLASS_ID = -248432", "FRAME_-248432_CENTER = -248",
        "CK_-248432_SCLK = -248", "CK_-248432_SPK = -248",
        "SCLK_DATA_TYPE_248 = (1)", "SCLK01_TIME_SYSTEM_248 = (1)", "SCLK01_N_FIELDS_248 = (2)",
        "SCLK01_MODULI_248 = (4294967296 65536)", "SCLK01_OFFSETS_248 = (0 0)",
        "SCLK01_OUTPUT_DELIM_248 = (1)", "SCLK_PARTITION_START_248 = (0)",
        "SCLK_PARTITION_END_248 = (2.8147497671065E+14)", "SCLK01_COEFFICIENTS_248 = (0 0 1)",
        "\\begintext\n",
    ]  # fmt: skip
    text = tmp_path / "frames.tf"
    text.write_text("\n".join(lines))
    spk, ck = tmp_path / "orbit.bsp", tmp_path / "attitude.bc"
    program = f"""
import numpy as np, spiceypy as s
from hesper import ephemeris
from hesper.vmc import model_orbit, simulate_orbit
from hesper.vmc.model_orbit import Elements
e = Elements{tuple(shot.elements)!r}
spin = ephemeris.ROTATIONS["IAU"]
times = {shot.time!r} + np.arange(-300.0, 301.0, 10.0)
s.furnsh({str(text)!r})
def place(t):
    return np.asarray(s.pxform("IAU_VENUS", "J2000", t)) @ model_orbit.place(e, t, spin) / 1e3
states = [np.r_[place(t), (place(t + 0.5) - place(t - 0.5))] for t in times]
h = s.spkopn({str(spk)!r}, "t", 0)
s.spkw09(h, -248, 299, "J2000", times[0], times[-1], "t", 7, len(times), states, times)
s.spkcls(h)
sun, offset = {tuple(shot.sun)!r}, {tuple(shot.offset)!r}
shot = simulate_orbit.Shot(1, 1, e, {shot.time!r}, sun, offset, (0, 0), 1.0, ("",) * 4)
ticks = [s.sce2c(-248, t) for t in times]
quats = []
for t in times:
    axes = simulate_orbit.axes(shot, model_orbit.place(e, t, spin))
    quats.append(s.m2q(axes @ np.asarray(s.pxform("J2000", "IAU_VENUS", t))))
h = s.ckopn({str(ck)!r}, "t", 0)
n, rates = len(ticks), np.zeros((len(ticks), 3))
s.ckw03(h, ticks[0], ticks[-1], -248432, "J2000", True, "t", n, ticks, quats, rates, 1, [ticks[0]])
s.ckcls(h)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    meta = tmp_path / "meta.tm"
    meta.write_text(
        f"KPL/MK\n\\begindata\nPATH_VALUES = ('{tmp_path}')\nPATH_SYMBOLS = ('D')\n"
        "KERNELS_TO_LOAD = ('$D/frames.tf' '$D/orbit.bsp' '$D/attitude.bc')\n\\begintext\n"
    )
    del spice
    pose = read_attitude.from_kernels(meta, np.array([shot.time]), "VEX_VMC_NIR-2")[0]
    places, axes, _ = simulate_orbit.part_places(shot, "IAU")
    assert np.linalg.norm(pose.position - places[1]) < 1.0
    assert np.abs(pose.axes - axes[1]).max() < 1e-9
    with pytest.raises(InputError, match="SPICE"):
        read_attitude.from_kernels(meta, np.array([shot.time + 1e6]), "VEX_VMC_NIR-2")
    with pytest.raises(MissingError, match="meta-kernel"):
        read_attitude.from_kernels(tmp_path / "none.tm", np.array([0.0]), "VEX_VMC_NIR-2")


def test_orbits_built_without_overlaps_are_the_refused_ones(archive, made):
    folder, _ = made
    truth = products.read(archive / "truth.nc", Scene)
    for orbit, usable in zip(truth.orbit, truth.is_usable, strict=True):
        found = products.read(folder / f"orbits/V{orbit:04d}_N2.nc", OrbitMosaic)
        assert (found.flat.status == calibrate_gradient.ACCEPTED) == usable
        corrected = list((folder / "level3").rglob(f"V{orbit:04d}_*.img"))
        assert bool(corrected) == usable
        if usable:
            index = list(truth.orbit).index(orbit)
            true = np.array([truth.gradient_x[index], truth.gradient_y[index]])
            off = found.flat.gradient - true
            assert (np.abs(off) < 4 * np.sqrt(np.diag(found.flat.covariance))).all()
            assert found.flat.seam < 0.015
            assert found.error < 1.1 * found.error_floor
            assert found.error < found.error_before + 0.002


def test_corrected_images_keep_their_label(archive, made):
    folder, _ = made
    path = sorted((folder / "level3").rglob("*.img"))[0]
    before = pds3.read_image(next((archive / "DATA").rglob(f"{path.stem}.IMG")))
    after = pds3.read_image(path)
    part = read.phase(read.name(path).orbit).name
    expected = f"VEX-V-VMC-3-RDR-SCP-{part + '-' if part else ''}V1.0"
    assert after.label["DATA_SET_ID"] == expected
    assert after.label["IMAGE_TIME"] == before.label["IMAGE_TIME"]
    a, b = after.label["HESPER:FLAT_FIELD_GRADIENT"]
    values = pds3.scaled(after)
    x = (np.arange(512) - 255.5) / 220
    flat = 1 + a * x + b * x[:, None]
    inside = ~values.mask & (before.data > 0)
    np.testing.assert_allclose(values[inside], (before.data / flat)[inside], rtol=2e-5)
    assert (values.mask == (before.data == -1)).all()


def test_the_five_files_of_a_segment_open_everywhere(made):
    import pdr
    import rasterio

    folder, _ = made
    for suffix in write_map.SUFFIXES:
        path = folder / write_map.segment_name(5, suffix)
        ours = pds3.scaled(pds3.read_image(path))
        with rasterio.open(path) as opened:
            values = opened.read(1, masked=True)
            np.testing.assert_array_equal(values.mask, ours.mask)
            np.testing.assert_allclose(values[~values.mask], ours[~ours.mask])
            step = np.pi / 180 * 6051.8e3 / 4
            expected = (800 * step, step, 0, 240 * step, 0, -step)
            np.testing.assert_allclose(opened.transform.to_gdal(), expected, atol=1e-6 * step)
        theirs = pdr.read(str(path)).get_scaled("IMAGE")
        assert np.ma.getmaskarray(theirs).sum() == ours.mask.sum()
        label = pds3.read_label(path)
        assert label["DATA_SET_ID"] == "VMC-NIR2-EMI_SGMNT-SCP"
        assert label["HESPER:AMPLIFICATION"] > 2
        assert "HESPER:CO2_ABSORPTION" in label
    products.read_geotiff(folder / "segment_5_200_240.tif")
    ratio = pds3.scaled(pds3.read_image(folder / write_map.segment_name(5, "stddev_norm_vmc")))
    std = pds3.scaled(pds3.read_image(folder / write_map.segment_name(5, "stddev_vmc")))
    mean = pds3.scaled(pds3.read_image(folder / write_map.segment_name(5, "vmc")))
    good = ~ratio.mask
    np.testing.assert_allclose(ratio[good], (std / mean)[good], rtol=1e-5)


def test_the_run_says_what_it_did(made):
    folder, rows = made
    named = {row.quantity: row for row in rows}
    assert named["orbits refused"].value == 1
    assert "segment 5 amplification A" in named
    table = (folder / "orbits.csv").read_text().splitlines()
    assert len(table) == 5
    assert (folder / "segment_5_200_240_emissivity.png").is_file()
    assert len((folder / "images.csv").read_text().splitlines()) == 21


LIES = (
    (rb"(IMAGE_TIME += )(\d{4}-\d\d-\S+)", b"2009-13-01T00:00:00.000Z"),
    (rb"(IMAGE_TIME += )(\d{4}-\d\d-\S+)", b"9999-01-01T00:00:00.000Z"),
    (rb"(ORBITAL_SEMIMAJOR_AXIS += )(\S+)", b"0"),
    (rb"(RADIANCE_SCALING_FACTOR += )(\S+)", b"-4.0"),
    (rb"(RADIANCE_SCALING_FACTOR += )(\S+)", b"900.0"),
    (rb"(EXPOSURE_DURATION += )(\S+ <ms>)", b"30000 <s>"),
    (rb"(TARGET_NAME += )(VENUS)", b"EARTH"),
    (rb"(ORBIT_NUMBER += )(\d+)", b"1"),
)
"""Statements of a label that are not true, one at a time."""


def test_bad_files_are_listed_and_the_rest_goes_on(archive, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in ("altimetry.tif", "truth.nc"):
        shutil.copy(archive / name, broken / name)
    good = max(groups(archive).values(), key=len)
    for path in good:
        shutil.copy(path, broken / path.name)
    whole = good[0].read_bytes()
    orbit = read.name(good[0]).orbit
    (broken / f"V{orbit:04d}_0901_N22.IMG").write_bytes(whole[:100_000])
    (broken / f"V{orbit:04d}_0902_N22.IMG").write_bytes(whole)
    (broken / f"V{orbit:04d}_0903_N22.IMG").write_bytes(
        whole.replace(b"IMAGE_TIME                        = 2", b"IMAGE_TIME                        = X", 1)
    )
    (broken / f"V{orbit:04d}_0904_N22.IMG").write_bytes(
        whole.replace(b"SPACECRAFT_CENTRIC_LATITUDE=", b"SPACECRAFT_CENTRIC_LATITUDE=8", 1)
    )
    start = 1024 * (pds3.read_label(good[0])["^IMAGE"] - 1)
    (broken / f"V{orbit:04d}_0905_N22.IMG").write_bytes(whole[:start] + b"\xff\xff" * (512 * 512))
    (broken / "holiday.IMG").write_bytes(whole)
    for number, (old, new) in enumerate(LIES, start=906):
        assert re.search(old, whole), old
        own = re.sub(rb"(IMAGE_TIME +=.*\.)\d{3}Z", rb"\g<1>%dZ" % number, whole, count=1)
        lie = re.sub(old, lambda m, new=new: m[1] + new.ljust(len(m[2]))[: len(m[2])], own, count=1)
        (broken / f"V{orbit:04d}_{number:04d}_N22.IMG").write_bytes(lie)
    (broken / f"V{orbit:04d}_0990_N22.IMG").symlink_to(broken / "nowhere")
    (broken / "again").mkdir()
    shutil.copy(good[0], broken / "again" / good[0].name)
    with runs.open_run(tmp_path / "out", products.Provenance(recipe={}), quiet=True) as run:
        rows = pipeline.run(settings(broken, level3=False), run)
    lost = next(row for row in rows if row.quantity == "images left out")
    assert lost.value == 8 + len(LIES)
    reasons = ("duplicate", "IMAGE_TIME", "not the name", "no such file", "a second file of this name")
    said = ("EXPOSURE_DURATION", "RADIANCE_SCALING_FACTOR", "SEMIMAJOR", "TARGET_NAME", "VICAR header")
    for reason in (*reasons, *said):
        assert reason in lost.note, reason
    assert "not used" not in lost.note
    listed = (tmp_path / "out" / "images.csv").read_text().splitlines()[1:]
    assert len(listed) == len(good) + 8 + len(LIES)
    assert len({line.split(",")[0] for line in listed}) == len(listed) - 1
    assert sum(",yes," in line for line in listed) == len(good)


def test_of_two_images_of_a_moment_the_one_that_can_be_used_is_taken(archive, tmp_path):
    """The first by name says that the spacecraft was elsewhere; then two good ones."""
    path = max(groups(archive).values(), key=len)[0]
    whole, orbit = path.read_bytes(), read.name(path).orbit
    lying, good, second = (tmp_path / f"V{orbit:04d}_{k:04d}_N22.IMG" for k in (901, 902, 903))
    degree = rb"(SPACECRAFT_CENTRIC_LATITUDE=-?\d*)(\d)(?=\.)"
    lie = re.sub(degree, lambda m: m[1] + (b"1" if m[2] > b"4" else b"8"), whole)
    assert len(lie) == len(whole)
    assert lie != whole
    lying.write_bytes(lie)
    for place in (good, second):
        place.write_bytes(whole)
    found = read_orbit.frames([lying, good, second], source("label"), settings(archive).masking)
    assert list(found.name) == [good.stem]
    first, last = found.left_out.split(" | ")
    assert lying.stem in first
    assert "one of them lies" in first
    assert second.stem in last
    assert f"duplicate; {good.stem} is taken" in last


@pytest.mark.parametrize("value", [b"\xff\xff", b"\x00\x00", b"\x7f\xc0"], ids=["outside", "zero", "garbage"])
def test_overwritten_pixels_are_called_so(archive, tmp_path, value):
    """A third of the lines: nothing is said of the geometry."""
    path = max(groups(archive).values(), key=len)[0]
    whole = path.read_bytes()
    start = 1024 * (pds3.read_label(path)["^IMAGE"] - 1) + 2 * 512 * 200
    spoilt = tmp_path / path.name
    spoilt.write_bytes(whole[:start] + value * (512 * 170) + whole[start + 2 * 512 * 170 :])
    printed = next(
        k for k, line in enumerate(whole.split(b"\n"), 1) if line.split(b"=")[0].strip() == b"MEAN"
    )
    said = rf"line {printed}: MEAN: found .*; expected .* as its pixels have; .* overwritten"
    with pytest.raises(InputError, match=said):
        read_orbit.frames([spoilt], source("label"), settings(archive).masking)
    with pytest.raises(InputError, match=said):
        read.image(spoilt)


@pytest.mark.parametrize(
    ("keyword", "lie"),
    [
        ("RADIANCE_SCALING_FACTOR", b"900.0"),
        ("RADIANCE_OFFSET", b"9.0"),
        ("EXPOSURE_DURATION", b"40000.0"),
        ("ORBIT_NUMBER", None),
        ("IMAGE_TIME", b"2009"),
        ("SAMPLE_FIRST_PIXEL", b"9"),
    ],
)
def test_a_label_that_differs_from_its_header_is_refused(archive, tmp_path, keyword, lie):
    """By both readers; the orbit is a copy under another number, which name and label bear."""
    path = max(groups(archive).values(), key=len)[0]
    whole, orbit = path.read_bytes(), read.name(path).orbit
    if keyword == "ORBIT_NUMBER":
        orbit += 1 if read.phase(orbit + 1) == read.phase(orbit) else -1
        lie = b"%d" % orbit
    old = rb"(\b%s += )(%s)" % (
        keyword.encode(),
        rb"\d" * len(lie) if keyword == "IMAGE_TIME" else rb"[\d.]+",
    )
    changed = re.sub(old, lambda m: m[1] + lie.ljust(len(m[2]))[: len(m[2])], whole, count=1)
    assert changed != whole
    lying = tmp_path / path.name.replace(path.name[:5], f"V{orbit:04d}")
    lying.write_bytes(changed)
    said = rf"{keyword}: found .*; expected .* as in the VICAR header; mend"
    with pytest.raises(InputError, match=said):
        read_orbit.frames([lying], source("label"), settings(archive).masking)
    with pytest.raises(InputError, match=said):
        read.image(lying)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda whole, _: whole[: len(whole) // 2], "GEO"),
        (lambda whole, _: b"", "GEO"),
        (lambda whole, _: b"holiday" * 1000, "GEO"),
        (lambda whole, _: planes(whole, slice(0, 3)), "five backplanes"),
        (lambda whole, _: planes(whole, [0, 1, 2, 4, 3]), "GEO"),
        (lambda whole, other: other, "GEO"),
    ],
    ids=["truncated", "empty", "no label", "three planes", "latitude as longitude", "of another image"],
)
def test_broken_backplanes_are_one_clear_line(archive, tmp_path, spoil, said):
    """The archive's name, and nothing placed by them."""
    paths = max(groups(archive).values(), key=len)
    first, other = (read_orbit.backplanes(path).read_bytes() for path in (paths[0], paths[-1]))
    image = tmp_path / paths[0].name
    shutil.copy(paths[0], image)
    image.with_suffix(".GEO").write_bytes(spoil(first, other))
    with pytest.raises(InputError, match=said) as caught:
        read_orbit.frames([image], source("geo"), settings(archive).masking)
    assert image.stem in str(caught.value)
    assert "\n" not in str(caught.value)


def planes(whole, chosen):
    """Return a .GEO file with some of the planes of another."""
    start = 5 * 512 * 512 * 4
    kept = np.frombuffer(whole[-start:], ">f4").reshape(5, 512, 512)[chosen]
    return pds3.image_bytes(
        kept, {"TARGET_NAME": "VENUS"}, created="2014-01-01T00:00:00", sample_type="IEEE_REAL"
    )


def test_integers_hold_the_corrected_image_to_half_a_step(archive, tmp_path):
    """16 bits as the source: the same mask and label but for the type, values rounded and no more."""
    path = read.files(archive / "DATA")[0]
    gradient, covariance = np.array([0.08, -0.05]), np.eye(2) * 1e-6
    flat = dataclasses.replace(
        calibrate_gradient.refused("few_pairs"), status="accepted", gradient=gradient, covariance=covariance,
        seam_before=0.02, seam=0.005,
    )  # fmt: skip
    made = []
    for kind in ("PC_REAL", "MSB_INTEGER"):
        (tmp_path / kind).write_bytes(write_map.level3(path, flat, sample_type=kind, created=CREATED))
        made.append(pds3.read_image(tmp_path / kind))
    real, whole = made
    assert whole.data.dtype.kind == "i"
    assert whole.data.dtype.itemsize == 2
    assert real.data.dtype.itemsize == 4
    fine, rough = pds3.scaled(real), pds3.scaled(whole)
    assert (fine.mask == rough.mask).all()
    assert fine.mask.any()
    step = np.abs(fine - rough).max()
    assert 0.25 < step <= 0.5 * (1 + 1e-6)
    same = ("IMAGE_TIME", "DATA_SET_ID", "PRODUCT_ID", "HESPER:FLAT_FIELD_GRADIENT")
    assert all(real.label[k] == whole.label[k] for k in same)


def test_an_orbit_that_was_not_corrected_has_no_level_3(archive):
    path = read.files(archive / "DATA")[0]
    with pytest.raises(InputError, match="not corrected \\(uncertain\\)"):
        write_map.level3(
            path, calibrate_gradient.refused("uncertain"), sample_type="PC_REAL", created=CREATED
        )


def test_other_channels_have_mosaics_and_no_gradient(archive, tmp_path):
    """The night side through another objective, where the recipe says that objective is: brightness alone."""
    paths = min(groups(archive).values(), key=len)
    for path in paths:
        other = (
            path.read_bytes().replace(b"VEX_VMC_NIR-2", b"VEX_VMC_NIR-1").replace(b"_N22.IMG", b"_N12.IMG")
        )
        (tmp_path / path.name.replace("_N22", "_N12")).write_bytes(other)
    values = {name: [getattr(c, name) for c in CHANNELS.values()] for name in ("focal", "sample", "line")}
    camera = {name: [numbers[1], *numbers[1:]] for name, numbers in values.items()}
    chosen = settings(tmp_path, camera=camera)
    made = pipeline_orbit.mosaic(
        pipeline_orbit.Task(read.name(paths[0]).orbit, "N1", tuple(sorted(tmp_path.iterdir()))),
        pipeline_orbit.Shared(chosen, model_surface.table(chosen.atmosphere, 1.01e-6), None),
    )
    assert made.flat.status == "channel"
    assert (made.brightness > 0).all()
    with pytest.raises(InputError, match=r"camera\.focal"):
        read.channels(settings(tmp_path, camera={"focal": [1400.0]}).camera)


def test_missing_geometry_is_one_clear_line(archive, tmp_path):
    paths = next(iter(groups(archive).values()))
    moved = [Path(shutil.copy(path, tmp_path)) for path in paths]
    with pytest.raises(InputError, match="GEO"):
        read_orbit.frames(moved, source("geo"), settings(archive).masking)


def test_altimetry_with_gaps_leaves_gaps(archive, tmp_path):
    from hesper.vmc import retrieve_ground
    from hesper.vmc.data_map import Altimetry
    from hesper.vmc.grid_segment import segment_grid

    known = products.read_geotiff(archive / "altimetry.tif")
    holed = np.asarray(known.values[0], float).copy()
    lon, lat = maps.lon_lat(known.grid)
    holed[(np.abs(lon / deg - 220) < 2) & (np.abs(lat / deg) < 2)] = np.nan
    chosen = settings(archive)
    light = model_surface.table(chosen.atmosphere, 1.01e-6)
    grid = segment_grid(5, 1 * deg)
    place = retrieve_ground.ground(
        Altimetry(grid=known.grid, altitude=holed), light, grid, None, atmosphere=chosen.atmosphere,
        settings=chosen.emissivity,
    )  # fmt: skip
    column, row = (int(v) for v in maps.coordinates(grid, np.array(220.5 * deg), np.array(0.5 * deg)))
    assert np.isnan(place.model[row, column])
    assert np.isfinite(place.model[row, column + 10])


def test_dask_gives_the_bytes_of_one_process(archive, tmp_path, monkeypatch):
    """Mosaics, corrected images and tables of two orbits, in this process and by a scheduler."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    usable = max(groups(archive).items(), key=lambda item: len(item[1]))[0]
    for orbit in {usable, min(groups(archive))}:
        shutil.copytree(archive / "DATA" / f"{orbit:04d}", tmp_path / "part" / f"{orbit:04d}")

    def tree(name, **options):
        folder = tmp_path / name
        with runs.open_run(folder, products.Provenance(recipe={}), quiet=True, **options) as run:
            pipeline.run(settings(tmp_path / "part"), run)
        return {
            p.relative_to(folder).as_posix(): p.read_bytes()
            for p in sorted(folder.rglob("*"))
            if p.is_file() and p.name not in (".lock", ".journal.jsonl")
        }

    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        there = tree("dask", dask=cluster.scheduler_address)
    assert sum(name.endswith(".img") for name in there) > 3
    assert there == tree("here")


def test_the_same_seed_gives_the_same_bytes(archive):
    chosen = settings(archive, simulation={**SMALL, "backplanes": True})
    name, shot = next(iter(shots().items()))
    scene = np.load(archive / "scene.npy")
    truth = products.read(archive / "truth.nc", Scene)
    light_table = model_surface.table(chosen.atmosphere, 1.01e-6)
    step = float(truth.grid.x[1] - truth.grid.x[0]) / 6051.8e3
    light = simulate.Light(
        scene, (truth.grid.x[0] / 6051.8e3 - step / 2, truth.grid.y[0] / 6051.8e3 + step / 2, step),
        model_surface.limb_law(light_table, 0.0, 0.9), 0.25, float(np.median(truth.brightness)),
        simulate.field(),
    )  # fmt: skip
    keywords = {"settings": chosen.simulation, "atmosphere": chosen.atmosphere, "seed": 1, "rotation": "IAU"}
    again = simulate.image(shot, light, **keywords)
    assert again == next((archive / "DATA").rglob(f"{name}.IMG")).read_bytes()
    other = simulate.image(shot, light, **{**keywords, "seed": 2})
    assert other != again


def test_plan_of_a_run_names_what_it_would_write(archive):
    found = pipeline.plan(settings(archive))
    assert len(found.items) == 4
    assert write_map.segment_name(0, "emi") in found.products
    assert sum(name.endswith(".img") for name in found.products) == 45 + 20


def test_errors_name_the_way_out():
    with pytest.raises(InputError, match="cross segments"):
        table = {"archive": "", "simulation": {"orbits": 3000, "images": 3000}}
        chosen = config.load(pipeline.Config, table)
        simulate_orbit.shots(chosen.simulation, 1, kernel="DE421", rotation="IAU")
    assert issubclass(ResourceError, Exception)
    assert dataclasses.is_dataclass(OrbitMosaic)
