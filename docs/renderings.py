"""What the pages of `docs/targets` show: one small project, as each target gets it."""
# ruff: noqa: INP001 - beside the script that writes the pages

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib import import_module
from pathlib import Path

from wherry_build.manifests import Mesh, RenderOptions, Sidecar, Target, render
from wherry_build.manifests.coverage import CARRIED_BY_ALL, covering
from wherry_build.manifests.layout import files
from wherry_build.manifests.render import Rendering
from wherry_build.project import read_project
from wherry_build.project.shape import Keyed, Named, fields_of
from wherry_build.project.specification import ProjectSpecification
from wherry_build.project.specification.eventing import Filter
from wherry_build.project.specification.record import Record

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
    return _shown(_rendering(name).files())


def added(name: str) -> str:
    """The objects that a mesh or a sidecar adds to those of its target."""
    plain = _rendering(name.partition("_")[0]).files()
    made = {file: text for file, text in _rendering(name).files().items() if file not in plain}
    return _shown(made)


def _shown(made: dict[str, str]) -> str:
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


def project() -> str:
    """The project's file."""
    return f"```yaml\n{(PROJECT / 'wherry.yaml').read_text()}```"


def carriage() -> str:
    """Which parts of wherry.yaml each emitter writes."""
    groups: dict[str, list[str]] = {}
    for pattern in _patterns(ProjectSpecification):
        groups.setdefault(_group(pattern), []).append(pattern)
    emitters = {title: _carried(name) for title, name in _EMITTERS.items()}
    rows = [
        f"| `{group}` | " + " | ".join(_mark(patterns, each) for each in emitters.values()) + " |"
        for group, patterns in groups.items()
        if any(_mark(patterns, each) != "-" for each in emitters.values())
    ]
    heads = ["| key | " + " | ".join(emitters) + " |", "|---|" + ":-:|" * len(emitters)]
    return "\n".join([*heads, *rows])


def _carried(name: str) -> frozenset[str]:
    found: frozenset[str] = import_module(f"wherry_build.manifests.{name}").CARRIED
    return found | CARRIED_BY_ALL if name in _PLATFORMS else found


def _mark(patterns: list[str], carried: frozenset[str]) -> str:
    there = [covering(pattern, carried) is not None for pattern in patterns]
    return "yes" if all(there) else "part" if any(there) else "-"


def _patterns(record: type[Record], prefix: str = "") -> Iterator[str]:
    for field in fields_of(record):
        here = f"{prefix}{field.key}"
        match field.shape:
            case Keyed(record=inner) if inner is not Filter:
                yield from _patterns(inner, f"{here}.")
            case Named(value=Keyed(record=inner)):
                yield from _patterns(inner, f"{here}.*.")
            case _:
                yield here


def _group(pattern: str) -> str:
    """`functions.*.scale.min` belongs to `functions.*.scale`."""
    parts = pattern.split(".")
    return ".".join(parts[: 3 if "*" in parts[:2] else 2])


_PLATFORMS = ("openfaas", "knative", "kubernetes")
_EMITTERS = {
    "OpenFaaS": "openfaas",
    "Knative": "knative",
    "Kubernetes": "kubernetes",
    "Istio": "istio",
    "Gateway API": "gateway_api",
    "Linkerd": "linkerd",
    "Kuma": "kuma",
    "Consul": "consul",
    "Envoy": "sidecar.envoy",
    "NGINX": "sidecar.nginx",
    "HAProxy": "sidecar.haproxy",
}

PARTS: dict[str, Callable[[], str]] = {
    "carriage": carriage,
    "project": project,
    **{
        f"{part.__name__}_{name}": partial(part, name)
        for part in (rendered, added, tree, lost)
        for name in _combinations()
    },
}
"""`rendered_knative`, `added_kubernetes_istio`, `lost_kubernetes_envoy`: text by part."""
