"""W3C trace context, level 1: the `traceparent` header, read and written.

Sans I/O. A malformed header is ignored, as the recommendation asks (section 3.2.2.3).
"""

from __future__ import annotations

import re
from random import getrandbits
from typing import NamedTuple

_HEADER = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
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

    def child(self) -> str:
        """A `traceparent` for a call that this one makes: same trace, new parent id."""
        return f"00-{self.trace_id}-{getrandbits(64) or 1:016x}-{self.flags}"


def parse_traceparent(value: bytes) -> TraceParent | None:
    """The position that `value` names, or None when it is malformed."""
    match = _HEADER.fullmatch(value)
    if match is None:
        return None
    version, trace_id, parent_id, flags, rest = match.groups()
    if version == b"ff" or trace_id == _NO_TRACE or parent_id == _NO_PARENT:
        return None
    if version == b"00" and rest:
        return None
    return TraceParent(trace_id.decode(), parent_id.decode(), flags.decode())
