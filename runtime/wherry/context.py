"""What a handler may know of its invocation: the `Context`, and the identity it was served under.

The context makes nothing until it is asked: logger, secrets and emission are built at first use.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from wherry.deadline import Deadline
from wherry.values import frozen

if TYPE_CHECKING:
    import logging

    from wherry.cloudevents import CloudEvent
    from wherry.emission import Emission, Emitter
    from wherry.secrets import Secrets
    from wherry.trace import Passage, TraceParent


class Platform(enum.Enum):
    """Where the function runs, as told by the environment."""

    LOCAL = "local"
    OPENFAAS = "openfaas"
    KNATIVE = "knative"
    KUBERNETES = "kubernetes"


@frozen
class Identity:
    """The name under which this process serves.

    Attributes:
        function: Name of the function.
        revision: Name of the revision, empty where the platform has none.
        namespace: Namespace, empty where the platform has none.
        platform: The platform.
    """

    function: str
    revision: str = ""
    namespace: str = ""
    platform: Platform = Platform.LOCAL


CURRENT: ContextVar[Context | None] = ContextVar("wherry_context", default=None)
"""The context of the invocation that this code runs for; logs and emission read it."""


class Context:
    """One invocation as its handler sees it.

    Attributes:
        call_id: Id of this call, from `X-Call-Id` or made here; `[A-Za-z0-9._-]{1,128}`.
        identity: Function, revision, namespace and platform.
        trace: The caller's W3C `traceparent`, or None.
    """

    __slots__ = (
        "_deadline",
        "_emitter",
        "_passage",
        "_secrets",
        "_start_time_ns",
        "call_id",
        "identity",
        "trace",
    )

    def __init__(
        self,
        call_id: str,
        deadline: Deadline | float,  # or its moment: few calls ask for it
        identity: Identity,
        trace: TraceParent | None = None,
        emitter: Emitter | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        self.call_id = call_id
        self._deadline = deadline
        self.identity = identity
        self.trace = trace
        self._emitter = emitter
        self._secrets = secrets

    @property
    def deadline(self) -> Deadline:
        """When the caller gets a 504 instead of an answer."""
        found = self._deadline
        if not isinstance(found, Deadline):
            found = self._deadline = Deadline(found)
        return found

    @property
    def start_time_ns(self) -> int | None:
        """When the gateway took the call, in Unix nanoseconds; None where it did not say so.

        OpenFaaS's gateway sends it as `X-Start-Time`.
        """
        return getattr(self, "_start_time_ns", None)  # unset in most calls, and so free in them

    def note_start(self, nanoseconds: int) -> None:
        """Set `start_time_ns`; for whoever makes the context."""
        self._start_time_ns = nanoseconds

    @property
    def trace_state(self) -> str:
        """The caller's `tracestate`; empty where there is none, or no trace."""
        passage: Passage | None = getattr(self, "_passage", None)
        return "" if passage is None or self.trace is None else passage.state

    @property
    def baggage(self) -> Mapping[str, str]:
        """What the caller's W3C `baggage` says; it is passed on with events that are emitted."""
        if not self.baggage_header:
            return {}
        from wherry.trace import baggage_of

        return baggage_of(self.baggage_header)

    @property
    def baggage_header(self) -> str:
        """The same as a header field's value."""
        passage: Passage | None = getattr(self, "_passage", None)
        return "" if passage is None else passage.baggage

    def note_passage(self, passage: Passage) -> None:
        """Set what travels beside the trace; for whoever makes the context."""
        self._passage = passage

    @property
    def function(self) -> str:
        """Name of the function."""
        return self.identity.function

    @property
    def revision(self) -> str:
        """Name of the revision, empty where the platform has none."""
        return self.identity.revision

    @property
    def platform(self) -> Platform:
        """The platform the function runs on."""
        return self.identity.platform

    @property
    def logger(self) -> logging.Logger:
        """The logger `wherry.function.<name>`; its lines carry the call id and the trace."""
        import logging

        return logging.getLogger(f"wherry.function.{self.identity.function}")

    @property
    def secrets(self) -> Secrets:
        """The secrets of the function, from files and the environment, read when asked for."""
        if self._secrets is None:
            from wherry.secrets import Secrets

            self._secrets = Secrets()
        return self._secrets

    def emit(
        self,
        event: CloudEvent | None = None,
        *,
        type: str | None = None,  # noqa: A002 - the attribute's own name
        data: Any = None,
        source: str | None = None,
        subject: str | None = None,
        id: str | None = None,  # noqa: A002
        **extensions: Any,
    ) -> Emission:
        """Send an event to the sink (`K_SINK` or `WHERRY_SINK`), with retries until the deadline.

        A sync handler gets control back when the sink has accepted; an async one at once, and
        awaits what it gets: `await context.emit(type="com.acme.paid", data={"amount": 5})`.

        Args:
            event: An event of one's own; else one is made from what follows.
            type: Its type.
            data: Its data: JSON, text or bytes.
            source: Its source; the function's own when None.
            subject: Its subject.
            id: Its id; a random one when None.
            extensions: Extension attributes.

        Raises:
            EmitError: There is no sink, or it did not take the event (an async handler gets this
                from `await`).
            InvalidEvent: The specification does not allow this event.
            TypeError: Neither an event nor a type is given, or both are.
        """
        from wherry.emission import Emitter

        emitter = self._emitter or Emitter(None, {}, f"/{self.identity.function}")
        if event is None and type is not None:
            event = emitter.event(type, data, source=source, subject=subject, id=id, **extensions)
        elif event is None or type is not None:
            raise TypeError("emit: expected either an event or its type")
        return emitter.emit(event, self)

    def __repr__(self) -> str:
        return f"<Context {self.call_id} of {self.identity.function!r}>"
