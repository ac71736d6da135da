"""The winds system from end to end: recipe, simulation, both reductions, demonstration."""

from pathlib import Path

from hesper.config import existing
from hesper.products import netcdf
from hesper.products.results import Result, Section
from hesper.runs import Plan, Run
from hesper.winds import pipeline_demo, pipeline_paper, pipeline_recommended, read, write
from hesper.winds.pipeline_config import Config, simulated

__all__ = ["Config", "demo", "inputs", "plan", "run", "simulate", "simulated"]

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
    folder = Path(config.input)
    count = len(list(folder.glob("*.fit*"))) if folder.is_dir() else config.observation.frames
    pixels = count * config.instrument.rows * config.instrument.pixels
    return Plan(
        [f"{config.source} route: {count} frames of {config.instrument.rows} × {config.instrument.pixels}"],
        list(_PRODUCTS[config.source]),
        4e8 + 10.0 * pixels,
        8.0 + 1.2e-7 * pixels * (2.0 if config.source == "paper" else 1.0),
    )


def simulate(config: Config, run: Run) -> None:
    """Write the frames an observatory would deliver, with headers, and `truth.nc`."""
    made = simulated(config)
    for i in range(len(made.frames.counts)):
        run.write(f"frame_{i + 1:04d}.fits", lambda i=i: write.frame(made.frames, i))  # type: ignore[misc]
    if config.instrument.calibrations:
        run.write("dark.fits", lambda: write.dark(made.frames))
        run.write("flat.fits", lambda: write.flat(made.frames))
    run.write("truth.nc", lambda: netcdf(made.truth))


def run(config: Config, run: Run) -> list[Result]:
    """Reduce a folder of frames to products and figures; return the numbers found."""
    frames = read.frames(existing(config.input, what="winds: input"))
    if config.source == "paper":
        return pipeline_paper.products(config, pipeline_paper.reduce(config, frames), run)
    return pipeline_recommended.products(config, pipeline_recommended.reduce(config, frames), run)


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
