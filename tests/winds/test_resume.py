"""A reduction that is killed and started again ends in identical bytes."""

import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

pytestmark = pytest.mark.slow
_RECIPE = (
    "observation.frames=6", "observation.exposure=160 s", "instrument.rows=192", "instrument.pixels=320",
    "instrument.row_height=0.25 arcsec", "defects.artifact_first=38 arcsec",
    "defects.artifact_last=42 arcsec",
)  # fmt: skip
_KILLS = 10


def _command(verb, out, *settings):
    changes = [word for pair in (*_RECIPE, *settings) for word in ("--set", pair)]
    code = "import sys; from hesper.cli import main; sys.exit(main())"
    return [sys.executable, "-c", code, "winds", verb, "--out", str(out), "--quiet", *changes]


def _files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    folder = tmp_path_factory.mktemp("frames")
    subprocess.run(_command("simulate", folder), check=True, capture_output=True)
    return folder


def _written(out):
    return len([*out.glob("*.nc"), *out.glob("*.png")])


def _killed(command, out, moment):
    """Start a command and kill it after a time [s], or when so many products (int) are there; tell if so."""
    process = subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    if isinstance(moment, float):
        time.sleep(moment)
    else:
        while process.poll() is None and _written(out) < moment:
            time.sleep(0.005)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("source", ["recommended", "paper"])
def test_kill_9_and_resume(frames, tmp_path, source):
    settings = (f"input={frames}", f"source={source}", "paper.fewest=1")
    whole, out = tmp_path / "whole", tmp_path / "killed"
    start = time.monotonic()
    subprocess.run(_command("run", whole, *settings), check=True, capture_output=True)
    took = time.monotonic() - start
    rng, amid = np.random.default_rng(3), 0
    # The same run, killed again and again; every other time amid the products, which are written last.
    for k in range(_KILLS):
        moment = rng.uniform(0.1, 0.9) * took if k % 2 == 0 else _written(out) + int(rng.integers(1, 5))
        killed = _killed(_command("run", out, *settings), out, moment)
        amid += killed
        if not killed:
            assert _files(out) == _files(whole)
            shutil.rmtree(out)
    subprocess.run(_command("run", out, *settings), check=True, capture_output=True)
    assert _files(out) == _files(whole)
    assert amid >= _KILLS // 2
