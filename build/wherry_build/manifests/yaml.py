"""Writes YAML that every reader takes for the same values: YAML 1.1 and 1.2, Go, C++ and Python.

Block style, no anchors, aliases, tags or merge keys. A string is plain only when it is a word that
no reader could take for anything else; every other one is double-quoted ASCII, save a whole file
(`File`), which keeps its lines where it is such that they can be kept. `$` before `{` or
`$` is written as an escape, so that nothing that substitutes in text (faas-cli, Flux) sees it.
The only module of the builder that knows YAML. It knows no manifest.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

from wherry_build.errors import ManifestError

Node: TypeAlias = "Mapping[str, Node] | Sequence[Node] | str | int | float | bool | None"


class File(str):
    """The text of a file in a value, to be read line by line by whoever reviews it."""

    __slots__ = ()


_LINES = re.compile(r"[!-~][ -~]*(?:\n(?:[ -~]*[!-~])?)*\n", re.ASCII)
"""Lines that a literal block keeps: printable, the first one not indented, none of blanks alone."""
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?", re.ASCII)
_SUBSTITUTION = re.compile(r"\$(?=[{$])|(?<=\$)\$")
_NOT_A_WORD = frozenset(
    "y n yes no on off true false null nan inf infinity".split()  # noqa: SIM905 - a list to read
)
_ESCAPES = {
    "\\": "\\\\",
    '"': '\\"',
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\0": "\\0",
}
_LIMIT_DEPTH = 64
_LIMIT_KEY = 1000  # readers take simple keys up to 1024 characters, as written
_LIMIT_INT = 1 << 63
_LIMIT_CACHED = 4096  # keys and words are the same in every object


class _Unwritable(Exception):  # noqa: N818 - named for the state; it never leaves this module
    """A value that has no form, with the way to it from the inside out."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.way: list[str] = []


def dump(value: Node) -> str:
    """Write one document, without a marker at its beginning.

    Raises:
        ManifestError: A value that YAML cannot carry, or not to every reader alike.
    """
    lines: list[str] = []
    try:
        _write(value, lines, indent=0, lead="")
    except _Unwritable as fault:
        place = "".join(reversed(fault.way)).removeprefix(".")
        raise ManifestError(f"{place}: {fault}") from None
    return "\n".join(lines) + "\n"


def dump_all(values: Iterable[Node]) -> str:
    """Write a stream of documents, each but the first after a `---`."""
    return "---\n".join(dump(value) for value in values)


def _write(value: Node, lines: list[str], *, indent: int, lead: str) -> None:
    """Write `value`; `lead` is what its first line begins with: `key: `, a dash, or nothing."""
    if indent > _LIMIT_DEPTH * 2:
        raise _Unwritable(f"nested over {_LIMIT_DEPTH} deep")
    if isinstance(value, (list, tuple)) and value:
        if lead.endswith("- "):
            raise _Unwritable("a list directly in a list")
        if lead:
            lines.append(lead.rstrip())
        _write_items(value, lines, indent)
    elif isinstance(value, (dict, Mapping)) and value:
        in_list = lead.endswith("- ")
        if lead and not in_list:
            lines.append(lead.rstrip())
        _write_entries(value, lines, indent, lead if in_list else " " * indent)
    elif isinstance(value, File) and lead and _is_kept(value):
        lines.append(f"{lead}|")
        lines += [" " * indent + line if line else "" for line in value[:-1].split("\n")]
    else:
        lines.append(lead + _scalar(value))


def _write_items(value: Sequence[Node], lines: list[str], indent: int) -> None:
    dash = " " * indent + "- "
    at = 0
    try:
        for at, item in enumerate(value):  # noqa: B007 - for the way to a fault
            _write(item, lines, indent=indent + 2, lead=dash)
    except _Unwritable as fault:
        fault.way.append(f"[{at}]")
        raise


def _write_entries(value: Mapping[str, Node], lines: list[str], indent: int, head: str) -> None:
    """Write the entries of a mapping, the first after `head`."""
    blanks = " " * indent
    here: str | None = None
    try:
        for key, item in value.items():
            here = None
            lead = f"{head}{_key(key)}: "
            here = key
            if type(item) is str:  # most of them, and never a File
                lines.append(lead + _string(item))
            else:
                inner = indent if isinstance(item, (list, tuple)) else indent + 2
                _write(item, lines, indent=inner, lead=lead)
            head = blanks
    except _Unwritable as fault:
        if here is not None:
            fault.way.append(f".{here}")
        raise


def _is_kept(text: str) -> bool:
    """Whether every reader gets `text` back from a literal block, and nothing substitutes in it."""
    return (
        _LINES.fullmatch(text) is not None
        and not text.endswith("\n\n")
        and _SUBSTITUTION.search(text) is None
    )


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise _Unwritable(f"key {key!r} is no string")
    written = _string(key)
    if len(written) > _LIMIT_KEY:
        raise _Unwritable(f"a key of {len(key)} characters")
    return written


def _scalar(value: Node) -> str:
    match value:
        case str():
            return _string(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return _number(value)
        case Mapping():
            return "{}"
        case list() | tuple():
            return "[]"
    raise _Unwritable(f"{type(value).__name__} has no form in YAML")


def _number(value: float) -> str:
    if isinstance(value, int):
        if not -_LIMIT_INT <= value < _LIMIT_INT:
            raise _Unwritable(f"{value} needs more than 64 bits")
        return str(int(value))
    if not math.isfinite(value):
        raise _Unwritable(f"{value} is no finite number")
    return _float(value)


def _float(value: float) -> str:
    text = repr(float(value))
    mantissa, exponent_mark, exponent = text.partition("e")
    if not exponent_mark:
        return text
    # YAML 1.1 wants a dot in the mantissa and a sign in the exponent.
    dotted = mantissa if "." in mantissa else mantissa + ".0"
    return f"{dotted}e{exponent if exponent[0] in '+-' else '+' + exponent}"


@lru_cache(maxsize=_LIMIT_CACHED)
def _string(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _NOT_A_WORD:
        return text
    quoted = "".join(map(_escaped, text))
    return '"' + _SUBSTITUTION.sub(r"\\x24", quoted) + '"'


def _escaped(character: str) -> str:
    if " " <= character <= "~" and character not in '"\\':
        return character
    short = _ESCAPES.get(character)
    if short is not None:
        return short
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        raise _Unwritable("a string holds half of a surrogate pair")
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
