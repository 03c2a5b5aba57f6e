"""From a text to tokens, by the lexical rules of CESQL's grammar.

A sign directly before digits belongs to the number, so that `2+3` is two numbers side by side, and
no expression.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from wherry_build.project.cesql.errors import ParseError

LIMIT_CHARACTERS = 16_384
WORDS = frozenset({"AND", "OR", "XOR", "NOT", "LIKE", "EXISTS", "IN", "TRUE", "FALSE"})

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<text>'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*")
    |(?P<number>[+-]?[0-9]+(?![A-Za-z0-9_]))
    |(?P<name>[A-Za-z0-9]+(?![A-Za-z0-9_])|[A-Za-z][A-Za-z_]*(?![A-Za-z0-9_]))
    |(?P<sign>!=|<>|>=|<=|[-+*/%=<>(),])""",
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """One token.

    Attributes:
        kind: `text`, `number`, `name`, or the word or sign itself, in upper case.
        value: Its characters; of a text without its quotes.
        start: Where it begins.
        end: Where it ends.
    """

    kind: str
    value: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """The tokens of `text`, and one of kind `end` after them.

    Raises:
        ParseError: A character that begins no token, or a text of over 16,384 characters.
    """
    if len(text) > LIMIT_CHARACTERS:
        raise ParseError(f"expected at most {LIMIT_CHARACTERS} characters", LIMIT_CHARACTERS)
    found = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ParseError(_unknown(text, position), position)
        if match.lastgroup != "space":
            found.append(_token(match))
        position = match.end()
    return [*found, Token("end", "", len(text), len(text))]


def _token(match: re.Match[str]) -> Token:
    kind, value = match.lastgroup or "", match[0]
    if kind == "text":
        value = value[1:-1].replace("\\" + value[0], value[0])
    elif kind == "sign" or (kind == "name" and value.upper() in WORDS):
        kind = value.upper()
    return Token(kind, value, match.start(), match.end())


def _unknown(text: str, position: int) -> str:
    if text[position] in "'\"":
        return "a text without its closing quote"
    return f"got {text[position]!a}, expected a name, a number, a text or an operator"
