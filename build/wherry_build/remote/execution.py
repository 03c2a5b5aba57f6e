"""How an order is carried out: which engine takes it, and what stands in the way.

A function in one of our templates is built without a container engine. All else needs its
Dockerfile, and with it a container engine, which the builder must have been given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wherry_build.errors import BuildUnsupported, RemoteBuildRefused, WheelNotFound
from wherry_build.image.docker.request import ContainerEngine, ContextRequest
from wherry_build.image.engine import Builder, BuiltImage, Progress, Publisher
from wherry_build.remote.build import Order
from wherry_build.remote.shrinkwrap import House, Wanted, recognise, wanted

_WHEELS = (
    "put a wheel of it into the template's wheels/, or start the builder with --sources or --docker"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """What builds and publishes.

    Attributes:
        functions: Makes what builds functions, given the variables that say where wheels are.
        publisher: Makes what publishes an image that `functions` built.
        containers: Makes what builds by a Dockerfile; None where that is not wanted.
    """

    functions: Callable[[Mapping[str, str]], Builder]
    publisher: Callable[[BuiltImage], Publisher]
    containers: Callable[[], ContainerEngine] | None = None


def carry_out(order: Order, engines: Engines, progress: Progress, house: House) -> str:
    """Build what `order` says, and publish it; the reference that it can be pulled by, or its name.

    Args:
        order: What is wanted.
        engines: What builds.
        progress: Told how it goes on.
        house: What the builder's owner has decided.

    Raises:
        RemoteBuildRefused: A Dockerfile is needed, and the builder has no engine for that.
        BuildError: An engine or a registry refused.
    """
    found = recognise(order.context)
    if found is None:
        return _by_dockerfile(order, engines, progress, why="its template is none of Wherry's")
    plan = wanted(found, order.configuration, order.secrets, house)
    if plan.needs_steps:
        return _by_dockerfile(order, engines, progress, why=f"there is {plan.needs_steps}")
    try:
        return _function(order, plan, engines, progress)
    except WheelNotFound as missing:
        if engines.containers is None:
            raise WheelNotFound(missing.message, hint=_WHEELS) from None
        return _by_dockerfile(order, engines, progress, why=missing.message)


def _function(order: Order, plan: Wanted, engines: Engines, progress: Progress) -> str:
    for note in plan.notes:
        progress.step(f"note: {note}")
    image = engines.functions(plan.environment).build(plan.request, progress)
    if not order.configuration.is_published:
        return image.reference
    return engines.publisher(image).publish(image, progress)


def _by_dockerfile(order: Order, engines: Engines, progress: Progress, *, why: str) -> str:
    configuration = order.configuration
    if engines.containers is None:
        raise RemoteBuildRefused(
            f"{configuration.image}: only a Dockerfile can do this, because {why}; "
            "this builder runs none",
            hint="start it with --docker, or begin with: faas-cli new NAME --lang python3-wherry",
        )
    if len(configuration.platforms) > 1:
        raise BuildUnsupported(
            f"{configuration.image}: for {len(configuration.platforms)} platforms at once, and "
            f"only a Dockerfile can do this, because {why}",
            hint="build for one platform at a time",
        )
    if not (order.context / "Dockerfile").is_file():
        raise RemoteBuildRefused(
            f"{configuration.image}: {why}, and the context has no Dockerfile",
        )
    engine = engines.containers()
    progress.step(f"by {engine.name}, because {why}")
    engine.build(
        ContextRequest(
            reference=configuration.image,
            folder=order.context,  # its own `.dockerignore` says what the engine leaves out
            arguments=configuration.arguments,
            secrets=order.secrets,
            platform=next(iter(configuration.platforms), None),
        ),
        progress,
    )
    if not configuration.is_published:
        return configuration.image
    return f"{configuration.image}@{engine.push(configuration.image, progress)}"
