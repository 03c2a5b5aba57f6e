"""Renders a project for one target: which emitters are asked, and in what order. No I/O.

The emitters of platforms, meshes and sidecars are imported where they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from wherry_build import names
from wherry_build.errors import ManifestError
from wherry_build.manifests.coverage import Reason, lost
from wherry_build.manifests.document import Document, belonging
from wherry_build.manifests.emission import Emission, Loss, PodAddition, added, together
from wherry_build.manifests.options import Mesh, RenderOptions, Sidecar, Target
from wherry_build.manifests.resolution import topology
from wherry_build.manifests.topology import Topology
from wherry_build.manifests.yaml import dump, dump_all
from wherry_build.project.image_name import LOCAL_REGISTRY
from wherry_build.project.model import Project

_SHOWN_NAMES = 5
_NO_ROUTES: Mapping[str, Reason] = dict.fromkeys(
    ("routes", "hosts", "mutual_tls", "functions.*.traffic_policy", "functions.*.authorization"),
    Reason(reason="nothing here carries routes", instead="choose a --mesh"),
)


class Emitter(Protocol):
    """What every package of an emitter has."""

    CARRIED: frozenset[str]
    LOST: Mapping[str, Reason]


class Platform(Emitter, Protocol):
    """The package of a platform."""

    emit: Callable[[Topology, RenderOptions, PodAddition], Emission]


class Proxy(Emitter, Protocol):
    """The package of a mesh or a sidecar."""

    emit: Callable[[Topology, RenderOptions], Emission]
    pod_addition: Callable[[Topology, RenderOptions], PodAddition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """Documents in apply order, and what whoever applies them should know."""

    documents: tuple[Document, ...]
    warnings: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()

    def stream(self) -> str:
        """All documents as one YAML stream."""
        return dump_all(document.value for document in self.documents)

    def files(self) -> dict[str, str]:
        """Text by relative path, one object a file."""
        return {document.file: dump(document.value) for document in self.documents}


def render(project: Project, options: RenderOptions) -> Rendering:
    """Render every function of `project` for one target.

    Raises:
        InvalidName: An option is no name for what it is used as.
        ManifestError: The target needs what neither the project nor an option says, a mesh's host.
    """
    resolved = topology(project, options)
    proxies = _proxies(options)
    platform = cast("Platform", _package(options.target.value))
    addition = added(each.pod_addition(resolved, options) for each in proxies)
    emitted = together(
        [
            platform.emit(resolved, options, addition),
            *(each.emit(resolved, options) for each in proxies),
        ]
    )
    emitters: list[Emitter] = [platform, *proxies]
    reasons = {} if proxies else dict(_NO_ROUTES)
    for each in reversed(emitters):
        reasons |= each.LOST
    carried = frozenset[str]().union(*(each.CARRIED for each in emitters))
    return Rendering(
        documents=_named(_ordered(emitted.documents), options.part_of),
        warnings=(*_warnings(project, resolved, options), *emitted.warnings),
        losses=(
            *lost(project, carried=carried, reasons=reasons, written=emitted.carried),
            *emitted.losses,
        ),
    )


def _proxies(options: RenderOptions) -> list[Proxy]:
    found = []
    if options.mesh is not Mesh.NONE:
        found.append(_package(options.mesh.value.replace("-", "_")))
    if options.sidecar is not Sidecar.NONE:
        if options.target is Target.OPENFAAS:
            raise ManifestError(
                f"--sidecar {options.sidecar.value}: OpenFaaS makes the pods, "
                "and has no place for another container",
                hint="--target kubernetes",
            )
        # Who carries the routes decides what a sidecar is for; beside another it has none.
        alone = options.mesh is Mesh.NONE and options.target is Target.KUBERNETES
        found.append(_package(f"sidecar.{options.sidecar.value}" + ("" if alone else ".inner")))
    return [cast("Proxy", each) for each in found]


def _package(name: str) -> object:
    return import_module(f"wherry_build.manifests.{name}")


def _ordered(documents: tuple[Document, ...]) -> tuple[Document, ...]:
    """In apply order.

    Raises:
        ManifestError: Two objects have one file, which is a fault of an emitter.
    """
    by_file = {document.file: document for document in documents}
    if len(by_file) != len(documents):
        files = [document.file for document in documents]
        twice = sorted({file for file in files if files.count(file) > 1})
        raise ManifestError(f"two objects for one file: {', '.join(twice)}")
    # The stack file is no object of Kubernetes; it has no number and comes first.
    return tuple(
        by_file[file] for file in sorted(by_file, key=lambda file: (file[:1].isdigit(), file))
    )


def _named(documents: tuple[Document, ...], part_of: str) -> tuple[Document, ...]:
    """`documents` with the label of their project, where that has a name."""
    if not part_of:
        return documents
    name = names.project_name(part_of)
    return tuple(belonging(each, name) for each in documents)


def _warnings(project: Project, resolved: Topology, options: RenderOptions) -> list[str]:
    found = []
    if options.registry == LOCAL_REGISTRY:
        found.append(
            f"images are in {LOCAL_REGISTRY!r}, which no cluster can pull from; give --registry"
        )
    elif tagged := _tagged(resolved):
        found.append(
            f"named by a tag, which may come to mean another image: {', '.join(tagged)}; "
            "wherry.lock or `image: name@sha256:...` pins them"
        )
    return found + [
        f"{function.name}: {function.handler}:{unclear} is not a plain string; left out"
        for function in project.functions
        for unclear in function.declarations.unclear
    ]


def _tagged(resolved: Topology) -> list[str]:
    """Functions with an image that has no digest; the first few by name."""
    names = [
        name
        for name, workload in resolved.workloads.items()
        if any("@" not in revision.image for revision in workload.revisions)
    ]
    more = len(names) - _SHOWN_NAMES
    return names if more <= 0 else [*names[:_SHOWN_NAMES], f"{more} more"]
