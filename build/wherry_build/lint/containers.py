"""Containers that run a proxy, with the configuration that they are given.

Ties Envoy's bootstrap or an nginx.conf to the container that reads it: through the ConfigMap that
is mounted, or, where that is not among the files, by there being one of each. It judges nothing.
"""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from wherry_build.lint.bundle import Bundle, Workload, may_share_namespace
from wherry_build.lint.document import Document, Form
from wherry_build.lint.node import Keys, Node, at, entries, items, mapping, number, text

_VERSION = re.compile(r"v?([0-9]{1,6})\.([0-9]{1,6})(?:\.([0-9]{1,6}))?(?:[-.].*)?")
_LIMIT_CACHED = 4  # every rule over one bundle asks for the same
_NEWEST = 999  # a tag without a patch number moves to the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The reference of an image, in its parts."""

    repository: str
    tag: str

    @property
    def name(self) -> str:
        """The last part of the repository."""
        return self.repository.rpartition("/")[2]

    @property
    def version(self) -> tuple[int, int, int] | None:
        """The version that the tag begins with, None where it names none."""
        found = _VERSION.fullmatch(self.tag)
        if found is None:
            return None
        major, minor, patch = found.groups()
        return int(major), int(minor), _NEWEST if patch is None else int(patch)


def image_of(reference: str) -> Image:
    """Take `registry/name:tag@digest` apart; the registry of Docker Hub is left out."""
    named = reference.partition("@")[0]
    head, _, last = named.rpartition("/")
    name, _, tag = last.partition(":")
    repository = f"{head}/{name}" if head else name
    for prefix in ("docker.io/", "index.docker.io/", "library/"):
        repository = repository.removeprefix(prefix)
    return Image(repository=repository, tag=tag)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """A file or a folder that a container sees, and what it comes from.

    Attributes:
        volume: The volume; empty when the pod has none of that name.
        keys: The mount, from the document.
    """

    path: str
    sub_path: str
    volume: Node
    keys: Keys

    def inner(self, path: str) -> str | None:
        """`path` as the volume names it; None when it is not below this mount."""
        if path == self.path:
            return self.sub_path
        beginning = self.path.rstrip("/") + "/"
        if not path.startswith(beginning):
            return None
        return posixpath.join(self.sub_path, path.removeprefix(beginning))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyContainer:
    """A container that runs a proxy.

    Attributes:
        keys: The container, from the workload's document.
        configurations: What the proxy is given to read, as far as it is among the files.
    """

    workload: Workload
    keys: Keys
    node: Node
    configurations: tuple[Document, ...] = ()

    @property
    def document(self) -> Document:
        """The document of the workload."""
        return self.workload.document

    @property
    def image(self) -> Image:
        """The image that it runs."""
        return image_of(text(at(self.node, "image")))

    @property
    def words(self) -> tuple[tuple[Keys, str], ...]:
        """Each word of its command line, with the key that it stands at."""
        return tuple(
            (keys, word)
            for field in ("command", "args")
            for keys, item in entries(self.node, field)
            for word in _words(text(item))
        )

    @property
    def mounts(self) -> tuple[Mounted, ...]:
        """What it mounts, the deepest first."""
        volumes = {
            text(at(volume, "name")): mapping(volume)
            for volume in items(at(self.workload.spec, "volumes"))
        }
        found = [
            Mounted(
                path=posixpath.normpath(text(at(mount, "mountPath"))),
                sub_path=text(at(mount, "subPath")),
                volume=volumes.get(text(at(mount, "name")), {}),
                keys=(*self.keys, *keys),
            )
            for keys, mount in entries(self.node, "volumeMounts")
            if text(at(mount, "mountPath"))
        ]
        return tuple(sorted(found, key=lambda mounted: len(mounted.path), reverse=True))

    def mount_of(self, path: str) -> tuple[Mounted, str] | None:
        """The mount that `path` is in and its name there; None where none is."""
        for mounted in self.mounts:
            inner = mounted.inner(posixpath.normpath(path))
            if inner is not None:
                return mounted, inner
        return None

    @property
    def is_beside_another(self) -> bool:
        """Whether the pod has a further container that runs as long as this one."""
        running = [
            container
            for keys, container in self.workload.containers()
            if "initContainers" not in keys or container.get("restartPolicy") == "Always"
        ]
        return len(running) > 1

    def setting(self, name: str) -> Node:
        """What the security context of the container says, or of the pod where it is silent."""
        own = at(self.node, "securityContext", name)
        return at(self.workload.spec, "securityContext", name) if own is None else own

    @property
    def is_not_root(self) -> bool:
        """Whether it is told to run as a user that is not root."""
        user = number(self.setting("runAsUser"))
        return self.setting("runAsNonRoot") is True or (user is not None and user != 0)


