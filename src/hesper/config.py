"""Recipes: a record of settings ← TOML in which every quantity carries its unit.

A recipe class is a record whose fields are settings, or further such records (TOML tables).
"""

import dataclasses
import difflib
import math
import os
import tomllib
import types
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from hesper.errors import InputError, MissingError, UnitError
from hesper.record import Spec, nested, specs

_C = TypeVar("_C")
_LARGEST_RECIPE = 1_000_000


def load(cls: type[_C], source: Path | str | Mapping[str, Any], *, overrides: Sequence[str] = ()) -> _C:
    """Read a recipe of class `cls` from a TOML file or a mapping.

    Parameters
    ----------
    cls
        Record of settings, whose defaults stand where the recipe is silent.
    source
        Path of a TOML file, or the mapping such a file holds.
    overrides
        Assignments "table.key=value" in TOML syntax; a bare word is a string.

    Raises
    ------
    InputError
        If a key is unknown, a value is not allowed or the file is not TOML.
    UnitError
        If a quantity has no unit or one of another dimension.
    MissingError
        If there is no such file.
    """
    where = "recipe" if isinstance(source, Mapping) else str(source)
    table = dict(source) if isinstance(source, Mapping) else _parse(Path(source))
    for text in overrides:
        _override(table, text)
    return _build(cls, table, where, "")


def resolved(recipe: Any) -> dict[str, Any]:
    """Return a recipe as the TOML table that would make it again, defaults filled in."""
    out: dict[str, Any] = {}
    for field in dataclasses.fields(recipe):
        value, spec = getattr(recipe, field.name), field.metadata.get("spec")
        out[field.name] = resolved(value) if spec is None else _written(value, spec)
    return out


def template(cls: Any, *, title: str = "") -> str:
    """Return the commented TOML recipe of a class, every setting at its default."""
    lines = [f"# {line}" for line in title.splitlines()] + [""] * bool(title)
    return "\n".join(lines + _template(cls, "")).strip() + "\n"


def _parse(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise MissingError(f"{path}: no such recipe; `hesper SYSTEM init` prints one")
    if not path.is_file():
        raise InputError(f"{path}: not a regular file; a recipe is a TOML file")
    if path.stat().st_size > _LARGEST_RECIPE:
        raise InputError(f"{path}: {path.stat().st_size} bytes; a recipe has at most {_LARGEST_RECIPE}")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not TOML: {error}; `hesper SYSTEM init` prints a valid recipe") from None
    except RecursionError:
        raise InputError(f"{path}: nested too deeply; a recipe has at most two levels of tables") from None


def _override(table: dict[str, Any], text: str) -> None:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise InputError(f"--set {text}: not an assignment; write table.key=value")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        parsed = value.strip()
    *parents, last = key.strip().split(".")
    for name in parents:
        table[name] = dict(table.get(name, {})) if isinstance(table.get(name, {}), Mapping) else {}
        table = table[name]
    table[last] = parsed


def _build(cls: type[_C], table: Mapping[str, Any], where: str, prefix: str) -> _C:
    own, inner = specs(cls), nested(cls)
    for key in table:
        if key not in own and key not in inner:
            known = [*own, *inner]
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(known)}"
            raise InputError(f"{where}: unknown key '{prefix}{key}'; {hint}")
    values: dict[str, Any] = {}
    for name, spec in own.items():
        if name in table:
            values[name] = _value(table[name], spec, f"{where}: {prefix}{name}")
    for name, kind in inner.items():
        part = table.get(name, {})
        if not isinstance(part, Mapping):
            raise InputError(f"{where}: {prefix}{name} = {part!r}; a table [{prefix}{name}] is needed")
        values[name] = _build(kind, part, where, f"{prefix}{name}.")
    return cls(**values)


def _value(given: Any, spec: Spec, where: str) -> Any:
    if spec.dtype is tuple:
        if not isinstance(given, list | tuple):
            raise InputError(f"{where} = {given!r}; a list is needed: [a, b, …]")
        return tuple(_scalar(item, spec, where) for item in given)
    return _scalar(given, spec, where)


