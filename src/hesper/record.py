"""Frozen records of arrays: dimensions, unit and meaning declared once.

>>> @record
... class Track:
...     '''Where a thing was.'''
...     time: Array = array("time", "s", "time since start")
...     lon: Array = array("time", "rad", "longitude, east")
>>> Track(time=[0, 1], lon=[0.1, 0.2]).lon
array([0.1, 0.2])
>>> Track(time=[0, 1], lon=[0.1])
Traceback (most recent call last):
hesper.errors.InputError: Track.lon: dimension 'time' has length 1 here and 2 in time; make them equal
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar, dataclass_transform, get_type_hints

import numpy as np
import numpy.typing as npt

from hesper.errors import InputError

Array = npt.NDArray[Any]
_R = TypeVar("_R")


class Spec(NamedTuple):
    """What a field declares of itself."""

    kind: str
    dims: tuple[str, ...]
    unit: str
    meaning: str
    dtype: Any = float
    choices: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    shown: str = ""


def array(dims: str, unit: str, meaning: str, *, dtype: Any = float) -> Any:
    """Declare an array field: its dimensions by name, its SI unit and its meaning."""
    spec = Spec("array", tuple(dims.split()), unit, meaning, dtype)
    return dataclasses.field(metadata={"spec": spec})


def number(unit: str, meaning: str, *, dtype: Any = float) -> Any:
    """Declare a scalar field of type float, int or bool."""
    return dataclasses.field(metadata={"spec": Spec("number", (), unit, meaning, dtype)})


def text(meaning: str) -> Any:
    """Declare a string field."""
    return dataclasses.field(metadata={"spec": Spec("text", (), "1", meaning, str)})


def setting(
    default: Any,
    unit: str,
    meaning: str,
    *,
    shown: str = "",
    choices: Sequence[Any] = (),
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """Declare a field of a recipe: its default in SI, the unit people write, what is allowed."""
    spec = Spec("setting", (), unit, meaning, type(default), tuple(choices), minimum, maximum, shown or unit)
    return dataclasses.field(default=default, metadata={"spec": spec})


@dataclass_transform(
    kw_only_default=True, frozen_default=True, field_specifiers=(array, number, text, setting)
)
def record(cls: type[_R]) -> type[_R]:
    """Make a class a frozen, keyword-only record whose arrays are checked and read-only."""
    cls.__post_init__ = _check  # type: ignore[attr-defined]
    made = dataclasses.dataclass(frozen=True, kw_only=True, eq=False)(cls)
    lines = [f"    {n}: {s.meaning} [{s.unit}] {s.dims or ''}".rstrip() for n, s in specs(made).items()]
    made.__doc__ = "\n\n".join([cls.__doc__ or cls.__name__, "\n".join(lines)])
    return made


def is_record(thing: object) -> bool:
    """Tell whether a value or a class is a record."""
    return dataclasses.is_dataclass(thing) and getattr(thing, "__post_init__", None) is not None


def specs(cls: Any) -> dict[str, Spec]:
    """Return the declarations of a record's own fields, nested records left out."""
    return {f.name: f.metadata["spec"] for f in dataclasses.fields(cls) if "spec" in f.metadata}


def nested(cls: Any) -> dict[str, Any]:
    """Return the names and classes of the records held by a record."""
    hints = get_type_hints(cls)
    return {f.name: hints[f.name] for f in dataclasses.fields(cls) if "spec" not in f.metadata}


def dimensions(instance: Any) -> dict[str, int]:
    """Return the length of every dimension of a record and of the records it holds."""
    return {dim: length for dim, (length, _) in _dimensions(instance).items()}


def _dimensions(instance: Any) -> dict[str, tuple[int, str]]:
    seen: dict[str, tuple[int, str]] = {}
    for field in dataclasses.fields(instance):
        value, spec = getattr(instance, field.name), field.metadata.get("spec")
        if spec is None:
            found = [(dim, length, field.name) for dim, (length, _) in _dimensions(value).items()]
        else:
            found = [(d, n, field.name) for d, n in zip(spec.dims, np.shape(value), strict=False)]
        for dim, length, name in found:
            known, where = seen.setdefault(dim, (length, name))
            if known != length:
                raise InputError(
                    f"{type(instance).__name__}.{name}: dimension '{dim}' has length {length} here "
                    f"and {known} in {where}; make them equal"
                )
    return seen


def _check(self: Any) -> None:
    """Coerce arrays to their declared type, freeze them and compare their lengths."""
    for name, spec in specs(type(self)).items():
        if spec.kind == "array":
            value = _coerced(getattr(self, name), spec, f"{type(self).__name__}.{name}")
            if value.ndim != len(spec.dims):
                raise InputError(
                    f"{type(self).__name__}.{name}: {value.ndim} dimensions given; "
                    f"{len(spec.dims)} needed: ({', '.join(spec.dims)})"
                )
            # A view, not a copy: the caller's array stays writable, and gigabytes are not doubled.
            value = value.view()
            value.flags.writeable = False
            object.__setattr__(self, name, value)
        elif spec.kind == "number":
            object.__setattr__(self, name, spec.dtype(getattr(self, name)))
    _dimensions(self)


def _coerced(given: Any, spec: Spec, where: str) -> Array:
    try:
        value = np.asarray(given, dtype=spec.dtype)
    except (TypeError, ValueError):
        raise InputError(
            f"{where}: {type(given).__name__} given; numbers of type {spec.dtype.__name__} needed"
        ) from None
    if np.iscomplexobj(given) and spec.dtype in (int, float):
        raise InputError(f"{where}: complex values; real ones are needed")
    if spec.dtype is int and not np.array_equal(value, given):
        raise InputError(f"{where}: not whole numbers; round them first")
    return value


def take(instance: _R, dim: str, index: Any) -> _R:
    """Return the record restricted to an index array, mask or slice along one dimension."""
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(instance):  # type: ignore[arg-type]
        value, spec = getattr(instance, field.name), field.metadata.get("spec")
        if spec is None:
            changes[field.name] = take(value, dim, index)
        elif dim in spec.dims:
            axis = spec.dims.index(dim)
            changes[field.name] = value[(slice(None),) * axis + (index,)]
    return dataclasses.replace(instance, **changes)  # type: ignore[type-var]


def concatenate(records: Sequence[_R], dim: str) -> _R:
    """Join records of one type along a dimension; all else is taken from the first."""
    if not records:
        raise InputError("concatenate: no records given; at least one is needed")
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(records[0]):  # type: ignore[arg-type]
        parts, spec = [getattr(r, field.name) for r in records], field.metadata.get("spec")
        if spec is None:
            changes[field.name] = concatenate(parts, dim)
        elif dim in spec.dims:
            changes[field.name] = np.concatenate(parts, axis=spec.dims.index(dim))
    return dataclasses.replace(records[0], **changes)  # type: ignore[type-var]
