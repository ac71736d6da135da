"""From a recipe to products, and the refusals on the way."""

import dataclasses
import shutil
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from hesper import config, products
from hesper.errors import InputError, MissingError
from hesper.products import Provenance
from hesper.radar import (
    calibrate_echoes,
    calibrate_patches,
    pipeline,
    pipeline_interferometer,
    pipeline_tiles,
    plan,
    read_archive,
    read_voltages,
    retrieve_patches,
    simulate,
)
from hesper.radar.data import Passes, SurfaceMap
from hesper.radar.data_finder import FinderMap
from hesper.radar.data_interferometer import INCOMPLETE, Patches, RadarMap, Statistics, Truth
from hesper.radar.plan import passes
from hesper.runs import open_run
from hesper.units import MHz, km


def _run(folder, recipe):
    made = config.load(pipeline.Config, recipe)
    with open_run(folder, Provenance(config.resolved(made)), quiet=True) as run:
        return pipeline.run(made, run)


def test_passes_alone_make_a_table(tmp_path):
    rows = _run(tmp_path, {"interferometer": {"dates": ["1974-01-20"]}})
    assert all(row.ok for row in rows)
    table = products.read(tmp_path / "passes.nc", Passes)
    assert table.baseline[0] / km == pytest.approx(21.63, abs=0.02)


def test_a_synthetic_look_makes_a_map(tmp_path, displaced):
    rng = np.random.default_rng(3)
    weight = 1.1 - np.cos(np.pi / 2 * (np.arange(819) + 0.5) / 819)
    shade = np.clip(np.sqrt(displaced.power) * weight[:, None] * 25, 0, 255).astype(np.uint8)
    Image.fromarray(shade).save(tmp_path / "venus_ocp_20150813_161747_small.png")
    # Smooth random relief and brightness: there must be something to correlate with.
    coarse = rng.normal(size=(18, 36))
    relief = np.kron(coarse, np.ones((10, 10)))
    np.savetxt(tmp_path / "topogrd.dat", relief.reshape(-1, 10), fmt="%.2f")
    Image.fromarray((np.clip(128 + 40 * relief, 0, 255)).astype(np.uint8)).save(tmp_path / "map.png")
    recipe = {
        "source": "arecibo",
        "input": str(tmp_path / "venus_ocp_20150813_161747_small.png"),
        "topography": str(tmp_path / "topogrd.dat"),
        "mosaic": str(tmp_path / "map.png"),
        "resolution": "1 deg",
        "interferometer": {"dates": ["1974-01-20"]},
    }
    out = tmp_path / "out"
    rows = _run(out, recipe)
    surface = products.read(out / "reflectivity.nc", SurfaceMap)
    assert np.isfinite(surface.reflectivity).mean() > 0.3
    bands = products.read_geotiff(out / "reflectivity.tif")
    assert "reflectivity_std" in bands.names
    assert np.abs(bands.grid.x).max() <= np.pi * 6051.8e3
    width = next(row for row in rows if row.quantity == "Doppler shift of the limb")
    assert abs(width.value - width.expected) < 4 * width.std
    planned = pipeline.plan(config.load(pipeline.Config, recipe))
    made = {path.name for path in out.glob("[a-z]*.*") if not path.name.endswith("prov.json")}
    assert made - {"run.json"} == set(planned.products)


def test_recipes_that_lack_something_are_refused(tmp_path):
    with pytest.raises(InputError, match="without topography"):
        pipeline.plan(config.load(pipeline.Config, {"source": "arecibo", "input": "a.png"}))
    with pytest.raises(MissingError, match="look"):
        pipeline.plan(
            config.load(
                pipeline.Config, {"source": "arecibo", "input": "a.png", "topography": "b", "mosaic": "c"}
            )
        )
    with pytest.raises(InputError, match="pointing"):
        config.load(pipeline.Config, {"pointing": "E"})


