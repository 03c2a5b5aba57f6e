"""Reads a project from its wherry.yaml and the folders that it names; the edge to the disk."""

from __future__ import annotations

from pathlib import Path

from wherry_build.collection import uncollected
from wherry_build.project.folder import (
    HANDLER_FILES,
    handler_in,
    read_file,
    read_folder,
    read_function,
)
from wherry_build.project.merging import contradictions, merged, trigger_contradictions
from wherry_build.project.model import Function, Project
from wherry_build.project.reading.environment_file import read_environment_file
from wherry_build.project.reading.fault import Fault, invalid
from wherry_build.project.reading.project_text import ProjectText, read_project_text
from wherry_build.project.reading.tree import position_at
from wherry_build.project.reading.yaml_text import LIMIT_BYTES
from wherry_build.project.specification import FunctionSpecification
from wherry_build.project.specification.eventing import SINK_VARIABLES


@uncollected()
def read_file_project(file: Path, *, environment: str = "") -> Project:
    """Read the project that `file` says, in `environment`.

    Raises:
        ProjectFileInvalid: With every fault of the file, and of what it says of handlers.
        FunctionsNotFound: It names no function, and there is no folder with one.
        HandlerUnreadable: A handler's file is no Python that parses.
        ExtraMissing: ruamel.yaml is not installed.
    """
    with file.open("rb") as opened:
        content = opened.read(LIMIT_BYTES + 1)
    text = read_project_text(content, path=_shown(file), environment=environment)
    faults: list[Fault] = []
    said = text.specification.functions
    if said:
        found = {
            name: function
            for name, specification in said.items()
            if (function := _function(file.parent, name, specification, text, faults)) is not None
        }
    else:
        found = {function.name: function for function in read_folder(file.parent).functions}
        faults += _without_functions(found, text)
    functions: list[Function] = []
    for name, function in found.items():
        specification = said.get(name, FunctionSpecification())
        faults += contradictions(function, specification, text.tree)
        variables = _variables(file.parent, name, specification, text, faults)
        functions.append(merged(function, specification, variables))
    faults += trigger_contradictions(functions, text.specification, text.tree)
    if faults:
        raise invalid(faults)
    functions.sort(key=lambda function: function.name)
    return Project(root=file.parent, functions=tuple(functions), specification=text.specification)


def _function(
    root: Path,
    name: str,
    specification: FunctionSpecification,
    text: ProjectText,
    faults: list[Fault],
) -> Function | None:
    """The function `name` as its folder has it; None, with a fault, when there is none."""
    said = specification.handler
    for place in [said] if said is not None else [f"functions/{name}", name]:
        path = root / place
        if path.is_file() and path.suffix == ".py":
            return read_file(path, name)
        handler = handler_in(path)
        if handler is not None:
            return read_function(path, handler, name)
    way = ("functions", name, "handler") if said is not None else ("functions", name)
    faults.append(
        Fault(
            position=position_at(text.tree, way),
            what=f"handler of {name!r}",
            got=f"{said!r}, where no handler is"
            if said is not None
            else f"none in functions/{name} or {name}",
            expected=f"a folder with one of {', '.join(HANDLER_FILES)}",
        )
    )
    return None


def _variables(
    root: Path,
    name: str,
    specification: FunctionSpecification,
    text: ProjectText,
    faults: list[Fault],
) -> dict[str, str]:
    """What the files of variables give to the function `name`; a later file wins."""
    found: dict[str, str] = {}
    for at, said in enumerate(specification.environment_files):
        path = root / said
        if not path.is_file():
            place = position_at(text.tree, ("functions", name, "environment_files", at))
            faults.append(
                Fault(position=place, what=f"file of variables {said!r}", got="no such file")
            )
            continue
        with path.open("rb") as opened:
            content = opened.read(LIMIT_BYTES + 1)
        variables, wrong = read_environment_file(content, path=_shown(path))
        found |= variables
        faults += wrong
        faults += [
            Fault(
                position=position_at(text.tree, ("functions", name, "sink")),
                what=f"sink of {name!r}",
                got=f"{variable} in {said!r} besides",
                expected="one of the two",
            )
            for variable in SINK_VARIABLES
            if specification.sink is not None and variable in variables
        ]
    return found


def _without_functions(found: dict[str, Function], text: ProjectText) -> list[Fault]:
    """What names of functions are wrong, where the folders say which there are."""
    from wherry_build.project.reading.references import reference_faults

    return reference_faults(text.specification, text.tree, functions=found)


def _shown(file: Path) -> str:
    """The file as a person would name it: from where the command runs, when it is below that."""
    here = Path.cwd()
    return str(file.relative_to(here)) if here in file.parents else str(file)
