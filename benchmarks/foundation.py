"""What the shared layers cost: start-up, ephemeris, PDS3 reading beside pdr, one session on the same input.

pip install ".[test]" && python benchmarks/foundation.py
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from hesper import ephemeris
from hesper.products import pds3


def seconds(function, repeat):
    spent = []
    for _ in range(repeat):
        start = time.perf_counter()
        function()
        spent.append(time.perf_counter() - start)
    return spent


def report(name, spent):
    print(f"{name:44} median {1e3 * statistics.median(spent):9.2f} ms   best {1e3 * min(spent):9.2f} ms")


def start_up():
    command = [sys.executable, "-c", "from hesper.cli import main; main(['--help'])"]
    report(
        "hesper --help", seconds(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True), 20)
    )


def epochs():
    times = ephemeris.tdb_seconds("2007-11-07T13:06:54") + 9.2 * np.arange(318)
    ephemeris.viewing(times, "Teide")
    report("viewing of 318 epochs", seconds(lambda: ephemeris.viewing(times, "Teide"), 20))


def images():
    import pdr

    with TemporaryDirectory() as folder:
        path = Path(folder) / "V0001_0001_N22.IMG"
        values = np.random.default_rng(0).integers(-1, 1500, (512, 512)).astype("int16")
        pds3.write_camera_image(path, values, {}, vicar=[])
        report("PDS3 image of 512×512, every check", seconds(lambda: pds3.read_image(path), 50))
        report("the same by pdr", seconds(lambda: pdr.read(str(path), label_fn=str(path))["IMAGE"], 20))


if __name__ == "__main__":
    start_up()
    epochs()
    images()
