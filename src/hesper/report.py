"""The demonstration: every system once, its numbers beside the published ones, and one page that shows it."""

import base64
import html
import importlib
import json
import time
from collections.abc import Sequence
from pathlib import Path

from hesper import __version__, ephemeris, fetch, products, runs
from hesper.errors import InputError, MissingError
from hesper.products import Result, Section

_STYLE = """
body{font:15px/1.5 Georgia,serif;color:#222;background:#faf8f5;margin:0}
main{max-width:1040px;margin:0 auto;padding:2rem 1.5rem 4rem}
h1{font-size:2rem;margin:.2rem 0;color:#7c3516}
h2{margin-top:2.6rem;border-bottom:2px solid #b5532a;padding-bottom:.2rem}
table{border-collapse:collapse;width:100%;margin:1rem 0;background:#fff;font:13px/1.35 system-ui,sans-serif}
th{background:#f0e6dc;text-align:left}
th,td{padding:.28rem .55rem;border-bottom:1px solid #e7dfd6;vertical-align:top}
td.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td.q{min-width:13rem}
tr.bad td{background:#fbe3df}
td.note{color:#665;font-size:12px}
figure{margin:1.4rem 0;background:#fff;border:1px solid #e7dfd6;padding:.8rem}
img{max-width:100%;display:block;margin:auto}
figcaption{font-size:13px;color:#444;padding-top:.5rem}
.good{color:#4d7a1f}
.wrong{color:#b3261e;font-weight:bold}
nav a{margin-right:1.1rem;color:#7c3516}
"""


_HEAD = ("quantity", "unit", "published", "ours", "expected", "difference", "allowed", "source, note")


def demo(out: Path, data: Path | None, systems: Sequence[str], *, quiet: bool) -> bool:
    """Run the demonstration of the systems that exist; write `results.json` and `report.html`.

    Parameters
    ----------
    out
        Output directory.
    data
        Folder of real data, or None: those parts are then left out, and the page says so.
    systems
        Names of systems, in the order of the page.
    quiet
        Print the table only.

    Returns
    -------
    bool
        Whether every row is ok.
    """
    recipe = {"command": "demo", "systems": list(systems)}
    sections: list[Section] = []
    kernel = products.source(ephemeris.kernel_path("DE421"))
    provenance = products.Provenance(recipe=recipe, inputs=_inputs(data), kernels=(kernel,))
    _refuse_other_runs(out)
    if data is not None and not provenance.inputs:
        known = "`hesper fetch --list` names them"
        raise MissingError(f"--data {data}: none of the public files is there; {known}")
    with runs.open_run(out, provenance, overwrite=True, resume=False, quiet=quiet) as run:
        for system in systems:
            start = time.perf_counter()
            section: Section = importlib.import_module(f"hesper.{system}.pipeline").demo(run, data)
            sections.append(section)
            _print_section(section, time.perf_counter() - start, quiet=quiet)
        rows = [row for section in sections for row in section.results]
        run.write("results.json", lambda: products.results_json(rows))
        run.write("report.html", lambda: page(sections, with_data=data is not None))
        for section in sections:
            for figure in section.figures:
                content = figure.png
                run.write(f"figures/{figure.name}.png", lambda content=content: content)  # type: ignore[misc]
    bad = [row for row in rows if not row.ok]
    _say(f"\n{len(rows) - len(bad)} of {len(rows)} rows ok; {out / 'report.html'}")
    return bool(rows) and not bad


def _refuse_other_runs(out: Path) -> None:
    """Let a demonstration replace a demonstration, and nothing else."""
    path = out / "run.json"
    try:
        recipe = (
            json.loads(path.read_text(encoding="utf-8"))["recipe"] if path.is_file() else {"command": "demo"}
        )
    except (ValueError, KeyError, TypeError):
        recipe = {}
    if recipe.get("command") != "demo":
        raise InputError(f"{out}: holds a run that is no demonstration; choose another --out")


