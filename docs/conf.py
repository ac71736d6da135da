"""Sphinx configuration: offline, no intersphinx, docstrings in numpy style."""

import dataclasses
import os
import re
import sys
from pathlib import Path

# Compiled kernels are documented as the Python functions they are made of.
os.environ["NUMBA_DISABLE_JIT"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import numpy.typing


# `ndarray[tuple[Any, ...], dtype[Any]]` would drown every signature.
class Array:
    """A numpy array; its shape and unit are in the docstring of what takes it."""

    def __class_getitem__(cls, item):
        """Stand for `NDArray[item]`."""
        return cls


Array.__module__ = "hesper.record"
numpy.typing.NDArray = Array

from hesper import __version__  # noqa: E402
from hesper.record import is_record, specs  # noqa: E402

_LITERAL = re.compile(r"(``.+?``|`[^`]+`)(\w?)")

project = "hesper"
author = "the hesper developers"
copyright = f"2026, {author}"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
default_role = "literal"
nitpicky = True
# Names outside the package are not looked up: the build reaches no network.
nitpick_ignore_regex = [
    ("py:.*", r"(?!hesper\.).*"),
    ("py:.*", r"hesper\.(.*\.)?(Array|_.*)"),
    ("py:.*", r"hesper\.products\.pds3\..*"),
]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 110
add_module_names = False
napoleon_google_docstring = False
napoleon_use_rtype = False
viewcode_line_numbers = False

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["hesper.css"]
html_title = f"hesper {release}"
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#7c3516", "color-brand-content": "#8f3f1b"},
    "dark_css_variables": {"color-brand-primary": "#d98b5f", "color-brand-content": "#d98b5f"},
}


def _fields(cls):
    """Return the declarations of a record as a list."""
    lines = []
    for field in dataclasses.fields(cls):
        spec = specs(cls).get(field.name)
        if spec is None:
            lines.append(f"* ``{field.name}``: {getattr(field.type, '__name__', field.type)}")
            continue
        dims = f", ({', '.join(spec.dims)})" if spec.dims else ""
        unit = "" if spec.kind == "text" or spec.unit == "text" else f" [{spec.unit}]"
        lines.append(f"* ``{field.name}``{dims}: {spec.meaning}{unit}")
    return lines


def _apart(found):
    return found[1] + (r"\ " + found[2] if found[2] else "")


def _docstring(app, what, name, obj, options, lines):
    if isinstance(obj, type) and is_record(obj):
        summary = (obj.__doc__ or "").split("\n\n")[0]
        lines[:] = [summary, "", *_fields(obj), ""]
    if lines and lines[0].startswith("Alias for field number"):
        lines[:] = []
    # A vertical bar is an absolute value, never a substitution; a plural may follow a name: `setting`s.
    lines[:] = [_LITERAL.sub(_apart, line.replace("|", r"\|")) for line in lines]


def _signature(app, what, name, obj, options, signature, returns):
    if isinstance(obj, type) and is_record(obj):
        return "(*, …)", ""
    return None


def _without_empty_glob(app, docname, source):
    """Drop the list of pages of a section that has none yet: Sphinx warns of an empty pattern."""
    if docname.endswith("/index") and sum(n.startswith(docname[:-5]) for n in app.env.found_docs) == 1:
        source[0] = source[0].split("```{toctree}")[0]


def setup(app):
    """Register what turns records into readable lists."""
    app.connect("source-read", _without_empty_glob)
    app.connect("autodoc-process-docstring", _docstring)
    app.connect("autodoc-process-signature", _signature)
