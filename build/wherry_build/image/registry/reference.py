"""The name of an image in a registry, taken apart as docker does. A value, no I/O."""

from __future__ import annotations

import ipaddress
import re

from wherry_build.errors import InvalidName
from wherry_build.names import image_reference
from wherry_build.values import frozen, replaced

DOCKER_HUB = "docker.io"
_DOCKER_HUB_NAMES = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io"})
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_IPV6 = re.compile(r"(\[[0-9a-fA-F:]{2,39}\](?::[0-9]{1,5})?)/(.+)", re.ASCII)
_STAND_IN = "ipv6.invalid"


@frozen
class Reference:
    """The name of an image.

    Attributes:
        registry: Host, with its port where one is said: `ghcr.io`, `127.0.0.1:5000`, `docker.io`.
        repository: `acme/hello`; Docker Hub's own are `library/python`.
        tag: `1.0`; `latest` when neither a tag nor a digest is said, else empty when not said.
        digest: `sha256:...`; empty when not said.
    """

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> Reference:
        """The reference that `text` is, `python:3.12-slim` or `ghcr.io/acme/hello@sha256:...`.

        Raises:
            InvalidName: It is none.
        """
        registry, rest = _divided(text)
        name, _, digest = rest.partition("@")
        before, colon, after = name.rpartition(":")
        repository, tag = (before, after) if colon else (name, "")
        if registry == DOCKER_HUB and "/" not in repository:
            repository = f"library/{repository}"
        return cls(
            registry=registry,
            repository=repository,
            tag=tag or ("" if digest else "latest"),
            digest=digest,
        )

    @property
    def name(self) -> str:
        """Registry and repository, as credentials are kept by."""
        return f"{self.registry}/{self.repository}"

    @property
    def version(self) -> str:
        """What a registry is asked for: the digest, else the tag."""
        return self.digest or self.tag

    def at(self, digest: str) -> Reference:
        """The same name, of `digest`."""
        return replaced(self, digest=digest)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.name}{tag}{digest}"


def is_digest(text: str) -> bool:
    """Whether `text` is a digest; SHA-256 alone, which every registry has."""
    return _DIGEST.fullmatch(text) is not None


def is_loopback(registry: str) -> bool:
    """Whether `registry` is this machine, which is asked without TLS as docker does."""
    host = host_of(registry)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(registry: str) -> str:
    """The host of `host:port` or `[address]:port`, without brackets."""
    if registry.startswith("["):
        return registry[1:].partition("]")[0]
    return registry.partition(":")[0]


def _divided(text: str) -> tuple[str, str]:
    """The registry, and the rest, of a reference that is checked here."""
    if found := _IPV6.fullmatch(text):
        registry, rest = found.groups()
        try:
            ipaddress.IPv6Address(host_of(registry))
        except ValueError:
            raise InvalidName(f"image reference: got {text!a}, expected an IPv6 address") from None
        image_reference(f"{_STAND_IN}/{rest}")
        return registry, rest
    image_reference(text)
    first, slash, rest = text.partition("/")
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    if not is_host:
        return DOCKER_HUB, text
    return (DOCKER_HUB if first in _DOCKER_HUB_NAMES else first), rest