@pytest.fixture(scope="module")
def passed(tmp_path_factory):
    """Return the recipe of a short pass whose looks are simulated."""
    folder = tmp_path_factory.mktemp("pass") / "looks"
    recipe = {
        "source": "looks", "input": str(folder),
        "observation": {"duration": "3 h", "cycle": "30 min", "looks": 4},
        "waveform": {"gates": 32}, "scene": {"facet": "8 km", "reach": "600 km", "relief": "test"},
        "reduction": {"tile": 700},
    }  # fmt: skip
    made = config.load(pipeline.Config, recipe)
    with open_run(folder, Provenance(config.resolved(made)), quiet=True) as run:
        pipeline.simulate(made, run)
    return recipe, made


def test_simulated_looks_become_maps(passed, tmp_path):
    recipe, made = passed
    assert len(pipeline.inputs(made)) == 7
    rows = _run(tmp_path / "out", recipe)
    found = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*")}
    assert set(pipeline.plan(made).products) <= found
    surface = products.read(tmp_path / "out" / "map.nc", RadarMap)
    assert np.isfinite(surface.altitude).sum() > 1000
    assert all(row.value is not None and np.isfinite(row.value) for row in rows)
    fitted = [row for row in rows if "Muhleman" in row.quantity]
    assert len(fitted) == 2
    assert all(row.truth is not None and row.ok for row in fitted)
    patches = products.read(tmp_path / "out" / "patches.nc", Patches)
    known = products.read(Path(made.input) / "truth.nc", Truth)
    bright = dataclasses.replace(known, reflectivity=2 * known.reflectivity)
    laws = [calibrate_patches.backscatter(calibrate_patches.true_signal(patches, t, 3e-9), 3e-9)
            for t in (known, bright)]  # fmt: skip
    assert laws[1].reflectivity == pytest.approx(2 * laws[0].reflectivity)
    assert [law.muhleman[0] for law in laws] == pytest.approx(
        [r * fitted[0].expected for r in (1, 2)], rel=1e-3
    )
    shorter = config.load(pipeline.Config, recipe | {"observation": {"duration": "1 h", "cycle": "30 min"}})
    with (
        open_run(tmp_path / "no", Provenance({}), quiet=True) as run,
        pytest.raises(InputError, match="receive cycles"),
    ):
        pipeline.run(shorter, run)


@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    """Return the recipe of a short pass of voltages, looks of eight seconds."""
    folder = tmp_path_factory.mktemp("sampled") / "voltages"
    recipe = {
        "source": "looks", "input": str(folder),
        "observation": {"duration": "3 h", "cycle": "1 h", "looks": 2, "level": "voltages"},
        "waveform": {"gates": 24, "doppler_cells": 64, "doppler_cell": "0.125 Hz", "baud": "10 us"},
        "scene": {"facet": "12 km", "reach": "800 km", "relief": "test", "phase_walk": "1.5 rad"},
        "stations": {"power": "20000 kW"}, "reduction": {"contrast_limit": 10},
    }  # fmt: skip
    made = config.load(pipeline.Config, recipe)
    planned = pipeline.plan_simulate(made)
    assert "voltages, 0.077 GB" in planned.items[0]
    with open_run(folder, Provenance(config.resolved(made)), quiet=True) as run:
        pipeline.simulate(made, run)
    assert set(planned.products) <= {path.name for path in folder.iterdir()}
    return recipe, made


