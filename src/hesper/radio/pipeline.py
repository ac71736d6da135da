"""The order of the stages: a table of flux densities → brightness temperatures.

The numbers of Mohan et al. 2017 are recomputed row by row; docs/papers/mohan-2017.md says where they err.
"""

from pathlib import Path

from hesper import config, ephemeris, figures, products
from hesper.errors import InputError
from hesper.products import Result, Section
from hesper.radio import (
    pipeline_demo,
    pipeline_field,
    pipeline_inputs,
    pipeline_paper,
    pipeline_products,
    pipeline_report,
    pipeline_visibilities,
    plot,
    read,
)
from hesper.radio.data import FluxDensities, Temperatures
from hesper.radio.data_calibration import Truth
from hesper.radio.pipeline_config import Config
from hesper.radio.pipeline_paper import PAPER
from hesper.runs import Plan, Run

MEMORY = "reduction.memory"
"""The setting that bounds the memory of a run."""
__all__ = ["MEMORY", "PAPER", "Config", "demo", "inputs", "kernels", "plan", "run", "simulate"]


def inputs(settings: Config) -> list[Path]:
    """Return the files a run reads."""
    sky = [config.existing(settings.sky_map, what="radio: sky_map")] if settings.sky_map else []
    if not settings.input:
        return sky
    path = config.existing(settings.input)
    if settings.source == "fluxes":
        return [path, *sky]
    return [*pipeline_inputs.inputs(path), *sky]


def kernels(settings: Config) -> list[Path]:
    """Return the ephemeris that a run uses."""
    del settings
    return [ephemeris.kernel_path("DE421")]


def plan(settings: Config) -> Plan:
    """Return what `run` would do."""
    if settings.source == "fluxes":
        fluxes = _fluxes(settings)
        return Plan(
            list(map(str, fluxes.label)), ["temperatures.nc", "temperatures.png", "results.json"], 3e8, 1.0
        )
    size = sum(path.stat().st_size for path in inputs(settings))
    most = min(3.0 * size + 1.2e9, settings.reduction.memory)
    return Plan((settings.input,), pipeline_products.PRODUCTS, most, 20 + 1.2e-7 * size)


def simulate(settings: Config, out: Run) -> None:
    """Write what the observatory would deliver of the recipe's day: UVFITS, and `truth.nc`."""
    pipeline_visibilities.simulated(settings, out)


def run(settings: Config, out: Run) -> list[Result]:
    """Turn raw visibilities, or a table of flux densities, into temperatures."""
    if settings.source == "visibilities":
        return _visibilities(settings, out)
    if settings.source == "field":
        return pipeline_field.run(settings, out)
    fluxes = _fluxes(settings)
    found = pipeline_paper.temperatures(settings, fluxes)
    out.write("temperatures.nc", lambda: products.netcdf(found))
    out.write("temperatures.png", lambda: figures.png(plot.temperatures(found, found.brightness_temperature)))
    return [_row(found, i) for i in range(found.frequency.size)]


def _visibilities(settings: Config, out: Run) -> list[Result]:
    if not settings.input:
        raise InputError("radio: input is empty; name a UVFITS file or a Measurement Set")
    path = config.existing(settings.input, what="radio: input")
    done = pipeline_visibilities.reduced(settings, path, scratch=out.directory)
    pipeline_products.written(done, out)
    beside = path.parent / "truth.nc"
    return pipeline_report.rows(done, products.read(beside, Truth) if beside.is_file() else None)


def _fluxes(settings: Config) -> FluxDensities:
    return read.flux_densities(config.existing(settings.input)) if settings.input else read.flux_densities()


def _row(found: Temperatures, i: int) -> Result:
    value, std = float(found.brightness_temperature[i]), float(found.brightness_temperature_std[i])
    note = "upper limit, 3σ" if found.is_limit[i] else ""
    return Result("radio", f"brightness temperature {found.label[i]}", "K", value, std, note=note)


def demo(out: Run, data: Path | None) -> Section:
    """Recompute the numbers of Mohan et al. 2017, and reduce a shortened simulated day from raw data."""
    del data
    return pipeline_demo.section(out)
