"""The command line: `hesper <system> init | simulate | run | plan`, `hesper demo`, `hesper fetch`."""

import atexit
import importlib
import importlib.util
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from hesper import __version__
from hesper.errors import EXIT_CODES, HesperError, InputError, MissingError

SYSTEMS = {
    "vmc": "Venus Express camera: images to surface emissivity maps",
    "radar": "delay-Doppler interferometry to reflectivity and altitude maps",
    "winds": "long-slit spectra to Doppler wind maps",
    "radio": "visibilities of a moving planet to images and brightness temperatures",
    "thermal": "emission of atmosphere, surface and subsurface, mm to m",
}

_EPILOG = "Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items())

app = typer.Typer(
    name="hesper",
    help="From measurements of Venus to maps with honest error bars.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)

Recipe = Annotated[
    Path | None, typer.Argument(help="TOML recipe; without it every setting is at its default.")
]
Out = Annotated[Path, typer.Option("--out", help="Output directory.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a setting of the recipe.")
]
Jobs = Annotated[int, typer.Option("--jobs", help="Local processes; 0 takes all cores.")]
Dask = Annotated[str, typer.Option("--dask", metavar="ADDRESS", help="Dask scheduler to work on.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would be done, and stop.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace another run in the output directory.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress.")]
MaxMemory = Annotated[
    str, typer.Option("--max-memory", metavar="SIZE", help="Memory a run may take, like 2GB.")
]


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """From measurements of Venus to maps with honest error bars."""
    del debug  # read by `main` from the command line, where errors end
    if version:
        typer.echo(f"hesper {__version__}")
        raise typer.Exit


@app.command()
def demo(
    out: Out = Path("hesper-demo"),
    data: Annotated[Path | None, typer.Option(help="Folder of real data; HESPER_DATA otherwise.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only these systems.")] = None,
    quiet: Quiet = False,
) -> None:
    """Run every system offline and print what is published beside what we get."""
    from hesper import report

    for system in only or []:
        if system not in SYSTEMS:
            raise InputError(f"--only {system}: no such system; there are {', '.join(SYSTEMS)}")
    present = [system for system in SYSTEMS if _exists(system, "pipeline")]
    where = data or (Path(os.environ["HESPER_DATA"]) if os.environ.get("HESPER_DATA") else None)
    if where is not None and not where.is_dir():
        named = "--data" if data else "HESPER_DATA"
        raise MissingError(f"{named} {where}: no such folder; give the folder of real data, or none")
    raise typer.Exit(0 if report.demo(out, where, only or present, quiet=quiet) else 1)


@app.command()
def fetch(
    names: Annotated[list[str] | None, typer.Argument(help="Files or folders of the list.")] = None,
    show: Annotated[bool, typer.Option("--list", help="Show what is known, and stop.")] = False,
    local: Annotated[Path | None, typer.Option("--from", help="Take them from this folder instead.")] = None,
    to: Annotated[Path | None, typer.Option(help="Data folder; hesper-data otherwise.")] = None,
) -> None:
    """Bring public data files into a folder and verify them; the only command that uses the network."""
    from hesper import fetch as public

    if show or not names:
        for item in public.catalogue().values():
            typer.echo(f"{item.name}  sha256:{item.sha256[:12]}…  {item.where}")
        return
    folder = to or public.default_folder()
    for item in public.select(names):
        typer.echo(f"{public.fetch(item, folder, local=local)}")


def _module(system: str, name: str) -> Any:
    return importlib.import_module(f"hesper.{system}.{name}")


def _load(module: Any, recipe: Path | None, overrides: list[str] | None) -> Any:
    from hesper import config

    return config.load(module.Config, recipe if recipe is not None else {}, overrides=overrides or [])


def _execute(
    system: str, what: str, recipe: Path | None, overrides: list[str] | None, out: Path, *,
    jobs: int, dask: str, dry_run: bool, overwrite: bool, quiet: bool,
) -> None:  # fmt: skip
    from hesper import config, products, runs

    pipeline = _module(system, "pipeline")
    loaded = _load(pipeline, recipe, overrides)
    if dry_run:
        # A simulation delivers other files than a run, where a system says so.
        _show(getattr(pipeline, f"plan_{what}", pipeline.plan)(loaded), out)
        return
    provenance = products.Provenance(
        recipe={"system": system, "command": what, **config.resolved(loaded)},
        inputs=_sources(pipeline, "inputs", loaded) if what == "run" else (),
        kernels=_sources(pipeline, "kernels", loaded),
        seed=getattr(loaded, "seed", None),
    )
    with runs.open_run(out, provenance, jobs=jobs, dask=dask, overwrite=overwrite, quiet=quiet) as run:
        results = getattr(pipeline, what)(loaded, run)
        if what == "run":
            run.write("results.json", lambda: products.results_json(results))
            _print_results(results)
    typer.echo(f"written to {out}")


def _sources(pipeline: Any, kind: str, loaded: Any) -> tuple[Any, ...]:
    """Return name and SHA-256 of the files that a pipeline declares by `inputs` or `kernels`."""
    from hesper import products

    declared = getattr(pipeline, kind, None)
    return tuple(products.source(path) for path in declared(loaded)) if declared is not None else ()


def _show(plan: Any, out: Path) -> None:
    typer.echo(f"{len(plan.items)} items, {len(plan.products)} products in {out}")
    for line in list(plan.items)[:10] + (["…"] if len(plan.items) > 10 else []):
        typer.echo(f"  {line}")
    for name in list(plan.products)[:20] + (["…"] if len(plan.products) > 20 else []):
        typer.echo(f"  → {name}")
    typer.echo(f"predicted: {plan.memory / 1e6:.0f} MB, {plan.seconds:.0f} s on one core")


def _print_results(results: Any) -> None:
    for row in results:
        value = "—" if row.value is None else f"{row.value:.6g}"
        std = f" ± {row.std:.2g}" if row.std is not None else ""
        note = f"  ({row.note})" if row.note else ""
        typer.echo(f"{row.quantity}: {value}{std} {row.unit}{note}{'' if row.ok else '   NOT OK'}")


def _bounded(system: str, memory: str) -> list[str]:
    """Return what `--max-memory` sets in the recipe of a system."""
    if not memory:
        return []
    setting = getattr(_module(system, "pipeline"), "MEMORY", None)
    if setting is None:
        raise InputError(f"--max-memory {memory}: {system} cannot bound its memory; leave it out")
    return [f"{setting}={memory}"]


def _group(system: str, summary: str) -> typer.Typer:
    group = typer.Typer(help=f"{summary}.", no_args_is_help=True)

    @group.command()
    def init(
        plan: Annotated[bool, typer.Option("--plan", help="The recipe of `plan` instead.")] = False,
    ) -> None:
        """Print the commented recipe, every setting at its default."""
        from hesper import config

        module = _module(system, "plan" if plan else "pipeline")
        typer.echo(config.template(module.Config, title=f"hesper {system} recipe ({summary})"), nl=False)

    @group.command()
    def run(
        recipe: Recipe = None, out: Out = Path("out"), set_: Set = None, jobs: Jobs = 1, dask: Dask = "",
        dry_run: DryRun = False, overwrite: Overwrite = False, quiet: Quiet = False,
        max_memory: MaxMemory = "",
    ) -> None:  # fmt: skip
        """Reduce what the recipe names, simulated or real, to products, figures and results.json."""
        options = {"jobs": jobs, "dask": dask, "dry_run": dry_run, "overwrite": overwrite, "quiet": quiet}
        _execute(system, "run", recipe, [*(set_ or []), *_bounded(system, max_memory)], out, **options)  # type: ignore[arg-type]

    if _exists(system, "simulate"):

        @group.command()
        def simulate(
            recipe: Recipe = None, out: Out = Path("out"), set_: Set = None, jobs: Jobs = 1, dask: Dask = "",
            dry_run: DryRun = False, overwrite: Overwrite = False, quiet: Quiet = False,
        ) -> None:  # fmt: skip
            """Write the files that the observatory would deliver, and truth.nc."""
            options = {"jobs": jobs, "dask": dask, "dry_run": dry_run, "overwrite": overwrite, "quiet": quiet}
            _execute(system, "simulate", recipe, set_, out, **options)  # type: ignore[arg-type]

    if _exists(system, "plan"):

        @group.command()
        def plan(recipe: Recipe = None, set_: Set = None) -> None:
            """Predict, before observing, what would come out; its recipe is that of `init --plan`."""
            from rich.console import Console

            module = _module(system, "plan")
            try:
                loaded = _load(module, recipe, set_)
            except InputError as error:
                raise InputError(f"{error}; `hesper {system} init --plan` prints a recipe of plan") from None
            for table in module.tables(loaded):
                Console().print(_rich(table))

    return group


def _exists(system: str, name: str) -> bool:
    """Tell whether a system has a module; looking into a package that is absent would raise."""
    there = importlib.util.find_spec(f"hesper.{system}") is not None
    return there and importlib.util.find_spec(f"hesper.{system}.{name}") is not None


def _rich(table: Any) -> Any:
    from rich.table import Table

    drawn = Table(*table.columns, title=table.title)
    for row in table.rows:
        drawn.add_row(*map(str, row))
    return drawn


for _system, _summary in SYSTEMS.items():
    if _exists(_system, "pipeline"):
        app.add_typer(_group(_system, _summary), name=_system)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; errors are one line and an exit code, a traceback only with --debug."""
    arguments = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in arguments
    arguments = [a for a in arguments if a != "--debug"]
    _leave_a_closed_home()
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            app(args=arguments, standalone_mode=True)
    except HesperError as error:
        if debug:
            raise
        _complain(str(error))
        sys.exit(error.exit_code)
    except MemoryError:
        _complain("out of memory; see --dry-run for what is needed")
        sys.exit(74)
    except Exception as error:
        if debug:
            raise
        _complain(f"a fault of hesper: {type(error).__name__}: {error}; run again with --debug and report it")
        sys.exit(70)
    return 0


def _leave_a_closed_home() -> None:
    """Let the libraries keep their settings in a temporary folder where the home is closed to this user."""
    home = Path.home()
    if home.is_dir() and not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        os.environ["HOME"] = tempfile.mkdtemp(prefix="hesper-home-")
        atexit.register(shutil.rmtree, os.environ["HOME"], ignore_errors=True)


def _warn(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    """Show a warning as one line, without the line of code that it comes from."""
    kind = "" if category is UserWarning else f"{category.__name__}: "
    _complain(f"warning: {kind}{message}")


def _complain(message: str) -> None:
    line = " ".join(message.split())
    sys.stderr.write(f"hesper: {line}\n")