def test_voltages_become_maps(sampled, tmp_path):
    """Decoded cycle by cycle; noise, gains and the instruments' phases are those that were put in."""
    recipe, made = sampled
    assert len(pipeline.inputs(made)) == 7
    planned = set(pipeline.plan(made).products)
    rows = _run(tmp_path / "out", recipe)
    written = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*")}
    assert planned <= written
    assert {f"looks/looks_{k:03d}.nc" for k in (1, 2, 3)} | {"tiles/patches_00001.nc"} <= planned
    assert next(row.value for row in rows if "cycles that are missing" in row.quantity) == 0
    surface = products.read(tmp_path / "out" / "map.nc", RadarMap)
    assert np.isfinite(surface.brightness).sum() > 100
    found = products.read(tmp_path / "out" / "statistics.nc", Statistics)
    assert found.n.tolist() == [2, 2, 2]
    assert np.abs(found.noise - 1).max() < 4 * found.noise_std.max()
    setup = pipeline_tiles.setup(made)
    looks = calibrate_echoes.statistics(simulate.echoes(setup))
    assert abs(found.gain[1] - looks.gain[1]) < 4 * np.hypot(found.gain_std[1], looks.gain_std[1])
    strong = looks.power[:, 0].mean(axis=0) > 30
    means = [given.power[:, 0].mean(axis=0)[strong] for given in (found, looks)]
    # Two means of six speckled looks each, over all cells.
    assert abs(np.mean(means[0] / means[1]) - 1) < 0.2 + 4 * np.sqrt(2 / 6 / strong.sum())
    walk = simulate.phase_walk(setup)[:, 1]
    walk -= walk[0]
    std = np.hypot(found.phase_std[:, 1], found.phase_std[0, 1])
    # Else the walk would be found where none was put in.
    assert np.abs(walk[1:]).min() > 10 * std.max()
    off = np.angle(np.exp(1j * (found.phase[:, 1] - found.phase[0, 1] - walk)))
    assert np.abs(off).max() < 4 * std.max()


def test_plans_refuse_voltages_that_cannot_be_sampled(sampled):
    recipe, _ = sampled
    coarse = recipe | {"waveform": recipe["waveform"] | {"baud": "500 us", "doppler_cells": 512}}
    with pytest.raises(InputError, match="at least 64 are needed: shorten baud"):
        pipeline.plan_simulate(config.load(pipeline.Config, coarse))


def _copied(made, folder):
    shutil.copytree(made.input, folder, ignore=shutil.ignore_patterns("*.prov.json"))
    return folder


def _edited(path, **changes):
    """Change variables and attributes of a file of voltages."""
    with h5py.File(path, "r+") as file:
        for name, value in changes.items():
            if name in file:
                file[name][...] = value
            else:
                file.attrs[name] = value


def test_looks_of_voltages_that_are_missing_are_flagged(sampled, tmp_path):
    """Of the first cycle or of every one; a look with a sample that is not finite is left out as well."""
    recipe, made = sampled
    for name, absent in (("first", [1]), ("all", [1, 2, 3])):
        folder = _copied(made, tmp_path / name)
        for cycle in absent:
            (folder / f"voltages_{cycle:03d}_002.nc").unlink()
        _run(tmp_path / f"{name}_out", recipe | {"input": str(folder)})
        patches = products.read(tmp_path / f"{name}_out" / "patches.nc", Patches)
        assert np.all(patches.mask & INCOMPLETE)
    folder = _copied(made, tmp_path / "damaged")
    for cycle, part, value in ((2, "samples_re", np.nan), (3, "samples_im", np.inf)):
        with h5py.File(folder / f"voltages_{cycle:03d}_001.nc", "r+") as file:
            file[part][1, 1000] = value
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        _run(tmp_path / "damaged_out", recipe | {"input": str(folder)})
    found = products.read(tmp_path / "damaged_out" / "statistics.nc", Statistics)
    assert found.n.tolist() == [2, 1, 1]
    assert found.expected == 2
    assert np.isfinite(found.power).all()


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"stations": "DSS-13-26m,DSS-14"},
            "stations is 'DSS-13-26m,DSS-14', in voltages_001_001.nc 'DSS-14",
        ),
        ({"rate": 0.0}, "rate is 0; a positive number"),
        ({"rate": np.nan}, "rate is nan; a positive number"),
        ({"rate": 5e4}, "rate is 50000, in voltages_001_001.nc 100000"),
        ({"chips": 0}, "chips other than ±1"),
        ({"chips": 1}, "another code than in voltages_001_001.nc"),
        ({"delay": np.nan}, "delay holds values that are not finite"),
        ({"phase": np.nan}, "phase holds values that are not finite"),
    ],
)
def test_voltages_that_cannot_be_are_refused_by_name(sampled, tmp_path, changes, line):
    _, made = sampled
    folder = _copied(made, tmp_path / "in")
    _edited(folder / "voltages_002_001.nc", **changes)
    with pytest.raises(InputError, match=rf"in/voltages_002_001.nc: {line}"):
        read_voltages.check(read_archive.looks(folder))


