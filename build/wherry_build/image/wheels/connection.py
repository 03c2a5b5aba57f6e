"""The way to an index's files: TLS, proxies, credentials, retries. Knows nothing of wheels.

Credentials go to the origin that they are for: those in an index's URL to that index, those of
netrc to their host, and none along a redirect to another.
"""

from __future__ import annotations

import netrc
import os
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.util import Retry, Timeout, make_headers

from wherry_build.errors import IndexUnavailable
from wherry_build.image.wheels.index_settings import IndexSettings

_RETRIES = 4
_TIMEOUT_S = 60.0
_AGAIN = (429, 500, 502, 503, 504)


@dataclass(slots=True)
class Connections:
    """Connections to indexes, for several threads."""

    settings: IndexSettings
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    _pools: dict[tuple[str, bool], urllib3.PoolManager] = field(default_factory=dict)
    _making: threading.Lock = field(default_factory=threading.Lock)

    def get(self, url: str) -> urllib3.BaseHTTPResponse:
        """The answer to a GET of `url`, its body not read yet.

        Raises:
            IndexUnavailable: Nobody answers.
        """
        host = urlsplit(url).hostname or ""
        headers = {"Accept-Encoding": "identity", "User-Agent": "wherry"}
        credentials = self.settings.credentials(url) or self._netrc(host)
        if credentials is not None:
            headers |= make_headers(basic_auth=":".join(credentials))
        retries = Retry(
            total=_RETRIES, redirect=5, status_forcelist=_AGAIN, backoff_factor=0.3,
            raise_on_status=False,
        )  # fmt: skip
        try:
            return self._pool(url).request(
                "GET", url, headers=headers, retries=retries, preload_content=False
            )
        except (urllib3.exceptions.HTTPError, ssl.SSLError, OSError) as error:
            raise unreachable(url, error) from None

    def close(self) -> None:
        """Close what is open."""
        for pool in self._pools.values():
            pool.clear()

    def _pool(self, url: str) -> urllib3.PoolManager:
        parts = urlsplit(url)
        host = parts.hostname or ""
        named = {host, f"{host}:{parts.port}"}
        is_trusted = not named.isdisjoint(self.settings.trusted_hosts)
        proxy = self._proxy(parts.scheme, parts.netloc)
        with self._making:
            pool = self._pools.get((proxy, is_trusted))
            if pool is None:
                pool = self._pools[proxy, is_trusted] = self._made(proxy, is_trusted=is_trusted)
        return pool

    def _proxy(self, scheme: str, netloc: str) -> str:
        proxies = getproxies()
        if proxy_bypass(netloc.rpartition("@")[2]):
            return ""
        proxy = proxies.get(scheme) or proxies.get("all") or ""
        return proxy if "://" in proxy or not proxy else f"http://{proxy}"

    def _made(self, proxy: str, *, is_trusted: bool) -> urllib3.PoolManager:
        timeout = Timeout(connect=_TIMEOUT_S / 4, read=_TIMEOUT_S)
        context = self._context(is_trusted=is_trusted)
        if not proxy:
            return urllib3.PoolManager(ssl_context=context, timeout=timeout, maxsize=16)
        parts = urlsplit(proxy)
        headers = None
        if parts.username is not None:
            user, password = unquote(parts.username), unquote(parts.password or "")
            headers = make_headers(proxy_basic_auth=f"{user}:{password}")
        address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        return urllib3.ProxyManager(
            address, proxy_headers=headers, ssl_context=context, timeout=timeout, maxsize=16
        )

    def _context(self, *, is_trusted: bool) -> ssl.SSLContext:
        given = self.settings.certificates
        try:
            context = ssl.create_default_context(
                cafile=given if given and Path(given).is_file() else None,
                capath=given if given and Path(given).is_dir() else None,
            )
            if self.settings.client_certificate:
                context.load_cert_chain(self.settings.client_certificate)
        except (OSError, ssl.SSLError) as error:
            raise IndexUnavailable(
                f"the certificates cannot be read: {getattr(error, 'strerror', error)}",
                hint="look at PIP_CERT, PIP_CLIENT_CERT, SSL_CERT_FILE and REQUESTS_CA_BUNDLE",
            ) from None
        if is_trusted:
            # Who named the host knows; the library would say so again at every request.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _netrc(self, host: str) -> tuple[str, str] | None:
        given = self.environ.get("NETRC") or str(Path(self.environ.get("HOME", "~"), ".netrc"))
        try:
            found = netrc.netrc(str(Path(given).expanduser())).authenticators(host)
        except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
            return None
        return (found[0], found[2] or "") if found is not None else None


def unreachable(url: str, error: Exception) -> IndexUnavailable:
    """The error that `url` was not answered, in words that carry no credentials."""
    parts = urlsplit(url)
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    reason = getattr(error, "reason", None) or error
    kind = "TLS" if isinstance(reason, ssl.SSLError | urllib3.exceptions.SSLError) else "connection"
    hint = "look at the index's address and the proxy variables (HTTPS_PROXY, NO_PROXY)"
    if kind == "TLS":
        hint = "name the file of your certificate authority in SSL_CERT_FILE or PIP_CERT"
    return IndexUnavailable(f"{address}: {kind} failed: {type(reason).__name__}", hint=hint)
