"""Write a file so that it is either whole or absent, and know it again by its checksum.

A product is made in memory, written under a temporary name in its own folder, read back, renamed, and
described by a side-car `<name>.prov.json` that holds its SHA-256 and its provenance (W3C PROV-JSON).
"""

import errno
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from hesper import __version__
from hesper.errors import InputError, MissingError, ResourceError

TEMPORARY_PREFIX = ".partial-"
SIDECAR_SUFFIX = ".prov.json"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Source(NamedTuple):
    """A file that a product was made from."""

    name: str
    sha256: str
    size: int


class Provenance(NamedTuple):
    """Where a product comes from."""

    recipe: dict[str, Any]
    """The resolved recipe, every quantity with its unit."""
    inputs: tuple[Source, ...] = ()
    kernels: tuple[Source, ...] = ()
    seed: int | None = None
    notes: tuple[str, ...] = ()
    """What else a reader must know: rotation model, Earth orientation, data packages."""


def source(path: Path) -> Source:
    """Return name, SHA-256 and size of a file.

    Raises
    ------
    MissingError
        If there is no such file.
    """
    if not path.is_file():
        raise MissingError(f"{path}: no such file")
    return Source(path.name, sha256(path), path.stat().st_size)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write(path: Path, content: bytes, provenance: Provenance | None = None) -> Source:
    """Write a product and its side-car, each atomically.

    Raises
    ------
    ResourceError
        If the disk is full or the folder cannot be written; nothing is left under the final name.
    """
    sidecar = path.with_name(path.name + SIDECAR_SUFFIX)
    described = Source(path.name, hashlib.sha256(content).hexdigest(), len(content))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The product comes last: one without its side-car would be read unverified after a crash.
        path.unlink(missing_ok=True)
        sidecar.unlink(missing_ok=True)
        if provenance is not None:
            text = json.dumps(prov_json(described, provenance), indent=1, ensure_ascii=False, sort_keys=True)
            encoded = text.encode() + b"\n"
            _replace(sidecar, encoded, hashlib.sha256(encoded).hexdigest())
        _replace(path, content, described.sha256)
    except OSError as error:
        raise _resource_error(error, path, len(content)) from None
    return described


def _replace(path: Path, content: bytes, digest: str) -> None:
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{os.getpid()}-{path.name}")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if sha256(temporary) != digest:
            raise ResourceError(f"{path}: what was read back differs from what was written; check the disk")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _resource_error(error: OSError, path: Path, needed: int) -> ResourceError:
    if error.errno in _FULL:
        folder = next(p for p in [path.parent, *path.parents] if p.exists())
        free = shutil.disk_usage(folder).free
        return ResourceError(
            f"{path}: disk full or file too large: {needed} bytes needed, {free} available; "
            "make room and run again"
        )
    return ResourceError(f"{path}: cannot be written: {error.strerror}; choose another --out")


def verify(path: Path) -> dict[str, Any] | None:
    """Compare a product with its side-car and return its provenance, None where there is no side-car.

    Raises
    ------
    InputError
        If the file is not the one that was written.
    MissingError
        If there is no such file.
    """
    if path.is_dir():
        raise InputError(f"{path}: a folder; give a product in it")
    if not path.is_file():
        raise MissingError(f"{path}: no such file")
    sidecar = path.with_name(path.name + SIDECAR_SUFFIX)
    if not sidecar.is_file():
        return None
    try:
        described: dict[str, Any] = json.loads(sidecar.read_text(encoding="utf-8"))
        product = next(name for name in described["entity"] if name.startswith("product:"))
        expected = described["entity"][product]["hesper:sha256"]
    except (ValueError, KeyError, TypeError, StopIteration, RecursionError):
        raise InputError(f"{sidecar}: damaged side-car; delete it to read the product unverified") from None
    found = sha256(path)
    if found != expected:
        raise InputError(
            f"{path}: checksum {found[:12]}… found, {expected[:12]}… expected by {sidecar.name}; "
            "the file was damaged or changed: make it again, or delete the side-car"
        )
    return described


def prov_json(product: Source, provenance: Provenance) -> dict[str, Any]:
    """Return the PROV-JSON document of a product (W3C submission of 2013-04-24)."""
    entities: dict[str, Any] = {f"product:{product.name}": _entity(product)}
    used: dict[str, Any] = {}
    for kind, sources in (("input", provenance.inputs), ("kernel", provenance.kernels)):
        for item in sources:
            # Two files of one name from two folders are two entities.
            name = f"{kind}:{item.sha256[:12]}-{item.name}"
            entities[name] = _entity(item)
            used[f"_:{name}"] = {"prov:activity": "hesper:run", "prov:entity": name}
    activity: dict[str, Any] = {"hesper:version": __version__, "hesper:recipe": provenance.recipe}
    if provenance.seed is not None:
        activity["hesper:seed"] = provenance.seed
    if provenance.notes:
        activity["hesper:notes"] = list(provenance.notes)
    generated = {"prov:entity": f"product:{product.name}", "prov:activity": "hesper:run"}
    return {
        "prefix": {"hesper": "urn:hesper:", "product": "urn:hesper:product:", "input": "urn:hesper:input:",
                   "kernel": "urn:hesper:kernel:"},
        "entity": entities,
        "activity": {"hesper:run": activity},
        "used": used,
        "wasGeneratedBy": {"_:generation": generated},
    }  # fmt: skip


def _entity(item: Source) -> dict[str, Any]:
    return {"hesper:name": item.name, "hesper:sha256": item.sha256, "hesper:bytes": item.size}
