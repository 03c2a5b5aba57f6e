"""W3C trace context, level 1, and baggage: their header fields, read and written.

Sans I/O. What is malformed is ignored, as the recommendations ask (Trace Context section 3.2.2.3,
Baggage section 3.3), and what is too long to be passed on is dropped whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

_STATE_FIELD, _BAGGAGE_FIELD = "tracestate", "baggage"
FIELDS = frozenset({_STATE_FIELD, _BAGGAGE_FIELD})
"""Lower-case names of the fields beside `traceparent`."""

# These two are compiled when they are first needed, and kept by `re`.
_STATE_MEMBER = r"[a-z0-9][a-z0-9_*/@-]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]"
_STATE_MEMBERS, _BAGGAGE_MEMBERS = 32, 64
_BAGGAGE_BYTES = 8192
_BAGGAGE_KEY = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_NO_TRACE, _NO_PARENT = b"0" * 32, b"0" * 16


class TraceParent(NamedTuple):
    """The caller's position in a trace.

    Attributes:
        trace_id: 32 lower-case hexadecimal digits.
        parent_id: 16 lower-case hexadecimal digits.
        flags: 2 hexadecimal digits; `01` is sampled.
    """

    trace_id: str
    parent_id: str
    flags: str

    @property
    def is_sampled(self) -> bool:
        """Whether the caller may have recorded it (the flag `01`)."""
        return bool(int(self.flags, 16) & 1)

    def child(self) -> str:
        """A `traceparent` for a call that this one makes: same trace, new parent id."""
        from random import getrandbits  # only who calls on needs it

        return self._replace(parent_id=f"{getrandbits(64) or 1:016x}").header

    @property
    def header(self) -> str:
        """This position as a `traceparent`."""
        return f"00-{self.trace_id}-{self.parent_id}-{self.flags}"


def parse_traceparent(value: bytes) -> TraceParent | None:
    """The position that `value` names, or None when it is malformed."""
    match = _header().fullmatch(value)
    if match is None:
        return None
    version, trace_id, parent_id, flags, rest = match.groups()
    if version == b"ff" or trace_id == _NO_TRACE or parent_id == _NO_PARENT:
        return None
    if version == b"00" and rest:
        return None
    return TraceParent(trace_id.decode(), parent_id.decode(), flags.decode())


@cache
def _header() -> re.Pattern[bytes]:
    """Compiled for the first call that has one: no start needs it."""
    return re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


class Passage(NamedTuple):
    """What travels beside a trace, as it is passed on to those that are called.

    Attributes:
        state: Value of `tracestate`; empty where there is none.
        baggage: Value of `baggage`; empty where there is none.
    """

    state: str = ""
    baggage: str = ""


def parse_passage(fields: Iterable[tuple[str, bytes]]) -> Passage:
    """What the fields named `FIELDS` say; a field may stand several times."""
    said: dict[str, list[str]] = {}
    for name, value in fields:
        if name in FIELDS:
            said.setdefault(name, []).extend(_members(value))
    state, baggage = said.get(_STATE_FIELD, []), said.get(_BAGGAGE_FIELD, [])
    if len(state) > _STATE_MEMBERS or not all(re.fullmatch(_STATE_MEMBER, each) for each in state):
        state = []
    baggage = [member for member in baggage if _pair(member) is not None]
    if len(baggage) > _BAGGAGE_MEMBERS or sum(map(len, baggage)) > _BAGGAGE_BYTES:
        baggage = []
    return Passage(",".join(state), ",".join(baggage))


def baggage_of(value: str) -> Mapping[str, str]:
    """The names and values in a `baggage`, without the properties that values may have."""
    from urllib.parse import unquote

    pairs = (_pair(member) for member in value.split(",") if member)
    return {name: unquote(text) for name, text in filter(None, pairs)}


def _members(value: bytes) -> list[str]:
    text = value.decode("latin-1")
    return [member for member in (each.strip(" \t") for each in text.split(",")) if member]


def _pair(member: str) -> tuple[str, str] | None:
    name, equals, value = member.partition(";")[0].partition("=")
    name, value = name.strip(" \t"), value.strip(" \t")
    if not equals or re.fullmatch(_BAGGAGE_KEY, name) is None:
        return None
    return (name, value) if member.isascii() and member.isprintable() else None
