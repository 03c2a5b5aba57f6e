"""What several commands take from a person in the same form: data, attributes, parts of a list."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])

limit_option = click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)


def state_option(told: str) -> Callable[[_Command], _Command]:
    """Let a command be asked for what is in one state of a delivery alone, as `wanted_state`."""
    return click.option(
        "--state",
        "wanted_state",
        type=click.Choice(["due", "leased", "delivered", "dead", "cancelled"]),
        help=told,
    )


def read_data(data: str | None) -> bytes:
    """The bytes that `data` stands for: itself, `@FILE`, or `@-` for the standard input.

    Raises:
        OSError: The file cannot be read.
    """
    if data is None:
        return b""
    if data == "@-":
        return sys.stdin.buffer.read()
    if data.startswith("@"):
        return Path(data[1:]).read_bytes()
    return data.encode("utf-8", "surrogateescape")


def read_attributes(given: tuple[str, ...]) -> dict[str, str]:
    """The attributes of an event in `name=value` each.

    Raises:
        UsageError: One is not of this form, or has no name that an attribute may have.
    """
    found = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not (name.isascii() and name.isalnum() and name == name.lower()):
            raise click.UsageError(f"attribute: got {each!r}, expected `name=value`")
        found[name] = value
    return found


def event_body(attributes: dict[str, str], data: bytes) -> dict[str, Any]:
    """An event as the admin API takes it: JSON as it is, other text as such, else base64."""
    if not data:
        return {"attributes": attributes}
    try:
        return {"attributes": attributes, "data": json.loads(data)}
    except ValueError:
        pass
    try:
        said: dict[str, str] = {"data": data.decode()}
        kind = "text/plain; charset=utf-8"
    except UnicodeDecodeError:
        said, kind = {"dataBase64": base64.b64encode(data).decode()}, "application/octet-stream"
    return {"attributes": {"datacontenttype": kind, **attributes}, **said}
