"""What the commands share that ask a platform: which one, how, and in which form they answer."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wherry_cli.notes import note

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from wherry_local.admin.api import AdminApi
    from wherry_local.platform.endpoint import Endpoint
    from wherry_local.state import StateFolder

_Command = TypeVar("_Command", bound=Callable[..., Any])
_COMPLETION_S = 1.0
_LIMIT_COMPLETED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which platform is asked, as it was asked for.

    Attributes:
        project: Folder from which upwards a running platform is looked for; None for this folder.
        gateway: Address of another gateway; None for the platform of the project.
    """

    project: Path | None = None
    gateway: str | None = None

    def api(self, *, hint: str = "", request_s: float = 30.0) -> AdminApi:
        """The platform, ready to be asked; the arguments are those of `AdminApi`.

        One that runs for the project is preferred to the gateway that OPENFAAS_URL names, and that
        one is told, because what is asked of it happens elsewhere.

        Raises:
            PlatformAbsent: None runs, and no gateway is said.
            BuildError: The login that faas-cli has stored cannot be read.
        """
        from wherry_local.errors import PlatformAbsent

        if self.gateway is not None:
            return _remote(self.gateway, hint, request_s)
        try:
            return self._local(hint, request_s)
        except PlatformAbsent:
            said = os.environ.get("OPENFAAS_URL", "")
            if self.project is not None or not said:
                raise
        note(f"no platform runs here; asking OPENFAAS_URL, {said}")
        return _remote(said, hint, request_s)

    def is_known(self) -> bool:
        """Whether there is a platform to ask, as far as files and environment tell."""
        from wherry_local.errors import PlatformAbsent

        if self.gateway is not None or (self.project is None and os.environ.get("OPENFAAS_URL")):
            return True
        try:
            self.here()
        except PlatformAbsent:
            return False
        return True

    def _local(self, hint: str, request_s: float) -> AdminApi:
        from wherry_local.admin.api import AdminApi, basic
        from wherry_local.admin.location import password
        from wherry_local.platform.endpoint import USER

        state, endpoint = self.here()
        return AdminApi(
            endpoint.gateway,
            authorization=basic(USER, password(state)),
            request_s=request_s,
            hint=hint,
        )

    def here(self) -> tuple[StateFolder, Endpoint]:
        """The platform that runs for the project: its state folder, and where it is.

        Raises:
            PlatformAbsent: None runs.
        """
        from wherry_local.admin.location import running, state_above
        from wherry_local.errors import PlatformAbsent

        start = self.project if self.project is not None else Path()
        state = state_above(start)
        endpoint = running(state) if state is not None else None
        if state is None or endpoint is None:
            raise PlatformAbsent(
                f"no platform runs for the project at {start.resolve()}",
                hint="wherry up, or --project FOLDER, or --gateway URL",
            )
        return state, endpoint


def platform_options(command: _Command) -> _Command:
    """Give `command` the options that say which platform is asked, as one `place`."""

    @wraps(command)
    def called(*, project: Path | None, gateway: str | None, **given: Any) -> Any:
        return command(place=Place(project=project, gateway=gateway), **given)

    return project_option(_gateway_option(called))  # type: ignore[return-value] # click keeps it


def output_option(command: _Command) -> _Command:
    """Give `command` the option `-o`, as `is_json`."""

    @wraps(command)
    def called(*, output: str, **given: Any) -> Any:
        return command(is_json=output == "json", **given)

    decorate = click.option(
        "-o",
        "--output",
        type=click.Choice(["table", "json"]),
        default="table",
        show_default=True,
        help="How the answer is printed.",
    )
    return decorate(called)  # type: ignore[return-value] # click's decorators keep the function


class ListGroup(click.Group):
    """A group whose command without a name is `list`, with its options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the arguments, `list` put before them where no command is named."""
        is_named = bool(args) and not args[0].startswith("-")
        if not is_named and not {"-h", "--help"} & set(args) and not ctx.resilient_parsing:
            args = ["list", *args]
        return super().parse_args(ctx, args)


def print_json(told: object) -> None:
    """Print what was answered, for scripts."""
    click.echo(json.dumps(told, indent=2))


def complete_functions(
    ctx: click.Context,
    param: click.Parameter,  # noqa: ARG001 - click's signature
    incomplete: str,
) -> list[CompletionItem]:
    """The names of functions that begin with `incomplete`."""
    return _completed(ctx, "/system/functions", lambda said: said, "name", incomplete)


def complete_events(
    ctx: click.Context,
    param: click.Parameter,  # noqa: ARG001 - click's signature
    incomplete: str,
) -> list[CompletionItem]:
    """The keys of the newest events that begin with `incomplete`, with their types."""
    path = f"/system/events?limit={_LIMIT_COMPLETED}"
    return _completed(ctx, path, lambda said: said["events"], "key", incomplete, shown="type")


def _completed(
    ctx: click.Context,
    path: str,
    items: Callable[[Any], Any],
    name: str,
    incomplete: str,
    *,
    shown: str = "",
) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    place = Place(project=ctx.params.get("project"), gateway=ctx.params.get("gateway"))
    try:
        found = items(place.api(request_s=_COMPLETION_S).ask("GET", path))
        return [
            CompletionItem(each[name], help=each[shown] if shown else None)
            for each in found
            if each[name].startswith(incomplete)
        ]
    except Exception:  # noqa: BLE001 - whoever types is not told what a completion met
        return []


def _remote(gateway: str, hint: str, request_s: float) -> AdminApi:
    from wherry_build.deploy.openfaas_login import login_file, stored_login
    from wherry_build.manifests.openfaas.stack import gateway_url
    from wherry_local.admin.api import AdminApi

    address = gateway_url(gateway)
    login = stored_login(address, login_file(os.environ, home=Path.home()))
    return AdminApi(
        address,
        authorization=login.authorization if login else "",
        request_s=request_s,
        hint=hint,
    )


project_option = click.option(
    "--project",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="FOLDER",
    help="Project whose platform is meant [default: that of this folder].",
)
_gateway_option = click.option(
    "--gateway",
    metavar="URL",
    help="Another gateway, with the login of `faas-cli login` [default: the platform that "
    "runs here, else $OPENFAAS_URL].",
)
