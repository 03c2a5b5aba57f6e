"""Name constraints: which names an authority may sign (RFC 5280 section 4.2.1.10).

A caller that trusts a limited authority is safe from its key for every other name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from cryptography import x509

from wherry_build.certs.identity import Address, Identity, Network

_EVERY_NETWORK: tuple[Network, ...] = (
    ipaddress.ip_network("0.0.0.0/0"),
    ipaddress.ip_network("::/0"),
)


def limits(scopes: Iterable[str | Network]) -> x509.NameConstraints:
    """Only these domains, with all below them, and these networks; no address without a network."""
    given = tuple(dict.fromkeys(scopes))
    permitted: list[x509.GeneralName] = [
        x509.DNSName(each) for each in given if isinstance(each, str)
    ]
    networks = [each for each in given if not isinstance(each, str)]
    permitted += [x509.IPAddress(each) for each in networks]
    # A form of name that nothing permits is not limited at all, so each has to be excluded. A
    # family of addresses is no form of its own: one network permitted refuses the other family.
    excluded = None if networks else [x509.IPAddress(each) for each in _EVERY_NETWORK]
    return x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=excluded)


def refused(identity: Identity, issuer: x509.Certificate) -> tuple[str, ...]:
    """The names of `identity` that a caller would not take from `issuer`."""
    constraints = constraints_of(issuer)
    if constraints is None:
        return ()
    permitted = tuple(constraints.permitted_subtrees or ())
    excluded = tuple(constraints.excluded_subtrees or ())
    wrong = [name for name in identity.dns_names if not _is_allowed_name(name, permitted, excluded)]
    wrong += [
        str(address)
        for address in identity.addresses
        if not _is_allowed_address(address, permitted, excluded)
    ]
    return tuple(wrong)


def constraints_of(issuer: x509.Certificate) -> x509.NameConstraints | None:
    """The constraints that `issuer` is under, or none."""
    try:
        return issuer.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return None


def allows(issuer: x509.Certificate, scopes: Iterable[str | Network]) -> bool:
    """Whether `issuer` is limited, and to no less than `scopes`."""
    constraints = constraints_of(issuer)
    if constraints is None:
        return False
    domains = _domains(constraints.permitted_subtrees or ())
    networks = _networks(constraints.permitted_subtrees or ())
    return all(
        any(_is_below(each, domain) for domain in domains)
        if isinstance(each, str)
        else any(_is_within(each, network) for network in networks)
        for each in scopes
    )


def _is_allowed_name(
    name: str, permitted: Sequence[x509.GeneralName], excluded: Sequence[x509.GeneralName]
) -> bool:
    plain = name.removeprefix("*.")
    inside = _domains(permitted)
    is_in = not inside or any(_is_below(plain, domain) for domain in inside)
    return is_in and not any(_is_below(plain, domain) for domain in _domains(excluded))


def _is_allowed_address(
    address: Address, permitted: Sequence[x509.GeneralName], excluded: Sequence[x509.GeneralName]
) -> bool:
    inside = _networks(permitted)
    is_in = not inside or any(address in network for network in inside)
    return is_in and not any(address in network for network in _networks(excluded))


def _domains(subtrees: Iterable[x509.GeneralName]) -> list[str]:
    return [each.value for each in subtrees if isinstance(each, x509.DNSName)]


def _networks(subtrees: Iterable[x509.GeneralName]) -> list[Network]:
    return [
        each.value
        for each in subtrees
        if isinstance(each, x509.IPAddress)
        and isinstance(each.value, (ipaddress.IPv4Network, ipaddress.IPv6Network))
    ]


def _is_below(name: str, domain: str) -> bool:
    name, domain = name.lower(), domain.lower().lstrip(".")
    return not domain or name == domain or name.endswith(f".{domain}")


def _is_within(inner: Network, outer: Network) -> bool:
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False
