"""Finds its way in Envoy's bootstrap: listeners, connection managers, routes, clusters.

Each part is a `Section`, which knows where it stands. Nothing here judges, and nothing raises,
whatever shape a file has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.document import Document, Form
from wherry_build.lint.node import Key, Keys, Node, at, entries, mapping, number, text
from wherry_build.lint.rule import Fault, fault

_PORT = re.compile(r"[0-9]{1,5}")
LOOPBACK_NAMES = frozenset({"localhost", "::1", "[::1]"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a document, and the keys that lead to it."""

    document: Document
    keys: Keys = ()

    @property
    def node(self) -> Node:
        """The part itself."""
        return self.document.get(*self.keys)

    def get(self, *keys: Key) -> Node:
        """What is below it at `keys`, None where nothing is."""
        return at(self.node, *keys)

    def word(self, *keys: Key) -> str:
        """The text at `keys` in capitals: Envoy reads an enumeration in any case."""
        return text(self.get(*keys)).upper()

    def below(self, *keys: Key) -> Section:
        """The section at `keys`, which may be empty."""
        return Section(document=self.document, keys=(*self.keys, *keys))

    def each(self, *keys: Key) -> Iterator[Section]:
        """Each item of the list at `keys`."""
        for found, _ in entries(self.node, *keys):
            yield self.below(*found)

    def fault(self, *keys: Key, message: str, hint: str = "") -> Fault:
        """A fault at the key `keys` below it."""
        return fault(self.document, (*self.keys, *keys), message, hint=hint)


def bootstraps(bundle: Bundle) -> Iterator[Section]:
    """Every bootstrap among the documents."""
    for document in bundle.of_form(Form.ENVOY):
        yield Section(document=document)


def listeners(bootstrap: Section) -> Iterator[Section]:
    """Every static listener."""
    yield from bootstrap.each("static_resources", "listeners")


def clusters(bootstrap: Section) -> Iterator[Section]:
    """Every static cluster."""
    yield from bootstrap.each("static_resources", "clusters")


def filter_chains(listener: Section) -> Iterator[Section]:
    """Every filter chain of a listener, the default one last."""
    yield from listener.each("filter_chains")
    if mapping(listener.get("default_filter_chain")):
        yield listener.below("default_filter_chain")


def connection_managers(listener: Section) -> Iterator[Section]:
    """The configuration of every HTTP connection manager of a listener."""
    for chain in filter_chains(listener):
        for entry in chain.each("filters"):
            if is_connection_manager(entry):
                yield entry.below("typed_config")


def is_connection_manager(entry: Section) -> bool:
    """Whether a network filter is the HTTP connection manager."""
    kind = text(entry.get("typed_config", "@type"))
    named = text(entry.get("name")) == "envoy.filters.network.http_connection_manager"
    return kind.endswith(".HttpConnectionManager") or (named and not kind)


def routes(bootstrap: Section) -> Iterator[Section]:
    """Every route that stands in the bootstrap itself."""
    for listener in listeners(bootstrap):
        for connection_manager in connection_managers(listener):
            for host in connection_manager.each("route_config", "virtual_hosts"):
                yield from host.each("routes")


def downstream_tls(listener: Section) -> Iterator[tuple[Section, Section]]:
    """Each TLS context of a listener, with the part that it is the transport socket of."""
    for owner in (*filter_chains(listener), listener):
        context = owner.below("transport_socket", "typed_config")
        if text(context.get("@type")).endswith(".DownstreamTlsContext"):
            yield owner, context


def socket_addresses(section: Section) -> Iterator[Section]:
    """The socket addresses of a listener or of the admin interface."""
    for address in (section.below("address"), *section.each("additional_addresses")):
        nested = address.below("address") if address.get("address") is not None else address
        if mapping(nested.get("socket_address")):
            yield nested.below("socket_address")


def endpoints(cluster: Section) -> Iterator[Section]:
    """The socket address of each endpoint that a cluster lists."""
    for locality in cluster.each("load_assignment", "endpoints"):
        for endpoint in locality.each("lb_endpoints"):
            address = endpoint.below("endpoint", "address", "socket_address")
            if mapping(address.node):
                yield address


def port_of(address: Section) -> int | None:
    """The port of a socket address, also when it is written as text."""
    value = address.get("port_value")
    written = _PORT.fullmatch(text(value))
    return number(value) if written is None else int(written[0])


def is_loopback(host: str) -> bool:
    """Whether an address is reached from the pod alone."""
    return host in LOOPBACK_NAMES or host.startswith("127.")
