"""What a function gets that imports `parliament` where that is not installed.

This module must not know how functions are found or called.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import flask
    from cloudevents.v1.http import CloudEvent

__all__ = ["Context", "event"]


class Context(Mapping[str, Any]):
    """What a function is called with; also a mapping of what there is.

    Attributes:
        request: The request.
        cloud_event: The event that it carries, of version 1 of the cloudevents SDK, or None.
    """

    def __init__(self, request: flask.Request) -> None:
        self.request = request
        self.cloud_event: CloudEvent | None = None

    def __getitem__(self, name: str) -> Any:
        if name not in set(self):
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        yield "request"
        if self.cloud_event is not None:
            yield "cloud_event"

    def __len__(self) -> int:
        return 1 if self.cloud_event is None else 2


def event(
    function: Callable[..., Any] | None = None,
    *,
    event_type: str = "parliament.response",
    event_source: str = "/parliament/function",
) -> Callable[..., Any]:
    """Send what the function returns as the data of an event; an event goes as it is.

    Args:
        function: The function, when used bare.
        event_type: Type of the event.
        event_source: Its source.
    """

    def decorate(inner: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(inner)
        def call(*arguments: Any, **named: Any) -> Any:
            from cloudevents.v1.http import CloudEvent  # few functions answer with one

            result = inner(*arguments, **named)
            if isinstance(result, CloudEvent):
                return result
            return CloudEvent({"type": event_type, "source": event_source}, result)

        return call

    return decorate if function is None else decorate(function)
