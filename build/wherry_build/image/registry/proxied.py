"""Connections through a proxy: urllib3's, which knows tunnels; imported where there is a proxy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, InsecureRequestWarning

from wherry_build.image.registry.transport import Body, NotCarried, Received, Transport

if TYPE_CHECKING:
    import ssl

_CONNECT_S = 10
_CONNECTIONS = 8
_BLOCK_BYTES = 256 * 1024


class Proxied(Transport):
    """Connections to one host through a proxy.

    Args:
        proxy: The proxy's URL, with a name and a password where it wants them.
        context: How TLS is spoken with the host; None speaks none.

    Raises:
        ValueError: `proxy` is none.
    """

    def __init__(self, proxy: str, context: ssl.SSLContext | None) -> None:
        address = urlsplit(proxy)
        headers = None
        if address.username:
            pair = f"{unquote(address.username)}:{unquote(address.password or '')}"
            headers = urllib3.make_headers(proxy_basic_auth=pair)
        if context is not None and not context.check_hostname:
            # Whoever says `--insecure` has been warned, and would be with each request.
            urllib3.disable_warnings(InsecureRequestWarning)
        try:
            self._pool = urllib3.ProxyManager(
                f"{address.scheme}://{address.netloc.rpartition('@')[2]}",
                proxy_headers=headers,
                maxsize=_CONNECTIONS,
                ssl_context=context,
                blocksize=_BLOCK_BYTES,
            )
        except HTTPError as error:
            raise ValueError(str(error)) from None

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Body | None = None,
        *,
        read_s: float,
    ) -> Received:
        """See `Transport`."""
        # A body without bytes is no body to urllib3, which would send it in chunks.
        is_empty = body is None or headers.get("Content-Length") == "0"
        with _told():
            response = self._pool.request(
                method,
                url,
                headers=headers,
                body=cast("IO[Any] | None", None if is_empty else body),
                timeout=urllib3.Timeout(connect=_CONNECT_S, read=read_s),
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        return _Answer(response, url)

    def close(self) -> None:
        """Close what is open."""
        self._pool.clear()


class _Answer(Received):
    """An answer of urllib3."""

    def __init__(self, response: urllib3.BaseHTTPResponse, url: str) -> None:
        self._response = response
        self._url = url

    @property
    def status(self) -> int:
        """See `Received`."""
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """See `Received`."""
        return self._response.headers

    @property
    def url(self) -> str:
        """See `Received`."""
        return self._url

    def read1(self, size: int, /) -> bytes:
        """See `Received`."""
        with _told():
            return self._response.read1(size)

    def close(self) -> None:
        """See `Received`."""
        self._response.close()

    def release(self) -> None:
        """See `Received`."""
        self._response.release_conn()


@contextmanager
def _told() -> Iterator[None]:
    """Raise what urllib3 raises as a transport does."""
    try:
        yield
    except HTTPError as error:
        raise NotCarried(str(error)) from error
