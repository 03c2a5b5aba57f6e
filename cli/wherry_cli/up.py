"""`wherry up`: the project's platform on this machine, or with --target, on its way to another.

Which of the two is decided by --target alone, before anything is parsed, so that the platform here
starts without what a deployment imports; an option of the other one is told as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from wherry_cli import up_local

_TARGET = "--target"


class UpCommand(click.Command):
    """The two commands in one, whose help shows both."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """That of the command which is meant.

        Raises:
            UsageError: An option of the other is there.
        """
        if extra.get("resilient_parsing") or {"--help", "-h"} & set(args):
            return super().make_context(info_name, args, parent, **extra)
        is_remote = any(each.split("=")[0] == _TARGET for each in args)
        chosen = _remote() if is_remote else up_local.command
        try:
            return chosen.make_context(info_name, list(args), parent, **extra)
        except click.NoSuchOption as error:
            other = up_local.command if is_remote else _remote()
            if error.option_name not in _names(other.params):
                raise
            said = (
                f"is of the platform on this machine; leave {_TARGET} out"
                if is_remote
                else f"goes with {_TARGET}, for what is deployed"
            )
            raise click.UsageError(f"{error.option_name} {said}", error.ctx) from None

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Those of both, each name once."""
        local = up_local.command.params
        known = {each.name for each in local}
        others = [each for each in _remote().params if each.name not in known]
        return [*local, *others, *super().get_params(ctx)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options of each in a section of its own."""
        local = [each for each in up_local.command.params if isinstance(each, click.Option)]
        known = {each.name for each in local}
        remote = [
            each
            for each in (*_remote().params, *super().get_params(ctx))
            if isinstance(each, click.Option) and each.name not in known
        ]
        for title, options in (
            ("Options on this machine", local),
            (f"Options with {_TARGET}", remote),
        ):
            rows = [row for each in options if (row := each.get_help_record(ctx)) is not None]
            with formatter.section(title):
                formatter.write_dl(rows)


def _remote() -> click.Command:
    from wherry_cli import up_remote

    return up_remote.command


def _names(params: Sequence[click.Parameter]) -> set[str]:
    return {name for each in params for name in (*each.opts, *each.secondary_opts)}


command = UpCommand(
    "up",
    help="""Serve the project at PATH on this machine, as a platform would.

    Without --target: OpenFaaS's gateway, a broker with the project's triggers, functions that start
    when they are called, asynchronous calls, schedules and a console, until Ctrl-C or `wherry
    down`. An edit serves some tenths of a second after it is saved. What it keeps is in the folder
    .wherry of the project.

    With --target the functions are built, published and deployed by their digests, as `wherry build
    --push` and `wherry deploy` do; what the second would refuse at once is refused before the first
    publishes anything. What changes at the destination is shown before anything is changed there,
    and asked.""",
    epilog="""\b
Examples:
  wherry up
  wherry up functions -d
  wherry up --port 0 --broker-port 0 --no-watch
  wherry up --listen 0.0.0.0 --allow-host laptop.lan
  wherry up --target knative --registry ghcr.io/acme
  wherry up --target openfaas --env staging --yes
  wherry up --target kubernetes --platform linux/amd64,linux/arm64 --yes
  wherry up --target knative --no-build""",
)