def test_voltages_out_of_order_are_refused_by_name(sampled, tmp_path):
    recipe, made = sampled

    def exchanged(name, one, other):
        folder = _copied(made, tmp_path / name)
        (folder / one).rename(folder / "kept")
        (folder / other).rename(folder / one)
        (folder / "kept").rename(folder / other)
        return recipe | {"input": str(folder)}

    across = exchanged("across", "voltages_001_002.nc", "voltages_002_002.nc")
    with pytest.raises(InputError, match=r"voltages_001_002.nc: another receive cycle than voltages_001_001"):
        _run(tmp_path / "a", across)
    within = exchanged("within", "voltages_002_001.nc", "voltages_002_002.nc")
    with pytest.raises(InputError, match=r"voltages_002_002.nc: no later than voltages_002_001.nc"):
        _run(tmp_path / "b", within)
    both = _copied(made, tmp_path / "both")
    (both / "looks_001.nc").touch()
    with pytest.raises(InputError, match=r"looks or voltages of a pass are read, not both"):
        _run(tmp_path / "c", recipe | {"input": str(both)})


def test_voltages_that_are_not_of_the_recipe_are_refused(sampled, tmp_path):
    recipe, _ = sampled
    finer = recipe | {"waveform": recipe["waveform"] | {"baud": "8 us"}}
    with pytest.raises(InputError, match="bits of 10 us; the recipe has 8 us; give the recipe"):
        _run(tmp_path / "finer", finer)
    longer = recipe | {"waveform": recipe["waveform"] | {"doppler_cell": "0.0625 Hz"}}
    with pytest.raises(InputError, match="800000 samples; one spectrum"):
        _run(tmp_path / "longer", longer)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "voltages_001_001.nc").write_bytes(b"CDF")
    with pytest.raises(InputError, match="damaged"):
        _run(tmp_path / "no", recipe | {"input": str(broken)})
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingError, match=r"no files looks_\*.nc or voltages_"):
        _run(tmp_path / "none", recipe | {"input": str(tmp_path / "empty")})
    shorter = recipe | {"observation": recipe["observation"] | {"duration": "1 h"}}
    with pytest.raises(InputError, match="3 receive cycles; the recipe's pass has 1"):
        _run(tmp_path / "shorter", shorter)


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_workers_and_tiles_change_no_byte(passed, tmp_path, jobs):
    recipe, made = passed
    files = read_archive.looks(made.input)
    given = pipeline_interferometer.prepared(made, read_archive.echoes(files))
    with open_run(tmp_path, Provenance({}), jobs=jobs, quiet=True) as run:
        path = run.write("statistics.nc", lambda: products.netcdf(given))
        solved = pipeline_tiles.solved(made, path, run)
        if jobs > 1:
            pipeline_tiles.simulated(made, run)
            assert [(tmp_path / file.name).read_bytes() for file in files] == [f.read_bytes() for f in files]
    assert len(list((tmp_path / "tiles").glob("patches_*.nc"))) >= 3
    # Cells know nothing of each other, and statistics come back from their file as they went in.
    whole = config.load(pipeline.Config, recipe | {"reduction": {"tile": 65536}})
    memory = retrieve_patches.patches(given, whole.reduction, whole.scene)
    assert products.netcdf(solved) == products.netcdf(memory)


