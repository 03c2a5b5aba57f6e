"""Looks at the commands of others that go with ours: which there are, and what they point at."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from wherry_build.doctor.finding import Finding, State
from wherry_build.image.wheels.index_settings import IndexSettings
from wherry_build.image.wheels.tool import found_uv

AREA = "Tools"
_ANSWER_S = 10
_SHOWN = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A command that goes with ours.

    Attributes:
        name: Its name.
        question: Words that it answers with one line, quickly and without a network.
        about: What the answer is.
        purpose: What it is for.
        hint: How it is installed.
    """

    name: str
    question: tuple[str, ...]
    about: str
    purpose: str
    hint: str


TOOLS = (
    Tool(
        name="kubectl",
        question=("config", "current-context"),
        about="context",
        purpose="looking at what wherry deploy has applied",
        hint="https://kubernetes.io/docs/tasks/tools",
    ),
    Tool(
        name="faas-cli",
        question=("version", "--short-version"),
        about="version",
        purpose="OpenFaaS with its own command: wherry plugin install, wherry builder serve",
        hint="https://docs.openfaas.com/cli/install",
    ),
    Tool(
        name="kn",
        question=("version", "--output", "json"),
        about="",
        purpose="looking at what wherry deploy --target knative has applied",
        hint="https://knative.dev/docs/client/install-kn",
    ),
    Tool(
        name="func",
        question=("version",),
        about="version",
        purpose="functions of Knative's own command beside ours",
        hint="https://knative.dev/docs/functions/install-func",
    ),
    Tool(
        name="uv",
        question=("--version",),
        about="",
        purpose="wherry builder serve without --sources; wherry build, faster than with pip",
        hint="pip install uv",
    ),
)


def look_at_tools(tools: tuple[Tool, ...] = TOOLS) -> Iterator[Finding]:
    """Each command: where it is, and what it answers."""
    for tool in tools:
        path = _path(tool)
        yield Finding(
            area=AREA,
            name=tool.name,
            state=State.OK if path else State.ABSENT,
            said=f"{path}, {_answer(path, tool)}" if path else "not on PATH",
            purpose=tool.purpose,
            hint="" if path else tool.hint,
        )


def _path(tool: Tool) -> str | None:
    """Where the commands that use it find it."""
    if tool.name != "uv":
        return shutil.which(tool.name)
    uv = found_uv(IndexSettings())
    return uv.command[0] if uv is not None else None


def _answer(path: str, tool: Tool) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a table of words, and no shell
            [path, *tool.question],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ANSWER_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "which does not answer"
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return f"no {tool.about or 'version'}"
    line = lines[0] if lines[0] != "{" else "which answers"
    return f"{tool.about} {line[:_SHOWN]}".strip()
