"""Who calls when proxies stand between: which of them are believed, and what they say.

Sans I/O. `Forwarded` is read as RFC 7239 has it, the `X-Forwarded-` fields as proxies write them;
both from the right, since each proxy adds at the end, and only as far as trusted addresses go. What
is not well-formed is not believed. This module must not know where requests come from.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Mapping
from functools import lru_cache

from wherry.request import Origin
from wherry.serving.fields import valid_host

Fields = list[tuple[str, bytes]]
"""Lower-case names and values of the fields that speak of proxies, in the order they came."""

_SCHEMES = frozenset({"http", "https"})
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110 section 5.6.2
_QUOTED = r'"((?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*)"'
_PAIR = re.compile(rf"({_TOKEN})=(?:({_TOKEN})|{_QUOTED})")
_BLANKS = re.compile(r"[ \t]*")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_NODE = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::(?:[0-9]{1,5}|_[0-9A-Za-z._-]+))?")


def parse_forwarded(text: str) -> tuple[Mapping[str, str], ...] | None:
    """The elements of a `Forwarded` field, outermost first; None where it is malformed.

    Names of parameters are in lower case (RFC 7239 section 4).
    """
    elements: list[dict[str, str]] = []
    position = 0
    while True:
        position = _past_blanks(text, position)
        element: dict[str, str] = {}
        while (pair := _PAIR.match(text, position)) is not None:
            name = pair[1].lower()
            if name in element:
                return None
            element[name] = pair[2] if pair[2] is not None else _ESCAPED.sub(r"\1", pair[3])
            position = pair.end()
            if text[position : position + 1] != ";":
                break
            position += 1
        if element:
            elements.append(element)
        position = _past_blanks(text, position)
        if position == len(text):
            return tuple(elements)
        if text[position] != ",":
            return None
        position += 1


def address_of(node: str) -> str | None:
    """The address in a node such as `192.0.2.1:80` or `[2001:db8::1]`; None where it has none.

    An IPv6 address without brackets is taken, too: proxies write it so in `X-Forwarded-For`.
    """
    found = _NODE.fullmatch(node)
    if found is None:
        return _checked(socket.AF_INET6, node) if ":" in node else None
    if found[1] is not None:
        return _checked(socket.AF_INET6, found[1])
    return _checked(socket.AF_INET, found[2])


class ProxyTrust:
    """The proxies that are believed, and the fields that they write.

    Args:
        networks: Networks in CIDR notation; `*` is every address.
        fields: `forwarded` alone, or some of `x-forwarded-for`, `-proto` and `-host`: what the
            proxies set themselves. A field that they only pass on may hold anything.
    """

    def __init__(self, networks: Iterable[str], fields: Iterable[str]) -> None:
        self._networks = tuple(networks)
        self._fields = frozenset(fields)

    def covers(self, address: str) -> bool:
        """Whether a proxy at this address is believed."""
        return _is_within(address, self._networks)

    def origin(self, peer: str, said: Fields) -> Origin | None:
        """Who called, according to trusted proxies; None when the peer is not one of them."""
        if not self.covers(peer):
            return None
        if "forwarded" in self._fields:
            return self._by_forwarded(peer, _joined(said, "forwarded"))
        return self._by_custom(peer, said)

    def _by_forwarded(self, peer: str, text: str) -> Origin:
        address, scheme, host = peer, "", ""
        for element in reversed(parse_forwarded(text) or ()):
            if not self.covers(address):
                break
            scheme = _scheme(element.get("proto", "")) or scheme
            host = _host(element.get("host", "")) or host
            sender = address_of(element.get("for", ""))
            if sender is None:
                break
            address = sender
        return Origin(address=address, scheme=scheme or "http", host=host or None)

    def _by_custom(self, peer: str, said: Fields) -> Origin:
        address = peer
        if "x-forwarded-for" in self._fields:
            for node in reversed(_joined(said, "x-forwarded-for").split(",")):
                sender = address_of(node.strip(" \t"))
                if sender is None or not self.covers(address):
                    break
                address = sender
        scheme = host = ""
        if "x-forwarded-proto" in self._fields:
            scheme = _scheme(_last(said, "x-forwarded-proto"))
        if "x-forwarded-host" in self._fields:
            host = _host(_last(said, "x-forwarded-host"))
        return Origin(address=address, scheme=scheme or "http", host=host or None)


@lru_cache(maxsize=4096)
def _is_within(address: str, networks: tuple[str, ...]) -> bool:
    if "*" in networks:
        return True
    import ipaddress  # 5 ms of a cold start, for those who have proxies

    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # a Unix socket has no address
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in ipaddress.ip_network(network) for network in networks)


def _checked(family: socket.AddressFamily, text: str) -> str | None:
    try:
        return socket.inet_ntop(family, socket.inet_pton(family, text))
    except OSError:
        return None


def _joined(said: Fields, name: str) -> str:
    """All values of a field as one list (RFC 9110 section 5.3)."""
    return ", ".join(value.decode("latin-1") for each, value in said if each == name)


def _last(said: Fields, name: str) -> str:
    return _joined(said, name).rpartition(",")[2].strip(" \t")


def _scheme(text: str) -> str:
    return text.lower() if text.lower() in _SCHEMES else ""


def _host(text: str) -> str:
    found = valid_host(text.encode("latin-1"))
    return text if text and found is not None else ""


def _past_blanks(text: str, position: int) -> int:
    found = _BLANKS.match(text, position)
    return found.end() if found is not None else position