def test_threads_change_no_byte(passed, tmp_path):
    """Eight threads of one Dask worker, from a cold start each time: looks and patches as one process has."""
    distributed = pytest.importorskip("distributed")
    _, made = passed
    files = read_archive.looks(made.input)
    given = pipeline_interferometer.prepared(made, read_archive.echoes(files))
    memory = products.netcdf(retrieve_patches.patches(given, made.reduction, made.scene))
    with distributed.LocalCluster(
        1, threads_per_worker=8, processes=False, dashboard_address=None
    ) as cluster:
        for again in range(3):
            pipeline_tiles._setup.cache_clear()
            pipeline_tiles._frame.cache_clear()
            folder = tmp_path / str(again)
            with open_run(folder, Provenance({}), dask=cluster.scheduler_address, quiet=True) as run:
                pipeline_tiles.simulated(made, run)
                path = run.write("statistics.nc", lambda: products.netcdf(given))
                assert products.netcdf(pipeline_tiles.solved(made, path, run)) == memory
            assert [(folder / file.name).read_bytes() for file in files] == [f.read_bytes() for f in files]


def test_a_cycle_file_that_is_lost_is_told(passed):
    _, made = passed
    files = read_archive.looks(made.input)
    for left_out, count in ((0, 0), (1, 1)):
        found = pipeline_interferometer.reduce(made, read_archive.echoes(files[left_out:]), None)
        rows = {row.quantity: row.value for row in pipeline_interferometer.rows(found)}
        assert rows["receive cycles that are missing"] == count
        flagged = (found.patches.mask & INCOMPLETE) > 0
        assert flagged.all() if left_out else not flagged.all()
    first = next(read_archive.echoes(files))
    with pytest.raises(InputError, match=r"cycles is \d in one cycle and \d in another"):
        calibrate_echoes.statistics([dataclasses.replace(first, cycles=5), *read_archive.echoes(files[1:])])
    short = [dataclasses.replace(echo, cycles=2) for echo in read_archive.echoes(files[:3])]
    with pytest.raises(InputError, match="3 cycles of a pass of 2"):
        calibrate_echoes.statistics(short)


@pytest.mark.parametrize("date", ["1974-13-01", "soon", "", "1974-01-20T25:00"])
def test_dates_that_are_none_are_refused_in_our_words(date):
    made = config.load(pipeline.Config, {"observation": {"date": date}})
    with pytest.raises(InputError, match=f"date '{date}': not understood; write a UTC day") as caught:
        pipeline_tiles.geometry(made)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_demo_is_as_expected_without_data(tmp_path):
    with open_run(tmp_path, Provenance({}), quiet=True) as run:
        section = pipeline.demo(run, None)
    assert [row.quantity for row in section.results if not row.ok] == []
    assert [figure.name for figure in section.figures] == ["radar_pass", "radar_passes"]
    assert all(figure.png.startswith(b"\x89PNG") for figure in section.figures)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"dates": ["1974-13-20"]}, "not understood"),
        ({"dates": ["1974-01-20"], "transmitter": "Goldstone"}, "unknown site"),
        ({"dates": ["1974-01-20"], "transmitter": (0.0, 0.0, 6_357_000.0)}, "below the horizon"),
    ],
)
def test_passes_that_cannot_be(change, word):
    settings = {"frequency": 2388 * MHz, "doppler_cell": 1 / 32, "doppler_cells": 256}
    with pytest.raises(InputError, match=word):
        passes(**{**settings, **change})


