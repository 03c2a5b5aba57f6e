"""What the pages of `docs/targets` show: one small project, as each target gets it."""
# ruff: noqa: INP001 - beside the script that writes the pages

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from wherry_build.manifests import Mesh, RenderOptions, Sidecar, Target, render
from wherry_build.manifests.layout import files
from wherry_build.manifests.render import Rendering
from wherry_build.project import read_project

PROJECT = Path(__file__).resolve().parent / "targets/project"


def _options(target: Target, mesh: Mesh, sidecar: Sidecar) -> RenderOptions:
    return RenderOptions(
        target=target, mesh=mesh, sidecar=sidecar, working_directory=PROJECT / "deploy"
    )


def _combinations() -> dict[str, RenderOptions]:
    """Options by name: `knative`, `kubernetes_istio`, `kubernetes_envoy`."""
    found: dict[str, RenderOptions] = {}
    for target in Target:
        for mesh in Mesh:
            name = target.value + ("" if mesh is Mesh.NONE else f"_{mesh.value}")
            found[name.replace("-", "_")] = _options(target, mesh, Sidecar.NONE)
        for sidecar in Sidecar:
            if sidecar is not Sidecar.NONE and target is not Target.OPENFAAS:
                name = f"{target.value}_{sidecar.value}"
                found[name] = _options(target, Mesh.NONE, sidecar)
    return found


@cache
def _rendering(name: str) -> Rendering:
    return render(read_project(PROJECT), _combinations()[name])


def rendered(name: str) -> str:
    """All objects, each after the name of its file."""
    made = _rendering(name).files()
    return "\n".join(f"`{file}`\n\n```yaml\n{text}```\n" for file, text in made.items()).strip()


def tree(name: str) -> str:
    """The files that `-o deploy/` writes."""
    return "\n".join(
        ["```text", *(f"deploy/{file}" for file in sorted(files(_rendering(name)))), "```"]
    )


def lost(name: str) -> str:
    """What the target loses of the project."""
    losses = _rendering(name).losses
    if not losses:
        return "Nothing is lost."
    rows = [f"| `{each.key}` | {each.reason} | {each.instead} |" for each in losses]
    return "\n".join(["| key | why | instead |", "|---|---|---|", *rows])


PARTS: dict[str, Callable[[], str]] = {
    f"{part.__name__}_{name}": partial(part, name)
    for part in (rendered, tree, lost)
    for name in _combinations()
}
"""`rendered_knative`, `tree_kubernetes_istio`, `lost_kubernetes_envoy`: text by part."""
