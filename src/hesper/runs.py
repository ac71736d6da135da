"""A run: one output directory, locked; products that are whole or absent; resume; one map function.

A pipeline is given a `Run` and asks it for nothing but `write` (one product) and `map` (one product per
independent item). Both skip what the journal says is done, so that a killed run resumes to identical bytes.
"""

import hashlib
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from importlib.metadata import version
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import filelock
import numpy as np

from hesper import __version__
from hesper.errors import InputError, LockedError, ResourceError, RunInterruptedError
from hesper.products.files import SIDECAR_SUFFIX, TEMPORARY_PREFIX, Provenance, Source, sha256, write

_JOURNAL = ".journal.jsonl"
_LOCK = ".lock"
_OWNER = ".owner.json"
_RUN = "run.json"
_MOST_INPUTS = 100
_ONE_AT_A_TIME = threading.Lock()


class Plan(NamedTuple):
    """What a run would do, for `--dry-run`."""

    items: Sequence[str]
    """One line for each independent piece of work."""
    products: Sequence[str]
    """Names of the files that would be written."""
    memory: float
    """Predicted peak of resident memory [bytes]."""
    seconds: float
    """Predicted duration on one core [s]."""


class Run:
    """An open, locked output directory."""

    def __init__(self, directory: Path, provenance: Provenance, *, jobs: int, dask: str, quiet: bool) -> None:
        self.directory = directory
        self.provenance = provenance
        self.jobs = jobs
        self.dask = dask
        self.quiet = quiet
        self._done = _read_journal(directory / _JOURNAL)

    def write(self, name: str, build: Callable[[], bytes], provenance: Provenance | None = None) -> Path:
        """Write the product `name`, made by `build()`, unless the journal has it; return its path."""
        path = self.directory / name
        if not self._is_done(name):
            written = write(path, build(), provenance or self.provenance)
            self._record(name, written.sha256)
        return path

    def map(
        self,
        build: Callable[[Any], bytes],
        items: Sequence[Any],
        names: Sequence[str],
        *,
        title: str,
        inputs: Sequence[Sequence[Source]] | None = None,
    ) -> list[Path]:
        """Write one product per item, `build(item)`, in this process, in local processes or on Dask.

        Parameters
        ----------
        build
            A function of a module (or a `functools.partial` of one) that returns the file's bytes; it must
            depend on nothing but its arguments, so that the result is the same wherever it runs.
        items, names
            What to work on, and the name of each product in the output directory.
        title
            What the progress bar says.
        inputs
            For each item the files it was made from, for its side-car; otherwise the side-car names the
            run's inputs, or run.json where they are many.

        Raises
        ------
        InputError
            If names are not one per item, or differ not.
        RunInterruptedError
            After Ctrl+C, when the items at hand are finished.
        """
        if len(set(names)) != len(items):
            raise InputError(f"{title}: {len(items)} items but {len(set(names))} names; names must differ")
        described = [self._described(own) for own in (inputs if inputs is not None else [None] * len(items))]
        calls = [
            (build, item, self.directory / name, name, provenance)
            for item, name, provenance in zip(items, names, described, strict=True)
            if not self._is_done(name)
        ]
        with _interruptible() as interrupted, _progress(title, len(calls), self.quiet) as advance:
            for name, digest in self._work(calls, interrupted):
                self._record(name, digest)
                advance()
            if interrupted():
                raise RunInterruptedError("interrupted; run the same command again to go on where it stopped")
        return [self.directory / name for name in names]

    def _described(self, own: Sequence[Source] | None) -> Provenance:
        if own is not None:
            return self.provenance._replace(inputs=tuple(own))
        if len(self.provenance.inputs) <= _MOST_INPUTS:
            return self.provenance
        return self.provenance._replace(inputs=(), notes=(*self.provenance.notes, f"inputs: see {_RUN}"))

    def _work(self, calls: Sequence[Any], interrupted: Callable[[], bool]) -> Iterator[tuple[str, str]]:
        if self.dask:
            yield from _on_dask(calls, self.dask, interrupted)
        elif self.jobs == 1 or len(calls) < 2:
            for call in calls:
                if interrupted():
                    return
                yield _make(*call)
        else:
            yield from _in_processes(calls, min(self.jobs, len(calls)), interrupted)

    def _is_done(self, name: str) -> bool:
        path = self.directory / name
        sidecar = path.with_name(path.name + SIDECAR_SUFFIX)
        whole = name in self._done and path.is_file() and sidecar.is_file()
        return whole and sha256(path) == self._done[name]

    def _record(self, name: str, digest: str) -> None:
        if not (self.directory / name).is_file():
            raise ResourceError(
                f"{self.directory / name}: a worker wrote it, but not here; share one file system"
            )
        self._done[name] = digest
        with (self.directory / _JOURNAL).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"name": name, "sha256": digest}) + "\n")
            stream.flush()
            os.fsync(stream.fileno())


