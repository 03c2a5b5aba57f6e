"""Renders a project for one target: which emitters are asked, and in what order.

No I/O. A document is one object in one file; the stream form is the same documents in order.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path

from wherry_build import names
from wherry_build.errors import ManifestError
from wherry_build.manifests.document import Document
from wherry_build.manifests.istio import istio_documents
from wherry_build.manifests.knative import knative_documents
from wherry_build.manifests.openfaas import stack_document
from wherry_build.manifests.yaml import dump, dump_all
from wherry_build.project.model import Project

LOCAL_REGISTRY = "dev.local"
"""A prefix that no registry answers to; Knative leaves its tags alone, so loaded images work."""


class Target(enum.Enum):
    """The platform that is rendered for."""

    OPENFAAS = "openfaas"
    KNATIVE = "knative"

    @property
    def namespace(self) -> str:
        """Where its functions live when nothing is said."""
        return "openfaas-fn" if self is Target.OPENFAAS else "default"


class Mesh(enum.Enum):
    """The mesh in front of the platform."""

    NONE = "none"
    ISTIO = "istio"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOptions:
    """What a rendering depends on besides the project.

    Attributes:
        registry: Repository prefix of every image.
        tag: Tag of every image.
        gateway: URL of OpenFaaS's gateway.
        host: Host that the mesh's gateway serves; needed with a mesh.
        tls_secret: Secret with the host's certificate; without one the gateway is plain HTTP.
        working_directory: Where faas-cli is going to be run.
    """

    target: Target
    mesh: Mesh = Mesh.NONE
    namespace: str | None = None
    registry: str = LOCAL_REGISTRY
    tag: str = "latest"
    gateway: str = "http://127.0.0.1:8080"
    host: str | None = None
    tls_secret: str | None = None
    working_directory: Path = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """Documents in apply order, and what whoever applies them should know."""

    documents: tuple[Document, ...]
    warnings: tuple[str, ...] = ()

    def stream(self) -> str:
        """All documents as one YAML stream."""
        return dump_all(document.value for document in self.documents)

    def files(self) -> dict[str, str]:
        """Text by relative path, one object a file."""
        return {document.file: dump(document.value) for document in self.documents}


def image_reference(function: str, *, registry: str, tag: str) -> str:
    """The image of a function in `registry`; the one rule that build and render share."""
    prefix = f"{names.image_repository(registry)}/" if registry else ""
    return names.image_reference(f"{prefix}{function}:{names.image_tag(tag)}")


def render(project: Project, options: RenderOptions) -> Rendering:
    """Render every function of `project` for one target.

    Raises:
        InvalidName: An option is no name for what it is used as.
        ManifestError: A mesh is asked for without a host.
    """
    namespace = names.namespace(options.namespace or project.namespace or options.target.namespace)
    pairs = [
        (item, image_reference(item.name, registry=options.registry, tag=options.tag))
        for item in project.functions
    ]
    documents: list[Document] = []
    if options.target is Target.KNATIVE:
        for function, image in pairs:
            documents += knative_documents(
                function,
                image=image,
                namespace=namespace,
                mesh=options.mesh is Mesh.ISTIO,
            )
        documents.sort(key=lambda document: document.file)
    else:
        documents.append(
            stack_document(
                pairs,
                gateway=names.url(options.gateway),
                working_directory=options.working_directory,
            )
        )
    if options.mesh is Mesh.ISTIO:
        documents += _mesh(project, options, namespace)
    return Rendering(documents=tuple(documents), warnings=tuple(_warnings(project, options)))


def _mesh(project: Project, options: RenderOptions, namespace: str) -> list[Document]:
    if options.host is None:
        raise ManifestError(
            "a mesh's gateway serves a host, and none was given",
            hint="--host fns.example.com",
        )
    return istio_documents(
        project.functions,
        knative=options.target is Target.KNATIVE,
        namespace=namespace,
        host=names.host(options.host),
        tls_secret=names.secret_name(options.tls_secret) if options.tls_secret else None,
    )


def _warnings(project: Project, options: RenderOptions) -> list[str]:
    found = []
    if options.registry == LOCAL_REGISTRY:
        found.append(
            f"images are in {LOCAL_REGISTRY!r}, which no cluster can pull from; give --registry"
        )
    if options.mesh is Mesh.ISTIO and options.tls_secret is None:
        found.append("the gateway is plain HTTP; give --tls-secret for HTTPS")
    for function in project.functions:
        declared = function.declarations
        found += [
            f"{function.name}: {function.handler}:{unclear} is not a plain string; left out"
            for unclear in declared.unclear
        ]
        if not declared.http and not declared.event_types and options.target is Target.KNATIVE:
            found.append(f"{function.name}: takes events of any type; it gets no Trigger")
    if project.specification is not None:
        from wherry_build.manifests.unwritten import unwritten

        left = unwritten(project, options.target.value)
        found += [f"not yet written for this target: {key}" for key in left]
    return found
