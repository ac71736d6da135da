"""The winds system from end to end: recipe, simulation, both reductions, demonstration."""

from pathlib import Path

from hesper.config import existing
from hesper.products import netcdf
from hesper.products.results import Result, Section
from hesper.runs import Plan, Run
from hesper.winds import pipeline_demo, pipeline_paper, pipeline_products, pipeline_recommended, read, write
from hesper.winds.pipeline_config import Config, simulated, window_frames, windows

__all__ = ["Config", "demo", "inputs", "plan", "plan_simulate", "run", "simulate", "simulated"]

_PRODUCTS = {
    "recommended": (
        "wavelengths.nc", "positions.nc", "velocities.nc", "winds.nc", "joint_winds.nc", "zonal_wind.nc",
        "disk_map.nc", "velocity_map.nc", "velocity_map.tif", "velocities.png", "maps.png", "positions.png",
        "zonal_wind.png", "wavelengths.png",
    ),
    "paper": (
        "chords.nc", "velocities.nc", "disk_map.nc", "velocity_map.nc", "velocity_map.tif", "table2.csv",
        *(f"figure_{n:02d}.png" for n in range(1, 13)),
    ),
}  # fmt: skip


def plan(config: Config) -> Plan:
    """Return what a run would do, from the recipe and, where it exists, the folder of frames."""
    folder, number = Path(config.input), len(windows(config))
    found = len(list(folder.glob("*.fit*"))) if folder.is_dir() else 0
    count = found or config.observation.frames * number
    pixels = count * config.instrument.rows * config.instrument.pixels
    size = f"{config.instrument.rows} × {config.instrument.pixels}"
    products = [_prefix(n) + name for n in range(1, number + 1) for name in _PRODUCTS[config.source]]
    return Plan(
        [f"{config.source} route: {count} frames of {size}, {number} spectral window(s)"],
        products + ["level_winds.nc", "joint_level_winds.nc"] * (number > 1),
        4e8 + 10.0 * pixels,
        8.0 + 1.2e-7 * pixels * (2.0 if config.source == "paper" else 1.0),
    )


def plan_simulate(config: Config) -> Plan:
    """Return what a simulation would write."""
    number, count = len(windows(config)), config.observation.frames
    calibrations = ["dark.fits", "flat.fits"] if config.instrument.calibrations else []
    names = [*(f"frame_{i + 1:04d}.fits" for i in range(count)), *calibrations, "truth.nc"]
    pixels = count * config.instrument.rows * config.instrument.pixels
    size = f"{config.instrument.rows} × {config.instrument.pixels}"
    return Plan(
        [f"{count} frames of {size}, {number} spectral window(s)"],
        [_prefix(n) + name for n in range(1, number + 1) for name in names],
        4e8 + 10.0 * pixels,
        4.0 + 1.5e-7 * pixels * number,
    )


def simulate(config: Config, run: Run) -> None:
    """Write the frames an observatory would deliver, with headers, and `truth.nc`, window by window."""
    for number, one in enumerate(windows(config), 1):
        made, prefix = simulated(one, window=number), _prefix(number)
        for i in range(len(made.frames.counts)):
            run.write(f"{prefix}frame_{i + 1:04d}.fits", lambda m=made, i=i: write.frame(m.frames, i))  # type: ignore[misc]
        if config.instrument.calibrations:
            run.write(f"{prefix}dark.fits", lambda m=made: write.dark(m.frames))  # type: ignore[misc]
            run.write(f"{prefix}flat.fits", lambda m=made: write.flat(m.frames))  # type: ignore[misc]
        run.write(f"{prefix}truth.nc", lambda m=made: netcdf(m.truth))  # type: ignore[misc]


def run(config: Config, run: Run) -> list[Result]:
    """Reduce a folder of frames to products and figures; return the numbers found."""
    recipes = windows(config)
    frames = window_frames(config, read.windows(existing(config.input, what="winds: input")))
    if config.source == "paper":
        return pipeline_paper.products(config, pipeline_paper.reduce(config, frames[0]), run)
    reductions = [pipeline_recommended.reduce(one, part) for one, part in zip(recipes, frames, strict=True)]
    found: list[Result] = []
    for number, (one, reduction) in enumerate(zip(recipes, reductions, strict=True), 1):
        numbers = pipeline_products.products(one, reduction, run, prefix=_prefix(number))
        label = f", window {number}" if number > 1 else ""
        found += [row._replace(quantity=row.quantity + label) for row in numbers]
    if len(reductions) > 1:
        found += pipeline_products.joined([one.reduction.line for one in recipes], reductions, run)
    return found


def _prefix(number: int) -> str:
    return "" if number == 1 else f"window{number}_"


def inputs(config: Config) -> list[Path]:
    """Return the files that a run reads, for its provenance."""
    folder = existing(config.input, what="winds: input")
    return (
        sorted(p for p in folder.iterdir() if p.suffix.lower() in (".fits", ".fit"))
        if folder.is_dir()
        else []
    )


def demo(run: Run, data: Path | None) -> Section:
    """Return the system's part of the report."""
    return pipeline_demo.section(data)
