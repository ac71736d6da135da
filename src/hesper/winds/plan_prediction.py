"""What an observation of a date would give: σ of cells and of winds, window by window."""

from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.record import Array, record, setting
from hesper.units import angstrom, arcsec, day, minute
from hesper.winds import data_windows, model, model_fields, model_template, plan_photons
from hesper.winds import model_spectrum as spectrum
from hesper.winds.data_settings import Instrument, Observation, Scene, Sky, Windows


@record
class Config:
    """What would be observed."""

    duration: float = setting(49 * minute, "s", "time on the planet", shown="min", minimum=1.0)
    lines: int = setting(1, "count", "windows like the first, recorded at once", minimum=1, maximum=20)
    dates: int = setting(12, "count", "dates compared, a month apart, from the start", minimum=1, maximum=400)
    interval: float = setting(30 * day, "s", "step of these dates", shown="day", minimum=3600.0)
    observation: Observation
    instrument: Instrument
    windows: Windows
    sky: Sky
    scene: Scene


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
    """σ of the zonal wind of the first window's level with free zero levels [m s-1]."""
    window_std: tuple[float, ...]
    """The same from each window by itself [m s-1]."""
    level_std: dict[str, float]
    """The same of each level, by the lines that show it, from all windows together [m s-1]."""
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
    windows = data_windows.windows(config.instrument, config.scene, config.windows)
    maps = [sigma_map(config, window, view, disk) for window in windows]
    maps[0] = (*maps[0][:2], maps[0][2] / np.sqrt(config.lines))
    information = [
        _information(part, disk, window.scene.line) for window, part in zip(windows, maps, strict=True)
    ]
    lines = [window.scene.line for window in windows]
    level = {
        name: _std(sum(i for i, line in zip(information, lines, strict=True) if line == name))
        for name in dict.fromkeys(lines)
    }
    std = maps[0][2][np.isfinite(maps[0][2])]
    bisector = model.bisector(disk)
    return Prediction(
        float(2 * disk.angular_radius), model.phase(disk), float(sky.elevation[best]),
        float(view.elongation[1]),
        _std(float(np.mean(std**-2.0)) if std.size else 0.0), level[lines[0]],
        tuple(map(_std, information)), level,
        int(std.size),
        float(2 * np.cos(model.phase(disk) / 2) * np.cos(bisector.lat)), angle,
    )  # fmt: skip


def _std(information: float) -> float:
    """Return the σ of an information σ⁻²; infinite where a dark disk gives none."""
    return information**-0.5 if information > 0 else float("inf")


def _information(part: tuple[Array, Array, Array], disk: model.Aspect, line: str) -> float:
    """Return σ⁻² of a uniform wind whose zero level is free, from a map of x, y and σ."""
    x, y, std = part
    seen = np.isfinite(std)
    if not seen.any():
        return 0.0
    leg = model_fields.reflected if line == "reflected" else model_fields.emitted
    column = leg(model_fields.uniform, model.points(disk, x[seen], y[seen]), disk)
    weight = std[seen] ** -2.0
    return float(np.sum(weight * (column - np.average(column, weights=weight)) ** 2))


def sigma_map(
    config: Config, window: data_windows.Window, view: ephemeris.Viewing, disk: model.Aspect
) -> tuple[Array, Array, Array]:
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
    instrument, scene = window
    columns = max(int(lit.any(axis=0).sum()), 1)
    rate = scene.surface_brightness / (1000 * angstrom) * instrument.area * instrument.throughput
    # A cell is seen while the slit crosses it: width of the slit over 1″ is the share of its light.
    electrons = rate * instrument.dispersion * (instrument.slit_width / arcsec) * config.duration / columns
    first = float(instrument.wavelength - instrument.dispersion * instrument.pixels / 2)
    lines = spectrum.parametric(
        first - angstrom, first + instrument.dispersion * instrument.pixels + angstrom
    )
    made = model_template.MAKERS[scene.line](
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
    return x, y, std
