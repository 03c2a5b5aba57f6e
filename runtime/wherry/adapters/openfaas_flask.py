"""Functions of OpenFaaS' templates python3-flask and python3-flask-debian: `handle(req)`.

`req` is the body, as text, or as bytes where `RAW_BODY` is set. With us a parameter of that name
is a `flask.Request`, so a function is taken only when its source treats `req` as only text or
bytes can be treated. This module must not know sockets or limits.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from wherry.adapters import candidates
from wherry.adapters.adapter import Adapted, Source
from wherry.request import Request

SIGNATURES = ("openfaas-flask",)
_OF_TEXT = frozenset(dir(str)) - frozenset(dir(object))


def find(source: Source, signature: str | None) -> Adapted | None:
    """The function of the template; see `wherry.adapters.Adapter`."""
    function = candidates.named(source, "handle", is_asked=signature is not None)
    name = source.name or "handle"
    if signature is not None:
        if not callable(function) or not candidates.accepts(function, 1):
            raise candidates.misfit(source, name, "a function of (req)")
    elif not _is_of_template(function):
        return None
    # The template's own variable, which belongs to the function and not to the server.
    is_raw = os.environ.get("RAW_BODY", "").lower() in {"1", "true"}
    hooks = candidates.declared_hooks(source)
    return Adapted(function=_serving(function, is_raw=is_raw), name=name, hooks=hooks)


def _is_of_template(function: Any) -> bool:
    if not candidates.is_bare(function) or candidates.parameters(function) != ("req",):
        return False
    use = candidates.use_of(function, "req")
    if not use.attributes <= _OF_TEXT:
        return False
    return use.is_text or bool(use.attributes)


def _serving(function: Callable[[Any], Any], *, is_raw: bool) -> Callable[[Request], Any]:
    def serve(request: Request) -> Any:
        result = function(request.body if is_raw else request.body.decode("utf-8", "replace"))
        return "" if result is None else result

    return serve
