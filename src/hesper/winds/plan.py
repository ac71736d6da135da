"""Before observing: photons, velocity noise, map of σ, coverage, best date and slit orientation."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.record import Array
from hesper.units import angstrom, arcsec, deg, minute
from hesper.winds import data_windows, model, model_fields, model_template, plan_photons
from hesper.winds import model_spectrum as spectrum
from hesper.winds.plan_prediction import Config, predict

__all__ = ["Config", "Table", "bias_of_young", "coverage_std", "predict", "tables"]

LINES = (
    ("Na D2", 5889.95), ("Na D1", 5895.92), ("Fe I", 5883.80), ("Ni I", 5892.86), ("Fe I", 5905.65),
    ("Fe I", 5914.15), ("Mg b1", 5183.60), ("Mg b2", 5172.68),
)  # fmt: skip
"""Names and wavelengths in air, Å of lines that are deep and clean."""


class Table(NamedTuple):
    """A table for people."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def coverage_std(
    disk: model.Aspect, x: Array, y: Array, std: float, field: model_fields.WindField, *, free_zero: bool
) -> float:  # fmt: skip
    """Return σ of a wind's amplitude from points of equal noise, its zero level free or known."""
    column = model_fields.reflected(field, model.points(disk, x, y), disk)
    if free_zero:
        column = column - column.mean()
    return float(std / np.sqrt(np.sum(column**2)))


def bias_of_young(disk: model.Aspect, x: Array, y: Array, *, free_zero: bool) -> float:
    """Return the wind, westward [m s-1], that the Young effect alone mimics on a set of points."""
    place = model.points(disk, x, y)
    column = -model_fields.reflected(model_fields.uniform, place, disk)
    spurious = model_fields.young_velocity(place, disk, 1.0)
    if free_zero:
        column, spurious = column - column.mean(), spurious - spurious.mean()
    return float(column @ spurious / (column @ column))


def tables(config: Config) -> list[Table]:
    """Return the tables of `hesper winds plan`: photons, the observation, lines, dates."""
    return [_photons(config), _observation(config), _lines_table(), _dates(config), _prospects(config)]


def _photons(config: Config) -> Table:
    budget = plan_photons.paper_budget()
    instrument = config.instrument
    first = float(instrument.wavelength - instrument.dispersion * instrument.pixels / 2)
    view = ephemeris.viewing(
        ephemeris.tdb_seconds(config.observation.start)[0] + np.array([0.0, 600.0]), config.observation.site,
        kernel=config.observation.kernel,
    )  # fmt: skip
    low, high = first - angstrom, first + instrument.dispersion * instrument.pixels + angstrom
    made = model_template.template(
        spectrum.parametric(low, high), shifts=model.shifts(view), venus_exponent=1.0, sky_exponent=1.0,
        fwhm=instrument.resolution, pixel=instrument.dispersion,
    )  # fmt: skip
    electrons = budget.rate * 366 * 0.0117
    limit = [
        plan_photons.velocity_std(
            made, electrons, sky=sky * electrons, first=first, pixels=instrument.pixels,
        )
        for sky in (0.0, 0.5)
    ]  # fmt: skip
    rows = [
        ("photons per s, Å and arcsec of slit", f"{budget.rate:.0f}", ""),
        ("of use per s and arcsec (120 mÅ at 30 %)", f"{budget.useful:.0f}", "1156"),
        ("per arcsec² in 6.1 min", f"{budget.total:.3g}", "4.23e5"),
        ("signal to noise", f"{budget.signal_to_noise:.0f}", "650"),
        ("velocity σ by the paper's reckoning, m/s", f"{budget.velocity_std:.1f}", "30.7"),
        ("photon limit of the whole window, no sky, m/s", f"{limit[0]:.2f}", ""),
        ("photon limit, sky half as bright as Venus, m/s", f"{limit[1]:.2f}", ""),
    ]
    return Table("Photons and velocity noise of 1 arcsec²", ("quantity", "here", "paper"), rows)


