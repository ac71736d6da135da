"""Record ↔ netCDF-4 by the CF conventions; degrees, UTC and re/im pairs on disk, SI in memory."""

import dataclasses
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from hesper import __version__, maps
from hesper.errors import InputError, UnitError
from hesper.record import Array, Spec, dimensions, nested, specs

_R = TypeVar("_R")
_EPOCH = "microseconds since 1970-01-01 00:00:00"
_LARGE = 1 << 24
"""Bytes beyond which an array is written part by part."""
_STANDARD = {"lon": "longitude", "lat": "latitude"}


def netcdf(record: Any) -> bytes:
    """Return a record as the bytes of a netCDF-4 file: the same bytes for the same record.

    Every array is a variable with units, long name and, for `x_std` of `x`, the CF link between them.
    Nested records are flattened as `<field>_<name>`; a `Grid` becomes coordinates and a grid mapping.

    Raises
    ------
    InputError
        If all floating-point arrays hold nothing but NaN, or two fields would share a name.
    """
    _refuse_nothing(record)
    # HDF5 gives a data set its place when Python lets go of it, and a profiler (Dask has one) holds what it
    # finds on the stack of a worker's thread: the file is written in a thread of its own.
    with ThreadPoolExecutor(1) as alone:
        return alone.submit(_bytes, record).result()


def _bytes(record: Any) -> bytes:
    import h5netcdf

    stream = BytesIO()
    # Without a cache chunks lie in the order of their writing, not in that of closing.
    with h5netcdf.File(stream, "w", rdcc_nbytes=0) as out:
        out.attrs["Conventions"] = "CF-1.11"
        out.attrs["source"] = f"hesper {__version__}"
        out.attrs["hesper_record"] = _name(record)
        for dim, length in dimensions(record).items():
            out.dimensions[dim] = length
        _write(out, record, "")
        _link_uncertainties(out)
    return stream.getvalue()


def read_netcdf(path: Path, cls: type[_R], part: Mapping[str, slice] = MappingProxyType({})) -> _R:
    """Read a record of class `cls` from a netCDF file that `netcdf` made.

    Parameters
    ----------
    part
        Which part of a dimension is read, by its name; of others all.

    Raises
    ------
    InputError
        If the file is damaged, holds another record or lacks a variable.
    UnitError
        If a variable has another unit than the record declares.
    """
    import h5netcdf

    try:
        with h5netcdf.File(path, "r") as source:
            found = _decoded(source.attrs.get("hesper_record", "no record"))
            wanted = f"{cls.__module__}.{cls.__qualname__}"
            if found != wanted:
                raise InputError(f"{path}: holds {found}; {wanted} is needed")
            return _read(source, cls, "", path, part)
    except (OSError, RuntimeError, KeyError, AttributeError, IndexError, ValueError) as error:
        raise InputError(f"{path}: damaged or no netCDF file: {str(error).splitlines()[0]}") from None


def disk_unit(spec: Spec) -> tuple[str, float]:
    """Return the unit that users find on disk, and what it is in memory (rad ↔ degrees)."""
    return ("degree", np.pi / 180) if spec.unit == "rad" else (spec.unit, 1.0)


def to_disk(name: str, value: Array, spec: Spec) -> dict[str, tuple[Array, dict[str, Any]]]:
    """Return the variables (values and attributes) that stand for one array field."""
    unit, scale = disk_unit(spec)
    attributes: dict[str, Any] = {"long_name": spec.meaning, "units": unit}
    last = name.split("_")[-1]
    if spec.unit == "rad" and last in _STANDARD:
        attributes |= {
            "standard_name": _STANDARD[last],
            "units": f"degrees_{'east' if last == 'lon' else 'north'}",
        }
    if spec.unit == "s tdb":
        from hesper.ephemeris import utc

        stamps = (
            utc(value).reshape(np.shape(value)) if np.size(value) else np.asarray(value, "datetime64[us]")
        )
        whole = stamps.astype("datetime64[us]").astype(np.int64)
        return {name: (whole, attributes | {"units": _EPOCH, "calendar": "standard", "time_scale": "UTC"})}
    if np.iscomplexobj(value):
        parts = {f"{name}_re": (value.real, "real part"), f"{name}_im": (value.imag, "imaginary part")}
        return {
            n: (v / scale if scale != 1 else v, attributes | {"complex_part": what})
            for n, (v, what) in parts.items()
        }
    if value.dtype == bool:
        flags = {"flag_values": np.array([0, 1], "i1"), "flag_meanings": "false true"}
        return {name: (value.astype("i1"), {"long_name": spec.meaning} | flags)}
    return {name: (value / scale if scale != 1 else value, attributes)}


