"""Rules about what is mounted: Secrets and ConfigMaps, their names, their keys, what is in them."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterator
from dataclasses import dataclass

from wherry_build.lint.bundle import Bundle, Workload, may_share_namespace
from wherry_build.lint.document import Document, Form
from wherry_build.lint.finding import Severity
from wherry_build.lint.node import Keys, Node, entries, mapping, text, walk
from wherry_build.lint.rule import Fault, fault, rule

_PRIVATE_KEY = "PRIVATE KEY-----"
_LIMIT_CACHED = 1024
_NEAR = 0.8  # of 1: names that are this much alike were meant to be one
_HOLDERS = {"secret": ("Secret", "secretName"), "configMap": ("ConfigMap", "name")}
_MAKERS = frozenset({"SealedSecret", "ExternalSecret", "Certificate", "SecretProviderClass"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mount:
    """A volume that is made of a Secret or a ConfigMap."""

    workload: Workload
    keys: Keys
    kind: str
    name: str
    name_key: str
    source: Node


def _mounts(bundle: Bundle) -> Iterator[_Mount]:
    for workload in (*bundle.workloads, *bundle.knative_services):
        document = workload.document
        for keys, volume in entries(document.node, *workload.spec_keys, "volumes"):
            for field, (kind, name_key) in _HOLDERS.items():
                source = mapping(mapping(volume).get(field))
                if text(source.get(name_key)):
                    yield _Mount(
                        workload=workload,
                        keys=(*keys, field),
                        kind=kind,
                        name=source[name_key],
                        name_key=name_key,
                        source=source,
                    )


@rule("K8S004", Severity.ERROR, "a volume names a Secret or ConfigMap that goes by another name")
def volume_source(bundle: Bundle) -> Iterator[Fault]:
    """Told where one of that kind is given that nothing uses, or whose name is nearly the same."""
    made = _made(bundle)
    for mount in _mounts(bundle):
        document = mount.workload.document
        namespace = document.namespace
        is_there = mount.name in made or bundle.find(mount.kind, mount.name, namespace=namespace)
        if is_there or mount.source.get("optional") is True:
            continue
        meant = _meant(bundle, mount.kind, mount.name, namespace)
        if meant is not None:
            yield fault(
                document,
                (*mount.keys, mount.name_key),
                f"got {mount.kind} {mount.name!r}, and what is given is {meant!r}",
                hint="use one name for both; until then the pod waits for its volume",
            )


@functools.lru_cache(maxsize=_LIMIT_CACHED)
def _meant(bundle: Bundle, kind: str, name: str, namespace: str) -> str | None:
    """The name of what is given and not used, or of what has nearly that name."""
    given = [
        other.name
        for other in bundle.of_kind(kind)
        if may_share_namespace(other.namespace, namespace)
    ]
    used = _texts(bundle) if given else frozenset()
    unused = next((each for each in given if each not in used), None)
    if unused is not None:
        return unused
    return next(iter(difflib.get_close_matches(name, given, n=1, cutoff=_NEAR)), None)


def _made(bundle: Bundle) -> set[str]:
    """Names of Secrets and ConfigMaps that something makes in the cluster."""
    return {
        name
        for document in bundle.documents
        if document.kind in _MAKERS or document.kind in {"Kustomization", ""}
        for name in _made_names(document)
    }


def _made_names(document: Document) -> Iterator[str]:
    """Names of Secrets and ConfigMaps that something makes from this document."""
    if document.kind in _MAKERS:
        yield document.name
        yield text(document.get("spec", "secretName"))
        yield text(document.get("spec", "target", "name"))
    for generator in ("secretGenerator", "configMapGenerator"):
        for _, made in entries(document.node, generator):
            yield text(mapping(made).get("name"))


@functools.lru_cache(maxsize=1)
def _texts(bundle: Bundle) -> frozenset[str]:
    """Every text in the objects except their own names: what is not among them, nothing uses."""
    return frozenset(
        value
        for document in bundle.documents
        for keys, value in walk(document.node)
        if isinstance(value, str) and keys != ("metadata", "name")
    )


@rule("K8S005", Severity.ERROR, "a volume takes a key that its Secret or ConfigMap does not have")
def volume_key(bundle: Bundle) -> Iterator[Fault]:
    """The holder must be given, and hold something."""
    for mount in _mounts(bundle):
        document = mount.workload.document
        holder = bundle.find(mount.kind, mount.name, namespace=document.namespace)
        if holder is None or mount.source.get("optional") is True:
            continue
        held = [
            str(key)
            for field in ("data", "stringData", "binaryData")
            for key in mapping(holder.get(field))
        ]
        for keys, item in entries(mount.source, "items"):
            key = text(mapping(item).get("key"))
            if held and key and key not in held:
                yield fault(
                    document,
                    (*mount.keys, *keys, "key"),
                    f"got key {key!r}, and {holder.subject} has {', '.join(held)}",
                    hint="use one key in both; until then the pod waits for its volume",
                )


@rule("K8S006", Severity.WARNING, "configuration is mounted by subPath, and is never updated")
def sub_path(bundle: Bundle) -> Iterator[Fault]:
    """A mount by subPath keeps the file of the pod's start."""
    volumes = {
        (id(mount.workload.document), text(mount.workload.document.get(*mount.keys[:-1], "name")))
        for mount in _mounts(bundle)
    }
    for workload in (*bundle.workloads, *bundle.knative_services):
        document = workload.document
        for keys, container in workload.containers():
            for mount_keys, mount in entries(container, "volumeMounts"):
                given = mapping(mount)
                if "subPath" in given and (id(document), text(given.get("name"))) in volumes:
                    yield fault(
                        document,
                        (*keys, *mount_keys, "subPath"),
                        f"got subPath {given['subPath']!r}, expected the volume's folder: "
                        "a file mounted by subPath never sees an update",
                        hint="mount the folder, and choose files with the volume's `items`",
                    )


@rule("K8S013", Severity.WARNING, "a private key is in a ConfigMap or in a proxy's configuration")
def private_key(bundle: Bundle) -> Iterator[Fault]:
    """PEM in a ConfigMap's data, or a key that is written into a bootstrap of Envoy."""
    hint = "put it into a Secret of type kubernetes.io/tls, and mount that"
    for document in bundle.of_kind("ConfigMap"):
        for key, value in mapping(document.get("data")).items():
            if _PRIVATE_KEY in text(value):
                yield fault(document, ("data", key), f"got a private key in {key!r}", hint=hint)
    for document in bundle.of_form(Form.ENVOY):
        for keys, node in walk(document.node):
            written = {"inline_string", "inline_bytes"} & set(mapping(node))
            if keys and keys[-1] == "private_key" and written:
                yield fault(
                    document,
                    keys,
                    f"got a private key as {written.pop()}, expected the name of a file",
                    hint=hint,
                )