def _observation(config: Config) -> Table:
    found = predict(config, config.observation.start)
    rows = [
        ("diameter, arcsec", f"{found.diameter / arcsec:.2f}"),
        ("phase angle, deg", f"{found.phase / deg:.2f}"),
        ("elongation, deg", f"{found.elongation / deg:.1f}"),
        ("highest elevation of the day, deg", f"{found.elevation / deg:.0f}"),
        ("slit along the terminator, position angle, deg", f"{found.slit_angle / deg:.1f}"),
        ("velocity of the limb per unit of wind", f"{found.projection:.3f}"),
        ("lit cells of 1 arcsec²", f"{found.cells}"),
        ("σ of a cell, m/s", f"{found.cell_std:.1f}"),
        ("σ of the zonal wind, m/s", f"{found.wind_std:.2f}"),
    ]
    windows = data_windows.windows(config.instrument, config.scene, config.windows)
    if len(windows) > 1:
        for number, (window, std) in enumerate(zip(windows, found.window_std, strict=True), 1):
            place = f"{window.instrument.wavelength / angstrom:.2f} Å, {window.scene.line}"
            rows.append((f"from window {number} alone, {place}", f"{std:.2f}"))
        rows += [(f"from all windows of {line} lines", f"{std:.2f}") for line, std in found.level_std.items()]
    if len(found.level_std) > 1:
        rows.append(
            (
                "σ of the shear between both levels, m/s",
                f"{np.sqrt(sum(s**2 for s in found.level_std.values())):.2f}",
            )
        )
    return Table(f"The whole lit disk in {config.duration / minute:.0f} min", ("quantity", "value"), rows)


def _lines_table() -> Table:
    electrons = plan_photons.paper_budget().rate * 366 * 1e-3
    values = [plan_photons.line_std(centre * angstrom, electrons) for _, centre in LINES]
    rows = [(name, f"{centre:.2f}", f"{v:.2f}") for (name, centre), v in zip(LINES, values, strict=True)]
    joint = float(np.sum(np.array(values) ** -2.0) ** -0.5)
    four = float(np.sum(np.array([values[0], values[1], values[2], values[6]]) ** -2.0) ** -0.5)
    rows += [
        ("D2, D1, Fe I, Mg b1: the paper's four", "", f"{four:.2f} (gain {values[0] / four:.2f})"),
        ("all", "", f"{joint:.2f}"),
    ]
    return Table(
        "Photon limit of single lines, ±0.5 Å, 1 arcsec², 6.1 min", ("line", "air, Å", "σ, m/s"), rows
    )


def _dates(config: Config) -> Table:
    start = float(ephemeris.tdb_seconds(config.observation.start)[0])
    found = [
        (start + i * config.interval, predict(config, start + i * config.interval))
        for i in range(config.dates)
    ]
    useful = [p.wind_std if p.elevation > 20 * deg and p.elongation > 10 * deg else np.inf for _, p in found]
    best = int(np.argmin(useful)) if np.isfinite(useful).any() else -1
    rows = [
        (
            str(ephemeris.utc(np.array([time]))[0])[:10], f"{p.diameter / arcsec:.1f}",
            f"{p.phase / deg:.0f}",
            f"{p.elongation / deg:.0f}", f"{p.elevation / deg:.0f}", f"{p.slit_angle / deg:.0f}",
            f"{p.projection:.2f}", f"{p.wind_std:.2f}" + ("*" if i == best else " "),
        )
        for i, (time, p) in enumerate(found)
    ]  # fmt: skip
    head = ("date", "diam ″", "φ °", "elong °", "elev °", "PA °", "limb", "σ m/s")
    return Table(
        "Dates (φ phase, PA of the slit, limb: its velocity per wind, σ of the wind, * best)", head, rows
    )


def _prospects(config: Config) -> Table:
    four = dataclasses.replace(config, lines=4)
    long = dataclasses.replace(config, lines=4, duration=180 * minute)
    rows = []
    for label, recipe, start in (
        ("the run of 2007, one line", config, "2007-11-07T13:30:00"),
        ("four lines", four, "2007-11-07T13:30:00"),
        ("four lines, three hours with tip-tilt", long, "2007-11-07T13:30:00"),
        ("spring 2008, 10″ disc, four lines, three hours", long, "2008-04-20T12:00:00"),
    ):
        p = predict(recipe, start)
        rows.append((label, f"{p.diameter / arcsec:.1f}", f"{p.cell_std:.1f}", f"{p.wind_std:.2f}"))
    head = ("prospect", "diam, ″", "σ cell, m/s", "σ wind, m/s")
    return Table("The paper's prospects, by photon noise alone", head, rows)
