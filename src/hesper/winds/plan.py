"""Before observing: photons, velocity noise, map of σ, coverage, best date and slit orientation."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.record import Array, record, setting
from hesper.units import angstrom, arcsec, day, deg, minute
from hesper.winds import model, model_fields, model_template, plan_photons
from hesper.winds import model_spectrum as spectrum
from hesper.winds.data_settings import Instrument, Observation, Scene, Sky

LINES = (
    ("Na D2", 5889.95), ("Na D1", 5895.92), ("Fe I", 5883.80), ("Ni I", 5892.86), ("Fe I", 5905.65),
    ("Fe I", 5914.15), ("Mg b1", 5183.60), ("Mg b2", 5172.68),
)  # fmt: skip
"""Names and wavelengths in air, Å of lines that are deep and clean."""


@record
class Config:
    """What would be observed."""

    duration: float = setting(49 * minute, "s", "time on the planet", shown="min", minimum=1.0)
    lines: int = setting(1, "count", "spectral windows recorded at once", minimum=1, maximum=20)
    dates: int = setting(12, "count", "dates compared, a month apart, from the start", minimum=1, maximum=400)
    interval: float = setting(30 * day, "s", "step of these dates", shown="day", minimum=3600.0)
    observation: Observation
    instrument: Instrument
    sky: Sky
    scene: Scene


class Table(NamedTuple):
    """A table for people."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


class Prediction(NamedTuple):
    """What an observation of a date would give."""

    diameter: float
    """[rad]."""
    phase: float
    """[rad]."""
    elevation: float
    """Highest of the day with the Sun above the horizon or not [rad]."""
    elongation: float
    """[rad]."""
    cell_std: float
    """σ of a cell of 1 arcsec² at mean brightness [m s-1]."""
    wind_std: float
    """σ of the zonal wind with a free zero level [m s-1]."""
    cells: int
    """Lit cells of 1 arcsec²."""
    projection: float
    """2 cos(φ/2) cos B: velocity of the limb per unit of wind."""
    slit_angle: float
    """Position angle of a slit along the terminator [rad]."""


def predict(config: Config, start: str | float) -> Prediction:
    """Return what the recipe's instrument would give on a date, the whole lit disk scanned evenly.

    Parameters
    ----------
    start
        UTC text, or TDB seconds since J2000.
    """
    time = ephemeris.tdb_seconds(start)[0] if isinstance(start, str) else start
    hours = time + np.arange(-12, 12, 0.5) * 3600
    sky = ephemeris.viewing(hours, config.observation.site, kernel=config.observation.kernel)
    best = int(np.nanargmax(sky.elevation)) if np.isfinite(sky.elevation).any() else len(hours) // 2
    view = ephemeris.viewing(
        hours[best] + np.array([-300.0, 0.0, 300.0]), config.observation.site, radius=config.scene.radius,
        kernel=config.observation.kernel,
    )  # fmt: skip
    angle = model.terminator_angle(view)
    disk = model.aspect(view, slit_angle=angle, radius=config.scene.radius)
    x, y, std = sigma_map(config, view, disk)
    seen = np.isfinite(std)
    place = model.points(disk, x[seen], y[seen])
    column = model_fields.reflected(model_fields.uniform, place, disk)
    weight = std[seen] ** -2.0
    mean = np.average(column, weights=weight)
    wind = float(np.sum(weight * (column - mean) ** 2) ** -0.5)
    bisector = model.bisector(disk)
    return Prediction(
        float(2 * disk.angular_radius), model.phase(disk), float(sky.elevation[best]),
        float(view.elongation[1]),
        float(np.sqrt(1 / np.mean(weight))), wind, int(seen.sum()),
        float(2 * np.cos(model.phase(disk) / 2) * np.cos(bisector.lat)), angle,
    )  # fmt: skip


def sigma_map(config: Config, view: ephemeris.Viewing, disk: model.Aspect) -> tuple[Array, Array, Array]:
    """Return x, y [rad] and the predicted σ [m s-1] of cells of 1 arcsec²; NaN where the disk is dark.

    The slit visits every arcsecond across the lit disk for an equal share of the time.
    """
    reach = np.floor(disk.angular_radius / arcsec)
    centres = (np.arange(-reach, reach + 1)) * arcsec
    y, x = np.meshgrid(centres, centres, indexing="ij")
    place = model.points(disk, x, y)
    with np.errstate(invalid="ignore"):
        lit = (place.cos_incidence > 0.05) & (place.cos_emission > 0.1)
    side = np.linspace(-1, 1, 201) * disk.angular_radius
    all_of_it = model.points(disk, side[None, :], side[:, None])
    mean_light = float(np.mean(all_of_it.cos_incidence[np.nan_to_num(all_of_it.cos_incidence, nan=-1) > 0]))
    instrument, scene = config.instrument, config.scene
    columns = max(int(lit.any(axis=0).sum()), 1)
    rate = scene.surface_brightness / (1000 * angstrom) * instrument.area * instrument.throughput
    # A cell is seen while the slit crosses it: width of the slit over 1″ is the share of its light.
    electrons = rate * instrument.dispersion * (instrument.slit_width / arcsec) * config.duration / columns
    first = float(instrument.wavelength - instrument.dispersion * instrument.pixels / 2)
    lines = spectrum.parametric(
        first - angstrom, first + instrument.dispersion * instrument.pixels + angstrom
    )
    made = model_template.template(
        lines, shifts=model.shifts(view), venus_exponent=config.sky.water, sky_exponent=config.sky.water,
        fwhm=instrument.resolution, pixel=instrument.dispersion,
    )  # fmt: skip
    levels = np.geomspace(0.03, 3.0, 12)
    curve = [
        plan_photons.velocity_std(
            made,
            level * electrons,
            sky=config.sky.brightness * electrons,
            first=first,
            pixels=instrument.pixels,
        )
        for level in levels
    ]
    std = np.full(x.shape, np.nan)
    std[lit] = np.exp(np.interp(np.log(place.cos_incidence[lit] / mean_light), np.log(levels), np.log(curve)))
    return x, y, std / np.sqrt(config.lines)


def coverage_std(
    disk: model.Aspect, x: Array, y: Array, std: float, field: model_fields.WindField, *, free_zero: bool
) -> float:  # fmt: skip
    """Return σ of a wind's amplitude from points of equal noise, its zero level free or known."""
    column = model_fields.reflected(field, model.points(disk, x, y), disk)
    if free_zero:
        column = column - column.mean()
    return float(std / np.sqrt(np.sum(column**2)))


def bias_of_young(disk: model.Aspect, x: Array, y: Array, *, free_zero: bool, scale: float = 1.0) -> float:
    """Return the wind, westward [m s-1], that the Young effect alone mimics on a set of points."""
    place = model.points(disk, x, y)
    column = -model_fields.reflected(model_fields.uniform, place, disk)
    spurious = scale * model_fields.young_velocity(place, disk, 1.0)
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
            f"{p.projection:.2f}", f"{p.wind_std:.2f}" + (" best" if i == best else ""),
        )
        for i, (time, p) in enumerate(found)
    ]  # fmt: skip
    head = ("date", "diam, ″", "phase, °", "elong, °", "elev, °", "slit PA, °", "limb/wind", "σ wind, m/s")
    return Table("Dates", head, rows)


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
