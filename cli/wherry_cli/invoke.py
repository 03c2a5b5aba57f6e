"""`wherry invoke`: calls a function with a request or an event."""

from __future__ import annotations

import json
import sys
import uuid
from typing import TYPE_CHECKING, Any

import click

from wherry_cli.arguments import read_data
from wherry_cli.notes import note
from wherry_cli.platforms import Place, complete_functions, platform_options

if TYPE_CHECKING:
    from wherry_local.client import Answered, Call


@click.command(
    epilog="""\b
Examples:
  wherry invoke
  wherry invoke hello -d '{"name": "Ada"}'
  wherry invoke orders --type com.acme.order.placed -d @order.json
  wherry invoke thumbnail --async --wait -d @picture.png
  wherry invoke hello --gateway https://faas.example.com
  wherry invoke http://127.0.0.1:9000/path -X PUT -H 'X-Key: 1' --data @-"""
)
@click.argument("target", required=False, metavar="[NAME|URL]", shell_complete=complete_functions)
@click.option("--data", "-d", help="Body or event data; @FILE reads a file, @- the standard input.")
@click.option("--method", "-X", help="Method [default: POST with data, else GET].")
@click.option("--header", "-H", "headers", multiple=True, help="`Name: value`; repeatable.")
@click.option("--event", is_flag=True, help="Send a CloudEvent.")
@click.option("--type", "event_type", help="The event's type.")
@click.option("--source", default="/wherry/invoke", show_default=True, help="The event's source.")
@click.option("--id", "event_id", help="The event's id [default: a new one].")
@click.option("--mode", type=click.Choice(["binary", "structured"]), default="binary")
@click.option(
    "--async", "is_async", is_flag=True, help="Have it called later; print the call's id."
)
@click.option("--wait", "is_waiting", is_flag=True, help="Wait for the answer of an --async call.")
@click.option("--port", "-p", type=int, envvar="PORT", help="Port on this machine [default: 8080].")
@click.option("--timeout", "timeout_s", type=float, default=60.0, show_default=True, metavar="S")
@platform_options
@click.option(
    "-o",
    "--output",
    type=click.Choice(["body", "json"]),
    default="body",
    show_default=True,
    help="What is printed; json is status, headers and body.",
)
@click.option("--json", "as_json", is_flag=True, help="As -o json.")
@click.pass_context
def command(
    ctx: click.Context,
    target: str | None,
    data: str | None,
    method: str | None,
    headers: tuple[str, ...],
    event: bool,
    event_type: str | None,
    source: str,
    event_id: str | None,
    mode: str,
    is_async: bool,
    is_waiting: bool,
    port: int | None,
    timeout_s: float,
    place: Place,
    output: str,
    as_json: bool,
) -> int:
    """Call a function: NAME, or the one at URL.

    NAME, which a path and a query may follow, is a function of the platform that runs here
    (`wherry up`), or of --gateway; without either, and with --port, it is the function that `wherry
    run` serves on this machine. The body goes to the standard output as it arrives, the status line
    to the standard error. Ends with 0 for a 2xx answer, 1 for any other.
    """
    from wherry_local import client

    if is_waiting and not is_async:
        raise click.UsageError("--wait is for --async; without it the answer is waited for anyway")
    is_port_said = ctx.get_parameter_source("port") is click.core.ParameterSource.COMMANDLINE
    url = _url(target, port, place, is_port_said=is_port_said, is_async=is_async)
    body = read_data(data)
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
        called = method or ("POST" if is_async else None)
        call = client.plain_call(url, method=called, headers=named, body=body)
    is_json = as_json or output == "json"
    if is_async:
        from wherry_cli.asynchronous import call_later

        return call_later(call, place, timeout_s=timeout_s, is_waiting=is_waiting, is_json=is_json)
    return _call(call, timeout_s=timeout_s, is_json=is_json)


def _url(
    target: str | None, port: int | None, place: Place, *, is_port_said: bool, is_async: bool
) -> str:
    """Where the call goes.

    Raises:
        UsageError: It is not said which function is meant.
        PlatformAbsent: A platform is needed, and none is there.
    """
    from wherry_local import client

    is_url = target is not None and target.startswith(("http://", "https://"))
    is_asked = place.gateway is not None or place.project is not None or is_async
    if is_url and not is_async:
        return client.address(target, 0)
    if is_url:
        raise click.UsageError("--async takes a NAME: the gateway keeps the call")
    if not is_asked and (is_port_said or not place.is_known()):
        return client.address(target, port if port is not None else 8080)
    api = place.api(hint="wherry list")
    if target is None:
        target = _only([each["name"] for each in api.ask("GET", "/system/functions")])
    prefix = "async-function" if is_async else "function"
    return f"{api.gateway}/{prefix}/{target.lstrip('/')}"


def _only(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    raise click.UsageError(f"which function? there are: {', '.join(names) or 'none'}")


def _call(call: Call, *, timeout_s: float, is_json: bool) -> int:
    from wherry_local import client

    answer = client.send(call, timeout_s=timeout_s)
    if is_json:
        _print_json(answer)
    else:
        note(f"HTTP {answer.status} {answer.reason}".rstrip())
        for piece in answer.pieces:
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        if sys.stdout.isatty():
            click.echo()
    return 0 if 200 <= answer.status < 300 else 1


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
    shown: Any
    try:
        shown = json.loads(body)
    except ValueError:
        shown = body.decode("utf-8", "replace")
    told = {"status": answer.status, "headers": dict(answer.headers), "body": shown}
    click.echo(json.dumps(told))