@contextmanager
def open_run(
    directory: Path,
    provenance: Provenance,
    *,
    jobs: int = 1,
    dask: str = "",
    overwrite: bool = False,
    resume: bool = True,
    quiet: bool = False,
) -> Iterator[Run]:
    """Open an output directory for a run, alone in it, and go on where a killed run stopped.

    Parameters
    ----------
    directory
        Made where it is absent.
    provenance
        Recipe, inputs and kernels; a directory that holds another run is refused.
    jobs
        Number of local processes; 0 takes all cores.
    dask
        Address of a Dask scheduler, or nothing.
    overwrite
        Remove what an earlier run with another recipe left here.
    resume
        Whether to go on where an earlier run with the same recipe stopped, or to start afresh.
    quiet
        No progress.

    Raises
    ------
    LockedError
        If another run is at work in the directory.
    InputError
        If the directory holds a run with another recipe, other inputs or another version.
    ResourceError
        If the directory cannot be written.
    """
    if dask and find_spec("distributed") is None:
        raise ResourceError("--dask: the package dask is not installed; pip install 'hesper[dask]'")
    if jobs < 0:
        raise InputError(f"--jobs {jobs}: a number of processes is needed; 0 takes all cores")
    directory = directory.absolute()  # workers have working directories of their own
    if directory.is_file():
        raise ResourceError(f"--out {directory}: is a file; a folder is needed; choose another --out")
    made = not directory.exists()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(directory / _LOCK)
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise LockedError(
            f"{directory}: {_owner(directory)} is at work here; wait for it or choose another --out"
        ) from None
    except OSError as error:
        raise ResourceError(
            f"{directory}: cannot be written: {error.strerror}; choose another --out"
        ) from None
    try:
        _claim(directory)
        _begin(directory, provenance, overwrite=overwrite, resume=resume)
        try:
            yield Run(directory, provenance, jobs=jobs or _cores(), dask=dask, quiet=quiet)
        except BaseException:
            _forget(directory)
            raise
        (directory / _JOURNAL).touch()
    finally:
        (directory / _OWNER).unlink(missing_ok=True)
        empty = made and {p.name for p in directory.iterdir()} <= {_LOCK}
        if empty:
            with suppress(OSError):  # some systems keep an open file
                (directory / _LOCK).unlink()
        lock.release()
        if empty:
            with suppress(OSError):  # another run may have come since
                directory.rmdir()


