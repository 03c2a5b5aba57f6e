"""Which of the HTTP content modes a message is in; the content type decides first.

A message that declares a CloudEvents format is what it declares, whatever `ce-` headers it also
has. This module must not know bodies or attributes.
"""

from __future__ import annotations

import enum

from wherry.cloudevents.content import charset_of, media_type
from wherry.cloudevents.faults import shown
from wherry.errors import EventError

STRUCTURED_TYPE = "application/cloudevents+json"
BATCH_TYPE = "application/cloudevents-batch+json"
_PREFIX = "application/cloudevents"


class Mode(enum.Enum):
    """How a message carries its event or events; NONE where it carries no event at all."""

    BINARY = "binary"
    STRUCTURED = "structured"
    BATCH = "batch"
    NONE = "none"


_CACHE_SIZE = 512
_CACHE_CHARS = 128
_declared: dict[str, Mode] = {}


def mode_of(content_type: str | None, *, has_ce_headers: bool) -> Mode:
    """The mode of a message; EventError 415 for a CloudEvents format that is not JSON in UTF-8."""
    if content_type is not None:
        mode = _declared.get(content_type)
        if mode is None:
            mode = _declared_mode(content_type)
            if len(_declared) < _CACHE_SIZE and len(content_type) <= _CACHE_CHARS:
                _declared[content_type] = mode
        if mode is not Mode.NONE:
            return mode
    return Mode.BINARY if has_ce_headers else Mode.NONE


def require(mode: Mode, content_type: str) -> None:
    """EventError 415 unless `content_type` declares `mode`."""
    if _declared.get(content_type) is mode:
        return
    if mode_of(content_type, has_ce_headers=False) is not mode:
        expected = BATCH_TYPE if mode is Mode.BATCH else STRUCTURED_TYPE
        raise EventError(
            f"the content type must be {expected}; got {shown(content_type)!r}", status=415
        )


def _declared_mode(content_type: str) -> Mode:
    kind = media_type(content_type)
    if not kind.startswith(_PREFIX):
        return Mode.NONE
    if kind not in {STRUCTURED_TYPE, BATCH_TYPE}:
        raise EventError(
            f"the event format {shown(kind)!r} is not known here; "
            f"send {STRUCTURED_TYPE} or {BATCH_TYPE}",
            status=415,
        )
    if charset_of(content_type) not in {"", "utf-8", "utf8", "us-ascii"}:
        raise EventError("a CloudEvent in JSON must be in UTF-8", status=415)
    return Mode.BATCH if kind == BATCH_TYPE else Mode.STRUCTURED
