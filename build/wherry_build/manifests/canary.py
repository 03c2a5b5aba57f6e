"""A canary as folders that are applied one after the other, for every target alike. No I/O.

Each folder is a whole rendering; they differ in the shares of revisions alone:

    1-deploy        the newest revision is there and gets no calls
    2-shift-10      it gets the share that wherry.yaml gives it, or that of a step
    3-promote       it gets all calls
    9-abort         the revisions before it get all calls again

A route names the newest revision only in folders after the one that makes it. Where a route
divides its calls between revisions of one function, the step divides them in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wherry_build.errors import ManifestError
from wherry_build.manifests.apportionment import apportioned
from wherry_build.manifests.layout import files
from wherry_build.manifests.options import Mesh, RenderOptions, Target
from wherry_build.manifests.render import Rendering, render
from wherry_build.project.model import Function, Project
from wherry_build.project.specification import FunctionSpecification, ProjectSpecification
from wherry_build.project.specification.routing import Backend, Route
from wherry_build.values import replaced

README = "README.md"
LIMIT_STEPS = 7
"""Steps at most: the folder after the last is `9-abort`."""
_USUAL_PERCENT = 10
_NONE_YET = 0
_ALL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One folder of a canary.

    Attributes:
        folder: Its name.
        percent: Share of the newest revision; None for what wherry.yaml says.
        purpose: What applying it does.
        check: What to look at before the next.
    """

    folder: str
    percent: int | None
    purpose: str
    check: str

    @property
    def names_newest(self) -> bool:
        """Whether a route may name the newest revision by itself."""
        return self.percent not in {_NONE_YET, _ALL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A canary, rendered.

    Attributes:
        files: Text by path relative to the output folder.
        rendering: The folder in the middle, for its warnings and losses.
    """

    files: Mapping[str, str]
    rendering: Rendering


def render_canary(project: Project, options: RenderOptions, steps: Sequence[int] = ()) -> Canary:
    """Render `project` once for each phase.

    Args:
        project: The project.
        options: As for one rendering.
        steps: Percents of the newest revision, each more than the one before; what wherry.yaml
            says when empty.

    Raises:
        InvalidName: An option is no name for what it is used as.
        ManifestError: No function has two revisions, the steps are none, or nothing would share
            the calls out.
    """
    canaries = {each.name: each.said for each in project.functions if _is_canary(each)}
    if not canaries:
        raise ManifestError(
            "a canary needs a function with two revisions, and there is none",
            hint="functions: {NAME: {revisions: {v1: {percent: 90}, v2: {percent: 10}}}}",
        )
    if options.target is Target.OPENFAAS and options.mesh is Mesh.NONE:
        raise ManifestError(
            "OpenFaaS has no shares: each revision is a function, and a mesh divides the calls",
            hint="--mesh istio",
        )
    made: dict[str, str] = {}
    shown: Rendering | None = None
    phases = _phases(project, steps)
    for phase in phases:
        rendering = render(_at(project, phase), options)
        made |= {f"{phase.folder}/{file}": text for file, text in files(rendering).items()}
        if shown is None or phase.names_newest:
            shown = rendering
    made[README] = _readme(phases, sorted(canaries), options)
    if shown is None:
        raise AssertionError("a canary has a phase")
    return Canary(files=made, rendering=shown)


def _is_canary(function: Function) -> bool:
    return function.said is not None and len(function.said.revisions) > 1


def _phases(project: Project, steps: Sequence[int]) -> list[Phase]:
    if not all(before < after for before, after in zip([0, *steps], [*steps, _ALL], strict=True)):
        raise ManifestError(
            f"steps of a canary: got {', '.join(map(str, steps))}, "
            "expected percents from 1 to 99, each more than the one before"
        )
    if len(steps) > LIMIT_STEPS - 1:
        raise ManifestError(f"steps of a canary: got {len(steps)}, expected at most 6")
    shifts = [_shift(at, percent) for at, percent in enumerate(steps, start=2)]
    if not shifts:
        said = {_said_percent(each.said) for each in project.functions if _is_canary(each)}
        shifts = [_shift(2, said.pop() if len(said) == 1 else None)]
    return [
        Phase(
            folder="1-deploy",
            percent=_NONE_YET,
            purpose="makes the newest revision, which gets no calls",
            check="it becomes ready",
        ),
        *shifts,
        Phase(
            folder=f"{2 + len(shifts)}-promote",
            percent=_ALL,
            purpose="gives it all calls",
            check="errors and latency; then take the older revision out of wherry.yaml",
        ),
        Phase(
            folder="9-abort",
            percent=_NONE_YET,
            purpose="gives all calls to the revisions before it, at any time after 1-deploy",
            check="errors and latency are as they were",
        ),
    ]


def _shift(number: int, percent: int | None) -> Phase:
    share = f"{percent} percent" if percent is not None else "its share"
    return Phase(
        folder=f"{number}-shift" + (f"-{percent}" if percent is not None else ""),
        percent=percent,
        purpose=f"gives it {share} of the calls",
        check="errors and latency of the newest revision beside the older",
    )


def _said_percent(said: FunctionSpecification | None) -> int:
    newest = list(said.revisions.values())[-1] if said is not None else None
    percent = newest.percent if newest is not None else None
    return percent if percent and percent < _ALL else _USUAL_PERCENT


def _at(project: Project, phase: Phase) -> Project:
    """`project` as it is in `phase`."""
    functions = tuple(
        replaced(each, said=_shared(each.said, phase)) if _is_canary(each) and each.said else each
        for each in project.functions
    )
    said = project.specification or ProjectSpecification()
    canaries = {each.name for each in functions if _is_canary(each)}
    specification = replaced(
        said,
        functions={**said.functions, **{each.name: each.said for each in functions if each.said}},
        routes={name: _route(each, canaries, phase) for name, each in said.routes.items()},
    )
    return replaced(project, functions=functions, specification=specification)


def _shared(said: FunctionSpecification, phase: Phase) -> FunctionSpecification:
    """`said` with the shares of its revisions in `phase`."""
    newest = phase.percent if phase.percent is not None else _said_percent(said)
    older = [each.percent or 0 for each in said.revisions.values()][:-1]
    percents = (*apportioned(older, _ALL - newest), newest)
    return replaced(
        said,
        revisions={
            name: replaced(each, percent=percent)
            for (name, each), percent in zip(said.revisions.items(), percents, strict=True)
        },
    )


def _route(route: Route, canaries: set[str], phase: Phase) -> Route:
    """`route` with the function in place of its revisions, where the phase divides their calls."""
    named = [each.function for each in route.split if each.revision]
    divided = {
        each
        for each in canaries.intersection(named)
        if not phase.names_newest or named.count(each) > 1
    }
    if not divided:
        return route
    percents: dict[tuple[str, str | None], int] = {}
    for each in route.split:
        key = (each.function, None if each.function in divided else each.revision)
        percents[key] = percents.get(key, 0) + each.percent
    return replaced(
        route,
        split=tuple(
            Backend(function=function, revision=revision, percent=percent)
            for (function, revision), percent in percents.items()
        ),
    )


def _readme(phases: Sequence[Phase], functions: Sequence[str], options: RenderOptions) -> str:
    lines = [
        f"# Canary of {', '.join(functions)}",
        "",
        "Apply one folder after the other, and look before the next. Every folder is a whole",
        "rendering; they differ in the shares of revisions alone.",
        "",
        "| folder | what it does | before the next |",
        "|---|---|---|",
        *(f"| `{each.folder}` | {each.purpose} | {each.check} |" for each in phases),
        "",
        "```console",
        *(f"$ {command}" for command in _commands(phases[0].folder, options)),
        "```",
        "",
    ]
    if options.target is Target.KNATIVE:
        lines += [
            "Knative keeps revisions that were applied before: the older ones must be there, under",
            "the names that `wherry.yaml` gives them.",
            "",
        ]
    return "\n".join(lines)


def _commands(folder: str, options: RenderOptions) -> list[str]:
    """How a folder is applied; what routes name must be there before them."""
    if options.target is not Target.OPENFAAS or options.function_objects:
        return [f"kubectl apply -k {folder}"]
    # faas-cli looks for the template where it is run.
    return [f"(cd {folder} && faas-cli deploy -f stack.yaml)", f"kubectl apply -k {folder}"]
