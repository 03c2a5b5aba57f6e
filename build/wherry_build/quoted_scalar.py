"""Texts in quotes as YAML has them, each within one line; what is rare is left to a whole reader.

For the readers that take a text apart line by line. It knows no tree and no library.
"""

from __future__ import annotations

import re

IN_DOUBLE_QUOTES = re.compile(r'"((?:[^"\\\n]|\\[^\n])*)"')
IN_SINGLE_QUOTES = re.compile(r"'((?:[^'\n]|'')*)'")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", '"': '"', "\\": "\\", "/": "/"}
_SURROGATES = range(0xD800, 0xE000)
_LAST = 0x10FFFF


class Unusual(Exception):  # noqa: N818 - named for the state
    """Something that is left to a reader of all that YAML is."""


def of_double_quotes(inner: str) -> str:
    """What stands between two `"`, with its escapes undone (YAML 1.2.2 section 5.7).

    Raises:
        Unusual: There is an escape that is rare or none.
    """
    return _ESCAPE.sub(_unescaped, inner) if "\\" in inner else inner


def of_single_quotes(inner: str) -> str:
    """What stands between two `'`."""
    return inner.replace("''", "'")


def _unescaped(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code:
        number = int(code, 16)
        if number in _SURROGATES or number > _LAST:
            raise Unusual
        return chr(number)
    if found[4] not in _ESCAPED:
        raise Unusual
    return _ESCAPED[found[4]]
