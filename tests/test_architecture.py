"""The shape of the package: layers, file names, units on every field, lint and types."""

import ast
import dataclasses
import importlib
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hesper
from hesper.record import is_record, specs

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "hesper"
SYSTEMS = ("vmc", "radar", "winds", "radio", "thermal")
STAGES = {
    "data",
    "model",
    "simulate",
    "write",
    "read",
    "calibrate",
    "retrieve",
    "grid",
    "plot",
    "plan",
    "pipeline",
}


def _run(*command):
    program = shutil.which(
        command[0], path=f"{Path(sys.executable).parent}:{__import__('os').environ['PATH']}"
    )
    assert program, f"{command[0]} is not installed; pip install '.[test]'"
    done = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
        ("lint-imports", "--no-cache"),
    ],
    ids=lambda c: " ".join(c[:2]),
)
def test_static(command):
    _run(*command)


def _modules():
    for info in pkgutil.walk_packages(hesper.__path__, "hesper."):
        yield importlib.import_module(info.name)


def _trees():
    for path in sorted(SOURCE.rglob("*.py")):
        yield path.relative_to(SOURCE), ast.parse(path.read_text(encoding="utf-8"))


def test_every_record_field_has_a_unit_and_a_meaning():
    seen = 0
    for module in _modules():
        for thing in vars(module).values():
            if isinstance(thing, type) and is_record(thing) and dataclasses.fields(thing):
                for name, spec in specs(thing).items():
                    seen += 1
                    assert spec.unit, f"{thing.__qualname__}.{name} has no unit"
                    assert len(spec.meaning) > 3, f"{thing.__qualname__}.{name} has no meaning"
    assert seen > 50


def test_systems_use_the_shared_file_names():
    for system in SYSTEMS:
        names = {path.stem for path in (SOURCE / system).glob("*.py")} - {"__init__"}
        if names:
            assert "pipeline" in names, f"{system} has no pipeline"
            stray = {n for n in names if n not in STAGES and not any(n.startswith(f"{s}_") for s in STAGES)}
            assert not stray, f"{system}: {stray} are no words of the grammar"


def _imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("xarray", ("__init__.py", "products/")),
        ("h5netcdf", ("products/",)),
        ("rasterio", ("products/",)),
        ("matplotlib", ("figures.py", "plot", "report.py")),
        ("astropy.io", ("products/", "read", "write")),
    ],
)
def test_heavy_libraries_stay_behind_their_doors(library, allowed):
    for path, tree in _trees():
        if any(name == library or name.startswith(f"{library}.") for name in _imports(tree)):
            here = [path.as_posix(), path.name.removesuffix(".py")]
            assert any(h.startswith(a) for h in here for a in allowed), f"{path} imports {library}"


ORDER = {"data": 0, "model": 1, "pipeline": 3}


@pytest.mark.parametrize("system", SYSTEMS)
def test_stages_of_a_system_meet_only_in_records_and_model(system):
    """data ← model ← every verb ← pipeline; `simulate` and `retrieve` share nothing but `model`."""
    for path in (SOURCE / system).glob("*.py"):
        verb = path.stem.split("_")[0]
        for name in _imports_of_system(ast.parse(path.read_text(encoding="utf-8")), system):
            other = name.split("_")[0]
            low, high = ORDER.get(other, 2), ORDER.get(verb, 2)
            assert low <= high, f"{system}/{path.name} imports {name}"
            apart = {verb, other} in (
                {"simulate", "retrieve"},
                {"simulate", "calibrate"},
                {"read", "retrieve"},
            )
            assert not apart, f"{system}/{path.name} imports {name}"


def _imports_of_system(tree, system):
    prefix = f"hesper.{system}"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == prefix:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{prefix}."):
            yield node.module.removeprefix(f"{prefix}.")


def test_nothing_runs_what_it_reads():
    for path, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec", "compile"), f"{path}:{node.lineno}"
            for keyword in getattr(node, "keywords", []):
                assert keyword.arg not in ("shell", "allow_pickle"), f"{path}:{node.lineno}"
        assert not {"pickle", "shelve", "yaml"} & set(_imports(tree)), path


def test_no_vague_names():
    for path, _ in _trees():
        assert path.stem not in ("utils", "helpers", "common", "base", "misc"), path
