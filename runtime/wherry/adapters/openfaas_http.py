"""Functions of OpenFaaS' templates python3-http and python3-http-debian: `handle(event, context)`.

Such a function is one of ours by its names: `event` would be a CloudEvent. So it is taken only when
its source shows what it is: it spells out a dict with `statusCode`, or reads of `event` what only
this template's event has, or of `context` its `hostname`; and it reads nothing of `event` that only
a CloudEvent has. This module must not know sockets or limits.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wherry.adapters import candidates
from wherry.adapters.adapter import Adapted, Source
from wherry.flask_request import flask_request
from wherry.request import Request

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers, MultiDict

SIGNATURES = ("openfaas-http",)
_PARAMETERS = ("event", "context")
_OF_TEMPLATE = frozenset({"body", "headers", "method", "query", "path"})
_OF_CLOUD_EVENT = frozenset(
    {
        "data", "data_bytes", "dataschema", "datacontenttype", "extensions", "get_attributes",
        "get_data", "id", "source", "specversion", "subject", "time", "type",
    }
)  # fmt: skip
_OF_RESULT = frozenset({"statusCode", "body", "headers"})


class Event:
    """What the template calls an event: a plain HTTP request.

    Attributes:
        method: Method as sent.
        body: The whole body.
    """

    def __init__(self, request: Request) -> None:
        self._request = flask_request(request)
        self.method = request.method
        self.body = request.body

    @property
    def headers(self) -> Headers:
        """The headers, by names in any case."""
        return self._request.headers

    @property
    def query(self) -> MultiDict[str, str]:
        """The parameters of the query."""
        return self._request.args

    @property
    def path(self) -> str:
        """The path, decoded."""
        return self._request.path


class Context:
    """What the template calls a context.

    Attributes:
        hostname: Name of the machine, in a cluster that of the pod.
    """

    def __init__(self) -> None:
        self.hostname = socket.gethostname()


def find(source: Source, signature: str | None) -> Adapted | None:
    """The function of the template; see `wherry.adapters.Adapter`."""
    function = candidates.named(source, "handle", is_asked=signature is not None)
    name = source.name or "handle"
    if signature is not None:
        if not callable(function) or not candidates.accepts(function, len(_PARAMETERS)):
            raise candidates.misfit(source, name, "a function of (event, context)")
    elif not _is_of_template(function):
        return None
    hooks = candidates.declared_hooks(source)
    return Adapted(function=_serving(function), name=name, hooks=hooks)


def _is_of_template(function: Any) -> bool:
    if not candidates.is_bare(function) or candidates.parameters(function) != _PARAMETERS:
        return False
    event = candidates.use_of(function, "event")
    if event.keys or not _OF_CLOUD_EVENT.isdisjoint(event.attributes):
        return False
    return (
        not _OF_TEMPLATE.isdisjoint(event.attributes)
        or "hostname" in candidates.use_of(function, "context").attributes
        or "statusCode" in candidates.returned_keys(function)
    )


def _serving(function: Callable[[Event, Context], Any]) -> Callable[[Request], Any]:
    context = Context()

    def serve(request: Request) -> Any:
        return answer(function(Event(request), context))

    return serve


def answer(result: Any) -> Any:
    """What a handler of ours would return for `result`.

    A dict with `statusCode`, `body` or `headers` is a whole answer, any other is JSON; bytes and
    lists as its body are themselves, where the template sends what Python prints of them.
    """
    if result is None:
        return ""
    if not isinstance(result, dict) or _OF_RESULT.isdisjoint(result):
        return result
    body = result.get("body")
    if body is None:
        body = ""
    elif not isinstance(body, (str, bytes, bytearray, dict, list)):
        body = str(body)
    return body, result.get("statusCode", 200), result.get("headers", [])
