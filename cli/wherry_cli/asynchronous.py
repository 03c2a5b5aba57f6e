"""What `wherry invoke --async` and `wherry calls` share: a call that the platform makes later."""

from __future__ import annotations

import base64
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from wherry_cli.notes import note
from wherry_cli.platforms import Place, print_json

if TYPE_CHECKING:
    from wherry_local.admin.api import AdminApi
    from wherry_local.client import Call

_OVER = frozenset({"delivered", "dead", "cancelled"})
_FIRST_LOOK_S = 0.02
_LAST_LOOK_S = 1.0


def call_later(
    call: Call, place: Place, *, timeout_s: float, is_waiting: bool, is_json: bool
) -> int:
    """Have the gateway make `call`, print its id, and with `is_waiting` what it is answered."""
    from wherry_local import client

    answer = client.send(call, timeout_s=timeout_s)
    said = b"".join(answer.pieces)
    call_id = next((value for name, value in answer.headers if name.lower() == "x-call-id"), "")
    if answer.status != 202:
        note(f"HTTP {answer.status} {answer.reason}".rstrip())
        _write(said)
        return 1
    if not is_waiting:
        print_json({"id": call_id}) if is_json else click.echo(call_id)
        return 0
    note(f"call {call_id}")
    return print_call(waited_for(place.api(), call_id, timeout_s=timeout_s), is_json=is_json)


def waited_for(api: AdminApi, call_id: str, *, timeout_s: float) -> dict[str, Any]:
    """How the call stands when it is over.

    Raises:
        ClickException: It is not, after `timeout_s`.
        AdminRefused: The gateway knows no such call, or does not tell.
    """
    deadline = time.monotonic() + timeout_s
    pause_s = _FIRST_LOOK_S
    while True:
        call: dict[str, Any] = api.ask("GET", f"/async-function/{quote(call_id, safe='')}")
        if call["state"] in _OVER:
            return call
        if time.monotonic() + pause_s > deadline:
            raise click.ClickException(
                f"call {call_id} is {call['state']} after {timeout_s:g} s and "
                f"{call['tries']} tries; wherry calls show {call_id}"
            )
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, _LAST_LOOK_S)


def print_call(call: dict[str, Any], *, is_json: bool) -> int:
    """Print what a call was answered; the exit code, 0 for a 2xx answer."""
    status = call.get("status") or 0
    if is_json:
        print_json(call)
    else:
        tries = "1 try" if call["tries"] == 1 else f"{call['tries']} tries"
        note(f"{call['state']} after {tries}" + (f", HTTP {status}" if status else ""))
        body = call.get("body") or {}
        _write(
            base64.b64decode(body["base64"]) if "base64" in body else body.get("text", "").encode()
        )
        if body.get("truncated"):
            note(f"cut: the answer had {body['bytes']} bytes")
    return 0 if 200 <= status < 300 else 1


def _write(body: bytes) -> None:
    """Print a body as it is; on a terminal the prompt comes on a line of its own."""
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()
    if sys.stdout.isatty():
        click.echo()
