"""The handler of a function that is a command: runs `fprocess` once for each call.

The call's body is the command's standard input, its standard output is the answer's body, and what
it writes to its standard error goes to the log and never to the caller. An exit code other than 0
is a 500; at the deadline of the call the command is killed, and the runtime has answered 504. These
two variables are the function's own, as in an image with the classic watchdog, so they are read
here and not by the runtime's settings.
"""

from __future__ import annotations

import os
import shlex
import sys
from typing import Any

from wherry.context import Context
from wherry.errors import RequestRefused
from wherry.problem import CONTENT_TYPE, Problem
from wherry.request import Request
from wherry_local.classic.contract import (
    COMMAND_VARIABLE,
    TYPE_VARIABLE,
    call_environment,
    content_type,
)
from wherry_local.classic.execution import Ended, run

_OF_THE_REPLICA = ("WHERRY_LISTEN_FD", "WHERRY_READY_FD", COMMAND_VARIABLE)

_command = shlex.split(os.environ.get(COMMAND_VARIABLE, ""))
if not _command:
    raise SystemExit(f"{COMMAND_VARIABLE}: got no command, expected one such as `cat`")
_environment = {key: text for key, text in os.environ.items() if key not in _OF_THE_REPLICA}


async def handle(request: Request, context: Context) -> Any:
    """Answer one call with what the command makes of it."""
    try:
        environment = {**_environment, **call_environment(request)}
    except RequestRefused as refusal:
        return _answer(refusal.problem, context)
    try:
        ended = await run(_command, request.body, environment, _complain)
    except OSError as error:
        _complain(f"{_command[0]}: cannot be started: {error.strerror}")
        return _failed(context)
    if ended.is_cut or ended.code:
        _complain(f"{_command[0]}: {_ending(ended)}")
        return _failed(context)
    configured = os.environ.get(TYPE_VARIABLE, "")
    return ended.output, 200, {"Content-Type": content_type(request, configured)}


def _ending(ended: Ended) -> str:
    if ended.is_cut:
        return "ended, for it wrote more than a function may"
    if ended.code < 0:
        return f"ended by signal {-ended.code}"
    return f"ended with exit code {ended.code}"


def _failed(context: Context) -> Any:
    return _answer(Problem(status=500, detail="the function's command failed"), context)


def _answer(problem: Problem, context: Context) -> Any:
    return problem.body(context.call_id), problem.status, {"Content-Type": CONTENT_TYPE.decode()}


def _complain(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - the log of a function