def generator(seed: int, *stream: int) -> np.random.Generator:
    """Return the random generator of one item of a run, independent of all other streams."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=stream))


def _forget(directory: Path) -> None:
    """Leave no trace of a run that failed before its first product, so that a mended recipe may follow."""
    if {p.name for p in directory.iterdir()} <= {_JOURNAL, _LOCK, _OWNER, _RUN}:
        (directory / _JOURNAL).unlink(missing_ok=True)
        (directory / _RUN).unlink(missing_ok=True)


def _claim(directory: Path) -> None:
    owner = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
    (directory / _OWNER).write_text(json.dumps(owner), encoding="utf-8")


def _owner(directory: Path) -> str:
    try:
        owner = json.loads((directory / _OWNER).read_text(encoding="utf-8"))
        return f"process {owner['pid']} on {owner['host']} since {owner['since']}"
    except (OSError, ValueError, KeyError):
        return "another run"


def _begin(directory: Path, provenance: Provenance, *, overwrite: bool, resume: bool) -> None:
    path = directory / _RUN
    identity = {
        "version": __version__,
        "source": _source_digest(),
        "packages": {name: version(name) for name in ("astropy-iers-data", "numba", "numpy", "scipy")},
        "recipe": provenance.recipe,
        "inputs": [list(item) for item in provenance.inputs],
        "kernels": [list(item) for item in provenance.kernels],
    }
    identity = json.loads(json.dumps(identity))
    # A run killed at its very start leaves no more than the temporary name of run.json.
    for leftover in directory.glob(f"{TEMPORARY_PREFIX}*-{_RUN}"):
        leftover.unlink(missing_ok=True)
    strangers = [p.name for p in directory.iterdir() if p.name not in (_LOCK, _OWNER)]
    if strangers and not path.is_file() and not overwrite:
        raise InputError(f"{directory}: holds other files ({strangers[0]}, …); choose an empty --out")
    if path.is_file():
        # Only a directory of ours is tidied up.
        for leftover in directory.rglob(f"{TEMPORARY_PREFIX}*"):
            leftover.unlink(missing_ok=True)
        _settle(path, identity, overwrite=overwrite, resume=resume)
    write(path, (json.dumps(identity, indent=1, ensure_ascii=False) + "\n").encode())


def _settle(path: Path, identity: dict[str, Any], *, overwrite: bool, resume: bool) -> None:
    """Go on with an earlier run, or remove what it left, or refuse."""
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        before = {}
    differ = [key for key in identity if before.get(key) != identity[key]]
    if resume and not differ:
        return
    if differ and not overwrite:
        raise InputError(
            f"{path.parent}: holds a run with another {' and '.join(differ)}; "
            "choose another --out, or --overwrite it"
        )
    journal = path.parent / _JOURNAL
    for name in _read_journal(journal):
        for product in (path.parent / name, path.parent / f"{name}{SIDECAR_SUFFIX}"):
            product.unlink(missing_ok=True)
    journal.unlink(missing_ok=True)


def _source_digest() -> str:
    """Return a digest of the package's own code: a run is not resumed by other code of the same version."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(p for suffix in ("py", "csv") for p in root.rglob(f"*.{suffix}")):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _read_journal(path: Path) -> dict[str, str]:
    """Read the journal; a last line cut short by a crash counts as not written."""
    done: dict[str, str] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
                done[entry["name"]] = entry["sha256"]
            except (ValueError, KeyError, TypeError):
                continue
    return done


def _make(
    build: Callable[[Any], bytes], item: Any, path: Path, name: str, provenance: Provenance
) -> tuple[str, str]:
    # A Dask worker has several threads; HDF5, GDAL and warning filters want one at a time.
    with _ONE_AT_A_TIME:
        return name, write(path, build(item), provenance).sha256


def _in_processes(
    calls: Sequence[Any], jobs: int, interrupted: Callable[[], bool]
) -> Iterator[tuple[str, str]]:
    waiting = list(reversed(calls))
    # Ctrl+C reaches the whole group of processes: the workers leave it to us, and finish what they hold.
    options: dict[str, Any] = {"initializer": signal.signal, "initargs": (signal.SIGINT, signal.SIG_IGN)}
    with ProcessPoolExecutor(min(jobs, 61), mp_context=get_context("spawn"), **options) as pool:
        running: set[Future[tuple[str, str]]] = set()
        while running or (waiting and not interrupted()):
            while waiting and len(running) < 2 * jobs and not interrupted():
                running.add(pool.submit(_make, *waiting.pop()))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            if interrupted():
                running -= {future for future in running if future.cancel()}
            yield from (future.result() for future in done)


def _on_dask(
    calls: Sequence[Any], address: str, interrupted: Callable[[], bool]
) -> Iterator[tuple[str, str]]:
    from distributed import Client
    from distributed import as_completed as completed

    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(f"--dask {address}: no scheduler answers there: {error}") from None
    with client:
        futures = [client.submit(_make, *call, pure=False) for call in calls]
        for future in completed(futures):
            yield future.result()
            if interrupted():
                client.cancel(futures)
                return


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl+C finish the item at hand, and the second stop at once."""
    hit: list[int] = []

    def note(*_: object) -> None:
        hit.append(1)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    try:
        before = signal.signal(signal.SIGINT, note)
    except ValueError:  # not the main thread: Ctrl+C is somebody else's
        yield lambda: False
        return
    try:
        yield lambda: bool(hit)
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress(title: str, total: int, quiet: bool) -> Iterator[Callable[[], None]]:
    """Show progress with the time left: a bar on a terminal, about ten lines otherwise."""
    if quiet or total == 0:
        yield lambda: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(title, total=total)
            yield lambda: bar.advance(task)
    else:
        yield _plain_progress(title, total)


def _plain_progress(title: str, total: int) -> Callable[[], None]:
    start, count, step = time.monotonic(), [0], max(1, total // 10)

    def advance() -> None:
        count[0] += 1
        if count[0] % step == 0 or count[0] == total:
            left = (time.monotonic() - start) / count[0] * (total - count[0])
            print(f"{title}: {count[0]}/{total}, {left:.0f} s left", file=sys.stderr, flush=True)  # noqa: T201

    return advance
