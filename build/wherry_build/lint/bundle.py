"""All documents of one run, with the questions that rules ask across them. No I/O.

Where a namespace is not written nobody knows it, so it is taken to be the same as any other: a
finding that rests on a guess is worse than none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from wherry_build.lint.document import Document, Form
from wherry_build.lint.node import Keys, Node, mapping, strings

if TYPE_CHECKING:
    from wherry_build.lint.schemas.catalogue import Schemas

_TEMPLATES: dict[tuple[str, str], Keys] = {
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("", "ReplicationController"): ("spec", "template"),
    ("batch", "Job"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    ("", "Pod"): (),
}
"""Where the pod template of each kind is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """An object that makes pods, with where their template is.

    Attributes:
        keys: From the document to the template (or to a Pod itself).
    """

    document: Document
    keys: Keys

    @property
    def template(self) -> Node:
        """The pod template."""
        return self.document.get(*self.keys)

    @property
    def labels(self) -> dict[str, str]:
        """Labels of its pods."""
        return strings(self.document.get(*self.keys, "metadata", "labels"))

    @property
    def spec_keys(self) -> Keys:
        """From the document to the pod's spec."""
        return (*self.keys, "spec")

    @property
    def spec(self) -> Node:
        """The pod's spec, an empty mapping where it has none."""
        return mapping(self.document.get(*self.spec_keys))

    def containers(self, *, with_init: bool = True) -> Iterator[tuple[Keys, Node]]:
        """Each container with its keys from the document; init containers come last."""
        for field_name in ("containers", "initContainers") if with_init else ("containers",):
            listed = self.document.get(*self.spec_keys, field_name)
            if isinstance(listed, list):
                for index, container in enumerate(listed):
                    yield (*self.spec_keys, field_name, index), mapping(container)


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """Every document that was given, at once.

    Attributes:
        schemas: The schemas of custom resources, where there are any to check against.
    """

    documents: tuple[Document, ...] = field(default=())
    schemas: Schemas | None = None

    def of_form(self, form: Form) -> tuple[Document, ...]:
        """Every document of one form."""
        return self._by_form.get(form, ())

    @property
    def objects(self) -> tuple[Document, ...]:
        """Every Kubernetes object."""
        return self.of_form(Form.KUBERNETES)

    def of_kind(self, kind: str, group: str = "") -> tuple[Document, ...]:
        """Every object of a kind in an API group (the core's by default), whatever its version."""
        return self._by_kind.get((group, kind), ())

    def find(
        self, kind: str, name: str, *, group: str = "", namespace: str = ""
    ) -> Document | None:
        """The object of that kind and name; an unknown namespace is taken for any."""
        for document in self._by_name.get((group, kind, name), ()):
            if may_share_namespace(document.namespace, namespace):
                return document
        return None

    @cached_property
    def services(self) -> tuple[Document, ...]:
        """Every Service of the core group."""
        return self.of_kind("Service")

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        """Every object that makes pods, Knative's Services not among them."""
        return tuple(
            Workload(document=document, keys=_TEMPLATES[document.group, document.kind])
            for document in self.objects
            if (document.group, document.kind) in _TEMPLATES
        )

    @cached_property
    def knative_services(self) -> tuple[Workload, ...]:
        """Every Service of Knative Serving, as the workload that it is."""
        return tuple(
            Workload(document=document, keys=("spec", "template"))
            for document in self.of_kind("Service", "serving.knative.dev")
        )

    def selected(self, selector: dict[str, str], namespace: str = "") -> tuple[Workload, ...]:
        """The workloads whose pods carry all labels of `selector`; none for an empty one."""
        first = next(iter(selector.items()), None)
        return tuple(
            workload
            for workload in (self._by_label.get(first, ()) if first else ())
            if selector.items() <= workload.labels.items()
            and may_share_namespace(workload.document.namespace, namespace)
        )

    def behind(self, service: Document) -> tuple[Workload, ...]:
        """The workloads that a Service selects."""
        return self.selected(strings(service.get("spec", "selector")), service.namespace)

    @cached_property
    def _by_label(self) -> dict[tuple[str, str], list[Workload]]:
        made: dict[tuple[str, str], list[Workload]] = {}
        for workload in self.workloads:
            for label in workload.labels.items():
                made.setdefault(label, []).append(workload)
        return made

    @cached_property
    def _by_form(self) -> dict[Form, tuple[Document, ...]]:
        made: dict[Form, list[Document]] = {}
        for document in self.documents:
            made.setdefault(document.form, []).append(document)
        return {form: tuple(found) for form, found in made.items()}

    @cached_property
    def _by_kind(self) -> dict[tuple[str, str], tuple[Document, ...]]:
        made: dict[tuple[str, str], list[Document]] = {}
        for document in self.objects:
            made.setdefault((document.group, document.kind), []).append(document)
        return {kind: tuple(found) for kind, found in made.items()}

    @cached_property
    def _by_name(self) -> dict[tuple[str, str, str], tuple[Document, ...]]:
        made: dict[tuple[str, str, str], list[Document]] = {}
        for document in self.objects:
            key = (document.group, document.kind, document.name)
            made.setdefault(key, []).append(document)
        return {key: tuple(found) for key, found in made.items()}


def may_share_namespace(one: str, other: str) -> bool:
    """Whether two namespaces are the same, or one is not written and may be."""
    return not one or not other or one == other
