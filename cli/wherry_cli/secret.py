"""`wherry secret`: the secrets of a platform, whose values nobody is ever shown."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from wherry_cli.notes import note, warn
from wherry_cli.platforms import Place, output_option, platform_options, print_json
from wherry_cli.tables import print_table, text

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.argument("name"),
    click.option(
        "--from-file",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="File with the value [default: the standard input].",
    ),
    click.option("--literal", metavar="VALUE", help="The value; others may see it in `ps`."),
    click.option("--trim/--no-trim", default=True, show_default=True, help="Cut its line end."),
    click.option("--namespace", "-n", help="Namespace [default: the platform's]."),
)


@click.group(
    epilog="""\b
Examples:
  wherry secret create api-key < key.txt
  wherry secret create api-key --from-file key.txt
  wherry secret list
  wherry secret update api-key --from-file key.txt
  wherry secret remove api-key"""
)
def command() -> None:
    """Create, list, update and remove secrets; functions read them by `context.secrets`."""


def _value_options(called: _Command) -> _Command:
    """Give `called` what says which value a secret gets, as `value`."""

    @wraps(called)
    def read(*, from_file: Path | None, literal: str | None, trim: bool, **given: Any) -> Any:
        return called(value=_value(from_file, literal, trim=trim), **given)

    for decorate in reversed(_OPTIONS):
        read = decorate(read)
    return read  # type: ignore[return-value] # click's decorators keep the function


@command.command(epilog="Example:\n\n  wherry secret create api-key --from-file key.txt")
@_value_options
@platform_options
@output_option
def create(name: str, value: bytes, namespace: str | None, place: Place, is_json: bool) -> int:
    """Create the secret NAME; its value comes from the standard input, or a file."""
    _put("POST", name, namespace, value, place)
    return _told("created", name, is_json=is_json)


@command.command(epilog="Example:\n\n  wherry secret update api-key --from-file key.txt")
@_value_options
@platform_options
@output_option
def update(name: str, value: bytes, namespace: str | None, place: Place, is_json: bool) -> int:
    """Give the secret NAME another value, which calls see from then on."""
    _put("PUT", name, namespace, value, place)
    return _told("updated", name, is_json=is_json)


@command.command("list", epilog="Example:\n\n  wherry secret list")
@click.option("--namespace", "-n", help="Namespace [default: the platform's].")
@platform_options
@output_option
def list_(namespace: str | None, place: Place, is_json: bool) -> int:
    """List the names of secrets."""
    found = place.api(hint="wherry secret list").ask(
        "GET", "/system/secrets", query={"namespace": namespace}
    )
    if is_json:
        print_json(found)
    else:
        rows = [(text(each["name"]), text(each.get("namespace"))) for each in found]
        print_table(("NAME", "NAMESPACE"), rows)
    return 0


@command.command(epilog="Example:\n\n  wherry secret remove api-key")
@click.argument("name")
@click.option("--namespace", "-n", help="Namespace [default: the platform's].")
@platform_options
@output_option
def remove(name: str, namespace: str | None, place: Place, is_json: bool) -> int:
    """Remove the secret NAME."""
    place.api(hint="wherry secret list").ask(
        "DELETE", "/system/secrets", body=_named(name, namespace)
    )
    return _told("removed", name, is_json=is_json)


def _put(method: str, name: str, namespace: str | None, value: bytes, place: Place) -> None:
    body = _named(name, namespace)
    try:
        body["value"] = value.decode()
    except UnicodeDecodeError:
        body["rawValue"] = base64.b64encode(value).decode()
    place.api(hint="wherry secret list").ask(method, "/system/secrets", body=body)


def _named(name: str, namespace: str | None) -> dict[str, str]:
    return {"name": name} if namespace is None else {"name": name, "namespace": namespace}


def _value(from_file: Path | None, literal: str | None, *, trim: bool) -> bytes:
    """The value, from the one place that it is in.

    Raises:
        UsageError: It is in two, or empty.
    """
    if from_file is not None and literal is not None:
        raise click.UsageError("--from-file and --literal are two values")
    if literal is not None:
        warn(["--literal: the value is in the list of processes and in the shell's history"])
        value = literal.encode()
    elif from_file is not None:
        value = from_file.read_bytes()
    elif sys.stdin.isatty():
        value = str(click.prompt("value", hide_input=True, err=True)).encode()
    else:
        value = sys.stdin.buffer.read()
    value = value.rstrip(b"\r\n") if trim else value
    if not value:
        raise click.UsageError("the value is empty")
    return value


def _told(word: str, name: str, *, is_json: bool) -> int:
    if is_json:
        print_json({"name": name, "result": word})
    else:
        note(f"{name}: {word}")
    return 0
