"""Beyond the guide: transients, units of the ground and other maps, each a CSV beside its segment."""

import csv
import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hesper import config, maps, products
from hesper.products import Result
from hesper.record import Array
from hesper.runs import Run
from hesper.units import deg
from hesper.vmc import grid_segment, read_map, retrieve_anomaly, retrieve_claim, retrieve_transient, write_map
from hesper.vmc.data_map import Difference, SegmentMap
from hesper.vmc.pipeline_config import Config

_SEGMENTS = 9


class Mapped(NamedTuple):
    """A segment with the mosaics it is made of."""

    made: SegmentMap
    stack: grid_segment.Stack
    models: Array


class Sought(NamedTuple):
    """What a segment was searched for transients."""

    segment: int
    searched: retrieve_claim.Searched
    part: float
    """Of the mosaics' ground."""


def sought(part: Mapped, settings: Config) -> Sought:
    """Search a segment for transients."""
    made, wanted = part.made, settings.emissivity
    used = made.factor_literal if made.normalisation == "literal" else made.factor_model
    seen = retrieve_transient.contrasts(
        part.stack, part.models, used, made.grid, size=wanted.transient_size, blur=settings.atmosphere.blur,
        speed=wanted.cloud_speed,
    )  # fmt: skip
    apart = wanted.transient_size + settings.atmosphere.blur
    return Sought(made.segment, retrieve_claim.peaks(seen, part.stack.orbit, size=apart), seen.searched)


def transients(found: Sequence[Sought], settings: Config, run: Run, folder: str) -> list[Result]:
    """Judge the peaks of all segments together; each segment's as a CSV, the least likely first."""
    wanted = settings.emissivity
    every = retrieve_claim.chances([part.searched for part in found])
    head = ["orbit", "lon_deg", "lat_deg", "contrast", "contrast_std", "deviations", "chance", "claimed",
            "searched_part"]  # fmt: skip
    rows = []
    for part, chances in zip(found, every, strict=True):
        name, peaks = f"segment {part.segment}", part.searched.peaks
        judged = sorted(zip(chances, peaks, strict=True), key=lambda j: (j[0], -abs(j[1].deviations)))
        limit = wanted.transient_chance
        lines = [
            [p.orbit, f"{p.lon / deg:.2f}", f"{p.lat / deg:.2f}", f"{p.contrast:.4f}",
             f"{p.contrast_std:.4f}", f"{p.deviations:.2f}", f"{chance:.2g}", int(chance <= limit),
             f"{part.part:.3f}"]
            for chance, p in judged
        ]  # fmt: skip
        stem = folder + write_map.segment_name(part.segment, "")[:-5]
        run.write(f"{stem}_transients.csv", lambda lines=lines: _csv(head, lines))  # type: ignore[misc]
        least = min(chances, default=1.0)
        highest = max((abs(p.deviations) for p in peaks), default=0.0)
        claimed = sum(chance <= limit for chance in chances)
        rows += [
            Result("vmc", f"{name} transients claimed", "1", float(claimed),
                   note=f"chance of a false one in the archive ≤ {limit:g}; {len(peaks)} "
                        f"peaks, highest {highest:.1f} deviations, least chance {least:.2g}"),
            Result("vmc", f"{name} ground of the mosaics searched for transients", "%", 100 * part.part,
                   note="the rest lies at edges, or fewer than three other orbits saw it"),
        ]  # fmt: skip
    return rows


def results(part: Mapped, settings: Config, run: Run, folder: str) -> list[Result]:
    """Average units and compare with another map; each as a CSV."""
    made, wanted, name = part.made, settings.emissivity, f"segment {part.made.segment}"
    stem = folder + write_map.segment_name(made.segment, "")[:-5]
    rows = []
    if wanted.units:
        number, names = read_map.units(config.existing(wanted.units), made.grid)
        found = retrieve_anomaly.units(made, number, names, together=_together(settings))
        body = [[u.name, *(f"{v:.6g}" for v in u[1:])] for u in found]
        columns = ["unit", "mean", "std", "cells", "area_m2", "difference", "deviations"]
        run.write(f"{stem}_units.csv", lambda: _csv(columns, body))
        rows += [Result("vmc", f"{name} ε of {u.name}", "1", u.mean, u.std) for u in found]
    if wanted.compare:
        rows += _compared(made, settings, stem, run)
    return rows


def borders(made: Sequence[SegmentMap], settings: Config) -> list[Result]:
    """Return the steps of emissivity across the borders of neighbouring segments."""
    of = {m.segment: m for m in made}
    rows = []
    for first in made:
        second = of.get((first.segment + 1) % _SEGMENTS)
        if second is None:
            continue
        alike = max(settings.emissivity.cloud_length, settings.atmosphere.blur)
        rise, std = retrieve_anomaly.step(first, second, together=alike)
        if np.isfinite(rise):
            what = f"step of ε from segment {first.segment} to {second.segment}"
            rows.append(Result("vmc", what, "1", rise, std, note="mean along their border"))
    return rows


def _compared(made: SegmentMap, settings: Config, stem: str, run: Run) -> list[Result]:
    path = config.existing(settings.emissivity.compare)
    source, values = read_map.raster(path)
    other = maps.resample_map(values, source, made.grid)
    everywhere = np.ones(other.shape, bool)
    places = {
        "everywhere": everywhere,
        "borders": retrieve_anomaly.border(made),
        "south": retrieve_anomaly.south(made),
    }
    alike = _together(settings)
    found = {
        k: retrieve_anomaly.comparison(made, other, where, together=alike) for k, where in places.items()
    }
    body = [[k, *(f"{v:.6g}" for v in c)] for k, c in found.items()]
    columns = ["where", "slope", "slope_std", "correlation", "scatter", "cells"]
    run.write(f"{stem}_comparison.csv", lambda: _csv(columns, body))
    left, deviations = retrieve_anomaly.difference(made, other)
    bands = Difference(grid=made.grid, difference=left, significance=deviations)
    if np.isfinite(left).any():
        run.write(f"{stem}_difference.tif", lambda: products.geotiff(bands))
    return [
        Result(
            "vmc",
            f"segment {made.segment} correlation with {path.name}, {k}",
            "1",
            c.correlation if np.isfinite(c.correlation) else None,
            note="" if np.isfinite(c.correlation) else "fewer than three cells have both",
        )
        for k, c in found.items()
    ]


def _together(settings: Config) -> float:
    """Return the area [m2] within which clouds, or the spread function alone, make cells err together."""
    return max(
        np.pi / 4 * settings.emissivity.cloud_length**2, retrieve_anomaly.patch(settings.atmosphere.blur)
    )


def _csv(head: Sequence[str], body: Sequence[Sequence[object]]) -> bytes:
    stream = io.StringIO()
    rows = csv.writer(stream, lineterminator="\n")
    rows.writerow(head)
    rows.writerows(body)
    return stream.getvalue().encode()
