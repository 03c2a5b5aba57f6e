"""Looks at a project: whether its wherry.yaml is right, and whether its registry knows us."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from wherry_build.doctor.finding import Finding, State
from wherry_build.errors import (
    BuildError,
    ExtraMissing,
    FunctionsNotFound,
    InvalidName,
    ProjectFileInvalid,
)
from wherry_build.image.plan import BuildOptions, BuildPlan, plan_builds
from wherry_build.image.registry.credentials import Credentials, SavedCredentials
from wherry_build.image.registry.reference import Reference
from wherry_build.project import Project, read_project
from wherry_build.project.build_engine import Engine
from wherry_build.project.image_lock import read_lock
from wherry_build.project.image_name import LOCAL_REGISTRY
from wherry_build.project.location import PROJECT_FILE, project_file

AREA = "Project"
_PULLING = "publishing there: wherry push, wherry build --push"


def look_at_project(
    path: Path,
    *,
    environment: str = "",
    has_engine: bool = True,
    credentials: Credentials | None = None,
) -> Iterator[Finding]:
    """The project at `path`, when there is one.

    Args:
        path: Where it is.
        environment: Environment of its wherry.yaml.
        has_engine: Whether a container engine answers.
        credentials: Credentials of registries; those that are saved when not given.
    """
    try:
        project = read_project(path, environment=environment)
        plans = plan_builds(project, BuildOptions(), read_lock(project.root))
    except FunctionsNotFound as error:
        state = State.FAULT if environment else State.ABSENT
        yield _refused("functions", error, state)
        return
    except (ExtraMissing, ProjectFileInvalid) as error:
        yield _refused(PROJECT_FILE, error)
        return
    except InvalidName as error:
        # Without a wherry.yaml a folder here may be anything, and none of ours.
        yield _refused("project", error, State.FAULT if project_file(path) else State.ABSENT)
        return
    except BuildError as error:
        yield _refused("project", error)
        return
    yield from _look_at(project)
    if not has_engine:
        yield from _without_engine(plans)
    yield from _look_at_registry(project, credentials or SavedCredentials())


def _refused(name: str, error: BuildError, state: State = State.FAULT) -> Finding:
    return Finding(area=AREA, name=name, state=state, said=error.message, hint=error.hint)


def _look_at(project: Project) -> Iterator[Finding]:
    names = ", ".join(function.name for function in project.functions)
    count = len(project.functions)
    yield Finding(
        area=AREA,
        name="functions",
        state=State.OK,
        said=f"{count} in {project.root}: {names}",
    )
    if project.specification is None:
        yield Finding(
            area=AREA,
            name=PROJECT_FILE,
            state=State.ABSENT,
            said="functions are what their folders are",
            purpose="resources, routes, secrets, a registry",
        )
    else:
        yield Finding(area=AREA, name=PROJECT_FILE, state=State.OK, said="valid")
    for function in project.functions:
        for unclear in function.declarations.unclear:
            yield Finding(
                area=AREA,
                name=function.name,
                state=State.ABSENT,
                said=f"{function.handler}:{unclear}",
                purpose="manifests that follow from what a handler says of itself",
                hint=f"say it in {PROJECT_FILE}",
            )


def _without_engine(plans: Sequence[BuildPlan]) -> Iterator[Finding]:
    for plan in plans:
        if plan.engine is Engine.DOCKER:
            yield Finding(
                area=AREA,
                name=f"image of {plan.request.function.name}",
                state=State.FAULT,
                said=plan.reason or "wherry.yaml says the engine docker",
                purpose="a container engine, of which none answers",
                hint="start docker or podman, or install one",
            )


def _look_at_registry(project: Project, credentials: Credentials) -> Iterator[Finding]:
    prefix = project.registry
    if prefix is None or prefix == LOCAL_REGISTRY:
        return
    name = Reference.parse(f"{prefix}/{project.functions[0].name}").name
    registry = name.partition("/")[0]
    try:
        found = credentials.find(name)
    except BuildError as error:
        yield _refused(f"credentials of {registry}", error)
        return
    source = found.credential.source if found.credential is not None else ""
    yield Finding(
        area=AREA,
        name=f"credentials of {registry}",
        state=State.OK if found.credential is not None else State.ABSENT,
        said=f"from {source}" if source else found.note or "none saved",
        purpose=_PULLING,
        hint="" if found.credential is not None else f"docker login {registry}; or podman's",
    )