def _inputs(data: Path | None) -> tuple[products.Source, ...]:
    """Return the public files that a folder of real data holds."""
    if data is None:
        return ()
    found = (data / name for name in fetch.catalogue())
    return tuple(products.source(path) for path in found if path.is_file())


def page(sections: Sequence[Section], *, with_data: bool) -> bytes:
    """Return the report as one self-contained HTML page."""
    rows = [row for section in sections for row in section.results]
    bad = sum(not row.ok for row in rows)
    verdict = (
        f'<span class="good">All {len(rows)} rows agree with what is expected.</span>'
        if not bad
        else f'<span class="wrong">{bad} of {len(rows)} rows do not agree with what is expected.</span>'
    )
    links = "".join(
        f'<a href="#s{i}">{html.escape(s.title.split(":")[0])}</a>' for i, s in enumerate(sections)
    )
    about = (
        ""
        if with_data
        else "<p>Real data were not given (<code>--data DIR</code>): their parts are left out.</p>"
    )
    body = "".join(_section(i, section) for i, section in enumerate(sections))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>hesper demo</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>'
        f"<h1>hesper</h1><p>From measurements of Venus to maps with honest error bars. "
        f"Version {__version__}. "
        f"{verdict}</p>{about}<nav>{links}</nav>{body}</main></body></html>\n"
    ).encode()


def _section(index: int, section: Section) -> str:
    text = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in section.paragraphs)
    pictures = "".join(
        f'<figure><img alt="{html.escape(figure.name)}" src="data:image/png;base64,'
        f'{base64.b64encode(figure.png).decode()}"><figcaption>{html.escape(figure.caption)}</figcaption></figure>'
        for figure in section.figures
    )
    head = "".join(f"<th>{name}</th>" for name in _HEAD)
    rows = "".join(map(_row, section.results))
    table = f"<table><tr>{head}</tr>{rows}</table>" if section.results else ""
    return f'<h2 id="s{index}">{html.escape(section.title)}</h2>{text}{pictures}{table}'


def _row(row: Result) -> str:
    difference = None if row.value is None or row.expected is None else row.value - row.expected
    ours = _number(row.value) + (f" ± {_number(row.std, 2)}" if row.std is not None else "")
    about = "; ".join(part for part in (row.source, row.note) if part)
    numbers = (
        _number(row.published),
        ours,
        _number(row.expected),
        _number(difference, 2),
        _number(row.tolerance, 2),
    )
    cells = "".join(f'<td class="n">{cell}</td>' for cell in numbers)
    start = f'<td class="q">{html.escape(row.quantity)}</td><td>{html.escape(row.unit)}</td>'
    end = f'<td class="note">{html.escape(about)}</td>'
    return f"<tr{'' if row.ok else ' class=bad'}>{start}{cells}{end}</tr>"


def _number(value: float | None, digits: int = 6) -> str:
    """Write a number for people: neither exponents nor more digits than mean something."""
    if value is None:
        return "—"
    if value != 0 and not 1e-4 <= abs(value) < 1e7:
        return f"{value:.{max(digits - 1, 1)}e}"
    text = f"{value:.{digits}g}"
    return (text if "e" not in text else f"{value:.0f}").replace("-", "−")


def _print_section(section: Section, seconds: float, *, quiet: bool) -> None:
    _say(f"\n{section.title}" + ("" if quiet else f"  ({seconds:.1f} s)"))
    _say(f"  {'':46} {'published':>12} {'ours':>22} {'difference':>11}")
    for row in section.results:
        difference = None if row.value is None or row.expected is None else row.value - row.expected
        ours = _number(row.value) + (f" ± {_number(row.std, 2)}" if row.std is not None else "")
        name = f"{row.quantity} [{row.unit}]"
        mark = "" if row.ok else "  NOT OK"
        _say(f"  {name[:46]:46} {_number(row.published):>12} {ours:>22} {_number(difference, 2):>11}{mark}")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  (the table is what the command is for)
