"""Which addresses outside may be called: the guard against server-side request forgery.

A URL is taken apart strictly, its host is resolved, and every address must be a global one, or
allowed. It opens no connection.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from wherry_local.proxy.message import CallFailed, Fault

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"
Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"

_URL = re.compile(r"[!-~]{1,2048}")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?\.?")
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that is given out of IPv6 (RFC 4291 section 2.4); what else is routed is routed at home."""
_SPECIAL = (ipaddress.IPv4Network("192.0.0.0/24"), ipaddress.IPv6Network("3fff::/20"))
"""What some versions of Python take for public (RFC 6890, RFC 9637)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """What a URL names.

    Attributes:
        is_https: Whether the other end must prove itself.
        host: Name or address, lower case, IPv6 without brackets.
        port: The port.
        authority: Host and port as `Host` has them.
        target: Path and query.
    """

    is_https: bool
    host: str
    port: int
    authority: str
    target: str


def destination_of(url: str) -> Destination:
    """Take a URL apart.

    Raises:
        CallFailed: `refused`: it is no http or https URL that may be called.
    """
    if _URL.fullmatch(url) is None or "\\" in url:
        raise _refused("the URL has characters that no URL has")
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").lower()
    except ValueError:
        raise _refused("the URL is not valid") from None
    if parts.scheme not in _PORTS:
        raise _refused("expected a URL of http or https")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise _refused("the URL names a user")
    literal = _literal(host)
    if literal is None and _HOST.fullmatch(host) is None:
        raise _refused("the host of the URL is not valid")
    shown = f"[{host}]" if ":" in host else host
    usual = _PORTS[parts.scheme]
    if port == 0:
        raise _refused("the port of the URL is not valid")
    return Destination(
        is_https=parts.scheme == "https",
        host=host,
        port=port or usual,
        authority=shown if port in {None, usual} else f"{shown}:{port}",
        target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
    )


class AddressRules:
    """What may be called.

    Args:
        allow: Hosts (`name`, `name:port`, `*.domain`) and networks (CIDR).
        allow_private: Whether everything may be.
    """

    def __init__(self, allow: Sequence[str], *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._hosts: set[str] = set()
        self._suffixes: list[str] = []
        self._networks: list[Network] = []
        for entry in allow:
            self._add(entry.strip().lower())

    def _add(self, entry: str) -> None:
        try:
            self._networks.append(ipaddress.ip_network(entry, strict=False))
        except ValueError:
            if entry.startswith("*."):
                self._suffixes.append(entry[1:])
            elif entry:
                self._hosts.add(entry)

    def resolve(self, destination: Destination) -> list[str]:
        """The addresses of a host, all of which may be called; asks the resolver, and blocks.

        Raises:
            CallFailed: `refused`, or unreachable where there is no such host.
        """
        try:
            found = socket.getaddrinfo(destination.host, destination.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise CallFailed(Fault.UNREACHABLE, "the host has no address") from None
        addresses = list(dict.fromkeys(str(where[0]) for *_, where in found))
        for text in addresses:
            self._judge(destination, text)
        return addresses

    def judge_literal(self, destination: Destination) -> None:
        """Judge a host that is an address already; one that is a name has to be resolved.

        Raises:
            CallFailed: `refused`.
        """
        if _literal(destination.host) is not None:
            self._judge(destination, destination.host)

    def _judge(self, destination: Destination, text: str) -> None:
        address = _literal(text.partition("%")[0])
        if address is None:
            raise _refused("the host has no address that can be judged")
        if self._allow_private or self._is_allowed(destination, address):
            return
        if not all(_is_public(each) for each in _meant(address)):
            raise _refused("the host has an address that is not a public one")
        if destination.port not in _PORTS.values():
            raise _refused("the port is neither 80 nor 443")

    def _is_allowed(self, destination: Destination, address: Address) -> bool:
        host = destination.host.rstrip(".")
        return (
            host in self._hosts
            or f"{host}:{destination.port}" in self._hosts
            or any(host.endswith(suffix) for suffix in self._suffixes)
            or any(each in network for network in self._networks for each in _meant(address)[-1:])
        )


def _literal(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and not (
        address in _UNICAST or address in _NAT64
    ):
        return False
    if any(address in network for network in _SPECIAL):
        return False
    return address.is_global and not address.is_multicast


def _meant(address: Address) -> list[Address]:
    """An address and those inside it, which a tunnel or translator leads to; the last is meant."""
    found: list[Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return [address.ipv4_mapped]
        if address.sixtofour is not None:
            found.append(address.sixtofour)
        if address.teredo is not None:
            found.append(address.teredo[1])
        if address in _NAT64:
            found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return found


def _refused(reason: str) -> CallFailed:
    return CallFailed(Fault.REFUSED, reason)
