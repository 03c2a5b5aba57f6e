"""Who a certificate speaks for: the names that callers dial a service by, checked and in order.

Knows DNS names and IP addresses, no certificate.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from wherry_build import names
from wherry_build.errors import InvalidName

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

CLUSTER_DOMAIN = "cluster.local"
"""What Kubernetes calls a cluster when nobody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One service, with every name that a caller may verify it by.

    Attributes:
        dns_names: Its names in the cluster, the short ones first, then what was asked for.
        addresses: IP addresses that were asked for.
    """

    service: str
    namespace: str
    dns_names: tuple[str, ...]
    addresses: tuple[Address, ...]

    @property
    def shown(self) -> tuple[str, ...]:
        """Every name, as a person writes it."""
        return (*self.dns_names, *map(str, self.addresses))


def identity(service: str, *, namespace: str, hosts: Iterable[str] = ()) -> Identity:
    """The identity of `service`: its names in the cluster, and `hosts` besides.

    Raises:
        InvalidName: One of them is no name, or no address that a caller can dial.
    """
    names.service_name(service)
    names.namespace(namespace)
    local = f"{service}.{namespace}"
    dns_names = [service, local, f"{local}.svc", f"{local}.svc.{CLUSTER_DOMAIN}"]
    addresses: list[Address] = []
    for value in hosts:
        address = _address(value)
        if address is None:
            dns_names.append(dns_name(value))
        else:
            addresses.append(address)
    return Identity(
        service=service,
        namespace=namespace,
        dns_names=tuple(dict.fromkeys(dns_names)),
        addresses=tuple(dict.fromkeys(addresses)),
    )


def dns_name(value: str) -> str:
    """A DNS name that a certificate may carry, in lower case; `*.` may lead it.

    Raises:
        InvalidName: It is none (RFC 1123 section 2.1, RFC 6125 section 6.4.3).
    """
    name = names.host(value)
    labels = name.removeprefix("*.").split(".")
    if any(len(label) > 63 for label in labels):
        raise InvalidName(f"host: got {value!r}, expected parts of at most 63 characters")
    if labels[-1].isdigit():
        raise InvalidName(
            f"host: got {value!r}, expected a DNS name or an IP address",
            hint="an IPv4 address has four numbers of at most 255",
        )
    if name.startswith("*.") and len(labels) == 1:
        raise InvalidName(f"host: got {value!r}, expected a domain of two parts after `*.`")
    return name


def _address(value: str) -> Address | None:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    if address.is_unspecified or address.is_multicast or "%" in value:
        raise InvalidName(f"host: got {value!r}, expected an address that one host answers at")
    return address


def scope(value: str) -> str | Network:
    """What a CA may be limited to: a domain with all below it, or a network.

    Raises:
        InvalidName: It is neither.
    """
    try:
        return ipaddress.ip_network(value)
    except ValueError:
        pass
    if "*" in value or "/" in value:
        raise InvalidName(
            f"scope: got {value!r}, expected a domain such as `example.com` or a network",
            hint="a network has no bits beyond its mask: 10.0.0.0/8",
        )
    return dns_name(value)


def scopes_of(identities: Iterable[Identity]) -> Iterator[str | Network]:
    """What a CA must be allowed to sign for `identities`, and for their namespaces' neighbours."""
    for each in identities:
        yield from (each.service, each.namespace, "svc", CLUSTER_DOMAIN)
        yield from (name.removeprefix("*.") for name in each.dns_names[4:])
        yield from (ipaddress.ip_network(address) for address in each.addresses)