@functools.lru_cache(maxsize=_LIMIT_CACHED)
def proxies(bundle: Bundle, form: Form, runs: Callable[[Node], bool]) -> tuple[ProxyContainer, ...]:
    """Every container of which `runs` says that it runs the proxy that reads `form`."""
    found: list[ProxyContainer] = []
    for workload in (*bundle.workloads, *bundle.knative_services):
        for keys, container in workload.containers():
            if runs(container):
                found.append(ProxyContainer(workload=workload, keys=keys, node=container))
    embedded: dict[str, list[Document]] = {}
    loose: list[Document] = []
    for document in bundle.of_form(form):
        if document.embedding is None:
            loose.append(document)
        else:
            embedded.setdefault(document.embedding.outer.name, []).append(document)
    alone = tuple(loose) if len(found) == 1 and len(loose) == 1 else ()
    return tuple(
        replace(
            each, configurations=_configurations(each, embedded) or _unseen(bundle, each, alone)
        )
        for each in found
    )


def keys_of(bundle: Bundle, proxy: ProxyContainer, volume: Node) -> frozenset[str] | None:
    """The file names in a volume of a ConfigMap or Secret; None where they cannot be told."""
    for kind, field, name_field in (
        ("ConfigMap", "configMap", "name"),
        ("Secret", "secret", "secretName"),
    ):
        source = at(volume, field)
        if source is None:
            continue
        listed = at(source, "items")
        if listed is not None:
            return frozenset(text(at(item, "path")) for item in items(listed))
        found = bundle.find(kind, text(at(source, name_field)), namespace=proxy.document.namespace)
        if found is None:
            return None
        return frozenset(
            str(key)
            for part in ("data", "binaryData", "stringData")
            for key in mapping(found.get(part))
        )
    return None


def _configurations(
    proxy: ProxyContainer, embedded: dict[str, list[Document]]
) -> tuple[Document, ...]:
    """What the ConfigMaps that a container mounts have for it."""
    return tuple(
        document
        for name in dict.fromkeys(_config_maps(proxy))
        for document in embedded.get(name, ())
        if document.embedding is not None
        and may_share_namespace(document.embedding.outer.namespace, proxy.document.namespace)
    )


def _unseen(
    bundle: Bundle, proxy: ProxyContainer, alone: tuple[Document, ...]
) -> tuple[Document, ...]:
    """`alone`, the only file of its kind, when a mounted ConfigMap is not among the files."""
    namespace = proxy.document.namespace
    is_missing = bool(alone) and any(
        bundle.find("ConfigMap", name, namespace=namespace) is None for name in _config_maps(proxy)
    )
    return alone if is_missing else ()


def _config_maps(proxy: ProxyContainer) -> Iterator[str]:
    for mounted in proxy.mounts:
        name = text(at(mounted.volume, "configMap", "name"))
        if name:
            yield name
        for source in items(at(mounted.volume, "projected", "sources")):
            if text(at(source, "configMap", "name")):
                yield text(at(source, "configMap", "name"))


def _words(argument: str) -> list[str]:
    """A shell's line (`sh -c "envoy -c ..."`) is several words, any other argument is one."""
    return argument.split() if " -" in argument else [argument]
