"""`wherry run`: one function in this process, or several side by side."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wherry_cli.notes import note, warn

if TYPE_CHECKING:
    from wherry_local.instance import Served

_LAST_PORT = 65535


@click.command(
    epilog="""\b
Examples:
  wherry run functions/hello
  wherry run functions/hello --watch --port 9000
  wherry run functions/
  wherry run functions/hello functions/orders --together
  wherry run service.py:handle --workers 2
  wherry run functions/hello --image
  wherry run --image ghcr.io/acme/hello:1.0 --port 9000"""
)
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--port", "-p", type=click.IntRange(0, 65535), help="Port [default: $PORT or 8080].")
@click.option("--host", help="Address to listen on [default: 127.0.0.1].")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes [default: 1].")
@click.option("--watch", "-w", is_flag=True, help="Renew a function when its files change.")
@click.option("--together", is_flag=True, help="All functions in one process, on one port.")
@click.option("--name", help="Name of the function [default: its folder's].")
@click.option(
    "--env", "environment", metavar="NAME", default="", help="Environment of wherry.yaml."
)
@click.option("--signature", help="What it is written for, as http or wsgi [default: found].")
@click.option(
    "--explain-startup",
    type=click.Choice(["text", "json"]),
    is_flag=False,
    flag_value="text",
    help="Print where the time went once it is ready.",
)
@click.option(
    "--image",
    metavar="[NAME]",
    is_flag=False,
    flag_value="",
    help="Run the function's image in the local container engine, built first; or the image NAME "
    "as it is.",
)
def command(
    paths: tuple[str, ...],
    port: int | None,
    host: str | None,
    workers: int | None,
    watch: bool,
    together: bool,
    name: str | None,
    environment: str,
    signature: str | None,
    explain_startup: str | None,
    image: str | None,
) -> int:
    """Run the function at PATH, or each function of the folder PATH on a port of its own.

    PATH is a handler's folder or file, which `:name` may follow, or a folder of functions. With
    --together one process serves them all, each under its name as a path. With --watch, an edit
    that does not start leaves the code before it serving. What wherry.yaml says of a function's
    name, variables, timeout and concurrency counts here too, where the environment says nothing.

    With --image the function runs as production runs it: in a container, as nobody's user, on a
    root that is read-only, without a capability, held to the memory that wherry.yaml says, with its
    secrets from the folder .secrets mounted as platforms mount them.
    """
    if image is not None:
        _refuse_beside_image(
            workers=workers,
            watch=watch,
            together=together,
            signature=signature,
            explain_startup=explain_startup,
        )
        return _run_image(paths, image, host=host, port=port, environment=environment, name=name)
    from wherry.config import Config

    given = {
        "PORT": port,
        "WHERRY_HOST": host,
        "WHERRY_WORKERS": workers,
        "WHERRY_FUNCTION": name,
        "WHERRY_SIGNATURE": signature,
        "WHERRY_EXPLAIN_STARTUP": explain_startup,
    }
    overrides = {key: str(value) for key, value in given.items() if value is not None}
    functions = [each for path in paths or (".",) for each in _functions(path, environment)]
    if together:
        functions = [_joined(functions)]
    if len(functions) > 1 and name is not None:
        raise click.UsageError("--name names one function, and there is more than one")
    if not watch and len(functions) == 1:
        from wherry.serving import run

        os.environ.update(functions[0].environment)
        return run(Config.from_environment({**overrides, "WHERRY_HANDLER": functions[0].handler}))
    return _side_by_side(functions, overrides, watch=watch)


def _refuse_beside_image(**given: object) -> None:
    for name, value in given.items():
        if value:
            option = name.replace("_", "-")
            raise click.UsageError(f"--{option} is for a process, and --image runs a container")


def _run_image(
    paths: tuple[str, ...],
    image: str,
    *,
    host: str | None,
    port: int | None,
    environment: str,
    name: str | None,
) -> int:
    from wherry_cli.container_run import run_images

    if image and Path(image).is_dir():
        raise click.UsageError(f"--image takes an image: wherry run {image} --image")
    return run_images(
        paths,
        image=image,
        host=host or "127.0.0.1",
        port=port if port is not None else _usual_port(),
        environment=environment,
        name=name,
    )


def _usual_port() -> int:
    said = os.environ.get("PORT") or "8080"
    if not said.isdecimal() or int(said) > _LAST_PORT:
        raise click.UsageError(f"PORT: got {said!a}, expected a port")
    return int(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Function:
    """A function that is going to run.

    Attributes:
        handler: Its handler, as `WHERRY_HANDLER` takes it.
        environment: Variables that its project gives it, but for those that are set already.
    """

    handler: str
    environment: Mapping[str, str] = field(default_factory=dict)


def _functions(path: str, environment: str) -> list[_Function]:
    from wherry_build.project import declared_project, function_folders

    if Path(path).exists() or environment:
        project = declared_project(Path(path), environment=environment)
        if project is not None:
            from wherry_build.project import handler_place
            from wherry_cli.declared import run_environment, unused_by_run

            warn(unused_by_run(project))
            return [
                _Function(handler=handler_place(each), environment=run_environment(project, each))
                for each in project.functions
            ]
    handlers = [str(folder) for folder in function_folders(Path(path))] or [path]
    return [_Function(handler=handler) for handler in handlers]


def _joined(functions: Sequence[_Function]) -> _Function:
    """Functions as one, with what all of them are given."""
    handlers = [function.handler for function in functions]
    if len(handlers) > 1 and any("," in handler for handler in handlers):
        raise click.UsageError("--together: the comma stands between handlers; rename the folder")
    environment: dict[str, str] = {}
    for function in functions:
        for name, value in function.environment.items():
            if len(functions) > 1 and name == "WHERRY_FUNCTION":
                continue  # each is known by its own
            if environment.setdefault(name, value) != value:
                raise click.UsageError(
                    f"--together: wherry.yaml gives {name} to several functions, each another value"
                )
    return _Function(handler=",".join(handlers), environment=environment)


def _side_by_side(functions: Sequence[_Function], overrides: dict[str, str], *, watch: bool) -> int:
    from wherry.config import Config
    from wherry_local.instance import Served
    from wherry_local.ports import listeners
    from wherry_local.watch import serve

    environments = [{**function.environment, **overrides} for function in functions]
    configs = [
        Config.from_environment({**environment, "WHERRY_HANDLER": function.handler})
        for function, environment in zip(functions, environments, strict=True)
    ]
    sockets = listeners(len(configs), host=configs[0].host, port=configs[0].port)
    served = [
        Served(
            name=config.function,
            handler=config.handler,
            folder=_watched(config.handler),
            listener=listener,
            environment=environment,
        )
        for config, environment, listener in zip(configs, environments, sockets, strict=True)
    ]
    return serve(served, watch=watch, tell=note, served=_show)


def _watched(handler: str) -> Path:
    handlers = [handler] if Path(handler).exists() else handler.split(",")
    return Path(os.path.commonpath([_folder(each).absolute() for each in handlers]))


def _folder(handler: str) -> Path:
    path = Path(handler if Path(handler).exists() else handler.rpartition(":")[0])
    return path if path.is_dir() else path.parent


def _show(functions: Sequence[tuple[Served, bool]]) -> None:
    """Print where each function is, and a command to paste with its answer."""
    from wherry_local.transcript import first_transcript

    width = max(len(function.name) for function, _ in functions)
    for function, is_ready in functions:
        state = function.url if is_ready else click.style("not served", fg="red")
        click.echo(f"{function.name:<{width}}  {state}")
    for function, is_ready in functions:
        readme = function.folder / "README.md"
        if is_ready and readme.is_file():
            lines = first_transcript(readme.read_text(encoding="utf-8"), function.url)
            if lines:
                click.echo("\n" + "\n".join(lines))
