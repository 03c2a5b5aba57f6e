"""What is timed: reading a project, rendering it, linting the result, and what others take for it.

Each step is of one core: nothing here starts a thread. A step that runs a program, ours or that of
others, counts its start as well.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from wherry_build.lint.run import lint
from wherry_build.lint.source import read
from wherry_build.manifests import Mesh, RenderOptions, Target, render
from wherry_build.manifests.layout import files
from wherry_build.project import Project, read_project

READ = "read wherry.yaml"
WAYS = (
    (Target.OPENFAAS, Mesh.ISTIO),
    (Target.KNATIVE, Mesh.ISTIO),
    (Target.KUBERNETES, Mesh.ISTIO),
    (Target.KUBERNETES, Mesh.GATEWAY_API),
)
PROGRAMS = {
    "kubeconform": ("kubeconform", "-ignore-missing-schemas"),
    "kubectl-validate": ("kubectl-validate",),
    "istioctl": ("istioctl", "analyze", "--use-kube=false", "--recursive"),
}
_SLOW_PART = 20
"""One text of so many is read by a library that would take minutes for all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One run of one step: its seconds, and of how many objects."""

    step: str
    seconds: float
    objects: int


def run(project_folder: Path, output: Path) -> Iterator[Timing]:
    """Every step once, in order; what is rendered is left in `output`."""
    started = time.perf_counter()
    project = read_project(project_folder)
    yield _since(started, READ, len(project.functions))
    for target, mesh in WAYS:
        yield _rendered(project, target, mesh, output / f"{target.value}-{mesh.value}")
    yield _linted(output)
    yield _command(project_folder, output, len(project.functions))


def peers(output: Path) -> Iterator[Timing]:
    """The same files in the hands of others: parsed only, and validated where one is installed."""
    texts = [file.read_text() for file in sorted(output.rglob("*.yaml"))]
    for name, load, chosen in _loaders(texts):
        started = time.perf_counter()
        for text in chosen:
            load(text)
        yield _since(started, name, len(chosen))
    for name, command in PROGRAMS.items():
        if shutil.which(command[0]):
            started = time.perf_counter()
            subprocess.run([*command, str(output)], check=False, capture_output=True)
            yield _since(started, name, len(texts))


def absent() -> list[str]:
    """Programs of others that are not on the PATH."""
    return [name for name, command in PROGRAMS.items() if not shutil.which(command[0])]


def _loaders(texts: list[str]) -> Iterator[tuple[str, Callable[[str], object], list[str]]]:
    import yaml
    from ruamel.yaml import YAML

    def by_pyyaml(text: str) -> object:
        return list(yaml.load_all(text, yaml.CSafeLoader))

    def by_ruamel(text: str) -> object:
        return list(YAML(typ="rt", pure=True).load_all(text))

    if hasattr(yaml, "CSafeLoader"):
        yield "PyYAML with libyaml, load alone", by_pyyaml, texts
    yield "ruamel.yaml round-trip, load alone", by_ruamel, texts[::_SLOW_PART]


def _rendered(project: Project, target: Target, mesh: Mesh, folder: Path) -> Timing:
    options = RenderOptions(
        target=target, mesh=mesh, registry="ghcr.io/acme", tag="1.4.2", function_objects=True
    )
    started = time.perf_counter()
    rendering = render(project, options)
    written = files(rendering)
    timing = _since(started, f"render {target.value} {mesh.value}", len(rendering.documents))
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (folder / name).write_text(text)
    return timing


def _command(project_folder: Path, output: Path, functions: int) -> Timing:
    """One whole command, from the start of the interpreter to the last file."""
    target, mesh = WAYS[1]
    folder = output.parent / "command"
    options = ["--target", target.value, "--mesh", mesh.value, "-o", str(folder)]
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "wherry_cli", "render", str(project_folder), *options],
        check=True,
        capture_output=True,
    )
    return _since(started, f"wherry render, {target.value} {mesh.value}", functions)


def _linted(output: Path) -> Timing:
    started = time.perf_counter()
    reading = read([output])
    findings = lint(reading)
    timing = _since(started, "lint", len(reading.documents))
    if reading.unreadable:
        raise RuntimeError(f"what was rendered cannot be read: {findings[0]}")
    return timing


def _since(started: float, step: str, objects: int) -> Timing:
    return Timing(step=step, seconds=time.perf_counter() - started, objects=objects)
