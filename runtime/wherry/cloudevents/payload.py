"""The data of one event, in the form it came and in the form it was asked for.

Bytes are kept as they came and read once, at the first look; a value that a handler changed in
place is written anew, any other travels on unchanged. This module must not know attributes
(beyond the content type), modes or headers.
"""

from __future__ import annotations

import base64
import enum
from typing import Any

from wherry import json_library
from wherry.cloudevents import jsontext
from wherry.cloudevents.content import JSON, OPAQUE, Content, Kind, content_of
from wherry.cloudevents.faults import InvalidEvent, shown
from wherry.errors import EventError


class Unset(enum.Enum):
    """The one value that means none was given; JSON's null is a value."""

    UNSET = "unset"


UNSET = Unset.UNSET
LAST = -1
"""In place of an index: the data is the last member of the document that it came in."""


class Payload:
    """Data that is there; an event without data has no payload.

    Exactly one of `raw` (bytes) and `value` (a JSON value or text) is how the data came.
    """

    __slots__ = ("_content_type", "_index", "_raw", "_seen", "_source", "_value")

    def __init__(
        self,
        content_type: str | None,
        raw: bytes | None = None,
        value: Any = UNSET,
        source: bytes | jsontext.Elements | None = None,
        index: int = 0,
    ) -> None:
        self._content_type = content_type
        self._raw = raw
        self._value = value
        self._source = source
        self._index = index
        self._seen = False

    @property
    def implies_json(self) -> bool:
        """Whether this is JSON only because no content type said otherwise."""
        return self._content_type is None and self._raw is None

    @property
    def raw(self) -> bytes | None:
        """The bytes that it came as; None where it came as a JSON value."""
        return self._raw

    def check(self) -> None:
        """Read the data once; EventError where it is not what its content type says."""
        if self._value is UNSET:
            self._value = self._read()

    def value(self) -> Any:
        """The data for a handler: a JSON value, a string, or bytes."""
        if self._value is UNSET:
            self._value = self._read()
        self._seen = True
        return self._value

    def body(self) -> bytes:
        """The data as the body of a binary-mode message."""
        original = self._original()
        if original is not None:
            return original
        content = self._content()
        if isinstance(self._value, str) and content is not JSON:
            try:
                return self._value.encode(content.codec)
            except (UnicodeError, LookupError):
                raise InvalidEvent(
                    f"data cannot be written in the charset {shown(content.codec)!r}",
                    attribute="data",
                    hint="give it as bytes",
                ) from None
        return jsontext.dumps(self._value)

    def member(self) -> tuple[bool, object]:
        """The data as a member of a structured event: whether in base64, and what to write."""
        original = self._original()
        if original is None:
            return False, json_library.Fragment(jsontext.dumps(self._value))
        if self._raw is None:
            return False, json_library.Fragment(original)
        content = self._content()
        try:
            if content is JSON:
                if self._value is UNSET:
                    jsontext.loads_data(original)
                return False, json_library.Fragment(original)
            if content.kind is Kind.TEXT and content.codec == "utf-8":
                return False, original.decode()
        except (EventError, UnicodeDecodeError):
            pass  # it is not what it says it is: then it is bytes, and travels as such
        return True, base64.b64encode(original).decode("ascii")

    def same_as(self, other: Payload) -> bool:
        """Whether both hold the same data, by their bytes or else by their values."""
        if self._raw is not None and self._raw == other._raw and not (self._seen or other._seen):
            return True
        try:
            self.check()
            other.check()
        except EventError:
            return self._raw is not None and self._raw == other._raw
        return bool(self._value == other._value)

    def _content(self) -> Content:
        if self._content_type is not None:
            return content_of(self._content_type)
        return JSON if self._raw is None else OPAQUE

    def _read(self) -> Any:
        raw = self._raw or b""
        content = content_of(self._content_type) if self._content_type else self._content()
        if content is JSON:
            return jsontext.loads_data(raw)
        if content.kind is Kind.OPAQUE:
            return raw
        try:
            return raw.decode(content.codec)
        except UnicodeDecodeError:
            raise EventError(
                f"data must be text in {content.codec}, as its content type says; "
                "declare its charset, or application/octet-stream for bytes",
                attribute="data",
            ) from None

    def _original(self) -> bytes | None:
        """The data as it came, unless it came without a text or has been changed since."""
        original, source = self._raw, self._source
        if original is None and source is not None:
            if isinstance(source, bytes):
                original = jsontext.data_text(source, is_last=self._index == LAST)
            else:
                original = source.data_text(self._index)
        # Only a container that someone has seen can have been changed in place.
        if original is None or not (self._seen and isinstance(self._value, (dict, list))):
            return original
        return original if jsontext.dumps(self._value) == _rewritten(original) else None


def _rewritten(text: bytes) -> bytes:
    return json_library.dumps(json_library.loads(text))