def _refuse_nothing(record: Any) -> None:
    """Refuse a record without a single number: that is a failure, not a result."""
    arrays = [
        getattr(record, n) for n, s in specs(type(record)).items() if s.kind == "array" and s.dtype is float
    ]
    filled = [a for a in arrays if a.size]
    if filled and all(np.isnan(a).all() for a in filled):
        raise InputError(f"netcdf: {type(record).__name__} holds nothing but NaN; that is no result")


def _name(record: Any) -> str:
    return f"{type(record).__module__}.{type(record).__qualname__}"


def _write(out: Any, record: Any, prefix: str) -> None:
    for field in dataclasses.fields(record):
        value, spec, name = getattr(record, field.name), field.metadata.get("spec"), prefix + field.name
        if isinstance(value, maps.Grid):
            _write_grid(out, value)
        elif spec is None:
            _write(out, value, f"{name}_")
        elif spec.kind == "array":
            for variable, (data, attributes) in to_disk(name, value, spec).items():
                _put(out, variable, data, spec.dims, attributes)
        elif spec.kind == "number":
            for variable, (data, attributes) in to_disk(name, np.asarray(value), spec).items():
                _put(out, variable, data, (), attributes)
        else:
            out.attrs[name] = value if isinstance(value, str) else repr(value)


def _put(out: Any, name: str, data: Array, dims: tuple[str, ...], attributes: dict[str, Any]) -> None:
    if name in out.variables:
        raise InputError(f"netcdf: two fields share the name '{name}'; rename one")
    if data.dtype.kind == "f" and data.size and np.isnan(data).all():
        attributes = attributes | {"comment": "no value is known"}
    if {"y", "x"} <= set(dims):
        attributes = attributes | {"grid_mapping": "crs"}
    text = data.dtype.kind == "U"
    packed = (
        {"compression": "gzip", "compression_opts": 1, "shuffle": True}
        if data.size > 1000 and not text
        else {}
    )
    # A checksum of every chunk: damage is noticed also where the side-car is lost.
    checked = {"fletcher32": True} if dims and data.size and not text else {}
    kind = _text_kind() if text else data.dtype
    missing = {"fillvalue": np.nan} if data.dtype.kind == "f" else {}
    content = data.astype(object) if text else data
    if packed and data.nbytes > _LARGE:
        variable = out.create_variable(name, dims, kind, **missing, **packed, **checked)
        # Rows of whole chunks at a time: what is no row of memory, half of a complex array, is copied.
        for begin in range(0, len(data), variable.chunks[0]):
            variable[begin : begin + variable.chunks[0]] = data[begin : begin + variable.chunks[0]]
    else:
        variable = out.create_variable(name, dims, kind, data=content, **missing, **packed, **checked)
    variable.attrs.update(attributes)


def _text_kind() -> Any:
    import h5py

    return h5py.string_dtype()


def _write_grid(out: Any, grid: maps.Grid) -> None:
    from pyproj import CRS

    mapping = out.create_variable("crs", (), np.dtype("int32"), data=np.int32(0))
    described = {k: v for k, v in CRS.from_user_input(grid.crs).to_cf().items() if v is not None}
    mapping.attrs.update(described | {"hesper_projection": grid.projection, "hesper_crs": grid.crs})
    for axis in ("x", "y"):
        names = {
            "standard_name": f"projection_{axis}_coordinate",
            "long_name": specs(maps.Grid)[axis].meaning,
            "units": "m",
        }
        _put(out, axis, getattr(grid, axis), (axis,), names)
    lon, lat = maps.lon_lat(grid)
    if grid.projection == "equirectangular":
        lon, lat = np.unwrap(lon[0]), lat[:, 0]
    dims = (("x",), ("y",)) if lon.ndim == 1 else (("y", "x"), ("y", "x"))
    for name, value, dim, unit in (
        ("lon", lon, dims[0], "degrees_east"),
        ("lat", lat, dims[1], "degrees_north"),
    ):
        _put(out, name, np.degrees(value), dim, {"standard_name": _STANDARD[name], "units": unit})


