"""The documentation: it builds without a warning, and what it names is there."""

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import hesper
from hesper.errors import EXIT_CODES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TEXTS = [*PAGES, *sorted(ROOT.glob("*.md")), ROOT / "CITATION.cff", ROOT / ".pre-commit-config.yaml"]

# Folders of a machine, and hosts that serve packages: neither belongs into a text that others read.
MACHINE = re.compile(r"(?<![\w.)])/(?:work|tmp|home|root|Users|mnt|opt|srv|usr|var)/\S*")
REGISTRY = re.compile(
    r"(?i)\b(?:p[y]pi|python[h]osted|artifactory|nexus|devpi|conda\.anaconda|index-url)\b|localhost|127\.0"
)


def test_site_builds_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-E", "-W", "--keep-going"]
    done = subprocess.run(
        [*command, "-d", tmp_path / "doctrees", DOCS, tmp_path / "html"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    pages = {p.relative_to(DOCS).with_suffix(".html") for p in PAGES}
    assert all((tmp_path / "html" / page).is_file() for page in pages)


def _resolve(dotted):
    """Follow a dotted name; what is no attribute yet is imported."""
    first, *rest = dotted.split(".")
    found, name = importlib.import_module(first), first
    for part in rest:
        name += f".{part}"
        found = getattr(found, part) if hasattr(found, part) else importlib.import_module(name)
    return found


def _named(page, pattern):
    return sorted(set(re.findall(pattern, page.read_text(encoding="utf-8"))))


FUNCTIONS = _named(DOCS / "equations.md", r"`(hesper\.[\w.]+)`")


@pytest.mark.parametrize("dotted", FUNCTIONS)
def test_functions_of_the_equations_exist(dotted):
    assert callable(_resolve(dotted))


def test_every_page_names_what_exists():
    missing = []
    for page in PAGES:
        for dotted in _named(page, r"`(hesper(?:\.\w+)+)`"):
            try:
                _resolve(dotted)
            except (ModuleNotFoundError, AttributeError):
                missing.append(f"{page.name}: {dotted}")
    assert not missing


def test_every_test_that_a_page_names_exists():
    missing = []
    for page in PAGES:
        for file, function in _named(page, r"`(tests/[\w/]+\.py)(?:::(\w+))?`"):
            path = ROOT / file
            if not path.is_file() or (
                function and f"def {function}(" not in path.read_text(encoding="utf-8")
            ):
                missing.append(f"{page.name}: {file}::{function}")
    assert not missing


def test_exit_codes_are_those_of_the_code():
    text = (DOCS / "recipes.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^\| (\d+) \| (.+) \|$", text, re.M)) == {
        str(k): v for k, v in EXIT_CODES.items()
    }


def test_changelog_citation_and_version_agree():
    newest = re.search(r"^## \[?v?(\d[\w.]*)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert newest is not None and newest[1] == hesper.__version__
    cited = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M)
    assert cited is not None and cited[1] == hesper.__version__


def test_dependencies_are_all_explained():
    text = (DOCS / "decisions" / "001-dependencies.md").read_text(encoding="utf-8").lower()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(d for extra in project["optional-dependencies"].values() for d in extra),
    ]
    names = {re.split(r"[\[<>=~ ]", d)[0].lower() for d in wanted} - {"hesper"}
    assert not [
        name for name in sorted(names) if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)
    ]


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_machine_and_no_registry(path):
    text = path.read_text(encoding="utf-8")
    assert not MACHINE.findall(text)
    assert not REGISTRY.findall(text)


def test_figures_are_small_and_used():
    pictures = sorted((DOCS / "figures").iterdir())
    assert pictures and all(p.suffix == ".png" and p.stat().st_size < 120_000 for p in pictures)
    texts = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert not [p.name for p in pictures if f"figures/{p.name}" not in texts]
