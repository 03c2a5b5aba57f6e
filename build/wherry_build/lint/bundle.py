"""All documents of one run, with the questions that rules ask across them. No I/O.

Where a namespace is not written nobody knows it, so it is taken to be the same as any other: a
finding that rests on a guess is worse than none.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, TypeVar

from wherry_build.lint.document import Document, Form
from wherry_build.lint.node import Keys, Node, mapping, strings

if TYPE_CHECKING:
    from wherry_build.lint.schemas.catalogue import Schemas

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")

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


@dataclass(frozen=True, kw_only=True, eq=False)
class Workload:
    """An object that makes pods, with where their template is.

    Attributes:
        keys: From the document to the template (or to a Pod itself).
    """

    document: Document
    keys: Keys

    @cached_property
    def template(self) -> Node:
        """The pod template."""
        return self.document.get(*self.keys)

    @cached_property
    def labels(self) -> dict[str, str]:
        """Labels of its pods."""
        return strings(self.document.get(*self.keys, "metadata", "labels"))

    @cached_property
    def spec_keys(self) -> Keys:
        """From the document to the pod's spec."""
        return (*self.keys, "spec")

    @cached_property
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


@dataclass(frozen=True, kw_only=True, eq=False)
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
        carriers = [self._by_label.get(label, ()) for label in selector.items()]
        return tuple(
            workload
            for workload in min(carriers, key=len, default=())
            if selector.items() <= workload.labels.items()
            and may_share_namespace(workload.document.namespace, namespace)
        )

    def behind(self, service: Document) -> tuple[Workload, ...]:
        """The workloads that a Service selects."""
        return self.selected(strings(service.get("spec", "selector")), service.namespace)

    def in_front_of(self, workload: Workload) -> tuple[Document, ...]:
        """The Services that select the pods of a workload."""
        carried = workload.labels.items()
        found = [each for label in carried for each in self._by_selector.get(label, ())]
        return tuple(
            service
            for _, service, selector in sorted(found, key=itemgetter(0))
            if selector.items() <= carried
            and may_share_namespace(service.namespace, workload.document.namespace)
        )

    def workloads_named(self, name: str) -> Sequence[Workload]:
        """The workloads of one name, whatever their kind and namespace."""
        return self._workloads_by_name.get(name, ())

    def namespace_labels(self, namespace: str) -> dict[str, str]:
        """Labels of the Namespace object; none where it is not given."""
        found = self._by_name.get(("", "Namespace", namespace), ()) if namespace else ()
        return strings(found[0].get("metadata", "labels")) if found else {}

    @cached_property
    def _workloads_by_name(self) -> dict[str, list[Workload]]:
        return grouped((each.document.name, each) for each in self.workloads)

    @cached_property
    def _by_selector(self) -> dict[tuple[str, str], list[tuple[int, Document, dict[str, str]]]]:
        """Services by a label that they select by, with their order and the whole selector."""
        return grouped(
            (next(iter(selector.items())), (order, service, selector))
            for order, service in enumerate(self.services)
            if (selector := strings(service.get("spec", "selector")))
        )

    @cached_property
    def _by_label(self) -> dict[tuple[str, str], list[Workload]]:
        return grouped(
            (label, workload) for workload in self.workloads for label in workload.labels.items()
        )

    @cached_property
    def _by_form(self) -> dict[Form, tuple[Document, ...]]:
        made = grouped((document.form, document) for document in self.documents)
        return {form: tuple(found) for form, found in made.items()}

    @cached_property
    def _by_kind(self) -> dict[tuple[str, str], tuple[Document, ...]]:
        made = grouped(((document.group, document.kind), document) for document in self.objects)
        return {kind: tuple(found) for kind, found in made.items()}

    @cached_property
    def _by_name(self) -> dict[tuple[str, str, str], list[Document]]:
        return grouped(
            ((document.group, document.kind, document.name), document) for document in self.objects
        )


def grouped(pairs: Iterable[tuple[_Key, _Value]]) -> dict[_Key, list[_Value]]:
    """The values of each key, in their order; what a rule looks up in place of searching."""
    made: dict[_Key, list[_Value]] = {}
    for key, value in pairs:
        made.setdefault(key, []).append(value)
    return made


def may_share_namespace(one: str, other: str) -> bool:
    """Whether two namespaces are the same, or one is not written and may be."""
    return not one or not other or one == other
