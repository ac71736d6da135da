r"""The text of a PDS3 label: parsed, looked up, changed and written.

>>> label = parse_label('A = (1, 2.5) <km>\nOBJECT = IMAGE\nLINES = 512\nEND_OBJECT\nEND\n')
>>> label["A"], label.unit("A"), label.object("IMAGE")["LINES"]
((1, 2.5), 'km', 512)
>>> print(replace(label, {"IMAGE.LINES": 440}).splitlines()[2])
LINES = 440
"""

import dataclasses
import math
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hesper.errors import InputError

MAXIMUM_NESTING = 8
_NEWLINE = "\r\n"
_COLUMN = 34
_WIDTH = 78

# Possessive quantifiers everywhere, so that a hostile label costs linear time.
_COMMENT = r"/\*(?:[^*/]++|\*(?!/)|/(?!\*))*+\*/"
_SKIP = re.compile(rf"(?:\s++|{_COMMENT})*+", re.ASCII)
_LINE_END = re.compile(rf"(?:[ \t]++|{_COMMENT})*+(?=[\r\n\f]|\Z)", re.ASCII)
_NAME = re.compile(r"\^?[A-Za-z][A-Za-z0-9_]*+(?::[A-Za-z][A-Za-z0-9_]*+)?")
_EQUALS = re.compile(r"\s*+=\s*+", re.ASCII)
_UNIT = re.compile(r"[ \t]*+<([^<>\r\n]*+)>")
_VALUE = re.compile(
    r'"(?P<text>[^"]*+)"'
    r"|'(?P<symbol>[^'\r\n]*+)'"
    r"|\((?P<numbers>[\s\d+\-.eE,]++)\)"
    r"|(?P<open>[({])"
    r"|(?P<bare>(?:[!#$%&*+\-.0-9:;?@A-Z\[\\\]^_`a-z|~]|/(?!\*))++)",
    re.ASCII,
)
_INTEGER = re.compile(r"[+-]?\d++", re.ASCII)
_REAL = re.compile(r"[+-]?(?:\d++\.?+\d*+|\.\d++)(?:[eE][+-]?\d++)?", re.ASCII)
_BASED = re.compile(r"([+-]?)(\d\d?)#([0-9A-Za-z]{1,64}+)#", re.ASCII)
_BARE_WORD = re.compile(r"[A-Z][A-Z0-9_]*|\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?Z?)?")


class Quantity(NamedTuple):
    """A number with its unit."""

    value: Any
    unit: str


class Verbatim(NamedTuple):
    """A value that is written as it stands: `16#FF7FFFFB#`, `0004`."""

    text: str


class Statement(NamedTuple):
    """One `KEYWORD = value <unit>`; `span` is the value and its unit in the label's text."""

    name: str
    value: Any
    unit: str
    line: int
    span: tuple[int, int]


