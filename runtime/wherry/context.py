"""What a handler may know of its invocation: the `Context`, and the identity it was served under.

The context makes nothing until it is asked: logger, secrets and emission are built at first use.
"""

from __future__ import annotations

import enum
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherry.deadline import Deadline

if TYPE_CHECKING:
    import logging

    from wherry.emission import Emission, Emitter
    from wherry.secrets import Secrets
    from wherry.trace import TraceParent


class Platform(enum.Enum):
    """Where the function runs, as told by the environment."""

    LOCAL = "local"
    OPENFAAS = "openfaas"
    KNATIVE = "knative"
    KUBERNETES = "kubernetes"


@dataclass(frozen=True, slots=True, kw_only=True)
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
        deadline: When the caller gets a 504 instead of an answer.
        identity: Function, revision, namespace and platform.
        trace: The caller's W3C `traceparent`, or None.
    """

    __slots__ = ("_emitter", "call_id", "deadline", "identity", "trace")

    def __init__(
        self,
        *,
        call_id: str,
        deadline: Deadline,
        identity: Identity,
        trace: TraceParent | None = None,
        emitter: Emitter | None = None,
    ) -> None:
        self.call_id = call_id
        self.deadline = deadline
        self.identity = identity
        self.trace = trace
        self._emitter = emitter

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
