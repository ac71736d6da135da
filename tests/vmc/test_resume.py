"""A run that is killed and resumed gives the bytes of one that was not; its labels keep one moment."""

import os
import signal
import subprocess
import sys
import time

import pytest

from hesper import products, runs
from hesper.vmc import pipeline_created

SIZE = ("simulation.orbits=5", "simulation.images=34", "simulation.refused=0.2")


def command(*words):
    code = "import sys; from hesper.cli import main; sys.exit(main())"
    return [sys.executable, "-c", code, "vmc", *map(str, words), "--quiet"]


def tree(folder):
    """Return the products of a run, by name."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in (".lock", ".journal.jsonl")
    }


def killed(words, out, pattern, environment):
    """Start a command and kill it as soon as a product of this name is there; tell if so."""
    process = subprocess.Popen(words, env=environment, start_new_session=True)
    while process.poll() is None and not list(out.glob(pattern)):
        time.sleep(0.005)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def settings(*values):
    return [word for value in values for word in ("--set", value)]


@pytest.mark.slow
def test_kill_9_and_resume(tmp_path):
    archive, whole, out = tmp_path / "archive", tmp_path / "whole", tmp_path / "out"
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1000000000"}
    subprocess.run(command("simulate", "--out", archive, *settings(*SIZE)), check=True, capture_output=True)
    chosen = settings(f"archive={archive}", "emissivity.least_count=2")
    subprocess.run(command("run", "--out", whole, *chosen), check=True, capture_output=True, env=environment)
    again = command("run", "--out", out, *chosen)
    amid = [
        killed(again, out, pattern, environment)
        for pattern in ("orbits/*.nc", "level3/*/*_0003_N22.img", "segment_*_vmc.img", "*_transients.csv")
    ]
    assert sum(amid) >= 3
    # The clock has gone on, and nobody says what time to write: the run's own is kept.
    later = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    subprocess.run(again, check=True, capture_output=True, env=later)
    first, second = tree(whole), tree(out)
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []
    labels = [value for name, value in first.items() if name.endswith(".img")]
    assert len(labels) > 20
    assert all(b"2001-09-09T01:46:40" in label for label in labels)


def test_the_moment_of_a_run_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    with runs.open_run(tmp_path / "out", products.Provenance(recipe={}), quiet=True) as run:
        assert pipeline_created.created(run) == "2001-09-09T01:46:40"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    with runs.open_run(tmp_path / "out", products.Provenance(recipe={}), quiet=True) as run:
        assert pipeline_created.created(run) == "2001-09-09T01:46:40"
    with runs.open_run(tmp_path / "other", products.Provenance(recipe={}), quiet=True) as run:
        assert pipeline_created.created(run) > "2025"
