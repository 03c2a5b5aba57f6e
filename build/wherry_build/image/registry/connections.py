"""Connections to registries: the certificates that are trusted, and the proxies on the way.

Both come from the environment, as they do for docker and pip: SSL_CERT_FILE (which OpenSSL reads
itself), REQUESTS_CA_BUNDLE, docker's `certs.d`, and HTTPS_PROXY, HTTP_PROXY, NO_PROXY.
"""

from __future__ import annotations

import os
import ssl
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

import urllib3

from wherry_build.errors import RegistryUnavailable
from wherry_build.image.registry.reference import host_of, is_loopback

_CONNECTIONS = 8
_BLOCK_BYTES = 256 * 1024
_CERTIFICATES = (Path("/etc/docker/certs.d"), Path("~/.docker/certs.d"))


class Connections:
    """Keeps connections open, for all registries that one command talks with.

    Args:
        verifies: Whether certificates count; `--insecure` says no.
    """

    def __init__(self, *, verifies: bool = True) -> None:
        self._verifies = verifies
        self._pools: dict[str, urllib3.PoolManager] = {}
        self._turn = threading.Lock()

    def pool(self, url: str) -> urllib3.PoolManager:
        """Connections for `url`, through the proxy that the environment names for it.

        Raises:
            RegistryUnavailable: A file of certificates cannot be read, or the proxy is none.
        """
        address = urlsplit(url)
        proxy = _proxy(address.scheme, address.netloc)
        # The certificates of one registry are not trusted for another.
        key = f"{proxy} {address.netloc if address.scheme == 'https' else ''}"
        with self._turn:
            if key not in self._pools:
                self._pools[key] = self._made(address.scheme, address.netloc, proxy)
            return self._pools[key]

    def close(self) -> None:
        """Close what is open."""
        with self._turn:
            for pool in self._pools.values():
                pool.clear()
            self._pools.clear()

    def _made(self, scheme: str, host: str, proxy: str) -> urllib3.PoolManager:
        context = self._context(host) if scheme == "https" else None
        if not proxy:
            return urllib3.PoolManager(
                maxsize=_CONNECTIONS, ssl_context=context, blocksize=_BLOCK_BYTES
            )
        address = urlsplit(proxy)
        headers = None
        if address.username:
            pair = f"{unquote(address.username)}:{unquote(address.password or '')}"
            headers = urllib3.make_headers(proxy_basic_auth=pair)
        try:
            return urllib3.ProxyManager(
                f"{address.scheme}://{address.netloc.rpartition('@')[2]}",
                proxy_headers=headers,
                maxsize=_CONNECTIONS,
                ssl_context=context,
                blocksize=_BLOCK_BYTES,
            )
        except (urllib3.exceptions.HTTPError, ValueError):
            raise RegistryUnavailable(
                f"{host}: the proxy that the environment names is no URL",
                hint=f"mend {scheme.upper()}_PROXY, expected `http://proxy.example.com:3128`",
            ) from None

    def _context(self, host: str) -> ssl.SSLContext:
        if not self._verifies:
            # Whoever says `--insecure` has been warned, and would be with each request.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
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
