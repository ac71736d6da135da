"""Speed and memory of the whole chain: python benchmarks/radio_chain.py [visibilities.uvfits [memory]].

Without a file the day of 119 million visibilities is simulated: 30 antennas, 128 channels, RR and LL, 300
minutes on Venus and its calibrators, 1.9 GB of UVFITS. Then `hesper radio run` takes it from raw data to a
temperature, with all products, in a process of its own, twice: the first may compile kernels. Asked:
60 s by the clock and 1.5 GB on two free cores; the load of the machine is printed, for clocks mean little
under it.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RECIPE = """source = "visibilities"
seed = 7
[observation]
polarisations = ["RR", "LL"]
antennas = 30
on_venus = "300 min"
"""


def hesper(*words):
    """Run the command line; return seconds by the clock and of processors, and its most memory [MB]."""
    start = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; from hesper.cli import main; sys.exit(main())", *words]
    )
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"hesper {' '.join(words)} failed")
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3


def main():
    with tempfile.TemporaryDirectory(dir=".") as folder:
        place = Path(folder)
        recipe = place / "day.toml"
        recipe.write_text(RECIPE)
        day = Path(sys.argv[1]) if len(sys.argv) > 1 else place / "day" / "visibilities.uvfits"
        more = ["--max-memory", sys.argv[2]] if len(sys.argv) > 2 else []
        if not day.is_file():
            wall, cpu, memory = hesper("radio", "simulate", str(recipe), "--out", str(day.parent), "--quiet")
            print(f"simulate: {wall:.0f} s wall {cpu:.0f} s cpu {memory:.0f} MB")
        for turn in ("first", "second"):
            out = place / turn
            print(f"load {os.getloadavg()[0]:.1f}", end="; ")
            wall, cpu, memory = hesper(
                "radio", "run", str(recipe), "--out", str(out), "--quiet", "--set", f"input={day}", *more
            )
            print(
                f"raw to temperature: {wall:.0f} s wall {cpu:.0f} s cpu {memory:.0f} MB  asked 60 s, 1500 MB"
            )
        for row in json.loads((out / "results.json").read_text())[:2]:
            std = "" if row["std"] is None else f" ± {row['std']:.3g}"
            print(f"  {row['quantity']}: {row['value']:.5g}{std} {row['unit']}, truth {row['truth']}")


if __name__ == "__main__":
    main()
