"""Fits, posteriors and comparisons as rows of results.json."""

import numpy as np

from hesper.products import Result
from hesper.record import Array
from hesper.thermal import model_columns, retrieve_comparison
from hesper.thermal.data import Comparison, Fit, Posterior


def fit(found: Fit) -> list[Result]:
    """Return a row per fitted parameter."""
    rows = []
    for i, label in enumerate(map(str, found.parameter)):
        note = f"68 % between {found.low[i]:.4g} and {found.high[i]:.4g}"
        note += "; at a bound of its prior" if found.at_bound[i] else ""
        rows.append(
            Result("thermal", f"{found.family}: {name(label)}", unit(label), float(found.value[i]),
                   float(found.value_std[i]), note=note)
        )  # fmt: skip
    return rows


def posterior(sample: Posterior) -> list[Result]:
    """Return a row per sampled parameter."""
    return [
        Result("thermal", f"{sample.family}: {name(label)}, posterior mean", unit(label), float(mean),
               float(std), note="nested sampling")
        for label, mean, std in zip(map(str, sample.parameter), sample.mean, sample.mean_std, strict=True)
    ]  # fmt: skip


def comparison(table: Comparison) -> list[Result]:
    """Return χ² of each family with exact and with marginalised flux scales, and evidence."""
    rows = []
    for i, family in enumerate(table.family):
        low = f"{table.chi_square_low[i]:.1f} of it from detections below 1 GHz"
        rows += [
            Result("thermal", f"χ² of {family}, flux scales exact", "1", float(table.chi_square[i]),
                   note=low),
            Result("thermal", f"χ² of {family}, flux scales marginalised", "1",
                   float(table.chi_square_scaled[i]), note=retrieve_comparison.price(table, i)),
        ]  # fmt: skip
        if np.isfinite(table.log_evidence[i]):
            rows.append(
                Result("thermal", f"ln Z of {family}", "1", float(table.log_evidence[i]),
                       float(table.log_evidence_std[i]))
            )  # fmt: skip
    tied = retrieve_comparison.tied(table)
    names = ", ".join(map(str, table.family[tied.families]))
    rows.append(
        Result("thermal", "families that these data cannot tell apart", "count", float(tied.families.size),
               note=f"{names} ({tied.measure})")
    )  # fmt: skip
    return rows


def caveats(frequency: Array) -> list[Result]:
    """Return a row that says which absorbers are extrapolated at the predicted frequencies."""
    lines = model_columns.caveats(frequency)
    what = "absorbers extrapolated at predicted frequencies"
    return [Result("thermal", what, "count", float(len(lines)), note="; ".join(lines))]


def name(label: str) -> str:
    """Return the name in a label "name [unit]"."""
    return label.split(" [")[0]


def unit(label: str) -> str:
    """Return the unit in a label "name [unit]"."""
    return label.split("[")[1].rstrip("]")