def _link_uncertainties(out: Any) -> None:
    for name, variable in out.variables.items():
        companions = [f"{name}_std"] if f"{name}_std" in out.variables else []
        if companions:
            variable.attrs["ancillary_variables"] = " ".join(companions)


def _read(source: Any, cls: type[_R], prefix: str, path: Path, part: Mapping[str, slice]) -> _R:
    values: dict[str, Any] = {}
    for name, spec in specs(cls).items():
        if spec.kind in ("array", "number"):
            values[name] = _get(source, prefix + name, spec, path, part)
        else:
            values[name] = _decoded(source.attrs[prefix + name])
    for name, kind in nested(cls).items():
        if kind is maps.Grid:
            mapping = source["crs"].attrs
            axes = {axis: np.asarray(source[axis][part.get(axis, ...)]) for axis in ("x", "y")}
            values[name] = maps.Grid(
                **axes, projection=mapping["hesper_projection"], crs=mapping["hesper_crs"]
            )
        else:
            values[name] = _read(source, kind, f"{prefix}{name}_", path, part)
    return cls(**values)


def _get(source: Any, name: str, spec: Spec, path: Path, part: Mapping[str, slice]) -> Any:
    complex_kind = np.issubdtype(np.dtype(spec.dtype), np.complexfloating)
    names = [f"{name}_re", f"{name}_im"] if complex_kind else [name]
    for wanted in names:
        if wanted not in source.variables:
            raise InputError(f"{path}: no variable '{wanted}'; the file is no product of this version")
    index = tuple(part.get(dim, slice(None)) for dim in spec.dims) or ...
    parts = [np.asarray(source[n][index]) for n in names]
    if spec.dtype is str:
        return np.array([_decoded(item) for item in parts[0].ravel()], dtype=str).reshape(parts[0].shape)
    unit, scale = disk_unit(spec)
    found = _decoded(source[names[0]].attrs.get("units", "1" if spec.dtype is bool else "none"))
    allowed = {unit, "degrees_east", "degrees_north"} if unit == "degree" else {unit}
    if spec.unit == "s tdb":
        from hesper.ephemeris import tdb_seconds

        calendar = _decoded(source[name].attrs.get("calendar", "standard"))
        stamps = _stamps(parts[0], found, calendar)
        if stamps is None:
            raise UnitError(
                f"{path}: {name} is in '{found}', calendar '{calendar}'; a time of CF in the standard "
                f"calendar is needed, such as '{_EPOCH}'"
            )
        return tdb_seconds(stamps) if stamps.size else np.zeros(stamps.shape)
    if found not in allowed:
        raise UnitError(f"{path}: {names[0]} is in '{found}'; '{min(allowed)}' is needed")
    value = _complex(*parts) if complex_kind else parts[0]
    value = value * scale if scale != 1 else value
    return value if spec.kind == "array" else spec.dtype(value[()])


def _complex(real: Array, imaginary: Array) -> Array:
    """Return complex numbers of their parts; a sum would make NaN of infinities, and warn."""
    out = np.empty(real.shape, np.result_type(real.dtype, np.complex64))
    out.real, out.imag = real, imaginary
    return out


def _stamps(values: Array, units: str, calendar: str) -> Array | None:
    """Return UTC stamps `datetime64[us]` of times in a unit of the CF conventions; None: in no such unit."""
    if units == _EPOCH and calendar in ("standard", "gregorian", "proleptic_gregorian"):
        return values.astype(np.int64).astype("datetime64[us]")
    import xarray

    # Of their own rank: where nothing is read of an axis, only its unit is looked at.
    given = values.reshape(-1) if values.size else np.zeros(1)
    held = xarray.Dataset({"time": ("time", given, {"units": units, "calendar": calendar})})
    try:
        found = xarray.decode_cf(held)["time"].to_numpy()
    except (ValueError, OverflowError):
        return None
    if not np.issubdtype(found.dtype, np.datetime64) or np.isnat(found).any():
        return None
    # Fractions of days are rounded, not cut, to the microsecond.
    whole = (found.astype("datetime64[ns]") + np.timedelta64(500, "ns")).astype("datetime64[us]")
    return np.asarray(whole[: values.size].reshape(values.shape))


def _decoded(item: Any) -> str:
    return item.decode() if isinstance(item, bytes) else str(item)
