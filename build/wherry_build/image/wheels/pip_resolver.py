"""Resolves with pip where there is no uv, for a target that is not the machine pip runs on.

pip chooses files by the tags it is told, but evaluates environment markers for itself. Markers of
requirements are therefore evaluated here and taken out; of what packages need in turn, what pip
left out is asked for again, and what only this machine needs is dropped.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from wherry_build.errors import RequirementsInvalid, RequirementsUnresolved
from wherry_build.image.wheels.locked import (
    LockedFile,
    LockedWheel,
    file_name_of,
    normalized,
    without_credentials,
)
from wherry_build.image.wheels.pip_sources import PipSources
from wherry_build.image.wheels.pylock import check_fits, toml_document
from wherry_build.image.wheels.requirements import Line, Requirements, Source
from wherry_build.image.wheels.runtime_stub import PACKAGE
from wherry_build.image.wheels.target import WAYS_OUT, Target
from wherry_build.image.wheels.tool import Tool, ToolFailed
from wherry_build.image.wheels.wanted import Wanted

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class PipResolver:
    """A `Resolver` that runs pip."""

    tool: Tool

    def resolve(self, wanted: Wanted, target: Target) -> tuple[LockedFile, ...]:
        """The files of `wanted` for `target`.

        Raises:
            RequirementsUnresolved: There are no versions that fit.
            WheelNotFound: A package has no wheel that runs there, and is not pure Python.
        """
        if not self.tool.settings.builds:
            # A path, a repository or a dependency on one: pip runs its code to see what it needs.
            raise RequirementsUnresolved(
                "uv is not installed, and pip may run the code of what it looks at",
                hint="pip install uv",
            )
        with PipSources.beside(self.tool) as sources:
            return self._found(wanted, target, sources)

    def _found(self, wanted: Wanted, target: Target, sources: PipSources) -> tuple[LockedFile, ...]:
        lines = list(_for_target(_lines(wanted), target))
        added: list[str] = []
        for _round in range(_ROUNDS):
            try:
                report = _report(sources.tool, wanted, target, lines, added)
            except ToolFailed as error:
                if sources.made(str(error), target):
                    continue
                raise RequirementsUnresolved(
                    f"{wanted.requirements.file}: for {target}: {error}",
                    hint=f"change the requirements, or where a package has no wheel: {WAYS_OUT}",
                ) from None
            reached, missing = _walk(report, [*_requirements(lines), *added], target)
            if not missing or not wanted.has_dependencies:
                names = sorted(reached if wanted.has_dependencies else report)
                return tuple(sources.kept(_locked(report[name], name, target)) for name in names)
            added += missing
        raise RequirementsUnresolved(
            f"{wanted.requirements.file}: pip finds no end of what {target} needs",
            hint="pip install uv",
        )


def _report(
    tool: Tool, wanted: Wanted, target: Target, lines: list[Line], added: list[str]
) -> Mapping[str, dict[str, Any]]:
    """What pip would install, by name."""
    with tempfile.TemporaryDirectory(prefix="wherry-pip-") as scratch:
        required = Path(scratch, "requirements.txt")
        held = Path(scratch, "constraints.txt")
        required.write_text("\n".join([*_texts(lines, wanted), *added, ""]), encoding="utf-8")
        constraints = [line.text for line in lines if line.is_constraint]
        held.write_text("\n".join([*constraints, *wanted.constraints, ""]), encoding="utf-8")
        arguments = [
            *("install", "--dry-run", "--quiet", "--ignore-installed", "--report", "-"),
            *("--target", str(Path(scratch, "none")), *target_options(target)),
            *("-r", str(required), "-c", str(held)),
        ]
        if not wanted.has_dependencies:
            arguments.append("--no-deps")
        printed = tool.run(arguments, folder=wanted.requirements.folder)
    installed = json.loads(printed).get("install", ())
    return {normalized(item["metadata"]["name"]): item for item in installed}


def _texts(lines: list[Line], wanted: Wanted) -> list[str]:
    """The lines of a requirements file; what is asked of the runtime is asked of its wheel."""
    texts = [line for line in lines if not line.is_constraint]
    if wanted.runtime is None:
        return [line.text for line in texts]
    extras: set[str] = set()
    others = []
    for line in texts:
        requirement = None if line.is_option else _requirement(line.requirement)
        if requirement is not None and normalized(requirement.name) == PACKAGE:
            extras |= requirement.extras
        else:
            others.append(line.text)
    return [*others, wanted.runtime_line(extras)]


def target_options(target: Target) -> list[str]:
    """The options by which pip chooses files for `target`."""
    major, minor = target.python
    options = ["--only-binary", ":all:", "--implementation", "cp"]
    options += ["--python-version", f"{major}.{minor}"]
    for abi in (f"cp{major}{minor}", "abi3", "none"):
        options += ["--abi", abi]
    for platform in target.platform_tags():
        options += ["--platform", platform]
    return options


def _lines(wanted: Wanted) -> tuple[Line, ...]:
    requirements = wanted.requirements
    if wanted.is_runtime_alone:
        return tuple(Line(option) for option in requirements.options)
    if requirements.source is Source.PROJECT:
        return tuple(Line(text) for text in project_dependencies(requirements))
    return requirements.lines


def project_dependencies(requirements: Requirements) -> list[str]:
    """The dependencies in a pyproject.toml.

    Raises:
        RequirementsInvalid: It is no such file, or leaves them to its build backend.
    """
    text = requirements.text
    project = toml_document(text, requirements.file).get("project", {})
    if "dependencies" in project.get("dynamic", ()):
        raise RequirementsInvalid(
            f"{requirements.file}: the dependencies are dynamic, expected a list",
            hint="write them into requirements.txt, or pip install uv",
        )
    return [str(item) for item in project.get("dependencies", ())]


def _for_target(lines: tuple[Line, ...], target: Target) -> Iterator[Line]:
    """The lines that count for `target`, without markers."""
    for line in lines:
        text, semicolon, _marker = line.text.partition(";")
        if line.is_option or not semicolon:
            yield line
            continue
        requirement = _requirement(line.requirement)
        if requirement is None or target.applies(requirement.marker):
            options = line.text[len(line.requirement) :]
            yield Line(f"{text.strip()}{options}", is_constraint=line.is_constraint)


def _requirements(lines: list[Line]) -> list[str]:
    return [line.requirement for line in lines if not line.is_option and not line.is_constraint]


def _requirement(text: str) -> Requirement | None:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _walk(
    report: Mapping[str, dict[str, Any]], roots: list[str], target: Target
) -> tuple[set[str], list[str]]:
    """The names that `target` needs, and the requirements of it that `report` has nothing for."""
    parsed = [_requirement(root) for root in roots]
    # A path or a URL has no name that could be read; pip says which were asked for.
    queue = [(name, "") for name, item in report.items() if item.get("requested")]
    queue += [
        (normalized(item.name), extra)
        for item in parsed
        if item is not None
        for extra in ("", *item.extras)
    ]
    seen: set[tuple[str, str]] = set()
    missing: list[str] = []
    while queue:
        name, extra = queue.pop()
        if (name, extra) in seen or name not in report:
            continue
        seen.add((name, extra))
        for text in report[name]["metadata"].get("requires_dist", ()):
            needed = _requirement(text)
            if needed is None or not target.applies(needed.marker, extra=extra):
                continue
            if normalized(needed.name) not in report:
                needed.marker = None
                missing.append(str(needed))
            queue += [(normalized(needed.name), item) for item in ("", *needed.extras)]
    return {name for name, _extra in seen}, sorted(set(missing))


def _locked(item: dict[str, Any], name: str, target: Target) -> LockedWheel:
    download = item["download_info"]
    url = download["url"]
    sha256 = download.get("archive_info", {}).get("hashes", {}).get("sha256")
    if sha256 is None and url.startswith("file:") and url.endswith(".whl"):
        # Of a file beside the index, pip before 23.1 says none.
        sha256 = hashlib.sha256(Path(unquote(urlsplit(url).path)).read_bytes()).hexdigest()
    if sha256 is None:
        raise RequirementsUnresolved(
            f"{name}: comes from {without_credentials(url)}, expected a file with a hash",
            hint=WAYS_OUT,
        )
    file_name = file_name_of(url)
    check_fits(file_name, target)
    return LockedWheel(
        name=name,
        version=item["metadata"]["version"],
        file_name=file_name,
        sha256=sha256,
        url=without_credentials(url),
    )
