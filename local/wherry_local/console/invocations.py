"""The call that a form asks for, and the same call as a line to paste. No I/O."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from urllib.parse import quote

from wherry.cloudevents import encode_binary
from wherry_local.client import content_type
from wherry_local.console.api import Invocation
from wherry_local.console.event_fields import event_of
from wherry_local.console.forms import Form, FormFault, pairs

METHODS = ("POST", "GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
AS_EVENT = "event"
AS_REQUEST = "request"
# What belongs to the connection, and is made anew for each.
_OF_CONNECTION = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_IN_PATH = "/%:@!$&'()*+,;=~"
_IN_QUERY = _IN_PATH + "?"
_NOT_IN_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def invocation(form: Form, *, function: str, namespace: str, call_id: str) -> Invocation:
    """The call of a form.

    Raises:
        FormFault: A field holds what cannot be sent.
    """
    headers = [_header(name, value) for name, value in pairs(form.lines("headers"), what="headers")]
    path, _, query = form.text("path").partition("?")
    query = "&".join(filter(None, [query, form.text("query").removeprefix("?")]))
    is_event = form.text("mode") == AS_EVENT
    body = form.lines("body").encode()
    method = "POST" if is_event else form.text("request-method") or "POST"
    if method not in METHODS:
        raise FormFault(f"method: expected one of {', '.join(METHODS)}, got {method!r}")
    if is_event:
        carried, body = encode_binary(event_of(form))
        headers = [*((name.decode(), value.decode("latin-1")) for name, value in carried), *headers]
    elif body and "content-type" not in {name.lower() for name, _ in headers}:
        headers = [("Content-Type", content_type(body)), *headers]
    return Invocation(
        function=function,
        namespace=namespace,
        method=method,
        path="/" + quote(path.lstrip("/"), safe=_IN_PATH),
        query=quote(query, safe=_IN_QUERY),
        headers=headers,
        body=body,
        call_id=call_id,
    )


def as_curl(invocation: Invocation, url: str) -> str:
    """The call as a line for a shell, to the address of the function."""
    query = f"?{invocation.query}" if invocation.query else ""
    words = [
        f"curl -i -X {invocation.method}",
        shlex.quote(url.rstrip("/") + invocation.path + query),
    ]
    if invocation.method == "HEAD":
        words[0] = "curl -I"  # with -X HEAD it would wait for a body that never comes
    words += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in invocation.headers]
    if invocation.body:
        words.append(f"--data-binary {shlex.quote(invocation.body.decode('utf-8', 'replace'))}")
    return " \\\n  ".join(words)


def example(
    trigger: Mapping[str, object] | None, latest: Mapping[str, str] | None
) -> dict[str, str]:
    """Fields to begin with: the latest event of a trigger that feeds the function, or a request."""
    fields = {
        "mode": AS_REQUEST,
        "request-method": "POST",
        "path": "/",
        "query": "",
        "headers": "",
        "body": '{"name": "Ada"}',
        "event-type": "com.example.test",
        "event-source": "/console",
        "event-id": "",
        "event-subject": "",
        "event-attributes": "",
    }
    if trigger is not None:
        fields |= {
            "mode": AS_EVENT,
            "event-type": wanted_type(trigger.get("filters")) or fields["event-type"],
        }
    return {**fields, **(latest or {})}


def wanted_type(filters: object) -> str:
    """The type of event that filters ask for, where one does so in plain words; else empty."""
    for each in filters if isinstance(filters, list) else ():
        if not isinstance(each, dict):
            continue
        for dialect in ("exact", "prefix", "suffix"):
            wanted = each.get(dialect)
            if isinstance(wanted, dict) and wanted.get("type"):
                return str(wanted["type"])
        for dialect in ("all", "any"):
            found = wanted_type(each.get(dialect))
            if found:
                return found
    return ""


def _header(name: str, value: str) -> tuple[str, str]:
    if name.lower() in _OF_CONNECTION:
        raise FormFault(f"headers: {name} belongs to the connection, leave it out")
    if _NOT_IN_VALUE.search(value):
        raise FormFault(f"headers: the value of {name} holds a control character")
    return name, value