@dataclasses.dataclass(frozen=True, slots=True)
class Label:
    """A label or one of its objects: statements by keyword, in the order of the file.

    `text` is the source up to and including END, `span` this object's part of it. A look-up of a keyword
    that is not there, or is there twice, raises `InputError` with the file and the line.
    """

    name: str
    line: int
    entries: tuple["Statement | Label", ...]
    span: tuple[int, int]
    path: Path
    text: str = dataclasses.field(repr=False)
    index: Mapping[str, list[Statement]] = dataclasses.field(repr=False)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keywords."""
        return iter(self.index)

    def __contains__(self, keyword: object) -> bool:
        """Tell whether a keyword is there."""
        return keyword in self.index

    def __len__(self) -> int:
        """Return the number of keywords."""
        return len(self.index)

    def __getitem__(self, keyword: str) -> Any:
        """Return the value of a keyword, without its unit."""
        return self.statement(keyword).value

    def get(self, keyword: str, default: Any = None) -> Any:
        """Return the value of a keyword, or the default where it is absent."""
        return self.statement(keyword).value if keyword in self.index else default

    def unit(self, keyword: str) -> str:
        """Return the unit of a keyword, empty if it has none."""
        return self.statement(keyword).unit

    def source(self, keyword: str) -> str:
        """Return a value and its unit as they stand in the file."""
        start, stop = self.statement(keyword).span
        return self.text[start:stop]

    def statement(self, keyword: str) -> Statement:
        """Return the one statement of a keyword."""
        found = self.index.get(keyword, ())
        if len(found) == 1:
            return found[0]
        if not found:
            raise self.refuse(keyword, f"nothing in {self.name}", "one statement", "add it")
        lines = " and ".join(str(statement.line) for statement in found[:2])
        raise self.refuse(keyword, f"{len(found)} statements, lines {lines}", "one", "keep the right one")

    def objects(self, name: str) -> tuple["Label", ...]:
        """Return the objects and groups of a name directly inside this one."""
        return tuple(entry for entry in self.entries if isinstance(entry, Label) and entry.name == name)

    def object(self, name: str) -> "Label":
        """Return the one object of a name directly inside this one."""
        found = self.objects(name)
        if len(found) != 1:
            raise self.refuse(f"OBJECT = {name}", f"{len(found)} in {self.name}", "one", "describe it once")
        return found[0]

    def refuse(self, keyword: str, found: Any, expected: str, mend: str) -> InputError:
        """Make the error of a keyword: file, line, what is there, what is allowed, how to mend it."""
        line = self.index[keyword][0].line if keyword in self.index else self.line
        return _error(self.path, line, keyword, found, expected, mend)


def _error(path: Path, line: int, keyword: str, found: Any, expected: str, mend: str) -> InputError:
    shown = found if isinstance(found, str) else repr(found)
    shown = shown.encode("unicode_escape").decode("ascii")[:80]
    where = f"{path_text(path)}: line {line}: {keyword}"
    return InputError(f"{where}: found {shown}; expected {expected}; {mend}")


def path_text(path: Path) -> str:
    """Return a path as one printable line."""
    return "".join(c if c.isprintable() else "?" for c in str(path))[:300]


class _Open:
    """An object whose END_OBJECT is still to come."""

    def __init__(self, name: str, kind: str, line: int, start: int) -> None:
        self.name, self.kind, self.line, self.start = name, kind, line, start
        self.entries: list[Statement | Label] = []

    def close(self, stop: int, path: Path, text: str) -> Label:
        index: dict[str, list[Statement]] = {}
        for entry in self.entries:
            if isinstance(entry, Statement):
                index.setdefault(entry.name, []).append(entry)
        return Label(self.name, self.line, tuple(self.entries), (self.start, stop), path, text, index)


class _Reader:
    """A text, and where reading has got to in it."""

    def __init__(self, text: str, path: Path) -> None:
        self.text, self.path, self.position, self.line, self.counted = text, path, 0, 1, 0

    def skip(self) -> None:
        """Go past blanks and comments and keep count of the lines."""
        match = _SKIP.match(self.text, self.position)
        assert match is not None  # the pattern matches the empty string
        self.position = match.end()

    def count(self) -> int:
        """Return the number of the current line."""
        self.line += self.text.count("\n", self.counted, self.position)
        self.counted = self.position
        return self.line

    def refuse(self, keyword: str, expected: str, mend: str) -> InputError:
        """Make the error of what stands at this place."""
        found = self.text[self.position : self.position + 30].split("\n")[0].rstrip() or "nothing"
        return _error(self.path, self.count(), keyword, found, expected, mend)

    def name(self, previous: str) -> str:
        """Read a keyword."""
        match = _NAME.match(self.text, self.position)
        if match is None:
            raise self.refuse(f"after {previous}", "a keyword or END", "mend the line or end the label")
        self.position = match.end()
        return match[0].upper()

    def equals(self, keyword: str) -> None:
        """Go past an equals sign."""
        match = _EQUALS.match(self.text, self.position)
        if match is None:
            raise self.refuse(keyword, "'='", "write KEYWORD = value")
        self.position = match.end()

    def line_end(self, keyword: str) -> None:
        """Go to the end of the line, on which nothing but a comment may follow."""
        match = _LINE_END.match(self.text, self.position)
        if match is None:
            raise self.refuse(keyword, "the end of the line", "write one statement per line")
        self.position = match.end()

    def value(self, keyword: str, depth: int = 0) -> tuple[Any, str]:
        """Read a value and its unit."""
        match = _VALUE.match(self.text, self.position)
        if match is None or depth > MAXIMUM_NESTING:
            raise self.refuse(keyword, "a value", "write a number, a symbol, a text or a sequence")
        kind, content = match.lastgroup, match[match.lastgroup or 0]
        if kind == "open":
            value: Any = self.sequence(keyword, ")" if content == "(" else "}", depth)
        else:
            value = self.plain(keyword, kind, content)
            self.position = match.end()
        unit = _UNIT.match(self.text, self.position)
        if unit is None:
            return value, ""
        self.position = unit.end()
        return value, unit[1].strip()

    def plain(self, keyword: str, kind: str | None, content: str) -> Any:
        """Convert what is no nested sequence."""
        if kind == "bare":
            return self.scalar(keyword, content)
        if kind == "numbers":
            return tuple(self.number(keyword, part) for part in content.split(",")) if content.strip() else ()
        return _folded(content) if kind == "text" else content

    def number(self, keyword: str, part: str) -> Any:
        """Convert an element of a sequence of numbers (or dates); reals first, for speed."""
        try:
            return float(part) if "." in part else int(part)
        except ValueError:
            match = _VALUE.fullmatch(part.strip())
            if match is None:
                raise self.refuse(keyword, "numbers separated by commas", "mend the sequence") from None
            return self.scalar(keyword, match[0])

    def scalar(self, keyword: str, word: str) -> Any:
        """Convert a bare word: integer, real, based integer, else a symbol."""
        try:
            if _INTEGER.fullmatch(word):
                return int(word)
            if _REAL.fullmatch(word):
                return float(word)
            if based := _BASED.fullmatch(word):
                return int(based[1] + based[3], int(based[2]))
        except ValueError:
            raise self.refuse(keyword, "digits of its radix, at most 4300", "mend the number") from None
        return word

    def sequence(self, keyword: str, closing: str, depth: int) -> tuple[Any, ...]:
        """Read a sequence or a set; elements with a unit become `Quantity`."""
        elements: list[Any] = []
        while True:
            self.position += 1
            self.skip()
            if not elements and self.text[self.position : self.position + 1] == closing:
                break
            value, unit = self.value(keyword, depth + 1)
            elements.append(Quantity(value, unit) if unit else value)
            self.skip()
            mark = self.text[self.position : self.position + 1]
            if mark == closing:
                break
            if mark != ",":
                raise self.refuse(keyword, f"',' or '{closing}'", "mend the sequence")
        self.position += 1
        return tuple(elements)


def _folded(text: str) -> str:
    """Join the lines of a text by one blank each."""
    return " ".join(part.strip() for part in text.splitlines()) if "\n" in text or "\r" in text else text


def parse_label(text: str, path: str | Path = "label") -> Label:
    """Parse the text of a label, up to its END; what follows is ignored.

    Parameters
    ----------
    text
        The label, one character per byte (latin-1); ASCII outside comments and texts.
    path
        Where it comes from, for messages.

    Raises
    ------
    InputError
        With file, line, keyword, what was found and what was expected.
    """
    reader, stack, name = _Reader(text, Path(path)), [_Open("LABEL", "", 1, 0)], "the start"
    while True:
        reader.skip()
        start = reader.position
        name = reader.name(name)
        line = reader.count()
        if name == "END":
            return _finish(reader, stack)
        if name in ("END_OBJECT", "END_GROUP"):
            _close(reader, stack, name, start)
            continue
        reader.equals(name)
        begin = reader.position
        value, unit = reader.value(name)
        stop = reader.position
        reader.line_end(name)
        if name in ("OBJECT", "GROUP"):
            _nest(reader, stack, _Open(str(value).upper(), name, line, start))
        else:
            stack[-1].entries.append(Statement(name, value, unit, line, (begin, stop)))


def _finish(reader: _Reader, stack: list[_Open]) -> Label:
    # Padding may follow END without a line end.
    if reader.text[reader.position : reader.position + 1].strip(" \t\r\n\0"):
        raise reader.refuse("END", "the end of the line", "end the line behind END")
    if len(stack) > 1:
        raise reader.refuse("END", f"END_{stack[-1].kind} = {stack[-1].name} before it", "close the object")
    label = stack[0].close(reader.position, reader.path, reader.text[: reader.position])
    return _with_text(label, label.text)


def _with_text(label: Label, text: str) -> Label:
    # The whole text of a file would otherwise live as long as any of its objects.
    inner = tuple(_with_text(e, text) if isinstance(e, Label) else e for e in label.entries)
    return dataclasses.replace(label, entries=inner, text=text)


def _nest(reader: _Reader, stack: list[_Open], opened: _Open) -> None:
    if len(stack) > MAXIMUM_NESTING:
        raise reader.refuse(opened.kind, f"at most {MAXIMUM_NESTING} nested objects", "close some")
    stack.append(opened)


def _close(reader: _Reader, stack: list[_Open], name: str, start: int) -> None:
    opened = stack[-1]
    if name != f"END_{opened.kind}":
        raise reader.refuse(name, f"an open {name[4:]}", "remove it or open the object")
    if _EQUALS.match(reader.text, reader.position):
        reader.equals(name)
        value, _ = reader.value(name)
        if str(value).upper() != opened.name:
            raise reader.refuse(name, f"{opened.name}, opened on line {opened.line}", "make the names equal")
    reader.line_end(name)
    stack.pop()
    stack[-1].entries.append(opened.close(start, reader.path, reader.text))


def replace(label: Label, changes: Mapping[str, Any]) -> str:
    """Return the text of a label with some values changed; all else stays to the letter.

    Parameters
    ----------
    label
        A parsed label.
    changes
        New values by keyword, `"IMAGE.LINES"` for one inside an object. A keyword that is absent is added
        after the last statement of its object.
    """
    edits = []
    for number, (name, value) in enumerate(changes.items()):
        *parents, keyword = name.split(".")
        parent = label
        for inner in parents:
            parent = parent.object(inner)
        if keyword in parent:
            edits.append((*parent.statement(keyword).span, number, _formatted(keyword, value)))
        else:
            place = _end_of_statements(parent)
            line = _statement_lines(keyword, value, "  " * len(parents)) + _NEWLINE
            edits.append((place, place, number, line))
    parts, position = [], 0
    for start, stop, _, new in sorted(edits):
        parts += [label.text[position:start], new]
        position = stop
    return "".join([*parts, label.text[position:]])


def _end_of_statements(label: Label) -> int:
    stops = [entry.span[1] for entry in label.entries if isinstance(entry, Statement)]
    first_object = min((e.span[0] for e in label.entries if isinstance(e, Label)), default=label.span[1])
    before = max((stop for stop in stops if stop < first_object), default=None)
    if before is None:
        raise label.refuse(label.name, "no statement", "one to add others after", "add one")
    return label.text.find("\n", before) + 1 or len(label.text)


def label_text(statements: Mapping[str, Any]) -> str:
    """Write a label, END included, with CR LF line ends and its values in one column.

    Parameters
    ----------
    statements
        Values by keyword, in order: int, float, str, `Quantity`, `Verbatim`, or tuples of them; a mapping is
        an object of that name; a key that starts with `/*` is a comment between empty lines.
    """
    return _NEWLINE.join([*_lines(statements, ""), "END", ""])


def _lines(statements: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, value in statements.items():
        if name.startswith("/*"):
            yield from ("", _ascii(name, name), "")
        elif isinstance(value, Mapping):
            yield _statement_lines("OBJECT", Verbatim(name), indent)
            yield from _lines(value, indent + "  ")
            yield _statement_lines("END_OBJECT", Verbatim(name), indent)
        else:
            yield _statement_lines(name, value, indent)


def _statement_lines(name: str, value: Any, indent: str) -> str:
    if not _NAME.fullmatch(name) or len(indent + name) >= _COLUMN:
        raise InputError(f"label: {name!r} is not a PDS3 keyword; use letters, digits and _, at most 33")
    return f"{indent + name:<{_COLUMN}}= {_formatted(name, value)}"


def _formatted(name: str, value: Any) -> str:
    """Write a value, wrapped below the column of the values."""
    if isinstance(value, (tuple, list)) and not isinstance(value, (Quantity, Verbatim)):
        return "(" + _wrapped([_scalar(name, element) for element in value]) + ")"
    written = _scalar(name, value)
    if not written.startswith('"') or len(written) <= _WIDTH - _COLUMN - 2:
        return written
    parts = textwrap.wrap(written, _WIDTH - _COLUMN - 3, break_long_words=False, break_on_hyphens=False)
    return f" {_NEWLINE}{'':<{_COLUMN + 3}}".join(parts)


def _wrapped(words: list[str]) -> str:
    lines = [""]
    for number, word in enumerate(words):
        piece = word + ("," if number < len(words) - 1 else "")
        if lines[-1] and len(lines[-1] + piece) > _WIDTH - _COLUMN - 4:
            lines.append("")
        lines[-1] += piece
    return f"{_NEWLINE}{'':<{_COLUMN + 3}}".join(lines)


def _scalar(name: str, value: Any) -> str:
    if isinstance(value, Verbatim):
        return _ascii(name, value.text)
    if isinstance(value, Quantity):
        return f"{_scalar(name, value.value)} <{_ascii(name, value.unit)}>"
    if isinstance(value, str):
        return value if _BARE_WORD.fullmatch(value) else f'"{_ascii(name, _folded(value))}"'
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return repr(value)
    raise InputError(f"label: {name}: {value!r} cannot be written; give a finite number or a text")


def _ascii(name: str, text: str) -> str:
    inside = text[2:-2] if text.startswith("/*") else text
    if not text.isascii() or not text.isprintable() or '"' in text or "*/" in inside:
        raise InputError(f"label: {name}: {text!r} cannot be written; use ASCII without double quotes")
    return text
