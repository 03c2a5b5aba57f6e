"""What `wherry deploy` and `wherry diff` share: where the objects go, and what is asked there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wherry_cli.rendering import Request

if TYPE_CHECKING:
    from wherry_build.deploy.deployment import Plan
    from wherry_build.deploy.destination import Destination

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the objects go, as it was asked for.

    Attributes:
        kubeconfig: File that says where clusters are; None for kubectl's own.
        context: Context in it; None for the current one.
        force_conflicts: Whether fields that belong to others are taken from them.
    """

    kubeconfig: Path | None
    context: str | None
    force_conflicts: bool

    def find(self, request: Request, *, is_told: bool = True) -> Destination:
        """Render what is asked for, tell what is lost, and find where it goes.

        Args:
            request: What is asked for.
            is_told: Whether warnings and losses are printed; refused they are in any case.

        Raises:
            BuildError: It cannot be rendered, or there is nowhere to go.
        """
        from wherry_build.deploy.destination import destination
        from wherry_build.manifests.render import render

        project = request.project()
        options = request.options_for(project, working_directory=Path.cwd())
        rendering = render(project, options)
        (request.tell if is_told else request.refuse_losses)(rendering)
        if request.functions:
            from wherry_build.deploy.selection import refuse_partial

            whole = replace(request, functions=()).project()
            refuse_partial(rendering.documents, render(whole, options).documents)
        return destination(rendering, options, kubeconfig=self.kubeconfig, context=self.context)

    def plan(self, destination: Destination, *, new_namespaces: tuple[str, ...]) -> Plan:
        """Ask what applying would change.

        Raises:
            BuildError: Objects are refused, or nobody answers.
        """
        from wherry_build.deploy.deployment import plan

        return plan(
            destination,
            destination.documents,
            force=self.force_conflicts,
            new_namespaces=new_namespaces,
        )


def place_options(command: _Command) -> _Command:
    """Give `command` the options that say where objects go, as one `place`."""

    @wraps(command)
    def called(**given: Any) -> Any:
        return command(place=taken_place(given), **given)

    for decorate in reversed(_OPTIONS):
        called = decorate(called)
    return called  # type: ignore[return-value] # click's decorators keep the function


def taken_place(given: dict[str, Any]) -> Place:
    """Take the values of `place_options` out of `given`."""
    return Place(
        kubeconfig=given.pop("kubeconfig"),
        context=given.pop("context"),
        force_conflicts=given.pop("force_conflicts"),
    )


_OPTIONS = (
    click.option("--context", metavar="NAME", help="Context of the kubeconfig [default: current]."),
    click.option(
        "--kubeconfig",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File that says where clusters are [default: $KUBECONFIG, or ~/.kube/config].",
    ),
    click.option(
        "--force-conflicts",
        is_flag=True,
        help="Take fields that other tools have set; they are wherry's from then on.",
    ),
)