def test_the_finder_map_by_recipe(tmp_path):
    recipe = {
        "source": "finder",
        "input": str(tmp_path / "disks"),
        "finder": {"conjunctions": ["1970-11-10"], "days": 2, "cell": "300 km"},
    }
    made = config.load(pipeline.Config, recipe)
    planned = pipeline.plan_simulate(made)
    with open_run(tmp_path / "disks", Provenance({}), quiet=True) as run:
        pipeline.simulate(made, run)
    assert {path.name for path in (tmp_path / "disks").glob("disk_*.nc")} == set(planned.products)
    rows = {row.quantity: row for row in _run(tmp_path / "out", recipe)}
    assert rows["days that see a cell, at most"].value == 2
    found = products.read(tmp_path / "out" / "finder.nc", FinderMap)
    assert np.isfinite(found.brightness[found.n > 0]).all()
    assert set(pipeline.plan(made).products) <= {path.name for path in (tmp_path / "out").iterdir()}
    (tmp_path / "disks" / "disk_002.nc").write_bytes(b"CDF")
    with pytest.raises(InputError, match="disk_002"):
        _run(tmp_path / "again", recipe)


def test_sources_without_input_and_mosaics_of_one_run_are_refused(tmp_path):
    for source in ("looks", "finder", "arecibo", "goldstone"):
        with pytest.raises(InputError, match=f"source {source} without input"):
            pipeline.inputs(config.load(pipeline.Config, {"source": source}))
    with pytest.raises(InputError, match="with 1 runs"):
        pipeline.inputs(config.load(pipeline.Config, {"source": "mosaic", "runs": [str(tmp_path)]}))
    with pytest.raises(MissingError, match=r"patches\.nc"):
        pipeline.inputs(config.load(pipeline.Config, {"source": "mosaic", "runs": [str(tmp_path)] * 2}))


def test_looks_of_other_stations_are_refused(tmp_path):
    recipe = {
        "observation": {"date": "1974-01-20", "duration": "20 min"},
        "scene": {"relief": "smooth", "facet": "20 km"},
    }
    made = config.load(pipeline.Config, recipe)
    with open_run(tmp_path / "looks", Provenance({}), quiet=True) as run:
        pipeline.simulate(made, run)
    given = {"source": "looks", "input": str(tmp_path / "looks")} | recipe
    swapped = {"stations": {"receivers": ["DSS-13-26m", "DSS-14"]}}
    with pytest.raises(InputError, match=r"receivers of the looks: DSS-14,DSS-13-26m"):
        _run(tmp_path / "out", given | swapped)
    with pytest.raises(InputError, match=r"day of the looks: 1974-01-20; the recipe has 1974-01-23"):
        _run(tmp_path / "out", given | {"observation": recipe["observation"] | {"date": "1974-01-23"}})
    with pytest.raises(InputError, match=r"frequency \[Hz\] of the looks"):
        _run(tmp_path / "out2", given | {"waveform": {"frequency": "2380 MHz"}})
    with pytest.raises(
        InputError, match=r"width of a Doppler cell \[Hz\] of the looks: .*; the recipe has 0.0625"
    ):
        _run(tmp_path / "out3", given | {"waveform": {"doppler_cell": "0.0625 Hz"}})
    with pytest.raises(InputError, match=r"code of the looks: random; the recipe has maximal"):
        _run(tmp_path / "out4", given | {"waveform": {"code": "maximal"}})
    with pytest.raises(InputError, match=r"transmitter of the looks: DSS-14; the recipe has DSS-13-26m"):
        _run(tmp_path / "out5", given | {"stations": {"transmitter": "DSS-13-26m"}})


@pytest.mark.parametrize(
    ("count", "receivers", "words"),
    [
        (1, ["DSS-14"], "one receiver"),
        (2, ["DSS-14", "DSS-14"], "twice"),
        (1, ["DSS-14", "DSS-12"], "of diameters, efficiencies and temperatures 1, 1, 1"),
    ],
)
def test_stations_that_make_no_interferometer_are_refused(count, receivers, words):
    each = {"diameters": ["64 m"], "efficiencies": [0.65], "temperatures": ["25 K"]}
    stations = {name: values * count for name, values in each.items()}
    recipe = {"stations": stations | {"receivers": receivers}}
    with pytest.raises(InputError, match=words):
        plan.tables(config.load(plan.Config, recipe))
