"""`wherry invoke`: calls a function with a request or an event."""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wherry_cli.notes import note

if TYPE_CHECKING:
    from wherry_local.client import Answered


@click.command(
    epilog="""\b
Examples:
  wherry invoke
  wherry invoke -d '{"name": "Ada"}'
  wherry invoke --type com.acme.order.placed -d @order.json
  wherry invoke http://127.0.0.1:9000/path -X PUT -H 'X-Key: 1' --data @-"""
)
@click.argument("target", required=False, metavar="[NAME|URL]")
@click.option("--data", "-d", help="Body or event data; @FILE reads a file, @- the standard input.")
@click.option("--method", "-X", help="Method [default: POST with data, else GET].")
@click.option("--header", "-H", "headers", multiple=True, help="`Name: value`; repeatable.")
@click.option("--event", is_flag=True, help="Send a CloudEvent.")
@click.option("--type", "event_type", help="The event's type.")
@click.option("--source", default="/wherry/invoke", show_default=True, help="The event's source.")
@click.option("--id", "event_id", help="The event's id [default: a new one].")
@click.option("--mode", type=click.Choice(["binary", "structured"]), default="binary")
@click.option("--port", "-p", type=int, envvar="PORT", default=8080, help="Port on this machine.")
@click.option("--timeout", "timeout_s", type=float, default=60.0, show_default=True, metavar="S")
@click.option("--json", "as_json", is_flag=True, help="Print status, headers and body as JSON.")
def command(
    target: str | None,
    data: str | None,
    method: str | None,
    headers: tuple[str, ...],
    event: bool,
    event_type: str | None,
    source: str,
    event_id: str | None,
    mode: str,
    port: int,
    timeout_s: float,
    as_json: bool,
) -> int:
    """Call a function: the one served on this machine, or the one at URL.

    The body goes to the standard output as it arrives, the status line to the standard error.
    Ends with 0 for a 2xx answer, 1 for any other.
    """
    from wherry_local import client

    url = client.address(target, port)
    body = _read(data)
    named = dict(_header(each) for each in headers)
    if event or event_type is not None:
        from wherry import CloudEvent

        sent = CloudEvent(
            type=event_type or "com.example.test",
            source=source,
            id=event_id or str(uuid.uuid4()),
            data=_event_data(body),
        )
        call = client.event_call(
            url, sent, structured=mode == "structured", method=method, headers=named
        )
    else:
        call = client.plain_call(url, method=method, headers=named, body=body)
    answer = client.send(call, timeout_s=timeout_s)
    if as_json:
        _print_json(answer)
    else:
        note(f"HTTP {answer.status} {answer.reason}".rstrip())
        for piece in answer.pieces:
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        if sys.stdout.isatty():
            click.echo()
    return 0 if 200 <= answer.status < 300 else 1


def _read(data: str | None) -> bytes:
    if data is None:
        return b""
    if data == "@-":
        return sys.stdin.buffer.read()
    if data.startswith("@"):
        return Path(data[1:]).read_bytes()
    return data.encode("utf-8", "surrogateescape")


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or any(mark in text for mark in "\r\n\0"):
        raise click.UsageError(f"header: got {text!r}, expected `Name: value`")
    return name.strip(), value.strip()


def _event_data(body: bytes) -> object:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body


def _print_json(answer: Answered) -> None:
    body = b"".join(answer.pieces)
    try:
        shown = json.loads(body)
    except ValueError:
        shown = body.decode("utf-8", "replace")
    told = {"status": answer.status, "headers": dict(answer.headers), "body": shown}
    click.echo(json.dumps(told))
