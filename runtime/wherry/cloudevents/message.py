"""A whole HTTP message, as header list and body, to its event or events.

For callers without a parsed request at hand: it finds the mode, gathers the `ce-` headers and
leaves the rest to the modes. Must not know how any mode is read.
"""

from __future__ import annotations

from collections.abc import Iterable

from wherry.cloudevents.batch import decode_batch
from wherry.cloudevents.binary import decode_binary
from wherry.cloudevents.content import media_type
from wherry.cloudevents.event import CloudEvent
from wherry.cloudevents.faults import shown
from wherry.cloudevents.headers import HeaderEncoding
from wherry.cloudevents.limits import DEFAULT, Limits
from wherry.cloudevents.mode import BATCH_TYPE, STRUCTURED_TYPE, Mode, mode_of
from wherry.cloudevents.structured import decode_structured
from wherry.errors import EventError

_PREFIX = "ce-"
_CONTENT_TYPE = "content-type"
_NAMES_KEPT = 1_024
_NAME_CHARS_KEPT = 64
_known: dict[bytes, str] = {}


def decode(
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    *,
    encoding: HeaderEncoding = HeaderEncoding.STRICT,
    limit: Limits = DEFAULT,
) -> CloudEvent | list[CloudEvent]:
    """The event of a message, or the list of events of a batch; EventError for anything else."""
    found: list[tuple[str, str]] = []
    content_type: str | None = None
    for raw_name, raw_value in headers:
        name = _known.get(raw_name)
        if name is None:
            name = _lower(raw_name)
        if name == "":
            continue
        if name.startswith(_PREFIX):
            found.append((name[3:], raw_value.decode("latin-1")))
        else:
            if content_type is not None:
                raise EventError(
                    "there must be one Content-Type header", attribute="datacontenttype"
                )
            content_type = raw_value.decode("latin-1").strip(" \t")
    mode = mode_of(content_type, has_ce_headers=bool(found))
    if mode is Mode.BINARY:
        attributes = _attributes(found)
        return decode_binary(attributes, content_type, body, encoding=encoding, limit=limit)
    if mode is Mode.STRUCTURED:
        return decode_structured(content_type or "", body, limit=limit)
    if mode is Mode.BATCH:
        return decode_batch(content_type or "", body, max_events=limit.events, limit=limit)
    raise _not_an_event(content_type, body)


def _lower(raw_name: bytes) -> str:
    """The lower-cased name of a header that matters here, or an empty string."""
    name = raw_name.decode("latin-1").lower()
    if name != _CONTENT_TYPE and not name.startswith(_PREFIX):
        name = ""
    if len(_known) < _NAMES_KEPT and len(raw_name) <= _NAME_CHARS_KEPT:
        _known[raw_name] = name
    return name


def _attributes(found: list[tuple[str, str]]) -> dict[str, str]:
    attributes = dict(found)
    if len(attributes) != len(found):
        seen: set[str] = set()
        for name, _ in found:
            if name in seen:
                raise EventError(
                    f"header 'ce-{shown(name)}' must not be sent twice", attribute=shown(name)
                )
            seen.add(name)
    return attributes


def _not_an_event(content_type: str | None, body: bytes) -> EventError:
    declared = media_type(content_type or "")
    if declared.endswith(("/json", "+json")) and b'"specversion"' in body:
        expected = BATCH_TYPE if body.lstrip()[:1] == b"[" else STRUCTURED_TYPE
        return EventError(
            f"the body looks like a CloudEvent but its content type is {shown(declared)!r}; "
            f"send it with Content-Type: {expected}",
            attribute="specversion",
        )
    return EventError(
        "not a CloudEvent: there is no ce-specversion header, and the content type is not "
        f"{STRUCTURED_TYPE}",
        attribute="specversion",
    )
