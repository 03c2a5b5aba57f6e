"""What a wherry.yaml says of a function, as `wherry run` gives it to a process."""

from __future__ import annotations

import os
from collections.abc import Iterator

from wherry_build.project import Function, Project
from wherry_build.project.specification import FunctionSpecification


def run_environment(project: Project, function: Function) -> dict[str, str]:
    """Variables that its file gives to `function`, without those that are set already."""
    said = _said(project, function)
    given = {"WHERRY_FUNCTION": function.name}
    if said.timeout is not None:
        given["WHERRY_TIMEOUT"] = f"{function.timeout_s}s"
    if said.concurrency:
        given["WHERRY_MAX_INFLIGHT"] = str(function.concurrency)
    given |= function.environment
    return {name: value for name, value in given.items() if name not in os.environ}


def unused_by_run(project: Project) -> Iterator[str]:
    """What would change how a function runs, and `wherry run` does not use yet."""
    for function in project.functions:
        if _said(project, function).secrets:
            yield (
                f"not yet used by wherry run: functions.{function.name}.secrets; "
                "WHERRY_SECRETS_PATH names folders to read them from"
            )


def _said(project: Project, function: Function) -> FunctionSpecification:
    functions = project.specification.functions if project.specification is not None else {}
    return functions.get(function.name, FunctionSpecification())
