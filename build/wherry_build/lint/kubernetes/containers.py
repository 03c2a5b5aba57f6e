"""Rules about containers: their images, their limits, and sidecars among them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle, Workload, may_share_namespace
from wherry_build.lint.finding import Severity
from wherry_build.lint.node import Node, at, items, mapping, text
from wherry_build.lint.rule import Fault, fault, fix, rule

_LOCAL_REGISTRIES = ("dev.local/", "ko.local/", "kind.local/", "localhost/", "localhost:")
_PROXIES = frozenset(
    {"envoy", "nginx", "nginx-unprivileged", "haproxy", "cloud-sql-proxy", "oauth2-proxy"}
)
_SIDECAR = re.compile(r"(?:^|-)(?:sidecar|proxy)(?:-|$)")


@rule("K8S007", Severity.WARNING, "an image has no tag, or `latest`, and no digest")
def floating_image(bundle: Bundle) -> Iterator[Fault]:
    """Images that are only ever loaded on one machine are left alone."""
    for workload in (*bundle.workloads, *bundle.knative_services):
        for keys, container in workload.containers():
            image = text(container.get("image"))
            if _is_floating(image):
                yield fault(
                    workload.document,
                    (*keys, "image"),
                    f"got {image!r}, expected a tag of one release or a digest",
                    hint="pin it, `name:1.4.2` or `name@sha256:...`; else two pods may differ",
                )


def _is_floating(image: str) -> bool:
    if not image or "@" in image or "$" in image or image.startswith(_LOCAL_REGISTRIES):
        return False
    _, colon, tag = image.rpartition("/")[2].partition(":")
    return not colon or tag == "latest"


@rule("K8S008", Severity.WARNING, "a container has no resources and no securityContext at all")
def bare_container(bundle: Bundle) -> Iterator[Fault]:
    """Neither requests nor limits, nor a security context, its own or the pod's."""
    for workload in (*bundle.workloads, *bundle.knative_services):
        document = workload.document
        if mapping(workload.spec.get("securityContext")) or any(
            may_share_namespace(limits.namespace, document.namespace)
            for limits in bundle.of_kind("LimitRange")
        ):
            continue
        for keys, container in workload.containers():
            if not mapping(container.get("resources")) and not mapping(
                container.get("securityContext")
            ):
                name = text(container.get("name"))
                yield fault(
                    document,
                    keys,
                    f"container {name!r}: got no resources and no securityContext",
                    hint="set resources.requests, resources.limits.memory, runAsNonRoot, "
                    "allowPrivilegeEscalation: false and capabilities.drop: [ALL]",
                )


@rule("K8S011", Severity.WARNING, "a sidecar is a container like any other")
def plain_sidecar(bundle: Bundle) -> Iterator[Fault]:
    """A proxy beside another container; its start and end have no order (Kubernetes 1.29)."""
    for workload in bundle.workloads:
        found = list(workload.containers(with_init=False))
        sidecars = [(keys, each) for keys, each in found if _is_sidecar(each)]
        if len(sidecars) == len(found):
            continue
        for keys, container in sidecars:
            yield fault(
                workload.document,
                keys,
                f"got the sidecar {text(container.get('name'))!r} among `containers`, expected it "
                "in `initContainers` with restartPolicy: Always",
                hint="then it starts before the others, stops after them, and a Job can end",
            )


def _is_sidecar(container: Node) -> bool:
    image = text(container.get("image")).partition("@")[0].rpartition("/")[2].partition(":")[0]
    return image in _PROXIES or _SIDECAR.search(text(container.get("name"))) is not None


@fix("K8S011")
def make_native_sidecar(bundle: Bundle, found: Fault) -> None:  # noqa: ARG001
    """Move the container to `initContainers`."""
    *above, _, index = found.keys
    spec = at(found.document.node, *above)
    container = spec["containers"].pop(index)
    after_image = list(container).index("image") + 1 if "image" in container else len(container)
    container.insert(after_image, "restartPolicy", "Always")
    if "initContainers" in spec:
        spec["initContainers"].append(container)
    else:
        spec.insert(list(spec).index("containers"), "initContainers", [container])


@rule("K8S012", Severity.ERROR, "a Knative Service has a native sidecar, which Knative refuses")
def native_sidecar_in_knative(bundle: Bundle) -> Iterator[Fault]:
    """Init containers are behind a feature flag there, restartPolicy in them is in none."""
    for workload in bundle.knative_services:
        for index, container in enumerate(items(workload.spec.get("initContainers"))):
            if mapping(container).get("restartPolicy") == "Always":
                yield _refused(workload, index, text(mapping(container).get("name")))


def _refused(workload: Workload, index: int, name: str) -> Fault:
    return fault(
        workload.document,
        (*workload.spec_keys, "initContainers", index, "restartPolicy"),
        f"got the native sidecar {name!r}, expected it among `containers`",
        hint="make it a plain container, and give only the one that serves a port",
    )
