"""Rows of numbers beside what is published or true: `results.json`, and the sections of a report."""

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple


class Result(NamedTuple):
    """One number that a run found, beside what was expected of it."""

    system: str
    quantity: str
    unit: str
    value: float | None
    std: float | None = None
    truth: float | None = None
    published: float | None = None
    expected: float | None = None
    tolerance: float | None = None
    source: str = ""
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether |value − expected| ≤ tolerance; a row that expects nothing is fine if it has a value."""
        if self.value is None or not math.isfinite(self.value):
            return False
        if self.truth is not None and (self.std is None or self.expected is None):
            return False
        if self.expected is None and self.tolerance is None:
            return True
        if self.expected is None or self.tolerance is None or not math.isfinite(self.tolerance):
            return False
        return bool(abs(self.value - self.expected) <= self.tolerance)


class Figure(NamedTuple):
    """A picture with its caption."""

    name: str
    caption: str
    png: bytes


class Section(NamedTuple):
    """What one system contributes to a report."""

    title: str
    paragraphs: Sequence[str]
    results: Sequence[Result]
    figures: Sequence[Figure] = ()


def from_truth(
    system: str, quantity: str, unit: str, value: float, std: float, truth: float, *, sigmas: float = 3.0,
    published: float | None = None, source: str = "", note: str = "",
) -> Result:  # fmt: skip
    """Return the row of an estimate with a known truth: the tolerance is `sigmas` standard deviations."""
    return Result(system, quantity, unit, value, std, truth, published, truth, sigmas * std, source, note)


def from_published(
    system: str, quantity: str, unit: str, value: float, published: float, tolerance: float, *,
    source: str, note: str = "", std: float | None = None,
) -> Result:  # fmt: skip
    """Return the row of a number beside the printed one; the tolerance follows from the printed digits."""
    return Result(system, quantity, unit, value, std, None, published, published, tolerance, source, note)


def results_json(results: Sequence[Result]) -> bytes:
    """Return the rows as the JSON text of `results.json`; what is absent or not finite is null."""
    rows = [{**{k: _finite(v) for k, v in r._asdict().items()}, "ok": r.ok} for r in results]
    return json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