def _scalar(given: Any, spec: Spec, where: str) -> Any:
    kind = _kind(spec)
    if kind is bool:
        value: Any = _expect(isinstance(given, bool), given, given, where, "true or false")
    elif kind is str:
        # TOML reads a bare 1974-01-20 as a date.
        given = given.isoformat() if isinstance(given, date) else given
        value = _expect(isinstance(given, str) and "\0" not in given, given, given, where, "a string")
    elif kind is int:
        whole = isinstance(given, int) and not isinstance(given, bool)
        value = _expect(whole, given, given, where, "a whole number")
    else:
        value = _quantity(given, spec, where)
    if spec.choices and value not in spec.choices:
        near = difflib.get_close_matches(str(value), [str(c) for c in spec.choices], n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise InputError(f"{where} = {given!r}; allowed: {', '.join(map(str, spec.choices))}{hint}")
    _bounds(value, given, spec, where)
    return value


def _kind(spec: Spec) -> Any:
    """Tell what one value of a setting is: a tuple declares it by its unit and its choices."""
    if spec.dtype is not tuple:
        return spec.dtype
    if spec.unit == "text":
        return str
    return int if spec.unit == "count" else float


def _expect(right: bool, value: Any, given: Any, where: str, needed: str) -> Any:
    if not right:
        raise InputError(f"{where} = {given!r}; {needed} is needed")
    return value


def _quantity(given: Any, spec: Spec, where: str) -> float:
    example = f'write for example "{_number(1.0)} {spec.shown}"'
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise InputError(f"{where} = {given!r}; a quantity is needed: {example}")
    if spec.shown == "1" and not isinstance(given, str):
        value = float(given)
    elif not isinstance(given, str):
        raise UnitError(f"{where} = {given!r} has no unit; {example.replace('1.0', str(given))}")
    else:
        value = _convert(given, spec, where, example)
    if not math.isfinite(value):
        raise InputError(f"{where} = {given!r}; a finite number is needed")
    return value


def _convert(given: str, spec: Spec, where: str, example: str) -> float:
    from astropy import units

    try:
        quantity = units.Quantity(given)
    except (TypeError, ValueError):
        raise UnitError(f"{where} = {given!r} is not a number and a unit; {example}") from None
    if quantity.unit == units.dimensionless_unscaled and spec.unit != "1":
        raise UnitError(f"{where} = {given!r} has no unit; {example}")
    if quantity.ndim:
        raise InputError(f"{where} = {given!r}; one number is needed")
    try:
        return float(quantity.to_value(units.Unit(spec.unit if spec.unit != "1" else "")))
    except units.UnitConversionError:
        raise UnitError(f"{where} = {given!r}: '{quantity.unit}' is not a unit of this; {example}") from None


def _bounds(value: Any, given: Any, spec: Spec, where: str) -> None:
    if isinstance(value, str | bool):
        return
    low, high = spec.minimum, spec.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        allowed = " and ".join(
            f"{sign} {_written(float(bound), spec._replace(dtype=float))}"
            for sign, bound in (("≥", low), ("≤", high))
            if bound is not None
        )
        raise InputError(f"{where} = {given!r}; allowed: {allowed}")


def _written(value: Any, spec: Spec) -> Any:
    if isinstance(value, tuple):
        return [_written(item, spec) for item in value]
    if not isinstance(value, float) or spec.shown in ("1", "count", "text"):
        return value
    from astropy import units

    scale = units.Unit(spec.shown).to(units.Unit(spec.unit if spec.unit != "1" else ""))
    return f"{_number(value / scale)} {spec.shown}"


def _number(value: float) -> str:
    """Write a number as briefly as its 15 digits allow (0.2, not 0.19999999999999998)."""
    return repr(float(f"{value:.15g}"))


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    return str(value)


def to_toml(table: Mapping[str, Any], prefix: str = "") -> str:
    """Write a resolved recipe as TOML."""
    lines = [f"{k} = {_toml(v)}" for k, v in table.items() if not isinstance(v, Mapping)]
    for name, part in table.items():
        if isinstance(part, Mapping):
            lines += ["", f"[{prefix}{name}]", to_toml(part, f"{prefix}{name}.").rstrip()]
    return "\n".join(lines).strip() + "\n"


def _template(cls: Any, prefix: str) -> list[str]:
    lines: list[str] = []
    for field in dataclasses.fields(cls):
        spec = field.metadata.get("spec")
        if spec is not None:
            default = _toml(_written(field.default, spec))
            lines += [f"# {spec.meaning}{_allowed(spec)}", f"{field.name} = {default}", ""]
    for name, kind in nested(cls).items():
        doc = (kind.__doc__ or "").splitlines()[0]
        lines += [f"[{prefix}{name}]  # {doc}", *_template(kind, f"{prefix}{name}.")]
    return lines


def _allowed(spec: Spec) -> str:
    if spec.choices:
        return f" ({' | '.join(map(str, spec.choices))})"
    bounds = [
        f"{sign} {_written(float(bound), spec._replace(dtype=float))}"
        for sign, bound in (("≥", spec.minimum), ("≤", spec.maximum))
        if bound is not None
    ]
    return f" ({', '.join(bounds)})" if bounds else ""


def existing(path: str, *, what: str = "input") -> Path:
    """Return a path of a recipe that exists and is a regular file or a folder.

    Relative paths start at the working directory.

    Raises
    ------
    MissingError
        If nothing is there.
    InputError
        If the path is a device, a pipe or holds a NUL.
    """
    if "\0" in path or len(path) > 4000:
        raise InputError(f"{what}: {path[:60]!r} is no path; give a file or a folder")
    found = Path(os.path.expandvars(path)).expanduser()
    if not found.exists():
        raise MissingError(f"{what}: '{found}' does not exist; give a file or a folder that does")
    if not (found.is_file() or found.is_dir()):
        raise InputError(f"{what}: '{found}' is neither a file nor a folder")
    return found


def frozen_defaults(cls: type[_C]) -> _C:
    """Return a recipe with every setting at its default."""
    return _build(cls, types.MappingProxyType({}), "defaults", "")
