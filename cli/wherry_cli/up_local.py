"""`wherry up` without --target: the platform of a project, in this process or in one beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wherry_cli.notes import note, warn
from wherry_cli.platforms import Place, output_option, print_json

if TYPE_CHECKING:
    from wherry_local.platform.settings import Settings

_OF_THE_START = frozenset({"detach", "logs", "output"})
"""Options that are about the start, and not about what is started."""

_OPEN = (
    "--listen {}: functions and brokers answer whoever reaches this machine; the administration "
    "asks for the password"
)


@click.command("up")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--watch/--no-watch", default=True, show_default=True, help="Renew what an edit concerns."
)
@click.option(
    "--logs/--no-logs", default=True, show_default=True, help="Print what functions write."
)
@click.option(
    "--port",
    "-p",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port of the gateway; 0 takes any free one.",
)
@click.option(
    "--broker-port",
    type=click.IntRange(0, 65535),
    default=8090,
    show_default=True,
    help="Port of the broker; 0 takes any free one.",
)
@click.option(
    "--listen",
    metavar="ADDR",
    help="Be reached from other machines at this address, as 0.0.0.0 [default: loopback only].",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="With --listen, a name or address by which callers may ask; repeatable.",
)
@click.option(
    "--password-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with the password of `admin` [default: one is made and kept in .wherry].",
)
@click.option("--detach", "-d", is_flag=True, help="Go to the background once it is ready.")
@click.option(
    "--triggers",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    metavar="FILE",
    help="File or folder with Broker and Trigger manifests; repeatable.",
)
@click.option(
    "--allow-private",
    is_flag=True,
    help="Let callbacks and subscribers be at private addresses.",
)
@click.option(
    "--queue",
    "queue_url",
    metavar="URL",
    help="NATS server that holds the queue, as nats://127.0.0.1:4222 [default: a file].",
)
@click.option(
    "--env", "environment", metavar="NAME", default="", help="Environment of wherry.yaml."
)
@output_option
@click.pass_context
def command(
    ctx: click.Context,
    path: Path,
    watch: bool,
    logs: bool,
    port: int,
    broker_port: int,
    listen: str | None,
    hosts: tuple[str, ...],
    password_file: Path | None,
    detach: bool,
    triggers: tuple[Path, ...],
    allow_private: bool,
    queue_url: str | None,
    environment: str,
    is_json: bool,
) -> int:
    """Serve the project at PATH on this machine."""
    from wherry_build.project import Project, read_project
    from wherry_local.admin.location import home_of
    from wherry_local.platform.settings import Settings

    if is_json and not detach:
        raise click.UsageError("-o json tells where it is; it goes with --detach")
    if listen is not None:
        listen = listen.strip().removeprefix("[").removesuffix("]")
        if not listen:
            raise click.UsageError("--listen: expected an address of this machine, as 0.0.0.0")
    if hosts and listen is None:
        raise click.UsageError("--allow-host is for callers from elsewhere; give --listen")

    def read() -> Project:
        return read_project(path, environment=environment)

    project = read()
    settings = Settings(
        project=project,
        root=home_of(project),
        read=read,
        host=listen if listen is not None else "127.0.0.1",
        port=port,
        broker_port=broker_port,
        watch=watch,
        logs=logs,
        listen=None if listen is None else _callers(listen, hosts),
        password=_password(password_file),
        triggers=triggers,
        allow_private=allow_private,
        queue_url=queue_url,
    )
    if listen is not None:
        warn([_OPEN.format(listen)])
    return _detached(ctx, settings.root, is_json=is_json) if detach else _served(settings)


def _served(settings: Settings) -> int:
    from wherry_local.platform.run import run

    return run(settings)


def _detached(ctx: click.Context, root: Path, *, is_json: bool) -> int:
    """Start this command again without --detach, and say where the platform is."""
    from dataclasses import asdict

    from wherry_cli.detachment import LOG, started
    from wherry_local.state import StateFolder

    state = StateFolder.of(root)
    came = started(["up", *_arguments(ctx), "--no-logs"], state)
    if isinstance(came, int):
        return came
    if is_json:
        print_json(asdict(came))
        return 0
    brokers = Place(project=root).api().ask("GET", "/system/overview")["brokers"]
    for word, where in (
        ("gateway", came.gateway),
        ("console", f"{came.gateway}/ui/"),
        *(("broker", each["url"]) for each in brokers),
        ("log", state.path / LOG),
    ):
        click.echo(f"{word:<8} {where}")
    note(f"process {came.pid}; end it with: wherry down")
    return 0


def _arguments(ctx: click.Context) -> list[str]:
    """What was given, once more, but for what the process in the background is not to do."""
    given: list[str] = []
    for param in ctx.command.params:
        value = ctx.params[param.name or ""]
        if isinstance(param, click.Argument):
            given.append(str(value))
        elif isinstance(param, click.Option) and param.name not in _OF_THE_START:
            if param.is_flag:
                given += [param.opts[0]] if value else list(param.secondary_opts)
            else:
                values = value if param.multiple else [value] if value not in {None, ""} else []
                given += [f"{param.opts[0]}={each}" for each in values]
    return given


def _callers(listen: str, hosts: tuple[str, ...]) -> tuple[str, ...]:
    """By what callers may ask: the address, this machine's name, and what else is said."""
    import socket

    return tuple(dict.fromkeys((listen, socket.gethostname(), *hosts)))


def _password(file: Path | None) -> str | None:
    if file is None:
        return None
    password = file.read_bytes().strip().decode("utf-8", "replace")
    if not password.isprintable() or "\N{REPLACEMENT CHARACTER}" in password or not password:
        raise click.UsageError(f"--password-file: {file}: expected one line of UTF-8 text")
    return password
