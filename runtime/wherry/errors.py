"""The error tree of the runtime.

    WherryError
    ├── ConfigError               a setting is wrong                       exit 2
    ├── HandlerError              the function cannot be served            exit 3
    │   ├── HandlerNotFound         no such file, folder or module
    │   ├── HandlerNameNotFound     the file has no such function
    │   ├── HandlerSignatureError   a parameter that nothing can fill
    │   ├── HandlerImportError      the user's module raised while importing
    │   ├── HandlerConflict         two functions of one process want the same
    │   └── HandlerStartError       the user's `start` hook raised
    ├── LifecycleError            a transition that the state table does not have
    ├── RequestRefused            the caller is told why, by a Problem     4xx, 503, 504
    │   ├── EventError              not a valid CloudEvent                 400, 413, 415
    │   └── PayloadError            typed parameter does not fit           400, 422
    ├── InvocationFailed          the handler raised; the cause is chained 500
    ├── ResponseError             the handler returned what cannot be sent 500
    ├── SecretNotFound            no such secret in files or environment
    └── EmitError                 the sink did not take an event

Each carries what happened, where, what was got and what was expected; `hint` is the next thing
to type. Nothing here imports another module of the project but `problem`.
"""

from __future__ import annotations

from collections.abc import Sequence

from wherry.problem import Problem


class WherryError(Exception):
    """Root of every error that Wherry's runtime raises on purpose."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(WherryError):
    """A setting has a value that cannot be used; names the variable, what was got and expected."""

    exit_code = 2


class HandlerError(WherryError):
    """The function cannot be served."""

    exit_code = 3


class HandlerNotFound(HandlerError):  # noqa: N818 - named for the state, as in the tree above
    """No such file, folder or module."""


class HandlerNameNotFound(HandlerError):  # noqa: N818
    """The module exists and has no such function; the message lists what it has."""


class HandlerSignatureError(HandlerError):
    """A parameter that nothing can fill."""


class HandlerImportError(HandlerError):
    """The user's module raised while it was imported; the cause is chained."""


class HandlerConflict(HandlerError):  # noqa: N818 - named for the state, as in the tree above
    """Two functions of one process have the same name, path or event type."""


class HandlerStartError(HandlerError):
    """The user's `start` hook raised; the cause is chained."""


class LifecycleError(WherryError):
    """A transition that the state table does not have."""


class RequestRefused(WherryError):  # noqa: N818 - it is an answer as much as an error
    """The caller is answered by `problem`; the handler is not at fault."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail or problem.title)
        self.problem = problem


class EventError(RequestRefused):
    """The request is not a valid CloudEvent.

    Attributes:
        attribute: Name of the context attribute at fault, or `data`, or `` for the whole message.
    """

    def __init__(self, detail: str, *, attribute: str = "", status: int = 400) -> None:
        members: dict[str, object] = {"attribute": attribute} if attribute else {}
        super().__init__(
            Problem(status=status, title="Invalid CloudEvent", detail=detail, members=members)
        )
        self.attribute = attribute


class PayloadError(RequestRefused):
    """The body does not fit the handler's typed parameter.

    Attributes:
        errors: One entry a fault: `{"path": "/items/0/price", "expected": "float", ...}`.
    """

    def __init__(
        self, detail: str, *, errors: Sequence[dict[str, str]] = (), status: int = 422
    ) -> None:
        members: dict[str, object] = {"errors": list(errors)} if errors else {}
        super().__init__(
            Problem(status=status, title="Invalid payload", detail=detail, members=members)
        )
        self.errors = list(errors)


class InvocationFailed(WherryError):  # noqa: N818 - named for the state, as in the tree above
    """The handler raised; whatever it was is the cause, and the caller gets a bare 500.

    An error of the handler's own is always inside one of these, so that it can never be taken
    for a fault of the request.
    """


class ResponseError(WherryError):
    """The handler returned something that is no HTTP response; the caller gets a bare 500."""


class SecretNotFound(WherryError, KeyError):  # noqa: N818
    """No such secret in the mounted files or the environment; names the places, not values."""

    def __str__(self) -> str:
        return self.message


class EmitError(WherryError):
    """The sink did not take an event.

    Attributes:
        status: The sink's last HTTP status, or None when it could not be reached.
        attempts: How many times it was tried.
    """

    def __init__(self, message: str, *, status: int | None = None, attempts: int = 1) -> None:
        super().__init__(message)
        self.status = status
        self.attempts = attempts
