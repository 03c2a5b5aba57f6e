"""What a `datacontenttype` says of the data: JSON, text in some charset, or plain bytes.

Decides by the declared type alone, never by looking at the data, so that a handler gets the same
Python type for the same declaration. It must not know events, modes or headers.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from wherry.cloudevents.faults import shown
from wherry.errors import EventError


class Kind(enum.Enum):
    """How data of a content type is given to a handler."""

    JSON = "json"
    TEXT = "text"
    OPAQUE = "opaque"


class Content(NamedTuple):
    """A content type, understood.

    Attributes:
        kind: What data of this type is.
        codec: Python codec that turns a string of this type into bytes and back.
    """

    kind: Kind
    codec: str = "utf-8"


OPAQUE = Content(Kind.OPAQUE)
JSON = Content(Kind.JSON)

# Charsets that text may declare; ASCII is read as the UTF-8 that it is a part of. Text in any
# other charset is handed over as bytes.
_CODECS = {
    "": "utf-8",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "windows-1252": "cp1252",
}


class Contents(dict[str, Content]):
    """Content types that have been understood; bounded."""

    MOST = 512
    _MOST_CHARS = 128

    def __missing__(self, content_type: str) -> Content:
        content = _classify(content_type)
        if len(self) < self.MOST and len(content_type) <= self._MOST_CHARS:
            self[content_type] = content
        return content


content_of = Contents().__getitem__
"""Understand a content type; EventError where it could not stand in a header."""


def media_type(content_type: str) -> str:
    """The media type alone, lower-cased, without parameters."""
    return content_type.partition(";")[0].strip(" \t").lower()


def charset_of(content_type: str) -> str:
    """The charset that `content_type` declares, lower-cased, or an empty string."""
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip(" \t").lower() == "charset":
            return value.strip(' \t"').lower()
    return ""


def _classify(content_type: str) -> Content:
    # Blanks around it are lost in a header.
    plain = content_type.isascii() and content_type.isprintable()
    if not plain or not content_type or content_type != content_type.strip(" "):
        raise EventError(
            f"datacontenttype must be a media type in printable ASCII; got {shown(content_type)!r}",
            attribute="datacontenttype",
        )
    main, _, sub = media_type(content_type).partition("/")
    if sub == "json" or sub.endswith("+json"):
        return JSON
    if main == "text":
        charset = charset_of(content_type)
        codec = _CODECS.get(charset)
        return Content(Kind.OPAQUE, charset) if codec is None else Content(Kind.TEXT, codec)
    return OPAQUE
