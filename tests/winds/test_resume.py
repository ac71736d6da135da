"""A reduction that is killed and started again ends in identical bytes."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

pytestmark = pytest.mark.slow
_RECIPE = (
    "observation.frames=8", "observation.exposure=120 s", "instrument.rows=256",
    "defects.artifact_first=22 arcsec", "defects.artifact_last=27 arcsec",
)  # fmt: skip
_KILLS = 6


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


@pytest.mark.parametrize("source", ["recommended", "paper"])
def test_kill_9_and_resume(frames, tmp_path, source):
    settings = (f"input={frames}", f"source={source}")
    subprocess.run(_command("run", tmp_path / "warm", *settings), check=True, capture_output=True)
    start = time.monotonic()
    subprocess.run(_command("run", tmp_path / "whole", *settings), check=True, capture_output=True)
    took = time.monotonic() - start
    whole, amid = _files(tmp_path / "whole"), 0
    rng = np.random.default_rng(3)
    for k in range(_KILLS):
        out = tmp_path / f"run{k}"
        process = subprocess.Popen(
            _command("run", out, *settings), start_new_session=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if k % 2:
            # Amid the products, which are written in the last seconds.
            wanted = int(rng.integers(1, 10))
            while (
                process.poll() is None and len(list(out.glob("*.nc"))) + len(list(out.glob("*.png"))) < wanted
            ):
                time.sleep(0.005)
        else:
            time.sleep(rng.uniform(0.1, 0.9) * took)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        amid += process.wait() == -signal.SIGKILL
        subprocess.run(_command("run", out, *settings), check=True, capture_output=True)
        assert _files(out) == whole
    assert amid >= _KILLS // 2
