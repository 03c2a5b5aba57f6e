"""Rules over the containers that run NGINX: ports, certificates, and who calls them."""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Iterator, Sequence

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.containers import ProxyContainer, image_of, keys_of, proxies
from wherry_build.lint.document import Document, Form
from wherry_build.lint.finding import Severity
from wherry_build.lint.nginx.certificates import Certificate, certificates, covers
from wherry_build.lint.nginx.configuration import Directive, configurations
from wherry_build.lint.node import Node, at, items, text
from wherry_build.lint.rule import Fault, fault, rule

_IMAGES = frozenset({"nginx", "nginx-slim", "nginx-unprivileged"})
_STOCK = frozenset({"nginx", "nginxinc/nginx-unprivileged"})
_PORT = re.compile(r"[0-9]{1,5}")
_PRIVILEGED = 1024
_PORT_START = "net.ipv4.ip_unprivileged_port_start"
_CERTIFICATES = ("ssl_certificate", "ssl_certificate_key")
_NO_NAMES = frozenset({"_", "", "localhost"})


def nginxes(bundle: Bundle) -> tuple[ProxyContainer, ...]:
    """Every container that runs NGINX."""
    return proxies(bundle, Form.NGINX, _runs_nginx)


def versions_of(bundle: Bundle, root: Directive) -> list[tuple[int, int, int]]:
    """The versions of NGINX that read a configuration; empty when one cannot be told."""
    found = [proxy.image.version for proxy in _readers(bundle, root)]
    return [version for version in found if version is not None] if None not in found else []


@rule("NGX007", Severity.WARNING, "NGINX listens on a port that only root may, and is not root")
def privileged_port(bundle: Bundle) -> Iterator[Fault]:
    """Some container runtimes allow every port to everyone, and others do not."""
    for root in configurations(bundle):
        for proxy in _readers(bundle, root):
            if not _may_not_bind(proxy):
                continue
            start = _port_start(proxy)
            for directive in root.walk():
                port = _port(directive) if directive.name == "listen" else None
                if port is not None and port < start:
                    yield directive.fault(
                        f"got port {port} for {proxy.document.subject}, which is not to run as "
                        f"root, expected {start} or higher",
                        hint="listen on 8443 or 8080, and let the Service have 443 or 80",
                    )


@rule("NGX008", Severity.ERROR, "a certificate or its key is not where nginx.conf looks for it")
def unmounted_certificate(bundle: Bundle) -> Iterator[Fault]:
    """Of an image of one's own, only what is below a mount can be told."""
    for root in configurations(bundle):
        for proxy in _readers(bundle, root):
            for directive in root.walk():
                if directive.name in _CERTIFICATES and _is_path(directive.value):
                    yield from _unmounted(bundle, proxy, directive)


@rule("NGX009", Severity.WARNING, "a certificate names no Service that its server is called by")
def unnamed_service(bundle: Bundle) -> Iterator[Fault]:
    """Unless it has every server_name: then it is for callers from elsewhere."""
    for root in configurations(bundle):
        for proxy in _readers(bundle, root):
            services = bundle.in_front_of(proxy.workload)
            if not services:
                continue
            for directive in root.walk():
                if directive.name != "ssl_certificate" or not _is_path(directive.value):
                    continue
                for certificate in certificates(bundle, proxy, directive.value):
                    yield from _unnamed(certificate, services, directive)


def _readers(bundle: Bundle, root: Directive) -> list[ProxyContainer]:
    return _by_configuration(bundle).get(id(root.document), [])


@functools.lru_cache(maxsize=1)
def _by_configuration(bundle: Bundle) -> dict[int, list[ProxyContainer]]:
    """The containers that read each document, by the identity of that."""
    found: dict[int, list[ProxyContainer]] = {}
    for proxy in nginxes(bundle):
        for document in proxy.configurations:
            found.setdefault(id(document), []).append(proxy)
    return found


def _runs_nginx(container: Node) -> bool:
    command = posixpath.basename(text(at(container, "command", 0)))
    return command == "nginx" or image_of(text(at(container, "image"))).name in _IMAGES


def _may_not_bind(proxy: ProxyContainer) -> bool:
    added = items(at(proxy.node, "securityContext", "capabilities", "add"))
    if {"ALL", "NET_BIND_SERVICE"}.intersection(map(text, added)):
        return False
    return proxy.is_not_root or proxy.image.name == "nginx-unprivileged"


def _port_start(proxy: ProxyContainer) -> int:
    """The first port that is open to everyone in the pod."""
    for setting in items(at(proxy.workload.spec, "securityContext", "sysctls")):
        value = text(at(setting, "value"))
        if at(setting, "name") == _PORT_START and _PORT.fullmatch(value):
            return int(value)
    return _PRIVILEGED


def _port(listen: Directive) -> int | None:
    """The port of a `listen`; None for a socket file, and 80 where none is written."""
    where = listen.value
    if where.startswith("unix:") or "$" in where:
        return None
    last = where.rpartition("]")[2].rpartition(":")[2]
    if _PORT.fullmatch(last):
        return int(last)
    return 80 if where else None


def _is_path(value: str) -> bool:
    return value.startswith("/") and "$" not in value


def _unmounted(bundle: Bundle, proxy: ProxyContainer, directive: Directive) -> Iterator[Fault]:
    mounted = proxy.mount_of(directive.value)
    if mounted is None:
        if proxy.image.repository in _STOCK:
            yield directive.fault(
                f"got {directive.value}, and {proxy.document.subject} mounts nothing there",
                hint="mount the Secret at the folder that nginx.conf names",
            )
        return
    mount, inner = mounted
    known = keys_of(bundle, proxy, mount.volume)
    if known is not None and inner not in known:
        have = ", ".join(sorted(known)) or "nothing"
        yield directive.fault(
            f"got {directive.value}, and the volume at {mount.path} has {have}",
            hint="a Secret of type kubernetes.io/tls has tls.crt and tls.key",
        )


def _unnamed(
    certificate: Certificate, services: Sequence[Document], directive: Directive
) -> Iterator[Fault]:
    if certificate.unread:
        yield fault(
            certificate.document,
            certificate.keys,
            f"the certificate was not looked into: {certificate.unread}",
            hint="pip install 'wherry[certs]'",
        )
        return
    called = [name for service in services for name in _names(service)]
    own = [
        name
        for server_name in directive.effective("server_name")
        for name in server_name.arguments
        if name not in _NO_NAMES
    ]
    if any(covers(certificate.names, name) for name in called):
        return
    if own and all(covers(certificate.names, name) for name in own):
        return
    have = ", ".join(certificate.names) or "no name"
    yield fault(
        certificate.document,
        certificate.keys,
        f"got a certificate for {have}, and its callers ask for {called[-1]}",
        hint=f"make it for {', '.join(dict.fromkeys(called))}",
    )


def _names(service: Document) -> list[str]:
    """The names of a Service in DNS, as far as its namespace is written."""
    name, namespace = service.name, service.namespace
    if not namespace:
        return [name]
    full = f"{name}.{namespace}"
    return [name, full, f"{full}.svc", f"{full}.svc.cluster.local"]
