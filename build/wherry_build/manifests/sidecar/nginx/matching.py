"""Which route takes a call, as maps: NGINX's own locations know neither order nor conditions.

What a call is like is put into one line: whether it was routed before, its scheme, its method, a
digit for each condition on a header, its path. The routes are patterns over that line, asked in
their order; the first that fits names the location that the call goes to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from wherry_build.manifests.routing import Table
from wherry_build.manifests.routing_match import Match
from wherry_build.manifests.sidecar.nginx.text import Block, Part, quoted
from wherry_build.project.specification.routing import HeaderMatch

_NAME = re.compile(r"[a-z0-9-]+")
FUNCTION = "@function"
TO_HTTPS = "@to_https"
MISDIRECTED = "@misdirected"
UNROUTED = "@unrouted"
Condition = tuple[str, HeaderMatch]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chooser:
    """How the route of a call is found in one table.

    Attributes:
        variable: The variable that names its location.
        parts: The maps that it is made by.
    """

    variable: str
    parts: tuple[Part, ...]


def is_askable(header: str) -> bool:
    """Whether NGINX has a variable for the header; it drops those with an underscore."""
    return _NAME.fullmatch(header) is not None


def chooser(at: int, table: Table | None, *, redirected: bool, secured: bool) -> Chooser:
    """The maps for the hosts of one server.

    Args:
        at: Number of the server.
        table: Its routes; None when it has none.
        redirected: Whether plain calls are sent to HTTPS.
        secured: Whether it has HTTPS at all.
    """
    entries = table.entries if table is not None else ()
    conditions = list(
        dict.fromkeys(
            (name, wanted)
            for entry in entries
            for match in entry.matches
            for name, wanted in match.headers.items()
        )
    )
    digits = [f"condition_{at}_{number}" for number in range(len(conditions))]
    patterns = [_choice(r"1 ", FUNCTION)]
    if redirected:
        patterns.append(_choice(r"0 http ", TO_HTTPS))
    if not secured:
        patterns.append(_choice(r"0 https ", MISDIRECTED))
    patterns += [
        _choice(_pattern(match, conditions), location(entry.rule.name))
        for entry in entries
        for match in entry.matches
    ]
    variable = f"location_{at}"
    line = "$routed $scheme $request_method " + "".join(f"${name}" for name in digits) + " $uri"
    maps: list[Part] = [
        _condition(condition, name) for condition, name in zip(conditions, digits, strict=True)
    ]
    body: list[Part] = [*patterns, f"default {UNROUTED}"]
    maps.append(Block(head=f"map {quoted(line)} ${variable}", body=body))
    return Chooser(variable=f"${variable}", parts=tuple(maps))


def location(route: str) -> str:
    """The location of a route."""
    return f"@route_{route}"


def _choice(pattern: str, to: str) -> str:
    return f"{quoted(f'~^{pattern}')} {to}"


def _pattern(match: Match, conditions: Sequence[Condition]) -> str:
    methods = "|".join(method.value for method in match.methods) or "[^ ]+"
    path = re.escape(unquote(match.path))
    rest = "/" if match.below else r"\z"
    return f"0 [a-z]+ (?:{methods}) {_digits(match, conditions)} {path}{rest}"


def _digits(match: Match, conditions: Sequence[Condition]) -> str:
    """A 1 for each condition of `match`, and anything for those of others."""
    wanted = set(match.headers.items())
    found = ""
    others = 0
    for condition in conditions:
        if condition in wanted:
            found += _any(others) + "1"
            others = 0
        else:
            others += 1
    return found + _any(others)


def _any(count: int) -> str:
    return f".{{{count}}}" if count else ""


def _condition(condition: Condition, name: str) -> Block:
    """The map that makes a digit of a header."""
    header, wanted = condition
    body = list(_cases(wanted))
    source = "$host" if header == "host" else f"$http_{header.replace('-', '_')}"
    return Block(head=f"map {source if is_askable(header) else quoted('')} ${name}", body=body)


def _cases(wanted: HeaderMatch) -> Iterator[str]:
    if wanted.present is False:
        yield f"{quoted('')} 1"
    elif wanted.exact is not None:
        yield f"{quoted(f'~^{re.escape(wanted.exact)}' + chr(92) + 'z')} 1"
    elif wanted.prefix is not None:
        yield f"{quoted(f'~^{re.escape(wanted.prefix)}')} 1"
    else:
        yield f"{quoted('~.')} 1"
    yield "default 0"
