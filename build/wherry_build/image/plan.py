"""What is to be built of each function: the request of its image, and the engine that takes it.

What a function says in wherry.yaml goes over what the project says, and what the command line says
over both. It reads no file but to see that a path stays below the project, and builds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from wherry_build import names
from wherry_build.errors import ProjectError
from wherry_build.image.conventions import DEFAULT_BASE
from wherry_build.image.engine import Attestation, ImageRequest, WheelSources
from wherry_build.image.platform import Platform
from wherry_build.project.build_engine import Engine
from wherry_build.project.image_lock import ImageLock
from wherry_build.project.image_name import LOCAL_REGISTRY, image_reference
from wherry_build.project.model import Function, Project
from wherry_build.values import NO_ENTRIES, frozen, replaced

if TYPE_CHECKING:
    from wherry_build.project.specification.build import Build


@frozen
class BuildOptions:
    """What is asked for besides what the project says.

    Attributes:
        engine: What builds; None leaves it to the project.
        image: Full name of the image, of one function only.
        tag: Tag of images whose name does not say one; empty is `latest` where a name is made up.
        registry: Prefix of names that are made up; None leaves it to the project.
        base: Base image; empty leaves it to the project.
        platforms: What images are for; empty leaves it to the project.
        arguments: Build arguments, over the project's.
        secrets: Build secrets, over the project's.
        labels: Labels, over the project's.
        wheels: Where wheels come from.
        network: Network of a Docker build's steps.
        cache_from: Where a Docker build takes steps from that were done elsewhere.
        cache_to: Where a Docker build keeps its steps for others.
        pull: Whether to look for a newer base image.
        attestation: What is attached to images.
    """

    engine: Engine | None = None
    image: str = ""
    tag: str = ""
    registry: str | None = None
    base: str = ""
    platforms: tuple[Platform, ...] = ()
    arguments: Mapping[str, str] = NO_ENTRIES
    secrets: Mapping[str, Path] = NO_ENTRIES
    labels: Mapping[str, str] = NO_ENTRIES
    wheels: WheelSources = WheelSources()
    network: str = ""
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    pull: bool = False
    attestation: Attestation = Attestation()


@frozen
class BuildPlan:
    """One image that is to be built, and how.

    Attributes:
        request: The image.
        engine: What builds it; never `auto`.
        base: The base as it was named, before the lock gave it a digest.
        reason: Why it is `docker` though nobody named an engine.
        may_change: Whether another engine may take over what this one cannot.
    """

    request: ImageRequest
    engine: Engine
    base: str
    reason: str = ""
    may_change: bool = False


@frozen
class _Said:
    """What wherry.yaml says of one image; its own class takes long to load, and is often absent."""

    engine: Engine | None = None
    base: str | None = None
    platforms: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    dockerfile: str | None = None
    arguments: Mapping[str, str] = NO_ENTRIES
    secrets: Mapping[str, str] = NO_ENTRIES
    labels: Mapping[str, str] = NO_ENTRIES


def divided(project: Project) -> tuple[Project, tuple[Function, ...]]:
    """`project` with the functions that can be built, and those whose image is built already.

    wherry.yaml names the image of these by its digest. A project of nothing else stays as it is.
    """
    built = tuple(
        function
        for function in project.functions
        if function.said is not None and "@" in (function.said.image or "")
    )
    rest = tuple(function for function in project.functions if function not in built)
    return (replaced(project, functions=rest), built) if built and rest else (project, ())


def plan_builds(project: Project, options: BuildOptions, lock: ImageLock) -> tuple[BuildPlan, ...]:
    """How each function of `project` becomes an image.

    Raises:
        ProjectError: One name is given for several images, a path leaves the project, or an engine
            is named that cannot do what is asked for.
        InvalidName: A name is none.
    """
    if options.image and len(project.functions) > 1:
        found = ", ".join(function.name for function in project.functions)
        raise ProjectError(
            f"one image was named, {options.image!a}, and there are several functions: {found}",
            hint=f"give the folder of one, {project.functions[0].folder}",
        )
    return tuple(_plan(project, function, options, lock) for function in project.functions)


def built_reference(project: Project, function: Function, options: BuildOptions) -> str:
    """The name of `function`'s image.

    Raises:
        ProjectError: wherry.yaml names the image by a digest, which a build cannot give it.
        InvalidName: A name is none.
    """
    said = function.said.image if function.said is not None else None
    if options.image or said:
        reference = names.image_reference(options.image or said or "")
        if "@" in reference:
            raise ProjectError(
                f"function {function.name!r}: image {reference!r} names what is built already",
                hint=f"leave out {reference[reference.index('@') :]!r}, or give --image",
            )
        has_tag = ":" in reference.rpartition("/")[2]
        return (
            f"{reference}:{names.image_tag(options.tag)}"
            if options.tag and not has_tag
            else reference
        )
    prefix = options.registry if options.registry is not None else project.registry
    return image_reference(
        function.name,
        registry=LOCAL_REGISTRY if prefix is None else prefix,
        tag=options.tag or "latest",
    )


def _plan(
    project: Project, function: Function, options: BuildOptions, lock: ImageLock
) -> BuildPlan:
    said = _merged(
        project.specification.build if project.specification is not None else None,
        function.said.build if function.said is not None else None,
    )
    secrets = {key: _below(project.root, file) for key, file in said.secrets.items()}
    base = names.image_reference(options.base or said.base or DEFAULT_BASE)
    request = ImageRequest(
        function=function,
        reference=built_reference(project, function, options),
        base=_pinned(base, options, lock),
        platforms=options.platforms or tuple(map(Platform.parse, said.platforms)),
        labels={**said.labels, **options.labels},
        wheels=options.wheels,
        packages=said.packages,
        dockerfile=_below(project.root, said.dockerfile) if said.dockerfile else None,
        arguments={**said.arguments, **options.arguments},
        secrets={**secrets, **options.secrets},
        network=options.network,
        cache_from=options.cache_from,
        cache_to=options.cache_to,
        pull=options.pull,
        attestation=options.attestation,
    )
    wanted = options.engine or said.engine or Engine.AUTO
    needs = tuple(_needs_docker(request))
    if wanted is Engine.OCI and needs:
        raise ProjectError(
            f"function {function.name!r}: the engine `oci` runs no step of a Dockerfile, and "
            f"there is {needs[0]}",
            hint="give --engine docker, or leave the engine out",
        )
    if wanted is not Engine.AUTO:
        return BuildPlan(request=request, engine=wanted, base=base)
    if needs:
        reason = f"there is {needs[0]}"
        return BuildPlan(request=request, engine=Engine.DOCKER, base=base, reason=reason)
    return BuildPlan(request=request, engine=Engine.OCI, base=base, may_change=True)


def _pinned(base: str, options: BuildOptions, lock: ImageLock) -> str:
    """The base by the digest that the lock has of it, unless a newer one is to be looked for."""
    digest = "" if options.pull or "@" in base else lock.bases.get(base, "")
    return f"{base}@{digest}" if digest else base


def _needs_docker(request: ImageRequest) -> Iterator[str]:
    """What only steps of a Dockerfile can do."""
    if request.dockerfile is not None:
        yield f"a Dockerfile, {request.dockerfile.name!r}"
    if request.packages:
        yield f"the package {request.packages[0]!r} of the distribution"
    if request.arguments:
        yield f"the build argument {next(iter(request.arguments))!r}"
    if request.secrets:
        yield f"the build secret {next(iter(request.secrets))!r}"
    if request.network:
        yield f"the network {request.network!r} for its steps"
    for place in (*request.cache_from, *request.cache_to):
        yield f"a cache of its steps, {place!r}"


def _merged(project: Build | None, function: Build | None) -> _Said:
    """What a function says over what its project says; of mappings, key by key."""
    said = [each for each in (function, project) if each is not None]
    if not said:
        return _Said()
    over, under = said[0], said[-1]
    return _Said(
        engine=over.engine or under.engine,
        base=over.base or under.base,
        platforms=over.platforms or under.platforms,
        packages=over.packages or under.packages,
        dockerfile=over.dockerfile or under.dockerfile,
        arguments={**under.arguments, **over.arguments},
        secrets={**under.secrets, **over.secrets},
        labels={**under.labels, **over.labels},
    )


def _below(root: Path, file: str) -> Path:
    """`file` of wherry.yaml, which a link may not lead out of the project."""
    path = root / file
    if not path.resolve().is_relative_to(root.resolve()):
        raise ProjectError(
            f"{path}: a link out of {root}", hint="copy what it links to, and name the copy"
        )
    if not path.is_file():
        raise ProjectError(f"{path}: no such file", hint="wherry.yaml names it under `build`")
    return path
