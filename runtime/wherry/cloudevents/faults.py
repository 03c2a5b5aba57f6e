"""How the codec says that something is wrong, and how little of it it repeats.

A fault in what arrived is an `EventError` (the sender's, 4xx); a fault in what a handler made is
an `InvalidEvent` (ours to answer with a bare 500). This module must not know what is checked.
"""

from __future__ import annotations

from wherry.errors import WherryError

SHOWN_CHARS = 64


class InvalidEvent(WherryError, ValueError):  # noqa: N818 - named for the state, like its kin
    """The handler made an event that the specification does not allow or nothing can encode.

    Attributes:
        attribute: Name of the attribute at fault, or `data`, or `` for the event as a whole.
    """

    def __init__(self, message: str, *, attribute: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.attribute = attribute

    def __reduce__(self) -> tuple[object, ...]:
        """Pickled by its parts: `hint` and `attribute` are keyword-only."""
        return (_invalid_event, (self.message, self.attribute, self.hint))


def _invalid_event(message: str, attribute: str, hint: str) -> InvalidEvent:
    return InvalidEvent(message, attribute=attribute, hint=hint)


def shown(text: str) -> str:
    """At most 64 printable ASCII characters of `text`, fit for a problem's detail."""
    if len(text) > SHOWN_CHARS:
        text = text[: SHOWN_CHARS - 3] + "..."
    return "".join(char if " " <= char <= "~" else "?" for char in text)
