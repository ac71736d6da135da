"""All orbits by the run's map function; how many were corrected, how well, and why others were not."""

import csv
import functools
import io
from collections.abc import Sequence

import numpy as np

from hesper import figures, products
from hesper.products import Result
from hesper.record import Array
from hesper.runs import Run
from hesper.vmc import calibrate_gradient, model_surface, pipeline_orbit, pipeline_segment, plot_map
from hesper.vmc.data import CHANNELS
from hesper.vmc.data_orbit import OrbitMosaic
from hesper.vmc.pipeline_config import Config
from hesper.vmc.pipeline_orbit import Task


def orbits(tasks: Sequence[Task], settings: Config, run: Run, folder: str = "") -> list[OrbitMosaic]:
    """Make the mosaic of every orbit by the run's map function and read them back."""
    if not tasks:
        return []
    light = model_surface.table(settings.atmosphere, CHANNELS["N2"].wavelength)
    shared = pipeline_orbit.Shared(settings, light, pipeline_segment.truth_path(settings))
    work = functools.partial(pipeline_orbit.mosaic_bytes, shared=shared)
    paths = run.map(work, tasks, [folder + pipeline_orbit.name(t) for t in tasks], title="orbits")
    return [products.read(path, OrbitMosaic) for path in paths]


def seams(tasks: Sequence[Task], mosaics: Sequence[OrbitMosaic], settings: Config) -> bytes:
    """Draw the corrected orbit of the strongest seams before and after."""
    good = [i for i, m in enumerate(mosaics) if m.flat.status == calibrate_gradient.ACCEPTED]
    worst = max(good, key=lambda i: mosaics[i].flat.seam_before)
    light = model_surface.table(settings.atmosphere, CHANNELS["N2"].wavelength)
    before = pipeline_orbit.uncorrected(tasks[worst], pipeline_orbit.Shared(settings, light, None))
    return figures.png(plot_map.seams(before, mosaics[worst]))


def rows(mosaics: Sequence[OrbitMosaic]) -> list[Result]:
    """Return how many orbits were corrected, how well their seams close, and how near they are to a truth."""
    counted = [m for m in mosaics if m.channel == "N2"]
    good = [m for m in counted if m.flat.status == calibrate_gradient.ACCEPTED]
    codes = sorted({m.flat.status for m in counted} - {calibrate_gradient.ACCEPTED})
    why = "; ".join(
        f"{calibrate_gradient.REASONS[c]}: {sum(m.flat.status == c for m in counted)}" for c in codes
    )
    found = [
        Result("vmc", "orbits corrected", "1", float(len(good)), note=f"of {len(counted)} with N22 images"),
        Result("vmc", "orbits refused", "1", float(len(counted) - len(good)), note=why),
    ]
    if not good:
        return found
    seam = np.array([m.flat.seam for m in good])
    source = "product user guide 2025, chapter 2"
    within = float(np.mean(seam <= 0.015))
    found += [
        Result("vmc", "median seam before", "%", 100 * float(np.median([m.flat.seam_before for m in good]))),
        Result("vmc", "median seam after", "%", 100 * float(np.median(seam)), published=1.5, source=source),
        Result(
            "vmc", "corrected orbits with seams of at most 1.5 %", "%", 100 * within, None, None, None,
            100.0, 5.0, source, "the guide's limit, in at least 95 % of the corrected orbits",
        ),
    ]  # fmt: skip
    known = [m for m in good if np.isfinite(m.error)]
    if known:
        middle = {
            k: 100 * float(np.median([getattr(m, k) for m in known]))
            for k in ("error_before", "error", "error_floor", "error_gains", "seam_gains")
        }
        gap = middle["error"] / middle["error_floor"]
        found += [
            Result("vmc", "mosaic against truth before", "%", middle["error_before"]),
            Result("vmc", "mosaic against truth after", "%", middle["error"],
                   note=f"with the true gradient {middle['error_floor']:.2f} %: clouds, noise, drift"),
            Result("vmc", "the same over that of the true gradient", "1", gap, None, None, None, 1.0, 0.1,
                   note="no more than a tenth may be lost to the fitted gradient"),
            Result("vmc", "mosaic against truth, one gain per image", "%", middle["error_gains"],
                   note=f"its seams: {middle['seam_gains']:.2f} %; it wins there and ruins the photometry"),
        ]  # fmt: skip
    return found


def table(mosaics: Sequence[OrbitMosaic]) -> bytes:
    """Write gradient, uncertainty, seams and status of every orbit as CSV."""
    stream = io.StringIO()
    rows = csv.writer(stream, lineterminator="\n")
    rows.writerow(
        ["orbit", "channel", "images", "status", "reason", "a", "a_std", "b", "b_std", "covariance",
         "condition", "overlap", "linked", "seam_before", "seam", "seam_95", "seam_gains",
         "error_before", "error", "error_floor", "error_gains", "left_out"]
    )  # fmt: skip
    for m in mosaics:
        f = m.flat
        std: Array = np.sqrt(np.diag(f.covariance))
        numbers = [
            f.gradient[0], std[0], f.gradient[1], std[1], f.covariance[0, 1], f.condition, f.overlap,
            f.linked, f.seam_before, f.seam, f.seam_most, m.seam_gains, m.error_before, m.error,
            m.error_floor, m.error_gains,
        ]  # fmt: skip
        why = calibrate_gradient.REASONS.get(f.status, "")
        count = len([n for n in m.images.split(", ") if n])
        rows.writerow([m.orbit, m.channel, count, f.status, why, *(f"{v:.6g}" for v in numbers), m.left_out])
    return stream.getvalue().encode()
