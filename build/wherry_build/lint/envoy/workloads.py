"""Rules over the containers that run Envoy: ports, arguments, the file that it is to read."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.containers import ProxyContainer, image_of, keys_of, proxies
from wherry_build.lint.document import Document, Form
from wherry_build.lint.envoy.bootstrap import Section, listeners, port_of, socket_addresses
from wherry_build.lint.finding import Severity
from wherry_build.lint.node import Keys, Node, at, entries, number, text
from wherry_build.lint.rule import Fault, fault, rule

_IMAGES = frozenset(
    {"envoy", "envoy-alpine", "envoy-contrib", "envoy-debug", "envoy-dev", "envoy-distroless"}
)
_STOCK = "envoyproxy/"
_OWN_FILE = "/etc/envoy/envoy.yaml"  # of the stock image
_CONFIG_FLAGS = ("-c", "--config-path")
_REMOVED = frozenset(
    {
        "--bootstrap-version",
        "--max-obj-name-len",
        "--max-stats",
        "--use-fake-symbol-table",
        "--v2-config-only",
    }
)
"""Flags of older Envoys; each was seen to stop Envoy 1.40 before it reads its configuration."""


def envoys(bundle: Bundle) -> tuple[ProxyContainer, ...]:
    """Every container that runs Envoy."""
    return proxies(bundle, Form.ENVOY, _runs_envoy)


@rule("ENV006", Severity.ERROR, "a container port is declared that Envoy does not listen on")
def unheard_port(bundle: Bundle) -> Iterator[Fault]:
    """Only where every listener is in the file: one that is discovered may have any port."""
    for proxy in envoys(bundle):
        heard = _ports(proxy.configurations)
        if not heard:
            continue
        for keys, port in entries(proxy.node, "ports"):
            declared = number(at(port, "containerPort"))
            if declared is not None and declared not in heard:
                known = ", ".join(map(str, sorted(heard)))
                yield fault(
                    proxy.document,
                    (*proxy.keys, *keys, "containerPort"),
                    f"got containerPort {declared}, and Envoy's listeners have {known}",
                    hint="declare the port of a listener",
                )


@rule("ENV013", Severity.ERROR, "the file that Envoy is told to read is not mounted there")
def unmounted_file(bundle: Bundle) -> Iterator[Fault]:
    """Of an image of one's own, only what is below a mount can be told."""
    for proxy in envoys(bundle):
        for keys, path in _configuration_files(proxy):
            place = (*proxy.keys, *keys)
            mounted = proxy.mount_of(path)
            if mounted is not None:
                mount, inner = mounted
                known = keys_of(bundle, proxy, mount.volume)
                if known is not None and inner not in known:
                    have = ", ".join(sorted(known)) or "nothing"
                    yield fault(
                        proxy.document,
                        place,
                        f"got {path}, and the volume at {mount.path} has {have}",
                        hint="name the file in the arguments and in the volume alike",
                    )
            elif proxy.image.repository.startswith(_STOCK) and path != _OWN_FILE:
                yield fault(
                    proxy.document,
                    place,
                    f"got {path}, and no volume is mounted there",
                    hint="mount the ConfigMap at the folder that the arguments name",
                )


@rule("ENV014", Severity.ERROR, "Envoy is given a flag that it no longer knows")
def removed_flag(bundle: Bundle) -> Iterator[Fault]:
    """It stops at once, before it has read its configuration."""
    for proxy in envoys(bundle):
        for keys, word in proxy.words:
            flag = word.partition("=")[0]
            if flag in _REMOVED:
                yield fault(
                    proxy.document,
                    (*proxy.keys, *keys),
                    f"got {flag}, a flag that was removed",
                    hint="leave it out; the API is v3 in every Envoy of today",
                )


@rule("ENV016", Severity.WARNING, "a sidecar Envoy starts one worker for each core of the node")
def concurrency(bundle: Bundle) -> Iterator[Fault]:
    """Whatever its CPU limit is; each worker balances for itself and needs memory of its own."""
    for proxy in envoys(bundle):
        words = [word for _, word in proxy.words]
        given = any(word.partition("=")[0] == "--concurrency" for word in words)
        if proxy.is_beside_another and not given:
            yield fault(
                proxy.document,
                (*proxy.keys, "args"),
                "got no --concurrency, expected the number of workers",
                hint='add "--concurrency", "1" to the arguments',
            )


def _runs_envoy(container: Node) -> bool:
    command = text(at(container, "command", 0))
    if command:
        return posixpath.basename(command) == "envoy" or "envoy -" in _line(container)
    return image_of(text(at(container, "image"))).name in _IMAGES


def _line(container: Node) -> str:
    parts = [text(item) for field in ("command", "args") for _, item in entries(container, field)]
    return " ".join(parts)


def _configuration_files(proxy: ProxyContainer) -> Iterator[tuple[Keys, str]]:
    """Each file that the arguments name, with the key that it stands at."""
    words = [
        (keys, word)
        for keys, word in proxy.words
        if not (word == "-c" and text(at(proxy.node, *keys)) == "-c" and _is_shells(proxy, keys))
    ]
    for (keys, word), (next_keys, following) in zip(words, [*words[1:], ((), "")], strict=False):
        flag, _, value = word.partition("=")
        if flag in _CONFIG_FLAGS:
            path = value or following
            if path.startswith("/"):
                yield (keys if value else next_keys), path


def _is_shells(proxy: ProxyContainer, keys: Keys) -> bool:
    """Whether `-c` is the shell's, which comes right after its name."""
    before = [word for found, word in proxy.words if found < keys]
    return bool(before) and posixpath.basename(before[-1]) in {"sh", "bash", "ash"}


def _ports(configurations: tuple[Document, ...]) -> set[int]:
    """Every port that is listened on; empty when more may be discovered."""
    found: set[int] = set()
    for document in configurations:
        bootstrap = Section(document=document)
        if bootstrap.get("dynamic_resources") is not None:
            return set()
        for owner in (*listeners(bootstrap), bootstrap.below("admin")):
            for address in socket_addresses(owner):
                port = port_of(address)
                if port is not None:
                    found.add(port)
    return found
