"""What `wherry render`, `deploy` and `diff` share: the options that shape what is rendered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wherry_build.manifests.options import (
    GATEWAY_CLASS,
    Edition,
    KubeVersion,
    Mesh,
    RenderOptions,
    Sidecar,
    Target,
)
from wherry_build.project.image_name import LOCAL_REGISTRY
from wherry_cli.notes import lose, warn

if TYPE_CHECKING:
    from wherry_build.manifests.render import Rendering
    from wherry_build.project import Project

_Command = TypeVar("_Command", bound=Callable[..., Any])

ENDED = {
    "kubeless": "Kubeless ended in December 2021 and nothing reads its objects any more",
}
"""Platforms that were, and what became of them."""


class TargetChoice(click.Choice[str]):
    """A target; one that ended is told with what to use in its place."""

    def __init__(self) -> None:
        super().__init__([target.value for target in Target])

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The target's name."""
        if value in ENDED:
            self.fail(
                f"{ENDED[value]}; use `--target knative` or `--target kubernetes`", param, ctx
            )
        return super().convert(value, param, ctx)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be rendered, as it was asked for.

    Attributes:
        path: The project's folder, a function's folder or a handler's file.
        environment: Environment of wherry.yaml; empty for none.
        functions: Names of those that are wanted; empty for all.
        options: What shapes the objects; `registry` is empty when not said.
        strict: Whether a loss is an error.
    """

    path: Path
    environment: str
    functions: tuple[str, ...]
    options: RenderOptions
    strict: bool

    def project(self) -> Project:
        """Read the project.

        Raises:
            ProjectError: It cannot be read.
        """
        from wherry_build.project import read_project, select

        return select(read_project(self.path, environment=self.environment), self.functions)

    def options_for(self, project: Project, *, working_directory: Path) -> RenderOptions:
        """The options, with what the project says where nothing was asked for."""
        from dataclasses import replace

        return replace(
            self.options,
            registry=self.options.registry or project.registry or LOCAL_REGISTRY,
            working_directory=working_directory,
        )

    def tell(self, rendering: Rendering) -> None:
        """Print warnings and losses on the standard error.

        Raises:
            ManifestError: Something is lost, and nothing may be.
        """
        warn(rendering.warnings)
        lose(rendering.losses)
        self.refuse_losses(rendering)

    def refuse_losses(self, rendering: Rendering) -> None:
        """Refuse a rendering that loses something, if nothing may be lost.

        Raises:
            ManifestError: Something is lost, and nothing may be.
        """
        if self.strict and rendering.losses:
            from wherry_build.errors import ManifestError

            number = len(rendering.losses)
            raise ManifestError(
                f"{number} {'key is' if number == 1 else 'keys are'} lost, and --strict was given",
                hint="take them out of wherry.yaml, or choose a target that has them",
            )


def rendering_options(command: _Command) -> _Command:
    """Give `command` the options that shape what is rendered, as one `request`."""

    @wraps(command)
    def called(**given: Any) -> Any:
        return command(request=taken_request(given), **given)

    for decorate in reversed(_OPTIONS):
        called = decorate(called)
    return called  # type: ignore[return-value] # click's decorators keep the function


def taken_request(given: dict[str, Any]) -> Request:
    """Take the values of `rendering_options` out of `given`."""
    return Request(
        path=given.pop("path"),
        environment=given.pop("environment"),
        functions=given.pop("functions"),
        strict=given.pop("strict"),
        options=RenderOptions(
            target=Target(given.pop("target")),
            mesh=Mesh(given.pop("mesh")),
            sidecar=Sidecar(given.pop("sidecar")),
            namespace=given.pop("namespace"),
            registry=given.pop("registry") or "",
            tag=given.pop("tag"),
            gateway=given.pop("gateway"),
            gateway_class=given.pop("gateway_class"),
            host=given.pop("host"),
            tls_secret=given.pop("tls_secret"),
            kube_version=KubeVersion.parse(given.pop("kube_version")),
            edition=Edition(given.pop("edition")),
            function_objects=given.pop("function_objects"),
            template_source=given.pop("template_source"),
            monitoring=given.pop("monitoring"),
            part_of=given.pop("part_of"),
        ),
    )


def _choice(values: type[Mesh | Sidecar | Edition]) -> click.Choice[str]:
    return click.Choice([each.value for each in values])


_OPTIONS = (
    click.argument("path", type=click.Path(path_type=Path), default=Path()),
    click.option("--target", type=TargetChoice(), required=True, help="Platform."),
    click.option(
        "--mesh",
        type=_choice(Mesh),
        default="none",
        show_default=True,
        help="What carries the routes.",
    ),
    click.option(
        "--sidecar",
        type=_choice(Sidecar),
        default="none",
        show_default=True,
        help="Proxy beside each function.",
    ),
    click.option(
        "--env", "environment", metavar="NAME", default="", help="Environment of wherry.yaml."
    ),
    click.option("--function", "functions", multiple=True, help="Only this function; repeatable."),
    click.option(
        "--namespace", "-n", help="Namespace [default: wherry.yaml's, or the platform's]."
    ),
    click.option(
        "--registry", help=f"Prefix of images [default: wherry.yaml's, or {LOCAL_REGISTRY}]."
    ),
    click.option("--tag", default="latest", show_default=True, help="Tag of images."),
    click.option("--host", help="Host that the gateway serves, besides wherry.yaml's."),
    click.option("--tls-secret", help="Secret with that host's certificate."),
    click.option(
        "--gateway",
        envvar="OPENFAAS_URL",
        show_envvar=True,
        default="http://127.0.0.1:8080",
        show_default=True,
        metavar="URL",
        help="OpenFaaS gateway.",
    ),
    click.option(
        "--gateway-class",
        default=GATEWAY_CLASS,
        show_default=True,
        metavar="NAME",
        help="What serves the routes of --mesh gateway-api.",
    ),
    click.option(
        "--edition",
        type=_choice(Edition),
        default="ce",
        show_default=True,
        help="Edition of OpenFaaS.",
    ),
    click.option(
        "--function-objects", is_flag=True, help="OpenFaaS's Function objects, besides the stack."
    ),
    click.option(
        "--template-source",
        metavar="URL",
        help="Repository that faas-cli pulls the template from, `#` and a tag after it.",
    ),
    click.option(
        "--kube-version",
        default="1.33",
        show_default=True,
        metavar="VERSION",
        help="Kubernetes that the objects are for.",
    ),
    click.option(
        "--monitoring", is_flag=True, help="ServiceMonitor and PrometheusRule, on Kubernetes."
    ),
    click.option(
        "--part-of",
        metavar="NAME",
        default="",
        help="The project's name, for the label app.kubernetes.io/part-of of every object.",
    ),
    click.option("--strict", is_flag=True, help="End with 2 when the target loses something."),
)
