"""Days of Mohan et al. 2017, simulated in full and reduced: python benchmarks/radio_days.py --help.

A day has the antennas, time, band and middle of Tables 1 and 2; flux calibrators, phase calibrator,
background, gains, ionosphere and interference are the recipe's, or with `--levels published` such that the
route of the paper (phases alone, no flags by residuals, nothing off the ground, no weights by scatter) has
maps of 14 to 19 times the thermal noise. The file is simulated, written as UVFITS, read and reduced from the
raw data; results are printed beside the truth. `--reduced`: 14 antennas, 24 channels and 75 minutes.
"""

import argparse
import dataclasses
import resource
import tempfile
import time
from pathlib import Path

from hesper import config
from hesper.radio import pipeline_report, pipeline_visibilities, simulate, write
from hesper.radio.data_settings import Simulation
from hesper.radio.pipeline_config import Config

DAYS = {
    "606.1": ("2004-03-26T10:01", "606.1 MHz", ["RR"], 26, 128, "311 min", "102 K"),
    "606.0": ("2004-03-27T10:41", "606.0 MHz", ["RR"], 26, 128, "334 min", "102 K"),
    "332.9-19": ("2004-03-19T12:31", "332.9 MHz", ["RR", "LL"], 28, 128, "210 min", "106 K"),
    "332.9-20": ("2004-03-20T12:18", "332.9 MHz", ["RR", "LL"], 27, 128, "240 min", "106 K"),
    "239.9": ("2004-03-26T10:01", "239.9 MHz", ["RR"], 26, 64, "311 min", "237 K"),
}
"""Middle (where Venus has Table 2's right ascension), band, hands, antennas, channels, time, receivers."""

PUBLISHED = {
    "scene": {"faintest": "30 mJy", "brightest": "1.5 Jy"},
    "corruption": {
        "drift_period": "0.5 h", "hum": 2.0, "bursts": "10 h-1", "burst_level": 15.0,
        "ionosphere": "4e14 m-2",
    },
}  # fmt: skip
"""A field of 3 Jy, gains that drift between visits of the calibrator, interference, waves of 0.04 TECU."""
DRIFT = {"606.1": 0.30, "606.0": 0.33, "332.9-19": 0.14, "332.9-20": 0.14, "239.9": 0.45}
"""Scatter of gains over half an hour and more for which the paper's route has the paper's noise."""
ROUTE = {"amplitudes": False, "flag_residuals": False, "ground": False, "weigh": False, "searches": 1}
REDUCED = {"antennas": 14, "channels": 24, "channel_width": "660 kHz", "on_venus": "75 min"}


def recipe(name, *, published, reduced, seed):
    """Return the recipe of a day."""
    date, frequency, hands, antennas, channels, length, receiver = DAYS[name]
    levels = PUBLISHED if published else {"scene": {}, "corruption": {}}
    observation = {
        "date": date, "frequency": frequency, "polarisations": hands, "antennas": antennas,
        "channels": channels, "on_venus": length,
    }  # fmt: skip
    scene, reduction = dict(levels["scene"]), {}
    if reduced:
        observation |= REDUCED | {"channels": 12 if name == "239.9" else 24}
        scene |= {"radius": "6.5 arcmin", "sources": 20}
        reduction = {"size": 512, "pixel": "1.7 arcsec", "average_channels": 8}
    drift = {"amplitude_drift": DRIFT[name]} if published else {}
    return config.load(
        Config,
        {
            "source": "visibilities", "calibration": "0 percent", "seed": seed, "observation": observation,
            "scene": scene, "reduction": reduction,
            "corruption": {**levels["corruption"], **drift, "system_temperature": receiver},
        },
    )  # fmt: skip


def written(made, path):
    """Write the day as UVFITS, a scan at a time."""
    settings = Simulation(observation=made.observation, scene=made.scene, corruption=made.corruption)
    today = simulate.day(settings, seed=made.seed)
    rows = today.setup.antenna1.size * sum(scan.time.size for scan in today.scans)
    blocks = (given.visibilities for given in simulate.visibilities(settings, seed=made.seed))
    path.write_bytes(write.uvfits(blocks, rows))
    return rows * today.setup.frequency.size * today.setup.polarisation.size


def reduce(made, path, route):
    """Reduce the day by one route and print what came of it."""
    own = dataclasses.replace(made.reduction, **(ROUTE if route == "published" else {}))
    start, begun = time.process_time(), time.perf_counter()
    done = pipeline_visibilities.reduced(dataclasses.replace(made, reduction=own), path, scratch=path.parent)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"  route {route}: {time.process_time() - start:.0f} s CPU, {time.perf_counter() - begun:.0f} s wall,"
        f" at most {most:.2f} GB"
    )
    for row in pipeline_report.rows(done, pipeline_visibilities.truth(made)):
        std = "" if row.std is None else f" ± {row.std:.4g}"
        true = "" if row.expected is None else f"  true {row.expected:.4g}"
        pull = (
            ""
            if row.std is None or row.expected is None
            else f"  pull {(row.value - row.expected) / row.std:.2f}"
        )
        value = "none" if row.value is None else f"{row.value:.4g}"
        print(f"    {row.quantity}: {value}{std} {row.unit}{true}{pull}  {row.note}", flush=True)


def main():
    """Simulate and reduce the days asked for."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--day", action="append", choices=tuple(DAYS), help="all five without it")
    ask.add_argument("--levels", default="recipe", choices=("recipe", "published"))
    ask.add_argument("--route", action="append", choices=("ours", "published"), help="ours without it")
    ask.add_argument("--seed", type=int, default=7)
    ask.add_argument("--reduced", action="store_true")
    given = ask.parse_args()
    for name in given.day or DAYS:
        made = recipe(name, published=given.levels == "published", reduced=given.reduced, seed=given.seed)
        with tempfile.TemporaryDirectory() as folder:
            path, start = Path(folder) / "day.uvfits", time.process_time()
            count = written(made, path)
            print(
                f"{name}, levels {given.levels}, seed {given.seed}: {count / 1e6:.1f} million visibilities, "
                f"{path.stat().st_size / 1e6:.0f} MB; {time.process_time() - start:.0f} s CPU to simulate"
            )
            for route in given.route or ["ours"]:
                reduce(made, path, route)


if __name__ == "__main__":
    main()
