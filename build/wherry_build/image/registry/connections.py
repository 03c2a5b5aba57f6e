"""Connections to registries: the certificates that are trusted, and the proxies on the way.

Both come from the environment, as they do for docker and pip: SSL_CERT_FILE (which OpenSSL reads
itself), REQUESTS_CA_BUNDLE, docker's `certs.d`, and HTTPS_PROXY, HTTP_PROXY, NO_PROXY.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from wherry_build.errors import RegistryUnavailable
from wherry_build.image.registry.reference import host_of, is_loopback

if TYPE_CHECKING:
    import ssl

    from wherry_build.image.registry.transport import Transport

_PORTS = {"http": 80, "https": 443}
_CERTIFICATES = (Path("/etc/docker/certs.d"), Path("~/.docker/certs.d"))


class Connections:
    """Keeps connections open, for all registries that one command talks with.

    Args:
        verifies: Whether certificates count; `--insecure` says no.
    """

    def __init__(self, *, verifies: bool = True) -> None:
        self._verifies = verifies
        self._transports: dict[str, Transport] = {}
        self._turn = threading.Lock()

    def transport(self, url: str) -> Transport:
        """What carries requests for `url`, through the proxy that the environment names for it.

        Raises:
            RegistryUnavailable: A file of certificates cannot be read, the proxy is none, or `url`.
        """
        address = urlsplit(url)
        proxy = _proxy(address.scheme, address.netloc)
        # The certificates of one registry are not trusted for another.
        key = f"{proxy} {address.scheme} {address.netloc}"
        with self._turn:
            if key not in self._transports:
                self._transports[key] = self._made(address, proxy)
            return self._transports[key]

    def close(self) -> None:
        """Close what is open."""
        with self._turn:
            for transport in self._transports.values():
                transport.close()
            self._transports.clear()

    def _made(self, address: SplitResult, proxy: str) -> Transport:
        scheme, host = address.scheme, address.netloc
        context = self._context(host) if scheme == "https" else None
        if proxy:
            from wherry_build.image.registry.proxied import Proxied

            try:
                return Proxied(proxy, context)
            except ValueError:
                raise RegistryUnavailable(
                    f"{host}: the proxy that the environment names is no URL",
                    hint=f"mend {scheme.upper()}_PROXY, expected `http://proxy.example.com:3128`",
                ) from None
        from wherry_build.image.registry.direct import Direct

        try:
            port = address.port or _PORTS[scheme]
        except (ValueError, KeyError):
            raise RegistryUnavailable(
                f"{host}: no port of {scheme}", hint="is the registry's name right?"
            ) from None
        return Direct(address.hostname or "", port, context)

    def _context(self, host: str) -> ssl.SSLContext:
        import ssl  # which takes long to load, and a registry of this machine has no need of it

        if not self._verifies:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return context
        context = ssl.create_default_context()
        bundle = os.environ.get("REQUESTS_CA_BUNDLE", "")
        files = [Path(bundle)] if bundle else []
        for folder in _CERTIFICATES:
            files += sorted((folder.expanduser() / host).glob("*.crt"))
        for file in files:
            _trust(context, file, host)
        return context


def _trust(context: ssl.SSLContext, file: Path, host: str) -> None:
    try:
        if file.is_dir():
            context.load_verify_locations(capath=file)
        else:
            context.load_verify_locations(cafile=file)
    except OSError as error:
        raise RegistryUnavailable(
            f"{host}: the certificates in {file} cannot be read: {error.strerror}",
            hint="REQUESTS_CA_BUNDLE is to be a file of PEM certificates",
        ) from None


def _proxy(scheme: str, host: str) -> str:
    """The proxy for a host; empty is none. This machine is never behind one."""
    if is_loopback(host) or not any(name.lower().endswith("_proxy") for name in os.environ):
        return ""
    from urllib.request import getproxies_environment, proxy_bypass

    proxies = getproxies_environment()
    if proxy_bypass(host_of(host)) or proxy_bypass(host):
        return ""
    proxy = proxies.get(scheme) or proxies.get("all", "")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"
