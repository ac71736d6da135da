"""What the recommended route delivers: bands of latitude, numbers, products and figures."""

import itertools
from collections.abc import Sequence

import numpy as np

from hesper.errors import InputError
from hesper.products import geotiff, netcdf
from hesper.products.results import Result
from hesper.record import Array
from hesper.runs import Run
from hesper.units import angstrom, arcsec
from hesper.winds import grid, model_fields, plot, retrieve_levels, retrieve_winds
from hesper.winds.data import ZonalWind
from hesper.winds.data_settings import Limits
from hesper.winds.pipeline_config import Config
from hesper.winds.pipeline_recommended import Reduction, refit

BANDS = np.radians([-50.0, -30.0, -15.0, 0.0, 15.0, 30.0, 50.0])
"""Edges of the bands of latitude of the product `zonal_wind` [rad]."""


def bands(limits: Limits, reduced: Reduction) -> tuple[Array, ZonalWind]:
    """Return the edges [rad] that hold data, and the zonal wind in those bands with its covariance."""
    measured = reduced.velocities
    good = (measured.flag == 0) & np.isfinite(measured.lat)
    count, _ = np.histogram(measured.lat[good], BANDS)
    filled = np.flatnonzero(count > 20)
    if filled.size == 0:
        raise InputError("winds: no band of latitude holds 20 measurements; widen the bands")
    kept = BANDS[filled[0] : filled[-1] + 2]
    # The outermost bands reach to the poles: seeing brings in light from beyond the rows that are used.
    outer = np.concatenate([[-np.pi / 2 - 1e-9], kept[1:-1], [np.pi / 2 + 1e-9]])
    fields = [model_fields.band(south, north) for south, north in itertools.pairwise(outer)]
    found = refit(reduced, limits, fields)
    return kept, retrieve_winds.zonal_wind(measured, found, kept)


def results(reduced: Reduction) -> list[Result]:
    """Return the numbers of the recommended route; winds are westward positive, as people say them."""
    winds, joint, known, places = reduced.winds, reduced.joint, reduced.wavelengths, reduced.positions
    degenerate = "" if reduced.row_terms else "row terms left out: the slit did not move over the disk"
    rows = [
        Result("winds", "zonal wind, westward", "m/s", -float(winds.value[0]), float(winds.value_std[0]),
               note=degenerate),
        Result("winds", "reduced χ² of the zonal fit", "1", winds.chi2 / winds.dof),
    ]  # fmt: skip
    rows += [
        Result(
            "winds", f"{label} (joint fit)", "m/s", sign * float(joint.value[i]), float(joint.value_std[i])
        )
        for i, (label, sign) in enumerate(
            (("zonal wind, westward", -1), ("meridional wind, poleward", 1), ("antisolar flow", 1))
        )
    ]
    return [
        *rows,
        Result("winds", "dispersion", "mÅ/px", known.dispersion / angstrom * 1e3,
            known.dispersion_std / angstrom * 1e3),
        Result("winds", "telluric depth of the sky", "1", known.sky_exponent),
        Result("winds", "photometric exponent", "1", places.exponent, places.exponent_std),
        Result("winds", "seeing", "arcsec", float(np.nanmedian(places.seeing)) / arcsec),
        Result("winds", "good velocities", "1", float((reduced.velocities.flag == 0).sum())),
        Result("winds", "flagged velocities", "1", float((reduced.velocities.flag != 0).sum())),
        Result("winds", "unused frames", "1", float((~reduced.spectra.usable | ~places.found).sum())),
    ]  # fmt: skip


def products(config: Config, reduced: Reduction, run: Run, *, prefix: str) -> list[Result]:
    """Write the products and figures of a reduction, their names with a prefix; return its numbers."""
    _, zonal = bands(config.reduction, reduced)
    cells = grid.disk_map(reduced.velocities, reduced.disk)
    on_planet = grid.velocity_map(reduced.velocities, reduced.winds)
    for name, thing in (
        ("wavelengths.nc", reduced.wavelengths), ("positions.nc", reduced.positions),
        ("velocities.nc", reduced.velocities), ("winds.nc", reduced.winds), ("joint_winds.nc", reduced.joint),
        ("zonal_wind.nc", zonal), ("disk_map.nc", cells), ("velocity_map.nc", on_planet),
    ):  # fmt: skip
        run.write(prefix + name, lambda thing=thing: netcdf(thing))  # type: ignore[misc]
    run.write(prefix + "velocity_map.tif", lambda: geotiff(on_planet))
    run.write(prefix + "velocities.png", lambda: plot.velocities(reduced.velocities, reduced.winds))
    run.write(prefix + "maps.png", lambda: plot.maps(cells, on_planet, reduced.disk))
    run.write(
        prefix + "positions.png", lambda: plot.positions(reduced.positions, reduced.spectra.viewing.time)
    )
    run.write(prefix + "zonal_wind.png", lambda: plot.zonal_wind(zonal))
    run.write(prefix + "wavelengths.png", lambda: plot.wavelengths(reduced.wavelengths))
    return results(reduced)


def joined(lines: Sequence[str], reductions: Sequence[Reduction], run: Run) -> list[Result]:
    """Join the winds of several windows, level by level; write them and return their numbers."""
    zonal = retrieve_levels.level_winds([part.winds for part in reductions], lines)
    joint = retrieve_levels.level_winds([part.joint for part in reductions], lines)
    run.write("level_winds.nc", lambda: netcdf(zonal))
    run.write("joint_level_winds.nc", lambda: netcdf(joint))
    note = f"χ² of the windows {zonal.chi2:.2f} for {zonal.dof}" if zonal.dof else ""
    rows = [
        Result(
            "winds",
            f"westward wind: {name} lines of {n} window(s)",
            "m/s",
            -float(value),
            float(std),
            note=note,
        )
        for name, value, std, n in zip(zonal.term, zonal.value, zonal.value_std, zonal.windows, strict=True)
    ]
    return rows + [
        Result("winds", f"westward shear: {name}", "m/s", -float(value), float(std))
        for name, value, std in zip(zonal.shear_term, zonal.shear, zonal.shear_std, strict=True)
    ]
