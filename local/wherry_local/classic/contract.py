"""What a command is told of a call, and how a deployment says which command. No I/O.

The names are those of OpenFaaS's classic watchdog: `Http_Method`, `Http_Path`, `Http_Query`,
`Http_Host`, and `Http_` with the name of each header, dashes as underscores.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote_to_bytes

from wherry.errors import RequestRefused
from wherry.problem import Problem
from wherry.request import Request
from wherry_local.deployment import Deployment

HANDLER = "wherry_local.classic.handler"
"""The handler that runs the command, as `WHERRY_HANDLER` takes it."""

COMMAND_VARIABLE = "fprocess"
TYPE_VARIABLE = "content_type"
_USUAL_TYPE = "text/plain"
_PREFIX = "Http_"


def served(deployment: Deployment) -> Deployment:
    """A deployment of a command as that of the handler that runs it; any other as it is."""
    if deployment.command is None:
        return deployment
    environment = {**deployment.environment, COMMAND_VARIABLE: shlex.join(deployment.command)}
    return replace(deployment, handler=HANDLER, environment=environment)


def call_environment(request: Request) -> dict[str, str]:
    """The variables of one call.

    Raises:
        RequestRefused: Its path holds a NUL, which no variable can.
    """
    path = unquote_to_bytes(request.path)
    if b"\0" in path:
        raise RequestRefused(Problem(status=400, detail="the path must not hold a NUL"))
    length = str(len(request.body))
    own = {
        "Http_Method": request.method,
        "Http_Path": os.fsdecode(path),
        "Http_ContentLength": length,
        "Http_Content_Length": length,
    }
    if request.query:
        own["Http_Query"] = request.query
    return {**_of_headers(request.headers), **own}


def content_type(request: Request, configured: str) -> str:
    """The answer's type: what the deployment says, else the caller's own, else plain text."""
    return configured or request.content_type or _USUAL_TYPE


def _of_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The first value of each header. A name with an underscore never hides one with a dash."""
    found: dict[str, str] = {}
    for name, value in sorted(headers, key=lambda each: b"_" in each[0]):
        canonical = "_".join(part.capitalize() for part in name.decode("ascii").split("-"))
        found.setdefault(_PREFIX + canonical, os.fsdecode(value))
    return found
