"""What a registry answers to somebody that it does not know: `WWW-Authenticate`, read without I/O.

The grammar is RFC 9110 section 11.6.1; the parameters of `Bearer` are docker's token service.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from wherry_build.values import NO_ENTRIES, frozen

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110 section 5.6.2
_SCHEME = re.compile(rf"[\s,]*({_TOKEN})(?=\s|,|$)", re.ASCII)
_PARAMETER = re.compile(
    rf'[\s,]*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))', re.ASCII | re.DOTALL
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LIMIT = 8192


@frozen
class Challenge:
    """One way in.

    Attributes:
        scheme: `basic` or `bearer`, in lower case.
        parameters: What it says besides, by lower-case names.
    """

    scheme: str
    parameters: Mapping[str, str] = NO_ENTRIES

    @property
    def scopes(self) -> tuple[str, ...]:
        """What a token must grant, `repository:acme/hello:pull,push`."""
        return tuple(self.parameters.get("scope", "").split())


def parse_challenges(text: str) -> tuple[Challenge, ...]:
    """The challenges of a `WWW-Authenticate` field; what is none ends the reading."""
    return tuple(_challenges(text[:_LIMIT]))


def _challenges(text: str) -> Iterator[Challenge]:
    position = 0
    while found := _SCHEME.match(text, position):
        position = found.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(text, position):
            name, quoted, bare = parameter.groups()
            value = bare if quoted is None else _ESCAPED.sub(r"\1", quoted)
            parameters.setdefault(name.lower(), value)
            position = parameter.end()
        yield Challenge(scheme=found[1].lower(), parameters=parameters)
