"""In which namespaces the functions and the brokers of a project live. No I/O.

A project that says a namespace has both there; else each platform's own default counts.
"""

from __future__ import annotations

from wherry_build.project import Project
from wherry_local.deployment import DEFAULT_NAMESPACE, FunctionKey

EVENT_NAMESPACE = "default"
"""The namespace of the brokers of a project that says none, as Knative has it."""


def function_namespace(project: Project) -> str:
    """Where the functions of `project` live."""
    return project.namespace or DEFAULT_NAMESPACE


def function_key(project: Project, name: str) -> FunctionKey:
    """The function `name` of `project`."""
    return FunctionKey(name, function_namespace(project))


def event_namespace(project: Project) -> str:
    """Where the brokers and triggers of `project` live."""
    return project.namespace or EVENT_NAMESPACE
