"""The command `wherry`: finds the sub-command, and tells errors as a person wants to read them.

A sub-command's module is imported when it is asked for and not before, so that `wherry --help` and
completion are quick. Errors of ours end with one line of what and one of what to type next; the
exit codes are 0 done, 1 failed, 2 wrong input, 3 could not start or nothing runs, 130 interrupted.
"""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sys
import threading
from collections.abc import Sequence
from typing import NoReturn

import click

COMMANDS = {
    "new": "Make a function from a template.",
    "template": "List the templates, or export them for faas-cli.",
    "run": "Run a function, or a folder of them, on this machine.",
    "up": "Serve the project as a platform here; deploy it with --target.",
    "down": "End the platform that runs here.",
    "list": "List the functions of a platform.",
    "describe": "Show all that a platform knows of a function.",
    "logs": "Print what functions wrote.",
    "invoke": "Call a function with a request or an event.",
    "emit": "Give an event to a broker.",
    "events": "List events, and explain why a trigger took one or not.",
    "replay": "Give an event to its broker once more.",
    "deadletters": "Look at deliveries that were given up.",
    "calls": "Look at asynchronous calls.",
    "scale": "Set how many replicas a function has.",
    "secret": "Create, list, update and remove secrets.",
    "conform": "Hold a function server to the public cases.",
    "build": "Build the image of a function.",
    "push": "Publish the image that was built last.",
    "image": "Look at what an image is made of.",
    "builder": "Build images that faas-cli asks for.",
    "plugin": "Make `faas-cli wherry` run this command.",
    "render": "Write the manifests for a platform.",
    "deploy": "Apply the manifests to a cluster or a gateway, and wait.",
    "diff": "Show what a deployment would change.",
    "lint": "Look for faults in manifests and proxy configurations.",
    "certs": "Make a CA and certificates of services, as Secrets.",
    "match": "Show which triggers would take an event, and why others not.",
    "doctor": "Look at what is installed, and say what to type.",
    "schema": "Print the JSON Schema of wherry.yaml.",
    "completion": "Print the shell's completion script.",
}
"""Each sub-command, `wherry_cli.NAME`, with the line that `wherry --help` has for it."""

_BRIEF = frozenset({"build", "push"})
"""Commands of an edit loop: short, and with nothing left to do when they are done."""

_SELDOM = 100_000
_INTERRUPTED = 130
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class LazyGroup(click.Group):
    """A group whose commands are in modules that are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every name, in the order of a function's life."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the module of `cmd_name`."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"wherry_cli.{cmd_name}").command
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """List the commands from the table, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was probably meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            meant = get_close_matches(args[0], COMMANDS, n=1)
            raise click.UsageError(
                f"no such command {args[0]!r}" + (f", did you mean {meant[0]!r}?" if meant else ""),
                ctx,
            )
        return super().resolve_command(ctx, args)


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from wherry._version import __version__

        click.echo(f"wherry {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Begin with: wherry new hello && wherry up",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Print the version.",
)
@click.pass_context
def wherry(ctx: click.Context) -> None:
    """One Python function, carried unchanged to OpenFaaS, Knative and an Istio mesh."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments`, `sys.argv`'s by default; its exit code."""
    try:
        result = wherry.main(
            args=None if arguments is None else list(arguments),
            prog_name="wherry",
            standalone_mode=False,
        )
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx is not None else "wherry"
        return _told(error.format_message().rstrip("."), f"{path} --help", error.exit_code)
    except click.ClickException as error:
        return _told(error.format_message(), "", error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone; there is nobody to tell
        return 1
    except Exception as error:  # noqa: BLE001 - those that are bugs are raised again
        return _known(error)
    return result if isinstance(result, int) else 0


def main() -> NoReturn:
    """The console script."""
    if sys.argv[1:2] and sys.argv[1] in _BRIEF:
        _main_briefly()
    sys.exit(run())


def _main_briefly() -> NoReturn:
    """Run a command, and end without taking apart what it has loaded, which the system takes.

    What is imported is garbage at no time, and so little else is made that it is not searched for.
    """
    gc.set_threshold(_SELDOM)
    code = run()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # closed, or full: told as it is at the end of any program
        sys.exit(code)
    if threading.active_count() > 1:
        sys.exit(code)
    os._exit(code)


def _known(error: Exception) -> int:
    """Tell an error that is raised on purpose; raise any other again, for it is a bug of ours."""
    from wherry.errors import WherryError
    from wherry_build.errors import BuildError
    from wherry_local.errors import LocalError

    if isinstance(error, (BuildError, LocalError, WherryError)):
        return _told(error.message, error.hint, error.exit_code)
    if isinstance(error, OSError) and error.filename is not None:
        return _told(f"{error.filename}: {error.strerror}", "", 1)
    if isinstance(error, OSError) and error.errno in _FULL:
        return _told(f"what was to be told cannot be written: {error.strerror}", "", 1)
    raise error


def _told(message: str, hint: str, exit_code: int) -> int:
    click.echo(click.style("error: ", fg="red", bold=True) + message, err=True)
    if hint:
        click.echo(click.style("  hint: ", fg="cyan") + hint, err=True)
    return exit_code
