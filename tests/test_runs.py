"""Runs: whole or absent, alone, resumable to identical bytes, the same for any number of workers."""

import functools
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from hesper import products, runs
from hesper.errors import InputError, LockedError, ResourceError

PROVENANCE = products.Provenance(recipe={"a": 1}, seed=5)


def build(item):
    """Make a few thousand bytes that depend on the item alone."""
    return runs.generator(5, item).bytes(4000)


def build_slowly(item):
    """Take long enough to be interrupted."""
    time.sleep(0.15)
    return build(item)


def _tree(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in (".lock", ".journal.jsonl")
    }


def _do(folder, **options):
    with runs.open_run(folder, PROVENANCE, quiet=True, **options) as run:
        run.map(build, list(range(6)), [f"items/{i}.bin" for i in range(6)], title="items")
        run.write("sum.txt", lambda: b"done")
    return _tree(folder)


def test_number_of_workers_does_not_matter(tmp_path):
    one = _do(tmp_path / "1")
    assert set(one) >= {"items/0.bin", "items/0.bin.prov.json", "sum.txt", "run.json"}
    assert _do(tmp_path / "2", jobs=2) == one


def test_dask_gives_the_same_bytes(tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        there = _do(tmp_path / "dask", dask=cluster.scheduler_address)
    assert there == _do(tmp_path / "here")


def test_a_finished_run_does_nothing_again(tmp_path):
    before = _do(tmp_path)
    stamps = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.bin")}
    assert _do(tmp_path) == before
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.bin")} == stamps


def test_a_damaged_product_is_made_again(tmp_path):
    before = _do(tmp_path)
    (tmp_path / "items/3.bin").write_bytes(b"x")
    (tmp_path / "items/4.bin").unlink()
    assert _do(tmp_path) == before


SCRIPT = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_runs import PROVENANCE, build
from hesper import runs
def slow(item):
    time.sleep(0.02)
    return build(item)
with runs.open_run(Path({folder!r}), PROVENANCE, quiet=True) as run:
    run.map(slow, list(range(6)), [f"items/{{i}}.bin" for i in range(6)], title="items")
    run.write("sum.txt", lambda: b"done")
"""


def _start(folder):
    code = textwrap.dedent(SCRIPT.format(tests=str(Path(__file__).parent), folder=str(folder)))
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)


def _kill_and_resume(tmp_path, rng, rounds):
    whole = _do(tmp_path / "whole")
    for k in range(rounds):
        folder = tmp_path / f"run{k}"
        process = _start(folder)
        while not (folder / ".owner.json").exists() and process.poll() is None:
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.16))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stderr.close()
        for path in folder.rglob("*.bin"):
            if not path.name.startswith(products.files.TEMPORARY_PREFIX):
                assert path.read_bytes() == whole[path.relative_to(folder).as_posix()]
        assert _do(folder) == whole
        assert not list(folder.rglob(f"{products.files.TEMPORARY_PREFIX}*"))


def test_kill_9_and_resume(tmp_path):
    _kill_and_resume(tmp_path, np.random.default_rng(0), 6)


@pytest.mark.slow
def test_kill_9_and_resume_a_hundred_times(tmp_path):
    _kill_and_resume(tmp_path, np.random.default_rng(1), 100)


def test_interrupt_finishes_the_item_at_hand(tmp_path):
    process = _start(tmp_path / "run")
    while not list((tmp_path / "run").rglob("1.bin")):
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    process.wait()
    process.stderr.close()
    done = len(list((tmp_path / "run").rglob("*.bin")))
    assert 2 <= done < 6
    assert _do(tmp_path / "run") == _do(tmp_path / "whole")


def test_interrupt_with_workers_keeps_what_they_hold(tmp_path):
    script = SCRIPT.replace("quiet=True)", "quiet=True, jobs=2)").replace("slow,", "build_slowly,")
    code = textwrap.dedent(script.format(tests=str(Path(__file__).parent), folder=str(tmp_path / "run")))
    code = code.replace(
        "from test_runs import PROVENANCE, build", "from test_runs import PROVENANCE, build, build_slowly"
    )
    main = tmp_path / "main.py"
    main.write_text("if __name__ == '__main__':\n" + textwrap.indent(code, "    "))
    where = {**os.environ, "PYTHONPATH": f"{Path(__file__).parent}:{Path(runs.__file__).parents[1]}"}
    command = [sys.executable, str(main)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True, env=where)
    while not list((tmp_path / "run").rglob("*.bin")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    said = process.stderr.read().decode()
    process.wait()
    process.stderr.close()
    assert "go on where it stopped" in said
    journal = (tmp_path / "run" / ".journal.jsonl").read_text()
    made = [p.name for p in (tmp_path / "run").rglob("*.bin")]
    assert all(name in journal for name in made)
    assert _do(tmp_path / "run") == _do(tmp_path / "whole")


def test_relative_directories_reach_workers_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with runs.open_run(Path("out"), PROVENANCE, quiet=True) as run:
        monkeypatch.chdir("/")
        run.map(build, [1, 2], ["a", "b"], title="items")
    assert (tmp_path / "out" / "a").is_file()


def test_a_lost_side_car_is_made_again(tmp_path):
    before = _do(tmp_path)
    (tmp_path / "items/3.bin.prov.json").unlink()
    assert _do(tmp_path) == before


def test_side_cars_name_the_inputs_of_their_item(tmp_path):
    own = [[products.Source(f"{i}.img", f"{i}" * 64, 1)] for i in range(2)]
    many = PROVENANCE._replace(inputs=tuple(products.Source(f"{i}", "f" * 64, 1) for i in range(200)))
    with runs.open_run(tmp_path, many, quiet=True) as run:
        run.map(build, [0, 1], ["a", "b"], title="items", inputs=own)
        run.map(build, [0, 1], ["c", "d"], title="items")
    assert "1.img" in (tmp_path / "b.prov.json").read_text()
    assert "1.img" not in (tmp_path / "a.prov.json").read_text()
    assert "inputs: see run.json" in (tmp_path / "c.prov.json").read_text()


def test_a_fresh_run_forgets_the_earlier_one_and_overwrite_leaves_nothing_behind(tmp_path):
    _do(tmp_path)
    with runs.open_run(tmp_path, PROVENANCE, quiet=True, resume=False) as run:
        run.write("sum.txt", lambda: b"again")
    assert (tmp_path / "sum.txt").read_bytes() == b"again"
    assert not (tmp_path / "items" / "0.bin").exists()


def test_other_peoples_folders_are_neither_tidied_nor_filled(tmp_path):
    theirs = tmp_path / f"{products.files.TEMPORARY_PREFIX}mine.txt"
    theirs.write_text("keep")
    with (
        pytest.raises(InputError, match="holds other files"),
        runs.open_run(tmp_path, PROVENANCE, quiet=True),
    ):
        pass
    assert theirs.read_text() == "keep"


def test_a_run_killed_at_its_very_start_can_begin_again(tmp_path):
    (tmp_path / f"{products.files.TEMPORARY_PREFIX}123-run.json").write_text("{")
    assert "run.json" in _do(tmp_path)


def test_only_one_run_at_a_time(tmp_path):
    with (
        runs.open_run(tmp_path, PROVENANCE),
        pytest.raises(LockedError, match=rf"process {os.getpid()} on .* since"),
        runs.open_run(tmp_path, PROVENANCE),
    ):
        pass
    with runs.open_run(tmp_path, PROVENANCE):
        pass


def test_a_run_that_fails_before_its_first_product_leaves_the_directory_free(tmp_path):
    with pytest.raises(InputError), runs.open_run(tmp_path, PROVENANCE, quiet=True):
        raise InputError("the recipe is wrong")
    mended = PROVENANCE._replace(recipe={"mended": True})
    with runs.open_run(tmp_path, mended, quiet=True) as run:
        run.write("a.txt", lambda: b"a")
    with pytest.raises(InputError), runs.open_run(tmp_path, mended, quiet=True):
        raise InputError("later")
    assert (tmp_path / "a.txt").is_file()
    with pytest.raises(InputError, match="another recipe"), runs.open_run(tmp_path, PROVENANCE, quiet=True):
        pass


def test_another_recipe_needs_overwrite(tmp_path):
    _do(tmp_path)
    other = products.Provenance(recipe={"a": 2})
    with (
        pytest.raises(InputError, match="another recipe; choose another --out"),
        runs.open_run(tmp_path, other),
    ):
        pass
    with runs.open_run(tmp_path, other, overwrite=True, quiet=True) as run:
        run.write("sum.txt", lambda: b"new")
    assert (tmp_path / "sum.txt").read_bytes() == b"new"


def test_errors_of_an_item_are_not_swallowed(tmp_path):
    def fail(item):
        raise InputError(f"item {item}: wrong")

    for jobs in (1, 2):
        with (
            pytest.raises((InputError, AttributeError)),
            runs.open_run(tmp_path, PROVENANCE, jobs=jobs, quiet=True) as run,
        ):
            run.map(fail, [1, 2], ["a", "b"], title="items")
    assert not (tmp_path / "a").exists()


def test_partials_are_refused_and_names_must_differ(tmp_path):
    with runs.open_run(tmp_path, PROVENANCE, quiet=True) as run:
        with pytest.raises(InputError, match="names must differ"):
            run.map(functools.partial(build), [1, 2], ["a", "a"], title="items")
        assert run.map(build, [], [], title="none") == []
    with pytest.raises(InputError, match="--jobs -1"), runs.open_run(tmp_path, PROVENANCE, jobs=-1):
        pass


def test_full_disk_leaves_nothing_and_says_what_is_needed(tmp_path):
    code = textwrap.dedent(f"""
        import resource, sys
        from pathlib import Path
        from hesper import products
        from hesper.errors import ResourceError
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
        try:
            products.write(Path({str(tmp_path)!r}) / "big.bin", b"x" * 20000)
        except ResourceError as error:
            print(error)
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "20000 bytes needed" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_unwritable_folder(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(ResourceError, match="choose another --out"), runs.open_run(file / "sub", PROVENANCE):
        pass
    wanted = "is a file; a folder is needed; choose another --out"
    with pytest.raises(ResourceError, match=wanted), runs.open_run(file, PROVENANCE):
        pass
    assert file.read_text() == ""


def test_progress_is_plain_lines_where_there_is_no_terminal(tmp_path, capsys):
    with runs.open_run(tmp_path, PROVENANCE) as run:
        run.map(build, list(range(30)), [f"{i}.bin" for i in range(30)], title="orbits")
    lines = capsys.readouterr().err.splitlines()
    assert 5 < len(lines) < 15
    assert lines[0].startswith("orbits: 3/30, ")
    assert lines[-1].startswith("orbits: 30/30, 0 s left")


def test_streams_of_random_numbers_are_independent():
    first = runs.generator(1, 0).standard_normal(1000)
    assert not np.any(first == runs.generator(1, 1).standard_normal(1000))
    assert np.array_equal(first, runs.generator(1, 0).standard_normal(1000))


def test_a_run_that_was_refused_leaves_no_folder_of_its_own(tmp_path):
    with pytest.raises(InputError), runs.open_run(tmp_path / "new", PROVENANCE, quiet=True):
        raise InputError("stations: refused")
    assert not (tmp_path / "new").exists()
    (tmp_path / "old").mkdir()
    with pytest.raises(InputError), runs.open_run(tmp_path / "old", PROVENANCE, quiet=True):
        raise InputError("stations: refused")
    assert (tmp_path / "old").is_dir()
